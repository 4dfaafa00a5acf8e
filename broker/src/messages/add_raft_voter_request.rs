//! AddRaftVoterRequest, versions 0 to 1.

// Written by broker/messages/generate.py from the message definitions of Apache Kafka 4.4.0. Do not edit.

use super::AddRaftVoterResponse;
use super::codec::{message, request};
use kafka_protocol::protocol::StrBytes;
use uuid::Uuid;

message! {
    /// Kafka's `AddRaftVoterRequest`.
    AddRaftVoterRequest: 0 to 1, flexible 0 {
        /// The cluster id.
        cluster_id with_cluster_id: Option<StrBytes> = Some(Default::default()), 0 to 1;
        /// The maximum time to wait for the request to complete before returning.
        timeout_ms with_timeout_ms: i32, 0 to 1;
        /// The replica id of the voter getting added to the topic partition.
        voter_id with_voter_id: i32, 0 to 1;
        /// The directory id of the voter getting added to the topic partition.
        voter_directory_id with_voter_directory_id: Uuid, 0 to 1;
        /// The endpoints that can be used to communicate with the voter.
        listeners with_listeners: Vec<Listener>, 0 to 1;
        /// When true, return a response after the new voter set is committed. Otherwise, return after the
        /// leader writes the changes locally.
        ack_when_committed with_ack_when_committed: bool = true, 1 to 1;
    }
}

message! {
    /// A part of Kafka's `AddRaftVoterRequest`.
    Listener: 0 to 1, flexible 0 {
        /// The name of the endpoint.
        name with_name: StrBytes, 0 to 1;
        /// The hostname.
        host with_host: StrBytes, 0 to 1;
        /// The port.
        port with_port: u16, 0 to 1;
    }
}

request!(AddRaftVoterRequest, 80, flexible 0, AddRaftVoterResponse);
