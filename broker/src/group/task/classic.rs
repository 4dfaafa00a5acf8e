//! The requests of the classic protocol. A group of another type refuses them here, with the codes that [`Group`] lists.

use super::{GroupTask, reply};
use crate::group::classic::{
    ClassicMetadata, Effect, HeartbeatError, JoinError, Joined, Joiner, Leaver, SyncError, SyncRequest,
    Synced, Ticket,
};
use crate::group::command::{Answer, ClassicCommand};
use crate::group::{GroupError, GroupRecords, Membership, MembershipError};
use std::collections::BTreeMap;
use std::convert::Infallible;

#[cfg(doc)]
use crate::group::Group;

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
            ClassicCommand::Describe(answer) => {
                let group = self.group.classic_mut().ok_or(GroupError::NotFound);
                reply(answer, group.map(|group| group.describe()));
            }
        }
    }

    fn join(&mut self, now_ms: i64, joiner: &Joiner, answer: Answer<Joined, JoinError>) {
        let Some(group) = self.group.classic_mut() else {
            return reply(answer, Err(GroupError::Refused(JoinError::InconsistentProtocol)));
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
        let Some(group) = self.group.classic_mut() else {
            let unknown = SyncError::from(MembershipError::UnknownMemberId);
            return reply(answer, Err(GroupError::Refused(unknown)));
        };
        if let Err(full) = self.memory.admit(group.sync_growth_bytes(request)) {
            return reply(answer, Err(full.into()));
        }
        let ticket = self.parked.park_sync(answer);
        let effects = group.sync(now_ms, ticket, request);
        self.follow(now_ms, effects);
    }

    fn heartbeat(&mut self, now_ms: i64, membership: &Membership) -> Result<(), HeartbeatError> {
        let group = self.group.classic_mut();
        group
            .ok_or(MembershipError::UnknownMemberId)?
            .heartbeat(now_ms, membership)
    }

    fn leave(
        &mut self,
        now_ms: i64,
        leavers: &[Leaver],
        answer: Answer<Vec<Result<(), MembershipError>>, Infallible>,
    ) {
        let Some(group) = self.group.classic_mut() else {
            let unknown = vec![Err(MembershipError::UnknownMemberId); leavers.len()];
            return reply(answer, Ok(unknown));
        };
        let (results, effects) = group.leave(now_ms, leavers);
        self.follow(now_ms, effects);
        reply(answer, Ok(results));
    }
}
