//! DescribeGroups: classic groups and their members.
//!
//! # Versions
//! 0 to 6.
//!
//! # Behaviour
//! Kafka's `GroupMetadataManager.describeGroups`: only stable groups show the chosen protocol and the members' metadata. A group that does
//! not exist is shown as Dead, from version 6 on with GROUP_ID_NOT_FOUND.
//!
//! # Differs from Apache Kafka
//! No known differences.
//!
//! # Notes by KIP
//! KIP-430: authorized operations (3). KIP-345: group.instance.id (4). KIP-1043: GROUP_ID_NOT_FOUND and a message (6).

use super::errors::describe_group_code;
use super::fields::{wire, wire_option};
use super::{Answer, Answering, Api, ErrorCounts, ResponseMessage};
use crate::cluster::Cluster;
use crate::operations::RequestContext;
use crate::operations::access::operations_on_group;
use crate::operations::describe_groups::{
    ClassicDescription, DescribeGroupError, DescribedMember, GroupState, describe_group,
};
use kafka_protocol::messages::describe_groups_response::{DescribedGroup, DescribedGroupMember};
use kafka_protocol::messages::{DescribeGroupsRequest, DescribeGroupsResponse};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Kafka's `DescribeGroupsRequest`.
pub(super) struct DescribeGroups;

impl Api for DescribeGroups {
    type Request = DescribeGroupsRequest;

    const VERSIONS: RangeInclusive<i16> = 0..=6;

    fn handle(
        cluster: &Arc<Cluster>,
        context: &Arc<RequestContext>,
        version: i16,
        request: DescribeGroupsRequest,
    ) -> Answering {
        let (cluster, context) = (Arc::clone(cluster), Arc::clone(context));
        Answering::later(async move {
            let wants_operations = version >= 3 && request.include_authorized_operations;
            let mut groups = Vec::with_capacity(request.groups.len());
            for group_id in request.groups {
                let group = match describe_group(&cluster, &context, &group_id).await {
                    Ok(description) => group_row(version, description),
                    Err(error) => failure(version, &error),
                };
                // As in `KafkaApis`, this includes a group that is shown as dead, which is no error up to version 5.
                let group = if wants_operations && group.error_code == 0 {
                    group.with_authorized_operations(operations_on_group(&cluster, &context, &group_id))
                } else {
                    group
                };
                groups.push(group.with_group_id(group_id));
            }
            DescribeGroupsResponse::default().with_groups(groups).into()
        })
    }

    fn refuse(_version: i16, request: &DescribeGroupsRequest, code: i16) -> Answer {
        let groups = request.groups.iter().map(|group_id| {
            DescribedGroup::default()
                .with_group_id(group_id.clone())
                .with_error_code(code)
        });
        DescribeGroupsResponse::default()
            .with_groups(groups.collect())
            .into()
    }
}

impl ResponseMessage for DescribeGroupsResponse {
    fn throttle_time_ms(&mut self) -> &mut i32 {
        &mut self.throttle_time_ms
    }

    fn error_counts(&self) -> ErrorCounts {
        self.groups.iter().map(|group| group.error_code).collect()
    }
}

fn group_row(version: i16, description: ClassicDescription) -> DescribedGroup {
    let members = description
        .members
        .into_iter()
        .map(|member| member_row(version, member));
    DescribedGroup::default()
        .with_group_state(wire(description.state.name()))
        .with_protocol_type(wire(&description.protocol_type))
        .with_protocol_data(wire(&description.protocol_name))
        .with_members(members.collect())
}

fn member_row(version: i16, member: DescribedMember) -> DescribedGroupMember {
    let identity = member.identity;
    let instance = wire_option(identity.group_instance_id.as_ref());
    DescribedGroupMember::default()
        .with_member_id(wire(&identity.member_id))
        .with_group_instance_id(instance.filter(|_| version >= 4))
        .with_client_id(wire(&identity.client_id))
        .with_client_host(wire(&identity.client_host))
        .with_member_metadata(member.metadata)
        .with_member_assignment(member.assignment)
}

fn failure(version: i16, error: &DescribeGroupError) -> DescribedGroup {
    let group = match error {
        DescribeGroupError::NotFound { .. } | DescribeGroupError::NotClassic(_) => {
            DescribedGroup::default().with_group_state(wire(GroupState::Dead.name()))
        }
        DescribeGroupError::Access(_) => DescribedGroup::default(),
    };
    group
        .with_error_code(describe_group_code(version, error))
        // kafka-protocol refuses to write the field at earlier versions.
        .with_error_message((version >= 6).then(|| wire(&error.to_string())))
}
