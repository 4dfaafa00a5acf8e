//! `ProvisionedPollerConfig`: the bounds of a fleet of event pollers, and its defaults.
//! Source: Lambda developer guide, "Apache Kafka event poller scaling modes".

use super::{ApiError, ProvisionedPollers};
use serde_json::{Value, json};

const DEFAULT_MINIMUM: u64 = 1;
const DEFAULT_MAXIMUM: u64 = 200;

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

    #[test]
    fn the_empty_group_name_is_not_stored() {
        let stored = with_defaults(&json!({ "MinimumPollers": 1, "PollerGroupName": "" })).unwrap();
        assert_eq!(stored, json!({ "MinimumPollers": 1, "MaximumPollers": 200 }));
    }
}
