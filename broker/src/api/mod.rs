//! The wire's side of each operation: one thin file per Kafka API that translates messages to values and back. It never locks,
//! spawns, or decides a rule, and never calls another api file. Here is THE list of APIs, from which the version gate,
//! ApiVersions, the README's table and the every-version test derive.

use crate::cluster::Cluster;
use crate::operations::RequestContext;
use bytes::{Bytes, BytesMut};
use fetch::FetchAnswer;
use kafka_protocol::messages::ApiKey;
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, Request};
use produce::ProduceAnswer;
use std::future::Future;
use std::ops::RangeInclusive;
use std::pin::Pin;
use std::sync::Arc;

mod alter_configs;
mod api_versions;
mod create_partitions;
mod create_topics;
mod delete_groups;
mod delete_records;
mod delete_topics;
mod describe_cluster;
mod describe_configs;
mod describe_groups;
mod describe_log_dirs;
mod describe_producers;
mod describe_topic_partitions;
pub(crate) mod errors;
pub(crate) mod fetch;
mod fields;
mod find_coordinator;
#[cfg(test)]
mod group_tests;
mod heartbeat;
mod incremental_alter_configs;
mod init_producer_id;
mod join_group;
mod leave_group;
mod list_groups;
mod list_offsets;
mod metadata;
mod offset_commit;
mod offset_delete;
mod offset_fetch;
mod offset_for_leader_epoch;
pub(crate) mod produce;
mod sync_group;
#[cfg(test)]
mod topic_tests;

/// Builds [`APIS`] from the types that implement [`Api`].
macro_rules! apis {
    ($($api:ty),* $(,)?) => {
        /// Every API that is served, those of the hot path first: they are looked up from the front. An API that is not here is neither advertised nor answered.
        pub(crate) static APIS: &[Served] = &[$(Served::of::<$api>()),*];
    };
}

apis![
    produce::Produce,
    fetch::Fetch,
    api_versions::ApiVersions,
    alter_configs::AlterConfigs,
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
];

/// One Kafka API: which versions are served, and how a request becomes an answer.
pub(crate) trait Api {
    /// The request, which names the API's key and its response.
    type Request: Request;

    /// The versions that are really served.
    const VERSIONS: RangeInclusive<i16>;

    /// The least version that is advertised, where it is not the least that is served.
    const ADVERTISED_FROM: i16 = *Self::VERSIONS.start();

    /// The request may wait for others for long, and changes nothing while it waits: it is dropped when its client hangs up or the server
    /// stops. Any other request, once received, is carried out whether its client still listens or not, as Kafka does.
    const ENDS_WITH_ITS_CLIENT: bool = false;

    /// Answers one request of a version within [`Self::VERSIONS`].
    fn handle(
        cluster: &Arc<Cluster>,
        context: &RequestContext,
        version: i16,
        request: Self::Request,
    ) -> impl Future<Output = Reply<<Self::Request as Request>::Response>> + Send;
}

/// An API that is served, as it is advertised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServedApi {
    /// Kafka's name of it, such as `Produce`.
    pub name: String,
    /// Kafka's key of it.
    pub key: i16,
    /// The versions that ApiVersions advertises.
    pub versions: RangeInclusive<i16>,
}

/// Every API that is served, by key.
pub fn served_apis() -> Vec<ServedApi> {
    let mut served: Vec<_> = APIS
        .iter()
        .map(|api| ServedApi {
            name: api.name(),
            key: api.key,
            versions: api.advertised_from..=api.last_version,
        })
        .collect();
    served.sort_by_key(|api| api.key);
    served
}

/// What becomes of a request.
#[derive(Debug)]
pub(crate) enum Reply<R> {
    /// An answer, encoded at the request's version.
    Message(R),
    /// A Produce answer, which is written without a message between.
    Produced(ProduceAnswer),
    /// A Fetch answer, whose records are not copied into a message.
    Fetched(FetchAnswer),
    /// No answer is due (Produce with `acks=0`).
    Silence,
    /// The connection is closed without an answer.
    Close,
}

impl<R> From<R> for Reply<R> {
    fn from(message: R) -> Self {
        Self::Message(message)
    }
}

/// What becomes of a request, whatever its API.
#[derive(Debug)]
pub(crate) enum Answer {
    /// A response is due.
    Response(Response),
    /// No answer is due.
    Silence,
    /// The connection is closed without an answer.
    Close,
}

