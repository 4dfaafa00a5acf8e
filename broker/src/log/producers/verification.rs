//! Producers whose transactions the coordinator is asked about before their first append. Source: Kafka's `VerificationStateEntry`,
//! `VerificationGuard` and `ProducerStateManager.maybeCreateVerificationStateEntry`; KIP-890.

use crate::ids::{ProducerEpoch, ProducerId, Sequence};
use std::collections::BTreeMap;

/// The handle of one question to the coordinator. An append with it is refused if a marker or another append came between: the
/// coordinator's answer is out of date then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct VerificationGuard(u64);

/// The state of the transaction that a batch belongs to, as far as it was verified.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Verification {
    /// Nothing: a transactional batch must belong to a transaction that is open in this partition.
    #[default]
    None,
    /// The coordinator has confirmed that the partition belongs to the transaction.
    Confirmed(VerificationGuard),
    /// `transaction.partition.verification.enable` is false: a batch may begin a transaction that the coordinator does not know.
    Disabled,
}

/// A batch that asks for verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unverified {
    pub(crate) producer_id: ProducerId,
    pub(crate) producer_epoch: ProducerEpoch,
    pub(crate) base_sequence: Sequence,
    /// Whether the client speaks transactions version 2 (Produce 12 and later): its sequences begin again with each transaction.
    pub(crate) supports_epoch_bump: bool,
}

/// The questions that are open in one partition.
#[derive(Debug, Default)]
pub(super) struct Verifications {
    /// Boxed, because most partitions never have a question.
    questions: Option<Box<Questions>>,
}

#[derive(Debug, Default)]
struct Questions {
    by_producer: BTreeMap<ProducerId, Question>,
    asked_count: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Question {
    guard: VerificationGuard,
    asked_ms: i64,
    epoch: ProducerEpoch,
    pub(super) lowest_sequence: Sequence,
    pub(super) supports_epoch_bump: bool,
}

impl Verifications {
    /// Notes a batch that asks, and returns the guard of its producer's question.
    pub(super) fn ask(&mut self, batch: Unverified, now_ms: i64) -> VerificationGuard {
        let questions = &mut **self.questions.get_or_insert_default();
        let asked_count = &mut questions.asked_count;
        let question = questions.by_producer.entry(batch.producer_id).or_insert_with(|| {
            *asked_count += 1;
            Question {
                guard: VerificationGuard(*asked_count),
                asked_ms: now_ms,
                epoch: batch.producer_epoch,
                lowest_sequence: batch.base_sequence,
                supports_epoch_bump: batch.supports_epoch_bump,
            }
        });
        let is_newer = batch.producer_epoch > question.epoch;
        let is_lower =
            batch.producer_epoch == question.epoch && batch.base_sequence < question.lowest_sequence;
        if is_newer || is_lower {
            // Batches in flight may come in any order, but the first one to be appended must have the lowest sequence.
            question.epoch = batch.producer_epoch;
            question.lowest_sequence = batch.base_sequence;
        }
        question.guard
    }

    /// Returns a producer's open question.
    pub(super) fn get(&self, producer_id: ProducerId) -> Option<Question> {
        let questions = self.questions.as_ref()?;
        questions.by_producer.get(&producer_id).copied()
    }

    /// Returns whether `guard` is that of the producer's open question.
    pub(super) fn holds(&self, producer_id: ProducerId, guard: VerificationGuard) -> bool {
        self.get(producer_id)
            .is_some_and(|question| question.guard == guard)
    }

    /// Ends a producer's question, unless it is about the transaction after the one that the marker ends: with transactions version 2 the
    /// marker has the epoch of the next transaction, which may have begun. Source: `UnifiedLog.updateProducers`.
    pub(super) fn end_by_marker(&mut self, producer_id: ProducerId, marker_epoch: ProducerEpoch) {
        let is_about_next = self
            .get(producer_id)
            .is_some_and(|question| question.supports_epoch_bump && question.epoch == marker_epoch);
        if !is_about_next {
            self.end(producer_id);
        }
    }

    /// Ends a producer's question: its transaction is open in the log now.
    pub(super) fn end(&mut self, producer_id: ProducerId) {
        if let Some(questions) = &mut self.questions {
            questions.by_producer.remove(&producer_id);
        }
    }

    /// Forgets the questions that are older than `expiration_ms`.
    pub(super) fn expire(&mut self, now_ms: i64, expiration_ms: i64) {
        if let Some(questions) = &mut self.questions {
            questions
                .by_producer
                .retain(|_, question| now_ms.saturating_sub(question.asked_ms) < expiration_ms);
        }
    }
}
