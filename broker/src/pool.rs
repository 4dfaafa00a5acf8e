//! The memory for records: buffers that are used again when their last slice has been dropped, and the limit of them all.
//!
//! A page fault costs more than everything else in storing a batch, so buffers are recycled and not returned to the allocator, unless
//! nobody needs them for a while.
//! Everything that is held for a client is charged here, from the time it is received until the last reference is dropped.
//!
//! The limit has two parts. A quarter is for frames in flight: when it is used up, connections wait before they read on
//! ([`Pool::reserve_frame`]). The rest is for logs, answers, decompressed batches and payloads: when it is used up, producers are
//! refused. With one limit for both, a full log would leave no room for the requests that could empty it (Fetch, DeleteRecords,
//! DeleteTopics). A frame becomes log memory when its batches are kept, so [`Pool::admit`] is asked before that.

mod connection;
mod free;
mod stock;

#[cfg(test)]
pub(crate) use connection::{CONNECTION_BYTES, ELEMENT_BYTES};
pub(crate) use connection::{ConnectionCharge, SmallFrames};

use bytes::Bytes;
use free::FreeBuffers;
use std::mem;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use stock::Stock;
use tokio::sync::Semaphore;

/// The number of bytes that one permit of the frames' share stands for. Tokio's semaphore takes the number of permits as a `u32`.
// With units of 1 KiB a `u32` counts up to 4 TiB.
const FRAME_UNIT_BYTES: usize = 1024;

/// The frames' share is the limit divided by this. The larger part is for records, which are kept.
const FRAMES_DIVISOR: usize = 4;

/// A limit in bytes, and the free buffers under it. Clones share both.
#[derive(Clone, Debug)]
pub struct Pool {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    limit_bytes: usize,
    frames_share_bytes: usize,
    /// The sum of all charges, those of frames included.
    used_bytes: AtomicUsize,
    /// The part of `used_bytes` that frames in flight hold.
    frame_bytes: AtomicUsize,
    /// The free part of the frames' share. A semaphore serves those who wait in order, so a large frame is not overtaken for ever.
    frame_permits: Semaphore,
    free: FreeBuffers,
    stock: Stock,
}

/// A buffer of the pool. Its capacity is charged until the buffer and every slice of it have been dropped.
#[derive(Debug)]
pub struct PooledBuf {
    bytes: Vec<u8>,
    /// Set if the buffer was taken for a frame. The frame ends with the buffer at the latest.
    frame: Option<Arc<FrameInFlight>>,
    charge: Charge,
}

/// A number of bytes that are held outside the pool's buffers (an answer, a decompressed batch). They count until it is dropped.
#[derive(Debug)]
pub struct Charge {
    bytes: usize,
    pool: Pool,
}

/// The right to hold one frame while its request is in flight. Drop it when the request has been answered: bytes of the frame that
/// the log keeps are charged without it.
#[derive(Debug)]
pub(crate) struct FrameTicket {
    frame: Arc<FrameInFlight>,
}

/// A frame's part of the frames' share. It is given back once, when the ticket or the buffer is dropped: the first one counts,
/// because a log may keep the buffer for ever, and a request may go on without it.
#[derive(Debug)]
struct FrameInFlight {
    pool: Pool,
    bytes: usize,
    permits: u32,
    is_over: AtomicBool,
}

/// The part of the limit that bytes of logs may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    /// Everything outside the frames' share.
    Kept,
    /// The whole limit: for work that soon gives back more than it takes.
    Whole,
}

/// The memory outside the frames' share is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the memory limit of {limit_bytes} bytes is reached: {used_bytes} are in use, {wanted_bytes} more were asked for, and a quarter is reserved for requests"
)]
pub struct OutOfMemory {
    /// The number of bytes asked for.
    pub wanted_bytes: usize,
    /// The number of bytes in use.
    pub used_bytes: usize,
    /// The memory limit.
    pub limit_bytes: usize,
}

