//! UpdateEventSourceMapping.

use super::*;

#[test]
fn an_update_changes_what_it_names_and_nothing_else() {
    let definition = create(body(
        json!({ "BatchSize": 7, "MaximumBatchingWindowInSeconds": 3 }),
    ))
    .unwrap();
    let updated = update(
        &definition,
        json!({ "FunctionName": "g:2", "BatchSize": 9, "Enabled": false, "Topics": ["other"], "StartingPosition": "LATEST" }),
    )
    .unwrap();
    assert!(!updated.is_enabled);
    assert_eq!(
        updated.function_arn,
        "arn:aws:lambda:eu-west-1:000000000000:function:g:2"
    );
    let mut config = definition.config.clone();
    config.function_name = "g".into();
    config.qualifier = Some("2".into());
    config.batch_size = 9;
    assert_eq!(updated.config, config);
    assert!(!update(&updated, json!({})).unwrap().is_enabled);
}

#[test]
fn empty_values_clear_members_on_update() {
    let definition = create(body(json!({
        "FilterCriteria": { "Filters": [{ "Pattern": "{}" }] },
        "MetricsConfig": { "Metrics": ["EventCount"] },
        "DestinationConfig": { "OnFailure": { "Destination": "arn:aws:sqs:eu-west-1:000000000000:q" } },
        "KMSKeyArn": "arn:aws:kms:eu-west-1:000000000000:key/k",
        "ProvisionedPollerConfig": { "MinimumPollers": 2 },
    })))
    .unwrap();
    let updated = update(
        &definition,
        json!({
            "FilterCriteria": {},
            "MetricsConfig": { "Metrics": [] },
            "DestinationConfig": { "OnFailure": { "Destination": "" } },
            "KMSKeyArn": "",
            "ProvisionedPollerConfig": {},
        }),
    )
    .unwrap();
    assert_eq!(updated.config.provisioned, None);
    assert_eq!(shown(&updated), shown(&create(body(json!({}))).unwrap()));
}

#[test]
fn an_update_of_the_pollers_fills_in_defaults_anew() {
    let definition = create(body(
        json!({ "ProvisionedPollerConfig": { "MinimumPollers": 5, "MaximumPollers": 6 } }),
    ))
    .unwrap();
    let updated = update(
        &definition,
        json!({ "ProvisionedPollerConfig": { "MaximumPollers": 9 } }),
    )
    .unwrap();
    assert_eq!(
        updated.config.provisioned,
        Some(ProvisionedPollers {
            minimum: 1,
            maximum: 9
        })
    );
}

#[test]
fn leaving_provisioned_mode_is_refused_while_something_needs_it() {
    let registry = json!({
        "SchemaRegistryURI": "https://registry:8081",
        "EventRecordFormat": "JSON",
        "SchemaValidationConfigs": [{ "Attribute": "VALUE" }],
    });
    let definition = create(body(json!({
        "SelfManagedKafkaEventSourceConfig": { "SchemaRegistryConfig": registry },
        "ProvisionedPollerConfig": { "MinimumPollers": 1 },
    })))
    .unwrap();
    assert_eq!(definition.config.group_id, UUID);
    let off = json!({ "ProvisionedPollerConfig": {} });
    let error = update(&definition, off.clone()).unwrap_err();
    assert!(
        error
            .message
            .starts_with("SchemaRegistryConfig is only available for Provisioned Mode.")
    );
    let without_registry = json!({ "SelfManagedKafkaEventSourceConfig": { "SchemaRegistryConfig": {} }, "ProvisionedPollerConfig": {} });
    let updated = update(&definition, without_registry).unwrap();
    assert_eq!(
        shown(&updated)["SelfManagedKafkaEventSourceConfig"],
        json!({ "ConsumerGroupId": UUID })
    );
}

#[test]
fn the_consumer_group_cannot_be_changed() {
    let definition = create(body(
        json!({ "SelfManagedKafkaEventSourceConfig": { "ConsumerGroupId": "group" } }),
    ))
    .unwrap();
    let to = |group: &str| {
        let config = json!({ "SelfManagedKafkaEventSourceConfig": { "ConsumerGroupId": group } });
        update(&definition, config)
            .map(|updated| updated.config.group_id)
            .map_err(|error| error.message)
    };
    assert_eq!(to("group"), Ok("group".into()));
    assert_eq!(
        to("other"),
        Err("ConsumerGroupId cannot be changed after an event source mapping is created.".into())
    );
}

#[test]
fn a_missing_function_on_update_is_refused() {
    let definition = create(body(json!({}))).unwrap();
    let error = update(&definition, json!({ "FunctionName": "missing" })).unwrap_err();
    assert_eq!(error, ApiError::invalid_parameter("Function does not exist"));
}
