//! A function that takes its time and sometimes fails, and does nothing else.

use super::{Invocation, InvocationResult, Invoker};
use crate::{Clock, Entropy};
use bytes::Bytes;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// How a simulated function behaves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SimulatedFunction {
    /// How long each invocation takes, in the engine's time.
    pub duration: Duration,
    /// The share of invocations that fail, 0.0 to 1.0.
    pub error_rate: f64,
}

/// Carries out invocations by waiting.
#[derive(Clone, Debug)]
pub struct SimulatedInvoker {
    function: SimulatedFunction,
    clock: Clock,
    entropy: Entropy,
}

impl SimulatedInvoker {
    /// A function that behaves as `function` says; which invocations fail follows from `entropy`'s seed and their order.
    pub fn new(function: SimulatedFunction, clock: Clock, entropy: Entropy) -> Self {
        Self {
            function,
            clock,
            entropy,
        }
    }

    /// Draws whether this invocation fails. 53 bits, because that is what an `f64` between 0 and 1 holds.
    fn fails(&self) -> bool {
        let draw = (self.entropy.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
        draw < self.function.error_rate
    }
}

impl Invoker for SimulatedInvoker {
    fn invoke(&self, _: Invocation) -> Pin<Box<dyn Future<Output = InvocationResult> + Send>> {
        let (fails, clock, duration) = (self.fails(), self.clock.clone(), self.function.duration);
        Box::pin(async move {
            clock.sleep(duration).await;
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
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invoker(error_rate: f64, seed: u64) -> SimulatedInvoker {
        let function = SimulatedFunction {
            duration: Duration::from_millis(100),
            error_rate,
        };
        SimulatedInvoker::new(
            function,
            Clock::new(esmeralda_broker::Clock::system()),
            Entropy::from_seed(seed),
        )
    }

    async fn failures(error_rate: f64, seed: u64) -> Vec<bool> {
        let invoker = invoker(error_rate, seed);
        let mut failures = Vec::new();
        for _ in 0..200 {
            let result = invoker
                .invoke(Invocation {
                    function_name: "f".into(),
                    qualifier: None,
                    payload: Bytes::new(),
                    event_bytes: 0,
                })
                .await;
            failures.push(matches!(
                result,
                InvocationResult::Returned {
                    function_error: Some(_),
                    ..
                }
            ));
        }
        failures
    }

    #[tokio::test(start_paused = true)]
    async fn each_invocation_takes_the_duration() {
        let started = tokio::time::Instant::now();
        failures(0.0, 1).await;
        assert_eq!(started.elapsed(), Duration::from_secs(20));
    }

    #[tokio::test(start_paused = true)]
    async fn the_error_rate_is_the_share_that_fails_and_the_seed_says_which() {
        assert!(!failures(0.0, 1).await.contains(&true));
        assert!(!failures(1.0, 1).await.contains(&false));
        let some = failures(0.25, 1).await;
        assert_eq!(some, failures(0.25, 1).await);
        assert_ne!(some, failures(0.25, 2).await);
        let count = some.iter().filter(|failed| **failed).count();
        assert!(
            (30..=70).contains(&count),
            "{count} of 200 failed at a rate of 0.25"
        );
    }
}
