//! Compaction: of each key the last record is kept. Source: Kafka's `LogCleanerManager`, `LogToClean` and `Cleaner`; KIP-354, KIP-534.
//!
//! It has three steps, so that the log is not locked while records are read: [`PartitionLog::begin_cleaning`] decides what is cleaned and
//! takes hold of its segments, [`Cleaning::run`] writes them anew, and [`PartitionLog::finish_cleaning`] puts the new ones in their place.
//! The active segment is never cleaned, nor anything from the last stable offset on. `run` pauses often, so that a large log does not hold
//! up the other work of its thread.
//!
//! # Differs from Apache Kafka
//! - A segment without batches is dropped. Kafka keeps an empty file.
//! - Every partition that is due is cleaned in one pass. Kafka's threads take the one with the most dirty bytes first.

mod filter;
mod keys;
mod transactions;

use super::aborted::AbortedEntry;
use super::producers::LastBatch;
use super::records::InvalidRecords;
use super::segment::{SealedSegment, Segment};
use super::{LogSettings, PartitionLog};
use crate::ids::{Offset, ProducerId};
use crate::pool::{OutOfMemory, Pool};
use filter::Filter;
use keys::LastOffsets;
use std::collections::BTreeMap;
use transactions::CleanedTransactions;

/// The bytes of batches that are read between two pauses: about a millisecond's work.
const BYTES_PER_STEP: usize = 256 << 10;

/// The segments of one log that are being cleaned.
#[derive(Debug)]
pub(crate) struct Cleaning {
    /// The segments before `first_uncleanable_offset`, clean ones among them.
    segments: Vec<SealedSegment>,
    first_dirty_offset: Offset,
    first_uncleanable_offset: Offset,
    /// In the order of their markers.
    aborted: Vec<AbortedEntry>,
    last_batches: BTreeMap<ProducerId, LastBatch>,
    high_watermark: Offset,
    now_ms: i64,
    delete_retention_ms: i64,
    /// Whether tombstones and markers stay until `delete.retention.ms` has passed.
    keeps_tombstones: bool,
    record_limit_bytes: i32,
    segment_bytes: u64,
    pool: Pool,
    revision: u64,
}

/// The segments that take the place of others.
#[derive(Debug)]
pub(crate) struct Cleaned {
    segments: Vec<Segment>,
    /// The number of segments that they replace.
    replaced_count: usize,
    /// The offset after the last one that was cleaned.
    end_offset: Offset,
    /// The end of the last segment that was cleaned, and the aborted transactions that still have records before it.
    aborted_end_offset: Offset,
    aborted: Vec<AbortedEntry>,
    revision: u64,
}

/// The reason why a log was not cleaned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CleaningError {
    #[error(transparent)]
    InvalidRecords(#[from] InvalidRecords),
    #[error(transparent)]
    OutOfMemory(#[from] OutOfMemory),
}

/// The part of a log that may be cleaned, in offsets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cleanable {
    first_dirty_offset: Offset,
    /// The base offset of a segment.
    first_uncleanable_offset: Offset,
}

impl PartitionLog {
    /// Begins to clean the log if enough of it is dirty, or a record has waited for `max.compaction.lag.ms`. Source:
    /// `LogCleanerManager.grabFilthiestCompactedLog`.
    pub(crate) fn begin_cleaning(
        &mut self,
        high_watermark: Offset,
        now_ms: i64,
        settings: &LogSettings,
    ) -> Option<Cleaning> {
        let cleanable = self.cleanable(self.last_stable_offset(high_watermark), now_ms, settings)?;
        self.is_due(cleanable, now_ms, settings)
            .then(|| self.take_hold(cleanable, high_watermark, now_ms, settings))
    }

    /// Begins to clean the log if anything of it is dirty, because it has to make room: tombstones and the markers of transactions without
    /// records go at once.
    pub(crate) fn begin_making_room(
        &mut self,
        high_watermark: Offset,
        now_ms: i64,
        settings: &LogSettings,
    ) -> Option<Cleaning> {
        let cleanable = self.cleanable(self.last_stable_offset(high_watermark), now_ms, settings)?;
        (self.dirty_bytes(cleanable) > 0).then(|| Cleaning {
            keeps_tombstones: false,
            ..self.take_hold(cleanable, high_watermark, now_ms, settings)
        })
    }

    fn take_hold(
        &mut self,
        cleanable: Cleanable,
        high_watermark: Offset,
        now_ms: i64,
        settings: &LogSettings,
    ) -> Cleaning {
        let count = self
            .segments
            .partition_point(|segment| segment.base_offset < cleanable.first_uncleanable_offset);
        let pool = self.pool.clone();
        let segments = self.segments.range_mut(..count);
        Cleaning {
            segments: segments.map(|segment| segment.sealed(&pool)).collect(),
            first_dirty_offset: cleanable.first_dirty_offset,
            first_uncleanable_offset: cleanable.first_uncleanable_offset,
            aborted: self.aborted.entries().collect(),
            last_batches: self.producers.last_batches(),
            high_watermark,
            now_ms,
            delete_retention_ms: settings.delete_retention_ms,
            keeps_tombstones: true,
            record_limit_bytes: settings.max_decompressed_message_bytes,
            segment_bytes: u64::try_from(settings.segment_bytes).unwrap_or(0),
            pool,
            revision: self.revision,
        }
    }

