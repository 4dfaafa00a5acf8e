//! ApiVersions, Metadata and the other APIs that describe the cluster.

use esmeralda_broker::messages::describe_log_dirs_request::DescribableLogDirTopic;
use esmeralda_broker::messages::describe_log_dirs_response::{
    DescribeLogDirsPartition, DescribeLogDirsTopic,
};
use esmeralda_broker::messages::{ApiVersionsRequest, DescribeLogDirsRequest};
use kafka_protocol::messages::describe_cluster_response::DescribeClusterBroker;
use kafka_protocol::messages::describe_topic_partitions_request::{Cursor, TopicRequest};
use kafka_protocol::messages::describe_topic_partitions_response::DescribeTopicPartitionsResponsePartition;
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::metadata_response::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use kafka_protocol::messages::{
    BrokerId, DescribeClusterRequest, DescribeClusterResponse, DescribeTopicPartitionsRequest,
    MetadataRequest, MetadataResponse,
};
use uuid::Uuid;

use crate::client::Client;
use crate::world::{
    CLUSTER_ID, NONE, PARTITION, TOPIC, UNKNOWN_TOPIC_ID, UNKNOWN_TOPIC_OR_PARTITION, World, text, topic_name,
};
use crate::{ADVERTISED, UNREGISTER_CONTROLLER};

const INVALID_REQUEST: i16 = 42;
const REBOOTSTRAP_REQUIRED: i16 = 129;

/// The authorised operations in an answer to a client that did not ask for them.
const NOT_ASKED: i32 = i32::MIN;
/// READ, WRITE, CREATE, DELETE, ALTER, DESCRIBE, DESCRIBE_CONFIGS and ALTER_CONFIGS, by Kafka's codes as bits.
const TOPIC_OPERATIONS: i32 = 0b1101_1111_1000;
/// CREATE, ALTER, DESCRIBE, CLUSTER_ACTION, DESCRIBE_CONFIGS, ALTER_CONFIGS and IDEMPOTENT_WRITE.
const CLUSTER_OPERATIONS: i32 = 0b1_1111_1010_0000;

pub(crate) async fn api_versions(version: i16) {
    let world = World::start().await;
    let mut client = world.connect().await;
    let mut request = ApiVersionsRequest::default();
    if version >= 3 {
        request.client_software_name = text("wire-test");
        request.client_software_version = text("1.2.3");
    }
    let answer = client.ask(version, &request).await;
    assert_eq!((answer.error_code, answer.throttle_time_ms), (NONE, 0));
    let keys: Vec<_> = answer
        .api_keys
        .iter()
        .map(|api| (api.api_key, api.min_version, api.max_version))
        .collect();
    let expected: Vec<_> = ADVERTISED
        .iter()
        .map(|(key, first, last)| (*key as i16, *first, *last))
        .chain([UNREGISTER_CONTROLLER])
        .collect();
    assert_eq!(keys, expected);
    if version >= 3 {
        let levels: Vec<_> = answer
            .finalized_features
            .iter()
            .map(|feature| feature.name.as_str())
            .collect();
        let expected = [
            "group.version",
            "transaction.version",
            "eligible.leader.replicas.version",
            "metadata.version",
        ];
        assert_eq!(levels, expected);
        assert!(answer.finalized_features_epoch >= 25);

        let refused = client
            .ask(version, &request.clone().with_client_software_name(text("-no-")))
            .await;
        assert_eq!(refused.error_code, INVALID_REQUEST);
    }
    if version >= 5 {
        api_versions_of_a_broker(&mut client, version, &request).await;
    }
    world.stop().await;
}

/// Checks KIP-1242: a client names the cluster and the broker that it wants to reach.
async fn api_versions_of_a_broker(client: &mut Client, version: i16, request: &ApiVersionsRequest) {
    for (cluster_id, node_id, error_code) in [
        (Some(CLUSTER_ID), 1, NONE),
        (Some(CLUSTER_ID), 2, REBOOTSTRAP_REQUIRED),
        (Some("another"), 1, REBOOTSTRAP_REQUIRED),
        (Some(CLUSTER_ID), -1, INVALID_REQUEST),
        (None, 1, INVALID_REQUEST),
    ] {
        let request = request.clone().with_cluster_id(cluster_id.map(text));
        let answer = client.ask(version, &request.with_node_id(node_id)).await;
        let keys = if error_code == NONE {
            ADVERTISED.len() + 1
        } else {
            0
        };
        assert_eq!(
            (answer.error_code, answer.api_keys.len()),
            (error_code, keys),
            "{cluster_id:?} {node_id}"
        );
    }
}

