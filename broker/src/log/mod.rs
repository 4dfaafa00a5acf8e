//! One partition's log: append, read, truncate, find by time or epoch. Pure and synchronous: it is told the time, knows no
//! lock, no clock, no wire message and no other partition.

use crate::ids::{LeaderEpoch, Offset, ProducerEpoch, ProducerId, Sequence};
use crate::pool::Pool;
use aborted::AbortedTransactions;
use bytes::Bytes;
use epochs::LeaderEpochs;
use producers::Producers;
use segment::{Segment, Window};
use std::collections::VecDeque;

mod aborted;
mod append;
pub(crate) mod batch;
mod compaction;
mod epochs;
pub(crate) mod header;
mod index;
mod limits;
mod marker;
mod producers;
pub mod records;
mod refusal;
mod retention;
mod search;
mod segment;
mod settings;

pub(crate) use aborted::AbortedTransaction;
pub(crate) use append::{AppendTerms, Appended};
pub(crate) use batch::{Batch, FramedBatch, InvalidBatch, is_transactional};
pub(crate) use compaction::{Cleaned, Cleaning, CleaningError};
pub(crate) use marker::{MarkerError, TransactionMarker};
pub(crate) use producers::{Origin, Unverified, Verification, VerificationGuard};
pub(crate) use refusal::{AppendError, RecordFault, RefusedRecord, RefusedRecords};
pub(crate) use settings::LogSettings;

/// The largest size that a batch may decompress to when the log has to read its records. It is far above any useful batch, and low
/// enough that a few bytes that claim gigabytes do no harm.
const DECOMPRESSED_LIMIT_BYTES: usize = 64 << 20;

/// A stretch of the log as it goes on the wire: parts to be written one after another.
#[derive(Clone, Debug, Default)]
pub(crate) struct Slice {
    pub(crate) parts: Vec<Part>,
    pub(crate) bytes: usize,
    /// The offset after the last record in it; the offset asked for when it is empty.
    pub(crate) next_offset: Offset,
}

/// One part of a [`Slice`].
#[derive(Clone, Debug)]
pub(crate) enum Part {
    /// A large batch's header; its body follows.
    Header([u8; header::BATCH_HEADER_BYTES]),
    /// A large batch's body, or a run of small batches with their headers: shared, never copied.
    Bytes(Bytes),
}

/// The offset asked for is not in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("offset {offset} is outside {log_start_offset}..={end_offset}")]
pub(crate) struct OffsetOutOfRange {
    pub(crate) offset: Offset,
    pub(crate) log_start_offset: Offset,
    pub(crate) end_offset: Offset,
}

/// A record found by its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) offset: Offset,
    pub(crate) timestamp_ms: i64,
    pub(crate) leader_epoch: LeaderEpoch,
}

/// A producer's state in one partition, as DescribeProducers shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ActiveProducer {
    pub(crate) producer_id: ProducerId,
    pub(crate) producer_epoch: ProducerEpoch,
    /// -1 if a marker began the epoch.
    pub(crate) last_sequence: Sequence,
    pub(crate) last_timestamp_ms: i64,
    /// The epoch of the coordinator that wrote the last marker, or -1.
    pub(crate) coordinator_epoch: i32,
    /// The first offset of its open transaction.
    pub(crate) transaction_start_offset: Option<Offset>,
}

/// The log of one partition.
#[derive(Debug)]
pub(crate) struct PartitionLog {
    pool: Pool,
    log_start_offset: Offset,
    log_end_offset: Offset,
    size_bytes: u64,
    /// In order; only the last one grows. None until the first append.
    segments: VecDeque<Segment>,
    producers: Producers,
    aborted: AbortedTransactions,
    epochs: LeaderEpochs,
    /// The offset before which compaction has cleaned; below the log start offset if it has not.
    cleaned_to: Offset,
    /// Whether compaction has met records that it cannot read.
    is_uncleanable: bool,
    /// A number that rises when segments are dropped, truncated or replaced, so that a cleaning that began before is not put in their place.
    revision: u64,
}

impl PartitionLog {
    /// Returns an empty log that starts at offset 0, is led at epoch 0, and takes its memory from `pool`.
    pub(crate) fn new(pool: Pool) -> Self {
        Self {
            pool,
            log_start_offset: Offset(0),
            log_end_offset: Offset(0),
            size_bytes: 0,
            segments: VecDeque::new(),
            producers: Producers::default(),
            aborted: AbortedTransactions::default(),
            epochs: LeaderEpochs::new(LeaderEpoch(0)),
            cleaned_to: Offset(0),
            is_uncleanable: false,
            revision: 0,
        }
    }

