//! The figures that both the table and the page show, as text.

use super::quantity::{TimeUnit, count, signed, thousands, trimmed};
use crate::simulate::{PublishedFigures, RunEnding, SimulationOutcome, VariantOutcome};
use std::time::Duration;

/// The text in place of a missing figure.
pub(super) const NONE: &str = "-";

/// The note that accompanies published figures.
pub(super) const CAVEAT: &str = "AWS published eight numbers for this workload, rounded to whole minutes. \
    Eight rounded numbers do not pin the profile's constants down: other sets of constants fit about as well.";

/// The heading of a column.
pub(super) struct Heading {
    /// Three short lines, for a narrow column.
    pub(super) lines: [&'static str; 3],
    /// The full text.
    pub(super) full: String,
}

/// The figures of all variants.
pub(super) struct Summary<'a> {
    /// The unit of times.
    pub(super) unit: TimeUnit,
    /// The tables: how it scaled, and what it did and costs.
    pub(super) tables: [SummaryTable<'a>; 2],
    /// Sentences about what the figures do not show.
    pub(super) notes: Vec<String>,
}

/// A table of figures with one row per variant, in the order of the outcome.
pub(super) struct SummaryTable<'a> {
    /// The headings of a row's cells.
    pub(super) headings: Vec<Heading>,
    /// The rows.
    pub(super) rows: Vec<SummaryRow<'a>>,
}

/// Some figures of one variant.
pub(super) struct SummaryRow<'a> {
    /// The variant's name in the scenario.
    pub(super) name: &'a str,
    /// One cell per heading.
    pub(super) cells: Vec<String>,
}

impl<'a> Summary<'a> {
    /// Returns the figures of all variants of `outcome`.
    pub(super) fn of(outcome: &'a SimulationOutcome) -> Self {
        let unit = unit(outcome);
        let scaling = |variant: &'a VariantOutcome| scaling(variant, unit);
        Self {
            unit,
            tables: [
                table(outcome, scaling_headings(unit.symbol()), scaling),
                table(outcome, work_headings(), work),
            ],
            notes: outcome
                .variants
                .iter()
                .flat_map(|variant| notes(variant, unit))
                .collect(),
        }
    }
}

fn table<'a>(
    outcome: &'a SimulationOutcome,
    headings: impl IntoIterator<Item = ([&'static str; 3], String)>,
    cells: impl Fn(&'a VariantOutcome) -> Vec<String>,
) -> SummaryTable<'a> {
    let headings = headings.into_iter();
    SummaryTable {
        headings: headings.map(|(lines, full)| Heading { lines, full }).collect(),
        rows: outcome
            .variants
            .iter()
            .map(|variant| SummaryRow {
                name: &variant.name,
                cells: cells(variant),
            })
            .collect(),
    }
}

/// Returns the unit of times: minutes if there are published figures, which are in minutes.
fn unit(outcome: &SimulationOutcome) -> TimeUnit {
    let variants = || outcome.variants.iter();
    if variants().any(|variant| variant.published.is_some()) {
        return TimeUnit::Minutes;
    }
    let times = variants().flat_map(|variant| [variant.drained_in, variant.full_concurrency_after]);
    let ends = variants().map(|variant| variant.trace.end());
    TimeUnit::of_figures(times.flatten().chain(ends).max().unwrap_or_default())
}

fn scaling_headings(symbol: &'static str) -> [([&'static str; 3], String); 7] {
    [
        (["drained", "in", symbol], format!("drained in, {symbol}")),
        (
            ["full", "after", symbol],
            format!("full concurrency after, {symbol}"),
        ),
        (
            ["longest", "wait", symbol],
            format!("longest wait of a record, {symbol}"),
        ),
        (["peak", "lag", ""], String::from("peak OffsetLag")),
        (["largest", "fleet", ""], String::from("largest fleet")),
        (
            ["running", "mean", ""],
            String::from("invocations that run at once, mean"),
        ),
        (
            ["running", "most", ""],
            String::from("invocations that run at once, maximum"),
        ),
    ]
}

