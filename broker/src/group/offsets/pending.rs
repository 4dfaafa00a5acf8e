//! The offsets that open transactions have committed. They become real or are dropped when their transaction ends. Pure.
//!
//! Source: Kafka's `OffsetMetadataManager.pendingTransactionalOffsets` and `openTransactions`; KIP-98, KIP-447.

use super::{CommittedOffset, OFFSET_BYTES};
use crate::ids::ProducerId;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The pending offsets of one group, by producer.
#[derive(Debug, Default)]
pub(super) struct PendingOffsets {
    by_producer: BTreeMap<ProducerId, BTreeMap<Place, Pending>>,
    staged_count: u64,
}

/// A partition of a topic.
type Place = (Arc<str>, i32);

#[derive(Debug)]
struct Pending {
    /// The number of offsets that were staged before it.
    order: u64,
    /// `None` once a later commit has been made: it stands when the transaction commits. Until then the partition is unstable.
    offset: Option<CommittedOffset>,
}

impl PendingOffsets {
    /// Returns true if no transaction has offsets of the group.
    pub(super) fn is_empty(&self) -> bool {
        self.by_producer.is_empty()
    }

    /// Returns whether an open transaction has an offset of the partition.
    pub(super) fn contains(&self, topic: &str, partition: i32) -> bool {
        // Few transactions are open at a time, and an `Arc` for the key would cost more than the walk.
        let mut places = self.by_producer.values().flat_map(BTreeMap::keys);
        places.any(|(name, index)| **name == *topic && *index == partition)
    }

    /// Keeps an offset until its transaction ends.
    pub(super) fn stage(&mut self, producer_id: ProducerId, place: Place, offset: CommittedOffset) {
        self.staged_count += 1;
        let pending = Pending {
            order: self.staged_count,
            offset: Some(offset),
        };
        let offsets = self.by_producer.entry(producer_id).or_default();
        offsets.insert(place, pending);
    }

    /// Notes that an offset of the partition was committed outside of transactions: earlier ones no longer count.
    pub(super) fn supersede(&mut self, topic: &str, partition: i32) {
        self.supersede_before(u64::MAX, topic, partition);
    }

    /// Removes what a producer has staged, and returns the offsets that a commit makes real.
    pub(super) fn take(&mut self, producer_id: ProducerId) -> Vec<(Place, CommittedOffset)> {
        let staged = self.by_producer.remove(&producer_id).unwrap_or_default();
        let staged = staged.into_iter();
        staged
            .filter_map(|(place, pending)| {
                // Offsets that other transactions staged before count no longer, whenever these end.
                self.supersede_before(pending.order, &place.0, place.1);
                Some((place, pending.offset?))
            })
            .collect()
    }

    /// Removes what a producer has staged, because its transaction was aborted.
    pub(super) fn drop_all(&mut self, producer_id: ProducerId) {
        self.by_producer.remove(&producer_id);
    }

    /// Removes the offsets of the partitions that `is_removed` selects, and returns the partitions.
    pub(super) fn remove(&mut self, is_removed: impl Fn(&str, i32) -> bool) -> Vec<Place> {
        let mut removed = Vec::new();
        self.by_producer.retain(|_, offsets| {
            offsets.retain(|place, _| {
                let stays = !is_removed(&place.0, place.1);
                if !stays {
                    removed.push(place.clone());
                }
                stays
            });
            !offsets.is_empty()
        });
        removed
    }

    /// Returns the memory of the offsets.
    pub(super) fn held_bytes(&self) -> usize {
        let offsets = self.by_producer.values().flatten();
        let bytes = offsets.map(|(_, pending)| {
            let offset = pending.offset.as_ref();
            offset.map_or(OFFSET_BYTES, CommittedOffset::held_bytes)
        });
        bytes.sum()
    }

    fn supersede_before(&mut self, order: u64, topic: &str, partition: i32) {
        for offsets in self.by_producer.values_mut() {
            for ((name, index), pending) in offsets.iter_mut() {
                if **name == *topic && *index == partition && pending.order < order {
                    pending.offset = None;
                }
            }
        }
    }
}
