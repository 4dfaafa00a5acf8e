//! The constants of scaling, in named sets, each of which can be overridden.
//!
//! AWS publishes few of them. The others were fitted to the eight numbers of AWS's announcement of provisioned mode for Kafka (2024),
//! which are rounded to whole minutes: other sets of constants fit about as well, and none of them is known to be what AWS runs.
//! [`CONSTANTS`] says of each what it is and where it comes from.

use serde::Serialize;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// How partitions change hands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RebalanceProtocol {
    /// The whole fleet stands still.
    Eager,
    /// Only partitions that move stand still (KIP-429).
    Cooperative,
}

/// The constants of scaling. Times are the engine's.
#[derive(Clone, Debug, PartialEq)]
pub struct ScalingProfile {
    /// Between two evaluations of OffsetLag.
    pub evaluation_interval: Duration,
    /// From a mapping's being Enabled to its first evaluation.
    pub first_evaluation: Duration,
    /// The lag that cannot be worked off within this time wants more pollers.
    pub clear_within: Duration,
    /// Nothing may have changed for so long before pollers are taken away.
    pub down_after: Duration,
    /// The standstill of a rebalance, from the decision on; it takes longer where the group does.
    pub rebalance_pause: Duration,
    /// Who stands still.
    pub rebalance_protocol: RebalanceProtocol,
    /// Uncompressed bytes of keys, values and headers that one poller takes in a second; 0 is no limit.
    pub poller_bytes_per_second: u64,
    /// With a `ProvisionedPollerConfig`.
    pub provisioned: ModeProfile,
    /// Without one.
    pub on_demand: ModeProfile,
    /// The most pollers of a mapping in on-demand mode.
    pub on_demand_maximum_pollers: usize,
    /// What is billed.
    pub event_poller_unit: EventPollerUnit,
}

/// What differs between provisioned and on-demand mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModeProfile {
    /// The most pollers that one evaluation adds.
    pub step_pollers: usize,
    /// What an invocation takes beside the function's own time: poll, payload, the Invoke request, commit.
    pub overhead: Duration,
    /// Invocations that one poller has in flight at most, of different partitions.
    pub invocations_in_flight: usize,
}

/// The billing unit of provisioned mode.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EventPollerUnit {
    /// Pollers that share one unit.
    pub pollers: usize,
    /// Bytes a second that one unit carries.
    pub bytes_per_second: u64,
    /// The price of one unit for one hour, in US dollars.
    pub usd_per_hour: f64,
}

/// A set of constants with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProfileName {
    /// Fitted to the published numbers of the announcement.
    Announcement2024,
    /// The same, with the invocations in flight that AWS documents today, and pollers added only for a lag that would take two minutes.
    Current,
    /// For tests: no overhead and no pause, evaluations every 100 ms, any number of pollers at once.
    Instant,
}

impl ProfileName {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Announcement2024, Self::Current, Self::Instant];

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Announcement2024 => "announcement-2024",
            Self::Current => "current",
            Self::Instant => "instant",
        }
    }

    /// Its constants.
    pub fn profile(self) -> ScalingProfile {
        let announced = announcement_2024();
        match self {
            Self::Announcement2024 => announced,
            Self::Current => ScalingProfile {
                clear_within: Duration::from_secs(120),
                provisioned: ModeProfile {
                    invocations_in_flight: 5,
                    ..announced.provisioned
                },
                ..announced
            },
            Self::Instant => ScalingProfile {
                evaluation_interval: Duration::from_millis(100),
                first_evaluation: Duration::from_millis(100),
                clear_within: Duration::from_millis(100),
                down_after: Duration::from_millis(500),
                rebalance_pause: Duration::ZERO,
                provisioned: ModeProfile {
                    step_pollers: 2_000,
                    overhead: Duration::ZERO,
                    invocations_in_flight: 5,
                },
                on_demand: ModeProfile {
                    step_pollers: 2_000,
                    overhead: Duration::ZERO,
                    invocations_in_flight: 1,
                },
                ..announced
            },
        }
    }
}

