//! One event poller, a member of the mapping's group: read, batch, invoke, commit; in order per partition.
//!
//! One task drives the member and owns the invocations in flight. It asks the source for its next event all the time, because that is
//! what keeps the membership alive while a function runs. Rules live elsewhere: what closes a batch in `batcher`, what may be committed
//! in `commit`, what follows a failure in `retry`.
//!
//! A rebalance: records that were read and not invoked are discarded, what is in flight finishes and is committed, then the
//! member joins again. In a cooperative one that holds for the partitions that it loses, and the others go on. An invocation that outlives the membership has its batch committed by nobody; its records are delivered
//! again, to this poller not before it has finished.

mod adjustment;
mod flight;
mod report;

#[cfg(test)]
mod tests;

pub(crate) use report::{LastProcessed, Phase, PollerStatus, Report};

use crate::batch::{Batch, MAXIMUM_EVENT_BYTES};
use crate::batcher::{BatchLimits, Batcher, WindowStart};
use crate::commit::CommitTracker;
use crate::config::MappingConfig;
use crate::invoker::{Functions, InvocationResult};
use crate::metrics::{Counters, nanoseconds};
use crate::outcome::Outcome;
use crate::profile::{ModeProfile, ScalingProfile};
use crate::retry::{Attempts, Cause, RetryPolicy, Verdict};
use crate::source::{EventSource, Records, SourceError, SourceEvent};
use crate::throughput::ByteAllowance;
use crate::{Clock, Entropy, Pool};
use flight::{Departure, Flights, Landed, Landing};
use std::collections::{BTreeMap, BTreeSet};
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;
use tokio::select;
use tokio::sync::watch;

/// While more than so many bytes of events wait, a poller reads only partitions of which it has nothing.
const READ_AHEAD_BYTES: usize = 4 * MAXIMUM_EVENT_BYTES;

/// Before a commit that the cluster could not take, or an event that the memory had no room for, is tried again.
const PAUSE: Duration = Duration::from_millis(100);

/// What a poller needs of its surroundings; all pollers of a mapping share it.
#[derive(Clone, Debug)]
pub(crate) struct PollerContext {
    pub(crate) functions: Arc<Functions>,
    pub(crate) clock: Clock,
    pub(crate) entropy: Entropy,
    pub(crate) memory: Pool,
    pub(crate) counters: Arc<Counters>,
    pub(crate) retry: RetryPolicy,
    pub(crate) profile: Arc<ScalingProfile>,
    pub(crate) payloads: Payloads,
}

/// Whether functions get the events that they are invoked with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Payloads {
    /// They do, as everywhere.
    #[default]
    Built,
    /// They get empty payloads, and [`Invocation::event_bytes`](crate::Invocation::event_bytes) says how long each would have been: for
    /// simulations of which only the numbers are wanted.
    Measured,
}

/// Who of a fleet may not start batches, while its members change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Standstill {
    /// Nobody stands still.
    #[default]
    None,
    /// Nobody starts any.
    Fleet,
    /// Nobody starts one of a partition that it was given since.
    Moved,
}

/// What the fleet wants of a poller.
#[derive(Clone, Debug)]
pub(crate) struct Orders {
    pub(crate) config: Arc<MappingConfig>,
    pub(crate) standstill: Standstill,
    /// Finish what is in flight, commit, leave the group, end.
    pub(crate) is_stopping: bool,
    /// Rises when members come or go: a rebalance is near.
    pub(crate) rebalances: u64,
}

/// A batch that was invoked in vain and waits.
#[derive(Debug)]
struct Waiting {
    batch: Arc<Batch>,
    attempts: Attempts,
    due: Duration,
}

/// An event poller.
pub(crate) struct Poller<S> {
    source: S,
    context: Arc<PollerContext>,
    orders: watch::Receiver<Orders>,
    /// The orders that are obeyed.
    obeyed: Orders,
    report: Report,
    batcher: Batcher,
    allowance: ByteAllowance,
    commits: CommitTracker,
    flights: Flights,
    waiting: Vec<Waiting>,
    /// The partitions, and whether reading of each is paused.
    assigned: BTreeMap<i32, bool>,
    /// Partitions that a cooperative rebalance took away: what is in flight of them finishes, then others may have them.
    giving_up: BTreeSet<i32>,
    /// Whether batches may be started.
    phase: Phase,
    /// Rises with each assignment and each loss; what took off before commits nothing.
    membership: u64,
    commit_again_at: Option<Duration>,
}

