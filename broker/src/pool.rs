//! Record memory: buffers that come back when their last slice is dropped, and the budget that bounds them.
//!
//! A page fault costs more than everything else in storing a batch, so buffers are recycled, not returned to the
//! allocator. Everything that is held for a client is charged here, from receipt until the last reference drops.
//!
//! The budget has two parts. Frames in flight have a share of their own (a quarter): beyond it reading waits, see
//! [`Pool::reserve_frame`]. Everything else (logs, answers, decompressed batches, payloads) must fit beside that share, so that
//! a log that is full can still be read, trimmed and deleted from: requests go on arriving. A frame becomes log memory when its
//! batches are kept; [`Pool::admit`] is asked before that.

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

/// One permit of the frames' share stands for so many bytes; the semaphore counts in `u32`.
const FRAME_UNIT_BYTES: usize = 1024;

/// The part of the limit that frames in flight have for themselves: one in so many bytes.
const FRAMES_DIVISOR: usize = 4;

/// A budget in bytes and the free buffers under it. Clones share both.
#[derive(Clone, Debug)]
pub struct Pool {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    limit_bytes: usize,
    frames_share_bytes: usize,
    /// Everything that is charged, frames included.
    used_bytes: AtomicUsize,
    /// Of it, what frames in flight hold.
    frame_bytes: AtomicUsize,
    /// Room in the frames' share, first come first served.
    frame_permits: Semaphore,
    free: FreeBuffers,
    stock: Stock,
}

/// A buffer of the pool, charged with its capacity until it and every slice of it are dropped.
#[derive(Debug)]
pub struct PooledBuf {
    bytes: Vec<u8>,
    /// Set while it holds a frame that may be in flight.
    frame: Option<Arc<FrameInFlight>>,
    charge: Charge,
}

/// Bytes that somebody holds outside the pool's buffers (an answer, a decompressed batch, a payload), counted until dropped.
#[derive(Debug)]
pub struct Charge {
    bytes: usize,
    pool: Pool,
}

/// The right to hold one frame while its request is in flight. Drop it when the request has been answered; what the log keeps of
/// the frame's buffer stays charged without it.
#[derive(Debug)]
pub(crate) struct FrameTicket {
    frame: Arc<FrameInFlight>,
}

/// A frame's part of the frames' share, given back by its ticket or its buffer, whichever goes first.
#[derive(Debug)]
struct FrameInFlight {
    pool: Pool,
    bytes: usize,
    permits: u32,
    is_over: AtomicBool,
}

/// The budget's bound was reached: the limit less the frames' share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the memory limit of {limit_bytes} bytes is reached: {used_bytes} are in use, {wanted_bytes} more were asked for, and a quarter is kept for requests"
)]
pub struct OutOfMemory {
    /// What was asked for.
    pub wanted_bytes: usize,
    /// What is held.
    pub used_bytes: usize,
    /// The bound.
    pub limit_bytes: usize,
}

