//! Asynchronous invocations (`InvocationType: Event`): accepted first, invoked afterwards, and retried.
//! Source: Lambda developer guide, "How Lambda handles errors and retries with asynchronous invocation".
//!
//! # Differs from Lambda
//! - At most 1,000 events wait or run; more are answered with a throttle.
//! - An event that failed three times is logged and dropped: there are no dead letter queues and no destinations of functions.

use crate::Clock;
use crate::config::ApiError;
use crate::invoker::{Function, Invocation, InvocationResult};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinSet;

/// The number of events that are accepted and not done with.
const MAX_EVENTS: usize = 1_000;

/// The waits before the two retries of a function that fails.
const FAILURE_WAITS: [Duration; 2] = [Duration::from_secs(60), Duration::from_secs(120)];

/// The waits before another attempt of an event that did not reach its function: from one second up to five minutes, for six hours.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(300);
const EVENT_AGE: Duration = Duration::from_secs(6 * 3_600);

/// The events that wait or run. Dropping it drops them.
#[derive(Debug)]
pub(super) struct AsynchronousEvents {
    clock: Clock,
    tasks: Arc<Mutex<JoinSet<()>>>,
}

impl AsynchronousEvents {
    pub(super) fn new(clock: Clock) -> Self {
        Self {
            clock,
            tasks: Arc::default(),
        }
    }

    /// Accepts an event, and invokes its function in the background.
    ///
    /// # Errors
    /// 429 TooManyRequestsException if too many wait.
    pub(super) fn accept(&self, function: Function, invocation: Invocation) -> Result<(), ApiError> {
        // Each change is one insertion or removal, so a panic of another holder leaves nothing half done.
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        // Those that are done with are taken out here: nothing waits for them.
        while tasks.try_join_next().is_some() {}
        if tasks.len() >= MAX_EVENTS {
            return Err(ApiError::throttled("FunctionInvocationRateLimitExceeded"));
        }
        tasks.spawn(deliver(self.clock.clone(), function, invocation));
        Ok(())
    }
}

/// Invokes a function with an event until it succeeds, or has failed three times, or the event is six hours old.
async fn deliver(clock: Clock, function: Function, invocation: Invocation) {
    let accepted = clock.elapsed();
    let mut failures = 0;
    let mut wait = FIRST_WAIT;
    loop {
        let (reason, pause) = match function.invoke(invocation.clone()).await {
            InvocationResult::Returned {
                function_error: None, ..
            } => return,
            InvocationResult::Returned {
                function_error: Some(error),
                payload,
            } => {
                let excerpt = String::from_utf8_lossy(&payload[..payload.len().min(512)]).into_owned();
                let pause = FAILURE_WAITS.get(failures).copied();
                failures += 1;
                (format!("{error}: {excerpt}"), pause)
            }
            InvocationResult::Rejected { status, reason } => (format!("status {status}: {reason}"), None),
            InvocationResult::Throttled { reason } | InvocationResult::Unreachable { reason } => {
                let pause = wait;
                wait = (wait * 2).min(LONGEST_WAIT);
                let is_young = clock.elapsed() + pause < accepted + EVENT_AGE;
                (reason, is_young.then_some(pause))
            }
        };
        let function_name = &invocation.function_name;
        let Some(pause) = pause else {
            return tracing::warn!(function_name, reason, "an asynchronous event is dropped");
        };
        tracing::info!(
            function_name,
            reason,
            ?pause,
            "an asynchronous event is tried again later"
        );
        clock.sleep(pause).await;
    }
}
