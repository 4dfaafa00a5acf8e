//! Deliveries to the on-failure destination: tasks of a poller that run beside its flights, and what is kept of each until it ends. They take
//! no slot of an invocation.

use crate::batch::Batch;
use crate::delivery::{Delivered, Deliverer, Discard};
use std::collections::HashMap;
use std::future::pending;
use std::sync::Arc;
use tokio::task::{Id, JoinSet};
use tracing::Instrument as _;

/// The deliveries of a poller. Dropping it ends them.
#[derive(Debug)]
pub(super) struct Deliveries {
    tasks: JoinSet<Delivered>,
    // Nothing depends on the order of iteration, which is not the same in each run.
    discards: HashMap<Id, Discard>,
    deliverer: Arc<Deliverer>,
}

impl Deliveries {
    pub(super) fn new(deliverer: Arc<Deliverer>) -> Self {
        Self {
            tasks: JoinSet::new(),
            discards: HashMap::new(),
            deliverer,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.discards.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.discards.len()
    }

    /// Returns the batches that are being delivered.
    pub(super) fn batches(&self) -> impl Iterator<Item = &Batch> {
        self.discards.values().map(|discard| discard.batch.as_ref())
    }

    /// Starts a delivery.
    pub(super) fn start(&mut self, discard: Discard) {
        let (deliverer, delivered) = (Arc::clone(&self.deliverer), discard.clone());
        let delivery = async move { deliverer.deliver(delivered).await };
        // The span of the poller names the mapping and the function.
        let task = self.tasks.spawn(delivery.in_current_span());
        self.discards.insert(task.id(), discard);
    }

    /// Waits for the next delivery to end; for ever while there is none. Cancel safe.
    pub(super) async fn next(&mut self) -> (Discard, Delivered) {
        let (id, delivered) = match self.tasks.join_next_with_id().await {
            Some(Ok((id, delivered))) => (id, Ok(delivered)),
            Some(Err(error)) => (error.id(), Err(error)),
            None => pending().await,
        };
        let discard = self
            .discards
            .remove(&id)
            .expect("each task was entered when it was spawned");
        // An internal error must not hold up the partitions, either.
        let delivered = delivered.unwrap_or_else(|error| Delivered {
            dropped: discard.batch.record_count() as u64,
            errors: 1,
            reason: Some(error.to_string()),
            ..Delivered::default()
        });
        (discard, delivered)
    }
}
