//! DescribeLogDirsRequest, versions 1 to 5.

// Written by broker/messages/generate.py from the message definitions of Apache Kafka 4.4.0. Do not edit.

use super::DescribeLogDirsResponse;
use super::codec::{message, request};
use kafka_protocol::messages::TopicName;

message! {
    /// Kafka's `DescribeLogDirsRequest`.
    DescribeLogDirsRequest: 1 to 5, flexible 2 {
        /// Each topic that we want to describe log directories for, or null for all topics.
        topics with_topics: Option<Vec<DescribableLogDirTopic>> = Some(Default::default()), 1 to 5;
    }
}

message! {
    /// A part of Kafka's `DescribeLogDirsRequest`.
    DescribableLogDirTopic: 1 to 5, flexible 2 {
        /// The topic name.
        topic with_topic: TopicName, 1 to 5;
        /// The partition indexes.
        partitions with_partitions: Vec<i32>, 1 to 5;
    }
}

request!(DescribeLogDirsRequest, 35, flexible 2, DescribeLogDirsResponse);
