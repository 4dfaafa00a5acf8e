//! Adds partitions to topics. Source: Kafka's `ReplicationControlManager.createPartitions`.

use super::RequestContext;
use super::access::{Denied, authorize_topic};
use super::create_topics::{PlacementError, TooManyPartitions, check_room, spread};
use crate::cluster::Cluster;
use crate::ids::NodeId;
use crate::security::AclOperation;
use crate::topic::{Change, Placement, Topic};
use std::collections::HashMap;
use std::sync::Arc;

/// The request for more partitions of one topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CreatePartitions {
    pub(crate) topic: String,
    /// The requested number of partitions in all.
    pub(crate) count: i32,
    /// The replicas of each new partition; with `None` the cluster chooses them.
    pub(crate) assignments: Option<Vec<Vec<NodeId>>>,
}

/// The reason why a topic got no more partitions.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CreatePartitionsError {
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error("Duplicate topic name.")]
    Duplicate,
    #[error("This server does not host this topic-partition.")]
    UnknownTopic,
    #[error("Topic already has {existing} partition(s).")]
    AlreadyHas { existing: usize },
    #[error("The topic {topic} currently has {existing} partition(s); {wanted} would not be an increase.")]
    NoIncrease {
        topic: String,
        existing: usize,
        wanted: i32,
    },
    #[error(
        "Attempted to add {additional} additional partition(s), but only {assignments} assignment(s) were specified."
    )]
    Assignments { additional: usize, assignments: usize },
    #[error(transparent)]
    TooMany(#[from] TooManyPartitions),
    #[error(transparent)]
    Placement(#[from] PlacementError),
}

/// Adds partitions to each topic by itself; with `validate_only` nothing changes. The answer has each topic once, in the order of the
/// request.
pub(crate) fn create_partitions(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    topics: Vec<CreatePartitions>,
    validate_only: bool,
) -> Vec<(String, Result<(), CreatePartitionsError>)> {
    // The topics are counted first: Kafka refuses every occurrence of one that is repeated.
    let mut times: HashMap<String, usize> = HashMap::new();
    for wanted in &topics {
        *times.entry(wanted.topic.clone()).or_default() += 1;
    }
    let mut change = cluster.topics.change();
    let mut results = Vec::with_capacity(times.len());
    for wanted in topics {
        let result = match times.remove(&wanted.topic) {
            // The topic was answered at its first occurrence.
            None => continue,
            Some(1) => authorize_topic(cluster, context, AclOperation::Alter, &wanted.topic)
                .map_err(CreatePartitionsError::from)
                .and_then(|()| add(cluster, &mut change, &wanted, validate_only)),
            Some(_) => Err(CreatePartitionsError::Duplicate),
        };
        results.push((wanted.topic, result));
    }
    results
}

fn add(
    cluster: &Cluster,
    change: &mut Change<'_>,
    wanted: &CreatePartitions,
    validate_only: bool,
) -> Result<(), CreatePartitionsError> {
    let topic = cluster
        .topics
        .get(&wanted.topic)
        .ok_or(CreatePartitionsError::UnknownTopic)?;
    let additional = additional(&topic, wanted)?;
    check_room(change.partition_count(), additional)?;
    let more = match &wanted.assignments {
        Some(assignments) => {
            let first = topic.partitions.len() as i32;
            let assignments: Vec<_> = (first..).zip(assignments.iter().cloned()).collect();
            Placement::assigned(
                &cluster.assignable(),
                first,
                &assignments,
                Some(topic.placement.factor()),
            )?
        }
        None => spread(cluster, additional, topic.placement.factor() as i16)?,
    };
    if !validate_only {
        let defaults = cluster.topic_defaults();
        let settings = defaults.log_settings(&topic.name, &topic.config);
        let topic = change.grow(&topic, &more, settings, &cluster.pool);
        // Assigned replicas may be on brokers that are down.
        cluster.elect_leaders_of(&topic, &defaults);
    }
    Ok(())
}

fn additional(topic: &Topic, wanted: &CreatePartitions) -> Result<usize, CreatePartitionsError> {
    let existing = topic.partitions.len();
    let count = usize::try_from(wanted.count).unwrap_or(0);
    if count == existing {
        return Err(CreatePartitionsError::AlreadyHas { existing });
    }
    if count < existing {
        return Err(CreatePartitionsError::NoIncrease {
            topic: wanted.topic.clone(),
            existing,
            wanted: wanted.count,
        });
    }
    let additional = count - existing;
    match &wanted.assignments {
        Some(assignments) if assignments.len() != additional => Err(CreatePartitionsError::Assignments {
            additional,
            assignments: assignments.len(),
        }),
        _ => Ok(additional),
    }
}

#[cfg(test)]
mod tests;
