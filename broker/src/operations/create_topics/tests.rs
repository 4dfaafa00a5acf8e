use super::*;
use crate::config::layers::Source;
use crate::log::LogSettings;

fn wanted(name: &str, partitions: i32, replication_factor: i16) -> CreateTopic {
    CreateTopic {
        partitions,
        replication_factor,
        ..CreateTopic::named(name)
    }
}

fn assigned(name: &str, assignments: &[(i32, &[i32])]) -> CreateTopic {
    let nodes = |nodes: &[i32]| nodes.iter().copied().map(NodeId).collect();
    CreateTopic {
        assignments: assignments
            .iter()
            .map(|(partition, replicas)| (*partition, nodes(replicas)))
            .collect(),
        ..CreateTopic::named(name)
    }
}

fn configured(name: &str, configs: &[(&str, Option<&str>)]) -> CreateTopic {
    CreateTopic {
        configs: configs
            .iter()
            .map(|(name, value)| (name.to_string(), value.map(str::to_owned)))
            .collect(),
        ..CreateTopic::named(name)
    }
}

fn create_in(cluster: &Arc<Cluster>, topics: Vec<CreateTopic>, validate_only: bool) -> Vec<String> {
    create_topics(cluster, &RequestContext::for_tests(1), topics, validate_only)
        .into_iter()
        .map(|(name, result)| match result {
            Ok(created) => format!("{name}: {} x {}", created.partitions, created.replication_factor),
            Err(error) => format!("{name}: {error}"),
        })
        .collect()
}

fn leaders(cluster: &Cluster, topic: &str) -> Vec<i32> {
    let topic = cluster.topics.get(topic).expect("it was created");
    let partitions = topic.partitions.iter();
    partitions
        .map(|partition| partition.read().expect("nothing panicked").leader.0)
        .collect()
}

#[test]
fn leaders_are_spread_over_the_brokers() {
    let cluster = Arc::new(Cluster::for_tests(3, &[]));
    let results = create_in(&cluster, vec![wanted("spread", 7, 2)], false);
    assert_eq!(results, ["spread: 7 x 2"]);
    let mut leaders = leaders(&cluster, "spread");
    // A broker leads two or three of the seven.
    let first_six = &mut leaders[..6];
    first_six.sort_unstable();
    assert_eq!(first_six, [1, 1, 2, 2, 3, 3]);
}

#[test]
fn replicas_are_spread_over_the_racks() {
    let mut cluster = Cluster::for_tests(6, &[]);
    for (node, rack) in cluster.nodes.iter_mut().zip(["a", "a", "b", "b", "c", "c"]) {
        node.rack = Some(rack.into());
    }
    let cluster = Arc::new(cluster);
    create_in(&cluster, vec![wanted("spread", 18, 3)], false);
    let topic = cluster.topics.get("spread").expect("it was created");
    for partition in 0..18 {
        let replicas = topic.placement.replicas(partition);
        let mut racks: Vec<_> = replicas.iter().map(|node| (node.0 - 1) / 2).collect();
        racks.sort_unstable();
        assert_eq!(racks, [0, 1, 2], "partition {partition}: {replicas:?}");
    }
}

#[test]
fn the_first_leader_depends_on_the_topic() {
    let cluster = Arc::new(Cluster::for_tests(3, &[]));
    let names: Vec<_> = (0..20).map(|number| format!("topic-{number}")).collect();
    let topics = names.iter().map(|name| wanted(name, 1, 1)).collect();
    create_in(&cluster, topics, false);
    let mut firsts: Vec<_> = names.iter().flat_map(|name| leaders(&cluster, name)).collect();
    firsts.sort_unstable();
    firsts.dedup();
    assert_eq!(firsts, [1, 2, 3]);
}

#[test]
fn defaults_come_from_the_broker_configs() {
    let properties = [("num.partitions", "5"), ("default.replication.factor", "2")];
    let cluster = Arc::new(Cluster::for_tests(2, &properties));
    assert_eq!(
        create_in(&cluster, vec![wanted("t", -1, -1)], false),
        ["t: 5 x 2"]
    );
}

#[test]
fn the_first_assigned_replica_leads() {
    let cluster = Arc::new(Cluster::for_tests(3, &[]));
    let topic = assigned("t", &[(1, &[3, 1]), (0, &[2, 3])]);
    assert_eq!(create_in(&cluster, vec![topic], false), ["t: 2 x 2"]);
    assert_eq!(leaders(&cluster, "t"), [2, 3]);
}

