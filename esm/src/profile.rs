//! The constants of scaling, in named sets, each of which can be overridden.
//!
//! AWS publishes few of them. The others were fitted to the eight numbers of AWS's announcement of provisioned mode for Kafka (2024),
//! which are rounded to whole minutes: other sets of constants fit about as well, and none of them is known to be what AWS runs.
//! [`CONSTANTS`] has the meaning and the origin of each.

mod constants;
mod keda;

pub use constants::{CONSTANTS, Constant, Origin};
pub use keda::KedaPolicy;

use serde::Serialize;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// The way in which partitions change their owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RebalanceProtocol {
    /// The whole fleet stands still.
    Eager,
    /// Only the partitions that move stand still (KIP-429).
    Cooperative,
}

impl RebalanceProtocol {
    /// Returns it as config files and the command line write it.
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

/// The constants of scaling. Times are in the engine's time.
#[derive(Clone, Debug, PartialEq)]
pub struct ScalingProfile {
    /// Time between two evaluations of OffsetLag.
    pub evaluation_interval: Duration,
    /// Time from when a mapping becomes Enabled to its first evaluation.
    pub first_evaluation: Duration,
    /// Time within which the lag should be worked off; if it cannot be, pollers are added.
    pub clear_within: Duration,
    /// Quiet time without a change before pollers are removed.
    pub down_after: Duration,
    /// The standstill of a rebalance, from the decision on. It lasts longer if the group's rebalance does.
    pub rebalance_pause: Duration,
    /// The way in which partitions change their owner.
    pub rebalance_protocol: RebalanceProtocol,
    /// Uncompressed bytes of keys, values and headers per second that one poller takes; 0 is no limit.
    pub poller_bytes_per_second: u64,
    /// The constants of provisioned mode, which a mapping with a `ProvisionedPollerConfig` has.
    pub provisioned: ModeProfile,
    /// The constants of on-demand mode.
    pub on_demand: ModeProfile,
    /// The most pollers of a mapping in on-demand mode.
    pub on_demand_maximum_pollers: usize,
    /// The unit that is billed.
    pub event_poller_unit: EventPollerUnit,
    /// The price of invocations.
    pub function_price: FunctionPrice,
    /// The policy of KEDA, to scale by that instead, for comparison. It is no constant of Lambda's scaling, and no profile has it.
    pub keda: Option<KedaPolicy>,
}

/// The constants that differ between provisioned and on-demand mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModeProfile {
    /// The most pollers that one evaluation adds.
    pub step_pollers: usize,
    /// Time that an invocation takes beside the function's own: poll, payload, the Invoke request, commit.
    pub overhead: Duration,
    /// The most invocations that one poller has in flight, each with other partitions.
    pub invocations_in_flight: usize,
}

/// The billing unit of provisioned mode.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EventPollerUnit {
    /// Number of pollers that share one unit.
    pub pollers: usize,
    /// Bytes per second that one unit carries.
    pub bytes_per_second: u64,
    /// The price of one unit for one hour, in US dollars.
    pub usd_per_hour: f64,
}

