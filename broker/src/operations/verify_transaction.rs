//! The question of a partition's leader to the coordinator, before it appends the first batch of a transaction: is the partition in the
//! transaction? From transactions version 2 on the question adds it (KIP-890).
//!
//! Source: Kafka's `AddPartitionsToTxnManager.addOrVerifyTransaction` and `TransactionCoordinator.handleVerifyPartitionsInTransaction`. In
//! Kafka the leader sends AddPartitionsToTxn to the coordinator; here the leader asks the rules directly.

use super::RequestContext;
use crate::cluster::Cluster;
use crate::ids::{ProducerEpoch, ProducerId, Sequence};
use crate::log::{AppendError, Unverified, Verification};
use crate::topic::Partition;
use crate::topic::leadership::NotServed;
use crate::transaction::{RefusedTransaction, TopicPartition, TransactionError, TransactionVersion};
use std::collections::BTreeSet;
use std::sync::Arc;

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
    /// Returns the support of a Produce request of that version.
    pub(crate) fn of_produce(version: i16) -> Self {
        Self::since(version, 11)
    }

    /// Returns the support of a TxnOffsetCommit request of that version.
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

/// A write that wants to be a part of the transaction of an id.
#[derive(Clone, Copy, Debug)]
pub(super) struct TransactionalWrite<'a> {
    pub(super) transactional_id: &'a str,
    pub(super) producer_id: ProducerId,
    pub(super) producer_epoch: ProducerEpoch,
    pub(super) base_sequence: Sequence,
    pub(super) support: WriteSupport,
}

/// The reason why it is not known that a write belongs to an open transaction.
#[derive(Debug, thiserror::Error)]
pub(super) enum VerifyError {
    #[error(transparent)]
    NotServed(#[from] NotServed),
    /// A newer epoch of the producer has written to the partition.
    #[error(transparent)]
    Unverifiable(AppendError),
    #[error(transparent)]
    NotInTransaction(#[from] NotInTransaction),
}

/// Returns what is known of the transaction of a write to `partition`, which the append is then given. The coordinator is asked before the
/// first write of a transaction to a partition. Source: Kafka's `ReplicaManager.maybeStartTransactionVerificationForPartition`.
///
/// # Errors
/// [`VerifyError`] if the write does not belong to an open transaction.
pub(super) fn verify(
    cluster: &Cluster,
    context: &RequestContext,
    partition: &Partition,
    write: TransactionalWrite<'_>,
) -> Result<Verification, VerifyError> {
    // A write that adds its partition is always told to the coordinator.
    if !cluster.config.verifies_transactions && write.support != WriteSupport::AddsPartition {
        return Ok(Verification::Disabled);
    }
    let unverified = Unverified {
        producer_id: write.producer_id,
        producer_epoch: write.producer_epoch,
        base_sequence: write.base_sequence,
        supports_epoch_bump: write.support == WriteSupport::AddsPartition,
    };
    let guard = {
        let mut state = partition.write().map_err(NotServed::Offline)?;
        state.check_leadership(context.node_id, None)?;
        let begun = state.begin_verification(unverified, cluster.clock.now_ms());
        begun.map_err(VerifyError::Unverifiable)?
    };
    // The partition is not locked while the coordinator is asked. If a marker comes in between, the append with this guard fails.
    let Some(guard) = guard else {
        return Ok(Verification::None);
    };
    let asked = TopicPartition {
        topic: Arc::clone(partition.topic()),
        partition: partition.index,
    };
    add_or_verify(cluster, write, asked)?;
    Ok(Verification::Confirmed(guard))
}

/// Asks the coordinator whether the partition is in the open transaction; with [`WriteSupport::AddsPartition`] it makes it so.
fn add_or_verify(
    cluster: &Cluster,
    write: TransactionalWrite<'_>,
    partition: TopicPartition,
) -> Result<(), NotInTransaction> {
    let TransactionalWrite {
        transactional_id: id,
        support,
        ..
    } = write;
    let producer = (write.producer_id, write.producer_epoch);
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
