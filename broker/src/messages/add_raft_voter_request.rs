//! AddRaftVoterRequest, versions 0 to 1.

// Written by broker/messages/generate.py from the message definitions of Apache Kafka 4.4.0. Do not edit.

use super::AddRaftVoterResponse;
use super::declaration::{message, request};
use kafka_protocol::protocol::StrBytes;
use uuid::Uuid;

message! {
    /// Kafka's `AddRaftVoterRequest`.
    AddRaftVoterRequest: 0 to 1, flexible 0 {
        cluster_id with_cluster_id: Option<StrBytes> = Some(Default::default()), 0 to 1;
        timeout_ms with_timeout_ms: i32, 0 to 1;
        voter_id with_voter_id: i32, 0 to 1;
        voter_directory_id with_voter_directory_id: Uuid, 0 to 1;
        listeners with_listeners: Vec<Listener>, 0 to 1;
        ack_when_committed with_ack_when_committed: bool = true, 1 to 1;
    }
}

message! {
    /// A part of Kafka's `AddRaftVoterRequest`.
    Listener: 0 to 1, flexible 0 {
        name with_name: StrBytes, 0 to 1;
        host with_host: StrBytes, 0 to 1;
        port with_port: u16, 0 to 1;
    }
}

request!(AddRaftVoterRequest, 80, flexible 0, AddRaftVoterResponse);
