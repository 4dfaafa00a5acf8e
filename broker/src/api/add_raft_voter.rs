//! AddRaftVoter: adds a controller to the quorum.
//!
//! # Versions
//! 0 to 1. From version 1 on the client can choose to be answered before the change is committed.
//!
//! # Behaviour
//! Checks the cluster's id, the voter's id and directory and its endpoint on the listener CONTROLLER, and then whether voters can change at
//! all: not while `kraft.version` is 0, as in a cluster with a static quorum. A voter of the same id is DUPLICATE_VOTER.
//!
//! # Differs from Apache Kafka
//! No voter is ever added, because the controller is a part of this process. One that passes all checks is REQUEST_TIMED_OUT at once, as
//! one that Kafka cannot connect to.
//!
//! # Notes by KIP
//! KIP-853: the API.

use super::errors::KafkaError;
use super::{Answer, Answering, Api, ErrorCounts, ResponseMessage};
use crate::cluster::Cluster;
use crate::ids::NodeId;
use crate::messages::add_raft_voter_request::Listener;
use crate::messages::{AddRaftVoterRequest, AddRaftVoterResponse};
use crate::operations::RequestContext;
use crate::operations::raft_voters::{RaftVoter, VoterEndpoint, VoterKey, add_raft_voter};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Kafka's `AddRaftVoterRequest`.
pub(super) struct AddRaftVoter;

impl Api for AddRaftVoter {
    type Request = AddRaftVoterRequest;

    const VERSIONS: RangeInclusive<i16> = 0..=1;

    fn handle(
        cluster: &Arc<Cluster>,
        context: &Arc<RequestContext>,
        _version: i16,
        request: AddRaftVoterRequest,
    ) -> Answering {
        let endpoint = |listener: Listener| VoterEndpoint {
            listener: listener.name.to_string(),
            host: listener.host.to_string(),
            port: listener.port,
        };
        let endpoints: Vec<_> = request.listeners.into_iter().map(endpoint).collect();
        let voter = RaftVoter {
            cluster_id: request.cluster_id.map(|id| id.to_string()),
            key: VoterKey {
                id: NodeId(request.voter_id),
                directory_id: request.voter_directory_id,
            },
        };
        let response = AddRaftVoterResponse::default();
        match add_raft_voter(cluster, context, &voter, &endpoints) {
            Ok(()) => response.into(),
            Err(error) => response
                .with_error_code(error.code())
                .with_error_message(Some(error.message()))
                .into(),
        }
    }

    fn refuse(_version: i16, _request: &AddRaftVoterRequest, code: i16) -> Answer {
        AddRaftVoterResponse::default().with_error_code(code).into()
    }
}

impl ResponseMessage for AddRaftVoterResponse {
    fn throttle_time_ms(&mut self) -> &mut i32 {
        &mut self.throttle_time_ms
    }

    fn error_counts(&self) -> ErrorCounts {
        ErrorCounts::of(self.error_code)
    }
}
