//! The APIs of topics, configs and the cluster at every version that they are served in: encoded, answered, decoded to the last byte.

use super::*;
use crate::messages::DescribeLogDirsRequest;
use crate::messages::describe_log_dirs_request::DescribableLogDirTopic;
use bytes::BytesMut;
use kafka_protocol::ResponseError as E;
use kafka_protocol::messages::alter_configs_request as alter;
use kafka_protocol::messages::create_partitions_request::{
    CreatePartitionsAssignment, CreatePartitionsTopic,
};
use kafka_protocol::messages::create_topics_request::{
    CreatableReplicaAssignment, CreatableTopic, CreatableTopicConfig,
};
use kafka_protocol::messages::delete_records_request::{DeleteRecordsPartition, DeleteRecordsTopic};
use kafka_protocol::messages::delete_topics_request::DeleteTopicState;
use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::describe_producers_request;
use kafka_protocol::messages::describe_topic_partitions_request;
use kafka_protocol::messages::incremental_alter_configs_request as incremental;
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::*;
use kafka_protocol::protocol::{Decodable, Encodable, StrBytes};
use uuid::Uuid;

fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

fn name(name: &str) -> TopicName {
    TopicName(text(name))
}

fn nodes(nodes: &[i32]) -> Vec<BrokerId> {
    nodes.iter().copied().map(BrokerId).collect()
}

/// Two brokers in rack `r` and a topic `orders`: partition 0 led by broker 2 with a replica on 1, partition 1 the other way round.
async fn cluster() -> Arc<Cluster> {
    let cluster = Arc::new(Cluster::for_tests(
        2,
        &[("broker.rack", "r"), ("log.retention.hours", "2")],
    ));
    let response = call(&cluster, 7, create("orders")).await;
    assert_eq!(response.topics[0].error_code, 0);
    cluster
}

fn create(topic: &str) -> CreateTopicsRequest {
    let assignment = |partition, replicas| {
        CreatableReplicaAssignment::default()
            .with_partition_index(partition)
            .with_broker_ids(nodes(replicas))
    };
    let config = |key, value| {
        CreatableTopicConfig::default()
            .with_name(text(key))
            .with_value(Some(text(value)))
    };
    let topic = CreatableTopic::default()
        .with_name(name(topic))
        .with_num_partitions(-1)
        .with_replication_factor(-1)
        .with_assignments(vec![assignment(0, &[2, 1]), assignment(1, &[1, 2])])
        .with_configs(vec![config("max.message.bytes", "77")]);
    CreateTopicsRequest::default()
        .with_topics(vec![topic])
        .with_timeout_ms(1_000)
}

async fn call<R: Request + Encodable>(cluster: &Arc<Cluster>, version: i16, request: R) -> R::Response {
    call_node(cluster, 1, version, request).await
}

async fn call_node<R: Request + Encodable>(
    cluster: &Arc<Cluster>,
    node_id: i32,
    version: i16,
    request: R,
) -> R::Response {
    let mut body = BytesMut::new();
    request.encode(&mut body, version).unwrap();
    let served = Served::by_key(R::KEY).unwrap();
    let context = RequestContext::for_tests(node_id);
    let answering = served.answer(cluster, &Arc::new(context), version, body.freeze());
    let answer = answering.expect("it can be decoded").done().await;
    let mut body = answer.into_bytes(version);
    let response = R::Response::decode(&mut body, version).unwrap();
    assert_eq!(
        body.len(),
        0,
        "{} of version {version} ends where it should",
        served.name()
    );
    response
}

fn asked(topic: &str) -> MetadataRequestTopic {
    MetadataRequestTopic::default().with_name(Some(name(topic)))
}

