//! The wire's side of each operation: one thin file per Kafka API, which translates messages to values and back. An api file never locks,
//! spawns or decides a rule, and never calls another api file. This file has the only list of APIs, from which the version gate,
//! ApiVersions, the table of APIs in the docs and the tests of every version derive.

use crate::bounds::{self, OutOfBounds};
use crate::cluster::Cluster;
use crate::config::Release;
use crate::operations::RequestContext;
use bytes::Bytes;
use kafka_protocol::protocol::{HeaderVersion, Request};
use std::ops::RangeInclusive;
use std::sync::Arc;

mod add_offsets_to_txn;
mod add_partitions_to_txn;
mod add_raft_voter;
mod alter_configs;
mod alter_partition_reassignments;
mod alter_replica_log_dirs;
mod answer;
mod api_versions;
mod consumer_group_describe;
mod consumer_group_heartbeat;
mod create_acls;
mod create_delegation_token;
mod create_partitions;
mod create_topics;
mod delete_acls;
mod delete_groups;
mod delete_records;
mod delete_topics;
mod describe_acls;
mod describe_cluster;
mod describe_configs;
mod describe_delegation_token;
mod describe_groups;
mod describe_log_dirs;
mod describe_producers;
mod describe_quorum;
mod describe_topic_partitions;
mod describe_transactions;
mod elect_leaders;
mod end_txn;
pub(crate) mod errors;
mod expire_delegation_token;
pub(crate) mod fetch;
mod fields;
mod find_coordinator;
mod get_telemetry_subscriptions;
#[cfg(test)]
mod group_tests;
mod heartbeat;
mod incremental_alter_configs;
mod init_producer_id;
mod join_group;
mod leave_group;
mod list_config_resources;
mod list_groups;
mod list_offsets;
mod list_partition_reassignments;
mod list_transactions;
mod metadata;
mod offset_commit;
mod offset_delete;
mod offset_fetch;
mod offset_for_leader_epoch;
pub(crate) mod produce;
mod push_telemetry;
#[cfg(test)]
mod refusal_tests;
mod releases;
mod remove_raft_voter;
mod renew_delegation_token;
mod sasl_authenticate;
mod sasl_handshake;
mod sync_group;
#[cfg(test)]
mod topic_tests;
mod txn_offset_commit;
mod unregister_broker;
mod unregister_controller;
mod update_features;
mod write_txn_markers;

pub(crate) use answer::{Answer, Answering, Delivery, Waiting};
pub(crate) use errors::ErrorCounts;

use answer::{ResponseMessage, Unthrottled, UnthrottledMessage};

/// Builds [`APIS`] from the types that implement [`Api`].
macro_rules! apis {
    ($($api:ty),* $(,)?) => {
        /// Every served API. Those of the hot path come first, because lookups search from the front. Other APIs are neither advertised
        /// nor answered.
        pub(crate) static APIS: &[Served] = &[$(Served::of::<$api>()),*];
    };
}

apis![
    produce::Produce,
    fetch::Fetch,
    api_versions::ApiVersions,
    alter_configs::AlterConfigs,
    consumer_group_describe::ConsumerGroupDescribe,
    consumer_group_heartbeat::ConsumerGroupHeartbeat,
    create_partitions::CreatePartitions,
    create_topics::CreateTopics,
    delete_groups::DeleteGroups,
    delete_records::DeleteRecords,
    delete_topics::DeleteTopics,
    describe_cluster::DescribeCluster,
    describe_groups::DescribeGroups,
    describe_configs::DescribeConfigs,
    describe_log_dirs::DescribeLogDirs,
    describe_producers::DescribeProducers,
    describe_topic_partitions::DescribeTopicPartitions,
    find_coordinator::FindCoordinator,
    heartbeat::Heartbeat,
    join_group::JoinGroup,
    leave_group::LeaveGroup,
    list_groups::ListGroups,
    list_offsets::ListOffsets,
    metadata::Metadata,
    offset_commit::OffsetCommit,
    offset_delete::OffsetDelete,
    offset_fetch::OffsetFetch,
    offset_for_leader_epoch::OffsetForLeaderEpoch,
    sync_group::SyncGroup,
    incremental_alter_configs::IncrementalAlterConfigs,
    init_producer_id::InitProducerId,
    add_raft_voter::AddRaftVoter,
    create_acls::CreateAcls,
    create_delegation_token::CreateDelegationToken,
    delete_acls::DeleteAcls,
    describe_acls::DescribeAcls,
    describe_delegation_token::DescribeDelegationToken,
    describe_quorum::DescribeQuorum,
    get_telemetry_subscriptions::GetTelemetrySubscriptions,
    list_config_resources::ListConfigResources,
    push_telemetry::PushTelemetry,
    expire_delegation_token::ExpireDelegationToken,
    remove_raft_voter::RemoveRaftVoter,
    renew_delegation_token::RenewDelegationToken,
    sasl_authenticate::SaslAuthenticate,
    sasl_handshake::SaslHandshake,
    unregister_broker::UnregisterBroker,
    unregister_controller::UnregisterController,
    add_offsets_to_txn::AddOffsetsToTxn,
    add_partitions_to_txn::AddPartitionsToTxn,
    describe_transactions::DescribeTransactions,
    end_txn::EndTxn,
    txn_offset_commit::TxnOffsetCommit,
    list_transactions::ListTransactions,
    write_txn_markers::WriteTxnMarkers,
    alter_partition_reassignments::AlterPartitionReassignments,
    alter_replica_log_dirs::AlterReplicaLogDirs,
    elect_leaders::ElectLeaders,
    list_partition_reassignments::ListPartitionReassignments,
    update_features::UpdateFeatures,
];

