//! The Kafka client that a member of a group and the producer of on-failure topics need: ten calls, each of which some broker of one cluster
//! answers.
//!
//! Owns the meaning of the calls and of their errors. Knows nothing of rebalances, positions and commits: that is the member's part. The
//! embedded cluster is one implementation (`source/embedded.rs`); a client of any other Kafka cluster is a file beside it.
//!
//! # What an implementation does by itself
//! - It finds the group's coordinator and the partitions' leaders. When a broker answers that it is not the one, or does not answer, the
//!   call fails with [`ErrorKind::Transient`], and the implementation looks for the right broker before its next call. The member waits a
//!   moment and calls again.
//! - It bounds each call in time, so that no call is pending for ever. A JoinGroup may take as long as the rebalance.
//! - It gives a call up when its future is dropped. Whether the call had an effect is unknown then, and the member expects both.
//! - It answers [`ErrorKind::UnknownTopic`] only when the cluster's metadata does not have the topic. One broker that has not heard of a
//!   new partition is [`ErrorKind::Transient`].

use crate::source::Records;
use bytes::Bytes;
use esmeralda_broker::{BatchHeader, GenerationId, Offset};
use std::future::Future;
use std::time::Duration;

/// A client of one Kafka cluster. Cheap to clone; clones share their connections.
pub(crate) trait KafkaClient: Clone + Send + Sync + 'static {
    /// Returns a client of the same cluster with another `client.id`.
    #[must_use]
    fn with_client_id(&self, client_id: &str) -> Self;

    /// Joins a classic group, and returns when the rebalance completes. An answer of MEMBER_ID_REQUIRED is followed by a join with the
    /// member id that it gave.
    fn join_group(&self, join: Join) -> impl Future<Output = Result<Joined, ClientError>> + Send;

    /// Returns the member's assignment (a ConsumerProtocolAssignment). The group's leader passes the assignment of every member,
    /// the others pass none.
    fn sync_group(
        &self,
        member: GroupMember<'_>,
        assignments: Vec<(String, Bytes)>,
    ) -> impl Future<Output = Result<Bytes, ClientError>> + Send;

    /// Tells the coordinator that the member is alive.
    fn heartbeat(&self, member: GroupMember<'_>) -> impl Future<Output = Result<(), ClientError>> + Send;

    /// Leaves the group.
    fn leave_group(
        &self,
        group_id: &str,
        member_id: &str,
    ) -> impl Future<Output = Result<(), ClientError>> + Send;

    /// Commits the next offset to read of partitions of `topic`. If one partition has an error, that is the call's error, and other
    /// partitions may have been committed.
    fn commit_offsets(
        &self,
        member: GroupMember<'_>,
        topic: &str,
        offsets: &[(i32, Offset)],
    ) -> impl Future<Output = Result<(), ClientError>> + Send;

    /// Returns the offset that the group has committed for each of `partitions`, in their order, or `None` where it has committed none.
    fn committed(
        &self,
        group_id: &str,
        topic: &str,
        partitions: &[i32],
    ) -> impl Future<Output = Result<Vec<Option<Offset>>, ClientError>> + Send;

    /// Returns one offset for each of `partitions`, in their order: -1 if no record is as late as an [`OffsetSpec::Timestamp`].
    fn list_offsets(
        &self,
        topic: &str,
        partitions: &[i32],
        spec: OffsetSpec,
    ) -> impl Future<Output = Result<Vec<Offset>, ClientError>> + Send;

    /// Returns the number of partitions of a topic.
    fn partition_count(&self, topic: &str) -> impl Future<Output = Result<i32, ClientError>> + Send;

    /// Reads partitions of one topic at `positions`. The answer has an entry for each partition that has records or an error, in any
    /// order. It may be empty when the wait has passed.
    fn fetch(
        &self,
        topic: &str,
        positions: Vec<FetchPosition>,
        limits: FetchLimits,
    ) -> impl Future<Output = Result<Vec<FetchedPartition>, ClientError>> + Send;

    /// Appends messages, at least one, to a partition as one batch. The call succeeds when the leader and all replicas in sync have it.
    fn produce(
        &self,
        topic: &str,
        partition: i32,
        messages: &[Message],
    ) -> impl Future<Output = Result<(), ClientError>> + Send;
}

/// A message that is produced. It has no headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    /// The key; `None` for a null key.
    pub key: Option<Bytes>,
    /// The value.
    pub value: Bytes,
    /// Milliseconds since the Unix epoch.
    pub timestamp_ms: i64,
}

/// The reason why a call failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub(crate) struct ClientError {
    /// The condition, as far as a member acts on it.
    pub kind: ErrorKind,
    /// Kafka's name of the error and the broker's message, or what happened to the connection.
    pub reason: String,
}

/// The conditions that a member acts on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorKind {
    /// OFFSET_OUT_OF_RANGE.
    OffsetOutOfRange,
    /// UNKNOWN_TOPIC_OR_PARTITION: the cluster does not have the topic.
    UnknownTopic,
    /// REBALANCE_IN_PROGRESS.
    RebalanceInProgress,
    /// ILLEGAL_GENERATION: the group has moved on without the member.
    IllegalGeneration,
    /// UNKNOWN_MEMBER_ID or FENCED_INSTANCE_ID: the group does not have the member.
    UnknownMember,
    /// The same call can succeed a moment later: the leader or the coordinator has moved, is loading or cannot be reached.
    Transient,
    /// Any other error.
    Other,
}

