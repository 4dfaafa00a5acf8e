//! JoinGroup: a member joins a classic group, and waits for the others.
//!
//! # Versions
//! 0 to 9. Version 0 has no rebalance timeout and uses the session timeout.
//!
//! # Behaviour
//! Kafka's `GroupMetadataManager.classicGroupJoin`: the request waits until the rebalance completes. The leader gets the metadata of all
//! members. In a consumer group with members the request is answered at once, and the coordinator assigns
//! (`classicGroupJoinToConsumerGroup`).
//!
//! # Differs from Apache Kafka
//! If a member joins again while its earlier JoinGroup waits, the earlier one is answered with REBALANCE_IN_PROGRESS; Kafka never answers
//! it. A group has at most 20,000 members and promised ids, even if `group.max.size` is higher (GROUP_MAX_SIZE_REACHED), and the cluster at
//! most 50,000 groups (POLICY_VIOLATION). All groups together may use an eighth of the memory limit. Beyond it no group is created and no
//! member joins: COORDINATOR_NOT_AVAILABLE, Kafka's code for a failed write to `__consumer_offsets`.
//!
//! # Notes by KIP
//! KIP-62: rebalance timeout (1). KIP-394: MEMBER_ID_REQUIRED (4). KIP-345: group.instance.id (5). KIP-559: protocol type (7).
//! KIP-800: reason (8). KIP-814: SkipAssignment (9). KIP-848: members of the classic protocol in consumer groups.

use super::errors::{KafkaError, joining_member_id};
use super::fields::{shared, shared_option, wire, wire_option};
use super::{Answer, Answering, Api, ErrorCounts, ResponseMessage};
use crate::cluster::Cluster;

use crate::operations::RequestContext;
use crate::operations::join_group::{
    GroupError, JoinError, JoinRequest, Joined, JoinedMember, Protocol, join_group,
};
use bytes::Bytes;
use kafka_protocol::messages::join_group_response::JoinGroupResponseMember;
use kafka_protocol::messages::{JoinGroupRequest, JoinGroupResponse};
use kafka_protocol::protocol::StrBytes;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Kafka's `JoinGroupRequest`.
pub(super) struct JoinGroup;

impl Api for JoinGroup {
    type Request = JoinGroupRequest;

    const VERSIONS: RangeInclusive<i16> = 0..=9;

    // The request is in the group's mailbox already and is carried out; only the wait for the answer ends.
    const ENDS_WITH_ITS_CLIENT: bool = true;

    fn handle(
        cluster: &Arc<Cluster>,
        context: &Arc<RequestContext>,
        version: i16,
        request: JoinGroupRequest,
    ) -> Answering {
        let (cluster, context) = (Arc::clone(cluster), Arc::clone(context));
        Answering::later(async move {
            // Most errors answer with the id of the request.
            let member_id = request.member_id.clone();
            let values = values(version, &request);
            let response = match join_group(&cluster, &context, &request.group_id, values).await {
                Ok(joined) => success(version, joined),
                Err(error) => failure(version, &error, member_id),
            };
            response.into()
        })
    }

    fn refuse(version: i16, _request: &JoinGroupRequest, code: i16) -> Answer {
        JoinGroupResponse::default()
            .with_error_code(code)
            .with_protocol_name(no_protocol(version))
            .into()
    }
}

impl ResponseMessage for JoinGroupResponse {
    fn throttle_time_ms(&mut self) -> &mut i32 {
        &mut self.throttle_time_ms
    }

    fn error_counts(&self) -> ErrorCounts {
        ErrorCounts::of(self.error_code)
    }
}

fn values(version: i16, request: &JoinGroupRequest) -> JoinRequest {
    let protocols = request.protocols.iter().map(|protocol| Protocol {
        name: shared(&protocol.name),
        // Copied, because a member outlives the frame of its request.
        metadata: Bytes::copy_from_slice(&protocol.metadata),
    });
    JoinRequest {
        member_id: shared(&request.member_id),
        group_instance_id: shared_option(request.group_instance_id.as_ref()),
        session_timeout_ms: request.session_timeout_ms,
        rebalance_timeout_ms: if version == 0 {
            request.session_timeout_ms
        } else {
            request.rebalance_timeout_ms
        },
        protocol_type: shared(&request.protocol_type),
        protocols: protocols.collect(),
        // A client whose first join times out would otherwise leave one more member behind with each try, and the group would wait for all
        // of them (KIP-394).
        requires_known_member_id: version >= 4,
        // A static leader that returns to a stable group must not assign again: assignors have side effects, and the group would not use
        // the result. Earlier versions are told another leader's id instead (KIP-814).
        supports_skipping_assignment: version >= 9,
        reason: shared_option(request.reason.as_ref()),
    }
}

fn success(version: i16, joined: Joined) -> JoinGroupResponse {
    let members = joined
        .members
        .into_iter()
        .map(|member| member_row(version, member));
    JoinGroupResponse::default()
        .with_generation_id(joined.generation_id.0)
        .with_protocol_type(protocol_type(version, &joined.protocol_type))
        .with_protocol_name(wire_option(joined.protocol_name.as_ref()).or_else(|| no_protocol(version)))
        .with_leader(wire(&joined.leader))
        // kafka-protocol refuses to write the field at earlier versions.
        .with_skip_assignment(version >= 9 && joined.skip_assignment)
        .with_member_id(wire(&joined.member_id))
        .with_members(members.collect())
}

fn member_row(version: i16, member: JoinedMember) -> JoinGroupResponseMember {
    let instance = wire_option(member.group_instance_id.as_ref());
    JoinGroupResponseMember::default()
        .with_member_id(wire(&member.member_id))
        .with_group_instance_id(instance.filter(|_| version >= 5))
        .with_metadata(member.metadata)
}

fn failure(version: i16, error: &GroupError<JoinError>, member_id: StrBytes) -> JoinGroupResponse {
    JoinGroupResponse::default()
        .with_error_code(error.code())
        .with_protocol_name(no_protocol(version))
        .with_member_id(joining_member_id(error).map_or(member_id, wire))
}

fn protocol_type(version: i16, protocol_type: &Option<Arc<str>>) -> Option<StrBytes> {
    wire_option(protocol_type.as_ref()).filter(|_| version >= 7)
}

/// Returns the name that stands for no protocol: null from version 7 on, empty before.
fn no_protocol(version: i16) -> Option<StrBytes> {
    (version < 7).then(StrBytes::default)
}
