//! One setting that was tried: its waits and what it costs.

use super::PlanSetting;
use crate::simulate::{RunEnding, VariantOutcome};
use esmeralda_esm::trace::{Bucket, Trace};
use esmeralda_esm::{ScalingProfile, UnitMeter};
use std::time::Duration;

/// One setting with its result.
#[derive(Clone, Debug, PartialEq)]
pub struct TriedSetting {
    /// The setting that ran.
    pub setting: PlanSetting,
    /// The longest time that a record waited between arrival and commit; an uncommitted record waited until the run ended.
    pub longest_wait: Duration,
    /// The time of the commit that left no lag; `None` if the run ended with lag.
    pub drained_in: Option<Duration>,
    /// OffsetLag at the end.
    pub lag_left: u64,
    /// Event poller unit hours over the whole length.
    pub event_poller_unit_hours: f64,
    /// The cost of these unit hours, in US dollars.
    pub units_usd: f64,
    /// The cost of the invocations, in US dollars.
    pub invocations_usd: f64,
    /// The largest number of pollers at any time.
    pub largest_fleet: usize,
    /// Whether the run was ended early, because a record had waited for too long. Its figures are those until then.
    pub is_stopped: bool,
    /// Whether no other setting is better in drain time or cost without being worse in the other. Only one of several settings with the
    /// same two figures is marked.
    pub is_pareto_optimal: bool,
}

impl TriedSetting {
    /// Evaluates the outcome of `variant`, which ran with `setting`, charged for `length`.
    pub(super) fn new(
        setting: PlanSetting,
        variant: &VariantOutcome,
        length: Duration,
        profile: &ScalingProfile,
    ) -> Self {
        let trace = &variant.trace;
        let event_poller_unit_hours = unit_hours(trace, length);
        let total = |count: fn(&Bucket) -> u64| {
            let charged = trace.buckets.iter().filter(|bucket| bucket.start < length);
            charged.map(count).sum()
        };
        let invocations = total(|bucket| bucket.invocations);
        Self {
            setting,
            longest_wait: trace.longest_wait(),
            drained_in: variant.drained_in,
            lag_left: trace.buckets.last().map_or(0, |bucket| bucket.lag),
            event_poller_unit_hours,
            units_usd: event_poller_unit_hours * profile.event_poller_unit.usd_per_hour,
            invocations_usd: profile
                .function_price
                .usd(invocations, total(|bucket| bucket.billed_ms)),
            largest_fleet: trace.largest_fleet(),
            is_stopped: variant.ending == RunEnding::Stopped,
            is_pareto_optimal: false,
        }
    }

    /// Returns the cost in US dollars: event poller units and invocations.
    pub fn cost_usd(&self) -> f64 {
        self.units_usd + self.invocations_usd
    }

    /// Returns whether the longest wait is known to be final or still allowed. Records that are left at the end wait longer than was
    /// seen; while that is less than `within`, nothing shows that they wait too long.
    pub(super) fn is_settled(&self, within: Duration) -> bool {
        self.drained_in.is_some() || self.longest_wait < within
    }

    /// Returns whether every record was committed at most `within` after it arrived.
    pub fn drains_within(&self, within: Duration) -> bool {
        self.longest_wait <= within && self.is_settled(within)
    }
}

/// Returns the event poller unit hours of the first `length` of a complete trace.
fn unit_hours(trace: &Trace, length: Duration) -> f64 {
    let mut meter = UnitMeter::default();
    for bucket in &trace.buckets {
        // The run goes on for a second of grace, which is not charged.
        let charged = bucket.length.min(length.saturating_sub(bucket.start));
        meter.add(bucket.event_poller_units, charged);
    }
    meter.unit_hours()
}