/// A response without its header.
#[derive(Debug)]
pub(crate) enum Response {
    /// Its bytes.
    Body(BytesMut),
    /// A Produce answer, to be encoded where it is written.
    Produced(ProduceAnswer),
    /// A Fetch answer, to be encoded around slices of the log.
    Fetched(FetchAnswer),
}

/// The request's body is not what its key and version say.
#[derive(Debug, thiserror::Error)]
#[error("the request cannot be decoded: {reason}")]
pub(crate) struct Undecodable {
    pub(crate) reason: String,
}

/// Most answers fit, so that encoding one does not grow its buffer in many small steps.
const ANSWER_BYTES: usize = 256;

type Answering<'a> = Pin<Box<dyn Future<Output = Result<Answer, Undecodable>> + Send + 'a>>;

/// One entry of [`APIS`].
pub(crate) struct Served {
    /// Kafka's api key.
    pub(crate) key: i16,
    /// The least and the greatest version that are answered.
    pub(crate) first_version: i16,
    pub(crate) last_version: i16,
    /// The least version that is advertised.
    pub(crate) advertised_from: i16,
    /// See [`Api::ENDS_WITH_ITS_CLIENT`].
    pub(crate) ends_with_its_client: bool,
    /// The headers' versions, for a request of that version.
    pub(crate) request_header_version: fn(i16) -> i16,
    pub(crate) response_header_version: fn(i16) -> i16,
    answer: for<'a> fn(&'a Arc<Cluster>, &'a RequestContext, i16, Bytes) -> Answering<'a>,
}

impl Served {
    const fn of<A: Api + 'static>() -> Self {
        Self {
            key: A::Request::KEY,
            first_version: *A::VERSIONS.start(),
            last_version: *A::VERSIONS.end(),
            advertised_from: A::ADVERTISED_FROM,
            ends_with_its_client: A::ENDS_WITH_ITS_CLIENT,
            request_header_version: <A::Request as HeaderVersion>::header_version,
            response_header_version: |version| {
                <<A::Request as Request>::Response as HeaderVersion>::header_version(version)
            },
            // Boxed, so that an idle connection does not hold room for the largest handler.
            answer: |cluster, context, version, body| Box::pin(answer::<A>(cluster, context, version, body)),
        }
    }

    /// The API of that key.
    pub(crate) fn by_key(key: i16) -> Option<&'static Self> {
        APIS.iter().find(|api| api.key == key)
    }

    /// Kafka's name of it, such as `ApiVersions`.
    pub(crate) fn name(&self) -> String {
        ApiKey::try_from(self.key).map_or_else(|()| self.key.to_string(), |key| format!("{key:?}"))
    }

    /// Whether a request of that version is answered.
    pub(crate) fn serves(&self, version: i16) -> bool {
        (self.first_version..=self.last_version).contains(&version)
    }

    /// Decodes the body, handles the request and encodes the answer's body.
    pub(crate) fn answer<'a>(
        &self,
        cluster: &'a Arc<Cluster>,
        context: &'a RequestContext,
        version: i16,
        body: Bytes,
    ) -> Answering<'a> {
        (self.answer)(cluster, context, version, body)
    }
}

/// The body, of version 0, that answers an ApiVersions request of a version that is not served.
pub(crate) fn unsupported_api_versions() -> BytesMut {
    api_versions::unsupported()
}

async fn answer<A: Api>(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    version: i16,
    mut body: Bytes,
) -> Result<Answer, Undecodable> {
    let request = A::Request::decode(&mut body, version).map_err(|error| Undecodable {
        reason: error.to_string(),
    })?;
    Ok(match A::handle(cluster, context, version, request).await {
        Reply::Message(response) => {
            let mut encoded = BytesMut::with_capacity(ANSWER_BYTES);
            response
                .encode(&mut encoded, version)
                .expect("an answer has only fields that its version can carry");
            Answer::Response(Response::Body(encoded))
        }
        Reply::Produced(answer) => Answer::Response(Response::Produced(answer)),
        Reply::Fetched(answer) => Answer::Response(Response::Fetched(answer)),
        Reply::Silence => Answer::Silence,
        Reply::Close => Answer::Close,
    })
}
