//! UnregisterController: takes a controller out of the cluster.
//!
//! # Versions
//! 0.
//!
//! # Behaviour
//! The only controller is active, and is refused with INVALID_REQUEST. Any other id is CONTROLLER_ID_NOT_REGISTERED.
//!
//! # Differs from Apache Kafka
//! Nothing is known.
//!
//! # Notes by KIP
//! The API came with Kafka 4.4.

use super::errors::KafkaError;
use super::{Answer, Answering, Api, ErrorCounts, ResponseMessage};
use crate::cluster::Cluster;
use crate::ids::NodeId;
use crate::messages::{UnregisterControllerRequest, UnregisterControllerResponse};
use crate::operations::RequestContext;
use crate::operations::unregister::unregister_controller;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Kafka's `UnregisterControllerRequest`.
pub(super) struct UnregisterController;

impl Api for UnregisterController {
    type Request = UnregisterControllerRequest;

    const VERSIONS: RangeInclusive<i16> = 0..=0;

    fn handle(
        cluster: &Arc<Cluster>,
        context: &Arc<RequestContext>,
        _version: i16,
        request: UnregisterControllerRequest,
    ) -> Answering {
        let response = UnregisterControllerResponse::default();
        match unregister_controller(cluster, context, NodeId(request.controller_id)) {
            Ok(()) => response.into(),
            Err(error) => response
                .with_error_code(error.code())
                .with_error_message(Some(error.message()))
                .into(),
        }
    }

    fn refuse(_version: i16, _request: &UnregisterControllerRequest, code: i16) -> Answer {
        UnregisterControllerResponse::default()
            .with_error_code(code)
            .into()
    }
}

impl ResponseMessage for UnregisterControllerResponse {
    fn throttle_time_ms(&mut self) -> &mut i32 {
        &mut self.throttle_time_ms
    }

    fn error_counts(&self) -> ErrorCounts {
        ErrorCounts::of(self.error_code)
    }
}
