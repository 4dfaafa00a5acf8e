//! DescribeTopicPartitions: topics and their partitions, in pages.
//!
//! # Versions
//! 0.
//!
//! # Behaviour
//! Shows topics by name with their partitions, and a cursor at which the next page starts. A page has at most `response_partition_limit`
//! and at most `max.request.partition.size.limit` partitions. No topic is created. As in Kafka, a request with an empty name and without a
//! cursor fails as a whole with UNKNOWN_SERVER_ERROR.
//!
//! # Differs from Apache Kafka
//! - No partition has eligible leader replicas: every replica is in sync.
//!
//! # Notes by KIP
//! KIP-966: the API.

use super::errors::{KafkaError, code_of};
use super::fields::{NOT_ASKED, partition_view};
use super::{Answer, Answering, Api, ErrorCounts, ResponseMessage};
use crate::cluster::Cluster;
use crate::operations::RequestContext;
use crate::operations::access::operations_on_topic;
use crate::operations::describe_topic_partitions::{Cursor, PageRequest, describe_page};
use crate::operations::metadata::{DescribedTopic, MetadataError, TopicView};
use kafka_protocol::messages::TopicName;
use kafka_protocol::messages::describe_topic_partitions_request::{
    DescribeTopicPartitionsRequest, TopicRequest,
};
use kafka_protocol::messages::describe_topic_partitions_response::{
    Cursor as NextCursor, DescribeTopicPartitionsResponse, DescribeTopicPartitionsResponsePartition,
    DescribeTopicPartitionsResponseTopic,
};
use kafka_protocol::protocol::StrBytes;
use std::ops::{Range, RangeInclusive};
use std::sync::Arc;

/// Kafka's `DescribeTopicPartitionsRequest`.
pub(super) struct DescribeTopicPartitions;

impl Api for DescribeTopicPartitions {
    type Request = DescribeTopicPartitionsRequest;

    const VERSIONS: RangeInclusive<i16> = 0..=0;

    fn handle(
        cluster: &Arc<Cluster>,
        context: &Arc<RequestContext>,
        _version: i16,
        request: DescribeTopicPartitionsRequest,
    ) -> Answering {
        let wanted = PageRequest {
            topics: request
                .topics
                .iter()
                .map(|topic| topic.name.to_string())
                .collect(),
            cursor: request.cursor.map(|cursor| Cursor {
                topic: cursor.topic_name.to_string(),
                partition: cursor.partition_index,
            }),
            partition_limit: request.response_partition_limit,
        };
        let response = DescribeTopicPartitionsResponse::default();
        match describe_page(cluster, context, wanted) {
            Ok(page) => {
                let topics = page.topics.into_iter().map(|(topic, range)| {
                    // The request cannot leave them out, unlike a Metadata request. As in Kafka, a topic that does not exist has
                    // them too.
                    let operations = match (&topic.name, &topic.result) {
                        (_, Err(MetadataError::Denied(_))) | (None, _) => NOT_ASKED,
                        (Some(name), _) => operations_on_topic(cluster, context, name),
                    };
                    answer(topic, range, operations)
                });
                let next = page.next.map(|cursor| {
                    NextCursor::default()
                        .with_topic_name(StrBytes::from_string(cursor.topic).into())
                        .with_partition_index(cursor.partition)
                });
                response
                    .with_topics(topics.collect())
                    .with_next_cursor(next)
                    .into()
            }
            Err(error) => {
                // The answer has no code of its own, so each requested topic has it, as in `getErrorResponse`.
                let refused = |topic: TopicRequest| {
                    DescribeTopicPartitionsResponseTopic::default()
                        .with_error_code(error.code())
                        .with_name(Some(topic.name))
                };
                response
                    .with_topics(request.topics.into_iter().map(refused).collect())
                    .into()
            }
        }
    }

    fn refuse(_version: i16, request: &DescribeTopicPartitionsRequest, code: i16) -> Answer {
        let topics = request.topics.iter().map(|topic| {
            DescribeTopicPartitionsResponseTopic::default()
                .with_error_code(code)
                .with_name(Some(topic.name.clone()))
        });
        DescribeTopicPartitionsResponse::default()
            .with_topics(topics.collect())
            .into()
    }
}

impl ResponseMessage for DescribeTopicPartitionsResponse {
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

fn answer(
    topic: DescribedTopic,
    range: Range<usize>,
    operations: i32,
) -> DescribeTopicPartitionsResponseTopic {
    let partitions = match &topic.result {
        Ok(view) => range.map(|index| partition(view, index)).collect(),
        Err(_) => Vec::new(),
    };
    DescribeTopicPartitionsResponseTopic::default()
        .with_error_code(code_of(&topic.result))
        .with_name(topic.name.map(|name| TopicName(StrBytes::from_string(name))))
        .with_topic_id(topic.id)
        .with_is_internal(topic.is_internal)
        .with_partitions(partitions)
        .with_topic_authorized_operations(operations)
}

fn partition(view: &TopicView, index: usize) -> DescribeTopicPartitionsResponsePartition {
    let shown = partition_view(view, index);
    DescribeTopicPartitionsResponsePartition::default()
        .with_error_code(shown.error_code)
        .with_partition_index(index as i32)
        .with_leader_id(shown.leader_id)
        .with_leader_epoch(shown.leader_epoch)
        .with_replica_nodes(shown.replica_nodes)
        .with_isr_nodes(shown.isr_nodes)
        .with_eligible_leader_replicas(Some(Vec::new()))
        .with_last_known_elr(Some(Vec::new()))
        .with_offline_replicas(shown.offline_replicas)
}
