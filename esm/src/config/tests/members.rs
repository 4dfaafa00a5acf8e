//! Every member of AWS's model is honoured, documented as without effect, or refused by name.

use super::*;
use crate::config::members::{MAPPING_MEMBERS, MemberEffect, RequestMember};
use crate::config::model::{self, Member, Shape};

const MSK: &str = "arn:aws:kafka:eu-west-1:123456789012:cluster/demo/6b9f5a3e-1";

/// The leaves of a structure: paths, and for an enumeration one `PATH=VALUE` for each value.
fn leaves(members: &[Member], above: &str, found: &mut Vec<String>) {
    for member in members {
        leaves_of(member.shape, &format!("{above}{}", member.name), found);
    }
}

fn leaves_of(shape: &Shape, path: &str, found: &mut Vec<String>) {
    match shape {
        Shape::Structure(members) => leaves(members, &format!("{path}."), found),
        Shape::List { item, .. } => leaves_of(item, path, found),
        Shape::Choice(values) => found.extend(values.iter().map(|value| format!("{path}={value}"))),
        Shape::Map { .. }
        | Shape::Text { .. }
        | Shape::Integer { .. }
        | Shape::Timestamp
        | Shape::Boolean => found.push(path.to_owned()),
    }
}

fn all_leaves(members: &[Member]) -> Vec<String> {
    let mut found = Vec::new();
    leaves(members, "", &mut found);
    found
}

/// The entry of the table that stands for a leaf: the longest of those above it.
fn entry(leaf: &str) -> Option<&'static RequestMember> {
    let stands_for = |member: &&RequestMember| {
        leaf.strip_prefix(member.path)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '=']))
    };
    let entries = MAPPING_MEMBERS.iter().filter(stands_for);
    entries.max_by_key(|member| member.path.len())
}

