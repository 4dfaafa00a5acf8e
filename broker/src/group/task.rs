//! The shell around the rules of one group: a task with a mailbox. It receives requests, asks the rules, sends the answers, and sleeps
//! until the next deadline. It ends when the group is deleted, or is empty and has no offsets left.
//!
//! This file has the work that all types of groups share. Each protocol has a file: [`classic`] has the requests of the classic one.

mod classic;
mod consumer;

use super::catalog::SharedCatalog;
use super::classic::Limits;
use super::command::{Answer, Command, DeletedOffsets};
use super::journal::{GroupJournal, GroupRecords};
use super::memory::{GroupMemory, Held};
use super::offsets::{Offsets, OffsetsToCommit, PartitionsByTopic};
use super::registry::Registry;
use super::timeline::Timeline;
use super::{
    CommitError, Committer, Group, GroupError, GroupState, GroupSummary, NonEmptyGroup, OffsetsTransaction,
    SubscribedToTopic,
};
use classic::ParkedAnswers;
use std::sync::Arc;
use tokio::sync::mpsc;
use tracing::debug;

/// The number of requests that may wait in a group's mailbox before senders have to wait.
pub(super) const MAILBOX_REQUESTS: usize = 64;

/// The maximum number of requests that are handled before deadlines are checked again.
const BATCH_REQUESTS: usize = 64;

/// The settings of a group's task.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) limits: Limits,
    pub(super) consumer: super::consumer::Limits,
    /// `offsets.retention.minutes`.
    pub(super) offsets_retention_ms: i64,
    /// `offsets.retention.check.interval.ms`.
    pub(super) offsets_check_interval_ms: i64,
}

/// The id of the group and its place in the registry.
#[derive(Debug)]
pub(super) struct Identity {
    pub(super) id: Arc<str>,
    pub(super) serial: u64,
    pub(super) registry: Arc<Registry>,
}

/// The state of a group's task: the group, its offsets, and the requests that wait.
#[derive(Debug)]
pub(super) struct GroupTask {
    identity: Identity,
    timeline: Timeline,
    settings: Settings,
    memory: GroupMemory,
    catalog: SharedCatalog,
    journal: Arc<dyn GroupJournal>,
    held: Held,
    group: Group,
    /// True until a request has been served: a group that was created for a request which is refused ends with it.
    is_new: bool,
    /// True from a commit that created the group and stored nothing until something is kept.
    is_unwritten: bool,
    offsets: Offsets,
    check_offsets_at_ms: i64,
    parked: ParkedAnswers,
    has_ended: bool,
}

impl GroupTask {
    /// Creates the task of a new group.
    pub(super) fn new(
        identity: Identity,
        group: Group,
        timeline: Timeline,
        settings: Settings,
        memory: GroupMemory,
        catalog: SharedCatalog,
        journal: Arc<dyn GroupJournal>,
    ) -> Self {
        Self {
            identity,
            timeline,
            held: memory.hold(),
            memory,
            catalog,
            journal,
            group,
            is_new: true,
            is_unwritten: false,
            offsets: Offsets::default(),
            check_offsets_at_ms: timeline.now_ms() + settings.offsets_check_interval_ms,
            settings,
            parked: ParkedAnswers::default(),
            has_ended: false,
        }
    }

    /// Serves the group until it ends. The requests that are left in the mailbox then get no answer, which tells their senders that the
    /// group has ended.
    pub(super) async fn run(mut self, mut mailbox: mpsc::Receiver<Box<Command>>) {
        let mut batch = Vec::new();
        while !self.has_ended {
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
            // Requests come before deadlines: a heartbeat that has arrived counts, however late the task reads it.
            for command in batch.drain(..) {
                // A request after the one that ended the group is dropped, like those in the mailbox.
                if !self.has_ended {
                    self.handle(now_ms, *command);
                    self.keep_changes(now_ms);
                    self.is_new = false;
                    self.is_unwritten &= self.group.is_empty() && self.offsets.is_empty();
                    // The memory is counted after each request, because the next one is checked against it.
                    self.count_held();
                }
            }
            let effects = self.group.expire(now_ms);
            self.follow(now_ms, effects);
            self.keep_changes(now_ms);
            self.settle(now_ms);
            self.check_offsets(now_ms);
            self.count_held();
        }
    }

