//! One partition's log: append, read, truncate, find by time or epoch. Pure and synchronous: it is told the time, knows no
//! lock, no clock, no wire message and no other partition.

use crate::ids::{LeaderEpoch, Offset, ProducerEpoch, ProducerId, Sequence};
use crate::pool::{OutOfMemory, Pool};
use aborted::AbortedTransactions;
use bytes::Bytes;
use epochs::LeaderEpochs;
use header::BatchHeader;
use producers::Producers;
use segment::{Segment, Window};
use std::collections::VecDeque;

mod aborted;
pub(crate) mod batch;
mod compaction;
mod epochs;
pub(crate) mod header;
mod index;
mod limits;
mod marker;
mod producers;
pub mod records;
mod retention;
mod search;
mod segment;

pub(crate) use aborted::AbortedTransaction;
pub(crate) use batch::{Batch, FramedBatch, InvalidBatch};
pub(crate) use compaction::{Cleaned, Cleaning, CleaningError};
pub(crate) use limits::{RecordFault, RefusedRecord, RefusedRecords};
pub(crate) use marker::{MarkerError, TransactionMarker, TransactionOutcome};
pub(crate) use producers::{Origin, Unverified, Verification, VerificationGuard};
use records::InvalidRecords;

/// The largest size that a batch may decompress to when the log has to read its records. It is far above any useful batch, and low
/// enough that a few bytes that claim gigabytes do no harm.
const DECOMPRESSED_LIMIT_BYTES: usize = 64 << 20;

/// The topic configs that logs honour, typed. Source: Kafka's `LogConfig`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LogSettings {
    /// `max.message.bytes`: the largest batch, header included; default 1,048,588.
    pub(crate) max_message_bytes: i32,
    /// `max.decompressed.message.bytes`: the largest record of a compressed batch; default 2,147,483,639, the largest that Kafka's broker
    /// could hold.
    pub(crate) max_decompressed_message_bytes: i32,
    /// `message.timestamp.type` is `LogAppendTime`.
    pub(crate) log_append_time: bool,
    /// `message.timestamp.before.max.ms`, `message.timestamp.after.max.ms`.
    pub(crate) timestamp_before_max_ms: i64,
    pub(crate) timestamp_after_max_ms: i64,
    /// `retention.ms`; -1 keeps forever; default 604,800,000.
    pub(crate) retention_ms: i64,
    /// `retention.bytes`; -1 keeps all; the default.
    pub(crate) retention_bytes: i64,
    /// `segment.bytes`; default 1,073,741,824.
    pub(crate) segment_bytes: i32,
    /// `segment.ms`; default 604,800,000.
    pub(crate) segment_ms: i64,
    /// `cleanup.policy` contains `compact`: records need keys, and of each key the last one is kept.
    pub(crate) compacted: bool,
    /// `min.cleanable.dirty.ratio`: the part of the log that must be dirty; default 0.5.
    pub(crate) min_cleanable_dirty_ratio: f64,
    /// `min.compaction.lag.ms`; default 0.
    pub(crate) min_compaction_lag_ms: i64,
    /// `max.compaction.lag.ms`; default `i64::MAX`.
    pub(crate) max_compaction_lag_ms: i64,
    /// `delete.retention.ms`: the time that tombstones and markers without records stay; default 86,400,000.
    pub(crate) delete_retention_ms: i64,
    /// `cleanup.policy` contains `delete`.
    pub(crate) deletes: bool,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self {
            // This is 1 MiB and the 12 bytes of offset and length before a batch: `Records.LOG_OVERHEAD`.
            max_message_bytes: 1_048_588,
            max_decompressed_message_bytes: UNBOUNDED_MESSAGE_BYTES,
            log_append_time: false,
            timestamp_before_max_ms: i64::MAX,
            // Kafka 4.0 lowered it to one hour (KIP-1030): a segment with a timestamp far in the future
            // outlives its retention.
            timestamp_after_max_ms: 3_600_000,
            retention_ms: 604_800_000,
            retention_bytes: -1,
            segment_bytes: 1_073_741_824,
            segment_ms: 604_800_000,
            compacted: false,
            min_cleanable_dirty_ratio: 0.5,
            min_compaction_lag_ms: 0,
            max_compaction_lag_ms: i64::MAX,
            delete_retention_ms: 86_400_000,
            deletes: true,
        }
    }
}

/// The default of `max.decompressed.message.bytes`, which bounds nothing.
const UNBOUNDED_MESSAGE_BYTES: i32 = 2_147_483_639;

