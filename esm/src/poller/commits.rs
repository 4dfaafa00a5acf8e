//! Commits of a poller: as far as everything before is finished, and again if the cluster could not take one.

use super::{Poller, RETRY_INTERVAL};
use crate::source::{EventSource, SourceError};
use std::ops::Range;

impl<S: EventSource> Poller<S> {
    /// Finishes these offsets and commits as far as everything before is finished.
    pub(super) async fn finish(&mut self, ranges: Vec<(i32, Range<i64>)>) {
        for (partition, offsets) in ranges {
            self.commits.finish(partition, offsets);
        }
        self.commit().await;
    }

    /// Commits as far as everything is finished.
    pub(super) async fn commit(&mut self) {
        self.commit_again_at = None;
        let due = self.commits.due();
        if due.is_empty() {
            return;
        }
        match self.source.commit(&due).await {
            Ok(()) => {
                let advanced = self.commits.committed(&due);
                let now = self.context.clock.elapsed();
                self.context.counters.committed(now, advanced);
            }
            Err(SourceError::Rebalancing) => {
                self.commit_again_at = Some(self.context.clock.elapsed() + RETRY_INTERVAL);
            }
            Err(SourceError::CommitRefused { reason }) => {
                self.count_uncommitted(&reason);
                self.lose();
            }
            Err(error) => {
                tracing::warn!(%error, "a commit failed; it is tried again");
                self.report.source_problem(&error.to_string());
                self.commit_again_at = Some(self.context.clock.elapsed() + RETRY_INTERVAL);
            }
        }
    }

    /// Repeats a commit that the cluster could not take, if it is due.
    pub(super) async fn commit_if_due(&mut self) {
        let now = self.context.clock.elapsed();
        if self.commit_again_at.is_some_and(|at| at <= now) {
            self.commit().await;
        }
    }

    /// Counts a processed batch that cannot be committed.
    pub(super) fn count_uncommitted(&self, reason: &str) {
        self.context.counters.commit_error_count.add(1);
        tracing::warn!(
            reason,
            "a processed batch is not committed; its records are delivered again"
        );
    }
}
