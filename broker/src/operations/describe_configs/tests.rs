use super::*;
use crate::config::layers::SynonymEntry;
use crate::config::layers::Values;
use crate::operations::create_topics::{CreateTopic, create_topics};

fn cluster_with(configs: &[(&str, &str)], properties: &[(&str, &str)]) -> Arc<Cluster> {
    let cluster = Arc::new(Cluster::for_tests(2, properties));
    let topic = CreateTopic {
        configs: configs
            .iter()
            .map(|(name, value)| (name.to_string(), Some(value.to_string())))
            .collect(),
        ..CreateTopic::named("t")
    };
    create_topics(&cluster, &RequestContext::for_tests(1), vec![topic], false);
    cluster
}

fn describe(
    cluster: &Arc<Cluster>,
    resource_type: ResourceType,
    name: &str,
    keys: &[&str],
) -> Result<Vec<ConfigEntry>, DescribeConfigsError> {
    let keys: Vec<_> = keys.iter().map(|key| key.to_string()).collect();
    describe_configs(cluster, &RequestContext::for_tests(1), resource_type, name, &keys)
}

fn one(cluster: &Arc<Cluster>, resource_type: ResourceType, name: &str, key: &str) -> ConfigEntry {
    let entries = describe(cluster, resource_type, name, &[key]);
    let mut entries = entries.expect("the resource exists");
    assert_eq!(entries.len(), 1, "{key}");
    entries.remove(0)
}

fn synonym(name: &str, value: &str, source: Source) -> SynonymEntry {
    SynonymEntry {
        name: name.to_owned(),
        value: Some(value.to_owned()),
        source,
    }
}

#[test]
fn a_topics_config_names_all_that_could_have_given_it() {
    let properties = [("log.retention.hours", "2"), ("log.retention.minutes", "3")];
    let cluster = cluster_with(&[("retention.ms", "4")], &properties);
    let dynamic = Values::from([("log.retention.ms".to_owned(), "5".to_owned())]);
    cluster.broker_configs.set_dynamic(None, dynamic);
    let entry = one(&cluster, ResourceType::Topic, "t", "retention.ms");
    assert_eq!(entry.value.as_deref(), Some("4"));
    assert_eq!(entry.source, Source::DynamicTopic);
    let expected = [
        synonym("retention.ms", "4", Source::DynamicTopic),
        synonym("log.retention.ms", "5", Source::DynamicDefaultBroker),
        synonym("log.retention.minutes", "3", Source::StaticBroker),
        synonym("log.retention.hours", "2", Source::StaticBroker),
        synonym("log.retention.hours", "168", Source::Default),
    ];
    assert_eq!(entry.synonyms, expected);
    assert!(!entry.is_read_only);
}

#[test]
fn a_topics_config_that_nobody_set_is_the_brokers_default() {
    let cluster = cluster_with(&[], &[]);
    let entry = one(&cluster, ResourceType::Topic, "t", "retention.ms");
    assert_eq!(entry.value.as_deref(), Some("604800000"));
    assert_eq!(entry.source, Source::Default);
    // Kafka leaves out what comes before log.retention.ms, which has no value.
    assert_eq!(entry.synonyms, []);
    let entries = describe(&cluster, ResourceType::Topic, "t", &[]);
    let entries = entries.expect("it was created");
    let names: Vec<_> = entries.iter().map(|entry| entry.name.as_ref()).collect();
    assert_eq!(names.len(), 37);
    assert!(names.is_sorted());
}

#[test]
fn a_broker_shows_its_own_configs_and_where_it_is() {
    let cluster = cluster_with(&[], &[("num.partitions", "3")]);
    let broker = |key| one(&cluster, ResourceType::Broker, "1", key);
    let partitions = broker("num.partitions");
    assert_eq!(
        (partitions.value.as_deref(), partitions.source),
        (Some("3"), Source::StaticBroker)
    );
    assert!(partitions.is_read_only);
    assert_eq!(broker("node.id").value.as_deref(), Some("1"));
    let advertised = broker("advertised.listeners");
    assert_eq!(advertised.value.as_deref(), Some("PLAINTEXT://localhost:9092"));
    let backoff = broker("log.cleaner.backoff.ms");
    assert_eq!(
        (backoff.value.as_deref(), backoff.is_read_only),
        (Some("15000"), false)
    );
}

