//! OffsetCommit and TxnOffsetCommit: commit offsets of a group, at once or when a transaction ends.

use super::RequestContext;
use super::access::{Denied, authorize, authorize_topic, check_coordinator};
use super::repeats::joined;
use super::verify_transaction::{NotInTransaction, TransactionalWrite, VerifyError, WriteSupport, verify};
use crate::cluster::Cluster;
use crate::group::{AccessError, OffsetsToCommit, OffsetsTransaction};
use crate::ids::{ProducerEpoch, ProducerId, Sequence};
use crate::security::{AclOperation, Resource};
use crate::topic::name::CONSUMER_OFFSETS;
use crate::topic::{TopicKey, UnknownTopicId};
use std::sync::Arc;

pub(crate) use crate::group::offsets::OffsetToCommit;
pub(crate) use crate::group::{CommitError, Committer, GenerationOrEpoch, GroupError, Membership};

/// The reason why the offset of one partition was not committed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CommitOffsetsError {
    /// The client may not read the topic.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The group cannot be asked here, does not exist although the client claims to be a member, or refuses the client.
    #[error(transparent)]
    Group(#[from] GroupError<CommitError>),
    /// Offsets in a transaction belong to a group with a name.
    #[error("the group id must not be empty")]
    EmptyGroupId,
    /// The commit does not belong to an open transaction.
    #[error(transparent)]
    NotInTransaction(#[from] NotInTransaction),
    /// The partition does not exist.
    #[error("partition {partition} of topic `{topic}` does not exist")]
    UnknownPartition {
        /// The topic.
        topic: Arc<str>,
        /// The partition's index.
        partition: i32,
    },
    /// The topic does not exist.
    #[error(transparent)]
    UnknownTopicId(#[from] UnknownTopicId),
    /// The metadata is longer than `offset.metadata.max.bytes`.
    #[error("invalid metadata of {length} characters: offset.metadata.max.bytes allows at most {limit}")]
    MetadataTooLarge {
        /// The length in UTF-16 units, as Kafka counts it.
        length: usize,
        /// `offset.metadata.max.bytes`.
        limit: i32,
    },
}

/// The result for each partition, by topic: first those that were refused before the group was asked.
pub(crate) type CommittedPartitions = Vec<(TopicKey, Vec<(i32, Result<(), CommitOffsetsError>)>)>;

/// Offsets by topic and partition.
pub(crate) type KeyedOffsets = Vec<(TopicKey, Vec<(i32, OffsetToCommit)>)>;

/// The transaction that offsets are committed in.
#[derive(Clone, Debug)]
pub(crate) struct InTransaction {
    pub(crate) transactional_id: String,
    pub(crate) producer_id: ProducerId,
    pub(crate) producer_epoch: ProducerEpoch,
    /// The part of the transaction protocol that the client's version supports.
    pub(crate) support: WriteSupport,
}

/// Commits offsets. Partitions that do not exist, or whose metadata is too large, fail alone.
pub(crate) async fn commit_offsets(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    group_id: &str,
    committer: Committer,
    offsets: KeyedOffsets,
) -> CommittedPartitions {
    commit(cluster, context, group_id, (committer, None), offsets).await
}

/// Commits offsets in a transaction: they become real, or are dropped, when it ends. Source: Kafka's
/// `KafkaApis.handleTxnOffsetCommitRequest` and `GroupCoordinatorService.commitTransactionalOffsets`.
pub(crate) async fn commit_offsets_in_transaction(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    group_id: &str,
    (committer, transaction): (Committer, InTransaction),
    offsets: KeyedOffsets,
) -> CommittedPartitions {
    let id = Resource::TransactionalId(&transaction.transactional_id);
    if let Err(denied) = authorize(cluster, context, AclOperation::Write, id) {
        return refuse_all(offsets, denied);
    }
    commit(
        cluster,
        context,
        group_id,
        (committer, Some(transaction)),
        offsets,
    )
    .await
}

async fn commit(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    group_id: &str,
    (committer, transaction): (Committer, Option<InTransaction>),
    offsets: KeyedOffsets,
) -> CommittedPartitions {
    if let Err(denied) = authorize(cluster, context, AclOperation::Read, Resource::Group(group_id)) {
        // The answer has no code of its own, so each partition has the error.
        return refuse_all(offsets, denied);
    }
    let mut refused: CommittedPartitions = Vec::new();
    let mut results = Vec::with_capacity(offsets.len());
    let mut accepted = Vec::with_capacity(offsets.len());
    for (key, partitions) in offsets {
        let topic = match find_topic(cluster, context, &key) {
            Ok(topic) => topic,
            // A topic that is refused is in the answer even without partitions.
            Err(refusal) => {
                let errors = partitions
                    .iter()
                    .map(|(index, _)| (*index, Err(refusal.error(*index))));
                refused.push((key, errors.collect()));
                continue;
            }
        };
        let (mut topic_results, mut topic_accepted) = (Vec::new(), Vec::new());
        for (index, offset) in partitions {
            if cluster.topics.partition(&topic, index).is_none() {
                let unknown = TopicRefusal::Unknown(Arc::clone(&topic)).error(index);
                refused.push((key.clone(), vec![(index, Err(unknown))]));
                continue;
            }
            let checked = check_metadata(cluster, &offset);
            // An offset that is refused here must not reach the group, which would keep it.
            if checked.is_ok() {
                topic_accepted.push((index, offset));
            }
            topic_results.push((index, checked));
        }
        // As in Kafka, a topic that exists is in the answer by its partitions.
        if !topic_results.is_empty() {
            accepted.push((topic, topic_accepted));
            results.push((key, topic_results));
        }
    }
    // As in Kafka, the group is not asked if no partition exists. A partition whose metadata is too large does exist.
    if results.is_empty() {
        return joined(refused, results);
    }
    let committed = match transaction {
        None => commit_to_group(cluster, context, group_id, committer, accepted).await,
        Some(transaction) => {
            stage_in_group(cluster, context, group_id, (committer, transaction), accepted).await
        }
    };
    if let Err(error) = committed {
        let partitions = results.iter_mut().flat_map(|(_, partitions)| partitions);
        partitions.for_each(|(_, result)| *result = Err(error.clone()));
    }
    joined(refused, results)
}

fn refuse_all(offsets: KeyedOffsets, denied: Denied) -> CommittedPartitions {
    let topics = offsets.into_iter().map(|(topic, partitions)| {
        let results = partitions
            .into_iter()
            .map(|(partition, _)| (partition, Err(denied.into())));
        (topic, results.collect())
    });
    topics.collect()
}

/// The reason why no offset of a topic is committed.
enum TopicRefusal {
    UnknownId(UnknownTopicId),
    Denied(Denied),
    /// No topic has the name, or the topic does not have the partition.
    Unknown(Arc<str>),
}

impl TopicRefusal {
    fn error(&self, partition: i32) -> CommitOffsetsError {
        match self {
            Self::UnknownId(error) => (*error).into(),
            Self::Denied(denied) => (*denied).into(),
            Self::Unknown(topic) => CommitOffsetsError::UnknownPartition {
                topic: Arc::clone(topic),
                partition,
            },
        }
    }
}

/// Returns the name of a topic that exists and may be read.
fn find_topic(cluster: &Cluster, context: &RequestContext, key: &TopicKey) -> Result<Arc<str>, TopicRefusal> {
    let topic = key.find_name(&cluster.topics).map_err(TopicRefusal::UnknownId)?;
    authorize_topic(cluster, context, AclOperation::Read, &topic).map_err(TopicRefusal::Denied)?;
    if cluster.topics.get(&topic).is_none() {
        return Err(TopicRefusal::Unknown(topic));
    }
    Ok(topic)
}

fn check_metadata(cluster: &Cluster, offset: &OffsetToCommit) -> Result<(), CommitOffsetsError> {
    let limit = cluster.config.offset_metadata_max_bytes;
    let length = offset.metadata.encode_utf16().count();
    if i64::try_from(length).unwrap_or(i64::MAX) > i64::from(limit) {
        return Err(CommitOffsetsError::MetadataTooLarge { length, limit });
    }
    Ok(())
}

async fn commit_to_group(
    cluster: &Cluster,
    context: &RequestContext,
    group_id: &str,
    committer: Committer,
    offsets: OffsetsToCommit,
) -> Result<(), CommitOffsetsError> {
    // As in `KafkaApis`, the coordinator is checked after the topics. The id may be empty, as old clients commit to the group without one.
    check_coordinator(cluster, context, group_id).map_err(GroupError::from)?;
    Ok(cluster.groups.commit(group_id, committer, offsets).await?)
}

async fn stage_in_group(
    cluster: &Cluster,
    context: &RequestContext,
    group_id: &str,
    (committer, transaction): (Committer, InTransaction),
    offsets: OffsetsToCommit,
) -> Result<(), CommitOffsetsError> {
    if group_id.is_empty() {
        return Err(CommitOffsetsError::EmptyGroupId);
    }
    check_coordinator(cluster, context, group_id).map_err(GroupError::from)?;
    // As in Kafka, the coordinator of the transaction is asked before the group looks at its member.
    let transaction = verified(cluster, context, group_id, &transaction)?;
    let groups = &cluster.groups;
    Ok(groups
        .commit_in_transaction(group_id, committer, transaction, offsets)
        .await?)
}

/// Checks that the transaction is open and has the partition of `__consumer_offsets` that keeps the group's offsets.
/// Source: Kafka's `CoordinatorPartitionWriter.maybeStartTransactionVerification`.
fn verified(
    cluster: &Cluster,
    context: &RequestContext,
    group_id: &str,
    transaction: &InTransaction,
) -> Result<Box<dyn OffsetsTransaction>, CommitOffsetsError> {
    let no_coordinator = || {
        let moved = AccessError::NotCoordinator {
            group_id: group_id.to_owned(),
            asked: context.node_id,
        };
        CommitOffsetsError::Group(moved.into())
    };
    let index = cluster.offsets_partition(group_id);
    let partition = cluster.topics.partition(CONSUMER_OFFSETS, index);
    let partition = partition.ok_or_else(no_coordinator)?;
    let write = TransactionalWrite {
        transactional_id: &transaction.transactional_id,
        producer_id: transaction.producer_id,
        producer_epoch: transaction.producer_epoch,
        base_sequence: Sequence::NONE,
        support: transaction.support,
    };
    let verification = verify(cluster, context, &partition, write).map_err(|error| match error {
        // The leadership of the partition, which is the coordination of the group, has moved meanwhile.
        VerifyError::NotServed(_) => no_coordinator(),
        VerifyError::Unverifiable(_) => NotInTransaction::Fenced.into(),
        VerifyError::NotInTransaction(error) => CommitOffsetsError::from(error),
    })?;
    let producer = (transaction.producer_id, transaction.producer_epoch);
    Ok(cluster.offsets_transaction(producer, verification))
}

#[cfg(test)]
mod tests;
