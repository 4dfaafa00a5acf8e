//! EndTxn: commits or aborts a transaction.
//!
//! # Versions
//! 0 to 5.
//!
//! # Behaviour
//! Once the outcome is decided it stays, and markers are written to the partitions of the transaction. From version 5 on the answer has the
//! producer id and epoch of the next transaction. A request that comes twice is answered as the first one.
//!
//! # Differs from Apache Kafka
//! - The markers of partitions that have a leader are written before the answer, so that a client seldom gets CONCURRENT_TRANSACTIONS from
//!   its next request. In Kafka the answer does not wait for them.
//!
//! # Notes by KIP
//! KIP-98: the API. KIP-588: PRODUCER_FENCED from version 2 on, before that INVALID_PRODUCER_EPOCH. KIP-890: version 5 ends transactions of
//! version 2, whose epoch rises with each end.

use super::errors::{KafkaError, fenced_code};
use super::{Answer, Answering, Api, ErrorCounts, ResponseMessage};
use crate::cluster::Cluster;
use crate::ids::{ProducerEpoch, ProducerId, TransactionOutcome};
use crate::operations::RequestContext;
use crate::operations::end_txn::{EndRequest, TransactionVersion, end_txn};
use kafka_protocol::messages::{EndTxnRequest, EndTxnResponse};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Kafka's `EndTxnRequest`.
pub(super) struct EndTxn;

/// The first version whose clients know PRODUCER_FENCED.
const PRODUCER_FENCED_FROM: i16 = 2;

/// The first version that ends transactions of version 2 and answers with the next epoch.
const EPOCH_BUMP_FROM: i16 = 5;

impl Api for EndTxn {
    type Request = EndTxnRequest;

    const VERSIONS: RangeInclusive<i16> = 0..=5;

    fn handle(
        cluster: &Arc<Cluster>,
        context: &Arc<RequestContext>,
        version: i16,
        request: EndTxnRequest,
    ) -> Answering {
        let (cluster, context) = (Arc::clone(cluster), Arc::clone(context));
        let end = EndRequest {
            producer_id: ProducerId(request.producer_id.0),
            producer_epoch: ProducerEpoch(request.producer_epoch),
            outcome: if request.committed {
                TransactionOutcome::Commit
            } else {
                TransactionOutcome::Abort
            },
            client_version: if version >= EPOCH_BUMP_FROM {
                TransactionVersion::V2
            } else {
                TransactionVersion::V1
            },
        };
        Answering::later(async move {
            let ended = end_txn(&cluster, &context, &request.transactional_id, end).await;
            let response = EndTxnResponse::default();
            match ended {
                Ok((producer_id, producer_epoch)) if version >= EPOCH_BUMP_FROM => response
                    .with_producer_id(producer_id.0.into())
                    .with_producer_epoch(producer_epoch.0),
                Ok(_) => response,
                Err(error) => {
                    response.with_error_code(fenced_code(error.code(), version >= PRODUCER_FENCED_FROM))
                }
            }
            .into()
        })
    }

    fn refuse(_version: i16, _request: &EndTxnRequest, code: i16) -> Answer {
        EndTxnResponse::default().with_error_code(code).into()
    }
}

impl ResponseMessage for EndTxnResponse {
    fn throttle_time_ms(&mut self) -> &mut i32 {
        &mut self.throttle_time_ms
    }

    fn error_counts(&self) -> ErrorCounts {
        ErrorCounts::of(self.error_code)
    }
}
