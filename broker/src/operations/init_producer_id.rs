//! InitProducerId: an id for an idempotent producer.
//!
//! Source: Kafka's `TransactionCoordinator.handleInitProducerId`, `RPCProducerIdManager` and `ProducerIdsBlock`: without a transactional id
//! every request gets an id of its own at epoch 0, whatever id and epoch it brings.

use super::RequestContext;
use crate::cluster::Cluster;
use crate::ids::{NodeId, ProducerEpoch, ProducerId};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Ids that a broker takes from the controller at a time (`ProducerIdsBlock.PRODUCER_ID_BLOCK_SIZE`).
const BLOCK_IDS: i64 = 1_000;

/// The ids that were given out: each broker has a block of its own.
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

/// What a producer asks with.
#[derive(Clone, Debug)]
pub(crate) struct InitProducer {
    pub(crate) transactional_id: Option<String>,
    /// What the producer had before, or -1.
    pub(crate) producer_id: ProducerId,
    pub(crate) producer_epoch: ProducerEpoch,
}

/// Why no id was given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InitProducerIdError {
    #[error("transactions are not served: initialise without the transactional id {transactional_id:?}")]
    TransactionsNotServed { transactional_id: String },
    #[error("a transactional id must not be empty")]
    EmptyTransactionalId,
    #[error("a producer id and a producer epoch must be given together, or neither")]
    IdWithoutEpoch,
}

impl ProducerIds {
    /// An id that no producer of the cluster had before.
    pub(crate) fn next(&self, node: NodeId) -> ProducerId {
        // Every change leaves the blocks whole.
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

/// A new producer id at epoch 0.
pub(crate) async fn init_producer_id(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    init: InitProducer,
) -> Result<(ProducerId, ProducerEpoch), InitProducerIdError> {
    // KIP-360: both or none, whether or not the request is transactional.
    let has_id = init.producer_id != ProducerId::NONE;
    let has_epoch = init.producer_epoch != ProducerEpoch(-1);
    if has_id != has_epoch {
        return Err(InitProducerIdError::IdWithoutEpoch);
    }
    if init.transactional_id.as_deref() == Some("") {
        return Err(InitProducerIdError::EmptyTransactionalId);
    }
    if let Some(transactional_id) = init.transactional_id {
        return Err(InitProducerIdError::TransactionsNotServed { transactional_id });
    }
    Ok((cluster.producer_ids.next(context.node_id), ProducerEpoch(0)))
}
