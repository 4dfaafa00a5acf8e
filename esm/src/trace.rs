//! The trace of how a mapping scaled: each evaluation with its reasons, each rebalance, and the work of the fleet in buckets of the engine's
//! time.
//!
//! All times count from when the mapping became Enabled. A recorder writes the trace from readings of numbers that rise;
//! `trace/expectations.rs` has what test suites can expect of it.

mod expectations;
mod reading;
mod recorder;
mod summary;
mod waits;

pub use crate::scaler::{Cap, Decision, Reason};
pub use expectations::Violation;
pub(crate) use reading::TraceReading;
pub(crate) use recorder::Recorder;
pub use recorder::TraceSettings;

use crate::seconds::{optional_seconds, seconds};
use serde::Serialize;
use std::time::Duration;

/// The trace of one mapping; empty before it has been Enabled.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Trace {
    /// Length of a bucket. The last one may be shorter, and one in which nothing happened may be longer.
    #[serde(rename = "bucket_s", serialize_with = "seconds")]
    pub bucket: Duration,
    /// Number of pollers when the mapping became Enabled.
    pub starting_pollers: usize,
    /// Whether nothing was dropped: of buckets, evaluations and rebalances only the newest are kept, by their number
    /// ([`TraceSettings::capacity`]) and by the memory limit.
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
    /// The most invocations that ran at once: the function's concurrency.
    pub running_max: usize,
    /// The average number of invocations that ran.
    pub running_mean: f64,
    /// The most batches in flight at once: with invocations that run, those in their overhead, and attempts that are throttled.
    pub in_flight_max: usize,
    /// The average number of batches in flight: the sum of those that run, are throttled, and are in their overhead.
    pub in_flight_mean: f64,
    /// The average number of batches in the overhead before their function runs.
    pub overhead_mean: f64,
    /// The average number of batches whose attempt was throttled, which occupies a poller as an invocation does.
    pub throttled_mean: f64,
    /// The average number of batches that waited for their next attempt, or for the byte rate of their poller.
    pub waiting_mean: f64,
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
    /// Event poller units that were billed; 0 in on-demand mode. Of a bucket made of several, the most.
    pub event_poller_units: u64,
    /// Milliseconds that Lambda bills for invocations, each rounded up.
    pub billed_ms: u64,
}

impl Bucket {
    /// Returns whether nothing happened in `self`, and it ended as `before` did, which it follows: both are one stretch of time then.
    fn continues(&self, before: &Self) -> bool {
        let quiet = Self {
            start: self.start,
            length: self.length,
            lag: before.lag,
            pollers: before.pollers,
            waiting_mean: before.waiting_mean,
            event_poller_units: before.event_poller_units,
            ..Self::default()
        };
        *self == quiet
            && *before
                == Self {
                    start: before.start,
                    length: before.length,
                    ..quiet
                }
    }

    /// Adds the numbers of `rest`, which follows.
    fn extend(&mut self, rest: &Self) {
        self.lag = rest.lag;
        // `rest` has no length, so the mean in flight stays as it is.
        self.pollers = rest.pollers;
        self.running_max = self.running_max.max(rest.running_max);
        self.in_flight_max = self.in_flight_max.max(rest.in_flight_max);
        self.arrived += rest.arrived;
        self.committed += rest.committed;
        self.invocations += rest.invocations;
        self.invocation_errors += rest.invocation_errors;
        self.throttles += rest.throttles;
        self.records += rest.records;
        self.record_bytes += rest.record_bytes;
        self.billed_ms += rest.billed_ms;
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

    /// Returns the bucket that contains a time.
    pub fn bucket_at(&self, at: Duration) -> Option<&Bucket> {
        let next = self.buckets.partition_point(|bucket| bucket.start <= at);
        let bucket = self.buckets.get(next.checked_sub(1)?)?;
        (at < bucket.start + bucket.length).then_some(bucket)
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
}