pub(crate) async fn metadata(version: i16) {
    let world = World::with_topic().await;
    let mut client = world.connect().await;
    let mut request = MetadataRequest::default().with_topics(Some(vec![
        MetadataRequestTopic::default().with_name(Some(topic_name(TOPIC))),
    ]));
    if version >= 4 {
        request.allow_auto_topic_creation = false;
    }
    if version >= 8 {
        request.include_topic_authorized_operations = true;
        request.include_cluster_authorized_operations = version <= 10;
    }
    let answer = client.ask(version, &request).await;
    assert_eq!(answer, expected_metadata(version, &world));

    if version >= 12 {
        let by_id = MetadataRequestTopic::default()
            .with_topic_id(world.topic_id)
            .with_name(None);
        let answer = client
            .ask(version, &request.clone().with_topics(Some(vec![by_id])))
            .await;
        assert_eq!(answer, expected_metadata(version, &world));

        let unknown_id = Uuid::from_u128(99);
        let by_id = MetadataRequestTopic::default()
            .with_topic_id(unknown_id)
            .with_name(None);
        let answer = client
            .ask(version, &request.clone().with_topics(Some(vec![by_id])))
            .await;
        assert_eq!(answer.topics[0].error_code, UNKNOWN_TOPIC_ID);
        assert_eq!(
            (answer.topics[0].topic_id, answer.topics[0].name.clone()),
            (unknown_id, None)
        );
    }
    if version >= 4 {
        let absent = MetadataRequestTopic::default().with_name(Some(topic_name("absent")));
        let answer = client
            .ask(version, &request.clone().with_topics(Some(vec![absent])))
            .await;
        assert_eq!(answer.topics[0].error_code, UNKNOWN_TOPIC_OR_PARTITION);
        assert_eq!(answer.topics[0].partitions, []);
    }
    // All topics: an empty list at version 0, null from 1 on.
    let all = if version == 0 { Some(Vec::new()) } else { None };
    let answer = client.ask(version, &request.clone().with_topics(all)).await;
    let names: Vec<_> = answer
        .topics
        .iter()
        .map(|topic| topic.name.clone().unwrap())
        .collect();
    assert_eq!(names, [topic_name(TOPIC)]);
    if version >= 1 {
        let answer = client.ask(version, &request.with_topics(Some(Vec::new()))).await;
        assert_eq!(answer.topics, []);
    }
    world.stop().await;
}

fn expected_metadata(version: i16, world: &World) -> MetadataResponse {
    let broker = MetadataResponseBroker::default()
        .with_node_id(BrokerId(1))
        .with_host(text("127.0.0.1"))
        .with_port(world.port())
        .with_rack(None);
    let partition = |index| {
        MetadataResponsePartition::default()
            .with_partition_index(index)
            .with_leader_id(BrokerId(1))
            .with_leader_epoch(if version >= 7 { 0 } else { -1 })
            .with_replica_nodes(vec![BrokerId(1)])
            .with_isr_nodes(vec![BrokerId(1)])
    };
    let topic = MetadataResponseTopic::default()
        .with_name(Some(topic_name(TOPIC)))
        .with_topic_id(if version >= 10 {
            world.topic_id
        } else {
            Uuid::nil()
        })
        .with_partitions((0..3).map(partition).collect())
        .with_topic_authorized_operations(if version >= 8 { TOPIC_OPERATIONS } else { NOT_ASKED });
    let has_cluster_operations = (8..=10).contains(&version);
    MetadataResponse::default()
        .with_brokers(vec![broker])
        .with_cluster_id((version >= 2).then(|| text(CLUSTER_ID)))
        .with_controller_id(BrokerId(if version >= 1 { 1 } else { -1 }))
        .with_topics(vec![topic])
        .with_cluster_authorized_operations(if has_cluster_operations {
            CLUSTER_OPERATIONS
        } else {
            NOT_ASKED
        })
}

