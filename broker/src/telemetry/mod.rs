//! Client telemetry (KIP-714): the subscriptions that say which metrics clients push, what each client has been told, and what they have
//! pushed.

mod clients;
mod config;
mod pushed;
mod subscription;
#[cfg(test)]
mod tests;

use std::sync::Arc;

pub(crate) use clients::{Caller, Clients, Push, TelemetryError, Told};
#[cfg(test)]
pub(crate) use config::CLIENT_METRICS_CONFIGS;
pub(crate) use config::describe;
pub(crate) use pushed::PushedStore;
pub use pushed::{PushedMetric, PushedMetrics};
pub(crate) use subscription::{Attributes, InvalidSubscription, Subscription, Subscriptions};

/// A view of the metrics that clients push (KIP-714).
#[derive(Clone, Debug)]
pub struct ClientMetrics(Arc<Telemetry>);

impl ClientMetrics {
    /// Returns the view of a cluster's telemetry.
    pub(crate) fn new(telemetry: Arc<Telemetry>) -> Self {
        Self(telemetry)
    }

    /// Returns the last 1,000 pushes, up to 16 MiB of metrics, the oldest first.
    pub fn pushed(&self) -> Vec<PushedMetrics> {
        self.0.pushed.list()
    }
}

/// The telemetry of a cluster.
#[derive(Debug, Default)]
pub(crate) struct Telemetry {
    pub(crate) subscriptions: Subscriptions,
    pub(crate) clients: Clients,
    pub(crate) pushed: PushedStore,
}
