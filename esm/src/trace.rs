//! The trace of how a mapping scaled: each evaluation with its reasons, each rebalance, and the work of the fleet in buckets of the engine's
//! time.
//!
//! All times count from when the mapping became Enabled. A recorder writes the trace from readings of numbers that rise;
//! `trace/expectations.rs` has what test suites can expect of it.

mod expectations;
mod recorder;

pub use crate::scaler::{Cap, Decision, Reason};
pub use expectations::Violation;
pub use recorder::TraceSettings;
pub(crate) use recorder::{Recorder, TraceReading};

use crate::seconds::{optional_seconds, seconds};
use serde::Serialize;
use std::time::Duration;

/// The trace of one mapping; empty before it has been Enabled.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Trace {
    /// Length of a bucket. The last one may be shorter.
    #[serde(rename = "bucket_s", serialize_with = "seconds")]
    pub bucket: Duration,
    /// Number of pollers when the mapping became Enabled.
    pub starting_pollers: usize,
    /// Whether nothing was dropped: of buckets, evaluations and rebalances only the newest are kept ([`TraceSettings::capacity`]).
    pub is_complete: bool,
    /// Time of the commit that left no lag; `None` while there is some.
    #[serde(rename = "drained_at_s", serialize_with = "optional_seconds")]
    pub drained_at: Option<Duration>,
    /// Event poller unit hours that were billed; 0 in on-demand mode.
    pub event_poller_unit_hours: f64,
    /// Cost of the event poller units, in US dollars.
    pub cost_usd: f64,
    /// The buckets, in order and without a gap.
    pub buckets: Vec<Bucket>,
    /// The evaluations, in order.
    pub evaluations: Vec<Decision>,
    /// The changes of the fleet, in order.
    pub rebalances: Vec<Rebalance>,
}

/// The numbers of a mapping over one bucket of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Bucket {
    /// Start of the bucket.
    #[serde(rename = "start_s", serialize_with = "seconds")]
    pub start: Duration,
    /// Length of the bucket.
    #[serde(rename = "length_s", serialize_with = "seconds")]
    pub length: Duration,
    /// OffsetLag of all partitions together, at its end.
    pub lag: u64,
    /// Number of records appended to the topic.
    pub arrived: u64,
    /// Number of offsets that commits advanced by.
    pub committed: u64,
    /// Number of pollers at its end, with those in a rebalance.
    pub pollers: usize,
    /// The most batches in flight at once, overhead included.
    pub in_flight_max: usize,
    /// The average number of batches in flight.
    pub in_flight_mean: f64,
    /// Number of invocations completed.
    pub invocations: u64,
    /// Number of invocations that failed.
    pub invocation_errors: u64,
    /// Number of invocations throttled.
    pub throttles: u64,
    /// Number of records processed.
    pub records: u64,
    /// Their uncompressed bytes of keys, values and headers.
    pub record_bytes: u64,
    /// Event poller units that were billed; 0 in on-demand mode.
    pub event_poller_units: u64,
}

impl Bucket {
    /// Adds the numbers of `rest`, which follows.
    fn extend(&mut self, rest: &Self) {
        self.lag = rest.lag;
        // `rest` has no length, so the mean in flight stays as it is.
        self.pollers = rest.pollers;
        self.in_flight_max = self.in_flight_max.max(rest.in_flight_max);
        self.arrived += rest.arrived;
        self.committed += rest.committed;
        self.invocations += rest.invocations;
        self.invocation_errors += rest.invocation_errors;
        self.throttles += rest.throttles;
        self.records += rest.records;
        self.record_bytes += rest.record_bytes;
    }

    /// Returns the records processed per second.
    pub fn records_per_s(&self) -> f64 {
        match self.length.as_secs_f64() {
            0.0 => 0.0,
            seconds => self.records as f64 / seconds,
        }
    }
}

