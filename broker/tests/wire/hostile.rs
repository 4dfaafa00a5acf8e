//! Malformed frames and bodies. Each closes its own connection, or gets Kafka's error, and the broker still answers all other clients.

use esmeralda_broker::messages::{ApiVersionsRequest, ApiVersionsResponse};
use kafka_protocol::messages::MetadataRequest;
use kafka_protocol::protocol::Decodable;

use bytes::Buf;

use crate::ADVERTISED;
use crate::client::{Client, frame};
use crate::world::{CLUSTER_ID, NONE, World};

/// Asserts that the broker answers a new connection and an older one.
async fn assert_alive(world: &World, bystander: &mut Client) {
    for client in [bystander, &mut world.connect().await] {
        let answer = client.ask(9, &MetadataRequest::default()).await;
        assert_eq!(answer.cluster_id.as_deref(), Some(CLUSTER_ID));
    }
}

/// Sends each of `streams` on its own connection and asserts that the connection is closed without an answer.
async fn assert_closes(streams: impl IntoIterator<Item = Vec<u8>>) {
    let world = World::start().await;
    let mut bystander = world.connect().await;
    for bytes in streams {
        let mut client = world.connect().await;
        client.send_raw(&bytes).await;
        assert!(client.is_closed().await, "{bytes:02x?}");
        assert_alive(&world, &mut bystander).await;
    }
    world.stop().await;
}

fn framed(frame: &[u8]) -> Vec<u8> {
    [&(frame.len() as i32).to_be_bytes()[..], frame].concat()
}

/// Returns a request header of version 1 (or 2, with `tags`) for that key and version.
fn header(api_key: i16, version: i16, tags: &[u8]) -> Vec<u8> {
    [
        &api_key.to_be_bytes()[..],
        &version.to_be_bytes(),
        &[0, 0, 0, 9, 0, 2, b'm', b'e'],
        tags,
    ]
    .concat()
}

#[tokio::test]
async fn frames_too_short_for_a_header_close_the_connection() {
    // Metadata v12: after the first 10 bytes the header has a client id and tagged fields; the body follows.
    let full = [0, 3, 0, 12, 0, 0, 0, 1, 0, 2, b'm', b'e', 0];
    assert_closes((0..=13).map(|length| framed(&full[..length]))).await;
}

#[tokio::test]
async fn a_frame_that_is_all_zeros_or_ones_closes_the_connection() {
    assert_closes((0..=13).map(|length| framed(&vec![0; length]))).await;
    assert_closes((0..=13).map(|length| framed(&vec![0xff; length]))).await;
}

#[tokio::test]
async fn lengths_that_are_negative_or_beyond_the_limit_close_the_connection() {
    // socket.request.max.bytes is 104857600.
    let lengths = [104_857_601, i32::MAX, -1, i32::MIN];
    assert_closes(lengths.map(|length| [&length.to_be_bytes()[..], &[0; 100]].concat())).await;
}

#[tokio::test]
async fn a_connection_that_ends_within_a_frame_is_closed() {
    let world = World::start().await;
    let mut bystander = world.connect().await;
    let whole = framed(&frame(1, 12, &MetadataRequest::default()));
    for length in 1..whole.len() {
        let mut client = world.connect().await;
        client.send_raw(&whole[..length]).await;
        client.finish_sending().await;
        assert!(client.is_closed().await, "after {length} bytes");
    }
    assert_alive(&world, &mut bystander).await;
    world.stop().await;
}

#[tokio::test]
async fn unknown_keys_and_versions_close_the_connection() {
    let mut streams = Vec::new();
    for api_key in [-1, 4, 7, 71, 127, 128, 1000, i16::MAX, i16::MIN] {
        streams.push(framed(&header(api_key, 0, &[0, 0, 0, 0])));
    }
    for (key, _, last) in ADVERTISED.iter().filter(|(key, ..)| *key as i16 != 18) {
        for version in [last + 1, i16::MAX, -1] {
            streams.push(framed(&header(*key as i16, version, &[0, 0, 0, 0])));
        }
    }
    assert_closes(streams).await;
}

