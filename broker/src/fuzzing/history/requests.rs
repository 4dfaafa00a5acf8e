//! The steps of a history as requests, with the values that a script chooses: those that a client knows, and those that are next to them.

use super::script::Script;
use super::{GROUPS, History, Member, News, Producer, TRANSACTIONAL_IDS, ended, heard, initialised, joined};
use crate::ids::{ProducerEpoch, Sequence};
use crate::log::header::{BATCH_HEADER_BYTES, BatchHeader, Compression};
use crate::log::records::{NewRecord, encode_batch};
use crate::messages::offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic};
use crate::messages::offset_fetch_request::OffsetFetchRequestTopic;
use crate::messages::txn_offset_commit_request::{
    TxnOffsetCommitRequestPartition, TxnOffsetCommitRequestTopic,
};
use crate::messages::write_txn_markers_request::{WritableTxnMarker, WritableTxnMarkerTopic};
use crate::messages::{
    DeleteGroupsRequest, OffsetCommitRequest, OffsetFetchRequest, TxnOffsetCommitRequest,
    WriteTxnMarkersRequest,
};
use bytes::Bytes;
use kafka_protocol::messages::add_partitions_to_txn_request::{
    AddPartitionsToTxnTopic, AddPartitionsToTxnTransaction,
};
use kafka_protocol::messages::consumer_group_heartbeat_request::TopicPartitions;
use kafka_protocol::messages::create_topics_request::CreatableTopic;
use kafka_protocol::messages::delete_topics_request::DeleteTopicState;
use kafka_protocol::messages::join_group_request::JoinGroupRequestProtocol;
use kafka_protocol::messages::leave_group_request::MemberIdentity;
use kafka_protocol::messages::offset_delete_request::{
    OffsetDeleteRequestPartition, OffsetDeleteRequestTopic,
};
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::sync_group_request::SyncGroupRequestAssignment;
use kafka_protocol::messages::{
    AddOffsetsToTxnRequest, AddPartitionsToTxnRequest, ConsumerGroupDescribeRequest,
    ConsumerGroupHeartbeatRequest, CreateTopicsRequest, DeleteTopicsRequest, DescribeGroupsRequest,
    DescribeTransactionsRequest, EndTxnRequest, GroupId, HeartbeatRequest, InitProducerIdRequest,
    JoinGroupRequest, LeaveGroupRequest, ListTransactionsRequest, OffsetDeleteRequest, ProduceRequest,
    ProducerId, SyncGroupRequest, TopicName, TransactionalId,
};
use kafka_protocol::protocol::StrBytes;
use std::time::Duration;
use tokio::time::sleep;
use uuid::Uuid;

/// The topics that requests name. The last one does not exist.
const TOPICS: [&str; 3] = ["t", "u", "absent"];

/// The partitions that requests name.
const PARTITIONS: [i32; 4] = [0, 1, 2, -1];

/// The times that pass, in milliseconds.
const TIMES_MS: [u64; 6] = [1, 100, 5_000, 11_000, 61_000, 700_000];

/// The subscriptions of classic members, as their metadata: of version 0 to topic `t`, of version 1 to both topics with an owned partition,
/// and bytes that are none.
const SUBSCRIPTIONS: [&[u8]; 3] = [
    b"\0\0\0\0\0\x01\0\x01t\xff\xff\xff\xff",
    b"\0\x01\0\0\0\x02\0\x01t\0\x01u\xff\xff\xff\xff\0\0\0\x01\0\x01t\0\0\0\x01\0\0\0\x01",
    b"\0\x01\0\0",
];

/// The assignments that a leader makes: one partition, one that does not exist, none, and bytes that are none.
const ASSIGNMENTS: [&[u8]; 4] = [
    b"\0\0\0\0\0\x01\0\x01t\0\0\0\x01\0\0\0\0\xff\xff\xff\xff",
    b"\0\0\0\0\0\x01\0\x01t\0\0\0\x02\0\0\0\x09\xff\xff\xff\xff\xff\xff\xff\xff",
    b"",
    b"\0",
];

