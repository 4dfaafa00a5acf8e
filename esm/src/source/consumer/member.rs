//! One member of the group: a machine of joins, fetches, look-ups and heartbeats that only `next` moves.

use super::MemberSettings;
use super::client::{ClientError, ErrorKind, FetchLimits, FetchedPartition, GroupMember, KafkaClient};
use super::joining::{Candidate, JoinFailed, Membership, starting_offsets};
use super::reading::Reading;
use crate::clock::Instant;
use crate::profile::RebalanceProtocol;
use crate::source::{EventSource, Records, SourceError, SourceEvent};
use esmeralda_broker::{GenerationId, Offset};
use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::select;

/// The bounds of a fetch, for all partitions together. A write ends its wait, so the wait only bounds the time without an answer.
const FETCH_LIMITS: FetchLimits = FetchLimits {
    max_wait: Duration::from_secs(5),
    min_bytes: 1,
    max_bytes: 16 << 20,
};

/// Before something that failed is tried again.
const ERROR_PAUSE: Duration = Duration::from_millis(500);

/// Between heartbeats while a rebalance is expected.
const HASTY_HEARTBEAT: Duration = Duration::from_millis(50);

/// A member of a [`KafkaGroup`](super::KafkaGroup).
pub struct KafkaMember<C> {
    client: C,
    settings: Arc<MemberSettings>,
    phase: Phase,
    /// Empty until the group has given one.
    member_id: String,
    generation_id: GenerationId,
    is_leader: bool,
    partition_count: i32,
    reading: Reading,
    /// What is under way: one fetch or look-up of offsets. Kept here, so that dropping `next` loses nothing.
    work: Option<Work>,
    /// The join that is under way; in a cooperative rebalance reading goes on beside it.
    join: Option<Pending<Result<Membership, JoinFailed>>>,
    heartbeat: Option<Pin<Box<dyn Future<Output = Heartbeat> + Send>>>,
    heartbeat_due: Instant,
    /// Heartbeats are hasty until then.
    hasty_until: Instant,
    /// Something failed: nothing new is begun before.
    held_until: Option<Instant>,
    /// The group has refused this member, and nobody was told yet.
    is_lost: bool,
    /// A cooperative rebalance took partitions away, of which something may be in flight: no join before [`EventSource::rejoin`].
    is_giving_up: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Joining,
    Owning,
    /// A rebalance has begun; until [`EventSource::rejoin`] only heartbeats go out.
    Revoking,
}

type Pending<T> = Pin<Box<dyn Future<Output = T> + Send>>;

enum Work {
    Fetch(Pending<Result<Vec<FetchedPartition>, ClientError>>),
    Reset(Pending<Result<Vec<(i32, Offset)>, ClientError>>),
}

enum Done {
    Fetch(Result<Vec<FetchedPartition>, ClientError>),
    Reset(Result<Vec<(i32, Offset)>, ClientError>),
}

/// What a heartbeat brought back, and how many partitions the topic has for a leader to see.
struct Heartbeat {
    answer: Result<(), ClientError>,
    partition_count: Option<i32>,
}

impl Work {
    async fn wait(&mut self) -> Done {
        match self {
            Self::Fetch(future) => Done::Fetch(future.await),
            Self::Reset(future) => Done::Reset(future.await),
        }
    }
}

impl<C: KafkaClient> KafkaMember<C> {
    pub(super) fn new(client: C, settings: Arc<MemberSettings>) -> Self {
        let now = settings.clock.now();
        // Pollers rarely come alone: whoever joins first has others behind it.
        let hasty_until = now + settings.timeouts.heartbeat;
        Self {
            client,
            settings,
            phase: Phase::Joining,
            member_id: String::new(),
            generation_id: GenerationId(-1),
            is_leader: false,
            partition_count: 0,
            reading: Reading::default(),
            work: None,
            join: None,
            heartbeat: None,
            heartbeat_due: now,
            hasty_until,
            held_until: None,
            is_lost: false,
            is_giving_up: false,
        }
    }

    /// Begins what is to be done and is not under way.
    fn begin(&mut self) {
        if self.work.is_some() || self.held_until.is_some() {
            return;
        }
        match self.phase {
            Phase::Joining => self.begin_join(),
            Phase::Owning => {
                let positions = self.reading.wanted();
                if !positions.is_empty() {
                    let (client, settings) = (self.client.clone(), Arc::clone(&self.settings));
                    self.work = Some(Work::Fetch(Box::pin(async move {
                        client.fetch(&settings.topic, positions, FETCH_LIMITS).await
                    })));
                }
            }
            Phase::Revoking => {}
        }
    }

