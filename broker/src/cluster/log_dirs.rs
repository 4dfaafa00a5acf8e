//! The log directories that replicas were moved to. They are names only, because the logs live in memory.

use crate::ids::NodeId;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, MutexGuard, PoisonError};
use uuid::Uuid;

/// A replica: its topic, its partition and its broker.
pub(crate) type Replica = (Uuid, i32, NodeId);

/// The most replicas that do not exist yet whose directories are kept.
const MAX_PREFERRED: usize = 10_000;

/// The directories of the replicas that are not in the first one of their broker.
#[derive(Debug, Default)]
pub(crate) struct LogDirs {
    dirs: Mutex<Dirs>,
}

#[derive(Debug, Default)]
struct Dirs {
    moved: HashMap<Replica, String>,
    /// The directories of replicas that do not exist yet, by topic, partition and broker.
    preferred: HashMap<(String, i32, NodeId), String>,
}

impl LogDirs {
    /// Moves a replica to a directory of its broker.
    pub(crate) fn set(&self, replica: Replica, path: &str) {
        self.lock().moved.insert(replica, path.to_owned());
    }

    /// Forgets where a replica that is gone was moved to.
    pub(crate) fn forget(&self, replica: Replica) {
        self.lock().moved.remove(&replica);
    }

    /// Forgets all replicas of a topic that is deleted.
    pub(crate) fn forget_topic(&self, id: Uuid) {
        self.lock().moved.retain(|(topic_id, ..), _| *topic_id != id);
    }

    /// Keeps the directory for a replica that may come: the next topic of that name has it there. Tools of Kafka name the directory before
    /// they move the replica.
    pub(crate) fn prefer(&self, topic: &str, partition: i32, node: NodeId, path: &str) {
        let mut dirs = self.lock();
        let is_full = dirs.preferred.len() >= MAX_PREFERRED;
        match dirs.preferred.entry((topic.to_owned(), partition, node)) {
            Entry::Vacant(_) if is_full => {}
            entry => {
                entry.insert_entry(path.to_owned());
            }
        }
    }

    /// Returns the directory that an existing replica was moved to, or that was kept for it.
    pub(crate) fn get(&self, topic: &str, replica: Replica) -> Option<String> {
        let mut dirs = self.lock();
        let (_, partition, node) = replica;
        if let Some(path) = dirs.preferred.remove(&(topic.to_owned(), partition, node)) {
            dirs.moved.insert(replica, path);
        }
        dirs.moved.get(&replica).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, Dirs> {
        // A poisoned lock is safe to use: entries are replaced whole.
        self.dirs.lock().unwrap_or_else(PoisonError::into_inner)
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
        assert_eq!(dirs.get("t", replica(orders, 0, 2)), None);
        assert_eq!(dirs.get("t", replica(orders, 0, 1)).as_deref(), Some("/b"));
        dirs.forget_topic(orders);
        assert_eq!(dirs.get("t", replica(orders, 0, 1)), None);
        assert_eq!(dirs.get("t", replica(payments, 0, 1)).as_deref(), Some("/b"));
    }

    #[test]
    fn a_kept_directory_is_that_of_the_next_topic_only() {
        let dirs = LogDirs::default();
        let replica = |topic| (Uuid::from_u128(topic), 0, NodeId(1));
        dirs.prefer("t", 0, NodeId(1), "/a");
        dirs.prefer("t", 0, NodeId(1), "/b");
        assert_eq!(dirs.get("t", (Uuid::from_u128(1), 0, NodeId(2))), None);
        assert_eq!(dirs.get("t", replica(1)).as_deref(), Some("/b"));
        assert_eq!(dirs.get("t", replica(1)).as_deref(), Some("/b"));
        assert_eq!(dirs.get("t", replica(2)), None);
    }

    #[test]
    fn only_so_many_directories_are_kept() {
        let dirs = LogDirs::default();
        for partition in 0..=MAX_PREFERRED as i32 {
            dirs.prefer("t", partition, NodeId(1), "/a");
        }
        dirs.prefer("t", 0, NodeId(1), "/b");
        let get = |partition| dirs.get("t", (Uuid::nil(), partition, NodeId(1)));
        assert_eq!(get(0).as_deref(), Some("/b"));
        assert_eq!(get(MAX_PREFERRED as i32), None);
    }
}
