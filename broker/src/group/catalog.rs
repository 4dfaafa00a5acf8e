//! The topics of the cluster as groups see them: names, ids and numbers of partitions. An operation, which knows the topics, makes the
//! catalog; the groups read it. Source: Kafka's `CoordinatorMetadataImage`.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use uuid::Uuid;

/// A topic in the catalog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CatalogTopic {
    pub(crate) id: Uuid,
    pub(crate) partition_count: usize,
}

/// All topics at one moment.
#[derive(Debug, Default)]
pub(crate) struct TopicCatalog {
    version: u64,
    /// The version with which the last new topic came.
    created_version: u64,
    by_name: BTreeMap<Arc<str>, CatalogTopic>,
    names: BTreeMap<Uuid, Arc<str>>,
}

impl TopicCatalog {
    /// Creates the catalog that follows `before`. `version` must rise with each change of the topics.
    pub(crate) fn following(
        before: &Self,
        version: u64,
        topics: impl Iterator<Item = (Arc<str>, CatalogTopic)>,
    ) -> Self {
        let by_name: BTreeMap<_, _> = topics.collect();
        let is_known = |(name, topic): (&Arc<str>, &CatalogTopic)| {
            before.by_name.get(name).is_some_and(|known| known.id == topic.id)
        };
        let created_version = if by_name.iter().all(is_known) {
            before.created_version
        } else {
            version
        };
        let names = by_name.iter().map(|(name, topic)| (topic.id, Arc::clone(name)));
        Self {
            version,
            created_version,
            names: names.collect(),
            by_name,
        }
    }

    /// Returns the version, which rises with each change of the topics.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// Returns the version with which the last new topic came.
    pub(crate) fn created_version(&self) -> u64 {
        self.created_version
    }

    /// Returns the topic of that name.
    pub(crate) fn get(&self, name: &str) -> Option<CatalogTopic> {
        self.by_name.get(name).copied()
    }

    /// Returns the name of the topic with that id.
    pub(crate) fn name(&self, id: Uuid) -> Option<&Arc<str>> {
        self.names.get(&id)
    }

    /// Returns the names of all topics, in order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &Arc<str>> {
        self.by_name.keys()
    }
}

/// The catalog of now, which all groups share. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct SharedCatalog(Arc<RwLock<Arc<TopicCatalog>>>);

impl SharedCatalog {
    /// Returns the catalog of now.
    pub(crate) fn get(&self) -> Arc<TopicCatalog> {
        // The value is replaced as a whole, so a panic leaves it true.
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces the catalog by a later one.
    pub(crate) fn set(&self, catalog: TopicCatalog) {
        let mut held = self.0.write().unwrap_or_else(PoisonError::into_inner);
        // Two operations may have seen the same change; the later catalog stays.
        if catalog.version > held.version {
            *held = Arc::new(catalog);
        }
    }
}
