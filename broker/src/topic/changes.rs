//! Creating, changing and deleting topics, one change at a time. In a real cluster the controller does this.

use super::identity::{self, RetiredIds};
use super::reassignment::Assignment;
use super::{Partition, Placement, Topic, TopicConfig, Topics, name};
use crate::Entropy;
use crate::ids::NodeId;
use crate::log::LogSettings;
use crate::pool::Pool;
use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, PoisonError};
use uuid::Uuid;

/// The part of the topics that only changes need. Its lock makes them take turns.
#[derive(Debug, Default)]
pub(super) struct Register {
    /// The topics whose names can collide in the names of Kafka's metrics, by [`name::collision_key`].
    colliding: HashMap<String, Vec<Arc<str>>>,
    partition_count: usize,
    retired: RetiredIds,
}

/// A topic to create, checked.
#[derive(Clone, Debug)]
pub(crate) struct NewTopic {
    pub(crate) name: Arc<str>,
    pub(crate) id: Uuid,
    pub(crate) config: TopicConfig,
    pub(crate) placement: Placement,
}

/// The right to change topics. Only one is held at a time; readers go on meanwhile.
#[derive(Debug)]
pub(crate) struct Change<'a> {
    topics: &'a Topics,
    register: MutexGuard<'a, Register>,
}

impl Topics {
    /// Waits for the turn to change topics. Held for the length of one request, never across an await.
    pub(crate) fn change(&self) -> Change<'_> {
        Change {
            topics: self,
            // The maps are changed one whole entry at a time, so a panic in between leaves them true.
            register: self.register.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }
}

impl Change<'_> {
    /// Returns an existing topic that `name` collides with in the names of metrics.
    pub(crate) fn collision(&self, name: &str) -> Option<Arc<str>> {
        let key = name::collision_key(name)?;
        self.register.colliding.get(&key)?.first().cloned()
    }

    /// Returns the number of partitions in the cluster.
    pub(crate) fn partition_count(&self) -> usize {
        self.register.partition_count
    }

    /// Returns an id for a topic whose name is free. It follows from the cluster id and the name unless a topic of that name was deleted.
    pub(crate) fn new_id(&self, name: &str, entropy: &Entropy) -> Uuid {
        let first = self.register.retired.first_id(&self.topics.cluster_id, name);
        // Two names can have one first id, however unlikely: the second one gets another.
        let first = first.filter(|id| self.topics.get_by_id(id).is_none());
        first.unwrap_or_else(|| identity::random_id(entropy))
    }

    /// Adds a topic whose name is free. `settings` returns the settings of partitions that a broker leads.
    pub(crate) fn create(
        &mut self,
        new: NewTopic,
        settings: impl Fn(NodeId) -> Arc<LogSettings>,
        pool: &Pool,
    ) -> Arc<Topic> {
        let NewTopic {
            name,
            id,
            config,
            placement,
        } = new;
        let partitions = partitions(&name, 0, &placement, settings, pool);
        self.register.partition_count += partitions.len();
        if let Some(key) = name::collision_key(&name) {
            let colliding = self.register.colliding.entry(key).or_default();
            colliding.push(Arc::clone(&name));
        }
        // The id comes before the name, and goes after it: a client that finds a topic by its name may ask
        // for its id at once.
        self.topics.by_id.insert(id, Arc::clone(&name));
        self.publish(Topic {
            name,
            id,
            config: Arc::new(config),
            partitions,
            placement: Arc::new(placement),
        })
    }

    /// Adds partitions, placed as `more` says, after those that `topic` has.
    pub(crate) fn grow(
        &mut self,
        topic: &Topic,
        more: &Placement,
        settings: impl Fn(NodeId) -> Arc<LogSettings>,
        pool: &Pool,
    ) -> Arc<Topic> {
        let first = topic.partitions.len();
        let added = partitions(&topic.name, first, more, settings, pool);
        self.register.partition_count += added.len();
        self.publish(Topic {
            name: Arc::clone(&topic.name),
            id: topic.id,
            config: Arc::clone(&topic.config),
            partitions: [topic.partitions.as_slice(), &added].concat(),
            placement: Arc::new(topic.placement.and(more)),
        })
    }

    /// Gives a topic another config. The caller passes the new settings to its partitions with [`Topic::apply_settings`].
    pub(crate) fn configure(&mut self, topic: &Topic, config: TopicConfig) -> Arc<Topic> {
        self.publish(Topic {
            name: Arc::clone(&topic.name),
            id: topic.id,
            config: Arc::new(config),
            partitions: topic.partitions.clone(),
            placement: Arc::clone(&topic.placement),
        })
    }

    /// Gives one partition of a topic another assignment. The caller elects its leader anew.
    pub(crate) fn assign(&mut self, topic: &Topic, partition: usize, assignment: Assignment) -> Arc<Topic> {
        self.publish(Topic {
            name: Arc::clone(&topic.name),
            id: topic.id,
            config: Arc::clone(&topic.config),
            partitions: topic.partitions.clone(),
            placement: Arc::new(topic.placement.with(partition, assignment)),
        })
    }

    /// Removes a topic. Marks its partitions as deleted for the requests that still hold them, and wakes their waiters.
    pub(crate) fn delete(&mut self, topic: &Topic) {
        self.register.retired.retire(&self.topics.cluster_id, &topic.name);
        self.topics.by_name.remove(&topic.name);
        self.topics.by_id.remove(&topic.id);
        self.topics.version.fetch_add(1, Ordering::Release);
        self.register.partition_count -= topic.partitions.len();
        if let Some(key) = name::collision_key(&topic.name)
            && let Some(colliding) = self.register.colliding.get_mut(&key)
        {
            colliding.retain(|name| *name != topic.name);
            if colliding.is_empty() {
                self.register.colliding.remove(&key);
            }
        }
        // The maps have lost the topic by now, so a fetch that this wakes does not find it again.
        for partition in &topic.partitions {
            // Nobody can read an offline partition, so it need not be marked.
            if let Ok(mut state) = partition.write() {
                state.is_deleted = true;
            }
        }
    }

    fn publish(&self, topic: Topic) -> Arc<Topic> {
        let topic = Arc::new(topic);
        self.topics
            .by_name
            .insert(Arc::clone(&topic.name), Arc::clone(&topic));
        // The number rises after the map has changed: a reader that sees the new number also sees the change.
        self.topics.version.fetch_add(1, Ordering::Release);
        topic
    }
}

impl Topic {
    /// Updates the settings of every partition to those that `settings` returns for the broker that leads it.
    pub(crate) fn apply_settings(&self, settings: impl Fn(NodeId) -> Arc<LogSettings>) {
        for partition in &self.partitions {
            // An offline partition serves no client, so it keeps its settings.
            if let Ok(mut state) = partition.write() {
                state.settings = settings(state.leader);
            }
        }
    }
}

fn partitions(
    topic: &Arc<str>,
    first: usize,
    placement: &Placement,
    settings: impl Fn(NodeId) -> Arc<LogSettings>,
    pool: &Pool,
) -> Vec<Arc<Partition>> {
    (0..placement.partition_count())
        .map(|position| {
            let leader = placement.replicas(position)[0];
            let index = (first + position) as i32;
            // The defaults of topic configs are broker configs, which may differ from broker to broker.
            let settings = settings(leader);
            Arc::new(Partition::new(
                Arc::clone(topic),
                index,
                leader,
                settings,
                pool.clone(),
            ))
        })
        .collect()
}
