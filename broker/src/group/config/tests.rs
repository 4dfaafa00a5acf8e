//! Tests of group configs.

use super::*;
use crate::config::BrokerConfigs;
use crate::config::with_presets;
use crate::ids::NodeId;

fn values(pairs: &[(&str, &str)]) -> Values {
    let owned = |(name, value): &(&str, &str)| (name.to_string(), value.to_string());
    pairs.iter().map(owned).collect()
}

fn brokers(pairs: &[(&str, &str)]) -> Layers {
    BrokerConfigs::new(with_presets(values(pairs)), BTreeMap::new()).layers(NodeId(1))
}

#[test]
fn group_configs_are_checked_as_kafka_checks_them() {
    // Recorded from Apache Kafka 4.4.0.
    for (pairs, message) in [
        (&[("nope", "1")][..], "Unknown group config name: nope"),
        (
            &[("consumer.session.timeout.ms", "x")],
            "Invalid value x for configuration consumer.session.timeout.ms: Not a number of type INT",
        ),
        (
            &[("consumer.session.timeout.ms", "0")],
            "Invalid value 0 for configuration consumer.session.timeout.ms: Value must be at least 1",
        ),
        (
            &[("consumer.session.timeout.ms", "44999")],
            "consumer.session.timeout.ms must be in the range 45000 to 60000 inclusive.",
        ),
        (
            &[("consumer.heartbeat.interval.ms", "15001")],
            "consumer.heartbeat.interval.ms must be in the range 5000 to 15000 inclusive.",
        ),
        (
            &[("streams.num.standby.replicas", "3")],
            "streams.num.standby.replicas must be less than or equal to 2",
        ),
        (
            &[("streams.task.offset.interval.ms", "1")],
            "streams.task.offset.interval.ms must be greater than or equal to 15000",
        ),
        (
            &[("streams.rack.aware.assignment.tags", "a, b,a")],
            "streams.rack.aware.assignment.tags must not contain duplicate tag keys.",
        ),
        (
            &[("streams.assignor.name", "x")],
            "streams.assignor.name 'x' is not a registered task assignor. Registered assignors are: [sticky].",
        ),
        (
            &[("errors.deadletterqueue.topic.name", "__x")],
            "errors.deadletterqueue.topic.name: DLQ topic name must not start with '__'",
        ),
        (
            &[("share.isolation.level", "x")],
            "Invalid value x for configuration share.isolation.level: String must be one of: read_committed, read_uncommitted",
        ),
    ] {
        let error = validate(&values(pairs), &brokers(&[])).expect_err(message);
        assert_eq!(error.to_string(), message);
    }
    for pairs in [
        &[("consumer.session.timeout.ms", "60000")][..],
        &[("share.auto.offset.reset", "by_duration:P1DT2H3M4.5S")],
        &[("streams.assignor.name", "sticky")],
    ] {
        assert_eq!(validate(&values(pairs), &brokers(&[])), Ok(()), "{pairs:?}");
    }
}

#[test]
fn a_session_timeout_must_exceed_the_heartbeat_interval() {
    let brokers = brokers(&[
        ("group.consumer.min.session.timeout.ms", "1"),
        ("group.consumer.min.heartbeat.interval.ms", "1"),
    ]);
    let own = values(&[("consumer.session.timeout.ms", "5000")]);
    let error = validate(&own, &brokers).expect_err("the heartbeat interval is 5000");
    let message = "consumer.session.timeout.ms must be greater than consumer.heartbeat.interval.ms";
    assert_eq!(error.to_string(), message);
}

#[test]
fn a_heartbeat_sees_the_configs_of_its_group_at_once_and_within_the_bounds() {
    let configs = GroupConfigs::default();
    let node = NodeId(1);
    assert_eq!(configs.consumer(node, "g"), ConsumerGroupConfig::default());
    let plain = [(node, brokers(&[]))];
    configs.set("g", values(&[("consumer.heartbeat.interval.ms", "6000")]), &plain);
    assert_eq!(configs.consumer(node, "g").heartbeat_interval_ms, 6_000);
    assert_eq!(configs.consumer(node, "other").heartbeat_interval_ms, 5_000);
    assert_eq!(configs.group_ids(), ["g"]);
    // The broker's bound may change after the group's value was checked.
    let bounded = [
        ("group.consumer.max.heartbeat.interval.ms", "5500"),
        ("group.consumer.session.timeout.ms", "50000"),
    ];
    configs.brokers_changed(&[(node, brokers(&bounded))]);
    assert_eq!(configs.consumer(node, "g").heartbeat_interval_ms, 5_500);
    assert_eq!(configs.consumer(node, "other").session_timeout_ms, 50_000);
    configs.set("g", Values::new(), &plain);
    assert_eq!(configs.group_ids(), Vec::<String>::new());
}
