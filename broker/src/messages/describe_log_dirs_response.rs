//! DescribeLogDirsResponse, versions 1 to 5.

// Written by broker/messages/generate.py from the message definitions of Apache Kafka 4.4.0. Do not edit.

use super::declaration::{message, response};
use kafka_protocol::messages::TopicName;
use kafka_protocol::protocol::StrBytes;

message! {
    /// Kafka's `DescribeLogDirsResponse`.
    DescribeLogDirsResponse: 1 to 5, flexible 2 {
        throttle_time_ms with_throttle_time_ms: i32, 1 to 5;
        error_code with_error_code: i16, 3 to 5 else dropped;
        results with_results: Vec<DescribeLogDirsResult>, 1 to 5;
    }
}

message! {
    /// A part of Kafka's `DescribeLogDirsResponse`.
    DescribeLogDirsResult: 1 to 5, flexible 2 {
        error_code with_error_code: i16, 1 to 5;
        log_dir with_log_dir: StrBytes, 1 to 5;
        topics with_topics: Vec<DescribeLogDirsTopic>, 1 to 5;
        total_bytes with_total_bytes: i64 = -1, 4 to 5 else dropped;
        usable_bytes with_usable_bytes: i64 = -1, 4 to 5 else dropped;
        is_cordoned with_is_cordoned: bool, 5 to 5 else dropped;
    }
}

message! {
    /// A part of Kafka's `DescribeLogDirsResponse`.
    DescribeLogDirsTopic: 1 to 5, flexible 2 {
        name with_name: TopicName, 1 to 5;
        partitions with_partitions: Vec<DescribeLogDirsPartition>, 1 to 5;
    }
}

message! {
    /// A part of Kafka's `DescribeLogDirsResponse`.
    DescribeLogDirsPartition: 1 to 5, flexible 2 {
        partition_index with_partition_index: i32, 1 to 5;
        partition_size with_partition_size: i64, 1 to 5;
        offset_lag with_offset_lag: i64, 1 to 5;
        is_future_key with_is_future_key: bool, 1 to 5;
    }
}

response!(DescribeLogDirsResponse, flexible 2);
