//! The topics in which Kafka's coordinators keep their state, and the choice of a coordinator by them: a key belongs to the partition that
//! its hash selects, and the leader of that partition coordinates it. So a topic that does not exist coordinates nothing, and when a broker
//! stops, the replicas that lead in its place coordinate in its place. Source: Kafka's `GroupCoordinatorService.partitionFor`,
//! `TransactionStateManager.partitionFor`.

mod journal;

pub(super) use journal::TopicJournal;

use super::Cluster;
use crate::config::BrokerConfig;
use crate::group::OffsetsTransaction;
use crate::ids::{NodeId, ProducerEpoch, ProducerId};
use crate::log::{Appended, LogSettings, PartitionLog, Verification};
use crate::topic::{Partition, Topics, name};
use journal::VerifiedTransaction;
use std::sync::Arc;
use tokio::sync::Notify;

/// A topic of coordinators. Share groups (KIP-932) are to have a third one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CoordinatorTopic {
    /// Groups, by their ids, in `__consumer_offsets`.
    Groups,
    /// Transactions, by their transactional ids, in `__transaction_state`.
    Transactions,
}

impl CoordinatorTopic {
    /// All of them.
    pub(crate) const ALL: [Self; 2] = [Self::Groups, Self::Transactions];

    /// Returns the topic of that name.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|topic| topic.name() == name)
    }

    /// Returns the name of the topic.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Groups => name::CONSUMER_OFFSETS,
            Self::Transactions => name::TRANSACTION_STATE,
        }
    }
}

impl Cluster {
    /// Returns the broker that coordinates `key`; `None` before the topic is created and while the key's partition has no leader.
    pub(crate) fn coordinator(&self, topic: CoordinatorTopic, key: &str) -> Option<NodeId> {
        let partition_count = match topic {
            CoordinatorTopic::Groups => self.config.offsets_topic_partitions,
            CoordinatorTopic::Transactions => self.config.transaction_topic_partitions,
        };
        let partition = partition_of(&self.topics, topic, key, partition_count)?;
        let leader = partition.read().ok()?.leader;
        self.liveness.is_alive(leader).then_some(leader)
    }

    /// Returns the broker that coordinates a group: see [`Cluster::coordinator`].
    pub(crate) fn group_coordinator(&self, group_id: &str) -> Option<NodeId> {
        self.coordinator(CoordinatorTopic::Groups, group_id)
    }

    /// Returns the broker that coordinates a transactional id: see [`Cluster::coordinator`].
    pub(crate) fn transaction_coordinator(&self, transactional_id: &str) -> Option<NodeId> {
        self.coordinator(CoordinatorTopic::Transactions, transactional_id)
    }

    /// Returns the epoch of the coordinator of a transactional id, which its markers carry: the leader epoch of its partition.
    pub(crate) fn transaction_coordinator_epoch(&self, transactional_id: &str) -> i32 {
        let partition_count = self.config.transaction_topic_partitions;
        let topic = CoordinatorTopic::Transactions;
        let partition = partition_of(&self.topics, topic, transactional_id, partition_count);
        partition
            .and_then(|partition| Some(partition.read().ok()?.leader_epoch.0))
            .unwrap_or(0)
    }

    /// Returns the index of the partition of `__consumer_offsets` that keeps the offsets of a group.
    pub(crate) fn offsets_partition(&self, group_id: &str) -> i32 {
        java_hash(group_id) % self.config.offsets_topic_partitions
    }

    /// Returns the transaction of a producer for groups that commit offsets in it, with what is known of it.
    pub(crate) fn offsets_transaction(
        &self,
        (producer_id, producer_epoch): (ProducerId, ProducerEpoch),
        verification: Verification,
    ) -> Box<dyn OffsetsTransaction> {
        Box::new(VerifiedTransaction {
            journal: Arc::clone(&self.group_journal),
            producer_id,
            producer_epoch,
            verification,
        })
    }
}

/// All topics of coordinators may hold the memory limit divided by this.
const LOGS_DIVISOR: usize = 16;

