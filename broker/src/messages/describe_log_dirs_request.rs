//! DescribeLogDirsRequest, versions 1 to 5.

// Written by broker/messages/generate.py from the message definitions of Apache Kafka 4.4.0. Do not edit.

use super::DescribeLogDirsResponse;
use super::declaration::{message, request};
use kafka_protocol::messages::TopicName;

message! {
    /// Kafka's `DescribeLogDirsRequest`.
    DescribeLogDirsRequest: 1 to 5, flexible 2 {
        topics with_topics: Option<Vec<DescribableLogDirTopic>> = Some(Default::default()), 1 to 5;
    }
}

message! {
    /// A part of Kafka's `DescribeLogDirsRequest`.
    DescribableLogDirTopic: 1 to 5, flexible 2 {
        topic with_topic: TopicName, 1 to 5;
        partitions with_partitions: Vec<i32>, 1 to 5;
    }
}

request!(DescribeLogDirsRequest, 35, flexible 2, DescribeLogDirsResponse);