impl<S: EventSource> Poller<S> {
    /// A poller that becomes a member through `source`, obeys `orders` and shows itself in `report`.
    pub(crate) fn new(
        source: S,
        context: Arc<PollerContext>,
        orders: watch::Receiver<Orders>,
        report: Report,
    ) -> Self {
        let obeyed = orders.borrow().clone();
        let now = context.clock.elapsed();
        let batcher = Batcher::new(limits(&obeyed.config), obeyed.config.envelope.clone(), now);
        Self {
            source,
            flights: Flights::new(Arc::clone(&context)),
            context,
            orders,
            obeyed,
            report,
            batcher,
            allowance: ByteAllowance::default(),
            commits: CommitTracker::default(),
            waiting: Vec::new(),
            assigned: BTreeMap::new(),
            giving_up: BTreeSet::new(),
            phase: Phase::Joining,
            membership: 0,
            commit_again_at: None,
        }
    }

    /// Polls until it is told to stop, or nobody is left to tell.
    pub(crate) async fn run(mut self) {
        while !self.is_finished() {
            if self.phase == Phase::Revoking && self.is_settled() {
                self.rejoin().await;
            }
            self.give_up().await;
            // Orders come first. To wait for them costs more than to look, and is done only when there is nothing else to do.
            if !self.obeyed.is_stopping && self.orders.has_changed().is_ok_and(|has_changed| has_changed) {
                self.obey(false);
                continue;
            }
            self.take_off();
            self.apply_pauses();
            let wake_at = self.wake_at();
            let clock = self.context.clock.clone();
            select! {
                biased;
                landed = self.flights.next(), if !self.flights.is_empty() => self.land(landed).await,
                event = self.source.next() => self.handle(event).await,
                changed = self.orders.changed(), if !self.obeyed.is_stopping => self.obey(changed.is_err()),
                () = async { match wake_at { Some(at) => clock.reach(at).await, None => pending().await } } => {
                    self.commit_if_due().await;
                }
            }
        }
        self.source.leave().await;
        self.report.phase(Phase::Left, None, 0);
    }

    fn is_finished(&self) -> bool {
        self.obeyed.is_stopping && self.is_settled()
    }

    /// Nothing is in flight, and what has finished is committed.
    fn is_settled(&self) -> bool {
        self.flights.is_empty() && self.commit_again_at.is_none()
    }

    fn obey(&mut self, is_abandoned: bool) {
        let mut orders = self.orders.borrow_and_update().clone();
        orders.is_stopping |= is_abandoned;
        if orders.rebalances != self.obeyed.rebalances {
            self.source.hasten();
        }
        if orders.is_stopping {
            self.forget_unsent();
        }
        if orders.standstill == Standstill::None {
            self.batcher.release();
        }
        self.batcher.set_limits(limits(&orders.config));
        self.obeyed = orders;
    }

    fn mode(&self) -> &ModeProfile {
        self.context
            .profile
            .mode(self.obeyed.config.provisioned.is_some())
    }

    /// Whether there is a slot free for another batch, and nothing forbids one.
    fn may_take_off(&self) -> bool {
        self.phase == Phase::Assigned
            && !self.obeyed.is_stopping
            && self.obeyed.standstill != Standstill::Fleet
            && self.flights.len() < self.mode().invocations_in_flight
    }

    /// Starts what is due, as far as there is room in flight: retries first, they are older.
    fn take_off(&mut self) {
        let now = self.context.clock.elapsed();
        while self.may_take_off() {
            if let Some(index) = self.waiting.iter().position(|waiting| waiting.due <= now) {
                let waiting = self.waiting.remove(index);
                self.invoke(waiting.batch, waiting.attempts, now);
            } else if self.allowance.ready_at() <= now
                && let Some(batch) = self.batcher.take(now)
            {
                let rate = self.context.profile.poller_bytes_per_second;
                self.allowance.take(now, batch.record_bytes(), rate);
                self.invoke(Arc::new(batch), Attempts::default(), now);
            } else {
                return;
            }
        }
    }

    fn invoke(&mut self, batch: Arc<Batch>, attempts: Attempts, now: Duration) {
        let departure = Departure {
            batch,
            attempts,
            membership: self.membership,
            config: Arc::clone(&self.obeyed.config),
        };
        self.flights.start(departure, now);
    }

