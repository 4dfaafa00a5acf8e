//! A segment of the log, which retention drops as a whole. Source: Kafka's `LogSegment`.
//!
//! A segment is a list of sealed chunks and at most one tail that grows. A large batch is a chunk by itself and stays in the
//! buffer that it was received in. Small batches are copied one after another into the tail, and the tail becomes a chunk (a
//! run) when it is full or a large batch follows it.

mod chunk;
mod tail;

pub(super) use chunk::{BatchView, Window};

use super::batch::Batch;
use super::header::BATCH_HEADER_BYTES;
use super::{LogSettings, Slice};
use crate::ids::Offset;
use crate::pool::{Charge, OutOfMemory, Pool, Room};
use chunk::Chunk;
use std::collections::VecDeque;
use tail::Tail;

/// The size from which a batch is stored without a copy. A slice of a receive buffer keeps the whole buffer alive, and one frame
/// can hold batches for many partitions: the buffer can be many times as large as a small batch that is left of it.
const LARGE_BATCH_BYTES: usize = 4 << 10;

/// The size at which a run is sealed. A run is one part of a fetch answer, so larger runs mean fewer parts to write; smaller ones
/// mean that readers copy less, since they copy what they need of a run that still grows.
const RUN_BYTES: usize = 64 << 10;

/// The size of a segment's first tail. A cluster can have 10,000 partitions with a few records each: a buffer of a full run for
/// each of them would take more than 600 MB.
const LEAST_TAIL_BYTES: usize = 512;

impl Batch {
    /// Moves the body into the memory of logs. A small one stays where it is, because a segment copies it.
    ///
    /// # Errors
    /// [`OutOfMemory`] if there is no room for it.
    pub(crate) fn into_pool(mut self, pool: &Pool) -> Result<Self, OutOfMemory> {
        if self.size_bytes() >= LARGE_BATCH_BYTES {
            self.body = pool.copy(&self.body)?;
        }
        Ok(self)
    }
}

/// A segment that does not change, held while it is compacted.
#[derive(Debug)]
pub(super) struct SealedSegment {
    pub(super) base_offset: Offset,
    pub(super) size_bytes: u64,
    pub(super) created_ms: i64,
    pub(super) changed_ms: i64,
    chunks: Vec<Chunk>,
}

impl SealedSegment {
    /// Returns the batches that were kept when it was taken, which share its memory.
    pub(super) fn batches(&self) -> impl Iterator<Item = Batch> {
        self.chunks.iter().flat_map(Chunk::shared_batches)
    }
}

/// A segment of the log. Only the last segment of a log grows.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) base_offset: Offset,
    /// The bytes of all batches that were appended and not truncated. As in Kafka's files, batches below the log start offset
    /// count until the segment is dropped, although their memory has been given back.
    pub(super) size_bytes: u64,
    /// The largest timestamp of the batches that `size_bytes` counts; -1 if none has one.
    pub(super) max_timestamp_ms: i64,
    /// The largest timestamp of the batches whose memory has been given back; -1 if none has one. A truncation counts it, because it
    /// can no longer read those batches.
    released_timestamp_ms: i64,
    /// The first batch's largest timestamp, which `segment.ms` counts from.
    first_timestamp_ms: Option<i64>,
    created_ms: i64,
    /// The time of the last change. Kafka takes the file's modification time.
    changed_ms: i64,
    chunks: VecDeque<Chunk>,
    /// The memory of the list `chunks` itself.
    chunks_charge: Option<Charge>,
    tail: Option<Tail>,
    /// Whether a run has been filled. The next tail then starts at full size, since growing copies it.
    is_busy: bool,
}

impl Segment {
    /// Returns an empty segment for the records from `base_offset` on.
    pub(super) fn new(base_offset: Offset, now_ms: i64) -> Self {
        Self {
            base_offset,
            size_bytes: 0,
            max_timestamp_ms: -1,
            released_timestamp_ms: -1,
            first_timestamp_ms: None,
            created_ms: now_ms,
            changed_ms: now_ms,
            chunks: VecDeque::new(),
            chunks_charge: None,
            tail: None,
            is_busy: false,
        }
    }

