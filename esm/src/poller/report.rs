//! The state that a poller shows: its place in the group, and what its mapping's LastProcessingResult is made of.

use crate::cloudwatch::PollerLog;
use crate::metrics::{LastProcessed, nanoseconds};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::watch;

/// The place of a poller in its group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Phase {
    /// It is not a member, or takes part in a rebalance.
    #[default]
    Joining,
    /// It owns its partitions of the present generation; a surplus member owns none.
    Assigned,
    /// A rebalance has begun; what is in flight finishes.
    Revoking,
    /// It has left the group and ended.
    Left,
}

/// The state of a poller.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PollerStatus {
    pub(crate) phase: Phase,
    /// The generation of the last assignment; -1 before the first.
    pub(crate) generation: i32,
    pub(crate) partition_count: usize,
    /// The reason why it cannot read, if it cannot.
    pub(crate) source_problem: Option<String>,
    /// The reason why its last invocation failed, if it did.
    pub(crate) function_problem: Option<String>,
    /// Whether polling has succeeded: a batch was processed, or a problem of reading ended.
    pub(crate) has_processed: bool,
}

/// The time at which a poller last processed a batch, and the start of its oldest invocation, in the engine's time. They are not part of
/// its status, because both change all the time and are only read now and then.
#[derive(Clone, Debug, Default)]
pub(crate) struct Activity {
    last_processed: LastProcessed,
    /// In nanoseconds; zero is none.
    oldest_departure: Arc<AtomicU64>,
}

impl Activity {
    /// Returns the activity of a poller that notes in `last_processed` when it processed a batch.
    pub(crate) fn new(last_processed: LastProcessed) -> Self {
        Self {
            last_processed,
            oldest_departure: Arc::default(),
        }
    }

    /// Returns for how long the oldest invocation has been running at `now`; zero if none is.
    pub(crate) fn longest_invocation(&self, now: Duration) -> Duration {
        // Read alone, so it needs no order with other memory.
        match self.oldest_departure.load(Ordering::Relaxed) {
            0 => Duration::ZERO,
            departed => now.saturating_sub(Duration::from_nanos(departed)),
        }
    }
}

/// Publishes a [`PollerStatus`] when it changes.
#[derive(Debug)]
pub(crate) struct Report {
    status: watch::Sender<PollerStatus>,
    activity: Activity,
    log: PollerLog,
}

impl Report {
    /// Returns a report that is read through `activity` and the receivers of `status`, and that tells `log` what Lambda's system logs have.
    pub(crate) fn new(status: watch::Sender<PollerStatus>, activity: Activity, log: PollerLog) -> Self {
        Self {
            status,
            activity,
            log,
        }
    }

    /// Logs the partitions of a new assignment.
    pub(super) fn assigned(&self, generation: i32, partitions: impl IntoIterator<Item = i32>) {
        self.log.assigned(generation, partitions);
    }

    /// Shows another phase, and with a new assignment its `generation`.
    pub(super) fn phase(&self, phase: Phase, generation: Option<i32>, partition_count: usize) {
        self.change(|status| {
            status.phase = phase;
            status.generation = generation.unwrap_or(status.generation);
            status.partition_count = partition_count;
        });
    }

    /// Shows that it cannot read.
    pub(super) fn source_problem(&self, problem: &str) {
        // A source that keeps failing gives the same reason several times a second; the log gets it once.
        if self.status.borrow().source_problem.as_deref() != Some(problem) {
            tracing::warn!(problem, "a poller cannot read");
            self.log.problem(problem);
        }
        self.change(|status| status.source_problem = Some(problem.to_owned()));
    }

    /// Shows that it can read again.
    pub(super) fn source_works(&self) {
        if self.status.borrow().source_problem.is_some() {
            self.change(|status| {
                status.source_problem = None;
                // Lambda shows OK when polling has recovered from an error, even before a record was processed.
                status.has_processed = true;
            });
        }
    }

    /// Shows that the function failed.
    pub(super) fn function_problem(&self, problem: &str) {
        self.change(|status| status.function_problem = Some(problem.to_owned()));
    }

    /// Notes when the oldest flight departed, after a flight has started or landed.
    pub(super) fn flights_changed(&self, oldest_departure: Option<Duration>) {
        let departed = oldest_departure.map_or(0, |departed| nanoseconds(departed).max(1));
        self.activity.oldest_departure.store(departed, Ordering::Relaxed);
    }

    /// Notes that a batch was processed.
    pub(super) fn processed(&self, now: Duration) {
        self.activity.last_processed.note(now);
        // Batches are processed many times a second and rarely change the status, so it is read before it is cloned.
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

    /// Changes the status, and tells the fleet only if it is another one.
    fn change(&self, change: impl FnOnce(&mut PollerStatus)) {
        self.status.send_if_modified(|status| {
            let before = status.clone();
            change(status);
            *status != before
        });
    }
}
