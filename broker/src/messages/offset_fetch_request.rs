//! OffsetFetchRequest, versions 1 to 10.

// Written by broker/messages/generate.py from the message definitions of Apache Kafka 4.4.0. Do not edit.

use super::OffsetFetchResponse;
use super::codec::{message, request};
use kafka_protocol::messages::{GroupId, TopicName};
use kafka_protocol::protocol::StrBytes;
use uuid::Uuid;

message! {
    /// Kafka's `OffsetFetchRequest`.
    OffsetFetchRequest: 1 to 10, flexible 6 {
        /// The group to fetch offsets for.
        group_id with_group_id: GroupId, 1 to 7;
        /// Each topic we would like to fetch offsets for, or null to fetch offsets for all topics.
        topics with_topics: Option<Vec<OffsetFetchRequestTopic>> = Some(Default::default()), 1 to 7;
        /// Each group we would like to fetch offsets for.
        groups with_groups: Vec<OffsetFetchRequestGroup>, 8 to 10;
        /// Whether broker should hold on returning unstable offsets but set a retriable error code for
        /// the partitions.
        require_stable with_require_stable: bool, 7 to 10;
    }
}

message! {
    /// A part of Kafka's `OffsetFetchRequest`.
    OffsetFetchRequestGroup: 1 to 10, flexible 6 {
        /// The group ID.
        group_id with_group_id: GroupId, 8 to 10;
        /// The member id.
        member_id with_member_id: Option<StrBytes>, 9 to 10 else dropped;
        /// The member epoch if using the new consumer protocol (KIP-848).
        member_epoch with_member_epoch: i32 = -1, 9 to 10 else dropped;
        /// Each topic we would like to fetch offsets for, or null to fetch offsets for all topics.
        topics with_topics: Option<Vec<OffsetFetchRequestTopics>> = Some(Default::default()), 8 to 10;
    }
}

message! {
    /// A part of Kafka's `OffsetFetchRequest`.
    OffsetFetchRequestTopics: 1 to 10, flexible 6 {
        /// The topic name.
        name with_name: TopicName, 8 to 9 else dropped;
        /// The topic ID.
        topic_id with_topic_id: Uuid, 10 to 10 else dropped;
        /// The partition indexes we would like to fetch offsets for.
        partition_indexes with_partition_indexes: Vec<i32>, 8 to 10;
    }
}

message! {
    /// A part of Kafka's `OffsetFetchRequest`.
    OffsetFetchRequestTopic: 1 to 10, flexible 6 {
        /// The topic name.
        name with_name: TopicName, 1 to 7;
        /// The partition indexes we would like to fetch offsets for.
        partition_indexes with_partition_indexes: Vec<i32>, 1 to 7;
    }
}

request!(OffsetFetchRequest, 9, flexible 6, OffsetFetchResponse);
