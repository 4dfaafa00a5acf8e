//! The waits of records between arrival and commit, as far as a trace shows them.

use super::Trace;
use std::time::Duration;

impl Trace {
    /// Returns for each bucket how long the record had waited that was the oldest one left when the bucket began: until it was committed, at
    /// the end of the bucket at the latest. All partitions count as one queue, and the resolution is that of the buckets. Zero where no
    /// record was left.
    pub fn waits(&self) -> Vec<Duration> {
        let Some(first) = self.buckets.first() else {
            return Vec::new();
        };
        let backlog = first.lag + first.committed - first.arrived.min(first.lag + first.committed);
        // The times at which the records up to a count had arrived, one per bucket.
        let mut arrivals = vec![(first.start, backlog)];
        let mut arrived = backlog;
        for bucket in self.buckets.iter().filter(|bucket| bucket.arrived > 0) {
            arrived += bucket.arrived;
            arrivals.push((bucket.start, arrived));
        }
        let (mut oldest, mut committed) = (0, 0);
        let wait = |bucket: &super::Bucket| {
            let end = match self.drained_at {
                Some(drained) if bucket.lag == 0 => drained.clamp(bucket.start, bucket.start + bucket.length),
                _ => bucket.start + bucket.length,
            };
            while oldest < arrivals.len() && arrivals[oldest].1 <= committed {
                oldest += 1;
            }
            committed += bucket.committed;
            let since = arrivals.get(oldest).map(|(since, _)| *since);
            since.map_or(Duration::ZERO, |since| end.saturating_sub(since))
        };
        self.buckets.iter().map(wait).collect()
    }

    /// Returns the longest time that records waited between arrival and commit ([`Trace::waits`]). With a backlog at the start it is at
    /// least the time to drain that. Records that are not committed have waited until the trace ends.
    pub fn longest_wait(&self) -> Duration {
        self.waits().into_iter().max().unwrap_or_default()
    }

    /// Returns how long the oldest record had waited that was left when the trace ended; zero if none was.
    pub fn wait_at_end(&self) -> Duration {
        match self.buckets.last() {
            Some(bucket) if bucket.lag > 0 => {
                // Of what is left, the newest arrived last.
                let mut left = bucket.lag;
                let arrival = self.buckets.iter().rev().find(|bucket| {
                    let is_oldest = left <= bucket.arrived;
                    left = left.saturating_sub(bucket.arrived);
                    is_oldest
                });
                let since = arrival
                    .or(self.buckets.first())
                    .map_or(Duration::ZERO, |bucket| bucket.start);
                self.end().saturating_sub(since)
            }
            _ => Duration::ZERO,
        }
    }
}
