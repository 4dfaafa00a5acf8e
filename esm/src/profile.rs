//! The constants of scaling, in named sets, each of which can be overridden.
//!
//! AWS publishes few of them. The others were fitted to the eight numbers of AWS's announcement of provisioned mode for Kafka (2024),
//! which are rounded to whole minutes: other sets of constants fit about as well, and none of them is known to be what AWS runs.
//! [`CONSTANTS`] says of each what it is and where it comes from.

mod constants;

pub use constants::{CONSTANTS, Constant, Origin};

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

impl RebalanceProtocol {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Eager => "eager",
            Self::Cooperative => "cooperative",
        }
    }

    fn named(name: &str) -> Option<Self> {
        let all = [Self::Eager, Self::Cooperative];
        all.into_iter().find(|protocol| protocol.as_str() == name)
    }
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
    #[error("no scaling constant is called `{name}`; there are {}", constants::names())]
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
        expected: String,
    },
}

impl ScalingProfile {
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
