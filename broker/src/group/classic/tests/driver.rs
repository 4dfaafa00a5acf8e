//! A group with a model clock, and a record of all answers.

use crate::group::classic::*;
use crate::group::{CommitError, Committer};
use std::collections::{BTreeMap, BTreeSet};

pub(super) const SESSION_MS: i64 = 10_000;
pub(super) const REBALANCE_MS: i64 = 60_000;

/// One turn of an initial rebalance without a delay.
pub(super) const TURN_MS: i64 = 2;

pub(super) const LIMITS: Limits = Limits {
    initial_rebalance_delay_ms: 0,
    min_session_timeout_ms: 1,
    max_session_timeout_ms: i32::MAX,
    max_size: 100,
    max_members: 200,
    new_member_join_timeout_ms: 300_000,
};

pub(super) struct Driver {
    pub(super) group: ClassicGroup,
    pub(super) now_ms: i64,
    next: u64,
    pub(super) joins: BTreeMap<Ticket, Result<Joined, JoinError>>,
    pub(super) syncs: BTreeMap<Ticket, Result<Synced, SyncError>>,
    pub(super) parked: BTreeSet<Ticket>,
    pub(super) stored: Vec<ClassicMetadata>,
}

impl Driver {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            group: ClassicGroup::new(limits, 0),
            now_ms: 0,
            next: 0,
            joins: BTreeMap::new(),
            syncs: BTreeMap::new(),
            parked: BTreeSet::new(),
            stored: Vec::new(),
        }
    }

    /// Creates a stable group of these members, the first of which leads. Each has its own name as assignment.
    pub(super) fn stable(members: &[Joiner]) -> Self {
        let mut driver = Self::new(LIMITS);
        driver.rebalance(members);
        driver
    }

    /// Lets all members join, and sync when the generation begins.
    pub(super) fn rebalance(&mut self, members: &[Joiner]) {
        let tickets: Vec<_> = members.iter().map(|member| self.join(member)).collect();
        self.pass(2 * TURN_MS);
        let joined: Vec<_> = tickets
            .iter()
            .map(|ticket| self.joined(*ticket).clone())
            .collect();
        let ids: Vec<_> = joined
            .iter()
            .map(|joined| Arc::clone(&joined.member_id))
            .collect();
        let generation_id = self.group.generation_id;
        assert!(joined.iter().all(|joined| joined.generation_id == generation_id));
        let assignments: Vec<_> = ids.iter().map(|id| (&**id, &**id)).collect();
        for id in &ids {
            self.sync(id, generation_id.0, &assignments);
        }
        assert_eq!(self.group.state(), ClassicGroupState::Stable);
    }

    pub(super) fn join(&mut self, joiner: &Joiner) -> Ticket {
        let ticket = self.ticket();
        let effects = self.group.join(self.now_ms, ticket, joiner);
        self.note(effects);
        ticket
    }

    pub(super) fn sync(
        &mut self,
        member_id: &str,
        generation_id: i32,
        assignments: &[(&str, &str)],
    ) -> Ticket {
        let request = SyncRequest {
            membership: membership(member_id, generation_id),
            protocol_type: None,
            protocol_name: None,
            assignments: assignments
                .iter()
                .map(|(id, assignment)| ((*id).into(), Bytes::copy_from_slice(assignment.as_bytes())))
                .collect(),
        };
        self.sync_request(&request)
    }

    pub(super) fn sync_request(&mut self, request: &SyncRequest) -> Ticket {
        let ticket = self.ticket();
        let effects = self.group.sync(self.now_ms, ticket, request);
        self.note(effects);
        ticket
    }

    pub(super) fn heartbeat(&mut self, member_id: &str, generation_id: i32) -> Result<(), HeartbeatError> {
        self.group
            .heartbeat(self.now_ms, &membership(member_id, generation_id))
    }

    pub(super) fn commit(&mut self, member_id: &str, generation_id: i32) -> Result<(), CommitError> {
        self.commit_as(membership(member_id, generation_id), false)
    }

    /// Commits as the shell does: an accepted commit renews the member's session.
    pub(super) fn commit_as(
        &mut self,
        membership: Membership,
        is_transactional: bool,
    ) -> Result<(), CommitError> {
        let committer = Committer {
            membership,
            is_transactional,
            api_version: 9,
        };
        self.group.validate_offset_commit(&committer)?;
        self.group
            .renew_session(self.now_ms, &committer.membership.member_id);
        Ok(())
    }

    pub(super) fn leave(&mut self, leavers: &[Leaver]) -> Vec<Result<(), MembershipError>> {
        let (results, effects) = self.group.leave(self.now_ms, leavers);
        self.note(effects);
        results
    }

    /// Moves the clock, deadline by deadline.
    pub(super) fn pass(&mut self, ms: i64) {
        let end_ms = self.now_ms + ms;
        while let Some(deadline_ms) = self.group.next_deadline_ms().filter(|at| *at <= end_ms) {
            self.now_ms = self.now_ms.max(deadline_ms);
            let effects = self.group.expire(self.now_ms);
            self.note(effects);
        }
        self.now_ms = end_ms;
    }

    /// Returns the answer to a join that must have succeeded.
    pub(super) fn joined(&self, ticket: Ticket) -> &Joined {
        self.joins[&ticket].as_ref().expect("the join succeeds")
    }

    /// Returns the assignment of a sync that must have succeeded.
    pub(super) fn assignment(&self, ticket: Ticket) -> &str {
        let synced = self.syncs[&ticket].as_ref().expect("the sync succeeds");
        std::str::from_utf8(&synced.assignment).expect("these tests assign text")
    }

    pub(super) fn is_parked(&self, ticket: Ticket) -> bool {
        self.parked.contains(&ticket)
    }

    pub(super) fn has_pending_members(&self) -> bool {
        self.group.members.pending_count() > 0
    }

    pub(super) fn members(&self) -> Vec<String> {
        self.group
            .members
            .iter()
            .map(|member| member.id.to_string())
            .collect()
    }

    fn ticket(&mut self) -> Ticket {
        self.next += 1;
        self.parked.insert(Ticket(self.next));
        Ticket(self.next)
    }

    fn note(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            let ticket = match effect {
                Effect::AnswerJoin(ticket, answer) => {
                    self.joins.insert(ticket, answer);
                    ticket
                }
                Effect::AnswerSync(ticket, answer) => {
                    self.syncs.insert(ticket, answer);
                    ticket
                }
                Effect::Store(metadata) => {
                    self.stored.push(*metadata);
                    continue;
                }
            };
            assert!(self.parked.remove(&ticket), "{ticket:?} is answered once");
        }
    }
}

