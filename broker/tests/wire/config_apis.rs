//! Reading and changing configs.

use kafka_protocol::messages::alter_configs_request::{self, AlterConfigsResource};
use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::describe_configs_response::DescribeConfigsResourceResult;
use kafka_protocol::messages::incremental_alter_configs_request;
use kafka_protocol::messages::{
    AlterConfigsRequest, ApiKey, DescribeConfigsRequest, GetTelemetrySubscriptionsRequest,
    IncrementalAlterConfigsRequest, ListConfigResourcesRequest, PushTelemetryRequest,
};

use bytes::Bytes;
use esmeralda_broker::messages::ApiVersionsRequest;

use crate::client::Client;
use crate::world::{NONE, RETENTION_MS, TOPIC, UNKNOWN_TOPIC_OR_PARTITION, World, text};

/// `ConfigResource.Type` of Kafka.
const TOPIC_RESOURCE: i8 = 2;
const BROKER_RESOURCE: i8 = 4;
/// `ConfigSource` of Kafka.
const DYNAMIC_TOPIC_CONFIG: i8 = 1;
const DEFAULT_CONFIG: i8 = 5;
const INVALID_CONFIG: i16 = 40;

/// Returns the value of one config of [`TOPIC`] and its source.
async fn config(client: &mut Client, name: &str) -> (String, i8) {
    let resource = DescribeConfigsResource::default()
        .with_resource_type(TOPIC_RESOURCE)
        .with_resource_name(text(TOPIC))
        .with_configuration_keys(Some(vec![text(name)]));
    let answer = client
        .ask(
            4,
            &DescribeConfigsRequest::default().with_resources(vec![resource]),
        )
        .await;
    let config = &answer.results[0].configs[0];
    (config.value.clone().unwrap().to_string(), config.config_source)
}

pub(crate) async fn describe_configs(version: i16) {
    let world = World::with_topic().await;
    let mut client = world.connect().await;
    let resource = |resource_type, name, keys: Option<&[&str]>| {
        DescribeConfigsResource::default()
            .with_resource_type(resource_type)
            .with_resource_name(text(name))
            .with_configuration_keys(keys.map(|keys| keys.iter().map(|key| text(key)).collect()))
    };
    let mut request = DescribeConfigsRequest::default()
        .with_include_synonyms(true)
        .with_resources(vec![
            resource(
                TOPIC_RESOURCE,
                TOPIC,
                Some(&["retention.ms", "max.message.bytes"]),
            ),
            resource(TOPIC_RESOURCE, "absent", Some(&["retention.ms"])),
            resource(BROKER_RESOURCE, "1", None),
        ]);
    if version >= 3 {
        request.include_documentation = true;
    }
    let answer = client.ask(version, &request).await;
    assert_eq!(answer.throttle_time_ms, 0);
    let results: Vec<_> = answer
        .results
        .iter()
        .map(|result| {
            (
                result.resource_type,
                result.resource_name.as_str(),
                result.error_code,
            )
        })
        .collect();
    assert_eq!(
        results,
        [
            (TOPIC_RESOURCE, TOPIC, NONE),
            (TOPIC_RESOURCE, "absent", UNKNOWN_TOPIC_OR_PARTITION),
            (BROKER_RESOURCE, "1", NONE),
        ]
    );
    let by_name = |name: &str| -> &DescribeConfigsResourceResult {
        answer.results[0]
            .configs
            .iter()
            .find(|config| config.name == text(name))
            .unwrap()
    };
    assert_eq!(answer.results[0].configs.len(), 2);
    let retention = by_name("retention.ms");
    assert_eq!(retention.value, Some(text(RETENTION_MS)));
    assert_eq!(
        (
            retention.config_source,
            retention.read_only,
            retention.is_sensitive
        ),
        (DYNAMIC_TOPIC_CONFIG, false, false)
    );
    let synonym = &retention.synonyms[0];
    assert_eq!(
        (synonym.name.as_str(), synonym.value.clone(), synonym.source),
        ("retention.ms", Some(text(RETENTION_MS)), DYNAMIC_TOPIC_CONFIG)
    );
    let max_message = by_name("max.message.bytes");
    assert_eq!(
        (max_message.value.clone(), max_message.config_source),
        (Some(text("1048588")), DEFAULT_CONFIG)
    );
    if version >= 3 {
        assert_eq!(
            (retention.config_type, max_message.config_type),
            (5, 3),
            "LONG and INT"
        );
        assert!(
            retention
                .documentation
                .as_ref()
                .is_some_and(|words| !words.is_empty())
        );
    }
    assert!(
        answer.results[2]
            .configs
            .iter()
            .any(|config| config.name == text("num.partitions"))
    );
    world.stop().await;
}