#[tokio::test]
async fn versions_that_kafka_4_dropped_close_the_connection() {
    let dropped = ADVERTISED
        .iter()
        .filter(|(key, first, _)| *key as i16 != 0 && *first > 0);
    let mut streams: Vec<_> = dropped
        .map(|(key, first, _)| framed(&header(*key as i16, first - 1, &[0, 0, 0, 0])))
        .collect();
    // Produce is advertised from 0 for librdkafka's sake and refused as Kafka refuses it: acks 1, timeout, no topics.
    for version in 0..3 {
        streams.push(framed(&header(0, version, &[0, 1, 0, 0, 5, 220, 0, 0, 0, 0])));
    }
    assert_closes(streams).await;
}

#[tokio::test]
async fn too_new_api_versions_get_the_error_and_the_range_in_version_0() {
    let world = World::start().await;
    let mut client = world.connect().await;
    for version in [6, 100, i16::MAX, -1] {
        // KIP-511: the body may be anything.
        client.send(&header(18, version, &[0xff; 20])).await;
        let mut answer = client.receive().await.expect("an answer");
        assert_eq!(answer.get_i32(), 9);
        let response = ApiVersionsResponse::decode(&mut answer, 0).unwrap();
        assert!(answer.is_empty());
        assert_eq!(response.error_code, 35);
        let keys: Vec<_> = response
            .api_keys
            .iter()
            .map(|api| (api.api_key, api.min_version, api.max_version))
            .collect();
        assert_eq!(keys, [(18, 0, 5)]);
    }
    // The connection stays open.
    assert_eq!(
        client.ask(0, &ApiVersionsRequest::default()).await.error_code,
        NONE
    );
    world.stop().await;
}

#[tokio::test]
async fn bodies_that_claim_more_than_they_hold_close_the_connection() {
    let claim = [0xff, 0xff, 0xff, 0xff, 0x0f];
    let bodies: [(i16, i16, &[u8]); 7] = [
        // Metadata: 2^32-1 topics in five bytes, and 2^31-1 in four.
        (3, 12, &claim),
        (3, 1, &[0x7f, 0xff, 0xff, 0xff]),
        // Fetch v12: sessions and sizes, then a count of topics.
        (1, 12, &[&[0xff; 29][..], &claim].concat()),
        // Produce v9: a topic with a count of partitions.
        (0, 9, &[&[0, 0, 1, 0, 0, 5, 220, 2, 2, b't'][..], &claim].concat()),
        // ListGroups v3: a count of tagged fields.
        (16, 3, &claim),
        // JoinGroup v0: a group id of -2 bytes.
        (11, 0, &[0xff, 0xfe]),
        // Metadata v12: a varint of six bytes.
        (3, 12, &[0x80, 0x80, 0x80, 0x80, 0x80, 0x01]),
    ];
    let streams = bodies.map(|(api_key, version, body)| {
        let is_flexible = matches!((api_key, version), (3, 12) | (1, 12) | (0, 9) | (16, 3));
        let tags: &[u8] = if is_flexible { &[0] } else { &[] };
        framed(&[&header(api_key, version, tags)[..], body].concat())
    });
    assert_closes(streams).await;
}

#[tokio::test]
async fn every_truncation_of_a_request_closes_the_connection() {
    let whole = frame(1, 13, &MetadataRequest::default());
    assert_closes((0..whole.len()).map(|length| framed(&whole[..length]))).await;
}

#[tokio::test]
async fn answers_before_a_malformed_request_are_still_sent() {
    let world = World::start().await;
    // A version that is not served; and a Heartbeat of version 0 whose group id is not UTF-8, which only the decoder detects.
    let not_utf8 = [&header(12, 0, &[])[..], &[0, 2, 0xc3, 0x28, 0, 0, 0, 1, 0, 0]].concat();
    for bad in [header(3, 99, &[]), not_utf8] {
        let mut client = world.connect().await;
        let good = framed(&frame(77, 0, &ApiVersionsRequest::default()));
        client.send_raw(&[good, framed(&bad)].concat()).await;
        let mut answer = client.receive().await.expect("the first request is answered");
        assert_eq!(answer.get_i32(), 77);
        assert!(client.is_closed().await);
    }
    world.stop().await;
}
