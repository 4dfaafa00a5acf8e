//! The Pareto picture: drain time over cost, in characters.

use super::{PlanOutcome, TriedSetting};
use crate::simulate::report::quantity::TimeUnit;

const COLUMNS: usize = 66;
const ROWS: usize = 17;
const LABEL_WIDTH: usize = 9;

/// The characters that are drawn, each over those before it.
const LIMIT: u8 = b'-';
const OTHER: u8 = b'.';
const DEARER: u8 = b'>';
const SLOWER: u8 = b'^';
const ON_DEMAND: u8 = b'o';
const FRONT: u8 = b'*';
const LEGEND: &str = "* Pareto-optimal  . other  o on-demand  - limit  ^ > beyond, or not drained";

/// The upper ends of the axes: a multiple of the time limit, and a multiple of the cost of the dearest setting of the front. Settings far
/// beyond them are of less interest, and would crowd the others together.
const HIGHEST_LIMITS: f64 = 2.5;
const HIGHEST_COSTS: f64 = 1.5;

/// Returns the lines of the picture, with its axes and a legend. Settings beyond the time axis, or that did not drain, are drawn at the
/// upper edge, and settings beyond the cost axis at the right edge.
pub(super) fn picture(outcome: &PlanOutcome, unit: TimeUnit) -> Vec<String> {
    let scales = PictureScales::of(outcome);
    let mut cells = vec![vec![b' '; COLUMNS]; ROWS];
    let limit = scales.row(outcome.within.as_secs_f64());
    cells[limit].fill(LIMIT);
    let all = || outcome.settings.iter();
    for sign in [OTHER, DEARER, SLOWER, ON_DEMAND, FRONT] {
        for tried in all().filter(|tried| scales.sign(outcome, tried) == sign) {
            let row = if scales.is_within(outcome, tried) {
                scales.row(tried.longest_wait.as_secs_f64())
            } else {
                0
            };
            cells[row][scales.column(tried.cost_usd())] = sign;
        }
    }
    let mut lines = vec![format!("drain time, {}", unit.symbol())];
    for (row, cells) in cells.iter().enumerate() {
        let label = match row {
            0 => Some(scales.highest_s),
            _ if row == limit => Some(outcome.within.as_secs_f64()),
            _ if row == ROWS - 1 => Some(0.0),
            _ => None,
        };
        let label = label.map_or(String::new(), |seconds| {
            format!("{:.2}", seconds / unit.seconds())
        });
        lines.push(format!(
            "{label:>LABEL_WIDTH$} |{}",
            String::from_utf8_lossy(cells)
        ));
    }
    lines.push(format!("{:LABEL_WIDTH$} +{}", "", "-".repeat(COLUMNS)));
    lines.push(scales.ticks());
    lines.push(LEGEND.to_owned());
    lines
}

struct PictureScales {
    highest_s: f64,
    highest_usd: f64,
}

impl PictureScales {
    fn of(outcome: &PlanOutcome) -> Self {
        let most_s = outcome.within.as_secs_f64() * HIGHEST_LIMITS;
        let all = || outcome.settings.iter();
        let times = all().filter(|tried| tried.is_settled(outcome.within));
        let times = times.map(|tried| tried.longest_wait.as_secs_f64());
        let highest_s = times.filter(|seconds| *seconds <= most_s).fold(0.0, f64::max);
        // The line of the limit must not lie on the edge.
        let highest_s = highest_s.max(outcome.within.as_secs_f64() * 1.25);
        let dearest = |is_counted: fn(&TriedSetting) -> bool| {
            let counted = all().filter(|tried| is_counted(tried));
            counted.map(|tried| tried.cost_usd()).fold(0.0, f64::max)
        };
        let (on_front, of_all) = (dearest(|tried| tried.is_pareto_optimal), dearest(|_| true));
        let highest_usd = if on_front > 0.0 {
            of_all.min(on_front * HIGHEST_COSTS)
        } else {
            of_all
        };
        Self {
            highest_s,
            highest_usd,
        }
    }

    fn is_within(&self, outcome: &PlanOutcome, tried: &TriedSetting) -> bool {
        tried.is_settled(outcome.within) && tried.longest_wait.as_secs_f64() <= self.highest_s
    }

    fn sign(&self, outcome: &PlanOutcome, tried: &TriedSetting) -> u8 {
        match tried {
            _ if tried.setting.bounds.is_none() => ON_DEMAND,
            _ if !self.is_within(outcome, tried) => SLOWER,
            _ if tried.is_pareto_optimal => FRONT,
            _ if tried.cost_usd() > self.highest_usd => DEARER,
            _ => OTHER,
        }
    }

    fn row(&self, seconds: f64) -> usize {
        ((1.0 - seconds / self.highest_s) * (ROWS - 1) as f64).round() as usize
    }

    fn column(&self, usd: f64) -> usize {
        if self.highest_usd > 0.0 {
            ((usd / self.highest_usd).min(1.0) * (COLUMNS - 1) as f64).round() as usize
        } else {
            0
        }
    }

    /// Returns the line below the cost axis: zero, half and all of the highest cost, each under its column.
    fn ticks(&self) -> String {
        let half = format!("{:.4}", self.highest_usd / 2.0);
        let all = format!("{:.4} USD", self.highest_usd);
        let (left, middle) = (COLUMNS / 2 - half.len() / 2, COLUMNS / 2 + half.len().div_ceil(2));
        let right = COLUMNS - middle;
        format!("{:LABEL_WIDTH$}  {:<left$}{half}{all:>right$}", "", "0")
    }
}
