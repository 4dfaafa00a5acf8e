//! WriteTxnMarkers: writes the markers that end transactions in the partitions that a broker leads. And the coordinator's own markers.
//!
//! Source: Kafka's `KafkaApis.handleWriteTxnMarkersRequest`, `TransactionMarkerChannelManager` and `TransactionMarkerRequestCompletionHandler`.

use super::RequestContext;
use super::access::{Denied, authorize, is_authorized};
use crate::cluster::Cluster;
use crate::ids::{NodeId, ProducerEpoch, ProducerId, TransactionOutcome};
use crate::log::{MarkerError, TransactionMarker};
use crate::security::{AclOperation, Resource};
use crate::topic::leadership::NotServed;
use crate::topic::name::CONSUMER_OFFSETS;
use crate::transaction::{DecidedTransaction, TransactionVersion};
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

/// The markers of one transaction in a request.
#[derive(Clone, Debug)]
pub(crate) struct WriteMarkers {
    pub(crate) producer_id: ProducerId,
    pub(crate) producer_epoch: ProducerEpoch,
    pub(crate) outcome: TransactionOutcome,
    pub(crate) coordinator_epoch: i32,
    /// The version of the transaction, 0 to 2 (KIP-1228).
    pub(crate) transaction_version: i16,
    pub(crate) partitions: Vec<(Arc<str>, Vec<i32>)>,
}

/// The reason why a marker was not written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WriteMarkerError {
    #[error(transparent)]
    NotServed(#[from] NotServed),
    #[error(transparent)]
    Marker(#[from] MarkerError),
}

/// The result for each partition, in the order of the request.
pub(crate) type WrittenMarkers = Vec<(Arc<str>, Vec<(i32, Result<(), WriteMarkerError>)>)>;

/// Checks that the client may write markers: it is a broker, or an administrator who ends a hanging transaction (KIP-664).
///
/// # Errors
/// [`Denied::Cluster`].
pub(crate) fn authorize_markers(cluster: &Cluster, context: &RequestContext) -> Result<(), Denied> {
    if is_authorized(cluster, context, AclOperation::Alter, Resource::Cluster) {
        return Ok(());
    }
    authorize(cluster, context, AclOperation::ClusterAction, Resource::Cluster)
}

/// Returns whether a marker cannot be a record, because it has no producer id or no epoch, although a partition that the broker knows is to
/// have it. Source: Kafka's `MemoryRecordsBuilder.validateProducerState`.
pub(crate) fn is_impossible(cluster: &Cluster, node: NodeId, markers: &WriteMarkers) -> bool {
    (markers.producer_id.0 == -1 || markers.producer_epoch.0 == -1)
        && !known_partitions(cluster, node, markers).is_empty()
}

/// Returns whether Kafka writes these markers and then does not answer. It counts what is left, and there are two ways in which no append
/// brings the count to 0: a partition that one marker names twice has one result, and a marker without a partition that the broker knows is
/// counted down without a look at the result, which matters if it is the last one and all appends before it are done. Source: Kafka's
/// `KafkaApis.handleWriteTxnMarkersRequest`.
pub(crate) fn are_unanswered(cluster: &Cluster, node: NodeId, markers: &[WriteMarkers]) -> bool {
    let written = markers
        .iter()
        .map(|marker| known_partitions(cluster, node, marker));
    let written: Vec<Vec<_>> = written.collect();
    // Offsets are completed one by one, and later than the loop over the markers ends.
    let is_of_groups = |topic: &str| topic == CONSUMER_OFFSETS;
    let names_twice = written.iter().any(|partitions| {
        let mut seen = HashSet::new();
        let mut appends = partitions.iter().filter(|(topic, _)| !is_of_groups(topic));
        appends.any(|partition| !seen.insert(*partition))
    });
    let ends_with_a_skipped = written.last().is_some_and(Vec::is_empty);
    let mut appends = written.iter().flatten().peekable();
    // An append waits for the other replicas.
    let has_one_replica = |topic: &str, index: i32| {
        let topic = cluster.topics.get(topic);
        topic.is_some_and(|topic| topic.placement.replicas(index as usize).len() == 1)
    };
    let is_done_at_once =
        |(topic, index): &(&str, i32)| !is_of_groups(topic) && has_one_replica(topic, *index);
    names_twice || ends_with_a_skipped && appends.peek().is_some() && appends.all(is_done_at_once)
}

/// Returns the partitions of a marker that the broker knows, in the order of the request.
fn known_partitions<'a>(cluster: &Cluster, node: NodeId, markers: &'a WriteMarkers) -> Vec<(&'a str, i32)> {
    let partitions = markers.partitions.iter();
    let partitions = partitions.flat_map(|(topic, indexes)| indexes.iter().map(|index| (&**topic, *index)));
    partitions
        .filter(|(topic, index)| has_replica(cluster, node, topic, *index))
        .collect()
}

