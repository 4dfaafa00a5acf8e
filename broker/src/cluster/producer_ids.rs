//! The producer ids of the cluster, each of which is allocated once. Source: Kafka's `RPCProducerIdManager` and `ProducerIdsBlock`.

use crate::ids::{NodeId, ProducerId};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// The number of ids in the block that a broker takes from the controller (`ProducerIdsBlock.PRODUCER_ID_BLOCK_SIZE`).
const BLOCK_IDS: i64 = 1_000;

/// The allocated ids. Each broker has its own block, as in Kafka.
#[derive(Debug, Default)]
pub(crate) struct ProducerIds {
    blocks: Mutex<Blocks>,
}

#[derive(Debug, Default)]
struct Blocks {
    next_block: i64,
    /// The next id of each broker's block and the block's end.
    by_node: BTreeMap<NodeId, (i64, i64)>,
}

impl ProducerIds {
    /// Allocates an id that no producer of the cluster had before.
    pub(crate) fn next(&self, node: NodeId) -> ProducerId {
        // A poisoned lock is safe to use: every change leaves the blocks consistent.
        let mut blocks = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        let Blocks { next_block, by_node } = &mut *blocks;
        let (next, end) = by_node.entry(node).or_insert((0, 0));
        if next == end {
            (*next, *end) = (*next_block, *next_block + BLOCK_IDS);
            *next_block = *end;
        }
        *next += 1;
        ProducerId(*next - 1)
    }
}
