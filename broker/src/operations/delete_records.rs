//! Dropping the oldest records of partitions. Source: Kafka's `Partition.deleteRecordsOnLeader`.

use super::RequestContext;
use super::access::{Denied, authorize_topic};
use crate::cluster::Cluster;
use crate::ids::Offset;
use crate::security::AclOperation;
use crate::topic::name::is_internal;
use std::sync::Arc;

/// Stands for the high watermark where an offset is expected. Source: Kafka's `DeleteRecordsRequest.HIGH_WATERMARK`.
const HIGH_WATERMARK: Offset = Offset(-1);

/// Why no record was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DeleteRecordsError {
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error("the topic or partition does not exist")]
    UnknownPartition,
    #[error("records of internal topics are not deleted")]
    Internal,
    #[error("another broker leads the partition")]
    NotLeader,
    #[error("cleanup.policy of the topic does not contain delete")]
    NotDeletable,
    #[error("offset {offset} is not in the log or above the high watermark of {high_watermark}")]
    OutOfRange { offset: Offset, high_watermark: Offset },
    #[error("the partition is offline after an internal error")]
    Offline,
}

/// Drops what lies before `offset` (-1: the high watermark) in one partition; its log start offset afterwards.
///
/// # Errors
/// [`DeleteRecordsError`]; nothing is dropped then.
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
    if is_internal(topic) {
        return Err(DeleteRecordsError::Internal);
    }
    let mut state = partition.write().map_err(|_| DeleteRecordsError::Offline)?;
    if state.is_deleted {
        return Err(DeleteRecordsError::UnknownPartition);
    }
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
