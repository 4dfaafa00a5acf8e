//! A stretch of the log that is dropped as one: large batches as they came, small ones copied together into runs. Source: Kafka's
//! `LogSegment`.

use super::batch::{Batch, BatchHeader};
use super::index::{self, RunIndex};
use super::{LogSettings, Part, Slice};
use crate::ids::Offset;
use crate::pool::{Charge, OutOfMemory, Pool, PooledBuf};
use bytes::Bytes;
use std::collections::VecDeque;

/// Batches of this size and more are kept as they came; smaller ones are copied, so that they keep no receive buffer alive.
const LARGE_BATCH_BYTES: usize = 4 << 10;
/// A run is sealed at this size: one slice of a fetch answer.
const RUN_BYTES: usize = 64 << 10;
/// What the first small batches of an idle partition get.
const LEAST_TAIL_BYTES: usize = 512;

/// A segment of the log. Only the last one of a log grows.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) base_offset: Offset,
    pub(super) size_bytes: u64,
    /// The largest timestamp of all records appended; -1 if none has one.
    pub(super) max_timestamp_ms: i64,
    /// The first batch's largest timestamp, which `segment.ms` counts from.
    first_timestamp_ms: Option<i64>,
    created_ms: i64,
    last_append_ms: i64,
    chunks: VecDeque<Chunk>,
    /// The memory of `chunks` itself.
    chunks_charge: Option<Charge>,
    tail: Option<Tail>,
    /// The last run was filled, so the next one starts at full size.
    is_busy: bool,
}

/// Sealed batches.
#[derive(Debug)]
struct Chunk {
    end_offset: Offset,
    max_timestamp_ms: i64,
    /// The largest timestamp of this chunk and those before it, for a binary search by time.
    max_timestamp_so_far_ms: i64,
    batches: Batches,
}

#[derive(Debug)]
enum Batches {
    Large { header: BatchHeader, body: Bytes },
    Run { bytes: Bytes, index: Box<RunIndex> },
}

/// The run that grows. Readers copy from it.
#[derive(Debug)]
struct Tail {
    buffer: PooledBuf,
    index: RunIndex,
}

/// What a read may give.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    /// Whole batches before this offset only.
    pub(super) end: Offset,
    pub(super) max_bytes: usize,
    pub(super) at_least_one: bool,
}

/// A batch as a search sees it.
#[derive(Debug)]
pub(super) struct BatchView<'a> {
    pub(super) header: BatchHeader,
    pub(super) body: &'a [u8],
}

impl Segment {
    pub(super) fn new(base_offset: Offset, now_ms: i64) -> Self {
        Self {
            base_offset,
            size_bytes: 0,
            max_timestamp_ms: -1,
            first_timestamp_ms: None,
            created_ms: now_ms,
            last_append_ms: now_ms,
            chunks: VecDeque::new(),
            chunks_charge: None,
            tail: None,
            is_busy: false,
        }
    }

    /// Whether `batch` belongs into a new segment. Source: `LogSegment.shouldRoll`.
    pub(super) fn should_roll(&self, batch: &Batch, now_ms: i64, settings: &LogSettings) -> bool {
        if self.size_bytes == 0 {
            return false;
        }
        let waited_ms = match self.first_timestamp_ms {
            Some(first_ms) => batch.header.max_timestamp_ms().saturating_sub(first_ms),
            None => now_ms.saturating_sub(self.created_ms),
        };
        let is_full = self.size_bytes + batch.size_bytes() as u64 > settings.segment_bytes.max(0) as u64;
        let spread = batch.header.last_offset().0 - self.base_offset.0;
        is_full || waited_ms > settings.segment_ms || spread > i64::from(i32::MAX)
    }

    /// The largest timestamp, or the time of the last append if no record has one. Source: `LogSegment.largestTimestamp`.
    pub(super) fn largest_timestamp_ms(&self) -> i64 {
        if self.max_timestamp_ms >= 0 {
            self.max_timestamp_ms
        } else {
            self.last_append_ms
        }
    }

