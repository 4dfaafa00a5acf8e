//! Groups are deleted, with their offsets.

use super::RequestContext;
use super::find_coordinator::check_coordinator;
use crate::cluster::Cluster;
use crate::group::GroupError;
use std::sync::Arc;

pub(crate) use crate::group::NonEmptyGroup;

/// Deletes one group.
pub(crate) async fn delete_group(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    group_id: &str,
) -> Result<(), GroupError<NonEmptyGroup>> {
    check_coordinator(cluster, context, group_id)?;
    cluster.groups.delete(group_id).await
}
