//! The shell around one group's rules: a task with a mailbox. It receives a request, calls the rules, answers what they say is to be
//! answered, and sleeps until their next deadline. It ends when the group is deleted, or is empty and has nothing to remember.

use super::classic::{
    ClassicGroup, CommitError, Description, Effect, GroupState, HeartbeatError, JoinError, JoinRequest,
    Joined, LeaveError, Leaver, Limits, Membership, SyncError, SyncRequest, Synced, Ticket,
};
use super::memory::{GroupMemory, Held};
use super::offsets::{CommittedOffset, OffsetToCommit, Offsets};
use super::{DeleteError, DeleteOffsetsError, GroupSummary, GroupsFull, Registry};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

/// How many requests may wait for one group before those who ask have to.
pub(super) const MAILBOX_REQUESTS: usize = 64;

/// How many requests are handled before the deadlines are looked at again.
const BATCH_REQUESTS: usize = 64;

/// Where the answer goes. Dropped without one when the group ends; nobody listens when the client hung up.
pub(super) type Answer<T> = oneshot::Sender<T>;

/// The committed offsets that were asked for, by topic and partition; `None` where nothing is committed.
pub(crate) type FetchedOffsets = Vec<(Arc<str>, Vec<(i32, Option<CommittedOffset>)>)>;

/// What is asked of a group.
#[derive(Debug)]
pub(super) enum Command {
    Join(JoinRequest, Answer<Result<Joined, JoinError>>),
    Sync(SyncRequest, Answer<Result<Synced, SyncError>>),
    Heartbeat(Membership, Answer<Result<(), HeartbeatError>>),
    Leave(Vec<Leaver>, Answer<Vec<Result<(), LeaveError>>>),
    Commit(Membership, OffsetsToCommit, Answer<Result<(), CommitError>>),
    /// Of the partitions named, or of all that have one.
    FetchOffsets(Option<Vec<(Arc<str>, Vec<i32>)>>, Answer<FetchedOffsets>),
    Describe(Answer<Description>),
    Summarize(Answer<GroupSummary>),
    Delete(Answer<Result<(), DeleteError>>),
    DeleteOffsets(Vec<(Arc<str>, Vec<i32>)>, Answer<DeletedOffsets>),
    ForgetTopics(Arc<[Arc<str>]>),
}

/// Offsets to be committed, by topic and partition.
pub(crate) type OffsetsToCommit = Vec<(Arc<str>, Vec<(i32, OffsetToCommit)>)>;

/// Of the topics of an OffsetDelete, in order: whether its offsets could be deleted. Or why none could.
pub(super) type DeletedOffsets = Result<Vec<Result<(), DeleteOffsetsError>>, DeleteOffsetsError>;

/// What a group's task is started with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) limits: Limits,
    /// `offsets.retention.minutes`.
    pub(super) offsets_retention_ms: i64,
    /// How often expired offsets are looked for.
    pub(super) offsets_check_interval_ms: i64,
}

/// Milliseconds that never go back: the wall clock when the groups began, and tokio's clock since then. Session timers and the
/// timestamps of commits are of one piece, and both move with a paused clock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timeline {
    pub(super) origin: Instant,
    pub(super) epoch_ms: i64,
}

impl Timeline {
    fn now_ms(&self) -> i64 {
        self.epoch_ms + self.origin.elapsed().as_millis() as i64
    }

    fn instant(&self, at_ms: i64) -> Instant {
        let since_origin_ms = u64::try_from(at_ms - self.epoch_ms).unwrap_or(0);
        self.origin + Duration::from_millis(since_origin_ms)
    }
}

/// Which group a task is of, and where it is to be found.
#[derive(Debug)]
pub(super) struct Identity {
    pub(super) id: Arc<str>,
    pub(super) serial: u64,
    pub(super) registry: Arc<Registry>,
}

/// One group and what its task needs.
#[derive(Debug)]
pub(super) struct GroupTask {
    identity: Identity,
    timeline: Timeline,
    settings: Settings,
    memory: GroupMemory,
    held: Held,
    group: ClassicGroup,
    offsets: Offsets,
    check_offsets_at_ms: i64,
    next_ticket: u64,
    joins: BTreeMap<Ticket, Answer<Result<Joined, JoinError>>>,
    syncs: BTreeMap<Ticket, Answer<Result<Synced, SyncError>>>,
}

