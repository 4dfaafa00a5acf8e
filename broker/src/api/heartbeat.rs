//! Heartbeat: a member of a classic group renews its session.
//!
//! # Versions
//! 0 to 4.
//!
//! # Behaviour
//! Kafka's `GroupMetadataManager.classicGroupHeartbeat`: the session timeout starts again. REBALANCE_IN_PROGRESS tells the member to join
//! again, and renews the session too.
//!
//! # Differs from Apache Kafka
//! No known differences.
//!
//! # Notes by KIP
//! KIP-345: group.instance.id (3).

use super::errors::code_of;
use super::fields::{shared, shared_option};
use super::{Answer, Answering, Api, ErrorCounts, ResponseMessage};
use crate::cluster::Cluster;
use crate::ids::GenerationId;
use crate::operations::RequestContext;
use crate::operations::heartbeat::{Membership, heartbeat};
use kafka_protocol::messages::{HeartbeatRequest, HeartbeatResponse};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Kafka's `HeartbeatRequest`.
pub(super) struct Heartbeat;

impl Api for Heartbeat {
    type Request = HeartbeatRequest;

    const VERSIONS: RangeInclusive<i16> = 0..=4;

    fn handle(
        cluster: &Arc<Cluster>,
        context: &Arc<RequestContext>,
        _version: i16,
        request: HeartbeatRequest,
    ) -> Answering {
        let (cluster, context) = (Arc::clone(cluster), Arc::clone(context));
        // A member's session belongs to the group's task, so the answer waits for its turn there.
        Answering::later(async move {
            let membership = Membership {
                member_id: shared(&request.member_id),
                group_instance_id: shared_option(request.group_instance_id.as_ref()),
                generation_or_epoch: GenerationId(request.generation_id).into(),
            };
            let result = heartbeat(&cluster, &context, &request.group_id, membership).await;
            HeartbeatResponse::default()
                .with_error_code(code_of(&result))
                .into()
        })
    }

    fn refuse(_version: i16, _request: &HeartbeatRequest, code: i16) -> Answer {
        HeartbeatResponse::default().with_error_code(code).into()
    }
}

impl ResponseMessage for HeartbeatResponse {
    fn throttle_time_ms(&mut self) -> &mut i32 {
        &mut self.throttle_time_ms
    }

    fn error_counts(&self) -> ErrorCounts {
        ErrorCounts::of(self.error_code)
    }
}
