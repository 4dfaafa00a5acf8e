//! Produce and Fetch.

use bytes::Bytes;
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic, ForgottenTopic};
use kafka_protocol::messages::fetch_response::{self, FetchableTopicResponse, PartitionData};
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::produce_response::{
    LeaderIdAndEpoch, NodeEndpoint, PartitionProduceResponse, TopicProduceResponse,
};
use kafka_protocol::messages::{BrokerId, FetchRequest, FetchResponse, ProduceRequest, ProduceResponse};
use uuid::Uuid;

use crate::batch::{as_stored, three_records};
use crate::client::Client;
use crate::world::{
    NONE, PARTITION, TOPIC, UNKNOWN_TOPIC_ID, UNKNOWN_TOPIC_OR_PARTITION, World, text, topic_name,
};

const OFFSET_OUT_OF_RANGE: i16 = 1;
const NOT_LEADER_OR_FOLLOWER: i16 = 6;

fn produce_request(version: i16, topic_id: Uuid, partition: i32, records: Bytes) -> ProduceRequest {
    let data = PartitionProduceData::default()
        .with_index(partition)
        .with_records(Some(records));
    let mut topic = TopicProduceData::default().with_partition_data(vec![data]);
    if version >= 13 {
        topic.topic_id = topic_id;
    } else {
        topic.name = topic_name(TOPIC);
    }
    ProduceRequest::default()
        .with_acks(-1)
        .with_timeout_ms(1500)
        .with_topic_data(vec![topic])
}

fn produce_response(version: i16, topic_id: Uuid, partition: PartitionProduceResponse) -> ProduceResponse {
    let mut topic = TopicProduceResponse::default().with_partition_responses(vec![partition]);
    if version >= 13 {
        topic.topic_id = topic_id;
    } else {
        topic.name = topic_name(TOPIC);
    }
    ProduceResponse::default().with_responses(vec![topic])
}

/// Returns the expected answer for a partition without an error.
fn appended(version: i16, partition: i32, base_offset: i64) -> PartitionProduceResponse {
    PartitionProduceResponse::default()
        .with_index(partition)
        .with_base_offset(base_offset)
        .with_log_append_time_ms(-1)
        .with_log_start_offset(if version >= 5 { 0 } else { -1 })
}

pub(crate) async fn produce(version: i16) {
    let world = World::with_topic().await;
    let mut client = world.connect().await;
    for base_offset in [0, 3] {
        let request = produce_request(version, world.topic_id, PARTITION, three_records(-1, -1, -1));
        let answer = client.ask(version, &request).await;
        let expected = produce_response(version, world.topic_id, appended(version, PARTITION, base_offset));
        assert_eq!(answer, expected);
    }

    let absent = produce_request(version, world.topic_id, 9, three_records(-1, -1, -1));
    let answer = client.ask(version, &absent).await;
    let partition = &answer.responses[0].partition_responses[0];
    assert_eq!(
        (partition.index, partition.error_code, partition.base_offset),
        (9, UNKNOWN_TOPIC_OR_PARTITION, -1)
    );
    if version >= 13 {
        let unknown = Uuid::from_u128(77);
        let answer = client
            .ask(
                version,
                &produce_request(version, unknown, 0, three_records(-1, -1, -1)),
            )
            .await;
        assert_eq!(answer.responses[0].topic_id, unknown);
        assert_eq!(
            answer.responses[0].partition_responses[0].error_code,
            UNKNOWN_TOPIC_ID
        );
    }
    world.stop().await;

    produce_to_another_broker(version).await;
}

