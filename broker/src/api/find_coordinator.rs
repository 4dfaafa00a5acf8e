//! FindCoordinator: the broker that coordinates a group or a transactional id.
//!
//! # Versions
//! 0 to 6. One key up to version 3, several from version 4 on.
//!
//! # Behaviour
//! The hash of a group's id selects a partition of `__consumer_offsets`, whose leader coordinates the group; for a transactional id it is
//! one of `__transaction_state`. The first look-up creates the topic. While no replica of the partition is alive the answer is COORDINATOR_NOT_AVAILABLE.
//!
//! # Differs from Apache Kafka
//! The look-up that creates the topic finds a coordinator already. Kafka answers COORDINATOR_NOT_AVAILABLE, and the client asks again. So
//! does this broker with `unknown_until_created`.
//! Share groups (key type 2) get INVALID_REQUEST.
//!
//! # Notes by KIP
//! KIP-699: several keys. KIP-890: version 5. KIP-932: key type 2, version 6.

use super::errors::{KafkaError, default_message};
use super::fields::wire;
use super::{Answer, Answering, Api, ErrorCounts, ResponseMessage};
use crate::cluster::Cluster;
use crate::operations::RequestContext;
use crate::operations::find_coordinator::{
    CoordinatorKind, FindCoordinatorError, FoundCoordinator, find_coordinators,
};
use kafka_protocol::messages::find_coordinator_response::Coordinator;
use kafka_protocol::messages::{BrokerId, FindCoordinatorRequest, FindCoordinatorResponse};
use kafka_protocol::protocol::StrBytes;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Kafka's `FindCoordinatorRequest`.
pub(super) struct FindCoordinator;

impl Api for FindCoordinator {
    type Request = FindCoordinatorRequest;

    const VERSIONS: RangeInclusive<i16> = 0..=6;

    fn handle(
        cluster: &Arc<Cluster>,
        context: &Arc<RequestContext>,
        version: i16,
        request: FindCoordinatorRequest,
    ) -> Answering {
        let kind = match request.key_type {
            0 => CoordinatorKind::Group,
            1 => CoordinatorKind::Transaction,
            2 => CoordinatorKind::Share,
            key_type => CoordinatorKind::Unknown(key_type),
        };
        if version <= 3 {
            let mut found = find_coordinators(cluster, context, kind, [&*request.key]);
            return one(found.remove(0)).into();
        }
        let keys = request.coordinator_keys.iter().map(|key| &**key);
        let found = find_coordinators(cluster, context, kind, keys);
        let found = found.into_iter().zip(request.coordinator_keys);
        let coordinators = found.map(|(found, key)| coordinator(found).with_key(key));
        FindCoordinatorResponse::default()
            .with_coordinators(coordinators.collect())
            .into()
    }

    fn refuse(version: i16, request: &FindCoordinatorRequest, code: i16) -> Answer {
        let response = FindCoordinatorResponse::default();
        if version <= 3 {
            return response
                .with_error_code(code)
                .with_error_message(None)
                .with_node_id(BrokerId(NO_NODE))
                .with_port(NO_NODE)
                .into();
        }
        let coordinators = request.coordinator_keys.iter().map(|key| {
            Coordinator::default()
                .with_key(key.clone())
                .with_error_code(code)
                .with_error_message(None)
                .with_node_id(BrokerId(NO_NODE))
                .with_port(NO_NODE)
        });
        response.with_coordinators(coordinators.collect()).into()
    }
}

impl ResponseMessage for FindCoordinatorResponse {
    fn throttle_time_ms(&mut self) -> &mut i32 {
        &mut self.throttle_time_ms
    }

    fn error_counts(&self) -> ErrorCounts {
        // Up to version 3 the answer has one coordinator, which is not in a list.
        if self.coordinators.is_empty() {
            return ErrorCounts::of(self.error_code);
        }
        let coordinators = self.coordinators.iter();
        coordinators.map(|coordinator| coordinator.error_code).collect()
    }
}

/// The id in an answer without a coordinator: Kafka's `Node.noNode()`.
const NO_NODE: i32 = -1;

fn one(found: FoundCoordinator) -> FindCoordinatorResponse {
    let response = FindCoordinatorResponse::default();
    match found {
        Ok(node) => response
            // Kafka's `Errors.NONE.message()`. Answers with several keys have no message for a success.
            .with_error_message(Some(wire("NONE")))
            .with_node_id(BrokerId(node.id.0))
            .with_host(wire(&node.host))
            .with_port(i32::from(node.port)),
        Err(error) => response
            .with_error_code(error.code())
            .with_error_message(Some(message(&error)))
            .with_node_id(BrokerId(NO_NODE))
            .with_port(NO_NODE),
    }
}

/// Returns the message of an error: that of its code, because `KafkaApis.getCoordinator` returns codes only.
fn message(error: &FindCoordinatorError) -> StrBytes {
    default_message(error.response()).map_or_else(|| error.message(), wire)
}

fn coordinator(found: FoundCoordinator) -> Coordinator {
    let coordinator = Coordinator::default();
    match found {
        Ok(node) => coordinator
            .with_node_id(BrokerId(node.id.0))
            .with_host(wire(&node.host))
            .with_port(i32::from(node.port)),
        // An unknown type is refused for the request as a whole, and only then is there a message.
        Err(error @ FindCoordinatorError::UnknownKeyType { .. }) => coordinator
            .with_error_code(error.code())
            .with_error_message(Some(message(&error)))
            .with_node_id(BrokerId(NO_NODE))
            .with_port(NO_NODE),
        Err(error) => coordinator
            .with_error_code(error.code())
            .with_node_id(BrokerId(NO_NODE))
            .with_port(NO_NODE),
    }
}
