//! SyncGroup: the leader brings the assignments, and each member gets its own.
//!
//! Source: `GroupMetadataManager.classicGroupSyncToClassicGroup` and the methods that it calls.

use super::*;
use std::collections::BTreeMap;

impl ClassicGroup {
    /// Gives a member its assignment. The answer comes at once in a stable group, otherwise when the leader has sent its SyncGroup or
    /// another rebalance begins.
    pub(crate) fn sync(&mut self, now_ms: i64, ticket: Ticket, request: &SyncRequest) -> Vec<Effect> {
        if let Err(error) = self.validate_sync(request) {
            return vec![Effect::AnswerSync(ticket, Err(error))];
        }
        let member_id = &request.membership.member_id;
        self.members.pending_sync.remove(member_id);
        if self.members.pending_sync.is_empty() {
            self.timers.cancel(&Timer::Sync);
        }
        // A member may ask after the leader has assigned, or again if it did not get the answer.
        if self.state == ClassicGroupState::Stable {
            let assignment = self.members.get(member_id).map(Member::assignment);
            let synced = self.synced(assignment.unwrap_or_default());
            return vec![Effect::AnswerSync(ticket, Ok(synced))];
        }
        let member = self.members.get_mut(member_id).expect("just validated");
        if let Some(superseded) = member.awaiting_sync.replace(ticket) {
            // The client no longer waits for its earlier request, but each parked request is answered once.
            self.effects
                .push(Effect::AnswerSync(superseded, Err(SyncError::Superseded)));
        }
        if self.is_leader(member_id) {
            self.assign(now_ms, &request.assignments);
        }
        self.take_effects()
    }

    /// Returns the additional memory of the group with the assignments of the request.
    pub(crate) fn sync_growth_bytes(&self, request: &SyncRequest) -> usize {
        // Only the leader sends assignments. The others get theirs even if the groups have no memory left.
        if request.assignments.is_empty() {
            return 0;
        }
        let before: usize = self.members.iter().map(|member| member.assignment().len()).sum();
        let after: usize = request.assignments.iter().map(|(_, bytes)| bytes.len()).sum();
        after.saturating_sub(before)
    }

    fn validate_sync(&self, request: &SyncRequest) -> Result<(), SyncError> {
        if self.state == ClassicGroupState::Empty {
            return Err(MembershipError::UnknownMemberId.into());
        }
        self.validate_member(&request.membership)?;
        self.validate_generation(&request.membership)?;
        let differs = |given: &Option<Arc<str>>, ours: &Option<Arc<str>>| given.is_some() && given != ours;
        if differs(&request.protocol_type, &self.protocol_type)
            || differs(&request.protocol_name, &self.protocol_name)
        {
            return Err(SyncError::InconsistentProtocol);
        }
        // This comes last, as in Kafka: a client that was removed must hear that first, and join without its
        // id.
        if self.state == ClassicGroupState::PreparingRebalance {
            return Err(SyncError::RebalanceInProgress);
        }
        Ok(())
    }

    /// Takes over the leader's assignments and makes the generation stable. A member that the leader left out gets an assignment of no
    /// bytes, as in Kafka.
    fn assign(&mut self, now_ms: i64, assignments: &[(MemberId, Bytes)]) {
        let mut assignments: BTreeMap<_, _> = assignments.iter().map(|(id, bytes)| (id, bytes)).collect();
        self.members
            .assign(|member_id| assignments.remove(member_id).cloned().unwrap_or_default());
        // As in Kafka, the generation is kept before any member hears of its assignment, and before the state changes.
        self.store();
        for member_id in self.members.ids() {
            self.answer_sync(now_ms, &member_id, None);
        }
        self.transition(ClassicGroupState::Stable, now_ms, "the leader has assigned");
    }

    /// Tells members that wait for their assignment of a rebalance that began before the leader had assigned.
    pub(super) fn reset_assignments(&mut self, now_ms: i64) {
        self.members.assign(|_| Bytes::new());
        for member_id in self.members.ids() {
            self.answer_sync(now_ms, &member_id, Some(SyncError::RebalanceInProgress));
        }
    }

    /// Answers the member's parked SyncGroup and renews its session, which did not run while the request was parked.
    fn answer_sync(&mut self, now_ms: i64, member_id: &MemberId, error: Option<SyncError>) {
        let member = self.members.get_mut(member_id).expect("only members are listed");
        let Some(ticket) = member.awaiting_sync.take() else {
            return;
        };
        let assignment = member.assignment();
        let answer = match error {
            None => Ok(self.synced(assignment)),
            Some(error) => Err(error),
        };
        self.effects.push(Effect::AnswerSync(ticket, answer));
        self.renew_session(now_ms, member_id);
    }

    fn synced(&self, assignment: Bytes) -> Synced {
        Synced {
            protocol_type: self.protocol_type.clone(),
            protocol_name: self.protocol_name.clone(),
            assignment,
        }
    }
}