#[tokio::test]
async fn metadata_of_every_version() {
    for version in metadata::Metadata::VERSIONS {
        let cluster = cluster().await;
        let mut request = MetadataRequest::default().with_topics(Some(vec![asked("orders"), asked("none")]));
        if version >= 4 {
            request.allow_auto_topic_creation = false;
        } else {
            request.topics = Some(vec![asked("orders"), asked("no!")]);
        }
        request.include_topic_authorized_operations = version >= 8;
        request.include_cluster_authorized_operations = (8..=10).contains(&version);
        let response = call(&cluster, version, request).await;
        let brokers: Vec<_> = response
            .brokers
            .iter()
            .map(|broker| {
                (
                    broker.node_id.0,
                    broker.host.as_str(),
                    broker.port,
                    broker.rack.as_deref(),
                )
            })
            .collect();
        let rack = (version >= 1).then_some("r");
        assert_eq!(
            brokers,
            [(1, "localhost", 9092, rack), (2, "localhost", 9093, rack)]
        );
        if version >= 1 {
            assert_eq!(response.controller_id, BrokerId(1));
        }
        if version >= 2 {
            assert_eq!(response.cluster_id.as_deref(), Some("test"));
        }
        let operations = if (8..=10).contains(&version) {
            8_096
        } else {
            i32::MIN
        };
        assert_eq!(response.cluster_authorized_operations, operations);
        let topic = &response.topics[0];
        assert_eq!((topic.error_code, topic.name.clone()), (0, Some(name("orders"))));
        assert_eq!(topic.topic_id.is_nil(), version < 10);
        assert_eq!(
            topic.topic_authorized_operations,
            if version >= 8 { 3_576 } else { i32::MIN }
        );
        let partition = &topic.partitions[0];
        assert_eq!(
            (
                partition.error_code,
                partition.partition_index,
                partition.leader_id.0
            ),
            (0, 0, 2)
        );
        assert_eq!(
            (&partition.replica_nodes, &partition.isr_nodes),
            (&nodes(&[2, 1]), &nodes(&[2, 1]))
        );
        assert_eq!(partition.leader_epoch, if version >= 7 { 0 } else { -1 });
        assert_eq!(topic.partitions.len(), 2);
        let expected = if version >= 4 {
            E::UnknownTopicOrPartition
        } else {
            E::InvalidTopicException
        };
        assert_eq!(response.topics[1].error_code, expected.code());
    }
}

#[tokio::test]
async fn metadata_of_all_topics_is_asked_for_with_nothing_or_null() {
    let cluster = cluster().await;
    for version in metadata::Metadata::VERSIONS {
        let empty = MetadataRequest::default().with_topics(Some(Vec::new()));
        let count = if version == 0 { 1 } else { 0 };
        assert_eq!(
            call(&cluster, version, empty).await.topics.len(),
            count,
            "version {version}"
        );
        if version >= 1 {
            let null = MetadataRequest::default().with_topics(None);
            assert_eq!(
                call(&cluster, version, null).await.topics.len(),
                1,
                "version {version}"
            );
        }
    }
}

#[tokio::test]
async fn metadata_finds_topics_by_id_from_version_12_on() {
    let cluster = cluster().await;
    let id = cluster.topics.get("orders").unwrap().id;
    let with_id = |id| MetadataRequestTopic::default().with_name(None).with_topic_id(id);
    for version in [12, 13] {
        let topics = vec![with_id(id), with_id(Uuid::from_u128(5))];
        let request = MetadataRequest::default().with_topics(Some(topics));
        let response = call(&cluster, version, request).await;
        assert_eq!(response.topics[0].name, Some(name("orders")));
        assert_eq!(response.topics[1].error_code, E::UnknownTopicId.code());
        assert_eq!(response.topics[1].topic_id, Uuid::from_u128(5));
    }
    for version in [10, 11] {
        let topic = asked("orders").with_topic_id(id);
        let response = call(
            &cluster,
            version,
            MetadataRequest::default().with_topics(Some(vec![topic])),
        )
        .await;
        assert_eq!(response.topics[0].error_code, E::InvalidRequest.code());
    }
}

