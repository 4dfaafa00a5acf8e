//! The groups of the cluster: id to the task that owns the group. Knows nothing of topics beyond their names.
//!
//! The rules are pure ([`classic`], [`offsets`]); [`task`] is the shell that gives them time, requests and a voice.

pub(crate) mod classic;
mod memory;
pub(crate) mod offsets;
mod task;
#[cfg(test)]
mod tests;

pub(crate) use memory::GroupsFull;
pub(crate) use task::{FetchedOffsets, OffsetsToCommit};

use crate::Clock;
use crate::config::BrokerConfig;
use crate::ids::NodeId;
use crate::pool::Pool;
use classic::{
    CommitError, Description, GroupState, HeartbeatError, JoinError, JoinRequest, Joined, LeaveError, Leaver,
    Limits, Membership, SyncError, SyncRequest, Synced,
};
use dashmap::{DashMap, Entry};
use memory::{GROUP_BYTES, GroupMemory};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use task::{Answer, Command, GroupTask, Identity, MAILBOX_REQUESTS, Settings, Timeline};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tracing::{Instrument, info_span};

/// How many groups the cluster holds at most, whatever the memory limit allows.
const MAX_GROUPS: usize = 50_000;

/// How many members, and ids promised to members, one group holds at most, whatever `group.max.size` allows.
const MAX_GROUP_MEMBERS: usize = 20_000;

/// Kafka's `CLASSIC_GROUP_NEW_MEMBER_JOIN_TIMEOUT_MS`.
const NEW_MEMBER_JOIN_TIMEOUT_MS: i64 = 5 * 60 * 1_000;

/// Why a group cannot be asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AccessError {
    /// Only offsets may be stored under the empty id.
    #[error("the group id must not be empty")]
    EmptyGroupId,
    /// Another broker coordinates the group.
    #[error("broker {asked} does not coordinate group `{group_id}`, broker {coordinator} does")]
    NotCoordinator {
        /// The group.
        group_id: String,
        /// The broker that was asked.
        asked: NodeId,
        /// The one to ask.
        coordinator: NodeId,
    },
    /// The group ended while the request waited, or the cluster stops.
    #[error("the group ended while the request waited; asking again finds its successor")]
    Ended,
    /// [`MAX_GROUPS`].
    #[error(
        "the cluster holds {limit} groups, which is its limit; delete some, or wait until empty ones expire"
    )]
    TooManyGroups {
        /// The bound.
        limit: usize,
    },
    /// There is no memory for another group.
    #[error(transparent)]
    NoRoom(#[from] GroupsFull),
}

/// Why a group was not deleted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DeleteError {
    /// No such group.
    #[error("the group does not exist")]
    NotFound,
    /// It has members.
    #[error("the group has members: it is in state {}", state.name())]
    NonEmpty {
        /// What it is doing.
        state: GroupState,
    },
}

/// Why committed offsets were not deleted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DeleteOffsetsError {
    /// No such group.
    #[error("the group does not exist")]
    NotFound,
    /// It has members, and they are no consumers, so that nobody knows what they use.
    #[error("the group has members: it is in state {}", state.name())]
    NonEmpty {
        /// What it is doing.
        state: GroupState,
    },
    /// Members read the topic.
    #[error("members of the group subscribe to topic `{topic}`")]
    Subscribed {
        /// The topic.
        topic: Arc<str>,
    },
}

/// A group in a list of groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GroupSummary {
    pub(crate) group_id: Arc<str>,
    /// Empty for a group that only stores offsets.
    pub(crate) protocol_type: Arc<str>,
    pub(crate) state: GroupState,
}

/// All groups. The map never leaves this module.
#[derive(Debug)]
pub(crate) struct Groups {
    registry: Arc<Registry>,
    timeline: Timeline,
    settings: Settings,
    max_groups: usize,
    memory: GroupMemory,
    /// Ends with the groups: dropping it aborts the tasks.
    tasks: Mutex<JoinSet<()>>,
}

/// Where to reach each group. The tasks hold it too, to take themselves off it.
#[derive(Debug, Default)]
struct Registry {
    mailboxes: DashMap<Arc<str>, Mailbox>,
    count: AtomicUsize,
    next_serial: AtomicU64,
}

/// A group's mailbox; the serial number tells it from that of a later group of the same id.
#[derive(Clone, Debug)]
struct Mailbox {
    serial: u64,
    /// Boxed, because a channel keeps room for 32 of what it carries however few there are.
    commands: mpsc::Sender<Box<Command>>,
}

