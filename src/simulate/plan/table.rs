//! The table of the Pareto-optimal settings and on-demand mode, one row each.

use super::front::front;
use super::{PlanOutcome, TriedSetting};
use crate::simulate::report::quantity::{TimeUnit, thousands};

/// The mark before the setting that the plan proposes.
const PROPOSED: char = '>';

/// Returns the rows with their headings: the front, cheapest first (the proposed setting if the front is empty), and on-demand mode.
pub(super) fn table(outcome: &PlanOutcome, proposed: Option<&TriedSetting>, unit: TimeUnit) -> Vec<String> {
    let headings = [
        [
            "minimum",
            "maximum",
            "batch",
            "window",
            "drain time",
            "units",
            "invoc.",
            "total",
            "fleet",
        ],
        [
            "pollers",
            "pollers",
            "size",
            "s",
            unit.symbol(),
            "USD",
            "USD",
            "USD",
            "most",
        ],
    ];
    let mut lines: Vec<String> = headings
        .iter()
        .map(|cells| line(' ', &cells.map(str::to_owned)))
        .collect();
    let front = front(&outcome.settings);
    let front = front.iter().map(|index| &outcome.settings[*index]);
    let rest = proposed.filter(|tried| !tried.is_pareto_optimal && front.len() == 0);
    for tried in front.chain(rest) {
        let mark = if proposed == Some(tried) { PROPOSED } else { ' ' };
        lines.push(line(mark, &cells(outcome, tried, unit)));
    }
    let on_demand = outcome
        .on_demand()
        .filter(|tried| !tried.is_pareto_optimal && proposed != Some(tried));
    lines.extend(on_demand.map(|tried| line(' ', &cells(outcome, tried, unit))));
    lines
}

fn line(mark: char, cells: &[String; 9]) -> String {
    let widths = [9, 8, 7, 7, 11, 10, 10, 10, 6];
    let mut line = mark.to_string();
    for (cell, width) in cells.iter().zip(widths) {
        line.push_str(&format!("{cell:>width$}"));
    }
    line
}

fn cells(outcome: &PlanOutcome, tried: &TriedSetting, unit: TimeUnit) -> [String; 9] {
    let setting = &tried.setting;
    let (minimum, maximum, units) = match setting.bounds {
        Some(bounds) => (
            bounds.minimum.to_string(),
            bounds.maximum.to_string(),
            format!("{:.4}", tried.units_usd),
        ),
        // On-demand mode is not billed by event poller units, which is not the same as costing nothing.
        None => ("on-demand".to_owned(), "-".to_owned(), "-".to_owned()),
    };
    let window_s = setting.maximum_batching_window_s;
    let more = if tried.is_settled(outcome.within) {
        ""
    } else {
        "> "
    };
    [
        minimum,
        maximum,
        thousands(u64::from(setting.batch_size)),
        window_s.map_or("0.5".to_owned(), |window_s| window_s.to_string()),
        format!("{more}{}", unit.figure(tried.longest_wait)),
        units,
        format!("{:.4}", tried.invocations_usd),
        format!("{:.4}", tried.cost_usd()),
        thousands(tried.largest_fleet as u64),
    ]
}
