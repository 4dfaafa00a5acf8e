//! What a group has committed.

use super::RequestContext;
use super::find_coordinator::check_coordinator;
use crate::cluster::Cluster;
use std::sync::Arc;

pub(crate) use crate::group::offsets::CommittedOffset;
pub(crate) use crate::group::{AccessError, FetchedOffsets, GroupsFull};

/// The offsets of the partitions wanted, or of all that have one. A group that does not exist has committed nothing, which is no
/// error. Whether unstable offsets are to be held back makes no difference until there are transactions.
pub(crate) async fn fetch_offsets(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    group_id: &str,
    wanted: Option<Vec<(Arc<str>, Vec<i32>)>>,
) -> Result<FetchedOffsets, AccessError> {
    check_coordinator(cluster, context, group_id)?;
    match cluster.groups.fetch_offsets(group_id, wanted.clone()).await {
        Ok(Some(offsets)) => Ok(offsets),
        Ok(None) | Err(AccessError::Ended) => Ok(nothing(wanted.unwrap_or_default())),
        Err(error) => Err(error),
    }
}

fn nothing(wanted: Vec<(Arc<str>, Vec<i32>)>) -> FetchedOffsets {
    let topics = wanted.into_iter().map(|(topic, indexes)| {
        let offsets = indexes.into_iter().map(|index| (index, None));
        (topic, offsets.collect())
    });
    topics.collect()
}
