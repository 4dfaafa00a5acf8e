//! The choice of brokers for new partitions: racks take turns, and so do the brokers of each rack. Source: Kafka's `StripedReplicaPlacer`.
//! It knows only brokers that are alive; Kafka, too, gives no replicas to a broker that has shut down, until that broker registers again.

use crate::ids::NodeId;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A broker that may get replicas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RackedNode {
    pub(crate) id: NodeId,
    pub(crate) rack: Option<Arc<str>>,
}

/// The brokers by rack, and whose turn it is. There is at least one broker.
#[derive(Debug)]
pub(super) struct Stripes<R> {
    /// In the order of the racks' names.
    racks: Vec<Rack>,
    /// Indexes of `racks`, in the order in which racks take turns.
    order: Vec<usize>,
    /// The place in `order` of the rack that leads the next partition.
    first: usize,
    /// The number of partitions since the last shuffle.
    round: usize,
    node_count: usize,
    below: R,
}

/// The brokers of one rack.
#[derive(Debug)]
struct Rack {
    nodes: Vec<NodeId>,
    /// The index of the broker that comes first in this round.
    first: usize,
    /// The number of brokers that were chosen in this round.
    taken: usize,
    round: usize,
}

impl Rack {
    /// Returns the rack's next broker in `round`, if one is left.
    fn next(&mut self, round: usize) -> Option<NodeId> {
        let count = self.nodes.len();
        if self.round != round {
            self.round = round;
            self.taken = 0;
            self.first = (self.first + 1) % count;
        }
        if self.taken == count {
            return None;
        }
        self.taken += 1;
        Some(self.nodes[(self.first + self.taken - 1) % count])
    }
}

impl<R: FnMut(usize) -> usize> Stripes<R> {
    /// Returns the stripes over `nodes`. Each rack begins with a random broker, and a random rack begins, so that many topics of one
    /// partition do not share a leader.
    pub(super) fn new(nodes: &[RackedNode], mut below: R) -> Self {
        let mut by_rack: BTreeMap<_, Vec<NodeId>> = BTreeMap::new();
        for node in nodes {
            by_rack.entry(&node.rack).or_default().push(node.id);
        }
        let mut racks = Vec::with_capacity(by_rack.len());
        for mut nodes in by_rack.into_values() {
            nodes.sort();
            racks.push(Rack {
                first: below(nodes.len()),
                nodes,
                taken: 0,
                round: 0,
            });
        }
        Self {
            order: (0..racks.len()).collect(),
            first: below(racks.len()),
            racks,
            round: 0,
            node_count: nodes.len(),
            below,
        }
    }

    /// Returns `factor` brokers for the next partition, the leader first. `factor` is at most the number of brokers.
    pub(super) fn next(&mut self, factor: usize) -> impl Iterator<Item = NodeId> {
        // After as many partitions as there are brokers, the same sets of brokers would come again.
        if self.round == self.node_count && self.node_count > 1 {
            self.shuffle();
        }
        let mut place = self.first;
        let mut chosen = Vec::with_capacity(factor);
        while chosen.len() < factor {
            // A small rack has no broker left while a large one still has some.
            chosen.extend(self.racks[self.order[place]].next(self.round));
            place = (place + 1) % self.order.len();
        }
        self.round += 1;
        self.first = (self.first + 1) % self.order.len();
        chosen.into_iter()
    }

    fn shuffle(&mut self) {
        shuffle(&mut self.order, &mut self.below);
        for rack in &mut self.racks {
            shuffle(&mut rack.nodes, &mut self.below);
        }
        self.round = 0;
    }
}

/// Puts the items into a random order. Draws as Java's `Collections.shuffle` does.
fn shuffle<T>(items: &mut [T], mut below: impl FnMut(usize) -> usize) {
    for end in (2..=items.len()).rev() {
        items.swap(end - 1, below(end));
    }
}

#[cfg(test)]
mod tests;
