//! From one generation to the next: when a rebalance begins, which members it waits for, and which it leaves behind.
//!
//! Source: `GroupMetadataManager.prepareRebalance`, `completeClassicGroupJoin`, `tryCompleteInitialRebalanceElseSchedule`.

use super::*;

/// The least time that a turn of an initial rebalance waits, also with a `group.initial.rebalance.delay.ms` of 0. In Kafka an entry of the
/// timer goes from the thread of the timing wheel to the timer's executor, and from there to the end of the coordinator's queue, so
/// requests that have arrived by then are handled first. Without this, a member that starts together with the first one would nearly
/// always miss the first generation, and have to wait for another rebalance. Source: `SystemTimer.addTimerTaskEntry`,
/// `CoordinatorTimerImpl.schedule`.
// Kafka's timing wheel has ticks of 1 ms, and a lone member was answered 0.2 to 8 ms after its JoinGroup there. The time of a group is cut
// to whole milliseconds, so that the tick after the next one is the first that is more than a millisecond away: with the next one, a
// JoinGroup late in its millisecond was answered at once.
const LEAST_TURN_MS: i64 = 2;

impl ClassicGroup {
    /// Handles the end of the time that a rebalance waits for members.
    pub(super) fn expire_join(&mut self, now_ms: i64) {
        let Some(initial) = &mut self.initial_rebalance else {
            return self.complete_join(now_ms, "the rebalance timeout has passed");
        };
        if !initial.is_member_added || initial.remaining_ms == 0 {
            return self.complete_join(now_ms, "the initial rebalance delay has passed");
        }
        // A member joined while the delay ran, so that others may follow.
        let delay_ms = self.limits.initial_rebalance_delay_ms.min(initial.remaining_ms);
        let turn_ms = delay_ms.max(LEAST_TURN_MS);
        initial.is_member_added = false;
        initial.remaining_ms = (initial.remaining_ms - initial.delay_ms).max(0);
        initial.delay_ms = delay_ms;
        self.timers.set(Timer::Join, now_ms + turn_ms);
    }

    /// Begins a rebalance, or completes the current one if all members have joined.
    pub(super) fn rebalance_or_complete_join(&mut self, now_ms: i64, reason: Reason) {
        match self.state {
            ClassicGroupState::Stable | ClassicGroupState::CompletingRebalance | ClassicGroupState::Empty => {
                self.prepare_rebalance(now_ms, reason);
            }
            ClassicGroupState::PreparingRebalance => self.maybe_complete_join(now_ms),
        }
    }

    pub(super) fn maybe_complete_join(&mut self, now_ms: i64) {
        // The initial rebalance waits for its delay even if all known members have joined.
        let is_initial = self.previous_state == ClassicGroupState::Empty;
        let is_preparing = self.state == ClassicGroupState::PreparingRebalance;
        if is_preparing && !is_initial && self.members.have_all_joined() {
            self.complete_join(now_ms, "all members have joined");
        }
    }

    pub(super) fn prepare_rebalance(&mut self, now_ms: i64, reason: Reason) {
        if self.state == ClassicGroupState::CompletingRebalance {
            // The leader has to join again like all others, so no assignment comes for those that wait for
            // one.
            self.reset_assignments(now_ms);
        }
        self.members.pending_sync.clear();
        self.timers.cancel(&Timer::Sync);
        let is_initial = self.state == ClassicGroupState::Empty;
        self.transition(ClassicGroupState::PreparingRebalance, now_ms, reason);
        let timeout_ms = self.members.rebalance_timeout_ms();
        if is_initial {
            let delay_ms = self.limits.initial_rebalance_delay_ms;
            self.initial_rebalance = Some(InitialRebalance {
                delay_ms,
                remaining_ms: (timeout_ms - delay_ms).max(0),
                is_member_added: false,
            });
            self.timers.set(Timer::Join, now_ms + delay_ms.max(LEAST_TURN_MS));
        } else if self.members.have_all_joined() {
            self.complete_join(now_ms, "all members have joined");
        } else {
            self.timers.set(Timer::Join, now_ms + timeout_ms);
        }
    }

    /// Removes the members that did not join and begins the next generation. Source: `completeClassicGroupJoin`.
    pub(super) fn complete_join(&mut self, now_ms: i64, reason: Reason) {
        self.timers.cancel(&Timer::Join);
        self.initial_rebalance = None;
        // A static member that is missing may be restarting (KIP-345): it stays until its session ends.
        let is_left_behind =
            |member: &&Member| !member.is_awaiting_join() && member.group_instance_id.is_none();
        let left_behind = self.members.iter().filter(is_left_behind);
        let left_behind: Vec<_> = left_behind.map(|member| Arc::clone(&member.id)).collect();
        for member_id in left_behind {
            self.expel(&member_id, "no JoinGroup within the rebalance timeout");
        }
        if !self.members.is_empty() && !self.elect_joined_leader() {
            // Only static members are left, and none has returned. One returns, or their sessions end.
            let timeout_ms = self.members.rebalance_timeout_ms();
            self.timers.set(Timer::Join, now_ms + timeout_ms);
            return;
        }
        self.begin_generation(now_ms, reason);
    }

    /// Replaces a leader that has not joined by a member that has. Returns true if the leader has joined now.
    fn elect_joined_leader(&mut self) -> bool {
        let leader = self.leader.as_deref().and_then(|leader| self.members.get(leader));
        if leader.is_some_and(Member::is_awaiting_join) {
            return true;
        }
        let joined = self.members.iter().find(|member| member.is_awaiting_join());
        match joined {
            Some(member) => {
                // Only an answer to a JoinGroup has the list of members, so a leader that is missing could
                // not assign.
                self.leader = Some(Arc::clone(&member.id));
                true
            }
            None => false,
        }
    }

    fn begin_generation(&mut self, now_ms: i64, reason: Reason) {
        // Kafka's integer wraps around to a negative generation, which clients take for none.
        self.generation_id = GenerationId(self.generation_id.0.checked_add(1).unwrap_or(0));
        self.protocol_name = self.members.elect_protocol();
        // The subscriptions are read from the metadata for the protocol that was just elected.
        self.subscribed_topics = self.read_subscriptions();
        self.members.pending_sync.clear();
        if self.members.is_empty() {
            self.transition(ClassicGroupState::Empty, now_ms, "no members are left");
            self.store();
            return;
        }
        self.transition(ClassicGroupState::CompletingRebalance, now_ms, reason);
        for member_id in self.members.ids() {
            let joined = self.joined(&member_id);
            self.answer_join(&member_id, Ok(joined));
            // The session did not run while the request was parked.
            self.renew_session(now_ms, &member_id);
            if let Some(member) = self.members.get_mut(&member_id) {
                member.is_new = false;
            }
            self.members.pending_sync.insert(member_id);
        }
        // Heartbeats go on without SyncGroup, so session timeouts do not remove a leader that never assigns:
        // the group would stay in CompletingRebalance for ever (KAFKA-12890).
        let timeout_ms = self.members.rebalance_timeout_ms();
        self.timers.set(Timer::Sync, now_ms + timeout_ms);
    }
}
