//! The state of one transactional id in the coordinator, as a value: the rules make the next one, and the shell stores it.
//!
//! In Kafka a change waits until its record is in `__transaction_state`, and the id has a pending state meanwhile. Here a change is stored
//! at once, so only one pending state lasts: from the decision (PrepareCommit, PrepareAbort) until all markers are written.
//! Source: Kafka's `TransactionMetadata` and `TxnTransitMetadata`.

use super::state::{TransactionState, TransactionVersion};
use crate::ids::{ProducerEpoch, ProducerId, TransactionOutcome};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A partition by the name of its topic: a transaction outlives a topic that is deleted and created again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TopicPartition {
    pub(crate) topic: Arc<str>,
    pub(crate) partition: i32,
}

/// The state of one transactional id, as Kafka's record `TransactionLogValue` has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TransactionMetadata {
    pub(crate) producer_id: ProducerId,
    /// The producer id before the last change; [`ProducerId::NONE`] for a new id. A client that sends a request again after its epochs ran
    /// out still has it.
    pub(crate) previous_producer_id: ProducerId,
    /// The producer id from the completion on, if the epochs of the current one ran out; [`ProducerId::NONE`] otherwise.
    pub(crate) next_producer_id: ProducerId,
    pub(crate) producer_epoch: ProducerEpoch,
    /// The epoch before the last bump that the client asked for, or [`ProducerEpoch::NONE`].
    pub(crate) last_producer_epoch: ProducerEpoch,
    /// The time after which an open transaction is aborted.
    pub(crate) timeout_ms: i32,
    pub(crate) state: TransactionState,
    /// The partitions of the transaction. While it is being ended, those that have no marker yet.
    pub(crate) partitions: BTreeSet<TopicPartition>,
    /// The time of the transaction's first partition; -1 before the first transaction of the producer.
    pub(crate) start_ms: i64,
    /// The time of the last change.
    pub(crate) last_update_ms: i64,
    /// The version of the client's last request.
    pub(crate) client_version: TransactionVersion,
}

impl ProducerEpoch {
    /// The wire value for no epoch.
    pub(crate) const NONE: Self = Self(-1);

    /// Returns whether no client may have a higher epoch. The greatest value itself is kept back, so that the coordinator can always fence
    /// once more. Source: `TransactionMetadata.isEpochExhausted`.
    pub(crate) fn is_exhausted(self) -> bool {
        self.0 >= i16::MAX - 1
    }

    /// Returns the next epoch; the greatest one has none and stays.
    pub(crate) fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl TransactionMetadata {
    /// Returns an id that no producer has yet.
    pub(crate) fn new(producer_id: ProducerId, timeout_ms: i32, now_ms: i64) -> Self {
        Self {
            producer_id,
            previous_producer_id: ProducerId::NONE,
            next_producer_id: ProducerId::NONE,
            producer_epoch: ProducerEpoch::NONE,
            last_producer_epoch: ProducerEpoch::NONE,
            timeout_ms,
            state: TransactionState::Empty,
            partitions: BTreeSet::new(),
            start_ms: -1,
            last_update_ms: now_ms,
            client_version: TransactionVersion::V1,
        }
    }

    /// Returns the outcome of a transaction whose markers are still to be written.
    pub(crate) fn outcome(&self) -> Option<TransactionOutcome> {
        match self.state {
            TransactionState::PrepareCommit => Some(TransactionOutcome::Commit),
            TransactionState::PrepareAbort => Some(TransactionOutcome::Abort),
            _ => None,
        }
    }

    /// Returns the next value, which differs in its state. As in Kafka, each change makes the producer id the previous one.
    pub(super) fn becoming(&self, state: TransactionState) -> Self {
        Self {
            previous_producer_id: self.producer_id,
            state,
            ..self.clone()
        }
    }

    /// Returns whether the value may follow `before`: the invariants that hold for each change. Source:
    /// `TransactionMetadata.completeTransitionTo`.
    pub(crate) fn may_follow(&self, before: &Self) -> bool {
        let is_same_producer = self.producer_id == before.producer_id;
        let epoch_never_goes_back = !is_same_producer || self.producer_epoch >= before.producer_epoch;
        let new_producer_begins = is_same_producer || self.producer_epoch == ProducerEpoch(0);
        let keeps_partitions = match self.state {
            TransactionState::Ongoing => self.partitions.is_superset(&before.partitions),
            // A marker was written, or the transaction was decided.
            TransactionState::PrepareCommit | TransactionState::PrepareAbort => {
                self.partitions.is_subset(&before.partitions)
            }
            _ => self.partitions.is_empty(),
        };
        let is_a_marker = self.state == before.state && self.state.is_prepared();
        (is_a_marker || self.state.may_follow(before.state))
            && epoch_never_goes_back
            && new_producer_begins
            && keeps_partitions
    }
}
