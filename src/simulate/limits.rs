//! The limits that kept a run from going faster, and what would help. Pure: figures of a run in, sentences out.

use super::scenario::{FunctionScenario, TopicScenario};
use esmeralda_esm::ScalingProfile;
use esmeralda_esm::trace::{Bucket, Cap, Trace};
use std::fmt;
use std::time::Duration;

/// A partition is hot if its share is at least this many times the mean.
const HOT: f64 = 2.0;
/// A limit is reached if the run used at least this much of it.
const REACHED: f64 = 0.9;
/// The share of attempts that are throttled from which the function's concurrency is a limit.
const THROTTLED: f64 = 0.05;

/// The figures of a run that its limits are found in.
pub(super) struct LimitedRun<'a> {
    /// The topic that the mapping read.
    pub(super) topic: &'a TopicScenario,
    /// The function that it invoked.
    pub(super) function: &'a FunctionScenario,
    /// The constants of scaling.
    pub(super) profile: &'a ScalingProfile,
    /// `MaximumPollers`; `None` in on-demand mode.
    pub(super) maximum_pollers: Option<u32>,
    /// Whether KEDA's rules scaled it.
    pub(super) is_keda: bool,
    /// The trace.
    pub(super) trace: &'a Trace,
}

/// A limit that a run reached.
#[derive(Clone, Debug, PartialEq)]
pub enum RunLimit {
    /// The function had no more concurrency.
    Concurrency {
        /// The function's limit; `None` if its invoker throttles without one.
        concurrency: Option<u32>,
        /// The share of attempts that were throttled, 0.0 to 1.0.
        throttled: f64,
    },
    /// One partition has so many records that it took most of the run.
    HotPartition {
        /// The partition's index.
        partition: usize,
        /// Its share of the records, 0.0 to 1.0.
        share: f64,
    },
    /// Every partition had a batch in flight.
    Partitions {
        /// Number of partitions.
        partitions: u32,
    },
    /// Pollers took as many bytes as they may.
    Bytes {
        /// Bytes per second of one poller.
        bytes_per_second: u64,
    },
    /// The fleet was as large as it may be.
    Maximum {
        /// The most pollers that were allowed.
        maximum: usize,
        /// The most pollers that the formula asked for.
        wanted: usize,
        /// Whether it was the maximum of on-demand mode.
        is_on_demand: bool,
    },
}

impl fmt::Display for RunLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Concurrency {
                concurrency,
                throttled,
            } => {
                write!(f, "{:.0} % of the attempts were throttled", throttled * 100.0)?;
                if let Some(concurrency) = concurrency {
                    write!(
                        f,
                        ", because the function runs {concurrency} times at once at most"
                    )?;
                }
                f.write_str("; more pollers will not help; more concurrency, a shorter duration or larger batches would")
            }
            Self::HotPartition { partition, share } => write!(
                f,
                "partition {partition} gets {:.0} % of the records, and a partition has one batch in flight at a time; more pollers will not \
                 help; keys that spread better, larger batches or a shorter duration would",
                share * 100.0
            ),
            Self::Partitions { partitions } => write!(
                f,
                "all {partitions} partitions had a batch in flight; more pollers will not help; more partitions, larger batches or a shorter \
                 duration would"
            ),
            Self::Bytes { bytes_per_second } => write!(
                f,
                "pollers took their {} MB/s; longer batches or a shorter duration will not help; more pollers or smaller records would",
                *bytes_per_second as f64 / 1e6
            ),
            Self::Maximum {
                maximum,
                wanted,
                is_on_demand: false,
            } => write!(
                f,
                "MaximumPollers of {maximum} was reached, where up to {wanted} were needed; a larger maximum would help"
            ),
            Self::Maximum {
                maximum,
                wanted,
                is_on_demand: true,
            } => write!(
                f,
                "on-demand mode's {maximum} pollers were reached, where up to {wanted} were needed; provisioned mode, larger batches or a shorter \
                 duration would help"
            ),
        }
    }
}