    /// Begins `epoch` at the log end, as Kafka does when a broker becomes the leader.
    pub(crate) fn begin_epoch(&mut self, epoch: LeaderEpoch) {
        self.epochs.assign(epoch, self.log_end_offset);
    }

    /// Drops the batches that hold or follow `offset`, which becomes the log end: a batch that begins before it goes whole, and
    /// leaves a gap. Leader epochs that begin there are forgotten, and producers are as they were before. An offset at or after
    /// the log end drops nothing. Source: Kafka's `UnifiedLog.truncateTo`.
    ///
    /// An offset before the log start empties the log: the batches between the two have been given back already. (Kafka's files
    /// may still have some of them, which no client can read.)
    pub(crate) fn truncate(&mut self, offset: Offset, now_ms: i64) {
        assert!(
            offset >= Offset(0),
            "a log is truncated to an offset of 0 or more"
        );
        // Also if no record goes: this broker may have begun an epoch at the log end that another leader never saw.
        self.epochs.truncate_from(offset.min(self.log_end_offset));
        if offset >= self.log_end_offset {
            return;
        }
        self.revision += 1;
        self.cleaned_to = self.cleaned_to.min(offset);
        if offset < self.log_start_offset {
            self.segments.clear();
            self.size_bytes = 0;
            self.producers = Producers::default();
            self.aborted = AbortedTransactions::default();
            self.log_start_offset = offset;
        } else {
            // The segments come first: producers are built again from the batches that are left.
            self.truncate_segments(offset, now_ms);
            let kept = self.segments.iter().flat_map(Segment::batches);
            self.producers.truncate(offset, kept);
            self.aborted.truncate_from(offset);
        }
        self.log_end_offset = offset;
    }

    /// Drops the segments that begin after `offset`, and the batches from there on in the last segment that is left. That segment
    /// stays even if it is empty then, and takes the next append.
    fn truncate_segments(&mut self, offset: Offset, now_ms: i64) {
        let kept = self
            .segments
            .partition_point(|segment| segment.base_offset <= offset);
        for segment in self.segments.drain(kept..) {
            self.size_bytes -= segment.size_bytes;
        }
        if let Some(active) = self.segments.back_mut() {
            self.size_bytes -= active.truncate(offset, now_ms, &self.pool);
        }
    }

    /// Returns the first offset that is kept.
    pub(crate) fn log_start_offset(&self) -> Offset {
        self.log_start_offset
    }

    /// Returns the offset that the next record gets.
    pub(crate) fn log_end_offset(&self) -> Offset {
        self.log_end_offset
    }

    /// Returns the base offset of the segment that grows; `None` before the first append.
    pub(crate) fn active_base_offset(&self) -> Option<Offset> {
        self.segments.back().map(|active| active.base_offset)
    }

    /// Returns the size of all batches with their headers, as Kafka counts its files.
    pub(crate) fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// Reads whole batches from the one that holds `from` up to and excluding `end`, at most `max_bytes`, and of one segment: the first
    /// that has any, as in Kafka's `LocalLog.read`. With `at_least_one` the first batch is read even if it is larger, so that a consumer
    /// with a small limit does not get stuck (KIP-74).
    pub(crate) fn read(
        &self,
        from: Offset,
        end: Offset,
        max_bytes: usize,
        at_least_one: bool,
    ) -> Result<Slice, OffsetOutOfRange> {
        self.check_offset(from)?;
        let mut slice = Slice {
            next_offset: from,
            ..Slice::default()
        };
        let window = Window {
            end,
            max_bytes,
            at_least_one,
        };
        // There is nothing to read at the end yet. This is no error, because a fetch waits there.
        if from < end {
            let first = self.segment_of(from);
            for segment in self.segments.range(first..) {
                if !segment.read(from, window, &mut slice, &self.pool) || slice.bytes > 0 {
                    break;
                }
            }
        }
        Ok(slice)
    }

    /// Returns the index of the segment that holds `offset`, or would hold it.
    fn segment_of(&self, offset: Offset) -> usize {
        // Without segments this is 0, which is no segment, but a valid start of an empty range.
        self.segments
            .partition_point(|segment| segment.base_offset <= offset)
            .saturating_sub(1)
    }

    fn check_offset(&self, offset: Offset) -> Result<(), OffsetOutOfRange> {
        if offset < self.log_start_offset || offset > self.log_end_offset {
            return Err(OffsetOutOfRange {
                offset,
                log_start_offset: self.log_start_offset,
                end_offset: self.log_end_offset,
            });
        }
        Ok(())
    }

    /// Returns the epoch of the record at `offset`.
    pub(crate) fn epoch_at(&self, offset: Offset) -> Option<LeaderEpoch> {
        self.epochs.epoch_at(offset)
    }