impl ErrorKind {
    /// Returns the kind of an error code. Source: Kafka's `Errors`. The transient ones are those that extend `RetriableException` and that
    /// one of the ten calls can get.
    pub(crate) fn of_code(code: i16) -> Self {
        match code {
            1 => Self::OffsetOutOfRange,
            3 => Self::UnknownTopic,
            22 => Self::IllegalGeneration,
            25 | 82 => Self::UnknownMember,
            27 => Self::RebalanceInProgress,
            // LEADER_NOT_AVAILABLE, NOT_LEADER_OR_FOLLOWER, REQUEST_TIMED_OUT, REPLICA_NOT_AVAILABLE, NETWORK_EXCEPTION
            5 | 6 | 7 | 9 | 13 => Self::Transient,
            // COORDINATOR_LOAD_IN_PROGRESS, COORDINATOR_NOT_AVAILABLE, NOT_COORDINATOR
            14..=16 => Self::Transient,
            // NOT_ENOUGH_REPLICAS, NOT_ENOUGH_REPLICAS_AFTER_APPEND
            19 | 20 => Self::Transient,
            // NOT_CONTROLLER, KAFKA_STORAGE_ERROR, FETCH_SESSION_ID_NOT_FOUND, INVALID_FETCH_SESSION_EPOCH, LISTENER_NOT_FOUND
            41 | 56 | 70 | 71 | 72 => Self::Transient,
            // FENCED_LEADER_EPOCH, UNKNOWN_LEADER_EPOCH, OFFSET_NOT_AVAILABLE, ELIGIBLE_LEADERS_NOT_AVAILABLE
            74 | 75 | 78 | 83 => Self::Transient,
            // UNSTABLE_OFFSET_COMMIT, THROTTLING_QUOTA_EXCEEDED, UNKNOWN_TOPIC_ID, INCONSISTENT_TOPIC_ID
            88 | 89 | 100 | 103 => Self::Transient,
            _ => Self::Other,
        }
    }

    /// Returns whether a member that gets this error has lost its partitions.
    pub(super) fn ends_membership(self) -> bool {
        matches!(self, Self::IllegalGeneration | Self::UnknownMember)
    }
}

/// One member in one generation of a classic group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GroupMember<'a> {
    /// The group.
    pub group_id: &'a str,
    /// The id that the group has given to the member.
    pub member_id: &'a str,
    /// The generation that the member belongs to.
    pub generation_id: GenerationId,
}

/// A member that joins a classic group, or joins it again.
#[derive(Clone, Debug)]
pub(crate) struct Join {
    /// The group.
    pub group_id: String,
    /// Empty at the first join.
    pub member_id: String,
    /// The time after which the coordinator removes a member that sends no heartbeat.
    pub session_timeout: Duration,
    /// The time that a rebalance waits for this member to join again.
    pub rebalance_timeout: Duration,
    /// The assignors by name, the most wanted first, each with the member's metadata (a ConsumerProtocolSubscription). The protocol type is
    /// `consumer`.
    pub protocols: Vec<(String, Bytes)>,
}

/// A completed join.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Joined {
    /// The generation that the member belongs to.
    pub generation_id: GenerationId,
    /// The member's id from now on.
    pub member_id: String,
    /// The id of the member that assigns.
    pub leader: String,
    /// The assignor that the coordinator chose.
    pub protocol_name: String,
    /// For the leader: every member with its metadata. Empty for the others.
    pub members: Vec<(String, Bytes)>,
}

/// The offset that ListOffsets looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OffsetSpec {
    /// The first that is kept.
    Earliest,
    /// The one after the last that may be read.
    Latest,
    /// That of the first record with this timestamp or a later one, in milliseconds since the Unix epoch.
    Timestamp(i64),
}

/// The position to read one partition from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FetchPosition {
    /// The partition's index.
    pub partition: i32,
    /// The offset to read from.
    pub offset: Offset,
    /// The most bytes to read of it. A first batch that is larger comes whole.
    pub max_bytes: usize,
}

/// The bounds of one fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FetchLimits {
    /// The time to wait for `min_bytes`.
    pub max_wait: Duration,
    /// The number of bytes with which the answer comes at once.
    pub min_bytes: usize,
    /// The most bytes of the whole answer.
    pub max_bytes: usize,
}

/// The answer of one partition.
#[derive(Clone, Debug)]
pub(crate) struct FetchedPartition {
    /// The partition's index.
    pub partition: i32,
    /// The records that were read, or the partition's error.
    pub result: Result<FetchedRecords, ClientError>,
}

/// Records in the form in which a client has them. Neither form makes a client copy the bytes of records.
#[derive(Clone, Debug)]
pub(crate) enum FetchedRecords {
    /// Batches as they lie in the log, header and body, in order. The first may begin before the offset that was asked for.
    Batches(Vec<(BatchHeader, Bytes)>),
    /// Records that the client has decoded, in order.
    #[cfg_attr(
        not(test),
        expect(
            dead_code,
            reason = "the client of the embedded cluster gives batches; one of another cluster may not"
        )
    )]
    Decoded(Vec<Records>),
}
