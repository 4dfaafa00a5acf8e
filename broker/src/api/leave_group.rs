//! LeaveGroup: members leave a classic group, or an administrator removes static ones.
//!
//! # Versions
//! 0 to 5. A request has one member up to version 2, whose error is that of the answer, and several from version 3 on.
//!
//! # Behaviour
//! Kafka's `GroupMetadataManager.classicGroupLeave`. A member without a member id is static and named by its instance id.
//!
//! # Differs from Apache Kafka
//! No known differences.
//!
//! # Notes by KIP
//! KIP-345: several members (3). KIP-800: reason (5).

use super::errors::{KafkaError, code_of};
use super::fields::{shared, shared_option};
use super::{Answer, Answering, Api, ErrorCounts, ResponseMessage};
use crate::cluster::Cluster;
use crate::operations::RequestContext;
use crate::operations::leave_group::{Leaver, leave_group};
use kafka_protocol::messages::leave_group_request::MemberIdentity;
use kafka_protocol::messages::leave_group_response::MemberResponse;
use kafka_protocol::messages::{LeaveGroupRequest, LeaveGroupResponse};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Kafka's `LeaveGroupRequest`.
pub(super) struct LeaveGroup;

impl Api for LeaveGroup {
    type Request = LeaveGroupRequest;

    const VERSIONS: RangeInclusive<i16> = 0..=5;

    fn handle(
        cluster: &Arc<Cluster>,
        context: &Arc<RequestContext>,
        version: i16,
        request: LeaveGroupRequest,
    ) -> Answering {
        let (cluster, context) = (Arc::clone(cluster), Arc::clone(context));
        Answering::later(async move {
            let identities = if version <= 2 {
                vec![MemberIdentity::default().with_member_id(request.member_id)]
            } else {
                request.members
            };
            let leavers = identities.iter().map(|identity| Leaver {
                member_id: shared(&identity.member_id),
                group_instance_id: shared_option(identity.group_instance_id.as_ref()),
                reason: shared_option(identity.reason.as_ref()),
            });
            let response = LeaveGroupResponse::default();
            let results = match leave_group(&cluster, &context, &request.group_id, leavers.collect()).await {
                Ok(results) => results,
                // As in Kafka, a group that cannot be asked is an error of the whole answer, and no member is listed.
                Err(error) => return response.with_error_code(error.code()).into(),
            };
            let mut codes = results.iter().map(code_of);
            if version <= 2 {
                // These versions have no list in which the member's own error could stand.
                let error_code = codes.next().unwrap_or(0);
                return response.with_error_code(error_code).into();
            }
            let members = identities.into_iter().zip(codes).map(|(identity, error_code)| {
                MemberResponse::default()
                    .with_member_id(identity.member_id)
                    .with_group_instance_id(identity.group_instance_id)
                    .with_error_code(error_code)
            });
            response.with_members(members.collect()).into()
        })
    }

    fn refuse(_version: i16, _request: &LeaveGroupRequest, code: i16) -> Answer {
        LeaveGroupResponse::default().with_error_code(code).into()
    }
}

impl ResponseMessage for LeaveGroupResponse {
    fn throttle_time_ms(&mut self) -> &mut i32 {
        &mut self.throttle_time_ms
    }

    fn error_counts(&self) -> ErrorCounts {
        let members = self.members.iter().map(|member| member.error_code);
        [self.error_code].into_iter().chain(members).collect()
    }
}
