//! The state of one producer in one partition. Source: Kafka's `ProducerStateEntry`.

use crate::ids::{Offset, ProducerEpoch, Sequence};
use crate::log::header::BatchHeader;
use std::collections::VecDeque;

/// The number of last batches that are remembered of a producer. It may have as many in flight, and send any of them again:
/// `ProducerStateEntry.NUM_BATCHES_TO_RETAIN`.
const BATCHES_KEPT: usize = 5;

/// A producer that has written a batch, or whose transaction has been ended.
#[derive(Debug)]
pub(super) struct Producer {
    pub(super) epoch: ProducerEpoch,
    /// The epoch of the coordinator that wrote the last marker, or -1.
    pub(super) coordinator_epoch: i32,
    pub(super) last_timestamp_ms: i64,
    /// The last offset of its last batch or marker.
    pub(super) last_offset: Offset,
    /// The first offset of its open transaction.
    pub(super) transaction_start: Option<Offset>,
    window: VecDeque<Written>,
}

/// A batch that was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::log) struct Written {
    first_sequence: Sequence,
    last_sequence: Sequence,
    pub(in crate::log) base_offset: Offset,
    pub(in crate::log) last_offset: Offset,
    pub(in crate::log) timestamp_ms: i64,
}

impl Producer {
    /// Returns a producer that has written nothing yet.
    pub(super) fn new(epoch: ProducerEpoch) -> Self {
        Self {
            epoch,
            coordinator_epoch: -1,
            last_timestamp_ms: -1,
            last_offset: Offset(-1),
            transaction_start: None,
            window: VecDeque::new(),
        }
    }

    /// Returns the sequence of the last record of the present epoch; -1 if it has none.
    pub(super) fn last_sequence(&self) -> Sequence {
        let last = self.window.back();
        last.map_or(Sequence::NONE, |written| written.last_sequence)
    }

    /// Returns the last offset of its last batch; `None` if no batch of the present epoch is remembered.
    pub(super) fn last_data_offset(&self) -> Option<Offset> {
        self.window.back().map(|written| written.last_offset)
    }

    /// Returns whether no batch is remembered. That is so after a marker with a new epoch.
    pub(super) fn is_without_batches(&self) -> bool {
        self.window.is_empty()
    }

    /// Returns the batch of the window with the same epoch and the same sequences, if any.
    pub(super) fn written(&self, header: &BatchHeader) -> Option<Written> {
        let range = (header.base_sequence(), header.last_sequence());
        self.window
            .iter()
            .find(|written| (written.first_sequence, written.last_sequence) == range)
            .filter(|_| header.producer_epoch() == self.epoch)
            .copied()
    }

    /// Remembers a batch that was appended.
    pub(super) fn note(&mut self, header: &BatchHeader) {
        self.set_epoch(header.producer_epoch());
        if self.window.len() == BATCHES_KEPT {
            self.window.pop_front();
        }
        self.window.push_back(Written {
            first_sequence: header.base_sequence(),
            last_sequence: header.last_sequence(),
            base_offset: header.base_offset(),
            last_offset: header.last_offset(),
            timestamp_ms: header.max_timestamp_ms(),
        });
        // Kafka expires producers by the timestamp of their last batch, not by the time of the append.
        self.last_timestamp_ms = header.max_timestamp_ms();
        self.last_offset = header.last_offset();
    }

    /// Adopts an epoch.
    pub(super) fn set_epoch(&mut self, epoch: ProducerEpoch) {
        if self.epoch != epoch {
            self.epoch = epoch;
            // The sequences begin again, so a batch of the old epoch could pass for a duplicate.
            self.window.clear();
        }
    }
}
