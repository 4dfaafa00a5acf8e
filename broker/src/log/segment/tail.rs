//! The run at the end of a segment, which grows. Readers copy what they need of it: bytes that are shared could not be appended to.

use super::RUN_BYTES;
use super::chunk::{BatchView, Chunk, Window, batches_of};
use crate::ids::Offset;
use crate::log::Slice;
use crate::log::batch::Batch;
use crate::log::index::RunIndex;
use crate::pool::{OutOfMemory, Pool, PooledBuf, Room};

/// A run of one or more small batches that grows.
#[derive(Debug)]
pub(super) struct Tail {
    buffer: PooledBuf,
    index: RunIndex,
}

impl Tail {
    /// Returns a tail with one batch, in a buffer of at least `least_bytes`.
    pub(super) fn new(
        room: Room,
        batch: &Batch,
        least_bytes: usize,
        pool: &Pool,
    ) -> Result<Self, OutOfMemory> {
        let capacity = batch.size_bytes().next_power_of_two().max(least_bytes);
        let mut tail = Self {
            buffer: pool.take_within(room, capacity)?,
            index: RunIndex::new(batch.header.base_offset()),
        };
        tail.push(batch);
        Ok(tail)
    }

    /// Appends a batch, which must fit into [`RUN_BYTES`]. Changes nothing if it fails.
    pub(super) fn append(&mut self, room: Room, batch: &Batch, pool: &Pool) -> Result<(), OutOfMemory> {
        self.grow_for(room, batch.size_bytes(), pool)?;
        self.push(batch);
        Ok(())
    }

    /// Makes room for `more` bytes by copying into a buffer of twice the size: all copies of a run together are smaller than it.
    fn grow_for(&mut self, room: Room, more: usize, pool: &Pool) -> Result<(), OutOfMemory> {
        let needed = self.buffer.len() + more;
        if needed > self.buffer.capacity() {
            // A run is sealed before it exceeds `RUN_BYTES`, so it never needs a larger buffer.
            let capacity = needed.next_power_of_two().min(RUN_BYTES);
            let mut grown = pool.take_within(room, capacity)?;
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

    /// Returns the chunk of all its batches. A buffer that is at most half full is replaced by a copy that fits, unless the
    /// memory limit has been reached: then the larger buffer stays, which is charged already.
    pub(super) fn freeze(self, pool: &Pool) -> Chunk {
        let is_mostly_empty = self.buffer.len() <= self.buffer.capacity() / 2;
        let bytes = match is_mostly_empty.then(|| pool.copy(&self.buffer)) {
            Some(Ok(bytes)) => bytes,
            Some(Err(_)) | None => self.buffer.freeze(),
        };
        Chunk::run(self.index, bytes)
    }

    /// Adds to `slice` the batches that `window` allows, from the one that holds `from` on. Returns false when the window is
    /// used up.
    pub(super) fn read(&self, from: Offset, window: Window, slice: &mut Slice, pool: &Pool) -> bool {
        window.take_run(&self.buffer, &self.index, from, slice, |range| {
            // Not refused at the limit: consumers must be able to read a full log, and the copy lives as long as one answer.
            let mut copy = pool.take_beyond_limit(range.len());
            copy.extend_from_slice(&self.buffer[range]);
            copy.freeze()
        })
    }

    /// Returns the batches.
    pub(super) fn batches(&self) -> impl Iterator<Item = BatchView<'_>> {
        batches_of(&self.buffer)
    }

    /// Drops the batches that hold or follow `offset`. Returns the tail of those that are left, if any, and the number of bytes
    /// dropped.
    pub(super) fn truncate(mut self, offset: Offset) -> (Option<Self>, usize) {
        let end = self.index.position_of(&self.buffer, offset);
        let dropped_bytes = self.buffer.len() - end;
        if dropped_bytes > 0 {
            self.buffer.truncate(end);
            // The largest timestamp may have been in the part that goes, so the index is built again.
            self.index = RunIndex::of(&self.buffer, self.index.base_offset);
        }
        ((end > 0).then_some(self), dropped_bytes)
    }

    /// Returns the number of bytes in it.
    pub(super) fn size_bytes(&self) -> usize {
        self.buffer.len()
    }

    /// Returns the offset after the last record.
    pub(super) fn end_offset(&self) -> Offset {
        self.index.end_offset
    }

    /// Returns the largest timestamp; -1 if no record has one.
    pub(super) fn max_timestamp_ms(&self) -> i64 {
        self.index.max_timestamp_ms
    }
}
