//! DeleteGroups: groups without members are deleted, with what they committed.
//!
//! # Versions
//! 0 to 3.
//!
//! # Behaviour
//! Kafka's `GroupCoordinatorShard.deleteGroups`; a group named twice is answered once.
//!
//! # Differs from Apache Kafka
//! In nothing known.
//!
//! # Notes by KIP
//! KIP-229: the API. KIP-1331: the error message (3), which Kafka gives only when the plugin that keeps the topology of a streams group
//! cannot delete it; it is null here.

use super::errors::code_of;
use super::{Api, Reply};
use crate::cluster::Cluster;
use crate::messages::delete_groups_response::DeletableGroupResult;
use crate::messages::{DeleteGroupsRequest, DeleteGroupsResponse};
use crate::operations::RequestContext;
use crate::operations::delete_groups::delete_group;
use std::collections::HashSet;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Kafka's `DeleteGroupsRequest`.
pub(super) struct DeleteGroups;

impl Api for DeleteGroups {
    type Request = DeleteGroupsRequest;

    const VERSIONS: RangeInclusive<i16> = 0..=3;

    async fn handle(
        cluster: &Arc<Cluster>,
        context: &RequestContext,
        _version: i16,
        request: DeleteGroupsRequest,
    ) -> Reply<DeleteGroupsResponse> {
        let mut seen = HashSet::new();
        let mut results = Vec::with_capacity(request.groups_names.len());
        for group_id in request.groups_names {
            if !seen.insert(group_id.to_string()) {
                continue;
            }
            let deleted = delete_group(cluster, context, &group_id).await;
            let result = DeletableGroupResult::default().with_group_id(group_id);
            results.push(result.with_error_code(code_of(&deleted)));
        }
        DeleteGroupsResponse::default().with_results(results).into()
    }
}
