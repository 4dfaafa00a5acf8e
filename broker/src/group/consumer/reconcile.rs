//! The way of one member from its assignment to the target: what it has to give up first, what it may have now, and what others still
//! hold. A partition goes to a member only when nobody has it.
//!
//! Source: Kafka's `CurrentAssignmentBuilder`.

use super::assignment::{AssignedPartitions, Partitions, iter_assigned};
use super::member::{ConsumerMember, MemberState};
use super::requests::OwnedPartitions;
use crate::ids::GroupEpoch;
use std::collections::BTreeSet;
use uuid::Uuid;

/// The target and the circumstances that a member is reconciled with.
pub(super) struct Reconciliation<'a> {
    pub(super) target_epoch: GroupEpoch,
    pub(super) target: &'a Partitions,
    /// The existing topics that the member subscribes to now. The target may be older.
    pub(super) subscribed: BTreeSet<Uuid>,
    pub(super) has_subscription_changed: bool,
    /// The partitions that the member says it owns; `None` if it says nothing.
    pub(super) owned: Option<&'a [OwnedPartitions]>,
    /// Returns true if a member has the partition, or has to give it up.
    pub(super) is_held: &'a dyn Fn(Uuid, i32) -> bool,
}

impl Reconciliation<'_> {
    /// Moves the member as far as it may go now.
    pub(super) fn apply(&self, member: &mut ConsumerMember) {
        match member.state {
            MemberState::Stable if member.epoch != self.target_epoch => self.advance(member),
            MemberState::UnrevokedPartitions if !self.owns_any(&member.pending_revocation) => {
                self.advance(member);
            }
            MemberState::UnreleasedPartitions => self.advance(member),
            MemberState::Stable | MemberState::UnrevokedPartitions => {
                if self.has_subscription_changed {
                    self.give_up_unsubscribed(member);
                }
            }
        }
    }

    /// Returns true if the member still owns any of the partitions. A member that says nothing may own all of them.
    fn owns_any(&self, partitions: &AssignedPartitions) -> bool {
        let Some(owned) = self.owned else {
            return true;
        };
        owned.iter().any(|owned| {
            let of_topic = partitions.get(&owned.topic);
            of_topic.is_some_and(|of_topic| owned.partitions.iter().any(|one| of_topic.contains_key(one)))
        })
    }

    /// Takes topics from the member that it no longer subscribes to, before there is a new target.
    fn give_up_unsubscribed(&self, member: &mut ConsumerMember) {
        let mut kept = member.assigned.clone();
        kept.retain(|topic, _| self.subscribed.contains(topic));
        if kept.len() == member.assigned.len() {
            return;
        }
        let given_up = std::mem::replace(&mut member.assigned, kept);
        let mut pending = member.pending_revocation.clone();
        for (topic, of_topic) in given_up {
            if !self.subscribed.contains(&topic) {
                pending.entry(topic).or_default().extend(of_topic);
            }
        }
        // As in Kafka, the epoch stays but counts as reached again, so that the one before is the same.
        member.advance(member.epoch);
        if self.owns_any(&pending) {
            member.state = MemberState::UnrevokedPartitions;
            member.pending_revocation = pending;
        }
    }

    fn advance(&self, member: &mut ConsumerMember) {
        let is_target = |topic: Uuid, partition: i32| {
            self.subscribed.contains(&topic)
                && self
                    .target
                    .get(&topic)
                    .is_some_and(|of_topic| of_topic.contains(&partition))
        };
        let mut assigned = AssignedPartitions::new();
        let mut to_revoke = AssignedPartitions::new();
        for (topic, of_topic) in &member.assigned {
            for (partition, epoch) in of_topic {
                let side = if is_target(*topic, *partition) {
                    &mut assigned
                } else {
                    &mut to_revoke
                };
                side.entry(*topic).or_default().insert(*partition, *epoch);
            }
        }
        if !to_revoke.is_empty() && self.owns_any(&to_revoke) {
            // The member stays at its epoch until it no longer reports these partitions.
            member.state = MemberState::UnrevokedPartitions;
            member.advance(member.epoch);
            member.assigned = assigned;
            member.pending_revocation = to_revoke;
            return;
        }
        let mut has_unreleased = false;
        for (topic, of_topic) in self
            .target
            .iter()
            .filter(|(topic, _)| self.subscribed.contains(topic))
        {
            for partition in of_topic {
                if member
                    .assigned
                    .get(topic)
                    .is_some_and(|held| held.contains_key(partition))
                {
                    continue;
                }
                let was_own = member
                    .pending_revocation
                    .get(topic)
                    .is_some_and(|own| own.contains_key(partition));
                if was_own || !(self.is_held)(*topic, *partition) {
                    assigned
                        .entry(*topic)
                        .or_default()
                        .insert(*partition, self.target_epoch);
                } else {
                    has_unreleased = true;
                }
            }
        }
        member.state = if has_unreleased {
            MemberState::UnreleasedPartitions
        } else {
            MemberState::Stable
        };
        member.advance(self.target_epoch);
        member.assigned = assigned;
        member.pending_revocation = AssignedPartitions::new();
    }
}

/// Returns true if all that the member says it owns is among the partitions; false if it says nothing.
/// Source: `GroupMetadataManager.isSubset`.
pub(super) fn is_subset(owned: Option<&[OwnedPartitions]>, partitions: &AssignedPartitions) -> bool {
    let Some(owned) = owned else {
        return false;
    };
    owned.iter().all(|owned| {
        let of_topic = partitions.get(&owned.topic);
        of_topic.is_some_and(|of_topic| owned.partitions.iter().all(|one| of_topic.contains_key(one)))
    })
}

/// Returns the partitions that the member has or has to give up.
pub(super) fn held(member: &ConsumerMember) -> impl Iterator<Item = (Uuid, i32)> {
    iter_assigned(&member.assigned).chain(iter_assigned(&member.pending_revocation))
}
