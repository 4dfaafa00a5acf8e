//! What a poller shows of itself: its place in the group, and what its mapping's LastProcessingResult is made of.

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

/// Publishes a [`PollerStatus`] when it changes.
#[derive(Debug)]
pub(super) struct Report {
    status: watch::Sender<PollerStatus>,
}

impl Report {
    pub(super) fn new(status: watch::Sender<PollerStatus>) -> Self {
        Self { status }
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
    pub(super) fn processed(&self) {
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
