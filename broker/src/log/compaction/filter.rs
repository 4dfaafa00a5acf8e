//! The filter that says which records of a batch are kept. Source: Kafka's `Cleaner.cleanInto`, `MemoryRecords.filterTo`; KIP-534 for delete horizons.

use super::CleaningError;
use super::keys::LastOffsets;
use super::transactions::CleanedTransactions;
use crate::ids::{Offset, ProducerId};
use crate::log::batch::Batch;
use crate::log::header::{BatchHeader, TimestampType};
use crate::log::producers::LastBatch;
use crate::log::records::{self, RecordView};
use crate::log::segment::Segment;
use crate::pool::{Pool, Room};
use bytes::Bytes;
use std::collections::BTreeMap;

/// Decides what is kept, batch after batch.
#[derive(Debug)]
pub(super) struct Filter<'a> {
    pub(super) last_offsets: &'a LastOffsets,
    pub(super) transactions: CleanedTransactions,
    pub(super) last_batches: &'a BTreeMap<ProducerId, LastBatch>,
    pub(super) high_watermark: Offset,
    pub(super) now_ms: i64,
    pub(super) delete_retention_ms: i64,
    pub(super) keeps_tombstones: bool,
    pub(super) record_limit_bytes: i32,
    pub(super) pool: &'a Pool,
}

impl Filter<'_> {
    /// Returns what is kept of the next batch, if anything.
    pub(super) fn keep(&mut self, batch: Batch) -> Result<Option<Batch>, CleaningError> {
        let header = batch.header;
        let is_useless = self.transactions.read(&header, &batch.body);
        // A marker stays for `delete.retention.ms` after its transaction has lost its records, for consumers that read them.
        let is_discarded = is_useless && (!header.is_control() || self.is_past_horizon(&header));
        let plain = records::plain_within(&header, &batch.body, self.record_limit_bytes)?;
        let mut kept = Vec::new();
        let mut has_tombstones = false;
        if !is_discarded {
            for record in records::walk(&header, &plain) {
                let record = record?;
                if header.is_control() || self.is_kept(&header, &record) {
                    has_tombstones |= record.value.is_none();
                    kept.push(record);
                }
            }
        }
        if kept.is_empty() {
            return Ok(self.is_kept_empty(&header).then(|| empty(&header)));
        }
        let is_whole = kept.len() == usize::try_from(header.record_count()).unwrap_or(0);
        let begins_horizon =
            header.delete_horizon_ms().is_none() && (has_tombstones || (is_useless && header.is_control()));
        if is_whole && !begins_horizon {
            return Ok(Some(batch));
        }
        let horizon_ms = if begins_horizon {
            Some(self.now_ms.saturating_add(self.delete_retention_ms))
        } else {
            header.delete_horizon_ms()
        };
        Ok(Some(self.rewritten(header, &kept, horizon_ms)?))
    }

    /// Source: `Cleaner.shouldRetainRecord`.
    fn is_kept(&self, header: &BatchHeader, record: &RecordView<'_>) -> bool {
        if record.offset > self.last_offsets.latest_offset {
            return true;
        }
        // A topic that was not compacted before may have records without keys. None of them is the last of its key.
        record.key.is_some_and(|key| {
            self.last_offsets.is_last(key, record.offset)
                && (record.value.is_some() || !self.is_past_horizon(header))
        })
    }

    /// Returns whether the batch's tombstones, or its marker, may go.
    fn is_past_horizon(&self, header: &BatchHeader) -> bool {
        let horizon_ms = header.delete_horizon_ms();
        !self.keeps_tombstones || horizon_ms.is_some_and(|horizon_ms| horizon_ms <= self.now_ms)
    }

    /// Returns whether the batch is kept without records: its producer's next sequence follows from it, or it ends at the high watermark,
    /// where a follower's log has to end too.
    fn is_kept_empty(&self, header: &BatchHeader) -> bool {
        let is_last_of_producer = self
            .last_batches
            .get(&header.producer_id())
            .is_some_and(|last| match last.last_offset {
                Some(offset) => header.last_offset() == offset,
                None => header.is_control() && header.producer_epoch() == last.epoch,
            });
        is_last_of_producer || header.last_offset().plus(1) == self.high_watermark
    }

    /// Returns the batch with these of its records. Offsets and sequences stay, so the batch keeps its last offset.
    fn rewritten(
        &self,
        mut header: BatchHeader,
        kept: &[RecordView<'_>],
        horizon_ms: Option<i64>,
    ) -> Result<Batch, CleaningError> {
        let codec = header.compression().unwrap_or(crate::Compression::None);
        // The horizon takes the place of the base timestamp, which has no other meaning.
        let base_timestamp_ms = horizon_ms.unwrap_or(kept[0].timestamp_ms);
        let body = records::encode_kept(codec, header.base_offset(), base_timestamp_ms, kept);
        let max_timestamp_ms = if header.timestamp_type() == TimestampType::LogAppendTime {
            header.max_timestamp_ms()
        } else {
            let latest = kept.iter().map(|record| record.timestamp_ms).max();
            latest.unwrap_or(-1).max(-1)
        };
        header.set_delete_horizon(horizon_ms.is_some());
        header.set_timestamps(base_timestamp_ms, max_timestamp_ms);
        header.set_record_count(kept.len() as i32);
        header.set_body_len(body.len());
        header.set_crc(header.compute_crc(&body));
        // The segment copies a small body, and keeps a large one, which has to be in the pool's memory.
        let body = if Segment::keeps(body.len()) {
            let mut kept = self.pool.take_within(Room::Whole, body.len())?;
            kept.extend_from_slice(&body);
            kept.freeze()
        } else {
            Bytes::from(body)
        };
        Ok(Batch { header, body })
    }
}

/// Returns the batch without records. Source: `DefaultRecordBatch.writeEmptyHeader`.
fn empty(header: &BatchHeader) -> Batch {
    let mut header = *header;
    header.set_compression(crate::Compression::None);
    header.set_delete_horizon(false);
    header.set_timestamps(-1, header.max_timestamp_ms());
    header.set_record_count(0);
    header.set_body_len(0);
    header.set_crc(header.compute_crc(&[]));
    Batch {
        header,
        body: Bytes::new(),
    }
}
