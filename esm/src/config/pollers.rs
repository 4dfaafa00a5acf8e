//! `ProvisionedPollerConfig`: the bounds of a fleet of event pollers, its defaults, and the limits of a poller group.
//! Source: Lambda developer guide, "Apache Kafka event poller scaling modes".
//!
//! # Differs from Lambda
//! - AWS's words for a poller group that would exceed its limits are not known; these are our own.
//! - The mappings of a group have to be in the same VPC, which Esmeralda cannot see. It refuses what is certainly not in one: a
//!   self-managed cluster that is reached through subnets beside one that is reached without.
//! - Mappings count against the limits also while they are Disabled.

use super::{ApiError, PollerGroup, ProvisionedPollers};
use serde_json::{Value, json};

const DEFAULT_MINIMUM: u64 = 1;
const DEFAULT_MAXIMUM: u64 = 200;

const MAX_GROUP_MAPPINGS: usize = 100;

/// The most that the MaximumPollers of a group's mappings may add up to.
const MAX_GROUP_POLLERS: u32 = 2_000;

/// The network through which a mapping reaches its cluster, as far as its members show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Network {
    /// That of an MSK cluster, which its ARN does not show.
    Unknown,
    /// The subnets of a VPC.
    Subnets,
    /// None of a VPC.
    Public,
}

/// The part of a mapping that its poller group looks at.
#[derive(Clone, Copy, Debug)]
pub(super) struct GroupMember<'a> {
    pub(super) group: Option<&'a PollerGroup>,
    pub(super) maximum_pollers: u32,
    pub(super) network: Network,
}

/// Returns the config as it is stored: a missing bound gets its default. Returns `None` for a config without members, with which an
/// update switches provisioned mode off.
pub(super) fn with_defaults(config: &Value) -> Option<Value> {
    let config = config.as_object().filter(|config| !config.is_empty())?;
    // An update replaces the whole config. AWS does not document whether a bound that it leaves out stays; here it gets the default
    // again.
    let bound = |name: &str, default| config.get(name).and_then(Value::as_u64).unwrap_or(default);
    let mut stored = json!({
        "MinimumPollers": bound("MinimumPollers", DEFAULT_MINIMUM),
        "MaximumPollers": bound("MaximumPollers", DEFAULT_MAXIMUM),
    });
    // An empty name takes the mapping out of its poller group.
    if let Some(name) = config
        .get("PollerGroupName")
        .and_then(Value::as_str)
        .filter(|name| !name.is_empty())
    {
        stored["PollerGroupName"] = name.into();
    }
    Some(stored)
}

/// Returns the bounds in a stored config.
///
/// # Errors
/// InvalidParameterValueException if the maximum is below the minimum.
pub(super) fn read(stored: &Value) -> Result<ProvisionedPollers, ApiError> {
    let bound = |name: &str, default: u64| {
        let value = stored.get(name).and_then(Value::as_u64).unwrap_or(default);
        u32::try_from(value).unwrap_or(u32::MAX)
    };
    let (minimum, maximum) = (
        bound("MinimumPollers", DEFAULT_MINIMUM),
        bound("MaximumPollers", DEFAULT_MAXIMUM),
    );
    if maximum < minimum {
        return Err(ApiError::invalid_parameter(format!(
            "MaximumPollers ({maximum}) must be greater than or equal to MinimumPollers ({minimum})."
        )));
    }
    Ok(ProvisionedPollers { minimum, maximum })
}

/// Returns the poller group in a stored config of a mapping in `region`.
pub(super) fn read_group(stored: &Value, region: &str) -> Option<PollerGroup> {
    let name = stored.get("PollerGroupName")?.as_str()?;
    Some(PollerGroup {
        region: region.to_owned(),
        name: name.to_owned(),
    })
}

