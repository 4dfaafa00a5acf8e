//! AlterPartitionReassignments and ListPartitionReassignments: partitions move to other brokers. Source: KIP-455, KIP-860, Kafka's
//! `ReplicationControlManager`.
//!
//! A replica that comes has the records after some time: at once they would be there, since all brokers are one process, but then no
//! client could see, list or cancel a reassignment. See [`progress`].

pub(crate) mod progress;

use super::RequestContext;
use super::access::{Denied, authorize};
use super::create_topics::PlacementError;
use crate::cluster::{Cluster, NodeDefaults};
use crate::ids::{NodeId, Offset};
use crate::security::{AclOperation, Resource};
use crate::topic::Change;
use crate::topic::leadership::elect;
use crate::topic::reassignment::Assignment;
use crate::topic::{Partition, Topic};
use std::sync::Arc;

/// The wanted replicas of one partition; `None` cancels the reassignment in progress.
pub(crate) type Reassignment = (i32, Option<Vec<NodeId>>);

/// The reason why the replicas of a partition stay.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ReassignError {
    #[error("Unable to find a topic named {topic}.")]
    UnknownTopic { topic: String },
    #[error("Unable to find partition {topic}:{partition}.")]
    UnknownPartition { topic: String, partition: i32 },
    #[error("No partition reassignment is in progress.")]
    NotInProgress,
    #[error(transparent)]
    Placement(#[from] PlacementError),
    #[error("The replication factor is changed from {present} to {wanted}")]
    FactorChanged { present: usize, wanted: usize },
}

/// The result for each partition, by topic.
pub(crate) type Reassigned = Vec<(String, Vec<(i32, Result<(), ReassignError>)>)>;

/// A partition of which replicas come or go.
pub(crate) type Moving = (i32, Assignment);

/// Moves partitions to other brokers, or back, each by itself.
///
/// # Errors
/// [`Denied`] if the client may not alter the cluster.
pub(crate) fn alter_reassignments(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    wanted: Vec<(String, Vec<Reassignment>)>,
    may_change_factor: bool,
) -> Result<Reassigned, Denied> {
    authorize(cluster, context, AclOperation::Alter, Resource::Cluster)?;
    let mut moves = Moves {
        cluster,
        change: cluster.topics.change(),
        defaults: cluster.topic_defaults(),
    };
    let topics = wanted.into_iter().map(|(topic, partitions)| {
        let results = partitions.into_iter().map(|(partition, target)| {
            let result = moves.alter(&topic, partition, target, may_change_factor);
            (partition, result)
        });
        let results = results.collect();
        (topic, results)
    });
    Ok(topics.collect())
}

/// Returns the partitions of which replicas come or go: those in `wanted` or all, by topic. Topics without any are left out.
///
/// # Errors
/// [`Denied`] if the client may not describe the cluster.
pub(crate) fn list_reassignments(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    wanted: Option<Vec<(String, Vec<i32>)>>,
) -> Result<Vec<(String, Vec<Moving>)>, Denied> {
    authorize(cluster, context, AclOperation::Describe, Resource::Cluster)?;
    let topics: Vec<(Arc<Topic>, Vec<i32>)> = match wanted {
        None => {
            let all = |topic: &Topic| topic.placement.moving().map(|index| index as i32).collect();
            let topics = cluster.topics.list().into_iter();
            topics.map(|topic| (Arc::clone(&topic), all(&topic))).collect()
        }
        Some(wanted) => {
            let wanted = wanted.into_iter();
            wanted
                .filter_map(|(name, partitions)| Some((cluster.topics.get(&name)?, partitions)))
                .collect()
        }
    };
    let moving = topics.into_iter().map(|(topic, partitions)| {
        let moving = partitions.into_iter().filter_map(|partition| {
            let index = usize::try_from(partition).ok()?;
            topic.partitions.get(index)?;
            let assignment = topic.placement.assignment(index);
            assignment.is_moving().then_some((partition, assignment))
        });
        (topic.name.to_string(), moving.collect::<Vec<_>>())
    });
    Ok(moving.filter(|(_, moving)| !moving.is_empty()).collect())
}

/// The changes of assignments by one holder of the turn to change topics.
struct Moves<'a> {
    cluster: &'a Cluster,
    change: Change<'a>,
    defaults: NodeDefaults,
}

impl Moves<'_> {
    fn alter(
        &mut self,
        name: &str,
        partition: i32,
        target: Option<Vec<NodeId>>,
        may_change_factor: bool,
    ) -> Result<(), ReassignError> {
        let cluster = self.cluster;
        let topic = cluster.topics.get(name);
        let topic = topic.ok_or_else(|| ReassignError::UnknownTopic {
            topic: name.to_owned(),
        })?;
        let index = usize::try_from(partition).ok();
        let index = index
            .filter(|index| *index < topic.partitions.len())
            .ok_or_else(|| ReassignError::UnknownPartition {
                topic: name.to_owned(),
                partition,
            })?;
        let present = topic.placement.assignment(index);
        let Some(target) = target else {
            if !present.is_moving() {
                return Err(ReassignError::NotInProgress);
            }
            self.settle(&topic, index, present.reverted());
            return Ok(());
        };
        cluster.assignable().check(&target, None)?;
        let factor = present.final_factor();
        if !may_change_factor && factor != target.len() {
            let wanted = target.len();
            return Err(ReassignError::FactorChanged {
                present: factor,
                wanted,
            });
        }
        let next = present.toward(&target);
        // Replicas that only go, or change their order, need no copy.
        let in_sync = in_sync(cluster, &topic.placement.complete_replicas(index));
        let next = next.completed(&in_sync).unwrap_or(next);
        let is_moving = next.is_moving();
        if next != present {
            self.settle(&topic, index, next);
        }
        if is_moving {
            cluster.reassignments.begin(topic.id, partition);
        }
        Ok(())
    }

    /// Gives a partition another assignment, and a leader among its replicas.
    fn settle(&mut self, topic: &Topic, index: usize, next: Assignment) {
        let cluster = self.cluster;
        let before = topic.placement.replicas(index);
        let gone: Vec<_> = before
            .iter()
            .filter(|node| !next.replicas.contains(node))
            .collect();
        for node in &gone {
            cluster.log_dirs.forget((topic.id, index as i32, **node));
        }
        let topic = self.change.assign(topic, index, next);
        let replicas = topic.placement.complete_replicas(index);
        let partition: &Partition = &topic.partitions[index];
        if let Ok(mut state) = partition.write() {
            let elected = elect(state.leader, &replicas, |node| cluster.is_alive(node));
            // Kafka fences clients of the old replicas by a new leader epoch, also if the leader stays.
            if elected != state.leader || !gone.is_empty() {
                state.set_leader(elected);
                state.settings = self.defaults.log_settings(&topic.name, &topic.config)(elected);
            }
        }
    }
}

fn in_sync(cluster: &Cluster, replicas: &[NodeId]) -> Vec<NodeId> {
    let replicas = replicas.iter().copied();
    replicas.filter(|node| cluster.is_alive(*node)).collect()
}

/// Returns the number of bytes that a new replica of a partition has to copy.
fn size_bytes(partition: &Partition) -> u64 {
    let Ok(state) = partition.read() else { return 0 };
    match state.watermarks().log_end_offset {
        Offset(0) => 0,
        _ => state.log().size_bytes(),
    }
}

#[cfg(test)]
mod tests;
