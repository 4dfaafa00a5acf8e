//! The search for records by their timestamps, inside batches too. Source: Kafka's `UnifiedLog.fetchOffsetByTimestamp`.

use super::records::InvalidRecords;
use super::segment::BatchView;
use super::{DECOMPRESSED_LIMIT_BYTES, Found, LogSettings, PartitionLog, records};
use crate::ids::Offset;
use std::borrow::Cow;
use std::iter::repeat;

impl PartitionLog {
    /// Returns the first record whose timestamp is `timestamp_ms` or later (ListOffsets by time).
    ///
    /// # Errors
    /// A record before it is larger than `max.decompressed.message.bytes` by now, at which Kafka's search ends too.
    pub(crate) fn find_by_time(
        &self,
        timestamp_ms: i64,
        settings: &LogSettings,
    ) -> Result<Option<Found>, InvalidRecords> {
        self.segments
            .iter()
            .filter(|segment| segment.max_timestamp_ms >= timestamp_ms)
            .flat_map(|segment| segment.batches_by_time(timestamp_ms, self.log_start_offset))
            // The largest timestamp of a batch may belong to a record that was deleted, so the search may
            // have to go on after a batch that promised a result.
            .find_map(|batch| {
                let plain = plain(&batch);
                self.records(&batch, plain.as_deref(), settings).find(|read| {
                    read.as_ref()
                        .map_or(true, |found| found.timestamp_ms >= timestamp_ms)
                })
            })
            .transpose()
    }

    /// Returns the record with the largest timestamp, the first one if there are several (ListOffsets -3, KIP-734).
    ///
    /// # Errors
    /// A record before it in its batch is larger than `max.decompressed.message.bytes` by now.
    pub(crate) fn find_max_timestamp(&self, settings: &LogSettings) -> Result<Option<Found>, InvalidRecords> {
        // The largest timestamp of a header is not enough: it may belong to a record below the log start offset, in a batch whose
        // other records are kept.
        let mut largest: Option<Found> = None;
        let mut unread = None;
        for segment in &self.segments {
            for batch in segment.batches_by_time(later_than(largest), self.log_start_offset) {
                // A larger timestamp may have been found since this iterator was made; the check saves
                // decompressing.
                if batch.header.max_timestamp_ms() < later_than(largest) {
                    continue;
                }
                let plain = plain(&batch);
                for read in self.records(&batch, plain.as_deref(), settings) {
                    match read {
                        Ok(found) if found.timestamp_ms >= later_than(largest) => {
                            largest = Some(found);
                            unread = None;
                        }
                        Ok(_) => {}
                        Err(error) => {
                            // Only the batch with the largest timestamp of all counts.
                            if batch.header.max_timestamp_ms() >= later_than(largest) {
                                largest = Some(header_found(&batch, self.log_start_offset));
                                unread = Some(error);
                            }
                            break;
                        }
                    }
                }
            }
        }
        unread.map_or(Ok(largest), Err)
    }

    /// Returns the batch's records that are kept, up to one that is too large. A body that cannot be read counts as one record at the
    /// batch's start with its largest timestamp: a consumer that begins there misses nothing.
    fn records<'a>(
        &self,
        batch: &BatchView<'_>,
        plain: Option<&'a [u8]>,
        settings: &LogSettings,
    ) -> impl Iterator<Item = Result<Found, InvalidRecords>> + use<'a> {
        let header = batch.header;
        let log_start_offset = self.log_start_offset;
        let limit_bytes = settings.max_decompressed_message_bytes;
        let found = move |offset, timestamp_ms| Found {
            offset,
            timestamp_ms,
            leader_epoch: header.partition_leader_epoch(),
        };
        let whole = plain.is_none().then(|| Ok(header_found(batch, log_start_offset)));
        plain
            .into_iter()
            .flat_map(move |plain| {
                let lengths = records::checked_lengths(&header, plain, limit_bytes).chain(repeat(Ok(())));
                records::walk(&header, plain).zip(lengths)
            })
            .map_while(|(record, length)| Some(length.and(Ok(record.ok()?))))
            .filter(move |read| {
                read.as_ref()
                    .map_or(true, |record| record.offset >= log_start_offset)
            })
            .map(move |read| read.map(|record| found(record.offset, record.timestamp_ms)))
            .chain(whole)
    }
}

/// Returns a batch as one record at its start with its largest timestamp.
fn header_found(batch: &BatchView<'_>, log_start_offset: Offset) -> Found {
    Found {
        offset: batch.header.base_offset().max(log_start_offset),
        timestamp_ms: batch.header.max_timestamp_ms(),
        leader_epoch: batch.header.partition_leader_epoch(),
    }
}

/// Returns the smallest timestamp after that of `found`. Without `found` that is 0: -1 stands for no timestamp.
fn later_than(found: Option<Found>) -> i64 {
    // A client can send the largest timestamp that there is, so the sum saturates.
    found.map_or(0, |found| found.timestamp_ms.saturating_add(1))
}

fn plain<'a>(batch: &BatchView<'a>) -> Option<Cow<'a, [u8]>> {
    records::plain(&batch.header, batch.body, DECOMPRESSED_LIMIT_BYTES).ok()
}
