//! The table for the terminal, at most 80 columns wide.

use super::summary::{CAVEAT, ComparedFigure, Comparison, Summary, SummaryTable, comparison};
use crate::simulate::SimulationOutcome;

/// Number of columns of a terminal.
pub(in crate::simulate) const WIDTH: usize = 80;

/// The fewest characters that a name is cut to, even if a line is too long then.
const SHORTEST_NAME: usize = 8;

/// Returns the outcome for a terminal: the figures of each variant and, if AWS published figures, the deviation from them. A note reports a
/// variant that did not drain, with the lag that is left. Ends with a line break.
pub fn table(outcome: &SimulationOutcome) -> String {
    let summary = Summary::of(outcome);
    let mut lines = vec![clipped(&outcome.title, WIDTH)];
    for table in &summary.tables {
        lines.push(String::new());
        lines.extend(figures(table));
    }
    if !summary.notes.is_empty() {
        lines.push(String::new());
        lines.extend(summary.notes.iter().flat_map(|note| wrapped(note)));
    }
    let compared = comparison(outcome);
    if !compared.is_empty() {
        lines.push(String::new());
        lines.extend(published(&compared));
    }
    lines.push(String::new());
    let mut repeated = format!("Profile {}, seed {}.", outcome.profile, outcome.seed);
    if !compared.is_empty() {
        repeated = format!("{repeated} {CAVEAT}");
    }
    lines.extend(wrapped(&repeated));
    let mut text = String::new();
    for line in lines {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Returns the lines with the figures of each variant, one row each.
fn figures(table: &SummaryTable<'_>) -> Vec<String> {
    let widths: Vec<usize> = table
        .headings
        .iter()
        .enumerate()
        .map(|(column, heading)| {
            let heading = heading.lines.iter().map(|line| length(line));
            let cells = table.rows.iter().map(|row| length(&row.cells[column]));
            heading.chain(cells).max().unwrap_or(0)
        })
        .collect();
    let figures: usize = widths.iter().sum();
    let longest = table.rows.iter().map(|row| length(row.name)).max().unwrap_or(0);
    // Columns are two spaces apart if the names leave room for them.
    let gap = match longest + figures + 2 * widths.len() {
        ..=WIDTH => 2,
        _ => 1,
    };
    let room = WIDTH.saturating_sub(figures + gap * widths.len());
    let name = longest.min(room.max(SHORTEST_NAME));
    let line = |first: &str, cells: &mut dyn Iterator<Item = &str>| {
        let mut line = padded(first, name);
        for (cell, width) in cells.zip(&widths) {
            line.push_str(&format!("{:gap$}{cell:>width$}", ""));
        }
        line
    };
    let headings = (0..3).map(|index| {
        let cells = table.headings.iter().map(|heading| heading.lines[index]);
        line("", &mut { cells })
    });
    let rows = table
        .rows
        .iter()
        .map(|row| line(row.name, &mut row.cells.iter().map(String::as_str)));
    headings.chain(rows).collect()
}

/// Returns the lines that compare with the published figures, one block per figure.
fn published(compared: &[Comparison<'_>]) -> Vec<String> {
    const DRAINED: &str = "drained in";
    const FULL: &str = "full concurrency after";
    let line = |first: &str, cells: [&str; 3]| {
        let [simulated, published, deviation] = cells;
        let first = padded(first, length(FULL));
        format!("{first} {simulated:>12}{published:>12}{deviation:>12}")
    };
    let figures = |name: &str, compared: &ComparedFigure| {
        line(
            name,
            [&compared.simulated, &compared.published, &compared.deviation],
        )
    };
    let heading = ["simulated", "published", "deviation"];
    let mut lines = vec![format!("{}  improvement", line(DRAINED, heading))];
    for row in compared {
        let improvement = if row.improvement == row.published_improvement {
            row.improvement.clone()
        } else {
            format!("{} (AWS: {})", row.improvement, row.published_improvement)
        };
        lines.push(format!("{}  {improvement}", figures(row.name, &row.drained)));
    }
    lines.extend([String::new(), line(FULL, heading)]);
    lines.extend(compared.iter().map(|row| figures(row.name, &row.full)));
    lines
}

fn length(text: &str) -> usize {
    text.chars().count()
}

/// Pads with spaces, or cuts, to `width` characters.
fn padded(text: &str, width: usize) -> String {
    format!("{:width$}", clipped(text, width))
}

/// Cuts to `width` characters, and replaces control characters, which would move the terminal's cursor.
pub(in crate::simulate) fn clipped(text: &str, width: usize) -> String {
    let text = printable(text);
    if length(&text) > width {
        text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
    } else {
        text
    }
}

fn printable(text: &str) -> String {
    text.chars()
        .map(|character| if character.is_control() { ' ' } else { character })
        .collect()
}

/// Breaks text at spaces into lines that fit the terminal.
pub(in crate::simulate) fn wrapped(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in printable(text).split_whitespace() {
        match lines.last_mut() {
            Some(line) if length(line) + 1 + length(word) <= WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(clipped(word, WIDTH)),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::report::example;

    #[test]
    fn a_table_is_exactly_this() {
        let expected = include_str!("expected/small.txt");
        assert_eq!(table(&example::small()), expected);
    }

    #[test]
    fn the_published_runs_are_compared() {
        let expected = include_str!("expected/published_runs.txt");
        assert_eq!(table(&example::published_runs()), expected);
    }

    #[test]
    fn lines_fit_with_long_names_and_large_numbers() {
        let mut outcome = example::published_runs();
        outcome.title = "title ".repeat(40);
        outcome.profile = "announcement-2024 with ".repeat(20);
        for variant in &mut outcome.variants {
            variant.name = format!("{}\u{1b}[2J", variant.name.repeat(9));
            variant.drained_in = variant.drained_in.map(|time| time * 100);
            variant.invocations *= 10_000;
            variant.trace.event_poller_unit_hours *= 100.0;
        }
        let text = table(&outcome);
        assert_eq!(text.lines().map(length).max(), Some(WIDTH), "{text}");
        assert!(
            text.chars()
                .all(|character| character == '\n' || !character.is_control())
        );
    }

    #[test]
    fn an_outcome_without_variants_has_headings_only() {
        let outcome = SimulationOutcome {
            variants: Vec::new(),
            ..example::small()
        };
        let lines: Vec<_> = table(&outcome).lines().map(String::from).collect();
        assert_eq!(
            (lines.len(), lines[10].as_str()),
            (11, "Profile current, seed 7.")
        );
    }
}