    /// A flight is over.
    async fn land(&mut self, landed: Landed) {
        let now = self.context.clock.elapsed();
        self.batcher.invocation_completed(now);
        let Departure {
            batch,
            attempts,
            membership,
            ..
        } = landed.departure;
        let is_ours = membership == self.membership;
        let may_retry = is_ours && self.phase == Phase::Assigned && !self.obeyed.is_stopping;
        let result = match landed.landing {
            Landing::Invoked(result) => result,
            Landing::NoRoom(full) => {
                self.report.source_problem(&full.to_string());
                return match may_retry {
                    true => self.waiting.push(Waiting {
                        batch,
                        attempts,
                        due: now + PAUSE,
                    }),
                    false => self.batcher.free(&batch.partitions()),
                };
            }
        };
        self.report.source_works();
        self.context.counters.busy_ns.add(nanoseconds(landed.took));
        match self.count(&batch, result) {
            Outcome::Success => {
                if is_ours {
                    for part in &batch.parts {
                        self.commits.finish(part.records.partition, part.offsets());
                    }
                    self.commit().await;
                } else {
                    self.refused("the membership under which it was read is over");
                }
                self.batcher.free(&batch.partitions());
                self.report.processed(now);
            }
            // Whoever owns the partitions next begins with these records.
            _ if !may_retry => self.batcher.free(&batch.partitions()),
            Outcome::Failure { .. } => self.wait(batch, attempts, Cause::Failed, now),
            Outcome::Throttled { .. } => self.wait(batch, attempts, Cause::Throttled, now),
            Outcome::Unreachable { .. } => self.wait(batch, attempts, Cause::Unreachable, now),
        }
    }

    /// Counts a completed invocation and shows its problem.
    fn count(&mut self, batch: &Batch, result: InvocationResult) -> Outcome {
        let counters = &self.context.counters;
        let outcome = Outcome::from(result);
        let function_name = &self.obeyed.config.function_name;
        match &outcome {
            Outcome::Success => {
                counters.invocations.add(1);
                counters.records.add(batch.record_count() as u64);
                counters.record_bytes.add(batch.record_bytes());
            }
            Outcome::Failure { reason } => {
                counters.invocations.add(1);
                counters.invocation_errors.add(1);
                counters
                    .failed_invoke_event_count
                    .add(batch.record_count() as u64);
                tracing::warn!(function_name, reason, "an invocation failed");
                self.report.function_problem("Function call failed");
            }
            Outcome::Throttled { reason } => {
                counters.throttles.add(1);
                tracing::debug!(function_name, reason, "an invocation was throttled");
            }
            Outcome::Unreachable { reason } => {
                counters
                    .failed_invoke_event_count
                    .add(batch.record_count() as u64);
                tracing::warn!(function_name, reason, "the function was not reached");
                self.report
                    .function_problem(&format!("Function call failed. {reason}"));
            }
        }
        outcome
    }

    /// The batch's partitions stay busy until it has succeeded; no other waits for it.
    fn wait(&mut self, batch: Arc<Batch>, mut attempts: Attempts, cause: Cause, now: Duration) {
        let Verdict::RetryAfter(delay) =
            attempts.next(cause, &self.context.retry, self.context.entropy.next_u64());
        self.waiting.push(Waiting {
            batch,
            attempts,
            due: now + delay,
        });
    }

    async fn handle(&mut self, event: Result<SourceEvent, SourceError>) {
        match event {
            Ok(SourceEvent::Records(records)) => self.read(records).await,
            Ok(SourceEvent::Assigned {
                generation,
                partitions,
            }) => {
                self.forget();
                self.phase = Phase::Assigned;
                self.report
                    .phase(Phase::Assigned, Some(generation), partitions.len());
                self.report.source_works();
                self.assigned = partitions
                    .into_iter()
                    .map(|partition| (partition, false))
                    .collect();
            }
            Ok(SourceEvent::Adjusted {
                generation,
                gained,
                lost,
            }) => self.adjust(generation, &gained, &lost).await,
            Ok(SourceEvent::Revoking) => {
                // The membership goes on until the member joins again: what is in flight can still be committed.
                self.forget_unsent();
                self.phase = Phase::Revoking;
                self.report.phase(Phase::Revoking, None, self.assigned.len());
            }
            Ok(SourceEvent::Lost) => self.lose(),
            Err(error) => self.report.source_problem(&error.to_string()),
        }
    }

