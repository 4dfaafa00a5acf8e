use super::*;
use crate::simulate::scenario::Skew;
use crate::virtual_time;
use esmeralda_broker::local::{FetchPosition, NewTopic, OffsetSpec};
use esmeralda_broker::records::{decompress, walk};
use esmeralda_broker::{Broker, Compression, Config, Entropy, Offset};
use std::collections::BTreeSet;

/// A cluster without sockets, with one topic.
struct TestCluster {
    broker: Broker,
    client: Client,
    clock: Clock,
    topic: TopicScenario,
}

impl TestCluster {
    async fn new(topic: TopicScenario, memory_limit_bytes: usize) -> Self {
        let wall = virtual_time::wall();
        let config = Config {
            memory_limit_bytes,
            ..Config::default()
        };
        let broker = Broker::start(config, wall.clone(), Entropy::from_seed(1));
        let broker = broker.await.expect("a cluster without sockets");
        let client = broker.client("test");
        let new = NewTopic {
            name: topic.name.clone(),
            partitions: Some(topic.partitions as i32),
            ..NewTopic::default()
        };
        client.create_topic(new).await.expect("a new topic");
        Self {
            broker,
            client,
            clock: Clock::new(wall),
            topic,
        }
    }

    /// Returns the end offset of each partition.
    async fn ends(&self) -> Vec<i64> {
        let partitions: Vec<i32> = (0..self.topic.partitions as i32).collect();
        let ends = self
            .client
            .list_offsets("orders", &partitions, OffsetSpec::Latest)
            .await;
        ends.expect("the topic exists")
            .into_iter()
            .map(|end| end.0)
            .collect()
    }

    /// Returns timestamp, key and value of each record of a partition.
    async fn records(&self, partition: i32) -> Vec<(i64, Option<Vec<u8>>, Vec<u8>)> {
        let mut records = Vec::new();
        loop {
            let position = FetchPosition {
                partition,
                offset: Offset(records.len() as i64),
                max_bytes: 1 << 20,
            };
            let fetched = self
                .client
                .fetch("orders", &[position], Duration::ZERO, 0, 1 << 20)
                .await;
            let batches = fetched
                .expect("the topic exists")
                .remove(0)
                .batches
                .expect("the partition exists");
            if batches.is_empty() {
                return records;
            }
            for (header, body) in batches {
                let codec = header.compression().expect("a known codec");
                let plain = decompress(codec, &body, 1 << 20).expect("a valid compressed body");
                for record in walk(&header, &plain) {
                    let record = record.expect("a whole record");
                    records.push((
                        record.timestamp_ms,
                        record.key.map(<[u8]>::to_vec),
                        record.value.expect("a value").to_vec(),
                    ));
                }
            }
        }
    }
}

fn topic(partitions: u32, workload: Vec<Arrivals>) -> TopicScenario {
    TopicScenario {
        name: "orders".to_owned(),
        partitions,
        configs: Default::default(),
        key_bytes: 0,
        value_bytes: 100,
        records_per_batch: 100,
        distinct_bodies: 1,
        compression: Compression::None,
        skew: Skew::Even,
        workload,
    }
}

fn constant(records_per_s: f64, to_s: Option<f64>) -> Arrivals {
    Arrivals::Constant {
        records_per_s,
        from_s: 0.0,
        to_s,
    }
}

const EPOCH_MS: i64 = 1_767_225_600_000;

#[tokio::test(start_paused = true)]
async fn a_backlog_is_appended_before_any_time_has_passed() {
    let workload = vec![
        Arrivals::Backlog { records: 1_000 },
        Arrivals::Backlog { records: 7 },
    ];
    let place = TestCluster::new(topic(4, workload), 1 << 28).await;
    let mut workload = Workload::new(&place.topic, 0);
    assert_eq!(workload.fill(&place.client, &place.clock).await, Ok(1_007));
    assert_eq!(place.clock.elapsed(), Duration::ZERO);
    assert_eq!(place.ends().await, [252, 252, 252, 251]);
    assert_eq!(workload.appended(), 1_007);
    assert!(place.records(3).await.iter().all(|record| record.0 == EPOCH_MS));

    let run = workload
        .run(&place.client, &place.clock, Duration::ZERO, None)
        .await;
    assert_eq!(
        (run, place.clock.elapsed()),
        (Ok(0), Duration::ZERO),
        "nothing arrives later"
    );
}

#[tokio::test(start_paused = true)]
async fn a_skewed_backlog_follows_its_weights() {
    let skewed = TopicScenario {
        skew: Skew::Weights(vec![1.0, 0.0, 3.0]),
        ..topic(3, vec![Arrivals::Backlog { records: 4_000 }])
    };
    let place = TestCluster::new(skewed, 1 << 28).await;
    let mut workload = Workload::new(&place.topic, 0);
    workload
        .fill(&place.client, &place.clock)
        .await
        .expect("memory for the backlog");
    assert_eq!(place.ends().await, [1_000, 0, 3_000]);
}

