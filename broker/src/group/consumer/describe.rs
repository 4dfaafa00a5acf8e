//! A consumer group as ConsumerGroupDescribe shows it. Source: `ConsumerGroup.asDescribedGroup`.

use super::assignment::Partitions;
use super::member::ConsumerMember;
use super::reconcile::held;
use super::{Assignor, ConsumerGroup};
use crate::config::java::timeline_place;
use crate::group::catalog::TopicCatalog;
use crate::group::{GroupState, MemberIdentity};
use std::sync::Arc;
use uuid::Uuid;

/// The description of a consumer group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConsumerDescription {
    pub(crate) state: GroupState,
    pub(crate) group_epoch: i32,
    pub(crate) assignment_epoch: i32,
    pub(crate) assignor: Assignor,
    pub(crate) members: Vec<DescribedMember>,
}

/// The description of one member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DescribedMember {
    pub(crate) identity: MemberIdentity,
    pub(crate) rack_id: Option<Arc<str>>,
    pub(crate) member_epoch: i32,
    pub(crate) subscribed_topic_names: Vec<Arc<str>>,
    pub(crate) subscribed_topic_regex: Option<Arc<str>>,
    /// The partitions that the member has, and those that it has to give up.
    pub(crate) assigned: Vec<NamedPartitions>,
    pub(crate) target: Vec<NamedPartitions>,
    /// True for a member that speaks the classic protocol.
    pub(crate) is_classic: bool,
}

/// Partitions of one topic, with its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NamedPartitions {
    pub(crate) topic: Uuid,
    pub(crate) name: Arc<str>,
    pub(crate) partitions: Vec<i32>,
}

impl ConsumerGroup {
    /// Describes the group as it is now. Members are in the order of Kafka's table of members. Topics that do not exist any more are left out.
    pub(crate) fn describe(&self) -> ConsumerDescription {
        let catalog = self.catalog.get();
        let mut members: Vec<_> = self.members.values().collect();
        members.sort_by_key(|member| timeline_place(&member.id));
        ConsumerDescription {
            state: self.state(),
            group_epoch: self.epoch.0,
            assignment_epoch: self.target.epoch().0,
            assignor: self.preferred_assignor(),
            members: members
                .into_iter()
                .map(|member| self.describe_member(member, &catalog))
                .collect(),
        }
    }

    fn describe_member(&self, member: &ConsumerMember, catalog: &TopicCatalog) -> DescribedMember {
        let mut assigned = Partitions::new();
        for (topic, partition) in held(member) {
            super::assignment::insert(&mut assigned, topic, partition);
        }
        DescribedMember {
            identity: MemberIdentity {
                member_id: Arc::clone(&member.id),
                group_instance_id: member.group_instance_id.clone(),
                client_id: Arc::clone(&member.client_id),
                client_host: Arc::clone(&member.client_host),
            },
            rack_id: member.rack_id.clone(),
            member_epoch: member.epoch.0,
            subscribed_topic_names: member.subscribed_topic_names.iter().cloned().collect(),
            subscribed_topic_regex: member.subscribed_topic_regex.clone(),
            assigned: named(&assigned, catalog),
            target: named(self.target.get(&member.id), catalog),
            is_classic: member.classic.is_some(),
        }
    }
}

fn named(partitions: &Partitions, catalog: &TopicCatalog) -> Vec<NamedPartitions> {
    let topics = partitions.iter().filter_map(|(topic, of_topic)| {
        Some(NamedPartitions {
            topic: *topic,
            name: Arc::clone(catalog.name(*topic)?),
            partitions: of_topic.iter().copied().collect(),
        })
    });
    topics.collect()
}
