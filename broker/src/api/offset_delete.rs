//! OffsetDelete: deletes committed offsets.
//!
//! # Versions
//! 0.
//!
//! # Behaviour
//! Kafka's `OffsetMetadataManager.deleteOffsets`: if the group has members, only offsets of topics that no member subscribes to are
//! deleted.
//!
//! # Differs from Apache Kafka
//! No known differences.
//!
//! # Notes by KIP
//! KIP-496: the API.

use super::errors::{KafkaError, code_of};
use super::fields::{shared, wire};
use super::{Answer, Answering, Api, ErrorCounts, ResponseMessage};
use crate::cluster::Cluster;
use crate::operations::RequestContext;
use crate::operations::delete_offsets::{DeletedPartitions, delete_offsets};
use kafka_protocol::messages::offset_delete_response::{
    OffsetDeleteResponsePartition, OffsetDeleteResponseTopic,
};
use kafka_protocol::messages::{OffsetDeleteRequest, OffsetDeleteResponse, TopicName};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Kafka's `OffsetDeleteRequest`.
pub(super) struct OffsetDelete;

impl Api for OffsetDelete {
    type Request = OffsetDeleteRequest;

    const VERSIONS: RangeInclusive<i16> = 0..=0;

    fn handle(
        cluster: &Arc<Cluster>,
        context: &Arc<RequestContext>,
        _version: i16,
        request: OffsetDeleteRequest,
    ) -> Answering {
        let (cluster, context) = (Arc::clone(cluster), Arc::clone(context));
        Answering::later(async move {
            let partitions = request.topics.iter().map(|topic| {
                let indexes = topic.partitions.iter().map(|partition| partition.partition_index);
                (shared(&topic.name), indexes.collect())
            });
            let response = OffsetDeleteResponse::default();
            match delete_offsets(&cluster, &context, &request.group_id, partitions.collect()).await {
                Ok(deleted) => response.with_topics(topic_rows(deleted)).into(),
                Err(error) => response.with_error_code(error.code()).into(),
            }
        })
    }

    fn refuse(_version: i16, _request: &OffsetDeleteRequest, code: i16) -> Answer {
        OffsetDeleteResponse::default().with_error_code(code).into()
    }
}

impl ResponseMessage for OffsetDeleteResponse {
    fn throttle_time_ms(&mut self) -> &mut i32 {
        &mut self.throttle_time_ms
    }

    fn error_counts(&self) -> ErrorCounts {
        let partitions = self.topics.iter().flat_map(|topic| &topic.partitions);
        let codes = partitions.map(|partition| partition.error_code);
        [self.error_code].into_iter().chain(codes).collect()
    }
}

fn topic_rows(deleted: DeletedPartitions) -> Vec<OffsetDeleteResponseTopic> {
    let topics = deleted.into_iter().map(|(topic, results)| {
        let rows = results.into_iter().map(|(index, result)| {
            OffsetDeleteResponsePartition::default()
                .with_partition_index(index)
                .with_error_code(code_of(&result))
        });
        OffsetDeleteResponseTopic::default()
            .with_name(TopicName(wire(&topic)))
            .with_partitions(rows.collect())
    });
    topics.collect()
}