/// One Kafka API: its versions, and the way from a request to its answer.
pub(crate) trait Api {
    /// The type of a decoded request, which also names the API's key and response.
    type Request: Body;

    /// The versions that are served.
    const VERSIONS: RangeInclusive<i16>;

    /// The least version that ApiVersions advertises, if it is not the least one that is served.
    const ADVERTISED_FROM: i16 = *Self::VERSIONS.start();

    /// True if a waiting request is dropped when its client hangs up or the server stops. This is for requests that can wait long and change
    /// nothing while they wait. As in Kafka, any other request is carried out once it is received, whether or not its client is still there.
    const ENDS_WITH_ITS_CLIENT: bool = false;

    /// Answers one request of a version within [`Self::VERSIONS`], now or later.
    fn handle(
        cluster: &Arc<Cluster>,
        context: &Arc<RequestContext>,
        version: i16,
        request: Self::Request,
    ) -> Answering;

    /// Answers everything that `request` asks for with the error `code`, as Kafka's `AbstractRequest.getErrorResponse` does for an error
    /// without its own message.
    fn refuse(version: i16, request: &Self::Request, code: i16) -> Answer;
}

/// The message of Kafka for a request of the API.
type MessageOf<A> = <<A as Api>::Request as Body>::Message;

/// The message of Kafka for a response of the API.
type ResponseOf<A> = <MessageOf<A> as Request>::Response;

/// A decoded request: a message of `kafka-protocol`, or on the hottest path a type that is decoded by hand.
pub(crate) trait Body: Sized + Send {
    /// Kafka's message, which has the key, the response and the versions of both headers.
    type Message: Request;

    /// Decodes the request at the start of `body`. Trailing bytes are ignored. Nothing is read beyond the end, and nothing is allocated for
    /// elements whose bytes are missing.
    ///
    /// # Errors
    /// [`Undecodable`]: the caller closes the connection, as Kafka does after a request that it cannot parse.
    fn read(body: &Bytes, version: i16) -> Result<Decoded<Self>, Undecodable>;
}

/// A request off the wire.
#[derive(Debug)]
pub(crate) struct Decoded<R> {
    pub(crate) request: R,
    /// The number of elements in all its arrays, for which memory is charged.
    pub(crate) elements: usize,
}

/// Decodes with `kafka-protocol`. Its decoder allocates for any count that it reads, so the bounds are checked first.
impl<M: Request + Send> Body for M {
    type Message = M;

    fn read(body: &Bytes, version: i16) -> Result<Decoded<Self>, Undecodable> {
        let walked = bounds::check(M::KEY, version, body)?;
        // It decodes from `Bytes` by slicing. From a `&[u8]` it would copy every record.
        let request = M::decode(&mut body.clone(), version).map_err(|error| Undecodable::Malformed {
            reason: error.to_string(),
        })?;
        Ok(Decoded {
            request,
            elements: walked.elements,
        })
    }
}

/// An API that is served, as it is advertised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServedApi {
    /// Kafka's name of the API, such as `Produce`.
    pub name: String,
    /// Kafka's key of the API.
    pub key: i16,
    /// The versions that ApiVersions advertises.
    pub versions: RangeInclusive<i16>,
}

/// Returns every API that is served, by key.
pub fn served_apis() -> Vec<ServedApi> {
    served_apis_as(Release::default())
}

/// Returns every API that is served by a cluster that passes for `release`, by key.
pub(crate) fn served_apis_as(release: Release) -> Vec<ServedApi> {
    let mut served: Vec<_> = APIS
        .iter()
        .filter_map(|api| {
            Some(ServedApi {
                name: api.name(),
                key: api.key,
                versions: api.advertised(release)?,
            })
        })
        .collect();
    served.sort_by_key(|api| api.key);
    served
}

/// An error of a request body that does not fit its key and version.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Undecodable {
    #[error(transparent)]
    OutOfBounds(#[from] OutOfBounds),
    #[error("cannot decode the request: {reason}")]
    Malformed { reason: String },
}

/// [`Api::handle`] of one API, with the request's body before it is decoded.
type AnswerWith = fn(&Arc<Cluster>, &Arc<RequestContext>, i16, Bytes) -> Result<Answering, Undecodable>;

