//! AlterPartitionReassignments: moves partitions to other brokers.
//!
//! # Versions
//! 0 to 1. From version 1 on the client can forbid that the replication factor changes.
//!
//! # Behaviour
//! Each partition gets the replicas that the request names, or with null the ones before a reassignment that is in progress. Replicas that
//! come are listed, and not in sync, until they have the records; those that go stay until then. The leader stays if it may, and otherwise
//! the first replica in sync leads; without a replica of before, the leader epoch is a new one. Without anything to copy, or with another
//! order only, it is done when the answer arrives.
//!
//! # Differs from Apache Kafka
//! - A copy takes half a second, the time of a follower's fetch of an idle partition, or as long as a throttle of replication (KIP-73)
//!   makes it. Nothing is copied, because all brokers are one process.
//! - The partitions of a request are changed one after the other. In Kafka a partition that is named twice has the last assignment, after
//!   both were checked against the one before.
//!
//! # Notes by KIP
//! KIP-455: the API. KIP-860: `AllowReplicationFactorChange` (1).

use super::errors::{KafkaError, RequestError, code_of};
use super::{Answer, Answering, Api, ErrorCounts, ResponseMessage};
use crate::cluster::Cluster;
use crate::ids::NodeId;
use crate::operations::RequestContext;
use crate::operations::reassignments::{ReassignError, Reassignment, alter_reassignments};
use kafka_protocol::messages::alter_partition_reassignments_request::{
    AlterPartitionReassignmentsRequest, ReassignablePartition,
};
use kafka_protocol::messages::alter_partition_reassignments_response::{
    AlterPartitionReassignmentsResponse, ReassignablePartitionResponse, ReassignableTopicResponse,
};
use kafka_protocol::protocol::StrBytes;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Kafka's `AlterPartitionReassignmentsRequest`.
pub(super) struct AlterPartitionReassignments;

impl Api for AlterPartitionReassignments {
    type Request = AlterPartitionReassignmentsRequest;

    const VERSIONS: RangeInclusive<i16> = 0..=1;

    fn handle(
        cluster: &Arc<Cluster>,
        context: &Arc<RequestContext>,
        version: i16,
        request: AlterPartitionReassignmentsRequest,
    ) -> Answering {
        // As in Kafka, a request for nothing is answered before its time is looked at, and with an empty message.
        if !request.topics.is_empty() && request.timeout_ms <= 0 {
            return Answering::Now(Self::refuse(
                version,
                &request,
                RequestError::RequestTimedOut.code(),
            ));
        }
        let wanted = request.topics.iter().map(|topic| {
            let partitions = topic.partitions.iter().map(wanted);
            (topic.name.to_string(), partitions.collect())
        });
        let may_change_factor = request.allow_replication_factor_change;
        match alter_reassignments(cluster, context, wanted.collect(), may_change_factor) {
            Ok(topics) => {
                let message = topics.is_empty().then(StrBytes::default);
                let topics = topics.into_iter().map(|(topic, partitions)| {
                    ReassignableTopicResponse::default()
                        .with_name(StrBytes::from_string(topic).into())
                        .with_partitions(partitions.into_iter().map(result).collect())
                });
                let response = AlterPartitionReassignmentsResponse::default()
                    .with_error_message(message)
                    .with_responses(topics.collect());
                // The field is ignorable, but kafka-protocol refuses to encode another value than the default where it is not.
                if version >= 1 && !request.topics.is_empty() {
                    return response
                        .with_allow_replication_factor_change(may_change_factor)
                        .into();
                }
                response.into()
            }
            Err(denied) => refused(&request, denied.code(), Some(denied.message())).into(),
        }
    }

    fn refuse(_version: i16, request: &AlterPartitionReassignmentsRequest, code: i16) -> Answer {
        refused(request, code, None).into()
    }
}

impl ResponseMessage for AlterPartitionReassignmentsResponse {
    fn throttle_time_ms(&mut self) -> &mut i32 {
        &mut self.throttle_time_ms
    }

    fn error_counts(&self) -> ErrorCounts {
        let partitions = self.responses.iter().flat_map(|topic| &topic.partitions);
        let codes = partitions.map(|partition| partition.error_code);
        [self.error_code].into_iter().chain(codes).collect()
    }
}

fn wanted(partition: &ReassignablePartition) -> Reassignment {
    let nodes = |replicas: &Vec<kafka_protocol::messages::BrokerId>| {
        replicas.iter().map(|node| NodeId(node.0)).collect()
    };
    (partition.partition_index, partition.replicas.as_ref().map(nodes))
}

fn result((partition, result): (i32, Result<(), ReassignError>)) -> ReassignablePartitionResponse {
    let message = match &result {
        // Kafka leaves out a text that is the error's own.
        Ok(()) | Err(ReassignError::NotInProgress) => None,
        Err(error) => Some(error.message()),
    };
    ReassignablePartitionResponse::default()
        .with_partition_index(partition)
        .with_error_code(code_of(&result))
        .with_error_message(message)
}

/// Answers all partitions that the request names with one error (`AlterPartitionReassignmentsRequest.getErrorResponse`).
fn refused(
    request: &AlterPartitionReassignmentsRequest,
    code: i16,
    message: Option<StrBytes>,
) -> AlterPartitionReassignmentsResponse {
    let topics = request.topics.iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|partition| {
            ReassignablePartitionResponse::default()
                .with_partition_index(partition.partition_index)
                .with_error_code(code)
                .with_error_message(message.clone())
        });
        ReassignableTopicResponse::default()
            .with_name(topic.name.clone())
            .with_partitions(partitions.collect())
    });
    AlterPartitionReassignmentsResponse::default()
        .with_error_code(code)
        .with_error_message(message.clone())
        .with_responses(topics.collect())
}
