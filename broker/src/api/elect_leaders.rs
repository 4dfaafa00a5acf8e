//! ElectLeaders: elects the leaders of partitions.
//!
//! # Versions
//! 0 to 2. The request has the type of the election, and the answer a code of its own, from version 1 on; before, preferred leaders are
//! elected.
//!
//! # Behaviour
//! Type 0 makes the first replica of a partition its leader, type 1 any replica if there is no leader. A partition that has the wanted
//! leader is ELECTION_NOT_NEEDED; with null for all partitions it is left out, and its topic is shown. Any other type is INVALID_REQUEST.
//!
//! # Differs from Apache Kafka
//! - A request whose time is over when it arrives (`timeout_ms` of 0 or less) is REQUEST_TIMED_OUT, as in Kafka; otherwise the election
//!   is over when the answer arrives.
//! - Every replica that is alive is in sync, so that no election is unclean.
//!
//! # Notes by KIP
//! KIP-183: the API. KIP-460: types of elections (1).

use super::errors::{KafkaError, RequestError, code_of};
use super::{Answer, Answering, Api, ErrorCounts, ResponseMessage};
use crate::cluster::Cluster;
use crate::operations::RequestContext;
use crate::operations::elect_leaders::{ElectLeaderError, ElectionType, WantedElections, elect_leaders};
use kafka_protocol::messages::elect_leaders_request::ElectLeadersRequest;
use kafka_protocol::messages::elect_leaders_response::{
    ElectLeadersResponse, PartitionResult, ReplicaElectionResult,
};
use kafka_protocol::protocol::StrBytes;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Kafka's `ElectLeadersRequest`.
pub(super) struct ElectLeaders;

impl Api for ElectLeaders {
    type Request = ElectLeadersRequest;

    const VERSIONS: RangeInclusive<i16> = 0..=2;

    fn handle(
        cluster: &Arc<Cluster>,
        context: &Arc<RequestContext>,
        version: i16,
        request: ElectLeadersRequest,
    ) -> Answering {
        let asks_for_nothing = request.topic_partitions.as_ref().is_some_and(Vec::is_empty);
        // As in Kafka, a request for nothing is answered before its type and its time are looked at.
        if !asks_for_nothing && request.timeout_ms <= 0 {
            return Answering::Now(Self::refuse(
                version,
                &request,
                RequestError::RequestTimedOut.code(),
            ));
        }
        let kind = match request.election_type {
            0 => ElectionType::Preferred,
            1 => ElectionType::Unclean,
            _ if asks_for_nothing => ElectionType::Preferred,
            other => {
                let message = StrBytes::from_string(format!("Unknown election type {other}"));
                let code = RequestError::InvalidRequest.code();
                return refused(version, &request, code, Some(message)).into();
            }
        };
        let wanted = match &request.topic_partitions {
            None => WantedElections::All,
            Some(topics) => WantedElections::Of(
                topics
                    .iter()
                    .map(|topic| (topic.topic.to_string(), topic.partitions.clone()))
                    .collect(),
            ),
        };
        match elect_leaders(cluster, context, kind, wanted) {
            Ok(elections) => {
                let topics = elections.into_iter().map(|(topic, partitions)| {
                    ReplicaElectionResult::default()
                        .with_topic(StrBytes::from_string(topic).into())
                        .with_partition_result(partitions.into_iter().map(result).collect())
                });
                ElectLeadersResponse::default()
                    .with_replica_election_results(topics.collect())
                    .into()
            }
            Err(denied) => refused(version, &request, denied.code(), Some(denied.message())).into(),
        }
    }

    fn refuse(version: i16, request: &ElectLeadersRequest, code: i16) -> Answer {
        refused(version, request, code, None).into()
    }
}

impl ResponseMessage for ElectLeadersResponse {
    fn throttle_time_ms(&mut self) -> &mut i32 {
        &mut self.throttle_time_ms
    }

    fn error_counts(&self) -> ErrorCounts {
        let partitions = self
            .replica_election_results
            .iter()
            .flat_map(|topic| &topic.partition_result);
        let codes = partitions.map(|partition| partition.error_code);
        [self.error_code].into_iter().chain(codes).collect()
    }
}

fn result((partition, result): (i32, Result<(), ElectLeaderError>)) -> PartitionResult {
    PartitionResult::default()
        .with_partition_id(partition)
        .with_error_code(code_of(&result))
        .with_error_message(result.err().map(|error| error.message()))
}

/// Answers all partitions that the request names with one error (`ElectLeadersRequest.getErrorResponse`).
fn refused(
    version: i16,
    request: &ElectLeadersRequest,
    code: i16,
    message: Option<StrBytes>,
) -> ElectLeadersResponse {
    let topics = request.topic_partitions.iter().flatten().map(|topic| {
        let partitions = topic.partitions.iter().map(|partition| {
            PartitionResult::default()
                .with_partition_id(*partition)
                .with_error_code(code)
                .with_error_message(message.clone())
        });
        ReplicaElectionResult::default()
            .with_topic(topic.topic.clone())
            .with_partition_result(partitions.collect())
    });
    ElectLeadersResponse::default()
        .with_error_code(if version >= 1 { code } else { 0 })
        .with_replica_election_results(topics.collect())
}
