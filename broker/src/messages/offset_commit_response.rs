//! OffsetCommitResponse, versions 2 to 10.

// Written by broker/messages/generate.py from the message definitions of Apache Kafka 4.4.0. Do not edit.

use super::codec::{message, response};
use kafka_protocol::messages::TopicName;
use uuid::Uuid;

message! {
    /// Kafka's `OffsetCommitResponse`.
    OffsetCommitResponse: 2 to 10, flexible 8 {
        /// The duration in milliseconds for which the request was throttled due to a quota violation, or
        /// zero if the request did not violate any quota.
        throttle_time_ms with_throttle_time_ms: i32, 3 to 10 else dropped;
        /// The responses for each topic.
        topics with_topics: Vec<OffsetCommitResponseTopic>, 2 to 10;
    }
}

message! {
    /// A part of Kafka's `OffsetCommitResponse`.
    OffsetCommitResponseTopic: 2 to 10, flexible 8 {
        /// The topic name.
        name with_name: TopicName, 2 to 9 else dropped;
        /// The topic ID.
        topic_id with_topic_id: Uuid, 10 to 10 else dropped;
        /// The responses for each partition in the topic.
        partitions with_partitions: Vec<OffsetCommitResponsePartition>, 2 to 10;
    }
}

message! {
    /// A part of Kafka's `OffsetCommitResponse`.
    OffsetCommitResponsePartition: 2 to 10, flexible 8 {
        /// The partition index.
        partition_index with_partition_index: i32, 2 to 10;
        /// The error code, or 0 if there was no error.
        error_code with_error_code: i16, 2 to 10;
    }
}

response!(OffsetCommitResponse, flexible 8);
