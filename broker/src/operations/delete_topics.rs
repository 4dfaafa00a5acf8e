//! Deletes topics, by name or id, and the groups' offsets for them. Source: Kafka's `ControllerApis.deleteTopics`.

use super::RequestContext;
use super::access::{Denied, authorize_topic, is_authorized};
use crate::cluster::Cluster;
use crate::security::{AclOperation, Resource};
use crate::topic::Topic;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use uuid::Uuid;

/// A topic to delete, named by its name, or by its id if the name is absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DeleteTopic {
    pub(crate) name: Option<String>,
    /// Zero if the request has no id.
    pub(crate) id: Uuid,
}

/// The result for one topic.
#[derive(Debug)]
pub(crate) struct DeletedTopic {
    pub(crate) name: Option<String>,
    pub(crate) id: Uuid,
    pub(crate) result: Result<(), DeleteTopicError>,
}

/// The reason why a topic was not deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DeleteTopicError {
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error("Topic deletion is disabled by delete.topic.enable.")]
    Disabled,
    #[error("Neither topic name nor id were specified.")]
    Neither,
    #[error("You may not specify both topic name and topic id.")]
    Both,
    #[error("Duplicate topic name.")]
    DuplicateName,
    #[error("Duplicate topic id.")]
    DuplicateId,
    #[error("The provided topic name maps to an ID that was already supplied.")]
    NameAndId,
    #[error("This server does not host this topic-partition.")]
    UnknownTopic,
    #[error("This server does not host this topic ID.")]
    UnknownTopicId,
}

/// Deletes each topic by itself; a topic that is named twice is not deleted. The answer has one entry for each name or id, in the order of
/// the request.
pub(crate) async fn delete_topics(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    topics: Vec<DeleteTopic>,
) -> Vec<DeletedTopic> {
    // `remove` is a function of its own, so that the turn to change topics is not held across the await.
    let (results, deleted) = remove(cluster, context, topics);
    if !deleted.is_empty() {
        // The offsets go before the answer is given: a topic that gets the same name next must not be read from them.
        cluster.groups.delete_offsets_of_topics(&deleted).await;
    }
    results
}

/// Removes topics. Returns the result for each, and the names of the deleted ones.
fn remove(
    cluster: &Cluster,
    context: &RequestContext,
    topics: Vec<DeleteTopic>,
) -> (Vec<DeletedTopic>, Vec<Arc<str>>) {
    let names = times(topics.iter().filter_map(|topic| topic.name.clone()));
    let ids = times(topics.iter().map(|topic| topic.id).filter(|id| !id.is_nil()));
    let may_delete_any = is_authorized(cluster, context, AclOperation::Delete, Resource::Cluster);
    let mut change = cluster.topics.change();
    let found: Vec<_> = once(topics)
        .into_iter()
        .map(|topic| {
            let found = find(cluster, &topic, &names, &ids, |name| {
                if may_delete_any {
                    return Ok(());
                }
                authorize_deletion(cluster, context, name)
            });
            (topic, found)
        })
        .collect();
    // Only topics that may be deleted count, because the error tells which name an id has.
    let twice = times(
        found
            .iter()
            .filter_map(|(_, found)| Some(found.as_ref().ok()?.id)),
    );
    let mut deleted = Vec::new();
    let results = found.into_iter().map(|(wanted, found)| {
        let found = found.and_then(|topic| {
            if twice[&topic.id] > 1 {
                Err(DeleteTopicError::NameAndId)
            } else {
                Ok(topic)
            }
        });
        match found {
            Ok(topic) => {
                change.delete(&topic);
                deleted.push(Arc::clone(&topic.name));
                DeletedTopic {
                    name: Some(topic.name.to_string()),
                    id: topic.id,
                    result: Ok(()),
                }
            }
            Err(error) => DeletedTopic {
                name: wanted.name,
                id: wanted.id,
                result: Err(error),
            },
        }
    });
    (results.collect(), deleted)
}

fn times<T: Eq + Hash>(values: impl Iterator<Item = T>) -> HashMap<T, usize> {
    let mut times = HashMap::new();
    for value in values {
        *times.entry(value).or_default() += 1;
    }
    times
}

fn once(topics: Vec<DeleteTopic>) -> Vec<DeleteTopic> {
    let mut once = Vec::with_capacity(topics.len());
    let mut seen = std::collections::HashSet::new();
    for topic in topics {
        if seen.insert((topic.name.clone(), topic.id)) {
            once.push(topic);
        }
    }
    once
}

fn find(
    cluster: &Cluster,
    topic: &DeleteTopic,
    names: &HashMap<String, usize>,
    ids: &HashMap<Uuid, usize>,
    authorize: impl Fn(&str) -> Result<(), Denied>,
) -> Result<Arc<Topic>, DeleteTopicError> {
    if !cluster.config.delete_topics {
        return Err(DeleteTopicError::Disabled);
    }
    match &topic.name {
        Some(_) if !topic.id.is_nil() => Err(DeleteTopicError::Both),
        Some(name) if names[name] > 1 => Err(DeleteTopicError::DuplicateName),
        Some(name) => {
            authorize(name)?;
            cluster.topics.get(name).ok_or(DeleteTopicError::UnknownTopic)
        }
        None if topic.id.is_nil() => Err(DeleteTopicError::Neither),
        None if ids[&topic.id] > 1 => Err(DeleteTopicError::DuplicateId),
        None => {
            let topic = cluster.topics.get_by_id(&topic.id);
            let topic = topic.ok_or(DeleteTopicError::UnknownTopicId)?;
            // The permission is checked after the look-up, because it goes by name. An unknown id tells nothing about a topic.
            authorize(&topic.name)?;
            Ok(topic)
        }
    }
}

fn authorize_deletion(cluster: &Cluster, context: &RequestContext, name: &str) -> Result<(), Denied> {
    authorize_topic(cluster, context, AclOperation::Describe, name)?;
    authorize_topic(cluster, context, AclOperation::Delete, name)
}

#[cfg(test)]
mod tests;
