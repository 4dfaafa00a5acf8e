//! A new cluster for each check, with the state that requests need.

use std::time::Duration;

use bytes::Bytes;
use esmeralda_broker::{Broker, Clock, Config, Entropy, NodeConfig};
use kafka_protocol::messages::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use kafka_protocol::messages::join_group_request::JoinGroupRequestProtocol;
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::sync_group_request::SyncGroupRequestAssignment;
use kafka_protocol::messages::{
    CreateTopicsRequest, FindCoordinatorRequest, GroupId, JoinGroupRequest, JoinGroupResponse,
    ProduceRequest, SyncGroupRequest, TopicName,
};
use kafka_protocol::protocol::StrBytes;
use uuid::Uuid;

use crate::batch::{BASE_TIMESTAMP_MS, three_records};
use crate::client::Client;

/// The topic with three partitions; [`PARTITION`] has the records.
pub(crate) const TOPIC: &str = "orders";
/// The partition of [`TOPIC`] with records.
pub(crate) const PARTITION: i32 = 1;
/// `retention.ms` of [`TOPIC`].
pub(crate) const RETENTION_MS: &str = "86400000";
/// The group with a member.
pub(crate) const GROUP: &str = "readers";
/// The subscription of members, which is opaque to the broker.
pub(crate) const SUBSCRIPTION: &[u8] = b"\x00\x01\x00\x00\x00\x01\x00\x06orders\xff\xff\xff\xff";
/// The assignment of members, which is opaque to the broker.
pub(crate) const ASSIGNMENT: &[u8] =
    b"\x00\x01\x00\x00\x00\x01\x00\x06orders\x00\x00\x00\x01\x00\x00\x00\x01\xff\xff\xff\xff";

pub(crate) const NONE: i16 = 0;
pub(crate) const UNKNOWN_TOPIC_OR_PARTITION: i16 = 3;
pub(crate) const UNKNOWN_TOPIC_ID: i16 = 100;
pub(crate) const CLUSTER_ID: &str = "wire-cluster";

/// A running cluster.
pub(crate) struct World {
    pub(crate) broker: Broker,
    /// The id of [`TOPIC`].
    pub(crate) topic_id: Uuid,
}

impl World {
    /// Starts one broker without topics.
    pub(crate) async fn start() -> Self {
        Self::start_brokers(1).await
    }

    /// Starts one broker with these broker configs.
    pub(crate) async fn start_with(properties: &[(&str, &str)]) -> Self {
        Self::start_brokers_with(1, properties).await
    }

    pub(crate) async fn start_brokers(count: usize) -> Self {
        Self::start_brokers_with(count, &[]).await
    }

    async fn start_brokers_with(count: usize, properties: &[(&str, &str)]) -> Self {
        let node = NodeConfig {
            listen: Some("127.0.0.1:0".to_owned()),
            ..NodeConfig::default()
        };
        let config = Config {
            cluster_id: CLUSTER_ID.to_owned(),
            nodes: vec![node; count],
            properties: properties
                .iter()
                .map(|(name, value)| (name.to_string(), value.to_string()))
                .collect(),
            ..Config::default()
        };
        let clock = Clock::tokio(BASE_TIMESTAMP_MS + 60_000);
        let broker = Broker::start(config, clock, Entropy::from_seed(7)).await.unwrap();
        Self {
            broker,
            topic_id: Uuid::nil(),
        }
    }

    /// Starts one broker that coordinates groups.
    pub(crate) async fn with_groups() -> Self {
        let world = Self::start().await;
        world.find_coordinator().await;
        world
    }

    /// Looks up the coordinator of [`GROUP`], which creates the topic that coordinators keep groups in. Until then no broker serves groups.
    pub(crate) async fn find_coordinator(&self) {
        let request = FindCoordinatorRequest::default().with_key(text(GROUP));
        assert_eq!(self.connect().await.ask(3, &request).await.error_code, NONE);
    }

    /// Starts one broker and creates [`TOPIC`], without records.
    pub(crate) async fn with_topic() -> Self {
        let mut world = Self::start().await;
        world.create_topic(1).await;
        world
    }

