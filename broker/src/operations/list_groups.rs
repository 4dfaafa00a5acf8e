//! The groups that a broker coordinates.

use super::RequestContext;
use super::access::{check_coordinator, is_authorized};
use crate::cluster::Cluster;
use crate::config::java::timeline_place;
use crate::group::{GroupState, GroupSummary, GroupType};
use crate::security::{AclOperation, Resource};
use std::sync::Arc;

/// Returns the groups in one of `states` and of one of `types`, by the partition of `__consumer_offsets` that keeps them, and then in the order
/// of Kafka's table of groups. An empty filter accepts all groups; the case of names is ignored.
/// Source: Kafka's `GroupMetadataManager.listGroups`.
pub(crate) async fn list_groups(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    states: &[String],
    types: &[String],
) -> Vec<GroupSummary> {
    // A name that Kafka does not know matches no group.
    let states: Vec<_> = states.iter().map(|name| GroupState::parse(name.trim())).collect();
    let types: Vec<_> = types.iter().map(|name| GroupType::parse(name)).collect();
    let may_describe =
        |resource: Resource<'_>| is_authorized(cluster, context, AclOperation::Describe, resource);
    // With this permission the client may see all groups. Kafka keeps it for compatibility beside that on each group.
    let may_describe_all = may_describe(Resource::Cluster);
    let mut groups = cluster.groups.list().await;
    groups.retain(|group| {
        (states.is_empty() || states.contains(&Some(group.state)))
            && (types.is_empty() || types.contains(&Some(group.group_type)))
            && check_coordinator(cluster, context, &group.group_id).is_ok()
            && (may_describe_all || may_describe(Resource::Group(&group.group_id)))
    });
    groups.sort_by_key(|group| {
        let partition = cluster.offsets_partition(&group.group_id);
        (partition, timeline_place(&group.group_id))
    });
    groups
}