fn announcement_2024() -> ScalingProfile {
    ScalingProfile {
        evaluation_interval: Duration::from_secs(60),
        first_evaluation: Duration::from_secs(90),
        // The fleet of the announcement grew until every partition had a poller of its own, with little left to do at the end.
        clear_within: Duration::from_secs(40),
        down_after: Duration::from_secs(300),
        rebalance_pause: Duration::from_secs(30),
        rebalance_protocol: RebalanceProtocol::Eager,
        poller_bytes_per_second: 5_000_000,
        provisioned: ModeProfile {
            step_pollers: 18,
            overhead: Duration::from_millis(80),
            invocations_in_flight: 1,
        },
        on_demand: ModeProfile {
            step_pollers: 17,
            overhead: Duration::from_millis(145),
            invocations_in_flight: 1,
        },
        on_demand_maximum_pollers: 50,
        event_poller_unit: EventPollerUnit {
            pollers: 10,
            bytes_per_second: 20_000_000,
            usd_per_hour: 0.185,
        },
    }
}

impl fmt::Display for ProfileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ProfileName {
    type Err = ProfileError;

    fn from_str(name: &str) -> Result<Self, ProfileError> {
        let found = Self::ALL.into_iter().find(|known| known.as_str() == name);
        found.ok_or_else(|| ProfileError::UnknownProfile {
            name: name.to_owned(),
        })
    }
}

/// Why a profile or a constant of it was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// No profile has this name.
    #[error("no scaling profile is called `{name}`; there are announcement-2024, current and instant")]
    UnknownProfile {
        /// As it was given.
        name: String,
    },
    /// No constant has this name.
    #[error("no scaling constant is called `{name}`; there are {}", constant_names())]
    UnknownConstant {
        /// As it was given.
        name: String,
    },
    /// The value is not one that the constant can have.
    #[error("`{value}` is no value of {name}, which is {expected}")]
    InvalidValue {
        /// The constant.
        name: &'static str,
        /// As it was given.
        value: String,
        /// What would be right.
        expected: &'static str,
    },
}

fn constant_names() -> String {
    let names: Vec<&str> = CONSTANTS.iter().map(|constant| constant.name).collect();
    names.join(", ")
}

/// Where a constant's value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// AWS says so.
    Published,
    /// Chosen so that the published table comes out.
    Fitted,
    /// Ours: AWS publishes no formula.
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

/// One constant of a profile, as it is named in config files and on the command line.
#[derive(Debug)]
pub struct Constant {
    /// Its name, unit last.
    pub name: &'static str,
    /// What it is.
    pub meaning: &'static str,
    /// Where its value in `announcement-2024` comes from.
    pub origin: Origin,
    expected: &'static str,
    set: fn(&mut ScalingProfile, &str) -> Option<()>,
    get: fn(&ScalingProfile) -> String,
}

const POSITIVE_MS: &str = "a whole number of milliseconds from 1 to 86400000";
const ANY_MS: &str = "a whole number of milliseconds from 0 to 86400000";
const POLLERS: &str = "a whole number from 1 to 2000";
const IN_FLIGHT: &str = "a whole number from 1 to 100";

