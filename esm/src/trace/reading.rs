//! The readings that a trace is recorded from.

use crate::billing::UnitLoad;
use std::time::Duration;

/// The numbers of a mapping at one moment. Those without "now" only rise from when it was created.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct TraceReading {
    /// OffsetLag of all partitions together, now.
    pub lag: u64,
    /// Sum of the end offsets of all partitions.
    pub end_offsets: u64,
    /// Number of offsets that commits advanced by.
    pub committed: u64,
    /// Time of the last commit, counted from when the mapping became Enabled.
    pub last_commit: Duration,
    /// Number of pollers now.
    pub pollers: usize,
    /// The minimum pollers, which provisioned mode bills at least; `None` in on-demand mode, which bills no units.
    pub minimum_pollers: Option<usize>,
    /// The pollers of the mappings that joined the poller group before, now, and the bytes that they processed since this mapping joined
    /// it: they share event poller units.
    pub older: UnitLoad,
    /// The most invocations that ran at once since the reading before.
    pub running_max: usize,
    /// Time that invocations ran, added up over all of them.
    pub running: Duration,
    /// The most batches in flight since the reading before.
    pub in_flight_max: usize,
    /// Time that batches were in flight, added up over all of them.
    pub in_flight: Duration,
    /// The part of that time whose attempts were throttled.
    pub throttled: Duration,
    /// Time that batches waited, added up over all of them.
    pub waiting: Duration,
    /// Number of invocations completed.
    pub invocations: u64,
    /// Number of invocations that failed.
    pub invocation_errors: u64,
    /// Number of invocations throttled.
    pub throttles: u64,
    /// Number of records processed.
    pub records: u64,
    /// Uncompressed bytes of keys, values and headers processed.
    pub record_bytes: u64,
    /// Milliseconds billed for invocations.
    pub billed_ms: u64,
}
