//! SyncGroup: a member of a classic group gets its assignment.
//!
//! # Versions
//! 0 to 5.
//!
//! # Behaviour
//! Kafka's `GroupMetadataManager.classicGroupSync`: the request waits until the leader has sent the assignments. A member that the leader
//! left out gets an empty assignment.
//!
//! # Differs from Apache Kafka
//! If a member sends a second SyncGroup while the first one waits, the first one is answered with REBALANCE_IN_PROGRESS; Kafka never
//! answers it. Assignments beyond the memory limit of groups get COORDINATOR_NOT_AVAILABLE, see JoinGroup.
//!
//! # Notes by KIP
//! KIP-345: group.instance.id (3). KIP-559: protocol type and name are mandatory (5).

use super::errors::KafkaError;
use super::fields::{shared, shared_option, wire_option};
use super::{Answer, Answering, Api, ErrorCounts, ResponseMessage};
use crate::cluster::Cluster;
use crate::ids::GenerationId;
use crate::operations::RequestContext;
use crate::operations::sync_group::{Membership, SyncRequest, sync_group};
use bytes::Bytes;
use kafka_protocol::messages::{SyncGroupRequest, SyncGroupResponse};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Kafka's `SyncGroupRequest`.
pub(super) struct SyncGroup;

impl Api for SyncGroup {
    type Request = SyncGroupRequest;

    const VERSIONS: RangeInclusive<i16> = 0..=5;

    // The request is in the group's mailbox already and is carried out; only the wait for the answer ends.
    const ENDS_WITH_ITS_CLIENT: bool = true;

    fn handle(
        cluster: &Arc<Cluster>,
        context: &Arc<RequestContext>,
        version: i16,
        request: SyncGroupRequest,
    ) -> Answering {
        let (cluster, context) = (Arc::clone(cluster), Arc::clone(context));
        Answering::later(async move {
            // From this version on the group compares them with its own, so that no member takes the assignment of another protocol
            // (KIP-559).
            let is_protocol_mandatory = version >= 5;
            let synced = sync_group(
                &cluster,
                &context,
                &request.group_id,
                values(&request),
                is_protocol_mandatory,
            );
            let response = match synced.await {
                Ok(synced) => SyncGroupResponse::default()
                    .with_protocol_type(wire_option(synced.protocol_type.as_ref()).filter(|_| version >= 5))
                    .with_protocol_name(wire_option(synced.protocol_name.as_ref()).filter(|_| version >= 5))
                    .with_assignment(synced.assignment),
                Err(error) => SyncGroupResponse::default().with_error_code(error.code()),
            };
            response.into()
        })
    }

    fn refuse(_version: i16, _request: &SyncGroupRequest, code: i16) -> Answer {
        SyncGroupResponse::default().with_error_code(code).into()
    }
}

impl ResponseMessage for SyncGroupResponse {
    fn throttle_time_ms(&mut self) -> &mut i32 {
        &mut self.throttle_time_ms
    }

    fn error_counts(&self) -> ErrorCounts {
        ErrorCounts::of(self.error_code)
    }
}

fn values(request: &SyncGroupRequest) -> SyncRequest {
    let assignments = request.assignments.iter().map(|assignment| {
        // Copied, because an assignment outlives the frame of its request.
        let bytes = Bytes::copy_from_slice(&assignment.assignment);
        (shared(&assignment.member_id), bytes)
    });
    SyncRequest {
        membership: Membership {
            member_id: shared(&request.member_id),
            group_instance_id: shared_option(request.group_instance_id.as_ref()),
            generation_or_epoch: GenerationId(request.generation_id).into(),
        },
        protocol_type: shared_option(request.protocol_type.as_ref()),
        protocol_name: shared_option(request.protocol_name.as_ref()),
        assignments: assignments.collect(),
    }
}