    fn begin_join(&mut self) {
        if self.join.is_some() {
            return;
        }
        let candidate = Candidate {
            client: self.client.clone(),
            settings: Arc::clone(&self.settings),
            member_id: self.member_id.clone(),
            owned: self.reading.partitions(),
            generation_id: self.generation_id,
        };
        self.join = Some(Box::pin(candidate.join()));
    }

    fn begin_heartbeat(&mut self) {
        if !self.heartbeats() || self.heartbeat.is_some() || self.settings.clock.now() < self.heartbeat_due {
            return;
        }
        let (client, settings) = (self.client.clone(), Arc::clone(&self.settings));
        let (member_id, generation_id) = (self.member_id.clone(), self.generation_id);
        let watches_topic = self.is_leader && self.phase == Phase::Owning;
        self.heartbeat = Some(Box::pin(async move {
            let member = GroupMember {
                group_id: &settings.group_id,
                member_id: &member_id,
                generation_id,
            };
            let answer = client.heartbeat(member).await;
            let partition_count = match watches_topic {
                true => client.partition_count(&settings.topic).await.ok(),
                false => None,
            };
            Heartbeat {
                answer,
                partition_count,
            }
        }));
    }

    /// A join that is parked keeps the member alive by itself.
    fn heartbeats(&self) -> bool {
        self.phase != Phase::Joining && self.join.is_none()
    }

    /// When `next` has to look around even if nothing under way completes.
    fn wake_at(&self) -> Option<Instant> {
        let is_due = self.heartbeats() && self.heartbeat.is_none();
        let heartbeat = is_due.then_some(self.heartbeat_due);
        heartbeat.into_iter().chain(self.held_until).min()
    }

    fn wake(&mut self) {
        if self
            .held_until
            .is_some_and(|until| until <= self.settings.clock.now())
        {
            self.held_until = None;
            self.reading.release();
        }
    }

    fn hold(&mut self) {
        self.held_until = Some(self.settings.clock.now() + ERROR_PAUSE);
    }

    fn schedule_heartbeat(&mut self) {
        let now = self.settings.clock.now();
        let regular = self.settings.timeouts.heartbeat;
        let interval = if now < self.hasty_until {
            HASTY_HEARTBEAT.min(regular)
        } else {
            regular
        };
        self.heartbeat_due = now + interval;
    }

    fn on_heartbeat(&mut self, heartbeat: Heartbeat) -> Option<SourceEvent> {
        self.schedule_heartbeat();
        let is_owning = self.phase == Phase::Owning;
        match heartbeat.answer {
            Ok(()) => {
                let has_grown = heartbeat
                    .partition_count
                    .is_some_and(|count| count != self.partition_count);
                if is_owning && has_grown {
                    self.rebalance()
                } else {
                    None
                }
            }
            Err(error) if error.kind == ErrorKind::RebalanceInProgress && is_owning => self.rebalance(),
            Err(error) if error.kind == ErrorKind::RebalanceInProgress => None,
            Err(error) if error.kind.ends_membership() => {
                self.lose(error.kind);
                None
            }
            // Anything else is the coordinator's trouble of the moment; the next heartbeat tells.
            Err(error) => {
                tracing::warn!(group_id = self.settings.group_id, %error, "a heartbeat failed");
                None
            }
        }
    }

    /// A rebalance has begun, which the member takes part in once it has finished what it must give up: all in an eager one, and in
    /// a cooperative one nothing yet.
    fn rebalance(&mut self) -> Option<SourceEvent> {
        match self.settings.protocol {
            RebalanceProtocol::Eager => {
                self.phase = Phase::Revoking;
                self.work = None;
                Some(SourceEvent::Revoking)
            }
            RebalanceProtocol::Cooperative if self.is_giving_up => None,
            RebalanceProtocol::Cooperative => {
                self.begin_join();
                None
            }
        }
    }

    /// The group does not know this member, or not in this generation: everything begins anew.
    fn lose(&mut self, kind: ErrorKind) {
        self.is_lost = true;
        self.start_over(kind == ErrorKind::UnknownMember);
        self.reading = Reading::default();
    }