    /// Source: `LogCleanerManager.cleanableOffsets` and `calculateCleanableBytes`.
    fn cleanable(
        &self,
        last_stable_offset: Offset,
        now_ms: i64,
        settings: &LogSettings,
    ) -> Option<Cleanable> {
        // Most logs are not compacted, or have the active segment only.
        if !settings.compacted || self.is_uncleanable || self.segments.len() < 2 {
            return None;
        }
        let first_dirty_offset = self.cleaned_to.max(self.log_start_offset);
        let active = self.segments.len() - 1;
        let latest_ms = now_ms.saturating_sub(settings.min_compaction_lag_ms.max(0));
        let young = self
            .segments
            .range(self.segment_of(first_dirty_offset).min(active)..active)
            .find(|segment| settings.min_compaction_lag_ms > 0 && segment.largest_timestamp_ms() > latest_ms)
            .map(|segment| segment.base_offset);
        let end = young
            .into_iter()
            .chain([last_stable_offset, self.segments[active].base_offset])
            .min()
            .unwrap_or(last_stable_offset);
        // A segment is cleaned whole, so the one that holds the end is left for later.
        let first_uncleanable = &self.segments[self.segment_of(end.max(first_dirty_offset)).min(active)];
        Some(Cleanable {
            first_dirty_offset,
            first_uncleanable_offset: first_uncleanable.base_offset,
        })
    }

    /// Returns the size of the segments from the index `from` on that begin before `end`.
    fn bytes(&self, from: usize, end: Offset) -> u64 {
        let segments = self.segments.iter().skip(from);
        segments
            .take_while(|segment| segment.base_offset < end)
            .map(|segment| segment.size_bytes)
            .sum()
    }

    fn dirty_bytes(&self, cleanable: Cleanable) -> u64 {
        let first_dirty = self.segment_of(cleanable.first_dirty_offset);
        self.bytes(first_dirty, cleanable.first_uncleanable_offset)
    }

    /// Source: `LogToClean` and `LogCleanerManager.maxCompactionDelay`.
    fn is_due(&self, cleanable: Cleanable, now_ms: i64, settings: &LogSettings) -> bool {
        let dirty_bytes = self.dirty_bytes(cleanable);
        if dirty_bytes == 0 {
            return false;
        }
        let clean_bytes = self.bytes(0, cleanable.first_dirty_offset);
        let ratio = dirty_bytes as f64 / (clean_bytes + dirty_bytes) as f64;
        let first_dirty = self.segment_of(cleanable.first_dirty_offset);
        let latest_ms = now_ms.saturating_sub(settings.max_compaction_lag_ms.max(0));
        let active = self.segments.len() - 1;
        let has_waited = self
            .segments
            .range(first_dirty.min(active)..active)
            .filter_map(Segment::first_timestamp_ms)
            .any(|first_ms| first_ms > 0 && first_ms < latest_ms);
        has_waited || ratio > settings.min_cleanable_dirty_ratio
    }

    /// Puts cleaned segments in the place of those that they were made of. Returns the number of bytes that the log has less. Does nothing
    /// if segments were dropped or truncated meanwhile: the log is cleaned again later.
    pub(crate) fn finish_cleaning(&mut self, cleaned: Cleaned) -> u64 {
        if cleaned.revision != self.revision {
            return 0;
        }
        let before = self.size_bytes;
        for segment in self.segments.drain(..cleaned.replaced_count) {
            self.size_bytes -= segment.size_bytes;
        }
        for segment in cleaned.segments.into_iter().rev() {
            self.size_bytes += segment.size_bytes;
            self.segments.push_front(segment);
        }
        if let Some(first) = self.segments.front_mut() {
            first.drop_before(self.log_start_offset);
        }
        self.cleaned_to = cleaned.end_offset;
        // Another cleaning that took hold of the same segments would put back what this one has dropped.
        self.revision += 1;
        self.aborted
            .replace_before(cleaned.aborted_end_offset, cleaned.aborted);
        before.saturating_sub(self.size_bytes)
    }

    /// Leaves the log as it is from now on, because its records cannot be read. Source: `LogCleanerManager.markPartitionUncleanable`.
    pub(crate) fn set_uncleanable(&mut self) {
        self.is_uncleanable = true;
    }
}

