//! The figures that the table and the page show alike, as text.

use super::quantity::{TimeUnit, count, signed, thousands, trimmed};
use crate::simulate::{Published, SimulationOutcome, VariantOutcome};
use std::time::Duration;

/// What stands in for a figure that there is none of.
pub(super) const NONE: &str = "-";

/// Said wherever published figures are shown.
pub(super) const CAVEAT: &str = "AWS published eight numbers for this workload, rounded to whole minutes. \
    Eight rounded numbers do not pin the profile's constants down: other sets of constants fit about as well.";

/// The heading of a column.
pub(super) struct Heading {
    /// In lines, as narrow as can be.
    pub(super) lines: [&'static str; 3],
    /// In full.
    pub(super) full: String,
}

/// All variants in figures.
pub(super) struct Summary<'a> {
    /// What times are in.
    pub(super) unit: TimeUnit,
    /// Of the cells of a row.
    pub(super) headings: [Heading; 8],
    /// Of the outcome's variants, in order.
    pub(super) rows: Vec<Row<'a>>,
    /// What a figure alone does not say, in sentences.
    pub(super) notes: Vec<String>,
}

/// One variant in figures.
pub(super) struct Row<'a> {
    /// As the scenario has it.
    pub(super) name: &'a str,
    /// One for each heading.
    pub(super) cells: [String; 8],
}

impl<'a> Summary<'a> {
    /// Of all variants of `outcome`.
    pub(super) fn of(outcome: &'a SimulationOutcome) -> Self {
        let unit = unit(outcome);
        Self {
            unit,
            headings: headings(unit),
            rows: outcome
                .variants
                .iter()
                .map(|variant| row(variant, unit))
                .collect(),
            notes: outcome
                .variants
                .iter()
                .flat_map(|variant| notes(variant, unit))
                .collect(),
        }
    }
}

/// Published times are in minutes, and what is compared with them too.
fn unit(outcome: &SimulationOutcome) -> TimeUnit {
    let variants = || outcome.variants.iter();
    if variants().any(|variant| variant.published.is_some()) {
        return TimeUnit::Minutes;
    }
    let times = variants().flat_map(|variant| [variant.drained_in, variant.full_concurrency_after]);
    let ends = variants().map(|variant| variant.trace.end());
    TimeUnit::of_figures(times.flatten().chain(ends).max().unwrap_or_default())
}

fn headings(unit: TimeUnit) -> [Heading; 8] {
    let symbol = unit.symbol();
    [
        (["drained", "in", symbol], format!("drained in, {symbol}")),
        (
            ["full", "after", symbol],
            format!("full concurrency after, {symbol}"),
        ),
        (["largest", "fleet", ""], String::from("largest fleet")),
        (["invo-", "cations", ""], String::from("invocations")),
        (["mean in", "flight", ""], String::from("batches in flight, mean")),
        (
            ["most in", "flight", ""],
            String::from("batches in flight, maximum"),
        ),
        (["unit", "hours", ""], String::from("event poller unit hours")),
        (["cost", "", "USD"], String::from("cost, USD")),
    ]
    .map(|(lines, full)| Heading { lines, full })
}

fn row(variant: &VariantOutcome, unit: TimeUnit) -> Row<'_> {
    let trace = &variant.trace;
    let time = |time: Option<Duration>| time.map_or(NONE.to_owned(), |time| unit.figure(time));
    // On-demand mode is not billed by event poller units, which is not the same as costing nothing.
    let billed = |text: String| variant.bounds.map_or(NONE.to_owned(), |_| text);
    let most = trace.buckets.iter().map(|bucket| bucket.in_flight_max).max();
    Row {
        name: &variant.name,
        cells: [
            time(variant.drained_in),
            time(variant.full_concurrency_after),
            thousands(trace.largest_fleet() as u64),
            count(variant.invocations),
            format!("{:.1}", mean_in_flight(variant)),
            thousands(most.unwrap_or(0) as u64),
            billed(format!("{:.3}", trace.event_poller_unit_hours)),
            billed(format!("{:.4}", trace.cost_usd)),
        ],
    }
}

