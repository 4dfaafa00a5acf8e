//! The time in which a function runs, apart from the overhead of its invocation. What runs is the function's concurrency.

use crate::Clock;
use crate::invoker::InvocationResult;
use crate::metrics::{Counters, Gauge};
use crate::poller::PollerContext;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

/// Waits for an invocation, and counts it among those that run until it ends. One that is throttled at once never runs; one that is
/// throttled over HTTP cannot be told from one that runs until its answer is there.
pub(super) async fn counted(
    context: &PollerContext,
    invocation: impl Future<Output = InvocationResult>,
) -> InvocationResult {
    let mut invocation = pin!(invocation);
    let began = context.clock.elapsed();
    let first = poll_fn(|task| Poll::Ready(invocation.as_mut().poll(task))).await;
    if let Poll::Ready(result @ InvocationResult::Throttled { .. }) = first {
        return result;
    }
    let _running = Running::begin(&context.counters.running, &context.clock);
    let result = match first {
        Poll::Ready(result) => result,
        Poll::Pending => invocation.await,
    };
    bill(&context.counters, context.clock.elapsed() - began, &result);
    result
}

/// Counts what Lambda bills for an invocation: its duration, rounded up to a millisecond. Source: Lambda pricing.
fn bill(counters: &Counters, took: Duration, result: &InvocationResult) {
    if matches!(result, InvocationResult::Returned { .. }) {
        let milliseconds = took.as_nanos().div_ceil(1_000_000).max(1);
        counters
            .billed_ms
            .add(u64::try_from(milliseconds).unwrap_or(u64::MAX));
    }
}

/// An invocation that runs, until this is dropped: a flight can be dropped before it has landed.
struct Running<'a> {
    gauge: &'a Gauge,
    clock: &'a Clock,
}

impl<'a> Running<'a> {
    fn begin(gauge: &'a Gauge, clock: &'a Clock) -> Self {
        gauge.raise(clock.elapsed());
        Self { gauge, clock }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.gauge.lower(self.clock.elapsed());
    }
}
