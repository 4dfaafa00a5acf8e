//! The surroundings that all pollers of a mapping share.

use crate::cloudwatch::{FunctionMeters, MappingRecorder, SystemLog};
use crate::delivery::Deliverer;
use crate::invoker::Functions;
use crate::metrics::Counters;
use crate::poller::RestSignal;
use crate::poller::reminder::Reminder;
use crate::profile::ScalingProfile;
use crate::retry::RetryPolicy;
use crate::{Clock, Entropy, MemoryPool};
use std::sync::Arc;

/// The surroundings of a mapping's pollers.
#[derive(Clone, Debug)]
pub(crate) struct PollerContext {
    /// The mapping's UUID, for log lines.
    pub(crate) uuid: String,
    pub(crate) functions: Arc<Functions>,
    pub(crate) clock: Clock,
    pub(crate) entropy: Entropy,
    pub(crate) memory: MemoryPool,
    pub(crate) counters: Arc<Counters>,
    pub(crate) recorder: Arc<MappingRecorder>,
    pub(crate) meters: Arc<FunctionMeters>,
    pub(crate) system_log: Arc<SystemLog>,
    /// Where pollers tell that they have read something.
    pub(crate) rest: RestSignal,
    pub(crate) retry: RetryPolicy,
    /// The warning of a function that cannot be invoked, which would stand in the log at every retry of every batch.
    pub(crate) unreachable: Arc<Reminder>,
    pub(crate) profile: Arc<ScalingProfile>,
    pub(crate) payloads: Payloads,
    pub(crate) deliverer: Arc<Deliverer>,
}

impl PollerContext {
    /// Returns the span that names the mapping and its function in every log line within it. It has the highest level, so that it is
    /// there whatever level is logged.
    pub(crate) fn span(&self, function_name: &str) -> tracing::Span {
        tracing::error_span!("mapping", uuid = self.uuid, function_name)
    }
}

/// The payloads that functions are invoked with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Payloads {
    /// The event of the batch.
    #[default]
    Built,
    /// Nothing; [`Invocation::event_bytes`](crate::Invocation::event_bytes) has the length of the event that was not built. For
    /// simulations of which only the numbers are wanted.
    Measured,
}