    /// Returns the largest epoch that is at most `epoch` and the offset where it ends (OffsetForLeaderEpoch, KIP-101, KIP-279).
    pub(crate) fn end_offset_for_epoch(&self, epoch: LeaderEpoch) -> Option<(LeaderEpoch, Offset)> {
        self.epochs.end_offset_for(epoch, self.log_end_offset)
    }

    /// Drops the records before `offset` and returns the new log start offset (DeleteRecords). An offset below the log start changes
    /// nothing.
    pub(crate) fn delete_records(&mut self, offset: Offset) -> Result<Offset, OffsetOutOfRange> {
        if offset < Offset(0) || offset > self.log_end_offset {
            return Err(OffsetOutOfRange {
                offset,
                log_start_offset: self.log_start_offset,
                end_offset: self.log_end_offset,
            });
        }
        if offset > self.log_start_offset {
            self.start_at(offset);
        }
        Ok(self.log_start_offset)
    }

    /// Moves the log start to `offset` and gives back the memory of whole chunks before it.
    fn start_at(&mut self, offset: Offset) {
        self.revision += 1;
        self.log_start_offset = offset;
        self.epochs.truncate_before(offset);
        self.aborted.truncate_before(offset);
        // The segment that holds the offset stays, without the batches before it.
        for _ in 0..self.segment_of(offset) {
            if let Some(segment) = self.segments.pop_front() {
                self.size_bytes -= segment.size_bytes;
            }
        }
        if let Some(first) = self.segments.front_mut() {
            first.drop_before(offset);
        }
    }

    /// Forgets the producers that have not written for `expiration_ms`, unless they have a transaction open.
    pub(crate) fn expire_producers(&mut self, now_ms: i64, expiration_ms: i64) {
        self.producers.expire(now_ms, expiration_ms);
    }

    /// Drops the segments that retention no longer keeps. Returns their size.
    pub(crate) fn enforce_retention(&mut self, now_ms: i64, settings: &LogSettings) -> u64 {
        self.drop_expired(self.segments.len(), now_ms, settings)
    }

    /// Drops those of the first `deletable` segments that retention no longer keeps. Returns their size.
    fn drop_expired(&mut self, deletable: usize, now_ms: i64, settings: &LogSettings) -> u64 {
        let before = self.size_bytes;
        let expired = retention::expired_count(&self.segments, now_ms, settings).min(deletable);
        if expired > 0 {
            let end_offset = self.segments.get(expired).map(|next| next.base_offset);
            self.segments
                .drain(..expired)
                .for_each(|segment| self.size_bytes -= segment.size_bytes);
            // A log without segments starts at its end: no offset is given out twice.
            self.start_at(end_offset.unwrap_or(self.log_end_offset));
        }
        before - self.size_bytes
    }

    /// Returns up to where a `read_committed` consumer reads: the first offset of a transaction that is open or whose marker is not
    /// replicated, or the high watermark. Source: `UnifiedLog.lastStableOffset`.
    pub(crate) fn last_stable_offset(&self, high_watermark: Offset) -> Offset {
        match self.producers.first_unstable_offset() {
            // Records of an open transaction may have been deleted.
            Some(first) => first.max(self.log_start_offset).min(high_watermark),
            None => high_watermark,
        }
    }

    /// Tells the log that every replica in sync has the records below `high_watermark`.
    pub(crate) fn replicated(&mut self, high_watermark: Offset) {
        self.producers.replicated(high_watermark);
    }

    /// Returns the aborted transactions with records in `from..end`, in the order of their ends.
    pub(crate) fn aborted_transactions(&self, from: Offset, end: Offset) -> Vec<AbortedTransaction> {
        self.aborted.within(from, end)
    }

    /// Returns whether the producer has a transaction open here in this epoch.
    #[cfg_attr(not(test), expect(dead_code, reason = "the transaction coordinator uses it"))]
    pub(crate) fn has_ongoing_transaction(&self, id: ProducerId, epoch: ProducerEpoch) -> bool {
        self.producers.has_ongoing_transaction(id, epoch)
    }

    /// Begins the verification of a transactional batch. Returns `None` if its transaction is open already.
    pub(crate) fn begin_verification(
        &mut self,
        batch: Unverified,
        now_ms: i64,
    ) -> Result<Option<VerificationGuard>, AppendError> {
        self.producers.begin_verification(batch, now_ms)
    }

    /// Returns the producers that the log remembers.
    pub(crate) fn active_producers(&self) -> Vec<ActiveProducer> {
        self.producers.active()
    }
}

#[cfg(test)]
mod tests;
