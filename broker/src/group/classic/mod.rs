//! The rules of classic groups, where the members' leader assigns: (state, now, input) -> effects. No clock, no task, no wire; the
//! shell (`group::task`) brings the time and the requests, and carries out the effects.
//!
//! Source: Apache Kafka's `ClassicGroup` and the classic half of `GroupMetadataManager`; KIP-62, KIP-345 (static members), KIP-394
//! (MEMBER_ID_REQUIRED), KIP-559 (protocol in answers), KIP-800 (reasons), KIP-814 (skipped assignments).
//!
//! A request that has to wait (JoinGroup, SyncGroup) is a [`Ticket`]: the rules keep it with its member and answer each exactly once.

mod describe;
mod errors;
mod join;
mod members;
mod rebalance;
mod subscription;
mod sync;
#[cfg(test)]
mod tests;
mod timers;

pub(crate) use describe::{DescribedMember, Description};
pub(crate) use errors::{CommitError, HeartbeatError, JoinError, LeaveError, MembershipError, SyncError};
pub(crate) use members::Protocol;

use crate::ids::GenerationId;
use bytes::Bytes;
use members::{Member, Members};
use std::collections::BTreeSet;
use std::sync::Arc;
use timers::{Timer, Timers};

/// A member's id; empty stands for "none yet" on the wire.
pub(crate) type MemberId = Arc<str>;
/// A static member's `group.instance.id`.
pub(crate) type InstanceId = Arc<str>;

/// A parked request, by a number that the shell gives out once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Ticket(pub(crate) u64);

/// The states of a classic group. Source: Kafka's `ClassicGroupState`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GroupState {
    /// No members; may hold offsets.
    Empty,
    /// Waits for the members to join again.
    PreparingRebalance,
    /// Waits for the leader's assignment.
    CompletingRebalance,
    /// Every member may have its assignment.
    Stable,
    /// About to be forgotten.
    Dead,
}

impl GroupState {
    /// Kafka's name of it, as DescribeGroups and ListGroups give it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Empty => "Empty",
            Self::PreparingRebalance => "PreparingRebalance",
            Self::CompletingRebalance => "CompletingRebalance",
            Self::Stable => "Stable",
            Self::Dead => "Dead",
        }
    }
}

/// What bounds a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// `group.initial.rebalance.delay.ms`.
    pub(crate) initial_rebalance_delay_ms: i64,
    /// `group.max.size`.
    pub(crate) max_size: usize,
    /// Members and promised places together; beyond Kafka, which lets the promises grow without end.
    pub(crate) max_members: usize,
    /// How long the first join of a member may stay parked; Kafka's `CLASSIC_GROUP_NEW_MEMBER_JOIN_TIMEOUT_MS`.
    pub(crate) new_member_join_timeout_ms: i64,
}

/// A JoinGroup.
#[derive(Clone, Debug)]
pub(crate) struct JoinRequest {
    /// Empty at the first join.
    pub(crate) member_id: MemberId,
    /// The id that the member gets if it has none: `clientid-uuid`, or `instanceid-uuid` for a static one.
    pub(crate) new_member_id: MemberId,
    pub(crate) group_instance_id: Option<InstanceId>,
    pub(crate) client_id: Arc<str>,
    pub(crate) client_host: Arc<str>,
    pub(crate) session_timeout_ms: i64,
    pub(crate) rebalance_timeout_ms: i64,
    pub(crate) protocol_type: Arc<str>,
    /// Most wanted first.
    pub(crate) protocols: Vec<Protocol>,
    /// Version 4 and later: a dynamic member first learns its id, then joins with it (KIP-394).
    pub(crate) requires_known_member_id: bool,
    /// Version 9 and later: the answer can tell a returning static leader not to assign (KIP-814).
    pub(crate) supports_skipping_assignment: bool,
    /// Why the client joins, for the log (KIP-800).
    pub(crate) reason: Option<Arc<str>>,
}

/// A completed join.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Joined {
    pub(crate) generation_id: GenerationId,
    pub(crate) protocol_type: Option<Arc<str>>,
    pub(crate) protocol_name: Option<Arc<str>>,
    pub(crate) leader: MemberId,
    pub(crate) member_id: MemberId,
    pub(crate) skip_assignment: bool,
    /// For the leader: everybody. Empty for the others.
    pub(crate) members: Vec<JoinedMember>,
}

