//! TxnOffsetCommitResponse, versions 0 to 6.

// Written by broker/messages/generate.py from the message definitions of Apache Kafka 4.4.0. Do not edit.

use super::codec::{message, response};
use kafka_protocol::messages::TopicName;
use uuid::Uuid;

message! {
    /// Kafka's `TxnOffsetCommitResponse`.
    TxnOffsetCommitResponse: 0 to 6, flexible 3 {
        /// The duration in milliseconds for which the request was throttled due to a quota violation, or
        /// zero if the request did not violate any quota.
        throttle_time_ms with_throttle_time_ms: i32, 0 to 6;
        /// The responses for each topic.
        topics with_topics: Vec<TxnOffsetCommitResponseTopic>, 0 to 6;
    }
}

message! {
    /// A part of Kafka's `TxnOffsetCommitResponse`.
    TxnOffsetCommitResponseTopic: 0 to 6, flexible 3 {
        /// The topic name.
        name with_name: TopicName, 0 to 5 else dropped;
        /// The topic ID.
        topic_id with_topic_id: Uuid, 6 to 6 else dropped;
        /// The responses for each partition in the topic.
        partitions with_partitions: Vec<TxnOffsetCommitResponsePartition>, 0 to 6;
    }
}

message! {
    /// A part of Kafka's `TxnOffsetCommitResponse`.
    TxnOffsetCommitResponsePartition: 0 to 6, flexible 3 {
        /// The partition index.
        partition_index with_partition_index: i32, 0 to 6;
        /// The error code, or 0 if there was no error.
        error_code with_error_code: i16, 0 to 6;
    }
}

response!(TxnOffsetCommitResponse, flexible 3);
