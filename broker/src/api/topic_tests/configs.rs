//! Configs of topics and brokers.

use super::*;

fn config_resource(resource_type: i8, resource: &str) -> DescribeConfigsResource {
    DescribeConfigsResource::default()
        .with_resource_type(resource_type)
        .with_resource_name(text(resource))
        .with_configuration_keys(None)
}

#[tokio::test]
async fn describe_configs_of_every_version() {
    for version in describe_configs::DescribeConfigs::VERSIONS {
        let cluster = cluster().await;
        let keys = vec![text("max.message.bytes"), text("no.such.key")];
        let resources = vec![
            config_resource(2, "orders").with_configuration_keys(Some(keys)),
            config_resource(4, "1"),
            config_resource(2, "none"),
        ];
        let request = DescribeConfigsRequest::default()
            .with_resources(resources)
            .with_include_synonyms(true)
            .with_include_documentation(version >= 3);
        let response = call(&cluster, version, request).await;
        let topic = &response.results[0];
        assert_eq!(
            (topic.error_code, topic.resource_type, &topic.resource_name),
            (0, 2, &text("orders"))
        );
        assert_eq!(topic.configs.len(), 1);
        let config = &topic.configs[0];
        assert_eq!((config.value.as_deref(), config.config_source), (Some("77"), 1));
        assert!(!config.read_only && !config.is_sensitive);
        let synonyms: Vec<_> = config
            .synonyms
            .iter()
            .map(|synonym| (synonym.name.as_str(), synonym.value.as_deref(), synonym.source))
            .collect();
        let expected = [
            ("max.message.bytes", Some("77"), 1),
            ("message.max.bytes", Some("1048588"), 5),
        ];
        assert_eq!(synonyms, expected);
        assert_eq!(config.config_type, if version >= 3 { 3 } else { 0 });
        let documentation = config.documentation.as_deref().unwrap_or_default();
        assert_eq!(documentation.is_empty(), version < 3);
        assert!(
            response.results[1]
                .configs
                .iter()
                .any(|config| config.name == text("num.partitions"))
        );
        assert_eq!(response.results[2].error_code, E::UnknownTopicOrPartition.code());
        let message = response.results[2].error_message.as_deref();
        assert_eq!(message, Some(""));
    }
}

#[tokio::test]
async fn a_resource_of_an_unknown_type_fails_the_whole_description() {
    let cluster = cluster().await;
    let resources = vec![config_resource(2, "orders"), config_resource(99, "x")];
    let request = DescribeConfigsRequest::default().with_resources(resources);
    let response = call(&cluster, 4, request).await;
    for result in response.results {
        assert_eq!(result.error_code, E::InvalidRequest.code());
        let message = result.error_message.unwrap_or_default();
        assert!(message.starts_with("This most likely occurs because of a request being malformed"));
    }
}

#[tokio::test]
async fn alter_configs_of_every_version() {
    for version in alter_configs::AlterConfigs::VERSIONS {
        let cluster = cluster().await;
        let resource = |resource_type, resource, key, value| {
            let config = alter::AlterableConfig::default()
                .with_name(text(key))
                .with_value(Some(text(value)));
            alter::AlterConfigsResource::default()
                .with_resource_type(resource_type)
                .with_resource_name(text(resource))
                .with_configs(vec![config])
        };
        let resources = vec![
            resource(2, "orders", "retention.ms", "5"),
            resource(2, "none", "retention.ms", "5"),
            resource(4, "", "log.segment.bytes", "0"),
        ];
        let request = AlterConfigsRequest::default().with_resources(resources);
        let response = call(&cluster, version, request).await;
        let results: Vec<_> = response
            .responses
            .iter()
            .map(|resource| {
                (
                    resource.resource_type,
                    resource.resource_name.as_str(),
                    resource.error_code,
                )
            })
            .collect();
        let expected = [
            (2, "orders", 0),
            (2, "none", E::UnknownTopicOrPartition.code()),
            (4, "", E::InvalidRequest.code()),
        ];
        assert_eq!(results, expected);
        let config = cluster.topics.get("orders").unwrap().config.overrides.clone();
        assert_eq!(
            config.into_iter().collect::<Vec<_>>(),
            [("retention.ms".to_owned(), "5".to_owned())]
        );
    }
}