pub(crate) async fn alter_configs(version: i16) {
    let world = World::with_topic().await;
    let mut client = world.connect().await;
    let request = |name, value, validate_only| {
        let config = alter_configs_request::AlterableConfig::default()
            .with_name(text(name))
            .with_value(Some(text(value)));
        let resource = AlterConfigsResource::default()
            .with_resource_type(TOPIC_RESOURCE)
            .with_resource_name(text(TOPIC))
            .with_configs(vec![config]);
        AlterConfigsRequest::default()
            .with_resources(vec![resource])
            .with_validate_only(validate_only)
    };
    let topics = (RETENTION_MS.to_owned(), DYNAMIC_TOPIC_CONFIG);
    for (validate_only, expected) in [(true, topics), (false, ("604800000".to_owned(), DEFAULT_CONFIG))] {
        let answer = client
            .ask(version, &request("max.message.bytes", "2000", validate_only))
            .await;
        assert_eq!(answer.throttle_time_ms, 0);
        let response = &answer.responses[0];
        assert_eq!(
            (response.error_code, response.error_message.clone()),
            (NONE, None)
        );
        assert_eq!(
            (response.resource_type, response.resource_name.as_str()),
            (TOPIC_RESOURCE, TOPIC)
        );
        // A config that the request does not name returns to its default.
        assert_eq!(config(&mut client, "retention.ms").await, expected);
    }
    assert_eq!(
        config(&mut client, "max.message.bytes").await,
        ("2000".to_owned(), DYNAMIC_TOPIC_CONFIG)
    );

    let refused = client
        .ask(version, &request("max.message.bytes", "many", false))
        .await;
    assert_eq!(refused.responses[0].error_code, INVALID_CONFIG);
    assert!(refused.responses[0].error_message.is_some());
    world.stop().await;
}

pub(crate) async fn incremental_alter_configs(version: i16) {
    const SET: i8 = 0;
    const DELETE: i8 = 1;
    const APPEND: i8 = 2;
    let world = World::with_topic().await;
    let mut client = world.connect().await;
    let request = |name, operation, value: Option<&str>, validate_only| {
        let config = incremental_alter_configs_request::AlterableConfig::default()
            .with_name(text(name))
            .with_config_operation(operation)
            .with_value(value.map(text));
        let resource = incremental_alter_configs_request::AlterConfigsResource::default()
            .with_resource_type(TOPIC_RESOURCE)
            .with_resource_name(text(TOPIC))
            .with_configs(vec![config]);
        IncrementalAlterConfigsRequest::default()
            .with_resources(vec![resource])
            .with_validate_only(validate_only)
    };
    let cases = [
        (
            "max.message.bytes",
            SET,
            Some("3000"),
            true,
            ("1048588", DEFAULT_CONFIG),
        ),
        (
            "max.message.bytes",
            SET,
            Some("3000"),
            false,
            ("3000", DYNAMIC_TOPIC_CONFIG),
        ),
        (
            "cleanup.policy",
            APPEND,
            Some("compact"),
            false,
            ("delete,compact", DYNAMIC_TOPIC_CONFIG),
        ),
        (
            "max.message.bytes",
            DELETE,
            None,
            false,
            ("1048588", DEFAULT_CONFIG),
        ),
    ];
    for (name, operation, value, validate_only, (expected, source)) in cases {
        let answer = client
            .ask(version, &request(name, operation, value, validate_only))
            .await;
        let response = &answer.responses[0];
        assert_eq!(
            (response.error_code, response.error_message.clone()),
            (NONE, None),
            "{name} {operation}"
        );
        assert_eq!(
            (response.resource_type, response.resource_name.as_str()),
            (TOPIC_RESOURCE, TOPIC)
        );
        assert_eq!(
            config(&mut client, name).await,
            (expected.to_owned(), source),
            "{name} {operation}"
        );
    }
    assert_eq!(
        config(&mut client, "retention.ms").await,
        (RETENTION_MS.to_owned(), DYNAMIC_TOPIC_CONFIG)
    );

    let refused = client
        .ask(version, &request("no.such.config", SET, Some("1"), false))
        .await;
    assert_eq!(refused.responses[0].error_code, INVALID_CONFIG);
    world.stop().await;
}

/// `ConfigResource.Type` of Kafka.
const CLIENT_METRICS_RESOURCE: i8 = 16;
const GROUP_RESOURCE: i8 = 32;
const BROKER_LOGGER_RESOURCE: i8 = 8;
const UNSUPPORTED_VERSION: i16 = 35;
const THROTTLING_QUOTA_EXCEEDED: i16 = 89;
const UNKNOWN_SUBSCRIPTION_ID: i16 = 117;

