//! What a poller shows of itself: its place in the group, and what its mapping's LastProcessingResult is made of.

use crate::metrics::nanoseconds;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::watch;

/// Where a poller is in its group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Not a member, or taking part in a rebalance.
    #[default]
    Joining,
    /// It owns partitions, or as a surplus member none, of the present generation.
    Assigned,
    /// A rebalance has begun; what is in flight finishes.
    Revoking,
    /// It has left the group and ended.
    Left,
}

/// A poller at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PollerStatus {
    pub(crate) phase: Phase,
    /// Of the last assignment; -1 before the first.
    pub(crate) generation: i32,
    pub(crate) partition_count: usize,
    /// Why it cannot read, if so.
    pub(crate) source_problem: Option<String>,
    /// Why its last invocation failed, if it did.
    pub(crate) function_problem: Option<String>,
    /// Whether polling has succeeded: a batch was processed, or a problem of reading ended.
    pub(crate) has_processed: bool,
}

/// When a poller last processed a batch, in the engine's time. Not part of its status: it changes all the time, and nobody waits for it.
#[derive(Clone, Debug, Default)]
pub(crate) struct LastProcessed(Arc<AtomicU64>);

impl LastProcessed {
    /// Whether that was at `since` or later.
    pub(crate) fn is_after(&self, since: Duration) -> bool {
        let last = self.0.load(Ordering::Relaxed);
        last > 0 && last >= nanoseconds(since)
    }
}

/// Publishes a [`PollerStatus`] when it changes.
#[derive(Debug)]
pub(crate) struct Report {
    status: watch::Sender<PollerStatus>,
    last_processed: LastProcessed,
}

impl Report {
    pub(crate) fn new(status: watch::Sender<PollerStatus>, last_processed: LastProcessed) -> Self {
        Self {
            status,
            last_processed,
        }
    }

    /// `generation`: of a new assignment.
    pub(super) fn phase(&self, phase: Phase, generation: Option<i32>, partition_count: usize) {
        self.change(|status| {
            status.phase = phase;
            status.generation = generation.unwrap_or(status.generation);
            status.partition_count = partition_count;
        });
    }

    pub(super) fn source_problem(&self, problem: &str) {
        if self.status.borrow().source_problem.as_deref() != Some(problem) {
            tracing::warn!(problem, "a poller cannot read");
        }
        self.change(|status| status.source_problem = Some(problem.to_owned()));
    }

    pub(super) fn source_works(&self) {
        if self.status.borrow().source_problem.is_some() {
            self.change(|status| {
                status.source_problem = None;
                status.has_processed = true;
            });
        }
    }

    pub(super) fn function_problem(&self, problem: &str) {
        self.change(|status| status.function_problem = Some(problem.to_owned()));
    }

    /// A batch was processed.
    pub(super) fn processed(&self, now: Duration) {
        // Zero stands for never.
        let last = nanoseconds(now).max(1);
        self.last_processed.0.store(last, Ordering::Relaxed);
        let is_shown = {
            let status = self.status.borrow();
            status.has_processed && status.function_problem.is_none()
        };
        if !is_shown {
            self.change(|status| {
                status.function_problem = None;
                status.has_processed = true;
            });
        }
    }

    fn change(&self, change: impl FnOnce(&mut PollerStatus)) {
        self.status.send_if_modified(|status| {
            let before = status.clone();
            change(status);
            *status != before
        });
    }
}
