//! The client against a broker of its own over sockets, in real time, and against peers that are no broker.

use super::*;
use crate::source::embedded::EmbeddedCluster;
use esmeralda_broker::local::{Client, NewTopic};
use esmeralda_broker::records::{NewRecord, encode_batch};
use esmeralda_broker::{Broker, Compression, Config, Entropy, GenerationId, NodeConfig};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

const TOPIC: &str = "orders";
const CODECS: [Compression; 5] = [
    Compression::None,
    Compression::Gzip,
    Compression::Snappy,
    Compression::Lz4,
    Compression::Zstd,
];

/// A cluster of two brokers with sockets.
struct Scene {
    broker: Broker,
    local: Client,
    embedded: EmbeddedCluster,
    remote: RemoteCluster,
}

fn clock() -> Clock {
    Clock::new(esmeralda_broker::Clock::system())
}

fn cluster_at(servers: &[String]) -> RemoteCluster {
    let servers = servers
        .iter()
        .map(|server| Endpoint::parse(server).expect("HOST:PORT"));
    RemoteCluster::new(RemoteSettings::new(
        servers.collect(),
        RemoteAccess::default(),
        clock(),
        MemoryPool::new(64 << 20),
    ))
}

async fn scene(partitions: i32) -> Scene {
    let node = NodeConfig {
        listen: Some("127.0.0.1:0".to_owned()),
        rack: None,
    };
    let config = Config {
        nodes: vec![node.clone(), node],
        properties: [("group.initial.rebalance.delay.ms".to_owned(), "0".to_owned())].into(),
        ..Config::default()
    };
    let wall = esmeralda_broker::Clock::system();
    let broker = Broker::start(config, wall, Entropy::from_seed(1)).await.unwrap();
    let local = broker.client("test");
    let topic = NewTopic {
        name: TOPIC.to_owned(),
        partitions: Some(partitions),
        ..NewTopic::default()
    };
    local.create_topic(topic).await.unwrap();
    Scene {
        embedded: local.clone().into(),
        remote: cluster_at(&broker.bootstrap_servers()),
        local,
        broker,
    }
}

impl Scene {
    async fn produce(&self, partition: i32, codec: Compression) {
        let record = NewRecord {
            timestamp_ms: 1_767_225_600_000,
            key: Some(b"key"),
            value: Some(b"value value value value value value value"),
            headers: &[("a", Some(b"b")), ("empty", None)],
        };
        let batch = encode_batch(&[record; 3], codec);
        self.local.produce(TOPIC, partition, batch).await.unwrap();
    }
}

fn positions(partitions: &[(i32, i64)]) -> Vec<FetchPosition> {
    let position = |(partition, offset): &(i32, i64)| FetchPosition {
        partition: *partition,
        offset: Offset(*offset),
        max_bytes: 1 << 20,
    };
    partitions.iter().map(position).collect()
}

const LIMITS: FetchLimits = FetchLimits {
    max_wait: Duration::from_secs(5),
    min_bytes: 1,
    max_bytes: 16 << 20,
};

/// The batches of a partition as debug text, or the kind of its error.
async fn read(client: &impl KafkaClient, partition: i32, offset: i64) -> Result<String, ErrorKind> {
    loop {
        let fetched = client
            .fetch(TOPIC, positions(&[(partition, offset)]), LIMITS)
            .await
            .map_err(|error| error.kind)?;
        if let Some(fetched) = fetched.into_iter().next() {
            assert_eq!(fetched.partition, partition);
            let batches = fetched.result.map_err(|error| error.kind)?;
            return Ok(format!("{batches:?}"));
        }
    }
}

#[tokio::test]
async fn records_of_every_codec_and_offsets_are_those_of_the_cluster() {
    let scene = scene(CODECS.len() as i32).await;
    let (remote, embedded) = (&scene.remote, &scene.embedded);
    for (partition, codec) in CODECS.into_iter().enumerate() {
        scene.produce(partition as i32, codec).await;
    }
    assert_eq!(remote.partition_count(TOPIC).await, Ok(5));
    let partitions = [4, 0, 2, 1, 3];
    for (spec, expected) in [(OffsetSpec::Earliest, 0), (OffsetSpec::Latest, 3)] {
        let offsets = remote.list_offsets(TOPIC, &partitions, spec).await;
        assert_eq!(offsets, Ok(vec![Offset(expected); 5]));
    }
    for partition in partitions {
        let found = read(remote, partition, 0).await;
        assert_eq!(found, read(embedded, partition, 0).await);
        assert!(found.is_ok());
    }
    assert_eq!(read(remote, 0, 4).await, Err(ErrorKind::OffsetOutOfRange));
}

