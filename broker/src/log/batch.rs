//! A record batch of message format 2: its header as a value, its body as shared bytes, and the checks that a batch passes once,
//! before any lock is taken. Source: Kafka's `DefaultRecordBatch`.

use super::header::{
    ATTRIBUTES_AT, BATCH_HEADER_BYTES, BatchHeader, CRC_END, Compression, MAGIC, MAGIC_AT, TRANSACTIONAL_BIT,
};
use super::records::{self, NewRecord};
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

/// The one batch of a Produce request's partition, whole, but not checked otherwise.
#[derive(Clone, Debug)]
pub(crate) struct FramedBatch {
    pub(crate) header: BatchHeader,
    /// Header and body, and nothing behind them.
    records: Bytes,
}

/// The reason for which the records of a Produce request are not a batch that can be appended. Kafka's exception is named at each.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidBatch {
    /// No whole batch is there: `InvalidRecordException`.
    #[error("truncated record batch: {bytes} bytes are less than one whole batch")]
    Truncated { bytes: usize },
    /// A format that Kafka had before: `InvalidRecordException`.
    #[error("unsupported message format {magic}: must be 2")]
    UnsupportedMagic { magic: i8 },
    /// A format that Kafka never had: `CorruptRecordException`.
    #[error("Invalid magic found in record: {magic}")]
    UnknownMagic { magic: i8 },
    /// `InvalidRecordException`.
    #[error("a Produce request may hold exactly one record batch per partition")]
    SeveralBatches,
    /// `CorruptRecordException`.
    #[error("the bytes behind the batch cannot begin another one")]
    CorruptTrailer,
    /// `CorruptRecordException`.
    #[error("corrupt batch: its CRC is {found:#010x}, the CRC of its bytes is {computed:#010x}")]
    Corrupt { found: u32, computed: u32 },
    /// `CorruptRecordException`.
    #[error("Record size {batch_length} is less than the minimum record overhead (14)")]
    TooShort { batch_length: i32 },
    /// `CorruptRecordException`.
    #[error("invalid batch length {batch_length}: must be at least 49, the rest of the header")]
    ShorterThanHeader { batch_length: i32 },
    /// `InvalidRecordException`.
    #[error("{reason}")]
    Malformed { reason: &'static str },
    /// Kafka has no error for it, so its answer is UNKNOWN_SERVER_ERROR.
    #[error("unknown compression type {id}: must be from 0 to 4")]
    UnknownCompression { id: i16 },
}

/// Offset and length, which precede each batch: `Records.LOG_OVERHEAD`.
const OVERHEAD_BYTES: usize = 12;
/// The least length that Kafka's oldest format could have: `LegacyRecord.RECORD_OVERHEAD_V0`.
const LEAST_BATCH_LENGTH: i32 = 14;

/// Returns the CRC-32C of the part of a batch that its CRC covers. This crate is three to four times as fast on a large batch as
/// `crc32c` where the processor has AVX-512, and as fast elsewhere; `crc32c` is used where checksums are combined.
fn crc_of(covered: &[u8]) -> u32 {
    // The crate names Kafka's CRC-32C after iSCSI, which uses the same polynomial.
    crc_fast::checksum(CrcAlgorithm::Crc32Iscsi, covered) as u32
}

/// Returns the size of the batch at the start of `bytes`; `None` if it is not whole. Source: `ByteBufferLogInputStream.nextBatchSize`.
fn whole_batch_bytes(bytes: &[u8]) -> Result<Option<usize>, InvalidBatch> {
    let Some(length) = bytes.get(8..OVERHEAD_BYTES) else {
        return Ok(None);
    };
    let batch_length = i32::from_be_bytes(length.try_into().expect("a length has four bytes"));
    if batch_length < LEAST_BATCH_LENGTH {
        return Err(InvalidBatch::TooShort { batch_length });
    }
    let Some(magic) = bytes.get(MAGIC_AT) else {
        return Ok(None);
    };
    let magic = i8::from_be_bytes([*magic]);
    if !(0..=MAGIC).contains(&magic) {
        return Err(InvalidBatch::UnknownMagic { magic });
    }
    let size = OVERHEAD_BYTES + batch_length as usize;
    Ok((size <= bytes.len()).then_some(size))
}

/// Returns whether the first of the batches says that it is transactional. Its other fields are not checked. Source: Kafka's
/// `RequestUtils.hasTransactionalRecords`.
///
/// # Errors
/// [`InvalidBatch::TooShort`] or [`InvalidBatch::UnknownMagic`] if the first batch cannot be told from the bytes behind it.
pub(crate) fn is_transactional(records: &[u8]) -> Result<bool, InvalidBatch> {
    // The formats before 2 have no transactions.
    if whole_batch_bytes(records)?.is_none() || records[MAGIC_AT] != MAGIC as u8 {
        return Ok(false);
    }
    // The least batch has 26 bytes, so its attributes are there.
    let attributes = i16::from_be_bytes([records[ATTRIBUTES_AT], records[ATTRIBUTES_AT + 1]]);
    Ok(attributes & TRANSACTIONAL_BIT != 0)
}

