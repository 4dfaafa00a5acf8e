//! OffsetForLeaderEpoch: the end offset of a leader epoch.
//!
//! # Versions
//! 2 to 4.
//!
//! # Behaviour
//! Answers with the largest epoch that is not above the requested one, and its end offset; -1 and -1 if no such epoch is known. The
//! client's current leader epoch is checked first.
//!
//! # Differs from Apache Kafka
//! Replica ids are ignored.
//!
//! # Notes by KIP
//! KIP-101, KIP-279: the epoch in the answer. KIP-320: consumers use the API too.

use super::errors::KafkaError;
use super::{Answer, Answering, Api, ErrorCounts, ResponseMessage};
use crate::cluster::Cluster;
use crate::ids::LeaderEpoch;
use crate::operations::RequestContext;
use crate::operations::offset_for_leader_epoch::offset_for_leader_epoch;
use crate::topic::TopicKey;
use kafka_protocol::messages::offset_for_leader_epoch_response::{
    EpochEndOffset, OffsetForLeaderTopicResult,
};
use kafka_protocol::messages::{OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Kafka's `OffsetForLeaderEpochRequest`.
pub(super) struct OffsetForLeaderEpoch;

impl Api for OffsetForLeaderEpoch {
    type Request = OffsetForLeaderEpochRequest;

    const VERSIONS: RangeInclusive<i16> = 2..=4;

    fn handle(
        cluster: &Arc<Cluster>,
        context: &Arc<RequestContext>,
        _version: i16,
        request: OffsetForLeaderEpochRequest,
    ) -> Answering {
        let mut topics = Vec::with_capacity(request.topics.len());
        for topic in request.topics {
            let key = TopicKey::Name(topic.topic.as_str().into());
            let mut partitions = Vec::with_capacity(topic.partitions.len());
            for asked in topic.partitions {
                let current = asked.current_leader_epoch;
                // With -1 the client knows no current epoch, and none is checked (KIP-320). Any other negative number is an old epoch:
                // Kafka's `RequestUtils.getLeaderEpoch`.
                let current = (current != -1).then_some(LeaderEpoch(current));
                let epoch = LeaderEpoch(asked.leader_epoch);
                let found = offset_for_leader_epoch(cluster, context, &key, asked.partition, current, epoch);
                let end = EpochEndOffset::default()
                    .with_partition(asked.partition)
                    .with_leader_epoch(-1)
                    .with_end_offset(-1);
                partitions.push(match found {
                    Ok(Some((epoch, offset))) => end.with_leader_epoch(epoch.0).with_end_offset(offset.0),
                    Ok(None) => end,
                    Err(error) => end.with_error_code(error.code()),
                });
            }
            topics.push(
                OffsetForLeaderTopicResult::default()
                    .with_topic(topic.topic)
                    .with_partitions(partitions),
            );
        }
        OffsetForLeaderEpochResponse::default().with_topics(topics).into()
    }

    fn refuse(_version: i16, request: &OffsetForLeaderEpochRequest, code: i16) -> Answer {
        let topics = request.topics.iter().map(|topic| {
            let partitions = topic.partitions.iter().map(|asked| {
                EpochEndOffset::default()
                    .with_partition(asked.partition)
                    .with_error_code(code)
                    .with_leader_epoch(-1)
                    .with_end_offset(-1)
            });
            OffsetForLeaderTopicResult::default()
                .with_topic(topic.topic.clone())
                .with_partitions(partitions.collect())
        });
        OffsetForLeaderEpochResponse::default()
            .with_topics(topics.collect())
            .into()
    }
}

impl ResponseMessage for OffsetForLeaderEpochResponse {
    fn throttle_time_ms(&mut self) -> &mut i32 {
        &mut self.throttle_time_ms
    }

    fn error_counts(&self) -> ErrorCounts {
        let partitions = self.topics.iter().flat_map(|topic| &topic.partitions);
        partitions.map(|partition| partition.error_code).collect()
    }
}
