//! The numbers that AWS published for the reference workload. Source: AWS Compute Blog, "Introducing Provisioned Mode for Kafka Event
//! Source Mappings with AWS Lambda" (2024), which rounds them to whole minutes.

use super::outcome::{PublishedFigures, SimulationOutcome};

/// Each variant's name in `reference.toml`, the minutes until it was drained, and the minutes until full concurrency.
const PUBLISHED: [(&str, f64, f64); 4] = [
    ("on-demand", 20.0, 4.0),
    ("minimum-1", 12.0, 7.0),
    ("minimum-10", 11.0, 6.0),
    ("minimum-100", 6.0, 0.0),
];

/// Adds the published figures to the outcome of the reference scenario.
#[must_use]
pub fn with_published(mut outcome: SimulationOutcome) -> SimulationOutcome {
    for variant in &mut outcome.variants {
        let row = PUBLISHED.iter().find(|(name, ..)| *name == variant.name);
        variant.published = row.map(|(_, drained, full)| PublishedFigures {
            drained_in_minutes: *drained,
            full_concurrency_after_minutes: *full,
        });
    }
    outcome
}
