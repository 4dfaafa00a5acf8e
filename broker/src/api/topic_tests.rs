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
use kafka_protocol::messages::describe_configs_response::DescribeConfigsResourceResult;
use kafka_protocol::messages::describe_producers_request;
use kafka_protocol::messages::describe_topic_partitions_request;
use kafka_protocol::messages::incremental_alter_configs_request as incremental;
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::*;
use kafka_protocol::protocol::{Decodable, Encodable, StrBytes};
use uuid::Uuid;

mod answers;
mod cluster;
mod configs;
mod features;
mod followers;
mod leaders;
mod quorum;
mod security;
mod topics;

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