/// Checks that `member` may be in `group` beside those of `others` that are in it.
///
/// # Errors
/// InvalidParameterValueException for the limit that would be exceeded, or another network.
pub(super) fn check_group<'a>(
    group: &PollerGroup,
    member: &GroupMember<'_>,
    others: impl Iterator<Item = GroupMember<'a>>,
) -> Result<(), ApiError> {
    let name = &group.name;
    let others: Vec<_> = others.filter(|other| other.group == Some(group)).collect();
    if others.len() >= MAX_GROUP_MAPPINGS {
        return Err(ApiError::invalid_parameter(format!(
            "PollerGroupName {name} has {} event source mappings; at most {MAX_GROUP_MAPPINGS} are allowed.",
            others.len()
        )));
    }
    let pollers = others.iter().map(|other| other.maximum_pollers).sum::<u32>();
    if pollers + member.maximum_pollers > MAX_GROUP_POLLERS {
        return Err(ApiError::invalid_parameter(format!(
            "The MaximumPollers ({}) and those of the other event source mappings in PollerGroupName {name} ({pollers}) must be \
             {MAX_GROUP_POLLERS} or less together.",
            member.maximum_pollers
        )));
    }
    let is_elsewhere = |other: &GroupMember<'_>| {
        matches!(
            (member.network, other.network),
            (Network::Subnets, Network::Public) | (Network::Public, Network::Subnets)
        )
    };
    if others.iter().any(is_elsewhere) {
        return Err(ApiError::invalid_parameter(format!(
            "The event source mappings in PollerGroupName {name} must be in the same VPC: all of them with VPC_SUBNET in \
             SourceAccessConfigurations, or none."
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_bound_gets_its_default_and_none_at_all_is_on_demand() {
        let cases = [
            (json!({ "MinimumPollers": 5 }), Some((5, 200))),
            (json!({ "MaximumPollers": 7 }), Some((1, 7))),
            (json!({ "MinimumPollers": 200 }), Some((200, 200))),
            (json!({ "MinimumPollers": 2, "MaximumPollers": 3 }), Some((2, 3))),
            (json!({ "PollerGroupName": "g" }), Some((1, 200))),
            (json!({}), None),
        ];
        for (given, expected) in cases {
            let stored = with_defaults(&given);
            let bounds = stored.as_ref().map(|stored| read(stored).unwrap());
            assert_eq!(
                bounds.map(|bounds| (bounds.minimum, bounds.maximum)),
                expected,
                "{given}"
            );
            if let Some(stored) = stored {
                assert_eq!(stored.get("PollerGroupName"), given.get("PollerGroupName"));
            }
        }
    }

    #[test]
    fn a_maximum_below_the_minimum_is_refused() {
        let stored = with_defaults(&json!({ "MinimumPollers": 9, "MaximumPollers": 8 })).unwrap();
        let error = read(&stored).unwrap_err();
        assert_eq!(error.kind, "InvalidParameterValueException");
        assert_eq!(
            error.message,
            "MaximumPollers (8) must be greater than or equal to MinimumPollers (9)."
        );
    }

    fn group() -> PollerGroup {
        PollerGroup {
            region: "eu-west-1".to_owned(),
            name: "g".to_owned(),
        }
    }

    /// Checks a mapping of at most `maximum_pollers` beside `others` of the same group, each with its maximum.
    fn check(maximum_pollers: u32, others: &[(&PollerGroup, u32)]) -> Result<(), String> {
        let member = |group, maximum_pollers| GroupMember {
            group,
            maximum_pollers,
            network: Network::Public,
        };
        let others = others
            .iter()
            .map(|(group, maximum)| member(Some(*group), *maximum));
        let checked = check_group(&group(), &member(None, maximum_pollers), others);
        checked.map_err(|error| error.message)
    }

    #[test]
    fn a_group_has_a_hundred_mappings_and_two_thousand_pollers_at_most() {
        let group = group();
        assert_eq!(check(1, &[(&group, 1); 99]), Ok(()));
        assert_eq!(
            check(1, &[(&group, 1); 100]),
            Err("PollerGroupName g has 100 event source mappings; at most 100 are allowed.".to_owned())
        );
        assert_eq!(check(200, &[(&group, 200); 9]), Ok(()));
        assert_eq!(
            check(201, &[(&group, 200); 9]),
            Err(
                "The MaximumPollers (201) and those of the other event source mappings in PollerGroupName g (1800) must be 2000 or less \
                 together."
                    .to_owned()
            )
        );
    }

    #[test]
    fn a_group_of_another_region_or_name_does_not_count() {
        let elsewhere = PollerGroup {
            region: "us-east-1".to_owned(),
            ..group()
        };
        let other = PollerGroup {
            name: "h".to_owned(),
            ..group()
        };
        assert_eq!(check(2_000, &[(&elsewhere, 2_000), (&other, 2_000)]), Ok(()));
    }

    #[test]
    fn a_cluster_in_subnets_and_one_without_are_not_in_the_same_vpc() {
        use Network::{Public, Subnets, Unknown};
        let (group, refused) = (group(), [(Public, Subnets), (Subnets, Public)]);
        for first in [Unknown, Subnets, Public] {
            for second in [Unknown, Subnets, Public] {
                let member = |network| GroupMember {
                    group: Some(&group),
                    maximum_pollers: 1,
                    network,
                };
                let checked = check_group(&group, &member(first), [member(second)].into_iter());
                assert_eq!(
                    checked.is_err(),
                    refused.contains(&(first, second)),
                    "{first:?} {second:?}"
                );
            }
        }
    }

    #[test]
    fn the_empty_group_name_is_not_stored() {
        let stored = with_defaults(&json!({ "MinimumPollers": 1, "PollerGroupName": "" })).unwrap();
        assert_eq!(stored, json!({ "MinimumPollers": 1, "MaximumPollers": 200 }));
    }
}