#[tokio::test]
async fn partitions_of_several_leaders_are_read_with_one_call_after_the_other() {
    let scene = scene(4).await;
    for partition in 0..4 {
        scene.produce(partition, Compression::None).await;
    }
    let mut missing = vec![0, 1, 2, 3];
    while !missing.is_empty() {
        let wanted: Vec<(i32, i64)> = missing.iter().map(|partition| (*partition, 0)).collect();
        let fetched = scene
            .remote
            .fetch(TOPIC, positions(&wanted), LIMITS)
            .await
            .unwrap();
        for partition in fetched {
            assert!(partition.result.is_ok());
            missing.retain(|missing| *missing != partition.partition);
        }
    }
}

#[tokio::test]
async fn a_fetch_that_was_given_up_loses_nothing_and_what_is_not_wanted_is_left_out() {
    let scene = scene(1).await;
    let wanted = positions(&[(0, 0)]);
    let waiting = scene.remote.fetch(TOPIC, wanted, LIMITS);
    let given_up = Clock::within_real_time(Duration::from_millis(200), waiting).await;
    assert!(given_up.is_none(), "there is nothing to read");
    scene.produce(0, Compression::None).await;
    scene.produce(0, Compression::None).await;
    // The fetch that is under way asks for offset 0, and its answer is not one to this.
    let found = read(&scene.remote, 0, 3).await;
    assert_eq!(found, read(&scene.embedded, 0, 3).await);
}

#[tokio::test]
async fn a_topic_that_does_not_exist_is_told_by_every_call_that_needs_it() {
    let scene = scene(1).await;
    let unknown = |error: ClientError| error.kind;
    let count = scene.remote.partition_count("none").await.map_err(unknown);
    assert_eq!(count, Err(ErrorKind::UnknownTopic));
    let offsets = scene.remote.list_offsets("none", &[0], OffsetSpec::Latest).await;
    assert_eq!(offsets.map_err(unknown), Err(ErrorKind::UnknownTopic));
    let fetched = scene.remote.fetch("none", positions(&[(0, 0)]), LIMITS).await;
    assert_eq!(fetched.map(|_| ()).map_err(unknown), Err(ErrorKind::UnknownTopic));
    assert!(
        scene.local.partition_count("none").await.is_err(),
        "it was not created"
    );
}

fn join(member_id: &str) -> Join {
    Join {
        group_id: "group".to_owned(),
        member_id: member_id.to_owned(),
        session_timeout: Duration::from_secs(10),
        rebalance_timeout: Duration::from_secs(10),
        protocols: vec![("range".to_owned(), Bytes::from_static(b"subscription"))],
    }
}

#[tokio::test]
async fn a_member_joins_syncs_beats_commits_and_leaves() {
    let scene = scene(3).await;
    let client = scene.remote.with_client_id("poller");
    let joined = client.join_group(join("")).await.unwrap();
    assert!(joined.member_id.starts_with("poller-"), "{}", joined.member_id);
    assert_eq!(joined.leader, joined.member_id);
    assert_eq!(joined.protocol_name, "range");
    let subscription = Bytes::from_static(b"subscription");
    assert_eq!(joined.members, [(joined.member_id.clone(), subscription)]);

    let member = GroupMember {
        group_id: "group",
        member_id: &joined.member_id,
        generation_id: joined.generation_id,
    };
    let assignment = Bytes::from_static(b"assignment");
    let assignments = vec![(joined.member_id.clone(), assignment.clone())];
    assert_eq!(client.sync_group(member, assignments).await, Ok(assignment));
    assert_eq!(client.heartbeat(member).await, Ok(()));
    let offsets = [(0, Offset(5)), (2, Offset(7))];
    assert_eq!(client.commit_offsets(member, TOPIC, &offsets).await, Ok(()));
    let committed = client.committed("group", TOPIC, &[2, 1, 0]).await;
    assert_eq!(committed, Ok(vec![Some(Offset(7)), None, Some(Offset(5))]));
    assert_eq!(
        scene.embedded.committed("group", TOPIC, &[2, 1, 0]).await,
        committed
    );

    let stale = GroupMember {
        generation_id: GenerationId(joined.generation_id.0 + 1),
        ..member
    };
    let refused = client.heartbeat(stale).await.map_err(|error| error.kind);
    assert_eq!(refused, Err(ErrorKind::IllegalGeneration));
    let refused = client.commit_offsets(stale, TOPIC, &offsets).await;
    assert_eq!(
        refused.map_err(|error| error.kind),
        Err(ErrorKind::IllegalGeneration)
    );
    assert_eq!(client.leave_group("group", &joined.member_id).await, Ok(()));
    let gone = client.heartbeat(member).await.map_err(|error| error.kind);
    assert_eq!(gone, Err(ErrorKind::UnknownMember));
}

