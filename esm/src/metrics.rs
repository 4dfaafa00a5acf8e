//! Counters of a mapping, in AWS's names where AWS has them.

use crate::scaler::Work;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// A mapping's numbers at one moment; counters since the mapping was created.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MappingMetrics {
    /// The mapping's UUID.
    pub uuid: String,
    /// The function it invokes.
    pub function_name: String,
    /// The topic it reads.
    pub topic: String,
    /// Its state, as AWS names them.
    pub state: String,
    /// Event pollers that are members of the group.
    pub pollers: usize,
    /// Of them, those that processed an event in the last five minutes (ProvisionedPollers).
    pub active_pollers: usize,
    /// Event poller units that are billed now (EventPollerUnit); 0 in on-demand mode.
    pub event_poller_units: u64,
    /// Records read.
    pub polled_event_count: u64,
    /// Uncompressed bytes of keys, values and headers read.
    pub polled_bytes: u64,
    /// Records handed to the function; counts again on a retry.
    pub invoked_event_count: u64,
    /// Records in failed invocations.
    pub failed_invoke_event_count: u64,
    /// Records that were dropped.
    pub dropped_event_count: u64,
    /// Offsets that commits advanced by.
    pub committed_event_count: u64,
    /// Batches that were processed and could not be committed, because their partitions had a new owner; they are delivered again.
    pub commit_error_count: u64,
    /// Invocations that were completed.
    pub invocations: u64,
    /// Of them, those that failed in the function.
    pub invocation_errors: u64,
    /// Invocations that were throttled.
    pub throttles: u64,
    /// Invocations in flight.
    pub in_flight: usize,
    /// Per partition, by index: end offset less committed offset.
    pub offset_lag: Vec<u64>,
}

/// What the pollers of a mapping count, together.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) polled_event_count: Counter,
    pub(crate) polled_bytes: Counter,
    pub(crate) invoked_event_count: Counter,
    pub(crate) failed_invoke_event_count: Counter,
    pub(crate) dropped_event_count: Counter,
    pub(crate) commit_error_count: Counter,
    pub(crate) invocations: Counter,
    pub(crate) invocation_errors: Counter,
    pub(crate) throttles: Counter,
    /// Records that were processed, and their bytes.
    pub(crate) records: Counter,
    pub(crate) record_bytes: Counter,
    /// Nanoseconds for which slots were busy with invocations that ended.
    pub(crate) busy_ns: Counter,
    /// When the last commit was, in nanoseconds of the engine's time.
    pub(crate) last_commit_ns: AtomicU64,
    pub(crate) in_flight: InFlight,
    /// Followed by those who wait until a mapping has drained.
    pub(crate) committed_event_count: watch::Sender<u64>,
}

/// A number that only rises.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

/// How many batches are in flight, and how that was over time.
#[derive(Debug, Default)]
pub(crate) struct InFlight(Mutex<Usage>);

/// Batches in flight, at one moment and before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) count: usize,
    /// The most at once since this was last asked by [`InFlight::turn`].
    pub(crate) most: usize,
    /// Added up over time: 1 for each second that each was in flight.
    pub(crate) total: Duration,
    /// Until when `total` is right.
    until: Duration,
}

impl Counter {
    pub(crate) fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl InFlight {
    pub(crate) fn raise(&self, now: Duration) {
        let mut usage = self.at(now);
        usage.count += 1;
        usage.most = usage.most.max(usage.count);
    }

    pub(crate) fn lower(&self, now: Duration) {
        self.at(now).count -= 1;
    }

    pub(crate) fn count(&self) -> usize {
        self.lock().count
    }

    /// What was in flight until `now`.
    pub(crate) fn read(&self, now: Duration) -> Usage {
        *self.at(now)
    }

    /// What was in flight until `now`; the most at once is counted anew from here.
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
        // Numbers only: whatever a panic left behind can be counted on from.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counters {
    /// What the scaler looks at.
    pub(crate) fn work(&self) -> Work {
        Work {
            records: self.records.get(),
            record_bytes: self.record_bytes.get(),
            busy: Duration::from_nanos(self.busy_ns.get()),
            invocations: self.invocations.get(),
            throttles: self.throttles.get(),
        }
    }

    /// When the last commit was, in the engine's time.
    pub(crate) fn last_commit(&self) -> Duration {
        Duration::from_nanos(self.last_commit_ns.load(Ordering::Relaxed))
    }

    /// Offsets that commits advanced by.
    pub(crate) fn committed_event_count(&self) -> u64 {
        *self.committed_event_count.borrow()
    }

    /// A commit advanced by `offsets`.
    pub(crate) fn committed(&self, now: Duration, offsets: u64) {
        self.last_commit_ns.store(nanoseconds(now), Ordering::Relaxed);
        self.committed_event_count.send_modify(|count| *count += offsets);
    }

    /// Fills in what is counted here.
    pub(crate) fn read_into(&self, metrics: &mut MappingMetrics) {
        metrics.polled_event_count = self.polled_event_count.get();
        metrics.polled_bytes = self.polled_bytes.get();
        metrics.invoked_event_count = self.invoked_event_count.get();
        metrics.failed_invoke_event_count = self.failed_invoke_event_count.get();
        metrics.dropped_event_count = self.dropped_event_count.get();
        metrics.committed_event_count = self.committed_event_count();
        metrics.commit_error_count = self.commit_error_count.get();
        metrics.invocations = self.invocations.get();
        metrics.invocation_errors = self.invocation_errors.get();
        metrics.throttles = self.throttles.get();
        metrics.in_flight = self.in_flight.count();
    }
}

/// Nanoseconds as a counter holds them: enough for 584 years.
pub(crate) fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_flight_adds_up_over_time() {
        let in_flight = InFlight::default();
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
    }
}
