//! Static members (KIP-345) that join without a member id: after a restart they take over their instance id and their assignment.

use super::*;

impl ClassicGroup {
    pub(super) fn join_static(
        &mut self,
        now_ms: i64,
        ticket: Ticket,
        joiner: &Joiner,
    ) -> Result<Option<Joined>, JoinError> {
        let instance = joiner.request.group_instance_id.as_deref().unwrap_or_default();
        match self.members.by_instance(instance).cloned() {
            Some(old_id) => Ok(self.replace_static_member(&old_id, now_ms, ticket, joiner)),
            None => {
                self.add_member(Arc::clone(&joiner.new_member_id), now_ms, ticket, joiner);
                Ok(None)
            }
        }
    }

    /// Gives the member that holds the instance id a new member id. The old id is fenced, the assignment stays.
    /// Source: `updateStaticMemberThenRebalanceOrCompleteJoin`.
    fn replace_static_member(
        &mut self,
        old_id: &MemberId,
        now_ms: i64,
        ticket: Ticket,
        joiner: &Joiner,
    ) -> Option<Joined> {
        let request = &joiner.request;
        // Fencing below replaces the leader's id, but old clients are told the one before.
        let old_leader = self.leader.clone().unwrap_or_default();
        let new_id = &joiner.new_member_id;
        debug!(
            member_id = %new_id,
            old_member_id = %old_id,
            group_instance_id = request.group_instance_id.as_deref(),
            generation_id = self.generation_id.0,
            reason = request.reason.as_deref().unwrap_or("not provided"),
            "static member returns"
        );
        self.fence_member(old_id, new_id);
        self.update_member(new_id, ticket, request);
        self.renew_session(now_ms, new_id);

        let reason = match self.state {
            ClassicGroupState::Stable if self.members.elect_protocol() == self.protocol_name => {
                // A static member that returns with the same metadata moves no partition: that is what
                // KIP-345 is for. The answer goes out now, so the request is not parked any more.
                self.members.take_join(new_id);
                // The member's new id and timeouts have to be known after a restart.
                self.store();
                return Some(self.rejoined_static(new_id, old_leader, request));
            }
            ClassicGroupState::Stable => "the return of a static member changes the protocol",
            // The leader may be assigning to the old id right now.
            ClassicGroupState::CompletingRebalance => "a static member returned before the assignment",
            _ => "a static member joined",
        };
        self.rebalance_or_complete_join(now_ms, reason);
        None
    }

    fn fence_member(&mut self, old_id: &MemberId, new_id: &MemberId) {
        let (join, sync) = self.members.replace(old_id, Arc::clone(new_id));
        // Two processes with one instance id would read the same partitions, so the older one is stopped at
        // once and not at its next heartbeat.
        let fenced = MembershipError::FencedInstanceId;
        let join = join.map(|ticket| Effect::AnswerJoin(ticket, Err(fenced.into())));
        let sync = sync.map(|ticket| Effect::AnswerSync(ticket, Err(fenced.into())));
        self.effects.extend(join.into_iter().chain(sync));
        if self.is_leader(old_id) {
            self.leader = Some(Arc::clone(new_id));
        }
        self.timers.cancel(&Timer::Session(Arc::clone(old_id)));
        // The old id may have been the last one that owed a SyncGroup.
        if self.members.pending_sync.is_empty() {
            self.timers.cancel(&Timer::Sync);
        }
    }

    /// Returns the answer to a static member that returns to a stable generation. A leader must not assign again. Before version 9 the
    /// answer cannot say so; it then names the leader by its old id, which the member does not take for itself.
    fn rejoined_static(&self, member_id: &MemberId, old_leader: MemberId, request: &JoinRequest) -> Joined {
        let joined = self.joined(member_id);
        if request.supports_skipping_assignment {
            return Joined {
                skip_assignment: self.is_leader(member_id),
                ..joined
            };
        }
        Joined {
            leader: old_leader,
            members: Vec::new(),
            ..joined
        }
    }
}
