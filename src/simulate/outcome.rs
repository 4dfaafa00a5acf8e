//! The outcome of a simulation: one entry per variant. Every report is made from it.

use super::limits::RunLimit;
use esmeralda_esm::trace::Trace;
use serde_json::{Map, Value};
use std::time::Duration;

/// The outcomes of all variants of a scenario, in the order of the scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct SimulationOutcome {
    /// The scenario's title.
    pub title: String,
    /// The scaling profile in words, with the constants that the scenario changed.
    pub profile: String,
    /// The seed, from which the run can be repeated.
    pub seed: u64,
    /// The inputs that all variants shared, as JSON.
    pub inputs: Value,
    /// One outcome per variant.
    pub variants: Vec<VariantOutcome>,
}

/// The outcome of one variant.
#[derive(Clone, Debug, PartialEq)]
pub struct VariantOutcome {
    /// The variant's name in the scenario.
    pub name: String,
    /// The mapping's bounds; `None` in on-demand mode.
    pub bounds: Option<PollerBounds>,
    /// Time from the mapping's state Enabled until every committed offset was the end offset; `None` if the run ended with lag.
    pub drained_in: Option<Duration>,
    /// How the run ended.
    pub ending: RunEnding,
    /// The members of CreateEventSourceMapping.
    pub members: Map<String, Value>,
    /// The longest time that a record waited between arrival and commit, to a second; a record that is left waited until the end.
    pub longest_wait: Duration,
    /// The largest OffsetLag at the end of any bucket, or at the start.
    pub peak_lag: u64,
    /// The end of the last rebalance that made the fleet its largest; zero if the fleet started that large.
    pub full_concurrency_after: Option<Duration>,
    /// Number of records that were processed.
    pub records: u64,
    /// Number of invocations that were completed.
    pub invocations: u64,
    /// Number of invocations that failed.
    pub invocation_errors: u64,
    /// Number of attempts that were throttled, which are no invocations.
    pub throttles: u64,
    /// Milliseconds that Lambda bills for the invocations.
    pub billed_ms: u64,
    /// The cost of the invocations in US dollars: requests and gigabyte-seconds.
    pub invocations_usd: f64,
    /// Whether KEDA's rules scaled the replicas of a consumer, instead of pollers and their invocations.
    pub is_scaled_by_keda: bool,
    /// The cost of these replicas in US dollars; `None` without replicas, or if their price is not known.
    pub replicas_usd: Option<f64>,
    /// The limits that the run reached.
    pub limits: Vec<RunLimit>,
    /// Total size of all events, in bytes.
    pub payload_bytes: u64,
    /// Digest over the checksums of all events; `None` if events were only measured.
    pub digest: Option<String>,
    /// The figures that AWS published for this variant; `None` unless the scenario is the reference.
    pub published: Option<PublishedFigures>,
    /// The trace of how the mapping scaled.
    pub trace: Trace,
}

impl VariantOutcome {
    /// Returns the cost of the run in US dollars: event poller units and invocations, or replicas. `None` if the price of a replica is not
    /// known.
    pub fn total_usd(&self) -> Option<f64> {
        if self.is_scaled_by_keda {
            return self.replicas_usd;
        }
        Some(self.trace.cost_usd + self.invocations_usd)
    }
}

/// The end of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunEnding {
    /// All records had arrived, and were committed after this time.
    Drained(Duration),
    /// Records arrived until the end, and those that were left then had not waited long.
    KeptUp,
    /// Records were left that had waited for longer.
    Behind,
    /// The run was ended early, because its outcome did not matter any more.
    Stopped,
}

/// The `ProvisionedPollerConfig` of a variant, with defaults filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PollerBounds {
    /// `MinimumPollers`.
    pub minimum: u32,
    /// `MaximumPollers`.
    pub maximum: u32,
}

/// One row of the table in AWS's announcement, which rounds to whole minutes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PublishedFigures {
    /// Minutes until the backlog was drained.
    pub drained_in_minutes: f64,
    /// Minutes until full concurrency.
    pub full_concurrency_after_minutes: f64,
}
