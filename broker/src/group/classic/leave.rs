//! The ways in which members go: LeaveGroup, a session that ends, a SyncGroup that does not come.
//!
//! Source: `GroupMetadataManager.classicGroupLeaveToClassicGroup`, `expireClassicGroupMemberHeartbeat`, `expirePendingSync`.

use super::*;
use tracing::info;

impl ClassicGroup {
    /// Removes members by member id or, static members, by instance id. Returns one result each, in order.
    pub(crate) fn leave(
        &mut self,
        now_ms: i64,
        leavers: &[Leaver],
    ) -> (Vec<Result<(), MembershipError>>, Vec<Effect>) {
        let results: Vec<_> = leavers.iter().map(|leaver| self.leave_one(leaver)).collect();
        // All leavers cause one rebalance together.
        if results.iter().any(Result::is_ok) {
            match self.state {
                ClassicGroupState::Stable | ClassicGroupState::CompletingRebalance => {
                    self.rebalance_or_complete_join(now_ms, "a member left");
                }
                // The rebalance may have waited only for those that left.
                ClassicGroupState::PreparingRebalance => self.maybe_complete_join(now_ms),
                ClassicGroupState::Empty => {}
            }
        }
        (results, self.take_effects())
    }

    fn leave_one(&mut self, leaver: &Leaver) -> Result<(), MembershipError> {
        let instance = leaver.group_instance_id.as_deref();
        let member_id = if leaver.member_id.is_empty() {
            let holder = instance.and_then(|instance| self.members.by_instance(instance));
            Arc::clone(holder.ok_or(MembershipError::UnknownMemberId)?)
        } else {
            Arc::clone(&leaver.member_id)
        };
        // A pending member has no instance id to be checked, and may give up before it has joined.
        if !leaver.member_id.is_empty() && !self.members.is_pending(&member_id) {
            self.members.validate(&member_id, instance)?;
        }
        debug!(
            %member_id,
            group_instance_id = instance,
            generation_id = self.generation_id.0,
            reason = leaver.reason.as_deref().unwrap_or("not provided"),
            "member leaves"
        );
        self.answer_join(&member_id, Err(MembershipError::UnknownMemberId.into()));
        self.remove_member(&member_id);
        Ok(())
    }

    /// Removes a member that sent no heartbeat, or a pending member that did not join, for its session timeout.
    pub(super) fn expire_session(&mut self, member_id: &MemberId, now_ms: i64) {
        if self.members.is_pending(member_id) {
            debug!(%member_id, reason = "it did not join within its session timeout", "pending member removed");
            self.remove_member(member_id);
            // The rebalance may have waited for this member only.
            if self.state == ClassicGroupState::PreparingRebalance && self.members.have_all_joined() {
                self.complete_join(now_ms, "all members have joined");
            }
            return;
        }
        let Some(member) = self.members.get(member_id) else {
            return;
        };
        // A parked request shows that the member is alive. Its session begins again with the answer.
        if member.has_satisfied_heartbeat() {
            return;
        }
        self.expel(member_id, "no heartbeat within its session timeout");
        match self.state {
            ClassicGroupState::Stable | ClassicGroupState::CompletingRebalance => {
                self.rebalance_or_complete_join(now_ms, "the session of a member ended");
            }
            ClassicGroupState::PreparingRebalance if self.members.have_all_joined() => {
                self.complete_join(now_ms, "all members have joined");
            }
            _ => {}
        }
    }

    /// Removes members that joined the generation and did not ask for their assignment.
    pub(super) fn expire_sync(&mut self, now_ms: i64) {
        // A member that has not asked for its assignment leaves its partitions unread, even if the group is
        // stable and its heartbeats go on.
        let is_due = matches!(
            self.state,
            ClassicGroupState::CompletingRebalance | ClassicGroupState::Stable
        );
        if !is_due || self.members.pending_sync.is_empty() {
            return;
        }
        for member_id in std::mem::take(&mut self.members.pending_sync) {
            self.expel(&member_id, "no SyncGroup within the rebalance timeout");
        }
        self.prepare_rebalance(now_ms, "members sent no SyncGroup");
    }

    /// Removes a member that did not leave by itself. A parked JoinGroup of it is told that the member is unknown.
    pub(super) fn expel(&mut self, member_id: &MemberId, reason: &'static str) {
        info!(%member_id, generation_id = self.generation_id.0, reason, "member removed");
        // A client that is still there joins anew after this error.
        self.answer_join(member_id, Err(MembershipError::UnknownMemberId.into()));
        self.remove_member(member_id);
    }

    /// Removes a member or a pending member, its timer and its leadership, and answers its parked SyncGroup. The caller has answered
    /// its parked JoinGroup.
    pub(super) fn remove_member(&mut self, member_id: &str) {
        if let Some(member) = self.members.remove(member_id) {
            let unknown = MembershipError::UnknownMemberId;
            let sync = member.awaiting_sync;
            self.effects
                .extend(sync.map(|ticket| Effect::AnswerSync(ticket, Err(unknown.into()))));
        }
        self.timers.cancel(&Timer::Session(member_id.into()));
        if self.is_leader(member_id) {
            // Kafka takes any of the others too; the rebalance that follows elects one that has joined.
            self.leader = self.members.iter().next().map(|member| Arc::clone(&member.id));
        }
    }
}
