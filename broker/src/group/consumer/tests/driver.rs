//! A group with topics and a time of its own, and members that send what a client sends.

use super::*;
use crate::group::catalog::{CatalogTopic, TopicCatalog};
use std::collections::BTreeSet;

/// A group and what it sees.
pub(super) struct Driver {
    pub(super) group: ConsumerGroup,
    catalog: SharedCatalog,
    topics: BTreeMap<Arc<str>, CatalogTopic>,
    version: u64,
    pub(super) now_ms: i64,
    pub(super) config: ConsumerGroupConfig,
}

impl Clone for Driver {
    /// Returns a group that sees topics of its own from here on.
    fn clone(&self) -> Self {
        let mut clone = Self {
            group: self.group.clone(),
            catalog: SharedCatalog::default(),
            topics: self.topics.clone(),
            version: self.version,
            now_ms: self.now_ms,
            config: self.config,
        };
        let topics = clone
            .topics
            .iter()
            .map(|(name, topic)| (Arc::clone(name), *topic));
        clone.catalog.set(TopicCatalog::following(
            &TopicCatalog::default(),
            clone.version,
            topics,
        ));
        clone.group.catalog = clone.catalog.clone();
        clone
    }
}

/// Returns the id of the topic of that name in all tests.
pub(super) fn topic_id(name: &str) -> Uuid {
    Uuid::from_u128(name.bytes().fold(1, |id, byte| id * 256 + u128::from(byte)))
}

/// Returns partitions of topics by name.
pub(super) fn partitions(topics: &[(&str, &[i32])]) -> Partitions {
    let topics = topics.iter();
    topics
        .map(|(name, partitions)| (topic_id(name), partitions.iter().copied().collect()))
        .collect()
}

pub(super) fn limits() -> Limits {
    Limits {
        max_size: 10,
        max_members: 100,
        assignors: Assignor::ALL.into(),
        migration: MigrationPolicy::Bidirectional,
        regex_refresh_interval_ms: 600_000,
        classic_max_size: 10,
    }
}

/// The request of a member that stays and has nothing to say.
pub(super) fn keep_alive(member_id: &str, epoch: i32) -> HeartbeatRequest {
    HeartbeatRequest {
        member_id: member_id.into(),
        member_epoch: epoch,
        group_instance_id: None,
        rack_id: None,
        rebalance_timeout_ms: -1,
        subscribed_topic_names: None,
        subscribed_topic_regex: None,
        server_assignor: None,
        owned: None,
        brings_member_id: true,
    }
}

/// The request of a member that joins.
pub(super) fn join(member_id: &str, topics: &[&str]) -> HeartbeatRequest {
    HeartbeatRequest {
        rebalance_timeout_ms: 60_000,
        subscribed_topic_names: Some(topics.iter().map(|name| Arc::from(*name)).collect()),
        owned: Some(Vec::new()),
        ..keep_alive(member_id, 0)
    }
}

/// The request of a member that reports what it owns.
pub(super) fn report(member_id: &str, epoch: i32, owned: &Partitions) -> HeartbeatRequest {
    HeartbeatRequest {
        owned: Some(owned_list(owned)),
        ..keep_alive(member_id, epoch)
    }
}

pub(super) fn owned_list(owned: &Partitions) -> Vec<OwnedPartitions> {
    let topics = owned.iter().map(|(topic, partitions)| OwnedPartitions {
        topic: *topic,
        partitions: partitions.iter().copied().collect(),
    });
    topics.collect()
}

impl Driver {
    /// Returns an empty group of id `g` in a cluster with the topics.
    pub(super) fn new(topics: &[(&str, usize)]) -> Self {
        Self::with(limits(), topics)
    }

