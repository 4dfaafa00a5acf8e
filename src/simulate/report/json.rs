//! The outcome as JSON, with its inputs and traces. Member names are an interface and never change.

use crate::simulate::{RunEnding, SimulationOutcome, VariantOutcome};
use esmeralda_esm::trace::Trace;
use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};
use serde_json::{Map, Value};
use std::io::{self, Write};
use std::time::Duration;

/// The deepest level that is broken into lines; buckets, evaluations and rebalances are nested deeper.
// Broken into lines at every level, a run of twenty minutes would have 70,000 of them.
const DEEPEST_BROKEN: usize = 5;

/// The most buckets of all variants together, unless the whole trace is asked for, and the most evaluations. A bucket is a line of about 600
/// bytes, an evaluation one of 300, so that a day of simulated time stays below 2 MB.
const MOST_BUCKETS: usize = 2_400;
const MOST_EVALUATIONS: usize = 1_200;

/// The detail of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReportDetail {
    /// Neighbouring buckets are put together, and evaluations that repeat the one before are left out, as far as it takes to keep the report
    /// of a day below 2 MB.
    #[default]
    Short,
    /// Every bucket and every evaluation.
    Whole,
}

#[derive(Serialize)]
struct ReportJson<'a> {
    title: &'a str,
    profile: &'a str,
    seed: u64,
    inputs: &'a Value,
    variants: Vec<VariantJson<'a>>,
}

#[derive(Serialize)]
struct VariantJson<'a> {
    name: &'a str,
    minimum_pollers: Option<u32>,
    maximum_pollers: Option<u32>,
    mapping: &'a Map<String, Value>,
    drained_in_s: Option<f64>,
    kept_up: bool,
    longest_wait_s: f64,
    peak_lag: u64,
    full_concurrency_after_s: Option<f64>,
    records: u64,
    invocations: u64,
    invocation_errors: u64,
    throttles: u64,
    billed_ms: u64,
    payload_bytes: u64,
    digest: Option<&'a str>,
    largest_fleet: usize,
    event_poller_unit_hours: f64,
    cost_usd: f64,
    invocations_usd: f64,
    replicas_usd: Option<f64>,
    total_usd: Option<f64>,
    limits: Vec<String>,
    published: Option<PublishedJson>,
    waits_s: Vec<f64>,
    trace: Trace,
}

#[derive(Serialize)]
struct PublishedJson {
    drained_in_minutes: f64,
    full_concurrency_after_minutes: f64,
}

/// Returns the outcome as JSON, with the inputs and with how long records waited in each bucket. The same outcome gives the same bytes. Each bucket, evaluation and rebalance is one line, so that two
/// reports can be compared line by line. A missing value is `null`.
pub fn json(outcome: &SimulationOutcome, detail: ReportDetail) -> String {
    let report = ReportJson {
        title: &outcome.title,
        profile: &outcome.profile,
        seed: outcome.seed,
        inputs: &outcome.inputs,
        variants: outcome
            .variants
            .iter()
            .map(|one| variant(one, outcome.variants.len(), detail))
            .collect(),
    };
    written(&report, DEEPEST_BROKEN)
}

/// Writes a report as JSON. Containers nested deeper than `deepest_broken` are written in one line.
pub(in crate::simulate) fn written(report: &impl Serialize, deepest_broken: usize) -> String {
    let mut bytes = Vec::new();
    let lines = LineFormatter {
        deepest_broken,
        depth: 0,
        has_value: false,
    };
    let mut serializer = Serializer::with_formatter(&mut bytes, lines);
    // All keys are strings, and writing to a Vec cannot fail.
    report.serialize(&mut serializer).expect("a report is JSON");
    bytes.push(b'\n');
    String::from_utf8(bytes).expect("JSON is UTF-8")
}

