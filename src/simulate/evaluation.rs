//! Evaluates a run that is over: its outcome from its trace and its audit. Pure.

use super::inputs::members;
use super::limits::LimitedRun;
use super::outcome::{PollerBounds, RunEnding, VariantOutcome};
use super::scenario::{FunctionScenario, Scenario, TopicScenario, VariantScenario};
use esmeralda_esm::ScalingProfile;
use esmeralda_esm::invoker::AuditSummary;
use esmeralda_esm::trace::{Bucket, Trace};
use serde_json::Value;
use std::time::Duration;

/// The longest time that a record may have waited at the end of a run whose records never end, for the mapping to have kept up: a lag is only
/// evaluated once a minute, and a change of the fleet stops it for half of one.
const KEPT_UP_WITHIN: Duration = Duration::from_secs(120);

/// A run that is over.
pub(super) struct FinishedRun<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) variant: &'a VariantScenario,
    pub(super) topic: &'a TopicScenario,
    pub(super) function: &'a FunctionScenario,
    pub(super) profile: &'a ScalingProfile,
    /// The mapping's `ProvisionedPollerConfig`; `None` in on-demand mode.
    pub(super) pollers: Option<&'a Value>,
    pub(super) trace: Trace,
    pub(super) audit: AuditSummary,
}

impl FinishedRun<'_> {
    /// Returns the outcome.
    pub(super) fn outcome(self) -> VariantOutcome {
        let bounds = self.pollers.map(bounds);
        let (invocations, billed_ms) = (
            self.total(|bucket| bucket.invocations),
            self.total(|bucket| bucket.billed_ms),
        );
        let keda = self.variant.keda.as_ref();
        let limited = LimitedRun {
            topic: self.topic,
            function: self.function,
            profile: self.profile,
            maximum_pollers: bounds.map(|bounds| bounds.maximum),
            is_keda: keda.is_some(),
            trace: &self.trace,
        };
        VariantOutcome {
            name: self.variant.name.clone(),
            bounds,
            limits: limited.limits(),
            drained_in: self.trace.drained_at,
            ending: self.ending(),
            members: members(self.variant),
            longest_wait: self.trace.longest_wait(),
            peak_lag: peak_lag(&self.trace),
            full_concurrency_after: self.trace.full_concurrency_after(),
            records: self.total(|bucket| bucket.records),
            invocations,
            invocation_errors: self.total(|bucket| bucket.invocation_errors),
            throttles: self.total(|bucket| bucket.throttles),
            billed_ms,
            invocations_usd: match keda {
                Some(_) => 0.0,
                None => self.profile.function_price.usd(invocations, billed_ms),
            },
            is_scaled_by_keda: keda.is_some(),
            replicas_usd: keda
                .and_then(|keda| keda.usd_per_replica_hour)
                .map(|price| poller_hours(&self.trace) * price),
            payload_bytes: self.audit.payload_bytes,
            digest: self.audit.digest.map(|digest| digest.to_string()),
            published: None,
            trace: self.trace,
        }
    }

    fn total(&self, count: fn(&Bucket) -> u64) -> u64 {
        self.trace.buckets.iter().map(count).sum()
    }

    fn ending(&self) -> RunEnding {
        let workload = self.topic.workload.iter();
        let ends = workload.map(|arrivals| arrivals.end_s().unwrap_or(f64::INFINITY));
        let arrives_until = ends.fold(0.0, f64::max);
        let run_for = self.scenario.run_for;
        let is_endless = run_for.is_some_and(|run_for| arrives_until >= run_for.as_secs_f64());
        match self.trace.drained_at {
            Some(drained) if !is_endless => RunEnding::Drained(drained),
            _ if is_endless && self.trace.wait_at_end() <= KEPT_UP_WITHIN => RunEnding::KeptUp,
            _ => RunEnding::Behind,
        }
    }
}

/// Returns the hours of all pollers together.
fn poller_hours(trace: &Trace) -> f64 {
    let hours = |bucket: &Bucket| bucket.pollers as f64 * bucket.length.as_secs_f64() / 3_600.0;
    trace.buckets.iter().map(hours).sum()
}

/// Returns the largest lag, also that of the start.
fn peak_lag(trace: &Trace) -> u64 {
    let first = trace.buckets.first().map_or(0, |bucket| {
        (bucket.lag + bucket.committed).saturating_sub(bucket.arrived)
    });
    trace
        .buckets
        .iter()
        .map(|bucket| bucket.lag)
        .fold(first, u64::max)
}

fn bounds(config: &Value) -> PollerBounds {
    let bound = |name: &str| {
        config[name]
            .as_u64()
            .and_then(|pollers| u32::try_from(pollers).ok())
    };
    PollerBounds {
        minimum: bound("MinimumPollers").unwrap_or(1),
        maximum: bound("MaximumPollers").unwrap_or(200),
    }
}
