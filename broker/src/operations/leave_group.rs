//! LeaveGroup: members leave a classic group.

use super::RequestContext;
use super::access::check_named_group;
use crate::cluster::Cluster;
use crate::group::{GroupError, MembershipError};
use crate::security::AclOperation;
use std::convert::Infallible;
use std::sync::Arc;

pub(crate) use crate::group::classic::Leaver;

/// Removes members. Returns one result for each, in order, or an error if the group cannot be asked.
pub(crate) async fn leave_group(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    group_id: &str,
    leavers: Vec<Leaver>,
) -> Result<Vec<Result<(), MembershipError>>, GroupError<Infallible>> {
    check_named_group(cluster, context, AclOperation::Read, group_id)?;
    cluster.groups.leave(group_id, leavers).await
}
