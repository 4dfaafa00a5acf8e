//! Mappings of a cluster on the network. In real time, because sockets and paused time do not go together.

use super::test_engine::Seen;
use super::*;
use esmeralda_broker::NodeId;
use serde_json::Value;
use std::collections::BTreeMap;

const PARTITIONS: i32 = 4;

/// An instance with two brokers that have sockets, as the cluster that others read and as one that reads.
async fn networked() -> TestEngine {
    TestEngine::with(TestOptions {
        group_timeouts: GroupTimeouts {
            session: Duration::from_secs(2),
            rebalance: Duration::from_secs(10),
            heartbeat: Duration::from_millis(200),
        },
        brokers: 2,
        has_network: true,
        ..TestOptions::default()
    })
    .await
}

/// The members of a mapping of the source's cluster that has two pollers.
fn mapping_of(source: &TestEngine) -> Value {
    json!({
        "SelfManagedEventSource": { "Endpoints": { "KAFKA_BOOTSTRAP_SERVERS": source.broker.bootstrap_servers() } },
        "SelfManagedKafkaEventSourceConfig": { "ConsumerGroupId": "shared" },
        "MaximumBatchingWindowInSeconds": 0,
        "ProvisionedPollerConfig": { "MinimumPollers": 2, "MaximumPollers": 2 },
    })
}

async fn until(test: &TestEngine, what: &str, mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..3_000 {
        if holds().await {
            return;
        }
        test.clock.sleep(Duration::from_millis(10)).await;
    }
    panic!("not reached in 30 s: {what}");
}

/// The partitions of which an engine has seen records.
fn partitions(test: &TestEngine) -> Vec<i32> {
    let mut partitions: Vec<i32> = test.seen().into_iter().map(|seen| seen.partition).collect();
    partitions.sort_unstable();
    partitions.dedup();
    partitions
}

/// The records by partition and offset, each at its first place.
fn first_seen(seen: &[Seen]) -> BTreeMap<i32, Vec<i64>> {
    let mut by_partition: BTreeMap<i32, Vec<i64>> = BTreeMap::new();
    for record in seen {
        let offsets = by_partition.entry(record.partition).or_default();
        if !offsets.contains(&record.offset) {
            offsets.push(record.offset);
        }
    }
    by_partition
}

#[tokio::test]
async fn two_engines_share_a_group_and_one_takes_over_when_the_other_is_gone() {
    let source = networked().await;
    source.topic(PARTITIONS).await;
    let (first, second) = (networked().await, networked().await);
    first.mapping(mapping_of(&source)).await;
    second.mapping(mapping_of(&source)).await;
    let mut produced = 0;
    let mut produce = async || {
        for partition in 0..PARTITIONS {
            source.produce(partition, produced, 10).await;
        }
        produced += 10;
        produced
    };
    // The pollers of both have two partitions in the end, each its half.
    until(&source, "both engines have partitions", async || {
        produce().await;
        !partitions(&first).is_empty() && !partitions(&second).is_empty()
    })
    .await;
    let mut seen = first.seen();
    // It is gone without a word: its pollers neither finish nor leave.
    drop(first);
    let end = produce().await;
    until(&source, "all is committed", async || {
        source.committed("shared", PARTITIONS).await == [end; PARTITIONS as usize]
    })
    .await;
    seen.extend(second.seen());
    let all: Vec<i64> = (0..end).collect();
    assert_eq!(partitions(&second), [0, 1, 2, 3]);
    for (partition, offsets) in first_seen(&seen) {
        let mut sorted = offsets.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, all, "every record of partition {partition}");
    }
    for (partition, offsets) in first_seen(&second.seen()) {
        assert!(offsets.is_sorted(), "order of partition {partition}: {offsets:?}");
    }
}

#[tokio::test]
async fn a_cluster_that_goes_away_is_shown_in_awss_words_and_read_on_when_it_is_back() {
    let source = networked().await;
    source.topic(PARTITIONS).await;
    let test = networked().await;
    let uuid = test.mapping(mapping_of(&source)).await;
    source.produce(0, 0, 3).await;
    until(&test, "records", async || test.seen().len() == 3).await;
    let becomes = async |expected: &str| {
        until(&test, expected, async || {
            let view = test.engine.get(&uuid).await.unwrap();
            assert_eq!(view.state(), "Enabled");
            view.0["LastProcessingResult"] == expected
        })
        .await;
    };
    becomes("OK").await;
    let nodes = [NodeId(1), NodeId(2)];
    for node in nodes {
        source.broker.stop_node(node).await;
    }
    becomes("PROBLEM: Connection error. Please check your event source connection configuration.").await;
    for node in nodes {
        source.broker.start_node(node).await.unwrap();
    }
    source.produce(0, 3, 3).await;
    becomes("OK").await;
    until(&test, "all is committed", async || {
        source.committed("shared", 1).await == [6]
    })
    .await;
    assert_eq!(first_seen(&test.seen())[&0], [0, 1, 2, 3, 4, 5]);
}
