//! What a plan gave, from which its reports are made.

use super::Setting;
use crate::simulate::{Bounds, VariantOutcome};
use esmeralda_esm::UnitMeter;
use esmeralda_esm::trace::Trace;
use std::time::Duration;

/// Hours of a month, as AWS's pricing calculator has them.
pub(super) const MONTH_HOURS: f64 = 730.0;

/// All settings that were tried, and the one to take.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanOutcome {
    /// What the scenario calls itself.
    pub title: String,
    /// The scaling profile, as a person would say it.
    pub profile: String,
    /// What the runs can be repeated from.
    pub seed: u64,
    /// The longest that a record may wait.
    pub within: Duration,
    /// How long each setting ran and was charged.
    pub length: Duration,
    /// How many settings ran, those of on-demand mode included.
    pub runs: usize,
    /// What pollers cost.
    pub price: Price,
    /// The index of the cheapest setting that drains in time; `None` if none does.
    pub chosen: Option<usize>,
    /// On-demand mode; with several batch sizes and windows the quickest. It costs nothing in event poller units.
    pub on_demand: Option<Tried>,
    /// The provisioned settings.
    pub settings: Vec<Tried>,
}

/// The billing unit of provisioned mode.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Price {
    /// Pollers that share one event poller unit.
    pub pollers_per_unit: usize,
    /// US dollars of one unit for one hour.
    pub usd_per_unit_hour: f64,
}

/// One setting and what it did.
#[derive(Clone, Debug, PartialEq)]
pub struct Tried {
    /// The setting.
    pub setting: Setting,
    /// The longest that a record waited between arrival and commit; one that was not committed waited until the run ended.
    pub longest_wait: Duration,
    /// When the last commit left no lag; `None` if the run ended with some.
    pub drained_in: Option<Duration>,
    /// OffsetLag at the end.
    pub lag_left: u64,
    /// Event poller unit hours over the whole length.
    pub event_poller_unit_hours: f64,
    /// What those cost, in US dollars.
    pub cost_usd: f64,
    /// The most pollers at any time.
    pub largest_fleet: usize,
    /// Whether no other provisioned setting is better in one of drain time and cost and no worse in the other; of several with the
    /// same two figures, one.
    pub is_pareto_optimal: bool,
}

impl Tried {
    /// What `variant` did with `setting`, charged for `length`.
    pub(super) fn new(setting: Setting, variant: &VariantOutcome, length: Duration, price: Price) -> Self {
        let trace = &variant.trace;
        let event_poller_unit_hours = unit_hours(trace, length);
        Self {
            setting,
            longest_wait: trace.longest_wait(),
            drained_in: variant.drained_in,
            lag_left: trace.buckets.last().map_or(0, |bucket| bucket.lag),
            event_poller_unit_hours,
            cost_usd: event_poller_unit_hours * price.usd_per_unit_hour,
            largest_fleet: trace.largest_fleet(),
            is_pareto_optimal: false,
        }
    }

    /// Whether its longest wait is known. What is left at the end waits longer than was seen; as long as that is less than what is
    /// allowed, nothing says that it is too long.
    pub(super) fn is_settled(&self, within: Duration) -> bool {
        self.drained_in.is_some() || self.longest_wait < within
    }

    /// Whether every record was committed at most `within` after it arrived.
    pub fn drains_within(&self, within: Duration) -> bool {
        self.longest_wait <= within && self.is_settled(within)
    }
}

/// Event poller unit hours of the first `length` of a complete trace.
fn unit_hours(trace: &Trace, length: Duration) -> f64 {
    let mut meter = UnitMeter::default();
    for bucket in &trace.buckets {
        let charged = bucket.length.min(length.saturating_sub(bucket.start));
        meter.add(bucket.event_poller_units, charged);
    }
    meter.unit_hours()
}

impl PlanOutcome {
    /// The cheapest setting that drains in time.
    pub fn chosen(&self) -> Option<&Tried> {
        self.chosen.map(|index| &self.settings[index])
    }

    /// What `tried` costs in a month of 730 hours that are all as the ones that ran, in US dollars.
    pub(super) fn month_usd(&self, tried: &Tried) -> f64 {
        tried.cost_usd / (self.length.as_secs_f64() / 3_600.0) * MONTH_HOURS
    }

    /// What the minimum alone costs in such a month, with nothing to do.
    pub(super) fn idle_month_usd(&self, bounds: Bounds) -> f64 {
        let units = (bounds.minimum as usize).div_ceil(self.price.pollers_per_unit);
        units as f64 * self.price.usd_per_unit_hour * MONTH_HOURS
    }
}