#[tokio::test]
async fn create_topics_of_every_version() {
    for version in create_topics::CreateTopics::VERSIONS {
        let cluster = cluster().await;
        let request = create("new");
        let checked = call(&cluster, version, request.clone().with_validate_only(true)).await;
        assert_eq!(checked.topics[0].error_code, 0);
        assert!(cluster.topics.get("new").is_none());
        let response = call(&cluster, version, request.clone()).await;
        let topic = &response.topics[0];
        assert_eq!(
            (topic.error_code, &topic.name, &topic.error_message),
            (0, &name("new"), &None)
        );
        let created = cluster.topics.get("new").unwrap();
        assert_eq!(
            topic.topic_id,
            if version >= 7 { created.id } else { Uuid::nil() }
        );
        if version >= 5 {
            assert_eq!((topic.num_partitions, topic.replication_factor), (2, 2));
            let configs = topic.configs.as_ref().unwrap();
            let config = |key| configs.iter().find(|config| config.name == text(key)).unwrap();
            let own = config("max.message.bytes");
            assert_eq!(
                (own.value.as_deref(), own.config_source, own.read_only),
                (Some("77"), 1, false)
            );
            let retention = config("retention.ms");
            assert_eq!(
                (retention.value.as_deref(), retention.config_source),
                (Some("7200000"), 4)
            );
        }
        let again = call(&cluster, version, request).await;
        assert_eq!(again.topics[0].error_code, E::TopicAlreadyExists.code());
        assert_eq!(
            again.topics[0].error_message.as_deref(),
            Some("Topic 'new' already exists.")
        );
    }
}

#[tokio::test]
async fn delete_topics_of_every_version() {
    for version in delete_topics::DeleteTopics::VERSIONS {
        let cluster = cluster().await;
        let id = cluster.topics.get("orders").unwrap().id;
        let request = DeleteTopicsRequest::default().with_timeout_ms(1_000);
        let request = if version >= 6 {
            let by_id = DeleteTopicState::default().with_name(None).with_topic_id(id);
            let by_name = DeleteTopicState::default().with_name(Some(name("none")));
            request.with_topics(vec![by_id, by_name])
        } else {
            request.with_topic_names(vec![name("orders"), name("none")])
        };
        let response = call(&cluster, version, request).await;
        let gone = &response.responses[0];
        assert_eq!((gone.error_code, &gone.name), (0, &Some(name("orders"))));
        assert_eq!(gone.error_message, None);
        assert_eq!(gone.topic_id, if version >= 6 { id } else { Uuid::nil() });
        let unknown = &response.responses[1];
        assert_eq!(unknown.error_code, E::UnknownTopicOrPartition.code());
        assert_eq!(unknown.error_message.is_some(), version >= 5);
        assert!(cluster.topics.get("orders").is_none());
    }
}

#[tokio::test]
async fn topic_deletion_that_is_disabled_has_a_code_of_its_own_from_version_3_on() {
    let cluster = Arc::new(Cluster::for_tests(1, &[("delete.topic.enable", "false")]));
    for version in 1..=5 {
        let request = DeleteTopicsRequest::default().with_topic_names(vec![name("t")]);
        let response = call(&cluster, version, request).await;
        let error = if version < 3 {
            E::InvalidRequest
        } else {
            E::TopicDeletionDisabled
        };
        assert_eq!(response.responses[0].error_code, error.code());
    }
}

#[tokio::test]
async fn create_partitions_of_every_version() {
    for version in create_partitions::CreatePartitions::VERSIONS {
        let cluster = cluster().await;
        let assignment = CreatePartitionsAssignment::default().with_broker_ids(nodes(&[2, 1]));
        let more = CreatePartitionsTopic::default()
            .with_name(name("orders"))
            .with_count(3)
            .with_assignments(Some(vec![assignment]));
        let none = CreatePartitionsTopic::default()
            .with_name(name("none"))
            .with_assignments(None);
        let request = CreatePartitionsRequest::default().with_topics(vec![more, none]);
        let response = call(&cluster, version, request.clone().with_validate_only(true)).await;
        assert_eq!(response.results[0].error_code, 0);
        assert_eq!(cluster.topics.get("orders").unwrap().partitions.len(), 2);
        let response = call(&cluster, version, request.clone()).await;
        assert_eq!(
            (response.results[0].error_code, &response.results[0].error_message),
            (0, &None)
        );
        assert_eq!(response.results[1].error_code, E::UnknownTopicOrPartition.code());
        assert_eq!(cluster.topics.get("orders").unwrap().partitions.len(), 3);
        let again = call(&cluster, version, request).await;
        assert_eq!(again.results[0].error_code, E::InvalidPartitions.code());
        let message = again.results[0].error_message.as_deref();
        assert_eq!(message, Some("Topic already has 3 partition(s)."));
    }
}

