//! From one generation to the next: when a rebalance begins, whom it waits for, who is left behind; and how members go.
//!
//! Source: `GroupMetadataManager.prepareRebalance`, `completeClassicGroupJoin`, `classicGroupLeaveToClassicGroup` and the expirations.

use super::join::Reason;
use super::subscription::subscribed_topics;
use super::*;
use tracing::{debug, info};

impl ClassicGroup {
    /// Members leave, by member id or, static ones, by instance id; one result each, in order.
    pub(crate) fn leave(
        &mut self,
        now_ms: i64,
        leavers: &[Leaver],
    ) -> (Vec<Result<(), LeaveError>>, Vec<Effect>) {
        let results: Vec<_> = leavers.iter().map(|leaver| self.leave_one(leaver)).collect();
        if results.iter().any(Result::is_ok) {
            match self.state {
                GroupState::Stable | GroupState::CompletingRebalance => {
                    self.rebalance_or_complete_join(now_ms, "members left");
                }
                GroupState::PreparingRebalance => self.maybe_complete_join(now_ms),
                GroupState::Empty | GroupState::Dead => {}
            }
        }
        (results, self.take_effects())
    }

    fn leave_one(&mut self, leaver: &Leaver) -> Result<(), LeaveError> {
        if self.state == GroupState::Dead {
            return Err(LeaveError::Dead);
        }
        let instance = leaver.group_instance_id.as_deref();
        let member_id = if leaver.member_id.is_empty() {
            let holder = instance.and_then(|instance| self.members.by_instance(instance));
            Arc::clone(holder.ok_or(MembershipError::UnknownMemberId)?)
        } else {
            Arc::clone(&leaver.member_id)
        };
        if !leaver.member_id.is_empty() && !self.members.is_promised(&member_id) {
            self.members.validate(&member_id, instance)?;
        }
        debug!(%member_id, reason = leaver.reason.as_deref().unwrap_or("not provided"), "member leaves");
        self.answer_join(&member_id, Err(MembershipError::UnknownMemberId.into()));
        self.remove_member(&member_id);
        Ok(())
    }

    pub(super) fn expire_session(&mut self, member_id: &MemberId, now_ms: i64) {
        if self.members.is_promised(member_id) {
            self.remove_member(member_id);
            if self.state == GroupState::PreparingRebalance && self.members.have_all_joined() {
                self.complete_join(now_ms);
            }
            return;
        }
        let Some(member) = self.members.get(member_id) else {
            return;
        };
        if member.has_satisfied_heartbeat() {
            return;
        }
        info!(%member_id, "member removed: not heard of for its session timeout");
        self.answer_join(member_id, Err(MembershipError::UnknownMemberId.into()));
        self.remove_member(member_id);
        match self.state {
            GroupState::Stable | GroupState::CompletingRebalance => {
                self.rebalance_or_complete_join(now_ms, "a member's session expired");
            }
            GroupState::PreparingRebalance if self.members.have_all_joined() => self.complete_join(now_ms),
            _ => {}
        }
    }

    /// Members that were told of the generation and never asked for their assignment are removed.
    pub(super) fn expire_sync(&mut self, now_ms: i64) {
        let is_due = matches!(self.state, GroupState::CompletingRebalance | GroupState::Stable);
        if !is_due || self.members.pending_sync.is_empty() {
            return;
        }
        for member_id in std::mem::take(&mut self.members.pending_sync) {
            info!(%member_id, "member removed: it sent no SyncGroup within the rebalance timeout");
            self.remove_member(&member_id);
        }
        self.prepare_rebalance(now_ms, "members sent no SyncGroup");
    }

    pub(super) fn expire_join(&mut self, now_ms: i64) {
        let Some(initial) = &mut self.initial_rebalance else {
            return self.complete_join(now_ms);
        };
        if !initial.is_member_added || initial.remaining_ms == 0 {
            return self.complete_join(now_ms);
        }
        // Somebody joined while the delay ran: others may be on their way.
        let delay_ms = self.limits.initial_rebalance_delay_ms.min(initial.remaining_ms);
        initial.is_member_added = false;
        initial.remaining_ms = (initial.remaining_ms - initial.delay_ms).max(0);
        initial.delay_ms = delay_ms;
        self.timers.set(Timer::Join, now_ms + delay_ms);
    }

    /// Begins a rebalance, or ends the one that runs if this was all it waited for.
    pub(super) fn rebalance_or_complete_join(&mut self, now_ms: i64, reason: Reason) {
        match self.state {
            GroupState::Stable | GroupState::CompletingRebalance | GroupState::Empty => {
                self.prepare_rebalance(now_ms, reason);
            }
            GroupState::PreparingRebalance | GroupState::Dead => self.maybe_complete_join(now_ms),
        }
    }

    fn maybe_complete_join(&mut self, now_ms: i64) {
        // The first rebalance ends by its delay alone.
        let is_initial = self.previous_state == GroupState::Empty;
        if self.state == GroupState::PreparingRebalance && !is_initial && self.members.have_all_joined() {
            self.complete_join(now_ms);
        }
    }

