//! ListGroups: the groups that the broker coordinates.
//!
//! # Versions
//! 0 to 5.
//!
//! # Behaviour
//! Kafka's `GroupMetadataManager.listGroups`. Filters by state and type ignore case. The groups of one partition of
//! `__consumer_offsets` are in the order of Kafka's table, which follows from the hashes of their ids.
//!
//! # Differs from Apache Kafka
//! Groups of several partitions are in the order of the partitions, in Kafka in that of a hash map. The types of groups are classic and consumer.
//!
//! # Notes by KIP
//! KIP-518: states (4). KIP-848: types (5).

use super::fields::wire;
use super::{Answer, Answering, Api, ErrorCounts, ResponseMessage};
use crate::cluster::Cluster;
use crate::operations::RequestContext;
use crate::operations::list_groups::list_groups;
use kafka_protocol::messages::list_groups_response::ListedGroup;
use kafka_protocol::messages::{GroupId, ListGroupsRequest, ListGroupsResponse};
use kafka_protocol::protocol::StrBytes;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Kafka's `ListGroupsRequest`.
pub(super) struct ListGroups;

impl Api for ListGroups {
    type Request = ListGroupsRequest;

    const VERSIONS: RangeInclusive<i16> = 0..=5;

    fn handle(
        cluster: &Arc<Cluster>,
        context: &Arc<RequestContext>,
        version: i16,
        request: ListGroupsRequest,
    ) -> Answering {
        let (cluster, context) = (Arc::clone(cluster), Arc::clone(context));
        Answering::later(async move {
            let (states, types) = (strings(&request.states_filter), strings(&request.types_filter));
            let groups = list_groups(&cluster, &context, &states, &types).await;
            let rows = groups.iter().map(|group| {
                let row = ListedGroup::default()
                    .with_group_id(GroupId(wire(&group.group_id)))
                    .with_protocol_type(wire(&group.protocol_type));
                let row = if version >= 4 {
                    row.with_group_state(wire(group.state.name()))
                } else {
                    row
                };
                if version >= 5 {
                    row.with_group_type(wire(group.group_type.name()))
                } else {
                    row
                }
            });
            ListGroupsResponse::default().with_groups(rows.collect()).into()
        })
    }

    fn refuse(_version: i16, _request: &ListGroupsRequest, code: i16) -> Answer {
        ListGroupsResponse::default().with_error_code(code).into()
    }
}

impl ResponseMessage for ListGroupsResponse {
    fn throttle_time_ms(&mut self) -> &mut i32 {
        &mut self.throttle_time_ms
    }

    fn error_counts(&self) -> ErrorCounts {
        ErrorCounts::of(self.error_code)
    }
}

fn strings(filter: &[StrBytes]) -> Vec<String> {
    filter.iter().map(|name| name.to_string()).collect()
}
