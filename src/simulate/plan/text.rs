//! The plan for the terminal, at most 80 columns wide.

use super::picture::picture;
use super::table::table;
use super::{PlanOutcome, TriedSetting, front};
use crate::simulate::report::quantity::{TimeUnit, thousands, trimmed};
use crate::simulate::report::table::{WIDTH, clipped, wrapped};
use std::time::Duration;

/// Returns the plan for a terminal: the proposed setting as options of the AWS CLI, the table of settings to choose from, and their
/// picture. Ends with a line break.
pub fn text(outcome: &PlanOutcome) -> String {
    let unit = TimeUnit::of_figures(outcome.within);
    let closest = front::quickest(&outcome.settings);
    let proposed = outcome.chosen().or(closest);
    let mut lines = vec![clipped(&outcome.title, WIDTH), String::new()];
    lines.push(headline(outcome, unit));
    lines.extend(
        proposed
            .into_iter()
            .flat_map(|tried| proposal(outcome, tried, unit)),
    );
    lines.extend([String::new(), table_title(outcome).to_owned()]);
    lines.extend(table(outcome, proposed, unit));
    lines.push(String::new());
    lines.extend(picture(outcome, unit));
    lines.push(String::new());
    lines.extend(wrapped(&notes(outcome, proposed, unit).join(" ")));
    let mut text = String::new();
    for line in lines {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn table_title(outcome: &PlanOutcome) -> &'static str {
    if outcome.settings.iter().any(|tried| tried.is_pareto_optimal) {
        "Pareto-optimal settings, each of which costs less than any quicker one:"
    } else {
        "This setting, and on-demand mode:"
    }
}

/// Writes a length with at most two decimals and the unit of an axis.
fn brief(time: Duration) -> String {
    let unit = TimeUnit::of_axis(time);
    let figure = trimmed(time.as_secs_f64() / unit.seconds(), 2);
    format!("{figure} {}", unit.symbol())
}

fn headline(outcome: &PlanOutcome, unit: TimeUnit) -> String {
    let within = unit.text(outcome.within);
    match outcome.chosen {
        Some(_) => format!("The cheapest setting that drains within {within}:"),
        None => format!("No setting drains within {within}. This one comes closest:"),
    }
}

/// Returns the lines of a setting: its options for the AWS CLI, its drain time and its costs.
fn proposal(outcome: &PlanOutcome, tried: &TriedSetting, unit: TimeUnit) -> Vec<String> {
    let setting = &tried.setting;
    let mut lines = vec![String::new()];
    lines.push(match setting.bounds {
        Some(bounds) => format!(
            "  --provisioned-poller-config MinimumPollers={},MaximumPollers={}",
            bounds.minimum, bounds.maximum
        ),
        None => "  on-demand mode, without --provisioned-poller-config".to_owned(),
    });
    lines.push(format!("  --batch-size {}", setting.batch_size));
    if let Some(window_s) = setting.maximum_batching_window_s {
        lines.push(format!("  --maximum-batching-window-in-seconds {window_s}"));
    }
    let drain_time = if tried.is_settled(outcome.within) {
        unit.text(tried.longest_wait)
    } else {
        format!(
            "more than {}: a lag of {} is left",
            unit.text(tried.longest_wait),
            thousands(tried.lag_left)
        )
    };
    lines.push(String::new());
    lines.push(format!("  drain time  {drain_time}"));
    let length = brief(outcome.length);
    lines.push(format!(
        "  cost        {:.4} USD for {length}: units {:.4}, invocations {:.4}",
        tried.cost_usd(),
        tried.units_usd,
        tried.invocations_usd
    ));
    lines.push(format!(
        "  a month     {:.2} USD, if all of its 730 hours are like these {length}",
        outcome.month_usd(tried)
    ));
    if let Some(bounds) = setting.bounds {
        lines.push(format!(
            "  idle        {:.2} USD a month for the minimum alone, with nothing to do",
            outcome.idle_month_usd(bounds)
        ));
    }
    lines
}

/// Returns sentences about what the figures do not show.
fn notes(outcome: &PlanOutcome, proposed: Option<&TriedSetting>, unit: TimeUnit) -> Vec<String> {
    let mut notes = Vec::new();
    match proposed {
        Some(tried) if !tried.is_settled(outcome.within) => notes.push(
            "A longer run_for_s in the scenario shows the drain time of the settings that did not drain."
                .to_owned(),
        ),
        Some(tried) if tried.lag_left > 0 => notes.push(format!(
            "Its run ended with a lag of {}: records of the last {} were not all committed before the end.",
            thousands(tried.lag_left),
            unit.text(outcome.within)
        )),
        _ => {}
    }
    let stopped = outcome.settings.iter().filter(|tried| tried.is_stopped).count();
    notes.push(format!(
        "Tried: {} settings, each for {} of virtual time at most; {stopped} were ended early, because a record had waited for too long.",
        outcome.settings.len(),
        brief(outcome.length),
    ));
    notes.push(
        "Drain time is the longest wait of a record between its arrival and its commit, to a second. The cost is the whole price: event \
         poller units and invocations."
            .to_owned(),
    );
    notes.push(format!("Profile {}, seed {}.", outcome.profile, outcome.seed));
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::plan::example;

    #[test]
    fn a_plan_is_exactly_this() {
        assert_eq!(text(&example::orders()), include_str!("expected/orders.txt"));
    }

    #[test]
    fn a_plan_that_no_setting_meets_shows_the_closest_setting() {
        assert_eq!(text(&example::hopeless()), include_str!("expected/hopeless.txt"));
    }

    #[test]
    fn a_lag_at_the_end_of_the_run_is_reported() {
        let mut outcome = example::orders();
        let chosen = &mut outcome.settings[2];
        chosen.longest_wait = Duration::from_secs(390);
        (chosen.drained_in, chosen.lag_left) = (None, 1_500);
        let notes = notes(&outcome, outcome.chosen(), TimeUnit::Seconds);
        let expected = "Its run ended with a lag of 1,500: records of the last 400.00 s were not all committed before the end.";
        assert_eq!(notes[0], expected);
    }

    #[test]
    fn lines_fit_with_large_numbers() {
        let mut outcome = example::orders();
        outcome.title = "title ".repeat(40);
        outcome.length *= 24;
        for tried in &mut outcome.settings {
            tried.longest_wait *= 20;
            tried.units_usd *= 1_000.0;
        }
        let longest = text(&outcome).lines().map(|line| line.chars().count()).max();
        assert_eq!(longest, Some(WIDTH));
    }
}