    fn start_over(&mut self, is_forgotten: bool) {
        if is_forgotten {
            self.member_id.clear();
        }
        self.phase = Phase::Joining;
        self.work = None;
        self.join = None;
        self.heartbeat = None;
        self.is_giving_up = false;
    }

    fn on_done(&mut self, done: Done) -> Option<Result<SourceEvent, SourceError>> {
        match done {
            Done::Fetch(Ok(answer)) => self.on_fetched(answer),
            Done::Reset(Ok(offsets)) => {
                self.on_reset(&offsets);
                None
            }
            Done::Fetch(Err(error)) | Done::Reset(Err(error)) => Some(Err(self.on_error(error))),
        }
    }

    fn on_join(
        &mut self,
        joined: Result<Membership, JoinFailed>,
    ) -> Option<Result<SourceEvent, SourceError>> {
        match joined {
            Ok(membership) => Some(Ok(self.on_joined(membership))),
            Err(failed) => self.on_join_failed(failed),
        }
    }

    fn on_joined(&mut self, membership: Membership) -> SourceEvent {
        let owned = self.reading.partitions();
        let has_kept = self.phase == Phase::Owning;
        self.member_id = membership.member_id;
        self.generation_id = membership.generation_id;
        self.is_leader = membership.is_leader;
        self.partition_count = membership.partition_count;
        self.phase = Phase::Owning;
        self.schedule_heartbeat();
        let generation = self.generation_id.0;
        if !has_kept {
            self.reading = Reading::new(membership.positions);
            return SourceEvent::Assigned {
                generation,
                partitions: self.reading.partitions(),
            };
        }
        self.reading.adjust(membership.positions);
        // A fetch that is under way does not know of the change.
        self.work = None;
        let partitions = self.reading.partitions();
        let without = |these: &[i32], those: &[i32]| -> Vec<i32> {
            these
                .iter()
                .filter(|partition| !those.contains(partition))
                .copied()
                .collect()
        };
        let lost = without(&owned, &partitions);
        self.is_giving_up = !lost.is_empty();
        SourceEvent::Adjusted {
            generation,
            gained: without(&partitions, &owned),
            lost,
        }
    }

    fn on_join_failed(&mut self, failed: JoinFailed) -> Option<Result<SourceEvent, SourceError>> {
        if self.phase == Phase::Owning && failed.member_id.is_empty() {
            self.lose(ErrorKind::UnknownMember);
        }
        self.member_id = failed.member_id;
        match failed.error {
            // The group has moved on meanwhile.
            None if self.phase == Phase::Owning => {
                self.begin_join();
                None
            }
            None => None,
            Some(error) => {
                self.hold();
                Some(Err(self.settings.source_error(error)))
            }
        }
    }

    fn on_fetched(&mut self, answer: Vec<FetchedPartition>) -> Option<Result<SourceEvent, SourceError>> {
        let errors = self.reading.accept(answer);
        let (out_of_range, others): (Vec<_>, Vec<_>) = errors
            .into_iter()
            .partition(|(_, error)| error.kind == ErrorKind::OffsetOutOfRange);
        if !out_of_range.is_empty() {
            let partitions: Vec<i32> = out_of_range.into_iter().map(|(partition, _)| partition).collect();
            tracing::warn!(
                topic = self.settings.topic,
                ?partitions,
                "offsets are out of range; reading goes on at the starting position"
            );
            let (client, settings) = (self.client.clone(), Arc::clone(&self.settings));
            self.work = Some(Work::Reset(Box::pin(async move {
                starting_offsets(&client, &settings, &partitions).await
            })));
        }
        for (partition, _) in &others {
            self.reading.hold(*partition);
        }
        let (_, error) = others.into_iter().next()?;
        Some(Err(self.on_error(error)))
    }

    /// The cluster answered with an error that is waited out.
    fn on_error(&mut self, error: ClientError) -> SourceError {
        if error.kind == ErrorKind::UnknownTopic {
            // Its offsets are gone with it; whatever has its name next is read from the start.
            self.lose(error.kind);
        }
        self.hold();
        self.settings.source_error(error)
    }

    fn on_reset(&mut self, offsets: &[(i32, Offset)]) {
        let goes_back = offsets
            .iter()
            .filter(|(partition, offset)| !self.reading.seek(*partition, offset.0))
            .count();
        if goes_back > 0 {
            // The log is shorter than what was read of it. A new assignment forgets what was read.
            self.lose(ErrorKind::OffsetOutOfRange);
            self.hold();
        }
    }

