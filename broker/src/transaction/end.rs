//! The end of a transaction: EndTxn, the abort of one that is fenced or timed out, and its completion. Source: Kafka's
//! `TransactionCoordinator.endTransaction`, `endTransactionWithTV1` and `abortTimedOutTransactions`, `TransactionMetadata.prepareAbortOrCommit`
//! and `prepareComplete`; KIP-98, KIP-890.

use super::errors::TransactionError;
use super::metadata::{TopicPartition, TransactionMetadata};
use super::state::{TransactionState, TransactionVersion};
use crate::ids::{ProducerEpoch, ProducerId, TransactionOutcome};
use std::collections::BTreeSet;

/// The consequence of a request to end a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The outcome is decided. Markers have to be written, after which the transaction is complete.
    Prepared(TransactionMetadata),
    /// The request was carried out before: nothing changes.
    Before,
}

/// A client's request to end its transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EndRequest {
    pub(crate) producer_id: ProducerId,
    pub(crate) producer_epoch: ProducerEpoch,
    pub(crate) outcome: TransactionOutcome,
    pub(crate) client_version: TransactionVersion,
}

impl TransactionMetadata {
    /// Ends the transaction on behalf of its client. `new_producer_id` is called if the epochs of the current id have run out.
    pub(crate) fn end(
        &self,
        now_ms: i64,
        request: EndRequest,
        new_producer_id: impl FnOnce() -> ProducerId,
    ) -> Result<Ended, TransactionError> {
        match request.client_version {
            TransactionVersion::V1 => self.end_v1(now_ms, request),
            TransactionVersion::V2 => self.end_v2(now_ms, request, new_producer_id),
        }
    }

    fn end_v1(&self, now_ms: i64, request: EndRequest) -> Result<Ended, TransactionError> {
        if self.producer_id != request.producer_id {
            return Err(TransactionError::InvalidProducerIdMapping);
        }
        if self.producer_epoch != request.producer_epoch {
            return Err(TransactionError::Fenced);
        }
        if self.state.is_prepared() {
            return Err(TransactionError::Concurrent);
        }
        match self.state {
            TransactionState::Ongoing => Ok(Ended::Prepared(self.prepared_v1(now_ms, request.outcome))),
            // The client sends the request again because it has not heard the answer.
            state if state == request.outcome.complete() => Ok(Ended::Before),
            _ => Err(TransactionError::InvalidState),
        }
    }

    fn end_v2(
        &self,
        now_ms: i64,
        request: EndRequest,
        new_producer_id: impl FnOnce() -> ProducerId,
    ) -> Result<Ended, TransactionError> {
        if self.state.is_prepared() {
            return Err(TransactionError::Concurrent);
        }
        // Each end bumps the epoch, so a request that comes again has the epoch before, or the last epoch of the id before.
        let is_retry_of_overflow = self.previous_producer_id == request.producer_id
            && request.producer_epoch == ProducerEpoch(i16::MAX - 1)
            && self.producer_epoch == ProducerEpoch(0);
        let is_retry = is_retry_of_overflow
            || i32::from(self.producer_epoch.0) == i32::from(request.producer_epoch.0) + 1;
        if self.producer_id != request.producer_id && !is_retry_of_overflow {
            return Err(TransactionError::InvalidProducerIdMapping);
        }
        let is_complete = matches!(
            self.state,
            TransactionState::CompleteCommit | TransactionState::CompleteAbort
        );
        if self.producer_epoch != request.producer_epoch && !(is_complete && is_retry) {
            return Err(TransactionError::Fenced);
        }
        if is_complete && is_retry {
            return if self.state == request.outcome.complete() {
                Ok(Ended::Before)
            } else {
                Err(TransactionError::InvalidState)
            };
        }
        match (self.state, request.outcome) {
            (TransactionState::Ongoing, outcome) => {
                let next = self.prepared_v2(now_ms, outcome, new_producer_id);
                Ok(Ended::Prepared(next))
            }
            // An abort without a partition still bumps the epoch, because writes of the transaction may be on their way.
            (_, TransactionOutcome::Abort) => {
                let mut next = self.prepared_v2(now_ms, TransactionOutcome::Abort, new_producer_id);
                next.start_ms = now_ms;
                Ok(Ended::Prepared(next))
            }
            (_, TransactionOutcome::Commit) => Err(TransactionError::InvalidState),
        }
    }

