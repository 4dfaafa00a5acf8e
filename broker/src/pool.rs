//! Record memory: buffers that come back when their last slice is dropped, and the budget that bounds them.
//!
//! A page fault costs more than everything else in storing a batch, so buffers are recycled, not returned to the
//! allocator. Everything that is held for a client is charged here, from receipt until the last reference drops.

use bytes::Bytes;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// A budget in bytes and the free buffers under it. Clones share both.
#[derive(Clone, Debug)]
pub struct Pool {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    limit_bytes: usize,
}

/// A buffer of the pool, charged with its capacity until it and every slice of it are dropped.
#[derive(Debug)]
pub struct PooledBuf {
    bytes: Vec<u8>,
    _charge: Charge,
}

/// Bytes that somebody holds outside the pool's buffers (an answer, a decompressed batch, a payload), counted until dropped.
#[derive(Debug)]
pub struct Charge {
    _bytes: usize,
    _pool: Pool,
}

/// The budget's bound was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{wanted_bytes} bytes more would exceed the memory limit of {limit_bytes} bytes ({used_bytes} in use)"
)]
pub struct OutOfMemory {
    /// What was asked for.
    pub wanted_bytes: usize,
    /// What is held.
    pub used_bytes: usize,
    /// The bound.
    pub limit_bytes: usize,
}

impl Pool {
    /// A pool that holds at most `limit_bytes` at once.
    pub fn new(limit_bytes: usize) -> Self {
        Self {
            shared: Arc::new(Shared { limit_bytes }),
        }
    }

    /// The bound.
    pub fn limit_bytes(&self) -> usize {
        self.shared.limit_bytes
    }

    /// What is held now.
    pub fn used_bytes(&self) -> usize {
        todo!("log")
    }

    /// An empty buffer with room for `len` bytes at least, recycled if one is free.
    ///
    /// # Errors
    /// [`OutOfMemory`] when the budget does not have them.
    pub fn take(&self, len: usize) -> Result<PooledBuf, OutOfMemory> {
        let _ = len;
        todo!("log")
    }

    /// Counts `bytes` that are held elsewhere.
    ///
    /// # Errors
    /// [`OutOfMemory`] when the budget does not have them.
    pub fn charge(&self, bytes: usize) -> Result<Charge, OutOfMemory> {
        let _ = bytes;
        todo!("log")
    }
}

impl PooledBuf {
    /// The buffer as shared, immutable bytes; it returns to the pool when the last slice is dropped.
    pub fn freeze(self) -> Bytes {
        todo!("log")
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
