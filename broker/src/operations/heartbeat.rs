//! A member of a classic group lives.

use super::RequestContext;
use super::find_coordinator::check_named_group;
use crate::cluster::Cluster;
use crate::group::AccessError;
use crate::group::classic::MembershipError;
use std::sync::Arc;

pub(crate) use crate::group::classic::{HeartbeatError as RefusedHeartbeat, Membership};

/// Why a Heartbeat failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HeartbeatError {
    /// The group cannot be asked here.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The group's rules refuse it.
    #[error(transparent)]
    Refused(#[from] RefusedHeartbeat),
}

/// Gives the member another session timeout.
pub(crate) async fn heartbeat(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    group_id: &str,
    membership: Membership,
) -> Result<(), HeartbeatError> {
    check_named_group(cluster, context, group_id)?;
    match cluster.groups.heartbeat(group_id, membership).await? {
        Some(answer) => Ok(answer?),
        None => Err(RefusedHeartbeat::from(MembershipError::UnknownMemberId).into()),
    }
}