fn work_headings() -> [([&'static str; 3], String); 7] {
    [
        (["invo-", "cations", ""], String::from("invocations")),
        (["failed", "", ""], String::from("invocations that failed")),
        (
            ["throt-", "tled", ""],
            String::from("attempts that were throttled"),
        ),
        (["unit", "hours", ""], String::from("event poller unit hours")),
        (["units", "", "USD"], String::from("event poller units, USD")),
        (["invoc.", "", "USD"], String::from("invocations, USD")),
        (["total", "", "USD"], String::from("total, USD")),
    ]
}

fn scaling(variant: &VariantOutcome, unit: TimeUnit) -> Vec<String> {
    let trace = &variant.trace;
    let most = trace.buckets.iter().map(|bucket| bucket.running_max).max();
    vec![
        ending(variant, unit),
        variant
            .full_concurrency_after
            .map_or(NONE.to_owned(), |time| unit.figure(time)),
        unit.figure(variant.longest_wait),
        count(variant.peak_lag),
        thousands(trace.largest_fleet() as u64),
        format!("{:.1}", mean_running(variant)),
        thousands(most.unwrap_or(0) as u64),
    ]
}

/// Returns the time in which a variant drained, or that it kept up.
pub(super) fn ending(variant: &VariantOutcome, unit: TimeUnit) -> String {
    match variant.ending {
        RunEnding::Drained(time) => unit.figure(time),
        RunEnding::KeptUp => String::from("kept up"),
        RunEnding::Behind | RunEnding::Stopped => NONE.to_owned(),
    }
}

fn work(variant: &VariantOutcome) -> Vec<String> {
    // On-demand mode is not billed by event poller units, which is not the same as costing nothing.
    let billed = |text: String| variant.bounds.map_or(NONE.to_owned(), |_| text);
    vec![
        count(variant.invocations),
        count(variant.invocation_errors),
        count(variant.throttles),
        billed(format!("{:.3}", variant.trace.event_poller_unit_hours)),
        billed(format!("{:.4}", variant.trace.cost_usd)),
        match variant.is_scaled_by_keda {
            // Replicas of a consumer are no invocations of Lambda.
            true => NONE.to_owned(),
            false => format!("{:.4}", variant.invocations_usd),
        },
        variant
            .total_usd()
            .map_or(NONE.to_owned(), |usd| format!("{usd:.4}")),
    ]
}

/// Returns the mean number of invocations that ran until the lag was gone; afterwards there is nothing to do.
fn mean_running(variant: &VariantOutcome) -> f64 {
    let end = match variant.ending {
        RunEnding::Drained(end) => end,
        _ => Duration::MAX,
    };
    let (mut busy_s, mut seconds) = (0.0, 0.0);
    for bucket in variant.trace.buckets.iter().filter(|bucket| bucket.start < end) {
        busy_s += bucket.running_mean * bucket.length.as_secs_f64();
        seconds += bucket.length.min(end - bucket.start).as_secs_f64();
    }
    if seconds > 0.0 { busy_s / seconds } else { 0.0 }
}

fn notes(variant: &VariantOutcome, unit: TimeUnit) -> Vec<String> {
    let (name, trace) = (&variant.name, &variant.trace);
    let mut notes = Vec::new();
    if variant.ending == RunEnding::Behind {
        let left = trace.buckets.last().map_or(String::new(), |bucket| {
            let after = unit.text(trace.end());
            format!(": after {after} a lag of {} is left", thousands(bucket.lag))
        });
        notes.push(format!("{name} did not drain{left}."));
    }
    if variant.ending != RunEnding::KeptUp {
        notes.extend(variant.limits.iter().map(|limit| format!("{name}: {limit}.")));
    }
    if variant.full_concurrency_after.is_none() {
        let largest = thousands(trace.largest_fleet() as u64);
        notes.push(format!(
            "{name} was still in the rebalance to its largest fleet, {largest}, at the end."
        ));
    }
    if !trace.is_complete {
        let begin = trace
            .buckets
            .first()
            .map_or(Duration::ZERO, |bucket| bucket.start);
        notes.push(format!(
            "{name}'s trace was too long to be kept whole: it begins after {}.",
            unit.text(begin)
        ));
    }
    notes
}

/// A simulated figure beside the published one.
#[derive(Debug, PartialEq)]
pub(super) struct ComparedFigure {
    /// The simulated figure.
    pub(super) simulated: String,
    /// The figure that AWS published.
    pub(super) published: String,
    /// The difference, positive if the simulated figure is larger.
    pub(super) deviation: String,
}

/// One variant, compared with its row in the announcement.
#[derive(Debug, PartialEq)]
pub(super) struct Comparison<'a> {
    /// The variant's name in the scenario.
    pub(super) name: &'a str,
    /// Time until the backlog was drained; the deviation is in percent.
    pub(super) drained: ComparedFigure,
    /// Time until full concurrency; the deviation is in minutes, because one of the published figures is zero.
    pub(super) full: ComparedFigure,
    /// The drain time saved over the first variant, in percent.
    pub(super) improvement: String,
    /// The same for the published figures.
    pub(super) published_improvement: String,
}

/// Returns the comparison of each variant that has published figures.
pub(super) fn comparison<'a>(outcome: &'a SimulationOutcome) -> Vec<Comparison<'a>> {
    let Some(first) = outcome.variants.first() else {
        return Vec::new();
    };
    let published =
        |variant: &VariantOutcome| variant.published.map(|published| published.drained_in_minutes);
    let compared = |(index, variant): (usize, &'a VariantOutcome)| {
        let is_first = index == 0;
        Some(Comparison {
            name: &variant.name,
            drained: drained(variant, variant.published.as_ref()?),
            full: full(variant, variant.published.as_ref()?),
            improvement: improvement(is_first, minutes(first.drained_in), minutes(variant.drained_in)),
            published_improvement: improvement(is_first, published(first), published(variant)),
        })
    };
    outcome.variants.iter().enumerate().filter_map(compared).collect()
}

fn minutes(time: Option<Duration>) -> Option<f64> {
    time.map(|time| time.as_secs_f64() / 60.0)
}