/// The members that give a leaf a value, and what a mapping without it has instead; both go on top of a minimal body. Values of
/// members with AWS's own rules obey these.
fn sample(leaf: &str) -> (Value, Value) {
    let (path, choice) = leaf.split_once('=').unwrap_or((leaf, ""));
    let none = json!({});
    let provisioned = |members: Value| {
        let config = json!({ "ProvisionedPollerConfig": { "MinimumPollers": 3 } });
        let mut with = config.clone();
        with.as_object_mut()
            .unwrap()
            .extend(members.as_object().unwrap().clone());
        (with, config)
    };
    let registry = || {
        let format = if choice == "SOURCE" { "SOURCE" } else { "JSON" };
        let attribute = if choice == "KEY" { "KEY" } else { "VALUE" };
        let mut config = json!({
            "SchemaRegistryURI": "http://registry:8081",
            "EventRecordFormat": format,
            "SchemaValidationConfigs": [{ "Attribute": attribute }],
        });
        if path.contains(".AccessConfigs") {
            let secret = "arn:aws:secretsmanager:eu-west-1:000000000000:secret:s";
            config["AccessConfigs"] = json!([{ "Type": "BASIC_AUTH", "URI": secret }]);
        }
        json!({ "SchemaRegistryConfig": config })
    };
    let remote = || json!({ "SelfManagedEventSource": { "Endpoints": { "KAFKA_BOOTSTRAP_SERVERS": ["far.test:9092"] } } });
    let managed = json!({ "EventSourceArn": MSK, "SelfManagedEventSource": null });
    let managed_with = |config: Value, pollers: Value| {
        let mut with = managed.clone();
        with["AmazonManagedKafkaEventSourceConfig"] = config;
        with["ProvisionedPollerConfig"] = pollers;
        with
    };
    match path {
        "EventSourceArn" => (managed, none),
        "FunctionName" => (json!({ "FunctionName": "g" }), none),
        "Enabled" => (json!({ "Enabled": false }), none),
        "BatchSize" => (json!({ "BatchSize": 7 }), none),
        "MaximumBatchingWindowInSeconds" => (json!({ "MaximumBatchingWindowInSeconds": 3 }), none),
        "StartingPosition" if choice == "AT_TIMESTAMP" => (
            json!({ "StartingPosition": choice, "StartingPositionTimestamp": 1_767_225_600 }),
            none,
        ),
        "StartingPosition" => {
            let other = if choice == "LATEST" {
                "TRIM_HORIZON"
            } else {
                "LATEST"
            };
            (
                json!({ "StartingPosition": choice }),
                json!({ "StartingPosition": other }),
            )
        }
        "StartingPositionTimestamp" => (
            json!({ "StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": 1_767_139_200.5 }),
            json!({ "StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": 1_767_139_200 }),
        ),
        "Topics" => (json!({ "Topics": ["payments"] }), none),
        "Tags" => (json!({ "Tags": { "team": "kafka" } }), none),
        "SelfManagedEventSource.Endpoints" => (
            json!({ "SelfManagedEventSource": { "Endpoints": { "KAFKA_BOOTSTRAP_SERVERS": ["kafka.test:9093"] } } }),
            none,
        ),
        "SourceAccessConfigurations.Type" if entry(leaf).is_some_and(|entry| entry.path != leaf) => {
            let mut with = remote();
            with["SourceAccessConfigurations"] = json!([{ "Type": choice, "URI": "all" }]);
            (with, remote())
        }
        "SourceAccessConfigurations.Type" => {
            let config = json!([{ "Type": choice, "URI": "some-value" }]);
            (json!({ "SourceAccessConfigurations": config }), none)
        }
        "SourceAccessConfigurations.URI" => {
            let (mut with, mut without) = (remote(), remote());
            with["SourceAccessConfigurations"] = json!([{ "Type": "BASIC_AUTH", "URI": "all" }]);
            without["SourceAccessConfigurations"] = json!([{ "Type": "BASIC_AUTH", "URI": "login" }]);
            (with, without)
        }
        "KMSKeyArn" => (
            json!({ "KMSKeyArn": "arn:aws:kms:eu-west-1:000000000000:key/k" }),
            none,
        ),
        "FilterCriteria.Filters.Pattern" => (
            json!({ "FilterCriteria": { "Filters": [{ "Pattern": "{\"value\":{\"a\":[1]}}" }] } }),
            none,
        ),
        "MetricsConfig.Metrics" => (json!({ "MetricsConfig": { "Metrics": [choice] } }), none),
        "LoggingConfig.SystemLogLevel" => {
            provisioned(json!({ "LoggingConfig": { "SystemLogLevel": choice } }))
        }
        "DestinationConfig.OnFailure.Destination" => (
            json!({ "DestinationConfig": { "OnFailure": { "Destination": "arn:aws:sqs:eu-west-1:000000000000:q" } } }),
            none,
        ),
        "DestinationConfig.OnSuccess.Destination" => (
            json!({ "DestinationConfig": { "OnSuccess": { "Destination": "arn:aws:sqs:eu-west-1:000000000000:q" } } }),
            none,
        ),
        "MaximumRecordAgeInSeconds" => provisioned(json!({ "MaximumRecordAgeInSeconds": 60 })),
        "BisectBatchOnFunctionError" => provisioned(json!({ "BisectBatchOnFunctionError": true })),
        "MaximumRetryAttempts" => provisioned(json!({ "MaximumRetryAttempts": 0 })),
        "FunctionResponseTypes" => provisioned(json!({ "FunctionResponseTypes": [choice] })),
        "AmazonManagedKafkaEventSourceConfig.ConsumerGroupId" => (
            managed_with(json!({ "ConsumerGroupId": "group" }), Value::Null),
            managed,
        ),
        "SelfManagedKafkaEventSourceConfig.ConsumerGroupId" => (
            json!({ "SelfManagedKafkaEventSourceConfig": { "ConsumerGroupId": "group" } }),
            none,
        ),
        "SelfManagedKafkaEventSourceConfig.ConsumptionMode" => (
            json!({ "SelfManagedKafkaEventSourceConfig": { "ConsumptionMode": choice } }),
            none,
        ),
        "ProvisionedPollerConfig.MinimumPollers" => (
            json!({ "ProvisionedPollerConfig": { "MinimumPollers": 3, "MaximumPollers": 9 } }),
            json!({ "ProvisionedPollerConfig": { "MinimumPollers": 2, "MaximumPollers": 9 } }),
        ),
        "ProvisionedPollerConfig.MaximumPollers" => (
            json!({ "ProvisionedPollerConfig": { "MinimumPollers": 3, "MaximumPollers": 9 } }),
            json!({ "ProvisionedPollerConfig": { "MinimumPollers": 3, "MaximumPollers": 10 } }),
        ),
        "ProvisionedPollerConfig.PollerGroupName" => (
            json!({ "ProvisionedPollerConfig": { "MinimumPollers": 3, "PollerGroupName": "g" } }),
            json!({ "ProvisionedPollerConfig": { "MinimumPollers": 3 } }),
        ),
        "ScalingConfig.MaximumConcurrency" => (json!({ "ScalingConfig": { "MaximumConcurrency": 2 } }), none),
        "ParallelizationFactor" => (json!({ "ParallelizationFactor": 2 }), none),
        "TumblingWindowInSeconds" => (json!({ "TumblingWindowInSeconds": 2 }), none),
        "Queues" => (json!({ "Queues": ["q"] }), none),
        "DocumentDBEventSourceConfig.FullDocument" => (
            json!({ "DocumentDBEventSourceConfig": { "FullDocument": choice } }),
            none,
        ),
        "DocumentDBEventSourceConfig.DatabaseName" | "DocumentDBEventSourceConfig.CollectionName" => (
            json!({ "DocumentDBEventSourceConfig": { "DatabaseName": "d", "CollectionName": "c" } }),
            none,
        ),
        path if path.starts_with("AmazonManagedKafkaEventSourceConfig.SchemaRegistryConfig.") => {
            let pollers = json!({ "MinimumPollers": 3 });
            let without = managed_with(json!({}), pollers.clone());
            (managed_with(registry(), pollers), without)
        }
        path if path.starts_with("SelfManagedKafkaEventSourceConfig.SchemaRegistryConfig.") => {
            provisioned(json!({ "SelfManagedKafkaEventSourceConfig": registry() }))
        }
        _ => panic!("{leaf} is a new member of the model: give it a sample, and an entry in MAPPING_MEMBERS"),
    }
}

