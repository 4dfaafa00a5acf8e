//! DeleteGroupsRequest, versions 0 to 3.

// Written by broker/messages/generate.py from the message definitions of Apache Kafka 4.4.0. Do not edit.

use super::DeleteGroupsResponse;
use super::declaration::{message, request};
use kafka_protocol::messages::GroupId;

message! {
    /// Kafka's `DeleteGroupsRequest`.
    DeleteGroupsRequest: 0 to 3, flexible 2 {
        groups_names with_groups_names: Vec<GroupId>, 0 to 3;
    }
}

request!(DeleteGroupsRequest, 42, flexible 2, DeleteGroupsResponse);
