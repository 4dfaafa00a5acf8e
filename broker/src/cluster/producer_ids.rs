//! The producer ids of the cluster, each of which is allocated once. Source: Kafka's `RPCProducerIdManager` and `ProducerIdsBlock`.
//!
//! In Kafka the ids begin at 0 and go on after a restart, because the controller stores the last block. Here nothing is stored, so a process
//! begins at a random block: a producer that outlives a restart keeps its id, and another producer with the same id and sequences
//! would pass for its duplicate, which is acknowledged and not written. Only a cluster that is told so begins at 0, as a new cluster of
//! Kafka does.

use crate::Entropy;
use crate::ids::{NodeId, ProducerId};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The number of ids in the block that a broker takes from the controller (`ProducerIdsBlock.PRODUCER_ID_BLOCK_SIZE`).
const BLOCK_IDS: i64 = 1_000;

/// The number of blocks that a process may begin at. Two processes that begin at one of them at random are a billion blocks apart on average,
/// and all ids stay below 2^53, which JavaScript's numbers can hold.
const FIRST_BLOCKS: u64 = 1 << 43;

/// The allocated ids. Each broker has its own block, as in Kafka.
#[derive(Debug)]
pub(crate) struct ProducerIds {
    entropy: Entropy,
    blocks: Mutex<Blocks>,
}

#[derive(Debug, Default)]
struct Blocks {
    /// The first id of the next block; `None` until the first block is chosen.
    next_block: Option<i64>,
    /// The next id of each broker's block and the block's end.
    by_node: BTreeMap<NodeId, (i64, i64)>,
}

impl ProducerIds {
    /// Returns ids that begin at a block which `entropy` chooses.
    pub(crate) fn new(entropy: Entropy) -> Self {
        Self {
            entropy,
            blocks: Mutex::default(),
        }
    }

    /// Returns the ids so that they begin at 0.
    #[must_use]
    pub(crate) fn beginning_at_zero(self) -> Self {
        self.lock().next_block = Some(0);
        self
    }

    /// Takes the broker's first block, and returns whether it had none.
    pub(crate) fn begin(&self, node: NodeId) -> bool {
        let mut blocks = self.lock();
        let is_first = !blocks.by_node.contains_key(&node);
        if is_first {
            self.take_block(&mut blocks, node);
        }
        is_first
    }

    /// Allocates an id that no producer of the cluster had before.
    pub(crate) fn next(&self, node: NodeId) -> ProducerId {
        let mut blocks = self.lock();
        let (next, end) = match blocks.by_node.get(&node) {
            Some(&(next, end)) if next < end => (next, end),
            _ => self.take_block(&mut blocks, node),
        };
        blocks.by_node.insert(node, (next + 1, end));
        ProducerId(next)
    }

    /// Gives the broker the next block, and returns it.
    fn take_block(&self, blocks: &mut Blocks, node: NodeId) -> (i64, i64) {
        // Chosen only now, so that a simulation without producers draws the same numbers as before.
        let first = blocks
            .next_block
            .unwrap_or_else(|| self.entropy.below(FIRST_BLOCKS).cast_signed() * BLOCK_IDS);
        let block = (first, first + BLOCK_IDS);
        blocks.next_block = Some(block.1);
        blocks.by_node.insert(node, block);
        block
    }

    fn lock(&self) -> MutexGuard<'_, Blocks> {
        // A poisoned lock is safe to use: every change leaves the blocks consistent.
        self.blocks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brokers_allocate_from_blocks_of_their_own() {
        let ids = ProducerIds::new(Entropy::from_seed(1));
        let first = ids.next(NodeId(1)).0;
        assert_eq!(first % BLOCK_IDS, 0);
        assert_eq!(ids.next(NodeId(2)), ProducerId(first + BLOCK_IDS));
        for offset in 1..BLOCK_IDS {
            assert_eq!(ids.next(NodeId(1)), ProducerId(first + offset));
        }
        assert_eq!(ids.next(NodeId(1)), ProducerId(first + 2 * BLOCK_IDS));
    }

    #[test]
    fn a_broker_begins_once_and_goes_on_from_the_block_that_it_took() {
        let ids = ProducerIds::new(Entropy::from_seed(1));
        assert!(ids.begin(NodeId(1)));
        assert!(!ids.begin(NodeId(1)));
        let first = ids.next(NodeId(1)).0;
        assert_eq!(first % BLOCK_IDS, 0);
        assert!(ids.begin(NodeId(2)));
        assert_eq!(ids.next(NodeId(2)), ProducerId(first + BLOCK_IDS));
    }

    #[test]
    fn ids_can_begin_at_0_as_in_a_new_cluster_of_kafka() {
        let ids = ProducerIds::new(Entropy::from_seed(1)).beginning_at_zero();
        assert_eq!(ids.next(NodeId(2)), ProducerId(0));
        assert_eq!(ids.next(NodeId(1)), ProducerId(BLOCK_IDS));
        assert_eq!(ids.next(NodeId(2)), ProducerId(1));
    }

    #[test]
    fn two_processes_begin_far_apart_and_a_seed_repeats() {
        let first = |seed| ProducerIds::new(Entropy::from_seed(seed)).next(NodeId(1)).0;
        assert_eq!(first(1), first(1));
        for seed in 2..1_000 {
            assert!((first(1) - first(seed)).abs() > 1_000 * BLOCK_IDS, "seed {seed}");
        }
    }
}