    pub(super) fn with(limits: Limits, topics: &[(&str, usize)]) -> Self {
        let catalog = SharedCatalog::default();
        let mut driver = Self {
            group: ConsumerGroup::new("g".into(), limits, catalog.clone()),
            catalog,
            topics: BTreeMap::new(),
            version: 0,
            now_ms: 1_000_000,
            config: ConsumerGroupConfig {
                assignment_interval_ms: 0,
                ..ConsumerGroupConfig::default()
            },
        };
        for (name, count) in topics {
            driver.set_topic(name, *count);
        }
        driver
    }

    /// Creates a topic, or gives it another number of partitions.
    pub(super) fn set_topic(&mut self, name: &str, partition_count: usize) {
        let topic = CatalogTopic {
            id: topic_id(name),
            partition_count,
        };
        self.topics.insert(name.into(), topic);
        self.publish();
    }

    pub(super) fn delete_topic(&mut self, name: &str) {
        self.topics.remove(name);
        self.publish();
    }

    fn publish(&mut self) {
        self.version += 1;
        let topics = self.topics.iter().map(|(name, topic)| (Arc::clone(name), *topic));
        let next = TopicCatalog::following(&self.catalog.get(), self.version, topics);
        self.catalog.set(next);
    }

    pub(super) fn try_send(&mut self, request: HeartbeatRequest) -> Result<HeartbeatAnswer, HeartbeatError> {
        let heartbeat = Heartbeat {
            new_member_id: request.member_id.clone(),
            request,
            client_id: "client".into(),
            client_host: "/127.0.0.1".into(),
            config: self.config,
        };
        let answer = self.group.heartbeat(self.now_ms, &heartbeat);
        self.assert_consistent();
        answer
    }

    pub(super) fn send(&mut self, request: HeartbeatRequest) -> HeartbeatAnswer {
        self.try_send(request).expect("the heartbeat is accepted")
    }

    /// Lets a member join, and asserts its epoch and assignment.
    pub(super) fn join(&mut self, request: HeartbeatRequest, epoch: i32, assignment: &[(&str, &[i32])]) {
        let answer = self.send(request);
        assert_eq!(answer.member_epoch, epoch);
        assert_eq!(answer.assignment, Some(partitions(assignment)));
    }

    /// Lets the time pass, and the timers with it.
    pub(super) fn pass(&mut self, ms: i64) {
        self.now_ms += ms;
        self.group.expire(self.now_ms);
        self.assert_consistent();
    }

    pub(super) fn epochs(&self) -> (i32, i32) {
        (self.group.epoch.0, self.group.target.epoch().0)
    }

    pub(super) fn member_ids(&self) -> Vec<&str> {
        self.group.members.keys().map(|id| &**id).collect()
    }

    /// Checks the invariants of the module, and the counts against the members.
    pub(super) fn assert_consistent(&self) {
        let group = &self.group;
        let mut held = BTreeSet::new();
        let mut subscriptions = Subscriptions::default();
        for member in group.members.values() {
            for partition in reconcile::held(member) {
                assert!(held.insert(partition), "{partition:?} is held by two members");
                assert_eq!(group.owners.get(&partition), Some(&member.epoch), "{partition:?}");
            }
            assert!(member.epoch <= group.target.epoch(), "{member:?}");
            subscriptions.add(member);
            if let Some(instance) = &member.group_instance_id {
                assert_eq!(group.static_members.get(instance), Some(&member.id));
            }
        }
        assert_eq!(group.owners.len(), held.len());
        assert!(group.target.epoch() <= group.epoch);
        let bytes: usize = group.members.values().map(ConsumerMember::held_bytes).sum();
        assert_eq!(group.members_bytes, bytes);
        let statics = group
            .members
            .values()
            .filter(|member| member.group_instance_id.is_some());
        assert_eq!(group.static_members.len(), statics.count());
        let regexes: Vec<_> = subscriptions.regexes().cloned().collect();
        assert_eq!(
            group.subscriptions.regexes().cloned().collect::<Vec<_>>(),
            regexes
        );
    }
}
