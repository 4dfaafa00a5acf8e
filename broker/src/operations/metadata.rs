//! Metadata: topics with the leaders of their partitions. Creates missing topics if that is allowed. Source: Kafka's
//! `KafkaApis.handleTopicMetadataRequest`.

use super::RequestContext;
use super::access::{Denied, authorize_topic};
use super::coordinator_topics;
use super::create_topics::{CreateTopic, CreateTopicError, create_topics};
use crate::cluster::{Cluster, CoordinatorTopic};
use crate::ids::{LeaderEpoch, NodeId};
use crate::security::AclOperation;
use crate::topic::Topic;
use crate::topic::name::{self, InvalidName};
use std::collections::HashSet;
use std::sync::Arc;
use uuid::Uuid;

/// The topics of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum WantedTopics {
    All,
    Named(Vec<String>),
    WithId(Vec<Uuid>),
}

/// A topic in the answer.
#[derive(Debug)]
pub(crate) struct DescribedTopic {
    /// `None` for an unknown id.
    pub(crate) name: Option<String>,
    /// Zero for an unknown name.
    pub(crate) id: Uuid,
    /// True if Kafka keeps its own state in a topic of that name.
    pub(crate) is_internal: bool,
    pub(crate) result: Result<TopicView, MetadataError>,
}

/// A topic and the leaders of its partitions, at one moment.
#[derive(Debug)]
pub(crate) struct TopicView {
    pub(crate) topic: Arc<Topic>,
    /// The leaders by partition index; `None` for a partition that is offline.
    pub(crate) leaders: Vec<Option<Leader>>,
    alive: Vec<NodeId>,
}

/// The leader of a partition; [`NodeId::NONE`] while all replicas are down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Leader {
    pub(crate) node: NodeId,
    pub(crate) epoch: LeaderEpoch,
}

/// The reason why a topic cannot be shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum MetadataError {
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error("the topic does not exist")]
    UnknownTopic,
    #[error("no topic has this id")]
    UnknownTopicId,
    #[error(transparent)]
    Name(#[from] InvalidName),
    #[error("the topic does not exist and could not be created: {0}")]
    NotCreated(CreateTopicError),
}

impl TopicView {
    /// Reads the leader of every partition of a topic.
    pub(crate) fn new(cluster: &Cluster, topic: Arc<Topic>) -> Self {
        let leaders = topic
            .partitions
            .iter()
            .map(|partition| {
                let state = partition.read().ok()?;
                Some(Leader {
                    node: state.leader,
                    epoch: state.leader_epoch,
                })
            })
            .collect();
        Self {
            topic,
            leaders,
            alive: cluster.alive_nodes(),
        }
    }

    /// Returns the in-sync replicas of a partition: those alive that have its records. If none is, the first replica, because Kafka's set
    /// is never empty.
    pub(crate) fn in_sync_replicas(&self, index: usize) -> Vec<NodeId> {
        let replicas = self.topic.placement.complete_replicas(index);
        let alive: Vec<_> = replicas
            .iter()
            .copied()
            .filter(|node| self.alive.contains(node))
            .collect();
        if alive.is_empty() {
            return self.topic.placement.replicas(index)[..1].to_vec();
        }
        alive
    }

    /// Returns the replicas of a partition that are on brokers which are down.
    pub(crate) fn offline_replicas(&self, index: usize) -> Vec<NodeId> {
        let replicas = self.topic.placement.replicas(index).iter().copied();
        replicas.filter(|node| !self.alive.contains(node)).collect()
    }
}

/// Returns the wanted topics, each once, in the order of the request; all topics are sorted by name. A named topic that does not exist is
/// created if the client and `auto.create.topics.enable` allow it.
pub(crate) fn describe_topics(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    wanted: WantedTopics,
    allow_auto_creation: bool,
) -> Vec<DescribedTopic> {
    match wanted {
        WantedTopics::All => {
            let mut topics = cluster.topics.list();
            // As in Kafka, topics that the client may not see are left out without an error.
            topics.retain(|topic| may_describe(cluster, context, &topic.name).is_ok());
            topics.into_iter().map(|topic| found(cluster, topic)).collect()
        }
        WantedTopics::WithId(ids) => once(ids)
            .into_iter()
            .map(|id| with_id(cluster, context, id))
            .collect(),
        WantedTopics::Named(names) => {
            // Kafka reads the names into a set, so a name that is repeated has one answer.
            let names = once(names);
            let mut created = if allow_auto_creation && cluster.config.auto_create_topics {
                create_missing(cluster, context, &names)
            } else {
                Vec::new()
            };
            names
                .into_iter()
                .map(|name| {
                    let created = created
                        .iter()
                        .position(|(created, _)| *created == name)
                        .map(|position| created.swap_remove(position).1);
                    named(cluster, context, name, created)
                })
                .collect()
        }
    }
}

