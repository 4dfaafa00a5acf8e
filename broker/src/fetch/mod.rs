//! Fetching: the bytes to read from each partition (`plan`, pure), the wait for records (`wait`), and fetch sessions (`session`, KIP-227).

pub(crate) mod plan;
pub(crate) mod session;
pub(crate) mod wait;

use crate::ids::{LeaderEpoch, NodeId, Offset};
use crate::log::{AbortedTransaction, OffsetOutOfRange, Slice};
use crate::topic::TopicKey;
use crate::topic::leadership::NotServed;
use std::sync::Arc;

/// A partition as a request names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct PartitionKey {
    pub(crate) topic: TopicKey,
    pub(crate) partition: i32,
}

/// A partition to read, and from where.
#[derive(Clone, Debug)]
pub(crate) struct WantedPartition {
    pub(crate) key: PartitionKey,
    /// The name of the topic with that id when it was last found.
    pub(crate) resolved_name: Option<Arc<str>>,
    pub(crate) fetch_offset: Offset,
    /// The most bytes of whole batches from this partition.
    pub(crate) max_bytes: usize,
    /// The epoch that the client believes to be current (KIP-320).
    pub(crate) current_leader_epoch: Option<LeaderEpoch>,
    /// The epoch of the last record that the client fetched (KIP-595).
    pub(crate) last_fetched_epoch: Option<LeaderEpoch>,
}

/// The replicas that a client may read from (KIP-392).
#[derive(Clone, Debug)]
pub(crate) enum ReadableReplicas {
    /// Only the leader: another replica reads, or the client knows no followers.
    Leader,
    /// Any. The rack is the client's, if it names one.
    Any { rack: Option<Arc<str>> },
}

/// The outcome of reading one partition.
#[derive(Debug)]
pub(crate) struct FetchedPartition {
    pub(crate) key: PartitionKey,
    /// The topic's name, if it is known.
    pub(crate) topic_name: Option<Arc<str>>,
    pub(crate) result: Result<Fetched, FetchError>,
}

/// The records and offsets read from one partition.
#[derive(Debug)]
pub(crate) struct Fetched {
    pub(crate) high_watermark: Offset,
    pub(crate) last_stable_offset: Offset,
    pub(crate) log_start_offset: Offset,
    /// The epoch and the offset at which the client's log diverges, if it is not a prefix of this one.
    pub(crate) diverging_epoch: Option<(LeaderEpoch, Offset)>,
    /// The follower that the client should read from instead; there are no records then.
    pub(crate) preferred_replica: Option<NodeId>,
    pub(crate) records: Slice,
    /// The aborted transactions that `records` may have records of; empty unless the reader asks for committed records only.
    pub(crate) aborted_transactions: Vec<AbortedTransaction>,
}

/// The reason why a partition was not read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    #[error("no topic has this id")]
    UnknownTopicId,
    #[error("the topic of this name was created again and has another id")]
    InconsistentTopicId,
    #[error(transparent)]
    OffsetOutOfRange(#[from] OffsetOutOfRange),
    #[error(transparent)]
    NotServed(#[from] NotServed),
}

impl FetchedPartition {
    /// Returns the length of its records.
    pub(crate) fn bytes(&self) -> usize {
        self.result.as_ref().map_or(0, |fetched| fetched.records.bytes)
    }
}
