//! The index of a run of small batches: one entry about every 4 KiB, as with Kafka's `index.interval.bytes`, and a walk over the
//! batch headers from there. An entry per batch would take a tenth of the memory that small batches take themselves.

use super::header::BatchHeader;
use crate::ids::Offset;

/// Kafka's default of `index.interval.bytes`.
const INTERVAL_BYTES: usize = 4096;

/// The index of one run.
#[derive(Clone, Debug)]
pub(super) struct RunIndex {
    pub(super) base_offset: Offset,
    /// The offset after the last record.
    pub(super) end_offset: Offset,
    pub(super) max_timestamp_ms: i64,
    /// The position of the last entry.
    indexed_bytes: usize,
    /// In ascending order. The first batch of the run has no entry: its position is 0.
    entries: Vec<Entry>,
}

/// The position of a batch, and the offset after the last record before it. That is not always the batch's own base offset: a
/// truncation inside a batch leaves a gap, and a stretch that ends here ends before the gap.
#[derive(Clone, Copy, Debug)]
struct Entry {
    end_offset_before: Offset,
    position: usize,
}

/// A part of a run that begins and ends with a whole batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) start: usize,
    pub(super) end: usize,
    /// The offset after the last record in it.
    pub(super) next_offset: Offset,
}

impl RunIndex {
    /// Returns the index of an empty run whose first batch will have `base_offset`.
    pub(super) fn new(base_offset: Offset) -> Self {
        Self {
            base_offset,
            end_offset: base_offset,
            max_timestamp_ms: -1,
            indexed_bytes: 0,
            entries: Vec::new(),
        }
    }

    /// Returns the index of `run`, which begins with a batch at `base_offset`.
    pub(super) fn of(run: &[u8], base_offset: Offset) -> Self {
        let mut index = Self::new(base_offset);
        for (position, header) in walk(run, 0) {
            index.add(&header, position);
        }
        index
    }

    /// Adds a batch that was written at `position`.
    pub(super) fn add(&mut self, header: &BatchHeader, position: usize) {
        if position - self.indexed_bytes >= INTERVAL_BYTES {
            self.indexed_bytes = position;
            self.entries.push(Entry {
                end_offset_before: self.end_offset,
                position,
            });
        }
        self.end_offset = header.last_offset().plus(1);
        self.max_timestamp_ms = self.max_timestamp_ms.max(header.max_timestamp_ms());
    }

    /// Returns the position of the batch that holds `offset`, or of the first one after it.
    pub(super) fn position_of(&self, run: &[u8], offset: Offset) -> usize {
        let entry = self
            .entries
            .partition_point(|entry| entry.end_offset_before <= offset);
        let from = entry
            .checked_sub(1)
            .map_or(0, |entry| self.entries[entry].position);
        walk(run, from)
            .find(|(_, header)| header.last_offset() >= offset)
            .map_or(run.len(), |(position, _)| position)
    }

    /// Returns the whole batches from position `start` on that end before `end_offset` and fit into `room_bytes`. With
    /// `at_least_one` the first batch need not fit.
    pub(super) fn stretch(
        &self,
        run: &[u8],
        start: usize,
        end_offset: Offset,
        room_bytes: usize,
        at_least_one: bool,
    ) -> Stretch {
        // A read of all that is left needs no walk over the headers.
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
        // All batches before an entry end at its offset, so the walk can begin at the last entry that fits.
        // An entry before the start counts as 0 bytes and fits; it is left out below.
        let sure = self.entries.partition_point(|entry| {
            entry.end_offset_before <= end_offset && entry.position.saturating_sub(start) <= room_bytes
        });
        if let Some(entry) = sure.checked_sub(1).map(|last| self.entries[last])
            && entry.position > start
        {
            stretch.end = entry.position;
            stretch.next_offset = entry.end_offset_before;
        }
        for (position, header) in walk(run, stretch.end) {
            let size = header.size_bytes().unwrap_or(0);
            let is_forced = at_least_one && position == start;
            // The comparison subtracts, because `start + room_bytes` overflowed in a read without a limit of
            // bytes. A random test found that.
            if header.last_offset() >= end_offset || (position + size - start > room_bytes && !is_forced) {
                break;
            }
            stretch.end = position + size;
            stretch.next_offset = header.last_offset().plus(1);
        }
        stretch
    }
}

/// Returns the headers of a run with their positions, from the batch at `position` on.
pub(super) fn walk(run: &[u8], mut position: usize) -> impl Iterator<Item = (usize, BatchHeader)> {
    std::iter::from_fn(move || {
        let header = BatchHeader::read(&run[position..])?;
        let at = position;
        position += header.size_bytes()?;
        Some((at, header))
    })
}
