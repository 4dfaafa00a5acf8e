//! What the groups hold together, and its bound.
//!
//! It counts against the memory budget beyond the budget's own limit: a log that fills all the rest must not keep consumers from
//! joining, and from committing what they have read. So it has a bound of its own, and whatever makes a group larger is refused there.
//! With a log that was full before the groups grew, all of it together may be that much more than the memory limit.

use crate::pool::{Charge, Pool};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What a group costs that holds nothing: its task, its mailbox and its place among the groups.
pub(super) const GROUP_BYTES: usize = 4 << 10;

/// The part of the memory limit that all groups may hold: one in so many bytes.
const GROUPS_DIVISOR: usize = 8;

/// The bound was reached.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "groups hold {held_bytes} bytes, {wanted_bytes} more were asked for, and {limit_bytes} is what they may hold under the memory limit"
)]
pub(crate) struct GroupsFull {
    /// What was asked for.
    pub(crate) wanted_bytes: usize,
    /// What all groups hold.
    pub(crate) held_bytes: usize,
    /// The bound.
    pub(crate) limit_bytes: usize,
}

/// The bound of all groups. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct GroupMemory {
    pool: Pool,
    held_bytes: Arc<AtomicUsize>,
}

/// What one group holds, counted until dropped.
#[derive(Debug)]
pub(super) struct Held {
    charge: Charge,
    memory: GroupMemory,
}

impl GroupMemory {
    /// Nothing is held yet.
    pub(super) fn new(pool: Pool) -> Self {
        Self {
            pool,
            held_bytes: Arc::default(),
        }
    }

    /// Whether the groups may hold so many bytes more. Groups that ask at the same moment may pass the bound by what they asked for.
    ///
    /// # Errors
    /// [`GroupsFull`] when they may not.
    pub(super) fn admit(&self, more_bytes: usize) -> Result<(), GroupsFull> {
        let held_bytes = self.held_bytes.load(Ordering::Relaxed);
        let limit_bytes = self.pool.limit_bytes() / GROUPS_DIVISOR;
        if more_bytes > 0 && held_bytes + more_bytes > limit_bytes {
            return Err(GroupsFull {
                wanted_bytes: more_bytes,
                held_bytes,
                limit_bytes,
            });
        }
        Ok(())
    }

    /// Counts a group that holds nothing yet.
    pub(super) fn hold(&self) -> Held {
        self.held_bytes.fetch_add(GROUP_BYTES, Ordering::Relaxed);
        Held {
            charge: self.pool.charge_beyond_limit(GROUP_BYTES),
            memory: self.clone(),
        }
    }
}

impl Held {
    /// Counts a group that holds so many bytes, [`GROUP_BYTES`] aside.
    pub(super) fn resize(&mut self, bytes: usize) {
        let (before, after) = (self.charge.bytes(), GROUP_BYTES + bytes);
        let held_bytes = &self.memory.held_bytes;
        if after > before {
            held_bytes.fetch_add(after - before, Ordering::Relaxed);
        } else if after < before {
            held_bytes.fetch_sub(before - after, Ordering::Relaxed);
        }
        self.charge.resize(after);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let held_bytes = &self.memory.held_bytes;
        held_bytes.fetch_sub(self.charge.bytes(), Ordering::Relaxed);
    }
}
