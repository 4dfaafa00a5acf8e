//! ApiVersionsRequest, versions 0 to 5.

// Written by broker/messages/generate.py from the message definitions of Apache Kafka 4.4.0. Do not edit.

use super::ApiVersionsResponse;
use super::declaration::{message, request};
use kafka_protocol::protocol::StrBytes;

message! {
    /// Kafka's `ApiVersionsRequest`.
    ApiVersionsRequest: 0 to 5, flexible 3 {
        client_software_name with_client_software_name: StrBytes, 3 to 5 else dropped;
        client_software_version with_client_software_version: StrBytes, 3 to 5 else dropped;
        cluster_id with_cluster_id: Option<StrBytes>, 5 to 5 else dropped;
        node_id with_node_id: i32 = -1, 5 to 5 else dropped;
    }
}

request!(ApiVersionsRequest, 18, flexible 3, ApiVersionsResponse);
