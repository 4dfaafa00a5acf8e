//! InitProducerId of a transactional id: a new epoch, which fences earlier producers. Source: Kafka's
//! `TransactionCoordinator.prepareInitProducerIdTransit`, `TransactionMetadata.prepareIncrementProducerEpoch` and
//! `prepareProducerIdRotation`; KIP-98, KIP-360.

use super::errors::TransactionError;
use super::metadata::TransactionMetadata;
use super::state::{TransactionState, TransactionVersion};
use crate::ids::{ProducerEpoch, ProducerId};

/// The producer id and epoch that a client has from before (KIP-360).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FormerProducer {
    pub(crate) producer_id: ProducerId,
    pub(crate) producer_epoch: ProducerEpoch,
}

/// The consequence of a request to initialise a producer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Initialised {
    /// The producer has the id and epoch of this value.
    Producer(TransactionMetadata),
    /// A transaction was open. It is aborted under a higher epoch, and the client has to ask again once that is complete.
    Aborting(TransactionMetadata),
}

impl TransactionMetadata {
    /// Initialises a producer. An open transaction is aborted by `version`, which is that of the cluster. `new_producer_id` is called if
    /// the epochs of the current id have run out.
    pub(crate) fn init_producer(
        &self,
        now_ms: i64,
        version: TransactionVersion,
        timeout_ms: i32,
        former: Option<FormerProducer>,
        new_producer_id: impl FnOnce() -> ProducerId,
    ) -> Result<Initialised, TransactionError> {
        if self.state.is_prepared() {
            return Err(TransactionError::Concurrent);
        }
        if former.is_some_and(|former| !self.is_known(former)) {
            return Err(TransactionError::Fenced);
        }
        if self.state == TransactionState::Ongoing {
            // The client has to try again, and its next request bumps the epoch a second time. If fencing took the last epoch, that request
            // gets a new producer id.
            return Ok(Initialised::Aborting(self.fence(
                now_ms,
                version,
                new_producer_id,
            )));
        }
        let mut next = self.becoming(TransactionState::Empty);
        let is_former_epoch = former.is_none_or(|former| former.producer_epoch == self.producer_epoch);
        if self.producer_epoch.is_exhausted() && is_former_epoch {
            next.producer_id = new_producer_id();
            next.producer_epoch = ProducerEpoch(0);
            // Remembered only if the client named its epoch: it may lose the answer and ask once more.
            next.last_producer_epoch = former.map_or(ProducerEpoch::NONE, |_| self.producer_epoch);
        } else {
            (next.producer_epoch, next.last_producer_epoch) = self.bumped_epochs(former)?;
        }
        next.timeout_ms = timeout_ms;
        next.start_ms = -1;
        next.last_update_ms = now_ms;
        next.partitions.clear();
        Ok(Initialised::Producer(next))
    }

    /// Returns whether the client may continue from its former id: the current one, or the one before if its epochs ran out, in which case
    /// the answer may have been lost. A new id accepts any.
    fn is_known(&self, former: FormerProducer) -> bool {
        self.producer_epoch == ProducerEpoch::NONE
            || former.producer_id == self.producer_id
            || former.producer_id == self.previous_producer_id && former.producer_epoch.is_exhausted()
    }

    /// Returns the next epoch and the last one.
    fn bumped_epochs(
        &self,
        former: Option<FormerProducer>,
    ) -> Result<(ProducerEpoch, ProducerEpoch), TransactionError> {
        let Some(former) = former else {
            return Ok((self.producer_epoch.next(), ProducerEpoch::NONE));
        };
        if self.producer_epoch == ProducerEpoch::NONE || former.producer_epoch == self.producer_epoch {
            return Ok((self.producer_epoch.next(), self.producer_epoch));
        }
        // The answer to the same request was lost. No other producer came in between, because it would have cleared the last epoch.
        if former.producer_epoch == self.last_producer_epoch {
            return Ok((self.producer_epoch, self.last_producer_epoch));
        }
        Err(TransactionError::Fenced)
    }
}
