//! A member of a classic group gets its assignment.

use super::RequestContext;
use super::find_coordinator::check_named_group;
use crate::cluster::Cluster;
use crate::group::AccessError;
use crate::group::classic::{MembershipError, Synced};
use std::sync::Arc;

pub(crate) use crate::group::classic::{Membership, SyncError, SyncRequest};

/// Why a SyncGroup failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SyncGroupError {
    /// The group cannot be asked here.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// From version 5 on the protocol is not optional.
    #[error("the protocol type and the protocol name must be given")]
    ProtocolMissing,
    /// The group's rules refuse it.
    #[error(transparent)]
    Refused(#[from] SyncError),
}

/// Gives the member its assignment, once the leader has brought it.
pub(crate) async fn sync_group(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    group_id: &str,
    request: SyncRequest,
    is_protocol_mandatory: bool,
) -> Result<Synced, SyncGroupError> {
    if is_protocol_mandatory && (request.protocol_type.is_none() || request.protocol_name.is_none()) {
        return Err(SyncGroupError::ProtocolMissing);
    }
    check_named_group(cluster, context, group_id)?;
    match cluster.groups.sync(group_id, request).await? {
        Some(answer) => Ok(answer?),
        None => Err(SyncError::from(MembershipError::UnknownMemberId).into()),
    }
}
