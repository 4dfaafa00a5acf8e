//! Groups are deleted, with what they committed.

use super::RequestContext;
use super::find_coordinator::check_coordinator;
use crate::cluster::Cluster;
use crate::group::AccessError;
use std::sync::Arc;

pub(crate) use crate::group::DeleteError;

/// Why a group was not deleted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DeleteGroupError {
    /// The group cannot be asked here.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// It does not exist, or has members.
    #[error(transparent)]
    Refused(#[from] DeleteError),
}

/// Deletes one group.
pub(crate) async fn delete_group(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    group_id: &str,
) -> Result<(), DeleteGroupError> {
    check_coordinator(cluster, context, group_id)?;
    Ok(cluster.groups.delete(group_id).await??)
}
