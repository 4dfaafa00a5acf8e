//! The outcome of a plan. Its reports are made from it.

use super::{TriedSetting, front};
use crate::simulate::PollerBounds;
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
