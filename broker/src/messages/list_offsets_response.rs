//! ListOffsetsResponse, versions 1 to 11.

// Written by broker/messages/generate.py from the message definitions of Apache Kafka 4.4.0. Do not edit.

use super::declaration::{message, response};
use kafka_protocol::messages::TopicName;

message! {
    /// Kafka's `ListOffsetsResponse`.
    ListOffsetsResponse: 1 to 11, flexible 6 {
        throttle_time_ms with_throttle_time_ms: i32, 2 to 11 else dropped;
        topics with_topics: Vec<ListOffsetsTopicResponse>, 1 to 11;
    }
}

message! {
    /// A part of Kafka's `ListOffsetsResponse`.
    ListOffsetsTopicResponse: 1 to 11, flexible 6 {
        name with_name: TopicName, 1 to 11;
        partitions with_partitions: Vec<ListOffsetsPartitionResponse>, 1 to 11;
    }
}

message! {
    /// A part of Kafka's `ListOffsetsResponse`.
    ListOffsetsPartitionResponse: 1 to 11, flexible 6 {
        partition_index with_partition_index: i32, 1 to 11;
        error_code with_error_code: i16, 1 to 11;
        timestamp with_timestamp: i64 = -1, 1 to 11;
        offset with_offset: i64 = -1, 1 to 11;
        leader_epoch with_leader_epoch: i32 = -1, 4 to 11;
    }
}

response!(ListOffsetsResponse, flexible 6);
