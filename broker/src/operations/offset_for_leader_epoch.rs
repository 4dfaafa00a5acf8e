//! OffsetForLeaderEpoch: the end offset of a leader epoch, by which a client finds where its log diverges.
//!
//! Source: Kafka's `Partition.lastOffsetForLeaderEpoch`; KIP-101, KIP-279, KIP-320.

use super::RequestContext;
use super::access::find_topic;
use crate::cluster::Cluster;
use crate::ids::{LeaderEpoch, Offset};
use crate::security::AclOperation;
use crate::topic::TopicKey;
use crate::topic::leadership::NotServed;
use std::sync::Arc;

/// Returns the largest epoch that is not above `leader_epoch`, and its end offset; `None` if no such epoch is known.
pub(crate) fn offset_for_leader_epoch(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    topic: &TopicKey,
    partition: i32,
    current_leader_epoch: Option<LeaderEpoch>,
    leader_epoch: LeaderEpoch,
) -> Result<Option<(LeaderEpoch, Offset)>, NotServed> {
    let topic = find_topic(cluster, context, AclOperation::Describe, topic)?;
    let partition = topic
        .and_then(|topic| topic.partition(partition).cloned())
        .ok_or(NotServed::UnknownTopicOrPartition)?;
    let state = partition.read()?;
    state.check_leadership(context.node_id, current_leader_epoch)?;
    Ok(state.log().end_offset_for_epoch(leader_epoch))
}