impl LimitedRun<'_> {
    /// Returns the limits that the run reached. Those for which more pollers would not help come first.
    pub(super) fn limits(&self) -> Vec<RunLimit> {
        let limits = [
            self.concurrency(),
            self.hot_partition(),
            self.partitions(),
            self.bytes(),
            self.maximum(),
        ];
        let mut limits: Vec<RunLimit> = limits.into_iter().flatten().collect();
        // A fleet at its maximum does not matter where more pollers would not help.
        if limits
            .iter()
            .any(|limit| !matches!(limit, RunLimit::Maximum { .. } | RunLimit::Bytes { .. }))
        {
            limits.retain(|limit| !matches!(limit, RunLimit::Maximum { .. }));
        }
        limits
    }

    fn total(&self, count: fn(&Bucket) -> u64) -> u64 {
        self.trace.buckets.iter().map(count).sum()
    }

    fn concurrency(&self) -> Option<RunLimit> {
        let (throttles, invocations) = (self.total(|one| one.throttles), self.total(|one| one.invocations));
        let throttled = throttles as f64 / (throttles + invocations).max(1) as f64;
        (throttled > THROTTLED).then_some(RunLimit::Concurrency {
            concurrency: self.function.function.concurrency,
            throttled,
        })
    }

    /// Returns the partition whose records take one slot most of the time that there was a lag.
    fn hot_partition(&self) -> Option<RunLimit> {
        let shares = self.topic.skew.shares(self.topic.partitions);
        let (partition, share) = shares
            .iter()
            .copied()
            .enumerate()
            .max_by(|one, other| one.1.total_cmp(&other.1))?;
        let is_hot = share * f64::from(self.topic.partitions) >= HOT;
        let records = self.total(|one| one.records) + self.lag_left();
        let takes_s = records as f64 * share / self.slot_per_s()?;
        let end = self.trace.drained_at.unwrap_or_else(|| self.trace.end());
        let is_slow = takes_s >= REACHED * self.moving(end).as_secs_f64();
        (is_hot && is_slow).then_some(RunLimit::HotPartition { partition, share })
    }

    /// Returns the time until `end` in which the fleet did not stand still.
    fn moving(&self, end: Duration) -> Duration {
        let still = self.trace.rebalances.iter().map(|rebalance| {
            let ended = rebalance.ended_at.unwrap_or(end).min(end);
            ended.saturating_sub(rebalance.decided_at)
        });
        end.saturating_sub(still.sum())
    }

    fn lag_left(&self) -> u64 {
        self.trace.buckets.last().map_or(0, |bucket| bucket.lag)
    }

    /// Returns the records per second of one slot: as the scaler found it last, or of the whole run.
    fn slot_per_s(&self) -> Option<f64> {
        let found = self.trace.evaluations.iter().rev().find_map(|one| one.slot_per_s);
        let busy_s: f64 = self
            .trace
            .buckets
            .iter()
            .map(|one| one.in_flight_mean * one.length.as_secs_f64())
            .sum();
        let measured = self.total(|one| one.records) as f64 / busy_s;
        found
            .or(measured.is_finite().then_some(measured))
            .filter(|rate| *rate > 0.0)
    }

    /// Returns the number of partitions if all of them had a batch in flight while there was a long lag.
    fn partitions(&self) -> Option<RunLimit> {
        let partitions = self.topic.partitions;
        self.lasts(|bucket| bucket.in_flight_mean >= REACHED * f64::from(partitions))
            .then_some(RunLimit::Partitions { partitions })
    }

    fn bytes(&self) -> Option<RunLimit> {
        let bytes_per_second = self.profile.poller_bytes_per_second;
        let is_reached = |bucket: &Bucket| {
            let most = bytes_per_second as f64 * bucket.pollers as f64 * bucket.length.as_secs_f64();
            bytes_per_second > 0 && bucket.record_bytes as f64 >= REACHED * most
        };
        self.lasts(is_reached)
            .then_some(RunLimit::Bytes { bytes_per_second })
    }

    /// Returns whether a condition held for at least half of the time in which there was a lag that would not have cleared soon.
    fn lasts(&self, holds: impl Fn(&Bucket) -> bool) -> bool {
        let mut total = Duration::ZERO;
        let mut held = Duration::ZERO;
        let is_moving =
            |bucket: &&Bucket| bucket.records > 0 && bucket.lag as f64 > 10.0 * bucket.records_per_s();
        for bucket in self.trace.buckets.iter().filter(is_moving) {
            total += bucket.length;
            held += if holds(bucket) {
                bucket.length
            } else {
                Duration::ZERO
            };
        }
        held > Duration::ZERO && held * 2 >= total
    }

    fn maximum(&self) -> Option<RunLimit> {
        let capped = self
            .trace
            .evaluations
            .iter()
            .filter(|one| one.capped_by == Some(Cap::Maximum) && one.lag > 0);
        // What is at its maximum by KEDA's rules is no poller.
        let wanted = capped
            .filter(|_| !self.is_keda)
            .filter_map(|one| one.raw_target)
            .max()?;
        let most = self.profile.on_demand_maximum_pollers;
        let maximum = self.maximum_pollers.map_or(most, |maximum| maximum as usize);
        Some(RunLimit::Maximum {
            maximum,
            wanted: wanted.min(self.topic.partitions as usize),
            is_on_demand: self.maximum_pollers.is_none(),
        })
    }
}
