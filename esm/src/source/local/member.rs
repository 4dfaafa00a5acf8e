//! One member of the group: a machine of joins, fetches, look-ups and heartbeats that only `next` moves.

use super::membership::{Candidate, JoinFailed, Membership, starting_offsets};
use super::reading::Reading;
use super::{MemberSettings, codes};
use crate::clock::Instant;
use crate::source::{EventSource, Records, SourceError, SourceEvent};
use esmeralda_broker::local::{Client, Error, FetchedPartition};
use esmeralda_broker::{GenerationId, Offset};
use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::select;

/// How long a fetch waits for records. A write wakes it, so this only bounds how long an answer can be on its way.
const FETCH_WAIT: Duration = Duration::from_secs(5);

/// The most that one fetch brings, for all partitions together.
const FETCH_BYTES: usize = 16 << 20;

/// Before something that failed is tried again.
const ERROR_PAUSE: Duration = Duration::from_millis(500);

/// Between heartbeats while a rebalance is expected.
const HASTY_HEARTBEAT: Duration = Duration::from_millis(50);

/// A member of a [`LocalGroup`](super::LocalGroup).
pub struct LocalSource {
    client: Client,
    settings: Arc<MemberSettings>,
    phase: Phase,
    /// Empty until the group has given one.
    member_id: String,
    generation_id: GenerationId,
    is_leader: bool,
    partition_count: i32,
    reading: Reading,
    /// What is under way: one join, fetch or look-up of offsets. Kept here, so that dropping `next` loses nothing.
    work: Option<Work>,
    heartbeat: Option<Pin<Box<dyn Future<Output = Heartbeat> + Send>>>,
    heartbeat_due: Instant,
    /// Heartbeats are hasty until then.
    hasty_until: Instant,
    /// Something failed: nothing new is begun before.
    held_until: Option<Instant>,
    /// The group has refused this member, and nobody was told yet.
    is_lost: bool,
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
    Join(Pending<Result<Membership, JoinFailed>>),
    Fetch(Pending<Result<Vec<FetchedPartition>, Error>>),
    Reset(Pending<Result<Vec<(i32, Offset)>, Error>>),
}

enum Done {
    Join(Result<Membership, JoinFailed>),
    Fetch(Result<Vec<FetchedPartition>, Error>),
    Reset(Result<Vec<(i32, Offset)>, Error>),
}

/// What a heartbeat brought back, and how many partitions the topic has for a leader to see.
struct Heartbeat {
    answer: Result<(), Error>,
    partition_count: Option<i32>,
}

impl Work {
    async fn wait(&mut self) -> Done {
        match self {
            Self::Join(future) => Done::Join(future.await),
            Self::Fetch(future) => Done::Fetch(future.await),
            Self::Reset(future) => Done::Reset(future.await),
        }
    }
}

