use super::config::InvalidTopicConfig;
use super::name::{InvalidName, collision_key, validate};
use super::*;
use crate::config::definition::InvalidValue;
use crate::config::keys::BROKER_CONFIGS;
use crate::config::table::Effect;
use crate::ids::NodeId;
use crate::log::LogSettings;
use crate::pool::Pool;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

#[test]
fn names_are_those_that_kafka_accepts() {
    let longest = "a".repeat(249);
    for name in ["a", "A.b_c-9", "...", "__x", longest.as_str()] {
        assert_eq!(validate(name), Ok(()), "{name}");
    }
    assert_eq!(validate(""), Err(InvalidName::Empty));
    for name in [".", ".."] {
        assert_eq!(
            validate(name),
            Err(InvalidName::Dots {
                name: name.to_owned()
            })
        );
    }
    for name in ["bad name!", "a/b", "a:b", "ä", "a\n"] {
        let name = name.to_owned();
        assert_eq!(validate(&name), Err(InvalidName::Characters { name }));
    }
    let name = "a".repeat(250);
    let error = validate(&name).expect_err("250 characters are too many");
    assert_eq!(
        error.to_string(),
        format!("Topic name is invalid: the length of '{name}' is longer than the max allowed length 249")
    );
}

#[test]
fn names_collide_when_they_differ_in_dots_and_underscores_only() {
    assert_eq!(collision_key("a.b_c"), collision_key("a_b.c"));
    assert_ne!(collision_key("a.b"), collision_key("a.c"));
    assert_eq!(collision_key("a-b"), None);
}

fn config(pairs: &[(&str, &str)]) -> Result<TopicConfig, InvalidTopicConfig> {
    let overrides: BTreeMap<_, _> = pairs
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_string()))
        .collect();
    TopicConfig::new(overrides, &TopicDefaults::default())
}

#[test]
fn topic_configs_are_typed_and_bounded() {
    let right = [
        ("retention.ms", "-1"),
        ("retention.ms", " 1000 "),
        ("retention.bytes", "-1"),
        ("cleanup.policy", "compact,delete"),
        ("cleanup.policy", ""),
        ("compression.type", "zstd"),
        ("compression.zstd.level", "-131072"),
        ("min.cleanable.dirty.ratio", "0.25"),
        ("preallocate", "TRUE"),
        ("leader.replication.throttled.replicas", "0:1,1:2"),
        ("leader.replication.throttled.replicas", "*"),
        ("max.message.bytes", "0"),
        ("remote.storage.enable", "false"),
    ];
    for (name, value) in right {
        assert!(config(&[(name, value)]).is_ok(), "{name}={value}");
    }
    let wrong = [
        ("retention.ms", "-2"),
        ("retention.ms", "1h"),
        ("retention.ms", ""),
        ("cleanup.policy", "shred"),
        ("compression.type", "ZSTD"),
        ("compression.gzip.level", "10"),
        ("min.cleanable.dirty.ratio", "1.5"),
        ("min.insync.replicas", "0"),
        ("max.message.bytes", "2147483648"),
        ("message.timestamp.type", "createtime"),
        ("preallocate", "yes"),
        ("follower.replication.throttled.replicas", "0"),
        ("segment.bytes", "1048575"),
    ];
    for (name, value) in wrong {
        match config(&[(name, value)]) {
            Err(InvalidTopicConfig::Value(InvalidValue::Value { name: named, .. })) => {
                assert_eq!(named, name);
            }
            other => panic!("{name}={value}: {other:?}"),
        }
    }
}

#[test]
fn wrong_configs_are_explained() {
    let message = |pairs: &[(&str, &str)]| config(pairs).expect_err("it is wrong").to_string();
    assert_eq!(
        message(&[("retention.mss", "1")]),
        "Unknown topic config name: retention.mss"
    );
    assert_eq!(
        message(&[("nothing.like.it.at.all", "1")]),
        "Unknown topic config name: nothing.like.it.at.all"
    );
    assert_eq!(
        message(&[("retention.ms", "-7")]),
        "Invalid value -7 for configuration retention.ms: Value must be at least -1"
    );
    assert_eq!(
        message(&[("min.compaction.lag.ms", "10"), ("max.compaction.lag.ms", "9")]),
        "conflict topic config setting min.compaction.lag.ms (10) > max.compaction.lag.ms (9)"
    );
    assert_eq!(
        message(&[("remote.storage.enable", "true")]),
        "Tiered Storage functionality is disabled in the broker. Topic cannot be configured with remote log storage."
    );
}