#[tokio::test]
async fn incremental_alter_configs_of_every_version() {
    for version in incremental_alter_configs::IncrementalAlterConfigs::VERSIONS {
        let cluster = cluster().await;
        let config = |key, operation, value: Option<&str>| {
            incremental::AlterableConfig::default()
                .with_name(text(key))
                .with_config_operation(operation)
                .with_value(value.map(text))
        };
        let configs = vec![
            config("retention.ms", 0, Some("5")),
            config("max.message.bytes", 1, None),
            config("cleanup.policy", 2, Some("compact")),
        ];
        let resource = |resource, configs| {
            incremental::AlterConfigsResource::default()
                .with_resource_type(2)
                .with_resource_name(text(resource))
                .with_configs(configs)
        };
        let wrong = vec![config("retention.ms", 2, Some("5"))];
        let request = IncrementalAlterConfigsRequest::default()
            .with_resources(vec![resource("orders", configs), resource("none", wrong)]);
        let checked = call(&cluster, version, request.clone().with_validate_only(true)).await;
        assert_eq!(checked.responses[0].error_code, 0);
        let overrides = || {
            let config = cluster.topics.get("orders").unwrap().config.overrides.clone();
            config.into_iter().collect::<Vec<_>>()
        };
        assert_eq!(overrides(), [("max.message.bytes".to_owned(), "77".to_owned())]);
        let response = call(&cluster, version, request).await;
        assert_eq!(
            (
                response.responses[0].error_code,
                &response.responses[0].error_message
            ),
            (0, &None)
        );
        assert_eq!(response.responses[1].error_code, E::InvalidConfig.code());
        let expected = [
            ("cleanup.policy".to_owned(), "delete,compact".to_owned()),
            ("retention.ms".to_owned(), "5".to_owned()),
        ];
        assert_eq!(overrides(), expected);
    }
}

/// The configs as a fresh broker of Apache Kafka 4.4.0 describes them, as `broker/configs/Described.java` has recorded it. The broker had these
/// values from its file: [`RECORDED_WITH`].
const RECORDED: &str = include_str!("described_configs.txt");

const RECORDED_WITH: &[(&str, &str)] = &[
    ("group.consumer.assignment.interval.ms", "0"),
    ("group.initial.rebalance.delay.ms", "0"),
    ("offsets.topic.replication.factor", "1"),
    ("process.roles", "broker,controller"),
    ("share.coordinator.state.topic.min.isr", "1"),
    ("share.coordinator.state.topic.replication.factor", "1"),
    ("transaction.state.log.min.isr", "1"),
    ("transaction.state.log.replication.factor", "1"),
];

/// The configs that the recording leaves out.
const PLACES: &[&str] = &[
    "advertised.listeners",
    "controller.listener.names",
    "controller.quorum.voters",
    "listeners",
    "log.dirs",
];

#[tokio::test]
async fn every_config_is_described_as_kafka_describes_it() {
    let cluster = Arc::new(Cluster::for_tests(1, RECORDED_WITH));
    let topic = CreatableTopic::default()
        .with_name(TopicName(text("described")))
        .with_num_partitions(1)
        .with_replication_factor(1);
    call(
        &cluster,
        7,
        CreateTopicsRequest::default().with_topics(vec![topic]),
    )
    .await;
    let resources = [
        (4, "1"),
        (4, ""),
        (2, "described"),
        (32, "described"),
        (16, "described"),
    ];
    let resources = resources.map(|(resource_type, name)| config_resource(resource_type, name));
    let request = DescribeConfigsRequest::default()
        .with_resources(resources.to_vec())
        .with_include_synonyms(true);
    let response = call(&cluster, 4, request).await;
    let mut ours = Vec::new();
    for result in response.results {
        let kind = match result.resource_type {
            2 => "TOPIC",
            4 => "BROKER",
            16 => "CLIENT_METRICS",
            _ => "GROUP",
        };
        let shown = result
            .configs
            .iter()
            .filter(|config| !PLACES.contains(&config.name.as_str()))
            .map(|config| format!("{kind} {}\t{}", result.resource_name, line(config)));
        ours.extend(shown);
    }
    let recorded: Vec<_> = RECORDED.lines().collect();
    for (one, other) in ours.iter().zip(&recorded) {
        assert_eq!(one, other);
    }
    assert_eq!(ours.len(), recorded.len());
}

/// Writes a config as the recording does.
fn line(config: &DescribeConfigsResourceResult) -> String {
    const SOURCES: [&str; 9] = [
        "UNKNOWN",
        "DYNAMIC_TOPIC_CONFIG",
        "DYNAMIC_BROKER_CONFIG",
        "DYNAMIC_DEFAULT_BROKER_CONFIG",
        "STATIC_BROKER_CONFIG",
        "DEFAULT_CONFIG",
        "DYNAMIC_BROKER_LOGGER_CONFIG",
        "DYNAMIC_CLIENT_METRICS_CONFIG",
        "DYNAMIC_GROUP_CONFIG",
    ];
    const TYPES: [&str; 10] = [
        "UNKNOWN", "BOOLEAN", "STRING", "INT", "SHORT", "LONG", "DOUBLE", "LIST", "CLASS", "PASSWORD",
    ];
    let source = |code: i8| SOURCES[code as usize];
    let value = |value: &Option<StrBytes>| value.as_deref().unwrap_or("null").to_owned();
    let mut fields = vec![
        config.name.to_string(),
        value(&config.value),
        source(config.config_source).to_owned(),
        TYPES[config.config_type as usize].to_owned(),
        if config.read_only { "read-only" } else { "dynamic" }.to_owned(),
        if config.is_sensitive { "secret" } else { "shown" }.to_owned(),
    ];
    let synonyms = config.synonyms.iter();
    fields.extend(synonyms.map(|synonym| {
        format!(
            "{}={} {}",
            synonym.name,
            value(&synonym.value),
            source(synonym.source)
        )
    }));
    fields.join("\t")
}
