//! OffsetFetchResponse, versions 1 to 10.

// Written by broker/messages/generate.py from the message definitions of Apache Kafka 4.4.0. Do not edit.

use super::declaration::{message, response};
use kafka_protocol::messages::{GroupId, TopicName};
use kafka_protocol::protocol::StrBytes;
use uuid::Uuid;

message! {
    /// Kafka's `OffsetFetchResponse`.
    OffsetFetchResponse: 1 to 10, flexible 6 {
        throttle_time_ms with_throttle_time_ms: i32, 3 to 10 else dropped;
        topics with_topics: Vec<OffsetFetchResponseTopic>, 1 to 7;
        error_code with_error_code: i16, 2 to 7 else dropped;
        groups with_groups: Vec<OffsetFetchResponseGroup>, 8 to 10;
    }
}

message! {
    /// A part of Kafka's `OffsetFetchResponse`.
    OffsetFetchResponseGroup: 1 to 10, flexible 6 {
        group_id with_group_id: GroupId, 8 to 10;
        topics with_topics: Vec<OffsetFetchResponseTopics>, 8 to 10;
        error_code with_error_code: i16, 8 to 10;
    }
}

message! {
    /// A part of Kafka's `OffsetFetchResponse`.
    OffsetFetchResponseTopics: 1 to 10, flexible 6 {
        name with_name: TopicName, 8 to 9 else dropped;
        topic_id with_topic_id: Uuid, 10 to 10 else dropped;
        partitions with_partitions: Vec<OffsetFetchResponsePartitions>, 8 to 10;
    }
}

message! {
    /// A part of Kafka's `OffsetFetchResponse`.
    OffsetFetchResponsePartitions: 1 to 10, flexible 6 {
        partition_index with_partition_index: i32, 8 to 10;
        committed_offset with_committed_offset: i64, 8 to 10;
        committed_leader_epoch with_committed_leader_epoch: i32 = -1, 8 to 10 else dropped;
        metadata with_metadata: Option<StrBytes> = Some(Default::default()), 8 to 10;
        error_code with_error_code: i16, 8 to 10;
    }
}

message! {
    /// A part of Kafka's `OffsetFetchResponse`.
    OffsetFetchResponseTopic: 1 to 10, flexible 6 {
        name with_name: TopicName, 1 to 7;
        partitions with_partitions: Vec<OffsetFetchResponsePartition>, 1 to 7;
    }
}

message! {
    /// A part of Kafka's `OffsetFetchResponse`.
    OffsetFetchResponsePartition: 1 to 10, flexible 6 {
        partition_index with_partition_index: i32, 1 to 7;
        committed_offset with_committed_offset: i64, 1 to 7;
        committed_leader_epoch with_committed_leader_epoch: i32 = -1, 5 to 7 else dropped;
        metadata with_metadata: Option<StrBytes> = Some(Default::default()), 1 to 7;
        error_code with_error_code: i16, 1 to 7;
    }
}

response!(OffsetFetchResponse, flexible 6);
