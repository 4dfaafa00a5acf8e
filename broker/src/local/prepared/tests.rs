use super::*;
use crate::cluster::Cluster;
use crate::local::{FetchPosition, FetchedPartition, NewTopic};
use crate::records::{self, NewRecord, encode_batch};
use crate::{BrokerMetrics, Compression};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// A size above that from which the log keeps a batch without a copy.
const VALUE_BYTES: usize = 16_000;
/// The size of the pool's buffer for the body of [`batch`].
const BODY_CLASS_BYTES: usize = 16 << 10;

/// A client of a cluster with 64 MiB of memory, and a topic of two partitions.
async fn client(configs: &[(&str, &str)]) -> Client {
    let client = Client::new(Arc::new(Cluster::for_tests(1, &[])), "test");
    let configs = configs.iter();
    let topic = NewTopic {
        name: "orders".to_owned(),
        partitions: Some(2),
        configs: configs
            .map(|(name, value)| (name.to_string(), value.to_string()))
            .collect::<BTreeMap<_, _>>(),
    };
    client.create_topic(topic).await.expect("a new topic");
    client
}

/// Two records at 1,000 and 1,007 ms.
fn batch(value_bytes: usize) -> Bytes {
    let value = vec![b'x'; value_bytes / 2];
    let record = |timestamp_ms| NewRecord {
        timestamp_ms,
        value: Some(&value),
        ..NewRecord::default()
    };
    encode_batch(&[record(1_000), record(1_007)], Compression::None)
}

async fn fetched(client: &Client, from: i64) -> FetchedPartition {
    let position = FetchPosition {
        partition: 0,
        offset: Offset(from),
        max_bytes: 1 << 20,
    };
    let mut fetched = client
        .fetch("orders", &[position], Duration::ZERO, 0, 1 << 20)
        .await
        .expect("it exists");
    fetched.remove(0)
}

fn used_bytes(client: &Client) -> usize {
    client.cluster.pool.used_bytes()
}

#[tokio::test]
async fn many_appends_of_a_body_hold_its_memory_once() {
    let client = client(&[]).await;
    assert_eq!(used_bytes(&client), 0);
    let prepared = client.prepare(batch(VALUE_BYTES)).expect("it is valid");
    assert_eq!(used_bytes(&client), BODY_CLASS_BYTES);

    // A segment's list has room for four batches when it has its first one.
    client.append("orders", 1, &prepared).await.expect("it is kept");
    let entry_bytes = (used_bytes(&client) - BODY_CLASS_BYTES) / 4;
    assert!((100..=200).contains(&entry_bytes), "{entry_bytes}");

    for index in 0..1_000 {
        let appended = client.append("orders", 0, &prepared).await;
        assert_eq!(appended, Ok(Offset(2 * index)));
    }
    assert_eq!(used_bytes(&client), BODY_CLASS_BYTES + (4 + 1_024) * entry_bytes);
    let metrics = BrokerMetrics::new(Arc::clone(&client.cluster.counters), client.cluster.pool.clone());
    assert_eq!(metrics.records_in(), 2_002);
    assert_eq!(metrics.bytes_in(), 1_001 * prepared.size_bytes() as u64);

    drop(prepared);
    client.delete_topic("orders").await.expect("it exists");
    assert_eq!(used_bytes(&client), 0);
}

#[tokio::test]
async fn fetched_records_are_the_prepared_ones_with_their_new_timestamps() {
    // The log keeps larger batches without a copy and copies smaller ones together.
    for value_bytes in [VALUE_BYTES, 100] {
        let client = client(&[]).await;
        let prepared = client.prepare(batch(value_bytes)).expect("it is valid");
        for base_ms in [1_699_999_000_000, 1_700_000_000_000] {
            let moved = prepared.with_timestamp(base_ms);
            client.append("orders", 0, &moved).await.expect("it is kept");
        }
        let batches = fetched(&client, 0).await.batches.expect("they are there");
        let mut seen = Vec::new();
        for (header, body) in &batches {
            assert_eq!(header.crc(), header.compute_crc(body));
            assert_eq!(body.len() + 61, prepared.size_bytes());
            let records = records::walk(header, body).map(|record| record.expect("a whole record"));
            seen.extend(records.map(|record| (record.offset.0, record.timestamp_ms)));
            assert_eq!(header.max_timestamp_ms(), header.base_timestamp_ms() + 7);
        }
        let expected = [
            (0, 1_699_999_000_000),
            (1, 1_699_999_000_007),
            (2, 1_700_000_000_000),
            (3, 1_700_000_000_007),
        ];
        assert_eq!(seen, expected, "{value_bytes}");
    }
}

#[tokio::test]
async fn log_append_time_is_set_on_a_shared_body_too() {
    let client = client(&[("message.timestamp.type", "LogAppendTime")]).await;
    let prepared = client.prepare(batch(VALUE_BYTES)).expect("it is valid");
    client.append("orders", 0, &prepared).await.expect("it is kept");
    let batches = fetched(&client, 0).await.batches.expect("it is there");
    let (header, body) = &batches[0];
    assert_eq!(header.crc(), header.compute_crc(body));
    assert_eq!(header.max_timestamp_ms(), client.cluster.clock.now_ms());
}

#[tokio::test]
async fn a_wrong_crc_is_refused_when_it_is_prepared() {
    let client = client(&[]).await;
    let mut corrupt = batch(VALUE_BYTES).to_vec();
    *corrupt.last_mut().expect("it has bytes") ^= 1;
    let error = client.prepare(corrupt.into()).expect_err("its CRC does not hold");
    assert_eq!((error.name, error.code), ("CORRUPT_MESSAGE", 2));
    assert_eq!(used_bytes(&client), 0);
}

#[tokio::test]
async fn a_prepared_batch_is_refused_as_by_produce() {
    let client = client(&[("max.message.bytes", "1000")]).await;
    let prepared = client.prepare(batch(VALUE_BYTES)).expect("it is valid");
    let mut names = Vec::new();
    for (topic, partition) in [("orders", 0), ("orders", 2), ("orders", -1), ("none", 0)] {
        let error = client
            .append(topic, partition, &prepared)
            .await
            .expect_err("it is refused");
        names.push(error.name);
    }
    let unknown = "UNKNOWN_TOPIC_OR_PARTITION";
    assert_eq!(names, ["MESSAGE_TOO_LARGE", unknown, unknown, unknown]);
    assert_eq!(fetched(&client, 0).await.high_watermark, Offset(0));
}

#[tokio::test]
async fn the_memory_limit_applies_to_bodies_and_to_the_logs_lists() {
    let client = client(&[]).await;
    let pool = &client.cluster.pool;
    let prepared = client.prepare(batch(VALUE_BYTES)).expect("it is valid");
    // All memory that is not reserved for requests.
    let rest_bytes = pool.limit_bytes() / 4 * 3 - pool.used_bytes();
    let rest = pool.charge(rest_bytes).expect("it is there");

    let error = client.prepare(batch(VALUE_BYTES)).expect_err("there is no room");
    assert_eq!(error.name, "NOT_ENOUGH_REPLICAS");
    assert!(
        error
            .message
            .contains("the memory limit of 67108864 bytes is reached"),
        "{error}"
    );

    client
        .append("orders", 0, &prepared)
        .await
        .expect("it needs nothing that is not there");
    let error = client
        .append("orders", 0, &prepared)
        .await
        .expect_err("the list of the first went beyond the limit");
    assert_eq!(error.name, "NOT_ENOUGH_REPLICAS");
    drop(rest);
    assert_eq!(client.append("orders", 0, &prepared).await, Ok(Offset(2)));
}
