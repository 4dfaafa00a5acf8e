//! The requests of the classic protocol. A consumer group takes them too, from members that have not moved to its protocol yet.

use super::{GroupTask, reply};
use crate::group::classic::{
    ClassicGroup, ClassicMetadata, Effect, HeartbeatError, JoinError, Joined, Joiner, Leaver, NotClassic,
    SyncError, SyncRequest, Synced, Ticket,
};
use crate::group::command::{Answer, ClassicCommand};
use crate::group::{Group, GroupError, GroupRecords, Membership, MembershipError};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

/// The answers that wait for a rebalance. If the group ends they are dropped, which tells the clients to look for its successor.
#[derive(Debug, Default)]
pub(super) struct ParkedAnswers {
    next_ticket: u64,
    joins: BTreeMap<Ticket, Answer<Joined, JoinError>>,
    syncs: BTreeMap<Ticket, Answer<Synced, SyncError>>,
}

impl ParkedAnswers {
    fn ticket(&mut self) -> Ticket {
        self.next_ticket += 1;
        Ticket(self.next_ticket)
    }

    fn park_join(&mut self, answer: Answer<Joined, JoinError>) -> Ticket {
        let ticket = self.ticket();
        self.joins.insert(ticket, answer);
        ticket
    }

    fn park_sync(&mut self, answer: Answer<Synced, SyncError>) -> Ticket {
        let ticket = self.ticket();
        self.syncs.insert(ticket, answer);
        ticket
    }

    fn answer_join(&mut self, ticket: Ticket, result: Result<Joined, JoinError>) {
        let answer = self.joins.remove(&ticket);
        let answer = answer.expect("a join is answered once");
        reply(answer, result.map_err(GroupError::Refused));
    }

    fn answer_sync(&mut self, ticket: Ticket, result: Result<Synced, SyncError>) {
        let answer = self.syncs.remove(&ticket);
        let answer = answer.expect("a sync is answered once");
        reply(answer, result.map_err(GroupError::Refused));
    }
}

impl GroupTask {
    /// Brings about what the rules have decided, in order.
    pub(super) fn follow(&mut self, now_ms: i64, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::AnswerJoin(ticket, result) => self.parked.answer_join(ticket, result),
                Effect::AnswerSync(ticket, result) => self.parked.answer_sync(ticket, result),
                Effect::Store(metadata) => self.store(now_ms, &metadata),
            }
        }
    }

    fn store(&mut self, now_ms: i64, metadata: &ClassicMetadata) {
        let mut records = GroupRecords::default();
        records.classic_group(&self.identity.id, metadata);
        self.keep(now_ms, &records);
    }

    pub(super) fn handle_classic(&mut self, now_ms: i64, command: ClassicCommand) {
        match command {
            ClassicCommand::Join(joiner, answer) => self.join(now_ms, &joiner, answer),
            ClassicCommand::Sync(request, answer) => self.sync(now_ms, &request, answer),
            ClassicCommand::Heartbeat(membership, answer) => {
                let renewed = self.heartbeat(now_ms, &membership);
                reply(answer, renewed.map_err(GroupError::Refused));
            }
            ClassicCommand::Leave(leavers, answer) => self.leave(now_ms, &leavers, answer),
            ClassicCommand::Describe(answer) if self.is_unwritten => reply(answer, Err(GroupError::NotFound)),
            ClassicCommand::Describe(answer) => {
                let group_id = Arc::clone(&self.identity.id);
                let group = self.group.classic_mut();
                let group = group.ok_or(GroupError::Refused(NotClassic { group_id }));
                reply(answer, group.map(|group| group.describe()));
            }
        }
        self.settle(now_ms);
    }

    fn join(&mut self, now_ms: i64, joiner: &Joiner, answer: Answer<Joined, JoinError>) {
        if self.group.is_empty() && matches!(self.group, Group::Consumer(_)) {
            if !joiner.request.member_id.is_empty() {
                let unknown = JoinError::from(MembershipError::UnknownMemberId);
                return reply(answer, Err(GroupError::Refused(unknown)));
            }
            // An empty group becomes the type of the next member.
            let group = ClassicGroup::new(self.settings.limits, now_ms);
            self.group = Group::Classic(Box::new(group));
        }
        let group = match &mut self.group {
            Group::Classic(group) => group,
            Group::Consumer(group) => {
                let joined = group.join_classic(now_ms, joiner);
                self.keep_changes(now_ms);
                return reply(answer, joined.map_err(|error| GroupError::Refused(error.into())));
            }
        };
        // Memory is checked before the rules are asked, because they cannot take a member back.
        if let Err(full) = self.memory.admit(group.join_growth_bytes(joiner)) {
            return reply(answer, Err(full.into()));
        }
        let ticket = self.parked.park_join(answer);
        let effects = group.join(now_ms, ticket, joiner);
        // As in Kafka, a group that a JoinGroup creates is kept at once, before it has a generation.
        let created = self.is_new.then(|| group.created_metadata());
        if let Some(metadata) = created {
            self.store(now_ms, &metadata);
        }
        self.follow(now_ms, effects);
    }

    fn sync(&mut self, now_ms: i64, request: &SyncRequest, answer: Answer<Synced, SyncError>) {
        let group = match &mut self.group {
            Group::Classic(group) => group,
            Group::Consumer(group) => {
                let synced = group.sync_classic(now_ms, request);
                return reply(answer, synced.map_err(GroupError::Refused));
            }
        };
        if let Err(full) = self.memory.admit(group.sync_growth_bytes(request)) {
            return reply(answer, Err(full.into()));
        }
        let ticket = self.parked.park_sync(answer);
        let effects = group.sync(now_ms, ticket, request);
        self.follow(now_ms, effects);
    }

    fn heartbeat(&mut self, now_ms: i64, membership: &Membership) -> Result<(), HeartbeatError> {
        match &mut self.group {
            Group::Classic(group) => group.heartbeat(now_ms, membership),
            Group::Consumer(group) => group.heartbeat_classic(now_ms, membership),
        }
    }

    fn leave(
        &mut self,
        now_ms: i64,
        leavers: &[Leaver],
        answer: Answer<Vec<Result<(), MembershipError>>, Infallible>,
    ) {
        let group = match &mut self.group {
            Group::Classic(group) => group,
            Group::Consumer(group) => {
                let results = group.leave_classic(leavers);
                self.keep_changes(now_ms);
                return reply(answer, Ok(results));
            }
        };
        let (results, effects) = group.leave(now_ms, leavers);
        self.follow(now_ms, effects);
        reply(answer, Ok(results));
    }
}