pub(crate) async fn describe_cluster(version: i16) {
    let world = World::start().await;
    let mut request = DescribeClusterRequest::default().with_include_cluster_authorized_operations(true);
    if version >= 2 {
        request.include_fenced_brokers = true;
    }
    let answer = world.connect().await.ask(version, &request).await;
    let broker = DescribeClusterBroker::default()
        .with_broker_id(BrokerId(1))
        .with_host(text("127.0.0.1"))
        .with_port(world.port())
        .with_rack(None);
    let expected = DescribeClusterResponse::default()
        .with_error_message(None)
        .with_endpoint_type(1)
        .with_cluster_id(text(CLUSTER_ID))
        .with_controller_id(BrokerId(1))
        .with_brokers(vec![broker])
        .with_cluster_authorized_operations(CLUSTER_OPERATIONS);
    assert_eq!(answer, expected);

    if version >= 1 {
        let of_controllers = client_answer(&world, version, request.with_endpoint_type(2)).await;
        assert_eq!(of_controllers.error_code, 114, "MISMATCHED_ENDPOINT_TYPE");
    }
    world.stop().await;
}

async fn client_answer(
    world: &World,
    version: i16,
    request: DescribeClusterRequest,
) -> DescribeClusterResponse {
    world.connect().await.ask(version, &request).await
}

pub(crate) async fn describe_log_dirs(version: i16) {
    let (world, batch) = World::with_records().await;
    let mut client = world.connect().await;
    let topic = DescribableLogDirTopic::default()
        .with_topic(topic_name(TOPIC))
        .with_partitions(vec![PARTITION]);
    let answer = client
        .ask(
            version,
            &DescribeLogDirsRequest::default().with_topics(Some(vec![topic])),
        )
        .await;
    assert_eq!((answer.throttle_time_ms, answer.error_code), (0, NONE));
    assert_eq!(answer.results.len(), 1);
    let result = &answer.results[0];
    assert_eq!((result.error_code, result.is_cordoned), (NONE, false));
    assert!(!result.log_dir.is_empty());
    let partition = DescribeLogDirsPartition::default()
        .with_partition_index(PARTITION)
        .with_partition_size(batch.len() as i64);
    let topic = DescribeLogDirsTopic::default()
        .with_name(topic_name(TOPIC))
        .with_partitions(vec![partition]);
    assert_eq!(result.topics, [topic]);
    if version >= 4 {
        assert!(
            result.usable_bytes > 0 && result.total_bytes >= result.usable_bytes,
            "{result:?}"
        );
    }

    let all = client
        .ask(version, &DescribeLogDirsRequest::default().with_topics(None))
        .await;
    assert_eq!(all.results[0].topics[0].partitions.len(), 3);
    world.stop().await;
}

pub(crate) async fn describe_topic_partitions(version: i16) {
    let world = World::with_topic().await;
    let mut client = world.connect().await;
    let request = DescribeTopicPartitionsRequest::default()
        .with_topics(vec![TopicRequest::default().with_name(topic_name(TOPIC))])
        .with_response_partition_limit(2);
    let first = client.ask(version, &request).await;
    assert_eq!(first.throttle_time_ms, 0);
    assert_eq!(first.topics.len(), 1);
    let topic = &first.topics[0];
    assert_eq!(
        (topic.error_code, topic.name.clone()),
        (NONE, Some(topic_name(TOPIC)))
    );
    assert_eq!((topic.topic_id, topic.is_internal), (world.topic_id, false));
    assert_eq!(topic.topic_authorized_operations, TOPIC_OPERATIONS);
    let partition = |index: i32, given: &DescribeTopicPartitionsResponsePartition| {
        DescribeTopicPartitionsResponsePartition::default()
            .with_partition_index(index)
            .with_leader_id(BrokerId(1))
            .with_leader_epoch(0)
            .with_replica_nodes(vec![BrokerId(1)])
            .with_isr_nodes(vec![BrokerId(1)])
            .with_eligible_leader_replicas(given.eligible_leader_replicas.clone())
            .with_last_known_elr(given.last_known_elr.clone())
    };
    assert_eq!(
        topic.partitions,
        [
            partition(0, &topic.partitions[0]),
            partition(1, &topic.partitions[1])
        ]
    );
    let next = first.next_cursor.expect("a third partition is left");
    assert_eq!((next.topic_name, next.partition_index), (topic_name(TOPIC), 2));

    let cursor = Cursor::default()
        .with_topic_name(topic_name(TOPIC))
        .with_partition_index(2);
    let rest = client.ask(version, &request.with_cursor(Some(cursor))).await;
    let partitions = &rest.topics[0].partitions;
    assert_eq!(*partitions, [partition(2, &partitions[0])]);
    assert_eq!(rest.next_cursor, None);
    world.stop().await;
}
