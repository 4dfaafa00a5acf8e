//! The cluster's metrics: the counters that operations raise, and the table of the metrics that are shown.
//!
//! A metric has its counter here and one entry in the table. The page of the HTTP surface is written from the table.

use crate::pool::Pool;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

/// The number of parts that the traffic's counters are divided into. Threads that raise the same counter pass its cache line
/// back and forth; machines with more cores than this share a part by two or three threads.
const TRAFFIC_PARTS: usize = 8;

/// Counters since the cluster started. They are relaxed: each is exact by itself, but two of them need not fit each other.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    traffic: [Traffic; TRAFFIC_PARTS],
    pub(crate) connections: AtomicU64,
    /// Set while the memory limit is reached and producers are refused.
    pub(crate) is_memory_full: AtomicBool,
}

/// One part of the traffic's counters. Every request raises them, so each part is on a cache line of its own.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Traffic {
    records_in: AtomicU64,
    bytes_in: AtomicU64,
    records_out: AtomicU64,
    bytes_out: AtomicU64,
}

impl Counters {
    /// Counts records and bytes that producers appended.
    pub(crate) fn count_in(&self, records: u64, bytes: u64) {
        let own = self.own_part();
        own.records_in.fetch_add(records, Ordering::Relaxed);
        own.bytes_in.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Counts records and bytes that were fetched.
    pub(crate) fn count_out(&self, records: u64, bytes: u64) {
        let own = self.own_part();
        own.records_out.fetch_add(records, Ordering::Relaxed);
        own.bytes_out.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Returns the part that this thread raises.
    fn own_part(&self) -> &Traffic {
        static THREADS: AtomicUsize = AtomicUsize::new(0);
        // A thread keeps its number, so only its first request raises a counter that all threads share.
        thread_local! {
            static OWN: usize = THREADS.fetch_add(1, Ordering::Relaxed) % TRAFFIC_PARTS;
        }
        &self.traffic[OWN.with(|own| *own)]
    }

    fn sum(&self, counter: fn(&Traffic) -> &AtomicU64) -> u64 {
        // The parts are read one after another while others raise them. Each only rises, so no sum is below
        // an earlier one.
        let parts = self.traffic.iter().map(counter);
        parts.map(|part| part.load(Ordering::Relaxed)).sum()
    }
}

/// The cluster's numbers, to be read at any time. [`BROKER_METRICS`] lists them.
#[derive(Clone, Debug)]
pub struct BrokerMetrics {
    counters: Arc<Counters>,
    pool: Pool,
}

/// The kind of a metric in Prometheus' text format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// A number that only rises.
    Counter,
    /// A number that rises and falls.
    Gauge,
}

/// One number of the cluster.
#[derive(Debug)]
pub struct BrokerMetric {
    /// The name on the page of metrics.
    pub name: &'static str,
    /// The kind.
    pub kind: MetricKind,
    /// The meaning, in one sentence.
    pub help: &'static str,
    value: fn(&BrokerMetrics) -> u64,
}

/// Every number of the cluster, in the order of the page of metrics.
pub const BROKER_METRICS: &[BrokerMetric] = &[
    BrokerMetric {
        name: "esmeralda_records_in_total",
        kind: MetricKind::Counter,
        help: "Records appended by producers.",
        value: BrokerMetrics::records_in,
    },
    BrokerMetric {
        name: "esmeralda_bytes_in_total",
        kind: MetricKind::Counter,
        help: "Bytes of record batches appended by producers.",
        value: BrokerMetrics::bytes_in,
    },
    BrokerMetric {
        name: "esmeralda_bytes_out_total",
        kind: MetricKind::Counter,
        help: "Bytes of record batches fetched.",
        value: |metrics| metrics.counters.sum(|part| &part.bytes_out),
    },
    BrokerMetric {
        name: "esmeralda_records_out_total",
        kind: MetricKind::Counter,
        help: "Records fetched, whole batches counted.",
        value: |metrics| metrics.counters.sum(|part| &part.records_out),
    },
    BrokerMetric {
        name: "esmeralda_connections",
        kind: MetricKind::Gauge,
        help: "Open Kafka connections.",
        value: BrokerMetrics::connections,
    },
    BrokerMetric {
        name: "esmeralda_memory_used_bytes",
        kind: MetricKind::Gauge,
        help: "Memory held for frames, records, answers and payloads.",
        value: |metrics| metrics.pool.used_bytes() as u64,
    },
    BrokerMetric {
        name: "esmeralda_memory_limit_bytes",
        kind: MetricKind::Gauge,
        help: "The bound of that memory (--memory-limit).",
        value: |metrics| metrics.pool.limit_bytes() as u64,
    },
];

impl BrokerMetric {
    /// Returns its value now.
    pub fn read(&self, metrics: &BrokerMetrics) -> u64 {
        (self.value)(metrics)
    }
}

impl fmt::Display for MetricKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
        })
    }
}

impl BrokerMetrics {
    /// Returns the numbers of a cluster with these counters and this memory.
    pub(crate) fn new(counters: Arc<Counters>, pool: Pool) -> Self {
        Self { counters, pool }
    }

    pub(crate) fn records_in(&self) -> u64 {
        self.counters.sum(|part| &part.records_in)
    }

    pub(crate) fn bytes_in(&self) -> u64 {
        self.counters.sum(|part| &part.bytes_in)
    }

    pub(crate) fn connections(&self) -> u64 {
        self.counters.connections.load(Ordering::Relaxed)
    }
}
