//! A Kafka cluster on the network as a [`KafkaClient`]: connections, routes and the requests of a consumer.
//!
//! Owns what a client does beneath the rules of groups and positions, which are in `source/consumer/`. Source: Kafka's `NetworkClient`,
//! `Metadata`, `AbstractCoordinator` and `Fetcher`.
//!
//! # Differs from Kafka's consumer
//! - Fetches have no sessions (KIP-227) and no leader epochs (KIP-320): each names all its partitions, and a log that a new leader has
//!   truncated is noticed by its offsets only.
//! - A session of SASL is not renewed (KIP-368): a broker that ends it closes the connection, and another one is made.
//! - Records of aborted transactions are read, as `isolation.level=read_uncommitted` does, which is Kafka's default.

mod access;
mod batches;
mod brokers;
mod connection;
mod dialing;
mod endpoint;
mod error;
mod fetching;
mod frame;
mod groups;
mod handshake;
mod producing;
mod routes;
mod sasl;
mod scram;
#[cfg(test)]
mod tests;
mod tls;
mod versions;

pub(crate) use access::{ClientCertificate, Hidden, RemoteAccess, SaslAccess, SaslMechanism, TlsAccess};
pub(crate) use endpoint::Endpoint;

use super::consumer::client::{
    ClientError, ErrorKind, FetchLimits, FetchPosition, FetchedPartition, GroupMember, Join, Joined,
    KafkaClient, Message, OffsetSpec,
};
use crate::{Clock, MemoryPool};
use brokers::{Brokers, Lane};
use bytes::Bytes;
use error::CallError;
use esmeralda_broker::Offset;
use fetching::Fetches;
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::{ListOffsetsRequest, ListOffsetsResponse, MetadataRequest, TopicName};
use kafka_protocol::protocol::StrBytes;
use routes::Routes;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tls::Tls;
use versions::Supported;

/// The time that a request may take which no broker lets wait. A broker that takes longer is as good as gone: a session of a group lasts
/// ten seconds by default.
const CALL_LIMIT: Duration = Duration::from_secs(10);

/// A client of a cluster on the network. Clones share their connections; a client with another id has its own.
#[derive(Clone)]
pub(crate) struct RemoteCluster {
    shared: Arc<Shared>,
}

struct Shared {
    settings: Arc<RemoteSettings>,
    brokers: Arc<Brokers>,
    // Locked for one look or change, never across an await.
    routes: Mutex<Routes>,
    fetches: Mutex<Fetches>,
}

/// The address of a cluster, and what a client of it needs.
#[derive(Debug)]
pub(crate) struct RemoteSettings {
    bootstrap_servers: Vec<Endpoint>,
    // Locked to take or replace the value, never across an await.
    authentication: Mutex<Arc<Authentication>>,
    clock: Clock,
    memory: MemoryPool,
}

/// The authentication of a new connection, ready for use.
#[derive(Debug)]
struct Authentication {
    /// The settings of TLS; `None` for plain text. An error is that of every connection.
    tls: Result<Option<Tls>, CallError>,
    sasl: Option<SaslAccess>,
}

impl From<RemoteAccess> for Authentication {
    fn from(access: RemoteAccess) -> Self {
        Self {
            tls: access.tls.as_ref().map(Tls::new).transpose(),
            sasl: access.sasl,
        }
    }
}

impl RemoteSettings {
    /// Returns the settings of a client. Answers count against `memory`.
    pub(crate) fn new(
        bootstrap_servers: Vec<Endpoint>,
        access: RemoteAccess,
        clock: Clock,
        memory: MemoryPool,
    ) -> Self {
        Self {
            bootstrap_servers,
            authentication: Mutex::new(Arc::new(access.into())),
            clock,
            memory,
        }
    }

    fn authentication(&self) -> Arc<Authentication> {
        let authentication = self.authentication.lock();
        Arc::clone(&authentication.unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for RemoteCluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let servers = &self.shared.settings.bootstrap_servers;
        f.debug_struct("RemoteCluster")
            .field("bootstrap_servers", servers)
            .finish()
    }
}

impl RemoteCluster {
    /// Returns a client, which connects when it is first called.
    pub(crate) fn new(settings: RemoteSettings) -> Self {
        Self::of(Arc::new(settings), "esmeralda")
    }