/// A member as the leader sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct JoinedMember {
    pub(crate) member_id: MemberId,
    pub(crate) group_instance_id: Option<InstanceId>,
    pub(crate) metadata: Bytes,
}

/// Who says that it is a member, in SyncGroup, Heartbeat and OffsetCommit.
#[derive(Clone, Debug)]
pub(crate) struct Membership {
    pub(crate) member_id: MemberId,
    pub(crate) group_instance_id: Option<InstanceId>,
    pub(crate) generation_id: GenerationId,
}

/// A SyncGroup.
#[derive(Clone, Debug)]
pub(crate) struct SyncRequest {
    pub(crate) membership: Membership,
    /// Checked against the group's if given (KIP-559).
    pub(crate) protocol_type: Option<Arc<str>>,
    /// Checked against the group's if given.
    pub(crate) protocol_name: Option<Arc<str>>,
    /// From the leader: everybody's assignment.
    pub(crate) assignments: Vec<(MemberId, Bytes)>,
}

/// A member's assignment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Synced {
    pub(crate) protocol_type: Option<Arc<str>>,
    pub(crate) protocol_name: Option<Arc<str>>,
    pub(crate) assignment: Bytes,
}

/// One of the members that a LeaveGroup names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Leaver {
    /// Empty when an administrator removes a static member by its instance id.
    pub(crate) member_id: MemberId,
    pub(crate) group_instance_id: Option<InstanceId>,
    pub(crate) reason: Option<Arc<str>>,
}

/// What the shell has to do: answer a parked request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Answers a JoinGroup.
    AnswerJoin(Ticket, Result<Joined, JoinError>),
    /// Answers a SyncGroup.
    AnswerSync(Ticket, Result<Synced, SyncError>),
}

/// A classic group.
#[derive(Debug)]
pub(crate) struct ClassicGroup {
    limits: Limits,
    state: GroupState,
    previous_state: GroupState,
    state_since_ms: i64,
    generation_id: GenerationId,
    protocol_type: Option<Arc<str>>,
    protocol_name: Option<Arc<str>>,
    leader: Option<MemberId>,
    members: Members,
    /// The topics that members subscribe to, where the group is one of consumers and all their metadata could be read.
    subscribed_topics: Option<BTreeSet<Arc<str>>>,
    timers: Timers,
    initial_rebalance: Option<InitialRebalance>,
    effects: Vec<Effect>,
}

/// A rebalance of a group that was empty: it waits `group.initial.rebalance.delay.ms`, and again so long when somebody
/// joined meanwhile, until the rebalance timeout is used up.
#[derive(Clone, Copy, Debug)]
struct InitialRebalance {
    delay_ms: i64,
    remaining_ms: i64,
    is_member_added: bool,
}

