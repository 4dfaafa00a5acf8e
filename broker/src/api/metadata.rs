//! Metadata (key 3).
//!
//! # Versions
//! 0 to 13. In version 0 an empty list means all topics, later null does. From version 12 on topics may be named by id.
//!
//! # Behaviour
//! Lists the brokers with their advertised addresses, the controller, and the requested topics with the leader, leader epoch and replicas
//! of every partition. A topic that does not exist is created if `auto.create.topics.enable` and the request allow it and its name is
//! valid.
//!
//! # Differs from Apache Kafka
//! - A topic that the request creates is in the same answer, with its leaders. Kafka first answers UNKNOWN_TOPIC_OR_PARTITION, and the
//!   client asks again. So does this broker with `unknown_until_created`.
//! - The controller is always the first broker. A KRaft broker names any broker at random.
//!
//! # Notes by KIP
//! KIP-430: authorised operations, on request. KIP-516: topic ids; an unknown id is UNKNOWN_TOPIC_ID. KIP-700: from version 11 on the
//! operations on the cluster are in DescribeCluster only.

use super::errors::{RequestError, code_of};
use super::fields::{NOT_ASKED, partition_view};
use super::{Answer, Answering, Api, ErrorCounts, ResponseMessage};
use crate::cluster::{Cluster, NodeEndpoint};
use crate::operations::RequestContext;
use crate::operations::access::{operations_on_cluster, operations_on_topic};
use crate::operations::metadata::{DescribedTopic, MetadataError, TopicView, WantedTopics, describe_topics};
use kafka_protocol::messages::metadata_request::{MetadataRequest, MetadataRequestTopic};
use kafka_protocol::messages::metadata_response::{
    MetadataResponse, MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use kafka_protocol::messages::{BrokerId, TopicName};
use kafka_protocol::protocol::StrBytes;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Kafka's `MetadataRequest`.
pub(super) struct Metadata;

impl Api for Metadata {
    type Request = MetadataRequest;

    const VERSIONS: RangeInclusive<i16> = 0..=13;

    fn handle(
        cluster: &Arc<Cluster>,
        context: &Arc<RequestContext>,
        version: i16,
        request: MetadataRequest,
    ) -> Answering {
        let wants_topic_operations = request.include_topic_authorized_operations;
        let wants_cluster_operations = request.include_cluster_authorized_operations;
        let wanted = match wanted(version, request.topics) {
            Ok(wanted) => wanted,
            Err((topics, error)) => {
                let topics = topics
                    .into_iter()
                    .map(|topic| refused(topic, error.code()))
                    .collect();
                // `MetadataRequest.getErrorResponse` names no brokers.
                return MetadataResponse::default().with_topics(topics).into();
            }
        };
        let topics = describe_topics(cluster, context, wanted, request.allow_auto_topic_creation);
        let topics = topics
            .into_iter()
            .map(|topic| {
                let operations = match (&topic.name, &topic.result) {
                    // A topic that the client may not see has no operations to show. As in `KafkaApis`, one that does not exist has.
                    (Some(name), result)
                        if wants_topic_operations && !matches!(result, Err(MetadataError::Denied(_))) =>
                    {
                        operations_on_topic(cluster, context, name)
                    }
                    _ => NOT_ASKED,
                };
                answer(topic, operations)
            })
            .collect();
        let response = MetadataResponse::default()
            .with_topics(topics)
            .with_cluster_authorized_operations(if wants_cluster_operations {
                operations_on_cluster(cluster, context)
            } else {
                NOT_ASKED
            });
        brokers(response, cluster, context).into()
    }

    fn refuse(_version: i16, request: &MetadataRequest, code: i16) -> Answer {
        let topics = request.topics.iter().flatten().cloned();
        let topics = topics.map(|topic| refused(topic, code)).collect();
        MetadataResponse::default().with_topics(topics).into()
    }
}

impl ResponseMessage for MetadataResponse {
    fn throttle_time_ms(&mut self) -> &mut i32 {
        &mut self.throttle_time_ms
    }

    fn error_counts(&self) -> ErrorCounts {
        let partitions = self.topics.iter().flat_map(|topic| &topic.partitions);
        let codes = self.topics.iter().map(|topic| topic.error_code);
        codes
            .chain(partitions.map(|partition| partition.error_code))
            .collect()
    }
}

/// Returns the topics that the request names.
///
/// # Errors
/// The topics themselves, if one of them has a null name or an id in a version that does not allow it.
fn wanted(
    version: i16,
    topics: Option<Vec<MetadataRequestTopic>>,
) -> Result<WantedTopics, (Vec<MetadataRequestTopic>, RequestError)> {
    let Some(topics) = topics else {
        return Ok(WantedTopics::All);
    };
    if version == 0 && topics.is_empty() {
        return Ok(WantedTopics::All);
    }
    // As in Kafka, names are ignored if any topic has an id.
    let ids: Vec<_> = topics
        .iter()
        .map(|topic| topic.topic_id)
        .filter(|id| !id.is_nil())
        .collect();
    // Versions 10 and 11 have the id as a field, but no broker ever served it. Kafka refuses it there, and a null name too.
    if version < 12 && (!ids.is_empty() || topics.iter().any(|topic| topic.name.is_none())) {
        return Err((topics, RequestError::InvalidRequest));
    }
    if !ids.is_empty() {
        return Ok(WantedTopics::WithId(ids));
    }
    // A topic without a name and without an id ends in an exception that Kafka does not expect.
    if topics.iter().any(|topic| topic.name.is_none()) {
        return Err((topics, RequestError::UnknownServerError));
    }
    let names = topics.into_iter().filter_map(|topic| topic.name);
    Ok(WantedTopics::Named(names.map(|name| name.to_string()).collect()))
}

/// Returns the answer for one topic of a request that is refused as a whole (`MetadataRequest.getErrorResponse`).
fn refused(topic: MetadataRequestTopic, code: i16) -> MetadataResponseTopic {
    MetadataResponseTopic::default()
        .with_error_code(code)
        // The answer allows a null name from version 12 on only.
        .with_name(Some(topic.name.unwrap_or_default()))
        .with_topic_id(topic.topic_id)
}

fn brokers(response: MetadataResponse, cluster: &Cluster, context: &RequestContext) -> MetadataResponse {
    let brokers = cluster.endpoints(&context.ingress);
    let broker = |node: NodeEndpoint| {
        MetadataResponseBroker::default()
            .with_node_id(BrokerId(node.id.0))
            .with_host(StrBytes::from_string(node.host))
            .with_port(i32::from(node.port))
            .with_rack(
                node.rack
                    .as_deref()
                    .map(|rack| StrBytes::from_string(rack.to_owned())),
            )
    };
    response
        .with_brokers(brokers.into_iter().map(broker).collect())
        .with_cluster_id(Some(StrBytes::from_string(cluster.cluster_id.clone())))
        .with_controller_id(BrokerId(cluster.controller().0))
}

fn answer(topic: DescribedTopic, operations: i32) -> MetadataResponseTopic {
    MetadataResponseTopic::default()
        .with_error_code(code_of(&topic.result))
        .with_name(topic.name.map(|name| TopicName(StrBytes::from_string(name))))
        .with_topic_id(topic.id)
        .with_is_internal(topic.is_internal)
        .with_topic_authorized_operations(operations)
        .with_partitions(topic.result.as_ref().map(partitions).unwrap_or_default())
}

fn partitions(view: &TopicView) -> Vec<MetadataResponsePartition> {
    (0..view.leaders.len())
        .map(|index| partition(view, index))
        .collect()
}

fn partition(view: &TopicView, index: usize) -> MetadataResponsePartition {
    let shown = partition_view(view, index);
    MetadataResponsePartition::default()
        .with_error_code(shown.error_code)
        .with_partition_index(index as i32)
        .with_leader_id(shown.leader_id)
        .with_leader_epoch(shown.leader_epoch)
        .with_replica_nodes(shown.replica_nodes)
        .with_isr_nodes(shown.isr_nodes)
        .with_offline_replicas(shown.offline_replicas)
}
