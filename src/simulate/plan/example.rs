//! Plans for tests, with invented figures.

use super::{PlanOutcome, PlanSetting, PollerPrice, TriedSetting, front};
use crate::simulate::PollerBounds;
use std::time::Duration;

/// Returns a setting that drained after `wait_s` seconds.
pub(super) fn tried(bounds: Option<(u32, u32)>, wait_s: u64, cost_usd: f64) -> TriedSetting {
    let bounds = bounds.map(|(minimum, maximum)| PollerBounds { minimum, maximum });
    TriedSetting {
        setting: PlanSetting {
            bounds,
            batch_size: 100,
            maximum_batching_window_s: None,
        },
        longest_wait: Duration::from_secs(wait_s),
        drained_in: Some(Duration::from_secs(wait_s)),
        lag_left: 0,
        event_poller_unit_hours: cost_usd / 0.2,
        units_usd: cost_usd,
        invocations_usd: 0.05,
        is_stopped: false,
        largest_fleet: bounds.map_or(50, |bounds| bounds.maximum as usize),
        is_pareto_optimal: false,
    }
}

/// Returns a setting that still had a lag at the end of the run.
pub(super) fn left(bounds: Option<(u32, u32)>, wait_s: u64, cost_usd: f64, lag_left: u64) -> TriedSetting {
    TriedSetting {
        drained_in: None,
        lag_left,
        ..tried(bounds, wait_s, cost_usd)
    }
}

/// Returns a plan over `settings`, which ran for an hour each.
pub(super) fn plan(within_s: u64, mut settings: Vec<TriedSetting>, on_demand: TriedSetting) -> PlanOutcome {
    settings.push(on_demand);
    let within = Duration::from_secs(within_s);
    front::mark(&mut settings, within);
    PlanOutcome {
        title: "Orders of a day".to_owned(),
        profile: "current".to_owned(),
        seed: 7,
        within,
        length: Duration::from_secs(3_600),
        price: PollerPrice {
            pollers_per_unit: 10,
            usd_per_unit_hour: 0.2,
        },
        chosen: front::cheapest(&settings, within),
        settings,
    }
}

/// Returns a plan with every kind of setting: a front of three, others, one that did not drain, and one that takes far too long.
pub(super) fn orders() -> PlanOutcome {
    let mut settings = vec![
        left(Some((1, 1)), 3_000, 0.2, 1_234_567),
        tried(Some((1, 10)), 900, 0.2),
        tried(Some((1, 200)), 400, 0.25),
        tried(Some((2, 10)), 880, 0.3),
        tried(Some((10, 10)), 1_800, 0.2),
        tried(Some((10, 200)), 290, 0.5),
        tried(Some((20, 200)), 290, 0.5),
        tried(Some((50, 200)), 300, 1.0),
        tried(Some((100, 100)), 120, 2.0),
        tried(Some((200, 200)), 120, 4.0),
    ];
    settings[8].setting.batch_size = 1_000;
    settings[8].setting.maximum_batching_window_s = Some(1);
    plan(400, settings, tried(None, 640, 0.0))
}

/// Returns a plan in which no setting drains in time.
pub(super) fn hopeless() -> PlanOutcome {
    let settings = vec![
        left(Some((1, 1)), 60, 0.2, 9_000),
        left(Some((1, 2)), 60, 0.2, 8_000),
        left(Some((2, 2)), 60, 0.2, 7_000),
    ];
    plan(60, settings, left(None, 60, 0.0, 8_500))
}
