//! What went through the cluster: counters that operations raise and the front door shows.

use crate::cluster::Cluster;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

/// Threads that raise the traffic's counters without meeting each other.
const TRAFFIC_PARTS: usize = 8;

/// Counters since the cluster started. Relaxed: each is exact by itself, not one against another.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    traffic: [Traffic; TRAFFIC_PARTS],
    pub(crate) connections: AtomicU64,
    /// The memory limit was reached and producers are refused.
    pub(crate) is_memory_full: AtomicBool,
}

/// A part of what went in and out. Every request raises it, so each is on a cache line of its own.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Traffic {
    records_in: AtomicU64,
    bytes_in: AtomicU64,
    records_out: AtomicU64,
    bytes_out: AtomicU64,
}

impl Counters {
    /// Counts what producers appended.
    pub(crate) fn count_in(&self, records: u64, bytes: u64) {
        let own = self.own_part();
        own.records_in.fetch_add(records, Ordering::Relaxed);
        own.bytes_in.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Counts what was fetched.
    pub(crate) fn count_out(&self, records: u64, bytes: u64) {
        let own = self.own_part();
        own.records_out.fetch_add(records, Ordering::Relaxed);
        own.bytes_out.fetch_add(bytes, Ordering::Relaxed);
    }

    /// The part that this thread raises, and few others.
    fn own_part(&self) -> &Traffic {
        static THREADS: AtomicUsize = AtomicUsize::new(0);
        thread_local! {
            static OWN: usize = THREADS.fetch_add(1, Ordering::Relaxed) % TRAFFIC_PARTS;
        }
        &self.traffic[OWN.with(|own| *own)]
    }

    fn sum(&self, counter: fn(&Traffic) -> &AtomicU64) -> u64 {
        let parts = self.traffic.iter().map(counter);
        parts.map(|part| part.load(Ordering::Relaxed)).sum()
    }
}

/// The cluster's numbers, to be read at any time.
#[derive(Clone, Debug)]
pub struct BrokerMetrics {
    cluster: Arc<Cluster>,
}

/// The cluster's numbers at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BrokerSnapshot {
    /// Records appended by producers.
    pub records_in: u64,
    /// Bytes of record batches appended by producers.
    pub bytes_in: u64,
    /// Records fetched; a batch counts whole.
    pub records_out: u64,
    /// Bytes of record batches fetched.
    pub bytes_out: u64,
    /// Open connections.
    pub connections: u64,
    /// What is held of the memory limit.
    pub memory_used_bytes: u64,
    /// The memory limit.
    pub memory_limit_bytes: u64,
}

impl BrokerMetrics {
    pub(crate) fn new(cluster: Arc<Cluster>) -> Self {
        Self { cluster }
    }

    /// The numbers as they are now.
    pub fn read(&self) -> BrokerSnapshot {
        let counters = &self.cluster.counters;
        BrokerSnapshot {
            records_in: counters.sum(|part| &part.records_in),
            bytes_in: counters.sum(|part| &part.bytes_in),
            records_out: counters.sum(|part| &part.records_out),
            bytes_out: counters.sum(|part| &part.bytes_out),
            connections: counters.connections.load(Ordering::Relaxed),
            memory_used_bytes: self.cluster.pool.used_bytes() as u64,
            memory_limit_bytes: self.cluster.pool.limit_bytes() as u64,
        }
    }
}