#[tokio::test(start_paused = true)]
async fn records_arrive_in_time_and_their_sum_is_exact() {
    let place = TestCluster::new(
        topic(3, vec![constant(33.3, Some(10.0)), constant(10.0, Some(5.0))]),
        1 << 28,
    )
    .await;
    let start = Duration::from_millis(1_234);
    let mut workload = Workload::new(&place.topic, 0);
    let run = workload.run(&place.client, &place.clock, start, None).await;
    assert_eq!(run, Ok(383));
    assert_eq!(place.clock.elapsed(), start + Duration::from_secs(10));
    assert_eq!(place.ends().await, [128, 128, 127]);

    let mut timestamps = Vec::new();
    for partition in 0..3 {
        timestamps.extend(place.records(partition).await.into_iter().map(|record| record.0));
    }
    timestamps.sort_unstable();
    // At the end of each step the number of records is the integral of the rates, rounded down.
    for moment_ms in (100..=10_000).step_by(100) {
        let moment_s = moment_ms as f64 / 1e3;
        let due = 33.3 * moment_s + 10.0 * moment_s.min(5.0);
        let until_ms = EPOCH_MS + 1_234 + moment_ms;
        let arrived = timestamps.partition_point(|timestamp_ms| *timestamp_ms <= until_ms);
        assert_eq!(arrived, (due + 1e-6) as usize, "by {moment_ms} ms");
    }
}

#[tokio::test(start_paused = true)]
async fn an_endless_workload_ends_with_the_run() {
    let place = TestCluster::new(topic(1, vec![constant(1_000.0, None)]), 1 << 28).await;
    let mut workload = Workload::new(&place.topic, 0);
    assert_eq!(workload.end(), None);
    let run_for = Some(Duration::from_millis(2_550));
    let run = workload
        .run(&place.client, &place.clock, Duration::ZERO, run_for)
        .await;
    assert_eq!(
        (run, place.clock.elapsed()),
        (Ok(2_550), Duration::from_millis(2_550))
    );
}

#[tokio::test(start_paused = true)]
async fn bodies_are_made_once_and_used_in_turn() {
    let made = TopicScenario {
        key_bytes: 8,
        distinct_bodies: 3,
        records_per_batch: 10,
        compression: Compression::Lz4,
        ..topic(1, vec![Arrivals::Backlog { records: 64 }])
    };
    let place = TestCluster::new(made, 1 << 28).await;
    let mut workload = Workload::new(&place.topic, 5);
    workload
        .fill(&place.client, &place.clock)
        .await
        .expect("memory for the backlog");
    let records = place.records(0).await;
    assert_eq!(records.len(), 64);
    assert_eq!(records[..30], records[30..60]);
    let distinct: BTreeSet<_> = records.iter().map(|record| (&record.1, &record.2)).collect();
    assert_eq!(distinct.len(), 34, "three full batches, and one for the rest");
    let is_right = |(_, key, value): &(i64, Option<Vec<u8>>, Vec<u8>)| {
        key.as_ref().is_some_and(|key| key.len() == 8) && value.len() == 100
    };
    assert!(records.iter().all(is_right));
}

#[tokio::test(start_paused = true)]
async fn the_memory_limit_ends_the_run_and_the_error_names_it() {
    // Every batch is under 4 KiB, so the log keeps copies.
    let small = TopicScenario {
        records_per_batch: 10,
        ..topic(2, vec![Arrivals::Backlog { records: 100_000 }])
    };
    let place = TestCluster::new(small, 4 << 20).await;
    let mut workload = Workload::new(&place.topic, 0);
    let error = workload
        .fill(&place.client, &place.clock)
        .await
        .expect_err("a backlog beyond the memory limit");
    assert_eq!(error.source.name, "NOT_ENOUGH_REPLICAS");
    assert_eq!(error.appended, place.ends().await.iter().sum::<i64>() as u64);
    let words = error.to_string();
    assert!(
        words.starts_with("topic `orders`, partition ")
            && words.contains("the memory limit of 4194304 bytes is reached"),
        "{words}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_large_backlog_takes_little_memory() {
    let large = TopicScenario {
        value_bytes: 1_000,
        distinct_bodies: 4,
        ..topic(10, vec![Arrivals::Backlog { records: 1_000_000 }])
    };
    let place = TestCluster::new(large, 1 << 28).await;
    let mut workload = Workload::new(&place.topic, 0);
    workload
        .fill(&place.client, &place.clock)
        .await
        .expect("memory for the backlog");
    let used_bytes = place.broker.memory().used_bytes();
    assert!(used_bytes < 3 << 20, "{used_bytes} bytes for 1 GB of records");
}