/// Checks that NOT_LEADER_OR_FOLLOWER names the leader from version 10 on (KIP-951).
async fn produce_to_another_broker(version: i16) {
    let mut world = World::start_brokers(2).await;
    world.create_topic(1).await;
    let servers = world.broker.bootstrap_servers();
    let request = produce_request(version, world.topic_id, PARTITION, three_records(-1, -1, -1));
    let mut answers = Vec::new();
    for server in &servers {
        let answer = Client::connect(server).await.ask(version, &request).await;
        answers.push((
            answer.responses[0].partition_responses[0].clone(),
            answer.node_endpoints,
        ));
    }
    let leader = answers
        .iter()
        .position(|(partition, _)| partition.error_code == NONE)
        .expect("one leads it");
    let (refused, endpoints) = &answers[1 - leader];
    assert_eq!(refused.error_code, NOT_LEADER_OR_FOLLOWER);
    assert_eq!(refused.base_offset, -1);
    if version >= 10 {
        let leader_id = BrokerId(leader as i32 + 1);
        let (host, port) = servers[leader].rsplit_once(':').unwrap();
        let current = LeaderIdAndEpoch::default()
            .with_leader_id(leader_id)
            .with_leader_epoch(0);
        assert_eq!(refused.current_leader, current);
        let endpoint = NodeEndpoint::default()
            .with_node_id(leader_id)
            .with_host(text(host))
            .with_port(port.parse().unwrap())
            .with_rack(None);
        assert_eq!(endpoints, &[endpoint]);
    }
    world.stop().await;
}

fn fetch_request(version: i16, topic_id: Uuid, fetch_offset: i64) -> FetchRequest {
    let mut partition = FetchPartition::default()
        .with_partition(PARTITION)
        .with_fetch_offset(fetch_offset)
        .with_partition_max_bytes(65_536);
    let mut topic = FetchTopic::default();
    let mut request = FetchRequest::default()
        .with_max_wait_ms(200)
        .with_min_bytes(2)
        .with_max_bytes(1 << 20)
        .with_isolation_level(1);
    if version >= 9 {
        partition.current_leader_epoch = 0;
    }
    if version >= 11 {
        request.rack_id = text("rack-a");
    }
    if version >= 12 {
        partition.last_fetched_epoch = 0;
        request.cluster_id = Some(text("another-cluster"));
    }
    if version >= 17 {
        partition.replica_directory_id = Uuid::from_u128(5);
    }
    if version >= 18 {
        partition.high_watermark = 3;
    }
    if version >= 13 {
        topic.topic_id = topic_id;
    } else {
        topic.topic = topic_name(TOPIC);
    }
    if version >= 7 {
        // There is no session yet, so nothing is forgotten.
        let mut forgotten = ForgottenTopic::default().with_partitions(vec![0, 2]);
        if version >= 13 {
            forgotten.topic_id = topic_id;
        } else {
            forgotten.topic = topic_name(TOPIC);
        }
        request.session_epoch = 0;
        request.forgotten_topics_data = vec![forgotten];
    }
    request.with_topics(vec![topic.with_partitions(vec![partition])])
}

pub(crate) async fn fetch(version: i16) {
    let (world, batch) = World::with_records().await;
    let mut client = world.connect().await;
    let answer = client
        .ask(version, &fetch_request(version, world.topic_id, 1))
        .await;

    let expected_partition = PartitionData::default()
        .with_partition_index(PARTITION)
        .with_high_watermark(3)
        .with_last_stable_offset(3)
        .with_log_start_offset(if version >= 5 { 0 } else { -1 })
        .with_aborted_transactions(answer.responses[0].partitions[0].aborted_transactions.clone())
        .with_records(Some(as_stored(&batch, 0, 0)));
    assert!(
        expected_partition
            .aborted_transactions
            .as_ref()
            .is_none_or(Vec::is_empty),
        "no transaction was aborted"
    );
    let mut expected_topic = FetchableTopicResponse::default().with_partitions(vec![expected_partition]);
    if version >= 13 {
        expected_topic.topic_id = world.topic_id;
    } else {
        expected_topic.topic = topic_name(TOPIC);
    }
    let expected = FetchResponse::default()
        .with_session_id(answer.session_id)
        .with_responses(vec![expected_topic]);
    assert_eq!(answer, expected);

    if version >= 7 {
        assert_ne!(answer.session_id, 0, "a session was asked for");
        fetch_in_session(&world, &mut client, version, answer.session_id).await;
    }
    fetch_out_of_range(&world, &mut client, version).await;
    world.stop().await;

    fetch_from_another_broker(version).await;
}

