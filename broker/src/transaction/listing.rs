//! The filters of ListTransactions. Source: Kafka's `TransactionStateManager.listTransactionStates`; KIP-664, KIP-994.

use super::metadata::TransactionMetadata;
use super::state::TransactionState;
use crate::ids::ProducerId;
use std::collections::BTreeSet;

/// The filters of a request, except for the pattern of the id. One that is not set lets every id through.
#[derive(Clone, Debug, Default)]
pub(crate) struct TransactionFilters {
    pub(crate) producer_ids: BTreeSet<ProducerId>,
    /// The wanted states. If all names in the request are unknown, this is an empty set, which no id matches.
    pub(crate) states: Option<BTreeSet<TransactionState>>,
    /// The time that a transaction must have lasted for longer than, in milliseconds.
    pub(crate) duration_ms: Option<i64>,
}

impl TransactionFilters {
    /// Returns true if the id passes all filters.
    pub(crate) fn matches(&self, metadata: &TransactionMetadata, now_ms: i64) -> bool {
        let has_producer = self.producer_ids.is_empty() || self.producer_ids.contains(&metadata.producer_id);
        let has_state = self
            .states
            .as_ref()
            .is_none_or(|states| states.contains(&metadata.state));
        // As in Kafka, an id without a transaction began at -1 and so has lasted for very long.
        let has_lasted = self
            .duration_ms
            .is_none_or(|duration_ms| now_ms.saturating_sub(metadata.start_ms) > duration_ms);
        has_producer && has_state && has_lasted
    }
}