    /// Creates [`TOPIC`] with that many replicas of each partition.
    pub(crate) async fn create_topic(&mut self, replication_factor: i16) {
        let config = CreatableTopicConfig::default()
            .with_name(text("retention.ms"))
            .with_value(Some(text(RETENTION_MS)));
        let topic = CreatableTopic::default()
            .with_name(topic_name(TOPIC))
            .with_num_partitions(3)
            .with_replication_factor(replication_factor)
            .with_configs(vec![config]);
        let answer = self
            .connect()
            .await
            .ask(7, &CreateTopicsRequest::default().with_topics(vec![topic]))
            .await;
        assert_eq!(answer.topics[0].error_code, NONE, "{answer:?}");
        self.topic_id = answer.topics[0].topic_id;
        assert!(!self.topic_id.is_nil());
    }

    /// Starts one broker and creates [`TOPIC`], with three records in [`PARTITION`]. Also returns the batch that was sent.
    pub(crate) async fn with_records() -> (Self, Bytes) {
        let world = Self::with_topic().await;
        let batch = three_records(-1, -1, -1);
        world.produce(batch.clone()).await;
        (world, batch)
    }

    /// Produces to [`PARTITION`].
    pub(crate) async fn produce(&self, records: Bytes) {
        let partition = PartitionProduceData::default()
            .with_index(PARTITION)
            .with_records(Some(records));
        let topic = TopicProduceData::default()
            .with_topic_id(self.topic_id)
            .with_partition_data(vec![partition]);
        let request = ProduceRequest::default()
            .with_acks(-1)
            .with_timeout_ms(1000)
            .with_topic_data(vec![topic]);
        let answer = self.connect().await.ask(13, &request).await;
        assert_eq!(
            answer.responses[0].partition_responses[0].error_code, NONE,
            "{answer:?}"
        );
    }

    pub(crate) async fn connect(&self) -> Client {
        Client::connect(&self.broker.bootstrap_servers()[0]).await
    }

    pub(crate) fn port(&self) -> i32 {
        self.broker.bootstrap_servers()[0]
            .rsplit_once(':')
            .unwrap()
            .1
            .parse()
            .unwrap()
    }

    /// Joins [`GROUP`] as its only member, in a stable first generation. Returns the connection and the member id.
    pub(crate) async fn with_member(&self) -> (Client, StrBytes) {
        let mut client = self.connect().await;
        let member_id = join(&mut client, GROUP, "instance-1").await.member_id;
        let assignment = SyncGroupRequestAssignment::default()
            .with_member_id(member_id.clone())
            .with_assignment(Bytes::from_static(ASSIGNMENT));
        let request = SyncGroupRequest::default()
            .with_group_id(group_id(GROUP))
            .with_generation_id(1)
            .with_member_id(member_id.clone())
            .with_group_instance_id(Some(text("instance-1")))
            .with_protocol_type(Some(text("consumer")))
            .with_protocol_name(Some(text("range")))
            .with_assignments(vec![assignment]);
        let answer = client.ask(5, &request).await;
        assert_eq!(answer.error_code, NONE, "{answer:?}");
        (client, member_id)
    }

    pub(crate) async fn stop(self) {
        self.broker.shutdown(Duration::from_secs(5)).await;
    }
}

/// Joins as a static member, which takes one request.
pub(crate) async fn join(client: &mut Client, group: &str, instance: &str) -> JoinGroupResponse {
    let protocol = JoinGroupRequestProtocol::default()
        .with_name(text("range"))
        .with_metadata(Bytes::from_static(SUBSCRIPTION));
    let request = JoinGroupRequest::default()
        .with_group_id(group_id(group))
        .with_session_timeout_ms(10_000)
        .with_rebalance_timeout_ms(20_000)
        .with_group_instance_id(Some(text(instance)))
        .with_protocol_type(text("consumer"))
        .with_protocols(vec![protocol]);
    let answer = client.ask(9, &request).await;
    assert_eq!((answer.error_code, answer.generation_id), (NONE, 1), "{answer:?}");
    answer
}

pub(crate) fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

pub(crate) fn topic_name(name: &str) -> TopicName {
    TopicName(text(name))
}

pub(crate) fn group_id(id: &str) -> GroupId {
    GroupId(text(id))
}
