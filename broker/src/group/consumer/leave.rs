//! The ways in which members go: a heartbeat that leaves, and a time that has run out.
//!
//! Source: `GroupMetadataManager.consumerGroupLeave`, `consumerGroupFenceMembers`.

use super::assignment::{AssignedPartitions, with_epoch, without_epochs};
use super::requests::LEAVE_STATIC_EPOCH;
use super::{ConsumerGroup, Downgrade, HeartbeatAnswer, HeartbeatError, HeartbeatRequest};
use crate::group::MemberId;
use crate::ids::{GenerationId, GroupEpoch};
use std::sync::Arc;
use tracing::debug;

impl ConsumerGroup {
    pub(super) fn leave(&mut self, request: &HeartbeatRequest) -> Result<HeartbeatAnswer, HeartbeatError> {
        let member_id = match &request.group_instance_id {
            None => {
                let member = self.members.get(&request.member_id);
                Arc::clone(&member.ok_or_else(|| self.unknown_member(&request.member_id))?.id)
            }
            Some(instance) => {
                let holder = self.static_member(instance);
                Arc::clone(&self.check_static_member(holder, &request.member_id, instance)?.id)
            }
        };
        debug!(%member_id, epoch = self.epoch.0, member_epoch = request.member_epoch, "member leaves");
        // A member without an instance id cannot return, whatever it says.
        if request.member_epoch == LEAVE_STATIC_EPOCH && request.group_instance_id.is_some() {
            self.leave_for_a_while(&member_id);
        } else {
            self.remove_members(&[member_id]);
        }
        Ok(HeartbeatAnswer {
            member_id: Arc::clone(&request.member_id),
            member_epoch: request.member_epoch,
            heartbeat_interval_ms: 0,
            assignment: None,
        })
    }

    /// Keeps the partitions of a static member for its return. Its session goes on from its last heartbeat.
    /// Source: `consumerGroupStaticMemberGroupLeave`.
    fn leave_for_a_while(&mut self, member_id: &MemberId) {
        let mut member = self.members[member_id].clone();
        member.epoch = GroupEpoch(LEAVE_STATIC_EPOCH);
        member.pending_revocation = AssignedPartitions::new();
        // Whoever returns may commit at once, so its partitions count as assigned from the beginning.
        member.assigned = with_epoch(&without_epochs(&member.assigned), GroupEpoch(0));
        self.set_member(member);
    }

    /// Removes members for good, and moves the group to its next epoch. The next heartbeat of another member computes its target. If only
    /// members of the classic protocol are left, the group becomes a classic one instead, whose members have to join again.
    pub(super) fn remove_members(&mut self, member_ids: &[MemberId]) {
        if self.leaves_only_classic(member_ids, member_ids.len()) {
            self.downgrade = Some(Downgrade {
                leaving: member_ids.to_vec(),
                generation_id: GenerationId(self.epoch.0),
                needs_rebalance: true,
            });
            return;
        }
        for member_id in member_ids {
            self.remove_member(member_id);
            self.cancel_timers(member_id);
        }
        self.forget_unused_expressions();
        let catalog = self.catalog.get();
        self.compare_metadata(true, &catalog);
        if self.members.is_empty() {
            // There is nobody to assign to, so that the target is reached.
            self.reach_target(self.epoch, None);
        }
    }
}
