//! Connections over `tokio::io::duplex`, byte by byte.

mod access;
mod internal_topics;
mod logging;
mod memory;
mod offsets;
mod records;
mod repeated;
mod sessions;
mod silence;
mod waiting;

use super::{Addresses, Listener};
use crate::cluster::{Cluster, ListenerName};
use crate::ids::NodeId;
use crate::messages::{ApiVersionsRequest, ApiVersionsResponse};
use bytes::{Buf, BufMut, Bytes, BytesMut};
use kafka_protocol::messages::RequestHeader;
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, Request, StrBytes};
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

struct Client {
    io: DuplexStream,
    serving: JoinHandle<()>,
    stopping: oneshot::Sender<Infallible>,
}

fn cluster(properties: &[(&str, &str)]) -> Arc<Cluster> {
    Arc::new(Cluster::for_tests(1, properties))
}

impl Client {
    fn connect(cluster: &Arc<Cluster>) -> Self {
        Self::connect_to(cluster, 1)
    }

    fn connect_to(cluster: &Arc<Cluster>, node: i32) -> Self {
        let (stopping, observer) = oneshot::channel();
        let listener = Listener {
            cluster: Arc::clone(cluster),
            node_id: NodeId(node),
            name: ListenerName::plaintext(),
            other_protocols: Arc::default(),
        };
        let (io, other) = tokio::io::duplex(1 << 20);
        Self {
            io,
            serving: tokio::spawn(listener.converse(other, Addresses::default(), observer)),
            stopping,
        }
    }

    async fn send_frame(&mut self, frame: &[u8]) {
        self.io
            .write_all(&(frame.len() as u32).to_be_bytes())
            .await
            .unwrap();
        self.io.write_all(frame).await.unwrap();
    }

    async fn receive_frame(&mut self) -> Bytes {
        let len = self.io.read_u32().await.unwrap();
        let mut frame = vec![0; len as usize];
        self.io.read_exact(&mut frame).await.unwrap();
        frame.into()
    }

    async fn ask<R: Request>(&mut self, version: i16, request: &R) -> R::Response {
        self.send_frame(&encode(7, version, request)).await;
        let mut frame = self.receive_frame().await;
        assert_eq!(frame.get_i32(), 7);
        if R::Response::header_version(version) >= 1 {
            assert_eq!(frame.get_u8(), 0);
        }
        let response = R::Response::decode(&mut frame, version).unwrap();
        assert!(frame.is_empty(), "the answer decodes to its last byte");
        response
    }

    async fn is_closed(&mut self) -> bool {
        self.io.read_u8().await.is_err()
    }
}

fn encode<R: Request>(correlation_id: i32, version: i16, request: &R) -> Bytes {
    let mut frame = BytesMut::new();
    RequestHeader::default()
        .with_request_api_key(R::KEY)
        .with_request_api_version(version)
        .with_correlation_id(correlation_id)
        .with_client_id(Some(StrBytes::from_static_str("a client")))
        .encode(&mut frame, R::header_version(version))
        .unwrap();
    request.encode(&mut frame, version).unwrap();
    frame.freeze()
}

fn software() -> ApiVersionsRequest {
    ApiVersionsRequest::default()
        .with_client_software_name(StrBytes::from_static_str("a-client"))
        .with_client_software_version(StrBytes::from_static_str("1.0.x"))
}

