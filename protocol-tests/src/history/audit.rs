//! Reads the logs at the end, with the cases' own client: all records, and those that a reader of committed records sees.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::{Offset, TopicPartitionList};

use super::check::{Isolation, Log, LogRecord};
use super::value::Written;

const PATIENCE: Duration = Duration::from_secs(10);

/// Reads the log of a topic from its start to its end.
///
/// # Panics
/// If a transaction is still open at `deadline`, or the log is not read by then.
pub(super) fn read_log(bootstrap_servers: &str, topic: &str, partition_count: u32, deadline: Instant) -> Log {
    wait_for_transactions(bootstrap_servers, topic, partition_count, deadline);
    let read = |isolation| read_records(bootstrap_servers, topic, partition_count, isolation, deadline);
    let mut partitions = read(Isolation::ReadUncommitted);
    for (all, committed) in partitions.iter_mut().zip(read(Isolation::ReadCommitted)) {
        mark_visible(topic, all, &committed);
    }
    Log { partitions }
}

/// Marks the records that are among the committed ones.
fn mark_visible(topic: &str, all: &mut [LogRecord], committed: &[LogRecord]) {
    for record in committed {
        let index = all.binary_search_by_key(&record.offset, |one| one.offset);
        let found = index.ok().map(|index| &mut all[index]);
        match found {
            Some(found) if found.written == record.written => found.is_visible = true,
            other => panic!("{topic}: read_committed has {record:?}, read_uncommitted {other:?}"),
        }
    }
}

/// Waits until the last stable offset of each partition is its high watermark.
fn wait_for_transactions(bootstrap_servers: &str, topic: &str, partition_count: u32, deadline: Instant) {
    let ends = [Isolation::ReadUncommitted, Isolation::ReadCommitted].map(|isolation| {
        // librdkafka asks for the end at the isolation level of its consumer.
        let reader = reader(bootstrap_servers, isolation);
        move |partition: u32| {
            let found = reader.fetch_watermarks(topic, partition as i32, PATIENCE);
            found.expect("ListOffsets is answered").1
        }
    });
    for partition in 0..partition_count {
        while ends[0](partition) != ends[1](partition) {
            assert!(
                Instant::now() < deadline,
                "{topic}-{partition}: the last stable offset is {}, the high watermark {}",
                ends[1](partition),
                ends[0](partition)
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn reader(bootstrap_servers: &str, isolation: Isolation) -> BaseConsumer {
    ClientConfig::new()
        .set("bootstrap.servers", bootstrap_servers)
        .set("group.id", "unused")
        .set("isolation.level", isolation.name())
        .set("enable.partition.eof", "true")
        .set("enable.auto.commit", "false")
        .create()
        .expect("a valid configuration")
}

fn read_records(
    bootstrap_servers: &str,
    topic: &str,
    partition_count: u32,
    isolation: Isolation,
    deadline: Instant,
) -> Vec<Vec<LogRecord>> {
    let reader = reader(bootstrap_servers, isolation);
    let mut assignment = TopicPartitionList::new();
    for partition in 0..partition_count {
        assignment
            .add_partition_offset(topic, partition as i32, Offset::Beginning)
            .expect("a valid offset");
    }
    reader.assign(&assignment).expect("a valid assignment");
    let mut unfinished: BTreeSet<i32> = (0..partition_count as i32).collect();
    let mut partitions = vec![Vec::new(); partition_count as usize];
    while !unfinished.is_empty() {
        assert!(
            Instant::now() < deadline,
            "{topic}: {unfinished:?} not read in time"
        );
        match reader.poll(Duration::from_millis(100)) {
            None => {}
            Some(Err(KafkaError::PartitionEOF(partition))) => {
                unfinished.remove(&partition);
            }
            Some(Err(error)) => panic!("{topic}: {error}"),
            Some(Ok(record)) => {
                let value = String::from_utf8_lossy(record.payload().unwrap_or_default());
                let written = Written::parse(&value);
                partitions[record.partition() as usize].push(LogRecord {
                    offset: record.offset(),
                    written: written.unwrap_or_else(|problem| panic!("{topic}: {problem}")),
                    is_visible: false,
                });
            }
        }
    }
    partitions
}
