//! RemoveRaftVoter: removes a controller from the quorum.
//!
//! # Versions
//! 0.
//!
//! # Behaviour
//! Checks the cluster's id, the voter's id and directory, and then whether voters can change at all: not while `kraft.version` is 0, as in
//! a cluster with a static quorum. A voter that is not in the quorum is VOTER_NOT_FOUND.
//!
//! # Differs from Apache Kafka
//! The only voter cannot be removed. Kafka answers UNKNOWN_SERVER_ERROR too, because its set of voters is never empty.
//!
//! # Notes by KIP
//! KIP-853: the API.

use super::errors::KafkaError;
use super::{Answer, Answering, Api, ErrorCounts, ResponseMessage};
use crate::cluster::Cluster;
use crate::ids::NodeId;
use crate::operations::RequestContext;
use crate::operations::raft_voters::{RaftVoter, VoterKey, remove_raft_voter};
use kafka_protocol::messages::{RemoveRaftVoterRequest, RemoveRaftVoterResponse};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Kafka's `RemoveRaftVoterRequest`.
pub(super) struct RemoveRaftVoter;

impl Api for RemoveRaftVoter {
    type Request = RemoveRaftVoterRequest;

    const VERSIONS: RangeInclusive<i16> = 0..=0;

    fn handle(
        cluster: &Arc<Cluster>,
        context: &Arc<RequestContext>,
        _version: i16,
        request: RemoveRaftVoterRequest,
    ) -> Answering {
        let voter = RaftVoter {
            cluster_id: request.cluster_id.map(|id| id.to_string()),
            key: VoterKey {
                id: NodeId(request.voter_id),
                directory_id: request.voter_directory_id,
            },
        };
        let response = RemoveRaftVoterResponse::default();
        match remove_raft_voter(cluster, context, &voter) {
            Ok(()) => response.with_error_message(None).into(),
            Err(error) => response
                .with_error_code(error.code())
                .with_error_message(Some(error.message()))
                .into(),
        }
    }

    fn refuse(_version: i16, _request: &RemoveRaftVoterRequest, code: i16) -> Answer {
        RemoveRaftVoterResponse::default()
            .with_error_code(code)
            .with_error_message(None)
            .into()
    }
}

impl ResponseMessage for RemoveRaftVoterResponse {
    fn throttle_time_ms(&mut self) -> &mut i32 {
        &mut self.throttle_time_ms
    }

    fn error_counts(&self) -> ErrorCounts {
        ErrorCounts::of(self.error_code)
    }
}
