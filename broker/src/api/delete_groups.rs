//! DeleteGroups: deletes groups without members, and their committed offsets.
//!
//! # Versions
//! 0 to 3.
//!
//! # Behaviour
//! Kafka's `GroupCoordinatorShard.deleteGroups`; a group named twice is answered once.
//!
//! # Differs from Apache Kafka
//! No known differences.
//!
//! # Notes by KIP
//! KIP-229: the API. KIP-1331: the error message (3). Kafka sets it only if the plugin that stores the topology of a streams group cannot
//! delete it; it is null here.

use super::errors::code_of;
use super::{Answer, Answering, Api, ErrorCounts, ResponseMessage};
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

    fn handle(
        cluster: &Arc<Cluster>,
        context: &Arc<RequestContext>,
        _version: i16,
        request: DeleteGroupsRequest,
    ) -> Answering {
        let (cluster, context) = (Arc::clone(cluster), Arc::clone(context));
        Answering::later(async move {
            let mut seen = HashSet::new();
            let mut results = Vec::with_capacity(request.groups_names.len());
            for group_id in request.groups_names {
                if !seen.insert(group_id.to_string()) {
                    continue;
                }
                let deleted = delete_group(&cluster, &context, &group_id).await;
                let result = DeletableGroupResult::default().with_group_id(group_id);
                results.push(result.with_error_code(code_of(&deleted)));
            }
            DeleteGroupsResponse::default().with_results(results).into()
        })
    }

    fn refuse(_version: i16, request: &DeleteGroupsRequest, code: i16) -> Answer {
        let results = request.groups_names.iter().map(|group_id| {
            DeletableGroupResult::default()
                .with_group_id(group_id.clone())
                .with_error_code(code)
        });
        DeleteGroupsResponse::default()
            .with_results(results.collect())
            .into()
    }
}

impl ResponseMessage for DeleteGroupsResponse {
    fn throttle_time_ms(&mut self) -> &mut i32 {
        &mut self.throttle_time_ms
    }

    fn error_counts(&self) -> ErrorCounts {
        self.results.iter().map(|result| result.error_code).collect()
    }
}
