//! The offsets that a group has committed.

use super::RequestContext;
use super::find_coordinator::check_coordinator;
use crate::cluster::Cluster;
use crate::group::{GroupError, PartitionsByTopic};
use std::sync::Arc;

pub(crate) use crate::group::FetchedOffsets;
pub(crate) use crate::group::offsets::CommittedOffset;

/// The committed offsets of a group cannot be told.
pub(crate) type FetchOffsetsError = GroupError<crate::group::FetchOffsetsError>;

/// Returns the offsets of the partitions in `wanted`, or with `None` all. A group that does not exist has committed nothing, which is
/// not an error. Unstable offsets are not held back as long as there are no transactions.
pub(crate) async fn fetch_offsets(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    group_id: &str,
    wanted: Option<PartitionsByTopic>,
) -> Result<FetchedOffsets, FetchOffsetsError> {
    check_coordinator(cluster, context, group_id)?;
    match cluster.groups.fetch_offsets(group_id, wanted.clone()).await {
        Err(GroupError::NotFound) => Ok(nothing(wanted.unwrap_or_default())),
        fetched => fetched,
    }
}

fn nothing(wanted: PartitionsByTopic) -> FetchedOffsets {
    let topics = wanted.into_iter().map(|(topic, indexes)| {
        let offsets = indexes.into_iter().map(|index| (index, None));
        (topic, offsets.collect())
    });
    topics.collect()
}