/// Sets one config of a resource that is no topic.
async fn set(client: &mut Client, resource_type: i8, resource: &str, name: &str, value: &str) {
    let config = incremental_alter_configs_request::AlterableConfig::default()
        .with_name(text(name))
        .with_value(Some(text(value)));
    let resource = incremental_alter_configs_request::AlterConfigsResource::default()
        .with_resource_type(resource_type)
        .with_resource_name(text(resource))
        .with_configs(vec![config]);
    let request = IncrementalAlterConfigsRequest::default().with_resources(vec![resource]);
    let answer = client.ask(1, &request).await;
    assert_eq!(answer.responses[0].error_code, NONE, "{answer:?}");
}

pub(crate) async fn list_config_resources(version: i16) {
    let world = World::with_topic().await;
    let mut client = world.connect().await;
    set(
        &mut client,
        CLIENT_METRICS_RESOURCE,
        "pushers",
        "interval.ms",
        "1000",
    )
    .await;
    set(
        &mut client,
        GROUP_RESOURCE,
        "readers",
        "consumer.session.timeout.ms",
        "50000",
    )
    .await;
    let answer = client.ask(version, &ListConfigResourcesRequest::default()).await;
    assert_eq!(answer.error_code, NONE);
    let listed: Vec<_> = answer
        .config_resources
        .iter()
        .map(|resource| (resource.resource_type, resource.resource_name.as_str()))
        .collect();
    let all = [
        (GROUP_RESOURCE, "readers"),
        (CLIENT_METRICS_RESOURCE, "pushers"),
        (BROKER_LOGGER_RESOURCE, "1"),
        (BROKER_RESOURCE, "1"),
        (TOPIC_RESOURCE, TOPIC),
    ];
    if version == 0 {
        assert_eq!(listed, all[1..2]);
    } else {
        assert_eq!(listed, all);
        let unknown = ListConfigResourcesRequest::default().with_resource_types(vec![TOPIC_RESOURCE, 99]);
        let answer = client.ask(version, &unknown).await;
        assert_eq!(
            (answer.error_code, answer.config_resources.len()),
            (UNSUPPORTED_VERSION, 0)
        );
    }
    world.stop().await;
}

#[tokio::test]
async fn clients_push_metrics_once_there_is_a_subscription() {
    let world = World::start().await;
    let mut client = world.connect().await;
    let versions = ApiVersionsRequest::default()
        .with_client_software_name(text("wire-test"))
        .with_client_software_version(text("1.0"));
    let has_telemetry = async |client: &mut Client| {
        let answer = client.ask(3, &versions).await;
        let mut keys = answer.api_keys.iter().map(|api| api.api_key);
        keys.any(|key| key == ApiKey::PushTelemetry as i16)
    };
    assert!(!has_telemetry(&mut client).await);
    set(&mut client, CLIENT_METRICS_RESOURCE, "all", "metrics", "*").await;
    set(
        &mut client,
        CLIENT_METRICS_RESOURCE,
        "all",
        "match",
        "client_software_name=wire-.*",
    )
    .await;
    assert!(has_telemetry(&mut client).await);
    let told = client.ask(0, &GetTelemetrySubscriptionsRequest::default()).await;
    assert_eq!(
        (told.error_code, told.requested_metrics.as_slice()),
        (NONE, [text("*")].as_slice())
    );
    assert_eq!(told.accepted_compression_types, [4, 3, 1, 2]);
    assert_eq!(
        (told.push_interval_ms, told.telemetry_max_bytes),
        (300_000, 1_048_576)
    );
    assert!(told.delta_temporality && !told.client_instance_id.is_nil());
    let again = GetTelemetrySubscriptionsRequest::default().with_client_instance_id(told.client_instance_id);
    let answer = client.ask(0, &again).await;
    assert_eq!(answer.error_code, THROTTLING_QUOTA_EXCEEDED);
    let push = |subscription_id, is_terminating| {
        PushTelemetryRequest::default()
            .with_client_instance_id(told.client_instance_id)
            .with_subscription_id(subscription_id)
            .with_terminating(is_terminating)
            .with_metrics(Bytes::from_static(b"pushed"))
    };
    let answer = client.ask(0, &push(told.subscription_id, false)).await;
    assert_eq!(answer.error_code, NONE);
    let answer = client
        .ask(0, &push(told.subscription_id.wrapping_add(1), true))
        .await;
    assert_eq!(answer.error_code, UNKNOWN_SUBSCRIPTION_ID);
    let pushed = world.broker.client_metrics().pushed();
    let [push] = pushed.as_slice() else {
        panic!("one push was taken: {pushed:?}");
    };
    assert_eq!(push.data, Bytes::from_static(b"pushed"));
    assert_eq!(push.client_instance_id, told.client_instance_id);
    assert_eq!(push.software, Some(("wire-test".to_owned(), "1.0".to_owned())));
    world.stop().await;
}
