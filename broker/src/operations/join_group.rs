//! JoinGroup: a member joins a classic group.

use super::RequestContext;
use super::access::check_named_group;
use super::topic_catalog::refresh_topic_catalog;
use crate::cluster::Cluster;
pub(crate) use crate::group::GroupError;
use crate::group::classic::Joiner;
use crate::security::AclOperation;
use std::sync::Arc;

pub(crate) use crate::group::classic::{
    ConsumerJoinError, JoinError, JoinRequest, Joined, JoinedMember, Protocol,
};

/// Joins a member. Completes when the rebalance does.
pub(crate) async fn join_group(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    group_id: &str,
    request: JoinRequest,
) -> Result<Joined, GroupError<JoinError>> {
    check_named_group(cluster, context, AclOperation::Read, group_id)?;
    // The group may be a consumer group, which assigns.
    refresh_topic_catalog(cluster);
    let joiner = joiner(cluster, context, request);
    cluster.groups.join(group_id, joiner).await
}

fn joiner(cluster: &Cluster, context: &RequestContext, request: JoinRequest) -> Joiner {
    let instance = request.group_instance_id.as_deref();
    let new_member_id = if request.member_id.is_empty() {
        // The form of Kafka's `ClassicGroup.generateMemberId`.
        let prefix = instance.unwrap_or(&context.client_id);
        format!("{prefix}-{}", cluster.entropy.uuid()).into()
    } else {
        Arc::clone(&request.member_id)
    };
    Joiner {
        request,
        new_member_id,
        new_consumer_member_id: cluster.entropy.uuid_text().into(),
        client_id: context.client_id.as_str().into(),
        client_host: context.client_host().into(),
    }
}