    /// Appends a batch whose header has its offset and epoch already.
    pub(super) fn append(&mut self, batch: Batch, now_ms: i64, pool: &Pool) -> Result<(), OutOfMemory> {
        let (header, size) = (batch.header, batch.size_bytes());
        if size < LARGE_BATCH_BYTES {
            self.append_small(&batch, pool)?;
        } else {
            pool.admit(0)?;
            self.seal(pool);
            self.push(Chunk::large(batch), pool);
        }
        self.size_bytes += size as u64;
        self.max_timestamp_ms = self.max_timestamp_ms.max(header.max_timestamp_ms());
        self.last_append_ms = now_ms;
        if self.first_timestamp_ms.is_none() && header.max_timestamp_ms() >= 0 {
            self.first_timestamp_ms = Some(header.max_timestamp_ms());
        }
        Ok(())
    }

    fn append_small(&mut self, batch: &Batch, pool: &Pool) -> Result<(), OutOfMemory> {
        let size = batch.size_bytes();
        if self
            .tail
            .as_ref()
            .is_some_and(|tail| tail.buffer.len() + size > RUN_BYTES)
        {
            self.is_busy = true;
            self.seal(pool);
        }
        let least = if self.is_busy { RUN_BYTES } else { LEAST_TAIL_BYTES };
        match &mut self.tail {
            Some(tail) => tail.grow_for(size, pool)?,
            None => {
                let capacity = size.next_power_of_two().max(least);
                pool.admit(capacity)?;
                self.tail = Some(Tail {
                    buffer: pool.take(capacity)?,
                    index: RunIndex::new(batch.header.base_offset()),
                });
            }
        }
        if let Some(tail) = &mut self.tail {
            tail.push(batch);
        }
        Ok(())
    }

    /// Makes the growing run immutable and shared.
    pub(super) fn seal(&mut self, pool: &Pool) {
        if let Some(tail) = self.tail.take() {
            self.push(Chunk::run(tail.index, Tail::freeze(tail.buffer, pool)), pool);
        }
    }

    fn push(&mut self, mut chunk: Chunk, pool: &Pool) {
        let so_far_ms = self.chunks.back().map_or(-1, |last| last.max_timestamp_so_far_ms);
        chunk.max_timestamp_so_far_ms = chunk.max_timestamp_ms.max(so_far_ms);
        self.chunks.push_back(chunk);
        let held_bytes = self.chunks.capacity() * size_of::<Chunk>();
        if self.chunks_charge.as_ref().map(Charge::bytes) != Some(held_bytes) {
            self.chunks_charge = Some(pool.charge_beyond_limit(held_bytes));
        }
    }

    /// Appends what `window` allows from the batch that holds `from` on to `slice`. False when the window is used up.
    pub(super) fn read(&self, from: Offset, window: Window, slice: &mut Slice, pool: &Pool) -> bool {
        let first = self.chunks.partition_point(|chunk| chunk.end_offset <= from);
        for chunk in self.chunks.range(first..) {
            let goes_on = match &chunk.batches {
                Batches::Large { header, body } => window.take_large(header, body, slice),
                Batches::Run { bytes, index } => {
                    window.take_run(bytes, index, from, slice, |range| bytes.slice(range))
                }
            };
            if !goes_on {
                return false;
            }
        }
        let Some(tail) = &self.tail else { return true };
        window.take_run(&tail.buffer, &tail.index, from, slice, |range| {
            let mut copy = pool.take_beyond_limit(range.len());
            copy.extend_from_slice(&tail.buffer[range]);
            copy.freeze()
        })
    }

