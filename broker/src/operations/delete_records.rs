//! Deletes the oldest records of partitions. Source: Kafka's `Partition.deleteRecordsOnLeader`.

use super::RequestContext;
use super::access::{Denied, authorize_topic};
use crate::cluster::Cluster;
use crate::ids::Offset;
use crate::security::AclOperation;
use crate::topic::name::is_internal;
use std::sync::Arc;

/// The offset in a request that means the high watermark. Source: Kafka's `DeleteRecordsRequest.HIGH_WATERMARK`.
const HIGH_WATERMARK: Offset = Offset(-1);

/// The reason why no record was deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DeleteRecordsError {
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error("the topic or partition does not exist")]
    UnknownPartition,
    #[error("records of internal topics cannot be deleted")]
    Internal,
    #[error("another broker leads the partition")]
    NotLeader,
    #[error("invalid cleanup.policy of the topic: must contain delete")]
    NotDeletable,
    #[error("invalid offset {offset}: must be -1, or from 0 to the high watermark {high_watermark}")]
    OutOfRange { offset: Offset, high_watermark: Offset },
    #[error("the partition is offline after an internal error")]
    Offline,
}

/// Deletes the records before `offset` (-1 means the high watermark) of one partition. Returns the new log start offset.
///
/// # Errors
/// [`DeleteRecordsError`]; no record is deleted then.
pub(crate) fn delete_records(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    topic: &str,
    partition: i32,
    offset: Offset,
) -> Result<Offset, DeleteRecordsError> {
    authorize_topic(cluster, context, AclOperation::Delete, topic)?;
    let partition = cluster
        .topics
        .partition(topic, partition)
        .ok_or(DeleteRecordsError::UnknownPartition)?;
    // This follows the look-up: `KafkaApis` looks for the partition before `ReplicaManager` refuses internal topics.
    if is_internal(topic) {
        return Err(DeleteRecordsError::Internal);
    }
    let mut state = partition.write().map_err(|_| DeleteRecordsError::Offline)?;
    if state.is_deleted {
        return Err(DeleteRecordsError::UnknownPartition);
    }
    // Leader, policy and range are checked in the order of `Partition.deleteRecordsOnLeader`.
    if state.leader != context.node_id {
        return Err(DeleteRecordsError::NotLeader);
    }
    if !state.settings.deletes {
        return Err(DeleteRecordsError::NotDeletable);
    }
    let high_watermark = state.watermarks().high_watermark;
    let end = if offset == HIGH_WATERMARK {
        high_watermark
    } else {
        offset
    };
    state
        .delete_records(end)
        .map_err(|_| DeleteRecordsError::OutOfRange {
            offset,
            high_watermark,
        })
}

#[cfg(test)]
mod tests;
