//! Counters of a mapping, in AWS's names where AWS has them.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
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
    pub(crate) in_flight: Gauge,
    /// Followed by those who wait until a mapping has drained.
    pub(crate) committed_event_count: watch::Sender<u64>,
}

/// A number that only rises.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

/// A number that rises and falls.
#[derive(Debug, Default)]
pub(crate) struct Gauge(AtomicUsize);

impl Counter {
    pub(crate) fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Gauge {
    pub(crate) fn raise(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn lower(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Counters {
    /// Fills in what is counted here.
    pub(crate) fn read_into(&self, metrics: &mut MappingMetrics) {
        metrics.polled_event_count = self.polled_event_count.get();
        metrics.polled_bytes = self.polled_bytes.get();
        metrics.invoked_event_count = self.invoked_event_count.get();
        metrics.failed_invoke_event_count = self.failed_invoke_event_count.get();
        metrics.dropped_event_count = self.dropped_event_count.get();
        metrics.committed_event_count = *self.committed_event_count.borrow();
        metrics.commit_error_count = self.commit_error_count.get();
        metrics.invocations = self.invocations.get();
        metrics.invocation_errors = self.invocation_errors.get();
        metrics.throttles = self.throttles.get();
        metrics.in_flight = self.in_flight.get();
    }
}