/// A frame that is larger than the share of all frames in flight, so that waiting would not help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a frame of {bytes} bytes exceeds the {share_bytes} bytes that frames may hold under the memory limit of {limit_bytes} bytes"
)]
pub(crate) struct FrameTooLarge {
    pub(crate) bytes: usize,
    pub(crate) share_bytes: usize,
    pub(crate) limit_bytes: usize,
}

impl Pool {
    /// Returns a pool that holds at most `limit_bytes` at once.
    pub fn new(limit_bytes: usize) -> Self {
        let frames_share_bytes = limit_bytes / FRAMES_DIVISOR;
        let permits = (frames_share_bytes / FRAME_UNIT_BYTES).min(u32::MAX as usize);
        Self {
            shared: Arc::new(Shared {
                limit_bytes,
                frames_share_bytes,
                used_bytes: AtomicUsize::new(0),
                frame_bytes: AtomicUsize::new(0),
                frame_permits: Semaphore::new(permits),
                free: FreeBuffers::new(limit_bytes / FRAMES_DIVISOR),
                stock: Stock::default(),
            }),
        }
    }

    /// Returns the memory limit.
    pub fn limit_bytes(&self) -> usize {
        self.shared.limit_bytes
    }

    /// Returns the number of bytes in use, frames in flight included. Free buffers are not in use.
    pub fn used_bytes(&self) -> usize {
        // `Relaxed` is enough in this file: the counters only count, and buffers pass between threads through
        // locks.
        self.shared.used_bytes.load(Ordering::Relaxed)
    }

    /// Checks that the frames' share stays free if everything that is charged now is kept, and `more_bytes` with it. A log asks
    /// before it keeps a batch whose bytes are charged already, or grows.
    ///
    /// Frames in flight count as if they were kept too: several appends that are checked at the same time would otherwise all
    /// pass. So a few appends can be refused early, but the frames' share can never be used up by what is kept.
    ///
    /// # Errors
    /// [`OutOfMemory`] when it does not.
    pub(crate) fn admit(&self, more_bytes: usize) -> Result<(), OutOfMemory> {
        self.admit_within(Room::Kept, more_bytes)
    }

    /// Checks the same as [`Pool::admit`], with `room` as the limit.
    ///
    /// # Errors
    /// [`OutOfMemory`] when it is used up.
    pub(crate) fn admit_within(&self, room: Room, more_bytes: usize) -> Result<(), OutOfMemory> {
        let limit_bytes = match room {
            Room::Kept => self.kept_limit_bytes(),
            Room::Whole => self.shared.limit_bytes,
        };
        // This reserves nothing: the bytes are charged already, or by the caller's next step.
        if self.used_bytes() + more_bytes > limit_bytes {
            return Err(self.out_of_memory(more_bytes));
        }
        Ok(())
    }

    /// Returns an empty buffer with room for at least `len` bytes that a log keeps. This is stricter than [`Pool::take`]: it counts frames in
    /// flight as kept, so that logs cannot use up the frames' share.
    ///
    /// # Errors
    /// [`OutOfMemory`] if `room` is used up.
    pub(crate) fn take_within(&self, room: Room, len: usize) -> Result<PooledBuf, OutOfMemory> {
        self.admit_within(room, len)?;
        match room {
            Room::Kept => self.take(len),
            Room::Whole => Ok(self.take_beyond_limit(len)),
        }
    }

    /// Returns an empty buffer with room for at least `len` bytes, a used one if one is free.
    ///
    /// # Errors
    /// [`OutOfMemory`] if the limit leaves no room for it.
    pub fn take(&self, len: usize) -> Result<PooledBuf, OutOfMemory> {
        let charge = self.charge(free::class_bytes(len))?;
        Ok(self.fill(charge))
    }

    /// Returns the same as [`Pool::take`], but may exceed the limit. For small, short-lived buffers without which memory would not
    /// become free, such as those of answers to consumers.
    pub(crate) fn take_beyond_limit(&self, len: usize) -> PooledBuf {
        let bytes = free::class_bytes(len);
        self.fill(self.charge_beyond_limit(bytes))
    }