/// Batches in flight on average, until the lag was gone; what comes after has nothing to do.
fn mean_in_flight(variant: &VariantOutcome) -> f64 {
    let end = variant.drained_in.unwrap_or(Duration::MAX);
    let (mut busy_s, mut seconds) = (0.0, 0.0);
    for bucket in variant.trace.buckets.iter().filter(|bucket| bucket.start < end) {
        busy_s += bucket.in_flight_mean * bucket.length.as_secs_f64();
        seconds += bucket.length.min(end - bucket.start).as_secs_f64();
    }
    if seconds > 0.0 { busy_s / seconds } else { 0.0 }
}

fn notes(variant: &VariantOutcome, unit: TimeUnit) -> Vec<String> {
    let (name, trace) = (&variant.name, &variant.trace);
    let mut notes = Vec::new();
    if variant.drained_in.is_none() {
        let left = trace.buckets.last().map_or(String::new(), |bucket| {
            let after = unit.text(trace.end());
            format!(": after {after} a lag of {} is left", thousands(bucket.lag))
        });
        notes.push(format!("{name} did not drain{left}."));
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
pub(super) struct Compared {
    /// Ours.
    pub(super) simulated: String,
    /// Theirs.
    pub(super) published: String,
    /// By how much ours is more.
    pub(super) deviation: String,
}

/// One variant beside the announcement's row.
#[derive(Debug, PartialEq)]
pub(super) struct Comparison<'a> {
    /// As the scenario has it.
    pub(super) name: &'a str,
    /// Until the backlog was drained; the deviation is in percent.
    pub(super) drained: Compared,
    /// Until full concurrency; the deviation is in minutes, for one of the published figures is zero.
    pub(super) full: Compared,
    /// How much sooner than the first variant it drained.
    pub(super) improvement: String,
    /// The same of the published figures.
    pub(super) published_improvement: String,
}

/// The variants of which figures were published.
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

fn drained(variant: &VariantOutcome, published: &Published) -> Compared {
    let theirs = published.drained_in_minutes;
    let deviation = |ours: f64| match theirs > 0.0 {
        true => format!("{} %", signed((ours / theirs - 1.0) * 100.0, 1)),
        false => NONE.to_owned(),
    };
    compared(minutes(variant.drained_in), theirs, &deviation)
}

fn full(variant: &VariantOutcome, published: &Published) -> Compared {
    let theirs = published.full_concurrency_after_minutes;
    let deviation = |ours: f64| format!("{} min", signed(ours - theirs, 2));
    compared(minutes(variant.full_concurrency_after), theirs, &deviation)
}

fn compared(ours: Option<f64>, theirs: f64, deviation: &dyn Fn(f64) -> String) -> Compared {
    Compared {
        simulated: ours.map_or(NONE.to_owned(), |ours| format!("{ours:.2} min")),
        published: format!("{} min", trimmed(theirs, 2)),
        deviation: ours.map_or(NONE.to_owned(), deviation),
    }
}

/// As the announcement has it: 45 % is draining in 11 minutes instead of 20.
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
    use crate::simulate::report::example;

    fn compared(simulated: &str, published: &str, deviation: &str) -> Compared {
        Compared {
            simulated: simulated.to_owned(),
            published: published.to_owned(),
            deviation: deviation.to_owned(),
        }
    }

    #[test]
    fn what_did_not_drain_has_no_deviation_and_no_improvement() {
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
    fn notes_say_what_figures_do_not() {
        let mut outcome = example::published_runs();
        let variant = &mut outcome.variants[1];
        variant.trace.buckets.drain(..60);
        variant.trace.buckets.truncate(60);
        variant.trace.is_complete = false;
        (variant.drained_in, variant.full_concurrency_after) = (None, None);
        let expected = [
            "minimum-1 did not drain: after 2.00 min a lag of 19,949,997 is left.",
            "minimum-1 was still in the rebalance to its largest fleet, 100, at the end.",
            "minimum-1's trace was too long to be kept whole: it begins after 1.00 min.",
        ];
        assert_eq!(Summary::of(&outcome).notes, expected);
    }

    #[test]
    fn batches_in_flight_are_averaged_until_the_lag_was_gone() {
        let mut outcome = example::small();
        let cases = [
            (Some(1_500), (0.75 + 0.5) / 1.5),
            (Some(1_000), 0.75),
            (None, 0.625),
        ];
        for (drained_ms, mean) in cases {
            outcome.variants[0].drained_in = drained_ms.map(Duration::from_millis);
            assert_eq!(mean_in_flight(&outcome.variants[0]), mean);
        }
        assert_eq!(mean_in_flight(&example::blank("blank")), 0.0);
    }
}
