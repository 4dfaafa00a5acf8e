//! The rules for `SchemaRegistryConfig`. Source, with the words of the errors: Lambda developer guide, "Using schema registries with
//! Kafka event sources in Lambda".

use super::ApiError;
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
    Ok(())
}

fn is_registry(uri: &str) -> bool {
    let is_glue = uri.starts_with("arn:") && uri.contains(":glue:") && uri.contains(":registry/");
    is_glue || uri.strip_prefix("https://").is_some_and(|host| !host.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_rule_has_its_words() {
        let whole = json!({
            "SchemaRegistryURI": "https://registry:8081",
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
        let glue = json!("arn:aws:glue:us-east-1:123456789012:registry/Example");
        assert_eq!(check(&with("SchemaRegistryURI", glue), true), Ok(()));
    }
}
