//! OffsetCommitRequest, versions 2 to 10.

// Written by broker/messages/generate.py from the message definitions of Apache Kafka 4.4.0. Do not edit.

use super::OffsetCommitResponse;
use super::declaration::{message, request};
use kafka_protocol::messages::{GroupId, TopicName};
use kafka_protocol::protocol::StrBytes;
use uuid::Uuid;

message! {
    /// Kafka's `OffsetCommitRequest`.
    OffsetCommitRequest: 2 to 10, flexible 8 {
        group_id with_group_id: GroupId, 2 to 10;
        generation_id_or_member_epoch with_generation_id_or_member_epoch: i32 = -1, 2 to 10 else dropped;
        member_id with_member_id: StrBytes, 2 to 10 else dropped;
        group_instance_id with_group_instance_id: Option<StrBytes>, 7 to 10;
        retention_time_ms with_retention_time_ms: i64 = -1, 2 to 4 else dropped;
        topics with_topics: Vec<OffsetCommitRequestTopic>, 2 to 10;
    }
}

message! {
    /// A part of Kafka's `OffsetCommitRequest`.
    OffsetCommitRequestTopic: 2 to 10, flexible 8 {
        name with_name: TopicName, 2 to 9 else dropped;
        topic_id with_topic_id: Uuid, 10 to 10 else dropped;
        partitions with_partitions: Vec<OffsetCommitRequestPartition>, 2 to 10;
    }
}

message! {
    /// A part of Kafka's `OffsetCommitRequest`.
    OffsetCommitRequestPartition: 2 to 10, flexible 8 {
        partition_index with_partition_index: i32, 2 to 10;
        committed_offset with_committed_offset: i64, 2 to 10;
        committed_leader_epoch with_committed_leader_epoch: i32 = -1, 6 to 10 else dropped;
        committed_metadata with_committed_metadata: Option<StrBytes> = Some(Default::default()), 2 to 10;
    }
}

request!(OffsetCommitRequest, 8, flexible 8, OffsetCommitResponse);
