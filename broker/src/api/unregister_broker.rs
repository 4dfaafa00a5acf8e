//! UnregisterBroker: takes a broker out of the cluster.
//!
//! # Versions
//! 0.
//!
//! # Behaviour
//! As in Kafka, a broker that is alive can be taken out as well: clients are not told of it any more, others lead and coordinate in its
//! place, and no assignment may name it, until it starts again. An unknown id is BROKER_ID_NOT_REGISTERED.
//!
//! # Differs from Apache Kafka
//! A cluster whose last broker is taken out has no metadata to show, as in Kafka, but its listener stays open.
//!
//! # Notes by KIP
//! KIP-500, KIP-631: the API.

use super::errors::KafkaError;
use super::{Answer, Answering, Api, ErrorCounts, ResponseMessage};
use crate::cluster::Cluster;
use crate::ids::NodeId;
use crate::operations::RequestContext;
use crate::operations::unregister::unregister_broker;
use kafka_protocol::messages::{UnregisterBrokerRequest, UnregisterBrokerResponse};
use kafka_protocol::protocol::StrBytes;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Kafka's `UnregisterBrokerRequest`.
pub(super) struct UnregisterBroker;

impl Api for UnregisterBroker {
    type Request = UnregisterBrokerRequest;

    const VERSIONS: RangeInclusive<i16> = 0..=0;

    fn handle(
        cluster: &Arc<Cluster>,
        context: &Arc<RequestContext>,
        _version: i16,
        request: UnregisterBrokerRequest,
    ) -> Answering {
        let response = UnregisterBrokerResponse::default();
        match unregister_broker(cluster, context, NodeId(request.broker_id.0)) {
            // As in Kafka, success has an empty message and not null.
            Ok(()) => response.with_error_message(Some(StrBytes::default())).into(),
            Err(error) => response
                .with_error_code(error.code())
                .with_error_message(Some(error.message()))
                .into(),
        }
    }

    fn refuse(_version: i16, _request: &UnregisterBrokerRequest, code: i16) -> Answer {
        UnregisterBrokerResponse::default().with_error_code(code).into()
    }
}

impl ResponseMessage for UnregisterBrokerResponse {
    fn throttle_time_ms(&mut self) -> &mut i32 {
        &mut self.throttle_time_ms
    }

    fn error_counts(&self) -> ErrorCounts {
        ErrorCounts::of(self.error_code)
    }
}