/// Every constant of a profile.
pub const CONSTANTS: &[Constant] = &[
    Constant {
        name: "evaluation_interval_ms",
        meaning: "between two evaluations of OffsetLag (published for on-demand mode)",
        origin: Origin::Published,
        expected: POSITIVE_MS,
        set: |profile, value| Some(profile.evaluation_interval = milliseconds(value, 1)?),
        get: |profile| profile.evaluation_interval.as_millis().to_string(),
    },
    Constant {
        name: "first_evaluation_ms",
        meaning: "from Enabled to the first evaluation",
        origin: Origin::Fitted,
        expected: POSITIVE_MS,
        set: |profile, value| Some(profile.first_evaluation = milliseconds(value, 1)?),
        get: |profile| profile.first_evaluation.as_millis().to_string(),
    },
    Constant {
        name: "provisioned_overhead_ms",
        meaning: "of an invocation, beside the function's own time",
        origin: Origin::Fitted,
        expected: ANY_MS,
        set: |profile, value| Some(profile.provisioned.overhead = milliseconds(value, 0)?),
        get: |profile| profile.provisioned.overhead.as_millis().to_string(),
    },
    Constant {
        name: "on_demand_overhead_ms",
        meaning: "the same in on-demand mode",
        origin: Origin::Fitted,
        expected: ANY_MS,
        set: |profile, value| Some(profile.on_demand.overhead = milliseconds(value, 0)?),
        get: |profile| profile.on_demand.overhead.as_millis().to_string(),
    },
    Constant {
        name: "provisioned_step_pollers",
        meaning: "the most pollers that one evaluation adds",
        origin: Origin::Fitted,
        expected: POLLERS,
        set: |profile, value| Some(profile.provisioned.step_pollers = count(value, 2_000)?),
        get: |profile| profile.provisioned.step_pollers.to_string(),
    },
    Constant {
        name: "on_demand_step_pollers",
        meaning: "the same in on-demand mode",
        origin: Origin::Fitted,
        expected: POLLERS,
        set: |profile, value| Some(profile.on_demand.step_pollers = count(value, 2_000)?),
        get: |profile| profile.on_demand.step_pollers.to_string(),
    },
    Constant {
        name: "on_demand_maximum_pollers",
        meaning: "the most pollers of an on-demand mapping",
        origin: Origin::Fitted,
        expected: POLLERS,
        set: |profile, value| Some(profile.on_demand_maximum_pollers = count(value, 2_000)?),
        get: |profile| profile.on_demand_maximum_pollers.to_string(),
    },
    Constant {
        name: "provisioned_invocations_in_flight",
        meaning: "of one poller, of different partitions (AWS documents up to 5 today)",
        origin: Origin::Fitted,
        expected: IN_FLIGHT,
        set: |profile, value| Some(profile.provisioned.invocations_in_flight = count(value, 100)?),
        get: |profile| profile.provisioned.invocations_in_flight.to_string(),
    },
    Constant {
        name: "on_demand_invocations_in_flight",
        meaning: "the same in on-demand mode",
        origin: Origin::Fitted,
        expected: IN_FLIGHT,
        set: |profile, value| Some(profile.on_demand.invocations_in_flight = count(value, 100)?),
        get: |profile| profile.on_demand.invocations_in_flight.to_string(),
    },
    Constant {
        name: "poller_bytes_per_second",
        meaning: "what one poller takes, uncompressed; 0 is no limit",
        origin: Origin::Published,
        expected: "a whole number of bytes; 0 is no limit",
        set: |profile, value| Some(profile.poller_bytes_per_second = value.parse().ok()?),
        get: |profile| profile.poller_bytes_per_second.to_string(),
    },
    Constant {
        name: "rebalance_pause_ms",
        meaning: "the standstill of a change of the fleet, from the decision on",
        origin: Origin::Fitted,
        expected: ANY_MS,
        set: |profile, value| Some(profile.rebalance_pause = milliseconds(value, 0)?),
        get: |profile| profile.rebalance_pause.as_millis().to_string(),
    },
    Constant {
        name: "rebalance_protocol",
        meaning: "eager: the whole fleet stands still; cooperative: partitions that move do",
        origin: Origin::Fitted,
        expected: "eager or cooperative",
        set: |profile, value| Some(profile.rebalance_protocol = protocol(value)?),
        get: |profile| match profile.rebalance_protocol {
            RebalanceProtocol::Eager => "eager".to_owned(),
            RebalanceProtocol::Cooperative => "cooperative".to_owned(),
        },
    },
    Constant {
        name: "clear_within_ms",
        meaning: "a lag that takes longer to work off wants more pollers",
        origin: Origin::Ours,
        expected: POSITIVE_MS,
        set: |profile, value| Some(profile.clear_within = milliseconds(value, 1)?),
        get: |profile| profile.clear_within.as_millis().to_string(),
    },
    Constant {
        name: "down_after_ms",
        meaning: "quiet before pollers are taken away",
        origin: Origin::Ours,
        expected: POSITIVE_MS,
        set: |profile, value| Some(profile.down_after = milliseconds(value, 1)?),
        get: |profile| profile.down_after.as_millis().to_string(),
    },
    Constant {
        name: "event_poller_unit_pollers",
        meaning: "pollers that one event poller unit holds",
        origin: Origin::Published,
        expected: POLLERS,
        set: |profile, value| Some(profile.event_poller_unit.pollers = count(value, 2_000)?),
        get: |profile| profile.event_poller_unit.pollers.to_string(),
    },
    Constant {
        name: "event_poller_unit_bytes_per_second",
        meaning: "what one event poller unit carries",
        origin: Origin::Published,
        expected: "a whole number of bytes, 1 or more",
        set: |profile, value| {
            let bytes = value.parse().ok().filter(|bytes| *bytes > 0)?;
            Some(profile.event_poller_unit.bytes_per_second = bytes)
        },
        get: |profile| profile.event_poller_unit.bytes_per_second.to_string(),
    },
    Constant {
        name: "event_poller_unit_usd_per_hour",
        meaning: "the price of a unit for an hour (us-east-1)",
        origin: Origin::Published,
        expected: "a number of US dollars, 0 or more",
        set: |profile, value| {
            let price = value
                .parse()
                .ok()
                .filter(|price: &f64| price.is_finite() && *price >= 0.0)?;
            Some(profile.event_poller_unit.usd_per_hour = price)
        },
        get: |profile| profile.event_poller_unit.usd_per_hour.to_string(),
    },
];

