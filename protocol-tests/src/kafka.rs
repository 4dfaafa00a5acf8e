//! The cases' own Kafka client (librdkafka), which prepares and checks what the client under test does.

use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::message::{Header, Message, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::types::RDKafkaErrorCode;
use rdkafka::{Offset, TopicPartitionList};

const PATIENCE: Duration = Duration::from_secs(10);

/// A record to produce.
#[derive(Clone, Copy)]
pub struct Sent<'a> {
    partition: i32,
    key: Option<&'a str>,
    value: Option<&'a str>,
    timestamp: Option<i64>,
    headers: &'a [(&'a str, &'a str)],
}

impl<'a> Sent<'a> {
    /// Returns a record without headers, with the time of sending as timestamp.
    pub fn new(partition: i32, key: Option<&'a str>, value: Option<&'a str>) -> Sent<'a> {
        Sent {
            partition,
            key,
            value,
            timestamp: None,
            headers: &[],
        }
    }

    /// Sets the timestamp, in milliseconds.
    pub fn at(self, timestamp: i64) -> Sent<'a> {
        Sent {
            timestamp: Some(timestamp),
            ..self
        }
    }

    /// Sets the headers.
    pub fn with_headers(self, headers: &'a [(&'a str, &'a str)]) -> Sent<'a> {
        Sent { headers, ..self }
    }
}

fn config(bootstrap_servers: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", bootstrap_servers)
        .set("client.id", "the-cases");
    config
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a new runtime").block_on(future)
}

fn reader(bootstrap_servers: &str, group: &str) -> BaseConsumer {
    config(bootstrap_servers)
        .set("group.id", group)
        .create()
        .expect("a valid configuration")
}

/// Returns a client that belongs to no group. A client with a group looks for its coordinator at once, and the first such question creates
/// `__consumer_offsets`, perhaps before the answer that a case checks.
fn observer(bootstrap_servers: &str) -> BaseConsumer {
    config(bootstrap_servers).create().expect("a valid configuration")
}

/// Returns whether a broker answers at an address.
pub fn answers(bootstrap_servers: &str) -> bool {
    let patience = Duration::from_secs(1);
    observer(bootstrap_servers).fetch_metadata(None, patience).is_ok()
}

/// Returns the number of members of a group that is stable, or else `None`.
///
/// # Panics
/// If the broker does not answer.
pub fn stable_member_count(bootstrap_servers: &str, group: &str) -> Option<usize> {
    let groups = observer(bootstrap_servers)
        .fetch_group_list(Some(group), PATIENCE)
        .expect("DescribeGroups is answered");
    let group = groups.groups().first()?;
    (group.state() == "Stable").then(|| group.members().len())
}

/// A member of a group, with Kafka's range assignor.
pub struct GroupMember {
    consumer: BaseConsumer,
    /// Partition and offset of each record that it has read and committed.
    pub read: Vec<(i64, i64)>,
}

impl GroupMember {
    /// Joins a group for one topic.
    ///
    /// # Panics
    /// If the client cannot be made.
    pub fn join(bootstrap_servers: &str, group: &str, topic: &str) -> GroupMember {
        let consumer: BaseConsumer = config(bootstrap_servers)
            .set("group.id", group)
            .set("enable.auto.commit", "false")
            .set("auto.offset.reset", "earliest")
            .set("partition.assignment.strategy", "range")
            .create()
            .expect("a valid configuration");
        consumer.subscribe(&[topic]).expect("a valid subscription");
        GroupMember {
            consumer,
            read: Vec::new(),
        }
    }

    /// Reads and commits what comes within `patience`.
    ///
    /// # Panics
    /// If a record cannot be read or committed.
    pub fn poll(&mut self, patience: Duration) {
        let Some(record) = self.consumer.poll(patience) else {
            return;
        };
        let record = record.expect("Fetch is answered");
        self.consumer
            .commit_message(&record, CommitMode::Sync)
            .expect("the commit is accepted");
        self.read.push((i64::from(record.partition()), record.offset()));
    }
}

