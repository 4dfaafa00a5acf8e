//! The tables of figures, and one sentence about each variant.

use crate::simulate::report::json::written;
use crate::simulate::report::quantity::{si, thousands};
use crate::simulate::report::summary::{CAVEAT, ComparedFigure, Summary, comparison};
use crate::simulate::report::svg::Escaped;
use crate::simulate::{SimulationOutcome, VariantOutcome};
use serde_json::Value;
use std::fmt::{self, Write};

/// The deepest level of the inputs that is broken into lines.
const DEEPEST_BROKEN_INPUT: usize = 3;

/// Writes the tables that the terminal shows, too.
pub(super) fn write_summary(
    page: &mut String,
    outcome: &SimulationOutcome,
    summary: &Summary<'_>,
) -> fmt::Result {
    for table in &summary.tables {
        page.write_str("<div class=\"scroll\">\n<table>\n<thead>\n<tr><th scope=\"col\">variant</th><th scope=\"col\">pollers</th>")?;
        for heading in &table.headings {
            write!(page, "<th scope=\"col\">{}</th>", heading.full)?;
        }
        page.write_str("</tr>\n</thead>\n<tbody>\n")?;
        for (row, variant) in table.rows.iter().zip(&outcome.variants) {
            let pollers = pollers(variant);
            write!(
                page,
                "<tr><th scope=\"row\">{}</th><td>{pollers}</td>",
                Escaped(row.name)
            )?;
            for cell in &row.cells {
                write!(page, "<td>{cell}</td>")?;
            }
            page.write_str("</tr>\n")?;
        }
        page.write_str("</tbody>\n</table>\n</div>\n")?;
    }
    for note in &summary.notes {
        writeln!(page, "<p class=\"note\">{}</p>", Escaped(note))?;
    }
    Ok(())
}

/// Writes the comparison with AWS's published figures, if there are any for these variants.
pub(super) fn write_comparison(page: &mut String, outcome: &SimulationOutcome) -> fmt::Result {
    let compared = comparison(outcome);
    if compared.is_empty() {
        return Ok(());
    }
    page.write_str(
        r#"<h2>Beside the published figures</h2>
<div class="scroll">
<table>
<thead>
<tr><th rowspan="2" scope="col">variant</th><th colspan="3" scope="colgroup">drained in</th><th colspan="3" scope="colgroup">full concurrency after</th><th colspan="2" scope="colgroup">improvement</th></tr>
<tr class="grouped"><th scope="col">simulated</th><th scope="col">published</th><th scope="col">deviation</th><th scope="col">simulated</th><th scope="col">published</th><th scope="col">deviation</th><th scope="col">simulated</th><th scope="col">published</th></tr>
</thead>
<tbody>
"#,
    )?;
    for row in &compared {
        write!(page, "<tr><th scope=\"row\">{}</th>", Escaped(row.name))?;
        for ComparedFigure {
            simulated,
            published,
            deviation,
        } in [&row.drained, &row.full]
        {
            write!(
                page,
                "<td>{simulated}</td><td>{published}</td><td>{deviation}</td>"
            )?;
        }
        let (simulated, published) = (&row.improvement, &row.published_improvement);
        writeln!(page, "<td>{simulated}</td><td>{published}</td></tr>")?;
    }
    writeln!(page, "</tbody>\n</table>\n</div>\n<p class=\"note\">{CAVEAT}</p>")
}

/// Writes a sentence about a variant: its mode, records, invocations and digest.
pub(super) fn write_facts(page: &mut String, variant: &VariantOutcome) -> fmt::Result {
    let mode = match variant.bounds {
        _ if variant.is_scaled_by_keda => String::from("Replicas of a consumer, by KEDA's rules"),
        Some(_) => format!("Provisioned mode, {} pollers", pollers(variant)),
        None => String::from("On-demand mode"),
    };
    write!(
        page,
        "<p class=\"facts\">{mode}. {} records in {} invocations, {}B of events",
        thousands(variant.records),
        thousands(variant.invocations),
        bytes(variant.payload_bytes)
    )?;
    match &variant.digest {
        Some(digest) => writeln!(page, ", digest <code>{}</code>.</p>", Escaped(digest)),
        None => writeln!(page, ".</p>"),
    }
}

/// Returns a number of bytes with its SI prefix, without the B.
fn bytes(count: u64) -> String {
    let text = si(count as f64);
    match text.find(|character: char| character.is_ascii_alphabetic()) {
        Some(at) => format!("{} {}", &text[..at], &text[at..]),
        None => format!("{text} "),
    }
}

/// Returns the bounds of the fleet as text.
fn pollers(variant: &VariantOutcome) -> String {
    match variant.bounds {
        _ if variant.is_scaled_by_keda => String::from("KEDA"),
        Some(bounds) if bounds.minimum == bounds.maximum => thousands(bounds.minimum.into()),
        Some(bounds) => format!(
            "{} to {}",
            thousands(bounds.minimum.into()),
            thousands(bounds.maximum.into())
        ),
        None => String::from("on-demand"),
    }
}

/// Writes the inputs of the run, so that the page stands alone.
pub(super) fn write_inputs(page: &mut String, outcome: &SimulationOutcome) -> fmt::Result {
    let mut inputs = outcome.inputs.clone();
    let mappings = outcome
        .variants
        .iter()
        .map(|variant| (variant.name.clone(), variant.members.clone().into()));
    if let Some(inputs) = inputs.as_object_mut() {
        inputs.insert("mappings".to_owned(), Value::Object(mappings.collect()));
    }
    let text = written(&inputs, DEEPEST_BROKEN_INPUT);
    writeln!(
        page,
        "<details>\n<summary>Inputs</summary>\n<pre>{}</pre>\n</details>",
        Escaped(&text)
    )
}
