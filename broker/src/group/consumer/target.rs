//! The target assignment: what each member shall have at an epoch of the group.
//!
//! Source: Kafka's `TargetAssignmentBuilder` and `GroupMetadataManager.maybeUpdateTargetAssignment`.

use super::ConsumerGroup;
use super::assignment::Partitions;
use super::assignor::{Assignor, GroupSpec, MemberSpec};
use super::member::ConsumerMember;
use crate::group::MemberId;
use crate::group::catalog::TopicCatalog;
use crate::ids::GroupEpoch;
use std::collections::BTreeMap;
use tracing::debug;

/// The target of all members.
#[derive(Debug, Default)]
#[cfg_attr(test, derive(Clone))]
pub(super) struct TargetAssignment {
    by_member: BTreeMap<MemberId, Partitions>,
    /// The group's epoch that the target belongs to; 0 before the first one.
    epoch: GroupEpoch,
    /// The time at which it was computed; `None` before the first one, and after the last member has left.
    computed_at_ms: Option<i64>,
}

/// The target of a member that has none.
static NOTHING: Partitions = Partitions::new();

impl TargetAssignment {
    /// Returns the epoch of the target; 0 before the first one.
    pub(super) fn epoch(&self) -> GroupEpoch {
        self.epoch
    }

    /// Returns the target of a member.
    pub(super) fn get(&self, member_id: &str) -> &Partitions {
        self.by_member.get(member_id).unwrap_or(&NOTHING)
    }

    /// Returns true if another target may be computed. Source: `canComputeNextTargetAssignment`.
    pub(super) fn is_replaceable(&self, now_ms: i64, interval_ms: i32) -> bool {
        let Some(computed_at_ms) = self.computed_at_ms else {
            return true;
        };
        interval_ms == 0 || now_ms >= computed_at_ms + i64::from(interval_ms)
    }

    /// Sets the target of one member.
    pub(super) fn set(&mut self, member_id: MemberId, partitions: Partitions) {
        self.by_member.insert(member_id, partitions);
    }

    /// Removes the target of one member, and returns it.
    pub(super) fn remove(&mut self, member_id: &str) -> Partitions {
        self.by_member.remove(member_id).unwrap_or_default()
    }

    /// Makes the target that of an epoch.
    pub(super) fn reach(&mut self, epoch: GroupEpoch, computed_at_ms: Option<i64>) {
        self.epoch = epoch;
        self.computed_at_ms = computed_at_ms;
    }
}

impl ConsumerGroup {
    /// Computes a target for the group's epoch by the assignor, unless there is one or the last one is too young.
    pub(super) fn update_target(&mut self, now_ms: i64, catalog: &TopicCatalog, assignor: Assignor) {
        let interval_ms = self.config.assignment_interval_ms;
        if self.target.epoch() >= self.epoch || !self.target.is_replaceable(now_ms, interval_ms) {
            return;
        }
        let spec = self.spec(catalog);
        let targets = assignor.assign(&spec);
        for (member, target) in spec.members.into_iter().zip(targets) {
            self.set_target(member.member_id, target);
        }
        self.reach_target(self.epoch, Some(now_ms));
        debug!(
            epoch = self.epoch.0,
            assignor = assignor.name(),
            "target assignment computed"
        );
    }

    /// Returns the assignor that most members prefer; without a preference the first that the broker has. Among equals `uniform` wins, as
    /// in the order of Kafka's `TimelineHashMap`. Source: `ConsumerGroup.preferredServerAssignor`.
    pub(super) fn preferred_assignor(&self) -> Assignor {
        self.most_preferred(self.votes())
    }

    /// Returns the assignor that most members will prefer when `member` has become `updated`. Source:
    /// `ConsumerGroup.computePreferredServerAssignor`.
    ///
    /// Among equals the one wins that `updated` is the first to vote for: Kafka takes the vote out of a `HashMap` and puts it in again,
    /// which puts the name before the other one, as both have the same bucket. So a member that alone votes for `range` beside another for
    /// `uniform` changes the preference, and the group's epoch, with each of its heartbeats.
    pub(super) fn preferred_assignor_after(
        &self,
        member: &ConsumerMember,
        updated: &ConsumerMember,
    ) -> Assignor {
        let mut votes = self.votes();
        if let Some(position) = position(&votes, member.server_assignor) {
            votes[position].1 -= 1;
            votes.retain(|(_, count)| *count > 0);
        }
        match (position(&votes, updated.server_assignor), updated.server_assignor) {
            (Some(position), _) => votes[position].1 += 1,
            (None, Some(assignor)) => votes.insert(0, (assignor, 1)),
            (None, None) => {}
        }
        self.most_preferred(votes)
    }

    /// Returns the number of members that prefer each assignor; `uniform` first.
    fn votes(&self) -> Vec<(Assignor, usize)> {
        let mut counts: BTreeMap<Assignor, usize> = BTreeMap::new();
        for assignor in self.members.values().filter_map(|member| member.server_assignor) {
            *counts.entry(assignor).or_default() += 1;
        }
        counts.into_iter().collect()
    }

    fn most_preferred(&self, votes: Vec<(Assignor, usize)>) -> Assignor {
        let most = votes.iter().map(|(_, count)| *count).max();
        let preferred = votes.into_iter().find(|(_, count)| Some(*count) == most);
        preferred.map_or(self.limits.assignors[0], |(assignor, _)| assignor)
    }

    fn spec(&self, catalog: &TopicCatalog) -> GroupSpec {
        let mut partition_counts = BTreeMap::new();
        let mut members = Vec::with_capacity(self.members.len());
        for member in self.members.values() {
            let topics = self.subscriptions.topics_of(member, catalog);
            members.push(MemberSpec {
                member_id: member.id.clone(),
                group_instance_id: member.group_instance_id.clone(),
                topics: topics.keys().copied().collect(),
                assigned: self.target.get(&member.id).clone(),
            });
            partition_counts.extend(topics);
        }
        sort_as_java(&mut members);
        GroupSpec {
            is_homogeneous: self.subscriptions.is_homogeneous(members.len()),
            members,
            partition_counts,
        }
    }
}

fn position(votes: &[(Assignor, usize)], assignor: Option<Assignor>) -> Option<usize> {
    votes.iter().position(|(voted, _)| Some(*voted) == assignor)
}

/// Sorts members as Kafka's builder goes through them: in the order of a Java `HashMap` by member id. The first members get one partition
/// more if the division leaves a rest, so that this order is visible.
fn sort_as_java(members: &mut [MemberSpec]) {
    /// The size of a new `HashMap`, which doubles when it is three quarters full.
    const FIRST_CAPACITY: usize = 16;
    let mut capacity = FIRST_CAPACITY;
    while members.len() * 4 > capacity * 3 {
        capacity *= 2;
    }
    members.sort_by_cached_key(|member| {
        // Java's `String.hashCode`, and the spread of `HashMap`.
        let hash = member.member_id.encode_utf16().fold(0u32, |hash, unit| {
            hash.wrapping_mul(31).wrapping_add(u32::from(unit))
        });
        (hash ^ (hash >> 16)) as usize & (capacity - 1)
    });
}
