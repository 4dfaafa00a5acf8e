//! Idempotent producers: the next sequence of each, and the batches that it may send again. Source: Kafka's `ProducerStateManager`,
//! `ProducerAppendInfo` and `ProducerStateEntry`; KIP-98, KIP-360.

use super::header::BatchHeader;
use super::{ActiveProducer, AppendError};
use crate::ids::{Offset, ProducerEpoch, ProducerId, Sequence};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The number of last batches that are remembered of a producer. It may have as many in flight, and send any of them again:
/// `ProducerStateEntry.NUM_BATCHES_TO_RETAIN`.
const BATCHES_KEPT: usize = 5;
/// `producer.id.expiration.ms`.
const EXPIRATION_MS: i64 = 86_400_000;

/// The most producers that a partition remembers. Beyond it those that wrote longest ago are forgotten, as if they had expired.
/// Kafka has no such limit; here a client that makes ids up must not fill the memory.
const PRODUCERS_KEPT: usize = 10_000;

/// The producers that have written to one partition.
#[derive(Debug, Default)]
pub(super) struct Producers {
    by_id: BTreeMap<ProducerId, Producer>,
}

#[derive(Debug)]
struct Producer {
    epoch: ProducerEpoch,
    /// The sequence of the last record written. Not read from the window, which is empty after a change of epoch.
    last_sequence: Sequence,
    last_timestamp_ms: i64,
    window: VecDeque<Written>,
}

/// A batch that was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Written {
    first_sequence: Sequence,
    last_sequence: Sequence,
    pub(super) base_offset: Offset,
    pub(super) last_offset: Offset,
    pub(super) timestamp_ms: i64,
}

impl Producers {
    /// Checks whether a batch may be appended. Returns the original batch if it was appended before.
    pub(super) fn check(&self, header: &BatchHeader) -> Result<Option<Written>, AppendError> {
        let producer_id = header.producer_id();
        // A producer that is not known (or no longer) may start anywhere: Kafka 2.5 and later.
        let Some(producer) = self.by_id.get(&producer_id) else {
            return Ok(None);
        };
        // Duplicates come first, as in `UnifiedLog.analyzeAndValidateProducerState`: their sequence is behind
        // the expected one and would be refused.
        if let Some(written) = producer.written(header) {
            return Ok(Some(written));
        }
        if header.producer_epoch() < producer.epoch {
            // Since Kafka 2.7 this is not PRODUCER_FENCED, which is fatal: the client can abort and go on.
            return Err(AppendError::InvalidProducerEpoch {
                producer_id,
                found: header.producer_epoch(),
                current: producer.epoch,
            });
        }
        let expected = if header.producer_epoch() == producer.epoch {
            producer.last_sequence.plus(1)
        } else {
            // A new epoch begins its sequences again (KIP-360).
            Sequence(0)
        };
        if header.base_sequence() != expected {
            return Err(AppendError::OutOfOrderSequence {
                producer_id,
                found: header.base_sequence(),
                expected,
            });
        }
        Ok(None)
    }

    /// Remembers a batch that was appended; `header` has its offsets.
    pub(super) fn note(&mut self, header: &BatchHeader) {
        if self.by_id.len() >= PRODUCERS_KEPT && !self.by_id.contains_key(&header.producer_id()) {
            self.forget_a_tenth();
        }
        let producer = self
            .by_id
            .entry(header.producer_id())
            .or_insert_with(|| Producer {
                epoch: header.producer_epoch(),
                last_sequence: Sequence(-1),
                last_timestamp_ms: -1,
                window: VecDeque::new(),
            });
        if producer.epoch != header.producer_epoch() {
            producer.epoch = header.producer_epoch();
            // The sequences begin again, so a batch of the old epoch could pass for a duplicate.
            producer.window.clear();
        }
        if producer.window.len() == BATCHES_KEPT {
            producer.window.pop_front();
        }
        producer.window.push_back(Written {
            first_sequence: header.base_sequence(),
            last_sequence: header.last_sequence(),
            base_offset: header.base_offset(),
            last_offset: header.last_offset(),
            timestamp_ms: header.max_timestamp_ms(),
        });
        producer.last_sequence = header.last_sequence();
        // Kafka expires producers by the timestamp of their last batch, not by the time of the append.
        producer.last_timestamp_ms = header.max_timestamp_ms();
    }

    /// Forgets the tenth of the producers that wrote longest ago. One at a time would be a search of all of them per append.
    fn forget_a_tenth(&mut self) {
        // Offsets order the producers by their last append. Timestamps would not: clients set them.
        let mut last_offsets: Vec<_> = self.by_id.values().map(Producer::last_offset).collect();
        let tenth = last_offsets.len() / 10;
        let (_, forgotten, _) = last_offsets.select_nth_unstable(tenth);
        self.by_id
            .retain(|_, producer| producer.last_offset() > *forgotten);
    }

    /// Takes back the batches that are at or after `end_offset`; `kept` are the headers of the batches that the log still has.
    ///
    /// A producer whose last batch is kept stays as it is, even if its earlier batches were deleted. The others are built again
    /// from `kept`, because the window of five batches does not reach back as far as a truncation can. Kafka does both at once:
    /// it reloads a snapshot and replays the log from there (`UnifiedLog.rebuildProducerState`).
    pub(super) fn truncate(&mut self, end_offset: Offset, kept: impl Iterator<Item = BatchHeader>) {
        let mut taken_back = BTreeSet::new();
        self.by_id.retain(|id, producer| {
            let is_kept = producer.last_offset() < end_offset;
            if !is_kept {
                taken_back.insert(*id);
            }
            is_kept
        });
        // Without such a producer the walk over the headers of the whole log is not needed.
        if taken_back.is_empty() {
            return;
        }
        for header in kept.filter(|header| taken_back.contains(&header.producer_id())) {
            self.note(&header);
        }
    }

    /// Forgets the producers that have not written for `producer.id.expiration.ms`.
    pub(super) fn expire(&mut self, now_ms: i64) {
        // Clients set the timestamps, so the difference saturates.
        self.by_id
            .retain(|_, producer| now_ms.saturating_sub(producer.last_timestamp_ms) < EXPIRATION_MS);
    }

    /// Returns all producers, in the order of their ids.
    pub(super) fn active(&self) -> Vec<ActiveProducer> {
        self.by_id
            .iter()
            .map(|(id, producer)| ActiveProducer {
                producer_id: *id,
                producer_epoch: producer.epoch,
                last_sequence: producer.last_sequence,
                last_timestamp_ms: producer.last_timestamp_ms,
            })
            .collect()
    }
}

impl Producer {
    fn last_offset(&self) -> Offset {
        self.window
            .back()
            .map_or(Offset(-1), |written| written.last_offset)
    }

    /// Returns the batch of the window with the same epoch and the same sequences, if any.
    fn written(&self, header: &BatchHeader) -> Option<Written> {
        let range = (header.base_sequence(), header.last_sequence());
        self.window
            .iter()
            .find(|written| (written.first_sequence, written.last_sequence) == range)
            .filter(|_| header.producer_epoch() == self.epoch)
            .copied()
    }
}
