//! All groups of the cluster: the map from a group's id to the task that runs it.

use super::catalog::{SharedCatalog, TopicCatalog};
use super::classic::{
    ClassicDescription, ClassicGroup, HeartbeatError, JoinError, Joined, Joiner, Leaver, Limits, NotClassic,
    SyncError, SyncRequest, Synced,
};
use super::command::{Answer, ClassicCommand, Command, ConsumerCommand, DeletedOffsets};
use super::consumer::{
    self, Assignor, ConsumerDescription, ConsumerGroupNotFound, Heartbeat, HeartbeatAnswer, MigrationPolicy,
};
use super::journal::GroupJournal;
use super::memory::{GROUP_BYTES, GroupMemory};
use super::offsets::{FetchedOffsets, OffsetsToCommit, PartitionsByTopic};
use super::registry::{Mailbox, Registry};
use super::task::{GroupTask, Identity, MAILBOX_REQUESTS, Settings};
use super::timeline::Timeline;
use super::{
    AccessError, CommitError, Committer, FetchOffsetsError, Group, GroupError, GroupSummary, Membership,
    MembershipError, NonEmptyGroup, OffsetReader, OffsetsTransaction,
};
use crate::Clock;
use crate::config::BrokerConfig;
use crate::ids::{ProducerId, TransactionOutcome};
use crate::pool::Pool;
use dashmap::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tracing::{Instrument, debug, info_span};

/// The maximum number of groups in the cluster, whatever the memory limit allows.
// A group with one offset takes 3.8 KB, so this many take about 190 MB.
const MAX_GROUPS: usize = 50_000;

/// The maximum number of members and pending members in a group, whatever `group.max.size` allows.
const MAX_GROUP_MEMBERS: usize = 20_000;

/// Kafka's `CLASSIC_GROUP_NEW_MEMBER_JOIN_TIMEOUT_MS`.
const NEW_MEMBER_JOIN_TIMEOUT_MS: i64 = 5 * 60 * 1_000;

/// All groups.
#[derive(Debug)]
pub(crate) struct Groups {
    pub(super) registry: Arc<Registry>,
    timeline: Timeline,
    settings: Settings,
    pub(super) max_groups: usize,
    memory: GroupMemory,
    catalog: SharedCatalog,
    journal: Arc<dyn GroupJournal>,
    /// The groups in which each producer has committed offsets in its open transaction.
    in_transactions: Mutex<BTreeMap<ProducerId, BTreeSet<Arc<str>>>>,
    /// Dropping it aborts the tasks.
    tasks: Mutex<JoinSet<()>>,
}

