//! What a simulation gave: one outcome per variant, from which every report is made.

use esmeralda_esm::trace::Trace;
use std::time::Duration;

/// All variants of a scenario, in its order.
#[derive(Clone, Debug, PartialEq)]
pub struct SimulationOutcome {
    /// What the scenario calls itself.
    pub title: String,
    /// The scaling profile, and which constants of it the scenario changed: as a person would say it.
    pub profile: String,
    /// What the run can be repeated from.
    pub seed: u64,
    /// The variants.
    pub variants: Vec<VariantOutcome>,
}

/// One variant.
#[derive(Clone, Debug, PartialEq)]
pub struct VariantOutcome {
    /// Its name in the scenario.
    pub name: String,
    /// The mapping's bounds; `None` in on-demand mode.
    pub bounds: Option<Bounds>,
    /// From the mapping's being Enabled until every committed offset was the end offset; `None` if the run ended with lag.
    pub drained_in: Option<Duration>,
    /// The end of the last rebalance that made the fleet its largest, zero if it started so.
    pub full_concurrency_after: Option<Duration>,
    /// Records that were processed.
    pub records: u64,
    /// Invocations that were completed.
    pub invocations: u64,
    /// Bytes of all events.
    pub payload_bytes: u64,
    /// A fold of the checksums of all events; `None` when events were only measured.
    pub digest: Option<String>,
    /// What AWS published for the same workload, if it is the reference.
    pub published: Option<Published>,
    /// How it scaled.
    pub trace: Trace,
}

/// `ProvisionedPollerConfig` of a variant, with defaults filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// `MinimumPollers`.
    pub minimum: u32,
    /// `MaximumPollers`.
    pub maximum: u32,
}

/// One row of the announcement's table. AWS rounds to whole minutes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Published {
    /// Minutes until the backlog was drained.
    pub drained_in_minutes: f64,
    /// Minutes until full concurrency.
    pub full_concurrency_after_minutes: f64,
}
