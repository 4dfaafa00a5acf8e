//! How a mapping scaled: each evaluation with its reasons, each rebalance, and in buckets of the engine's time what the fleet did.
//!
//! All times count from when the mapping became Enabled. The trace is written by its [`Recorder`], which is told readings of rising
//! numbers; what test suites demand of it is in `trace/expectations.rs`.

mod expectations;
mod recorder;

pub use expectations::Violation;
pub use recorder::{Reading, Recorder, TraceSettings};

use crate::scaler::Decision;
use crate::seconds::{optional_seconds, seconds};
use serde::Serialize;
use std::time::Duration;

/// The trace of one mapping; empty before it has been Enabled.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Trace {
    /// How long a bucket is; the last one may be shorter.
    #[serde(rename = "bucket_s", serialize_with = "seconds")]
    pub bucket: Duration,
    /// Pollers when the mapping became Enabled.
    pub starting_pollers: usize,
    /// Whether nothing was forgotten: only so many buckets, evaluations and rebalances are kept, the newest.
    pub is_complete: bool,
    /// When the last commit left no lag; `None` while there is some.
    #[serde(rename = "drained_at_s", serialize_with = "optional_seconds")]
    pub drained_at: Option<Duration>,
    /// Event poller unit hours; 0 in on-demand mode.
    pub event_poller_unit_hours: f64,
    /// What they cost, in US dollars.
    pub cost_usd: f64,
    /// In order, without a gap.
    pub buckets: Vec<Bucket>,
    /// Each evaluation, in order.
    pub evaluations: Vec<Decision>,
    /// Each change of the fleet, in order.
    pub rebalances: Vec<Rebalance>,
}

/// What happened from `start` on until the next bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Bucket {
    /// When it begins.
    #[serde(rename = "start_s", serialize_with = "seconds")]
    pub start: Duration,
    /// How long it is.
    #[serde(rename = "length_s", serialize_with = "seconds")]
    pub length: Duration,
    /// OffsetLag of all partitions together, at its end.
    pub lag: u64,
    /// Records that were appended to the topic.
    pub arrived: u64,
    /// Offsets that commits advanced by.
    pub committed: u64,
    /// Pollers at its end, the ones in a rebalance included.
    pub pollers: usize,
    /// The most batches in flight at once, overhead included.
    pub in_flight_max: usize,
    /// Batches in flight on average.
    pub in_flight_mean: f64,
    /// Invocations that were completed.
    pub invocations: u64,
    /// Of them, those that failed.
    pub invocation_errors: u64,
    /// Invocations that were throttled.
    pub throttles: u64,
    /// Records that were processed.
    pub records: u64,
    /// Their uncompressed bytes of keys, values and headers.
    pub record_bytes: u64,
    /// Event poller units that were billed; 0 in on-demand mode.
    pub event_poller_units: u64,
}

impl Bucket {
    /// Adds what `rest`, which follows, has counted.
    fn extend(&mut self, rest: &Self) {
        self.lag = rest.lag;
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

    /// Records processed, per second.
    pub fn records_per_s(&self) -> f64 {
        match self.length.as_secs_f64() {
            0.0 => 0.0,
            seconds => self.records as f64 / seconds,
        }
    }
}

/// Why the fleet changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// An evaluation decided so.
    Evaluation,
    /// The mapping's bounds, its mode or the topic's partitions changed.
    Bounds,
    /// Pollers had ended by an internal error.
    LostPollers,
}

/// One change of the fleet.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Rebalance {
    /// When it was decided; the pause counts from then.
    #[serde(rename = "decided_at_s", serialize_with = "seconds")]
    pub decided_at: Duration,
    /// When every poller went on; `None` while it is not over.
    #[serde(rename = "ended_at_s", serialize_with = "optional_seconds")]
    pub ended_at: Option<Duration>,
    /// Pollers before.
    pub from: usize,
    /// Pollers after.
    pub to: usize,
    /// Why.
    pub cause: Cause,
}

impl Trace {
    /// Of a mapping that has not been Enabled yet.
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

    /// The most pollers at any time.
    pub fn largest_fleet(&self) -> usize {
        let fleets = self.rebalances.iter().map(|rebalance| rebalance.to);
        fleets.chain([self.starting_pollers]).max().unwrap_or(0)
    }

    /// The end of the last rebalance that made the fleet its largest; zero if it started as that, `None` while that rebalance is not
    /// over.
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

    /// How often the fleet's changes turned from growing to shrinking or back.
    pub fn reversals(&self) -> usize {
        let directions: Vec<bool> = self
            .rebalances
            .iter()
            .map(|change| change.to > change.from)
            .collect();
        directions.windows(2).filter(|pair| pair[0] != pair[1]).count()
    }

    /// The longest that records waited between arrival and commit, first come first served over all partitions together, at the
    /// resolution of the buckets; with a backlog that is there at the start, the time to drain it. Records that are not
    /// committed have waited until the trace ends.
    pub fn longest_wait(&self) -> Duration {
        let Some(first) = self.buckets.first() else {
            return Duration::ZERO;
        };
        let backlog = first.lag + first.committed - first.arrived.min(first.lag + first.committed);
        // When the records up to a count had arrived, a step per bucket.
        let mut arrivals = vec![(first.start, backlog)];
        let mut arrived = backlog;
        for bucket in self.buckets.iter().filter(|bucket| bucket.arrived > 0) {
            arrived += bucket.arrived;
            arrivals.push((bucket.start, arrived));
        }
        let (mut longest, mut oldest, mut committed) = (Duration::ZERO, 0, 0);
        for bucket in &self.buckets {
            // Committed by the end of this bucket; what was left at its start waited at least until then.
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
