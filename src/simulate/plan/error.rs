//! The errors of laying out a plan.

use crate::simulate::scenario::LONGEST_UNTIL_DRAINED;
use std::time::Duration;

/// The reason why a plan could not be laid out.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PlanError {
    /// The time that records may wait is 0.
    #[error("invalid time 0 s: must be more than 0 s")]
    NoTime,
    /// No variant of the scenario has this name.
    #[error("unknown variant `{name}`: must be one of {}", .known.join(", "))]
    UnknownVariant {
        /// The requested name.
        name: String,
        /// The names of the scenario's variants.
        known: Vec<String>,
    },
    /// The variant shares event poller units with other mappings.
    #[error(
        "variant `{variant}` is in poller group `{group}`: a plan has one mapping with event poller units of its own, so leave \
         PollerGroupName out"
    )]
    PollerGroup {
        /// The variant's name.
        variant: String,
        /// The poller group.
        group: String,
    },
    /// The run would end before any record has waited too long.
    #[error(
        "the scenario's run_for_s = {} is shorter than the {} s that records may wait: make it longer, or leave it out",
        .run_for.as_secs_f64(), .within.as_secs_f64()
    )]
    RunTooShort {
        /// The length of the scenario.
        run_for: Duration,
        /// The time that records may wait.
        within: Duration,
    },
    /// The run would be longer than a trace, which is kept for a day.
    #[error(
        "each setting would run for {} s: must be at most {} s",
        .length.as_secs_f64(), LONGEST_UNTIL_DRAINED.as_secs()
    )]
    RunTooLong {
        /// The length of the run.
        length: Duration,
    },
    /// AWS does not allow this number.
    #[error("invalid {what} {value}: must be from {least} to {most}")]
    OutOfRange {
        /// The parameter in words.
        what: &'static str,
        /// The invalid value.
        value: u32,
        /// The least allowed value.
        least: u32,
        /// The largest allowed value.
        most: u32,
    },
    /// A maximum is below every minimum.
    #[error("maximum {maximum} is below every minimum ({})", listed(.minimums))]
    MaximumTooLow {
        /// The maximum that cannot be used.
        maximum: u32,
        /// All minimums of the request.
        minimums: Vec<u32>,
    },
    /// A minimum is above every maximum.
    #[error("minimum {minimum} is above every maximum ({})", listed(.maximums))]
    MinimumTooHigh {
        /// The minimum that cannot be used.
        minimum: u32,
        /// All maximums of the request.
        maximums: Vec<u32>,
    },
}

fn listed(numbers: &[u32]) -> String {
    let numbers: Vec<String> = numbers.iter().map(u32::to_string).collect();
    numbers.join(", ")
}