#[test]
fn a_synonym_that_counts_more_says_nothing_of_the_config_itself() {
    let cluster = cluster_with(&[], &[("log.retention.ms", "9")]);
    let hours = one(&cluster, ResourceType::Broker, "1", "log.retention.hours");
    assert_eq!(
        (hours.value.as_deref(), hours.source),
        (Some("168"), Source::Default)
    );
    assert_eq!(
        hours.synonyms,
        [synonym("log.retention.hours", "168", Source::Default)]
    );
    let minutes = one(&cluster, ResourceType::Broker, "1", "log.retention.minutes");
    assert_eq!(
        (minutes.value, minutes.source, minutes.synonyms),
        (None, Source::Default, vec![])
    );
}

#[test]
fn the_broker_without_a_name_shows_what_was_set_for_all() {
    let cluster = cluster_with(&[], &[("log.retention.ms", "9")]);
    let entries = describe(&cluster, ResourceType::Broker, "", &[]).expect("it always exists");
    let names: Vec<_> = entries.iter().map(|entry| entry.name.as_ref()).collect();
    assert_eq!(names, ["min.insync.replicas"]);
    let dynamic = Values::from([("log.retention.ms".to_owned(), "5".to_owned())]);
    cluster.broker_configs.set_dynamic(None, dynamic);
    let own = Values::from([("log.retention.ms".to_owned(), "6".to_owned())]);
    cluster.broker_configs.set_dynamic(Some(context_node()), own);
    let entry = one(&cluster, ResourceType::Broker, "", "log.retention.ms");
    assert_eq!(
        (entry.value.as_deref(), entry.source),
        (Some("5"), Source::DynamicDefaultBroker)
    );
}

fn context_node() -> crate::ids::NodeId {
    RequestContext::for_tests(1).node_id
}

#[test]
fn secrets_are_never_shown() {
    let cluster = cluster_with(&[], &[("ssl.key.password", "secret")]);
    let entry = one(&cluster, ResourceType::Broker, "1", "ssl.key.password");
    assert_eq!((entry.value, entry.source), (None, Source::StaticBroker));
    assert_eq!(entry.synonyms[0].value, None);
}

#[test]
fn what_does_not_exist_is_explained() {
    let cluster = cluster_with(&[], &[]);
    let cases = [
        (
            ResourceType::Topic,
            "none",
            "This server does not host this topic-partition.",
        ),
        (
            ResourceType::Topic,
            ".",
            "Topic name is invalid: '.' is not allowed",
        ),
        (
            ResourceType::Broker,
            "2",
            "Unexpected broker id, expected 1 or empty string, but received 2",
        ),
        (
            ResourceType::Broker,
            "x",
            "Broker id must be an integer, but it is: x",
        ),
        (
            ResourceType::ClientMetrics,
            "",
            "Client metrics subscription name must not be empty",
        ),
        (
            ResourceType::BrokerLogger,
            "2",
            "Unexpected broker id, expected 1 but received 2",
        ),
        (ResourceType::BrokerLogger, "", "Broker id must not be empty"),
        (ResourceType::Group, "", "Group name must not be empty"),
    ];
    for (resource_type, name, message) in cases {
        let error = describe(&cluster, resource_type, name, &[]).expect_err(message);
        assert_eq!(error.to_string(), message);
    }
}

#[test]
fn groups_and_subscriptions_that_do_not_exist_have_the_defaults() {
    let cluster = cluster_with(&[], &[]);
    let interval = one(&cluster, ResourceType::ClientMetrics, "s", "interval.ms");
    assert_eq!(
        (interval.value.as_deref(), interval.synonyms),
        (Some("300000"), vec![])
    );
    let timeout = one(&cluster, ResourceType::Group, "g", "consumer.session.timeout.ms");
    assert_eq!(timeout.value.as_deref(), Some("45000"));
    assert_eq!(
        timeout.synonyms,
        [synonym(
            "group.consumer.session.timeout.ms",
            "45000",
            Source::Default
        )]
    );
    let assignor = one(&cluster, ResourceType::Group, "g", "streams.assignor.name");
    assert_eq!(assignor.value.as_deref(), Some("sticky"));
}