impl LogSettings {
    /// Returns the age at which a segment is closed. Records of a compacted log wait in the active one, so `max.compaction.lag.ms` counts
    /// too. Source: `LogConfig.maxSegmentMs`.
    fn max_segment_ms(&self) -> i64 {
        if self.compacted && self.max_compaction_lag_ms > 0 {
            self.segment_ms.min(self.max_compaction_lag_ms)
        } else {
            self.segment_ms
        }
    }

    /// Returns whether the size of decompressed records is bounded below what can be.
    fn bounds_decompressed_records(&self) -> bool {
        self.max_decompressed_message_bytes < UNBOUNDED_MESSAGE_BYTES
    }
}

/// The result of an append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Appended {
    pub(crate) base_offset: Offset,
    pub(crate) last_offset: Offset,
    /// The timestamp that the broker set, under `LogAppendTime`; -1 on the wire otherwise.
    pub(crate) log_append_time_ms: Option<i64>,
    pub(crate) log_start_offset: Offset,
    /// Set if an idempotent producer had sent this batch before: nothing was appended, and the offsets are the original ones.
    pub(crate) is_duplicate: bool,
}

/// Why a batch was not appended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AppendError {
    #[error("a batch of {bytes} bytes exceeds max.message.bytes of {limit_bytes}")]
    TooLarge { bytes: usize, limit_bytes: i32 },
    #[error("{} records are refused", .0.count)]
    RefusedRecords(Box<RefusedRecords>),
    #[error("a record of {bytes} bytes exceeds max.decompressed.message.bytes of {limit_bytes}")]
    TooLargeDecompressed { bytes: usize, limit_bytes: i32 },
    #[error(transparent)]
    InvalidBatch(#[from] InvalidBatch),
    #[error("out-of-order sequence {found} from producer {producer_id}, expected {expected}")]
    OutOfOrderSequence {
        producer_id: ProducerId,
        found: Sequence,
        expected: Sequence,
    },
    #[error("stale epoch {found} from producer {producer_id}, the current one is {current}")]
    InvalidProducerEpoch {
        producer_id: ProducerId,
        found: ProducerEpoch,
        current: ProducerEpoch,
    },
    #[error("the batch of producer {producer_id} belongs to no open transaction")]
    NotInTransaction { producer_id: ProducerId },
    #[error("producer {producer_id} has an open transaction, but its batch is not transactional")]
    NotTransactional { producer_id: ProducerId },
    #[error("a batch of {bytes} bytes exceeds segment.bytes of {limit_bytes}")]
    TooLargeForSegment { bytes: usize, limit_bytes: i32 },
    #[error(transparent)]
    InvalidRecords(#[from] InvalidRecords),
    #[error(transparent)]
    OutOfMemory(#[from] OutOfMemory),
}

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

/// The terms of an append.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AppendTerms<'a> {
    pub(crate) leader_epoch: LeaderEpoch,
    pub(crate) now_ms: i64,
    pub(crate) settings: &'a LogSettings,
    pub(crate) origin: Origin,
    pub(crate) verification: Verification,
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
    /// Set when compaction has met records that it cannot read.
    is_uncleanable: bool,
    /// Rises when segments are dropped or truncated, so that a cleaning that began before is not put in their place.
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

    /// Appends a client's verified batch under `leader_epoch` at `now_ms`. Changes nothing if it fails.
    pub(crate) fn append(
        &mut self,
        batch: Batch,
        leader_epoch: LeaderEpoch,
        now_ms: i64,
        settings: &LogSettings,
    ) -> Result<Appended, AppendError> {
        let terms = AppendTerms {
            leader_epoch,
            now_ms,
            settings,
            origin: Origin::Client,
            verification: Verification::None,
        };
        self.append_on(batch, &terms)
    }

    /// Appends a verified batch. Changes nothing if it fails.
    pub(crate) fn append_on(
        &mut self,
        mut batch: Batch,
        terms: &AppendTerms<'_>,
    ) -> Result<Appended, AppendError> {
        // Size and records come before the sequence, as in `UnifiedLog.append`: an invalid batch is refused
        // even if it was sent before.
        limits::check_size(batch.size_bytes(), terms.settings)?;
        limits::check_records(&mut batch, terms.now_ms, terms.settings)?;
        limits::check_segment_size(batch.size_bytes(), terms.settings)?;
        if !batch.header.has_producer_id() {
            return Ok(self.keep(batch, terms)?.1);
        }
        let original = self
            .producers
            .check(&batch.header, terms.origin, terms.verification)?;
        if let Some(written) = original {
            return Ok(Appended {
                base_offset: written.base_offset,
                last_offset: written.last_offset,
                // Kafka gives the timestamp of the original batch, whatever the timestamp type is.
                log_append_time_ms: Some(written.timestamp_ms),
                log_start_offset: self.log_start_offset,
                is_duplicate: true,
            });
        }
        let (header, appended) = self.keep(batch, terms)?;
        self.producers.note(&header);
        Ok(appended)
    }

    /// Ends a producer's transaction. A marker without a transaction is written too. Changes nothing if it fails.
    pub(crate) fn append_marker(
        &mut self,
        marker: &TransactionMarker,
        terms: &AppendTerms<'_>,
    ) -> Result<Appended, MarkerError> {
        self.producers.check_marker(marker)?;
        let (header, appended) = self.keep(marker.batch(terms.now_ms), terms)?;
        // A marker without a producer id is written and means nothing, as in Kafka.
        if !header.has_producer_id() {
            return Ok(appended);
        }
        let completed = self
            .producers
            .note_marker(marker, header.base_offset(), header.max_timestamp_ms());
        if let Some(completed) = completed
            && marker.outcome == TransactionOutcome::Abort
        {
            self.aborted.add(completed);
        }
        Ok(appended)
    }

    /// Returns the error of a framed batch that failed the checks: those of its size come before most others. Source:
    /// `UnifiedLog.analyzeAndValidateRecords`.
    pub(crate) fn refusal(&self, bytes: usize, invalid: InvalidBatch, settings: &LogSettings) -> AppendError {
        match limits::check_size(bytes, settings) {
            Err(error) if !invalid.precedes_size() => error,
            _ => invalid.into(),
        }
    }

    /// Stores a batch at the log end, and returns its final header.
    fn keep(
        &mut self,
        mut batch: Batch,
        terms: &AppendTerms<'_>,
    ) -> Result<(BatchHeader, Appended), OutOfMemory> {
        let AppendTerms { now_ms, settings, .. } = *terms;
        batch.header.set_base_offset(self.log_end_offset);
        // The client's value means nothing: franz-go sends -1, Sarama 0.
        batch.header.set_leader_epoch(terms.leader_epoch);
        if settings.log_append_time {
            batch.header.set_log_append_time(now_ms, batch.body.len());
        }
        let (header, size) = (batch.header, batch.size_bytes() as u64);
        // Only the append to a segment can fail, so nothing else changes before it.
        let rolls = match self.segments.back() {
            None => true,
            Some(active) => active.should_roll(&batch, now_ms, settings),
        };
        if rolls {
            let mut segment = Segment::new(self.log_end_offset, now_ms);
            // The new segment gets the batch before it joins the log: if memory is refused, no empty segment
            // is left.
            segment.append(batch, now_ms, &self.pool)?;
            self.roll(segment);
        } else if let Some(active) = self.segments.back_mut() {
            active.append(batch, now_ms, &self.pool)?;
        }
        self.size_bytes += size;
        // The epoch begins with this batch, so it is noted before the log end moves.
        self.epochs.assign(terms.leader_epoch, self.log_end_offset);
        self.log_end_offset = header.last_offset().plus(1);
        if rolls {
            // The new segment is above the high watermark until this append is acknowledged. Kafka deletes nothing above it, so the
            // segment stays however old its records are.
            self.drop_expired(self.segments.len() - 1, now_ms, settings);
        }
        let appended = Appended {
            base_offset: header.base_offset(),
            last_offset: header.last_offset(),
            log_append_time_ms: settings.log_append_time.then_some(now_ms),
            log_start_offset: self.log_start_offset,
            is_duplicate: false,
        };
        Ok((header, appended))
    }

    fn roll(&mut self, next: Segment) {
        if let Some(active) = self.segments.back_mut() {
            active.seal(&self.pool);
        }
        self.segments.push_back(next);
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

    /// Returns the size of all batches with their headers, as Kafka counts its files.
    pub(crate) fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// Reads whole batches from the one that holds `from` up to and excluding `end`, at most `max_bytes`. With `at_least_one` the
    /// first batch is read even if it is larger, so that a consumer with a small limit does not get stuck (KIP-74).
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
                if !segment.read(from, window, &mut slice, &self.pool) {
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