impl Cleaning {
    /// Cleans the segments. Reads and writes all their records, so no lock may be held. Awaits `pause` from time to time.
    ///
    /// # Errors
    /// [`CleaningError`] if a record cannot be read, or there is no memory for the new segments.
    pub(crate) async fn run(self, pause: impl AsyncFnMut()) -> Result<Cleaned, CleaningError> {
        let mut pace = Pace { pause, read_bytes: 0 };
        let last_offsets = self.last_offsets(&mut pace).await?;
        let end_offset = last_offsets.latest_offset.plus(1);
        let replaced_count = self
            .segments
            .partition_point(|segment| segment.base_offset < end_offset);
        let segments = &self.segments[..replaced_count];
        let first_offset = segments.first().map_or(end_offset, |first| first.base_offset);
        let mut filter = Filter {
            last_offsets: &last_offsets,
            transactions: CleanedTransactions::new(
                &self.aborted,
                first_offset,
                self.first_uncleanable_offset,
            ),
            last_batches: &self.last_batches,
            high_watermark: self.high_watermark,
            now_ms: self.now_ms,
            delete_retention_ms: self.delete_retention_ms,
            keeps_tombstones: self.keeps_tombstones,
            record_limit_bytes: self.record_limit_bytes,
            pool: &self.pool,
        };
        let mut cleaned = Vec::new();
        for group in self.groups(segments) {
            let segment = self.clean(group, &mut filter, &mut pace).await?;
            if segment.size_bytes > 0 {
                cleaned.push(segment);
            }
        }
        let next = self.segments.get(replaced_count);
        Ok(Cleaned {
            segments: cleaned,
            replaced_count,
            end_offset,
            aborted_end_offset: next.map_or(self.first_uncleanable_offset, |next| next.base_offset),
            aborted: filter.transactions.kept(),
            revision: self.revision,
        })
    }

    /// Returns the last offset of each key in the dirty segments. Source: `Cleaner.buildOffsetMap`.
    async fn last_offsets<P: AsyncFnMut()>(&self, pace: &mut Pace<P>) -> Result<LastOffsets, InvalidRecords> {
        let (from, end) = (self.first_dirty_offset, self.first_uncleanable_offset);
        let mut transactions = CleanedTransactions::new(&self.aborted, from, end);
        let mut last_offsets = LastOffsets::new(from, self.record_limit_bytes, &self.pool);
        let first = self
            .segments
            .partition_point(|segment| segment.base_offset <= from)
            .saturating_sub(1);
        for (index, segment) in self.segments.iter().enumerate().skip(first) {
            for batch in segment.batches() {
                let is_aborted = transactions.read(&batch.header, &batch.body);
                let is_read = is_aborted || batch.header.is_control() || last_offsets.add(&batch)?;
                if !is_read {
                    return Ok(last_offsets);
                }
                last_offsets.advance(batch.header.last_offset());
                pace.read(batch.size_bytes()).await;
            }
            let next = self.segments.get(index + 1);
            let next_offset = next.map_or(end, |next| next.base_offset);
            last_offsets.advance(Offset(next_offset.0 - 1));
        }
        Ok(last_offsets)
    }

    /// Splits segments into groups that fit into one segment each. Source: `Cleaner.groupSegmentsBySize`.
    fn groups<'a>(&self, segments: &'a [SealedSegment]) -> Vec<&'a [SealedSegment]> {
        let mut groups = Vec::new();
        let (mut begin, mut bytes) = (0, 0);
        for (index, segment) in segments.iter().enumerate() {
            let next = segments.get(index + 1);
            let end_offset = next.map_or(self.first_uncleanable_offset, |next| next.base_offset);
            let spread = end_offset.0 - 1 - segments[begin].base_offset.0;
            let is_full = bytes + segment.size_bytes > self.segment_bytes || spread > i64::from(i32::MAX);
            if index > begin && is_full {
                groups.push(&segments[begin..index]);
                (begin, bytes) = (index, 0);
            }
            bytes += segment.size_bytes;
        }
        if begin < segments.len() {
            groups.push(&segments[begin..]);
        }
        groups
    }

    /// Returns one segment of what is kept of a group. Source: `Cleaner.cleanSegments`.
    async fn clean<P: AsyncFnMut()>(
        &self,
        group: &[SealedSegment],
        filter: &mut Filter<'_>,
        pace: &mut Pace<P>,
    ) -> Result<Segment, CleaningError> {
        let (first, last) = (&group[0], &group[group.len() - 1]);
        let mut cleaned = Segment::new(first.base_offset, first.created_ms);
        for batch in group.iter().flat_map(SealedSegment::batches) {
            let bytes = batch.size_bytes();
            if let Some(kept) = filter.keep(batch)? {
                // The age of the records has not changed, which retention goes by.
                cleaned.append_kept(kept, last.changed_ms, &self.pool)?;
            }
            pace.read(bytes).await;
        }
        cleaned.seal(&self.pool);
        Ok(cleaned)
    }

    /// Returns the offset from which on nothing is cleaned.
    #[cfg(test)]
    pub(super) fn first_uncleanable_offset(&self) -> Offset {
        self.first_uncleanable_offset
    }
}

/// The pace of one cleaning.
struct Pace<P> {
    pause: P,
    /// The bytes read since the last pause.
    read_bytes: usize,
}

impl<P: AsyncFnMut()> Pace<P> {
    /// Counts bytes that were read, and pauses if they are enough for one step.
    async fn read(&mut self, bytes: usize) {
        self.read_bytes += bytes;
        if self.read_bytes >= BYTES_PER_STEP {
            self.read_bytes = 0;
            (self.pause)().await;
        }
    }
}
