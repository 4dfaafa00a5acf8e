//! ListOffsetsRequest, versions 1 to 11.

// Written by broker/messages/generate.py from the message definitions of Apache Kafka 4.4.0. Do not edit.

use super::ListOffsetsResponse;
use super::declaration::{message, request};
use kafka_protocol::messages::{BrokerId, TopicName};

message! {
    /// Kafka's `ListOffsetsRequest`.
    ListOffsetsRequest: 1 to 11, flexible 6 {
        replica_id with_replica_id: BrokerId, 1 to 11;
        isolation_level with_isolation_level: i8, 2 to 11;
        topics with_topics: Vec<ListOffsetsTopic>, 1 to 11;
        timeout_ms with_timeout_ms: i32, 10 to 11 else dropped;
    }
}

message! {
    /// A part of Kafka's `ListOffsetsRequest`.
    ListOffsetsTopic: 1 to 11, flexible 6 {
        name with_name: TopicName, 1 to 11;
        partitions with_partitions: Vec<ListOffsetsPartition>, 1 to 11;
    }
}

message! {
    /// A part of Kafka's `ListOffsetsRequest`.
    ListOffsetsPartition: 1 to 11, flexible 6 {
        partition_index with_partition_index: i32, 1 to 11;
        current_leader_epoch with_current_leader_epoch: i32 = -1, 4 to 11 else dropped;
        timestamp with_timestamp: i64, 1 to 11;
    }
}

request!(ListOffsetsRequest, 2, flexible 6, ListOffsetsResponse);
