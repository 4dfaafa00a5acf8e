//! The members of a mapping as they are stored: the values that clear one, and the defaults of those that were not given.
//!
//! Source: Lambda developer guide, the page of each member. It does not say what an empty list or structure does; here it clears.

use super::ApiError;
use super::event_source::EventSource;
use super::pollers;
use serde_json::{Map, Value, json};

/// Stores a member, or removes it if the value clears it.
pub(super) fn put(members: &mut Map<String, Value>, name: &str, value: Value) {
    let stored = match name {
        "ProvisionedPollerConfig" => pollers::with_defaults(&value),
        "DestinationConfig" => has_destination(&value).then_some(value),
        "FilterCriteria" => has_items(value.get("Filters")).then_some(value),
        "MetricsConfig" => has_items(value.get("Metrics")).then_some(value),
        _ => (!is_empty(&value)).then_some(value),
    };
    match stored {
        Some(value) => members.insert(name.to_owned(), value),
        None => members.remove(name),
    };
}

fn has_items(list: Option<&Value>) -> bool {
    list.is_some_and(|list| !is_empty(list))
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

/// Returns whether there is a destination: `{"OnFailure":{"Destination":""}}` removes one. `OnSuccess` counts, so that the rules
/// can refuse it.
fn has_destination(config: &Value) -> bool {
    let destination = |on: &str| config.get(on).and_then(|on| on.get("Destination"));
    destination("OnSuccess").is_some() || has_items(destination("OnFailure"))
}

/// Completes the config member for the kind of cluster: the group's id is the mapping's UUID by default.
pub(super) fn put_kafka_config(members: &mut Map<String, Value>, source: &EventSource, uuid: &str) {
    let (config_member, _) = source.config_members();
    let config = members.entry(config_member).or_insert_with(|| json!({}));
    if let Value::Object(config) = config {
        // AWS shows the group's id although the request did not give it (recorded in 2024).
        config.entry("ConsumerGroupId").or_insert(uuid.into());
        if config.get("SchemaRegistryConfig").is_some_and(is_empty) {
            config.remove("SchemaRegistryConfig");
        }
    }
}

/// Changes the config member for the kind of cluster. Only the schema registry in it can change; an empty one removes it.
///
/// # Errors
/// InvalidParameterValueException for another consumer group or consumption mode. AWS's words are not known.
pub(super) fn change_kafka_config(
    members: &mut Map<String, Value>,
    config_member: &str,
    given: &Value,
) -> Result<(), ApiError> {
    let Some(Value::Object(config)) = members.get_mut(config_member) else {
        return Ok(());
    };
    for fixed in ["ConsumerGroupId", "ConsumptionMode"] {
        if let Some(value) = given.get(fixed)
            && config.get(fixed) != Some(value)
        {
            return Err(ApiError::invalid_parameter(format!(
                "{fixed} cannot be changed after an event source mapping is created."
            )));
        }
    }
    match given.get("SchemaRegistryConfig") {
        Some(registry) if is_empty(registry) => config.remove("SchemaRegistryConfig"),
        Some(registry) => config.insert("SchemaRegistryConfig".to_owned(), registry.clone()),
        None => None,
    };
    Ok(())
}

/// Returns the members that only provisioned mode has with the defaults that its view shows.
pub(super) fn provisioned_defaults() -> [(&'static str, Value); 4] {
    [
        ("MaximumRetryAttempts", (-1).into()),
        ("MaximumRecordAgeInSeconds", (-1).into()),
        ("BisectBatchOnFunctionError", false.into()),
        ("FunctionResponseTypes", json!([])),
    ]
}
