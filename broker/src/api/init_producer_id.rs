//! InitProducerId: gives a producer its id and epoch.
//!
//! # Versions
//! 0 to 5.
//!
//! # Behaviour
//! Without a transactional id the answer has a new producer id at epoch 0. With one it has the next epoch of the id, which fences earlier
//! producers. If one of them had a transaction open, that is aborted, and the client gets CONCURRENT_TRANSACTIONS and asks again.
//!
//! # Differs from Apache Kafka
//! - A process gives out ids from a random number on, not from 0: nothing is stored, and a producer that outlives a restart must not meet its
//!   own id again. With `producer_ids_from_zero` they begin at 0.
//! - The first producer of a broker gets its id at once. Kafka has no ids until it has asked its controller for some, and answers
//!   COORDINATOR_LOAD_IN_PROGRESS to the request that made it ask. So does this broker with `unknown_until_created`.
//!
//! # Notes by KIP
//! KIP-98: the API. KIP-360: from version 3 on a request may have the producer's former id and epoch. KIP-588: PRODUCER_FENCED from version 4
//! on, before that INVALID_PRODUCER_EPOCH. KIP-939: version 6 with its two-phase commit is not stable in Kafka 4.4, and refused as there.

use super::errors::{KafkaError, fenced_code};
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
        version: i16,
        request: InitProducerIdRequest,
    ) -> Answering {
        let (cluster, context) = (Arc::clone(cluster), Arc::clone(context));
        let init = InitProducer {
            transactional_id: request.transactional_id.map(|id| id.to_string()),
            timeout_ms: request.transaction_timeout_ms,
            producer_id: ProducerId(request.producer_id.0),
            producer_epoch: ProducerEpoch(request.producer_epoch),
        };
        Answering::later(async move {
            match init_producer_id(&cluster, &context, init).await {
                Ok((producer_id, producer_epoch)) => InitProducerIdResponse::default()
                    .with_producer_id(producer_id.0.into())
                    .with_producer_epoch(producer_epoch.0)
                    .into(),
                Err(error) => {
                    // The answer has no message: without this line the reason would not be known.
                    tracing::debug!(client_id = context.client_id, reason = %error, "refused a producer");
                    refused(fenced_code(error.code(), version >= PRODUCER_FENCED_FROM)).into()
                }
            }
        })
    }

    fn refuse(_version: i16, _request: &InitProducerIdRequest, code: i16) -> Answer {
        refused(code).into()
    }
}

/// The first version whose clients know PRODUCER_FENCED.
const PRODUCER_FENCED_FROM: i16 = 4;

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
