//! The plan as JSON. Member names are an interface and never change.

use super::{PlanOutcome, TriedSetting};
use crate::simulate::report::json::written;
use serde::Serialize;
use std::time::Duration;

/// The deepest level that is broken into lines; settings are nested deeper.
const DEEPEST_BROKEN: usize = 2;

#[derive(Serialize)]
struct PlanJson<'a> {
    title: &'a str,
    profile: &'a str,
    seed: u64,
    within_s: f64,
    length_s: f64,
    chosen: Option<SettingJson>,
    on_demand: Option<SettingJson>,
    settings: Vec<SettingJson>,
}

#[derive(Serialize)]
struct SettingJson {
    minimum_pollers: Option<u32>,
    maximum_pollers: Option<u32>,
    batch_size: u32,
    maximum_batching_window_s: Option<u32>,
    longest_wait_s: f64,
    drained_in_s: Option<f64>,
    lag_left: u64,
    /// The whole price.
    cost_usd: f64,
    units_usd: f64,
    invocations_usd: f64,
    event_poller_unit_hours: f64,
    largest_fleet: usize,
    is_stopped: bool,
    is_pareto_optimal: bool,
}

/// Returns the plan as JSON, one line per setting. The same outcome gives the same bytes. A missing value is `null`.
pub fn json(outcome: &PlanOutcome) -> String {
    let report = PlanJson {
        title: &outcome.title,
        profile: &outcome.profile,
        seed: outcome.seed,
        within_s: outcome.within.as_secs_f64(),
        length_s: outcome.length.as_secs_f64(),
        chosen: outcome.chosen().map(setting),
        on_demand: outcome.on_demand().map(setting),
        settings: outcome.settings.iter().map(setting).collect(),
    };
    written(&report, DEEPEST_BROKEN)
}

fn setting(tried: &TriedSetting) -> SettingJson {
    let bounds = tried.setting.bounds;
    SettingJson {
        minimum_pollers: bounds.map(|bounds| bounds.minimum),
        maximum_pollers: bounds.map(|bounds| bounds.maximum),
        batch_size: tried.setting.batch_size,
        maximum_batching_window_s: tried.setting.maximum_batching_window_s,
        longest_wait_s: tried.longest_wait.as_secs_f64(),
        drained_in_s: tried.drained_in.as_ref().map(Duration::as_secs_f64),
        lag_left: tried.lag_left,
        cost_usd: tried.cost_usd(),
        units_usd: tried.units_usd,
        invocations_usd: tried.invocations_usd,
        event_poller_unit_hours: tried.event_poller_unit_hours,
        largest_fleet: tried.largest_fleet,
        is_stopped: tried.is_stopped,
        is_pareto_optimal: tried.is_pareto_optimal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::plan::example;

    #[test]
    fn a_plan_is_exactly_this() {
        assert_eq!(json(&example::orders()), include_str!("expected/orders.json"));
    }

    #[test]
    fn a_missing_value_is_null() {
        let mut outcome = example::hopeless();
        outcome.settings.retain(|tried| tried.setting.bounds.is_some());
        let read: serde_json::Value = serde_json::from_str(&json(&outcome)).expect("valid JSON");
        assert_eq!(
            (&read["chosen"], &read["on_demand"]),
            (&serde_json::Value::Null, &serde_json::Value::Null)
        );
        assert_eq!(read["settings"][0]["drained_in_s"], serde_json::Value::Null);
        assert_eq!(read["settings"][2]["lag_left"], 7_000);
    }
}
