//! SyncGroup: a member of a classic group gets its assignment.

use super::RequestContext;
use super::access::check_named_group;
use crate::cluster::Cluster;
use crate::group::GroupError;
use crate::group::classic::Synced;
use crate::security::AclOperation;
use std::sync::Arc;

pub(crate) use crate::group::Membership;
pub(crate) use crate::group::classic::{SyncError, SyncRequest};

/// Returns the member's assignment. Waits until the leader has sent the assignments.
pub(crate) async fn sync_group(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    group_id: &str,
    request: SyncRequest,
    is_protocol_mandatory: bool,
) -> Result<Synced, GroupError<SyncError>> {
    // As in `KafkaApis`, this is checked before the permission.
    if is_protocol_mandatory && (request.protocol_type.is_none() || request.protocol_name.is_none()) {
        return Err(GroupError::Refused(SyncError::ProtocolMissing));
    }
    check_named_group(cluster, context, AclOperation::Read, group_id)?;
    cluster.groups.sync(group_id, request).await
}