#[tokio::test]
async fn delete_records_of_every_version() {
    for version in delete_records::DeleteRecords::VERSIONS {
        let cluster = cluster().await;
        let partition = |index, offset| {
            DeleteRecordsPartition::default()
                .with_partition_index(index)
                .with_offset(offset)
        };
        let topic = DeleteRecordsTopic::default()
            .with_name(name("orders"))
            .with_partitions(vec![
                partition(0, -1),
                partition(1, -1),
                partition(0, 7),
                partition(9, 0),
            ]);
        let request = DeleteRecordsRequest::default().with_topics(vec![topic]);
        let response = call_node(&cluster, 2, version, request).await;
        let results: Vec<_> = response.topics[0]
            .partitions
            .iter()
            .map(|partition| {
                (
                    partition.partition_index,
                    partition.low_watermark,
                    partition.error_code,
                )
            })
            .collect();
        let expected = [
            (0, 0, 0),
            (1, -1, E::NotLeaderOrFollower.code()),
            (0, -1, E::OffsetOutOfRange.code()),
            (9, -1, E::UnknownTopicOrPartition.code()),
        ];
        assert_eq!(results, expected);
    }
}

fn config_resource(resource_type: i8, resource: &str) -> DescribeConfigsResource {
    DescribeConfigsResource::default()
        .with_resource_type(resource_type)
        .with_resource_name(text(resource))
        .with_configuration_keys(None)
}

#[tokio::test]
async fn describe_configs_of_every_version() {
    for version in describe_configs::DescribeConfigs::VERSIONS {
        let cluster = cluster().await;
        let keys = vec![text("max.message.bytes"), text("no.such.key")];
        let resources = vec![
            config_resource(2, "orders").with_configuration_keys(Some(keys)),
            config_resource(4, "1"),
            config_resource(2, "none"),
            config_resource(99, "x"),
        ];
        let request = DescribeConfigsRequest::default()
            .with_resources(resources)
            .with_include_synonyms(true)
            .with_include_documentation(version >= 3);
        let response = call(&cluster, version, request).await;
        let topic = &response.results[0];
        assert_eq!(
            (topic.error_code, topic.resource_type, &topic.resource_name),
            (0, 2, &text("orders"))
        );
        assert_eq!(topic.configs.len(), 1);
        let config = &topic.configs[0];
        assert_eq!((config.value.as_deref(), config.config_source), (Some("77"), 1));
        assert!(!config.read_only && !config.is_sensitive);
        let synonyms: Vec<_> = config
            .synonyms
            .iter()
            .map(|synonym| (synonym.name.as_str(), synonym.value.as_deref(), synonym.source))
            .collect();
        let expected = [
            ("max.message.bytes", Some("77"), 1),
            ("message.max.bytes", Some("1048588"), 5),
        ];
        assert_eq!(synonyms, expected);
        assert_eq!(config.config_type, if version >= 3 { 3 } else { 0 });
        let documentation = config.documentation.as_deref().unwrap_or_default();
        assert_eq!(documentation.is_empty(), version < 3);
        assert!(
            response.results[1]
                .configs
                .iter()
                .any(|config| config.name == text("num.partitions"))
        );
        assert_eq!(response.results[2].error_code, E::UnknownTopicOrPartition.code());
        assert_eq!(response.results[3].error_code, E::InvalidRequest.code());
        let message = response.results[3].error_message.as_deref();
        assert_eq!(message, Some("Unexpected resource type 99 for resource x"));
    }
}

