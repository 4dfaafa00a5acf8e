//! The assignors that run in the coordinator: from the subscriptions and the assignments before to the assignments to come.
//!
//! Source: Kafka's `UniformAssignor` and `RangeAssignor` (KIP-848). Neither looks at racks: Kafka 4 took rack awareness out of both.

mod range;
#[cfg(test)]
mod tests;
mod uniform;
mod uniform_heterogeneous;

use super::assignment::Partitions;
use crate::group::{InstanceId, MemberId};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// An assignor by its name in requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Assignor {
    /// Spreads all partitions evenly and keeps what can stay.
    Uniform,
    /// Gives neighbouring partitions of each topic to a member, so that topics with equal counts are split alike.
    Range,
}

impl Assignor {
    /// The assignors in the order of the default of `group.consumer.assignors`.
    pub(crate) const ALL: [Self; 2] = [Self::Uniform, Self::Range];

    /// Returns the assignor of that name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|assignor| assignor.name() == name)
    }

    /// Returns Kafka's name of the assignor.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Uniform => "uniform",
            Self::Range => "range",
        }
    }

    /// Assigns every partition of each subscribed topic to one of its subscribers. Returns the assignments in the order of the members.
    pub(super) fn assign(self, group: &GroupSpec) -> Vec<Partitions> {
        if group.members.is_empty() {
            return Vec::new();
        }
        match self {
            Self::Range => range::assign(group),
            Self::Uniform if group.is_homogeneous => uniform::assign(group),
            Self::Uniform => uniform_heterogeneous::assign(group),
        }
    }
}

/// A group as an assignor sees it. Source: Kafka's `GroupSpec` and `SubscribedTopicDescriber`.
#[derive(Clone, Debug, Default)]
pub(super) struct GroupSpec {
    /// The members. Where the result depends on their order, the uniform assignor takes this one.
    pub(super) members: Vec<MemberSpec>,
    /// True if all members subscribe to the same. Kafka counts topics that do not exist too.
    pub(super) is_homogeneous: bool,
    /// The number of partitions of every topic that a member subscribes to.
    pub(super) partition_counts: BTreeMap<Uuid, usize>,
}

/// A member as an assignor sees it.
#[derive(Clone, Debug)]
pub(super) struct MemberSpec {
    pub(super) member_id: MemberId,
    pub(super) group_instance_id: Option<InstanceId>,
    /// The topics that the member subscribes to and that exist.
    pub(super) topics: BTreeSet<Uuid>,
    /// The partitions that the assignment before gave to the member.
    pub(super) assigned: Partitions,
}