/// Checks that NOT_LEADER_OR_FOLLOWER names the leader and its endpoint from version 16 on (KIP-951).
async fn fetch_from_another_broker(version: i16) {
    let mut world = World::start_brokers(2).await;
    world.create_topic(1).await;
    let servers = world.broker.bootstrap_servers();
    let request = fetch_request(version, world.topic_id, 0);
    let mut answers = Vec::new();
    for server in &servers {
        answers.push(Client::connect(server).await.ask(version, &request).await);
    }
    let error_code = |answer: &FetchResponse| answer.responses[0].partitions[0].error_code;
    let refused = answers
        .iter()
        .find(|answer| {
            answer
                .responses
                .first()
                .is_some_and(|_| error_code(answer) != NONE)
        })
        .expect("one does not lead it");
    let partition = &refused.responses[0].partitions[0];
    assert_eq!(partition.error_code, NOT_LEADER_OR_FOLLOWER);
    assert_eq!(
        (partition.high_watermark, partition.records.clone()),
        (-1, Some(Bytes::new()))
    );
    if version >= 16 {
        let leader = partition.current_leader.leader_id.0;
        assert_eq!(partition.current_leader.leader_epoch, 0);
        let other = &answers[leader as usize - 1];
        assert!(
            other.responses.is_empty() || error_code(other) == NONE,
            "broker {leader} leads it"
        );
        let (host, port) = servers[leader as usize - 1].rsplit_once(':').unwrap();
        let endpoint = fetch_response::NodeEndpoint::default()
            .with_node_id(BrokerId(leader))
            .with_host(text(host))
            .with_port(port.parse().unwrap())
            .with_rack(None);
        assert_eq!(refused.node_endpoints, [endpoint]);
    } else {
        assert_eq!(
            partition.current_leader,
            fetch_response::LeaderIdAndEpoch::default()
        );
    }
    world.stop().await;
}

/// Checks KIP-227: the second fetch names no partition, and is answered with those that have changed.
async fn fetch_in_session(world: &World, client: &mut Client, version: i16, session_id: i32) {
    let next = |session_epoch| {
        FetchRequest::default()
            .with_max_wait_ms(50)
            .with_min_bytes(1)
            .with_max_bytes(1 << 20)
            .with_session_id(session_id)
            .with_session_epoch(session_epoch)
    };
    // The session's position is still offset 1, so the same batch is returned until the client sends a new position.
    let mut moved = fetch_request(version, world.topic_id, 3)
        .with_session_id(session_id)
        .with_session_epoch(1);
    moved.max_wait_ms = 50;
    moved.forgotten_topics_data.clear();
    let nothing_new = client.ask(version, &moved).await;
    assert_eq!(
        (nothing_new.error_code, nothing_new.session_id),
        (NONE, session_id)
    );
    assert_eq!(nothing_new.responses, []);

    let second = three_records(-1, -1, -1);
    world.produce(second.clone()).await;
    let news = client.ask(version, &next(2)).await;
    assert_eq!(news.session_id, session_id);
    assert_eq!(news.responses.len(), 1);
    let partition = &news.responses[0].partitions[0];
    assert_eq!(
        (partition.partition_index, partition.high_watermark),
        (PARTITION, 6)
    );
    assert_eq!(partition.records, Some(as_stored(&second, 3, 0)));
}

async fn fetch_out_of_range(world: &World, client: &mut Client, version: i16) {
    let mut request = fetch_request(version, world.topic_id, 99);
    if version >= 12 {
        request.topics[0].partitions[0].last_fetched_epoch = -1;
    }
    let answer = client.ask(version, &request).await;
    let partition = &answer.responses[0].partitions[0];
    assert_eq!(partition.error_code, OFFSET_OUT_OF_RANGE);
    // Empty, not null: librdkafka treats null as a broken message set.
    assert_eq!(partition.records, Some(Bytes::new()));
}
