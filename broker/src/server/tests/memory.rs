//! The memory that connections are charged for, to the byte.

use super::records::{create_topic, fetch};
use super::{Addresses, Client, Listener, cluster, encode};
use crate::cluster::ListenerName;
use crate::ids::NodeId;
use crate::messages::ApiVersionsRequest;
use crate::pool::{CONNECTION_BYTES, ELEMENT_BYTES};
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::{MetadataRequest, TopicName};
use kafka_protocol::protocol::StrBytes;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::oneshot;

#[tokio::test(start_paused = true)]
async fn an_ordinary_request_costs_no_more_than_its_connection() {
    let cluster = cluster(&[]);
    let mut clients: Vec<_> = (0..3).map(|_| Client::connect(&cluster)).collect();
    for client in &mut clients {
        client.ask(0, &ApiVersionsRequest::default()).await;
    }
    assert_eq!(cluster.pool.used_bytes(), 3 * CONNECTION_BYTES);
    let first = clients.remove(0);
    drop(first.io);
    first.serving.await.unwrap();
    assert_eq!(cluster.pool.used_bytes(), 2 * CONNECTION_BYTES);
}

#[tokio::test(start_paused = true)]
async fn a_large_answer_is_counted_until_its_client_has_read_it() {
    let cluster = cluster(&[]);
    let mut client = Client::connect(&cluster);
    create_topic(&mut client, &cluster, "wide", 500).await;
    drop(client.io);
    client.serving.await.unwrap();
    assert_eq!(cluster.pool.used_bytes(), 0);

    let (_stopping, observer) = oneshot::channel();
    let listener = Listener {
        cluster: Arc::clone(&cluster),
        node_id: NodeId(1),
        name: ListenerName::plaintext(),
        other_protocols: Arc::default(),
    };
    let (mut io, other) = tokio::io::duplex(1 << 10);
    tokio::spawn(listener.converse(other, Addresses::default(), observer));
    let topic = MetadataRequestTopic::default().with_name(Some(TopicName(StrBytes::from_static_str("wide"))));
    let frame = encode(1, 12, &MetadataRequest::default().with_topics(Some(vec![topic])));
    io.write_u32(frame.len() as u32).await.unwrap();
    io.write_all(&frame).await.unwrap();
    let len = io.read_u32().await.unwrap() as usize;
    // The buffer of the answer and its length grows by doubling.
    let answer_bytes = (4 + len).next_power_of_two();
    assert_eq!(cluster.pool.used_bytes(), CONNECTION_BYTES + answer_bytes);
    io.read_exact(&mut vec![0; len]).await.unwrap();
    tokio::task::yield_now().await;
    assert_eq!(cluster.pool.used_bytes(), CONNECTION_BYTES);
}

#[tokio::test(start_paused = true)]
async fn a_request_with_many_elements_is_counted_until_it_is_answered() {
    let cluster = cluster(&[]);
    let mut client = Client::connect(&cluster);
    let topic = create_topic(&mut client, &cluster, "wide", 100).await;
    assert_eq!(cluster.pool.used_bytes(), CONNECTION_BYTES);

    let positions: Vec<_> = (0..100).map(|index| (index, 0)).collect();
    let frame = encode(1, 12, &fetch(&topic, &positions));
    client.send_frame(&frame).await;
    tokio::time::sleep(Duration::from_millis(999)).await;
    // The fetch waits for records: charged are its frame, one topic and its partitions.
    assert_eq!(
        cluster.pool.used_bytes(),
        CONNECTION_BYTES + frame.len() + 101 * ELEMENT_BYTES
    );
    client.receive_frame().await;
    client.ask(0, &ApiVersionsRequest::default()).await;
    assert_eq!(cluster.pool.used_bytes(), CONNECTION_BYTES);
}
