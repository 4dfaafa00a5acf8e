//! The metrics of a mapping, in AWS's names where AWS has them: the table of what is shown, and the counters that pollers raise.

use crate::scaler::{SlotWork, Work};
use esmeralda_broker::MetricKind;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// One number of a mapping.
#[derive(Debug)]
pub struct MappingMetric {
    /// The name on the page of metrics.
    pub name: &'static str,
    /// The kind.
    pub kind: MetricKind,
    /// The meaning, in one sentence; names CloudWatch's metric where there is one.
    pub help: &'static str,
    value: fn(&MappingMetrics) -> u64,
}

impl MappingMetric {
    /// Returns its value in `metrics`.
    pub fn read(&self, metrics: &MappingMetrics) -> u64 {
        (self.value)(metrics)
    }
}

/// Writes the fields of [`MappingMetrics`], their entries in [`MAPPING_METRICS`], and the reading of those that [`Counters`] has a
/// field of the same name for, so that a metric is one entry here.
macro_rules! mapping_metrics {
    (
        measured { $($measured:ident: $measured_type:ty = $measured_kind:ident $measured_name:literal $measured_help:literal;)* }
        counted { $($counted:ident: $counted_type:ty = $counted_kind:ident $counted_name:literal $counted_help:literal;)* }
    ) => {
        /// A mapping's numbers at one moment; counters since the mapping was created.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct MappingMetrics {
            /// The mapping's UUID.
            pub uuid: String,
            /// The function it invokes.
            pub function_name: String,
            /// The topic it reads.
            pub topic: String,
            /// Its state, in AWS's words.
            pub state: String,
            /// Its `PollerGroupName`; `None` if it has event poller units of its own.
            pub poller_group: Option<String>,
            $(#[doc = $measured_help] pub $measured: $measured_type,)*
            $(#[doc = $counted_help] pub $counted: $counted_type,)*
            /// End offset less committed offset, by partition: [`OFFSET_LAG`].
            pub offset_lag: Vec<u64>,
        }

        /// Every number that a mapping has one of, in the order of the page of metrics.
        pub const MAPPING_METRICS: &[MappingMetric] = &[
            $(MappingMetric {
                name: $measured_name,
                kind: MetricKind::$measured_kind,
                help: $measured_help,
                value: |metrics| metrics.$measured as u64,
            },)*
            $(MappingMetric {
                name: $counted_name,
                kind: MetricKind::$counted_kind,
                help: $counted_help,
                value: |metrics| metrics.$counted,
            },)*
        ];

        impl Counters {
            /// Fills in the numbers that are counted here.
            pub(crate) fn read_into(&self, metrics: &mut MappingMetrics) {
                $(metrics.$counted = self.$counted.count();)*
                metrics.in_flight = self.in_flight.count();
                metrics.running = self.running.count();
                metrics.waiting = self.waiting.count();
            }
        }
    };
}

mapping_metrics! {
    measured {
        pollers: usize = Gauge "esmeralda_mapping_pollers"
            "Event pollers that are members of the mapping's group.";
        active_pollers: usize = Gauge "esmeralda_mapping_provisioned_pollers"
            "Event pollers that processed an event in the last five minutes (ProvisionedPollers).";
        event_poller_units: u64 = Gauge "esmeralda_mapping_event_poller_units"
            "Event poller units that were billed last; in a poller group, those that it adds to the mappings before it (EventPollerUnit).";
        in_flight: usize = Gauge "esmeralda_mapping_invocations_in_flight"
            "Batches in flight: invocations that run, with the overhead before them and attempts that are throttled.";
        running: usize = Gauge "esmeralda_mapping_invocations_running"
            "Invocations that run in the function (its ConcurrentExecutions).";
        waiting: usize = Gauge "esmeralda_mapping_batches_waiting"
            "Batches that wait for their next attempt, or for the byte rate of their poller.";
    }
    counted {
        invocations: u64 = Counter "esmeralda_mapping_invocations_total"
            "Invocations that ended.";
        invocation_errors: u64 = Counter "esmeralda_mapping_invocation_errors_total"
            "Invocations that failed in the function.";
        throttles: u64 = Counter "esmeralda_mapping_throttles_total"
            "Invocations that were throttled.";
        polled_event_count: u64 = Counter "esmeralda_mapping_polled_events_total"
            "Records read (PolledEventCount).";
        polled_bytes: u64 = Counter "esmeralda_mapping_polled_bytes_total"
            "Bytes of keys, values and headers read (EventPollerThroughputInBytes).";
        filtered_out_event_count: u64 = Counter "esmeralda_mapping_filtered_out_events_total"
            "Records filtered out (FilteredOutEventCount).";
        invoked_event_count: u64 = Counter "esmeralda_mapping_invoked_events_total"
            "Records handed to the function, retries counted (InvokedEventCount).";
        failed_invoke_event_count: u64 = Counter "esmeralda_mapping_failed_invoke_events_total"
            "Records in failed invocations (FailedInvokeEventCount).";
        dropped_event_count: u64 = Counter "esmeralda_mapping_dropped_events_total"
            "Records dropped, also those that the on-failure destination did not take (DroppedEventCount).";
        on_failure_destination_delivered_event_count: u64 = Counter "esmeralda_mapping_on_failure_delivered_events_total"
            "Records delivered to the on-failure destination (OnFailureDestinationDeliveredEventCount).";
        on_failure_destination_delivery_error_count: u64 = Counter "esmeralda_mapping_on_failure_delivery_errors_total"
            "Attempts to deliver to the on-failure destination that failed (OnFailureDestinationDeliveryErrorCount).";
        destination_delivery_failures: u64 = Counter "esmeralda_mapping_destination_delivery_failures_total"
            "Deliveries to the on-failure destination that were given up (DestinationDeliveryFailures).";
        schema_registry_error_count: u64 = Counter "esmeralda_mapping_schema_registry_errors_total"
            "Records that could not be decoded, and schemas that could not be looked up (SchemaRegistryErrorCount).";
        committed_event_count: u64 = Counter "esmeralda_mapping_committed_events_total"
            "Offsets that commits advanced by (CommittedEventCount).";
        polling_error_count: u64 = Counter "esmeralda_mapping_polling_errors_total"
            "Errors of reading (PollingErrorCount).";
        invoke_error_count: u64 = Counter "esmeralda_mapping_invoke_errors_total"
            "Batches whose invocation failed (InvokeErrorCount).";
        commit_error_count: u64 = Counter "esmeralda_mapping_commit_errors_total"
            "Batches that were processed and not committed, because their partitions had a new owner (CommitErrorCount).";
    }
}

impl MappingMetrics {
    /// Returns the names and values of the labels that tell its mapping from others.
    pub fn labels(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let group = self.poller_group.as_deref();
        [
            ("uuid", self.uuid.as_str()),
            ("function", self.function_name.as_str()),
            ("topic", self.topic.as_str()),
        ]
        .into_iter()
        .chain(group.map(|group| ("poller_group", group)))
    }
}

/// The number that a mapping has once for each partition.
pub const OFFSET_LAG: PartitionMetric = PartitionMetric {
    name: "esmeralda_mapping_offset_lag",
    kind: MetricKind::Gauge,
    help: "End offset less committed offset (OffsetLag).",
};

/// A number of a mapping's partition.
#[derive(Debug)]
pub struct PartitionMetric {
    /// The name on the page of metrics.
    pub name: &'static str,
    /// The kind.
    pub kind: MetricKind,
    /// The meaning, in one sentence.
    pub help: &'static str,
}

/// The counts of all pollers of a mapping together.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) polled_event_count: Counter,
    pub(crate) polled_bytes: Counter,
    pub(crate) filtered_out_event_count: Counter,
    pub(crate) invoked_event_count: Counter,
    pub(crate) failed_invoke_event_count: Counter,
    pub(crate) dropped_event_count: Counter,
    pub(crate) polling_error_count: Counter,
    pub(crate) invoke_error_count: Counter,
    pub(crate) on_failure_destination_delivered_event_count: Counter,
    pub(crate) on_failure_destination_delivery_error_count: Counter,
    pub(crate) destination_delivery_failures: Counter,
    pub(crate) schema_registry_error_count: Counter,
    pub(crate) commit_error_count: Counter,
    pub(crate) invocations: Counter,
    pub(crate) invocation_errors: Counter,
    pub(crate) throttles: Counter,
    /// Records that were processed or filtered out, and their bytes.
    pub(crate) records: Counter,
    pub(crate) record_bytes: Counter,
    /// The records, bytes and time of full batches: what they say of the rate of a slot is more than what others say.
    pub(crate) full_records: Counter,
    pub(crate) full_record_bytes: Counter,
    pub(crate) full_busy_ns: Counter,
    /// Nanoseconds for which slots were busy with invocations that ended.
    pub(crate) busy_ns: Counter,
    /// The part of `busy_ns` whose attempts were throttled.
    pub(crate) throttled_busy_ns: Counter,
    /// Milliseconds that Lambda bills for invocations, each rounded up.
    pub(crate) billed_ms: Counter,
    /// Time of the last commit, in nanoseconds of the engine's time.
    pub(crate) last_commit_ns: AtomicU64,
    /// Batches in flight.
    pub(crate) in_flight: Gauge,
    /// Invocations that run in the function.
    pub(crate) running: Gauge,
    /// Batches that wait.
    pub(crate) waiting: Gauge,
    pub(crate) pollers: PollerActivity,
    /// Number of offsets that commits advanced by; `Engine::drained` waits for its changes.
    pub(crate) committed_event_count: watch::Sender<u64>,
}