fn variant(variant: &VariantOutcome, variants: usize, detail: ReportDetail) -> VariantJson<'_> {
    let seconds = |time: Option<Duration>| time.map(|time| time.as_secs_f64());
    let trace = match detail {
        ReportDetail::Short => variant
            .trace
            .shortened(MOST_BUCKETS / variants, MOST_EVALUATIONS / variants),
        ReportDetail::Whole => variant.trace.clone(),
    };
    VariantJson {
        name: &variant.name,
        minimum_pollers: variant.bounds.map(|bounds| bounds.minimum),
        maximum_pollers: variant.bounds.map(|bounds| bounds.maximum),
        mapping: &variant.members,
        drained_in_s: match variant.ending {
            RunEnding::Drained(time) => Some(time.as_secs_f64()),
            _ => None,
        },
        kept_up: variant.ending == RunEnding::KeptUp,
        longest_wait_s: variant.longest_wait.as_secs_f64(),
        peak_lag: variant.peak_lag,
        full_concurrency_after_s: seconds(variant.full_concurrency_after),
        records: variant.records,
        invocations: variant.invocations,
        invocation_errors: variant.invocation_errors,
        throttles: variant.throttles,
        billed_ms: variant.billed_ms,
        payload_bytes: variant.payload_bytes,
        digest: variant.digest.as_deref(),
        largest_fleet: variant.trace.largest_fleet(),
        event_poller_unit_hours: variant.trace.event_poller_unit_hours,
        cost_usd: variant.trace.cost_usd,
        invocations_usd: variant.invocations_usd,
        replicas_usd: variant.replicas_usd,
        total_usd: variant.total_usd(),
        limits: variant.limits.iter().map(ToString::to_string).collect(),
        published: variant.published.map(|published| PublishedJson {
            drained_in_minutes: published.drained_in_minutes,
            full_concurrency_after_minutes: published.full_concurrency_after_minutes,
        }),
        waits_s: trace.waits().iter().map(Duration::as_secs_f64).collect(),
        trace,
    }
}

/// A formatter that indents down to a depth and writes deeper containers in one line.
struct LineFormatter {
    deepest_broken: usize,
    depth: usize,
    has_value: bool,
}

impl LineFormatter {
    fn begin<W: ?Sized + Write>(&mut self, writer: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.depth += 1;
        self.has_value = false;
        writer.write_all(bracket)
    }

    fn end<W: ?Sized + Write>(&mut self, writer: &mut W, bracket: &[u8]) -> io::Result<()> {
        let is_broken = self.depth <= self.deepest_broken && self.has_value;
        self.depth -= 1;
        if is_broken {
            self.break_line(writer)?;
        }
        writer.write_all(bracket)
    }

    fn separate<W: ?Sized + Write>(&mut self, writer: &mut W, is_first: bool) -> io::Result<()> {
        if !is_first {
            writer.write_all(b",")?;
        }
        if self.depth <= self.deepest_broken {
            self.break_line(writer)
        } else if is_first {
            Ok(())
        } else {
            writer.write_all(b" ")
        }
    }

    fn break_line<W: ?Sized + Write>(&self, writer: &mut W) -> io::Result<()> {
        write!(writer, "\n{:1$}", "", 2 * self.depth)
    }
}

impl Formatter for LineFormatter {
    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.begin(writer, b"[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.end(writer, b"]")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.separate(writer, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, _writer: &mut W) -> io::Result<()> {
        self.has_value = true;
        Ok(())
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.begin(writer, b"{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.end(writer, b"}")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.separate(writer, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, _writer: &mut W) -> io::Result<()> {
        self.has_value = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::report::example;

    #[test]
    fn a_report_is_exactly_this() {
        let expected = include_str!("expected/small.json");
        assert_eq!(json(&example::small(), ReportDetail::Short), expected);
    }

    #[test]
    fn an_outcome_without_variants_has_a_report() {
        let outcome = SimulationOutcome {
            variants: Vec::new(),
            ..example::small()
        };
        let expected = "{\n  \"title\": \"A \\\"small\\\" <run>\",\n  \"profile\": \"current\",\n  \"seed\": 7,\n  \"inputs\": {\n    \"run_for_s\": null\n  },\n  \"variants\": []\n}\n";
        assert_eq!(json(&outcome, ReportDetail::Whole), expected);
    }

    #[test]
    fn the_published_runs_have_one_line_per_bucket() {
        let outcome = example::published_runs();
        let report = json(&outcome, ReportDetail::Whole);
        assert_eq!(report, json(&outcome, ReportDetail::Whole));
        let buckets = report
            .lines()
            .filter(|line| line.contains("\"in_flight_mean\""))
            .count();
        let expected: usize = outcome
            .variants
            .iter()
            .map(|variant| variant.trace.buckets.len())
            .sum();
        assert_eq!(buckets, expected);
        let read: serde_json::Value = serde_json::from_str(&report).expect("valid JSON");
        let names: Vec<_> = (0..4)
            .map(|index| read["variants"][index]["name"].as_str())
            .collect();
        let expected = ["on-demand", "minimum-1", "minimum-10", "minimum-100"];
        assert_eq!(names, expected.map(Some));
        assert_eq!(read["variants"][0]["minimum_pollers"], serde_json::Value::Null);
        assert_eq!(read["variants"][3]["published"]["drained_in_minutes"], 6.0);
    }
}