fn drained(variant: &VariantOutcome, published: &PublishedFigures) -> ComparedFigure {
    let theirs = published.drained_in_minutes;
    let deviation = |ours: f64| {
        if theirs > 0.0 {
            format!("{} %", signed((ours / theirs - 1.0) * 100.0, 1))
        } else {
            NONE.to_owned()
        }
    };
    compared(minutes(variant.drained_in), theirs, &deviation)
}

fn full(variant: &VariantOutcome, published: &PublishedFigures) -> ComparedFigure {
    let theirs = published.full_concurrency_after_minutes;
    let deviation = |ours: f64| format!("{} min", signed(ours - theirs, 2));
    compared(minutes(variant.full_concurrency_after), theirs, &deviation)
}

fn compared(ours: Option<f64>, theirs: f64, deviation: &dyn Fn(f64) -> String) -> ComparedFigure {
    ComparedFigure {
        simulated: ours.map_or(NONE.to_owned(), |ours| format!("{ours:.2} min")),
        published: format!("{} min", trimmed(theirs, 2)),
        deviation: ours.map_or(NONE.to_owned(), deviation),
    }
}

/// Returns the improvement as the announcement defines it: draining in 11 minutes instead of 20 is 45 %.
fn improvement(is_first: bool, first: Option<f64>, other: Option<f64>) -> String {
    match (first, other) {
        _ if is_first => String::from("baseline"),
        (Some(first), Some(other)) if first > 0.0 => {
            format!("{} %", trimmed((1.0 - other / first) * 100.0, 0))
        }
        _ => NONE.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::RunLimit;
    use crate::simulate::report::example;

    fn compared(simulated: &str, published: &str, deviation: &str) -> ComparedFigure {
        ComparedFigure {
            simulated: simulated.to_owned(),
            published: published.to_owned(),
            deviation: deviation.to_owned(),
        }
    }

    #[test]
    fn an_undrained_variant_has_no_deviation_and_no_improvement() {
        let mut outcome = example::published_runs();
        outcome.variants[1].published = None;
        outcome.variants[2].drained_in = None;
        outcome.variants[2].full_concurrency_after = None;
        let compared = comparison(&outcome);
        let names: Vec<_> = compared.iter().map(|row| row.name).collect();
        assert_eq!(names, ["on-demand", "minimum-10", "minimum-100"]);
        let expected = Comparison {
            name: "minimum-10",
            drained: self::compared("-", "11 min", "-"),
            full: self::compared("-", "6 min", "-"),
            improvement: "-".to_owned(),
            published_improvement: "45 %".to_owned(),
        };
        assert_eq!(compared[1], expected);
    }

    #[test]
    fn replicas_without_a_price_have_no_total() {
        let mut outcome = example::small();
        let variant = &mut outcome.variants[0];
        variant.is_scaled_by_keda = true;
        let costs = |variant: &VariantOutcome| work(variant)[5..].to_vec();
        assert_eq!(costs(variant), ["-", "-"]);
        variant.replicas_usd = Some(0.5);
        assert_eq!(costs(variant), ["-", "0.5000"]);
    }

    #[test]
    fn notes_report_what_the_figures_do_not_show() {
        let mut outcome = example::published_runs();
        let variant = &mut outcome.variants[1];
        variant.trace.buckets.drain(..60);
        variant.trace.buckets.truncate(60);
        variant.trace.is_complete = false;
        (variant.drained_in, variant.full_concurrency_after) = (None, None);
        variant.ending = RunEnding::Behind;
        variant.limits = vec![RunLimit::Partitions { partitions: 100 }];
        let expected = [
            "minimum-1 did not drain: after 2.00 min a lag of 19,949,997 is left.",
            "minimum-1: all 100 partitions had a batch in flight; more pollers will not help; more partitions, larger batches or a \
             shorter duration would.",
            "minimum-1 was still in the rebalance to its largest fleet, 100, at the end.",
            "minimum-1's trace was too long to be kept whole: it begins after 1.00 min.",
        ];
        assert_eq!(Summary::of(&outcome).notes, expected);
    }

    #[test]
    fn invocations_that_run_are_averaged_until_the_lag_was_gone() {
        let mut outcome = example::small();
        let cases = [
            (
                RunEnding::Drained(Duration::from_millis(1_500)),
                (0.75 + 0.5) / 1.5,
            ),
            (RunEnding::Drained(Duration::from_secs(1)), 0.75),
            (RunEnding::KeptUp, 0.625),
        ];
        for (ending, mean) in cases {
            outcome.variants[0].ending = ending;
            assert_eq!(mean_running(&outcome.variants[0]), mean);
        }
        assert_eq!(mean_running(&example::blank("blank")), 0.0);
    }

    #[test]
    fn a_steady_workload_that_keeps_up_is_no_fault() {
        let mut outcome = example::small();
        outcome.variants[1].ending = RunEnding::KeptUp;
        let summary = Summary::of(&outcome);
        assert_eq!(summary.tables[0].rows[1].cells[0], "kept up");
        assert_eq!(summary.notes, [""; 0]);
    }
}