impl Groups {
    /// Creates the groups of a cluster, none at first. Their memory counts against `pool`, and `journal` keeps their changes.
    pub(crate) fn new(
        config: &BrokerConfig,
        clock: &Clock,
        pool: Pool,
        journal: Arc<dyn GroupJournal>,
    ) -> Self {
        let limits = Limits {
            initial_rebalance_delay_ms: config.group_initial_rebalance_delay_ms,
            min_session_timeout_ms: config.group_min_session_timeout_ms,
            max_session_timeout_ms: config.group_max_session_timeout_ms,
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
                consumer: consumer_limits(config),
                offsets_retention_ms: i64::from(config.offsets_retention_minutes) * 60_000,
                offsets_check_interval_ms: config.offsets_retention_check_interval_ms,
            },
            max_groups: MAX_GROUPS,
            memory: GroupMemory::new(pool),
            catalog: SharedCatalog::default(),
            journal,
            in_transactions: Mutex::default(),
            tasks: Mutex::default(),
        }
    }

    /// Lets a member join a group. Waits until the rebalance completes; the wait may be given up at any time.
    pub(crate) async fn join(&self, group_id: &str, joiner: Joiner) -> Result<Joined, GroupError<JoinError>> {
        // A request that is refused must not leave an empty group behind, so this check comes first.
        let limits = &self.settings.limits;
        limits
            .validate_join(&joiner.request)
            .map_err(GroupError::Refused)?;
        // Only a member that has no id yet creates a group.
        let mailbox = if joiner.request.member_id.is_empty() {
            Some(self.get_or_create_classic(group_id)?)
        } else {
            self.registry.get(group_id)
        };
        let joined = self.ask_at(group_id, mailbox, |answer| {
            ClassicCommand::Join(joiner, answer).into()
        });
        joined.await.map_err(GroupError::or_unknown_member)
    }

    /// Gives a member its assignment. Waits until the leader has assigned.
    pub(crate) async fn sync(
        &self,
        group_id: &str,
        request: SyncRequest,
    ) -> Result<Synced, GroupError<SyncError>> {
        let synced = self.ask(group_id, |answer| ClassicCommand::Sync(request, answer).into());
        synced.await.map_err(GroupError::or_unknown_member)
    }

    /// Renews a member's session.
    pub(crate) async fn heartbeat(
        &self,
        group_id: &str,
        membership: Membership,
    ) -> Result<(), GroupError<HeartbeatError>> {
        let renewed = self.ask(group_id, |answer| {
            ClassicCommand::Heartbeat(membership, answer).into()
        });
        renewed.await.map_err(GroupError::or_unknown_member)
    }

    /// Removes members from a group. Returns one result each, in order.
    pub(crate) async fn leave(
        &self,
        group_id: &str,
        leavers: Vec<Leaver>,
    ) -> Result<Vec<Result<(), MembershipError>>, GroupError<Infallible>> {
        let count = leavers.len();
        let left = self.ask(group_id, |answer| ClassicCommand::Leave(leavers, answer).into());
        match left.await {
            // Kafka gives each member this error and leaves the error of the whole answer empty.
            Err(GroupError::NotFound) => Ok(vec![Err(MembershipError::UnknownMemberId); count]),
            left => left,
        }
    }

    /// Describes a classic group.
    pub(crate) async fn describe(
        &self,
        group_id: &str,
    ) -> Result<ClassicDescription, GroupError<NotClassic>> {
        let described = self.ask(group_id, |answer| ClassicCommand::Describe(answer).into());
        described.await.map_err(GroupError::or_not_found_if_ended)
    }

    /// Handles a member's heartbeat of the consumer protocol. Only a member that joins creates a group.
    pub(crate) async fn consumer_heartbeat(
        &self,
        group_id: &str,
        heartbeat: Heartbeat,
    ) -> Result<HeartbeatAnswer, GroupError<consumer::HeartbeatError>> {
        let mailbox = if heartbeat.request.is_join() {
            Some(self.get_or_create_classic(group_id)?)
        } else {
            self.registry.get(group_id)
        };
        self.ask_at(group_id, mailbox, |answer| {
            ConsumerCommand::Heartbeat(Box::new(heartbeat), answer).into()
        })
        .await
    }

    /// Describes a consumer group.
    pub(crate) async fn describe_consumer(
        &self,
        group_id: &str,
    ) -> Result<ConsumerDescription, GroupError<ConsumerGroupNotFound>> {
        let described = self.ask(group_id, |answer| ConsumerCommand::Describe(answer).into());
        described.await.map_err(GroupError::or_not_found_if_ended)
    }

    /// Returns the limits of consumer groups.
    pub(crate) fn consumer_limits(&self) -> &consumer::Limits {
        &self.settings.consumer
    }

    /// Lets the groups see the topics of now. `make` makes the catalog that follows the one it is given, if that is older than `version`.
    pub(crate) fn refresh_catalog(&self, version: u64, make: impl FnOnce(&TopicCatalog) -> TopicCatalog) {
        let held = self.catalog.get();
        if held.version() < version {
            self.catalog.set(make(&held));
        }
    }

    /// Commits offsets. A committer that does not claim to be a member creates the group if there is none.
    pub(crate) async fn commit(
        &self,
        group_id: &str,
        committer: Committer,
        offsets: OffsetsToCommit,
    ) -> Result<(), GroupError<CommitError>> {
        let mailbox = self.for_commit(group_id, &committer)?;
        self.ask_at(group_id, mailbox, |answer| {
            Command::Commit(committer, offsets, answer)
        })
        .await
    }

    /// Commits offsets in the transaction of a producer. They become real or are dropped when it ends. A committer that does not claim to be
    /// a member creates the group if there is none.
    pub(crate) async fn commit_in_transaction(
        &self,
        group_id: &str,
        committer: Committer,
        transaction: Box<dyn OffsetsTransaction>,
        offsets: OffsetsToCommit,
    ) -> Result<(), GroupError<CommitError>> {
        let mailbox = self.for_commit(group_id, &committer)?;
        // Noted before the group is asked: the transaction may end before it answers.
        self.in_transactions()
            .entry(transaction.producer_id())
            .or_default()
            .insert(group_id.into());
        self.ask_at(group_id, mailbox, |answer| {
            Command::Stage(committer, transaction, offsets, answer)
        })
        .await
    }

    fn for_commit(&self, group_id: &str, committer: &Committer) -> Result<Option<Mailbox>, AccessError> {
        if committer.membership.generation_or_epoch.is_none() {
            return self.get_or_create_classic(group_id).map(Some);
        }
        Ok(self.registry.get(group_id))
    }

    /// Tells the groups that `is_told` selects that the transaction of a producer has ended, and waits until they know.
    pub(crate) async fn complete_transaction(
        &self,
        producer_id: ProducerId,
        outcome: TransactionOutcome,
        is_told: impl Fn(&str) -> bool,
    ) {
        let mut told = Vec::new();
        {
            let mut in_transactions = self.in_transactions();
            let Some(group_ids) = in_transactions.get_mut(&producer_id) else {
                return;
            };
            group_ids.retain(|id| {
                let stays = !is_told(id);
                if !stays {
                    told.push(Arc::clone(id));
                }
                stays
            });
            if group_ids.is_empty() {
                in_transactions.remove(&producer_id);
            }
        }
        for group_id in told {
            // A group that has ended has no pending offsets.
            let completed = self.ask(&group_id, |answer| {
                Command::Complete(producer_id, outcome, answer)
            });
            let _ = completed.await;
        }
    }

    fn in_transactions(&self) -> MutexGuard<'_, BTreeMap<ProducerId, BTreeSet<Arc<str>>>> {
        // Each change is one of a set, so a panic leaves it true.
        self.in_transactions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the committed offsets of the partitions in `wanted`; with `None` all.
    pub(crate) async fn fetch_offsets(
        &self,
        group_id: &str,
        reader: OffsetReader,
        wanted: Option<PartitionsByTopic>,
    ) -> Result<FetchedOffsets, GroupError<FetchOffsetsError>> {
        let fetched = self.ask(group_id, |answer| Command::FetchOffsets(reader, wanted, answer));
        fetched.await.map_err(GroupError::or_not_found_if_ended)
    }

    /// Returns all groups, by id.
    pub(crate) async fn list(&self) -> Vec<GroupSummary> {
        let mut summaries = Vec::new();
        for group_id in self.ids() {
            // A group that ends meanwhile is not listed.
            if let Ok(summary) = self.ask(&group_id, Command::Summarize).await {
                summaries.push(summary);
            }
        }
        summaries
    }

    /// Deletes a group that has no members, with its offsets.
    pub(crate) async fn delete(&self, group_id: &str) -> Result<(), GroupError<NonEmptyGroup>> {
        let deleted = self.ask(group_id, Command::Delete);
        deleted.await.map_err(GroupError::or_not_found_if_ended)
    }

    /// Deletes committed offsets. Returns one result for each topic, in order.
    pub(crate) async fn delete_offsets(
        &self,
        group_id: &str,
        partitions: PartitionsByTopic,
    ) -> Result<DeletedOffsets, GroupError<NonEmptyGroup>> {
        let deleted = self.ask(group_id, |answer| Command::DeleteOffsets(partitions, answer));
        deleted.await.map_err(GroupError::or_not_found_if_ended)
    }

    /// Deletes the offsets of topics in all groups, because the topics were deleted.
    pub(crate) async fn delete_offsets_of_topics(&self, topics: &[Arc<str>]) {
        let topics: Arc<[Arc<str>]> = topics.into();
        self.tell_all(|| Command::DeleteTopics(Arc::clone(&topics))).await;
    }

    /// Ends all groups, because their journal was deleted: a coordinator without it knows no group.
    /// Source: `GroupCoordinatorService.onResignation`.
    pub(crate) async fn unload(&self) {
        self.in_transactions().clear();
        self.tell_all(|| Command::Unload).await;
    }

    async fn tell_all(&self, command: impl Fn() -> Command) {
        for group_id in self.ids() {
            if let Some(mailbox) = self.registry.get(&group_id) {
                // A closed mailbox belongs to a group that has ended, and its offsets with it.
                let _ = mailbox.commands.send(Box::new(command())).await;
            }
        }
    }

    fn ids(&self) -> Vec<Arc<str>> {
        // The ids are copied, because a guard of the map must not be held while a group is asked.
        let mailboxes = self.registry.mailboxes.iter();
        let mut ids: Vec<_> = mailboxes.map(|entry| Arc::clone(entry.key())).collect();
        ids.sort();
        ids
    }

    async fn ask<T, E>(
        &self,
        group_id: &str,
        command: impl FnOnce(Answer<T, E>) -> Command,
    ) -> Result<T, GroupError<E>> {
        let mailbox = self.registry.get(group_id);
        self.ask_at(group_id, mailbox, command).await
    }

    async fn ask_at<T, E>(
        &self,
        group_id: &str,
        mailbox: Option<Mailbox>,
        command: impl FnOnce(Answer<T, E>) -> Command,
    ) -> Result<T, GroupError<E>> {
        let mailbox = mailbox.ok_or(GroupError::NotFound)?;
        let (answer, answered) = oneshot::channel();
        if mailbox.commands.send(Box::new(command(answer))).await.is_err() {
            // Removes the mailbox of a task that panicked, so that the id is usable again.
            self.registry.remove(group_id, mailbox.serial);
            return Err(AccessError::Ended.into());
        }
        // The task drops the answers that it owes when the group ends.
        answered.await.unwrap_or_else(|_| Err(AccessError::Ended.into()))
    }

    /// Returns the group, or creates it as an empty classic group, which any type of group may become.
    fn get_or_create_classic(&self, group_id: &str) -> Result<Mailbox, AccessError> {
        // Nearly every request finds its group here, without the exclusive lock that `entry` takes.
        if let Some(mailbox) = self.registry.get(group_id) {
            return Ok(mailbox);
        }
        let id: Arc<str> = group_id.into();
        match self.registry.mailboxes.entry(Arc::clone(&id)) {
            Entry::Occupied(entry) => Ok(entry.get().clone()),
            Entry::Vacant(entry) => {
                let limit = self.max_groups;
                // `DashMap::len` locks every shard, also the one that is locked here. Groups that are created
                // in other shards at the same moment may exceed the limit, by one for each thread.
                if self.registry.count.load(Ordering::Relaxed) >= limit {
                    return Err(AccessError::TooManyGroups { limit });
                }
                self.memory.admit(GROUP_BYTES)?;
                self.registry.count.fetch_add(1, Ordering::Relaxed);
                let group = ClassicGroup::new(self.settings.limits, self.timeline.now_ms());
                Ok(entry
                    .insert(self.spawn(id, Group::Classic(Box::new(group))))
                    .clone())
            }
        }
    }

    fn spawn(&self, group_id: Arc<str>, group: Group) -> Mailbox {
        let serial = self.registry.next_serial.fetch_add(1, Ordering::Relaxed);
        let (commands, mailbox) = mpsc::channel(MAILBOX_REQUESTS);
        let registry = Arc::clone(&self.registry);
        // The rules log what they do and do not know the id of their group.
        let span = info_span!("group", %group_id);
        debug!(parent: &span, group_type = group.group_type().name(), "group created");
        let identity = Identity {
            id: group_id,
            serial,
            registry,
        };
        let task = GroupTask::new(
            identity,
            group,
            self.timeline,
            self.settings.clone(),
            self.memory.clone(),
            self.catalog.clone(),
            Arc::clone(&self.journal),
        );
        // A panic while this lock is held leaves nothing half done.
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        // A `JoinSet` keeps the results of tasks that have ended, so they are taken out here.
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task.run(mailbox).instrument(span));
        Mailbox { serial, commands }
    }
}

fn consumer_limits(config: &BrokerConfig) -> consumer::Limits {
    let assignors = config.group_consumer_assignors.iter();
    let assignors: Vec<_> = assignors.filter_map(|name| Assignor::parse(name)).collect();
    let migration = MigrationPolicy::parse(&config.group_consumer_migration_policy);
    let size = |size: i32| usize::try_from(size).unwrap_or(0);
    consumer::Limits {
        max_size: size(config.group_consumer_max_size),
        max_members: MAX_GROUP_MEMBERS,
        // The definition of the config allows these names only. Without any, Kafka does not start.
        assignors: if assignors.is_empty() {
            Assignor::ALL.into()
        } else {
            assignors.into()
        },
        migration: migration.unwrap_or(MigrationPolicy::Bidirectional),
        regex_refresh_interval_ms: i64::from(config.group_consumer_regex_refresh_interval_ms),
        classic_max_size: size(config.group_max_size),
    }
}
