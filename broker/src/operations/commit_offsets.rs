//! A group commits offsets.

use super::RequestContext;
use super::find_coordinator::check_coordinator;
use crate::cluster::Cluster;
use crate::group::{AccessError, OffsetsToCommit};
use std::sync::Arc;

pub(crate) use crate::group::classic::{CommitError, Membership};
pub(crate) use crate::group::offsets::OffsetToCommit;

/// Why the offset of one partition was not committed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CommitOffsetsError {
    /// The group cannot be asked here.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The committer says that it belongs to a generation of a group that does not exist.
    #[error("the group does not exist")]
    GroupNotFound,
    /// The group's rules refuse the committer.
    #[error(transparent)]
    Refused(#[from] CommitError),
    /// No such partition.
    #[error("partition {partition} of topic `{topic}` does not exist")]
    UnknownPartition {
        /// The topic.
        topic: Arc<str>,
        /// The partition's index.
        partition: i32,
    },
    /// Above `offset.metadata.max.bytes`.
    #[error("the metadata has {length} characters, more than offset.metadata.max.bytes ({limit}) allows")]
    MetadataTooLarge {
        /// In UTF-16 units, which is what Kafka counts.
        length: usize,
        /// `offset.metadata.max.bytes`.
        limit: i32,
    },
}

/// One result for each partition, in the order of the request.
pub(crate) type CommittedPartitions = Vec<(Arc<str>, Vec<(i32, Result<(), CommitOffsetsError>)>)>;

/// Commits what can be committed: partitions that do not exist, or whose metadata is too large, fail alone.
pub(crate) async fn commit_offsets(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    group_id: &str,
    membership: Membership,
    offsets: OffsetsToCommit,
) -> CommittedPartitions {
    let mut results = Vec::with_capacity(offsets.len());
    let mut accepted = Vec::with_capacity(offsets.len());
    for (topic, partitions) in offsets {
        let mut topic_results = Vec::with_capacity(partitions.len());
        let mut topic_accepted = Vec::with_capacity(partitions.len());
        for (partition, offset) in partitions {
            topic_results.push((partition, check_offset(cluster, &topic, partition, &offset)));
            topic_accepted.push((partition, offset));
        }
        let mut is_accepted = topic_results.iter().map(|(_, result)| result.is_ok());
        topic_accepted.retain(|_| is_accepted.next() == Some(true));
        accepted.push((Arc::clone(&topic), topic_accepted));
        results.push((topic, topic_results));
    }
    // As in Kafka, the group is not asked when no partition exists; one whose metadata is too large exists.
    let all_unknown = partition_results(&mut results)
        .all(|result| matches!(result, Err(CommitOffsetsError::UnknownPartition { .. })));
    if all_unknown {
        return results;
    }
    if let Err(error) = commit_to_group(cluster, context, group_id, membership, accepted).await {
        for result in partition_results(&mut results) {
            if !matches!(result, Err(CommitOffsetsError::UnknownPartition { .. })) {
                *result = Err(error.clone());
            }
        }
    }
    results
}

fn partition_results(
    results: &mut CommittedPartitions,
) -> impl Iterator<Item = &mut Result<(), CommitOffsetsError>> {
    let partitions = results.iter_mut().flat_map(|(_, partitions)| partitions);
    partitions.map(|(_, result)| result)
}

fn check_offset(
    cluster: &Cluster,
    topic: &Arc<str>,
    partition: i32,
    offset: &OffsetToCommit,
) -> Result<(), CommitOffsetsError> {
    if cluster.topics.partition(topic, partition).is_none() {
        let topic = Arc::clone(topic);
        return Err(CommitOffsetsError::UnknownPartition { topic, partition });
    }
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
    membership: Membership,
    offsets: OffsetsToCommit,
) -> Result<(), CommitOffsetsError> {
    check_coordinator(cluster, context, group_id)?;
    match cluster.groups.commit(group_id, membership, offsets).await? {
        Some(answer) => Ok(answer?),
        None => Err(CommitOffsetsError::GroupNotFound),
    }
}
