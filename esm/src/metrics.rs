//! Counters of a mapping, in AWS's names where AWS has them.

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
