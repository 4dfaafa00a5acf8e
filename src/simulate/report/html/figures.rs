//! The figures: the lag of all variants in one figure, and the figures of each variant.

use super::scales::{Scales, lag_at_start};
use super::{look, swatch};
use crate::simulate::report::quantity::thousands;
use crate::simulate::report::summary::Summary;
use crate::simulate::report::svg::{
    Chart, ChartPoint, ChartSpan, Escaped, Layer, Mark, Shade, ValueAxis, line, merged, steps,
};
use crate::simulate::{PollerBounds, RunEnding, SimulationOutcome, VariantOutcome};
use esmeralda_esm::trace::Bucket;
use std::fmt::{self, Write};
use std::time::Duration;

/// Heights of plots, in pixels.
const LARGE: u32 = 220;
const SMALL: u32 = 96;

/// The least distance, as a share of the axis, at which two bounds have room for a text each.
const BOUND_GAP: f64 = 0.18;

/// Writes the figure with the lag of all variants.
pub(super) fn write_overview(
    page: &mut String,
    outcome: &SimulationOutcome,
    scales: &Scales,
    summary: &Summary<'_>,
) -> fmt::Result {
    if outcome.variants.is_empty() {
        return Ok(());
    }
    page.write_str("<h2>All variants</h2>\n<ul class=\"legend\">\n")?;
    for (index, variant) in outcome.variants.iter().enumerate() {
        let drained = match variant.ending {
            RunEnding::Behind | RunEnding::Stopped => String::from("not drained"),
            RunEnding::KeptUp => String::from("kept up"),
            RunEnding::Drained(time) => format!("drained in {}", summary.unit.text(time)),
        };
        let name = Escaped(&variant.name);
        writeln!(
            page,
            "<li>{}{name} <span class=\"aside\">{drained}</span></li>",
            swatch(index)
        )?;
    }
    page.write_str("</ul>\n")?;
    let lines = outcome.variants.iter().enumerate();
    let layers = lines.map(|(index, variant)| Layer::Line {
        class: format!("line {}", look(index)),
        points: lag(variant),
    });
    let chart = Chart {
        label: String::from("OffsetLag of all variants over time"),
        height: LARGE,
        time: &scales.time,
        values: &scales.lag,
        shades: Vec::new(),
        layers: layers.collect(),
        marks: Vec::new(),
    };
    write_figure(
        page,
        "OffsetLag",
        "records not yet committed, all partitions together",
        &chart,
    )
}

/// Writes the figures of a variant over time: executions first, as in the announcement.
pub(super) fn write_figures(page: &mut String, variant: &VariantOutcome, scales: &Scales) -> fmt::Result {
    if variant.trace.buckets.is_empty() {
        return writeln!(page, "<p class=\"note\">Nothing was recorded.</p>");
    }
    let figures = VariantFigures {
        variant,
        scales,
        shades: shades(variant, scales),
    };
    let mut executions = figures.chart(
        "Concurrent executions",
        LARGE,
        &scales.executions,
        executions(variant),
    );
    executions.marks = marks(variant, scales);
    write_figure(
        page,
        "Concurrent executions",
        "invocations that run: mean, and a band up to the maximum; rebalances are shaded",
        &executions,
    )?;
    let lag = vec![own_line(lag(variant))];
    let lag = figures.chart("OffsetLag", SMALL, &scales.lag, lag);
    write_figure(page, "OffsetLag", "records", &lag)?;
    let pollers = figures.chart("Event pollers", SMALL, &scales.pollers, pollers(variant, scales));
    write_figure(page, "Event pollers", &pollers_aside(variant, scales), &pollers)?;
    let waits = figures.chart(
        "Longest wait",
        SMALL,
        &scales.wait,
        vec![own_line(waits(variant))],
    );
    write_figure(
        page,
        "Longest wait",
        "seconds that the oldest record had waited",
        &waits,
    )?;
    let idle = figures.chart("Not running", SMALL, &scales.not_running, not_running(variant));
    write_figure(
        page,
        "Not running",
        "batches in the overhead of an invocation (line), throttled (dashed), and waiting for their next attempt (dotted), mean",
        &idle,
    )?;
    let throughput = vec![own_line(levels(variant, Bucket::records_per_s))];
    let throughput = figures.chart("Throughput", SMALL, &scales.throughput, throughput);
    write_figure(page, "Throughput", "records/s", &throughput)
}

