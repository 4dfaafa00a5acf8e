//! The only place where the lasting state of a consumer group changes: what Kafka writes to `__consumer_offsets`, one record a change. The
//! rest, timers and the turns of expressions, is made anew after a restart of the coordinator.
//!
//! Source: the `replay` methods of Kafka's `GroupMetadataManager`, whose records each method names.

use super::assignment::Partitions;
use super::member::ConsumerMember;
use super::reconcile::held;
use super::{ConsumerGroup, records};
use crate::group::MemberId;
use crate::group::catalog::TopicCatalog;
use crate::ids::GroupEpoch;
use std::sync::Arc;

impl ConsumerGroup {
    /// Adds or replaces a member: `ConsumerGroupMemberMetadata` and `ConsumerGroupCurrentMemberAssignment`.
    pub(super) fn set_member(&mut self, member: ConsumerMember) {
        let before = self.members.remove(&member.id);
        if let Some(before) = &before {
            self.forget_member(before);
        }
        self.keep_member(before, &member);
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
        records::member_removed(&mut self.records, &self.group_id, member_id);
        self.forget_member(&member);
        Some((member, self.target.remove(member_id)))
    }

    /// Notes the records of a member that differ from those before. A member that has just joined has had no epoch and no partitions.
    fn keep_member(&mut self, before: Option<ConsumerMember>, member: &ConsumerMember) {
        let is_new = before.is_none();
        let before = before.unwrap_or_else(|| ConsumerMember::new(Arc::clone(&member.id)));
        // The same member at the epoch and with the partitions of before.
        let unmoved = ConsumerMember {
            state: before.state,
            epoch: before.epoch,
            previous_epoch: before.previous_epoch,
            assigned: before.assigned.clone(),
            pending_revocation: before.pending_revocation.clone(),
            ..member.clone()
        };
        if is_new || unmoved != before {
            records::subscription(&mut self.records, &self.group_id, member);
        }
        if unmoved != *member {
            records::current_assignment(&mut self.records, &self.group_id, member);
        }
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
        if *self.target.get(&member_id) != partitions {
            records::target(&mut self.records, &self.group_id, &member_id, &partitions);
        }
        self.target.set(member_id, partitions);
    }

    /// Makes the target that of an epoch: `ConsumerGroupTargetAssignmentMetadata`.
    pub(super) fn reach_target(&mut self, epoch: GroupEpoch, computed_at_ms: Option<i64>) {
        records::target_epoch(&mut self.records, &self.group_id, epoch, computed_at_ms);
        self.target.reach(epoch, computed_at_ms);
    }

    /// Moves the group to its next epoch: `ConsumerGroupMetadata`.
    pub(super) fn bump_epoch(&mut self) {
        self.set_epoch(GroupEpoch(self.epoch.0 + 1));
    }

    /// Moves the group to an epoch: `ConsumerGroupMetadata`.
    pub(super) fn set_epoch(&mut self, epoch: GroupEpoch) {
        self.epoch = epoch;
        records::epoch(&mut self.records, &self.group_id, self.epoch);
    }

    /// Searches the topics of all regular expressions: `ConsumerGroupRegularExpression`. Returns true if any has other topics than before.
    pub(super) fn resolve_expressions(&mut self, now_ms: i64, catalog: &TopicCatalog) -> bool {
        let has_changed = self.subscriptions.resolve(now_ms, catalog);
        for (regex, resolved) in self.subscriptions.all_resolved() {
            records::expression(&mut self.records, &self.group_id, regex, resolved);
        }
        has_changed
    }

    /// Forgets the regular expressions that no member subscribes to any more: their tombstones.
    pub(super) fn forget_unused_expressions(&mut self) {
        for regex in self.subscriptions.forget_unused() {
            records::expression_removed(&mut self.records, &self.group_id, &regex);
        }
    }
}
