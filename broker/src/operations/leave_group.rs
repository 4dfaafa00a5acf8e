//! Members leave a classic group.

use super::RequestContext;
use super::find_coordinator::check_named_group;
use crate::cluster::Cluster;
use crate::group::AccessError;
use crate::group::classic::MembershipError;
use std::sync::Arc;

pub(crate) use crate::group::classic::{LeaveError, Leaver};

/// One result for each leaver, in order; an error of the whole where the group cannot be asked.
pub(crate) async fn leave_group(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    group_id: &str,
    leavers: Vec<Leaver>,
) -> Result<Vec<Result<(), LeaveError>>, AccessError> {
    check_named_group(cluster, context, group_id)?;
    let count = leavers.len();
    let results = cluster.groups.leave(group_id, leavers).await?;
    Ok(results.unwrap_or_else(|| vec![Err(MembershipError::UnknownMemberId.into()); count]))
}
