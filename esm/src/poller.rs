//! One event poller of a mapping: it reads, batches and invokes, in order per partition, and tells its source what is finished.
//!
//! One task drives the source and owns the invocations in flight. It asks the source for its next event all the time, because that is
//! what keeps the membership alive, and commits going, while a function runs. Rules live elsewhere: what closes a batch in `batcher`,
//! what follows an invocation in `work`, and when what is committed in the source.
//!
//! In a rebalance, records that were read and not invoked are released, because their partitions may have another owner afterwards, who
//! reads them again. Batches in flight finish; the source commits them before it joins again. In a cooperative rebalance that holds for
//! the partitions that the member loses, and the others go on.
//!
//! An invocation can outlive the membership under which its records were read. Its batch is not committed then, and its records are
//! delivered again; to this poller only after the invocation has finished, so that one poller never has a record in flight twice.

mod adjustment;
mod context;
mod deliveries;
mod discards;
mod flight;
mod landing;
mod orders;
mod reminder;
mod report;
mod rest;
mod retries;
mod running;

#[cfg(test)]
mod tests;

pub use context::Payloads;
pub(crate) use context::PollerContext;
pub(crate) use orders::{Orders, Standstill};
pub(crate) use reminder::Reminder;
pub(crate) use report::{Activity, Phase, PollerStatus, Report};
pub(crate) use rest::RestSignal;

use crate::batcher::Batcher;
use crate::delivery::Discard;
use crate::destination::DiscardCondition;
use crate::profile::ModeProfile;
use crate::source::{EventSource, Records, SourceError, SourceEvent};
use crate::throughput::ByteAllowance;
use crate::work::WorkItem;
use deliveries::Deliveries;
use discards::MAXIMUM_DELIVERIES;
use flight::{Departure, Flights};
use orders::limits;
use retries::{Ahead, Retries, ShownWaiting};
use std::collections::BTreeMap;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;
use tokio::select;
use tokio::sync::watch;
use tracing::Instrument as _;

/// Time before an event that there was no memory for is tried again.
// Nothing tells a poller that the budget has room again, so it tries at intervals.
const RETRY_INTERVAL: Duration = Duration::from_millis(100);

/// An event poller.
pub(crate) struct Poller<S> {
    source: S,
    context: Arc<PollerContext>,
    /// The orders that are in force.
    orders: Orders,
    new_orders: watch::Receiver<Orders>,
    report: Report,
    batcher: Batcher,
    allowance: ByteAllowance,
    flights: Flights,
    retries: Retries,
    deliveries: Deliveries,
    shown_waiting: ShownWaiting,
    /// The partitions, and whether reading of each is paused.
    assigned: BTreeMap<i32, bool>,
    /// The place in the group; batches start in [`Phase::Assigned`] only.
    phase: Phase,
}

impl<S: EventSource> Poller<S> {
    /// Returns a poller that becomes a member through `source` and shows itself in `report`.
    pub(crate) fn new(
        source: S,
        context: Arc<PollerContext>,
        new_orders: watch::Receiver<Orders>,
        report: Report,
    ) -> Self {
        let orders = new_orders.borrow().clone();
        let now = context.clock.elapsed();
        let batcher = Batcher::new(limits(&orders.config), orders.config.envelope.clone(), now);
        Self {
            source,
            flights: Flights::new(Arc::clone(&context)),
            deliveries: Deliveries::new(Arc::clone(&context.deliverer)),
            shown_waiting: ShownWaiting::new(Arc::clone(&context)),
            context,
            orders,
            new_orders,
            report,
            batcher,
            allowance: ByteAllowance::default(),
            retries: Retries::default(),
            assigned: BTreeMap::new(),
            phase: Phase::Joining,
        }
    }

    /// Polls until it is ordered to stop, or the fleet that orders is gone.
    pub(crate) async fn run(mut self) {
        while !self.is_finished() {
            let span = self.context.span(&self.orders.config.function_name);
            self.poll().instrument(span).await;
        }
        let span = self.context.span(&self.orders.config.function_name);
        // The member leaves after its last commit, because the group refuses commits of a member that it does not have.
        self.source.leave().instrument(span).await;
        self.report.phase(Phase::Left, None, 0);
    }

    /// Polls until it is finished, or invokes another function: then the span that names the function has to be another one.
    async fn poll(&mut self) {
        let config = Arc::clone(&self.orders.config);
        while !self.is_finished() && self.orders.config.function_name == config.function_name {
            // Orders come first. To wait for them costs more than to look, and is done only when there is nothing else to do.
            if !self.orders.is_stopping && self.new_orders.has_changed().is_ok_and(|has_changed| has_changed)
            {
                self.apply_orders(false);
                // The loop's condition is read again, because an order may stop the poller or name another function.
                continue;
            }
            self.take_off();
            self.shown_waiting.show(self.retries.len());
            // After the take-off, because a batch that departs makes room to read on.
            self.apply_pauses();
            let wake_at = self.wake_at();
            let clock = self.context.clock.clone();
            select! {
                biased;
                // The order is fixed, because tokio's random one would make two runs of the same seed differ in virtual time. Landings
                // come first, because they free slots.
                landed = self.flights.next(), if !self.flights.is_empty() => self.land(landed),
                delivered = self.deliveries.next(), if !self.deliveries.is_empty() => self.delivered(delivered),
                event = self.source.next() => self.handle(event),
                changed = self.new_orders.changed(), if !self.orders.is_stopping => self.apply_orders(changed.is_err()),
                () = async { match wake_at { Some(at) => clock.reach(at).await, None => pending().await } } => {}
            }
        }
    }

