//! DeleteRecords: deletes the oldest records of partitions.
//!
//! # Versions
//! 0 to 2.
//!
//! # Behaviour
//! Moves the log start offset of each partition to the requested offset (-1 means the high watermark) and answers with the log start
//! offset. An offset at or before the log start changes nothing; one above the high watermark is OFFSET_OUT_OF_RANGE. Only the leader
//! accepts the request, and only if `cleanup.policy` contains `delete` (POLICY_VIOLATION otherwise). A partition that is named twice has the
//! last offset.
//!
//! # Differs from Apache Kafka
//! - Followers are simulated, so the request does not wait for them and `timeout_ms` is not used.
//!
//! # Notes by KIP
//! KIP-107: the low watermark is the least log start offset of the in-sync replicas, here that of the leader.

use super::errors::KafkaError;
use super::{Answer, Answering, Api, ErrorCounts, ResponseMessage};
use crate::cluster::Cluster;
use crate::ids::Offset;
use crate::operations::RequestContext;
use crate::operations::delete_records::delete_records;
use crate::operations::repeats::last_of_each;
use kafka_protocol::messages::delete_records_request::DeleteRecordsRequest;
use kafka_protocol::messages::delete_records_response::{
    DeleteRecordsPartitionResult, DeleteRecordsResponse, DeleteRecordsTopicResult,
};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// The low watermark in an answer with an error: Kafka's `DeleteRecordsResponse.INVALID_LOW_WATERMARK`.
const NO_LOW_WATERMARK: i64 = -1;

/// Kafka's `DeleteRecordsRequest`.
pub(super) struct DeleteRecords;

impl Api for DeleteRecords {
    type Request = DeleteRecordsRequest;

    const VERSIONS: RangeInclusive<i16> = 0..=2;

    fn handle(
        cluster: &Arc<Cluster>,
        context: &Arc<RequestContext>,
        _version: i16,
        request: DeleteRecordsRequest,
    ) -> Answering {
        let wanted = request.topics.into_iter().map(|topic| {
            let partitions = topic.partitions.into_iter();
            let offsets = partitions.map(|wanted| (wanted.partition_index, Offset(wanted.offset)));
            (topic.name, offsets.collect())
        });
        let topics = last_of_each(wanted).into_iter().map(|(name, offsets)| {
            let partitions = offsets.into_iter();
            let partitions = partitions.map(|(index, offset)| delete(cluster, context, &name, index, offset));
            let partitions = partitions.collect();
            DeleteRecordsTopicResult::default()
                .with_name(name)
                .with_partitions(partitions)
        });
        DeleteRecordsResponse::default()
            .with_topics(topics.collect())
            .into()
    }

    fn refuse(_version: i16, request: &DeleteRecordsRequest, code: i16) -> Answer {
        let topics = request.topics.iter().map(|topic| {
            let partitions = topic.partitions.iter().map(|partition| {
                DeleteRecordsPartitionResult::default()
                    .with_partition_index(partition.partition_index)
                    .with_error_code(code)
                    .with_low_watermark(NO_LOW_WATERMARK)
            });
            DeleteRecordsTopicResult::default()
                .with_name(topic.name.clone())
                .with_partitions(partitions.collect())
        });
        DeleteRecordsResponse::default()
            .with_topics(topics.collect())
            .into()
    }
}

impl ResponseMessage for DeleteRecordsResponse {
    fn throttle_time_ms(&mut self) -> &mut i32 {
        &mut self.throttle_time_ms
    }

    fn error_counts(&self) -> ErrorCounts {
        let partitions = self.topics.iter().flat_map(|topic| &topic.partitions);
        partitions.map(|partition| partition.error_code).collect()
    }
}

fn delete(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    topic: &str,
    index: i32,
    offset: Offset,
) -> DeleteRecordsPartitionResult {
    let answer = DeleteRecordsPartitionResult::default().with_partition_index(index);
    match delete_records(cluster, context, topic, index, offset) {
        Ok(low_watermark) => answer.with_low_watermark(low_watermark.0),
        Err(error) => answer
            .with_low_watermark(NO_LOW_WATERMARK)
            .with_error_code(error.code()),
    }
}
