//! One partition's log: append, read, truncate, find by time or epoch. Pure and synchronous: it is told the time, knows no
//! lock, no clock, no wire message and no other partition.

use crate::ids::{LeaderEpoch, Offset, ProducerEpoch, ProducerId, Sequence};
use bytes::Bytes;

pub mod batch;
pub mod records;

pub(crate) use batch::{Batch, BatchHeader, InvalidBatch};

/// The topic configs that the log obeys, typed. Source: Kafka's `LogConfig`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LogSettings {
    /// `max.message.bytes`: the largest batch, header included; default 1,048,588.
    pub(crate) max_message_bytes: i32,
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
    /// `cleanup.policy` contains `compact`: records need keys. (Compaction itself comes later.)
    pub(crate) compacted: bool,
    /// `cleanup.policy` contains `delete`.
    pub(crate) deletes: bool,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self {
            max_message_bytes: 1_048_588,
            log_append_time: false,
            timestamp_before_max_ms: i64::MAX,
            timestamp_after_max_ms: 3_600_000,
            retention_ms: 604_800_000,
            retention_bytes: -1,
            segment_bytes: 1_073_741_824,
            segment_ms: 604_800_000,
            compacted: false,
            deletes: true,
        }
    }
}

/// What an append gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Appended {
    pub(crate) base_offset: Offset,
    pub(crate) last_offset: Offset,
    /// The timestamp that the broker set, under `LogAppendTime`; -1 on the wire otherwise.
    pub(crate) log_append_time_ms: Option<i64>,
    pub(crate) log_start_offset: Offset,
    /// An idempotent producer sent this batch before: nothing was appended, the offsets are the original ones.
    pub(crate) is_duplicate: bool,
}

/// Why a batch was not appended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AppendError {
    #[error("a batch of {bytes} bytes exceeds max.message.bytes of {limit_bytes}")]
    TooLarge { bytes: usize, limit_bytes: i32 },
    #[error("timestamp {timestamp_ms} of the batch is out of the range {earliest_ms}..={latest_ms}")]
    TimestampOutOfRange {
        timestamp_ms: i64,
        earliest_ms: i64,
        latest_ms: i64,
    },
    #[error("a record without a key in a compacted topic")]
    MissingKey { batch_index: i32 },
    #[error("sequence {found} of producer {producer_id} where {expected} is due")]
    OutOfOrderSequence {
        producer_id: ProducerId,
        found: Sequence,
        expected: Sequence,
    },
    #[error("epoch {found} of producer {producer_id} is older than {current}")]
    InvalidProducerEpoch {
        producer_id: ProducerId,
        found: ProducerEpoch,
        current: ProducerEpoch,
    },
    #[error("the batch's sequence was seen before, but not among the last five")]
    DuplicateSequence { producer_id: ProducerId },
    #[error(transparent)]
    OutOfMemory(#[from] crate::pool::OutOfMemory),
}

/// A stretch of the log as it goes on the wire: parts to be written one after another, batch after batch.
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
    Header([u8; batch::BATCH_HEADER_BYTES]),
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

/// An idempotent producer's state in one partition, as DescribeProducers shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ActiveProducer {
    pub(crate) producer_id: ProducerId,
    pub(crate) producer_epoch: ProducerEpoch,
    pub(crate) last_sequence: Sequence,
    pub(crate) last_timestamp_ms: i64,
}

/// The log of one partition.
#[derive(Debug)]
pub(crate) struct PartitionLog {}

impl PartitionLog {
    /// An empty log that starts at offset 0 and takes its memory from `pool`.
    pub(crate) fn new(pool: crate::pool::Pool) -> Self {
        let _ = pool;
        Self {}
    }

    /// Appends a checked batch under `leader_epoch` at `now_ms`.
    pub(crate) fn append(
        &mut self,
        batch: Batch,
        leader_epoch: LeaderEpoch,
        now_ms: i64,
        settings: &LogSettings,
    ) -> Result<Appended, AppendError> {
        let _ = (batch, leader_epoch, now_ms, settings);
        todo!("log")
    }

    /// The first offset that is kept.
    pub(crate) fn log_start_offset(&self) -> Offset {
        todo!("log")
    }

    /// The offset that the next record gets.
    pub(crate) fn log_end_offset(&self) -> Offset {
        todo!("log")
    }

    /// What is stored, in bytes as Kafka counts them (batches with headers).
    pub(crate) fn size_bytes(&self) -> u64 {
        todo!("log")
    }

    /// Whole batches from the one that holds `from`, up to and excluding `end`, `max_bytes` at most; with `at_least_one` the first
    /// batch comes even if it is larger (KIP-74).
    pub(crate) fn read(
        &self,
        from: Offset,
        end: Offset,
        max_bytes: usize,
        at_least_one: bool,
    ) -> Result<Slice, OffsetOutOfRange> {
        let _ = (from, end, max_bytes, at_least_one);
        todo!("log")
    }

    /// The first record whose timestamp is `timestamp_ms` or later (ListOffsets by time).
    pub(crate) fn find_by_time(&self, timestamp_ms: i64) -> Option<Found> {
        let _ = timestamp_ms;
        todo!("log")
    }

    /// The record with the largest timestamp, the first of them if several (ListOffsets -3, KIP-734).
    pub(crate) fn find_max_timestamp(&self) -> Option<Found> {
        todo!("log")
    }

    /// The epoch of the record at `offset` (the earliest kept epoch at or before it).
    pub(crate) fn epoch_at(&self, offset: Offset) -> Option<LeaderEpoch> {
        let _ = offset;
        todo!("log")
    }

    /// The largest epoch at most `epoch` and the offset where it ends (OffsetForLeaderEpoch, KIP-101, KIP-279).
    pub(crate) fn end_offset_for_epoch(&self, epoch: LeaderEpoch) -> Option<(LeaderEpoch, Offset)> {
        let _ = epoch;
        todo!("log")
    }

    /// Drops what lies before `offset` (DeleteRecords); the new log start offset.
    pub(crate) fn delete_records(&mut self, offset: Offset) -> Result<Offset, OffsetOutOfRange> {
        let _ = offset;
        todo!("log")
    }

    /// Drops segments that are too old or too many; how many bytes went.
    pub(crate) fn enforce_retention(&mut self, now_ms: i64, settings: &LogSettings) -> u64 {
        let _ = (now_ms, settings);
        todo!("log")
    }

    /// The producers that the log remembers.
    pub(crate) fn active_producers(&self) -> Vec<ActiveProducer> {
        todo!("log")
    }
}
