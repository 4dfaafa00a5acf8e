//! The hosts and ports in answers, over real sockets: as configured, or reflected.

use esmeralda_broker::{Advertised, NodeConfig};
use esmeralda_broker::{Broker, Clock, Config, Entropy, StartError};
use kafka_protocol::messages::create_topics_request::{CreatableReplicaAssignment, CreatableTopic};
use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::incremental_alter_configs_request::{AlterConfigsResource, AlterableConfig};
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::{
    BrokerId, CreateTopicsRequest, DescribeClusterRequest, DescribeConfigsRequest, FindCoordinatorRequest,
    IncrementalAlterConfigsRequest, MetadataRequest, ProduceRequest,
};
use std::time::Duration;

use crate::batch::{BASE_TIMESTAMP_MS, three_records};
use crate::client::Client;
use crate::world::{NONE, TOPIC, text, topic_name};

const NOT_LEADER_OR_FOLLOWER: i16 = 6;

/// `ConfigResource.Type.BROKER`.
const BROKER_RESOURCE: i8 = 4;

fn config(count: usize, listen: &str, advertised: Advertised) -> Config {
    let node = NodeConfig {
        listen: Some(listen.to_owned()),
        ..NodeConfig::default()
    };
    Config {
        nodes: vec![node; count],
        advertised,
        ..Config::default()
    }
}

async fn start(config: Config) -> Result<Broker, StartError> {
    Broker::start(config, Clock::tokio(BASE_TIMESTAMP_MS), Entropy::from_seed(7)).await
}

fn ports(broker: &Broker) -> Vec<i32> {
    let port = |address: &String| address.rsplit_once(':').unwrap().1.parse().unwrap();
    broker.bootstrap_servers().iter().map(port).collect()
}

/// Creates [`TOPIC`], whose only partition the second broker leads. Produces to the first broker and returns the leader in its answer.
async fn leader_of_a_refused_batch(client: &mut Client) -> (String, i32) {
    let assignment = CreatableReplicaAssignment::default()
        .with_partition_index(0)
        .with_broker_ids(vec![BrokerId(2)]);
    let topic = CreatableTopic::default()
        .with_name(topic_name(TOPIC))
        .with_num_partitions(-1)
        .with_replication_factor(-1)
        .with_assignments(vec![assignment]);
    let request = CreateTopicsRequest::default().with_topics(vec![topic]);
    client.ask(7, &request).await;
    let partition = PartitionProduceData::default()
        .with_index(0)
        .with_records(Some(three_records(-1, -1, -1)));
    let topic = TopicProduceData::default()
        .with_name(topic_name(TOPIC))
        .with_partition_data(vec![partition]);
    let request = ProduceRequest::default()
        .with_acks(-1)
        .with_timeout_ms(1_000)
        .with_topic_data(vec![topic]);
    let answer = client.ask(12, &request).await;
    let refused = &answer.responses[0].partition_responses[0];
    assert_eq!(refused.error_code, NOT_LEADER_OR_FOLLOWER);
    let leader = &answer.node_endpoints[0];
    assert_eq!(leader.node_id, BrokerId(2));
    (leader.host.to_string(), leader.port)
}

/// Returns every endpoint in answers: of Metadata, DescribeCluster, FindCoordinator, and of the leader after a refused batch.
async fn named(client: &mut Client) -> Vec<(String, i32)> {
    let metadata = client.ask(9, &MetadataRequest::default()).await;
    let brokers = metadata.brokers.iter();
    let mut all: Vec<_> = brokers
        .map(|broker| (broker.host.to_string(), broker.port))
        .collect();
    let cluster = client.ask(0, &DescribeClusterRequest::default()).await;
    all.extend(
        cluster
            .brokers
            .iter()
            .map(|broker| (broker.host.to_string(), broker.port)),
    );
    all.push(coordinator_on_broker_2(client).await);
    all.push(leader_of_a_refused_batch(client).await);
    all
}

/// Returns the endpoint of a coordinator that is broker 2, which leads about half of the partitions of `__consumer_offsets`.
async fn coordinator_on_broker_2(client: &mut Client) -> (String, i32) {
    for group in 0..50 {
        let request = FindCoordinatorRequest::default().with_key(text(&format!("g{group}")));
        let coordinator = client.ask(3, &request).await;
        assert_eq!(coordinator.error_code, NONE);
        if coordinator.node_id == BrokerId(2) {
            return (coordinator.host.to_string(), coordinator.port);
        }
    }
    panic!("broker 2 leads one of the partitions")
}

