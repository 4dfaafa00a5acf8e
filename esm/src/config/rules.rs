//! AWS's rules for the members of a Kafka mapping, checked on create and on each update.
//! Source: Lambda API reference and developer guide ("Configuring Kafka event source parameters", "Retaining discarded records",
//! "Configuring error handling controls for Kafka event sources").
//!
//! # Differs from Lambda
//! - Members that are not built are refused by name, after AWS's own rules; `members.rs` has the list.
//! - A filter of anything but a record's value is refused; see the room of filters.
//! - Where AWS's words are not known, the message is our own.

use super::event_source::EventSource;
use super::{ApiError, members, pollers, schema_registry};
use crate::destination::{AwsService, Destination, ReachableServices};
use crate::filter::{Filters, PatternError};
use crate::source::StartingPosition;
use serde_json::{Map, Value};

/// Source: Lambda quotas.
const MAX_FILTERS: usize = 5;

/// Checks the members of a mapping.
///
/// # Errors
/// InvalidParameterValueException for the first rule that is broken.
pub(super) fn check(
    members: &Map<String, Value>,
    source: &EventSource,
    reachable: ReachableServices,
) -> Result<(), ApiError> {
    members::check_source(members)?;
    check_cluster(members, source)?;
    if !members.contains_key("Topics") {
        return Err(ApiError::invalid_parameter(
            "Required 'topics' parameter is missing.",
        ));
    }
    check_starting_position(members)?;
    // The model allows 0 to 59, and the service refuses it.
    if let Some(age @ 0..60) = members.get("MaximumRecordAgeInSeconds").and_then(Value::as_i64) {
        return Err(ApiError::invalid_parameter(format!(
            "MaximumRecordAgeInSeconds ({age}) must be -1, or from 60 to 604800."
        )));
    }
    check_filters(members)?;
    check_provisioned_mode(members, source)?;
    check_destination(members, reachable)
}

/// Checks that there is no config for the other kind of cluster.
fn check_cluster(members: &Map<String, Value>, source: &EventSource) -> Result<(), ApiError> {
    let (_, config_of_other_kind) = source.config_members();
    if members.contains_key(config_of_other_kind) {
        return Err(ApiError::unsupported_member(config_of_other_kind));
    }
    Ok(())
}

fn check_starting_position(members: &Map<String, Value>) -> Result<(), ApiError> {
    let position = members.get("StartingPosition").and_then(Value::as_str);
    if members.contains_key("StartingPositionTimestamp") && position != Some("AT_TIMESTAMP") {
        return Err(ApiError::invalid_parameter(
            "StartingPositionTimestamp is only valid with StartingPosition AT_TIMESTAMP.",
        ));
    }
    if position == Some("AT_TIMESTAMP") && starting_timestamp_ms(members).is_none() {
        return Err(ApiError::invalid_parameter(
            "StartingPositionTimestamp is required with StartingPosition AT_TIMESTAMP.",
        ));
    }
    Ok(())
}

/// Checks the members of a new mapping that depend on the time, which is `now_ms` since the Unix epoch.
///
/// # Errors
/// InvalidParameterValueException for a starting position in the future.
pub(super) fn check_new(members: &Map<String, Value>, now_ms: i64) -> Result<(), ApiError> {
    match starting_timestamp_ms(members) {
        Some(timestamp_ms) if timestamp_ms > now_ms => Err(ApiError::invalid_parameter(format!(
            "StartingPositionTimestamp ({}) must not be in the future; it is {} now.",
            timestamp_ms as f64 / 1000.0,
            now_ms as f64 / 1000.0
        ))),
        _ => Ok(()),
    }
}

/// Returns the starting position of members that passed the rules.
pub(super) fn read_starting_position(members: &Map<String, Value>) -> StartingPosition {
    let position = members.get("StartingPosition").and_then(Value::as_str);
    match (position, starting_timestamp_ms(members)) {
        (Some("LATEST"), _) => StartingPosition::Latest,
        (Some("AT_TIMESTAMP"), Some(timestamp_ms)) => StartingPosition::AtTimestamp(timestamp_ms),
        _ => StartingPosition::TrimHorizon,
    }
}

/// Returns `StartingPositionTimestamp`, which is in seconds with an optional fraction, in milliseconds.
fn starting_timestamp_ms(members: &Map<String, Value>) -> Option<i64> {
    let seconds = members.get("StartingPositionTimestamp")?.as_f64()?;
    Some((seconds * 1000.0).round() as i64)
}

fn check_filters(members: &Map<String, Value>) -> Result<(), ApiError> {
    let patterns = filter_patterns(members);
    if patterns.len() > MAX_FILTERS {
        return Err(ApiError::invalid_parameter(format!(
            "FilterCriteria has {} filters; at most {MAX_FILTERS} are allowed.",
            patterns.len()
        )));
    }
    read_filters(members).map(|_| ())
}

