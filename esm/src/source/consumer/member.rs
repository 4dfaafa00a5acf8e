//! One member of the group: a machine of joins, fetches, commits and heartbeats that only `next` moves.
//!
//! Each of them is a future that the member keeps while it is under way, so that they go on beside each other and dropping `next` loses
//! nothing. What follows when one completes is in the file of its noun.

mod commits;
mod fetching;
mod heartbeats;
mod rebalance;
#[cfg(test)]
mod tests;
mod trouble;

use super::MemberSettings;
use super::client::{ErrorKind, KafkaClient};
use super::joining::{JoinFailed, Membership};
use super::reading::Reading;
use crate::clock::Instant;
use crate::source::{AssignmentNumber, EventSource, RecordRange, SourceError, SourceEvent};
use commits::Commits;
use esmeralda_broker::GenerationId;
use fetching::Work;
use heartbeats::Heartbeats;
use std::collections::{BTreeSet, VecDeque};
use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::select;
use trouble::Trouble;

/// Time before a call that met a transient error is made again: Kafka's `retry.backoff.ms`.
const RETRY_PAUSE: Duration = Duration::from_millis(100);

/// Time before something that failed in any other way is tried again.
const ERROR_PAUSE: Duration = Duration::from_millis(500);

/// The number of times that leaving is tried while the coordinator cannot be reached.
// A coordinator that moves is back within moments. One that stays away must not keep the mapping from stopping.
const LEAVE_ATTEMPTS: usize = 10;

/// A member of a [`KafkaGroup`](super::KafkaGroup).
pub(crate) struct KafkaMember<C> {
    client: C,
    settings: Arc<MemberSettings>,
    phase: Phase,
    /// Empty until the group has given one.
    member_id: Arc<str>,
    generation_id: GenerationId,
    is_leader: bool,
    partition_count: i32,
    last_assignment: AssignmentNumber,
    reading: Reading,
    commits: Commits,
    /// The fetch or the look-up of offsets that is under way.
    work: Option<Work>,
    /// The join that is under way. In a cooperative rebalance reading goes on beside it.
    join: Option<Pending<Result<Membership, JoinFailed>>>,
    /// Whether a join is to begin while partitions are owned, in a cooperative rebalance.
    is_join_due: bool,
    heartbeats: Heartbeats,
    /// Nothing new is begun before then, because something failed.
    held_until: Option<Instant>,
    /// The partitions that had an error are read again from then on.
    release_at: Option<Instant>,
    /// Partitions that a cooperative rebalance took away. The member joins again when everything of them is settled.
    giving_up: BTreeSet<i32>,
    /// Events that `next` gives before any other.
    news: VecDeque<SourceEvent>,
    /// Transient errors of the group's coordinator.
    coordinator: Trouble,
    /// Transient errors of the partitions' leaders.
    leaders: Trouble,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Joining,
    Owning,
    /// An eager rebalance has begun. Only heartbeats and commits go out, until everything that was handed out is settled.
    Revoking,
}

type Pending<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// An event or an error for the poller, if there is one.
type News = Option<Result<SourceEvent, SourceError>>;

impl<C: KafkaClient> KafkaMember<C> {
    pub(super) fn new(client: C, settings: Arc<MemberSettings>) -> Self {
        let heartbeats = Heartbeats::new(settings.clock.now(), settings.timeouts.heartbeat);
        Self {
            client,
            settings,
            phase: Phase::Joining,
            member_id: Arc::from(""),
            generation_id: GenerationId(-1),
            is_leader: false,
            partition_count: 0,
            last_assignment: AssignmentNumber::default(),
            reading: Reading::default(),
            commits: Commits::default(),
            work: None,
            join: None,
            is_join_due: false,
            heartbeats,
            held_until: None,
            release_at: None,
            giving_up: BTreeSet::new(),
            news: VecDeque::new(),
            coordinator: Trouble::default(),
            leaders: Trouble::default(),
        }
    }

    /// Begins what is due and not under way.
    fn begin(&mut self) {
        self.settle();
        self.begin_heartbeat();
        self.begin_commit();
        // A pause holds up neither heartbeats nor commits: without them the membership would end, and finished records would come again.
        if self.held_until.is_some() {
            return;
        }
        match self.phase {
            Phase::Joining => self.begin_join(),
            Phase::Owning => {
                if self.is_join_due {
                    self.begin_join();
                }
                self.begin_fetch();
            }
            Phase::Revoking => {}
        }
    }

