//! TxnOffsetCommit: a group commits offsets in a transaction.
//!
//! # Versions
//! 0 to 6. Topics are named by id from version 6 on.
//!
//! # Behaviour
//! The offsets are pending until the transaction ends: then they become real, or are dropped. Before, clients that want stable offsets get
//! UNSTABLE_OFFSET_COMMIT. The commit must come from a member of the group, from version 3 on, and belong to an open transaction.
//!
//! # Differs from Apache Kafka
//! - An offset is kept without its topic's id, but for the record in `__consumer_offsets`, as with OffsetCommit, whose other differences
//!   apply too.
//!
//! # Notes by KIP
//! KIP-98: the API. KIP-320: leader epoch (2). KIP-447: member, generation, instance (3). KIP-890: TRANSACTION_ABORTABLE (4); from version 5
//! on the commit adds the group's offsets to the transaction. KIP-1319: topic ids, GROUP_ID_NOT_FOUND and STALE_MEMBER_EPOCH (6).

use super::errors::commit_in_transaction_code;
use super::fields::{name_and_id, shared, shared_option, topic_key};
use super::{Answer, Answering, Api, ErrorCounts, ResponseMessage};
use crate::cluster::Cluster;
use crate::ids::{LeaderEpoch, Offset, ProducerEpoch, ProducerId};
use crate::messages::txn_offset_commit_request::{
    TxnOffsetCommitRequestPartition, TxnOffsetCommitRequestTopic,
};
use crate::messages::txn_offset_commit_response::{
    TxnOffsetCommitResponsePartition, TxnOffsetCommitResponseTopic,
};
use crate::messages::{TxnOffsetCommitRequest, TxnOffsetCommitResponse};
use crate::operations::RequestContext;
use crate::operations::commit_offsets::{
    CommitOffsetsError, Committer, GenerationOrEpoch, InTransaction, Membership, OffsetToCommit,
    commit_offsets_in_transaction,
};
use crate::operations::verify_transaction::WriteSupport;
use crate::topic::TopicKey;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Kafka's `TxnOffsetCommitRequest`.
pub(super) struct TxnOffsetCommit;

impl Api for TxnOffsetCommit {
    type Request = TxnOffsetCommitRequest;

    const VERSIONS: RangeInclusive<i16> = 0..=6;

    fn handle(
        cluster: &Arc<Cluster>,
        context: &Arc<RequestContext>,
        version: i16,
        request: TxnOffsetCommitRequest,
    ) -> Answering {
        let (cluster, context) = (Arc::clone(cluster), Arc::clone(context));
        Answering::later(async move {
            let committer = Committer {
                membership: Membership {
                    member_id: shared(&request.member_id),
                    group_instance_id: shared_option(request.group_instance_id.as_ref()),
                    generation_or_epoch: GenerationOrEpoch(request.generation_id_or_member_epoch),
                },
                is_transactional: true,
                api_version: version,
            };
            let transaction = InTransaction {
                transactional_id: request.transactional_id.to_string(),
                producer_id: ProducerId(request.producer_id.0),
                producer_epoch: ProducerEpoch(request.producer_epoch),
                support: WriteSupport::of_txn_offset_commit(version),
            };
            let offsets = request.topics.iter().map(|topic| {
                let partitions = topic.partitions.iter();
                let offsets = partitions.map(|partition| (partition.partition_index, offset(partition)));
                (key(version, topic), offsets.collect())
            });
            let results = commit_offsets_in_transaction(
                &cluster,
                &context,
                &request.group_id,
                (committer, transaction),
                offsets.collect(),
            )
            .await;
            let topics = results.into_iter().map(|(topic, results)| {
                let rows = results
                    .into_iter()
                    .map(|(index, result)| row(version, index, &result));
                named(topic).with_partitions(rows.collect())
            });
            TxnOffsetCommitResponse::default()
                .with_topics(topics.collect())
                .into()
        })
    }

    fn refuse(version: i16, request: &TxnOffsetCommitRequest, code: i16) -> Answer {
        let topics = request.topics.iter().map(|topic| {
            let partitions = topic.partitions.iter().map(|partition| {
                TxnOffsetCommitResponsePartition::default()
                    .with_partition_index(partition.partition_index)
                    .with_error_code(code)
            });
            named(key(version, topic)).with_partitions(partitions.collect())
        });
        TxnOffsetCommitResponse::default()
            .with_topics(topics.collect())
            .into()
    }
}

impl ResponseMessage for TxnOffsetCommitResponse {
    fn throttle_time_ms(&mut self) -> &mut i32 {
        &mut self.throttle_time_ms
    }

    fn error_counts(&self) -> ErrorCounts {
        let partitions = self.topics.iter().flat_map(|topic| &topic.partitions);
        partitions.map(|partition| partition.error_code).collect()
    }
}

/// The first version that names topics by id.
const TOPIC_ID_FROM: i16 = 6;

fn key(version: i16, topic: &TxnOffsetCommitRequestTopic) -> TopicKey {
    topic_key(version >= TOPIC_ID_FROM, &topic.name, topic.topic_id)
}

fn named(key: TopicKey) -> TxnOffsetCommitResponseTopic {
    let (name, id) = name_and_id(key);
    TxnOffsetCommitResponseTopic::default()
        .with_name(name)
        .with_topic_id(id)
}

fn offset(partition: &TxnOffsetCommitRequestPartition) -> OffsetToCommit {
    OffsetToCommit {
        offset: Offset(partition.committed_offset),
        leader_epoch: LeaderEpoch(partition.committed_leader_epoch),
        metadata: shared_option(partition.committed_metadata.as_ref()).unwrap_or_default(),
        retention_ms: None,
    }
}

fn row(
    version: i16,
    index: i32,
    result: &Result<(), CommitOffsetsError>,
) -> TxnOffsetCommitResponsePartition {
    TxnOffsetCommitResponsePartition::default()
        .with_partition_index(index)
        .with_error_code(commit_in_transaction_code(version, result))
}
