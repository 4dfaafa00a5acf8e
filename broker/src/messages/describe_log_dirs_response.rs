//! DescribeLogDirsResponse, versions 1 to 5.

// Written by broker/messages/generate.py from the message definitions of Apache Kafka 4.4.0. Do not edit.

use super::codec::{message, response};
use kafka_protocol::messages::TopicName;
use kafka_protocol::protocol::StrBytes;

message! {
    /// Kafka's `DescribeLogDirsResponse`.
    DescribeLogDirsResponse: 1 to 5, flexible 2 {
        /// The duration in milliseconds for which the request was throttled due to a quota violation, or
        /// zero if the request did not violate any quota.
        throttle_time_ms with_throttle_time_ms: i32, 1 to 5;
        /// The error code, or 0 if there was no error.
        error_code with_error_code: i16, 3 to 5 else dropped;
        /// The log directories.
        results with_results: Vec<DescribeLogDirsResult>, 1 to 5;
    }
}

message! {
    /// A part of Kafka's `DescribeLogDirsResponse`.
    DescribeLogDirsResult: 1 to 5, flexible 2 {
        /// The error code, or 0 if there was no error.
        error_code with_error_code: i16, 1 to 5;
        /// The absolute log directory path.
        log_dir with_log_dir: StrBytes, 1 to 5;
        /// The topics.
        topics with_topics: Vec<DescribeLogDirsTopic>, 1 to 5;
        /// The total size in bytes of the volume the log directory is in. This value does not include the
        /// size of data stored in remote storage.
        total_bytes with_total_bytes: i64 = -1, 4 to 5 else dropped;
        /// The usable size in bytes of the volume the log directory is in. This value does not include
        /// the size of data stored in remote storage.
        usable_bytes with_usable_bytes: i64 = -1, 4 to 5 else dropped;
        /// True if this log directory is cordoned.
        is_cordoned with_is_cordoned: bool, 5 to 5 else dropped;
    }
}

message! {
    /// A part of Kafka's `DescribeLogDirsResponse`.
    DescribeLogDirsTopic: 1 to 5, flexible 2 {
        /// The topic name.
        name with_name: TopicName, 1 to 5;
        /// The partitions.
        partitions with_partitions: Vec<DescribeLogDirsPartition>, 1 to 5;
    }
}

message! {
    /// A part of Kafka's `DescribeLogDirsResponse`.
    DescribeLogDirsPartition: 1 to 5, flexible 2 {
        /// The partition index.
        partition_index with_partition_index: i32, 1 to 5;
        /// The size of the log segments in this partition in bytes.
        partition_size with_partition_size: i64, 1 to 5;
        /// The lag of the log's LEO w.r.t. partition's HW (if it is the current log for the partition) or
        /// current replica's LEO (if it is the future log for the partition).
        offset_lag with_offset_lag: i64, 1 to 5;
        /// True if this log is created by AlterReplicaLogDirsRequest and will replace the current log of
        /// the replica in the future.
        is_future_key with_is_future_key: bool, 1 to 5;
    }
}

response!(DescribeLogDirsResponse, flexible 2);
