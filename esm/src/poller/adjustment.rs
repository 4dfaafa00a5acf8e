//! A cooperative rebalance in a poller: it goes on with the partitions that it kept, waits with those that it gained while the fleet's
//! standstill lasts, and releases what is not in flight of those that it lost.

use super::{Phase, Poller, Standstill};
use crate::batch::BatchPart;
use crate::source::EventSource;
use crate::work::WorkItem;

impl<S: EventSource> Poller<S> {
    /// Applies a cooperative rebalance that has completed.
    pub(super) fn adjust(&mut self, generation: i32, gained: &[i32], lost: &[i32]) {
        for partition in lost {
            self.assigned.remove(partition);
            self.source.released(self.batcher.forget(*partition));
        }
        let mut retries = std::mem::take(&mut self.retries);
        retries.change(|item| self.without_lost(item));
        self.retries = retries;
        self.assigned
            .extend(gained.iter().map(|partition| (*partition, false)));
        // The pause applies to the partitions that move, so the gained ones wait until it is over.
        if self.orders.standstill != Standstill::None {
            self.batcher.hold(gained);
        }
        // Another rebalance follows when the lost partitions are settled, so the fleet must not count as settled before.
        let phase = if lost.is_empty() {
            Phase::Assigned
        } else {
            Phase::Revoking
        };
        self.report.phase(phase, Some(generation), self.assigned.len());
        self.report.assigned(generation, self.assigned.keys().copied());
        self.report.source_works();
    }

    /// Releases the records of an item whose partitions are not this poller's any longer: their next owner begins with them. Returns the
    /// item with the records that are left, if there are any.
    pub(super) fn without_lost(&mut self, item: WorkItem) -> Option<WorkItem> {
        let source = &mut self.source;
        let is_kept = |source: &S, part: &BatchPart| {
            source.is_assigned(part.records.partition, part.records.assignment)
        };
        let parts = &item.batch().parts;
        // Nearly always nothing was lost, and the batch is not copied.
        if parts.iter().all(|part| is_kept(source, part)) {
            return Some(item);
        }
        let lost = parts.iter().filter(|part| !is_kept(source, part));
        let lost: Vec<_> = lost.map(BatchPart::record_range).collect();
        let left = self.batcher.strip(item.batch(), |part| is_kept(source, part));
        source.released(lost);
        left.map(|batch| item.with_batch(batch))
    }
}