#[tokio::test]
async fn alter_configs_of_every_version() {
    for version in alter_configs::AlterConfigs::VERSIONS {
        let cluster = cluster().await;
        let resource = |resource_type, resource, key, value| {
            let config = alter::AlterableConfig::default()
                .with_name(text(key))
                .with_value(Some(text(value)));
            alter::AlterConfigsResource::default()
                .with_resource_type(resource_type)
                .with_resource_name(text(resource))
                .with_configs(vec![config])
        };
        let resources = vec![
            resource(2, "orders", "retention.ms", "5"),
            resource(2, "none", "retention.ms", "5"),
            resource(4, "", "log.segment.bytes", "0"),
        ];
        let request = AlterConfigsRequest::default().with_resources(resources);
        let response = call(&cluster, version, request).await;
        let results: Vec<_> = response
            .responses
            .iter()
            .map(|resource| {
                (
                    resource.resource_type,
                    resource.resource_name.as_str(),
                    resource.error_code,
                )
            })
            .collect();
        let expected = [
            (2, "orders", 0),
            (2, "none", E::UnknownTopicOrPartition.code()),
            (4, "", E::InvalidRequest.code()),
        ];
        assert_eq!(results, expected);
        let config = cluster.topics.get("orders").unwrap().config.overrides.clone();
        assert_eq!(
            config.into_iter().collect::<Vec<_>>(),
            [("retention.ms".to_owned(), "5".to_owned())]
        );
    }
}

#[tokio::test]
async fn incremental_alter_configs_of_every_version() {
    for version in incremental_alter_configs::IncrementalAlterConfigs::VERSIONS {
        let cluster = cluster().await;
        let config = |key, operation, value: Option<&str>| {
            incremental::AlterableConfig::default()
                .with_name(text(key))
                .with_config_operation(operation)
                .with_value(value.map(text))
        };
        let configs = vec![
            config("retention.ms", 0, Some("5")),
            config("max.message.bytes", 1, None),
            config("cleanup.policy", 2, Some("compact")),
        ];
        let resource = |resource, configs| {
            incremental::AlterConfigsResource::default()
                .with_resource_type(2)
                .with_resource_name(text(resource))
                .with_configs(configs)
        };
        let wrong = vec![config("retention.ms", 2, Some("5"))];
        let request = IncrementalAlterConfigsRequest::default()
            .with_resources(vec![resource("orders", configs), resource("none", wrong)]);
        let checked = call(&cluster, version, request.clone().with_validate_only(true)).await;
        assert_eq!(checked.responses[0].error_code, 0);
        let overrides = || {
            let config = cluster.topics.get("orders").unwrap().config.overrides.clone();
            config.into_iter().collect::<Vec<_>>()
        };
        assert_eq!(overrides(), [("max.message.bytes".to_owned(), "77".to_owned())]);
        let response = call(&cluster, version, request).await;
        assert_eq!(
            (
                response.responses[0].error_code,
                &response.responses[0].error_message
            ),
            (0, &None)
        );
        assert_eq!(response.responses[1].error_code, E::InvalidConfig.code());
        let expected = [
            ("cleanup.policy".to_owned(), "delete,compact".to_owned()),
            ("retention.ms".to_owned(), "5".to_owned()),
        ];
        assert_eq!(overrides(), expected);
    }
}

#[tokio::test]
async fn describe_cluster_of_every_version() {
    for version in describe_cluster::DescribeCluster::VERSIONS {
        let cluster = cluster().await;
        let request = DescribeClusterRequest::default()
            .with_include_cluster_authorized_operations(true)
            .with_include_fenced_brokers(version >= 2);
        let response = call(&cluster, version, request.clone()).await;
        assert_eq!((response.error_code, response.cluster_id.as_str()), (0, "test"));
        assert_eq!((response.controller_id, response.endpoint_type), (BrokerId(1), 1));
        assert_eq!(response.cluster_authorized_operations, 8_096);
        let broker = &response.brokers[1];
        assert_eq!(
            (broker.broker_id.0, broker.host.as_str(), broker.port),
            (2, "localhost", 9093)
        );
        assert_eq!((broker.rack.as_deref(), broker.is_fenced), (Some("r"), false));
        if version >= 1 {
            for (endpoint_type, error) in [(2, E::MismatchedEndpointType), (9, E::UnsupportedEndpointType)] {
                let request = request.clone().with_endpoint_type(endpoint_type);
                let response = call(&cluster, version, request).await;
                assert_eq!(response.error_code, error.code());
                assert!(response.error_message.is_some() && response.brokers.is_empty());
            }
        }
    }
}

