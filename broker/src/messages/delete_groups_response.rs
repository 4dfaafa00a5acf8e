//! DeleteGroupsResponse, versions 0 to 3.

// Written by broker/messages/generate.py from the message definitions of Apache Kafka 4.4.0. Do not edit.

use super::declaration::{message, response};
use kafka_protocol::messages::GroupId;
use kafka_protocol::protocol::StrBytes;

message! {
    /// Kafka's `DeleteGroupsResponse`.
    DeleteGroupsResponse: 0 to 3, flexible 2 {
        throttle_time_ms with_throttle_time_ms: i32, 0 to 3;
        results with_results: Vec<DeletableGroupResult>, 0 to 3;
    }
}

message! {
    /// A part of Kafka's `DeleteGroupsResponse`.
    DeletableGroupResult: 0 to 3, flexible 2 {
        group_id with_group_id: GroupId, 0 to 3;
        error_code with_error_code: i16, 0 to 3;
        error_message with_error_message: Option<StrBytes>, 3 to 3 else dropped;
    }
}

response!(DeleteGroupsResponse, flexible 2);
