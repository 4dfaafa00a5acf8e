//! The record batch of message format 2: its 61-byte header as a value, its body as shared bytes, and the checks that a batch
//! passes once, before any lock is taken. Source: Kafka's `DefaultRecordBatch`.

use crate::ids::{LeaderEpoch, Offset, ProducerEpoch, ProducerId, Sequence};
use bytes::Bytes;

/// Length of the header: everything before the first record.
pub const BATCH_HEADER_BYTES: usize = 61;

/// Bits 0 to 2 of a batch's attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Compression {
    /// 0
    None,
    /// 1
    Gzip,
    /// 2: raw snappy, or the framing of snappy-java
    Snappy,
    /// 3: the LZ4 frame format
    Lz4,
    /// 4
    Zstd,
}

/// Bit 3 of a batch's attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimestampType {
    /// The producer set the timestamps.
    CreateTime,
    /// The broker set one timestamp for the whole batch.
    LogAppendTime,
}

/// The header of a batch, as it is on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchHeader(pub(crate) [u8; BATCH_HEADER_BYTES]);

/// A batch whose length, magic, CRC and counts have been checked.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    pub(crate) header: BatchHeader,
    /// The records, compressed or not: everything after the header.
    pub(crate) body: Bytes,
}

/// Why the records of a Produce request are not a batch that can be appended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidBatch {
    #[error("{bytes} bytes are too few for a record batch")]
    Truncated { bytes: usize },
    #[error("message format {magic} is not supported: only format 2 is")]
    UnsupportedMagic { magic: i8 },
    #[error("the batch's CRC is {found:#010x}, its bytes give {computed:#010x}")]
    Corrupt { found: u32, computed: u32 },
    #[error("{reason}")]
    Malformed { reason: &'static str },
    #[error("compression type {id} is unknown")]
    UnknownCompression { id: i16 },
}

impl BatchHeader {
    /// Offset of the first record.
    pub fn base_offset(&self) -> Offset {
        Offset(i64::from_be_bytes(self.field(0)))
    }

    /// Length of the batch from after this field: the header's last 49 bytes and the body.
    pub fn batch_length(&self) -> i32 {
        i32::from_be_bytes(self.field(8))
    }

    /// The epoch of the leader that appended it.
    pub fn partition_leader_epoch(&self) -> LeaderEpoch {
        LeaderEpoch(i32::from_be_bytes(self.field(12)))
    }

    /// The message format.
    pub fn magic(&self) -> i8 {
        i8::from_be_bytes(self.field(16))
    }

    /// CRC-32C of everything from the attributes on.
    pub fn crc(&self) -> u32 {
        u32::from_be_bytes(self.field(17))
    }

    /// The attribute bits.
    pub fn attributes(&self) -> i16 {
        i16::from_be_bytes(self.field(21))
    }

    /// Offset of the last record, counted from the first.
    pub fn last_offset_delta(&self) -> i32 {
        i32::from_be_bytes(self.field(23))
    }

    /// Offset of the last record.
    pub fn last_offset(&self) -> Offset {
        self.base_offset().plus(i64::from(self.last_offset_delta()))
    }

    /// Timestamp that the records' deltas count from, in milliseconds.
    pub fn base_timestamp_ms(&self) -> i64 {
        i64::from_be_bytes(self.field(27))
    }

    /// The largest timestamp in the batch, in milliseconds.
    pub fn max_timestamp_ms(&self) -> i64 {
        i64::from_be_bytes(self.field(35))
    }

    /// The producer's id, or -1.
    pub(crate) fn producer_id(&self) -> ProducerId {
        ProducerId(i64::from_be_bytes(self.field(43)))
    }

    /// The producer's epoch, or -1.
    pub(crate) fn producer_epoch(&self) -> ProducerEpoch {
        ProducerEpoch(i16::from_be_bytes(self.field(51)))
    }

    /// Sequence of the first record, or -1.
    pub(crate) fn base_sequence(&self) -> Sequence {
        Sequence(i32::from_be_bytes(self.field(53)))
    }

    /// How many records it claims.
    pub fn record_count(&self) -> i32 {
        i32::from_be_bytes(self.field(57))
    }

    /// How the body is compressed; `None` for an id that Kafka does not know.
    pub fn compression(&self) -> Option<Compression> {
        [
            Compression::None,
            Compression::Gzip,
            Compression::Snappy,
            Compression::Lz4,
            Compression::Zstd,
        ]
        .get(usize::from(self.attributes() as u16 & 0b111))
        .copied()
    }

    /// Who set the timestamps.
    pub fn timestamp_type(&self) -> TimestampType {
        if self.attributes() & 0b1000 == 0 {
            TimestampType::CreateTime
        } else {
            TimestampType::LogAppendTime
        }
    }

    /// Whether it belongs to a transaction.
    pub fn is_transactional(&self) -> bool {
        self.attributes() & 0b1_0000 != 0
    }

    /// Whether it holds a transaction's marker instead of records.
    pub fn is_control(&self) -> bool {
        self.attributes() & 0b10_0000 != 0
    }

    fn field<const N: usize>(&self, at: usize) -> [u8; N] {
        self.0[at..at + N]
            .try_into()
            .expect("a field lies within the header")
    }
}

impl Batch {
    /// Checks `records` of a Produce request: exactly one batch of format 2, its length, counts and CRC. Nothing is decompressed.
    pub(crate) fn verify(records: Bytes) -> Result<Self, InvalidBatch> {
        let _ = records;
        todo!("log")
    }
}