fn once<T: Clone + Eq + std::hash::Hash>(values: Vec<T>) -> Vec<T> {
    let mut seen = HashSet::with_capacity(values.len());
    values
        .into_iter()
        .filter(|value| seen.insert(value.clone()))
        .collect()
}

/// Creates the missing topics, and returns what became of each.
fn create_missing(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    names: &[String],
) -> Vec<(String, Result<(), CreateTopicError>)> {
    let missing: Vec<_> = names
        .iter()
        // The permission is checked first, so that a client without it does not learn by a creation whether the topic existed.
        .filter(|name| may_describe(cluster, context, name).is_ok())
        .filter(|name| cluster.topics.get(name).is_none() && name::validate(name).is_ok())
        .map(|name| match CoordinatorTopic::of_name(name) {
            Some(topic) => coordinator_topics::request(cluster, topic),
            None => CreateTopic::named(name),
        })
        .collect();
    if missing.is_empty() {
        return Vec::new();
    }
    create_topics(cluster, context, missing, false)
        .into_iter()
        .map(|(name, result)| (name, result.map(drop)))
        .collect()
}

fn may_describe(cluster: &Cluster, context: &RequestContext, name: &str) -> Result<(), Denied> {
    authorize_topic(cluster, context, AclOperation::Describe, name)
}

fn found(cluster: &Cluster, topic: Arc<Topic>) -> DescribedTopic {
    DescribedTopic {
        name: Some(topic.name.to_string()),
        id: topic.id,
        is_internal: name::is_internal(&topic.name),
        result: Ok(TopicView::new(cluster, topic)),
    }
}

fn with_id(cluster: &Cluster, context: &RequestContext, id: Uuid) -> DescribedTopic {
    let error = match cluster.topics.get_by_id(&id) {
        Some(topic) => match may_describe(cluster, context, &topic.name) {
            Ok(()) => return found(cluster, topic),
            // TOPIC_AUTHORIZATION_FAILED shows that the id exists, which Kafka does not consider sensitive. The name stays hidden.
            Err(denied) => denied.into(),
        },
        None => MetadataError::UnknownTopicId,
    };
    DescribedTopic {
        name: None,
        id,
        is_internal: false,
        result: Err(error),
    }
}

/// Returns the topic of that name. `created` is what became of its creation, if this request was to create it.
fn named(
    cluster: &Cluster,
    context: &RequestContext,
    name: String,
    created: Option<Result<(), CreateTopicError>>,
) -> DescribedTopic {
    if let Err(denied) = may_describe(cluster, context, &name) {
        return DescribedTopic {
            name: Some(name),
            // The id would tell that the topic exists.
            id: Uuid::nil(),
            is_internal: false,
            result: Err(denied.into()),
        };
    }
    // Kafka answers when it has sent the creation to its controller, whatever becomes of it.
    let is_answered_before = created.is_some() && cluster.unknown_until_created;
    if !is_answered_before && let Some(topic) = cluster.topics.get(&name) {
        return found(cluster, topic);
    }
    let refusal = created.and_then(Result::err);
    let error = match (name::validate(&name), refusal) {
        (Err(error), _) => MetadataError::Name(error),
        (Ok(()), Some(CreateTopicError::Denied(denied))) => denied.into(),
        (Ok(()), _) if is_answered_before => MetadataError::UnknownTopic,
        (Ok(()), Some(CreateTopicError::Name(error))) => MetadataError::Name(error),
        (Ok(()), Some(error)) => MetadataError::NotCreated(error),
        (Ok(()), None) => MetadataError::UnknownTopic,
    };
    DescribedTopic {
        is_internal: name::is_internal(&name),
        name: Some(name),
        id: Uuid::nil(),
        result: Err(error),
    }
}

#[cfg(test)]
mod tests;
