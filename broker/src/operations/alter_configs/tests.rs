use super::*;
use crate::operations::create_topics::{CreateTopic, create_topics};

fn cluster_with(topic: &str, properties: &[(&str, &str)]) -> Arc<Cluster> {
    let cluster = Arc::new(Cluster::for_tests(2, properties));
    let assigned = |partition, node| (partition, vec![NodeId(node)]);
    let topic = CreateTopic {
        assignments: vec![assigned(0, 1), assigned(1, 2)],
        ..CreateTopic::named(topic)
    };
    create_topics(&cluster, &RequestContext::for_tests(1), vec![topic], false);
    cluster
}

fn replace(resource_type: ResourceType, name: &str, values: &[(&str, Option<&str>)]) -> Alteration {
    let values = values
        .iter()
        .map(|(name, value)| (name.to_string(), value.map(str::to_owned)));
    Alteration {
        resource_type,
        name: name.to_owned(),
        changes: Changes::Replace(values.collect()),
    }
}

fn change(
    resource_type: ResourceType,
    name: &str,
    changes: &[(&str, ConfigOperation, Option<&str>)],
) -> Alteration {
    let changes = changes
        .iter()
        .map(|(name, operation, value)| (name.to_string(), *operation, value.map(str::to_owned)));
    Alteration {
        resource_type,
        name: name.to_owned(),
        changes: Changes::Incremental(changes.collect()),
    }
}

fn alter(cluster: &Arc<Cluster>, alteration: Alteration) -> Result<(), AlterConfigsError> {
    let context = RequestContext::for_tests(1);
    let mut results = alter_configs(cluster, &context, &[alteration], false);
    results.pop().expect("one resource, one result")
}

