//! Why there is no plan.

use crate::simulate::scenario::LONGEST_UNTIL_DRAINED;
use std::time::Duration;

/// Why a plan could not be laid out.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PlanError {
    /// The time is 0.
    #[error("nothing drains within 0 s: give it a time")]
    NoTime,
    /// No variant has this name.
    #[error("the scenario has no variant `{name}`; it has {}", .known.join(", "))]
    UnknownVariant {
        /// What was asked for.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
    /// Every setting would drain in time, for the run ends before.
    #[error(
        "the scenario's run_for_s = {} is shorter than the {} s that records may wait, so no run would tell: make it longer, or leave it out",
        .run_for.as_secs_f64(), .within.as_secs_f64()
    )]
    RunTooShort {
        /// The scenario's length.
        run_for: Duration,
        /// What was asked for.
        within: Duration,
    },
    /// Traces are kept for a day.
    #[error(
        "each setting would run for {} s, and a plan covers {} s at most",
        .length.as_secs_f64(), LONGEST_UNTIL_DRAINED.as_secs()
    )]
    RunTooLong {
        /// How long it would be.
        length: Duration,
    },
    /// A number that AWS does not take.
    #[error("{what} {value} is not between {least} and {most}")]
    OutOfRange {
        /// Of what.
        what: &'static str,
        /// The number.
        value: u32,
        /// The least.
        least: u32,
        /// The most.
        most: u32,
    },
    /// A maximum that goes with no minimum.
    #[error("maximum {maximum} is below every minimum ({})", listed(.minimums))]
    MaximumTooLow {
        /// The maximum.
        maximum: u32,
        /// The minimums.
        minimums: Vec<u32>,
    },
    /// A minimum that goes with no maximum.
    #[error("minimum {minimum} is above every maximum ({})", listed(.maximums))]
    MinimumTooHigh {
        /// The minimum.
        minimum: u32,
        /// The maximums.
        maximums: Vec<u32>,
    },
}

fn listed(numbers: &[u32]) -> String {
    let numbers: Vec<String> = numbers.iter().map(u32::to_string).collect();
    numbers.join(", ")
}
