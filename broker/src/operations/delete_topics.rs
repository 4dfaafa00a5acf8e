//! Deletes topics, by name or id, and the groups' offsets for them. Source: Kafka's `ControllerApis.deleteTopics`.

use super::RequestContext;
use super::access::{Denied, authorize_topic, is_authorized};
use crate::cluster::Cluster;
use crate::security::{AclOperation, Resource};
use crate::topic::Topic;
use crate::topic::name::CONSUMER_OFFSETS;
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

/// Deletes each topic by itself; a topic that is named twice is not deleted. The answer has the topics that were deleted after all that were
/// refused.
pub(crate) async fn delete_topics(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    topics: Vec<DeleteTopic>,
) -> Vec<DeletedTopic> {
    if !cluster.config.delete_topics {
        let refused = |topic: DeleteTopic| DeletedTopic::refused(topic, DeleteTopicError::Disabled);
        return topics.into_iter().map(refused).collect();
    }
    // `remove` is a function of its own, so that the turn to change topics is not held across the await.
    let (results, deleted) = remove(cluster, context, topics);
    if !deleted.is_empty() {
        // The offsets go before the answer is given: a topic that gets the same name next must not be read from them.
        cluster.groups.delete_offsets_of_topics(&deleted).await;
        // Kafka lets its own topics be deleted too. A coordinator that has lost its partition has lost its groups.
        if deleted.iter().any(|name| **name == *CONSUMER_OFFSETS) {
            cluster.groups.unload().await;
        }
        // Transactions that wait for a leader of a deleted partition wait no longer.
        cluster.transactions.try_markers_again();
    }
    results
}

impl DeletedTopic {
    fn refused(topic: DeleteTopic, error: DeleteTopicError) -> Self {
        Self {
            name: topic.name,
            id: topic.id,
            result: Err(error),
        }
    }
}

impl DeleteTopic {
    fn named(name: String) -> Self {
        Self {
            name: Some(name),
            id: Uuid::nil(),
        }
    }

    fn with_id(id: Uuid) -> Self {
        Self { name: None, id }
    }
}

/// The names or ids of a request, in its order: those that occur once, and those that occur more often.
struct Provided<T> {
    once: Vec<T>,
    repeated: Vec<T>,
}

impl<T: Clone + Eq + Hash> Provided<T> {
    fn new(values: Vec<T>) -> Self {
        let mut times = HashMap::with_capacity(values.len());
        for value in &values {
            *times.entry(value.clone()).or_insert(0) += 1;
        }
        let mut provided = Self {
            once: Vec::with_capacity(values.len()),
            repeated: Vec::new(),
        };
        for value in values {
            match times.remove(&value) {
                Some(1) => provided.once.push(value),
                Some(_) => provided.repeated.push(value),
                // The value was taken at its first occurrence.
                None => {}
            }
        }
        provided
    }
}

/// Removes topics. Returns the result for each, and the names of the deleted ones.
fn remove(
    cluster: &Cluster,
    context: &RequestContext,
    topics: Vec<DeleteTopic>,
) -> (Vec<DeletedTopic>, Vec<Arc<str>>) {
    let may_delete_any = is_authorized(cluster, context, AclOperation::Delete, Resource::Cluster);
    let authorize = |name: &str| {
        if may_delete_any {
            return Ok(());
        }
        authorize_deletion(cluster, context, name)
    };
    let mut results = Vec::with_capacity(topics.len());
    let mut refuse = |topic, error| results.push(DeletedTopic::refused(topic, error));
    let (names, ids) = provided(topics, &mut refuse);
    let mut change = cluster.topics.change();
    let mut found: Vec<Arc<Topic>> = Vec::with_capacity(ids.once.len() + names.once.len());
    for id in ids.once {
        match find_by_id(cluster, &id, authorize) {
            Ok(topic) => found.push(topic),
            Err(error) => refuse(DeleteTopic::with_id(id), error),
        }
    }
    for name in names.once {
        let topic = match find_by_name(cluster, &name, authorize) {
            Ok(topic) => topic,
            Err(error) => {
                refuse(DeleteTopic::named(name), error);
                continue;
            }
        };
        let id = topic.id;
        if let Some(position) = found.iter().position(|other| other.id == id) {
            // One entry tells of both: `ControllerApis.deleteTopics` drops the id, and answers for the name.
            found.remove(position);
        } else if !ids.repeated.contains(&id) {
            found.push(topic);
            continue;
        }
        refuse(DeleteTopic { name: Some(name), id }, DeleteTopicError::NameAndId);
    }
    let deleted = found.iter().map(|topic| Arc::clone(&topic.name)).collect();
    for topic in found {
        change.delete(&topic);
        cluster.log_dirs.forget_topic(topic.id);
        results.push(DeletedTopic {
            name: Some(topic.name.to_string()),
            id: topic.id,
            result: Ok(()),
        });
    }
    (results, deleted)
}

/// Sorts the topics of a request by whether they have a name or an id. Refuses those that have both or neither, and those that are repeated.
fn provided(
    topics: Vec<DeleteTopic>,
    refuse: &mut impl FnMut(DeleteTopic, DeleteTopicError),
) -> (Provided<String>, Provided<Uuid>) {
    let (mut names, mut ids) = (Vec::new(), Vec::new());
    for topic in topics {
        match (topic.name, topic.id.is_nil()) {
            (Some(name), true) => names.push(name),
            (None, false) => ids.push(topic.id),
            (None, true) => refuse(DeleteTopic::with_id(topic.id), DeleteTopicError::Neither),
            (name, false) => refuse(DeleteTopic { name, id: topic.id }, DeleteTopicError::Both),
        }
    }
    let (names, ids) = (Provided::new(names), Provided::new(ids));
    for name in &names.repeated {
        refuse(DeleteTopic::named(name.clone()), DeleteTopicError::DuplicateName);
    }
    for id in &ids.repeated {
        refuse(DeleteTopic::with_id(*id), DeleteTopicError::DuplicateId);
    }
    (names, ids)
}

fn find_by_name(
    cluster: &Cluster,
    name: &str,
    authorize: impl Fn(&str) -> Result<(), Denied>,
) -> Result<Arc<Topic>, DeleteTopicError> {
    authorize(name)?;
    cluster.topics.get(name).ok_or(DeleteTopicError::UnknownTopic)
}

fn find_by_id(
    cluster: &Cluster,
    id: &Uuid,
    authorize: impl Fn(&str) -> Result<(), Denied>,
) -> Result<Arc<Topic>, DeleteTopicError> {
    let topic = cluster
        .topics
        .get_by_id(id)
        .ok_or(DeleteTopicError::UnknownTopicId)?;
    // The permission is checked after the look-up, because it goes by name. An unknown id tells nothing about a topic.
    authorize(&topic.name)?;
    Ok(topic)
}

fn authorize_deletion(cluster: &Cluster, context: &RequestContext, name: &str) -> Result<(), Denied> {
    authorize_topic(cluster, context, AclOperation::Describe, name)?;
    authorize_topic(cluster, context, AclOperation::Delete, name)
}

#[cfg(test)]
mod tests;
