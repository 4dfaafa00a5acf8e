//! The committed offsets of one group, of any type, and those that open transactions have committed. Pure: the shell brings the time.
//!
//! Source: Kafka's `OffsetMetadataManager` and `OffsetAndMetadata`; KIP-211.

mod expiration;
mod pending;
#[cfg(test)]
mod tests;

pub(crate) use expiration::OffsetExpirationCondition;

use crate::ids::{LeaderEpoch, Offset, ProducerId, TransactionOutcome};
use pending::PendingOffsets;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// An offset to be committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OffsetToCommit {
    /// The next offset to read.
    pub(crate) offset: Offset,
    /// The leader epoch of the last record that was read; [`LeaderEpoch::NONE`] if unknown.
    pub(crate) leader_epoch: LeaderEpoch,
    /// Text of the committer, which the broker does not interpret.
    pub(crate) metadata: Arc<str>,
    /// The retention time that OffsetCommit up to version 4 may give; `None` for `offsets.retention.minutes`.
    pub(crate) retention_ms: Option<i64>,
}

/// An offset as it was committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CommittedOffset {
    pub(crate) offset: Offset,
    pub(crate) leader_epoch: LeaderEpoch,
    pub(crate) metadata: Arc<str>,
    committed_at_ms: i64,
    /// Set if the commit gave a retention time.
    expires_at_ms: Option<i64>,
}

impl CommittedOffset {
    fn new(now_ms: i64, commit: OffsetToCommit) -> Self {
        Self {
            offset: commit.offset,
            leader_epoch: commit.leader_epoch,
            metadata: commit.metadata,
            committed_at_ms: now_ms,
            expires_at_ms: commit
                .retention_ms
                .map(|retention_ms| now_ms.saturating_add(retention_ms)),
        }
    }

    fn held_bytes(&self) -> usize {
        OFFSET_BYTES + self.metadata.len()
    }
}

/// Partitions by topic, in the order of a request.
pub(crate) type PartitionsByTopic = Vec<(Arc<str>, Vec<i32>)>;

/// Offsets to be committed, by topic and partition, in the order of the request.
pub(crate) type OffsetsToCommit = Vec<(Arc<str>, Vec<(i32, OffsetToCommit)>)>;

/// The committed offsets that were asked for, by topic and partition.
pub(crate) type FetchedOffsets = Vec<(Arc<str>, Vec<(i32, FetchedOffset)>)>;

/// The committed offset of one partition; `None` if it has none.
pub(crate) type FetchedOffset = Result<Option<CommittedOffset>, UnstableOffset>;

/// An open transaction has an offset of the partition, and the client wants a stable one (KIP-447).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an open transaction has committed an offset of the partition")]
pub(crate) struct UnstableOffset;

/// The committed offsets of one topic, by partition.
pub(crate) type TopicOffsets = BTreeMap<i32, CommittedOffset>;

/// The memory of an offset without its metadata: the value and its place in the map.
const OFFSET_BYTES: usize = 128;
/// The memory of a topic without its name: the map of its offsets and its place in the map of topics.
const TOPIC_BYTES: usize = 128;

/// The committed offsets of one group.
#[derive(Debug, Default)]
pub(crate) struct Offsets {
    by_topic: BTreeMap<Arc<str>, TopicOffsets>,
    held_bytes: usize,
    pending: PendingOffsets,
}

impl Offsets {
    /// Returns the memory of all offsets.
    pub(crate) fn held_bytes(&self) -> usize {
        self.held_bytes + self.pending.held_bytes()
    }

    /// Returns the additional memory of all offsets of a commit. An offset that replaces another takes more only if its metadata is longer.
    pub(crate) fn growth_bytes(&self, offsets: &OffsetsToCommit) -> usize {
        let offsets = offsets.iter().flat_map(|(topic, partitions)| {
            let partitions = partitions.iter();
            partitions.map(|(partition, commit)| self.growth_bytes_of_one(topic, *partition, commit))
        });
        offsets.sum()
    }

    /// Returns the additional memory of offsets that a producer commits in its transaction.
    pub(crate) fn staging_bytes(&self, producer_id: ProducerId, offsets: &OffsetsToCommit) -> usize {
        self.pending.growth_bytes(producer_id, offsets)
    }

    fn growth_bytes_of_one(&self, topic: &str, partition: i32, commit: &OffsetToCommit) -> usize {
        let after_bytes = OFFSET_BYTES + commit.metadata.len();
        match self.by_topic.get(topic) {
            None => TOPIC_BYTES + topic.len() + after_bytes,
            Some(offsets) => {
                let before_bytes = offsets.get(&partition).map_or(0, CommittedOffset::held_bytes);
                after_bytes.saturating_sub(before_bytes)
            }
        }
    }

    fn recount_held_bytes(&mut self) {
        let topic_bytes = |(topic, offsets): (&Arc<str>, &TopicOffsets)| {
            let offsets_bytes: usize = offsets.values().map(CommittedOffset::held_bytes).sum();
            TOPIC_BYTES + topic.len() + offsets_bytes
        };
        self.held_bytes = self.by_topic.iter().map(topic_bytes).sum();
    }

    /// Returns true if nothing is committed, and no open transaction has committed anything.
    pub(crate) fn is_empty(&self) -> bool {
        self.by_topic.is_empty() && self.pending.is_empty()
    }

    /// Replaces the partition's offset, which may be greater than the new one.
    pub(crate) fn commit(&mut self, now_ms: i64, topic: &Arc<str>, partition: i32, commit: OffsetToCommit) {
        if !self.pending.is_empty() {
            self.pending.supersede(topic, partition);
        }
        self.put(topic, partition, CommittedOffset::new(now_ms, commit));
    }

