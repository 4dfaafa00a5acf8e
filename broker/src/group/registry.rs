//! The mailbox of each group's task, by the group's id.

use super::command::Command;
use dashmap::DashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use tokio::sync::mpsc;

/// The mailboxes of the groups. Each task shares it, in order to remove its own.
#[derive(Debug, Default)]
pub(super) struct Registry {
    pub(super) mailboxes: DashMap<Arc<str>, Mailbox>,
    pub(super) count: AtomicUsize,
    pub(super) next_serial: AtomicU64,
}

/// A group's mailbox. The serial number distinguishes it from that of a later group with the same id.
#[derive(Clone, Debug)]
pub(super) struct Mailbox {
    pub(super) serial: u64,
    /// Boxed, because a channel allocates 32 of its items at once.
    pub(super) commands: mpsc::Sender<Box<Command>>,
}

impl Registry {
    /// Returns the mailbox of a group.
    pub(super) fn get(&self, group_id: &str) -> Option<Mailbox> {
        self.mailboxes.get(group_id).map(|mailbox| mailbox.clone())
    }

    /// Removes the group, unless a later one has its id.
    pub(super) fn remove(&self, group_id: &str, serial: u64) {
        let is_same = |_: &Arc<str>, mailbox: &Mailbox| mailbox.serial == serial;
        if self.mailboxes.remove_if(group_id, is_same).is_some() {
            // `Relaxed` is enough: the count is only a limit, and mailboxes are found through the map.
            self.count.fetch_sub(1, Ordering::Relaxed);
        }
    }
}
