//! ElectLeaders: makes preferred replicas the leaders again, or any replica where there is no leader. Source: Kafka's
//! `ReplicationControlManager.electLeaders` and `PartitionChangeBuilder.electLeader`.

use super::RequestContext;
use super::access::{Denied, authorize};
use crate::cluster::{Cluster, NodeDefaults};
use crate::ids::NodeId;
use crate::security::{AclOperation, Resource};
use crate::topic::leadership::elect;
use crate::topic::{Change, Topic};
use std::sync::Arc;

/// The kind of an election: Kafka's `ElectionType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ElectionType {
    /// The first replica becomes the leader.
    Preferred,
    /// Any replica becomes the leader if there is none.
    Unclean,
}

/// The partitions of a request: topics with their partitions, or all.
#[derive(Clone, Debug)]
pub(crate) enum WantedElections {
    All,
    Of(Vec<(String, Vec<i32>)>),
}

/// The reason why a partition has no other leader.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ElectLeaderError {
    #[error("No such topic as {topic}")]
    UnknownTopic { topic: String },
    #[error("No such partition as {topic}-{partition}")]
    UnknownPartition { topic: String, partition: i32 },
    #[error("Leader election not needed for topic partition.")]
    NotNeeded,
    #[error("The preferred leader was not available.")]
    PreferredNotAvailable,
    #[error("Eligible topic partition leaders are not available.")]
    NoneAvailable,
}

/// The result for each partition, by topic.
pub(crate) type Elections = Vec<(String, Vec<(i32, Result<(), ElectLeaderError>)>)>;

/// Elects the leader of each partition by itself. With [`WantedElections::All`] partitions that have the leader that is wanted are left
/// out, but not their topics.
///
/// # Errors
/// [`Denied`] if the client may not alter the cluster.
pub(crate) fn elect_leaders(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    kind: ElectionType,
    wanted: WantedElections,
) -> Result<Elections, Denied> {
    authorize(cluster, context, AclOperation::Alter, Resource::Cluster)?;
    let turn = Turn {
        cluster,
        _change: cluster.topics.change(),
        defaults: cluster.topic_defaults(),
    };
    let is_shown = |result: &Result<(), _>, all: bool| !all || *result != Err(ElectLeaderError::NotNeeded);
    let (wanted, all) = match wanted {
        WantedElections::Of(wanted) => (wanted, false),
        WantedElections::All => (every_partition(cluster), true),
    };
    let elections = wanted.into_iter().map(|(topic, partitions)| {
        let results = partitions.into_iter().map(|partition| {
            let result = turn.elect(kind, &topic, partition);
            (partition, result)
        });
        let results = results.filter(|(_, result)| is_shown(result, all)).collect();
        (topic, results)
    });
    Ok(elections.collect())
}

fn every_partition(cluster: &Cluster) -> Vec<(String, Vec<i32>)> {
    let topics = cluster.topics.list().into_iter();
    topics
        .map(|topic| {
            (
                topic.name.to_string(),
                (0..topic.partitions.len() as i32).collect(),
            )
        })
        .collect()
}

/// The turn to change topics, while leaders are elected.
struct Turn<'a> {
    cluster: &'a Cluster,
    _change: Change<'a>,
    defaults: NodeDefaults,
}

impl Turn<'_> {
    /// Elects the leader of one partition.
    fn elect(&self, kind: ElectionType, name: &str, partition: i32) -> Result<(), ElectLeaderError> {
        let topic = self.cluster.topics.get(name);
        let topic = topic.ok_or_else(|| ElectLeaderError::UnknownTopic {
            topic: name.to_owned(),
        })?;
        let unknown = || ElectLeaderError::UnknownPartition {
            topic: name.to_owned(),
            partition,
        };
        let index = usize::try_from(partition).map_err(|_| unknown())?;
        let found = topic.partitions.get(index).ok_or_else(unknown)?;
        // A partition that is offline after an error has no leader that could change.
        let leader = found.read().map_or(NodeId::NONE, |state| state.leader);
        let elected = choose(self.cluster, kind, &topic, index, leader)?;
        let settings = self.defaults.log_settings(&topic.name, &topic.config);
        if let Ok(mut state) = found.write() {
            state.set_leader(elected);
            state.settings = settings(elected);
        }
        Ok(())
    }
}

/// Returns the new leader of a partition that `leader` leads.
fn choose(
    cluster: &Cluster,
    kind: ElectionType,
    topic: &Topic,
    index: usize,
    leader: NodeId,
) -> Result<NodeId, ElectLeaderError> {
    let preferred = topic.placement.replicas(index)[0];
    let is_wanted = match kind {
        ElectionType::Preferred => leader == preferred,
        ElectionType::Unclean => leader != NodeId::NONE,
    };
    if is_wanted {
        return Err(ElectLeaderError::NotNeeded);
    }
    let replicas = topic.placement.complete_replicas(index);
    let is_alive = |node| cluster.is_alive(node);
    if kind == ElectionType::Preferred && replicas.contains(&preferred) && is_alive(preferred) {
        return Ok(preferred);
    }
    match elect(leader, &replicas, is_alive) {
        elected if elected != leader => Ok(elected),
        _ if kind == ElectionType::Preferred => Err(ElectLeaderError::PreferredNotAvailable),
        _ => Err(ElectLeaderError::NoneAvailable),
    }
}
