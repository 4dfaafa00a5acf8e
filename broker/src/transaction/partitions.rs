//! The partitions of a transaction: AddPartitionsToTxn and AddOffsetsToTxn, and the check whether a partition is in it. Source: Kafka's
//! `TransactionCoordinator.handleAddPartitionsToTransaction` and `handleVerifyPartitionsInTransaction`.

use super::errors::TransactionError;
use super::metadata::{TopicPartition, TransactionMetadata};
use super::state::{TransactionState, TransactionVersion};
use crate::ids::{ProducerEpoch, ProducerId};
use std::collections::BTreeSet;

impl TransactionMetadata {
    /// Adds partitions, and begins a transaction if none is open. Returns `None` if all are in it already.
    pub(crate) fn add_partitions(
        &self,
        now_ms: i64,
        (producer_id, producer_epoch): (ProducerId, ProducerEpoch),
        partitions: &BTreeSet<TopicPartition>,
        client_version: TransactionVersion,
    ) -> Result<Option<Self>, TransactionError> {
        // A transaction that is being ended comes before the producer's identity: the client's epoch may be the one that the end bumped.
        if self.state.is_prepared() {
            return Err(TransactionError::Concurrent);
        }
        self.check_producer(producer_id, producer_epoch)?;
        if self.state == TransactionState::Ongoing && self.partitions.is_superset(partitions) {
            return Ok(None);
        }
        let mut next = self.becoming(TransactionState::Ongoing);
        if self.state != TransactionState::Ongoing {
            next.start_ms = now_ms;
        }
        next.partitions.extend(partitions.iter().cloned());
        next.last_update_ms = now_ms;
        next.client_version = client_version;
        Ok(Some(next))
    }

    /// Checks that a producer may write to the transaction's partitions. The caller then looks each of them up.
    pub(crate) fn verify(
        &self,
        producer_id: ProducerId,
        producer_epoch: ProducerEpoch,
    ) -> Result<&BTreeSet<TopicPartition>, TransactionError> {
        self.check_producer(producer_id, producer_epoch)?;
        if self.state.is_prepared() {
            return Err(TransactionError::Concurrent);
        }
        Ok(&self.partitions)
    }

    fn check_producer(
        &self,
        producer_id: ProducerId,
        producer_epoch: ProducerEpoch,
    ) -> Result<(), TransactionError> {
        if self.producer_id != producer_id {
            return Err(TransactionError::InvalidProducerIdMapping);
        }
        if self.producer_epoch != producer_epoch {
            return Err(TransactionError::Fenced);
        }
        Ok(())
    }
}