    /// Keeps an offset that a transaction commits, until the transaction ends.
    pub(crate) fn stage(
        &mut self,
        now_ms: i64,
        producer_id: ProducerId,
        (topic, partition): (&Arc<str>, i32),
        commit: OffsetToCommit,
    ) {
        let offset = CommittedOffset::new(now_ms, commit);
        self.pending.stage(producer_id, topic, partition, offset);
    }

    /// Ends the transaction of a producer: its offsets become real, or are dropped.
    pub(crate) fn complete(&mut self, producer_id: ProducerId, outcome: TransactionOutcome) {
        match outcome {
            TransactionOutcome::Commit => {
                for ((topic, partition), offset) in self.pending.take(producer_id) {
                    self.put(&topic, partition, offset);
                }
            }
            TransactionOutcome::Abort => self.pending.drop_all(producer_id),
        }
    }

    fn put(&mut self, topic: &Arc<str>, partition: i32, committed: CommittedOffset) {
        // `entry` would clone the `Arc` of the name for each commit, also if the topic is known.
        let offsets = match self.by_topic.get_mut(topic) {
            Some(offsets) => offsets,
            None => {
                self.held_bytes += TOPIC_BYTES + topic.len();
                self.by_topic.entry(Arc::clone(topic)).or_default()
            }
        };
        // The new offset is added before the old one is subtracted, so that the sum is never negative.
        self.held_bytes += committed.held_bytes();
        let before = offsets.insert(partition, committed);
        self.held_bytes -= before.as_ref().map_or(0, CommittedOffset::held_bytes);
    }

    /// Returns the offset of the partition.
    pub(crate) fn get(&self, topic: &str, partition: i32) -> Option<&CommittedOffset> {
        self.by_topic.get(topic)?.get(&partition)
    }

    /// Returns the offsets of the partitions in `wanted`; with `None` all offsets, by topic and partition. With `requires_stable` those that
    /// open transactions will perhaps replace are an error.
    pub(crate) fn fetch(&self, wanted: Option<PartitionsByTopic>, requires_stable: bool) -> FetchedOffsets {
        let unless_unstable = |topic: &str, index, offset: Option<&CommittedOffset>| {
            if requires_stable && self.pending.contains(topic, index) {
                return (index, Err(UnstableOffset));
            }
            (index, Ok(offset.cloned()))
        };
        let Some(wanted) = wanted else {
            let all = self.by_topic.iter().map(|(topic, offsets)| {
                let offsets = offsets.iter();
                let offsets = offsets.map(|(index, offset)| unless_unstable(topic, *index, Some(offset)));
                (Arc::clone(topic), offsets.collect())
            });
            return all.collect();
        };
        let found = wanted.into_iter().map(|(topic, indexes)| {
            let offset = |index| unless_unstable(&topic, index, self.get(&topic, index));
            let offsets = indexes.into_iter().map(offset).collect();
            (topic, offsets)
        });
        found.collect()
    }

    /// Returns the partitions that have an offset, also those that only have one of an open transaction.
    pub(crate) fn partitions(&self) -> BTreeSet<(&Arc<str>, i32)> {
        let topics = self.by_topic.iter();
        let committed =
            topics.flat_map(|(topic, offsets)| offsets.keys().map(move |partition| (topic, *partition)));
        committed.chain(self.pending.partitions()).collect()
    }

    /// Removes the offset of the partition, also one of an open transaction. Returns whether it had one.
    pub(crate) fn delete(&mut self, topic: &str, partition: i32) -> bool {
        let is_it = |name: &str, index| name == topic && index == partition;
        let was_pending = !self.pending.remove(is_it).is_empty();
        let Some(offsets) = self.by_topic.get_mut(topic) else {
            return was_pending;
        };
        let is_removed = offsets.remove(&partition).is_some() || was_pending;
        if offsets.is_empty() {
            self.by_topic.remove(topic);
        }
        // Deletions are rare beside commits, so they count everything again.
        self.recount_held_bytes();
        is_removed
    }

    /// Removes all offsets of the topic. Returns the partitions that had one.
    pub(crate) fn delete_topic(&mut self, topic: &str) -> Vec<i32> {
        let pending = self.pending.remove(|name, _| name == topic);
        let removed = self.by_topic.remove(topic).unwrap_or_default();
        self.recount_held_bytes();
        let mut partitions: Vec<_> = removed.into_keys().collect();
        partitions.extend(pending.into_iter().map(|(_, partition)| partition));
        partitions.sort_unstable();
        partitions.dedup();
        partitions
    }

    /// Removes the offsets that have expired at `now_ms` and whose topic no member reads, and returns their partitions.
    pub(crate) fn expire(
        &mut self,
        now_ms: i64,
        retention_ms: i64,
        condition: OffsetExpirationCondition,
        is_subscribed_to: impl Fn(&str) -> bool,
    ) -> Vec<(Arc<str>, i32)> {
        let mut expired = Vec::new();
        self.by_topic.retain(|topic, offsets| {
            if !is_subscribed_to(topic) {
                offsets.retain(|partition, committed| {
                    // An offset that a transaction will perhaps replace stays until it ends.
                    let has_expired = condition.has_expired(now_ms, retention_ms, committed)
                        && !self.pending.contains(topic, *partition);
                    if has_expired {
                        expired.push((Arc::clone(topic), *partition));
                    }
                    !has_expired
                });
            }
            !offsets.is_empty()
        });
        self.recount_held_bytes();
        expired
    }
}

#[cfg(test)]
impl Offsets {
    /// Checks the counts of memory against the offsets.
    fn assert_consistent(&mut self) {
        let counted_bytes = self.held_bytes;
        self.recount_held_bytes();
        assert_eq!(counted_bytes, self.held_bytes);
        self.pending.assert_consistent();
    }
}