    /// Returns whether `batch` must go into a new segment. Source: `LogSegment.shouldRoll`.
    pub(super) fn should_roll(&self, batch: &Batch, now_ms: i64, settings: &LogSettings) -> bool {
        // A truncation leaves an empty segment for the next append. Rolling would keep it in the log without
        // records.
        if self.size_bytes == 0 {
            return false;
        }
        // As in Kafka (KIP-33), time passes with the records' timestamps, and the clock counts only if the
        // first batches have none. Clients set timestamps as they like, so the difference saturates.
        let waited_ms = match self.first_timestamp_ms {
            Some(first_ms) => batch.header.max_timestamp_ms().saturating_sub(first_ms),
            None => now_ms.saturating_sub(self.created_ms),
        };
        let is_full = self.size_bytes + batch.size_bytes() as u64 > settings.segment_bytes.max(0) as u64;
        // Kafka's indexes store offsets as 32 bits relative to the base offset.
        let spread = batch.header.last_offset().0 - self.base_offset.0;
        is_full || waited_ms > settings.max_segment_ms() || spread > i64::from(i32::MAX)
    }

    /// Returns the largest timestamp, or the time of the last change if no record has one. Source:
    /// `LogSegment.largestTimestamp`.
    pub(super) fn largest_timestamp_ms(&self) -> i64 {
        if self.max_timestamp_ms >= 0 {
            self.max_timestamp_ms
        } else {
            self.changed_ms
        }
    }

    /// Returns whether a body of `bytes` is kept without a copy, so that it has to be in the pool's memory.
    pub(super) fn keeps(bytes: usize) -> bool {
        BATCH_HEADER_BYTES + bytes >= LARGE_BATCH_BYTES
    }

    /// Appends a batch whose header is final. Changes nothing if it fails.
    pub(super) fn append(&mut self, batch: Batch, now_ms: i64, pool: &Pool) -> Result<(), OutOfMemory> {
        self.append_within(Room::Kept, batch, now_ms, pool)
    }

    /// Appends a batch that compaction has kept. It may use the room of frames: a log that has used up its own room can only be cleaned so,
    /// and the segments that this one replaces give back more than it takes.
    pub(super) fn append_kept(&mut self, batch: Batch, now_ms: i64, pool: &Pool) -> Result<(), OutOfMemory> {
        self.append_within(Room::Whole, batch, now_ms, pool)
    }

    fn append_within(
        &mut self,
        room: Room,
        batch: Batch,
        now_ms: i64,
        pool: &Pool,
    ) -> Result<(), OutOfMemory> {
        let (header, size) = (batch.header, batch.size_bytes());
        if Self::keeps(batch.body.len()) {
            // Nothing changes before this check, because an append that fails must change nothing.
            // The body is charged already, as a part of its frame.
            pool.admit_within(room, 0)?;
            self.seal(pool);
            self.push(Chunk::large(batch), pool);
        } else {
            self.append_small(room, &batch, pool)?;
        }
        self.size_bytes += size as u64;
        self.max_timestamp_ms = self.max_timestamp_ms.max(header.max_timestamp_ms());
        self.changed_ms = now_ms;
        if self.first_timestamp_ms.is_none() && header.max_timestamp_ms() >= 0 {
            self.first_timestamp_ms = Some(header.max_timestamp_ms());
        }
        Ok(())
    }

    fn append_small(&mut self, room: Room, batch: &Batch, pool: &Pool) -> Result<(), OutOfMemory> {
        let size = batch.size_bytes();
        if self
            .tail
            .as_ref()
            .is_some_and(|tail| tail.size_bytes() + size > RUN_BYTES)
        {
            // If the append fails afterwards, sealing has done no harm: it changes no batch.
            self.is_busy = true;
            self.seal(pool);
        }
        match &mut self.tail {
            Some(tail) => tail.append(room, batch, pool),
            None => {
                let least = if self.is_busy { RUN_BYTES } else { LEAST_TAIL_BYTES };
                self.tail = Some(Tail::new(room, batch, least, pool)?);
                Ok(())
            }
        }
    }

    /// Turns the tail into a chunk, which readers share instead of copying it.
    pub(super) fn seal(&mut self, pool: &Pool) {
        if let Some(tail) = self.tail.take() {
            self.push(tail.freeze(pool), pool);
        }
    }

    /// Returns the segment as it is, sealed. The batches are shared.
    pub(super) fn sealed(&mut self, pool: &Pool) -> SealedSegment {
        self.seal(pool);
        SealedSegment {
            base_offset: self.base_offset,
            size_bytes: self.size_bytes,
            created_ms: self.created_ms,
            changed_ms: self.changed_ms,
            chunks: self.chunks.iter().cloned().collect(),
        }
    }

    /// Returns the largest timestamp of the first batch that has one.
    pub(super) fn first_timestamp_ms(&self) -> Option<i64> {
        self.first_timestamp_ms
    }