impl ClassicGroup {
    /// An empty group.
    pub(crate) fn new(limits: Limits, now_ms: i64) -> Self {
        Self {
            limits,
            state: GroupState::Empty,
            previous_state: GroupState::Dead,
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

    pub(crate) fn state(&self) -> GroupState {
        self.state
    }

    /// When the group came into its state.
    pub(crate) fn state_since_ms(&self) -> i64 {
        self.state_since_ms
    }

    /// `consumer` for consumers; `None` for a group that only stores offsets.
    pub(crate) fn protocol_type(&self) -> Option<&Arc<str>> {
        self.protocol_type.as_ref()
    }

    /// True while ids are promised to members that have not joined with them.
    pub(crate) fn has_pending_members(&self) -> bool {
        self.members.promised_count() > 0
    }

    /// The memory that its members take.
    pub(crate) fn held_bytes(&self) -> usize {
        self.members.held_bytes()
    }

    /// The group is about to be forgotten: it has neither members nor promises left to keep.
    pub(crate) fn die(&mut self, now_ms: i64) {
        assert!(self.members.is_empty(), "a group with members does not die");
        self.transition(GroupState::Dead, now_ms);
    }

    /// When [`Self::expire`] has something to do.
    pub(crate) fn next_deadline_ms(&self) -> Option<i64> {
        self.timers.next_ms()
    }

    /// Does what is due at `now_ms`.
    pub(crate) fn expire(&mut self, now_ms: i64) -> Vec<Effect> {
        while let Some(timer) = self.timers.take_due(now_ms) {
            match timer {
                Timer::Join => self.expire_join(now_ms),
                Timer::Sync => self.expire_sync(now_ms),
                Timer::Session(member_id) => self.expire_session(&member_id, now_ms),
            }
        }
        self.take_effects()
    }

    /// Checks a heartbeat and gives the member another session timeout.
    pub(crate) fn heartbeat(&mut self, now_ms: i64, membership: &Membership) -> Result<(), HeartbeatError> {
        if self.state == GroupState::Dead {
            return Err(HeartbeatError::Dead);
        }
        self.validate(membership)?;
        if membership.generation_id != self.generation_id {
            return Err(HeartbeatError::IllegalGeneration {
                given: membership.generation_id,
                current: self.generation_id,
            });
        }
        self.arm_session(&membership.member_id, now_ms);
        if self.state == GroupState::PreparingRebalance {
            return Err(HeartbeatError::RebalanceInProgress);
        }
        Ok(())
    }

    /// Whether offsets may be committed by whoever says to be this member; if so, the member has shown that it lives.
    /// Source: `ClassicGroup.validateOffsetCommit`.
    pub(crate) fn validate_commit(
        &mut self,
        now_ms: i64,
        membership: &Membership,
    ) -> Result<(), CommitError> {
        let generation_id = membership.generation_id;
        match self.state {
            GroupState::Dead => return Err(CommitError::Dead),
            // A consumer that assigns itself, or an administrator, may commit while nobody else owns the group.
            GroupState::Empty if generation_id.0 < 0 => return Ok(()),
            _ => {}
        }
        let is_anonymous =
            generation_id.0 < 0 && membership.member_id.is_empty() && membership.group_instance_id.is_none();
        if is_anonymous {
            return Err(CommitError::Membership(MembershipError::UnknownMemberId));
        }
        self.validate(membership)?;
        if generation_id != self.generation_id {
            return Err(CommitError::IllegalGeneration {
                given: generation_id,
                current: self.generation_id,
            });
        }
        // The member has this generation's id but not its assignment yet: what it commits belongs to the generation before.
        if self.state == GroupState::CompletingRebalance {
            return Err(CommitError::RebalanceInProgress);
        }
        self.arm_session(&membership.member_id, now_ms);
        Ok(())
    }

    fn validate(&self, membership: &Membership) -> Result<(), MembershipError> {
        self.members
            .validate(&membership.member_id, membership.group_instance_id.as_deref())
    }

    /// True if offsets of the topic are in use by the group's members. A group of consumers whose metadata cannot be read counts as
    /// subscribed to everything. Source: `ClassicGroup.isSubscribedToTopic`.
    pub(crate) fn is_subscribed_to(&self, topic: &str) -> bool {
        match &self.subscribed_topics {
            Some(topics) => topics.contains(topic),
            None => self.uses_consumer_protocol(),
        }
    }

    /// True if the topics that the members subscribe to are known.
    pub(crate) fn knows_subscribed_topics(&self) -> bool {
        self.subscribed_topics.is_some()
    }

    /// True for a group of consumers.
    pub(crate) fn uses_consumer_protocol(&self) -> bool {
        self.protocol_type.as_deref() == Some("consumer")
    }

    fn is_leader(&self, member_id: &str) -> bool {
        self.leader.as_deref() == Some(member_id)
    }

    fn transition(&mut self, state: GroupState, now_ms: i64) {
        self.previous_state = self.state;
        self.state = state;
        self.state_since_ms = now_ms;
    }

    /// Gives the member its session timeout from now on.
    fn arm_session(&mut self, member_id: &str, now_ms: i64) {
        if let Some(member) = self.members.get(member_id) {
            let deadline_ms = now_ms + member.session_timeout_ms;
            self.timers
                .set(Timer::Session(Arc::clone(&member.id)), deadline_ms);
        }
    }

    fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }
}
