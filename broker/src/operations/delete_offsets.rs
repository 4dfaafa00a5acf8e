//! OffsetDelete: deletes committed offsets.

use super::RequestContext;
use super::access::{Denied, authorize_topic, check_named_group};
use super::repeats::joined;
use crate::cluster::Cluster;
use crate::group::{GroupError, NonEmptyGroup, PartitionsByTopic};
use crate::security::AclOperation;
use std::sync::Arc;

pub(crate) use crate::group::SubscribedToTopic;

/// The reason why the offset of one partition was not deleted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DeletePartitionOffsetError {
    /// The client may not read the topic.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The partition does not exist.
    #[error("partition {partition} of topic `{topic}` does not exist")]
    UnknownPartition {
        /// The topic.
        topic: Arc<str>,
        /// The partition's index.
        partition: i32,
    },
    /// Members of the group subscribe to the topic.
    #[error(transparent)]
    Subscribed(#[from] SubscribedToTopic),
}

/// The result for each partition, by topic: first those that were refused before the group was asked.
pub(crate) type DeletedPartitions = Vec<(Arc<str>, Vec<(i32, Result<(), DeletePartitionOffsetError>)>)>;

/// Deletes the offsets of partitions that exist. Fails as a whole if the group has members that are not consumers.
pub(crate) async fn delete_offsets(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    group_id: &str,
    partitions: PartitionsByTopic,
) -> Result<DeletedPartitions, GroupError<NonEmptyGroup>> {
    check_named_group(cluster, context, AclOperation::Delete, group_id)?;
    let may_read = |topic: &str| authorize_topic(cluster, context, AclOperation::Read, topic);
    let exists = |topic: &str, partition| {
        may_read(topic).is_ok() && cluster.topics.partition(topic, partition).is_some()
    };
    // As in `KafkaApis`, the group is asked only about partitions that exist and that the client may read.
    let existing = partitions.iter().map(|(topic, indexes)| {
        let indexes = indexes.iter().copied().filter(|index| exists(topic, *index));
        (Arc::clone(topic), indexes.collect::<Vec<_>>())
    });
    let existing: Vec<_> = existing.collect();
    let by_topic = cluster.groups.delete_offsets(group_id, existing.clone()).await?;
    let answered = partitions.into_iter().zip(existing.into_iter().zip(by_topic));
    let results = answered.map(|((topic, indexes), ((_, existing), result))| {
        let result = result.map_err(DeletePartitionOffsetError::from);
        let partition_result = |partition| {
            if existing.contains(&partition) {
                return (partition, result.clone());
            }
            // The permission comes first, so that a client does not learn which partitions of a hidden topic exist.
            if let Err(denied) = may_read(&topic) {
                return (partition, Err(denied.into()));
            }
            let topic = Arc::clone(&topic);
            (
                partition,
                Err(DeletePartitionOffsetError::UnknownPartition { topic, partition }),
            )
        };
        let results: Vec<_> = indexes.into_iter().map(partition_result).collect();
        (Arc::clone(&topic), results)
    });
    let (mut refused, mut answered) = (Vec::new(), Vec::new());
    for (topic, partitions) in results {
        let is_known = may_read(&topic).is_ok() && cluster.topics.get(&topic).is_some();
        let (unasked, asked): (Vec<_>, Vec<_>) = partitions.into_iter().partition(is_unasked);
        // A topic that is refused is in the answer even without partitions, and one that exists only by its partitions.
        if !is_known || !unasked.is_empty() {
            refused.push((Arc::clone(&topic), unasked));
        }
        if !asked.is_empty() {
            answered.push((topic, asked));
        }
    }
    Ok(joined(refused, answered))
}

/// Returns whether the partition's result was decided without the group.
fn is_unasked((_, result): &(i32, Result<(), DeletePartitionOffsetError>)) -> bool {
    matches!(
        result,
        Err(DeletePartitionOffsetError::Denied(_) | DeletePartitionOffsetError::UnknownPartition { .. })
    )
}
