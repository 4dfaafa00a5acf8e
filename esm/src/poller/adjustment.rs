//! What a cooperative rebalance asks of a poller: to go on with what it kept, to wait with what it gained while the fleet's standstill lasts,
//! and to finish what it lost before others may have it.

use super::{Phase, Poller, Standstill, Waiting};
use crate::source::EventSource;
use std::sync::Arc;

impl<S: EventSource> Poller<S> {
    /// A cooperative rebalance completed: what was kept goes on.
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
        if self.obeyed.standstill != Standstill::None {
            self.batcher.hold(gained);
        }
        let phase = match lost.is_empty() {
            true => Phase::Assigned,
            false => Phase::Revoking,
        };
        self.report.phase(phase, Some(generation), self.assigned.len());
        self.report.source_works();
        if self.commit_again_at.is_some() {
            self.commit().await;
        }
    }

    /// What waits for a retry is retried without the partitions that are given up: their next owner begins with those records.
    fn strip_waiting(&mut self) {
        let is_lost = |partition: i32| self.giving_up.contains(&partition);
        for waiting in std::mem::take(&mut self.waiting) {
            let batch = match waiting.batch.partitions().into_iter().any(is_lost) {
                false => Some(waiting.batch),
                true => self.batcher.strip(&waiting.batch, is_lost).map(Arc::new),
            };
            self.waiting
                .extend(batch.map(|batch| Waiting { batch, ..waiting }));
        }
    }

    /// Lets others have the partitions that were taken away, once nothing of them is in flight or uncommitted.
    pub(super) async fn give_up(&mut self) {
        if self.giving_up.is_empty() {
            return;
        }
        // However a flight ended, before anything else takes off.
        self.strip_waiting();
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
