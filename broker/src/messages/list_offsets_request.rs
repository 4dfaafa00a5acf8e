//! ListOffsetsRequest, versions 1 to 11.

// Written by broker/messages/generate.py from the message definitions of Apache Kafka 4.4.0. Do not edit.

use super::ListOffsetsResponse;
use super::codec::{message, request};
use kafka_protocol::messages::{BrokerId, TopicName};

message! {
    /// Kafka's `ListOffsetsRequest`.
    ListOffsetsRequest: 1 to 11, flexible 6 {
        /// The broker ID of the requester, or -1 if this request is being made by a normal consumer.
        replica_id with_replica_id: BrokerId, 1 to 11;
        /// This setting controls the visibility of transactional records. Using READ_UNCOMMITTED
        /// (isolation_level = 0) makes all records visible. With READ_COMMITTED (isolation_level = 1),
        /// non-transactional and COMMITTED transactional records are visible. To be more concrete,
        /// READ_COMMITTED returns all data from offsets smaller than the current LSO (last stable
        /// offset), and enables the inclusion of the list of aborted transactions in the result, which
        /// allows consumers to discard ABORTED transactional records.
        isolation_level with_isolation_level: i8, 2 to 11;
        /// Each topic in the request.
        topics with_topics: Vec<ListOffsetsTopic>, 1 to 11;
        /// The timeout to await a response in milliseconds for requests that require reading from remote
        /// storage for topics enabled with tiered storage.
        timeout_ms with_timeout_ms: i32, 10 to 11 else dropped;
    }
}

message! {
    /// A part of Kafka's `ListOffsetsRequest`.
    ListOffsetsTopic: 1 to 11, flexible 6 {
        /// The topic name.
        name with_name: TopicName, 1 to 11;
        /// Each partition in the request.
        partitions with_partitions: Vec<ListOffsetsPartition>, 1 to 11;
    }
}

message! {
    /// A part of Kafka's `ListOffsetsRequest`.
    ListOffsetsPartition: 1 to 11, flexible 6 {
        /// The partition index.
        partition_index with_partition_index: i32, 1 to 11;
        /// The current leader epoch.
        current_leader_epoch with_current_leader_epoch: i32 = -1, 4 to 11 else dropped;
        /// The current timestamp.
        timestamp with_timestamp: i64, 1 to 11;
    }
}

request!(ListOffsetsRequest, 2, flexible 6, ListOffsetsResponse);
