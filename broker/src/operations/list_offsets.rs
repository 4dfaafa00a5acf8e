//! ListOffsets: finds an offset by special timestamp or by time.
//!
//! Source: Kafka's `ReplicaManager.fetchOffset`, `Partition.fetchOffsetForTimestamp` and `UnifiedLog.fetchOffsetByTimestamp`.

use super::RequestContext;
use super::access::find_topic;
use crate::cluster::Cluster;
use crate::ids::{LeaderEpoch, Offset};
use crate::log::records::InvalidRecords;
use crate::security::AclOperation;
use crate::topic::TopicKey;
use crate::topic::leadership::NotServed;
use crate::topic::partition::State;
use std::sync::Arc;

/// The kind of offset that a request looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spec {
    /// The first offset that is kept.
    Earliest,
    /// The offset after the last record that may be read.
    Latest,
    /// The first record with the largest timestamp (KIP-734).
    MaxTimestamp,
    /// The last offset in tiered storage, which is always empty (KIP-1005).
    LatestTiered,
    /// The first offset that is not in tiered storage yet; there is none while tiered storage is off (KIP-1023).
    EarliestPendingUpload,
    /// The first record with that timestamp or a later one.
    Timestamp(i64),
}

/// The offset that was found, or -1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ListedOffset {
    pub(crate) offset: Offset,
    pub(crate) timestamp_ms: i64,
    pub(crate) leader_epoch: LeaderEpoch,
}

/// The request for one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Query {
    pub(crate) partition: i32,
    pub(crate) current_leader_epoch: Option<LeaderEpoch>,
    pub(crate) spec: Spec,
    pub(crate) reader: Reader,
}

/// Who asks. Only consumers are kept from records that are not replicated or not committed yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reader {
    Consumer {
        is_read_committed: bool,
    },
    /// A follower.
    Replica,
    /// A tool that compares replicas, which any replica answers.
    Debugger,
}

/// The reason why no offset was looked up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ListOffsetsError {
    #[error("invalid timestamp {timestamp_ms}: it has no meaning in this version")]
    UnknownTimestamp { timestamp_ms: i64 },
    #[error("invalid request: it has the partition more than once")]
    Duplicate,
    #[error(transparent)]
    InvalidRecords(#[from] InvalidRecords),
    #[error(transparent)]
    NotServed(#[from] NotServed),
}

impl ListedOffset {
    /// The answer if no record matches.
    const NONE: Self = Self {
        offset: Offset(-1),
        timestamp_ms: -1,
        leader_epoch: LeaderEpoch::NONE,
    };

    fn without_timestamp(offset: Offset, leader_epoch: Option<LeaderEpoch>) -> Self {
        Self {
            offset,
            timestamp_ms: -1,
            leader_epoch: leader_epoch.unwrap_or(LeaderEpoch::NONE),
        }
    }
}

/// Returns the offset that `query` looks for.
pub(crate) fn list_offset(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    topic: &TopicKey,
    query: Query,
) -> Result<ListedOffset, ListOffsetsError> {
    let topic = find_topic(cluster, context, AclOperation::Describe, topic).map_err(NotServed::from)?;
    let found = topic
        .as_ref()
        .and_then(|topic| Some((topic, topic.partition(query.partition)?)));
    let (topic, partition) = found.ok_or(NotServed::UnknownTopicOrPartition)?;
    let state = partition.read().map_err(NotServed::Offline)?;
    let replicas = topic.placement.replicas(query.partition as usize);
    if query.reader == Reader::Debugger && replicas.contains(&context.node_id) {
        state.check_epoch(query.current_leader_epoch)?;
    } else {
        state.check_leadership(context.node_id, query.current_leader_epoch)?;
    }
    find(&state, query)
}

fn find(state: &State, query: Query) -> Result<ListedOffset, ListOffsetsError> {
    let watermarks = state.watermarks();
    let end = match query.reader {
        Reader::Consumer { is_read_committed } => watermarks.end_for_consumer(is_read_committed),
        Reader::Replica | Reader::Debugger => watermarks.log_end_offset,
    };
    let found = match query.spec {
        Spec::Earliest => {
            let start = watermarks.log_start_offset;
            // The epoch is that of the record at the offset and not the leader's: consumers validate their position by it (KIP-320).
            return Ok(ListedOffset::without_timestamp(
                start,
                state.log().epoch_at(start),
            ));
        }
        Spec::Latest => return Ok(ListedOffset::without_timestamp(end, Some(state.leader_epoch))),
        // Kafka answers -1 while tiered storage is off.
        Spec::LatestTiered | Spec::EarliestPendingUpload => return Ok(ListedOffset::NONE),
        Spec::MaxTimestamp => state.log().find_max_timestamp(&state.settings)?,
        Spec::Timestamp(timestamp_ms) => state.log().find_by_time(timestamp_ms, &state.settings)?,
    };
    // A record that may not be read yet is not found.
    let found = found
        .filter(|found| found.offset < end)
        .map_or(ListedOffset::NONE, |found| ListedOffset {
            offset: found.offset,
            timestamp_ms: found.timestamp_ms,
            leader_epoch: found.leader_epoch,
        });
    Ok(found)
}
