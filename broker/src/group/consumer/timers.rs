//! The deadlines of a consumer group's members.

use super::ConsumerGroup;
use super::member::MemberState;
use crate::group::MemberId;
use std::sync::Arc;
use tracing::info;

/// The purpose of a deadline.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    /// The end of the member's session.
    Session(MemberId),
    /// The end of the time in which the member has to give up partitions.
    Rebalance(MemberId),
    /// The end of the time in which a member of the classic protocol has to join again.
    Join(MemberId),
    /// The end of the time in which a member of the classic protocol has to send SyncGroup.
    Sync(MemberId),
}

impl ConsumerGroup {
    /// Returns the time at which [`Self::expire`] has something to do.
    pub(crate) fn next_deadline_ms(&self) -> Option<i64> {
        self.timers.next_ms()
    }

    /// Handles the timers that are due at `now_ms`. Stops if the group has to become a classic one, which begins new sessions.
    pub(crate) fn expire(&mut self, now_ms: i64) {
        while self.downgrade.is_none()
            && let Some(timer) = self.timers.take_due(now_ms)
        {
            match timer {
                Timer::Session(id) => self.fence(&id, "no heartbeat within its session timeout"),
                Timer::Rebalance(id) => {
                    // A member that has gone on meanwhile, or has left for a while, owes nothing.
                    let owes = self.members.get(&id).is_some_and(|member| {
                        member.state == MemberState::UnrevokedPartitions && member.epoch.0 > 0
                    });
                    if owes {
                        self.fence(
                            &id,
                            "it did not give up its partitions within the rebalance timeout",
                        );
                    }
                }
                Timer::Join(id) => self.fence(&id, "no JoinGroup within the rebalance timeout"),
                Timer::Sync(id) => self.fence(&id, "no SyncGroup within the rebalance timeout"),
            }
        }
    }

    fn fence(&mut self, member_id: &MemberId, reason: &'static str) {
        if self.members.contains_key(member_id) {
            info!(%member_id, epoch = self.epoch.0, reason, "member removed");
            self.remove_members(std::slice::from_ref(member_id));
        }
    }

    /// Gives a member its session timeout from now on.
    pub(super) fn renew_session(&mut self, now_ms: i64, member_id: &MemberId) {
        let timeout_ms = match self
            .members
            .get(member_id)
            .and_then(|member| member.classic.as_ref())
        {
            Some(classic) => classic.session_timeout_ms,
            None => self.config.session_timeout_ms,
        };
        let deadline_ms = now_ms + i64::from(timeout_ms);
        self.timers
            .set(Timer::Session(Arc::clone(member_id)), deadline_ms);
    }

    /// Cancels all timers of a member.
    pub(super) fn cancel_timers(&mut self, member_id: &MemberId) {
        for timer in [Timer::Session, Timer::Rebalance, Timer::Join, Timer::Sync] {
            self.timers.cancel(&timer(Arc::clone(member_id)));
        }
    }
}
