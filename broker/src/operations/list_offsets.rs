//! ListOffsets: an offset by what it is or by time.
//!
//! Source: Kafka's `ReplicaManager.fetchOffset`, `Partition.fetchOffsetForTimestamp` and `UnifiedLog.fetchOffsetByTimestamp`.

use super::RequestContext;
use super::access::find_topic;
use crate::cluster::Cluster;
use crate::ids::{LeaderEpoch, Offset};
use crate::security::AclOperation;
use crate::topic::TopicKey;
use crate::topic::leadership::NotServed;
use crate::topic::partition::State;
use std::sync::Arc;

/// The offset that is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spec {
    /// The first that is kept.
    Earliest,
    /// The one after the last that may be read.
    Latest,
    /// The first record with the largest timestamp (KIP-734).
    MaxTimestamp,
    /// The last one in tiered storage, which nothing is (KIP-1005).
    LatestTiered,
    /// The first one that is not in tiered storage yet; none where that is off (KIP-1023).
    EarliestPendingUpload,
    /// The first record of that time or later.
    Timestamp(i64),
}

/// What was found. -1 where there is nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ListedOffset {
    pub(crate) offset: Offset,
    pub(crate) timestamp_ms: i64,
    pub(crate) leader_epoch: LeaderEpoch,
}

/// One partition that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Query {
    pub(crate) partition: i32,
    pub(crate) current_leader_epoch: Option<LeaderEpoch>,
    pub(crate) spec: Spec,
    pub(crate) is_read_committed: bool,
}

/// Why there is no answer for a partition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ListOffsetsError {
    #[error("timestamp {timestamp_ms} has no meaning in this version")]
    UnknownTimestamp { timestamp_ms: i64 },
    #[error("the request asks for the partition more than once")]
    Duplicate,
    #[error(transparent)]
    NotServed(#[from] NotServed),
}

impl ListedOffset {
    /// No record matches.
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

/// The offset that `query` asks for.
pub(crate) fn list_offset(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    topic: &TopicKey,
    query: Query,
) -> Result<ListedOffset, ListOffsetsError> {
    let topic = find_topic(cluster, context, AclOperation::Describe, topic).map_err(NotServed::from)?;
    let partition = topic
        .and_then(|topic| topic.partition(query.partition).cloned())
        .ok_or(NotServed::UnknownTopicOrPartition)?;
    let state = partition.read().map_err(NotServed::Offline)?;
    state.check_leadership(context.node_id, query.current_leader_epoch)?;
    Ok(find(&state, query))
}

fn find(state: &State, query: Query) -> ListedOffset {
    let watermarks = state.watermarks();
    let end = watermarks.end_for_consumer(query.is_read_committed);
    let found = match query.spec {
        Spec::Earliest => {
            let start = watermarks.log_start_offset;
            return ListedOffset::without_timestamp(start, state.log().epoch_at(start));
        }
        Spec::Latest => return ListedOffset::without_timestamp(end, Some(state.leader_epoch)),
        Spec::LatestTiered | Spec::EarliestPendingUpload => return ListedOffset::NONE,
        Spec::MaxTimestamp => state.log().find_max_timestamp(),
        Spec::Timestamp(timestamp_ms) => state.log().find_by_time(timestamp_ms),
    };
    // What may not be read yet is not found.
    found
        .filter(|found| found.offset < end)
        .map_or(ListedOffset::NONE, |found| ListedOffset {
            offset: found.offset,
            timestamp_ms: found.timestamp_ms,
            leader_epoch: found.leader_epoch,
        })
}
