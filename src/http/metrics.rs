//! `/metrics`: the metrics of the cluster and of each mapping in Prometheus' text format.

use esmeralda_broker::{BROKER_METRICS, BrokerMetrics, MetricKind};
use esmeralda_esm::{MAPPING_METRICS, MappingMetrics, OFFSET_LAG};
use std::fmt::Write as _;

/// Returns the whole page.
pub(super) fn page(broker: &BrokerMetrics, mappings: &[MappingMetrics]) -> String {
    let mut page = Page::default();
    for metric in BROKER_METRICS {
        page.family(metric.name, metric.kind, metric.help);
        page.sample("", metric.read(broker));
    }
    for metric in MAPPING_METRICS {
        // The samples of one metric have to be together in Prometheus' format, so mappings are the inner loop.
        page.family(metric.name, metric.kind, metric.help);
        for mapping in mappings {
            page.sample(&labels(mapping), metric.read(mapping));
        }
    }
    page.family(OFFSET_LAG.name, OFFSET_LAG.kind, OFFSET_LAG.help);
    for mapping in mappings {
        for (partition, lag) in mapping.offset_lag.iter().enumerate() {
            page.sample(&format!("{},partition=\"{partition}\"", labels(mapping)), *lag);
        }
    }
    page.text
}

fn labels(mapping: &MappingMetrics) -> String {
    let labels = mapping.labels();
    let labels = labels.map(|(name, value)| format!("{name}=\"{}\"", escape(value)));
    labels.collect::<Vec<_>>().join(",")
}

/// Escapes a label's value by the rules of Prometheus' text format.
fn escape(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[derive(Default)]
struct Page {
    text: String,
    family: &'static str,
}

impl Page {
    fn family(&mut self, name: &'static str, kind: MetricKind, help: &str) {
        self.family = name;
        // Writing to a String does not fail.
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn sample(&mut self, labels: &str, value: u64) {
        let _ = match labels {
            "" => writeln!(self.text, "{} {value}", self.family),
            labels => writeln!(self.text, "{}{{{labels}}} {value}", self.family),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use esmeralda_broker::{Broker, Clock, Config, Entropy};

    #[test]
    fn a_mapping_of_a_poller_group_has_its_name_as_a_label() {
        let mapping = MappingMetrics {
            poller_group: Some("nightly".to_owned()),
            ..MappingMetrics::default()
        };
        let expected = "uuid=\"\",function=\"\",topic=\"\",poller_group=\"nightly\"";
        assert_eq!(labels(&mapping), expected);
    }

    #[tokio::test]
    async fn the_page_has_every_metric_by_its_name() {
        let broker = Broker::start(Config::default(), Clock::system(), Entropy::from_seed(1));
        let broker = broker.await.expect("a broker without a socket starts");
        let mapping = MappingMetrics {
            uuid: "u".to_owned(),
            function_name: "f".to_owned(),
            topic: "t".to_owned(),
            pollers: 1,
            active_pollers: 2,
            event_poller_units: 3,
            in_flight: 4,
            running: 17,
            waiting: 18,
            invocations: 5,
            invocation_errors: 6,
            throttles: 7,
            polled_event_count: 8,
            polled_bytes: 9,
            filtered_out_event_count: 16,
            invoked_event_count: 10,
            failed_invoke_event_count: 11,
            dropped_event_count: 12,
            on_failure_destination_delivered_event_count: 17,
            on_failure_destination_delivery_error_count: 18,
            destination_delivery_failures: 19,
            schema_registry_error_count: 20,
            committed_event_count: 13,
            polling_error_count: 17,
            invoke_error_count: 18,
            commit_error_count: 19,
            offset_lag: vec![14, 15],
            ..MappingMetrics::default()
        };
        let page = page(&broker.metrics(), &[mapping]);
        let samples: Vec<_> = page.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(
            samples,
            [
                "esmeralda_records_in_total 0",
                "esmeralda_bytes_in_total 0",
                "esmeralda_bytes_out_total 0",
                "esmeralda_records_out_total 0",
                "esmeralda_connections 0",
                "esmeralda_memory_used_bytes 0",
                "esmeralda_memory_limit_bytes 1073741824",
                "esmeralda_mapping_pollers{uuid=\"u\",function=\"f\",topic=\"t\"} 1",
                "esmeralda_mapping_provisioned_pollers{uuid=\"u\",function=\"f\",topic=\"t\"} 2",
                "esmeralda_mapping_event_poller_units{uuid=\"u\",function=\"f\",topic=\"t\"} 3",
                "esmeralda_mapping_invocations_in_flight{uuid=\"u\",function=\"f\",topic=\"t\"} 4",
                "esmeralda_mapping_invocations_running{uuid=\"u\",function=\"f\",topic=\"t\"} 17",
                "esmeralda_mapping_batches_waiting{uuid=\"u\",function=\"f\",topic=\"t\"} 18",
                "esmeralda_mapping_invocations_total{uuid=\"u\",function=\"f\",topic=\"t\"} 5",
                "esmeralda_mapping_invocation_errors_total{uuid=\"u\",function=\"f\",topic=\"t\"} 6",
                "esmeralda_mapping_throttles_total{uuid=\"u\",function=\"f\",topic=\"t\"} 7",
                "esmeralda_mapping_polled_events_total{uuid=\"u\",function=\"f\",topic=\"t\"} 8",
                "esmeralda_mapping_polled_bytes_total{uuid=\"u\",function=\"f\",topic=\"t\"} 9",
                "esmeralda_mapping_filtered_out_events_total{uuid=\"u\",function=\"f\",topic=\"t\"} 16",
                "esmeralda_mapping_invoked_events_total{uuid=\"u\",function=\"f\",topic=\"t\"} 10",
                "esmeralda_mapping_failed_invoke_events_total{uuid=\"u\",function=\"f\",topic=\"t\"} 11",
                "esmeralda_mapping_dropped_events_total{uuid=\"u\",function=\"f\",topic=\"t\"} 12",
                "esmeralda_mapping_on_failure_delivered_events_total{uuid=\"u\",function=\"f\",topic=\"t\"} 17",
                "esmeralda_mapping_on_failure_delivery_errors_total{uuid=\"u\",function=\"f\",topic=\"t\"} 18",
                "esmeralda_mapping_destination_delivery_failures_total{uuid=\"u\",function=\"f\",topic=\"t\"} 19",
                "esmeralda_mapping_schema_registry_errors_total{uuid=\"u\",function=\"f\",topic=\"t\"} 20",
                "esmeralda_mapping_committed_events_total{uuid=\"u\",function=\"f\",topic=\"t\"} 13",
                "esmeralda_mapping_polling_errors_total{uuid=\"u\",function=\"f\",topic=\"t\"} 17",
                "esmeralda_mapping_invoke_errors_total{uuid=\"u\",function=\"f\",topic=\"t\"} 18",
                "esmeralda_mapping_commit_errors_total{uuid=\"u\",function=\"f\",topic=\"t\"} 19",
                "esmeralda_mapping_offset_lag{uuid=\"u\",function=\"f\",topic=\"t\",partition=\"0\"} 14",
                "esmeralda_mapping_offset_lag{uuid=\"u\",function=\"f\",topic=\"t\",partition=\"1\"} 15",
            ]
        );
        for metric in MAPPING_METRICS {
            let is_total = metric.name.ends_with("_total");
            assert_eq!(metric.kind == MetricKind::Counter, is_total, "{}", metric.name);
            assert!(page.contains(&format!(
                "# HELP {0} {1}\n# TYPE {0} {2}\n",
                metric.name, metric.help, metric.kind
            )));
        }
    }
}