/// Returns the parts of a definition that the engine acts on: all that are not only shown.
fn deeds(definition: &MappingDefinition) -> (MappingConfig, Option<RemoteSource>, bool, Tags) {
    let MappingDefinition {
        config,
        remote,
        is_enabled,
        tags,
        ..
    } = definition;
    (config.clone(), remote.clone(), *is_enabled, tags.clone())
}

fn assert_refused(leaf: &str, result: Result<MappingDefinition, ApiError>) {
    let error = result.expect_err(leaf);
    assert_eq!(error.kind, "InvalidParameterValueException", "{leaf}");
    let (path, choice) = leaf.split_once('=').unwrap_or((leaf, ""));
    let entry = entry(leaf).unwrap();
    match entry.effect {
        MemberEffect::NotBuilt(instead) => {
            let name = entry.path.replace('=', " ");
            let whole = format!("{name} is not supported yet by Esmeralda: {instead}.");
            assert_eq!(error.message, whole, "{leaf}");
        }
        MemberEffect::OtherSource => {
            let first = path.split('.').next().unwrap();
            assert!(
                error.message.starts_with("Unsupported ")
                    && error.message.to_lowercase().contains(&first.to_lowercase()),
                "{leaf} {choice}: {}",
                error.message
            );
        }
        MemberEffect::Honoured(_) | MemberEffect::WithoutEffect(_) => {
            panic!("{leaf} is refused: {}", error.message)
        }
    }
}

