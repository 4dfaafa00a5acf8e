//! OffsetFetchRequest, versions 1 to 10.

// Written by broker/messages/generate.py from the message definitions of Apache Kafka 4.4.0. Do not edit.

use super::OffsetFetchResponse;
use super::declaration::{message, request};
use kafka_protocol::messages::{GroupId, TopicName};
use kafka_protocol::protocol::StrBytes;
use uuid::Uuid;

message! {
    /// Kafka's `OffsetFetchRequest`.
    OffsetFetchRequest: 1 to 10, flexible 6 {
        group_id with_group_id: GroupId, 1 to 7;
        topics with_topics: Option<Vec<OffsetFetchRequestTopic>> = Some(Default::default()), 1 to 7;
        groups with_groups: Vec<OffsetFetchRequestGroup>, 8 to 10;
        require_stable with_require_stable: bool, 7 to 10;
    }
}

message! {
    /// A part of Kafka's `OffsetFetchRequest`.
    OffsetFetchRequestGroup: 1 to 10, flexible 6 {
        group_id with_group_id: GroupId, 8 to 10;
        member_id with_member_id: Option<StrBytes>, 9 to 10 else dropped;
        member_epoch with_member_epoch: i32 = -1, 9 to 10 else dropped;
        topics with_topics: Option<Vec<OffsetFetchRequestTopics>> = Some(Default::default()), 8 to 10;
    }
}

message! {
    /// A part of Kafka's `OffsetFetchRequest`.
    OffsetFetchRequestTopics: 1 to 10, flexible 6 {
        name with_name: TopicName, 8 to 9 else dropped;
        topic_id with_topic_id: Uuid, 10 to 10 else dropped;
        partition_indexes with_partition_indexes: Vec<i32>, 8 to 10;
    }
}

message! {
    /// A part of Kafka's `OffsetFetchRequest`.
    OffsetFetchRequestTopic: 1 to 10, flexible 6 {
        name with_name: TopicName, 1 to 7;
        partition_indexes with_partition_indexes: Vec<i32>, 1 to 7;
    }
}

request!(OffsetFetchRequest, 9, flexible 6, OffsetFetchResponse);
