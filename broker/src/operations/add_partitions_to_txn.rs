//! AddPartitionsToTxn and AddOffsetsToTxn: a client tells which partitions its transaction will write to.
//!
//! Source: Kafka's `KafkaApis.handleAddPartitionsToTxnRequest` and `handleAddOffsetsToTxnRequest`.

use super::RequestContext;
use super::access::{Denied, authorize};
use super::repeats::last_of_each;
use super::transactional_id::{TransactionalIdError, check_coordinator, check_not_empty};
use crate::cluster::Cluster;
use crate::ids::{ProducerEpoch, ProducerId};
use crate::security::{AclOperation, Resource};
use crate::topic::name::{CONSUMER_OFFSETS, is_internal};
use crate::transaction::{TopicPartition, TransactionVersion};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The partitions of one transaction in a request.
#[derive(Clone, Debug)]
pub(crate) struct AddPartitions {
    pub(crate) transactional_id: String,
    pub(crate) producer_id: ProducerId,
    pub(crate) producer_epoch: ProducerEpoch,
    pub(crate) partitions: TopicPartitions,
    /// The partitions that are answered where the answer is the same for all: those of the first transaction of this id in the request.
    pub(crate) answered: TopicPartitions,
}

/// Partition indexes by topic.
pub(crate) type TopicPartitions = Vec<(Arc<str>, Vec<i32>)>;

/// The client that adds partitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AddingClient {
    /// A producer, up to version 3. It needs permissions.
    Producer,
    /// A broker on behalf of a write, from version 4 on. It may only ask whether the partitions are in the transaction.
    Broker { verifies_only: bool },
}

/// The reason why a partition was not added.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AddPartitionError {
    /// The client may not write to the topic, which may be an internal one.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The partition does not exist.
    #[error("the partition does not exist")]
    UnknownPartition,
    /// Another partition of the request could not be added, so none was.
    #[error("another partition of the request cannot be added")]
    NotAttempted,
    /// The partition that a broker asked about is not in the transaction.
    #[error("the partition is not in the transaction")]
    NotInTransaction,
    /// No partition can be added.
    #[error(transparent)]
    TransactionalId(#[from] TransactionalIdError),
}

/// The result for each partition, in the order of the request.
pub(crate) type AddedPartitions = Vec<(Arc<str>, Vec<(i32, Result<(), AddPartitionError>)>)>;

/// Checks that the client is a broker, which may add partitions for any producer.
///
/// # Errors
/// [`Denied::Cluster`].
pub(crate) fn authorize_broker(cluster: &Cluster, context: &RequestContext) -> Result<(), Denied> {
    authorize(cluster, context, AclOperation::ClusterAction, Resource::Cluster)
}

/// Adds all the partitions or none.
pub(crate) fn add_partitions_to_txn(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    client: AddingClient,
    add: &AddPartitions,
) -> AddedPartitions {
    let is_producer = client == AddingClient::Producer;
    if is_producer {
        let id = Resource::TransactionalId(&add.transactional_id);
        if let Err(denied) = authorize(cluster, context, AclOperation::Write, id) {
            let denied = TransactionalIdError::from(denied);
            return results(&add.answered, |_, _| Err(denied.clone().into()));
        }
    }
    let refused = results(&add.partitions, |topic, partition| {
        if is_producer {
            authorize_to_write(cluster, context, topic)?;
        }
        let exists = cluster.topics.partition(topic, partition).is_some();
        exists.then_some(()).ok_or(AddPartitionError::UnknownPartition)
    });
    if refused
        .iter()
        .flat_map(|(_, partitions)| partitions)
        .any(|(_, result)| result.is_err())
    {
        return instead_of_success(refused, &AddPartitionError::NotAttempted);
    }
    let wanted = add.partitions.iter().flat_map(|(topic, indexes)| {
        indexes.iter().map(|index| TopicPartition {
            topic: Arc::clone(topic),
            partition: *index,
        })
    });
    let coordinated = coordinate(cluster, context, client, add, &wanted.collect());
    if client == (AddingClient::Broker { verifies_only: true }) {
        // Kafka answers by partition here: `AddPartitionsToTxnResponse.resultForTransaction`.
        return last_of_each(verified(add, coordinated));
    }
    let added = coordinated.map(drop);
    results(&add.answered, |_, _| Ok(added.clone()?))
}