    fn handle(&mut self, now_ms: i64, command: Command) {
        match command {
            Command::Classic(command) => self.handle_classic(now_ms, command),
            Command::Consumer(command) => self.handle_consumer(now_ms, command),
            Command::Commit(committer, offsets, answer) => {
                let has_offsets = offsets.iter().any(|(_, partitions)| !partitions.is_empty());
                reply(answer, self.commit(now_ms, &committer, offsets));
                // In Kafka a group that was created and not written is there for requests that write, and not for those that read.
                self.is_unwritten |= self.is_new && !has_offsets;
            }
            Command::Stage(committer, transaction, offsets, answer) => {
                reply(answer, self.stage(now_ms, &committer, &*transaction, offsets));
            }
            Command::Complete(producer_id, outcome, answer) => {
                self.offsets.complete(producer_id, outcome);
                reply(answer, Ok(()));
            }
            Command::FetchOffsets(reader, wanted, answer) => {
                let validated = self.group.validate_offset_fetch(&reader);
                let validated = validated.map_err(GroupError::Refused);
                let fetch = |()| self.offsets.fetch(wanted, reader.requires_stable);
                reply(answer, validated.map(fetch));
            }
            Command::Summarize(answer) if self.is_unwritten => reply(answer, Err(GroupError::NotFound)),
            Command::Summarize(answer) => reply(answer, Ok(self.summarize())),
            Command::Delete(answer) => reply(answer, self.delete(now_ms).map_err(GroupError::Refused)),
            Command::DeleteOffsets(wanted, answer) => {
                let deleted = self.delete_offsets(now_ms, &wanted);
                reply(answer, deleted.map_err(GroupError::Refused));
            }
            Command::DeleteTopics(topics) => self.delete_topics(now_ms, &topics),
            Command::Unload => self.end("its journal was deleted"),
        }
    }

    /// Source: `OffsetMetadataManager.commitOffset`.
    fn commit(
        &mut self,
        now_ms: i64,
        committer: &Committer,
        offsets: OffsetsToCommit,
    ) -> Result<(), GroupError<CommitError>> {
        self.group
            .validate_offset_commit(committer, &offsets)
            .map_err(GroupError::Refused)?;
        // The member is alive even if there is no memory for its offsets, so its session is renewed first.
        if !committer.is_transactional {
            self.group.note_commit(now_ms, &committer.membership.member_id);
        }
        self.memory.admit(self.offsets.growth_bytes(&offsets))?;
        self.keep(now_ms, &self.records_of(now_ms, &offsets));
        for (topic, partitions) in offsets {
            for (partition, offset) in partitions {
                self.offsets.commit(now_ms, &topic, partition, offset);
            }
        }
        Ok(())
    }

    /// Source: `OffsetMetadataManager.commitTransactionalOffset`.
    fn stage(
        &mut self,
        now_ms: i64,
        committer: &Committer,
        transaction: &dyn OffsetsTransaction,
        offsets: OffsetsToCommit,
    ) -> Result<(), GroupError<CommitError>> {
        self.group
            .validate_offset_commit(committer, &offsets)
            .map_err(GroupError::Refused)?;
        // The offset that it replaces is held as well until the transaction ends.
        let producer_id = transaction.producer_id();
        self.memory
            .admit(self.offsets.staging_bytes(producer_id, &offsets))?;
        let records = self.records_of(now_ms, &offsets);
        if !records.is_empty() {
            // The log comes first, because it knows whether a marker has ended the transaction. An offset that is staged after it would make
            // its partition unstable, and the producer's next transaction would commit it.
            let kept = transaction.append(&self.identity.id, now_ms, &records);
            kept.map_err(|over| GroupError::Refused(over.into()))?;
        }
        for (topic, partitions) in offsets {
            for (partition, offset) in partitions {
                self.offsets
                    .stage(now_ms, producer_id, (&topic, partition), offset);
            }
        }
        Ok(())
    }

    fn records_of(&self, now_ms: i64, offsets: &OffsetsToCommit) -> GroupRecords {
        let mut records = GroupRecords::default();
        for (topic, partitions) in offsets {
            let topic_id = self.journal.topic_id(topic);
            for (partition, offset) in partitions {
                let place = (&**topic, topic_id, *partition);
                records.offset_committed(&self.identity.id, place, offset, now_ms);
            }
        }
        records
    }

    /// Keeps the records of one change in the journal.
    fn keep(&self, now_ms: i64, records: &GroupRecords) {
        if !records.is_empty() {
            self.journal.append(&self.identity.id, now_ms, records);
        }
    }

