//! A group with a model clock and clients that write down what they are answered.

use crate::group::classic::*;
use std::collections::{BTreeMap, BTreeSet};

pub(super) const SESSION_MS: i64 = 10_000;
pub(super) const REBALANCE_MS: i64 = 60_000;

pub(super) const LIMITS: Limits = Limits {
    initial_rebalance_delay_ms: 0,
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
        }
    }

    /// A stable group of these members, the first of which leads; each has its own name as assignment.
    pub(super) fn stable(members: &[JoinRequest]) -> Self {
        let mut driver = Self::new(LIMITS);
        driver.rebalance(members);
        driver
    }

    /// All of them join, and sync when the generation begins.
    pub(super) fn rebalance(&mut self, members: &[JoinRequest]) {
        let tickets: Vec<_> = members.iter().map(|member| self.join(member)).collect();
        self.pass(0);
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
        assert_eq!(self.group.state(), GroupState::Stable);
    }

    pub(super) fn join(&mut self, request: &JoinRequest) -> Ticket {
        let ticket = self.ticket();
        let effects = self.group.join(self.now_ms, ticket, request);
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
        self.group
            .validate_commit(self.now_ms, &membership(member_id, generation_id))
    }

    pub(super) fn leave(&mut self, leavers: &[Leaver]) -> Vec<Result<(), LeaveError>> {
        let (results, effects) = self.group.leave(self.now_ms, leavers);
        self.note(effects);
        results
    }

    /// Lets time pass, deadline by deadline.
    pub(super) fn pass(&mut self, ms: i64) {
        let end_ms = self.now_ms + ms;
        while let Some(deadline_ms) = self.group.next_deadline_ms().filter(|at| *at <= end_ms) {
            self.now_ms = self.now_ms.max(deadline_ms);
            let effects = self.group.expire(self.now_ms);
            self.note(effects);
        }
        self.now_ms = end_ms;
    }

    /// The answer to a join that must have succeeded.
    pub(super) fn joined(&self, ticket: Ticket) -> &Joined {
        self.joins[&ticket].as_ref().expect("the join succeeds")
    }

    /// The assignment that a sync must have given.
    pub(super) fn assignment(&self, ticket: Ticket) -> &str {
        let synced = self.syncs[&ticket].as_ref().expect("the sync succeeds");
        std::str::from_utf8(&synced.assignment).expect("these tests assign text")
    }

    pub(super) fn is_parked(&self, ticket: Ticket) -> bool {
        self.parked.contains(&ticket)
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
            };
            assert!(self.parked.remove(&ticket), "{ticket:?} is answered once");
        }
    }
}

/// A dynamic member that joins without an id, of a version that needs none, and gets `name`.
pub(super) fn newcomer(name: &str) -> JoinRequest {
    JoinRequest {
        member_id: "".into(),
        new_member_id: name.into(),
        group_instance_id: None,
        client_id: "client".into(),
        client_host: "/127.0.0.1".into(),
        session_timeout_ms: SESSION_MS,
        rebalance_timeout_ms: REBALANCE_MS,
        protocol_type: "consumer".into(),
        protocols: protocols(&["range"]),
        requires_known_member_id: false,
        supports_skipping_assignment: true,
        reason: None,
    }
}

/// The same member, joining again with its id.
pub(super) fn again(name: &str) -> JoinRequest {
    JoinRequest {
        member_id: name.into(),
        ..newcomer(name)
    }
}

/// A static member that does not know its member id, and gets `name`.
pub(super) fn with_instance(instance: &str, name: &str) -> JoinRequest {
    JoinRequest {
        group_instance_id: Some(instance.into()),
        ..newcomer(name)
    }
}

/// Protocols by name, with a subscription to topic `t` as metadata.
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
        generation_id: GenerationId(generation_id),
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
