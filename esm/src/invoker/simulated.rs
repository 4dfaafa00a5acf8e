//! Simulated functions: they wait, fail at a given rate, throttle above a given concurrency, and do nothing else. In simulations they also
//! audit the events that they are given.

mod audit;
mod duration;

pub use audit::{Audit, AuditError, AuditSummary, Digest};
pub use duration::DurationModel;

use super::{FunctionLimits, Invocation, InvocationResult, Invoker};
use crate::{Clock, Entropy};
use bytes::Bytes;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// The behaviour of a simulated function.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SimulatedFunction {
    /// Duration of an invocation, in the engine's time.
    pub duration: DurationModel,
    /// The share of invocations that fail, 0.0 to 1.0. They take as long as the others.
    pub error_rate: f64,
    /// Reserved concurrency: with this number in flight the next invocation is throttled. `None` is no limit, 0 throttles all.
    pub concurrency: Option<u32>,
}

impl SimulatedFunction {
    /// Returns a function that always takes `duration`, never fails and never throttles.
    pub fn fixed(duration: Duration) -> Self {
        Self {
            duration: DurationModel::Fixed(duration),
            error_rate: 0.0,
            concurrency: None,
        }
    }
}

impl From<Duration> for SimulatedFunction {
    fn from(duration: Duration) -> Self {
        Self::fixed(duration)
    }
}

/// The invoker of a simulated function.
#[derive(Clone, Debug)]
pub struct SimulatedInvoker {
    function: SimulatedFunction,
    clock: Clock,
    entropy: Entropy,
    audit: Option<Arc<Audit>>,
}

impl SimulatedInvoker {
    /// Returns the invoker of `function`. The seed of `entropy` and the order of the invocations determine which of them fail and how long
    /// they take.
    pub fn new(function: SimulatedFunction, clock: Clock, entropy: Entropy) -> Self {
        clock.check("a simulated function's duration", function.duration.mean());
        Self {
            function,
            clock,
            entropy,
            audit: None,
        }
    }

    /// Returns the same function with `audit` reading every event that it is given.
    #[must_use]
    pub fn audited(self, audit: Arc<Audit>) -> Self {
        Self {
            audit: Some(audit),
            ..self
        }
    }

    /// Draws at random whether this invocation fails.
    fn fails(&self) -> bool {
        duration::fraction(&self.entropy) < self.function.error_rate
    }
}

impl Invoker for SimulatedInvoker {
    fn invoke(&self, invocation: Invocation) -> Pin<Box<dyn Future<Output = InvocationResult> + Send>> {
        // Both are drawn when the invocation begins, in the same order each time, so that the seed determines them however invocations
        // overlap.
        let fails = self.fails();
        // One absolute end, because several sleeps one after the other would add up their rounding.
        let due = self.clock.elapsed() + self.function.duration.draw(&self.entropy);
        let (clock, audit) = (self.clock.clone(), self.audit.clone());
        Box::pin(async move {
            let seen = audit.as_ref().map(|audit| audit.read(&invocation));
            // The payload's buffer is free for others while the function runs.
            drop(invocation);
            clock.reach(due).await;
            if let (Some(audit), Some(seen)) = (audit, seen) {
                audit.complete(seen, !fails);
            }
            returned(fails)
        })
    }

    fn limits(&self) -> FunctionLimits {
        FunctionLimits {
            concurrency: self.function.concurrency,
            ..FunctionLimits::default()
        }
    }
}

fn returned(fails: bool) -> InvocationResult {
    if fails {
        InvocationResult::Returned {
            function_error: Some("Unhandled".to_owned()),
            payload: Bytes::from_static(
                br#"{"errorMessage":"simulated error","errorType":"SimulatedError"}"#,
            ),
        }
    } else {
        InvocationResult::Returned {
            function_error: None,
            payload: Bytes::from_static(b"null"),
        }
    }
}

#[cfg(test)]
mod tests;