    /// Authenticates in another way from the next connection on.
    pub(crate) fn change_access(&self, access: RemoteAccess) {
        let authentication = self.shared.settings.authentication.lock();
        *authentication.unwrap_or_else(PoisonError::into_inner) = Arc::new(access.into());
    }

    fn of(settings: Arc<RemoteSettings>, client_id: &str) -> Self {
        let brokers = Brokers::new(Arc::clone(&settings), client_id);
        Self {
            shared: Arc::new(Shared {
                settings,
                brokers: Arc::new(brokers),
                routes: Mutex::default(),
                fetches: Mutex::default(),
            }),
        }
    }

    fn routes(&self) -> MutexGuard<'_, Routes> {
        // Each change is one insertion or removal, so a panic of another holder leaves nothing half done.
        self.shared.routes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a request that any broker can answer: to one after the other until one does.
    async fn call_any<R: Supported>(&self, request: &R) -> Result<R::Response, CallError> {
        let candidates = self.routes().candidates(&self.shared.settings.bootstrap_servers);
        let mut last_error = CallError::Unreachable {
            reason: "no broker is known".to_owned(),
        };
        for endpoint in candidates {
            let called = self
                .shared
                .brokers
                .call(&endpoint, Lane::Control, request, CALL_LIMIT);
            match called.await {
                Ok(answer) => {
                    self.routes().prefer(endpoint);
                    return Ok(answer);
                }
                // A broker that refuses the client says more than one that does not answer.
                Err(error) if error.is_transient() && !last_error.is_transient() => {}
                Err(error) => last_error = error,
            }
        }
        Err(last_error)
    }

    /// Looks up the leaders of a topic. Returns their number.
    async fn refresh(&self, topic: &str) -> Result<i32, ClientError> {
        let wanted = MetadataRequestTopic::default().with_name(Some(topic_name(topic)));
        let request = MetadataRequest::default()
            .with_topics(Some(vec![wanted]))
            // A mapping waits for its topic, and does not make it.
            .with_allow_auto_topic_creation(false);
        let metadata = self.call_any(&request).await?;
        let count = self.routes().learn(topic, &metadata).map_err(error::of_code)?;
        Ok(i32::try_from(count).unwrap_or(i32::MAX))
    }

    /// Returns the leader of each of `partitions`, in their order.
    async fn leaders(&self, topic: &str, partitions: &[i32]) -> Result<Vec<Endpoint>, ClientError> {
        if let Some(leaders) = self.routes().leaders(topic, partitions) {
            return Ok(leaders);
        }
        self.refresh(topic).await?;
        let leaders = self.routes().leaders(topic, partitions);
        leaders.ok_or_else(leader_not_available)
    }

    /// Asks one leader for offsets.
    async fn list_at(
        &self,
        leader: &Endpoint,
        topic: &str,
        partitions: &[i32],
        spec: OffsetSpec,
    ) -> Result<BTreeMap<i32, Offset>, ClientError> {
        let request = offsets_request(topic, partitions, spec);
        let answer = self
            .shared
            .brokers
            .call(leader, Lane::Control, &request, CALL_LIMIT);
        let offsets = match answer.await {
            Ok(answer) => offsets_of(&answer),
            Err(error) => Err(error.into()),
        };
        if offsets.is_err() {
            self.routes().forget_leaders(topic);
        }
        offsets
    }
}

impl KafkaClient for RemoteCluster {
    fn with_client_id(&self, client_id: &str) -> Self {
        Self::of(Arc::clone(&self.shared.settings), client_id)
    }

    async fn join_group(&self, join: Join) -> Result<Joined, ClientError> {
        self.join(join).await
    }

    async fn sync_group(
        &self,
        member: GroupMember<'_>,
        assignments: Vec<(String, Bytes)>,
    ) -> Result<Bytes, ClientError> {
        self.sync(member, assignments).await
    }

