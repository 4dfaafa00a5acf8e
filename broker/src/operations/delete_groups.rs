//! DeleteGroups: deletes groups and their offsets.

use super::RequestContext;
use super::access::check_group;
use crate::cluster::Cluster;
use crate::group::GroupError;
use crate::security::AclOperation;
use std::sync::Arc;

pub(crate) use crate::group::NonEmptyGroup;

/// Deletes one group.
pub(crate) async fn delete_group(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    group_id: &str,
) -> Result<(), GroupError<NonEmptyGroup>> {
    // Kafka deletes the group with the empty id for old clients, so the id may be empty.
    check_group(cluster, context, AclOperation::Delete, group_id)?;
    cluster.groups.delete(group_id).await
}
