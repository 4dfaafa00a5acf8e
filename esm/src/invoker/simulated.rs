//! A function that takes its time and sometimes fails, and does nothing else.

use super::{Invocation, InvocationResult, Invoker};
use crate::Clock;
use bytes::Bytes;
use esmeralda_broker::Entropy;
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
