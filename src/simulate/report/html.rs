//! The HTML page: one file, which fetches nothing and needs no script.

mod decisions;
mod figures;
mod scales;
mod tables;

use super::summary::Summary;
use super::svg::Escaped;
use crate::simulate::{SimulationOutcome, VariantOutcome};
use scales::Scales;
use std::fmt::{self, Display, Write};

/// Numbers of colours and dash patterns in `page.css`. Variants differ in colour and, after the last colour, in dashes.
// The six stay apart also for eyes without red, green or blue cones, on light and on dark ground.
const COLOURS: usize = 6;
const DASHES: usize = 3;

/// Returns the outcome as one page of HTML: the table, the lag of all variants in one figure, and for each variant its figures on the same
/// time scale, its evaluations and its rebalances. The same outcome gives the same bytes.
pub fn html(outcome: &SimulationOutcome) -> String {
    let mut page = String::new();
    // Writing to a String cannot fail.
    let _ = write_page(&mut page, outcome);
    page
}

fn write_page(page: &mut String, outcome: &SimulationOutcome) -> fmt::Result {
    let summary = Summary::of(outcome);
    let scales = Scales::of(outcome, summary.unit);
    let title = Escaped(&outcome.title);
    write!(
        page,
        r#"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
{}</style>
</head>
<body>
<header>
<h1>{title}</h1>
<p>Simulated by Esmeralda in virtual time. Profile {}, seed {}.</p>
</header>
<main>
"#,
        include_str!("html/page.css"),
        Escaped(&outcome.profile),
        outcome.seed
    )?;
    tables::write_summary(page, outcome, &summary)?;
    tables::write_comparison(page, outcome)?;
    figures::write_overview(page, outcome, &scales, &summary)?;
    for (index, variant) in outcome.variants.iter().enumerate() {
        write_variant(page, index, variant, &scales)?;
    }
    tables::write_inputs(page, outcome)?;
    page.write_str("</main>\n</body>\n</html>\n")
}

fn write_variant(page: &mut String, index: usize, variant: &VariantOutcome, scales: &Scales) -> fmt::Result {
    writeln!(page, r#"<section class="s{}">"#, index % COLOURS)?;
    writeln!(page, "<h2>{}{}</h2>", swatch(index), Escaped(&variant.name))?;
    tables::write_facts(page, variant)?;
    figures::write_figures(page, variant, scales)?;
    decisions::write_evaluations(page, variant, scales.unit)?;
    decisions::write_rebalances(page, variant, scales.unit)?;
    writeln!(page, "</section>")
}

/// Returns the CSS classes of a variant's line: its colour and its dashes.
fn look(index: usize) -> String {
    format!("s{} d{}", index % COLOURS, index / COLOURS % DASHES)
}

/// Returns a short piece of a variant's line, for the legend.
fn swatch(index: usize) -> impl Display {
    format!(
        r#"<svg class="swatch" width="26" height="10" aria-hidden="true"><line class="line {}" x1="0" x2="26" y1="5" y2="5"/></svg>"#,
        look(index)
    )
}

#[cfg(test)]
mod tests;
