//! The table of constants: each with its name, meaning and origin, and how config files and the command line write its value.

use super::{ProfileError, RebalanceProtocol, ScalingProfile};
use std::fmt;
use std::time::Duration;

/// The longest time that a constant may have.
const LONGEST_MS: u64 = 86_400_000;

/// The origin of a constant's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// AWS publishes the value.
    Published,
    /// The value was chosen so that simulations give the published numbers.
    Fitted,
    /// The value is our own, because AWS publishes no formula.
    Ours,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Published => "published",
            Self::Fitted => "fitted",
            Self::Ours => "ours",
        })
    }
}

/// One constant of a profile.
#[derive(Debug)]
pub struct Constant {
    /// The name, which ends with the unit.
    pub name: &'static str,
    /// The meaning, as the documentation has it.
    pub meaning: &'static str,
    /// The origin of its value in `announcement-2024`.
    pub origin: Origin,
    field: Field,
}

/// The field of a profile that holds a constant, and the values that it may have.
#[derive(Debug)]
enum Field {
    /// A whole number of milliseconds, at least this one.
    Time(fn(&mut ScalingProfile) -> &mut Duration, u64),
    /// A number from 1 to this one.
    Count(fn(&mut ScalingProfile) -> &mut usize, usize),
    /// Bytes, at least this number.
    Bytes(fn(&mut ScalingProfile) -> &mut u64, u64),
    /// US dollars.
    Price(fn(&mut ScalingProfile) -> &mut f64),
    Protocol(fn(&mut ScalingProfile) -> &mut RebalanceProtocol),
}

/// Every constant of a profile.
pub const CONSTANTS: &[Constant] = &[
    Constant {
        name: "evaluation_interval_ms",
        meaning: "time between two evaluations of OffsetLag (published for on-demand mode)",
        origin: Origin::Published,
        // Not zero, or one evaluation would be due right after the other.
        field: Field::Time(|profile| &mut profile.evaluation_interval, 1),
    },
    Constant {
        name: "first_evaluation_ms",
        meaning: "time from Enabled to the first evaluation",
        origin: Origin::Fitted,
        field: Field::Time(|profile| &mut profile.first_evaluation, 1),
    },
    Constant {
        name: "provisioned_overhead_ms",
        meaning: "time that an invocation takes in addition to the function, in Provisioned Mode",
        origin: Origin::Fitted,
        field: Field::Time(|profile| &mut profile.provisioned.overhead, 0),
    },
    Constant {
        name: "on_demand_overhead_ms",
        meaning: "time that an invocation takes in addition to the function, in on-demand mode",
        origin: Origin::Fitted,
        field: Field::Time(|profile| &mut profile.on_demand.overhead, 0),
    },
    Constant {
        name: "provisioned_step_pollers",
        meaning: "most pollers that one evaluation adds, in Provisioned Mode",
        origin: Origin::Fitted,
        // The largest MaximumPollers of a Kafka source is 2,000.
        field: Field::Count(|profile| &mut profile.provisioned.step_pollers, 2_000),
    },
    Constant {
        name: "on_demand_step_pollers",
        meaning: "most pollers that one evaluation adds, in on-demand mode",
        origin: Origin::Fitted,
        field: Field::Count(|profile| &mut profile.on_demand.step_pollers, 2_000),
    },
    Constant {
        name: "on_demand_maximum_pollers",
        meaning: "most pollers of an on-demand mapping",
        origin: Origin::Fitted,
        field: Field::Count(|profile| &mut profile.on_demand_maximum_pollers, 2_000),
    },
    Constant {
        name: "provisioned_invocations_in_flight",
        meaning: "most concurrent invocations of one poller, of different partitions, in Provisioned Mode (AWS documents 5 today)",
        origin: Origin::Fitted,
        field: Field::Count(|profile| &mut profile.provisioned.invocations_in_flight, 100),
    },
    Constant {
        name: "on_demand_invocations_in_flight",
        meaning: "most concurrent invocations of one poller, in on-demand mode",
        origin: Origin::Fitted,
        field: Field::Count(|profile| &mut profile.on_demand.invocations_in_flight, 100),
    },
    Constant {
        name: "poller_bytes_per_second",
        meaning: "most uncompressed bytes that one poller reads per second; 0 means no limit",
        origin: Origin::Published,
        field: Field::Bytes(|profile| &mut profile.poller_bytes_per_second, 0),
    },
    Constant {
        name: "rebalance_pause_ms",
        meaning: "time that the fleet stands still after the decision to change it",
        origin: Origin::Fitted,
        field: Field::Time(|profile| &mut profile.rebalance_pause, 0),
    },
    Constant {
        name: "rebalance_protocol",
        meaning: "eager: a change stops the whole fleet; cooperative: it stops only the partitions that move",
        origin: Origin::Fitted,
        field: Field::Protocol(|profile| &mut profile.rebalance_protocol),
    },
    Constant {
        name: "clear_within_ms",
        meaning: "longest time in which the present pollers may clear the lag; a longer one adds pollers",
        origin: Origin::Ours,
        field: Field::Time(|profile| &mut profile.clear_within, 1),
    },
    Constant {
        name: "down_after_ms",
        meaning: "time of quiet before pollers are removed",
        origin: Origin::Ours,
        field: Field::Time(|profile| &mut profile.down_after, 1),
    },
    Constant {
        name: "event_poller_unit_pollers",
        meaning: "most pollers in one event poller unit",
        origin: Origin::Published,
        field: Field::Count(|profile| &mut profile.event_poller_unit.pollers, 2_000),
    },
    Constant {
        name: "event_poller_unit_bytes_per_second",
        meaning: "throughput of one event poller unit",
        origin: Origin::Published,
        field: Field::Bytes(|profile| &mut profile.event_poller_unit.bytes_per_second, 1),
    },
    Constant {
        name: "event_poller_unit_usd_per_hour",
        meaning: "price of an event poller unit per hour (us-east-1)",
        origin: Origin::Published,
        field: Field::Price(|profile| &mut profile.event_poller_unit.usd_per_hour),
    },
    Constant {
        name: "function_usd_per_million_requests",
        meaning: "price of a million invocations (us-east-1)",
        origin: Origin::Published,
        field: Field::Price(|profile| &mut profile.function_price.usd_per_million_requests),
    },
    Constant {
        name: "function_usd_per_gb_second",
        meaning: "price of a gigabyte of a function's memory for a second of an invocation (us-east-1, x86)",
        origin: Origin::Published,
        field: Field::Price(|profile| &mut profile.function_price.usd_per_gb_second),
    },
    Constant {
        name: "function_memory_mb",
        meaning: "memory of the functions, for their price",
        origin: Origin::Ours,
        field: Field::Count(|profile| &mut profile.function_price.memory_mb, 10_240),
    },
];

