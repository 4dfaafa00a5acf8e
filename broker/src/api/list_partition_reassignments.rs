//! ListPartitionReassignments: the partitions that move to other brokers.
//!
//! # Versions
//! 0.
//!
//! # Behaviour
//! Shows the partitions in the request, or all, of which replicas come or go. Others are left out, and so are topics without any.
//!
//! # Differs from Apache Kafka
//! Topics are in the order of their names if the request does not name them. Kafka has the order of a hash map.
//!
//! # Notes by KIP
//! KIP-455: the API.

use super::errors::KafkaError;
use super::{Answer, Answering, Api, ErrorCounts, ResponseMessage};
use crate::cluster::Cluster;
use crate::ids::NodeId;
use crate::operations::RequestContext;
use crate::operations::reassignments::{Moving, list_reassignments};
use kafka_protocol::messages::BrokerId;
use kafka_protocol::messages::list_partition_reassignments_request::ListPartitionReassignmentsRequest;
use kafka_protocol::messages::list_partition_reassignments_response::{
    ListPartitionReassignmentsResponse, OngoingPartitionReassignment, OngoingTopicReassignment,
};
use kafka_protocol::protocol::StrBytes;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Kafka's `ListPartitionReassignmentsRequest`.
pub(super) struct ListPartitionReassignments;

impl Api for ListPartitionReassignments {
    type Request = ListPartitionReassignmentsRequest;

    const VERSIONS: RangeInclusive<i16> = 0..=0;

    fn handle(
        cluster: &Arc<Cluster>,
        context: &Arc<RequestContext>,
        _version: i16,
        request: ListPartitionReassignmentsRequest,
    ) -> Answering {
        let wanted = request.topics.as_ref().map(|topics| {
            let topics = topics.iter();
            topics
                .map(|topic| (topic.name.to_string(), topic.partition_indexes.clone()))
                .collect()
        });
        let response = ListPartitionReassignmentsResponse::default();
        match list_reassignments(cluster, context, wanted) {
            Ok(topics) => {
                let topics = topics.into_iter().map(|(topic, partitions)| {
                    OngoingTopicReassignment::default()
                        .with_name(StrBytes::from_string(topic).into())
                        .with_partitions(partitions.into_iter().map(ongoing).collect())
                });
                response
                    .with_error_message(None)
                    .with_topics(topics.collect())
                    .into()
            }
            Err(denied) => refused(&request, denied.code())
                .with_error_message(Some(denied.message()))
                .into(),
        }
    }

    fn refuse(_version: i16, request: &ListPartitionReassignmentsRequest, code: i16) -> Answer {
        refused(request, code).into()
    }
}

impl ResponseMessage for ListPartitionReassignmentsResponse {
    fn throttle_time_ms(&mut self) -> &mut i32 {
        &mut self.throttle_time_ms
    }

    fn error_counts(&self) -> ErrorCounts {
        ErrorCounts::of(self.error_code)
    }
}

fn ongoing((partition, assignment): Moving) -> OngoingPartitionReassignment {
    let ids = |nodes: Vec<NodeId>| nodes.into_iter().map(|node| BrokerId(node.0)).collect();
    OngoingPartitionReassignment::default()
        .with_partition_index(partition)
        .with_replicas(ids(assignment.replicas))
        .with_adding_replicas(ids(assignment.adding))
        .with_removing_replicas(ids(assignment.removing))
}

/// Returns the answer to a refused request, which names all its partitions (`ListPartitionReassignmentsRequest.getErrorResponse`).
fn refused(request: &ListPartitionReassignmentsRequest, code: i16) -> ListPartitionReassignmentsResponse {
    let topics = request.topics.iter().flatten().map(|topic| {
        let partitions = topic.partition_indexes.iter();
        let partitions =
            partitions.map(|index| OngoingPartitionReassignment::default().with_partition_index(*index));
        OngoingTopicReassignment::default()
            .with_name(topic.name.clone())
            .with_partitions(partitions.collect())
    });
    ListPartitionReassignmentsResponse::default()
        .with_error_code(code)
        .with_error_message(None)
        .with_topics(topics.collect())
}