#[test]
fn impossible_topics_are_refused_one_by_one() {
    let cluster = Arc::new(Cluster::for_tests(2, &[]));
    create_in(&cluster, vec![wanted("there.is", 1, 1)], false);
    let both = CreateTopic {
        partitions: 2,
        ..assigned("both", &[(0, &[1])])
    };
    let factor = CreateTopic {
        replication_factor: 1,
        ..assigned("factor", &[(0, &[1])])
    };
    let topics = vec![
        wanted("there.is", 1, 1),
        wanted("there_is", 1, 1),
        wanted("no name", 1, 1),
        wanted("__cluster_metadata", 1, 1),
        wanted("none", 0, 1),
        wanted("less", -2, 1),
        wanted("rf0", 1, 0),
        wanted("rf3", 1, 3),
        wanted("huge", i32::MAX, 1),
        both,
        factor,
        assigned("stranger", &[(0, &[7])]),
        assigned("gap", &[(1, &[1])]),
        configured("null", &[("retention.ms", None), ("flush.ms", None)]),
        configured("typo", &[("retention.m", Some("1"))]),
        wanted("good", 1, 1),
    ];
    let expected = [
        "there.is: Topic 'there.is' already exists.",
        "there_is: Topic 'there_is' collides with existing topic: there.is",
        "no name: Topic name is invalid: 'no name' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'",
        "__cluster_metadata: Creation of internal topic __cluster_metadata is prohibited.",
        "none: Number of partitions was set to an invalid non-positive value.",
        "less: Number of partitions was set to an invalid non-positive value.",
        "rf0: Replication factor must be larger than 0, or -1 to use the default value.",
        "rf3: Unable to replicate the partition 3 time(s): The target replication factor of 3 cannot be reached because only 2 broker(s) are registered or some brokers have all their log directories cordoned.",
        "huge: Cannot add 2147483647 partition(s): the cluster has 1 and may have at most 200000.",
        "both: A manual partition assignment was specified, but numPartitions was not set to -1.",
        "factor: A manual partition assignment was specified, but replication factor was not set to -1.",
        "stranger: The manual partition assignment includes broker 7, but no such broker is registered.",
        "gap: partitions should be a consecutive 0-based integer sequence",
        "null: Null value not supported for topic configs: retention.ms,flush.ms",
        "typo: Unknown topic config name: retention.m",
        "good: 1 x 1",
    ];
    assert_eq!(create_in(&cluster, topics, false), expected);
    assert_eq!(cluster.topics.list().len(), 2);
}

#[test]
fn a_name_that_comes_twice_is_refused_once_and_a_collision_within_a_request_too() {
    for validate_only in [true, false] {
        let cluster = Arc::new(Cluster::for_tests(1, &[]));
        let names = ["twice", "a.b", "twice", "a_b"];
        let topics = names.iter().map(|name| wanted(name, 1, 1)).collect();
        let results = create_in(&cluster, topics, validate_only);
        let other = if validate_only {
            "another topic of this request"
        } else {
            "a.b"
        };
        let collision = format!("a_b: Topic 'a_b' collides with existing topic: {other}");
        assert_eq!(
            results,
            ["twice: Duplicate topic name.", "a.b: 1 x 1", &collision]
        );
    }
}

#[test]
fn validation_alone_creates_nothing() {
    let cluster = Arc::new(Cluster::for_tests(1, &[]));
    assert_eq!(create_in(&cluster, vec![wanted("t", 3, 1)], true), ["t: 3 x 1"]);
    assert!(cluster.topics.get("t").is_none());
    assert_eq!(cluster.topics.change().partition_count(), 0);
}

#[test]
fn configs_reach_the_partitions_and_the_answer() {
    let properties = [("log.retention.hours", "1"), ("log.segment.bytes", "2000000")];
    let cluster = Arc::new(Cluster::for_tests(1, &properties));
    let topic = configured("t", &[("max.message.bytes", Some(" 77 "))]);
    let results = create_topics(&cluster, &RequestContext::for_tests(1), vec![topic], false);
    let created = results[0].1.as_ref().expect("it is right");
    let shown = |name: &str| {
        let entry = created.configs.iter().find(|entry| entry.name == name);
        let entry = entry.expect("every topic config is shown");
        (entry.value.as_deref().unwrap_or_default(), entry.source)
    };
    // All but internal.segment.bytes, which is not set.
    assert_eq!(
        created.configs.len(),
        config::TOPIC_CONFIGS.definitions().len() - 1
    );
    assert_eq!(shown("max.message.bytes"), (" 77 ", Source::DynamicTopic));
    assert_eq!(shown("retention.ms"), ("3600000", Source::StaticBroker));
    assert_eq!(shown("segment.bytes"), ("2000000", Source::StaticBroker));
    assert_eq!(shown("cleanup.policy"), ("delete", Source::Default));
    let expected = LogSettings {
        max_message_bytes: 77,
        retention_ms: 3_600_000,
        segment_bytes: 2_000_000,
        ..LogSettings::default()
    };
    let partition = cluster.topics.partition("t", 0).expect("it was created");
    assert_eq!(*partition.read().expect("nothing panicked").settings, expected);
}

#[test]
fn ten_thousand_partitions_are_one_topic() {
    let cluster = Arc::new(Cluster::for_tests(3, &[]));
    assert_eq!(
        create_in(&cluster, vec![wanted("wide", 10_000, 3)], false),
        ["wide: 10000 x 3"]
    );
    assert_eq!(
        cluster.topics.partition("wide", 9_999).expect("the last").index,
        9_999
    );
    assert_eq!(cluster.topics.change().partition_count(), 10_000);
}
