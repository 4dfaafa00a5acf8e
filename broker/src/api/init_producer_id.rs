//! InitProducerId: allocates an id for an idempotent producer.
//!
//! # Versions
//! 0 to 5.
//!
//! # Behaviour
//! Without a transactional id the answer has a new producer id at epoch 0.
//!
//! # Differs from Apache Kafka
//! Transactions are not served: a transactional id gets UNSUPPORTED_VERSION, which is fatal for a producer, and the broker logs the reason.
//!
//! # Notes by KIP
//! KIP-98: idempotent producers. KIP-360: from version 3 on a request may have the producer's former id and epoch.

use super::errors::KafkaError;
use super::{Answer, Answering, Api, ErrorCounts, ResponseMessage};
use crate::cluster::Cluster;
use crate::ids::{ProducerEpoch, ProducerId};
use crate::operations::RequestContext;
use crate::operations::init_producer_id::{InitProducer, init_producer_id};
use kafka_protocol::messages::{InitProducerIdRequest, InitProducerIdResponse};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Kafka's `InitProducerIdRequest`.
pub(super) struct InitProducerId;

impl Api for InitProducerId {
    type Request = InitProducerIdRequest;

    const VERSIONS: RangeInclusive<i16> = 0..=5;

    fn handle(
        cluster: &Arc<Cluster>,
        context: &Arc<RequestContext>,
        _version: i16,
        request: InitProducerIdRequest,
    ) -> Answering {
        let init = InitProducer {
            transactional_id: request.transactional_id.map(|id| id.to_string()),
            producer_id: ProducerId(request.producer_id.0),
            producer_epoch: ProducerEpoch(request.producer_epoch),
        };
        let response = InitProducerIdResponse::default();
        match init_producer_id(cluster, context, init) {
            Ok((producer_id, producer_epoch)) => response
                .with_producer_id(producer_id.0.into())
                .with_producer_epoch(producer_epoch.0),
            Err(error) => {
                // The answer has no message: without this line the reason behind UNSUPPORTED_VERSION would not be known.
                tracing::warn!(client_id = context.client_id, reason = %error, "refused a producer");
                refused(error.code())
            }
        }
        .into()
    }

    fn refuse(_version: i16, _request: &InitProducerIdRequest, code: i16) -> Answer {
        refused(code).into()
    }
}

impl ResponseMessage for InitProducerIdResponse {
    fn throttle_time_ms(&mut self) -> &mut i32 {
        &mut self.throttle_time_ms
    }

    fn error_counts(&self) -> ErrorCounts {
        ErrorCounts::of(self.error_code)
    }
}

fn refused(code: i16) -> InitProducerIdResponse {
    InitProducerIdResponse::default()
        .with_error_code(code)
        .with_producer_id((-1).into())
        .with_producer_epoch(-1)
}