    async fn heartbeat(&self, member: GroupMember<'_>) -> Result<(), ClientError> {
        self.beat(member).await
    }

    async fn leave_group(&self, group_id: &str, member_id: &str) -> Result<(), ClientError> {
        self.leave(group_id, member_id).await
    }

    async fn commit_offsets(
        &self,
        member: GroupMember<'_>,
        topic: &str,
        offsets: &[(i32, Offset)],
    ) -> Result<(), ClientError> {
        self.commit(member, topic, offsets).await
    }

    async fn committed(
        &self,
        group_id: &str,
        topic: &str,
        partitions: &[i32],
    ) -> Result<Vec<Option<Offset>>, ClientError> {
        self.committed_offsets(group_id, topic, partitions).await
    }

    async fn list_offsets(
        &self,
        topic: &str,
        partitions: &[i32],
        spec: OffsetSpec,
    ) -> Result<Vec<Offset>, ClientError> {
        let leaders = self.leaders(topic, partitions).await?;
        let mut by_leader: BTreeMap<Endpoint, Vec<i32>> = BTreeMap::new();
        for (leader, partition) in leaders.into_iter().zip(partitions) {
            by_leader.entry(leader).or_default().push(*partition);
        }
        let mut offsets = BTreeMap::new();
        for (leader, partitions) in by_leader {
            offsets.extend(self.list_at(&leader, topic, &partitions, spec).await?);
        }
        let offset = |partition: &i32| offsets.get(partition).copied().ok_or_else(leader_not_available);
        partitions.iter().map(offset).collect()
    }

    async fn partition_count(&self, topic: &str) -> Result<i32, ClientError> {
        self.refresh(topic).await
    }

    async fn fetch(
        &self,
        topic: &str,
        positions: Vec<FetchPosition>,
        limits: FetchLimits,
    ) -> Result<Vec<FetchedPartition>, ClientError> {
        self.fetch_partitions(topic, &positions, limits).await
    }

    async fn produce(&self, topic: &str, partition: i32, messages: &[Message]) -> Result<(), ClientError> {
        self.append(topic, partition, messages).await
    }
}

fn topic_name(topic: &str) -> TopicName {
    StrBytes::from_string(topic.to_owned()).into()
}

/// Returns the error of a partition that has no leader, or that a broker has not heard of although the topic has it.
fn leader_not_available() -> ClientError {
    ClientError {
        kind: ErrorKind::Transient,
        reason: "LEADER_NOT_AVAILABLE".to_owned(),
    }
}

/// Returns the error of one partition at its leader.
fn partition_error(code: i16) -> ClientError {
    match code {
        // The metadata decides whether the topic exists; this broker may not have heard of it yet.
        routes::UNKNOWN_TOPIC => leader_not_available(),
        code => error::of_code(code),
    }
}

fn offsets_request(topic: &str, partitions: &[i32], spec: OffsetSpec) -> ListOffsetsRequest {
    // Source: Kafka's `ListOffsetsRequest.EARLIEST_TIMESTAMP` and `LATEST_TIMESTAMP`.
    let timestamp = match spec {
        OffsetSpec::Earliest => -2,
        OffsetSpec::Latest => -1,
        OffsetSpec::Timestamp(timestamp_ms) => timestamp_ms,
    };
    let partition = |partition: &i32| {
        ListOffsetsPartition::default()
            .with_partition_index(*partition)
            .with_timestamp(timestamp)
    };
    let topic = ListOffsetsTopic::default()
        .with_name(topic_name(topic))
        .with_partitions(partitions.iter().map(partition).collect());
    ListOffsetsRequest::default()
        .with_replica_id((-1).into())
        .with_topics(vec![topic])
}

fn offsets_of(answer: &ListOffsetsResponse) -> Result<BTreeMap<i32, Offset>, ClientError> {
    let partitions = answer.topics.iter().flat_map(|topic| &topic.partitions);
    partitions
        .map(|partition| match partition.error_code {
            0 => Ok((partition.partition_index, Offset(partition.offset))),
            code => Err(partition_error(code)),
        })
        .collect()
}
