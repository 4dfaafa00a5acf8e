//! The topics of the cluster: a [`Topic`] by name and by id, an immutable value that each change replaces. Knows nothing of groups.

mod changes;
pub(crate) mod config;
mod identity;
pub(crate) mod leadership;
pub(crate) mod name;
pub(crate) mod partition;
pub(crate) mod placement;
pub(crate) mod reassignment;
mod replicas;

pub(crate) use changes::{Change, NewTopic};
pub(crate) use config::{TopicConfig, TopicDefaults};
pub(crate) use partition::{Partition, State};
pub(crate) use placement::Placement;

use changes::Register;
use dashmap::DashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use uuid::Uuid;

/// A topic as it is now. Immutable: more partitions or another config make another value with the same id and partitions.
#[derive(Debug)]
pub(crate) struct Topic {
    pub(crate) name: Arc<str>,
    pub(crate) id: Uuid,
    pub(crate) config: Arc<TopicConfig>,
    pub(crate) partitions: Vec<Arc<Partition>>,
    /// The replicas of each partition. The followers are simulated: they are always in sync.
    pub(crate) placement: Arc<Placement>,
}

impl Topic {
    /// Returns the partition of that index, if the topic has it.
    pub(crate) fn partition(&self, index: i32) -> Option<&Arc<Partition>> {
        self.partitions.get(usize::try_from(index).ok()?)
    }
}

/// The name or id by which a request names a topic: by name up to some version, by id from then on (KIP-516).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum TopicKey {
    /// By name.
    Name(Arc<str>),
    /// By id.
    Id(Uuid),
}

/// No topic has the id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no topic has the id {id}")]
pub(crate) struct UnknownTopicId {
    pub(crate) id: Uuid,
}

impl TopicKey {
    /// Returns the name. A topic that is named by its name need not exist.
    ///
    /// # Errors
    /// No topic has the id.
    pub(crate) fn find_name(&self, topics: &Topics) -> Result<Arc<str>, UnknownTopicId> {
        match self {
            Self::Name(name) => Ok(Arc::clone(name)),
            Self::Id(id) => topics
                .get_by_id(id)
                .map(|topic| Arc::clone(&topic.name))
                .ok_or(UnknownTopicId { id: *id }),
        }
    }
}

/// All topics. Only `Arc`s leave this module, never a guard of a map: a guard that is held across another call of the map can
/// deadlock. Only [`Topics::change`] changes them.
#[derive(Debug)]
pub(crate) struct Topics {
    /// A part of each topic's first id.
    cluster_id: String,
    by_name: DashMap<Arc<str>, Arc<Topic>>,
    by_id: DashMap<Uuid, Arc<str>>,
    /// The number of changes so far.
    version: AtomicU64,
    register: Mutex<Register>,
}

impl Topics {
    /// Returns the topics of the cluster with that id, none at first.
    pub(crate) fn new(cluster_id: &str) -> Self {
        Self {
            cluster_id: cluster_id.to_owned(),
            by_name: DashMap::new(),
            by_id: DashMap::new(),
            version: AtomicU64::new(0),
            register: Mutex::default(),
        }
    }

    /// Returns the topic of that name.
    pub(crate) fn get(&self, name: &str) -> Option<Arc<Topic>> {
        self.by_name.get(name).map(|topic| Arc::clone(&topic))
    }

    /// Returns the topic with that id.
    pub(crate) fn get_by_id(&self, id: &Uuid) -> Option<Arc<Topic>> {
        let name = self.by_id.get(id).map(|name| Arc::clone(&name))?;
        // A topic of the same name may have been created anew since the id was looked up.
        self.get(&name).filter(|topic| topic.id == *id)
    }

    /// Returns a number that rises after each change of the topics.
    pub(crate) fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// Returns one partition of a topic.
    pub(crate) fn partition(&self, name: &str, index: i32) -> Option<Arc<Partition>> {
        let topic = self.by_name.get(name)?;
        topic.partitions.get(usize::try_from(index).ok()?).cloned()
    }

    /// Returns all topics in the order of their names.
    pub(crate) fn list(&self) -> Vec<Arc<Topic>> {
        let mut topics: Vec<_> = self
            .by_name
            .iter()
            .map(|entry| Arc::clone(entry.value()))
            .collect();
        // The map's own order differs from process to process, and a simulation must repeat from its seed.
        topics.sort_by(|one, other| one.name.cmp(&other.name));
        topics
    }
}

#[cfg(test)]
mod tests;
