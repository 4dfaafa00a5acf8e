//! DescribeProducers: the active producers of partitions.
//!
//! # Versions
//! 0.
//!
//! # Behaviour
//! Shows the producers that a replica of a partition knows, each with epoch, last sequence, last timestamp, the epoch of the coordinator
//! that ended its last transaction here, and the first offset of its open transaction. Followers know the same as their leader.
//!
//! # Notes by KIP
//! KIP-664: the API.

use super::errors::KafkaError;
use super::{Answer, Answering, Api, ErrorCounts, ResponseMessage};
use crate::cluster::Cluster;
use crate::log::ActiveProducer;
use crate::operations::RequestContext;
use crate::operations::describe_producers::{DescribeProducersError, describe_producers};
use kafka_protocol::messages::ProducerId;
use kafka_protocol::messages::describe_producers_request::DescribeProducersRequest;
use kafka_protocol::messages::describe_producers_response::{
    DescribeProducersResponse, PartitionResponse, ProducerState, TopicResponse,
};
use kafka_protocol::protocol::StrBytes;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Kafka's `DescribeProducersRequest`.
pub(super) struct DescribeProducers;

impl Api for DescribeProducers {
    type Request = DescribeProducersRequest;

    const VERSIONS: RangeInclusive<i16> = 0..=0;

    fn handle(
        cluster: &Arc<Cluster>,
        context: &Arc<RequestContext>,
        _version: i16,
        request: DescribeProducersRequest,
    ) -> Answering {
        let mut topics = Vec::with_capacity(request.topics.len());
        for topic in request.topics {
            let mut partitions = Vec::with_capacity(topic.partition_indexes.len());
            for index in topic.partition_indexes {
                partitions.push(describe(cluster, context, &topic.name, index));
            }
            let response = TopicResponse::default().with_name(topic.name);
            topics.push(response.with_partitions(partitions));
        }
        DescribeProducersResponse::default().with_topics(topics).into()
    }

    fn refuse(_version: i16, request: &DescribeProducersRequest, code: i16) -> Answer {
        let topics = request.topics.iter().map(|topic| {
            let partitions = topic.partition_indexes.iter().map(|index| {
                PartitionResponse::default()
                    .with_partition_index(*index)
                    .with_error_code(code)
            });
            TopicResponse::default()
                .with_name(topic.name.clone())
                .with_partitions(partitions.collect())
        });
        DescribeProducersResponse::default()
            .with_topics(topics.collect())
            .into()
    }
}

impl ResponseMessage for DescribeProducersResponse {
    fn throttle_time_ms(&mut self) -> &mut i32 {
        &mut self.throttle_time_ms
    }

    fn error_counts(&self) -> ErrorCounts {
        let partitions = self.topics.iter().flat_map(|topic| &topic.partitions);
        partitions.map(|partition| partition.error_code).collect()
    }
}

fn describe(cluster: &Arc<Cluster>, context: &RequestContext, topic: &str, index: i32) -> PartitionResponse {
    let answer = PartitionResponse::default().with_partition_index(index);
    match describe_producers(cluster, context, topic, index) {
        Ok(producers) => answer.with_active_producers(producers.into_iter().map(state).collect()),
        Err(error) => answer
            .with_error_code(error.code())
            .with_error_message(message(&error)),
    }
}

/// Returns the message of an error of the topic. `ReplicaManager.activeProducerState` gives a partition's error none.
fn message(error: &DescribeProducersError) -> Option<StrBytes> {
    match error {
        DescribeProducersError::Denied(_)
        | DescribeProducersError::Name(_)
        | DescribeProducersError::UnknownTopic => Some(error.message()),
        DescribeProducersError::UnknownPartition
        | DescribeProducersError::NoReplica
        | DescribeProducersError::Offline => None,
    }
}

fn state(producer: ActiveProducer) -> ProducerState {
    ProducerState::default()
        .with_producer_id(ProducerId(producer.producer_id.0))
        .with_producer_epoch(i32::from(producer.producer_epoch.0))
        .with_last_sequence(producer.last_sequence.0)
        .with_last_timestamp(producer.last_timestamp_ms)
        .with_coordinator_epoch(producer.coordinator_epoch)
        .with_current_txn_start_offset(producer.transaction_start_offset.map_or(-1, |offset| offset.0))
}