    async fn read(&mut self, records: Records) {
        if self.phase != Phase::Assigned || self.obeyed.is_stopping {
            return;
        }
        let counters = &self.context.counters;
        counters.polled_event_count.add(records.spans.len() as u64);
        counters.polled_bytes.add(records.record_bytes());
        self.report.source_works();
        let partition = records.partition;
        self.commits.read(partition, &records.offsets);
        if records.spans.is_empty() {
            self.commits.finish(partition, records.offsets);
            return self.commit().await;
        }
        let dropped = self.batcher.add(records, self.context.clock.elapsed());
        if !dropped.offsets.is_empty() {
            let count = dropped.offsets.len() as u64;
            counters.dropped_event_count.add(count);
            tracing::warn!(
                topic = self.obeyed.config.envelope.topic,
                partition,
                count,
                "records exceed the size of an event and are dropped"
            );
            for offsets in dropped.offsets {
                self.commits.finish(partition, offsets);
            }
            self.commit().await;
        }
    }

    /// Commits as far as everything is finished.
    async fn commit(&mut self) {
        self.commit_again_at = None;
        let due = self.commits.due();
        if due.is_empty() {
            return;
        }
        match self.source.commit(&due).await {
            Ok(()) => {
                let advanced = self.commits.committed(&due);
                let now = self.context.clock.elapsed();
                self.context.counters.committed(now, advanced);
            }
            Err(SourceError::Rebalancing) => {
                self.commit_again_at = Some(self.context.clock.elapsed() + PAUSE);
            }
            Err(SourceError::CommitRefused { reason }) => {
                self.refused(&reason);
                self.lose();
            }
            Err(error) => {
                tracing::warn!(%error, "a commit failed; it is tried again");
                self.report.source_problem(&error.to_string());
                self.commit_again_at = Some(self.context.clock.elapsed() + PAUSE);
            }
        }
    }

    async fn commit_if_due(&mut self) {
        let now = self.context.clock.elapsed();
        if self.commit_again_at.is_some_and(|at| at <= now) {
            self.commit().await;
        }
    }

    fn refused(&self, reason: &str) {
        self.context.counters.commit_error_count.add(1);
        tracing::warn!(
            reason,
            "a processed batch is not committed; its records are delivered again"
        );
    }

    async fn rejoin(&mut self) {
        self.phase = Phase::Joining;
        self.report.phase(Phase::Joining, None, 0);
        if let Err(error) = self.source.rejoin().await {
            self.report.source_problem(&error.to_string());
        }
    }

    fn lose(&mut self) {
        self.forget();
        self.phase = Phase::Joining;
        self.report.phase(Phase::Joining, None, 0);
    }

    /// Another membership: nothing that was read before can be committed any more. What is in flight goes on.
    fn forget(&mut self) {
        self.forget_unsent();
        self.giving_up.clear();
        self.commits.clear();
        self.commit_again_at = None;
        self.membership += 1;
    }

    fn forget_unsent(&mut self) {
        self.batcher.discard();
        for waiting in self.waiting.drain(..) {
            self.batcher.free(&waiting.batch.partitions());
        }
    }

    fn apply_pauses(&mut self) {
        if self.phase != Phase::Assigned {
            return;
        }
        for (partition, is_paused) in &mut self.assigned {
            let wants = self.batcher.wants(*partition);
            if *is_paused == wants {
                *is_paused = !wants;
                self.source.pause(*partition, *is_paused);
            }
        }
    }

    /// When something falls due that no event announces.
    fn wake_at(&self) -> Option<Duration> {
        let mut moments = self.commit_again_at.into_iter().collect::<Vec<_>>();
        if self.may_take_off() {
            moments.extend(self.waiting.iter().map(|waiting| waiting.due));
            // A batch that is full waits for the bytes only, whatever its window says.
            let ready_at = self.allowance.ready_at();
            let is_ready = ready_at <= self.context.clock.elapsed();
            let deadline = self.batcher.deadline();
            moments.extend(deadline.map(|deadline| if is_ready { deadline } else { ready_at }));
        }
        moments.into_iter().min()
    }
}

fn limits(config: &MappingConfig) -> BatchLimits {
    BatchLimits {
        batch_size: config.batch_size,
        window: config.batching_window,
        window_start: match config.provisioned {
            Some(_) => WindowStart::BatchClosed,
            None => WindowStart::InvocationCompleted,
        },
        event_bytes: MAXIMUM_EVENT_BYTES,
        read_ahead_bytes: READ_AHEAD_BYTES,
    }
}