async fn config_value(client: &mut Client, name: &str) -> String {
    let resource = DescribeConfigsResource::default()
        .with_resource_type(BROKER_RESOURCE)
        .with_resource_name(text("1"))
        .with_configuration_keys(Some(vec![text(name)]));
    let answer = client
        .ask(
            4,
            &DescribeConfigsRequest::default().with_resources(vec![resource]),
        )
        .await;
    answer.results[0].configs[0].value.clone().unwrap().to_string()
}

#[tokio::test]
async fn with_reflection_each_client_is_told_the_address_it_connected_to() {
    for (listen, dialled) in [
        ("0.0.0.0:0", "127.0.0.1"),
        ("0.0.0.0:0", "127.0.0.2"),
        ("[::]:0", "127.0.0.3"),
        ("[::]:0", "::1"),
    ] {
        let broker = start(config(2, listen, Advertised::Reflected)).await.unwrap();
        let ports = ports(&broker);
        let authority = |port: i32| {
            if dialled.contains(':') {
                format!("[{dialled}]:{port}")
            } else {
                format!("{dialled}:{port}")
            }
        };
        let mut client = Client::connect(&authority(ports[0])).await;
        let at = |node: usize| (dialled.to_owned(), ports[node]);
        let expected = [at(0), at(1), at(0), at(1), at(1), at(1)];
        assert_eq!(named(&mut client).await, expected, "{listen} {dialled}");
        assert_eq!(
            config_value(&mut client, "advertised.listeners").await,
            format!("PLAINTEXT://{}", authority(ports[0]))
        );
        broker.shutdown(Duration::from_secs(5)).await;
    }
}

#[tokio::test]
async fn an_advertised_host_and_port_are_told_to_every_client() {
    let advertised = Advertised::Host("kafka.example:7000".parse().unwrap());
    let as_a_config = [("advertised.listeners", "PLAINTEXT://kafka.example:7000")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    for config in [
        config(2, "127.0.0.1:0", advertised),
        Config {
            properties: as_a_config.into(),
            ..config(2, "127.0.0.1:0", Advertised::Listened)
        },
    ] {
        let broker = start(config).await.unwrap();
        assert_eq!(
            broker.bootstrap_servers(),
            ["kafka.example:7000", "kafka.example:7001"]
        );
        let bound = broker.known_addresses();
        let mut client = Client::connect(&bound[2]).await;
        let at = |node: i32| ("kafka.example".to_owned(), 7000 + node);
        assert_eq!(
            named(&mut client).await,
            [at(0), at(1), at(0), at(1), at(1), at(1)]
        );
        assert_eq!(
            config_value(&mut client, "advertised.listeners").await,
            "PLAINTEXT://kafka.example:7000"
        );
        assert_eq!(
            config_value(&mut client, "listeners").await,
            format!("PLAINTEXT://{}", bound[2])
        );
        broker.shutdown(Duration::from_secs(5)).await;
    }
}

#[tokio::test]
async fn an_invalid_advertised_address_keeps_the_cluster_from_starting() {
    let advertised = Advertised::Host("kafka.example:65535".parse().unwrap());
    let error = start(config(2, "127.0.0.1:0", advertised)).await.unwrap_err();
    assert!(matches!(error, StartError::Config(_)), "{error}");
}

#[tokio::test]
async fn an_address_has_as_many_connections_as_the_config_allows() {
    let broker = start(Config {
        properties: [("max.connections.per.ip", "1"), ("max.connections", "2")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        ..config(1, "127.0.0.1:0", Advertised::Listened)
    })
    .await
    .unwrap();
    let address = broker.bootstrap_servers().remove(0);
    let mut first = Client::connect(&address).await;
    assert_eq!(config_value(&mut first, "max.connections.per.ip").await, "1");
    let mut second = Client::connect(&address).await;
    assert!(second.is_closed().await);
    let set = |name: &str, value: &str| {
        let config = AlterableConfig::default()
            .with_name(text(name))
            .with_value(Some(text(value)));
        let resource = AlterConfigsResource::default()
            .with_resource_type(BROKER_RESOURCE)
            .with_configs(vec![config]);
        IncrementalAlterConfigsRequest::default().with_resources(vec![resource])
    };
    first.ask(1, &set("max.connections.per.ip", "10")).await;
    let mut second = Client::connect(&address).await;
    assert_eq!(config_value(&mut second, "max.connections.per.ip").await, "10");
    // The third waits until the broker may have more.
    let mut third = Client::connect(&address).await;
    first.ask(1, &set("max.connections", "3")).await;
    assert_eq!(config_value(&mut third, "max.connections").await, "3");
    broker.shutdown(Duration::from_secs(5)).await;
}