    /// Keeps what has changed about a consumer group.
    pub(super) fn keep_changes(&mut self, now_ms: i64) {
        let records = self.group.take_records();
        self.keep(now_ms, &records);
    }

    fn count_held(&mut self) {
        self.held
            .resize(self.group.held_bytes() + self.offsets.held_bytes());
    }

    fn summarize(&self) -> GroupSummary {
        GroupSummary {
            group_id: Arc::clone(&self.identity.id),
            group_type: self.group.group_type(),
            protocol_type: self.group.protocol_type().cloned().unwrap_or_default(),
            state: self.group.state(),
        }
    }

    /// Source: `GroupCoordinatorShard.deleteGroups`.
    fn delete(&mut self, now_ms: i64) -> Result<(), NonEmptyGroup> {
        self.group.validate_delete()?;
        let mut records = GroupRecords::default();
        for (topic, partition) in self.offsets.partitions() {
            records.offset_removed(&self.identity.id, topic, partition);
        }
        self.group.put_removal(&self.identity.id, &mut records);
        self.keep(now_ms, &records);
        self.end("deleted");
        Ok(())
    }

    /// Source: `OffsetMetadataManager.deleteOffsets`.
    fn delete_offsets(
        &mut self,
        now_ms: i64,
        wanted: &PartitionsByTopic,
    ) -> Result<DeletedOffsets, NonEmptyGroup> {
        self.group.validate_offset_delete()?;
        let mut records = GroupRecords::default();
        let results = wanted.iter().map(|(topic, indexes)| {
            if self.group.is_subscribed_to(topic) {
                let topic = Arc::clone(topic);
                return Err(SubscribedToTopic { topic });
            }
            for index in indexes {
                if self.offsets.delete(topic, *index) {
                    records.offset_removed(&self.identity.id, topic, *index);
                }
            }
            Ok(())
        });
        let results = results.collect();
        self.keep(now_ms, &records);
        Ok(results)
    }

    /// Source: `OffsetMetadataManager.onTopicPartitionsDeleted`, `cleanUpOffsetsOfDeletedTopics`.
    fn delete_topics(&mut self, now_ms: i64, topics: &[Arc<str>]) {
        let mut records = GroupRecords::default();
        for topic in topics {
            for partition in self.offsets.delete_topic(topic) {
                records.offset_removed(&self.identity.id, topic, partition);
            }
        }
        self.keep(now_ms, &records);
    }

    /// Removes expired offsets when a check is due, and ends an empty group that has no offsets. Source: `cleanupGroupMetadata`.
    fn check_offsets(&mut self, now_ms: i64) {
        if self.has_ended || now_ms < self.check_offsets_at_ms {
            return;
        }
        self.check_offsets_at_ms = now_ms + self.settings.offsets_check_interval_ms;
        let mut records = GroupRecords::default();
        if let Some(condition) = self.group.offset_expiration_condition() {
            let retention_ms = self.settings.offsets_retention_ms;
            let is_subscribed_to = |topic: &str| self.group.is_subscribed_to(topic);
            let expired = self
                .offsets
                .expire(now_ms, retention_ms, condition, is_subscribed_to);
            for (topic, partition) in &expired {
                records.offset_removed(&self.identity.id, topic, *partition);
            }
            if !expired.is_empty() {
                let count = expired.len();
                debug!(count, reason = "the retention time has passed", "offsets removed");
            }
        }
        let ends = self.group.is_empty() && self.offsets.is_empty();
        if ends {
            self.group.put_removal(&self.identity.id, &mut records);
        }
        self.keep(now_ms, &records);
        if ends {
            self.end("empty and without offsets");
        }
    }

    /// Ends a group that was created for a request which is refused. Kafka creates the group together with its first member.
    fn end_if_new(&mut self) {
        if self.is_new {
            self.end("its first request was refused");
        }
    }

    /// Ends the group. Its id is free for another group from here on.
    fn end(&mut self, reason: &'static str) {
        debug!(
            from = self.group.state().name(),
            to = GroupState::Dead.name(),
            reason,
            "group ends"
        );
        self.has_ended = true;
        let Identity { id, serial, registry } = &self.identity;
        // The registry forgets the group before the client hears of its end, so the client can create it anew
        // at once.
        registry.remove(id, *serial);
    }
}

/// Sends an answer. A client that has hung up does not get it.
fn reply<T, E>(answer: Answer<T, E>, result: Result<T, GroupError<E>>) {
    let _ = answer.send(result);
}
