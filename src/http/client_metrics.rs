//! `/client-metrics`: the metrics that clients have pushed to the cluster (KIP-714), as JSON.

use esmeralda_broker::PushedMetrics;
use serde_json::{Value, json};

/// Returns the pushes, the oldest first.
pub(super) fn page(pushed: &[PushedMetrics]) -> Value {
    pushed.iter().map(push).collect()
}

fn push(pushed: &PushedMetrics) -> Value {
    let (name, version) = pushed.software.clone().unzip();
    let metrics: Vec<_> = pushed
        .metrics()
        .into_iter()
        .map(|metric| json!({"name": metric.name, "value": metric.value}))
        .collect();
    json!({
        "client_instance_id": pushed.client_instance_id.to_string(),
        "client_id": pushed.client_id,
        "client_software_name": name,
        "client_software_version": version,
        "broker_id": pushed.node_id.0,
        "received_ms": pushed.received_ms,
        "terminating": pushed.is_terminating,
        "metrics": metrics,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use esmeralda_broker::NodeId;

    #[test]
    fn a_push_is_shown_with_its_client_and_its_metrics() {
        let pushed = PushedMetrics {
            node_id: NodeId(2),
            client_instance_id: "00000000-0000-0000-0000-000000000005"
                .parse()
                .expect("it is an id"),
            client_id: "orders".to_owned(),
            software: Some(("apache-kafka-java".to_owned(), "4.4.0".to_owned())),
            received_ms: 7,
            is_terminating: true,
            // One resource, one scope, and a metric without a value: its name is `a`.
            data: vec![10, 7, 18, 5, 18, 3, 10, 1, b'a'].into(),
        };
        let expected = json!([{
            "client_instance_id": "00000000-0000-0000-0000-000000000005",
            "client_id": "orders",
            "client_software_name": "apache-kafka-java",
            "client_software_version": "4.4.0",
            "broker_id": 2,
            "received_ms": 7,
            "terminating": true,
            "metrics": [{"name": "a", "value": null}],
        }]);
        assert_eq!(page(&[pushed]), expected);
    }
}