#[test]
fn a_topic_without_configs_obeys_kafkas_defaults() {
    assert_eq!(
        TopicDefaults::default().settings(&TopicConfig::default()),
        LogSettings::default()
    );
}

#[test]
fn what_is_set_reaches_the_log() {
    let config = config(&[
        ("cleanup.policy", "compact"),
        ("max.message.bytes", "1000"),
        ("message.timestamp.type", "LogAppendTime"),
        ("message.timestamp.before.max.ms", "11"),
        ("message.timestamp.after.max.ms", "12"),
        ("retention.ms", "13"),
        ("retention.bytes", "14"),
        ("internal.segment.bytes", "15"),
        ("segment.bytes", "2000000"),
        ("segment.ms", "16"),
    ])
    .expect("all are right");
    let expected = LogSettings {
        max_message_bytes: 1000,
        log_append_time: true,
        timestamp_before_max_ms: 11,
        timestamp_after_max_ms: 12,
        retention_ms: 13,
        retention_bytes: 14,
        segment_bytes: 15,
        segment_ms: 16,
        compacted: true,
        deletes: false,
        ..LogSettings::default()
    };
    assert_eq!(TopicDefaults::default().settings(&config), expected);
}

#[test]
fn the_broker_configs_for_topics_are_those_behind_the_topic_configs_that_are_honoured() {
    let honoured = config::TOPIC_CONFIGS
        .iter()
        .filter(|(_, setting)| matches!(setting.effect, Effect::Honoured(_)));
    let behind: BTreeSet<_> = honoured
        .flat_map(|(definition, _)| config::synonyms(definition.name))
        .map(|synonym| synonym.name)
        .collect();
    let for_topics: BTreeSet<_> = BROKER_CONFIGS
        .iter()
        .filter(|(_, setting)| matches!(setting.effect, Effect::TopicDefault))
        .map(|(definition, _)| definition.name)
        .collect();
    assert_eq!(for_topics, behind);
}

#[test]
fn the_table_of_topic_configs_is_sorted_and_its_defaults_are_right() {
    let names: Vec<_> = config::TOPIC_CONFIGS
        .iter()
        .map(|(_, setting)| setting.name)
        .collect();
    let definitions = config::TOPIC_CONFIGS.definitions();
    let defined: Vec<_> = definitions.iter().map(|definition| definition.name).collect();
    assert_eq!(names, defined);
    assert!(names.is_sorted_by(|one, other| one < other));
    for definition in definitions {
        if let Some(default) = definition.default {
            let value = definition.parse(default).expect(definition.name);
            assert_eq!(value.to_string(), default, "{}", definition.name);
        }
    }
}

fn new_topic(name: &str, id: u128, partitions: usize) -> NewTopic {
    NewTopic {
        name: name.into(),
        id: Uuid::from_u128(id),
        config: TopicConfig::default(),
        placement: Placement::for_tests(partitions, &[NodeId(1)]),
    }
}

fn settings() -> impl Fn(NodeId) -> Arc<LogSettings> {
    let settings = Arc::new(LogSettings::default());
    move |_| Arc::clone(&settings)
}

#[test]
fn a_topic_is_found_by_name_and_id_once_it_is_created() {
    let topics = Topics::new("test");
    assert!(topics.get("orders").is_none());
    let pool = Pool::new(1 << 20);
    topics
        .change()
        .create(new_topic("orders", 7, 3), settings(), &pool);
    let topic = topics.get("orders").expect("it was created");
    assert_eq!(
        topics
            .get_by_id(&Uuid::from_u128(7))
            .expect("it was created")
            .name,
        topic.name
    );
    assert_eq!(
        topics.partition("orders", 2).expect("the third of three").index,
        2
    );
    assert!(topics.partition("orders", 3).is_none());
    assert!(topics.partition("orders", -1).is_none());
    assert_eq!(topics.change().partition_count(), 3);
}

#[test]
fn a_collision_is_known_until_its_topic_goes() {
    let topics = Topics::new("test");
    let pool = Pool::new(1 << 20);
    topics.change().create(new_topic("a.b", 1, 1), settings(), &pool);
    assert_eq!(topics.change().collision("a_b").as_deref(), Some("a.b"));
    assert_eq!(topics.change().collision("a-b"), None);
}

#[test]
fn topics_are_listed_by_name() {
    let topics = Topics::new("test");
    let pool = Pool::new(1 << 20);
    for (id, name) in ["c", "a", "b"].into_iter().enumerate() {
        topics
            .change()
            .create(new_topic(name, id as u128, 1), settings(), &pool);
    }
    let names: Vec<_> = topics.list().iter().map(|topic| topic.name.to_string()).collect();
    assert_eq!(names, ["a", "b", "c"]);
}
