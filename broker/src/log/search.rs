//! The search for records by their timestamps, inside batches too. Source: Kafka's `UnifiedLog.fetchOffsetByTimestamp`.

use super::segment::BatchView;
use super::{DECOMPRESSED_LIMIT_BYTES, Found, PartitionLog, records};
use std::borrow::Cow;

impl PartitionLog {
    /// Returns the first record whose timestamp is `timestamp_ms` or later (ListOffsets by time).
    pub(crate) fn find_by_time(&self, timestamp_ms: i64) -> Option<Found> {
        self.segments
            .iter()
            .filter(|segment| segment.max_timestamp_ms >= timestamp_ms)
            .flat_map(|segment| segment.batches_by_time(timestamp_ms, self.log_start_offset))
            // The largest timestamp of a batch may belong to a record that was deleted, so the search may
            // have to go on after a batch that promised a result.
            .find_map(|batch| {
                let plain = plain(&batch);
                self.records(&batch, plain.as_deref())
                    .find(|found| found.timestamp_ms >= timestamp_ms)
            })
    }

    /// Returns the record with the largest timestamp, the first one if there are several (ListOffsets -3, KIP-734).
    pub(crate) fn find_max_timestamp(&self) -> Option<Found> {
        // The largest timestamp of a header is not enough: it may belong to a record below the log start offset, in a batch whose
        // other records are kept.
        let mut largest: Option<Found> = None;
        for segment in &self.segments {
            for batch in segment.batches_by_time(later_than(largest), self.log_start_offset) {
                // A larger timestamp may have been found since this iterator was made; the check saves
                // decompressing.
                if batch.header.max_timestamp_ms() < later_than(largest) {
                    continue;
                }
                let plain = plain(&batch);
                for found in self.records(&batch, plain.as_deref()) {
                    if found.timestamp_ms >= later_than(largest) {
                        largest = Some(found);
                    }
                }
            }
        }
        largest
    }

    /// Returns the batch's records that are kept. A body that cannot be read counts as one record at the batch's start with its
    /// largest timestamp: a consumer that begins there misses nothing.
    fn records<'a>(
        &self,
        batch: &BatchView<'_>,
        plain: Option<&'a [u8]>,
    ) -> impl Iterator<Item = Found> + use<'a> {
        let header = batch.header;
        let log_start_offset = self.log_start_offset;
        let found = move |offset, timestamp_ms| Found {
            offset,
            timestamp_ms,
            leader_epoch: header.partition_leader_epoch(),
        };
        let whole = match plain {
            Some(_) => None,
            None => Some(found(
                header.base_offset().max(log_start_offset),
                header.max_timestamp_ms(),
            )),
        };
        plain
            .into_iter()
            .flat_map(move |plain| records::walk(&header, plain))
            .map_while(Result::ok)
            .filter(move |record| record.offset >= log_start_offset)
            .map(move |record| found(record.offset, record.timestamp_ms))
            .chain(whole)
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
