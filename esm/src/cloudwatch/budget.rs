//! The memory of a store: its own bound, and its part of the memory limit.

use crate::source::{MemoryCharge, MemoryPool};

/// The bytes by which a store grows and shrinks within the memory limit.
pub(super) const CHUNK_BYTES: usize = 64 * 1024;

/// The memory that a store may take, and what it has taken.
#[derive(Debug)]
pub(super) struct StoreBudget {
    memory: MemoryPool,
    limit_bytes: usize,
    charges: Vec<MemoryCharge>,
}

impl StoreBudget {
    /// Returns the budget of a store that may take the memory limit divided by `divisor`.
    pub(super) fn new(memory: MemoryPool, divisor: usize) -> Self {
        Self {
            limit_bytes: (memory.limit_bytes() / divisor).max(CHUNK_BYTES),
            memory,
            charges: Vec::new(),
        }
    }

    /// Takes memory for `bytes` in all, or gives back what is not needed for them. Returns false if there is none: then the store has to
    /// forget something and ask again.
    pub(super) fn fits(&mut self, bytes: usize) -> bool {
        let wanted = bytes.div_ceil(CHUNK_BYTES);
        self.charges.truncate(wanted);
        while bytes <= self.limit_bytes && self.charges.len() < wanted {
            match self.memory.charge(CHUNK_BYTES) {
                Ok(charge) => self.charges.push(charge),
                Err(_) => return false,
            }
        }
        self.charges.len() == wanted && bytes <= self.limit_bytes
    }
}