impl GroupTask {
    /// A new, empty group.
    pub(super) fn new(
        identity: Identity,
        timeline: Timeline,
        settings: Settings,
        memory: GroupMemory,
    ) -> Self {
        let now_ms = timeline.now_ms();
        Self {
            identity,
            timeline,
            settings,
            held: memory.hold(),
            memory,
            group: ClassicGroup::new(settings.limits, now_ms),
            offsets: Offsets::default(),
            check_offsets_at_ms: now_ms + settings.offsets_check_interval_ms,
            next_ticket: 0,
            joins: BTreeMap::new(),
            syncs: BTreeMap::new(),
        }
    }

    /// Serves the group until it ends.
    pub(super) async fn run(mut self, mut mailbox: mpsc::Receiver<Box<Command>>) {
        let mut batch = Vec::new();
        while self.group.state() != GroupState::Dead {
            let group_deadline_ms = self.group.next_deadline_ms().unwrap_or(i64::MAX);
            let wake_at = self
                .timeline
                .instant(group_deadline_ms.min(self.check_offsets_at_ms));
            tokio::select! {
                biased;
                count = mailbox.recv_many(&mut batch, BATCH_REQUESTS) => {
                    if count == 0 {
                        return;
                    }
                }
                () = tokio::time::sleep_until(wake_at) => {}
            }
            let now_ms = self.timeline.now_ms();
            // Requests before deadlines: a heartbeat that has arrived counts, however late the task came to read it.
            for command in batch.drain(..) {
                self.handle(now_ms, *command);
                self.count_held();
            }
            let effects = self.group.expire(now_ms);
            self.carry_out(effects);
            self.check_offsets(now_ms);
            self.count_held();
        }
        // Those who reached the mailbox in the meantime learn from the dead group to look for its successor.
        mailbox.close();
        while let Some(command) = mailbox.recv().await {
            self.handle(self.timeline.now_ms(), *command);
        }
    }

    fn handle(&mut self, now_ms: i64, command: Command) {
        match command {
            Command::Join(request, answer) => {
                if let Err(full) = self.memory.admit(self.group.join_growth_bytes(&request)) {
                    return reply(answer, Err(full.into()));
                }
                let ticket = self.ticket();
                self.joins.insert(ticket, answer);
                let effects = self.group.join(now_ms, ticket, &request);
                self.carry_out(effects);
            }
            Command::Sync(request, answer) => {
                if let Err(full) = self.memory.admit(self.group.sync_growth_bytes(&request)) {
                    return reply(answer, Err(full.into()));
                }
                let ticket = self.ticket();
                self.syncs.insert(ticket, answer);
                let effects = self.group.sync(now_ms, ticket, &request);
                self.carry_out(effects);
            }
            Command::Heartbeat(membership, answer) => {
                reply(answer, self.group.heartbeat(now_ms, &membership));
            }
            Command::Leave(leavers, answer) => {
                let (results, effects) = self.group.leave(now_ms, &leavers);
                self.carry_out(effects);
                reply(answer, results);
            }
            Command::Commit(membership, offsets, answer) => {
                reply(answer, self.commit(now_ms, &membership, offsets));
            }
            Command::FetchOffsets(wanted, answer) => reply(answer, self.fetch_offsets(wanted)),
            Command::Describe(answer) => reply(answer, self.group.describe()),
            Command::Summarize(answer) => reply(answer, self.summarize()),
            Command::Delete(answer) => reply(answer, self.delete(now_ms)),
            Command::DeleteOffsets(wanted, answer) => reply(answer, self.delete_offsets(&wanted)),
            Command::ForgetTopics(topics) => {
                for topic in topics.iter() {
                    self.offsets.forget_topic(topic);
                }
            }
        }
    }

    fn commit(
        &mut self,
        now_ms: i64,
        membership: &Membership,
        offsets: OffsetsToCommit,
    ) -> Result<(), CommitError> {
        self.group.validate_commit(now_ms, membership)?;
        self.admit(&offsets)?;
        for (topic, partitions) in offsets {
            for (partition, offset) in partitions {
                self.offsets.commit(now_ms, &topic, partition, offset);
            }
        }
        Ok(())
    }