impl LocalSource {
    pub(super) fn new(client: Client, settings: Arc<MemberSettings>) -> Self {
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
            heartbeat: None,
            heartbeat_due: now,
            hasty_until,
            held_until: None,
            is_lost: false,
        }
    }

    /// Begins what is to be done and is not under way.
    fn begin(&mut self) {
        if self.work.is_some() || self.held_until.is_some() {
            return;
        }
        match self.phase {
            Phase::Joining => {
                let candidate = Candidate {
                    client: self.client.clone(),
                    settings: Arc::clone(&self.settings),
                    member_id: self.member_id.clone(),
                    owned: self.reading.partitions(),
                    generation_id: self.generation_id,
                };
                self.work = Some(Work::Join(Box::pin(candidate.join())));
            }
            Phase::Owning => {
                let positions = self.reading.wanted();
                if !positions.is_empty() {
                    let (client, settings) = (self.client.clone(), Arc::clone(&self.settings));
                    self.work = Some(Work::Fetch(Box::pin(async move {
                        client
                            .fetch(&settings.topic, &positions, FETCH_WAIT, 1, FETCH_BYTES)
                            .await
                    })));
                }
            }
            Phase::Revoking => {}
        }
    }

    fn begin_heartbeat(&mut self) {
        let now = self.settings.clock.now();
        if self.phase == Phase::Joining || self.heartbeat.is_some() || now < self.heartbeat_due {
            return;
        }
        let (client, settings) = (self.client.clone(), Arc::clone(&self.settings));
        let (member_id, generation_id) = (self.member_id.clone(), self.generation_id);
        let watches_topic = self.is_leader && self.phase == Phase::Owning;
        self.heartbeat = Some(Box::pin(async move {
            let answer = client
                .heartbeat(&settings.group_id, &member_id, generation_id)
                .await;
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

    /// When `next` has to look around even if nothing under way completes.
    fn wake_at(&self) -> Option<Instant> {
        let heartbeat =
            (self.phase != Phase::Joining && self.heartbeat.is_none()).then_some(self.heartbeat_due);
        heartbeat.into_iter().chain(self.held_until).min()
    }

    fn wake(&mut self) {
        let now = self.settings.clock.now();
        if self.held_until.is_some_and(|until| until <= now) {
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
                (is_owning && has_grown).then(|| self.revoke())
            }
            Err(error) if error.code == codes::REBALANCE_IN_PROGRESS => is_owning.then(|| self.revoke()),
            Err(error) if codes::ends_membership(error.code) => {
                self.lose(error.code);
                None
            }
            // Anything else is the coordinator's trouble of the moment; the next heartbeat tells.
            Err(error) => {
                tracing::warn!(group_id = self.settings.group_id, %error, "a heartbeat failed");
                None
            }
        }
    }

    fn revoke(&mut self) -> SourceEvent {
        self.phase = Phase::Revoking;
        self.work = None;
        SourceEvent::Revoking
    }

    /// The group does not know this member, or not in this generation: everything begins anew.
    fn lose(&mut self, code: i16) {
        self.is_lost = true;
        self.start_over(code == codes::UNKNOWN_MEMBER_ID);
        self.reading = Reading::default();
    }

    fn start_over(&mut self, is_forgotten: bool) {
        if is_forgotten {
            self.member_id.clear();
        }
        self.phase = Phase::Joining;
        self.work = None;
        self.heartbeat = None;
    }

    fn on_done(&mut self, done: Done) -> Option<Result<SourceEvent, SourceError>> {
        match done {
            Done::Join(Ok(membership)) => Some(Ok(self.on_joined(membership))),
            Done::Join(Err(failed)) => self.on_join_failed(failed),
            Done::Fetch(Ok(answer)) => self.on_fetched(answer),
            Done::Reset(Ok(offsets)) => {
                self.on_reset(&offsets);
                None
            }
            Done::Fetch(Err(error)) | Done::Reset(Err(error)) => Some(Err(self.on_error(&error))),
        }
    }

    fn on_joined(&mut self, membership: Membership) -> SourceEvent {
        self.member_id = membership.member_id;
        self.generation_id = membership.generation_id;
        self.is_leader = membership.is_leader;
        self.partition_count = membership.partition_count;
        self.reading = Reading::new(membership.positions);
        self.phase = Phase::Owning;
        self.schedule_heartbeat();
        SourceEvent::Assigned {
            generation: self.generation_id.0,
            partitions: self.reading.partitions(),
        }
    }

    fn on_join_failed(&mut self, failed: JoinFailed) -> Option<Result<SourceEvent, SourceError>> {
        self.member_id = failed.member_id;
        match failed.error {
            None => None,
            Some(error) => {
                self.hold();
                Some(Err(error))
            }
        }
    }

    fn on_fetched(&mut self, answer: Vec<FetchedPartition>) -> Option<Result<SourceEvent, SourceError>> {
        let errors = self.reading.accept(answer);
        let (out_of_range, others): (Vec<_>, Vec<_>) = errors
            .into_iter()
            .partition(|(_, error)| error.code == codes::OFFSET_OUT_OF_RANGE);
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
        let (_, error) = others.first()?;
        for (partition, _) in &others {
            self.reading.hold(*partition);
        }
        Some(Err(self.on_error(error)))
    }

    /// The cluster answered with an error that is waited out.
    fn on_error(&mut self, error: &Error) -> SourceError {
        if error.code == codes::UNKNOWN_TOPIC_OR_PARTITION {
            // Its offsets are gone with it; whatever has its name next is read from the start.
            self.lose(error.code);
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
            self.lose(codes::OFFSET_OUT_OF_RANGE);
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

impl EventSource for LocalSource {
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
        let has_changed = self.reading.pause(partition, is_paused);
        // A fetch that waits for other partitions would not see this one.
        if has_changed && !is_paused && matches!(self.work, Some(Work::Fetch(_))) {
            self.work = None;
        }
    }

    async fn rejoin(&mut self) -> Result<(), SourceError> {
        if self.phase == Phase::Revoking {
            self.start_over(false);
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
        let answer = self
            .client
            .commit_offsets(group_id, &self.member_id, self.generation_id, topic, &offsets)
            .await;
        match answer {
            Ok(()) => Ok(()),
            Err(error)
                if codes::ends_membership(error.code) || error.code == codes::REBALANCE_IN_PROGRESS =>
            {
                self.lose(error.code);
                refused(error.to_string())
            }
            Err(error) => Err(self.settings.source_error(&error)),
        }
    }

    fn hasten(&mut self) {
        let now = self.settings.clock.now();
        self.hasty_until = now + self.settings.timeouts.heartbeat;
        self.heartbeat_due = self.heartbeat_due.min(now + HASTY_HEARTBEAT);
    }

    async fn leave(mut self) {
        if self.member_id.is_empty()
            && let Some(Work::Join(join)) = self.work.take()
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