    fn push(&mut self, mut chunk: Chunk, pool: &Pool) {
        let so_far_ms = self.chunks.back().map_or(-1, |last| last.max_timestamp_so_far_ms);
        chunk.max_timestamp_so_far_ms = chunk.max_timestamp_ms.max(so_far_ms);
        self.chunks.push_back(chunk);
        // The list may exceed the limit: the batch has been admitted, and its entry is small beside it. The
        // capacity changes only when the list grows, so most appends leave the charge alone.
        let held_bytes = self.chunks.capacity() * size_of::<Chunk>();
        if self.chunks_charge.as_ref().map(Charge::bytes) != Some(held_bytes) {
            self.chunks_charge = Some(pool.charge_beyond_limit(held_bytes));
        }
    }

    /// Adds to `slice` the batches that `window` allows, from the one that holds `from` on. Returns false when the window is
    /// used up.
    pub(super) fn read(&self, from: Offset, window: Window, slice: &mut Slice, pool: &Pool) -> bool {
        let first = self.chunks.partition_point(|chunk| chunk.end_offset <= from);
        // Deleted batches stay in memory until their whole chunk is deleted, so the offset is compared below.
        let sealed = self.chunks.range(first..);
        for chunk in sealed {
            if !chunk.read(from, window, slice) {
                return false;
            }
        }
        match &self.tail {
            Some(tail) => tail.read(from, window, slice, pool),
            None => true,
        }
    }

    /// Returns the batches in order from the first one whose largest timestamp is `timestamp_ms` or later and that does not end
    /// before `start_offset`.
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
            .filter(|tail| tail.max_timestamp_ms() >= timestamp_ms);
        sealed
            .flat_map(Chunk::batches)
            .chain(tail.into_iter().flat_map(Tail::batches))
            .filter(move |batch| {
                batch.header.max_timestamp_ms() >= timestamp_ms && batch.header.last_offset() >= start_offset
            })
    }

    /// Returns all batches that are kept.
    pub(super) fn batches(&self) -> impl Iterator<Item = BatchView<'_>> {
        let tail = self.tail.iter().flat_map(Tail::batches);
        self.chunks.iter().flat_map(Chunk::batches).chain(tail)
    }

    /// Gives back the memory of the batches that end at or before `offset`. `size_bytes` and the timestamps go on counting them.
    pub(super) fn drop_before(&mut self, offset: Offset) {
        while self
            .chunks
            .front()
            .is_some_and(|chunk| chunk.end_offset <= offset)
            && let Some(chunk) = self.chunks.pop_front()
        {
            self.released_timestamp_ms = self.released_timestamp_ms.max(chunk.max_timestamp_ms);
        }
        if self.chunks.is_empty() {
            self.release_chunks();
            if let Some(tail) = self.tail.take_if(|tail| tail.end_offset() <= offset) {
                self.released_timestamp_ms = self.released_timestamp_ms.max(tail.max_timestamp_ms());
            }
        }
    }

    /// Drops the batches that hold or follow `offset`, and returns the number of bytes that they had. A segment that is empty
    /// afterwards counts as created now. Source: `LogSegment.truncateTo`.
    pub(super) fn truncate(&mut self, offset: Offset, now_ms: i64, pool: &Pool) -> u64 {
        let mut dropped_bytes = 0;
        if let Some(tail) = self.tail.take() {
            let (kept, bytes) = tail.truncate(offset);
            self.tail = kept;
            dropped_bytes += bytes;
        }
        while self.chunks.back().is_some_and(|last| last.end_offset > offset)
            && let Some(last) = self.chunks.pop_back()
        {
            let (kept, bytes) = last.truncate(offset);
            dropped_bytes += bytes;
            // The chunk that was cut ends at or before the offset now, so that the loop ends.
            if let Some(kept) = kept {
                self.push(kept, pool);
            }
        }
        // An unchanged segment keeps its `changed_ms`: retention counts from it if no record has a timestamp.
        if dropped_bytes == 0 {
            return 0;
        }
        if self.chunks.is_empty() {
            self.release_chunks();
        }
        let sealed_ms = self.chunks.back().map_or(-1, |last| last.max_timestamp_so_far_ms);
        let tail_ms = self.tail.as_ref().map_or(-1, Tail::max_timestamp_ms);
        self.max_timestamp_ms = sealed_ms.max(tail_ms).max(self.released_timestamp_ms);
        self.size_bytes -= dropped_bytes as u64;
        self.changed_ms = now_ms;
        if self.size_bytes == 0 {
            self.created_ms = now_ms;
            self.first_timestamp_ms = None;
        }
        dropped_bytes as u64
    }

    fn release_chunks(&mut self) {
        // `clear` would keep the capacity, which would stay charged.
        self.chunks = VecDeque::new();
        self.chunks_charge = None;
    }
}