/// One entry of [`APIS`].
pub(crate) struct Served {
    /// Kafka's key of the API.
    pub(crate) key: i16,
    /// The least and the greatest version that are answered.
    pub(crate) first_version: i16,
    pub(crate) last_version: i16,
    /// The least version that is advertised.
    pub(crate) advertised_from: i16,
    /// See [`Api::ENDS_WITH_ITS_CLIENT`].
    pub(crate) ends_with_its_client: bool,
    /// Functions from the version of a request to the versions of its two headers.
    pub(crate) request_header_version: fn(i16) -> i16,
    pub(crate) response_header_version: fn(i16) -> i16,
    answer: AnswerWith,
    refuse: fn(i16, Bytes, i16) -> Result<Answer, Undecodable>,
}

impl Served {
    const fn of<A: Api + 'static>() -> Self {
        Self {
            key: MessageOf::<A>::KEY,
            first_version: *A::VERSIONS.start(),
            last_version: *A::VERSIONS.end(),
            advertised_from: A::ADVERTISED_FROM,
            ends_with_its_client: A::ENDS_WITH_ITS_CLIENT,
            request_header_version: <MessageOf<A> as HeaderVersion>::header_version,
            response_header_version: <ResponseOf<A> as HeaderVersion>::header_version,
            answer: answer::<A>,
            refuse: |version, body, code| {
                let Decoded { request, .. } = A::Request::read(&body, version)?;
                Ok(A::refuse(version, &request, code))
            },
        }
    }

    /// Returns the API of that key.
    pub(crate) fn by_key(key: i16) -> Option<&'static Self> {
        APIS.iter().find(|api| api.key == key)
    }

    /// Returns Kafka's name of the API, such as `ApiVersions`.
    pub(crate) fn name(&self) -> String {
        // Not kafka-protocol's name: it does not know the keys of Kafka 4.4.
        bounds::api_name(self.key).map_or_else(|| self.key.to_string(), str::to_owned)
    }

    /// Returns whether a cluster that passes for `release` answers a request of that version.
    pub(crate) fn serves(&self, release: Release, version: i16) -> bool {
        let is_served = (self.first_version..=self.last_version).contains(&version);
        // Only another release costs a search.
        is_served && (release == Release::default() || self.is_of(release, version))
    }

    #[cold]
    fn is_of(&self, release: Release, version: i16) -> bool {
        releases::versions(release, self.key).is_some_and(|versions| versions.contains(&version))
    }

    /// Returns the versions that a cluster that passes for `release` advertises; `None` if the release lacks the API.
    pub(crate) fn advertised(&self, release: Release) -> Option<RangeInclusive<i16>> {
        let versions = releases::versions(release, self.key)?;
        // Versions that only are advertised are for clients that look at 4.4's range.
        let first = match release {
            Release::Kafka4_4 => self.advertised_from,
            _ => self.first_version.max(*versions.start()),
        };
        let last = self.last_version.min(*versions.end());
        (first <= last).then_some(first..=last)
    }

    /// Decodes the body and handles the request.
    ///
    /// # Errors
    /// [`Undecodable`]: the caller closes the connection.
    pub(crate) fn answer(
        &self,
        cluster: &Arc<Cluster>,
        context: &Arc<RequestContext>,
        version: i16,
        body: Bytes,
    ) -> Result<Answering, Undecodable> {
        (self.answer)(cluster, context, version, body)
    }

    /// Decodes the body and answers everything it asks for with the error `code`, without handling it: for authorisation, quotas and
    /// injected faults.
    ///
    /// # Errors
    /// [`Undecodable`]: the caller closes the connection.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "nothing refuses a request before it is handled yet")
    )]
    pub(crate) fn refuse(&self, version: i16, body: Bytes, code: i16) -> Result<Answer, Undecodable> {
        (self.refuse)(version, body, code)
    }
}

/// Answers an ApiVersions request of a version that is not served. The caller writes the answer at version 0 (KIP-511).
pub(crate) fn unsupported_api_versions(release: Release) -> Answer {
    api_versions::unsupported(release)
}

/// Returns the name and version of the client's library that an ApiVersions request tells, if it does.
pub(crate) fn client_software(version: i16, body: Bytes) -> Option<(String, String)> {
    api_versions::client_software(version, body)
}

fn answer<A: Api>(
    cluster: &Arc<Cluster>,
    context: &Arc<RequestContext>,
    version: i16,
    body: Bytes,
) -> Result<Answering, Undecodable> {
    let Decoded { request, elements } = A::Request::read(&body, version)?;
    // From here on the request alone keeps the frame, so that a handler which drops it also frees the frame.
    drop(body);
    // The elements stay charged until the request is answered.
    let held = cluster.pool.charge_elements(elements);
    Ok(A::handle(cluster, context, version, request).holding(held))
}