    /// Copies `bytes` into a buffer of the pool.
    ///
    /// # Errors
    /// [`OutOfMemory`] if the limit leaves no room for them.
    pub fn copy(&self, bytes: &[u8]) -> Result<Bytes, OutOfMemory> {
        let mut buffer = self.take(bytes.len())?;
        buffer.extend_from_slice(bytes);
        Ok(buffer.freeze())
    }

    /// Counts `bytes` that are held elsewhere.
    ///
    /// # Errors
    /// [`OutOfMemory`] if the limit leaves no room for them.
    pub fn charge(&self, bytes: usize) -> Result<Charge, OutOfMemory> {
        // It adds before it checks, so that two threads cannot both take the last room.
        let before = self.shared.used_bytes.fetch_add(bytes, Ordering::Relaxed);
        let frames = self.shared.frame_bytes.load(Ordering::Relaxed);
        // Frames have a share of their own, so they take nothing from the room of what is kept. The two
        // counters are read one after the other: for a moment the frames can be the larger one.
        if before.saturating_sub(frames) + bytes > self.kept_limit_bytes() {
            self.shared.used_bytes.fetch_sub(bytes, Ordering::Relaxed);
            return Err(self.out_of_memory(bytes));
        }
        // These bytes come from the allocator, beside the free buffers, so the free buffers make room for
        // them.
        self.give_back_free();
        Ok(Charge {
            bytes,
            pool: self.clone(),
        })
    }

    /// Waits until the frames in flight leave room for one of `len` bytes; those who wait are served in order. Returns the buffer to
    /// read the frame into, and the ticket to hold until the request has been answered. Cancel safe: a future that is dropped leaves
    /// nothing reserved.
    ///
    /// # Errors
    /// [`FrameTooLarge`] if the frame can never fit.
    pub(crate) async fn reserve_frame(&self, len: usize) -> Result<(FrameTicket, PooledBuf), FrameTooLarge> {
        let permits = self.frame_permits(len)?;
        // There is no await after this one, so a future that is dropped cannot lose permits that it has
        // acquired.
        let permit = self.shared.frame_permits.acquire_many(permits).await;
        // A permit gives itself back when it is dropped, but a frame outlives this call: `FrameInFlight` does
        // that.
        permit.expect("the pool never closes its semaphore").forget();
        Ok(self.begin_frame(len, permits))
    }

    /// Returns the same as [`Pool::reserve_frame`] without waiting, or `None` if there is no room now or others wait for it.
    ///
    /// # Errors
    /// [`FrameTooLarge`] if the frame can never fit.
    pub(crate) fn try_reserve_frame(
        &self,
        len: usize,
    ) -> Result<Option<(FrameTicket, PooledBuf)>, FrameTooLarge> {
        let permits = self.frame_permits(len)?;
        let Ok(permit) = self.shared.frame_permits.try_acquire_many(permits) else {
            return Ok(None);
        };
        permit.forget();
        Ok(Some(self.begin_frame(len, permits)))
    }

    fn frame_permits(&self, len: usize) -> Result<u32, FrameTooLarge> {
        let too_large = FrameTooLarge {
            bytes: len,
            share_bytes: self.shared.frames_share_bytes,
            limit_bytes: self.shared.limit_bytes,
        };
        // The buffer has the size of its class, so the frame reserves that, and not only its length.
        let bytes = free::class_bytes(len);
        if bytes > self.shared.frames_share_bytes {
            return Err(too_large);
        }
        u32::try_from(bytes / FRAME_UNIT_BYTES).map_err(|_| too_large)
    }

    fn begin_frame(&self, len: usize, permits: u32) -> (FrameTicket, PooledBuf) {
        let bytes = free::class_bytes(len);
        // The permits have been acquired and the share is a part of the limit, so the limit needs no second
        // check.
        let mut buffer = self.fill(self.charge_beyond_limit(bytes));
        self.shared.frame_bytes.fetch_add(bytes, Ordering::Relaxed);
        let frame = Arc::new(FrameInFlight {
            pool: self.clone(),
            bytes,
            permits,
            is_over: AtomicBool::new(false),
        });
        buffer.frame = Some(Arc::clone(&frame));
        (FrameTicket { frame }, buffer)
    }

