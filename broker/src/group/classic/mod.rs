//! The rules of classic groups, in which the members' leader assigns: (state, now, input) -> effects. No clock, no task, no wire: the
//! shell (`group::task`) brings the time and the requests, and sends the answers.
//!
//! Source: Apache Kafka's `ClassicGroup` and the classic half of `GroupMetadataManager`; KIP-62, KIP-345 (static members), KIP-394
//! (MEMBER_ID_REQUIRED), KIP-559 (protocol in answers), KIP-800 (reasons), KIP-814 (skipped assignments).
//!
//! A request that has to wait (JoinGroup, SyncGroup) is a [`Ticket`]: the rules keep it with its member and answer each exactly once.
//!
//! Each change of a group is logged as one line at DEBUG, the removal of a member that did not leave by itself at INFO. The shell's span
//! has the group's id.

mod conversion;
mod describe;
mod errors;
mod join;
mod leave;
mod limits;
mod members;
mod metadata;
mod offsets;
mod rebalance;
mod requests;
mod state;
mod static_members;
mod subscription;
mod sync;
#[cfg(test)]
mod tests;
mod timers;

pub(crate) use conversion::ConvertedMember;
pub(crate) use describe::{ClassicDescription, DescribedMember};
pub(crate) use errors::{ConsumerJoinError, HeartbeatError, JoinError, NotClassic, SyncError};
pub(crate) use limits::Limits;
pub(crate) use metadata::ClassicMetadata;
pub(crate) use requests::{
    Effect, JoinRequest, Joined, JoinedMember, Joiner, Leaver, Protocol, SyncRequest, Synced, Ticket,
};
pub(crate) use state::ClassicGroupState;

use super::{GroupState, IllegalGeneration, MemberId, Membership, MembershipError};
use crate::ids::GenerationId;
use bytes::Bytes;
use members::{Member, Members};
use std::collections::BTreeSet;
use std::sync::Arc;
use subscription::subscribed_topics;
use timers::{Timer, Timers};
use tracing::debug;

/// A classic group.
#[derive(Debug)]
pub(crate) struct ClassicGroup {
    limits: Limits,
    state: ClassicGroupState,
    previous_state: ClassicGroupState,
    state_since_ms: i64,
    generation_id: GenerationId,
    protocol_type: Option<Arc<str>>,
    protocol_name: Option<Arc<str>>,
    leader: Option<MemberId>,
    members: Members,
    /// The topics that members subscribe to; `None` if the group is not one of consumers or some metadata cannot be read.
    subscribed_topics: Option<BTreeSet<Arc<str>>>,
    timers: Timers,
    initial_rebalance: Option<InitialRebalance>,
    effects: Vec<Effect>,
}

/// The rebalance of a group that was empty. It waits for `group.initial.rebalance.delay.ms`, and again if a member
/// joined meanwhile, until the rebalance timeout is used up.
#[derive(Clone, Copy, Debug)]
struct InitialRebalance {
    delay_ms: i64,
    remaining_ms: i64,
    is_member_added: bool,
}

/// The reason for another generation, for the log.
type Reason = &'static str;

impl ClassicGroup {
    /// Creates an empty group.
    pub(crate) fn new(limits: Limits, now_ms: i64) -> Self {
        Self {
            limits,
            state: ClassicGroupState::Empty,
            previous_state: ClassicGroupState::Empty,
            state_since_ms: now_ms,
            generation_id: GenerationId(0),
            protocol_type: None,
            protocol_name: None,
            leader: None,
            members: Members::default(),
            subscribed_topics: None,
            timers: Timers::default(),
            initial_rebalance: None,
            effects: Vec::new(),
        }
    }

    /// Returns the state.
    pub(crate) fn state(&self) -> ClassicGroupState {
        self.state
    }

    /// Returns `consumer` for a group of consumers; `None` for a group that only stores offsets.
    pub(crate) fn protocol_type(&self) -> Option<&Arc<str>> {
        self.protocol_type.as_ref()
    }

    /// Returns true if the group has neither members nor pending members.
    pub(crate) fn is_empty(&self) -> bool {
        // A pending member is about to join, so the group must not end before it does.
        self.state == ClassicGroupState::Empty && self.members.pending_count() == 0
    }

    /// Returns the memory of the members.
    pub(crate) fn held_bytes(&self) -> usize {
        self.members.held_bytes()
    }

    /// Returns the time at which [`Self::expire`] has something to do.
    pub(crate) fn next_deadline_ms(&self) -> Option<i64> {
        self.timers.next_ms()
    }

    /// Handles the timers that are due at `now_ms`.
    pub(crate) fn expire(&mut self, now_ms: i64) -> Vec<Effect> {
        // A timer may set or cancel others, so each is taken when the one before it has been handled.
        while let Some(timer) = self.timers.take_due(now_ms) {
            match timer {
                Timer::Join => self.expire_join(now_ms),
                Timer::Sync => self.expire_sync(now_ms),
                Timer::Session(member_id) => self.expire_session(&member_id, now_ms),
            }
        }
        self.take_effects()
    }

    /// Checks a heartbeat and renews the member's session.
    pub(crate) fn heartbeat(&mut self, now_ms: i64, membership: &Membership) -> Result<(), HeartbeatError> {
        self.validate_member(membership)?;
        self.validate_generation(membership)?;
        // A member that has to join again is alive, so its session is renewed before the error.
        self.renew_session(now_ms, &membership.member_id);
        // Consumers send heartbeats between JoinGroup and SyncGroup too, so CompletingRebalance is no error.
        if self.state == ClassicGroupState::PreparingRebalance {
            return Err(HeartbeatError::RebalanceInProgress);
        }
        Ok(())
    }

    /// Gives the member its session timeout from now on; does nothing for a client that is not a member.
    pub(crate) fn renew_session(&mut self, now_ms: i64, member_id: &str) {
        if let Some(member) = self.members.get(member_id) {
            let deadline_ms = now_ms + member.session_timeout_ms;
            self.timers
                .set(Timer::Session(Arc::clone(&member.id)), deadline_ms);
        }
    }

    fn validate_member(&self, membership: &Membership) -> Result<(), MembershipError> {
        self.members
            .validate(&membership.member_id, membership.group_instance_id.as_deref())
    }

    fn validate_generation(&self, membership: &Membership) -> Result<(), IllegalGeneration> {
        let (given, current) = (membership.generation_or_epoch.generation_id(), self.generation_id);
        if given != current {
            return Err(IllegalGeneration { given, current });
        }
        Ok(())
    }

    fn is_leader(&self, member_id: &str) -> bool {
        self.leader.as_deref() == Some(member_id)
    }

    fn transition(&mut self, state: ClassicGroupState, now_ms: i64, reason: Reason) {
        debug!(
            from = GroupState::from(self.state).name(),
            to = GroupState::from(state).name(),
            generation_id = self.generation_id.0,
            members = self.members.len(),
            reason,
            "group changes state"
        );
        // A rebalance that begins from Empty waits for its delay: see `maybe_complete_join`.
        self.previous_state = self.state;
        self.state = state;
        self.state_since_ms = now_ms;
    }

    fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }
}
