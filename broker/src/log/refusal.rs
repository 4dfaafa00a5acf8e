//! The reasons for which a log refuses a batch.

use super::batch::InvalidBatch;
use super::records::InvalidRecords;
use crate::ids::{ProducerEpoch, ProducerId, Sequence};
use crate::pool::OutOfMemory;

/// A reason for which a batch was not appended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AppendError {
    #[error("a batch of {bytes} bytes exceeds max.message.bytes of {limit_bytes}")]
    TooLarge { bytes: usize, limit_bytes: i32 },
    #[error("{} records are refused", .0.count)]
    RefusedRecords(Box<RefusedRecords>),
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

/// The records for which a batch was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RefusedRecords {
    /// The first ones, in order.
    pub(crate) named: Vec<RefusedRecord>,
    /// The number of all of them.
    pub(crate) count: usize,
    /// Whether the timestamp of any of them is the reason.
    pub(crate) has_invalid_timestamp: bool,
}

/// A record for which its batch was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RefusedRecord {
    /// The position in the batch, from 0.
    pub(crate) batch_index: i32,
    pub(crate) fault: RecordFault,
}

/// The fault of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RecordFault {
    /// It has no key, which a compacted topic requires.
    MissingKey,
    /// Its timestamp must be from `earliest_ms` to `latest_ms`.
    TimestampOutOfRange {
        offset: i64,
        timestamp_ms: i64,
        earliest_ms: i64,
        latest_ms: i64,
    },
    /// Its producer set the timestamp type `LogAppendTime`, which only the broker may.
    LogAppendTime {
        offset: i64,
        timestamp_ms: i64,
        /// `None` is null.
        key_bytes: Option<usize>,
        value_bytes: Option<usize>,
        is_compressed: bool,
    },
}
