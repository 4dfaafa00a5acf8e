//! The reassignments that go on, and how many bytes each has copied.

use crate::ids::NodeId;
use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use uuid::Uuid;

/// The partitions of which replicas come or go.
#[derive(Debug, Default)]
pub(crate) struct Reassignments {
    /// The copied bytes by topic and partition, and then by new replica.
    copied_bytes: Mutex<BTreeMap<(Uuid, i32), BTreeMap<NodeId, u64>>>,
    changed: Notify,
}

impl Reassignments {
    /// Notes that a partition moves; one that moved already starts its copy again.
    pub(crate) fn begin(&self, topic_id: Uuid, partition: i32) {
        self.lock().insert((topic_id, partition), BTreeMap::new());
        self.changed.notify_waiters();
    }

    /// Completes when there is a reassignment.
    pub(crate) async fn begun(&self) {
        loop {
            let mut changed = pin!(self.changed.notified());
            // Registers before the check: a reassignment that begins between the two would otherwise wake no waiter.
            changed.as_mut().enable();
            if !self.lock().is_empty() {
                return;
            }
            changed.await;
        }
    }

    /// Returns the partitions that move.
    pub(crate) fn list(&self) -> Vec<(Uuid, i32)> {
        self.lock().keys().copied().collect()
    }

    /// Adds to the bytes that a new replica of a partition has copied, and returns them all.
    pub(crate) fn copied(&self, topic_id: Uuid, partition: i32, node: NodeId, bytes: u64) -> u64 {
        let mut moving = self.lock();
        let Some(copied_bytes) = moving.get_mut(&(topic_id, partition)) else {
            return 0;
        };
        let copied_bytes = copied_bytes.entry(node).or_default();
        *copied_bytes = copied_bytes.saturating_add(bytes);
        *copied_bytes
    }

    /// Forgets a partition that no longer moves.
    pub(crate) fn end(&self, topic_id: Uuid, partition: i32) {
        self.lock().remove(&(topic_id, partition));
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<(Uuid, i32), BTreeMap<NodeId, u64>>> {
        // A poisoned lock is safe to use: entries are changed one at a time.
        self.copied_bytes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
