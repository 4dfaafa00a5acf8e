//! The topics in which Kafka's coordinators keep their state, and the choice of a coordinator by them: a key belongs to the partition that
//! its hash selects, and the leader of that partition coordinates it. So a topic that does not exist coordinates nothing, and when a broker
//! stops, the replicas that lead in its place coordinate in its place. Source: Kafka's `GroupCoordinatorService.partitionFor`,
//! `TransactionStateManager.partitionFor`.

mod groups_journal;

pub(super) use groups_journal::GroupsJournal;

use super::Cluster;
use crate::ids::NodeId;
use crate::topic::{Partition, Topics, name};
use std::sync::Arc;

/// A topic of coordinators. Share groups (KIP-932) are to have a third one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CoordinatorTopic {
    /// Groups, by their ids, in `__consumer_offsets`.
    Groups,
    /// Transactions, by their transactional ids, in `__transaction_state`.
    Transactions,
}

impl CoordinatorTopic {
    /// Returns the topic of that name.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        [Self::Groups, Self::Transactions]
            .into_iter()
            .find(|topic| topic.name() == name)
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

/// Returns `Utils.abs(key.hashCode())`: Java's hash goes over UTF-16 units, and the absolute value only drops the sign bit.
fn java_hash(key: &str) -> i32 {
    let hash = key.encode_utf16().fold(0i32, |hash, unit| {
        hash.wrapping_mul(31).wrapping_add(i32::from(unit))
    });
    hash & i32::MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_belongs_to_the_partition_that_javas_hash_selects() {
        // `"...".hashCode() & 0x7fffffff` of Java, the last one over two surrogates.
        let cases = [
            ("", 0),
            ("group", 98_629_247),
            ("console-consumer-12345", 158_455_506),
            ("polygenelubricants", 0),
            ("\u{1f600}", 1_772_899),
        ];
        for (key, expected) in cases {
            assert_eq!(java_hash(key), expected, "{key}");
        }
    }
}
