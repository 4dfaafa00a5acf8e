//! The offsets that open transactions have committed. They become real or are dropped when their transaction ends. Pure.
//!
//! Source: Kafka's `OffsetMetadataManager.pendingTransactionalOffsets` and `openTransactions`; KIP-98, KIP-447.

use super::{CommittedOffset, OFFSET_BYTES, OffsetsToCommit, TOPIC_BYTES};
use crate::ids::ProducerId;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The pending offsets of one group, by producer.
#[derive(Debug, Default)]
pub(super) struct PendingOffsets {
    by_producer: BTreeMap<ProducerId, Staged>,
    staged_count: u64,
    held_bytes: usize,
}

/// The pending offsets of one producer, by topic and partition. No topic has an empty map.
type Staged = BTreeMap<Arc<str>, BTreeMap<i32, Pending>>;

#[derive(Debug)]
struct Pending {
    /// The number of offsets that were staged before it.
    order: u64,
    /// `None` once a later commit has been made: it stands when the transaction commits. Until then the partition is unstable.
    offset: Option<CommittedOffset>,
}

impl Pending {
    fn held_bytes(&self) -> usize {
        let offset = self.offset.as_ref();
        offset.map_or(OFFSET_BYTES, CommittedOffset::held_bytes)
    }
}

impl PendingOffsets {
    /// Returns true if no transaction has offsets of the group.
    pub(super) fn is_empty(&self) -> bool {
        self.by_producer.is_empty()
    }

    /// Returns true if an open transaction has an offset of the partition.
    pub(super) fn contains(&self, topic: &str, partition: i32) -> bool {
        let mut staged = self.by_producer.values();
        staged.any(|staged| find(staged, topic, partition).is_some())
    }

    /// Returns the partitions of which open transactions have offsets. One of several transactions comes several times.
    pub(super) fn partitions(&self) -> impl Iterator<Item = (&Arc<str>, i32)> {
        let topics = self.by_producer.values().flatten();
        topics.flat_map(|(topic, offsets)| offsets.keys().map(move |partition| (topic, *partition)))
    }

    /// Returns the additional memory of offsets that a producer stages. Only one that it has staged before is replaced.
    pub(super) fn growth_bytes(&self, producer_id: ProducerId, offsets: &OffsetsToCommit) -> usize {
        let staged = self.by_producer.get(&producer_id);
        let topics = offsets.iter().map(|(topic, partitions)| {
            let known = staged.and_then(|staged| staged.get(topic));
            let topic_bytes = known.map_or_else(|| topic_bytes(topic), |_| 0);
            let offsets = partitions.iter().map(|(partition, commit)| {
                let before = known.and_then(|known| known.get(partition));
                let after_bytes = OFFSET_BYTES + commit.metadata.len();
                after_bytes.saturating_sub(before.map_or(0, Pending::held_bytes))
            });
            topic_bytes + offsets.sum::<usize>()
        });
        topics.sum()
    }

    /// Keeps an offset until its transaction ends.
    pub(super) fn stage(
        &mut self,
        producer_id: ProducerId,
        topic: &Arc<str>,
        partition: i32,
        offset: CommittedOffset,
    ) {
        self.staged_count += 1;
        let pending = Pending {
            order: self.staged_count,
            offset: Some(offset),
        };
        let staged = self.by_producer.entry(producer_id).or_default();
        let offsets = staged.entry(Arc::clone(topic)).or_default();
        if offsets.is_empty() {
            self.held_bytes += topic_bytes(topic);
        }
        self.held_bytes += pending.held_bytes();
        let before = offsets.insert(partition, pending);
        self.held_bytes -= before.as_ref().map_or(0, Pending::held_bytes);
    }

    /// Notes that an offset of the partition was committed outside of transactions: earlier ones no longer count.
    pub(super) fn supersede(&mut self, topic: &str, partition: i32) {
        self.supersede_before(u64::MAX, topic, partition);
    }

    /// Removes the offsets that a producer has staged, and returns those that a commit makes real.
    pub(super) fn take(&mut self, producer_id: ProducerId) -> Vec<((Arc<str>, i32), CommittedOffset)> {
        let mut real = Vec::new();
        for (topic, offsets) in self.remove_producer(producer_id) {
            for (partition, pending) in offsets {
                // Offsets that other transactions staged before count no longer, whenever these end.
                self.supersede_before(pending.order, &topic, partition);
                real.extend(
                    pending
                        .offset
                        .map(|offset| ((Arc::clone(&topic), partition), offset)),
                );
            }
        }
        real
    }

    /// Removes the offsets that a producer has staged, because its transaction was aborted.
    pub(super) fn drop_all(&mut self, producer_id: ProducerId) {
        self.remove_producer(producer_id);
    }

    /// Removes the offsets of the partitions that `is_removed` selects, and returns the partitions.
    pub(super) fn remove(&mut self, is_removed: impl Fn(&str, i32) -> bool) -> Vec<(Arc<str>, i32)> {
        let mut removed = Vec::new();
        self.by_producer.retain(|_, staged| {
            staged.retain(|topic, offsets| {
                offsets.retain(|partition, _| {
                    let stays = !is_removed(topic, *partition);
                    if !stays {
                        removed.push((Arc::clone(topic), *partition));
                    }
                    stays
                });
                !offsets.is_empty()
            });
            !staged.is_empty()
        });
        // Deletions are rare beside commits, so they count everything again.
        self.held_bytes = self.by_producer.values().map(staged_bytes).sum();
        removed
    }

    /// Returns the memory of the offsets.
    pub(super) fn held_bytes(&self) -> usize {
        self.held_bytes
    }

    /// Checks the count of memory against the offsets.
    #[cfg(test)]
    pub(super) fn assert_consistent(&self) {
        let bytes: usize = self.by_producer.values().map(staged_bytes).sum();
        assert_eq!(self.held_bytes, bytes);
    }

    fn remove_producer(&mut self, producer_id: ProducerId) -> Staged {
        let staged = self.by_producer.remove(&producer_id).unwrap_or_default();
        self.held_bytes -= staged_bytes(&staged);
        staged
    }

    fn supersede_before(&mut self, order: u64, topic: &str, partition: i32) {
        for staged in self.by_producer.values_mut() {
            let pending = staged
                .get_mut(topic)
                .and_then(|offsets| offsets.get_mut(&partition));
            if let Some(pending) = pending.filter(|pending| pending.order < order) {
                self.held_bytes -= pending.held_bytes() - OFFSET_BYTES;
                pending.offset = None;
            }
        }
    }
}

fn find<'a>(staged: &'a Staged, topic: &str, partition: i32) -> Option<&'a Pending> {
    staged.get(topic)?.get(&partition)
}

fn topic_bytes(topic: &str) -> usize {
    TOPIC_BYTES + topic.len()
}

fn staged_bytes(staged: &Staged) -> usize {
    let topics = staged.iter().map(|(topic, offsets)| {
        let offsets = offsets.values().map(Pending::held_bytes);
        topic_bytes(topic) + offsets.sum::<usize>()
    });
    topics.sum()
}
