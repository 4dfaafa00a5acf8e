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
        "FilterCriteria": { "Filters": [{ "Pattern": "{\"value\":[1]}" }] },
        "KMSKeyArn": "arn:aws:kms:eu-west-1:000000000000:key/k",
        "SourceAccessConfigurations": [{ "Type": "VPC_SUBNET", "URI": "subnet:subnet-1" }],
        "ProvisionedPollerConfig": { "MinimumPollers": 2 },
    })))
    .unwrap();
    let cleared = json!({ "FilterCriteria": {}, "KMSKeyArn": "", "SourceAccessConfigurations": [], "ProvisionedPollerConfig": {} });
    let updated = update(&definition, cleared).unwrap();
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
fn an_update_replaces_all_filters() {
    let criteria = |patterns: &[&str]| {
        let filters: Vec<Value> = patterns
            .iter()
            .map(|pattern| json!({ "Pattern": pattern }))
            .collect();
        json!({ "FilterCriteria": { "Filters": filters } })
    };
    let (one, two) = (r#"{"value":{"a":[1]}}"#, r#"{"value":{"b":[2]}}"#);
    let filters = |definition: &MappingDefinition| definition.config.filters.as_deref().cloned();
    let definition = create(body(criteria(&[one]))).unwrap();
    assert_eq!(filters(&definition), Some(Filters::compile(&[one]).unwrap()));
    assert_eq!(
        shown(&definition)["FilterCriteria"],
        criteria(&[one])["FilterCriteria"]
    );
    let updated = update(&definition, criteria(&[two, one])).unwrap();
    assert_eq!(filters(&updated), Some(Filters::compile(&[two, one]).unwrap()));
    let kept = update(&updated, json!({ "BatchSize": 9 })).unwrap();
    assert_eq!(filters(&kept), filters(&updated));
    let error = update(&updated, criteria(&["[]"])).unwrap_err();
    assert_eq!(
        error,
        ApiError::invalid_parameter("Invalid filter pattern definition.")
    );
    for cleared in [json!({ "FilterCriteria": {} }), criteria(&[])] {
        let cleared = update(&updated, cleared).unwrap();
        assert_eq!(filters(&cleared), None);
        assert_eq!(shown(&cleared).get("FilterCriteria"), None);
    }
}

#[test]
fn leaving_provisioned_mode_is_refused_while_something_needs_it() {
    let definition = create(body(json!({
        "MaximumRetryAttempts": 0,
        "ProvisionedPollerConfig": { "MinimumPollers": 1 },
    })))
    .unwrap();
    assert_eq!(definition.config.failure_rules.maximum_retry_attempts, Some(0));
    let error = update(&definition, json!({ "ProvisionedPollerConfig": {} })).unwrap_err();
    assert_eq!(
        error.message,
        "Unsupported 'maximumRetryAttempts' parameter for given event source mapping type."
    );
    let without_limit = json!({ "MaximumRetryAttempts": -1, "ProvisionedPollerConfig": {} });
    let updated = update(&definition, without_limit).unwrap();
    assert_eq!(updated.config.failure_rules, FailureRules::default());
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
    assert_eq!(
        error,
        ApiError::invalid_parameter("Function does not exist: missing")
    );
}