pub(super) fn names() -> String {
    let names: Vec<&str> = CONSTANTS.iter().map(|constant| constant.name).collect();
    names.join(", ")
}

impl Constant {
    /// Returns its value in a profile, as it is written.
    pub fn of(&self, profile: &ScalingProfile) -> String {
        let mut profile = profile.clone();
        match self.field {
            Field::Time(field, _) => field(&mut profile).as_millis().to_string(),
            Field::Count(field, _) => field(&mut profile).to_string(),
            Field::Bytes(field, _) => field(&mut profile).to_string(),
            Field::Price(field) => field(&mut profile).to_string(),
            Field::Protocol(field) => field(&mut profile).as_str().to_owned(),
        }
    }

    /// Sets its value in a profile; false if it may not have that value.
    fn set(&self, profile: &mut ScalingProfile, value: &str) -> bool {
        match self.field {
            Field::Time(field, least) => put(field(profile), milliseconds(value, least)),
            Field::Count(field, most) => put(field(profile), within(value, 1, most)),
            Field::Bytes(field, least) => put(field(profile), within(value, least, u64::MAX)),
            Field::Price(field) => put(field(profile), within(value, 0.0, f64::MAX)),
            Field::Protocol(field) => put(field(profile), RebalanceProtocol::named(value)),
        }
    }

    /// Returns the values that it may have, in words.
    fn expected(&self) -> String {
        match self.field {
            Field::Time(_, least) => format!("a whole number of milliseconds from {least} to {LONGEST_MS}"),
            Field::Count(_, most) => format!("a whole number from 1 to {most}"),
            Field::Bytes(_, 0) => "a whole number of bytes; 0 means no limit".to_owned(),
            Field::Bytes(_, least) => format!("a whole number of bytes, {least} or more"),
            Field::Price(_) => "a number of US dollars, 0 or more".to_owned(),
            Field::Protocol(_) => "eager or cooperative".to_owned(),
        }
    }
}

fn put<T>(place: &mut T, value: Option<T>) -> bool {
    let is_valid = value.is_some();
    if let Some(value) = value {
        *place = value;
    }
    is_valid
}

fn within<T: std::str::FromStr + PartialOrd>(value: &str, least: T, most: T) -> Option<T> {
    value
        .parse()
        .ok()
        .filter(|value| least <= *value && *value <= most)
}

fn milliseconds(value: &str, least: u64) -> Option<Duration> {
    within(value, least, LONGEST_MS).map(Duration::from_millis)
}

impl ScalingProfile {
    /// Sets the constant called `name`.
    ///
    /// # Errors
    /// [`ProfileError`] for an unknown name, or a value that the constant may not have.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), ProfileError> {
        let constant = CONSTANTS.iter().find(|constant| constant.name == name);
        let constant = constant.ok_or_else(|| ProfileError::UnknownConstant {
            name: name.to_owned(),
        })?;
        if constant.set(self, value) {
            return Ok(());
        }
        Err(ProfileError::InvalidValue {
            name: constant.name,
            value: value.to_owned(),
            expected: constant.expected(),
        })
    }
}
