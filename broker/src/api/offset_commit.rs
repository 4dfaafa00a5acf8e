//! OffsetCommit: a group commits offsets.
//!
//! # Versions
//! 2 to 10. Topics are named by id from version 10 on.
//!
//! # Behaviour
//! Kafka's `OffsetMetadataManager.commitOffset`. Partitions that do not exist fail alone with UNKNOWN_TOPIC_OR_PARTITION, those of an
//! unknown topic id with UNKNOWN_TOPIC_ID; an error of the member fails all others. A commit renews the member's session.
//!
//! # Differs from Apache Kafka
//! - An offset is kept without its topic's id, but for the record in `__consumer_offsets`: the offsets of a topic are deleted with the topic.
//! - At the memory limit of groups, see JoinGroup, offsets of further partitions and longer metadata get COORDINATOR_NOT_AVAILABLE; an offset
//!   that replaces another is always accepted, unless it is committed in a transaction, which keeps both until it ends.
//! - A commit is one batch in `__consumer_offsets`. Kafka gathers commits for `group.coordinator.append.linger.ms`. A commit is accepted also
//!   if the memory of logs is used up, and then has no record there.
//!
//! # Notes by KIP
//! KIP-211: no retention time (5). KIP-320: leader epoch (6). KIP-345: group.instance.id (7). KIP-848: GROUP_ID_NOT_FOUND (9), topic ids
//! (10).

use super::errors::commit_offsets_code;
use super::fields::{name_and_id, shared, shared_option, topic_key};
use super::{Answer, Answering, Api, ErrorCounts, ResponseMessage};
use crate::cluster::Cluster;
use crate::ids::{LeaderEpoch, Offset};
use crate::messages::offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic};
use crate::messages::offset_commit_response::{OffsetCommitResponsePartition, OffsetCommitResponseTopic};
use crate::messages::{OffsetCommitRequest, OffsetCommitResponse};
use crate::operations::RequestContext;
use crate::operations::commit_offsets::{
    CommitOffsetsError, Committer, GenerationOrEpoch, Membership, OffsetToCommit, commit_offsets,
};
use crate::topic::TopicKey;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Kafka's `OffsetCommitRequest`.
pub(super) struct OffsetCommit;

impl Api for OffsetCommit {
    type Request = OffsetCommitRequest;

    const VERSIONS: RangeInclusive<i16> = 2..=10;

    fn handle(
        cluster: &Arc<Cluster>,
        context: &Arc<RequestContext>,
        version: i16,
        request: OffsetCommitRequest,
    ) -> Answering {
        let (cluster, context) = (Arc::clone(cluster), Arc::clone(context));
        Answering::later(async move {
            let committer = Committer {
                membership: Membership {
                    member_id: shared(&request.member_id),
                    group_instance_id: shared_option(request.group_instance_id.as_ref()),
                    generation_or_epoch: GenerationOrEpoch(request.generation_id_or_member_epoch),
                },
                // The offsets of a transaction come by another API, TxnOffsetCommit.
                is_transactional: false,
                api_version: version,
            };
            // -1 means the broker's retention time. Version 4 is the last one with the field.
            let retention_ms =
                (version <= 4 && request.retention_time_ms >= 0).then_some(request.retention_time_ms);
            let offsets = request.topics.iter().map(|topic| {
                let partitions = topic.partitions.iter();
                let offsets =
                    partitions.map(|partition| (partition.partition_index, offset(partition, retention_ms)));
                (key(version, topic), offsets.collect())
            });
            let results = commit_offsets(
                &cluster,
                &context,
                &request.group_id,
                committer,
                offsets.collect(),
            )
            .await;
            let topics = results.into_iter().map(|(topic, results)| {
                let rows = results
                    .into_iter()
                    .map(|(index, result)| row(version, index, &result));
                named(topic).with_partitions(rows.collect())
            });
            OffsetCommitResponse::default()
                .with_topics(topics.collect())
                .into()
        })
    }

    fn refuse(version: i16, request: &OffsetCommitRequest, code: i16) -> Answer {
        let topics = request.topics.iter().map(|topic| {
            let partitions = topic.partitions.iter().map(|partition| {
                OffsetCommitResponsePartition::default()
                    .with_partition_index(partition.partition_index)
                    .with_error_code(code)
            });
            named(key(version, topic)).with_partitions(partitions.collect())
        });
        OffsetCommitResponse::default()
            .with_topics(topics.collect())
            .into()
    }
}

impl ResponseMessage for OffsetCommitResponse {
    fn throttle_time_ms(&mut self) -> &mut i32 {
        &mut self.throttle_time_ms
    }

    fn error_counts(&self) -> ErrorCounts {
        let partitions = self.topics.iter().flat_map(|topic| &topic.partitions);
        partitions.map(|partition| partition.error_code).collect()
    }
}

/// The first version that names topics by id.
const TOPIC_ID_FROM: i16 = 10;

fn key(version: i16, topic: &OffsetCommitRequestTopic) -> TopicKey {
    topic_key(version >= TOPIC_ID_FROM, &topic.name, topic.topic_id)
}

fn named(key: TopicKey) -> OffsetCommitResponseTopic {
    let (name, id) = name_and_id(key);
    OffsetCommitResponseTopic::default()
        .with_name(name)
        .with_topic_id(id)
}

fn offset(partition: &OffsetCommitRequestPartition, retention_ms: Option<i64>) -> OffsetToCommit {
    OffsetToCommit {
        offset: Offset(partition.committed_offset),
        leader_epoch: LeaderEpoch(partition.committed_leader_epoch),
        metadata: shared_option(partition.committed_metadata.as_ref()).unwrap_or_default(),
        retention_ms,
    }
}

fn row(version: i16, index: i32, result: &Result<(), CommitOffsetsError>) -> OffsetCommitResponsePartition {
    OffsetCommitResponsePartition::default()
        .with_partition_index(index)
        .with_error_code(commit_offsets_code(version, result))
}
