//! OffsetCommitResponse, versions 2 to 10.

// Written by broker/messages/generate.py from the message definitions of Apache Kafka 4.4.0. Do not edit.

use super::declaration::{message, response};
use kafka_protocol::messages::TopicName;
use uuid::Uuid;

message! {
    /// Kafka's `OffsetCommitResponse`.
    OffsetCommitResponse: 2 to 10, flexible 8 {
        throttle_time_ms with_throttle_time_ms: i32, 3 to 10 else dropped;
        topics with_topics: Vec<OffsetCommitResponseTopic>, 2 to 10;
    }
}

message! {
    /// A part of Kafka's `OffsetCommitResponse`.
    OffsetCommitResponseTopic: 2 to 10, flexible 8 {
        name with_name: TopicName, 2 to 9 else dropped;
        topic_id with_topic_id: Uuid, 10 to 10 else dropped;
        partitions with_partitions: Vec<OffsetCommitResponsePartition>, 2 to 10;
    }
}

message! {
    /// A part of Kafka's `OffsetCommitResponse`.
    OffsetCommitResponsePartition: 2 to 10, flexible 8 {
        partition_index with_partition_index: i32, 2 to 10;
        error_code with_error_code: i16, 2 to 10;
    }
}

response!(OffsetCommitResponse, flexible 8);
