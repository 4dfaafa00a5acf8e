//! A sealed part of a segment: a large batch in the buffer that it was received in, or a run of small ones. Readers share it.

use crate::ids::Offset;
use crate::log::batch::Batch;
use crate::log::header::BatchHeader;
use crate::log::index::{self, RunIndex};
use crate::log::{Part, Slice, records};
use bytes::Bytes;
use std::ops::Range;

/// One or more whole batches that do not change any more.
#[derive(Clone, Debug)]
pub(super) struct Chunk {
    /// The offset after the last record.
    pub(super) end_offset: Offset,
    pub(super) max_timestamp_ms: i64,
    /// The largest timestamp of this chunk and of those before it. It rises from chunk to chunk, which timestamps need not, so a
    /// search by time can be a binary one.
    pub(super) max_timestamp_so_far_ms: i64,
    batches: Batches,
}

#[derive(Clone, Debug)]
enum Batches {
    Large { header: BatchHeader, body: Bytes },
    Run { bytes: Bytes, index: Box<RunIndex> },
}

/// The limits of a read.
#[derive(Clone, Copy, Debug)]
pub(in crate::log) struct Window {
    /// Only batches that end at or before this offset are read.
    pub(in crate::log) end: Offset,
    pub(in crate::log) max_bytes: usize,
    /// The first batch is read even if it is larger than `max_bytes` (KIP-74).
    pub(in crate::log) at_least_one: bool,
}

/// A stored batch, borrowed.
#[derive(Debug)]
pub(in crate::log) struct BatchView<'a> {
    pub(in crate::log) header: BatchHeader,
    pub(in crate::log) body: &'a [u8],
}

impl Chunk {
    /// Returns a chunk of one batch, without copying it.
    pub(super) fn large(batch: Batch) -> Self {
        Self {
            end_offset: batch.header.last_offset().plus(1),
            max_timestamp_ms: batch.header.max_timestamp_ms(),
            // The segment sets it when it takes the chunk, since it depends on the chunks before.
            max_timestamp_so_far_ms: -1,
            batches: Batches::Large {
                header: batch.header,
                body: batch.body,
            },
        }
    }

    /// Returns a chunk of the batches in `bytes`.
    pub(super) fn run(index: RunIndex, bytes: Bytes) -> Self {
        Self {
            end_offset: index.end_offset,
            max_timestamp_ms: index.max_timestamp_ms,
            max_timestamp_so_far_ms: -1,
            batches: Batches::Run {
                bytes,
                index: Box::new(index),
            },
        }
    }

    /// Adds to `slice` the batches that `window` allows, from the one that holds `from` on. Returns false when the window is
    /// used up.
    pub(super) fn read(&self, from: Offset, window: Window, slice: &mut Slice) -> bool {
        match &self.batches {
            Batches::Large { header, body } => window.take_large(header, body, slice),
            Batches::Run { bytes, index } => {
                window.take_run(bytes, index, from, slice, |range| bytes.slice(range))
            }
        }
    }

    /// Returns the batches.
    pub(super) fn batches(&self) -> impl Iterator<Item = BatchView<'_>> {
        let (large, run) = match &self.batches {
            Batches::Large { header, body } => (
                Some(BatchView {
                    header: *header,
                    body,
                }),
                &[][..],
            ),
            Batches::Run { bytes, .. } => (None, &bytes[..]),
        };
        large.into_iter().chain(batches_of(run))
    }

    /// Returns the batches, which share its memory.
    pub(super) fn shared_batches(&self) -> impl Iterator<Item = Batch> {
        let (large, run) = match &self.batches {
            Batches::Large { header, body } => (
                Some(Batch {
                    header: *header,
                    body: body.clone(),
                }),
                Bytes::new(),
            ),
            Batches::Run { bytes, .. } => (None, bytes.clone()),
        };
        large
            .into_iter()
            .chain(records::batches(run).map(|(header, body)| Batch { header, body }))
    }

    /// Drops the batches that hold or follow `offset`. Returns the chunk of those that are left, if any, and the number of bytes
    /// dropped. The memory of a shortened run is given back with the rest of it: a reader may hold the whole buffer anyway.
    pub(super) fn truncate(self, offset: Offset) -> (Option<Self>, usize) {
        match self.batches {
            // Only chunks that end after the offset come here, and a large one is a single batch, which goes
            // whole.
            Batches::Large { header, body } => (None, header.0.len() + body.len()),
            Batches::Run { mut bytes, index } => {
                let end = index.position_of(&bytes, offset);
                let dropped_bytes = bytes.len() - end;
                bytes.truncate(end);
                // The largest timestamp may have been in the part that goes, so the index is built again.
                let index = RunIndex::of(&bytes, index.base_offset);
                let kept = (end > 0).then(|| Self::run(index, bytes));
                (kept, dropped_bytes)
            }
        }
    }
}

/// Returns the batches of a run.
pub(super) fn batches_of(run: &[u8]) -> impl Iterator<Item = BatchView<'_>> {
    index::walk(run, 0).map(|(position, header)| BatchView {
        header,
        body: &run[position + header.0.len()..position + header.size_bytes().unwrap_or(header.0.len())],
    })
}

impl Window {
    fn take_large(self, header: &BatchHeader, body: &Bytes, slice: &mut Slice) -> bool {
        let size = header.0.len() + body.len();
        let is_forced = self.at_least_one && slice.bytes == 0;
        // A batch is read whole or not at all, so one that reaches beyond the end is left for later.
        if header.last_offset() >= self.end || (slice.bytes + size > self.max_bytes && !is_forced) {
            return false;
        }
        slice.parts.push(Part::Header(header.0));
        slice.parts.push(Part::Bytes(body.clone()));
        slice.bytes += size;
        slice.next_offset = header.last_offset().plus(1);
        true
    }

    /// Adds to `slice` the batches of `run` that fit. `share` returns the bytes of a range of the run: a slice of it where it is
    /// sealed, a copy where it still grows.
    pub(super) fn take_run(
        self,
        run: &[u8],
        index: &RunIndex,
        from: Offset,
        slice: &mut Slice,
        share: impl FnOnce(Range<usize>) -> Bytes,
    ) -> bool {
        let start = if from <= index.base_offset {
            0
        } else {
            index.position_of(run, from)
        };
        // A first batch that is larger than the limit has exceeded it already.
        let room_bytes = self.max_bytes.saturating_sub(slice.bytes);
        let at_least_one = self.at_least_one && slice.bytes == 0;
        let stretch = index.stretch(run, start, self.end, room_bytes, at_least_one);
        if stretch.end > stretch.start {
            slice.parts.push(Part::Bytes(share(stretch.start..stretch.end)));
            slice.bytes += stretch.end - stretch.start;
            slice.next_offset = stretch.next_offset;
        }
        // If batches are left, no later chunk may follow: the slice would have a gap.
        stretch.end == run.len()
    }
}
