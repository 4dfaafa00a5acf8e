//! The only place where the lasting state of a consumer group changes: what Kafka writes to `__consumer_offsets`, one record a change. The
//! rest, timers and the turns of expressions, is made anew after a restart of the coordinator.
//!
//! Source: the `replay` methods of Kafka's `GroupMetadataManager`, whose records each method names.

use super::ConsumerGroup;
use super::assignment::Partitions;
use super::member::ConsumerMember;
use super::reconcile::held;
use crate::group::MemberId;
use crate::ids::GroupEpoch;
use std::sync::Arc;

impl ConsumerGroup {
    /// Adds or replaces a member: `ConsumerGroupMemberMetadata` and `ConsumerGroupCurrentMemberAssignment`.
    pub(super) fn set_member(&mut self, member: ConsumerMember) {
        if let Some(before) = self.members.remove(&member.id) {
            self.forget_member(&before);
        }
        self.subscriptions.add(&member);
        for partition in held(&member) {
            self.owners.insert(partition, member.epoch);
        }
        if let Some(instance) = &member.group_instance_id {
            self.static_members
                .insert(Arc::clone(instance), Arc::clone(&member.id));
        }
        self.members_bytes += member.held_bytes();
        self.members.insert(Arc::clone(&member.id), member);
    }

    /// Removes a member and its target: the tombstones of all records of a member.
    pub(super) fn remove_member(&mut self, member_id: &MemberId) -> Option<(ConsumerMember, Partitions)> {
        let member = self.members.remove(member_id)?;
        self.forget_member(&member);
        Some((member, self.target.remove(member_id)))
    }

    fn forget_member(&mut self, member: &ConsumerMember) {
        self.members_bytes -= member.held_bytes();
        self.subscriptions.remove(member);
        for partition in held(member) {
            // A partition that has another epoch meanwhile belongs to another member.
            if self.owners.get(&partition) == Some(&member.epoch) {
                self.owners.remove(&partition);
            }
        }
        if let Some(instance) = &member.group_instance_id {
            self.static_members.remove(instance);
        }
    }

    /// Sets the target of a member: `ConsumerGroupTargetAssignmentMember`.
    pub(super) fn set_target(&mut self, member_id: MemberId, partitions: Partitions) {
        self.target.set(member_id, partitions);
    }

    /// Makes the target that of an epoch: `ConsumerGroupTargetAssignmentMetadata`.
    pub(super) fn reach_target(&mut self, epoch: GroupEpoch, computed_at_ms: Option<i64>) {
        self.target.reach(epoch, computed_at_ms);
    }

    /// Moves the group to its next epoch: `ConsumerGroupMetadata`.
    pub(super) fn bump_epoch(&mut self) {
        self.epoch = GroupEpoch(self.epoch.0 + 1);
    }
}