/// The price of a function's invocations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FunctionPrice {
    /// The price of a million requests, in US dollars.
    pub usd_per_million_requests: f64,
    /// The price of a gigabyte of memory for a second, in US dollars.
    pub usd_per_gb_second: f64,
    /// The function's memory in MB, of which 1,024 are a gigabyte.
    pub memory_mb: usize,
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
    /// All profiles.
    pub const ALL: [Self; 3] = [Self::Announcement2024, Self::Current, Self::Instant];

    /// Returns it as config files and the command line write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Announcement2024 => "announcement-2024",
            Self::Current => "current",
            Self::Instant => "instant",
        }
    }

    /// Returns its constants.
    pub fn profile(self) -> ScalingProfile {
        let announced = announcement_2024();
        match self {
            Self::Announcement2024 => announced,
            Self::Current => ScalingProfile {
                clear_within: Duration::from_secs(120),
                provisioned: ModeProfile {
                    // AWS documents up to 5 concurrent invocations, or 5 MB/s, for each poller.
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
                    // The largest MaximumPollers of a Kafka source, so that one evaluation is enough for any growth.
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
        // Without a standstill at each change, the ramps from 1 and 10 pollers would drain in 8.7 to 9.3 minutes. AWS published 12 and
        // 11.
        rebalance_pause: Duration::from_secs(30),
        rebalance_protocol: RebalanceProtocol::Eager,
        poller_bytes_per_second: 5_000_000,
        provisioned: ModeProfile {
            // From 1 to 100 pollers takes 7 minutes, and from 10 to 100 takes 6, so a step adds pollers and does not multiply them.
            step_pollers: 18,
            // With 100 pollers, each partition's 2,000 invocations of 100 ms take 6 minutes, which is 180 ms for each.
            overhead: Duration::from_millis(80),
            // 10 pollers begin at about a tenth of the rate of 100 partitions, so each has one invocation in flight.
            invocations_in_flight: 1,
        },
        on_demand: ModeProfile {
            step_pollers: 17,
            // The ceiling below and 16 minutes of draining at it leave 245 ms for each invocation.
            overhead: Duration::from_millis(145),
            invocations_in_flight: 1,
        },
        // A poller owns whole partitions. With 34 to 49 pollers some would own three of the 100, which takes 21.5 minutes; AWS published
        // 20.
        on_demand_maximum_pollers: 50,
        event_poller_unit: EventPollerUnit {
            pollers: 10,
            bytes_per_second: 20_000_000,
            usd_per_hour: 0.185,
        },
        function_price: FunctionPrice {
            usd_per_million_requests: 0.20,
            usd_per_gb_second: 0.000_016_666_7,
            // The memory of a function that is created without another.
            memory_mb: 128,
        },
        keda: None,
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

/// The error for a profile or a constant that is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// No profile has this name.
    #[error("unknown scaling profile `{name}`: must be announcement-2024, current or instant")]
    UnknownProfile {
        /// The name that was given.
        name: String,
    },
    /// No constant has this name.
    #[error("unknown scaling constant `{name}`: must be one of {}", constants::names())]
    UnknownConstant {
        /// The name that was given.
        name: String,
    },
    /// The value is not one that the constant can have.
    #[error("invalid value `{value}` for {name}: must be {expected}")]
    InvalidValue {
        /// The constant's name.
        name: &'static str,
        /// The value that was given.
        value: String,
        /// The values that are allowed.
        expected: String,
    },
}

impl ScalingProfile {
    /// Returns the constants that are intervals of the engine's time, by name.
    pub fn intervals(&self) -> [(&'static str, Duration); 5] {
        [
            ("evaluation_interval_ms", self.evaluation_interval),
            ("first_evaluation_ms", self.first_evaluation),
            ("provisioned_overhead_ms", self.provisioned.overhead),
            ("on_demand_overhead_ms", self.on_demand.overhead),
            ("rebalance_pause_ms", self.rebalance_pause),
        ]
    }

    /// Returns the constants of provisioned or of on-demand mode.
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
            "invalid value `-1` for rebalance_pause_ms: must be a whole number of milliseconds from 0 to 86400000"
        );
        let unknown = profile.set("pause", "1").unwrap_err().to_string();
        assert!(
            unknown.starts_with("unknown scaling constant `pause`: must be one of evaluation_interval_ms, "),
            "{unknown}"
        );
        assert_eq!(
            "fast".parse::<ProfileName>().unwrap_err().to_string(),
            "unknown scaling profile `fast`: must be announcement-2024, current or instant"
        );
        for wrong in ["0", "2001", "1.5", ""] {
            assert!(profile.set("provisioned_step_pollers", wrong).is_err(), "{wrong}");
        }
        assert_eq!(profile, ProfileName::Current.profile());
    }
}