    /// Counts `bytes` that are held elsewhere, and may exceed the limit. It is for memory without which admitted bytes cannot be
    /// kept or served.
    pub(crate) fn charge_beyond_limit(&self, bytes: usize) -> Charge {
        self.shared.used_bytes.fetch_add(bytes, Ordering::Relaxed);
        Charge {
            bytes,
            pool: self.clone(),
        }
    }

    /// Returns the limit of everything outside the frames' share.
    fn kept_limit_bytes(&self) -> usize {
        self.shared.limit_bytes - self.shared.frames_share_bytes
    }

    /// Gives free buffers back to the allocator if they and the bytes in use exceed the limit together.
    fn give_back_free(&self) {
        // The bytes in use may exceed the limit: see `charge_beyond_limit`.
        let room_bytes = self.shared.limit_bytes.saturating_sub(self.used_bytes());
        self.shared.free.shrink_to(room_bytes);
    }

    /// Gives free buffers back to the allocator that nobody has needed since the last call, until at most `spare_bytes` remain. Returns the
    /// size of those given back.
    pub(crate) fn trim_unused(&self, spare_bytes: usize) -> usize {
        self.shared.free.trim_unused(spare_bytes)
    }

    /// Returns an empty buffer of the size that `charge` counts.
    fn fill(&self, charge: Charge) -> PooledBuf {
        // A new buffer is allocated beside the free ones that have another size, so these make room for it
        // first. Its capacity is exactly that of its class: `FreeBuffers::push` takes no other back.
        let bytes = self.shared.free.pop(charge.bytes).unwrap_or_else(|| {
            self.give_back_free();
            Vec::with_capacity(charge.bytes)
        });
        self.want_more(charge.bytes);
        PooledBuf {
            bytes,
            frame: None,
            charge,
        }
    }

    fn out_of_memory(&self, wanted_bytes: usize) -> OutOfMemory {
        OutOfMemory {
            wanted_bytes,
            used_bytes: self.used_bytes(),
            limit_bytes: self.shared.limit_bytes,
        }
    }
}

impl FrameInFlight {
    fn end(&self) {
        // `swap` lets one caller through, whichever thread comes first, so it needs no ordering with other
        // memory.
        if !self.is_over.swap(true, Ordering::Relaxed) {
            let shared = &self.pool.shared;
            shared.frame_bytes.fetch_sub(self.bytes, Ordering::Relaxed);
            shared.frame_permits.add_permits(self.permits as usize);
        }
    }
}

impl Drop for FrameTicket {
    fn drop(&mut self) {
        self.frame.end();
    }
}

impl Charge {
    /// Returns the number of bytes that it counts.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Counts `bytes` from now on, and may exceed the limit as [`Pool::charge_beyond_limit`] does.
    pub(crate) fn resize(&mut self, bytes: usize) {
        // Only the difference is added or subtracted: without the bytes in between, others would see room
        // that there is not.
        let used_bytes = &self.pool.shared.used_bytes;
        if bytes > self.bytes {
            used_bytes.fetch_add(bytes - self.bytes, Ordering::Relaxed);
        } else if bytes < self.bytes {
            used_bytes.fetch_sub(self.bytes - bytes, Ordering::Relaxed);
        }
        self.bytes = bytes;
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.pool
            .shared
            .used_bytes
            .fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

impl PooledBuf {
    /// Returns the buffer as shared, immutable bytes. It goes back to the pool when the last slice is dropped.
    pub fn freeze(self) -> Bytes {
        Bytes::from_owner(self)
    }
}

impl Drop for PooledBuf {
    fn drop(&mut self) {
        if let Some(frame) = &self.frame {
            frame.end();
        }
        self.charge.pool.shared.free.push(mem::take(&mut self.bytes));
    }
}

impl AsRef<[u8]> for PooledBuf {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Deref for PooledBuf {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.bytes
    }
}

impl DerefMut for PooledBuf {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }
}

#[cfg(test)]
mod tests;
