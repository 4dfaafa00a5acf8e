//! A compacted topic, cleaned by the running broker: what a client reads is what Apache Kafka 4.4.0 leaves of the same records.

use crate::batch::keyed;
use crate::client::Client;
use crate::transaction_apis::find_transaction_coordinator;
use crate::world::{NONE, World, text, topic_name};
use bytes::Bytes;
use esmeralda_broker::records;
use kafka_protocol::messages::add_partitions_to_txn_request::AddPartitionsToTxnTopic;
use kafka_protocol::messages::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::{
    AddPartitionsToTxnRequest, CreateTopicsRequest, EndTxnRequest, FetchRequest, InitProducerIdRequest,
    ProduceRequest, ProducerId, TransactionalId,
};
use std::time::Duration;

const TOPIC: &str = "compacted";

type Keyed<'a> = (&'a str, Option<&'a str>);

/// A topic whose segments hold two or three small batches, and are cleaned as soon as they are closed.
struct Compacted {
    world: World,
    client: Client,
    producer_id: ProducerId,
    sequence: i32,
}

impl Compacted {
    async fn start(delete_retention_ms: &str) -> Self {
        let world = World::start_with(&[("log.cleaner.backoff.ms", "10")]).await;
        let mut client = world.connect().await;
        let config = |name, value| {
            CreatableTopicConfig::default()
                .with_name(text(name))
                .with_value(Some(text(value)))
        };
        let topic = CreatableTopic::default()
            .with_name(topic_name(TOPIC))
            .with_num_partitions(1)
            .with_replication_factor(1)
            .with_configs(vec![
                config("cleanup.policy", "compact"),
                config("internal.segment.bytes", "300"),
                config("min.cleanable.dirty.ratio", "0"),
                config("delete.retention.ms", delete_retention_ms),
            ]);
        let request = CreateTopicsRequest::default().with_topics(vec![topic]);
        assert_eq!(client.ask(7, &request).await.topics[0].error_code, NONE);
        find_transaction_coordinator(&mut client).await;
        let request = InitProducerIdRequest::default()
            .with_transactional_id(Some(id()))
            .with_transaction_timeout_ms(60_000);
        let producer = client.ask(4, &request).await;
        assert_eq!((producer.error_code, producer.producer_epoch), (NONE, 0));
        Self {
            world,
            client,
            producer_id: producer.producer_id,
            sequence: 0,
        }
    }

    async fn produce(&mut self, transactional_id: Option<TransactionalId>, batch: Bytes) {
        let partition = PartitionProduceData::default().with_records(Some(batch));
        let topic = TopicProduceData::default()
            .with_name(topic_name(TOPIC))
            .with_partition_data(vec![partition]);
        let request = ProduceRequest::default()
            .with_transactional_id(transactional_id)
            .with_acks(-1)
            .with_timeout_ms(1_000)
            .with_topic_data(vec![topic]);
        let answer = self.client.ask(11, &request).await;
        assert_eq!(
            answer.responses[0].partition_responses[0].error_code, NONE,
            "{answer:?}"
        );
    }

