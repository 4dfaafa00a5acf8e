//! The memory of all groups together, and its limit.
//!
//! Groups may exceed the memory budget: a log that fills the budget must not keep consumers from joining and committing. So groups have a
//! limit of their own, and a request that would pass it is refused. If the log is full before the groups grow, the process may take
//! as much more than the memory limit as the groups hold.

use crate::pool::{Charge, Pool};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The memory of a group without members and offsets: its task, its mailbox and its place in the registry.
// A group with one offset was measured at 3.8 KB.
pub(super) const GROUP_BYTES: usize = 4 << 10;

/// All groups together may hold the memory limit divided by this.
const GROUPS_DIVISOR: usize = 8;

/// A request would make the groups larger than they may be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no memory for {wanted_bytes} more bytes of groups: they hold {held_bytes} of {limit_bytes} bytes")]
pub(crate) struct GroupsFull {
    /// The memory that the request needs.
    pub(crate) wanted_bytes: usize,
    /// The memory of all groups.
    pub(crate) held_bytes: usize,
    /// The limit for all groups.
    pub(crate) limit_bytes: usize,
}

/// The memory of all groups. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct GroupMemory {
    pool: Pool,
    held_bytes: Arc<AtomicUsize>,
}

/// The memory of one group, which counts until it is dropped.
#[derive(Debug)]
pub(super) struct Held {
    charge: Charge,
    memory: GroupMemory,
}

impl GroupMemory {
    /// Creates the count for a cluster without groups.
    pub(super) fn new(pool: Pool) -> Self {
        Self {
            pool,
            held_bytes: Arc::default(),
        }
    }

    /// Checks that the groups may hold `more_bytes` in addition. Groups that ask at the same moment may pass the limit together.
    ///
    /// # Errors
    /// [`GroupsFull`] if they may not.
    pub(super) fn admit(&self, more_bytes: usize) -> Result<(), GroupsFull> {
        let held_bytes = self.held_bytes.load(Ordering::Relaxed);
        let limit_bytes = self.pool.limit_bytes() / GROUPS_DIVISOR;
        // A commit that replaces an offset needs no more memory and passes at the limit too, so that
        // consumers go on.
        if more_bytes > 0 && held_bytes + more_bytes > limit_bytes {
            return Err(GroupsFull {
                wanted_bytes: more_bytes,
                held_bytes,
                limit_bytes,
            });
        }
        Ok(())
    }

    /// Counts a new group.
    pub(super) fn hold(&self) -> Held {
        self.held_bytes.fetch_add(GROUP_BYTES, Ordering::Relaxed);
        Held {
            charge: self.pool.charge_beyond_limit(GROUP_BYTES),
            memory: self.clone(),
        }
    }
}

impl Held {
    /// Counts a group with `bytes` in members and offsets.
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
