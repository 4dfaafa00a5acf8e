//! The outcome of a plan. Its reports are made from it.

use super::{PlanSetting, front};
use crate::simulate::{PollerBounds, RunEnding, VariantOutcome};
use esmeralda_esm::trace::{Bucket, Trace};
use esmeralda_esm::{ScalingProfile, UnitMeter};
use std::time::Duration;

/// Hours of a month in AWS's pricing calculator.
pub(super) const MONTH_HOURS: f64 = 730.0;

/// All settings that were tried, and the one to take.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanOutcome {
    /// The scenario's title.
    pub title: String,
    /// The scaling profile in words.
    pub profile: String,
    /// The seed, from which the runs can be repeated.
    pub seed: u64,
    /// The longest time that a record may wait.
    pub within: Duration,
    /// The time that each setting ran and was charged for.
    pub length: Duration,
    /// The price of event poller units.
    pub price: PollerPrice,
    /// The index of the cheapest setting that drains in time; `None` if none does.
    pub chosen: Option<usize>,
    /// The settings: provisioned ones, and on-demand mode.
    pub settings: Vec<TriedSetting>,
}

/// The billing unit of provisioned mode.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PollerPrice {
    /// Number of pollers that share one event poller unit.
    pub pollers_per_unit: usize,
    /// The price of one unit for one hour, in US dollars.
    pub usd_per_unit_hour: f64,
}

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

impl PlanOutcome {
    /// Returns the cheapest setting that drains in time.
    pub fn chosen(&self) -> Option<&TriedSetting> {
        self.chosen.map(|index| &self.settings[index])
    }

    /// Returns the quickest setting of on-demand mode.
    pub fn on_demand(&self) -> Option<&TriedSetting> {
        let all = self
            .settings
            .iter()
            .filter(|tried| tried.setting.bounds.is_none());
        front::quickest(all)
    }

    /// Returns the cost of `tried` in US dollars for a month of 730 hours, if every hour is like those of the run.
    pub(super) fn month_usd(&self, tried: &TriedSetting) -> f64 {
        tried.cost_usd() / (self.length.as_secs_f64() / 3_600.0) * MONTH_HOURS
    }

    /// Returns the cost of the minimum in US dollars for a month of 730 idle hours.
    pub(super) fn idle_month_usd(&self, bounds: PollerBounds) -> f64 {
        let units = (bounds.minimum as usize).div_ceil(self.price.pollers_per_unit);
        units as f64 * self.price.usd_per_unit_hour * MONTH_HOURS
    }
}
