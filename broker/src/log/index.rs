//! Where the small batches of a run lie: an entry about every 4 KiB, as Kafka's `index.interval.bytes` has it, and a walk over
//! headers from there.

use super::batch::BatchHeader;
use crate::ids::Offset;

/// Kafka's default of `index.interval.bytes`.
const INTERVAL_BYTES: usize = 4096;

/// What is known of a run of small batches without reading it.
#[derive(Clone, Debug)]
pub(super) struct RunIndex {
    pub(super) base_offset: Offset,
    /// The offset after the last record.
    pub(super) end_offset: Offset,
    pub(super) max_timestamp_ms: i64,
    /// How far the last entry lies behind.
    indexed_bytes: usize,
    /// In the order of both; the run's start has none.
    entries: Vec<Entry>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    base_offset: Offset,
    position: usize,
}

/// A stretch of a run: whole batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) start: usize,
    pub(super) end: usize,
    /// The offset after the last record in it.
    pub(super) next_offset: Offset,
}

impl RunIndex {
    /// Of a run without batches whose first will have `base_offset`.
    pub(super) fn new(base_offset: Offset) -> Self {
        Self {
            base_offset,
            end_offset: base_offset,
            max_timestamp_ms: -1,
            indexed_bytes: 0,
            entries: Vec::new(),
        }
    }

    /// Notes that the batch of `header` was put at `position`.
    pub(super) fn add(&mut self, header: &BatchHeader, position: usize) {
        if position - self.indexed_bytes >= INTERVAL_BYTES {
            self.indexed_bytes = position;
            self.entries.push(Entry {
                base_offset: header.base_offset(),
                position,
            });
        }
        self.end_offset = header.last_offset().plus(1);
        self.max_timestamp_ms = self.max_timestamp_ms.max(header.max_timestamp_ms());
    }

    /// Position of the batch that holds `offset`, or of the first one after it.
    pub(super) fn position_of(&self, run: &[u8], offset: Offset) -> usize {
        let entry = self.entries.partition_point(|entry| entry.base_offset <= offset);
        let from = entry
            .checked_sub(1)
            .map_or(0, |entry| self.entries[entry].position);
        walk(run, from)
            .find(|(_, header)| header.last_offset() >= offset)
            .map_or(run.len(), |(position, _)| position)
    }

    /// The whole batches from `start` on that end before `end_offset` and fit in `room_bytes`; the first comes in any case if
    /// `at_least_one`.
    pub(super) fn stretch(
        &self,
        run: &[u8],
        start: usize,
        end_offset: Offset,
        room_bytes: usize,
        at_least_one: bool,
    ) -> Stretch {
        if run.len() - start <= room_bytes && self.end_offset <= end_offset {
            return Stretch {
                start,
                end: run.len(),
                next_offset: self.end_offset,
            };
        }
        let mut stretch = Stretch {
            start,
            end: start,
            next_offset: self.base_offset,
        };
        // All batches before an entry end before its offset.
        let sure = self.entries.partition_point(|entry| {
            entry.base_offset <= end_offset && entry.position.saturating_sub(start) <= room_bytes
        });
        if let Some(entry) = sure.checked_sub(1).map(|last| self.entries[last])
            && entry.position > start
        {
            stretch.end = entry.position;
            stretch.next_offset = entry.base_offset;
        }
        for (position, header) in walk(run, stretch.end) {
            let size = header.size_bytes().unwrap_or(0);
            let is_forced = at_least_one && position == start;
            if header.last_offset() >= end_offset || (position + size - start > room_bytes && !is_forced) {
                break;
            }
            stretch.end = position + size;
            stretch.next_offset = header.last_offset().plus(1);
        }
        stretch
    }
}

/// The headers of a run with their positions, from the batch at `position` on.
pub(super) fn walk(run: &[u8], mut position: usize) -> impl Iterator<Item = (usize, BatchHeader)> {
    std::iter::from_fn(move || {
        let header = BatchHeader::read(&run[position..])?;
        let at = position;
        position += header.size_bytes()?;
        Some((at, header))
    })
}
