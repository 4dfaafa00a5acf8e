//! ListOffsetsResponse, versions 1 to 11.

// Written by broker/messages/generate.py from the message definitions of Apache Kafka 4.4.0. Do not edit.

use super::codec::{message, response};
use kafka_protocol::messages::TopicName;

message! {
    /// Kafka's `ListOffsetsResponse`.
    ListOffsetsResponse: 1 to 11, flexible 6 {
        /// The duration in milliseconds for which the request was throttled due to a quota violation, or
        /// zero if the request did not violate any quota.
        throttle_time_ms with_throttle_time_ms: i32, 2 to 11 else dropped;
        /// Each topic in the response.
        topics with_topics: Vec<ListOffsetsTopicResponse>, 1 to 11;
    }
}

message! {
    /// A part of Kafka's `ListOffsetsResponse`.
    ListOffsetsTopicResponse: 1 to 11, flexible 6 {
        /// The topic name.
        name with_name: TopicName, 1 to 11;
        /// Each partition in the response.
        partitions with_partitions: Vec<ListOffsetsPartitionResponse>, 1 to 11;
    }
}

message! {
    /// A part of Kafka's `ListOffsetsResponse`.
    ListOffsetsPartitionResponse: 1 to 11, flexible 6 {
        /// The partition index.
        partition_index with_partition_index: i32, 1 to 11;
        /// The partition error code, or 0 if there was no error.
        error_code with_error_code: i16, 1 to 11;
        /// The timestamp associated with the returned offset.
        timestamp with_timestamp: i64 = -1, 1 to 11;
        /// The returned offset.
        offset with_offset: i64 = -1, 1 to 11;
        /// The leader epoch associated with the returned offset.
        leader_epoch with_leader_epoch: i32 = -1, 4 to 11;
    }
}

response!(ListOffsetsResponse, flexible 6);