/// Returns whether the broker has a replica of the partition. To Kafka another partition is unknown, even if another broker has it
/// (`ReplicaManager.onlinePartition`).
fn has_replica(cluster: &Cluster, node: NodeId, topic: &str, index: i32) -> bool {
    let topic = cluster.topics.get(topic);
    topic.is_some_and(|topic| {
        topic.partition(index).is_some() && topic.placement.replicas(index as usize).contains(&node)
    })
}

/// Writes the markers of one transaction to the partitions that the broker leads.
pub(crate) async fn write_txn_markers(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    markers: WriteMarkers,
) -> WrittenMarkers {
    let mut results = Vec::with_capacity(markers.partitions.len());
    let mut appended = HashSet::new();
    for (topic, indexes) in &markers.partitions {
        let mut partitions = Vec::with_capacity(indexes.len());
        for index in indexes {
            // Kafka collects the markers of logs in a map by partition. Offsets are completed by another way.
            if !appended.insert((topic, *index)) && **topic != *CONSUMER_OFFSETS {
                continue;
            }
            let node = context.node_id;
            let written = if has_replica(cluster, node, topic, *index) {
                write_marker(cluster, Some(node), topic, *index, marker_of(&markers)).await
            } else {
                Err(NotServed::UnknownTopicOrPartition.into())
            };
            partitions.push((*index, written));
        }
        results.push((Arc::clone(topic), partitions));
    }
    results
}

/// Writes the markers of all decided transactions whose partitions have a leader. A transaction is complete once all its markers are
/// written; the task of the transactions tries those that are left again.
pub(crate) async fn write_decided_markers(cluster: &Arc<Cluster>) {
    // One writer at a time: a marker that is written twice, late, could end the producer's next transaction, which has the same epoch in
    // version 1.
    let _turn = cluster.transactions.turn_to_write().await;
    for transaction in cluster.transactions.decided() {
        write_markers_of(cluster, &transaction).await;
    }
}

async fn write_markers_of(cluster: &Arc<Cluster>, transaction: &DecidedTransaction) {
    let marker = TransactionMarker {
        producer_id: transaction.producer_id,
        producer_epoch: transaction.producer_epoch,
        outcome: transaction.outcome,
        coordinator_epoch: cluster.transaction_coordinator_epoch(&transaction.transactional_id),
        transaction_version: match transaction.client_version {
            TransactionVersion::V1 => 0,
            TransactionVersion::V2 => 2,
        },
    };
    let mut written = BTreeSet::new();
    for partition in &transaction.partitions {
        // The leader may be any broker: in Kafka the coordinator sends it a request.
        match write_marker(cluster, None, &partition.topic, partition.partition, marker).await {
            Ok(()) => {
                written.insert(partition.clone());
            }
            // A topic that was deleted needs no marker. If it was created again, the marker went to the new topic.
            Err(WriteMarkerError::NotServed(NotServed::UnknownTopicOrPartition)) => {
                written.insert(partition.clone());
            }
            Err(reason) => {
                tracing::debug!(
                    transactional_id = %transaction.transactional_id,
                    topic = %partition.topic,
                    partition = partition.partition,
                    %reason,
                    "marker not written"
                );
            }
        }
    }
    let now_ms = cluster.clock.now_ms();
    cluster
        .transactions
        .markers_written(now_ms, transaction, &written);
}

