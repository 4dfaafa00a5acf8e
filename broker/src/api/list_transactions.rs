//! ListTransactions: the transactional ids that a broker coordinates.
//!
//! # Versions
//! 0 to 2.
//!
//! # Behaviour
//! Filters by state, producer id, the time that the transaction has lasted, and a regular expression that matches the whole id. Names of
//! states that do not exist are given back.
//!
//! # Differs from Apache Kafka
//! - The pattern has no look-around, back references or possessive quantifiers, which Java's expressions have: such a pattern gets
//!   INVALID_REGULAR_EXPRESSION.
//!
//! # Notes by KIP
//! KIP-664: the API. KIP-994: version 1, the duration. KIP-1152: version 2, the pattern.

use super::errors::KafkaError;
use super::fields::wire;
use super::{Answer, Answering, Api, ErrorCounts, ResponseMessage};
use crate::cluster::Cluster;
use crate::ids::ProducerId;
use crate::operations::RequestContext;
use crate::operations::list_transactions::{ListFilters, ListedTransactions, list_transactions};
use kafka_protocol::messages::list_transactions_response::TransactionState;
use kafka_protocol::messages::{ListTransactionsRequest, ListTransactionsResponse, TransactionalId};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Kafka's `ListTransactionsRequest`.
pub(super) struct ListTransactions;

impl Api for ListTransactions {
    type Request = ListTransactionsRequest;

    const VERSIONS: RangeInclusive<i16> = 0..=2;

    fn handle(
        cluster: &Arc<Cluster>,
        context: &Arc<RequestContext>,
        _version: i16,
        request: ListTransactionsRequest,
    ) -> Answering {
        let states = request.state_filters.iter();
        let producer_ids = request.producer_id_filters.iter();
        let filters = ListFilters {
            states: states.map(ToString::to_string).collect(),
            producer_ids: producer_ids.map(|id| ProducerId(id.0)).collect(),
            duration_ms: request.duration_filter,
            id_pattern: request
                .transactional_id_pattern
                .map(|pattern| pattern.to_string()),
        };
        match list_transactions(cluster, context, filters) {
            Ok(listed) => answered(listed).into(),
            Err(error) => {
                tracing::debug!(reason = %error, "refused to list transactions");
                refused(error.code()).into()
            }
        }
    }

    fn refuse(_version: i16, _request: &ListTransactionsRequest, code: i16) -> Answer {
        refused(code).into()
    }
}

impl ResponseMessage for ListTransactionsResponse {
    fn throttle_time_ms(&mut self) -> &mut i32 {
        &mut self.throttle_time_ms
    }

    fn error_counts(&self) -> ErrorCounts {
        ErrorCounts::of(self.error_code)
    }
}

fn refused(code: i16) -> ListTransactionsResponse {
    ListTransactionsResponse::default().with_error_code(code)
}

fn answered(listed: ListedTransactions) -> ListTransactionsResponse {
    let unknown = listed.unknown_states.iter().map(|name| wire(name));
    let ids = listed.ids.into_iter().map(|(id, producer_id, state)| {
        TransactionState::default()
            .with_transactional_id(TransactionalId(wire(&id)))
            .with_producer_id(producer_id.0.into())
            .with_transaction_state(wire(state.name()))
    });
    ListTransactionsResponse::default()
        .with_unknown_state_filters(unknown.collect())
        .with_transaction_states(ids.collect())
}
