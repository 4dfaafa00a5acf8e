//! CreatePartitions: adds partitions to topics.
//!
//! # Versions
//! 0 to 3.
//!
//! # Behaviour
//! Raises the number of partitions of each topic to the requested number; one that is not larger is INVALID_PARTITIONS. The request may
//! assign replicas: one list for each new partition, with the topic's replication factor. With `validate_only` nothing changes.
//!
//! # Differs from Apache Kafka
//! - The partitions exist, with leaders, when the answer arrives. `timeout_ms` is not used.
//! - Any broker answers, as KRaft brokers do by forwarding; NOT_CONTROLLER never occurs.
//! - A cluster has at most 200,000 partitions; more are POLICY_VIOLATION.
//!
//! # Notes by KIP
//! KIP-599: no quota on mutations is enforced.

use super::errors::{KafkaError, code_of};
use super::{Answer, Answering, Api, ErrorCounts, ResponseMessage};
use crate::cluster::Cluster;
use crate::ids::NodeId;
use crate::operations::RequestContext;
use crate::operations::create_partitions::{
    CreatePartitions as Wanted, CreatePartitionsError, create_partitions,
};
use kafka_protocol::messages::create_partitions_request::{
    CreatePartitionsAssignment, CreatePartitionsRequest, CreatePartitionsTopic,
};
use kafka_protocol::messages::create_partitions_response::{
    CreatePartitionsResponse, CreatePartitionsTopicResult,
};
use kafka_protocol::protocol::StrBytes;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Kafka's `CreatePartitionsRequest`.
pub(super) struct CreatePartitions;

impl Api for CreatePartitions {
    type Request = CreatePartitionsRequest;

    const VERSIONS: RangeInclusive<i16> = 0..=3;

    fn handle(
        cluster: &Arc<Cluster>,
        context: &Arc<RequestContext>,
        _version: i16,
        request: CreatePartitionsRequest,
    ) -> Answering {
        let topics = request.topics.into_iter().map(wanted).collect();
        let results = create_partitions(cluster, context, topics, request.validate_only);
        let results = results.into_iter().map(|(name, result)| {
            CreatePartitionsTopicResult::default()
                .with_name(StrBytes::from_string(name).into())
                .with_error_code(code_of(&result))
                .with_error_message(result.err().and_then(message))
        });
        CreatePartitionsResponse::default()
            .with_results(results.collect())
            .into()
    }

    fn refuse(_version: i16, request: &CreatePartitionsRequest, code: i16) -> Answer {
        let results = request.topics.iter().map(|topic| {
            CreatePartitionsTopicResult::default()
                .with_name(topic.name.clone())
                .with_error_code(code)
                .with_error_message(None)
        });
        CreatePartitionsResponse::default()
            .with_results(results.collect())
            .into()
    }
}

impl ResponseMessage for CreatePartitionsResponse {
    fn throttle_time_ms(&mut self) -> &mut i32 {
        &mut self.throttle_time_ms
    }

    fn error_counts(&self) -> ErrorCounts {
        self.results.iter().map(|result| result.error_code).collect()
    }
}

/// Returns the message of an error. `ReplicationControlManager.createPartitions` throws the error of an unknown topic without one.
fn message(error: CreatePartitionsError) -> Option<StrBytes> {
    match error {
        CreatePartitionsError::UnknownTopic => None,
        error => Some(error.message()),
    }
}

fn wanted(topic: CreatePartitionsTopic) -> Wanted {
    let nodes = |assignment: CreatePartitionsAssignment| {
        let nodes = assignment.broker_ids.iter().map(|node| NodeId(node.0));
        nodes.collect::<Vec<_>>()
    };
    Wanted {
        topic: topic.name.to_string(),
        count: topic.count,
        assignments: topic
            .assignments
            .map(|assignments| assignments.into_iter().map(nodes).collect()),
    }
}
