//! The axes that all variants share, so that their figures can be compared.

use crate::simulate::report::quantity::TimeUnit;
use crate::simulate::report::svg::{TimeAxis, ValueAxis};
use crate::simulate::{SimulationOutcome, VariantOutcome};
use esmeralda_esm::trace::Bucket;
use std::time::Duration;

/// The largest bound that is drawn, as a multiple of the largest fleet. A larger axis would show the fleet as a flat line.
const HIGHEST_BOUND: f64 = 2.5;

/// The axes of each kind of figure.
pub(super) struct Scales {
    /// The unit of times in text.
    pub(super) unit: TimeUnit,
    /// Time, until the end of the longest run.
    pub(super) time: TimeAxis,
    /// Number of invocations that run.
    pub(super) executions: ValueAxis,
    /// Number of batches in flight or waiting that do not run.
    pub(super) not_running: ValueAxis,
    /// Waits of records in seconds.
    pub(super) wait: ValueAxis,
    /// OffsetLag in records.
    pub(super) lag: ValueAxis,
    /// Number of pollers, with bounds.
    pub(super) pollers: ValueAxis,
    /// Throughput in records per second.
    pub(super) throughput: ValueAxis,
}

impl Scales {
    /// Returns the axes for all variants of `outcome`, with times in text in `unit`.
    pub(super) fn of(outcome: &SimulationOutcome, unit: TimeUnit) -> Self {
        let end = outcome.variants.iter().map(end).max().unwrap_or_default();
        let largest = |value: fn(&Bucket) -> f64| {
            let buckets = outcome.variants.iter().flat_map(|variant| &variant.trace.buckets);
            buckets.map(value).fold(0.0, f64::max)
        };
        let before = outcome
            .variants
            .iter()
            .map(|variant| lag_at_start(variant) as f64);
        let lag = before.fold(largest(|bucket| bucket.lag as f64), f64::max);
        Self {
            unit,
            time: TimeAxis::up_to(end),
            executions: ValueAxis::up_to(largest(|bucket| bucket.running_max as f64), 5, true),
            not_running: ValueAxis::up_to(largest(not_running), 4, false),
            wait: ValueAxis::up_to(longest_wait(outcome), 4, false),
            lag: ValueAxis::up_to(lag, 4, true),
            pollers: ValueAxis::up_to(pollers(outcome), 4, true),
            throughput: ValueAxis::up_to(largest(Bucket::records_per_s), 4, false),
        }
    }

    /// Returns whether a bound on pollers is within the figure.
    pub(super) fn shows(&self, bound: u32) -> bool {
        f64::from(bound) <= self.pollers.end
    }
}

/// Returns the last time that a figure shows.
fn end(variant: &VariantOutcome) -> Duration {
    let moments = [variant.drained_in, variant.full_concurrency_after];
    moments
        .into_iter()
        .flatten()
        .fold(variant.trace.end(), Duration::max)
}

/// Returns OffsetLag at the start of the first bucket.
pub(super) fn lag_at_start(variant: &VariantOutcome) -> u64 {
    let Some(first) = variant.trace.buckets.first() else {
        return 0;
    };
    (first.lag + first.committed).saturating_sub(first.arrived)
}

fn not_running(bucket: &Bucket) -> f64 {
    bucket
        .overhead_mean
        .max(bucket.throttled_mean)
        .max(bucket.waiting_mean)
}

fn longest_wait(outcome: &SimulationOutcome) -> f64 {
    let waits = outcome.variants.iter().map(|variant| variant.longest_wait);
    waits.max().unwrap_or_default().as_secs_f64()
}

fn pollers(outcome: &SimulationOutcome) -> f64 {
    let fleets = outcome
        .variants
        .iter()
        .map(|variant| variant.trace.largest_fleet());
    let largest = fleets.max().unwrap_or(0) as f64;
    let bounds = outcome.variants.iter().filter_map(|variant| variant.bounds);
    bounds
        .flat_map(|bounds| [bounds.minimum, bounds.maximum])
        .map(f64::from)
        .filter(|bound| *bound <= HIGHEST_BOUND * largest)
        .fold(largest, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::PollerBounds;
    use crate::simulate::report::example;

    #[test]
    fn all_variants_fit() {
        let scales = Scales::of(&example::published_runs(), TimeUnit::Minutes);
        let ends = [
            &scales.executions,
            &scales.lag,
            &scales.pollers,
            &scales.throughput,
        ]
        .map(|axis| axis.end);
        assert_eq!(ends, [100.0, 20_000_000.0, 200.0, 60_000.0]);
        assert!(scales.time.end_s > 1_180.0 && scales.time.end_s < 1_200.0);
    }

    #[test]
    fn a_bound_far_beyond_the_fleet_is_left_out() {
        let mut outcome = example::small();
        for (maximum, end, is_shown) in [
            (4, 4.0, true),
            (5, 6.0, true),
            (6, 2.0, false),
            (2_000, 2.0, false),
        ] {
            outcome.variants[0].bounds = Some(PollerBounds { minimum: 1, maximum });
            let scales = Scales::of(&outcome, TimeUnit::Seconds);
            assert_eq!((scales.pollers.end, scales.shows(maximum)), (end, is_shown));
        }
    }

    #[test]
    fn an_empty_outcome_has_axes() {
        let mut outcome = example::small();
        outcome.variants = vec![example::blank("blank")];
        let scales = Scales::of(&outcome, TimeUnit::Seconds);
        assert_eq!(
            (scales.time.end_s, scales.lag.end, scales.throughput.end),
            (1.0, 1.0, 1.0)
        );
        outcome.variants.clear();
        assert_eq!(Scales::of(&outcome, TimeUnit::Seconds).pollers.end, 1.0);
    }
}
