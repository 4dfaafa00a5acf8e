//! Heartbeat: a member of a classic group renews its session.

use super::RequestContext;
use super::access::check_named_group;
use crate::cluster::Cluster;
use crate::group::GroupError;
use crate::security::AclOperation;
use std::sync::Arc;

pub(crate) use crate::group::Membership;
pub(crate) use crate::group::classic::HeartbeatError;

/// Restarts the member's session timeout.
pub(crate) async fn heartbeat(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    group_id: &str,
    membership: Membership,
) -> Result<(), GroupError<HeartbeatError>> {
    check_named_group(cluster, context, AclOperation::Read, group_id)?;
    cluster.groups.heartbeat(group_id, membership).await
}
