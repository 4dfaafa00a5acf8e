//! The liveness of brokers.

use crate::ids::NodeId;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Notify;

/// The flags of each broker, in the order of the cluster's brokers.
#[derive(Debug)]
pub(crate) struct Liveness {
    nodes: Vec<(NodeId, Flags)>,
    stopped: Notify,
}

/// The state of a broker, as the controller knows it.
#[derive(Debug)]
struct Flags {
    is_alive: AtomicBool,
    /// A broker that was unregistered is down, and clients and assignments do not know it.
    is_registered: AtomicBool,
}

impl Default for Flags {
    fn default() -> Self {
        Self {
            is_alive: AtomicBool::new(true),
            is_registered: AtomicBool::new(true),
        }
    }
}

impl Liveness {
    /// Returns flags by which all of `nodes` are alive.
    pub(crate) fn new(nodes: impl Iterator<Item = NodeId>) -> Self {
        Self {
            nodes: nodes.map(|node| (node, Flags::default())).collect(),
            stopped: Notify::new(),
        }
    }

    /// Returns whether the broker is alive. A broker that does not exist is not.
    pub(crate) fn is_alive(&self, id: NodeId) -> bool {
        let mut nodes = self.nodes.iter();
        nodes.any(|(node, flags)| *node == id && flags.is_alive.load(Ordering::Acquire))
    }

    /// Marks the broker as alive or down; returns whether this is a change. A broker that comes alive registers.
    pub(crate) fn set(&self, id: NodeId, is_alive: bool) -> bool {
        let Some(flags) = self.flags(id) else {
            return false;
        };
        if is_alive {
            flags.is_registered.store(true, Ordering::Release);
        }
        // The flag is swapped, so that of two stops at the same time only one elects leaders.
        let is_news = flags.is_alive.swap(is_alive, Ordering::AcqRel) != is_alive;
        if is_news && !is_alive {
            self.stopped.notify_waiters();
        }
        is_news
    }

    /// Marks the broker as down and unknown; returns whether it was known.
    pub(crate) fn unregister(&self, id: NodeId) -> bool {
        let was_registered = |flags: &Flags| flags.is_registered.swap(false, Ordering::AcqRel);
        if !self.flags(id).is_some_and(was_registered) {
            return false;
        }
        self.set(id, false);
        true
    }

    /// Returns the brokers that are registered, in order.
    pub(crate) fn registered(&self) -> Vec<NodeId> {
        let is_registered = |flags: &Flags| flags.is_registered.load(Ordering::Acquire);
        let nodes = self.nodes.iter().filter(|(_, flags)| is_registered(flags));
        nodes.map(|(node, _)| *node).collect()
    }

    fn flags(&self, id: NodeId) -> Option<&Flags> {
        let mut nodes = self.nodes.iter();
        nodes.find_map(|(node, flags)| (*node == id).then_some(flags))
    }

    /// Completes when the broker stops, or at once if it is down.
    pub(crate) async fn until_stopped(&self, id: NodeId) {
        loop {
            let mut stopped = pin!(self.stopped.notified());
            // Registers before the check: a stop between the two would otherwise wake no waiter.
            stopped.as_mut().enable();
            if !self.is_alive(id) {
                return;
            }
            stopped.await;
        }
    }

    /// Returns the brokers that are alive, in order.
    pub(crate) fn alive(&self) -> Vec<NodeId> {
        let nodes = self.nodes.iter().map(|(node, _)| *node);
        nodes.filter(|node| self.is_alive(*node)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broker_is_alive_until_it_stops_and_unknown_brokers_are_not() {
        let liveness = Liveness::new((1..=3).map(NodeId));
        assert!(liveness.set(NodeId(3), false) && !liveness.set(NodeId(3), false));
        assert_eq!(liveness.alive(), [NodeId(1), NodeId(2)]);
        assert!(!liveness.set(NodeId(9), false) && !liveness.is_alive(NodeId(9)));
    }

    #[test]
    fn an_unregistered_broker_is_down_and_unknown_until_it_starts() {
        let liveness = Liveness::new((1..=2).map(NodeId));
        assert!(liveness.unregister(NodeId(2)) && !liveness.unregister(NodeId(2)));
        assert_eq!(
            (liveness.registered(), liveness.alive()),
            (vec![NodeId(1)], vec![NodeId(1)])
        );
        assert!(liveness.set(NodeId(1), false));
        assert_eq!(
            liveness.registered(),
            [NodeId(1)],
            "a broker that is down stays registered"
        );
        assert!(liveness.set(NodeId(2), true));
        assert_eq!(liveness.registered(), [NodeId(1), NodeId(2)]);
        assert!(!liveness.unregister(NodeId(3)));
    }
}