#[test]
fn every_entry_of_the_table_is_a_member_and_every_member_has_an_entry() {
    let leaves = all_leaves(model::CREATE);
    for leaf in leaves.iter().chain(&all_leaves(model::UPDATE)) {
        assert!(entry(leaf).is_some(), "{leaf} has no entry in MAPPING_MEMBERS");
    }
    for member in MAPPING_MEMBERS {
        assert!(
            leaves
                .iter()
                .any(|leaf| entry(leaf).is_some_and(|entry| entry.path == member.path)),
            "{} stands for no member of the model",
            member.path
        );
    }
}

#[test]
fn a_create_honours_shows_or_refuses_every_member() {
    for leaf in all_leaves(model::CREATE) {
        let (with, without) = sample(&leaf);
        let created = create(body(with.clone()));
        match entry(&leaf).unwrap().effect {
            MemberEffect::Honoured(_) => {
                let (with, without) = (created.expect(&leaf), create(body(without)).unwrap());
                assert_ne!(deeds(&with), deeds(&without), "{leaf} makes no difference");
            }
            MemberEffect::WithoutEffect(_) => {
                let (created, without) = (created.expect(&leaf), create(body(without)).unwrap());
                assert_eq!(deeds(&created), deeds(&without), "{leaf} makes a difference");
                let view = shown(&created);
                for (name, value) in with.as_object().unwrap() {
                    let shown = &view[name];
                    let is_shown = match value {
                        // The id of the group is added to the config.
                        Value::Object(members) => members.iter().all(|(name, value)| shown[name] == *value),
                        _ => shown == value,
                    };
                    assert!(is_shown, "{leaf} is not shown: {shown}");
                }
            }
            MemberEffect::NotBuilt(_) | MemberEffect::OtherSource => assert_refused(&leaf, created),
        }
    }
}

#[test]
fn an_update_treats_every_member_as_a_create_does() {
    for leaf in all_leaves(model::UPDATE) {
        let (with, without) = sample(&leaf);
        let before = create(body(without)).unwrap();
        let updated = update(&before, with.clone());
        match entry(&leaf).unwrap().effect {
            MemberEffect::Honoured(_) if leaf.ends_with(".ConsumerGroupId") => {
                let error = updated.expect_err(&leaf);
                assert_eq!(
                    error.message,
                    "ConsumerGroupId cannot be changed after an event source mapping is created."
                );
            }
            MemberEffect::WithoutEffect(_) if leaf.contains(".ConsumptionMode=") => {
                let error = updated.expect_err(&leaf);
                assert_eq!(
                    error.message,
                    "ConsumptionMode cannot be changed after an event source mapping is created."
                );
            }
            MemberEffect::Honoured(_) | MemberEffect::WithoutEffect(_) => {
                let created = create(body(with)).unwrap();
                assert_eq!(deeds(&updated.expect(&leaf)), deeds(&created), "{leaf}");
            }
            MemberEffect::NotBuilt(_) if leaf.contains(".ConsumptionMode=") => {
                assert!(
                    updated
                        .expect_err(&leaf)
                        .message
                        .starts_with("ConsumptionMode cannot be changed")
                );
            }
            MemberEffect::NotBuilt(_) | MemberEffect::OtherSource => assert_refused(&leaf, updated),
        }
    }
}

#[test]
fn defaults_and_empty_values_of_members_that_are_not_built_are_what_happens_and_allowed() {
    let allowed = json!({
        "FilterCriteria": {},
        "MetricsConfig": { "Metrics": [] },
        "LoggingConfig": {},
        "DestinationConfig": { "OnFailure": {} },
        "MaximumRecordAgeInSeconds": -1,
        "MaximumRetryAttempts": -1,
        "BisectBatchOnFunctionError": false,
        "FunctionResponseTypes": [],
        "SourceAccessConfigurations": [],
        "SelfManagedKafkaEventSourceConfig": { "ConsumptionMode": "Stream", "SchemaRegistryConfig": {} },
        "ProvisionedPollerConfig": { "PollerGroupName": "" },
    });
    assert!(create(body(allowed)).is_ok());
}