fn overrides(cluster: &Cluster, topic: &str) -> Vec<(String, String)> {
    let topic = cluster.topics.get(topic).expect("it was created");
    topic.config.overrides.clone().into_iter().collect()
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

fn retention_ms(cluster: &Cluster, partition: i32) -> i64 {
    let partition = cluster.topics.partition("t", partition).expect("it was created");
    partition.read().expect("nothing panicked").settings.retention_ms
}

use ConfigOperation::{Append, Delete, Other, Set, Subtract};
use ResourceType::{Broker, Topic};

#[test]
fn replacing_resets_configs_that_are_not_named() {
    let cluster = cluster_with("t", &[]);
    let both = [("retention.ms", Some("5")), ("flush.ms", Some("6"))];
    assert_eq!(alter(&cluster, replace(Topic, "t", &both)), Ok(()));
    assert_eq!(
        overrides(&cluster, "t"),
        [pair("flush.ms", "6"), pair("retention.ms", "5")]
    );
    assert_eq!((retention_ms(&cluster, 0), retention_ms(&cluster, 1)), (5, 5));
    assert_eq!(
        alter(&cluster, replace(Topic, "t", &[("flush.ms", Some(" 7 "))])),
        Ok(())
    );
    assert_eq!(overrides(&cluster, "t"), [pair("flush.ms", " 7 ")]);
    assert_eq!(retention_ms(&cluster, 0), 604_800_000);
}

#[test]
fn single_configs_are_set_deleted_appended_to_and_subtracted_from() {
    let cluster = cluster_with("t", &[]);
    let first = [
        ("retention.ms", Set, Some("5")),
        ("cleanup.policy", Append, Some("compact,delete")),
        ("leader.replication.throttled.replicas", Append, Some("0:1")),
    ];
    assert_eq!(alter(&cluster, change(Topic, "t", &first)), Ok(()));
    let expected = [
        pair("cleanup.policy", "delete,compact"),
        pair("leader.replication.throttled.replicas", "0:1"),
        pair("retention.ms", "5"),
    ];
    assert_eq!(overrides(&cluster, "t"), expected);
    let second = [
        ("retention.ms", Delete, None),
        ("cleanup.policy", Subtract, Some("delete")),
        ("leader.replication.throttled.replicas", Delete, Some("ignored")),
    ];
    assert_eq!(alter(&cluster, change(Topic, "t", &second)), Ok(()));
    assert_eq!(overrides(&cluster, "t"), [pair("cleanup.policy", "compact")]);
    let partition = cluster.topics.partition("t", 0).expect("it was created");
    let settings = Arc::clone(&partition.read().expect("nothing panicked").settings);
    assert!(settings.compacted && !settings.deletes);
}

#[test]
fn one_wrong_config_changes_nothing_of_its_resource() {
    let cluster = cluster_with("t", &[]);
    let wrong = [("retention.ms", Set, Some("5")), ("flush.ms", Set, Some("-1"))];
    let result = alter(&cluster, change(Topic, "t", &wrong));
    assert!(matches!(
        result,
        Err(AlterConfigsError::Topic(InvalidTopicConfig::Value(_)))
    ));
    assert_eq!(overrides(&cluster, "t"), []);
    assert_eq!(retention_ms(&cluster, 0), 604_800_000);
}

#[test]
fn validation_alone_changes_nothing() {
    let cluster = cluster_with("t", &[]);
    let alterations = [
        replace(Topic, "t", &[("retention.ms", Some("5"))]),
        replace(
            Broker,
            "",
            &[
                ("log.retention.ms", Some("6")),
                ("min.insync.replicas", Some("1")),
            ],
        ),
    ];
    let context = RequestContext::for_tests(1);
    let results = alter_configs(&cluster, &context, &alterations, true);
    assert_eq!(results, [Ok(()), Ok(())]);
    assert_eq!(retention_ms(&cluster, 0), 604_800_000);
}

#[test]
fn a_refused_change_is_explained() {
    let cluster = cluster_with("t", &[]);
    let set = |name, value| change(Topic, "t", &[(name, Set, value)]);
    let broker = |name, key, value| change(Broker, name, &[(key, Set, Some(value))]);
    let cases = [
        (set("flush.ms", None), "Null value not supported for : flush.ms"),
        (
            change(
                Topic,
                "t",
                &[("flush.ms", Set, Some("1")), ("flush.ms", Delete, None)],
            ),
            "Error due to duplicate config keys",
        ),
        (
            change(Topic, "t", &[("flush.ms", Append, Some("1"))]),
            "Can't APPEND to key flush.ms because its type is not LIST.",
        ),
        // Kafka's controller knows no lists of these types.
        (
            change(
                ResourceType::ClientMetrics,
                "s",
                &[("metrics", Append, Some("a"))],
            ),
            "Can't APPEND to key metrics because its type is not LIST.",
        ),
        (
            change(ResourceType::Group, "g", &[("streams.x", Subtract, Some("a"))]),
            "Can't SUBTRACT to key streams.x because its type is not LIST.",
        ),
        (
            change(Topic, "t", &[("flush.ms", Other(9), Some("1"))]),
            "The server experienced an unexpected error when processing the request.",
        ),
        (
            change(Topic, "none", &[("flush.ms", Set, Some("1"))]),
            "The topic 'none' does not exist.",
        ),
        (
            change(Topic, "none", &[("flash.ms", Set, Some("1"))]),
            "Unknown topic config name: flash.ms",
        ),
        (change(Topic, "", &[]), "Default topic resources are not allowed."),
        (
            change(Topic, "..", &[]),
            "Topic name is invalid: '..' is not allowed",
        ),
        (
            broker("2", "log.retention.ms", "1"),
            "Unexpected broker id, expected 1, but received 2",
        ),
        (
            broker("one", "log.retention.ms", "1"),
            "Node id must be an integer, but it is: one",
        ),
        (
            broker("1", "node.id", "7"),
            "Cannot update these configs dynamically: [node.id]",
        ),
        (
            broker("", "listeners", "x"),
            "Cannot update these configs dynamically: [listeners]",
        ),
        (
            change(Broker, "1", &[("no.such.config", Append, Some("1"))]),
            "Unknown config name: no.such.config",
        ),
        // The first wrong change of the request counts, which is the last one in the order of a hash map.
        (
            change(
                Broker,
                "1",
                &[
                    ("segment.bytes", Subtract, Some("")),
                    ("compression.type", Append, Some("-1")),
                ],
            ),
            "Unknown config name: segment.bytes",
        ),
        (
            change(Broker, "1", &[("num.io.threads", Subtract, Some("1"))]),
            "Config value subtract is not allowed for config key: num.io.threads",
        ),
        (
            change(Broker, "1", &[("num.io.threads", Other(9), Some("1"))]),
            "Unknown operations type 9",
        ),
        (
            broker("1", "min.insync.replicas", "1"),
            "Broker-level min.insync.replicas cannot be altered while ELR is enabled.",
        ),
        (
            change(Broker, "", &[("min.insync.replicas", Delete, None)]),
            "Cluster-level min.insync.replicas cannot be removed while ELR is enabled.",
        ),
        (
            replace(Broker, "", &[]),
            "Cluster-level min.insync.replicas cannot be removed while ELR is enabled.",
        ),
        (
            broker("1", "log.retention.ms", "0"),
            "requirement failed: log.retention.ms must be unlimited (-1) or, greater than or equal to 1",
        ),
        (
            broker("1", "num.io.threads", "17"),
            "Invalid value org.apache.kafka.common.config.ConfigException: Dynamic thread count update validation failed for num.io.threads=17, value should not be greater than double the current value 8 for configuration Invalid dynamic configuration",
        ),
        (
            broker("1", "ssl.keystore.type", "PEM"),
            "These security configs can be dynamically updated only per-listener using the listener prefix: [ssl.keystore.type]",
        ),
        (
            broker("", "listener.name.a.ssl.keystore.type", "PEM"),
            "Cannot update these configs at default cluster level, broker id must be specified: [listener.name.a.ssl.keystore.type]",
        ),
        (
            broker("", "log.segment.bytes", "x"),
            "Invalid value x for configuration log.segment.bytes: Not a number of type INT",
        ),
        (
            change(
                Topic,
                "t",
                &[
                    ("min.compaction.lag.ms", Set, Some("2")),
                    ("max.compaction.lag.ms", Set, Some("1")),
                ],
            ),
            "conflict topic config setting min.compaction.lag.ms (2) > max.compaction.lag.ms (1)",
        ),
        (
            change(Topic, "t", &[("remote.storage.enable", Set, Some("true"))]),
            "Tiered Storage functionality is disabled in the broker. Topic cannot be configured with remote log storage.",
        ),
        (
            change(ResourceType::Group, "", &[]),
            "Default group resources are not allowed.",
        ),
        (
            change(ResourceType::Group, "g", &[("nope", Set, Some("1"))]),
            "Unknown group config name: nope",
        ),
        (
            change(ResourceType::ClientMetrics, "", &[]),
            "Subscription name can't be empty",
        ),
        (
            change(ResourceType::ClientMetrics, "s", &[("match", Set, Some("x=1"))]),
            "Illegal client matching pattern: x=1",
        ),
        (
            change(ResourceType::BrokerLogger, "1", &[("a", Set, Some("INFO"))]),
            "Logger a does not exist!",
        ),
        (
            replace(ResourceType::BrokerLogger, "1", &[]),
            "Unknown resource type 8",
        ),
        (
            change(ResourceType::Other(3), "x", &[]),
            "Unknown resource type 3",
        ),
    ];
    for (alteration, message) in cases {
        let error = alter(&cluster, alteration).expect_err(message);
        assert_eq!(error.to_string(), message);
    }
}

#[test]
fn a_resource_that_occurs_twice_is_not_changed() {
    let cluster = cluster_with("t", &[]);
    let alterations = [
        replace(Topic, "t", &[("retention.ms", Some("5"))]),
        replace(Broker, "1", &[]),
        replace(Topic, "t", &[("retention.ms", Some("6"))]),
    ];
    let context = RequestContext::for_tests(1);
    let results = alter_configs(&cluster, &context, &alterations, false);
    let twice = Err(AlterConfigsError::DuplicateResource);
    assert_eq!(results, [twice.clone(), Ok(()), twice]);
    assert_eq!(overrides(&cluster, "t"), []);
}

#[test]
fn a_brokers_defaults_apply_to_topics_without_their_own_value() {
    let cluster = cluster_with("t", &[("log.retention.hours", "1")]);
    assert_eq!(retention_ms(&cluster, 0), 3_600_000);
    let for_all = change(Broker, "", &[("log.retention.ms", Set, Some("7"))]);
    assert_eq!(alter(&cluster, for_all), Ok(()));
    assert_eq!((retention_ms(&cluster, 0), retention_ms(&cluster, 1)), (7, 7));
    // Broker 1 leads partition 0.
    let for_one = change(Broker, "1", &[("log.retention.ms", Set, Some("8"))]);
    assert_eq!(alter(&cluster, for_one), Ok(()));
    assert_eq!((retention_ms(&cluster, 0), retention_ms(&cluster, 1)), (8, 7));
    let own = change(Topic, "t", &[("retention.ms", Set, Some("9"))]);
    assert_eq!(alter(&cluster, own), Ok(()));
    assert_eq!((retention_ms(&cluster, 0), retention_ms(&cluster, 1)), (9, 9));
    for alteration in [
        change(Topic, "t", &[("retention.ms", Delete, None)]),
        change(Broker, "1", &[("log.retention.ms", Delete, None)]),
        replace(Broker, "", &[("min.insync.replicas", Some("1"))]),
    ] {
        assert_eq!(alter(&cluster, alteration), Ok(()));
    }
    assert_eq!(
        (retention_ms(&cluster, 0), retention_ms(&cluster, 1)),
        (3_600_000, 3_600_000)
    );
}

#[test]
fn an_unknown_operation_fails_all_that_the_controller_would_change() {
    let cluster = cluster_with("t", &[]);
    let alterations = [
        change(Topic, "t", &[("flush.ms", Other(9), Some("1"))]),
        change(Topic, "other", &[]),
        change(Broker, "2", &[]),
        change(Broker, "1", &[("log.retention.ms", Set, Some("5"))]),
    ];
    let results = alter_configs(&cluster, &RequestContext::for_tests(1), &alterations, false);
    let other = Err(AlterConfigsError::OtherBroker {
        asked: NodeId(1),
        name: "2".to_owned(),
    });
    let failed = Err(AlterConfigsError::ControllerFailed);
    assert_eq!(results, [failed.clone(), failed.clone(), other, failed]);
    assert_eq!(retention_ms(&cluster, 0), 604_800_000);
}

#[test]
fn a_broker_takes_configs_that_it_does_not_know() {
    let cluster = cluster_with("t", &[]);
    let unknown = change(Broker, "1", &[("plugin.key", Set, Some("secret"))]);
    assert_eq!(alter(&cluster, unknown), Ok(()));
    let values = cluster.broker_configs.dynamic(Some(NodeId(1)));
    assert_eq!(
        values.into_iter().collect::<Vec<_>>(),
        [pair("plugin.key", "secret")]
    );
}

#[test]
fn min_insync_replicas_of_topics_come_from_the_clusters_default() {
    let cluster = cluster_with("t", &[("min.insync.replicas", "2")]);
    let values = cluster.broker_configs.dynamic(None);
    assert_eq!(
        values.into_iter().collect::<Vec<_>>(),
        [pair("min.insync.replicas", "2")]
    );
    let three = change(Broker, "", &[("min.insync.replicas", Set, Some("3"))]);
    assert_eq!(alter(&cluster, three), Ok(()));
    let defaults = TopicDefaults::new(&cluster.broker_configs.layers(NodeId(1)));
    assert_eq!(
        defaults
            .get("min.insync.replicas")
            .map(ToString::to_string)
            .as_deref(),
        Some("3")
    );
}

#[test]
fn a_group_gets_its_configs_before_it_exists() {
    let cluster = cluster_with("t", &[]);
    let set = change(
        ResourceType::Group,
        "g",
        &[("consumer.session.timeout.ms", Set, Some("50000"))],
    );
    assert_eq!(alter(&cluster, set), Ok(()));
    assert_eq!(
        cluster.group_configs.consumer(NodeId(2), "g").session_timeout_ms,
        50_000
    );
    let for_all = change(
        Broker,
        "",
        &[("group.consumer.assignment.interval.ms", Set, Some("7"))],
    );
    assert_eq!(alter(&cluster, for_all), Ok(()));
    assert_eq!(
        cluster
            .group_configs
            .consumer(NodeId(2), "g")
            .assignment_interval_ms,
        7
    );
    assert_eq!(alter(&cluster, replace(ResourceType::Group, "g", &[])), Ok(()));
    assert_eq!(cluster.group_configs.group_ids(), Vec::<String>::new());
}

#[test]
fn an_operation_on_no_list_comes_before_an_unknown_one_in_the_order_of_kafkas_map() {
    let cluster = cluster_with("t", &[]);
    // Java lists `foo` before `retention.ms`.
    let changes = [
        ("retention.ms", Other(7), Some("1")),
        ("foo", Subtract, Some("1")),
    ];
    let error = alter(&cluster, change(Topic, "t", &changes)).expect_err("neither can be done");
    let message = "Can't SUBTRACT to key foo because its type is not LIST.";
    assert_eq!(error.to_string(), message);
}