#[tokio::test]
async fn describe_log_dirs_of_every_version() {
    for version in describe_log_dirs::DescribeLogDirs::VERSIONS {
        let cluster = cluster().await;
        let topic = DescribableLogDirTopic::default()
            .with_topic(name("orders"))
            .with_partitions(vec![1, 9]);
        for (topics, expected) in [(None, vec![0, 1]), (Some(vec![topic]), vec![1])] {
            let response = call(
                &cluster,
                version,
                DescribeLogDirsRequest::default().with_topics(topics),
            )
            .await;
            let dir = &response.results[0];
            assert_eq!((dir.error_code, dir.log_dir.as_str()), (0, "/tmp/kafka-logs"));
            assert_eq!(dir.total_bytes, if version >= 4 { 1 << 26 } else { -1 });
            let partitions = dir.topics[0].partitions.iter();
            let indexes: Vec<_> = partitions.map(|partition| partition.partition_index).collect();
            assert_eq!(indexes, expected);
            let partition = &dir.topics[0].partitions[0];
            assert_eq!(
                (
                    partition.partition_size,
                    partition.offset_lag,
                    partition.is_future_key
                ),
                (0, 0, false)
            );
        }
    }
}

#[tokio::test]
async fn describe_producers_of_every_version() {
    for version in describe_producers::DescribeProducers::VERSIONS {
        let cluster = cluster().await;
        let topic = |topic, indexes: &[i32]| {
            describe_producers_request::TopicRequest::default()
                .with_name(name(topic))
                .with_partition_indexes(indexes.to_vec())
        };
        let topics = vec![topic("orders", &[0, 1, 2]), topic("no!", &[0])];
        let response = call(
            &cluster,
            version,
            DescribeProducersRequest::default().with_topics(topics),
        )
        .await;
        let codes = |topic: usize| {
            let partitions = response.topics[topic].partitions.iter();
            partitions
                .map(|partition| partition.error_code)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            codes(0),
            [
                E::NotLeaderOrFollower.code(),
                0,
                E::UnknownTopicOrPartition.code()
            ]
        );
        assert_eq!(codes(1), [E::InvalidTopicException.code()]);
        assert!(response.topics[0].partitions[1].active_producers.is_empty());
    }
}

#[tokio::test]
async fn describe_topic_partitions_of_every_version() {
    for version in describe_topic_partitions::DescribeTopicPartitions::VERSIONS {
        let cluster = cluster().await;
        let first = DescribeTopicPartitionsRequest::default()
            .with_response_partition_limit(1)
            .with_cursor(None);
        let response = call(&cluster, version, first.clone()).await;
        let topic = &response.topics[0];
        assert_eq!((topic.error_code, &topic.name), (0, &Some(name("orders"))));
        assert_eq!(topic.topic_authorized_operations, 3_576);
        let partition = &topic.partitions[0];
        assert_eq!(
            (
                partition.partition_index,
                partition.leader_id.0,
                partition.leader_epoch
            ),
            (0, 2, 0)
        );
        assert_eq!(
            (&partition.replica_nodes, &partition.isr_nodes),
            (&nodes(&[2, 1]), &nodes(&[2, 1]))
        );
        assert_eq!(partition.eligible_leader_replicas, Some(Vec::new()));
        let next = response.next_cursor.unwrap();
        assert_eq!((&next.topic_name, next.partition_index), (&name("orders"), 1));
        let cursor = describe_topic_partitions_request::Cursor::default()
            .with_topic_name(next.topic_name)
            .with_partition_index(next.partition_index);
        let response = call(&cluster, version, first.clone().with_cursor(Some(cursor.clone()))).await;
        assert_eq!(
            (
                response.topics[0].partitions[0].partition_index,
                response.next_cursor
            ),
            (1, None)
        );
        let other = describe_topic_partitions_request::TopicRequest::default().with_name(name("other"));
        let refused = first.with_topics(vec![other]).with_cursor(Some(cursor));
        let response = call(&cluster, version, refused).await;
        assert_eq!(response.topics[0].error_code, E::InvalidRequest.code());
    }
}