#[tokio::test(start_paused = true)]
async fn api_versions_lists_the_served_ranges_at_every_version() {
    let cluster = cluster(&[]);
    let mut client = Client::connect(&cluster);
    for version in 0..=5 {
        let request = if version < 3 {
            ApiVersionsRequest::default()
        } else {
            software()
        };
        let answer = client.ask(version, &request).await;
        assert_eq!(answer.error_code, 0);
        let own = answer.api_keys.iter().find(|api| api.api_key == 18).unwrap();
        assert_eq!((own.min_version, own.max_version), (0, 5));
        // Advertised from 0, though the first version served is 3: librdkafka would turn compression off otherwise.
        let produce = answer.api_keys.iter().find(|api| api.api_key == 0).unwrap();
        assert_eq!((produce.min_version, produce.max_version), (0, 13));
        assert!(
            answer
                .api_keys
                .windows(2)
                .all(|pair| pair[0].api_key < pair[1].api_key)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn too_new_api_versions_gets_error_35_in_a_body_of_version_0() {
    let cluster = cluster(&[]);
    let mut client = Client::connect(&cluster);
    let mut frame = encode(9, 4, &software()).to_vec();
    frame[3] = 6;
    client.send_frame(&frame).await;
    let mut answer = client.receive_frame().await;
    assert_eq!(answer.get_i32(), 9);
    let answer = ApiVersionsResponse::decode(&mut answer, 0).unwrap();
    assert_eq!((answer.error_code, answer.api_keys.len()), (35, 1));
    let own = &answer.api_keys[0];
    assert_eq!((own.api_key, own.min_version, own.max_version), (18, 0, 5));
}

#[tokio::test(start_paused = true)]
async fn software_name_outside_the_pattern_is_an_invalid_request() {
    let cluster = cluster(&[]);
    let mut client = Client::connect(&cluster);
    for name in ["", "-a", "a-", "a b"] {
        let request = software().with_client_software_name(StrBytes::from_static_str(name));
        assert_eq!(client.ask(3, &request).await.error_code, 42, "{name:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn frames_too_short_for_a_header_close_their_connection_only() {
    let cluster = cluster(&[]);
    let mut bystander = Client::connect(&cluster);
    for len in 0..=13 {
        let mut client = Client::connect(&cluster);
        client.send_frame(&vec![0xff; len]).await;
        assert!(client.is_closed().await, "{len} bytes");
        client.serving.await.unwrap();
    }
    assert_eq!(
        bystander.ask(0, &ApiVersionsRequest::default()).await.error_code,
        0
    );
}

#[tokio::test(start_paused = true)]
async fn unknown_key_and_unserved_version_close_the_connection() {
    let cluster = cluster(&[]);
    for (key, version) in [(999, 0), (-1, 0), (7, 3)] {
        let mut client = Client::connect(&cluster);
        let mut frame = BytesMut::new();
        frame.put_i16(key);
        frame.put_i16(version);
        frame.put_i32(1);
        frame.put_i16(-1);
        frame.put_slice(&[0; 16]);
        client.send_frame(&frame).await;
        assert!(client.is_closed().await, "key {key} version {version}");
    }
}

#[tokio::test(start_paused = true)]
async fn frame_above_the_limit_closes_the_connection_before_it_is_read() {
    let cluster = cluster(&[("socket.request.max.bytes", "1000")]);
    for length in [1_001, -1, i32::MIN, i32::MAX] {
        let mut client = Client::connect(&cluster);
        client.io.write_i32(length).await.unwrap();
        assert!(client.is_closed().await, "{length}");
    }
}

#[tokio::test(start_paused = true)]
async fn pipelined_requests_are_answered_in_order() {
    let cluster = cluster(&[]);
    let mut client = Client::connect(&cluster);
    for correlation_id in 0..50 {
        client.send_frame(&encode(correlation_id, 4, &software())).await;
    }
    for correlation_id in 0..50 {
        assert_eq!(client.receive_frame().await.get_i32(), correlation_id);
    }
}

#[tokio::test(start_paused = true)]
async fn idle_connection_is_closed_after_connections_max_idle_ms() {
    let cluster = cluster(&[]);
    let mut client = Client::connect(&cluster);
    tokio::time::sleep(std::time::Duration::from_secs(400)).await;
    client.ask(0, &ApiVersionsRequest::default()).await;
    let started = tokio::time::Instant::now();
    assert!(client.is_closed().await);
    assert_eq!(started.elapsed().as_secs(), 600);
}

#[tokio::test(start_paused = true)]
async fn idle_connection_ends_when_the_server_stops() {
    let cluster = cluster(&[]);
    let mut client = Client::connect(&cluster);
    client.ask(0, &ApiVersionsRequest::default()).await;
    drop(client.stopping);
    assert!(client.io.read_u8().await.is_err());
    client.serving.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn requests_that_arrive_in_pieces_are_read() {
    let cluster = cluster(&[]);
    let mut client = Client::connect(&cluster);
    let frame = encode(1, 4, &software());
    let mut bytes = BytesMut::new();
    for _ in 0..3 {
        bytes.put_u32(frame.len() as u32);
        bytes.put_slice(&frame);
    }
    for byte in bytes {
        client.io.write_u8(byte).await.unwrap();
        tokio::task::yield_now().await;
    }
    for _ in 0..3 {
        assert_eq!(client.receive_frame().await.get_i32(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn parked_request_ends_when_the_server_stops() {
    let cluster = cluster(&[]);
    let mut client = Client::connect(&cluster);
    let topic = records::create_topic(&mut client, &cluster, "stopped", 1).await;
    let request = records::fetch(&topic, &[(0, 0)]).with_max_wait_ms(i32::MAX);
    client.send_frame(&encode(1, 12, &request)).await;
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let started = tokio::time::Instant::now();
    drop(client.stopping);
    assert!(client.io.read_u8().await.is_err());
    assert_eq!(started.elapsed().as_millis(), 0);
}

#[tokio::test(start_paused = true)]
async fn client_that_does_not_read_its_answers_is_closed_like_an_idle_one() {
    let cluster = cluster(&[("connections.max.idle.ms", "5000")]);
    let (stopping, observer) = oneshot::channel();
    let listener = Listener {
        cluster: Arc::clone(&cluster),
        node_id: NodeId(1),
        name: ListenerName::plaintext(),
        other_protocols: Arc::default(),
    };
    let (mut io, other) = tokio::io::duplex(64);
    let serving = tokio::spawn(listener.converse(other, Addresses::default(), observer));
    let started = tokio::time::Instant::now();
    let frame = encode(1, 4, &software());
    io.write_u32(frame.len() as u32).await.unwrap();
    io.write_all(&frame).await.unwrap();
    serving.await.unwrap();
    assert_eq!(started.elapsed().as_secs(), 5);
    assert_eq!(cluster.counters.connections.load(Ordering::Relaxed), 0);
    drop(stopping);
}