/// Creates a topic with one replica.
///
/// # Panics
/// If the broker refuses.
pub fn create_topic(bootstrap_servers: &str, topic: &str, partition_count: i32) {
    let admin: AdminClient<DefaultClientContext> =
        config(bootstrap_servers).create().expect("a valid configuration");
    let topics = [NewTopic::new(topic, partition_count, TopicReplication::Fixed(1))];
    let options = AdminOptions::new()
        .operation_timeout(Some(PATIENCE))
        .request_timeout(Some(PATIENCE));
    let results = block_on(admin.create_topics(&topics, &options)).expect("CreateTopics is answered");
    results[0]
        .as_ref()
        .unwrap_or_else(|(name, code)| panic!("{name} is not created: {code}"));
}

/// Produces records in the given order, and returns their offsets in that order.
///
/// # Panics
/// If a record is not acknowledged.
pub fn produce(bootstrap_servers: &str, topic: &str, records: &[Sent<'_>]) -> Vec<i64> {
    let producer: FutureProducer = config(bootstrap_servers)
        .set("linger.ms", "1")
        .set("enable.idempotence", "true")
        .create()
        .expect("a valid configuration");
    block_on(async {
        let mut deliveries = Vec::new();
        for sent in records {
            let mut record = FutureRecord::<str, str>::to(topic).partition(sent.partition);
            record.key = sent.key;
            record.payload = sent.value;
            record.timestamp = sent.timestamp;
            if !sent.headers.is_empty() {
                let headers = sent
                    .headers
                    .iter()
                    .fold(OwnedHeaders::new(), |headers, &(key, value)| {
                        headers.insert(Header {
                            key,
                            value: Some(value),
                        })
                    });
                record = record.headers(headers);
            }
            let delivery = producer
                .send_result(record)
                .map_err(|(error, _)| error)
                .expect("the queue has room");
            deliveries.push(delivery);
        }
        let mut offsets = Vec::new();
        for delivery in deliveries {
            let delivered = tokio::time::timeout(PATIENCE, delivery)
                .await
                .expect("a delivery report comes");
            let delivered = delivered.expect("the producer lives").map_err(|(error, _)| error);
            offsets.push(delivered.expect("the record is acknowledged").offset);
        }
        offsets
    })
}

/// Produces values to partition 0, one at a time and without retries. Returns the offset or the error code of each.
///
/// # Panics
/// If the broker does not answer.
pub fn produce_one_by_one(
    bootstrap_servers: &str,
    topic: &str,
    values: &[Vec<u8>],
) -> Vec<Result<i64, RDKafkaErrorCode>> {
    let producer: FutureProducer = config(bootstrap_servers)
        .set("linger.ms", "0")
        .set("retries", "0")
        .create()
        .expect("a valid configuration");
    block_on(async {
        let mut outcomes = Vec::new();
        for value in values {
            let record = FutureRecord::<str, [u8]>::to(topic).partition(0).payload(value);
            let outcome = match producer.send(record, PATIENCE).await {
                Ok(delivered) => Ok(delivered.offset),
                Err((error, _)) => Err(error.rdkafka_error_code().expect("an error code of the broker")),
            };
            outcomes.push(outcome);
        }
        outcomes
    })
}

/// Reads the values of the first `count` records of partition 0.
///
/// # Panics
/// If they are not read before `deadline`.
pub fn read(bootstrap_servers: &str, topic: &str, count: usize, deadline: Instant) -> Vec<Vec<u8>> {
    let records = read_with_keys(bootstrap_servers, topic, count, deadline);
    records.into_iter().map(|(_, value)| value).collect()
}

/// Reads the keys and the values of the first `count` records of partition 0. What is null is empty.
///
/// # Panics
/// If they are not read before `deadline`.
pub fn read_with_keys(
    bootstrap_servers: &str,
    topic: &str,
    count: usize,
    deadline: Instant,
) -> Vec<(Vec<u8>, Vec<u8>)> {
    let reader = reader(bootstrap_servers, "unused");
    let mut assignment = TopicPartitionList::new();
    assignment
        .add_partition_offset(topic, 0, Offset::Beginning)
        .expect("a valid offset");
    reader.assign(&assignment).expect("a valid assignment");
    let mut records = Vec::new();
    while records.len() < count {
        let patience = deadline.saturating_duration_since(Instant::now());
        assert!(
            !patience.is_zero(),
            "{} of {count} records are read in time",
            records.len()
        );
        // librdkafka's wait may end before its time, with an event that is no record.
        let Some(record) = reader.poll(patience) else {
            continue;
        };
        let record = record.expect("Fetch is answered");
        let bytes = |part: Option<&[u8]>| part.unwrap_or_default().to_vec();
        records.push((bytes(record.key()), bytes(record.payload())));
    }
    records
}

/// Deletes a topic.
///
/// # Panics
/// If the broker refuses.
pub fn delete_topic(bootstrap_servers: &str, topic: &str) {
    let admin: AdminClient<DefaultClientContext> =
        config(bootstrap_servers).create().expect("a valid configuration");
    let options = AdminOptions::new().request_timeout(Some(PATIENCE));
    let results = block_on(admin.delete_topics(&[topic], &options)).expect("DeleteTopics is answered");
    results[0]
        .as_ref()
        .unwrap_or_else(|(name, code)| panic!("{name} is not deleted: {code}"));
}

/// Returns the log start offset and the high watermark of a partition.
///
/// # Panics
/// If the broker does not answer.
pub fn watermarks(bootstrap_servers: &str, topic: &str, partition: i32) -> (i64, i64) {
    observer(bootstrap_servers)
        .fetch_watermarks(topic, partition, PATIENCE)
        .expect("ListOffsets is answered")
}

/// Returns the group's committed offset of each partition; `None` if there is none.
///
/// # Panics
/// If the broker does not answer.
pub fn committed(
    bootstrap_servers: &str,
    group: &str,
    topic: &str,
    partition_count: i32,
) -> Vec<Option<i64>> {
    let mut wanted = TopicPartitionList::new();
    wanted.add_partition_range(topic, 0, partition_count - 1);
    let found = reader(bootstrap_servers, group)
        .committed_offsets(wanted, PATIENCE)
        .expect("OffsetFetch is answered");
    let offset = |partition: i32| match found
        .find_partition(topic, partition)
        .map(|element| element.offset())
    {
        Some(Offset::Offset(offset)) => Some(offset),
        _ => None,
    };
    (0..partition_count).map(offset).collect()
}

/// Commits an offset of partition 0 for a group without members.
///
/// # Panics
/// If the broker refuses.
pub fn commit(bootstrap_servers: &str, group: &str, topic: &str, offset: i64) {
    let mut offsets = TopicPartitionList::new();
    offsets
        .add_partition_offset(topic, 0, Offset::Offset(offset))
        .expect("a valid offset");
    reader(bootstrap_servers, group)
        .commit(&offsets, CommitMode::Sync)
        .expect("the commit is accepted");
}

/// Returns the names of all topics.
///
/// # Panics
/// If the broker does not answer.
pub fn topic_names(bootstrap_servers: &str) -> Vec<String> {
    let metadata = observer(bootstrap_servers)
        .fetch_metadata(None, PATIENCE)
        .expect("Metadata is answered");
    metadata
        .topics()
        .iter()
        .map(|topic| topic.name().to_owned())
        .collect()
}

/// Returns the id of the broker that leads each partition.
///
/// # Panics
/// If the broker does not answer.
pub fn leaders(bootstrap_servers: &str, topic: &str) -> Vec<i32> {
    let metadata = observer(bootstrap_servers)
        .fetch_metadata(Some(topic), PATIENCE)
        .expect("Metadata is answered");
    let partitions = metadata.topics()[0].partitions();
    let mut leaders: Vec<(i32, i32)> = partitions.iter().map(|one| (one.id(), one.leader())).collect();
    leaders.sort_unstable();
    leaders.into_iter().map(|(_, leader)| leader).collect()
}