#[tokio::test]
async fn a_join_that_waits_holds_up_neither_heartbeats_nor_fetches() {
    let scene = scene(1).await;
    scene.produce(0, Compression::None).await;
    let client = scene.remote.with_client_id("poller");
    let joined = client.join_group(join("")).await.unwrap();
    let member = GroupMember {
        group_id: "group",
        member_id: &joined.member_id,
        generation_id: joined.generation_id,
    };
    client.sync_group(member, Vec::new()).await.unwrap();
    // The second member waits until the first joins again.
    let other = scene.remote.with_client_id("other");
    let waiting = tokio::spawn(async move { other.join_group(join("")).await });
    loop {
        match client.heartbeat(member).await.map_err(|error| error.kind) {
            Ok(()) => tokio::task::yield_now().await,
            other => break assert_eq!(other, Err(ErrorKind::RebalanceInProgress)),
        }
    }
    assert!(!waiting.is_finished());
    assert!(read(&client, 0, 0).await.is_ok());
    let (again, other) = tokio::join!(client.join_group(join(&joined.member_id)), waiting);
    let (again, other) = (again.unwrap(), other.unwrap().unwrap());
    assert_eq!(again.generation_id, other.generation_id);
}

#[tokio::test]
async fn a_broker_that_stops_is_transient_until_another_answers() {
    let scene = scene(2).await;
    assert_eq!(scene.remote.partition_count(TOPIC).await, Ok(2));
    let nodes = [1, 2].map(esmeralda_broker::NodeId);
    scene.broker.stop_node(nodes[0]).await;
    // The other broker is asked within the same call.
    assert_eq!(scene.remote.partition_count(TOPIC).await, Ok(2));
    scene.broker.stop_node(nodes[1]).await;
    let connection_error = ClientError {
        kind: ErrorKind::Transient,
        reason: "Connection error. Please check your event source connection configuration.".to_owned(),
    };
    assert_eq!(scene.remote.partition_count(TOPIC).await, Err(connection_error));
    scene.broker.start_node(nodes[1]).await.unwrap();
    loop {
        match scene.remote.partition_count(TOPIC).await {
            Ok(count) => break assert_eq!(count, 2),
            Err(error) => assert_eq!(error.kind, ErrorKind::Transient),
        }
        tokio::task::yield_now().await;
    }
}

/// A peer that answers the first request of each connection with `answers` in turn.
async fn peer(answers: Vec<Vec<u8>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            for answer in &answers {
                let length = stream.read_u32().await.unwrap() as usize;
                let mut request = vec![0; length];
                stream.read_exact(&mut request).await.unwrap();
                // The correlation id follows the key and the version.
                let answer: Vec<u8> = [&request[4..8], answer].concat();
                stream.write_u32(answer.len() as u32).await.unwrap();
                stream.write_all(&answer).await.unwrap();
            }
        }
    });
    address
}

#[tokio::test]
async fn a_broker_that_does_not_know_the_version_of_api_versions_is_asked_in_version_0() {
    // UNSUPPORTED_VERSION with ApiVersions 0 to 2; then Metadata 0 to 3 alone.
    let unsupported = [&[0, 35], &[0, 0, 0, 1][..], &[0, 18, 0, 0, 0, 2]].concat();
    let old = [&[0, 0], &[0, 0, 0, 1][..], &[0, 3, 0, 0, 0, 3]].concat();
    let cluster = cluster_at(&[peer(vec![unsupported, old]).await]);
    let error = cluster.partition_count(TOPIC).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Other);
    assert_eq!(
        error.reason,
        "the broker serves Metadata in versions 0 to 3, and 4 to 12 are supported: Apache Kafka 0.11 is the oldest supported release"
    );
}

#[tokio::test]
async fn a_peer_that_is_no_broker_is_told_from_one_that_is_away() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            stream
                .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                .await
                .unwrap();
        }
    });
    let error = cluster_at(&[address]).partition_count(TOPIC).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Other);
    assert!(
        error.reason.contains("may not be a Kafka broker's"),
        "{}",
        error.reason
    );
}