/// The times at which each poller of a mapping last processed an event, also of pollers that are gone.
#[derive(Debug, Default)]
pub(crate) struct PollerActivity(Mutex<Vec<LastProcessed>>);

/// The time at which a poller last processed an event.
#[derive(Clone, Debug, Default)]
pub(crate) struct LastProcessed(Arc<AtomicU64>);

impl PollerActivity {
    /// Adds a poller, which notes its own time.
    pub(crate) fn add(&self) -> LastProcessed {
        let added = LastProcessed::default();
        self.lock().push(added.clone());
        added
    }

    /// Returns the number of pollers that processed an event at `since` or later. Forgets those that are gone and did not.
    pub(crate) fn active_since(&self, since: Duration) -> usize {
        let mut pollers = self.lock();
        // A poller that is gone has dropped its own part.
        pollers.retain(|poller| poller.is_at(since) || Arc::strong_count(&poller.0) > 1);
        pollers.iter().filter(|poller| poller.is_at(since)).count()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<LastProcessed>> {
        // Each change is one push or one retain.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LastProcessed {
    /// Notes that an event was processed.
    pub(crate) fn note(&self, now: Duration) {
        // Zero is never. The time is read alone, so it needs no order with other memory.
        self.0.store(nanoseconds(now).max(1), Ordering::Relaxed);
    }

    fn is_at(&self, since: Duration) -> bool {
        let last = self.0.load(Ordering::Relaxed);
        last > 0 && last >= nanoseconds(since)
    }
}

/// A field of [`Counters`] that the table can read.
trait Counted {
    fn count(&self) -> u64;
}

impl Counted for Counter {
    fn count(&self) -> u64 {
        self.get()
    }
}

impl Counted for watch::Sender<u64> {
    fn count(&self) -> u64 {
        *self.borrow()
    }
}

/// A number that only rises.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

/// A number that rises and falls, and its course over time.
#[derive(Debug, Default)]
// A lock and not atomics, because the count, the most and the total change together.
pub(crate) struct Gauge(Mutex<Usage>);

/// A gauge at one moment and before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) count: usize,
    /// The most at once since this was last asked by [`Gauge::turn`].
    pub(crate) most: usize,
    /// The time of all that was counted, added up.
    pub(crate) total: Duration,
    /// The time up to which `total` counts.
    until: Duration,
}

impl Counter {
    pub(crate) fn add(&self, count: u64) {
        // Each number is read alone, so it needs no order with the others.
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Gauge {
    pub(crate) fn raise(&self, now: Duration) {
        let mut usage = self.at(now);
        usage.count += 1;
        usage.most = usage.most.max(usage.count);
    }

    pub(crate) fn lower(&self, now: Duration) {
        self.at(now).count -= 1;
    }

    /// Counts `to` in place of `from`.
    pub(crate) fn replace(&self, now: Duration, from: usize, to: usize) {
        let mut usage = self.at(now);
        usage.count = usage.count - from + to;
        usage.most = usage.most.max(usage.count);
    }

    pub(crate) fn count(&self) -> usize {
        self.lock().count
    }

    /// Returns the usage until `now`.
    pub(crate) fn read(&self, now: Duration) -> Usage {
        *self.at(now)
    }

    /// Returns the usage until `now`, and begins a new count of the most at once.
    pub(crate) fn turn(&self, now: Duration) -> Usage {
        let mut usage = self.at(now);
        let read = *usage;
        usage.most = usage.count;
        read
    }

    fn at(&self, now: Duration) -> MutexGuard<'_, Usage> {
        let mut usage = self.lock();
        let passed = now.saturating_sub(usage.until);
        usage.until += passed;
        let added = passed * usage.count as u32;
        usage.total += added;
        usage
    }

    fn lock(&self) -> MutexGuard<'_, Usage> {
        // A panic of another holder can leave a wrong number at most, which the next change goes on from.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counters {
    /// Returns the numbers that the scaler reads. `running` is what [`Counters::running`] has added up.
    pub(crate) fn work(&self, running: Duration) -> Work {
        let nanoseconds = |counter: &Counter| Duration::from_nanos(counter.get());
        Work {
            all: SlotWork {
                records: self.records.get(),
                record_bytes: self.record_bytes.get(),
                busy: nanoseconds(&self.busy_ns),
            },
            full: SlotWork {
                records: self.full_records.get(),
                record_bytes: self.full_record_bytes.get(),
                busy: nanoseconds(&self.full_busy_ns),
            },
            filtered_out: self.filtered_out_event_count.get(),
            invocations: self.invocations.get(),
            throttles: self.throttles.get(),
            throttled_busy: nanoseconds(&self.throttled_busy_ns),
            running,
        }
    }

    /// Returns the time of the last commit, in the engine's time.
    pub(crate) fn last_commit(&self) -> Duration {
        Duration::from_nanos(self.last_commit_ns.load(Ordering::Relaxed))
    }

    /// Returns the number of offsets that commits advanced by.
    pub(crate) fn committed_event_count(&self) -> u64 {
        self.committed_event_count.count()
    }

    /// Counts a commit that advanced by `offsets`.
    pub(crate) fn committed(&self, now: Duration, offsets: u64) {
        self.last_commit_ns.store(nanoseconds(now), Ordering::Relaxed);
        self.committed_event_count.send_modify(|count| *count += offsets);
    }
}

/// Returns a time as counters hold it, in nanoseconds: enough for 584 years.
pub(crate) fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pollers_that_are_gone_count_while_they_were_active_in_time() {
        let pollers = PollerActivity::default();
        let (stays, goes, _idle) = (pollers.add(), pollers.add(), pollers.add());
        let at = Duration::from_secs;
        stays.note(at(10));
        goes.note(at(20));
        drop(goes);
        assert_eq!(
            [at(0), at(10), at(11), at(20)].map(|since| pollers.active_since(since)),
            [2, 2, 1, 1]
        );
        assert_eq!(pollers.active_since(at(21)), 0);
        stays.note(at(30));
        assert_eq!(pollers.active_since(at(21)), 1);
        assert_eq!(pollers.lock().len(), 2, "the poller that is gone is forgotten");
    }

    #[test]
    fn what_is_in_flight_adds_up_over_time() {
        let in_flight = Gauge::default();
        let at = Duration::from_millis;
        in_flight.raise(at(100));
        in_flight.raise(at(200));
        in_flight.lower(at(400));
        let usage = in_flight.turn(at(1_000));
        assert_eq!(
            (usage.count, usage.most, usage.total),
            (1, 2, at(100 + 400 + 600))
        );
        let usage = in_flight.read(at(1_500));
        assert_eq!((usage.count, usage.most, usage.total), (1, 1, at(1_600)));
        in_flight.lower(at(1_500));
        assert_eq!(in_flight.count(), 0);
        in_flight.replace(at(1_500), 0, 3);
        in_flight.replace(at(1_600), 3, 1);
        let usage = in_flight.read(at(1_700));
        assert_eq!((usage.count, usage.most, usage.total), (1, 3, at(2_000)));
    }
}
