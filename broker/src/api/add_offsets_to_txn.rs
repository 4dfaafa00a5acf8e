//! AddOffsetsToTxn: a producer tells that its transaction will commit offsets of a group.
//!
//! # Versions
//! 0 to 4.
//!
//! # Behaviour
//! Adds the partition of `__consumer_offsets` that keeps the group's offsets.
//!
//! # Differs from Apache Kafka
//! No known differences.
//!
//! # Notes by KIP
//! KIP-98: the API. KIP-588: PRODUCER_FENCED from version 2 on, before that INVALID_PRODUCER_EPOCH. KIP-890: version 4; with transactions
//! version 2 a TxnOffsetCommit does this itself.

use super::errors::{KafkaError, fenced_code};
use super::{Answer, Answering, Api, ErrorCounts, ResponseMessage};
use crate::cluster::Cluster;
use crate::ids::{ProducerEpoch, ProducerId};
use crate::operations::RequestContext;
use crate::operations::add_partitions_to_txn::add_offsets_to_txn;
use kafka_protocol::messages::{AddOffsetsToTxnRequest, AddOffsetsToTxnResponse};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Kafka's `AddOffsetsToTxnRequest`.
pub(super) struct AddOffsetsToTxn;

/// The first version whose clients know PRODUCER_FENCED.
const PRODUCER_FENCED_FROM: i16 = 2;

impl Api for AddOffsetsToTxn {
    type Request = AddOffsetsToTxnRequest;

    const VERSIONS: RangeInclusive<i16> = 0..=4;

    fn handle(
        cluster: &Arc<Cluster>,
        context: &Arc<RequestContext>,
        version: i16,
        request: AddOffsetsToTxnRequest,
    ) -> Answering {
        let producer = (
            ProducerId(request.producer_id.0),
            ProducerEpoch(request.producer_epoch),
        );
        let id = &request.transactional_id;
        let added = add_offsets_to_txn(cluster, context, id, producer, &request.group_id);
        let code = added.err().map_or(0, |error| error.code());
        AddOffsetsToTxnResponse::default()
            .with_error_code(fenced_code(code, version >= PRODUCER_FENCED_FROM))
            .into()
    }

    fn refuse(_version: i16, _request: &AddOffsetsToTxnRequest, code: i16) -> Answer {
        AddOffsetsToTxnResponse::default().with_error_code(code).into()
    }
}

impl ResponseMessage for AddOffsetsToTxnResponse {
    fn throttle_time_ms(&mut self) -> &mut i32 {
        &mut self.throttle_time_ms
    }

    fn error_counts(&self) -> ErrorCounts {
        ErrorCounts::of(self.error_code)
    }
}