    fn prepare_rebalance(&mut self, now_ms: i64, reason: Reason) {
        if self.state == GroupState::CompletingRebalance {
            self.reset_assignments(now_ms);
        }
        self.members.pending_sync.clear();
        self.timers.cancel(&Timer::Sync);
        let is_initial = self.state == GroupState::Empty;
        self.transition(GroupState::PreparingRebalance, now_ms);
        debug!(
            generation_id = self.generation_id.0,
            reason, "group prepares to rebalance"
        );
        let timeout_ms = self.members.rebalance_timeout_ms();
        if is_initial {
            let delay_ms = self.limits.initial_rebalance_delay_ms;
            self.initial_rebalance = Some(InitialRebalance {
                delay_ms,
                remaining_ms: (timeout_ms - delay_ms).max(0),
                is_member_added: false,
            });
            self.timers.set(Timer::Join, now_ms + delay_ms);
        } else if self.members.have_all_joined() {
            self.complete_join(now_ms);
        } else {
            self.timers.set(Timer::Join, now_ms + timeout_ms);
        }
    }

    /// Source: `completeClassicGroupJoin`.
    fn complete_join(&mut self, now_ms: i64) {
        self.timers.cancel(&Timer::Join);
        self.initial_rebalance = None;
        let is_left_behind =
            |member: &&Member| !member.is_awaiting_join() && member.group_instance_id.is_none();
        let left_behind = self.members.iter().filter(is_left_behind);
        let left_behind: Vec<_> = left_behind.map(|member| Arc::clone(&member.id)).collect();
        for member_id in left_behind {
            info!(%member_id, "member removed: it did not join within the rebalance timeout");
            self.remove_member(&member_id);
        }
        if self.state == GroupState::Dead {
            return;
        }
        if !self.members.is_empty() && !self.elect_joined_leader() {
            // Only static members are left and none has come back. Their sessions will remove them, or one returns.
            let timeout_ms = self.members.rebalance_timeout_ms();
            self.timers.set(Timer::Join, now_ms + timeout_ms);
            return;
        }
        self.begin_generation(now_ms);
    }

    /// The leader has joined, or another member that has takes its place.
    fn elect_joined_leader(&mut self) -> bool {
        let leader = self.leader.as_deref().and_then(|leader| self.members.get(leader));
        if leader.is_some_and(Member::is_awaiting_join) {
            return true;
        }
        let joined = self.members.iter().find(|member| member.is_awaiting_join());
        match joined {
            Some(member) => {
                self.leader = Some(Arc::clone(&member.id));
                true
            }
            None => false,
        }
    }

    fn begin_generation(&mut self, now_ms: i64) {
        // Kafka's int wraps around; a generation below zero would read as "no member".
        self.generation_id = GenerationId(self.generation_id.0.checked_add(1).unwrap_or(0));
        self.protocol_name = self.members.elect_protocol();
        self.subscribed_topics = self.read_subscriptions();
        self.members.pending_sync.clear();
        if self.members.is_empty() {
            self.transition(GroupState::Empty, now_ms);
            debug!(generation_id = self.generation_id.0, "group is empty");
            return;
        }
        self.transition(GroupState::CompletingRebalance, now_ms);
        debug!(
            generation_id = self.generation_id.0,
            members = self.members.len(),
            protocol = self.protocol_name.as_deref(),
            "group begins a generation"
        );
        for member_id in self.members.ids() {
            let joined = self.joined(&member_id);
            self.answer_join(&member_id, Ok(joined));
            self.arm_session(&member_id, now_ms);
            if let Some(member) = self.members.get_mut(&member_id) {
                member.is_new = false;
            }
            self.members.pending_sync.insert(member_id);
        }
        let timeout_ms = self.members.rebalance_timeout_ms();
        self.timers.set(Timer::Sync, now_ms + timeout_ms);
    }

    /// Source: `ClassicGroup.computeSubscribedTopics`.
    fn read_subscriptions(&self) -> Option<BTreeSet<Arc<str>>> {
        if !self.uses_consumer_protocol() {
            return None;
        }
        let protocol = self.protocol_name.as_deref().unwrap_or_default();
        let mut topics = BTreeSet::new();
        for member in self.members.iter() {
            topics.extend(subscribed_topics(&member.metadata(protocol))?);
        }
        Some(topics)
    }

    pub(super) fn answer_join(&mut self, member_id: &str, answer: Result<Joined, JoinError>) {
        if let Some(ticket) = self.members.take_join(member_id) {
            self.effects.push(Effect::AnswerJoin(ticket, answer));
        }
    }

    /// Removes a member or a promised place, its timer and its leadership. A parked SyncGroup of it is answered; a parked JoinGroup
    /// must have been.
    pub(super) fn remove_member(&mut self, member_id: &str) {
        if let Some(member) = self.members.remove(member_id) {
            let unknown = MembershipError::UnknownMemberId;
            let sync = member.awaiting_sync;
            self.effects
                .extend(sync.map(|ticket| Effect::AnswerSync(ticket, Err(unknown.into()))));
        }
        self.timers.cancel(&Timer::Session(member_id.into()));
        if self.is_leader(member_id) {
            self.leader = self.members.iter().next().map(|member| Arc::clone(&member.id));
        }
    }
}