    fn handed_out(&mut self) -> Option<Result<SourceEvent, SourceError>> {
        if std::mem::take(&mut self.is_lost) {
            return Some(Ok(SourceEvent::Lost));
        }
        if self.phase != Phase::Owning {
            return None;
        }
        let records: Result<Records, SourceError> = self.reading.next(&self.settings)?;
        if records.is_err() {
            self.hold();
        }
        Some(records.map(SourceEvent::Records))
    }
}

impl<C: KafkaClient> EventSource for KafkaMember<C> {
    async fn next(&mut self) -> Result<SourceEvent, SourceError> {
        loop {
            if let Some(event) = self.handed_out() {
                return event;
            }
            self.wake();
            self.begin_heartbeat();
            self.begin();
            let wake_at = self.wake_at();
            let clock = &self.settings.clock;
            let event = select! {
                biased;
                heartbeat = complete(&mut self.heartbeat) => {
                    self.heartbeat = None;
                    self.on_heartbeat(heartbeat).map(Ok)
                }
                joined = complete(&mut self.join) => {
                    self.join = None;
                    self.on_join(joined)
                }
                done = async { match &mut self.work { Some(work) => work.wait().await, None => pending().await } } => {
                    self.work = None;
                    self.on_done(done)
                }
                () = async { match wake_at { Some(at) => clock.sleep_until(at).await, None => pending().await } } => None,
            };
            if let Some(event) = event {
                return event;
            }
        }
    }

    fn pause(&mut self, partition: i32, is_paused: bool) {
        let is_missed = self.reading.pause(partition, is_paused);
        // A fetch that waits for other partitions would not see this one.
        if is_missed && matches!(self.work, Some(Work::Fetch(_))) {
            self.work = None;
        }
    }

    async fn rejoin(&mut self) -> Result<(), SourceError> {
        match self.phase {
            Phase::Revoking => self.start_over(false),
            Phase::Owning => {
                self.is_giving_up = false;
                self.begin_join();
            }
            Phase::Joining => {}
        }
        Ok(())
    }

    async fn commit(&mut self, offsets: &[(i32, i64)]) -> Result<(), SourceError> {
        let refused = |reason: String| Err(SourceError::CommitRefused { reason });
        if self.phase == Phase::Joining {
            return refused("the member is in no generation".to_owned());
        }
        let offsets: Vec<(i32, Offset)> = offsets
            .iter()
            .map(|(partition, offset)| (*partition, Offset(*offset)))
            .collect();
        let MemberSettings { group_id, topic, .. } = &*self.settings;
        let member = GroupMember {
            group_id,
            member_id: &self.member_id,
            generation_id: self.generation_id,
        };
        let answer = self.client.commit_offsets(member, topic, &offsets).await;
        match answer {
            Ok(()) => Ok(()),
            // The member's answer to the join tells which generation it is of now.
            Err(error)
                if self.join.is_some()
                    && matches!(
                        error.kind,
                        ErrorKind::IllegalGeneration | ErrorKind::RebalanceInProgress
                    ) =>
            {
                Err(SourceError::Rebalancing)
            }
            Err(error) if error.kind.ends_membership() || error.kind == ErrorKind::RebalanceInProgress => {
                self.lose(error.kind);
                refused(error.to_string())
            }
            Err(error) => Err(self.settings.source_error(error)),
        }
    }

    fn hasten(&mut self) {
        let now = self.settings.clock.now();
        self.hasty_until = now + self.settings.timeouts.heartbeat;
        self.heartbeat_due = self.heartbeat_due.min(now + HASTY_HEARTBEAT);
    }

    async fn leave(mut self) {
        if self.member_id.is_empty()
            && let Some(join) = self.join.take()
        {
            // The group may know this member already; without its id it could not be told.
            let limit = self.settings.timeouts.rebalance;
            match self.settings.clock.within(limit, join).await {
                Some(Ok(membership)) => self.member_id = membership.member_id,
                Some(Err(failed)) => self.member_id = failed.member_id,
                None => {}
            }
        }
        if self.member_id.is_empty() {
            return;
        }
        let left = self
            .client
            .leave_group(&self.settings.group_id, &self.member_id)
            .await;
        if let Err(error) = left {
            tracing::debug!(group_id = self.settings.group_id, %error, "leaving the group failed");
        }
    }
}

async fn complete<T>(future: &mut Option<Pending<T>>) -> T {
    match future {
        Some(future) => future.await,
        None => pending().await,
    }
}