fn verified(
    add: &AddPartitions,
    missing: Result<BTreeSet<TopicPartition>, TransactionalIdError>,
) -> AddedPartitions {
    results(&add.partitions, |topic, partition| {
        let mut missing = missing.as_ref().map_err(Clone::clone)?.iter();
        if missing.any(|missing| missing.partition == partition && *missing.topic == *topic) {
            return Err(AddPartitionError::NotInTransaction);
        }
        Ok(())
    })
}

/// Adds the offsets of a group to a transaction: in Kafka, the partition of `__consumer_offsets` that keeps them.
pub(crate) fn add_offsets_to_txn(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    id: &str,
    producer: (ProducerId, ProducerEpoch),
    group_id: &str,
) -> Result<(), TransactionalIdError> {
    authorize(
        cluster,
        context,
        AclOperation::Write,
        Resource::TransactionalId(id),
    )?;
    authorize(cluster, context, AclOperation::Read, Resource::Group(group_id))?;
    check_not_empty(id)?;
    check_coordinator(cluster, context, id)?;
    let partitions = BTreeSet::from([offsets_partition(cluster, group_id)]);
    let now_ms = cluster.clock.now_ms();
    let version = TransactionVersion::V1;
    let added = cluster
        .transactions
        .add_partitions(now_ms, id, producer, &partitions, version);
    Ok(added?)
}

/// Returns the partition of `__consumer_offsets` that keeps the group's offsets.
fn offsets_partition(cluster: &Cluster, group_id: &str) -> TopicPartition {
    TopicPartition {
        topic: CONSUMER_OFFSETS.into(),
        partition: cluster.offsets_partition(group_id),
    }
}

/// Returns the partitions that are missing in the transaction of a broker that verifies.
fn coordinate(
    cluster: &Cluster,
    context: &RequestContext,
    client: AddingClient,
    add: &AddPartitions,
    partitions: &BTreeSet<TopicPartition>,
) -> Result<BTreeSet<TopicPartition>, TransactionalIdError> {
    let id = &add.transactional_id;
    check_not_empty(id)?;
    check_coordinator(cluster, context, id)?;
    let producer = (add.producer_id, add.producer_epoch);
    let version = match client {
        AddingClient::Broker { verifies_only: true } => {
            return Ok(cluster.transactions.verify(id, producer, partitions)?);
        }
        AddingClient::Broker { verifies_only: false } => TransactionVersion::V2,
        AddingClient::Producer => TransactionVersion::V1,
    };
    let now_ms = cluster.clock.now_ms();
    let added = cluster
        .transactions
        .add_partitions(now_ms, id, producer, partitions, version);
    added.map(|()| BTreeSet::new()).map_err(Into::into)
}

fn authorize_to_write(cluster: &Cluster, context: &RequestContext, topic: &str) -> Result<(), Denied> {
    // As in Kafka, no client may write to an internal topic in a transaction: only the group coordinator does.
    if is_internal(topic) {
        return Err(Denied::Topic);
    }
    authorize(cluster, context, AclOperation::Write, Resource::Topic(topic))
}

fn results(
    partitions: &TopicPartitions,
    result_of: impl Fn(&str, i32) -> Result<(), AddPartitionError>,
) -> AddedPartitions {
    let topics = partitions.iter().map(|(topic, indexes)| {
        let partitions = indexes.iter().map(|index| (*index, result_of(topic, *index)));
        (Arc::clone(topic), partitions.collect())
    });
    topics.collect()
}

fn instead_of_success(results: AddedPartitions, error: &AddPartitionError) -> AddedPartitions {
    let topics = results.into_iter().map(|(topic, partitions)| {
        let partitions = partitions.into_iter();
        let partitions = partitions.map(|(index, result)| (index, result.and(Err(error.clone()))));
        (topic, partitions.collect())
    });
    last_of_each(topics)
}