/// Returns the filters of a mapping; `None` if it has none.
///
/// # Errors
/// InvalidParameterValueException for an invalid pattern, in AWS's words, which do not say why. The log does.
pub(super) fn read_filters(members: &Map<String, Value>) -> Result<Option<Filters>, ApiError> {
    let patterns = filter_patterns(members);
    if patterns.is_empty() {
        return Ok(None);
    }
    Filters::compile(&patterns)
        .map(Some)
        .map_err(|error| match error {
            PatternError::NotOfValue { .. } => {
                ApiError::invalid_parameter(format!("Unsupported filter pattern: {error}."))
            }
            PatternError::NotJson { .. } | PatternError::Invalid { .. } => {
                tracing::info!(?patterns, reason = %error, "a filter pattern is invalid");
                ApiError::invalid_parameter("Invalid filter pattern definition.")
            }
        })
}

fn filter_patterns(members: &Map<String, Value>) -> Vec<&str> {
    let filters = members
        .get("FilterCriteria")
        .and_then(|criteria| criteria.get("Filters"))
        .and_then(Value::as_array);
    let pattern = |filter| {
        Value::get(filter, "Pattern")
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    filters.into_iter().flatten().map(pattern).collect()
}

/// Checks the members that only provisioned mode has. On-demand mode may give the default's value.
fn check_provisioned_mode(members: &Map<String, Value>, source: &EventSource) -> Result<(), ApiError> {
    let provisioned = members.get("ProvisionedPollerConfig");
    if let Some(config) = provisioned {
        pollers::read(config)?;
    }
    let (config_member, _) = source.config_members();
    if let Some(registry) = members
        .get(config_member)
        .and_then(|config| config.get("SchemaRegistryConfig"))
    {
        schema_registry::check(registry, provisioned.is_some())?;
    }
    if provisioned.is_some() {
        return Ok(());
    }
    let is_set = |name: &str, default: Value| members.get(name).is_some_and(|value| *value != default);
    let has_destination_topic =
        destination_text(members).is_some_and(|destination| destination.starts_with("kafka://"));
    let set_ones = [
        (
            "MaximumRetryAttempts",
            is_set("MaximumRetryAttempts", (-1).into()),
        ),
        (
            "MaximumRecordAgeInSeconds",
            is_set("MaximumRecordAgeInSeconds", (-1).into()),
        ),
        (
            "BisectBatchOnFunctionError",
            is_set("BisectBatchOnFunctionError", false.into()),
        ),
        (
            "FunctionResponseTypes",
            members.contains_key("FunctionResponseTypes"),
        ),
        ("LoggingConfig", members.contains_key("LoggingConfig")),
        // Queues, SNS topics and buckets are destinations in on-demand mode, too; only a Kafka topic needs provisioned mode.
        ("DestinationConfig", has_destination_topic),
    ];
    match set_ones.into_iter().find(|(_, is_set)| *is_set) {
        Some((name, _)) => Err(ApiError::unsupported_member(name)),
        None => Ok(()),
    }
}

/// Returns the on-failure destination of a mapping; `None` if it has none.
///
/// # Errors
/// InvalidParameterValueException for a text that names none. AWS's words are not known.
pub(super) fn read_destination(members: &Map<String, Value>) -> Result<Option<Destination>, ApiError> {
    let Some(text) = destination_text(members) else {
        return Ok(None);
    };
    let destination = Destination::parse(text);
    destination
        .map(Some)
        .map_err(|error| ApiError::invalid_parameter(error.to_string()))
}

fn destination_text(members: &Map<String, Value>) -> Option<&str> {
    let on_failure = members.get("DestinationConfig")?.get("OnFailure")?;
    on_failure.get("Destination")?.as_str()
}

fn check_destination(members: &Map<String, Value>, reachable: ReachableServices) -> Result<(), ApiError> {
    let Some(destination) = read_destination(members)? else {
        return Ok(());
    };
    if let Destination::KafkaTopic { topic } = &destination
        && members["Topics"][0].as_str() == Some(topic)
    {
        return Err(ApiError::invalid_parameter(format!(
            "The on-failure destination {destination} is the topic that the event source mapping reads."
        )));
    }
    if let Some(service) = destination.service()
        && !reachable.reach(&destination)
    {
        let (name, option) = match service {
            AwsService::Sqs => ("Amazon SQS", "--sqs-endpoint"),
            AwsService::Sns => ("Amazon SNS", "--sns-endpoint"),
            AwsService::S3 => ("Amazon S3", "--s3-endpoint"),
        };
        return Err(ApiError::invalid_parameter(format!(
            "The on-failure destination {destination} cannot be reached: Esmeralda has no endpoint of {name}. Start it with {option} URL or \
             --aws-endpoint URL, or with --capture-destinations to keep the documents in memory."
        )));
    }
    Ok(())
}
