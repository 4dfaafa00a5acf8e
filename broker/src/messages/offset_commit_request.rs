//! OffsetCommitRequest, versions 2 to 10.

// Written by broker/messages/generate.py from the message definitions of Apache Kafka 4.4.0. Do not edit.

use super::OffsetCommitResponse;
use super::codec::{message, request};
use kafka_protocol::messages::{GroupId, TopicName};
use kafka_protocol::protocol::StrBytes;
use uuid::Uuid;

message! {
    /// Kafka's `OffsetCommitRequest`.
    OffsetCommitRequest: 2 to 10, flexible 8 {
        /// The unique group identifier.
        group_id with_group_id: GroupId, 2 to 10;
        /// The generation of the group if using the classic group protocol or the member epoch if using
        /// the consumer protocol.
        generation_id_or_member_epoch with_generation_id_or_member_epoch: i32 = -1, 2 to 10 else dropped;
        /// The member ID assigned by the group coordinator.
        member_id with_member_id: StrBytes, 2 to 10 else dropped;
        /// The unique identifier of the consumer instance provided by end user.
        group_instance_id with_group_instance_id: Option<StrBytes>, 7 to 10;
        /// The time period in ms to retain the offset.
        retention_time_ms with_retention_time_ms: i64 = -1, 2 to 4 else dropped;
        /// The topics to commit offsets for.
        topics with_topics: Vec<OffsetCommitRequestTopic>, 2 to 10;
    }
}

message! {
    /// A part of Kafka's `OffsetCommitRequest`.
    OffsetCommitRequestTopic: 2 to 10, flexible 8 {
        /// The topic name.
        name with_name: TopicName, 2 to 9 else dropped;
        /// The topic ID.
        topic_id with_topic_id: Uuid, 10 to 10 else dropped;
        /// Each partition to commit offsets for.
        partitions with_partitions: Vec<OffsetCommitRequestPartition>, 2 to 10;
    }
}

message! {
    /// A part of Kafka's `OffsetCommitRequest`.
    OffsetCommitRequestPartition: 2 to 10, flexible 8 {
        /// The partition index.
        partition_index with_partition_index: i32, 2 to 10;
        /// The message offset to be committed.
        committed_offset with_committed_offset: i64, 2 to 10;
        /// The leader epoch of this partition.
        committed_leader_epoch with_committed_leader_epoch: i32 = -1, 6 to 10 else dropped;
        /// Any associated metadata the client wants to keep.
        committed_metadata with_committed_metadata: Option<StrBytes> = Some(Default::default()), 2 to 10;
    }
}

request!(OffsetCommitRequest, 8, flexible 8, OffsetCommitResponse);