fn write_figure(page: &mut String, caption: &str, aside: &str, chart: &Chart<'_>) -> fmt::Result {
    writeln!(
        page,
        "<figure>\n<figcaption><b>{caption}</b> <span class=\"aside\">{}</span></figcaption>\n{chart}</figure>",
        Escaped(aside)
    )
}

/// The parts that all figures of a variant share.
struct VariantFigures<'a> {
    variant: &'a VariantOutcome,
    scales: &'a Scales,
    shades: Vec<Shade>,
}

impl<'a> VariantFigures<'a> {
    fn chart(&self, what: &str, height: u32, values: &'a ValueAxis, layers: Vec<Layer>) -> Chart<'a> {
        let drained = self.variant.drained_in.map(|drained| Mark {
            at_s: drained.as_secs_f64(),
            text: None,
        });
        Chart {
            label: format!("{what} of {} over time", self.variant.name),
            height,
            time: &self.scales.time,
            values,
            shades: self.shades.clone(),
            layers,
            marks: drained.into_iter().collect(),
        }
    }
}

/// Returns marks at the two times that AWS publishes: full concurrency and drained.
fn marks(variant: &VariantOutcome, scales: &Scales) -> Vec<Mark> {
    let mark = |time: Option<Duration>, what: &str, at_once: &str| {
        let time = time?;
        let text = match time {
            Duration::ZERO => at_once.to_owned(),
            time => format!("{what} {}", scales.unit.text(time)),
        };
        Some(Mark {
            at_s: time.as_secs_f64(),
            text: Some(text),
        })
    };
    let full = mark(variant.full_concurrency_after, "full after", "full at once");
    let drained = mark(variant.drained_in, "drained in", "nothing to drain");
    full.into_iter().chain(drained).collect()
}

fn shades(variant: &VariantOutcome, scales: &Scales) -> Vec<Shade> {
    let end = variant.trace.end();
    let shade = |rebalance: &esmeralda_esm::trace::Rebalance| {
        let ended = rebalance.ended_at.unwrap_or(end).max(rebalance.decided_at);
        Shade {
            start_s: rebalance.decided_at.as_secs_f64(),
            end_s: ended.as_secs_f64(),
            title: format!(
                "rebalance from {} to {} pollers, {} to {}",
                rebalance.from,
                rebalance.to,
                scales.unit.figure(rebalance.decided_at),
                scales.unit.text(ended)
            ),
        }
    };
    merged(variant.trace.rebalances.iter().map(shade).collect(), &scales.time)
}

fn executions(variant: &VariantOutcome) -> Vec<Layer> {
    let mean = levels(variant, |bucket| bucket.running_mean);
    let most = levels(variant, |bucket| bucket.running_max as f64);
    vec![
        Layer::Band {
            lower: mean.clone(),
            upper: most,
        },
        own_line(mean),
    ]
}

/// Returns the lines of batches that occupy a poller or wait, and do not run.
fn not_running(variant: &VariantOutcome) -> Vec<Layer> {
    let lines: [fn(&Bucket) -> f64; 3] = [
        |bucket| bucket.overhead_mean,
        |bucket| bucket.throttled_mean,
        |bucket| bucket.waiting_mean,
    ];
    let line = |(dashes, value): (usize, fn(&Bucket) -> f64)| Layer::Line {
        class: format!("line d{dashes}"),
        points: levels(variant, value),
    };
    lines.into_iter().enumerate().map(line).collect()
}

/// Returns the line of the waits of records, one step per bucket.
fn waits(variant: &VariantOutcome) -> Vec<ChartPoint> {
    let waits = variant.trace.waits();
    steps(
        variant
            .trace
            .buckets
            .iter()
            .zip(waits)
            .map(|(bucket, wait)| ChartSpan {
                start_s: bucket.start.as_secs_f64(),
                end_s: (bucket.start + bucket.length).as_secs_f64(),
                value: wait.as_secs_f64(),
            }),
    )
}

fn pollers(variant: &VariantOutcome, scales: &Scales) -> Vec<Layer> {
    let mut layers = vec![own_line(levels(variant, |bucket| bucket.pollers as f64))];
    let Some(PollerBounds { minimum, maximum }) = variant.bounds else {
        return layers;
    };
    let share = |bound: u32| scales.pollers.share(bound.into());
    let is_near = scales.shows(maximum) && share(maximum) - share(minimum) < BOUND_GAP;
    // Bounds that are near to each other have room for only one text.
    let (lower, upper) = if !is_near {
        (Some(format!("minimum {minimum}")), format!("maximum {maximum}"))
    } else if minimum == maximum {
        (None, format!("minimum and maximum {maximum}"))
    } else {
        (None, format!("minimum {minimum}, maximum {maximum}"))
    };
    for (bound, text) in [(minimum, lower), (maximum, Some(upper))] {
        if scales.shows(bound) {
            let value = f64::from(bound);
            layers.push(Layer::Bound { value, text });
        }
    }
    layers
}

fn pollers_aside(variant: &VariantOutcome, scales: &Scales) -> String {
    match variant.bounds {
        None => String::from("those in a rebalance included"),
        Some(bounds) if scales.shows(bounds.maximum) => {
            String::from("those in a rebalance included; bounds are dashed")
        }
        Some(bounds) => format!(
            "those in a rebalance included; the maximum, {}, is beyond the figure",
            thousands(bounds.maximum.into())
        ),
    }
}

fn own_line(points: Vec<ChartPoint>) -> Layer {
    let class = String::from("line");
    Layer::Line { class, points }
}

/// Returns a line with one step per bucket.
fn levels(variant: &VariantOutcome, value: impl Fn(&Bucket) -> f64) -> Vec<ChartPoint> {
    steps(variant.trace.buckets.iter().map(|bucket| ChartSpan {
        start_s: bucket.start.as_secs_f64(),
        end_s: (bucket.start + bucket.length).as_secs_f64(),
        value: value(bucket),
    }))
}

/// Returns the line of the lag, from the start of the first bucket to the end of each bucket.
fn lag(variant: &VariantOutcome) -> Vec<ChartPoint> {
    let buckets = &variant.trace.buckets;
    let point = |at: Duration, lag: u64| ChartPoint {
        at_s: at.as_secs_f64(),
        value: lag as f64,
    };
    let first = buckets
        .first()
        .map(|bucket| point(bucket.start, lag_at_start(variant)));
    let others = buckets
        .iter()
        .map(|bucket| point(bucket.start + bucket.length, bucket.lag));
    line(first.into_iter().chain(others).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::report::example;
    use crate::simulate::report::quantity::TimeUnit;

    #[test]
    fn bounds_have_a_text_each_if_there_is_room() {
        let mut outcome = example::published_runs();
        let scales = Scales::of(&outcome, TimeUnit::Minutes);
        let cases = [
            (
                1,
                200,
                vec![(1.0, Some("minimum 1")), (200.0, Some("maximum 200"))],
            ),
            (
                110,
                120,
                vec![(110.0, None), (120.0, Some("minimum 110, maximum 120"))],
            ),
            (
                100,
                100,
                vec![(100.0, None), (100.0, Some("minimum and maximum 100"))],
            ),
            (190, 2_000, vec![(190.0, Some("minimum 190"))]),
        ];
        for (minimum, maximum, expected) in cases {
            outcome.variants[1].bounds = Some(PollerBounds { minimum, maximum });
            let layers = pollers(&outcome.variants[1], &scales);
            let bounds: Vec<_> = layers
                .iter()
                .filter_map(|layer| match layer {
                    Layer::Bound { value, text } => Some((*value, text.as_deref())),
                    _ => None,
                })
                .collect();
            assert_eq!(bounds, expected);
        }
    }

    #[test]
    fn the_line_of_the_lag_begins_with_the_lag_at_the_start() {
        let outcome = example::small();
        let points: Vec<_> = lag(&outcome.variants[0])
            .iter()
            .map(|point| (point.at_s, point.value))
            .collect();
        assert_eq!(points, [(0.0, 300.0), (1.0, 200.0), (2.0, 0.0)]);
    }
}