fn text(text: &'static str) -> StrBytes {
    StrBytes::from_static_str(text)
}

fn group(id: &'static str) -> GroupId {
    GroupId(text(id))
}

fn topic(name: &'static str) -> TopicName {
    TopicName(text(name))
}

/// Returns the request that creates topic `t` of two partitions and topic `u` of one.
pub(super) fn create_topics() -> CreateTopicsRequest {
    let topics = [("t", 2), ("u", 1)].map(|(name, partitions)| {
        CreatableTopic::default()
            .with_name(topic(name))
            .with_num_partitions(partitions)
            .with_replication_factor(1)
    });
    CreateTopicsRequest::default().with_topics(topics.to_vec())
}

/// Returns the request for all stable offsets of a group.
pub(super) fn fetch_all_stable(id: &'static str) -> OffsetFetchRequest {
    let partitions = TOPICS.map(|name| {
        OffsetFetchRequestTopic::default()
            .with_name(topic(name))
            .with_partition_indexes(PARTITIONS.to_vec())
    });
    OffsetFetchRequest::default()
        .with_group_id(group(id))
        .with_topics(Some(partitions.to_vec()))
        .with_require_stable(true)
}

impl History<'_> {
    /// Takes the next step of the script.
    pub(super) async fn step(&mut self) {
        match self.script.byte() % 20 {
            0 | 1 => self.join(),
            2 => self.sync(),
            3 => self.heartbeat().await,
            4 => self.leave().await,
            5..=7 => self.consumer_heartbeat().await,
            8 => self.commit().await,
            9 => self.init(),
            10 | 11 => self.stage(),
            12 => self.add().await,
            13 | 14 => self.end_transaction(),
            15 => self.produce().await,
            16 => self.describe().await,
            17 => self.delete().await,
            18 => self.mark().await,
            _ => {
                sleep(Duration::from_millis(self.script.choose(&TIMES_MS))).await;
                self.end_transactions().await;
            }
        }
    }

    /// Returns a member: one that is known, or one that joins.
    fn member(&mut self) -> Member {
        let group = self.script.choose(&GROUPS);
        let id = self.script.choose(&["", "made-up"]);
        let stranger = Member {
            group,
            id: text(id),
            generation_or_epoch: self.script.choose(&[-1, 0, 1]),
            owned: Vec::new(),
        };
        let mut member = self.script.recall(&self.members).unwrap_or(stranger);
        // Most requests are of the generation that the client knows.
        member.generation_or_epoch += self.script.choose(&[0, 0, 0, 0, 0, 1, -1]);
        member
    }

    fn producer(&mut self) -> Producer {
        let stranger = Producer {
            transactional_id: self.script.choose(&TRANSACTIONAL_IDS),
            id: self.script.choose(&[-1, 7]),
            epoch: self.script.choose(&[-1, 0]),
        };
        let mut producer = self.script.recall(&self.producers).unwrap_or(stranger);
        producer.epoch = producer
            .epoch
            .saturating_add(self.script.choose(&[0, 0, 0, 0, 0, 1, -1]));
        producer
    }

    fn instance(&mut self) -> Option<StrBytes> {
        self.script
            .choose(&[None, None, None, Some("i"), Some("j")])
            .map(text)
    }

    fn join(&mut self) {
        let member = self.member();
        let version = self.script.choose(&[3, 5, 9]);
        let names = self
            .script
            .choose(&[&["range"][..], &["range", "sticky"], &["sticky"], &[]]);
        let metadata = self.script.choose(&SUBSCRIPTIONS);
        let protocols = names.iter().map(|name| {
            JoinGroupRequestProtocol::default()
                .with_name(text(name))
                .with_metadata(Bytes::from_static(metadata))
        });
        let instance = self.instance().filter(|_| version >= 5);
        let request = JoinGroupRequest::default()
            .with_group_id(group(member.group))
            .with_member_id(member.id)
            .with_group_instance_id(instance)
            .with_session_timeout_ms(self.script.choose(&[10_000, 60_000, 5]))
            .with_rebalance_timeout_ms(self.script.choose(&[20_000, 0, -5]))
            .with_protocol_type(text(self.script.choose(&["consumer", "consumer", "connect", ""])))
            .with_protocols(protocols.collect());
        self.spawn(version, request, move |response| joined(member.group, &response));
    }

    fn sync(&mut self) {
        let member = self.member();
        let assignment = self.script.choose(&ASSIGNMENTS);
        let assignments = self.members.iter().map(|member| {
            SyncGroupRequestAssignment::default()
                .with_member_id(member.id.clone())
                .with_assignment(Bytes::from_static(assignment))
        });
        let request = SyncGroupRequest::default()
            .with_group_id(group(member.group))
            .with_member_id(member.id)
            .with_generation_id(member.generation_or_epoch)
            .with_assignments(assignments.collect());
        self.spawn(3, request, |_| News::None);
    }

    async fn heartbeat(&mut self) {
        let member = self.member();
        let request = HeartbeatRequest::default()
            .with_group_id(group(member.group))
            .with_member_id(member.id)
            .with_group_instance_id(self.instance())
            .with_generation_id(member.generation_or_epoch);
        self.broker.call(4, request).await;
    }

    async fn leave(&mut self) {
        let member = self.member();
        let identity = MemberIdentity::default()
            .with_member_id(member.id)
            .with_group_instance_id(self.instance());
        let request = LeaveGroupRequest::default()
            .with_group_id(group(member.group))
            .with_members(vec![identity]);
        self.broker.call(4, request).await;
    }

    async fn consumer_heartbeat(&mut self) {
        let member = self.member();
        let epoch = self
            .script
            .choose(&[None, None, None, Some(0), Some(-1), Some(-2)]);
        let joins = epoch == Some(0) || member.generation_or_epoch == 0;
        let owned = self.script.choose(&[0u8, 0, 1, 2, 3]);
        let owned = match owned {
            0 if !joins => Some(owned_partitions(&member.owned)),
            1 => None,
            2 => Some(owned_partitions(&[(Uuid::from_u128(9), vec![0, -1])])),
            _ => Some(Vec::new()),
        };
        let names = self
            .script
            .choose(&[None, Some(&["t"][..]), Some(&["t", "u", "absent"]), Some(&[])]);
        let names = if joins && names.is_none() {
            Some(&["t"][..])
        } else {
            names
        };
        let regex = self
            .script
            .choose(&[None, None, None, Some("t|u"), Some("("), Some("")]);
        let request = ConsumerGroupHeartbeatRequest::default()
            .with_group_id(group(member.group))
            .with_member_id(member.id.clone())
            .with_member_epoch(epoch.unwrap_or(member.generation_or_epoch))
            .with_instance_id(self.instance())
            .with_rebalance_timeout_ms(if joins {
                20_000
            } else {
                self.script.choose(&[-1, 0, 1_000])
            })
            .with_subscribed_topic_names(names.map(|names| names.iter().map(|name| topic(name)).collect()))
            .with_subscribed_topic_regex(regex.map(text))
            .with_server_assignor(
                self.script
                    .choose(&[None, None, Some("range"), Some("none")])
                    .map(text),
            )
            .with_topic_partitions(owned);
        let version = self.script.choose(&[0, 1]);
        if let Some(response) = self.broker.call(version, request).await {
            self.learn(heard(member, response));
        }
    }

    async fn commit(&mut self) {
        let member = self.member();
        let name = self.script.choose(&TOPICS);
        let partition = OffsetCommitRequestPartition::default()
            .with_partition_index(self.script.choose(&PARTITIONS))
            .with_committed_offset(i64::from(self.script.byte()) - 1);
        let request = OffsetCommitRequest::default()
            .with_group_id(group(member.group))
            .with_member_id(member.id)
            .with_generation_id_or_member_epoch(member.generation_or_epoch)
            .with_topics(vec![
                OffsetCommitRequestTopic::default()
                    .with_name(topic(name))
                    .with_partitions(vec![partition]),
            ]);
        let version = self.script.choose(&[2, 8, 9]);
        self.broker.call(version, request).await;
    }

    fn init(&mut self) {
        let producer = self.producer();
        let names_former = self.script.byte().is_multiple_of(4);
        let (id, epoch) = if names_former {
            (producer.id, producer.epoch)
        } else {
            (-1, -1)
        };
        let transactional_id = producer.transactional_id;
        let request = InitProducerIdRequest::default()
            .with_transactional_id(Some(TransactionalId(text(transactional_id))))
            .with_transaction_timeout_ms(self.script.choose(&[60_000, 1_000, 0]))
            .with_producer_id(ProducerId(id))
            .with_producer_epoch(epoch);
        self.spawn(4, request, move |response| {
            initialised(transactional_id, &response)
        });
    }

    fn stage(&mut self) {
        let (producer, member) = (self.producer(), self.member());
        let name = self.script.choose(&TOPICS);
        let partition = TxnOffsetCommitRequestPartition::default()
            .with_partition_index(self.script.choose(&PARTITIONS))
            .with_committed_offset(i64::from(self.script.byte()) - 1);
        let version = self.script.choose(&[2, 3, 4, 5]);
        let request = TxnOffsetCommitRequest::default()
            .with_transactional_id(TransactionalId(text(producer.transactional_id)))
            .with_group_id(group(member.group))
            .with_producer_id(ProducerId(producer.id))
            .with_producer_epoch(producer.epoch)
            .with_topics(vec![
                TxnOffsetCommitRequestTopic::default()
                    .with_name(topic(name))
                    .with_partitions(vec![partition]),
            ]);
        let request = if version >= 3 && self.script.byte().is_multiple_of(2) {
            request
                .with_member_id(member.id)
                .with_generation_id_or_member_epoch(member.generation_or_epoch)
        } else {
            request
        };
        self.spawn(version, request, |_| News::None);
    }

    async fn add(&mut self) {
        let producer = self.producer();
        if self.script.byte().is_multiple_of(2) {
            let request = AddOffsetsToTxnRequest::default()
                .with_transactional_id(TransactionalId(text(producer.transactional_id)))
                .with_producer_id(ProducerId(producer.id))
                .with_producer_epoch(producer.epoch)
                .with_group_id(group(self.script.choose(&GROUPS)));
            self.broker.call(3, request).await;
            return;
        }
        let topics = vec![
            AddPartitionsToTxnTopic::default()
                .with_name(topic(self.script.choose(&TOPICS)))
                .with_partitions(vec![self.script.choose(&PARTITIONS)]),
        ];
        let transaction = AddPartitionsToTxnTransaction::default()
            .with_transactional_id(TransactionalId(text(producer.transactional_id)))
            .with_producer_id(ProducerId(producer.id))
            .with_producer_epoch(producer.epoch)
            .with_verify_only(self.script.byte().is_multiple_of(2))
            .with_topics(topics);
        let request = AddPartitionsToTxnRequest::default().with_transactions(vec![transaction]);
        self.broker.call(5, request).await;
    }

    fn end_transaction(&mut self) {
        let producer = self.producer();
        let request = EndTxnRequest::default()
            .with_transactional_id(TransactionalId(text(producer.transactional_id)))
            .with_producer_id(ProducerId(producer.id))
            .with_producer_epoch(producer.epoch)
            .with_committed(self.script.byte().is_multiple_of(2));
        let version = self.script.choose(&[3, 5]);
        self.spawn(version, request, move |response| ended(producer, &response));
    }

    async fn produce(&mut self) {
        let producer = self.producer();
        let data = PartitionProduceData::default()
            .with_index(self.script.choose(&PARTITIONS))
            .with_records(Some(transactional_batch(&producer, &mut self.script)));
        let topics = vec![
            TopicProduceData::default()
                .with_name(topic(self.script.choose(&TOPICS)))
                .with_partition_data(vec![data]),
        ];
        let request = ProduceRequest::default()
            .with_transactional_id(Some(TransactionalId(text(producer.transactional_id))))
            .with_acks(-1)
            .with_topic_data(topics);
        let version = self.script.choose(&[9, 11, 12]);
        self.broker.call(version, request).await;
    }

    async fn describe(&mut self) {
        let ids = || GROUPS.map(group).to_vec();
        match self.script.byte() % 5 {
            0 => drop(
                self.broker
                    .call(5, DescribeGroupsRequest::default().with_groups(ids()))
                    .await,
            ),
            1 => {
                let request = ConsumerGroupDescribeRequest::default().with_group_ids(ids());
                self.broker.call(1, request).await;
            }
            2 => {
                let ids = TRANSACTIONAL_IDS.map(|id| TransactionalId(text(id)));
                let request = DescribeTransactionsRequest::default().with_transactional_ids(ids.to_vec());
                self.broker.call(0, request).await;
            }
            3 => drop(self.broker.call(0, ListTransactionsRequest::default()).await),
            _ => {
                let id = self.script.choose(&GROUPS);
                self.broker.call(7, fetch_all_stable(id)).await;
            }
        }
    }

    async fn delete(&mut self) {
        let id = self.script.choose(&GROUPS);
        match self.script.byte() % 4 {
            0 => {
                let request = DeleteGroupsRequest::default().with_groups_names(vec![group(id)]);
                self.broker.call(2, request).await;
            }
            1 => {
                let partitions = PARTITIONS
                    .map(|index| OffsetDeleteRequestPartition::default().with_partition_index(index));
                let topics = vec![
                    OffsetDeleteRequestTopic::default()
                        .with_name(topic(self.script.choose(&TOPICS)))
                        .with_partitions(partitions.to_vec()),
                ];
                let request = OffsetDeleteRequest::default()
                    .with_group_id(group(id))
                    .with_topics(topics);
                self.broker.call(0, request).await;
            }
            2 => {
                let deleted = DeleteTopicState::default().with_name(Some(topic(self.script.choose(&TOPICS))));
                let request = DeleteTopicsRequest::default().with_topics(vec![deleted]);
                self.broker.call(6, request).await;
            }
            _ => drop(self.broker.call(7, create_topics()).await),
        }
    }

    async fn mark(&mut self) {
        let producer = self.producer();
        let names = self
            .script
            .choose(&[&["t"][..], &["__consumer_offsets"], &["absent"]]);
        let topics = names.iter().map(|name| {
            WritableTxnMarkerTopic::default()
                .with_name(topic(name))
                .with_partition_indexes(vec![0])
        });
        let marker = WritableTxnMarker::default()
            .with_producer_id(ProducerId(producer.id))
            .with_producer_epoch(producer.epoch)
            .with_transaction_result(self.script.byte().is_multiple_of(2))
            .with_topics(topics.collect());
        let request = WriteTxnMarkersRequest::default().with_markers(vec![marker]);
        self.broker.call(1, request).await;
    }
}

fn owned_partitions(owned: &[(Uuid, Vec<i32>)]) -> Vec<TopicPartitions> {
    let topics = owned.iter().map(|(id, partitions)| {
        TopicPartitions::default()
            .with_topic_id(*id)
            .with_partitions(partitions.clone())
    });
    topics.collect()
}

/// Returns a batch of the producer, with a sequence that may be the right one.
fn transactional_batch(producer: &Producer, script: &mut Script<'_>) -> Bytes {
    let record = NewRecord {
        timestamp_ms: 1_700_000_000_000,
        key: Some(b"key"),
        value: Some(b"value"),
        headers: &[],
    };
    let batch = encode_batch(&[record], Compression::None);
    let mut header = BatchHeader::read(&batch).expect("a batch begins with a header");
    let sequence = i32::from(script.choose(&[0u8, 0, 1, 2]));
    header.set_producer(
        crate::ids::ProducerId(producer.id),
        ProducerEpoch(producer.epoch),
        Sequence(sequence),
    );
    if !script.byte().is_multiple_of(8) {
        header.set_transactional();
    }
    let body = &batch[BATCH_HEADER_BYTES..];
    header.set_crc(header.compute_crc(body));
    [&header.0[..], body].concat().into()
}