    fn is_finished(&self) -> bool {
        self.orders.is_stopping
            && self.flights.is_empty()
            && self.deliveries.is_empty()
            && self.source.is_settled()
    }

    fn mode(&self) -> &ModeProfile {
        self.context
            .profile
            .mode(self.orders.config.provisioned.is_some())
    }

    /// Returns whether a slot is free for another batch, and nothing forbids one.
    fn may_take_off(&self) -> bool {
        self.phase == Phase::Assigned
            && !self.orders.is_stopping
            && self.orders.standstill != Standstill::Fleet
            && self.flights.len() < self.mode().invocations_in_flight
    }

    /// Starts what is due while slots are free. Retries come first, because their records are older.
    fn take_off(&mut self) {
        let now = self.context.clock.elapsed();
        self.context.recorder.tick(now);
        while self.may_take_off() {
            let ahead = Ahead {
                batcher: &self.batcher,
                flights: &self.flights,
                deliveries: &self.deliveries,
            };
            let item = if let Some(item) = self.retries.take_due(now, ahead) {
                // A retry does not pay for its bytes again, because they were read once.
                item
            } else if self.allowance.ready_at() <= now
                && let Some(batch) = self.batcher.take(now)
            {
                let rate = self.context.profile.poller_bytes_per_second;
                let start = self.allowance.take(now, batch.record_bytes(), rate);
                let item = WorkItem::new(batch);
                if start > now {
                    // Its size is known only now that it is closed. No other batch is taken before it has started.
                    self.retries.add(item, start);
                    continue;
                }
                item
            } else {
                return;
            };
            if let Some(item) = self.without_old(item) {
                self.invoke(item, now);
            }
        }
    }

    /// Discards the records of an item that are too old to be sent. Returns the item with the others, if there are any.
    fn without_old(&mut self, mut item: WorkItem) -> Option<WorkItem> {
        let config = Arc::clone(&self.orders.config);
        let Some(maximum_age) = config.failure_rules.maximum_record_age else {
            return Some(item);
        };
        let before = Arc::clone(item.batch());
        let now_ms = self.context.clock.now_ms();
        let old = item.keep_young(maximum_age, &config.envelope, now_ms);
        if !old.is_empty() {
            let old = config.envelope.batch(old);
            self.batcher.occupy(&old.partitions());
            self.free_what_left(&before, item.batch());
            self.discard(Discard {
                batch: Arc::new(old),
                config,
                condition: DiscardCondition::RecordAgeExceeded,
                response: None,
                invoke_count: item.invoke_count(),
            });
        }
        (!item.batch().parts.is_empty()).then_some(item)
    }

    fn invoke(&mut self, item: WorkItem, now: Duration) {
        let departure = Departure {
            item,
            // A flight keeps the configuration that it departed with: an update meanwhile applies to the next one.
            config: Arc::clone(&self.orders.config),
        };
        self.flights.start(departure, now);
        self.report.flights_changed(self.flights.oldest_departure());
    }

