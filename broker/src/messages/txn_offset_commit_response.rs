//! TxnOffsetCommitResponse, versions 0 to 6.

// Written by broker/messages/generate.py from the message definitions of Apache Kafka 4.4.0. Do not edit.

use super::declaration::{message, response};
use kafka_protocol::messages::TopicName;
use uuid::Uuid;

message! {
    /// Kafka's `TxnOffsetCommitResponse`.
    TxnOffsetCommitResponse: 0 to 6, flexible 3 {
        throttle_time_ms with_throttle_time_ms: i32, 0 to 6;
        topics with_topics: Vec<TxnOffsetCommitResponseTopic>, 0 to 6;
    }
}

message! {
    /// A part of Kafka's `TxnOffsetCommitResponse`.
    TxnOffsetCommitResponseTopic: 0 to 6, flexible 3 {
        name with_name: TopicName, 0 to 5 else dropped;
        topic_id with_topic_id: Uuid, 6 to 6 else dropped;
        partitions with_partitions: Vec<TxnOffsetCommitResponsePartition>, 0 to 6;
    }
}

message! {
    /// A part of Kafka's `TxnOffsetCommitResponse`.
    TxnOffsetCommitResponsePartition: 0 to 6, flexible 3 {
        partition_index with_partition_index: i32, 0 to 6;
        error_code with_error_code: i16, 0 to 6;
    }
}

response!(TxnOffsetCommitResponse, flexible 3);
