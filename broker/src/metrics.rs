//! What went through the cluster: counters that operations raise and the front door shows.

use crate::cluster::Cluster;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Counters since the cluster started. Relaxed: each is exact by itself, not one against another.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) records_in: AtomicU64,
    pub(crate) bytes_in: AtomicU64,
    pub(crate) records_out: AtomicU64,
    pub(crate) bytes_out: AtomicU64,
    pub(crate) connections: AtomicU64,
    /// The memory limit was reached and producers are refused.
    pub(crate) is_memory_full: AtomicBool,
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
            records_in: counters.records_in.load(Ordering::Relaxed),
            bytes_in: counters.bytes_in.load(Ordering::Relaxed),
            records_out: counters.records_out.load(Ordering::Relaxed),
            bytes_out: counters.bytes_out.load(Ordering::Relaxed),
            connections: counters.connections.load(Ordering::Relaxed),
            memory_used_bytes: self.cluster.pool.used_bytes() as u64,
            memory_limit_bytes: self.cluster.pool.limit_bytes() as u64,
        }
    }
}

/// Raises a counter.
pub(crate) fn add(counter: &AtomicU64, amount: u64) {
    counter.fetch_add(amount, Ordering::Relaxed);
}
