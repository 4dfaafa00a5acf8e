//! The question of a partition's leader to the coordinator, before it appends the first batch of a transaction: is the partition in the
//! transaction? From transactions version 2 on the question adds it (KIP-890).
//!
//! Source: Kafka's `AddPartitionsToTxnManager.addOrVerifyTransaction` and `TransactionCoordinator.handleVerifyPartitionsInTransaction`. In
//! Kafka the leader sends AddPartitionsToTxn to the coordinator; here the leader asks the rules directly.

use crate::cluster::Cluster;
use crate::ids::{ProducerEpoch, ProducerId};
use crate::transaction::{RefusedTransaction, TopicPartition, TransactionError, TransactionVersion};
use std::collections::BTreeSet;

/// The errors that the writing client understands, by the version of its request. Source: `TransactionSupportedOperation`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WriteSupport {
    /// Produce up to version 10, TxnOffsetCommit up to 3.
    Default,
    /// It understands TRANSACTION_ABORTABLE: Produce 11, TxnOffsetCommit 4.
    Abortable,
    /// Its write adds the partition: Produce 12, TxnOffsetCommit 5 and later.
    AddsPartition,
}

impl WriteSupport {
    /// Returns what the client of a Produce request of that version understands.
    pub(crate) fn of_produce(version: i16) -> Self {
        Self::since(version, 11)
    }

    /// Returns what the client of a TxnOffsetCommit request of that version understands.
    pub(crate) fn of_txn_offset_commit(version: i16) -> Self {
        Self::since(version, 4)
    }

    fn since(version: i16, abortable_since: i16) -> Self {
        match version - abortable_since {
            ..0 => Self::Default,
            0 => Self::Abortable,
            1.. => Self::AddsPartition,
        }
    }
}

/// The reason why a write does not belong to an open transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotInTransaction {
    /// The client did not add the partition. Its version has INVALID_TXN_STATE for this.
    #[error("Partition was not added to the transaction")]
    NotAdded,
    /// The client did not add the partition, and can abort the transaction.
    #[error(
        "The server encountered an error with the transaction. The client can abort the transaction to continue using this transactional ID."
    )]
    Abortable,
    /// Another producer has the transactional id.
    #[error("Producer attempted to produce with an old epoch.")]
    Fenced,
    /// The transactional id does not have the producer's id.
    #[error(
        "The producer attempted to use a producer id which is not currently assigned to its transactional id."
    )]
    InvalidProducerIdMapping,
    /// The transactional id is empty.
    #[error(
        "This most likely occurs because of a request being malformed by the client library or the message was sent to an incompatible broker. See the broker logs for more details."
    )]
    EmptyTransactionalId,
    /// The transaction before is not complete yet.
    #[error(
        "The producer attempted to update a transaction while another concurrent operation on the same transaction was ongoing."
    )]
    Concurrent {
        /// Whether the client's write adds the partition, so that it retries this error by its own name.
        adds_partition: bool,
    },
    /// No broker coordinates the transactional id now.
    #[error("The coordinator is not available.")]
    NoCoordinator,
}

/// Checks that a write belongs to the open transaction of an id; with [`WriteSupport::AddsPartition`] it makes it so.
///
/// # Errors
/// [`NotInTransaction`] if it does not.
pub(super) fn add_or_verify(
    cluster: &Cluster,
    id: &str,
    producer: (ProducerId, ProducerEpoch),
    partition: TopicPartition,
    support: WriteSupport,
) -> Result<(), NotInTransaction> {
    if cluster.transaction_coordinator(id).is_none() {
        return Err(NotInTransaction::NoCoordinator);
    }
    if id.is_empty() {
        return Err(NotInTransaction::EmptyTransactionalId);
    }
    let partitions = BTreeSet::from([partition]);
    if support == WriteSupport::AddsPartition {
        let now_ms = cluster.clock.now_ms();
        let version = TransactionVersion::V2;
        let added = cluster
            .transactions
            .add_partitions(now_ms, id, producer, &partitions, version);
        return added.map_err(|refused| match refused {
            RefusedTransaction::Rules(TransactionError::Concurrent) => {
                NotInTransaction::Concurrent { adds_partition: true }
            }
            RefusedTransaction::Rules(error) => error.into(),
            RefusedTransaction::Full(_) => NotInTransaction::NoCoordinator,
        });
    }
    let missing = cluster.transactions.verify(id, producer, &partitions)?;
    match (missing.is_empty(), support) {
        (true, _) => Ok(()),
        (false, WriteSupport::Default) => Err(NotInTransaction::NotAdded),
        (false, _) => Err(NotInTransaction::Abortable),
    }
}

impl NotInTransaction {
    /// Returns Kafka's name of the error if producers that do not know how to retry it get NOT_ENOUGH_REPLICAS instead.
    pub(crate) fn retried_as_replication(self) -> Option<&'static str> {
        match self {
            Self::Concurrent {
                adds_partition: false,
            } => Some("CONCURRENT_TRANSACTIONS"),
            Self::NoCoordinator => Some("COORDINATOR_NOT_AVAILABLE"),
            _ => None,
        }
    }
}

impl From<TransactionError> for NotInTransaction {
    fn from(error: TransactionError) -> Self {
        match error {
            TransactionError::Concurrent => Self::Concurrent {
                adds_partition: false,
            },
            // Producers know this error by the name of the epoch.
            TransactionError::Fenced => Self::Fenced,
            TransactionError::InvalidProducerIdMapping => Self::InvalidProducerIdMapping,
            TransactionError::InvalidState => Self::NotAdded,
        }
    }
}
