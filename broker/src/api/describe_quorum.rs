//! DescribeQuorum: the state of the quorum of controllers.
//!
//! # Versions
//! 0 to 2. The answer has times from version 1 on, and messages, directories and endpoints from version 2 on.
//!
//! # Behaviour
//! Shows partition 0 of `__cluster_metadata` with one voter, the controller in the process of the first broker, and the other brokers as
//! observers. A request for anything else, or for that partition beside others, is UNKNOWN_TOPIC_OR_PARTITION for all of it.
//!
//! # Differs from Apache Kafka
//! - The controller has no listener of its own: the endpoint of CONTROLLER is that of the first broker.
//! - The metadata log has no records. Its end moves by one twice a second and with each change of a feature, and so does Kafka's, which also
//!   moves with any other change.
//!
//! # Notes by KIP
//! KIP-595: the API. KIP-836: times (1). KIP-853: directories and endpoints (2).

use super::errors::{KafkaError, RequestError};
use super::{Answer, Answering, Api, ErrorCounts, Unthrottled, UnthrottledMessage};
use crate::cluster::Cluster;
use crate::ids::NodeId;
use crate::operations::RequestContext;
use crate::operations::describe_quorum::{METADATA_TOPIC, Quorum, describe_quorum};
use kafka_protocol::messages::BrokerId;
use kafka_protocol::messages::describe_quorum_request::{DescribeQuorumRequest, TopicData as AskedTopic};
use kafka_protocol::messages::describe_quorum_response::{
    DescribeQuorumResponse, Listener, Node, PartitionData, ReplicaState, TopicData,
};
use kafka_protocol::protocol::StrBytes;
use std::ops::RangeInclusive;
use std::sync::Arc;
use uuid::Uuid;

/// Kafka's `DescribeQuorumRequest`.
pub(super) struct DescribeQuorum;

impl Api for DescribeQuorum {
    type Request = DescribeQuorumRequest;

    const VERSIONS: RangeInclusive<i16> = 0..=2;

    fn handle(
        cluster: &Arc<Cluster>,
        context: &Arc<RequestContext>,
        version: i16,
        request: DescribeQuorumRequest,
    ) -> Answering {
        let quorum = match describe_quorum(cluster, context) {
            Ok(quorum) => quorum,
            Err(denied) => return Answering::Now(Self::refuse(version, &request, denied.code())),
        };
        let response = DescribeQuorumResponse::default().with_error_message(Some(StrBytes::default()));
        if !asks_for_metadata(&request.topics) {
            let topics = request.topics.into_iter().map(unknown);
            return Unthrottled(response.with_topics(topics.collect())).into();
        }
        let topic = TopicData::default()
            .with_topic_name(StrBytes::from_static_str(METADATA_TOPIC).into())
            .with_partitions(vec![partition(version, &quorum)]);
        let nodes = if version >= 2 {
            vec![node(quorum)]
        } else {
            Vec::new()
        };
        Unthrottled(response.with_topics(vec![topic]).with_nodes(nodes)).into()
    }

    fn refuse(_version: i16, _request: &DescribeQuorumRequest, code: i16) -> Answer {
        let response = DescribeQuorumResponse::default().with_error_code(code);
        Unthrottled(response).into()
    }
}

impl UnthrottledMessage for DescribeQuorumResponse {
    fn error_counts(&self) -> ErrorCounts {
        let partitions = self.topics.iter().flat_map(|topic| &topic.partitions);
        let codes = partitions.map(|partition| partition.error_code);
        [self.error_code].into_iter().chain(codes).collect()
    }
}

/// Returns whether the metadata log is all that is asked for (`RaftUtil.hasValidTopicPartition`).
fn asks_for_metadata(topics: &[AskedTopic]) -> bool {
    match topics {
        [topic] => {
            let is_first = |partitions: &[_]| matches!(partitions, [0]);
            let partitions: Vec<_> = topic
                .partitions
                .iter()
                .map(|partition| partition.partition_index)
                .collect();
            topic.topic_name.as_str() == METADATA_TOPIC && is_first(&partitions)
        }
        _ => false,
    }
}

fn unknown(topic: AskedTopic) -> TopicData {
    let partitions = topic.partitions.iter().map(|partition| {
        PartitionData::default()
            .with_partition_index(partition.partition_index)
            .with_error_code(RequestError::UnknownTopicOrPartition.code())
            .with_error_message(Some(StrBytes::from_static_str(
                "This server does not host this topic-partition.",
            )))
    });
    let partitions = partitions.collect();
    TopicData::default()
        .with_topic_name(topic.topic_name)
        .with_partitions(partitions)
}

fn partition(version: i16, quorum: &Quorum) -> PartitionData {
    let replica = |(node, directory_id): (NodeId, Uuid)| {
        let mut replica = ReplicaState::default()
            .with_replica_id(BrokerId(node.0))
            .with_log_end_offset(quorum.log_end_offset)
            .with_last_fetch_timestamp(quorum.now_ms)
            .with_last_caught_up_timestamp(quorum.now_ms);
        if version >= 2 {
            replica.replica_directory_id = directory_id;
        }
        replica
    };
    let voter = replica((quorum.leader, quorum.directory_id));
    PartitionData::default()
        .with_error_message(Some(StrBytes::default()))
        .with_leader_id(BrokerId(quorum.leader.0))
        // The first election of a quorum's leader began it.
        .with_leader_epoch(1)
        .with_high_watermark(quorum.log_end_offset)
        .with_current_voters(vec![voter])
        .with_observers(quorum.observers.iter().copied().map(replica).collect())
}

fn node(quorum: Quorum) -> Node {
    let listener = |endpoint: crate::cluster::NodeEndpoint| {
        Listener::default()
            .with_name(StrBytes::from_static_str("CONTROLLER"))
            .with_host(StrBytes::from_string(endpoint.host))
            .with_port(endpoint.port)
    };
    Node::default()
        .with_node_id(BrokerId(quorum.leader.0))
        .with_listeners(quorum.endpoint.map(listener).into_iter().collect())
}
