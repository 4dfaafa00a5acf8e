//! The rules for `SchemaRegistryConfig`. Source, with the words of the errors: Lambda developer guide, "Using schema registries with
//! Kafka event sources in Lambda".
//!
//! # Differs from Lambda
//! - The URI may be `embedded`, the registry of this process, or begin with `http://`, and then have a user and a password.
//! - `https://` and Glue's registries are refused by name, after AWS's own rules.

use super::ApiError;
use crate::schema::{DecodingSettings, RecordFormat, RegistryLocation};
use serde_json::Value;
use std::collections::BTreeSet;

/// Checks a `SchemaRegistryConfig` that is to be stored.
///
/// # Errors
/// InvalidParameterValueException in AWS's words.
pub(super) fn check(config: &Value, is_provisioned: bool) -> Result<(), ApiError> {
    if !is_provisioned {
        return Err(ApiError::invalid_parameter(
            "SchemaRegistryConfig is only available for Provisioned Mode. To configure Schema Registry, please enable Provisioned Mode \
             by specifying MinimumPollers in ProvisionedPollerConfig.",
        ));
    }
    let uri = config
        .get("SchemaRegistryURI")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if !is_registry(uri) {
        return Err(ApiError::invalid_parameter(
            "Malformed SchemaRegistryURI provided. Please provide a valid URI or ARN. For example, \
             https://schema-registry.example.com:8081 or arn:aws:glue:us-east-1:123456789012:registry/ExampleRegistry.",
        ));
    }
    if config.get("EventRecordFormat").is_none() {
        return Err(ApiError::invalid_parameter(
            "EventRecordFormat is a required field for SchemaRegistryConfig. Please provide one of supported format types: SOURCE, \
             JSON.",
        ));
    }
    let attributes = config.get("SchemaValidationConfigs").and_then(Value::as_array);
    let attributes = attributes
        .filter(|attributes| !attributes.is_empty())
        .ok_or_else(|| {
            ApiError::invalid_parameter(
                "SchemaValidationConfigs is a required field for SchemaRegistryConfig.",
            )
        })?;
    let distinct: BTreeSet<_> = attributes
        .iter()
        .map(|config| config["Attribute"].as_str())
        .collect();
    if distinct.len() < attributes.len() {
        return Err(ApiError::invalid_parameter(
            "Duplicate KEY/VALUE Attribute in SchemaValidationConfigs. SchemaValidationConfigs must contain at most one KEY/VALUE \
             Attribute.",
        ));
    }
    check_built(uri)
}

/// Checks that the registry is one that Esmeralda reaches.
fn check_built(uri: &str) -> Result<(), ApiError> {
    let not_built = |what: &str, instead: &str| {
        Err(ApiError::invalid_parameter(format!(
            "SchemaRegistryConfig with {what} is not supported yet by Esmeralda: {instead}."
        )))
    };
    if is_glue(uri) {
        return not_built(
            "an AWS Glue registry",
            "register the schemas in Esmeralda's registry, and use the SchemaRegistryURI embedded",
        );
    }
    if uri.starts_with("https://") {
        return not_built(
            "an https URI",
            "use the SchemaRegistryURI embedded for Esmeralda's registry, or http://",
        );
    }
    Ok(())
}

/// Returns how records are decoded by a `SchemaRegistryConfig` that passed the rules.
pub(super) fn read(config: &Value) -> DecodingSettings {
    let attributes = config.get("SchemaValidationConfigs").and_then(Value::as_array);
    let has = |attribute: &str| {
        let mut attributes = attributes.into_iter().flatten();
        attributes.any(|config| config["Attribute"] == attribute)
    };
    DecodingSettings {
        location: match config["SchemaRegistryURI"].as_str() {
            None | Some(EMBEDDED) => RegistryLocation::Embedded,
            Some(url) => RegistryLocation::Url(url.to_owned()),
        },
        format: match config["EventRecordFormat"].as_str() {
            Some("SOURCE") => RecordFormat::Source,
            _ => RecordFormat::Json,
        },
        decodes_key: has("KEY"),
        decodes_value: has("VALUE"),
    }
}

/// The URI of the registry in this process.
const EMBEDDED: &str = "embedded";

fn is_glue(uri: &str) -> bool {
    uri.starts_with("arn:") && uri.contains(":glue:") && uri.contains(":registry/")
}

fn is_registry(uri: &str) -> bool {
    let mut schemes = ["https://", "http://"].into_iter();
    is_glue(uri)
        || uri == EMBEDDED
        || schemes.any(|scheme| uri.strip_prefix(scheme).is_some_and(|host| !host.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_rule_has_its_words() {
        let whole = json!({
            "SchemaRegistryURI": "http://user:secret@registry:8081",
            "EventRecordFormat": "JSON",
            "SchemaValidationConfigs": [{ "Attribute": "KEY" }, { "Attribute": "VALUE" }],
        });
        let with = |member: &str, value: Value| {
            let mut config = whole.clone();
            config[member] = value;
            config
        };
        let without = |member: &str| {
            let mut config = whole.clone();
            config.as_object_mut().unwrap().remove(member);
            config
        };
        let cases = [
            (
                whole.clone(),
                false,
                "SchemaRegistryConfig is only available for Provisioned Mode.",
            ),
            (
                with("SchemaRegistryURI", json!("ftp://x")),
                true,
                "Malformed SchemaRegistryURI provided.",
            ),
            (
                without("SchemaRegistryURI"),
                true,
                "Malformed SchemaRegistryURI provided.",
            ),
            (
                without("EventRecordFormat"),
                true,
                "EventRecordFormat is a required field",
            ),
            (
                without("SchemaValidationConfigs"),
                true,
                "SchemaValidationConfigs is a required field",
            ),
            (
                with(
                    "SchemaValidationConfigs",
                    json!([{ "Attribute": "KEY" }, { "Attribute": "KEY" }]),
                ),
                true,
                "Duplicate KEY/VALUE Attribute in SchemaValidationConfigs.",
            ),
        ];
        for (config, is_provisioned, start) in cases {
            let error = check(&config, is_provisioned).unwrap_err();
            assert_eq!(error.kind, "InvalidParameterValueException");
            assert!(error.message.starts_with(start), "{}", error.message);
        }
        assert_eq!(check(&whole, true), Ok(()));
        assert_eq!(check(&with("SchemaRegistryURI", json!("embedded")), true), Ok(()));
        for (config, what) in [
            (
                with(
                    "SchemaRegistryURI",
                    json!("arn:aws:glue:us-east-1:123456789012:registry/Example"),
                ),
                "an AWS Glue registry",
            ),
            (
                with("SchemaRegistryURI", json!("https://registry:8081")),
                "an https URI",
            ),
        ] {
            let error = check(&config, true).unwrap_err();
            let start = format!("SchemaRegistryConfig with {what} is not supported yet by Esmeralda: ");
            assert!(error.message.starts_with(&start), "{}", error.message);
        }
    }

    #[test]
    fn the_attributes_and_the_format_are_read() {
        let config = json!({
            "SchemaRegistryURI": "embedded",
            "EventRecordFormat": "SOURCE",
            "SchemaValidationConfigs": [{ "Attribute": "VALUE" }],
        });
        let settings = DecodingSettings {
            location: RegistryLocation::Embedded,
            format: RecordFormat::Source,
            decodes_key: false,
            decodes_value: true,
        };
        assert_eq!(read(&config), settings);
    }
}
