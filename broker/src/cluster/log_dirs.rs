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

    /// Returns the directory that a replica was moved to, if it was.
    pub(crate) fn get(&self, replica: Replica) -> Option<String> {
        self.lock().get(&replica).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Replica, String>> {
        // A poisoned lock is safe to use: entries are replaced whole.
        self.moved.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