/// Writes one marker. With `asked` only that broker may lead the partition, otherwise any.
async fn write_marker(
    cluster: &Arc<Cluster>,
    asked: Option<NodeId>,
    topic: &str,
    index: i32,
    marker: TransactionMarker,
) -> Result<(), WriteMarkerError> {
    let partition = cluster.topics.partition(topic, index);
    let partition = partition.ok_or(NotServed::UnknownTopicOrPartition)?;
    let now_ms = cluster.clock.now_ms();
    {
        let mut state = partition.write().map_err(NotServed::Offline)?;
        let leader = asked.unwrap_or(state.leader);
        if leader == NodeId::NONE {
            return Err(NotServed::NotLeader(state.current_leader()).into());
        }
        state.check_leadership(leader, None)?;
        state.append_marker(marker, now_ms)?;
    }
    if topic == CONSUMER_OFFSETS {
        // The offsets that the transaction committed become real, or are dropped.
        let is_of_partition = |group_id: &str| cluster.offsets_partition(group_id) == index;
        let completed =
            cluster
                .groups
                .complete_transaction(marker.producer_id, marker.outcome, is_of_partition);
        completed.await;
    }
    Ok(())
}

fn marker_of(markers: &WriteMarkers) -> TransactionMarker {
    TransactionMarker {
        producer_id: markers.producer_id,
        producer_epoch: markers.producer_epoch,
        outcome: markers.outcome,
        coordinator_epoch: markers.coordinator_epoch,
        transaction_version: markers.transaction_version,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::create_topics::{CreateTopic, create_topics};

    fn marker(producer_id: i64, index: i32) -> WriteMarkers {
        WriteMarkers {
            producer_id: ProducerId(producer_id),
            producer_epoch: ProducerEpoch(0),
            outcome: TransactionOutcome::Abort,
            coordinator_epoch: 0,
            transaction_version: 0,
            partitions: vec![("t".into(), vec![index])],
        }
    }

    fn cluster() -> Arc<Cluster> {
        let cluster = Arc::new(Cluster::for_tests(3, &[]));
        let topic = CreateTopic {
            assignments: vec![(0, vec![NodeId(2), NodeId(3)])],
            ..CreateTopic::named("t")
        };
        create_topics(&cluster, &RequestContext::for_tests(1), vec![topic], false);
        cluster
    }

    #[tokio::test]
    async fn a_broker_without_a_replica_does_not_know_the_partition_and_a_follower_does() {
        let cluster = cluster();
        for (node, index, expected) in [
            (1, 0, "unknown"),
            (2, 0, "written"),
            (3, 0, "follower"),
            (2, 1, "unknown"),
        ] {
            let context = RequestContext::for_tests(node);
            let written = write_txn_markers(&cluster, &context, marker(7, index)).await;
            let found = match &written[0].1[0].1 {
                Ok(()) => "written",
                Err(WriteMarkerError::NotServed(NotServed::UnknownTopicOrPartition)) => "unknown",
                Err(WriteMarkerError::NotServed(NotServed::NotLeader(_))) => "follower",
                Err(other) => panic!("{other}"),
            };
            assert_eq!(found, expected, "broker {node}, partition {index}");
        }
    }

    #[test]
    fn a_broker_that_does_not_know_the_partition_does_not_build_a_marker_and_answers() {
        let cluster = cluster();
        for (node, is_known) in [(1, false), (2, true), (3, true)] {
            let node = NodeId(node);
            assert_eq!(is_impossible(&cluster, node, &marker(-1, 0)), is_known);
            let twice = WriteMarkers {
                partitions: vec![("t".into(), vec![0, 0])],
                ..marker(7, 0)
            };
            assert_eq!(are_unanswered(&cluster, node, &[twice]), is_known);
        }
    }
}