fn milliseconds(value: &str, least: u64) -> Option<Duration> {
    let milliseconds = value.parse().ok()?;
    (least..=86_400_000)
        .contains(&milliseconds)
        .then(|| Duration::from_millis(milliseconds))
}

fn count(value: &str, most: usize) -> Option<usize> {
    value.parse().ok().filter(|count| (1..=most).contains(count))
}

fn protocol(value: &str) -> Option<RebalanceProtocol> {
    match value {
        "eager" => Some(RebalanceProtocol::Eager),
        "cooperative" => Some(RebalanceProtocol::Cooperative),
        _ => None,
    }
}

impl Constant {
    /// Its value in a profile, as it is written.
    pub fn of(&self, profile: &ScalingProfile) -> String {
        (self.get)(profile)
    }
}

impl ScalingProfile {
    /// Gives the constant called `name` another value.
    ///
    /// # Errors
    /// [`ProfileError`] for a name that no constant has, or a value that it cannot have.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), ProfileError> {
        let constant = CONSTANTS.iter().find(|constant| constant.name == name);
        let constant = constant.ok_or_else(|| ProfileError::UnknownConstant {
            name: name.to_owned(),
        })?;
        (constant.set)(self, value).ok_or_else(|| ProfileError::InvalidValue {
            name: constant.name,
            value: value.to_owned(),
            expected: constant.expected,
        })
    }

    /// What of it passes in the engine's time, by the constants' names.
    pub fn intervals(&self) -> [(&'static str, Duration); 5] {
        [
            ("evaluation_interval_ms", self.evaluation_interval),
            ("first_evaluation_ms", self.first_evaluation),
            ("provisioned_overhead_ms", self.provisioned.overhead),
            ("on_demand_overhead_ms", self.on_demand.overhead),
            ("rebalance_pause_ms", self.rebalance_pause),
        ]
    }

    /// What holds in provisioned or in on-demand mode.
    pub fn mode(&self, is_provisioned: bool) -> &ModeProfile {
        if is_provisioned {
            &self.provisioned
        } else {
            &self.on_demand
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_constant_can_be_written_as_it_is_read() {
        for name in ProfileName::ALL {
            assert_eq!(name.as_str().parse(), Ok(name));
            let profile = name.profile();
            let mut copy = ProfileName::Instant.profile();
            for constant in CONSTANTS {
                copy.set(constant.name, &constant.of(&profile))
                    .expect(constant.name);
            }
            assert_eq!(copy, profile, "{name}");
        }
    }

    #[test]
    fn each_constant_has_a_place_of_its_own() {
        for constant in CONSTANTS {
            let mut profile = ProfileName::Current.profile();
            let other = if constant.name == "rebalance_protocol" {
                "cooperative"
            } else {
                "77"
            };
            profile.set(constant.name, other).expect(constant.name);
            let changed = CONSTANTS
                .iter()
                .filter(|one| one.of(&profile) != one.of(&ProfileName::Current.profile()));
            let changed: Vec<_> = changed.map(|one| one.name).collect();
            assert_eq!(changed, [constant.name]);
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_what_would_be_right() {
        let mut profile = ProfileName::Current.profile();
        assert_eq!(
            profile.set("rebalance_pause_ms", "-1").unwrap_err().to_string(),
            "`-1` is no value of rebalance_pause_ms, which is a whole number of milliseconds from 0 to 86400000"
        );
        let unknown = profile.set("pause", "1").unwrap_err().to_string();
        assert!(
            unknown.starts_with("no scaling constant is called `pause`; there are evaluation_interval_ms, "),
            "{unknown}"
        );
        assert_eq!(
            "fast".parse::<ProfileName>().unwrap_err().to_string(),
            "no scaling profile is called `fast`; there are announcement-2024, current and instant"
        );
        for wrong in ["0", "2001", "1.5", ""] {
            assert!(profile.set("provisioned_step_pollers", wrong).is_err(), "{wrong}");
        }
        assert_eq!(profile, ProfileName::Current.profile());
    }
}