const BASE_OFFSET: &str = "the base offset of a batch in a Produce request must be 0";

impl InvalidBatch {
    /// Returns whether Kafka finds it before it looks at the size of the batch.
    pub(super) fn precedes_size(&self) -> bool {
        matches!(self, Self::Malformed { reason } if *reason == BASE_OFFSET)
    }
}

impl FramedBatch {
    /// Takes the batch out of `records` of a Produce request: exactly one of format 2. Bytes after it that are no whole batch are cut
    /// off, as in Kafka's `trimInvalidBytes`. Source: `ProduceRequest.validateRecords`.
    pub(crate) fn read(mut records: Bytes) -> Result<Self, InvalidBatch> {
        let truncated = InvalidBatch::Truncated { bytes: records.len() };
        let size = whole_batch_bytes(&records)?.ok_or(truncated)?;
        let magic = i8::from_be_bytes([records[MAGIC_AT]]);
        if magic != MAGIC {
            return Err(InvalidBatch::UnsupportedMagic { magic });
        }
        let header = BatchHeader::read(&records[..size]).ok_or(InvalidBatch::ShorterThanHeader {
            batch_length: (size - OVERHEAD_BYTES) as i32,
        })?;
        match whole_batch_bytes(&records[size..]) {
            Ok(None) => {}
            Ok(Some(_)) => return Err(InvalidBatch::SeveralBatches),
            Err(_) => return Err(InvalidBatch::CorruptTrailer),
        }
        records.truncate(size);
        Ok(Self { header, records })
    }

    /// Returns the length on the wire, header included.
    pub(crate) fn size_bytes(&self) -> usize {
        self.records.len()
    }

    /// Checks length, counts and CRC. Nothing is decompressed.
    ///
    /// These are the checks of Kafka's `UnifiedLog.analyzeAndValidateRecords` and `LogValidator.validateBatch`. Of the records' own
    /// checks there is only one: that they fill an uncompressed body exactly. The others cost five times as much, and only consumers
    /// read the contents of a record.
    pub(crate) fn verify(mut self) -> Result<Batch, InvalidBatch> {
        let header = self.header;
        let malformed = |reason| Err(InvalidBatch::Malformed { reason });
        if header.base_offset() != Offset(0) {
            return malformed(BASE_OFFSET);
        }
        // The CRC covers header and body, so it is computed while they are one slice.
        let computed = crc_of(&self.records[CRC_END..]);
        // The CRC comes before the fields: in a corrupt batch they mean nothing, and CORRUPT_MESSAGE is an
        // error that clients retry, while INVALID_RECORD is not.
        if computed != header.crc() {
            return Err(InvalidBatch::Corrupt {
                found: header.crc(),
                computed,
            });
        }
        header.check()?;
        let body = self.records.split_off(BATCH_HEADER_BYTES);
        if header.compression() == Some(Compression::None) && !records::tile(&body, header.record_count()) {
            return malformed("the batch's records do not fill it exactly");
        }
        Ok(Batch { header, body })
    }
}

impl Batch {
    /// Reads and checks `records` of a Produce request.
    ///
    /// The bytes must be charged to the pool already (slices of a [`PooledBuf`](crate::pool::PooledBuf)): the log keeps them.
    pub(crate) fn verify(records: Bytes) -> Result<Self, InvalidBatch> {
        FramedBatch::read(records)?.verify()
    }

    /// Encodes a batch that the broker itself writes. `finish` sets the fields of the header that do not follow from the records.
    ///
    /// Its body is not in the memory of logs: see [`Batch::into_pool`].
    pub(crate) fn encode(
        records: &[NewRecord<'_>],
        compression: Compression,
        finish: impl FnOnce(&mut BatchHeader),
    ) -> Self {
        let mut body = Vec::new();
        let mut header = records::put_body(&mut body, records, compression);
        finish(&mut header);
        // The CRC covers these fields, so it comes last. Nothing has to verify it.
        header.set_crc(header.compute_crc(&body));
        Self {
            header,
            body: Bytes::from(body),
        }
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
        if self.compression().is_none() {
            return Err(InvalidBatch::UnknownCompression {
                id: self.attributes() & 0b111,
            });
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
        Ok(())
    }
}

#[cfg(test)]
mod tests;
