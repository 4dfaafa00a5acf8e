//! The log directories that replicas were moved to. They are names only, because the logs live in memory.

use crate::ids::NodeId;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use uuid::Uuid;

/// A replica: its topic, its partition and its broker.
pub(crate) type Replica = (Uuid, i32, NodeId);

/// The directories of the replicas that are not in the first one of their broker.
#[derive(Debug, Default)]
pub(crate) struct LogDirs {
    moved: Mutex<HashMap<Replica, String>>,
}

impl LogDirs {
    /// Moves a replica to a directory of its broker.
    pub(crate) fn set(&self, replica: Replica, path: &str) {
        self.lock().insert(replica, path.to_owned());
    }

    /// Forgets where a replica that is gone was moved to.
    pub(crate) fn forget(&self, replica: Replica) {
        self.lock().remove(&replica);
    }

    /// Forgets all replicas of a topic that is deleted.
    pub(crate) fn forget_topic(&self, id: Uuid) {
        self.lock().retain(|(topic_id, ..), _| *topic_id != id);
    }

    /// Returns the directory that a replica was moved to, if it was.
    pub(crate) fn get(&self, replica: Replica) -> Option<String> {
        self.lock().get(&replica).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Replica, String>> {
        // A poisoned lock is safe to use: entries are replaced whole.
        self.moved.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replicas_that_are_gone_are_forgotten() {
        let dirs = LogDirs::default();
        let (orders, payments) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let replica = |topic, partition, node| (topic, partition, NodeId(node));
        for replica in [
            replica(orders, 0, 1),
            replica(orders, 0, 2),
            replica(payments, 0, 1),
        ] {
            dirs.set(replica, "/b");
        }
        dirs.forget(replica(orders, 0, 2));
        assert_eq!(dirs.get(replica(orders, 0, 2)), None);
        assert_eq!(dirs.get(replica(orders, 0, 1)).as_deref(), Some("/b"));
        dirs.forget_topic(orders);
        assert_eq!(dirs.get(replica(orders, 0, 1)), None);
        assert_eq!(dirs.get(replica(payments, 0, 1)).as_deref(), Some("/b"));
    }
}