impl Registry {
    fn get(&self, group_id: &str) -> Option<Mailbox> {
        self.mailboxes.get(group_id).map(|mailbox| mailbox.clone())
    }

    fn remove(&self, group_id: &str, serial: u64) {
        let is_same = |_: &Arc<str>, mailbox: &Mailbox| mailbox.serial == serial;
        if self.mailboxes.remove_if(group_id, is_same).is_some() {
            self.count.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Groups {
    /// No groups yet; what they hold counts against `pool`.
    pub(crate) fn new(config: &BrokerConfig, clock: &Clock, pool: Pool) -> Self {
        let limits = Limits {
            initial_rebalance_delay_ms: config.group_initial_rebalance_delay_ms,
            max_size: usize::try_from(config.group_max_size).unwrap_or(0),
            max_members: MAX_GROUP_MEMBERS,
            new_member_join_timeout_ms: NEW_MEMBER_JOIN_TIMEOUT_MS,
        };
        Self {
            registry: Arc::default(),
            timeline: Timeline {
                origin: Instant::now(),
                epoch_ms: clock.now_ms(),
            },
            settings: Settings {
                limits,
                offsets_retention_ms: i64::from(config.offsets_retention_minutes) * 60_000,
                offsets_check_interval_ms: config.offsets_retention_check_interval_ms,
            },
            max_groups: MAX_GROUPS,
            memory: GroupMemory::new(pool),
            tasks: Mutex::default(),
        }
    }

    /// A member joins. Parked until the rebalance completes; the wait may be given up at any time.
    pub(crate) async fn join(
        &self,
        group_id: &str,
        request: JoinRequest,
    ) -> Result<Result<Joined, JoinError>, AccessError> {
        // Only a member that has no id yet founds a group.
        let mailbox = if request.member_id.is_empty() {
            self.get_or_create(group_id)?
        } else {
            match self.registry.get(group_id) {
                Some(mailbox) => mailbox,
                None => return Ok(Err(classic::MembershipError::UnknownMemberId.into())),
            }
        };
        self.ask_at(group_id, mailbox, |answer| Command::Join(request, answer))
            .await
    }

    /// A member asks for its assignment; `None`: no such group. Parked until the leader has assigned.
    pub(crate) async fn sync(
        &self,
        group_id: &str,
        request: SyncRequest,
    ) -> Result<Option<Result<Synced, SyncError>>, AccessError> {
        self.ask(group_id, |answer| Command::Sync(request, answer)).await
    }

    /// A member lives; `None`: no such group.
    pub(crate) async fn heartbeat(
        &self,
        group_id: &str,
        membership: Membership,
    ) -> Result<Option<Result<(), HeartbeatError>>, AccessError> {
        self.ask(group_id, |answer| Command::Heartbeat(membership, answer))
            .await
    }

    /// Members leave, one result each; `None`: no such group.
    pub(crate) async fn leave(
        &self,
        group_id: &str,
        leavers: Vec<Leaver>,
    ) -> Result<Option<Vec<Result<(), LeaveError>>>, AccessError> {
        self.ask(group_id, |answer| Command::Leave(leavers, answer)).await
    }

    /// Commits offsets; `None`: no such group, and the committer says that it is a member of it. Whoever does not founds one.
    pub(crate) async fn commit(
        &self,
        group_id: &str,
        membership: Membership,
        offsets: OffsetsToCommit,
    ) -> Result<Option<Result<(), CommitError>>, AccessError> {
        if membership.generation_id.0 < 0 {
            self.get_or_create(group_id)?;
        }
        self.ask(group_id, |answer| Command::Commit(membership, offsets, answer))
            .await
    }

    /// What is committed for the partitions wanted, or everything; `None`: no such group.
    pub(crate) async fn fetch_offsets(
        &self,
        group_id: &str,
        wanted: Option<Vec<(Arc<str>, Vec<i32>)>>,
    ) -> Result<Option<FetchedOffsets>, AccessError> {
        self.ask(group_id, |answer| Command::FetchOffsets(wanted, answer))
            .await
    }

    /// A group and its members; `None`: no such group.
    pub(crate) async fn describe(&self, group_id: &str) -> Result<Option<Description>, AccessError> {
        self.ask(group_id, Command::Describe).await
    }

    /// All groups, by id.
    pub(crate) async fn list(&self) -> Vec<GroupSummary> {
        let mut summaries = Vec::new();
        for group_id in self.ids() {
            // A group that ends meanwhile is not listed.
            if let Ok(Some(summary)) = self.ask(&group_id, Command::Summarize).await {
                summaries.push(summary);
            }
        }
        summaries
    }

    /// Deletes a group that has no members, with its offsets.
    pub(crate) async fn delete(&self, group_id: &str) -> Result<Result<(), DeleteError>, AccessError> {
        let deleted = self.ask(group_id, Command::Delete).await?;
        Ok(deleted.unwrap_or(Err(DeleteError::NotFound)))
    }

    /// Deletes committed offsets; one result for each topic, in order.
    pub(crate) async fn delete_offsets(
        &self,
        group_id: &str,
        partitions: Vec<(Arc<str>, Vec<i32>)>,
    ) -> Result<task::DeletedOffsets, AccessError> {
        let deleted = self.ask(group_id, |answer| Command::DeleteOffsets(partitions, answer));
        Ok(deleted.await?.unwrap_or(Err(DeleteOffsetsError::NotFound)))
    }

    /// Every group forgets what it committed for topics that were deleted.
    pub(crate) async fn forget_topics(&self, topics: &[Arc<str>]) {
        let topics: Arc<[Arc<str>]> = topics.into();
        for group_id in self.ids() {
            if let Some(mailbox) = self.registry.get(&group_id) {
                // A mailbox that is closed is that of a group that has ended, and its offsets with it.
                let command = Box::new(Command::ForgetTopics(Arc::clone(&topics)));
                let _ = mailbox.commands.send(command).await;
            }
        }
    }

    fn ids(&self) -> Vec<Arc<str>> {
        let mailboxes = self.registry.mailboxes.iter();
        let mut ids: Vec<_> = mailboxes.map(|entry| Arc::clone(entry.key())).collect();
        ids.sort();
        ids
    }

    async fn ask<T>(
        &self,
        group_id: &str,
        command: impl FnOnce(Answer<T>) -> Command,
    ) -> Result<Option<T>, AccessError> {
        match self.registry.get(group_id) {
            Some(mailbox) => self.ask_at(group_id, mailbox, command).await.map(Some),
            None => Ok(None),
        }
    }

    async fn ask_at<T>(
        &self,
        group_id: &str,
        mailbox: Mailbox,
        command: impl FnOnce(Answer<T>) -> Command,
    ) -> Result<T, AccessError> {
        let (answer, answered) = oneshot::channel();
        if mailbox.commands.send(Box::new(command(answer))).await.is_err() {
            // Takes the mailbox of a task that panicked off the map, so that the id is usable again.
            self.registry.remove(group_id, mailbox.serial);
            return Err(AccessError::Ended);
        }
        answered.await.map_err(|_| AccessError::Ended)
    }

    fn get_or_create(&self, group_id: &str) -> Result<Mailbox, AccessError> {
        if let Some(mailbox) = self.registry.get(group_id) {
            return Ok(mailbox);
        }
        let id: Arc<str> = group_id.into();
        match self.registry.mailboxes.entry(Arc::clone(&id)) {
            Entry::Occupied(entry) => Ok(entry.get().clone()),
            Entry::Vacant(entry) => {
                let limit = self.max_groups;
                if self.registry.count.load(Ordering::Relaxed) >= limit {
                    return Err(AccessError::TooManyGroups { limit });
                }
                self.memory.admit(GROUP_BYTES)?;
                self.registry.count.fetch_add(1, Ordering::Relaxed);
                Ok(entry.insert(self.spawn(id)).clone())
            }
        }
    }

    fn spawn(&self, group_id: Arc<str>) -> Mailbox {
        let serial = self.registry.next_serial.fetch_add(1, Ordering::Relaxed);
        let (commands, mailbox) = mpsc::channel(MAILBOX_REQUESTS);
        let registry = Arc::clone(&self.registry);
        // The rules log what they do and do not know whose they are.
        let span = info_span!("group", %group_id);
        let identity = Identity {
            id: group_id,
            serial,
            registry,
        };
        let task = GroupTask::new(identity, self.timeline, self.settings, self.memory.clone());
        // Nothing is left half done by a panic while this lock is held.
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task.run(mailbox).instrument(span));
        Mailbox { serial, commands }
    }
}
