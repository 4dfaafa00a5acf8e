//! `/metrics`: the metrics of the cluster and of each mapping in Prometheus' text format.

use esmeralda_broker::BrokerMetrics;
use esmeralda_esm::MappingMetrics;
use std::fmt::Write as _;

/// Returns the whole page.
pub(super) fn page(broker: &BrokerMetrics, mappings: &[MappingMetrics]) -> String {
    let mut page = Page::default();
    let broker = broker.read();
    page.family(
        "esmeralda_records_in_total",
        "counter",
        "Records appended by producers.",
    );
    page.sample("", broker.records_in);
    page.family(
        "esmeralda_bytes_in_total",
        "counter",
        "Bytes of record batches appended by producers.",
    );
    page.sample("", broker.bytes_in);
    page.family(
        "esmeralda_bytes_out_total",
        "counter",
        "Bytes of record batches fetched.",
    );
    page.sample("", broker.bytes_out);
    page.family(
        "esmeralda_records_out_total",
        "counter",
        "Records fetched, whole batches counted.",
    );
    page.sample("", broker.records_out);
    page.family("esmeralda_connections", "gauge", "Open Kafka connections.");
    page.sample("", broker.connections);
    page.family(
        "esmeralda_memory_used_bytes",
        "gauge",
        "Memory held for frames, records, answers and payloads.",
    );
    page.sample("", broker.memory_used_bytes);
    page.family(
        "esmeralda_memory_limit_bytes",
        "gauge",
        "The bound of that memory (--memory-limit).",
    );
    page.sample("", broker.memory_limit_bytes);
    for family in FAMILIES {
        page.family(family.name, family.kind, family.help);
        for mapping in mappings {
            page.sample(&labels(mapping), (family.value)(mapping));
        }
    }
    page.family(
        "esmeralda_mapping_offset_lag",
        "gauge",
        "End offset less committed offset (OffsetLag).",
    );
    for mapping in mappings {
        for (partition, lag) in mapping.offset_lag.iter().enumerate() {
            page.sample(&format!("{},partition=\"{partition}\"", labels(mapping)), *lag);
        }
    }
    page.text
}

struct Family {
    name: &'static str,
    kind: &'static str,
    help: &'static str,
    value: fn(&MappingMetrics) -> u64,
}

/// The families with one sample per mapping. The help names CloudWatch's metric if there is one.
const FAMILIES: &[Family] = &[
    Family {
        name: "esmeralda_mapping_pollers",
        kind: "gauge",
        help: "Event pollers that are members of the mapping's group.",
        value: |mapping| mapping.pollers as u64,
    },
    Family {
        name: "esmeralda_mapping_provisioned_pollers",
        kind: "gauge",
        help: "Event pollers that processed an event in the last five minutes (ProvisionedPollers).",
        value: |mapping| mapping.active_pollers as u64,
    },
    Family {
        name: "esmeralda_mapping_event_poller_units",
        kind: "gauge",
        help: "Event poller units that were billed last (EventPollerUnit).",
        value: |mapping| mapping.event_poller_units,
    },
    Family {
        name: "esmeralda_mapping_invocations_in_flight",
        kind: "gauge",
        help: "Invocations in flight.",
        value: |mapping| mapping.in_flight as u64,
    },
    Family {
        name: "esmeralda_mapping_invocations_total",
        kind: "counter",
        help: "Invocations that ended.",
        value: |mapping| mapping.invocations,
    },
    Family {
        name: "esmeralda_mapping_invocation_errors_total",
        kind: "counter",
        help: "Invocations that failed in the function.",
        value: |mapping| mapping.invocation_errors,
    },
    Family {
        name: "esmeralda_mapping_throttles_total",
        kind: "counter",
        help: "Invocations that were throttled.",
        value: |mapping| mapping.throttles,
    },
    Family {
        name: "esmeralda_mapping_polled_events_total",
        kind: "counter",
        help: "Records read (PolledEventCount).",
        value: |mapping| mapping.polled_event_count,
    },
    Family {
        name: "esmeralda_mapping_polled_bytes_total",
        kind: "counter",
        help: "Bytes of keys, values and headers read (EventPollerThroughputInBytes).",
        value: |mapping| mapping.polled_bytes,
    },
    Family {
        name: "esmeralda_mapping_invoked_events_total",
        kind: "counter",
        help: "Records handed to the function, retries counted (InvokedEventCount).",
        value: |mapping| mapping.invoked_event_count,
    },
    Family {
        name: "esmeralda_mapping_failed_invoke_events_total",
        kind: "counter",
        help: "Records in failed invocations (FailedInvokeEventCount).",
        value: |mapping| mapping.failed_invoke_event_count,
    },
    Family {
        name: "esmeralda_mapping_dropped_events_total",
        kind: "counter",
        help: "Records dropped (DroppedEventCount).",
        value: |mapping| mapping.dropped_event_count,
    },
    Family {
        name: "esmeralda_mapping_committed_events_total",
        kind: "counter",
        help: "Offsets that commits advanced by (CommittedEventCount).",
        value: |mapping| mapping.committed_event_count,
    },
];

fn labels(mapping: &MappingMetrics) -> String {
    format!(
        "uuid=\"{}\",function=\"{}\",topic=\"{}\"",
        escape(&mapping.uuid),
        escape(&mapping.function_name),
        escape(&mapping.topic)
    )
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
    fn family(&mut self, name: &'static str, kind: &str, help: &str) {
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
