//! The outcome of a simulation: one entry per variant. Every report is made from it.

use esmeralda_esm::trace::Trace;
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
    /// The end of the last rebalance that made the fleet its largest; zero if the fleet started that large.
    pub full_concurrency_after: Option<Duration>,
    /// Number of records that were processed.
    pub records: u64,
    /// Number of invocations that were completed.
    pub invocations: u64,
    /// Total size of all events, in bytes.
    pub payload_bytes: u64,
    /// Digest over the checksums of all events; `None` if events were only measured.
    pub digest: Option<String>,
    /// The figures that AWS published for this variant; `None` unless the scenario is the reference.
    pub published: Option<PublishedFigures>,
    /// The trace of how the mapping scaled.
    pub trace: Trace,
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
