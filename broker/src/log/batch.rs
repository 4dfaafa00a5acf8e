//! A record batch of message format 2: its header as a value, its body as shared bytes, and the checks that a batch passes once,
//! before any lock is taken. Source: Kafka's `DefaultRecordBatch`.

use super::header::{BATCH_HEADER_BYTES, BatchHeader, CRC_END, Compression, MAGIC, MAGIC_AT, TimestampType};
use super::records;
use crate::ids::{Offset, Sequence};
use bytes::Bytes;
use crc_fast::CrcAlgorithm;

/// A batch whose length, magic, CRC and counts have been checked.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    pub(crate) header: BatchHeader,
    /// The records, compressed or not: everything after the header.
    pub(crate) body: Bytes,
}

/// Why the records of a Produce request are not a batch that can be appended. Kafka's exception is named at each.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidBatch {
    /// No whole batch is there: `InvalidRecordException`.
    #[error("truncated record batch: {bytes} bytes are less than one whole batch")]
    Truncated { bytes: usize },
    /// `InvalidRecordException`.
    #[error("unsupported message format {magic}: must be 2")]
    UnsupportedMagic { magic: i8 },
    /// `CorruptRecordException`.
    #[error("corrupt batch: its CRC is {found:#010x}, the CRC of its bytes is {computed:#010x}")]
    Corrupt { found: u32, computed: u32 },
    /// A batch shorter than its own header: `CorruptRecordException`.
    #[error("invalid batch length {batch_length}: must be at least 49, the rest of the header")]
    TooShort { batch_length: i32 },
    /// `InvalidRecordException`.
    #[error("{reason}")]
    Malformed { reason: &'static str },
    /// `UnsupportedCompressionTypeException`.
    #[error("unknown compression type {id}: must be from 0 to 4")]
    UnknownCompression { id: i16 },
}

/// Returns the CRC-32C of the part of a batch that its CRC covers. This crate is three to four times as fast on a large batch as
/// `crc32c` where the processor has AVX-512, and as fast elsewhere; `crc32c` is used where checksums are combined.
fn crc_of(covered: &[u8]) -> u32 {
    // The crate names Kafka's CRC-32C after iSCSI, which uses the same polynomial.
    crc_fast::checksum(CrcAlgorithm::Crc32Iscsi, covered) as u32
}

impl Batch {
    /// Checks `records` of a Produce request: exactly one batch of format 2, its length, counts and CRC. Nothing is decompressed.
    ///
    /// These are the checks of Kafka's `ProduceRequest.validateRecords`, `UnifiedLog.analyzeAndValidateRecords` and
    /// `LogValidator.validateBatch`. Of the records' own checks there is only one: that they fill an uncompressed body exactly. The
    /// others cost five times as much, and only consumers read the contents of a record. Bytes after the batch that are no whole
    /// batch are cut off, as in Kafka's `trimInvalidBytes`.
    ///
    /// The bytes must be charged to the pool already (slices of a [`PooledBuf`](crate::pool::PooledBuf)): the log keeps them.
    pub(crate) fn verify(mut records: Bytes) -> Result<Self, InvalidBatch> {
        let truncated = InvalidBatch::Truncated { bytes: records.len() };
        // Older formats have their magic at the same place and other fields around it, so it is checked
        // first.
        let magic = i8::from_be_bytes([*records.get(MAGIC_AT).ok_or(truncated.clone())?]);
        if magic != MAGIC {
            return Err(InvalidBatch::UnsupportedMagic { magic });
        }
        let header = BatchHeader::read(&records).ok_or(truncated.clone())?;
        let size = header.size_bytes().ok_or(InvalidBatch::TooShort {
            batch_length: header.batch_length(),
        })?;
        if size > records.len() {
            return Err(truncated);
        }
        let is_followed = BatchHeader::read(&records[size..])
            .and_then(|next| next.size_bytes())
            .is_some_and(|next_size| next_size <= records.len() - size);
        if is_followed {
            return Err(InvalidBatch::Malformed {
                reason: "a Produce request may hold exactly one record batch per partition",
            });
        }
        // The CRC covers header and body, so it is computed while they are one slice.
        let computed = crc_of(&records[CRC_END..size]);
        records.truncate(size);
        let body = records.split_off(BATCH_HEADER_BYTES);
        // The CRC comes before the fields: in a corrupt batch they mean nothing, and CORRUPT_MESSAGE is an
        // error that clients retry, while INVALID_RECORD is not.
        if computed != header.crc() {
            return Err(InvalidBatch::Corrupt {
                found: header.crc(),
                computed,
            });
        }
        header.check()?;
        if header.compression() == Some(Compression::None) && !records::tile(&body, header.record_count()) {
            return Err(InvalidBatch::Malformed {
                reason: "the batch's records do not fill it exactly",
            });
        }
        Ok(Self { header, body })
    }

    /// Returns the length on the wire, header included.
    pub(crate) fn size_bytes(&self) -> usize {
        BATCH_HEADER_BYTES + self.body.len()
    }
}

impl BatchHeader {
    /// Checks the fields of a batch that a client sent. Source: `LogValidator.validateBatch`.
    fn check(&self) -> Result<(), InvalidBatch> {
        let malformed = |reason| Err(InvalidBatch::Malformed { reason });
        if self.base_offset() != Offset(0) {
            return malformed("the base offset of a batch in a Produce request must be 0");
        }
        if self.last_offset_delta() < 0 {
            return malformed("the batch's last offset delta is negative");
        }
        if self.record_count() <= 0 {
            return malformed("a batch must hold one record at least");
        }
        // A client can claim `i32::MAX`, which has no successor.
        if self.last_offset_delta().checked_add(1) != Some(self.record_count()) {
            return malformed("the batch's last offset delta does not match its count of records");
        }
        if self.is_control() {
            return malformed("clients may not write control records");
        }
        if self.has_producer_id() && self.base_sequence() < Sequence(0) {
            return malformed("a batch with a producer id needs a sequence of 0 or more");
        }
        if self.timestamp_type() == TimestampType::LogAppendTime {
            return malformed("a producer may not set the timestamp type to LogAppendTime");
        }
        if self.compression().is_none() {
            return Err(InvalidBatch::UnknownCompression {
                id: self.attributes() & 0b111,
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