    /// The time at which `next` has something to do even if nothing under way completes.
    fn wake_at(&self) -> Option<Instant> {
        let heartbeat = self.sends_heartbeats().then(|| self.heartbeats.wake_at());
        let moments = [
            heartbeat.flatten(),
            self.commits.again_at(),
            self.held_until,
            self.release_at,
        ];
        moments.into_iter().flatten().min()
    }

    fn wake(&mut self) {
        if self.held_until.is_none() && self.release_at.is_none() {
            return;
        }
        let now = self.settings.clock.now();
        self.held_until = self.held_until.filter(|until| *until > now);
        if self.release_at.is_some_and(|at| at <= now) {
            self.release_at = None;
            self.release_partitions();
        }
    }

    /// Begins nothing new for a while.
    fn hold(&mut self, pause: Duration) {
        self.held_until = Some(self.settings.clock.now() + pause);
    }

    fn tell_recovered(&mut self, was_told: bool) {
        if was_told {
            self.news.push_back(SourceEvent::Recovered);
        }
    }

    fn handed_out(&mut self) -> News {
        if let Some(event) = self.news.pop_front() {
            return Some(Ok(event));
        }
        match self.phase {
            Phase::Owning => self.next_records(),
            Phase::Joining | Phase::Revoking => None,
        }
    }
}

impl<C: KafkaClient> EventSource for KafkaMember<C> {
    async fn next(&mut self) -> Result<SourceEvent, SourceError> {
        loop {
            if let Some(event) = self.handed_out() {
                return event;
            }
            self.wake();
            self.begin();
            let wake_at = self.wake_at();
            let clock = &self.settings.clock;
            let event = select! {
                biased;
                // The order is fixed, because a random one would make two runs of the same seed differ. Answers about the membership come
                // first: when it is over, records that a fetch brings are of no use.
                heartbeat = complete(&mut self.heartbeats.under_way) => {
                    self.heartbeats.under_way = None;
                    self.on_heartbeat(heartbeat)
                }
                joined = complete(&mut self.join) => {
                    self.join = None;
                    self.on_join(joined)
                }
                committed = complete(&mut self.commits.under_way) => {
                    self.commits.under_way = None;
                    self.on_committed(committed)
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
        if is_missed {
            self.fetch_anew();
        }
    }

    fn finished(&mut self, ranges: impl IntoIterator<Item = RecordRange>) {
        if !self.commits.finish(ranges) {
            self.news.push_back(SourceEvent::CommitRefused {
                reason: "the membership under which the records were read is over".to_owned(),
            });
        }
    }

    fn released(&mut self, ranges: impl IntoIterator<Item = RecordRange>) {
        self.commits.release(ranges);
    }

    fn is_assigned(&self, partition: i32, assignment: AssignmentNumber) -> bool {
        self.phase == Phase::Owning
            && !self.giving_up.contains(&partition)
            && self.commits.assignment(partition) == Some(assignment)
    }

    fn is_settled(&self) -> bool {
        self.commits.is_settled()
    }

    fn expect_rebalance(&mut self) {
        let now = self.settings.clock.now();
        self.heartbeats.expect_rebalance(now);
    }

    async fn leave(mut self) {
        if self.member_id.is_empty()
            && let Some(join) = self.join.take()
        {
            // The group may have the member already, and without its id it could not be told.
            let limit = self.settings.timeouts.rebalance;
            match self.settings.clock.within(limit, join).await {
                Some(Ok(membership)) => self.member_id = membership.member_id.into(),
                Some(Err(failed)) => self.member_id = failed.member_id.into(),
                None => {}
            }
        }
        if self.member_id.is_empty() {
            return;
        }
        let group_id = &self.settings.group_id;
        for attempt in 1..=LEAVE_ATTEMPTS {
            match self.client.leave_group(group_id, &self.member_id).await {
                Ok(()) => return,
                // A member that does not leave holds up the others' next rebalance until its session ends.
                Err(error) if error.kind == ErrorKind::Transient && attempt < LEAVE_ATTEMPTS => {
                    let clock = &self.settings.clock;
                    clock.sleep_until(clock.now() + RETRY_PAUSE).await;
                }
                Err(error) => {
                    tracing::debug!(group_id, %error, "leaving the group failed");
                    return;
                }
            }
        }
    }
}

/// Waits for a future that may be under way; for ever while none is.
async fn complete<T>(future: &mut Option<Pending<T>>) -> T {
    match future {
        Some(future) => future.await,
        None => pending().await,
    }
}
