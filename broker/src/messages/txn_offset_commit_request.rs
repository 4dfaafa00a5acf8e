//! TxnOffsetCommitRequest, versions 0 to 6.

// Written by broker/messages/generate.py from the message definitions of Apache Kafka 4.4.0. Do not edit.

use super::TxnOffsetCommitResponse;
use super::declaration::{message, request};
use kafka_protocol::messages::{GroupId, ProducerId, TopicName, TransactionalId};
use kafka_protocol::protocol::StrBytes;
use uuid::Uuid;

message! {
    /// Kafka's `TxnOffsetCommitRequest`.
    TxnOffsetCommitRequest: 0 to 6, flexible 3 {
        transactional_id with_transactional_id: TransactionalId, 0 to 6;
        group_id with_group_id: GroupId, 0 to 6;
        producer_id with_producer_id: ProducerId, 0 to 6;
        producer_epoch with_producer_epoch: i16, 0 to 6;
        generation_id_or_member_epoch with_generation_id_or_member_epoch: i32 = -1, 3 to 6;
        member_id with_member_id: StrBytes, 3 to 6;
        group_instance_id with_group_instance_id: Option<StrBytes>, 3 to 6;
        topics with_topics: Vec<TxnOffsetCommitRequestTopic>, 0 to 6;
    }
}

message! {
    /// A part of Kafka's `TxnOffsetCommitRequest`.
    TxnOffsetCommitRequestTopic: 0 to 6, flexible 3 {
        name with_name: TopicName, 0 to 5 else dropped;
        topic_id with_topic_id: Uuid, 6 to 6 else dropped;
        partitions with_partitions: Vec<TxnOffsetCommitRequestPartition>, 0 to 6;
    }
}

message! {
    /// A part of Kafka's `TxnOffsetCommitRequest`.
    TxnOffsetCommitRequestPartition: 0 to 6, flexible 3 {
        partition_index with_partition_index: i32, 0 to 6;
        committed_offset with_committed_offset: i64, 0 to 6;
        committed_leader_epoch with_committed_leader_epoch: i32 = -1, 2 to 6 else dropped;
        committed_metadata with_committed_metadata: Option<StrBytes> = Some(Default::default()), 0 to 6;
    }
}

request!(TxnOffsetCommitRequest, 28, flexible 3, TxnOffsetCommitResponse);