    /// The batches in order from the first whose largest timestamp is `timestamp_ms` or later and that ends after `start_offset`.
    pub(super) fn batches_by_time(
        &self,
        timestamp_ms: i64,
        start_offset: Offset,
    ) -> impl Iterator<Item = BatchView<'_>> {
        let first = self
            .chunks
            .partition_point(|chunk| chunk.max_timestamp_so_far_ms < timestamp_ms);
        let sealed = self
            .chunks
            .range(first..)
            .filter(move |chunk| chunk.max_timestamp_ms >= timestamp_ms);
        let tail = self
            .tail
            .as_ref()
            .filter(|tail| tail.index.max_timestamp_ms >= timestamp_ms);
        sealed
            .flat_map(Chunk::views)
            .chain(tail.into_iter().flat_map(|tail| views(&tail.buffer)))
            .filter(move |batch| {
                batch.header.max_timestamp_ms() >= timestamp_ms && batch.header.last_offset() >= start_offset
            })
    }

    /// Gives back the memory of what ends at or before `offset`. Size and timestamps still count it, as Kafka's files do.
    pub(super) fn drop_before(&mut self, offset: Offset) {
        while self
            .chunks
            .front()
            .is_some_and(|chunk| chunk.end_offset <= offset)
        {
            self.chunks.pop_front();
        }
        if !self.chunks.is_empty() {
            return;
        }
        self.chunks = VecDeque::new();
        self.chunks_charge = None;
        self.tail.take_if(|tail| tail.index.end_offset <= offset);
    }
}

impl Chunk {
    fn large(batch: Batch) -> Self {
        Self {
            end_offset: batch.header.last_offset().plus(1),
            max_timestamp_ms: batch.header.max_timestamp_ms(),
            max_timestamp_so_far_ms: -1,
            batches: Batches::Large {
                header: batch.header,
                body: batch.body,
            },
        }
    }

    fn run(index: RunIndex, bytes: Bytes) -> Self {
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

    fn views(&self) -> impl Iterator<Item = BatchView<'_>> {
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
        large.into_iter().chain(views(run))
    }
}

fn views(run: &[u8]) -> impl Iterator<Item = BatchView<'_>> {
    index::walk(run, 0).map(|(position, header)| BatchView {
        header,
        body: &run[position + header.0.len()..position + header.size_bytes().unwrap_or(header.0.len())],
    })
}

impl Tail {
    /// Makes room for `more` bytes, by a copy into a buffer twice as large.
    fn grow_for(&mut self, more: usize, pool: &Pool) -> Result<(), OutOfMemory> {
        let needed = self.buffer.len() + more;
        if needed > self.buffer.capacity() {
            let capacity = needed.next_power_of_two().min(RUN_BYTES);
            pool.admit(capacity)?;
            let mut grown = pool.take(capacity)?;
            grown.extend_from_slice(&self.buffer);
            self.buffer = grown;
        }
        Ok(())
    }

    fn push(&mut self, batch: &Batch) {
        self.index.add(&batch.header, self.buffer.len());
        self.buffer.extend_from_slice(&batch.header.0);
        self.buffer.extend_from_slice(&batch.body);
    }

    /// A buffer that is mostly empty is copied into one that fits, if there is one.
    fn freeze(buffer: PooledBuf, pool: &Pool) -> Bytes {
        if buffer.len() <= buffer.capacity() / 2
            && let Ok(bytes) = pool.copy(&buffer)
        {
            return bytes;
        }
        buffer.freeze()
    }
}

impl Window {
    fn take_large(self, header: &BatchHeader, body: &Bytes, slice: &mut Slice) -> bool {
        let size = header.0.len() + body.len();
        let is_forced = self.at_least_one && slice.bytes == 0;
        if header.last_offset() >= self.end || (slice.bytes + size > self.max_bytes && !is_forced) {
            return false;
        }
        slice.parts.push(Part::Header(header.0));
        slice.parts.push(Part::Bytes(body.clone()));
        slice.bytes += size;
        slice.next_offset = header.last_offset().plus(1);
        true
    }

    fn take_run(
        self,
        run: &[u8],
        index: &RunIndex,
        from: Offset,
        slice: &mut Slice,
        share: impl FnOnce(std::ops::Range<usize>) -> Bytes,
    ) -> bool {
        let start = if from <= index.base_offset {
            0
        } else {
            index.position_of(run, from)
        };
        let room_bytes = self.max_bytes.saturating_sub(slice.bytes);
        let at_least_one = self.at_least_one && slice.bytes == 0;
        let stretch = index.stretch(run, start, self.end, room_bytes, at_least_one);
        if stretch.end > stretch.start {
            slice.parts.push(Part::Bytes(share(stretch.start..stretch.end)));
            slice.bytes += stretch.end - stretch.start;
            slice.next_offset = stretch.next_offset;
        }
        stretch.end == run.len()
    }
}
