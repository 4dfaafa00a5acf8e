use super::*;
use crate::operations::consumer_group_heartbeat::{HeartbeatRequest, consumer_group_heartbeat};
use crate::operations::coordinator_topics::create_for_groups;
use std::collections::{BTreeMap, BTreeSet};

fn describe(
    cluster: &Arc<Cluster>,
    wanted: WantedTopics,
    allow_auto_creation: bool,
) -> Vec<(Option<String>, Result<usize, MetadataError>)> {
    describe_topics(
        cluster,
        &RequestContext::for_tests(1),
        wanted,
        allow_auto_creation,
    )
    .into_iter()
    .map(|topic| (topic.name, topic.result.map(|view| view.leaders.len())))
    .collect()
}

fn named(names: &[&str]) -> WantedTopics {
    WantedTopics::Named(names.iter().map(|name| name.to_string()).collect())
}

fn some(name: &str) -> Option<String> {
    Some(name.to_owned())
}

#[test]
fn a_missing_topic_is_created_if_broker_and_client_allow_it() {
    let cluster = Arc::new(Cluster::for_tests(1, &[("num.partitions", "3")]));
    let refused = describe(&cluster, named(&["t"]), false);
    assert_eq!(refused, [(some("t"), Err(MetadataError::UnknownTopic))]);
    assert_eq!(describe(&cluster, named(&["t", "t"]), true), [(some("t"), Ok(3))]);
    assert_eq!(describe(&cluster, WantedTopics::All, true), [(some("t"), Ok(3))]);

    let cluster = Arc::new(Cluster::for_tests(1, &[("auto.create.topics.enable", "false")]));
    let refused = describe(&cluster, named(&["t"]), true);
    assert_eq!(refused, [(some("t"), Err(MetadataError::UnknownTopic))]);
}

#[test]
fn an_invalid_name_and_an_unknown_name_are_different_errors() {
    let cluster = Arc::new(Cluster::for_tests(1, &[]));
    describe(&cluster, named(&["a.b"]), true);
    let results = describe(&cluster, named(&["no!", "a_b", "c"]), true);
    assert!(matches!(
        results[0].1,
        Err(MetadataError::Name(InvalidName::Characters { .. }))
    ));
    assert!(matches!(
        results[1].1,
        Err(MetadataError::Name(InvalidName::Collides { .. }))
    ));
    assert_eq!(results[2], (some("c"), Ok(1)));
}

#[test]
fn a_topic_that_cannot_be_created_is_unknown() {
    let cluster = Arc::new(Cluster::for_tests(1, &[("default.replication.factor", "3")]));
    let results = describe(&cluster, named(&["t"]), true);
    assert!(matches!(
        results[0].1,
        Err(MetadataError::NotCreated(CreateTopicError::Placement(_)))
    ));
}

#[test]
fn the_request_that_creates_a_topic_can_be_answered_before_it_exists_as_by_kafka() {
    let mut cluster = Cluster::for_tests(1, &[]);
    cluster.unknown_until_created = true;
    let cluster = Arc::new(cluster);
    describe(&cluster, named(&["a.b"]), true);
    // Kafka does not wait for the controller, so a collision and too few brokers are not known yet.
    let first = describe(&cluster, named(&["t", "no!", "a_b", "a.b"]), true);
    assert_eq!(first[0], (some("t"), Err(MetadataError::UnknownTopic)));
    assert!(matches!(
        first[1].1,
        Err(MetadataError::Name(InvalidName::Characters { .. }))
    ));
    assert_eq!(first[2], (some("a_b"), Err(MetadataError::UnknownTopic)));
    assert_eq!(first[3], (some("a.b"), Ok(1)));
    let second = describe(&cluster, named(&["t", "a_b"]), true);
    assert_eq!(second[0], (some("t"), Ok(1)));
    assert_eq!(second[1], (some("a_b"), Err(MetadataError::UnknownTopic)));
}

#[test]
fn topics_are_found_by_id() {
    let cluster = Arc::new(Cluster::for_tests(1, &[]));
    describe(&cluster, named(&["t"]), true);
    let id = cluster.topics.get("t").expect("it was created").id;
    let results = describe(
        &cluster,
        WantedTopics::WithId(vec![id, Uuid::from_u128(9), id]),
        true,
    );
    assert_eq!(
        results,
        [(some("t"), Ok(1)), (None, Err(MetadataError::UnknownTopicId))]
    );
}

#[test]
fn internal_names_are_marked() {
    let cluster = Arc::new(Cluster::for_tests(1, &[]));
    let wanted = named(&["__consumer_offsets", "t"]);
    let topics = describe_topics(&cluster, &RequestContext::for_tests(1), wanted, false);
    assert_eq!(
        topics.iter().map(|topic| topic.is_internal).collect::<Vec<_>>(),
        [true, false]
    );
}

#[test]
fn a_topic_of_coordinators_that_metadata_creates_has_its_own_configs() {
    let cluster = Arc::new(Cluster::for_tests(1, &[("num.partitions", "3")]));
    let created = describe(
        &cluster,
        named(&["__consumer_offsets", "__transaction_state", "t"]),
        true,
    );
    assert_eq!(
        created,
        [
            (some("__consumer_offsets"), Ok(50)),
            (some("__transaction_state"), Ok(50)),
            (some("t"), Ok(3))
        ]
    );
    let overrides = |name: &str| {
        let topic = cluster.topics.get(name).expect("it was created");
        let overrides = topic.config.overrides.iter();
        let overrides: Vec<_> = overrides.map(|(name, value)| format!("{name}={value}")).collect();
        overrides.join(",")
    };
    // Source: `GroupCoordinatorService.groupMetadataTopicConfigs`, `TransactionCoordinator.transactionStateTopicConfigs`.
    assert_eq!(
        overrides("__consumer_offsets"),
        "cleanup.policy=compact,compression.type=producer,segment.bytes=104857600"
    );
    assert_eq!(
        overrides("__transaction_state"),
        "cleanup.policy=compact,compression.type=uncompressed,min.insync.replicas=2,segment.bytes=104857600,\
         unclean.leader.election.enable=false"
    );
}

#[tokio::test(start_paused = true)]
async fn a_topic_that_metadata_creates_reaches_the_consumer_groups_that_subscribe_to_it() {
    let cluster = Arc::new(Cluster::for_tests(1, &[("num.partitions", "3")]));
    create_for_groups(&cluster);
    let context = RequestContext::for_tests(1);
    let join = HeartbeatRequest {
        member_id: "m".into(),
        member_epoch: 0,
        group_instance_id: None,
        rack_id: None,
        rebalance_timeout_ms: 60_000,
        subscribed_topic_names: Some(vec!["t".into()]),
        subscribed_topic_regex: None,
        server_assignor: None,
        owned: Some(Vec::new()),
        brings_member_id: true,
    };
    let joined = consumer_group_heartbeat(&cluster, &context, "g", join.clone()).await;
    let joined = joined.expect("the group is new");
    assert_eq!(joined.assignment, Some(BTreeMap::new()));

    assert_eq!(describe(&cluster, named(&["t"]), true), [(some("t"), Ok(3))]);
    let stay = HeartbeatRequest {
        member_epoch: joined.member_epoch,
        rebalance_timeout_ms: -1,
        subscribed_topic_names: None,
        owned: None,
        ..join
    };
    let answer = consumer_group_heartbeat(&cluster, &context, "g", stay).await;
    let id = cluster.topics.get("t").expect("it was created").id;
    let all = BTreeMap::from([(id, BTreeSet::from([0, 1, 2]))]);
    assert_eq!(answer.expect("it is a member").assignment, Some(all));
}