    /// Whether there is memory for offsets that were not committed before, and for longer metadata. An offset in the place of another
    /// takes no more, so that who has a place goes on.
    fn admit(&self, offsets: &OffsetsToCommit) -> Result<(), GroupsFull> {
        let partitions = offsets.iter().flat_map(|(topic, partitions)| {
            partitions
                .iter()
                .map(move |(index, commit)| (topic, index, commit))
        });
        let growth =
            partitions.map(|(topic, index, commit)| self.offsets.growth_bytes(topic, *index, commit));
        self.memory.admit(growth.sum())
    }

    fn count_held(&mut self) {
        self.held
            .resize(self.group.held_bytes() + self.offsets.held_bytes());
    }

    fn fetch_offsets(&self, wanted: Option<Vec<(Arc<str>, Vec<i32>)>>) -> FetchedOffsets {
        let Some(wanted) = wanted else {
            let all = self.offsets.iter().map(|(topic, offsets)| {
                let offsets = offsets
                    .iter()
                    .map(|(index, offset)| (*index, Some(offset.clone())));
                (Arc::clone(topic), offsets.collect())
            });
            return all.collect();
        };
        let found = wanted.into_iter().map(|(topic, indexes)| {
            let offset = |index| (index, self.offsets.get(&topic, index).cloned());
            let offsets = indexes.into_iter().map(offset).collect();
            (topic, offsets)
        });
        found.collect()
    }

    fn summarize(&self) -> GroupSummary {
        GroupSummary {
            group_id: Arc::clone(&self.identity.id),
            protocol_type: self.group.protocol_type().cloned().unwrap_or_default(),
            state: self.group.state(),
        }
    }

    /// Source: `ClassicGroup.validateDeleteGroup`.
    fn delete(&mut self, now_ms: i64) -> Result<(), DeleteError> {
        match self.group.state() {
            GroupState::Empty => {
                self.end(now_ms);
                Ok(())
            }
            GroupState::Dead => Err(DeleteError::NotFound),
            state => Err(DeleteError::NonEmpty { state }),
        }
    }

    /// Source: `OffsetMetadataManager.deleteOffsets`.
    fn delete_offsets(&mut self, wanted: &[(Arc<str>, Vec<i32>)]) -> DeletedOffsets {
        match self.group.state() {
            GroupState::Empty => {}
            GroupState::Dead => return Err(DeleteOffsetsError::NotFound),
            state if !self.group.uses_consumer_protocol() => {
                return Err(DeleteOffsetsError::NonEmpty { state });
            }
            _ => {}
        }
        let results = wanted.iter().map(|(topic, indexes)| {
            if self.group.is_subscribed_to(topic) {
                return Err(DeleteOffsetsError::Subscribed {
                    topic: Arc::clone(topic),
                });
            }
            for index in indexes {
                self.offsets.delete(topic, *index);
            }
            Ok(())
        });
        Ok(results.collect())
    }

    /// Forgets expired offsets when it is time to; an empty group without any ends. Source: `cleanupGroupMetadata`.
    fn check_offsets(&mut self, now_ms: i64) {
        if now_ms < self.check_offsets_at_ms {
            return;
        }
        self.check_offsets_at_ms = now_ms + self.settings.offsets_check_interval_ms;
        let retention_ms = self.settings.offsets_retention_ms;
        self.offsets.expire(now_ms, retention_ms, &self.group);
        let is_empty = self.group.state() == GroupState::Empty && !self.group.has_pending_members();
        if is_empty && self.offsets.is_empty() {
            self.end(now_ms);
        }
    }

    /// From here on the id is free for another group. What still arrives here finds a dead one.
    fn end(&mut self, now_ms: i64) {
        self.group.die(now_ms);
        self.offsets = Offsets::default();
        let Identity { id, serial, registry } = &self.identity;
        registry.remove(id, *serial);
    }

    fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::AnswerJoin(ticket, result) => {
                    let answer = self.joins.remove(&ticket);
                    reply(answer.expect("a join is answered once"), result);
                }
                Effect::AnswerSync(ticket, result) => {
                    let answer = self.syncs.remove(&ticket);
                    reply(answer.expect("a sync is answered once"), result);
                }
            }
        }
    }

    fn ticket(&mut self) -> Ticket {
        self.next_ticket += 1;
        Ticket(self.next_ticket)
    }
}

/// Nobody listens any more if the client hung up, and that is its own affair.
fn reply<T>(answer: Answer<T>, value: T) {
    let _ = answer.send(value);
}