impl Joiner {
    /// Changes the request.
    pub(super) fn with(mut self, change: impl FnOnce(&mut JoinRequest)) -> Self {
        change(&mut self.request);
        self
    }

    /// Makes it a request that asks for a member id first (KIP-394).
    pub(super) fn asking_for_id(self) -> Self {
        self.with(|request| request.requires_known_member_id = true)
    }

    /// Sets the protocols by name.
    pub(super) fn supporting(self, names: &[&str]) -> Self {
        self.with(|request| request.protocols = protocols(names))
    }
}

/// Returns a dynamic member that joins without an id and gets `name`, by a version that does not require a known id.
pub(super) fn newcomer(name: &str) -> Joiner {
    Joiner {
        request: JoinRequest {
            member_id: "".into(),
            group_instance_id: None,
            session_timeout_ms: SESSION_MS as i32,
            rebalance_timeout_ms: REBALANCE_MS as i32,
            protocol_type: "consumer".into(),
            protocols: protocols(&["range"]),
            requires_known_member_id: false,
            supports_skipping_assignment: true,
            reason: None,
        },
        new_member_id: name.into(),
        new_consumer_member_id: name.into(),
        client_id: "client".into(),
        client_host: "/127.0.0.1".into(),
    }
}

/// Returns the same member, which joins again with its id.
pub(super) fn again(name: &str) -> Joiner {
    newcomer(name).with(|request| request.member_id = name.into())
}

/// Returns a static member that joins without an id and gets `name`.
pub(super) fn with_instance(instance: &str, name: &str) -> Joiner {
    newcomer(name).with(|request| request.group_instance_id = Some(instance.into()))
}

/// Returns protocols by name, with a subscription to topic `t` as metadata.
pub(super) fn protocols(names: &[&str]) -> Vec<Protocol> {
    let protocol = |name: &&str| Protocol {
        name: (*name).into(),
        metadata: Bytes::from_static(b"\0\0\0\0\0\x01\0\x01t\xff\xff\xff\xff"),
    };
    names.iter().map(protocol).collect()
}

pub(super) fn membership(member_id: &str, generation_id: i32) -> Membership {
    Membership {
        member_id: member_id.into(),
        group_instance_id: None,
        generation_or_epoch: GenerationId(generation_id).into(),
    }
}

pub(super) fn leaver(member_id: &str, instance: Option<&str>) -> Leaver {
    Leaver {
        member_id: member_id.into(),
        group_instance_id: instance.map(Into::into),
        reason: None,
    }
}

pub(super) const UNKNOWN: MembershipError = MembershipError::UnknownMemberId;
pub(super) const FENCED: MembershipError = MembershipError::FencedInstanceId;
