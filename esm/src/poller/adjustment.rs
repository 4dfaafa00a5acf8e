//! A cooperative rebalance in a poller: it goes on with the partitions that it kept, waits with those that it gained while the fleet's
//! standstill lasts, and finishes those that it lost before others may have them.

use super::{Phase, Poller, Standstill};
use crate::source::EventSource;

impl<S: EventSource> Poller<S> {
    /// Applies a cooperative rebalance that has completed.
    pub(super) async fn adjust(&mut self, generation: i32, gained: &[i32], lost: &[i32]) {
        for partition in lost {
            self.assigned.remove(partition);
            self.batcher.forget(*partition);
        }
        self.giving_up.extend(lost);
        self.assigned
            .extend(gained.iter().map(|partition| (*partition, false)));
        for partition in gained {
            self.commits.forget(*partition);
        }
        if self.orders.standstill != Standstill::None {
            self.batcher.hold(gained);
        }
        let phase = if lost.is_empty() {
            Phase::Assigned
        } else {
            Phase::Revoking
        };
        self.report.phase(phase, Some(generation), self.assigned.len());
        self.report.source_works();
        if self.commit_again_at.is_some() {
            self.commit().await;
        }
    }

    /// Takes the partitions that are given up out of the batches that wait for a retry: their next owner begins with those records.
    fn strip_retries(&mut self) {
        let is_lost = |partition: i32| self.giving_up.contains(&partition);
        let batcher = &mut self.batcher;
        self.retries.change(|item| {
            if item.batch().partitions().into_iter().any(is_lost) {
                let left = batcher.strip(item.batch(), is_lost);
                left.map(|batch| item.with_batch(batch))
            } else {
                Some(item)
            }
        });
    }

    /// Rejoins without the partitions that were taken away, once nothing of them is in flight or uncommitted.
    pub(super) async fn give_up(&mut self) {
        if self.giving_up.is_empty() {
            return;
        }
        // Before anything takes off, because a flight of such a partition may just have failed.
        self.strip_retries();
        let is_lost = |partition: i32| self.giving_up.contains(&partition);
        if self.commit_again_at.is_some() || self.flights.hold(is_lost) {
            return;
        }
        for partition in std::mem::take(&mut self.giving_up) {
            self.commits.forget(partition);
        }
        if let Err(error) = self.source.rejoin().await {
            self.report.source_problem(&error.to_string());
        }
    }
}
