//! The groups that a broker coordinates.

use super::RequestContext;
use super::find_coordinator::check_coordinator;
use crate::cluster::Cluster;
use crate::group::GroupSummary;
use std::sync::Arc;

/// The type of every group until KIP-848's and KIP-932's come, as the broker's `Group.GroupType` writes it.
pub(crate) const CLASSIC: &str = "classic";

/// The groups in one of `states` and of one of `types`, by id; an empty filter lets all pass. Filters do not mind case.
pub(crate) async fn list_groups(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    states: &[String],
    types: &[String],
) -> Vec<GroupSummary> {
    let passes = |filter: &[String], name: &str| {
        filter.is_empty()
            || filter
                .iter()
                .any(|wanted| wanted.trim().eq_ignore_ascii_case(name))
    };
    if !passes(types, CLASSIC) {
        return Vec::new();
    }
    let mut groups = cluster.groups.list().await;
    groups.retain(|group| {
        passes(states, group.state.name()) && check_coordinator(cluster, context, &group.group_id).is_ok()
    });
    groups
}
