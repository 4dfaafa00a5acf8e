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
    #[error("the broker has no replica of the partition")]
    NoReplica,
    #[error("the partition is offline after an internal error")]
    Offline,
}

/// Returns the producers of one partition, by id. Any replica answers: tools ask a follower to compare it with its leader.
///
/// # Errors
/// [`DescribeProducersError`] if the topic's name is invalid or the broker has no replica of the partition.
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
    let found = topic
        .partition(partition)
        .ok_or(DescribeProducersError::UnknownPartition)?;
    let state = found.read().map_err(|_| DescribeProducersError::Offline)?;
    if state.is_deleted {
        return Err(DescribeProducersError::UnknownPartition);
    }
    let replicas = topic.placement.complete_replicas(partition as usize);
    if !replicas.contains(&context.node_id) {
        return Err(DescribeProducersError::NoReplica);
    }
    let mut producers = state.log().active_producers();
    producers.sort_by_key(|producer| producer.producer_id);
    Ok(producers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::NodeId;
    use crate::operations::create_topics::{CreateTopic, create_topics};

    #[test]
    fn any_replica_shows_the_producers_and_other_brokers_do_not() {
        let cluster = Arc::new(Cluster::for_tests(3, &[]));
        let topic = CreateTopic {
            assignments: vec![(0, vec![NodeId(2), NodeId(3)])],
            ..CreateTopic::named("t")
        };
        create_topics(&cluster, &RequestContext::for_tests(1), vec![topic], false);
        for (node, expected) in [
            (1, Err(DescribeProducersError::NoReplica)),
            (2, Ok(vec![])),
            (3, Ok(vec![])),
        ] {
            let found = describe_producers(&cluster, &RequestContext::for_tests(node), "t", 0);
            assert_eq!(found, expected, "broker {node}");
        }
    }
}