/// The cause of a change of the fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RebalanceCause {
    /// The decision of an evaluation.
    Evaluation,
    /// A change of the mapping's bounds, its mode or the topic's partitions.
    Bounds,
    /// An internal error that ended pollers.
    LostPollers,
}

/// One change of the fleet.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Rebalance {
    /// Time of the decision, from which the pause counts.
    #[serde(rename = "decided_at_s", serialize_with = "seconds")]
    pub decided_at: Duration,
    /// Time when every poller went on; `None` while it is not over.
    #[serde(rename = "ended_at_s", serialize_with = "optional_seconds")]
    pub ended_at: Option<Duration>,
    /// Number of pollers before.
    pub from: usize,
    /// Number of pollers after.
    pub to: usize,
    /// The cause.
    pub cause: RebalanceCause,
}

impl Trace {
    /// Returns the trace of a mapping that has not been Enabled yet.
    pub(crate) fn not_begun(settings: TraceSettings) -> Self {
        Self {
            bucket: settings.bucket,
            starting_pollers: 0,
            is_complete: true,
            drained_at: None,
            event_poller_unit_hours: 0.0,
            cost_usd: 0.0,
            buckets: Vec::new(),
            evaluations: Vec::new(),
            rebalances: Vec::new(),
        }
    }

    /// Returns the most pollers at any time.
    pub fn largest_fleet(&self) -> usize {
        let fleets = self.rebalances.iter().map(|rebalance| rebalance.to);
        fleets.chain([self.starting_pollers]).max().unwrap_or(0)
    }

    /// Returns the end of the last rebalance in which the fleet grew to its largest size: zero if it started with that size, `None` while
    /// that rebalance is not over.
    pub fn full_concurrency_after(&self) -> Option<Duration> {
        let largest = self.largest_fleet();
        if self.starting_pollers == largest {
            return Some(Duration::ZERO);
        }
        let grew = |rebalance: &&Rebalance| rebalance.to == largest && rebalance.from < largest;
        self.rebalances
            .iter()
            .rev()
            .find(grew)
            .and_then(|rebalance| rebalance.ended_at)
    }

    /// Returns how often the fleet turned from growing to shrinking or back.
    pub fn reversals(&self) -> usize {
        let directions: Vec<bool> = self
            .rebalances
            .iter()
            .map(|change| change.to > change.from)
            .collect();
        directions.windows(2).filter(|pair| pair[0] != pair[1]).count()
    }

    /// Returns the longest time that records waited between arrival and commit, at the resolution of the buckets, as if all partitions
    /// were one queue. With a backlog at the start it is at least the time to drain that. Records that are not committed have
    /// waited until the trace ends.
    pub fn longest_wait(&self) -> Duration {
        let Some(first) = self.buckets.first() else {
            return Duration::ZERO;
        };
        let backlog = first.lag + first.committed - first.arrived.min(first.lag + first.committed);
        // The times at which the records up to a count had arrived, one per bucket.
        let mut arrivals = vec![(first.start, backlog)];
        let mut arrived = backlog;
        for bucket in self.buckets.iter().filter(|bucket| bucket.arrived > 0) {
            arrived += bucket.arrived;
            arrivals.push((bucket.start, arrived));
        }
        let (mut longest, mut oldest, mut committed) = (Duration::ZERO, 0, 0);
        for bucket in &self.buckets {
            // Records that were left at the start of the bucket waited until they were committed, at the end of the bucket at the latest.
            let end = match self.drained_at {
                Some(drained) if bucket.lag == 0 => drained.clamp(bucket.start, bucket.start + bucket.length),
                _ => bucket.start + bucket.length,
            };
            while oldest < arrivals.len() && arrivals[oldest].1 <= committed {
                oldest += 1;
            }
            if let Some((since, _)) = arrivals.get(oldest).filter(|(since, _)| *since < end) {
                longest = longest.max(end - *since);
            }
            committed += bucket.committed;
        }
        longest
    }
}
