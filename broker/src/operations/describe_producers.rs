//! The producers of a partition. Source: KIP-664, Kafka's `Partition.activeProducerState`.

use super::RequestContext;
use super::access::{Denied, authorize_topic};
use crate::cluster::Cluster;
use crate::log::ActiveProducer;
use crate::security::AclOperation;
use crate::topic::name;
pub(crate) use crate::topic::name::InvalidName;
use std::sync::Arc;

/// The reason why a partition's producers cannot be shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DescribeProducersError {
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Name(#[from] InvalidName),
    #[error("This server does not host this topic-partition.")]
    UnknownTopic,
    #[error("the partition does not exist")]
    UnknownPartition,
    #[error("another broker leads the partition")]
    NotLeader,
    #[error("the partition is offline after an internal error")]
    Offline,
}

/// Returns the producers of one partition, by id.
///
/// # Errors
/// [`DescribeProducersError`] if the topic's name is invalid or the broker does not lead the partition.
pub(crate) fn describe_producers(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    topic: &str,
    partition: i32,
) -> Result<Vec<ActiveProducer>, DescribeProducersError> {
    // As in Kafka, the name is checked first.
    name::validate(topic)?;
    authorize_topic(cluster, context, AclOperation::Read, topic)?;
    let topic = cluster
        .topics
        .get(topic)
        .ok_or(DescribeProducersError::UnknownTopic)?;
    let partition = topic
        .partition(partition)
        .ok_or(DescribeProducersError::UnknownPartition)?;
    let state = partition.read().map_err(|_| DescribeProducersError::Offline)?;
    if state.is_deleted {
        return Err(DescribeProducersError::UnknownPartition);
    }
    if state.leader != context.node_id {
        return Err(DescribeProducersError::NotLeader);
    }
    let mut producers = state.log().active_producers();
    producers.sort_by_key(|producer| producer.producer_id);
    Ok(producers)
}