/// A log of theirs has room for this number of segments. The active one is not compacted, so it has to be a small part.
const SEGMENTS: usize = 8;

/// The least size of a segment in them: a batch that is larger is not kept.
const LEAST_SEGMENT_BYTES: usize = 64 << 10;

/// The room of each log in which coordinators keep their state. A log that has used half of it is compacted at once, so that it drops what
/// later records have replaced, and tombstones, before a record that still counts.
#[derive(Debug)]
pub(crate) struct CoordinatorLogs {
    most_bytes: usize,
    /// Told when a log has begun a segment and has used half of its room.
    crowded: Notify,
}

impl CoordinatorLogs {
    /// Returns the room under a memory limit.
    pub(super) fn new(limit_bytes: usize, config: &BrokerConfig) -> Self {
        let partition_count = config.offsets_topic_partitions + config.transaction_topic_partitions;
        let partition_count = usize::try_from(partition_count).unwrap_or(1).max(1);
        Self {
            most_bytes: limit_bytes / LOGS_DIVISOR / partition_count,
            crowded: Notify::new(),
        }
    }

    /// Completes when a log has to be compacted. One caller waits at a time.
    pub(crate) async fn until_crowded(&self) {
        self.crowded.notified().await;
    }

    /// Returns whether a log has used half of its room.
    pub(crate) fn is_crowded(&self, log: &PartitionLog) -> bool {
        log.size_bytes() > self.most_bytes as u64 / 2
    }

    /// Asks for a compaction if the append has begun a segment of a log that has used half of its room. Only closed segments are compacted,
    /// so other appends change nothing.
    fn note(&self, log: &PartitionLog, appended: &Appended) {
        if log.active_base_offset() == Some(appended.base_offset) && self.is_crowded(log) {
            self.crowded.notify_one();
        }
    }
}

/// Returns the settings of a topic of coordinators with small segments, and at most as many of them as the log has room for: the oldest ones
/// are dropped if compaction was not enough.
///
/// Kafka compacts whole segments of 100 MB, which are on a disk. Here the state of the coordinators is in their own memory: the log is for
/// those who read it, and must not take the memory of records.
pub(super) fn bounded(settings: LogSettings, logs: &CoordinatorLogs) -> LogSettings {
    let segment_bytes = (logs.most_bytes / SEGMENTS).max(LEAST_SEGMENT_BYTES);
    let segment_bytes = settings
        .segment_bytes
        .min(i32::try_from(segment_bytes).unwrap_or(i32::MAX));
    LogSettings {
        segment_bytes,
        deletes: true,
        retention_ms: -1,
        // The active segment comes on top of what retention keeps.
        retention_bytes: (logs.most_bytes as i64 - i64::from(segment_bytes)).max(0),
        ..settings
    }
}

/// Returns the partition that keeps `key`. The number of partitions is the configured one, as in Kafka: a topic that was created with
/// another number has no partition for some keys.
fn partition_of(
    topics: &Topics,
    topic: CoordinatorTopic,
    key: &str,
    partition_count: i32,
) -> Option<Arc<Partition>> {
    topics.partition(topic.name(), java_hash(key) % partition_count)
}

/// Returns `Utils.abs(key.hashCode())`: Java's hash goes over UTF-16 units, and the least integer, which has no absolute value, becomes 0.
fn java_hash(key: &str) -> i32 {
    let hash = key.encode_utf16().fold(0i32, |hash, unit| {
        hash.wrapping_mul(31).wrapping_add(i32::from(unit))
    });
    hash.checked_abs().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_belongs_to_the_partition_that_javas_hash_selects() {
        // The hash of the second but last one is the least integer, and the last one is over two surrogates.
        let cases = [
            ("", 0),
            ("group", 98_629_247),
            ("console-consumer-12345", 158_455_506),
            ("simple", 902_286_926),
            ("polygenelubricants", 0),
            ("\u{1f600}", 1_772_899),
        ];
        for (key, expected) in cases {
            assert_eq!(java_hash(key), expected, "{key}");
        }
    }
}
