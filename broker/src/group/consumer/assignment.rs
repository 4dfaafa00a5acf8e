//! Sets of partitions by topic id, as assignments are made of.

use crate::ids::GroupEpoch;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Partitions by topic id. No topic has an empty set.
pub(crate) type Partitions = BTreeMap<Uuid, BTreeSet<i32>>;

/// Partitions by topic id, each with the epoch at which it was assigned. No topic has an empty map.
pub(crate) type AssignedPartitions = BTreeMap<Uuid, BTreeMap<i32, GroupEpoch>>;

/// Adds one partition.
pub(super) fn insert(partitions: &mut Partitions, topic: Uuid, partition: i32) {
    partitions.entry(topic).or_default().insert(partition);
}

/// Returns each partition with its topic, in order.
pub(super) fn iter(partitions: &Partitions) -> impl Iterator<Item = (Uuid, i32)> {
    let topics = partitions.iter();
    topics.flat_map(|(topic, of_topic)| of_topic.iter().map(|partition| (*topic, *partition)))
}

/// Returns each assigned partition with its topic, in order.
pub(super) fn iter_assigned(partitions: &AssignedPartitions) -> impl Iterator<Item = (Uuid, i32)> {
    let topics = partitions.iter();
    topics.flat_map(|(topic, of_topic)| of_topic.keys().map(|partition| (*topic, *partition)))
}

/// Returns the epoch at which the partition was assigned.
pub(super) fn epoch_of(partitions: &AssignedPartitions, topic: Uuid, partition: i32) -> Option<GroupEpoch> {
    partitions.get(&topic)?.get(&partition).copied()
}

/// Returns the partitions without their epochs.
pub(super) fn without_epochs(partitions: &AssignedPartitions) -> Partitions {
    let topics = partitions.iter();
    topics
        .map(|(topic, of_topic)| (*topic, of_topic.keys().copied().collect()))
        .collect()
}

/// Returns the partitions as all assigned at `epoch`.
pub(super) fn with_epoch(partitions: &Partitions, epoch: GroupEpoch) -> AssignedPartitions {
    let topics = partitions.iter();
    topics
        .map(|(topic, of_topic)| {
            (
                *topic,
                of_topic.iter().map(|partition| (*partition, epoch)).collect(),
            )
        })
        .collect()
}
