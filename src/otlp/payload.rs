//! The body of an export: ExportMetricsServiceRequest in the JSON encoding of OTLP, in which 64-bit integers are texts. Source:
//! opentelemetry-proto, `metrics.proto`, and OTLP's "JSON Protobuf Encoding".

use esmeralda_broker::{BROKER_METRICS, BrokerMetrics, MetricKind};
use esmeralda_esm::{MAPPING_METRICS, MappingMetrics, OFFSET_LAG};
use serde_json::{Value, json};

/// AGGREGATION_TEMPORALITY_CUMULATIVE.
const CUMULATIVE: u8 = 2;

/// The time that the points of one export are of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    /// The start of the counters, in milliseconds since the Unix epoch.
    pub(super) started_ms: i64,
    /// The time of the points.
    pub(super) now_ms: i64,
}

/// Returns the body for these metrics; without `broker` those of the cluster are left out.
pub(super) fn write(span: Span, broker: Option<&BrokerMetrics>, mappings: &[MappingMetrics]) -> String {
    let mut metrics = Vec::new();
    if let Some(broker) = broker {
        metrics.extend(BROKER_METRICS.iter().map(|metric| {
            let points = vec![span.point(Vec::new(), metric.read(broker))];
            family(metric.name, metric.kind, metric.help, points)
        }));
    }
    if !mappings.is_empty() {
        metrics.extend(MAPPING_METRICS.iter().map(|metric| {
            let points = mappings.iter();
            let points = points.map(|mapping| span.point(attributes(mapping), metric.read(mapping)));
            family(metric.name, metric.kind, metric.help, points.collect())
        }));
        let points = mappings.iter().flat_map(|mapping| {
            let lags = mapping.offset_lag.iter().enumerate();
            lags.map(move |(partition, lag)| {
                let mut attributes = attributes(mapping);
                attributes.push(attribute("partition", &partition.to_string()));
                span.point(attributes, *lag)
            })
        });
        let points = points.collect();
        metrics.push(family(OFFSET_LAG.name, OFFSET_LAG.kind, OFFSET_LAG.help, points));
    }
    let body = json!({ "resourceMetrics": [{
        "resource": { "attributes": [attribute("service.name", "esmeralda")] },
        "scopeMetrics": [{
            "scope": { "name": "esmeralda", "version": env!("CARGO_PKG_VERSION") },
            "metrics": metrics,
        }],
    }] });
    body.to_string()
}

/// Returns whether the answer of a receiver, an ExportMetricsServiceResponse, says that it has not taken every point.
pub(super) fn is_partial(answer: &[u8]) -> bool {
    // A receiver may answer in a form of its own; then the status counts.
    let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
    match &answer["partialSuccess"]["rejectedDataPoints"] {
        Value::String(count) => count != "0",
        Value::Number(count) => count.as_u64() != Some(0),
        _ => false,
    }
}

impl Span {
    fn point(self, attributes: Vec<Value>, value: u64) -> Value {
        json!({
            "attributes": attributes,
            "startTimeUnixNano": nanoseconds(self.started_ms),
            "timeUnixNano": nanoseconds(self.now_ms),
            "asInt": value.to_string(),
        })
    }
}

fn nanoseconds(milliseconds: i64) -> String {
    (i128::from(milliseconds) * 1_000_000).to_string()
}

fn family(name: &str, kind: MetricKind, help: &str, points: Vec<Value>) -> Value {
    let (member, data) = match kind {
        MetricKind::Counter => (
            "sum",
            json!({ "dataPoints": points, "aggregationTemporality": CUMULATIVE, "isMonotonic": true }),
        ),
        MetricKind::Gauge => ("gauge", json!({ "dataPoints": points })),
    };
    json!({ "name": name, "description": help, member: data })
}

fn attributes(mapping: &MappingMetrics) -> Vec<Value> {
    let labels = mapping.labels();
    labels.map(|(name, value)| attribute(name, value)).collect()
}

fn attribute(name: &str, value: &str) -> Value {
    json!({ "key": name, "value": { "stringValue": value } })
}
