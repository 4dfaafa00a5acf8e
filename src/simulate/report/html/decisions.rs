//! The evaluations and rebalances of a variant.

use crate::simulate::VariantOutcome;
use crate::simulate::report::quantity::{TimeUnit, si, thousands};
use crate::simulate::report::summary::NONE;
use esmeralda_esm::trace::RebalanceCause;
use esmeralda_esm::trace::{Cap, Decision};
use std::fmt::{self, Write};

/// Writes a collapsed table of the evaluations with their reasons.
pub(super) fn write_evaluations(page: &mut String, variant: &VariantOutcome, unit: TimeUnit) -> fmt::Result {
    let evaluations = &variant.trace.evaluations;
    if evaluations.is_empty() {
        return Ok(());
    }
    let changes = evaluations
        .iter()
        .filter(|decision| decision.to != decision.from)
        .count();
    let summary = format!(
        "{}, {} with a change",
        counted(evaluations.len(), "evaluation"),
        changes
    );
    let at = format!("at, {}", unit.symbol());
    let headings = [
        at.as_str(),
        "pollers",
        "wanted",
        "reason",
        "capped by",
        "OffsetLag",
        "arriving/s",
        "per slot/s",
        "slots per poller",
        "throttled",
    ];
    write_folded(
        page,
        &summary,
        &headings,
        evaluations.iter().map(|decision| evaluation(decision, unit)),
    )
}

/// Writes a collapsed table of the rebalances.
pub(super) fn write_rebalances(page: &mut String, variant: &VariantOutcome, unit: TimeUnit) -> fmt::Result {
    let rebalances = &variant.trace.rebalances;
    if rebalances.is_empty() {
        return Ok(());
    }
    let decided = format!("decided at, {}", unit.symbol());
    let ended = format!("ended at, {}", unit.symbol());
    let headings = [decided.as_str(), ended.as_str(), "pause, s", "pollers", "cause"];
    let rows = rebalances.iter().map(|rebalance| {
        let pause = rebalance
            .ended_at
            .map(|ended| ended.saturating_sub(rebalance.decided_at));
        [
            unit.figure(rebalance.decided_at),
            rebalance
                .ended_at
                .map_or(String::from("not over"), |ended| unit.figure(ended)),
            pause.map_or(NONE.to_owned(), |pause| TimeUnit::Seconds.figure(pause)),
            change(rebalance.from, rebalance.to),
            cause(rebalance.cause).to_owned(),
        ]
    });
    write_folded(page, &counted(rebalances.len(), "rebalance"), &headings, rows)
}

/// Writes a collapsed table under `summary`. No cell needs escaping.
fn write_folded<const COLUMNS: usize>(
    page: &mut String,
    summary: &str,
    headings: &[&str; COLUMNS],
    rows: impl Iterator<Item = [String; COLUMNS]>,
) -> fmt::Result {
    writeln!(
        page,
        "<details>\n<summary>{summary}</summary>\n<div class=\"scroll\">\n<table>\n<thead>"
    )?;
    page.write_str("<tr>")?;
    for heading in headings {
        write!(page, "<th scope=\"col\">{heading}</th>")?;
    }
    page.write_str("</tr>\n</thead>\n<tbody>\n")?;
    for row in rows {
        page.write_str("<tr>")?;
        for cell in row {
            write!(page, "<td>{cell}</td>")?;
        }
        page.write_str("</tr>\n")?;
    }
    writeln!(page, "</tbody>\n</table>\n</div>\n</details>")
}

fn evaluation(decision: &Decision, unit: TimeUnit) -> [String; 10] {
    let optional = |figure: Option<f64>| figure.map_or(NONE.to_owned(), si);
    [
        unit.figure(decision.at),
        change(decision.from, decision.to),
        decision
            .raw_target
            .map_or(NONE.to_owned(), |target| thousands(target as u64)),
        decision.reason.words().to_owned(),
        decision.capped_by.map_or(NONE, cap).to_owned(),
        thousands(decision.lag),
        si(decision.arrival_per_s),
        optional(decision.slot_per_s),
        optional(decision.slots_per_poller),
        format!("{:.0} %", decision.throttled_share * 100.0),
    ]
}

fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {what}{plural}", thousands(count as u64))
}

fn change(from: usize, to: usize) -> String {
    if from == to {
        format!("{from} unchanged")
    } else {
        format!("{from} → {to}")
    }
}

fn cap(cap: Cap) -> &'static str {
    match cap {
        Cap::Maximum => "the maximum",
        Cap::Partitions => "the partitions",
        Cap::Minimum => "the minimum",
        Cap::Step => "the step",
    }
}

fn cause(cause: RebalanceCause) -> &'static str {
    match cause {
        RebalanceCause::Evaluation => "an evaluation",
        RebalanceCause::Bounds => "new bounds, mode or partitions",
        RebalanceCause::LostPollers => "lost pollers",
    }
}
