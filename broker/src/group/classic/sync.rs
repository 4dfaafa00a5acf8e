//! SyncGroup: the leader brings the assignments, everybody takes theirs.
//!
//! Source: `GroupMetadataManager.classicGroupSyncToClassicGroup` and what it calls.

use super::*;
use std::collections::BTreeMap;

impl ClassicGroup {
    /// A member asks for its assignment; the leader brings everybody's. Answered at once in a stable group, otherwise when the leader has
    /// synced or the generation fails.
    pub(crate) fn sync(&mut self, now_ms: i64, ticket: Ticket, request: &SyncRequest) -> Vec<Effect> {
        if let Err(error) = self.validate_sync(request) {
            return vec![Effect::AnswerSync(ticket, Err(error))];
        }
        let member_id = &request.membership.member_id;
        self.members.pending_sync.remove(member_id);
        if self.members.pending_sync.is_empty() {
            self.timers.cancel(&Timer::Sync);
        }
        if self.state == GroupState::Stable {
            let assignment = self.members.get(member_id).map(Member::assignment);
            let synced = self.synced(assignment.unwrap_or_default());
            return vec![Effect::AnswerSync(ticket, Ok(synced))];
        }
        let member = self.members.get_mut(member_id).expect("just validated");
        if let Some(superseded) = member.awaiting_sync.replace(ticket) {
            self.effects
                .push(Effect::AnswerSync(superseded, Err(SyncError::Superseded)));
        }
        if self.is_leader(member_id) {
            self.assign(now_ms, &request.assignments);
        }
        self.take_effects()
    }

    /// How much more memory the group takes with the assignments that the request brings.
    pub(crate) fn sync_growth_bytes(&self, request: &SyncRequest) -> usize {
        if request.assignments.is_empty() {
            return 0;
        }
        let before: usize = self.members.iter().map(|member| member.assignment().len()).sum();
        let after: usize = request.assignments.iter().map(|(_, bytes)| bytes.len()).sum();
        after.saturating_sub(before)
    }

    fn validate_sync(&self, request: &SyncRequest) -> Result<(), SyncError> {
        match self.state {
            GroupState::Dead => return Err(SyncError::Dead),
            GroupState::Empty => return Err(MembershipError::UnknownMemberId.into()),
            _ => {}
        }
        self.validate(&request.membership)?;
        if request.membership.generation_id != self.generation_id {
            return Err(SyncError::IllegalGeneration {
                given: request.membership.generation_id,
                current: self.generation_id,
            });
        }
        let differs = |given: &Option<Arc<str>>, ours: &Option<Arc<str>>| given.is_some() && given != ours;
        if differs(&request.protocol_type, &self.protocol_type)
            || differs(&request.protocol_name, &self.protocol_name)
        {
            return Err(SyncError::InconsistentProtocol);
        }
        if self.state == GroupState::PreparingRebalance {
            return Err(SyncError::RebalanceInProgress);
        }
        Ok(())
    }

    /// The leader has assigned: the generation is stable. A member that the leader forgot gets nothing, as in Kafka: no bytes at all.
    fn assign(&mut self, now_ms: i64, assignments: &[(MemberId, Bytes)]) {
        let mut assignments: BTreeMap<_, _> = assignments.iter().map(|(id, bytes)| (id, bytes)).collect();
        self.members
            .assign(|member_id| assignments.remove(member_id).cloned().unwrap_or_default());
        for member_id in self.members.ids() {
            self.answer_sync(now_ms, &member_id, None);
        }
        self.transition(GroupState::Stable, now_ms);
    }

    /// The generation failed before the leader had assigned.
    pub(super) fn reset_assignments(&mut self, now_ms: i64) {
        self.members.assign(|_| Bytes::new());
        for member_id in self.members.ids() {
            self.answer_sync(now_ms, &member_id, Some(SyncError::RebalanceInProgress));
        }
    }

    /// Answers the member's parked SyncGroup. Its session begins anew: while the request was parked it did not count.
    fn answer_sync(&mut self, now_ms: i64, member_id: &MemberId, error: Option<SyncError>) {
        let member = self.members.get_mut(member_id).expect("listed a moment ago");
        let Some(ticket) = member.awaiting_sync.take() else {
            return;
        };
        let assignment = member.assignment();
        let answer = match error {
            None => Ok(self.synced(assignment)),
            Some(error) => Err(error),
        };
        self.effects.push(Effect::AnswerSync(ticket, answer));
        self.arm_session(member_id, now_ms);
    }

    fn synced(&self, assignment: Bytes) -> Synced {
        Synced {
            protocol_type: self.protocol_type.clone(),
            protocol_name: self.protocol_name.clone(),
            assignment,
        }
    }
}
