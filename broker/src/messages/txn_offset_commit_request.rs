//! TxnOffsetCommitRequest, versions 0 to 6.

// Written by broker/messages/generate.py from the message definitions of Apache Kafka 4.4.0. Do not edit.

use super::TxnOffsetCommitResponse;
use super::codec::{message, request};
use kafka_protocol::messages::{GroupId, ProducerId, TopicName, TransactionalId};
use kafka_protocol::protocol::StrBytes;
use uuid::Uuid;

message! {
    /// Kafka's `TxnOffsetCommitRequest`.
    TxnOffsetCommitRequest: 0 to 6, flexible 3 {
        /// The ID of the transaction.
        transactional_id with_transactional_id: TransactionalId, 0 to 6;
        /// The ID of the group.
        group_id with_group_id: GroupId, 0 to 6;
        /// The current producer ID in use by the transactional ID.
        producer_id with_producer_id: ProducerId, 0 to 6;
        /// The current epoch associated with the producer ID.
        producer_epoch with_producer_epoch: i16, 0 to 6;
        /// The generation of the group if using the classic group protocol or the member epoch if using
        /// the consumer protocol.
        generation_id_or_member_epoch with_generation_id_or_member_epoch: i32 = -1, 3 to 6;
        /// The member ID assigned by the group coordinator.
        member_id with_member_id: StrBytes, 3 to 6;
        /// The unique identifier of the consumer instance provided by end user.
        group_instance_id with_group_instance_id: Option<StrBytes>, 3 to 6;
        /// Each topic that we want to commit offsets for.
        topics with_topics: Vec<TxnOffsetCommitRequestTopic>, 0 to 6;
    }
}

message! {
    /// A part of Kafka's `TxnOffsetCommitRequest`.
    TxnOffsetCommitRequestTopic: 0 to 6, flexible 3 {
        /// The topic name.
        name with_name: TopicName, 0 to 5 else dropped;
        /// The topic ID.
        topic_id with_topic_id: Uuid, 6 to 6 else dropped;
        /// The partitions inside the topic that we want to commit offsets for.
        partitions with_partitions: Vec<TxnOffsetCommitRequestPartition>, 0 to 6;
    }
}

message! {
    /// A part of Kafka's `TxnOffsetCommitRequest`.
    TxnOffsetCommitRequestPartition: 0 to 6, flexible 3 {
        /// The index of the partition within the topic.
        partition_index with_partition_index: i32, 0 to 6;
        /// The message offset to be committed.
        committed_offset with_committed_offset: i64, 0 to 6;
        /// The leader epoch of the last consumed record.
        committed_leader_epoch with_committed_leader_epoch: i32 = -1, 2 to 6 else dropped;
        /// Any associated metadata the client wants to keep.
        committed_metadata with_committed_metadata: Option<StrBytes> = Some(Default::default()), 0 to 6;
    }
}

request!(TxnOffsetCommitRequest, 28, flexible 3, TxnOffsetCommitResponse);