    /// Appends each record as a batch of its own.
    async fn put(&mut self, records: &[Keyed<'_>]) {
        for record in records {
            self.produce(None, keyed(&[*record], None)).await;
        }
    }

    /// Appends each record as a batch of its own in one transaction, and leaves it open.
    async fn put_within(&mut self, records: &[Keyed<'_>]) {
        let topic = AddPartitionsToTxnTopic::default()
            .with_name(topic_name(TOPIC))
            .with_partitions(vec![0]);
        let request = AddPartitionsToTxnRequest::default()
            .with_v3_and_below_transactional_id(id())
            .with_v3_and_below_producer_id(self.producer_id)
            .with_v3_and_below_topics(vec![topic]);
        let added = self.client.ask(3, &request).await;
        let row = &added.results_by_topic_v3_and_below[0].results_by_partition[0];
        assert_eq!(row.partition_error_code, NONE);
        for record in records {
            let producer = (self.producer_id.0, 0, self.sequence);
            self.produce(Some(id()), keyed(&[*record], Some(producer))).await;
            self.sequence += 1;
        }
    }

    async fn end(&mut self, is_committed: bool) {
        let request = EndTxnRequest::default()
            .with_transactional_id(id())
            .with_producer_id(self.producer_id)
            .with_committed(is_committed);
        assert_eq!(self.client.ask(3, &request).await.error_code, NONE);
    }

    /// Reads the batches: offsets, marks, and each record as its offset, key and value.
    async fn batches(&mut self) -> Vec<String> {
        let mut shown = Vec::new();
        let mut next_offset = 0;
        loop {
            let partition = FetchPartition::default()
                .with_fetch_offset(next_offset)
                .with_partition_max_bytes(1 << 20);
            let topic = FetchTopic::default()
                .with_topic(topic_name(TOPIC))
                .with_partitions(vec![partition]);
            let request = FetchRequest::default()
                .with_max_bytes(1 << 20)
                .with_topics(vec![topic]);
            let mut answer = self.client.ask(12, &request).await;
            let partition = answer.responses.remove(0).partitions.remove(0);
            assert_eq!(partition.error_code, NONE);
            let bytes = partition.records.unwrap_or_default();
            if bytes.is_empty() {
                return shown;
            }
            for (header, body) in records::batches(bytes) {
                next_offset = header.last_offset().0 + 1;
                let (first, last) = (header.base_offset().0, header.last_offset().0);
                let mut line = format!("{first}-{last}");
                let marks = [
                    (header.is_transactional(), " txn"),
                    (header.is_control(), " control"),
                    (header.attributes() & 0x40 != 0, " horizon"),
                ];
                line.extend(marks.iter().filter(|(is_set, _)| *is_set).map(|(_, mark)| *mark));
                for record in records::walk(&header, &body) {
                    let record = record.expect("it is valid");
                    let text = |bytes: Option<&[u8]>| {
                        bytes.map_or("null".to_owned(), |bytes| {
                            String::from_utf8_lossy(bytes).into_owned()
                        })
                    };
                    if header.is_control() {
                        let is_commit = record.key.is_some_and(|key| key.ends_with(&[1]));
                        line.push_str(if is_commit { " COMMIT" } else { " ABORT" });
                    } else {
                        let (key, value) = (text(record.key), text(record.value));
                        line.push_str(&format!(" {}:{key}={value}", record.offset.0));
                    }
                }
                shown.push(line);
            }
        }
    }

    /// Waits until the cleaner has left these batches.
    async fn becomes(&mut self, expected: &[&str]) {
        let mut seen = Vec::new();
        let waiting = async {
            while seen != expected {
                seen = self.batches().await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(60), waiting).await;
        assert!(waited.is_ok(), "{seen:#?} is not {expected:#?}");
    }
}

fn id() -> TransactionalId {
    TransactionalId(text("producer"))
}

#[tokio::test]
async fn the_cleaner_leaves_what_kafkas_cleaner_leaves() {
    // Kafka 4.4.0 left these rows of the same records. (Its producer had transactions version 2, whose markers raise the epoch, so it had no
    // empty batch at 9: an epoch without records keeps its marker instead.)
    let mut topic = Compacted::start("3600000").await;
    topic
        .put(&[
            ("a", Some("1")),
            ("b", Some("2")),
            ("a", Some("3")),
            ("c", Some("4")),
            ("b", None),
        ])
        .await;
    topic
        .becomes(&["1-1 1:b=2", "2-2 2:a=3", "3-3 3:c=4", "4-4 4:b=null"])
        .await;
    topic.put_within(&[("a", Some("5")), ("d", Some("6"))]).await;
    topic.end(true).await;
    topic
        .put_within(&[("a", Some("aborted")), ("c", Some("aborted"))])
        .await;
    topic.end(false).await;
    topic.put(&[("e", Some("7")), ("f", Some("8"))]).await;
    topic
        .becomes(&[
            "3-3 3:c=4",
            "4-4 horizon 4:b=null",
            "5-5 txn 5:a=5",
            "6-6 txn 6:d=6",
            "7-7 txn control COMMIT",
            "9-9 txn",
            "10-10 txn control ABORT",
            "11-11 11:e=7",
            "12-12 12:f=8",
        ])
        .await;
    topic.world.stop().await;
}

#[tokio::test]
async fn tombstones_and_markers_go_once_their_retention_is_over() {
    let mut topic = Compacted::start("0").await;
    topic.put(&[("a", Some("1")), ("b", Some("2"))]).await;
    topic.put_within(&[("a", Some("aborted"))]).await;
    topic.end(false).await;
    topic.put_within(&[("c", Some("3"))]).await;
    topic
        .becomes(&["0-0 0:a=1", "1-1 1:b=2", "3-3 txn control ABORT", "4-4 txn 4:c=3"])
        .await;
    topic.end(true).await;
    topic
        .put(&[("b", None), ("z", Some("1")), ("z", Some("2"))])
        .await;
    // The marker has lost its records, and the tombstone has replaced the record before it. Both wait for another pass.
    topic
        .becomes(&[
            "0-0 0:a=1",
            "3-3 txn control horizon ABORT",
            "4-4 txn 4:c=3",
            "5-5 txn control COMMIT",
            "6-6 horizon 6:b=null",
            "7-7 7:z=1",
            "8-8 8:z=2",
        ])
        .await;
    for value in ["3", "4", "5", "6"] {
        topic.put(&[("z", Some(value))]).await;
    }
    topic
        .becomes(&[
            "0-0 0:a=1",
            "4-4 txn 4:c=3",
            "5-5 txn control COMMIT",
            "11-11 11:z=5",
            "12-12 12:z=6",
        ])
        .await;
    topic.world.stop().await;
}