/// A frame that could never be held: it is larger than what frames may have together.
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
    /// A pool that holds at most `limit_bytes` at once.
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

    /// The bound.
    pub fn limit_bytes(&self) -> usize {
        self.shared.limit_bytes
    }

    /// What is held now, frames in flight included; buffers that wait to be used again are not.
    pub fn used_bytes(&self) -> usize {
        self.shared.used_bytes.load(Ordering::Relaxed)
    }

    /// Whether what is charged now leaves the frames' share free if all of it is kept: asked before a log keeps a batch whose bytes
    /// are charged already, and before it grows by `more_bytes`.
    ///
    /// Frames in flight count as if they were kept too. So a few appends may be refused early, but never so many kept that frames
    /// have no room left.
    ///
    /// # Errors
    /// [`OutOfMemory`] when it does not.
    pub(crate) fn admit(&self, more_bytes: usize) -> Result<(), OutOfMemory> {
        if self.used_bytes() + more_bytes > self.kept_limit_bytes() {
            return Err(self.out_of_memory(more_bytes));
        }
        Ok(())
    }

    /// An empty buffer with room for `len` bytes at least, recycled if one is free.
    ///
    /// # Errors
    /// [`OutOfMemory`] when the budget does not have them.
    pub fn take(&self, len: usize) -> Result<PooledBuf, OutOfMemory> {
        let charge = self.charge(free::class_bytes(len))?;
        Ok(self.fill(charge))
    }

    /// The same as [`Pool::take`] for what has to go on at the bound too, such as answers to readers, who make room by reading. Keep it
    /// small and short-lived.
    pub(crate) fn take_beyond_limit(&self, len: usize) -> PooledBuf {
        let bytes = free::class_bytes(len);
        self.fill(self.charge_beyond_limit(bytes))
    }

    /// `bytes` copied into the pool's memory.
    ///
    /// # Errors
    /// [`OutOfMemory`] when the budget does not have them.
    pub fn copy(&self, bytes: &[u8]) -> Result<Bytes, OutOfMemory> {
        let mut buffer = self.take(bytes.len())?;
        buffer.extend_from_slice(bytes);
        Ok(buffer.freeze())
    }

    /// Counts `bytes` that are held elsewhere.
    ///
    /// # Errors
    /// [`OutOfMemory`] when the budget does not have them.
    pub fn charge(&self, bytes: usize) -> Result<Charge, OutOfMemory> {
        let before = self.shared.used_bytes.fetch_add(bytes, Ordering::Relaxed);
        let frames = self.shared.frame_bytes.load(Ordering::Relaxed);
        if before.saturating_sub(frames) + bytes > self.kept_limit_bytes() {
            self.shared.used_bytes.fetch_sub(bytes, Ordering::Relaxed);
            return Err(self.out_of_memory(bytes));
        }
        self.give_back_free();
        Ok(Charge {
            bytes,
            pool: self.clone(),
        })
    }

    /// Waits until the frames in flight leave room for one of `len` bytes, in the order of asking; no lock is held meanwhile. Gives
    /// the buffer to read it into, and the ticket to hold until it is answered. Cancel safe: a future that is dropped leaves nothing
    /// reserved.
    ///
    /// # Errors
    /// [`FrameTooLarge`] when it could never fit.
    pub(crate) async fn reserve_frame(&self, len: usize) -> Result<(FrameTicket, PooledBuf), FrameTooLarge> {
        let permits = self.frame_permits(len)?;
        let permit = self.shared.frame_permits.acquire_many(permits).await;
        permit.expect("the pool never closes its semaphore").forget();
        Ok(self.begin_frame(len, permits))
    }

    /// The same as [`Pool::reserve_frame`], without waiting: `None` when there is no room now, or others wait for it.
    ///
    /// # Errors
    /// [`FrameTooLarge`] when it could never fit.
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
        let bytes = free::class_bytes(len);
        if bytes > self.shared.frames_share_bytes {
            return Err(too_large);
        }
        u32::try_from(bytes / FRAME_UNIT_BYTES).map_err(|_| too_large)
    }

    fn begin_frame(&self, len: usize, permits: u32) -> (FrameTicket, PooledBuf) {
        let bytes = free::class_bytes(len);
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

    /// Counts `bytes` whatever the limit says: for what must be held to keep or serve what was admitted.
    pub(crate) fn charge_beyond_limit(&self, bytes: usize) -> Charge {
        self.shared.used_bytes.fetch_add(bytes, Ordering::Relaxed);
        Charge {
            bytes,
            pool: self.clone(),
        }
    }

    /// What may be held outside the frames' share.
    fn kept_limit_bytes(&self) -> usize {
        self.shared.limit_bytes - self.shared.frames_share_bytes
    }

    /// Gives free buffers back to the allocator if the process would outgrow the limit with them.
    fn give_back_free(&self) {
        let room_bytes = self.shared.limit_bytes.saturating_sub(self.used_bytes());
        self.shared.free.shrink_to(room_bytes);
    }

    /// A buffer as large as `charge`.
    fn fill(&self, charge: Charge) -> PooledBuf {
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
    /// How many bytes it counts.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Counts so many bytes from now on, whatever the limit says: see [`Pool::charge_beyond_limit`].
    pub(crate) fn resize(&mut self, bytes: usize) {
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
    /// The buffer as shared, immutable bytes; it returns to the pool when the last slice is dropped.
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
