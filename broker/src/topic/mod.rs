//! The topics of the cluster: name and id to [`Topic`], published as a versioned image to those who follow changes.
//! Knows nothing of groups.

pub(crate) mod config;
pub(crate) mod partition;

pub(crate) use config::TopicConfig;
pub(crate) use partition::Partition;

use dashmap::DashMap;
use std::sync::Arc;
use tokio::sync::watch;
use uuid::Uuid;

/// A topic as it is now. Immutable: more partitions or another config make another value with the same id and partitions.
#[derive(Debug)]
pub(crate) struct Topic {
    pub(crate) name: Arc<str>,
    pub(crate) id: Uuid,
    pub(crate) config: Arc<TopicConfig>,
    pub(crate) partitions: Vec<Arc<Partition>>,
}

/// All topics. Maps never leave this module: it hands out `Arc`s.
#[derive(Debug)]
pub(crate) struct Topics {
    by_name: DashMap<Arc<str>, Arc<Topic>>,
    by_id: DashMap<Uuid, Arc<str>>,
    version: watch::Sender<u64>,
}

impl Topics {
    /// No topics.
    pub(crate) fn new() -> Self {
        Self {
            by_name: DashMap::new(),
            by_id: DashMap::new(),
            version: watch::Sender::new(0),
        }
    }

    /// The topic of that name.
    pub(crate) fn get(&self, name: &str) -> Option<Arc<Topic>> {
        self.by_name.get(name).map(|topic| Arc::clone(&topic))
    }

    /// The topic with that id.
    pub(crate) fn get_by_id(&self, id: &Uuid) -> Option<Arc<Topic>> {
        let name = self.by_id.get(id).map(|name| Arc::clone(&name))?;
        self.get(&name).filter(|topic| topic.id == *id)
    }

    /// One partition of a topic.
    pub(crate) fn partition(&self, name: &str, index: i32) -> Option<Arc<Partition>> {
        let topic = self.by_name.get(name)?;
        topic.partitions.get(usize::try_from(index).ok()?).cloned()
    }

    /// All topics, by name.
    pub(crate) fn list(&self) -> Vec<Arc<Topic>> {
        let mut topics: Vec<_> = self
            .by_name
            .iter()
            .map(|entry| Arc::clone(entry.value()))
            .collect();
        topics.sort_by(|one, other| one.name.cmp(&other.name));
        topics
    }

    /// Changes with each topic that is created, changed or deleted.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }
}