    fn handle(&mut self, event: Result<SourceEvent, SourceError>) {
        self.context.recorder.tick(self.context.clock.elapsed());
        match event {
            Ok(SourceEvent::Records(records)) => self.read(records),
            Ok(SourceEvent::Undecodable { records, reason }) => self.discard_undecodable(records, reason),
            Ok(SourceEvent::Assigned {
                generation,
                partitions,
            }) => {
                self.release_unsent();
                self.phase = Phase::Assigned;
                self.report
                    .phase(Phase::Assigned, Some(generation), partitions.len());
                self.report.assigned(generation, partitions.iter().copied());
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
            }) => self.adjust(generation, &gained, &lost),
            Ok(SourceEvent::Revoking) => {
                // The membership lasts until the source joins again, so what is in flight can still be committed.
                self.release_unsent();
                self.phase = Phase::Revoking;
                self.report.phase(Phase::Revoking, None, self.assigned.len());
            }
            Ok(SourceEvent::Committed { offsets }) => {
                let now = self.context.clock.elapsed();
                self.context.counters.committed(now, offsets);
            }
            Ok(SourceEvent::CommitRefused { reason }) => {
                self.context.counters.commit_error_count.add(1);
                tracing::warn!(
                    reason,
                    "processed records are not committed; they are delivered again"
                );
            }
            Ok(SourceEvent::Recovered) => self.report.source_works(),
            Ok(SourceEvent::Lost) => {
                // Flights go on; their records are busy here until they have landed.
                self.release_unsent();
                self.phase = Phase::Joining;
                self.report.phase(Phase::Joining, None, 0);
            }
            Err(error) => {
                let counters = &self.context.counters;
                match error {
                    SourceError::SchemaRegistry { .. } => counters.schema_registry_error_count.add(1),
                    _ => counters.polling_error_count.add(1),
                }
                self.report.source_problem(&error.to_string());
            }
        }
    }

    fn read(&mut self, records: Records) {
        if self.phase != Phase::Assigned || self.orders.is_stopping {
            // A source hands out records until it has left, and a poller that stops starts no batch with them.
            let all = 0..records.spans.len();
            return self.source.released([records.range(&all)]);
        }
        let counters = &self.context.counters;
        counters.polled_event_count.add(records.spans.len() as u64);
        let decoded = records.schemas.as_ref();
        counters
            .polled_bytes
            .add(decoded.map_or_else(|| records.record_bytes(), |schemas| schemas.polled_bytes));
        self.context
            .system_log
            .consumed(records.partition, records.offsets.end);
        self.context.rest.note();
        self.report.source_works();
        let Some(records) = self.without_filtered(records) else {
            return;
        };
        let oversized = self.batcher.add(records, self.context.clock.elapsed());
        // They are given up, because a record that can never be sent would hold back the commits of its partition for ever.
        self.discard_oversized(oversized);
    }

    /// Leaves out the records that the filters do not let pass. Their offsets belong to the records before them then, with which they are
    /// finished; if no record is left, they are finished at once.
    fn without_filtered(&mut self, mut records: Records) -> Option<Records> {
        let Some(filters) = self.orders.config.filters.clone() else {
            return Some(records);
        };
        let (count, bytes) = (records.spans.len(), records.record_bytes());
        let all = records.range(&(0..count));
        let buffer = records.buffer.clone();
        records.spans.retain(|span| {
            let value = span.value.as_ref();
            filters.passes(value.map(|range| &buffer[range.start as usize..range.end as usize]))
        });
        let (count, bytes) = (count - records.spans.len(), bytes - records.record_bytes());
        if count == 0 {
            return Some(records);
        }
        let counters = &self.context.counters;
        counters.filtered_out_event_count.add(count as u64);
        // They are done with, so the scaler counts them: without them it would take a poller to be slower than it is.
        counters.records.add(count as u64);
        counters.record_bytes.add(bytes);
        // Records that are batched pay when they are sent.
        let rate = self.context.profile.poller_bytes_per_second;
        self.allowance.take(self.context.clock.elapsed(), bytes, rate);
        if records.spans.is_empty() {
            self.source.finished([all]);
            return None;
        }
        Some(records)
    }

    /// Returns whether the poller reads on.
    fn may_read(&self) -> bool {
        self.is_within_allowance() && self.deliveries.len() < MAXIMUM_DELIVERIES
    }

    /// Returns whether the byte allowance lets the poller read on. Without filters it does, because what is read waits for its batch.
    fn is_within_allowance(&self) -> bool {
        self.orders.config.filters.is_none() || self.allowance.ready_at() <= self.context.clock.elapsed()
    }

    /// Gives all records back to the source that are not in flight.
    fn release_unsent(&mut self) {
        self.source.released(self.batcher.discard());
        for item in self.retries.clear() {
            // A failed batch kept its partitions busy until its retry, which does not come now.
            self.batcher.free(&item.batch().partitions());
            self.source.released(item.ranges());
        }
    }

    fn apply_pauses(&mut self) {
        if self.phase != Phase::Assigned {
            return;
        }
        let may_read = self.may_read();
        for (partition, is_paused) in &mut self.assigned {
            let wants = may_read && self.batcher.wants(*partition);
            // Only changes are told, because a resumed partition can make the source give up its fetch and begin another.
            if *is_paused == wants {
                *is_paused = !wants;
                self.source.pause(*partition, *is_paused);
            }
        }
    }

    /// Returns the next time at which something falls due without an event that announces it.
    fn wake_at(&self) -> Option<Duration> {
        let reading = (!self.is_within_allowance()).then(|| self.allowance.ready_at());
        if !self.may_take_off() {
            // Anything that forbids a batch ends with an event: a landing, an assignment or an order.
            return reading;
        }
        let retry = self.retries.next_due(Ahead {
            batcher: &self.batcher,
            flights: &self.flights,
            deliveries: &self.deliveries,
        });
        // A batch that is full waits for the byte allowance only, whatever its window says.
        let ready_at = self.allowance.ready_at();
        let is_ready = ready_at <= self.context.clock.elapsed();
        let deadline = self.batcher.deadline();
        let batch = deadline.map(|deadline| if is_ready { deadline } else { ready_at });
        retry.into_iter().chain(batch).chain(reading).min()
    }
}