    /// Aborts the open transaction under a higher epoch, which its producer does not have: it is fenced. Source:
    /// `TransactionMetadata.prepareFenceProducerEpoch`, after which Kafka ends the transaction by the version of the cluster.
    pub(crate) fn fence(
        &self,
        now_ms: i64,
        version: TransactionVersion,
        new_producer_id: impl FnOnce() -> ProducerId,
    ) -> Self {
        match version {
            TransactionVersion::V1 => Self {
                producer_epoch: self.producer_epoch.next(),
                last_producer_epoch: ProducerEpoch::NONE,
                ..self.prepared_v1(now_ms, TransactionOutcome::Abort)
            },
            TransactionVersion::V2 => self.prepared_v2(now_ms, TransactionOutcome::Abort, new_producer_id),
        }
    }

    /// Returns whether the open transaction has lasted longer than its timeout. Source: `TransactionStateManager.timedOutTransactions`.
    pub(crate) fn has_timed_out(&self, now_ms: i64) -> bool {
        self.state == TransactionState::Ongoing
            && self.start_ms.saturating_add(i64::from(self.timeout_ms)) < now_ms
    }

    /// Returns whether the id has not changed for `transactional.id.expiration.ms` and may be forgotten. Source:
    /// `TransactionStateManager.shouldExpire`.
    pub(crate) fn has_expired(&self, now_ms: i64, expiration_ms: i64) -> bool {
        self.state.is_at_rest() && self.last_update_ms <= now_ms.saturating_sub(expiration_ms)
    }

    fn prepared_v1(&self, now_ms: i64, outcome: TransactionOutcome) -> Self {
        let mut next = self.becoming(outcome.prepared());
        next.next_producer_id = ProducerId::NONE;
        next.last_update_ms = now_ms;
        next.client_version = TransactionVersion::V1;
        next
    }

    fn prepared_v2(
        &self,
        now_ms: i64,
        outcome: TransactionOutcome,
        new_producer_id: impl FnOnce() -> ProducerId,
    ) -> Self {
        let mut next = self.becoming(outcome.prepared());
        next.next_producer_id = if self.producer_epoch.is_exhausted() {
            new_producer_id()
        } else {
            ProducerId::NONE
        };
        // Only an abort may meet the greatest epoch, which has no next; it has fenced whoever there was.
        next.producer_epoch = self.producer_epoch.next();
        next.last_producer_epoch = self.producer_epoch;
        next.last_update_ms = now_ms;
        next.client_version = TransactionVersion::V2;
        next
    }

    /// Returns the value after markers were written to `partitions`, or the partitions were found to be deleted.
    pub(crate) fn without_partitions(&self, partitions: &BTreeSet<TopicPartition>) -> Self {
        assert!(
            self.state.is_prepared(),
            "markers are written once the outcome is decided"
        );
        Self {
            partitions: self.partitions.difference(partitions).cloned().collect(),
            ..self.clone()
        }
    }

    /// Returns the completed value: all markers are written.
    pub(crate) fn completed(&self, now_ms: i64) -> Self {
        let outcome = self.outcome().expect("only a decided transaction completes");
        assert!(
            self.partitions.is_empty(),
            "a transaction completes after all its markers"
        );
        let mut next = self.becoming(outcome.complete());
        (next.producer_id, next.producer_epoch) = self.producer_when_complete();
        next.next_producer_id = ProducerId::NONE;
        next.last_update_ms = now_ms;
        next
    }

    /// Returns the producer id and epoch from the completion on: a new id if the epochs ran out.
    pub(crate) fn producer_when_complete(&self) -> (ProducerId, ProducerEpoch) {
        if self.next_producer_id == ProducerId::NONE {
            (self.producer_id, self.producer_epoch)
        } else {
            (self.next_producer_id, ProducerEpoch(0))
        }
    }
}
