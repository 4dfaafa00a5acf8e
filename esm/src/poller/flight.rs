//! The invocations of a poller that are in flight: their tasks, and what of them is needed when they land.

use crate::batcher::Batch;
use crate::config::MappingConfig;
use crate::invoker::{Functions, Invocation, InvocationResult};
use crate::metrics::Counters;
use crate::retry::Attempts;
use bytes::Bytes;
use std::collections::HashMap;
use std::future::pending;
use std::sync::Arc;
use tokio::task::{Id, JoinSet};

/// Invocations in flight. Dropping it ends them.
#[derive(Debug)]
pub(super) struct Flights {
    tasks: JoinSet<InvocationResult>,
    // Only ever asked for the one that landed, so its order is nobody's matter.
    flights: HashMap<Id, Flight>,
    counters: Arc<Counters>,
}

#[derive(Debug)]
struct Flight {
    batch: Batch,
    attempts: Attempts,
    membership: u64,
}

/// An invocation that completed.
#[derive(Debug)]
pub(super) struct Landed {
    pub(super) batch: Batch,
    /// Before this one.
    pub(super) attempts: Attempts,
    /// The membership under which it took off.
    pub(super) membership: u64,
    pub(super) result: InvocationResult,
}

impl Flights {
    pub(super) fn new(counters: Arc<Counters>) -> Self {
        Self {
            tasks: JoinSet::new(),
            flights: HashMap::new(),
            counters,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.flights.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.flights.len()
    }

    /// Invokes the mapping's function with `payload`, which is the event of `batch`.
    pub(super) fn start(
        &mut self,
        functions: &Functions,
        config: &MappingConfig,
        payload: Bytes,
        batch: Batch,
        attempts: Attempts,
        membership: u64,
    ) {
        let invocation = Invocation {
            function_name: config.function_name.clone(),
            qualifier: config.qualifier.clone(),
            payload,
        };
        self.counters.invoked_event_count.add(batch.record_count() as u64);
        self.counters.in_flight.raise();
        let task = match functions.get(&config.function_name) {
            Some(invoker) => self.tasks.spawn(async move { invoker.invoke(invocation).await }),
            None => self.tasks.spawn(async move {
                InvocationResult::Rejected {
                    status: 404,
                    reason: format!("Function not found: {}", invocation.function_name),
                }
            }),
        };
        let flight = Flight {
            batch,
            attempts,
            membership,
        };
        self.flights.insert(task.id(), flight);
    }

    /// The next one to complete; never, while none is in flight. Cancel safe.
    pub(super) async fn next(&mut self) -> Landed {
        let (id, result) = match self.tasks.join_next_with_id().await {
            Some(Ok((id, result))) => (id, result),
            // A closure that panics is a function that crashed.
            Some(Err(error)) => (
                error.id(),
                InvocationResult::Returned {
                    function_error: Some("Unhandled".to_owned()),
                    payload: Bytes::from(error.to_string()),
                },
            ),
            None => pending().await,
        };
        let flight = self
            .flights
            .remove(&id)
            .expect("each task was entered when it was spawned");
        self.counters.in_flight.lower();
        Landed {
            batch: flight.batch,
            attempts: flight.attempts,
            membership: flight.membership,
            result,
        }
    }
}

impl Drop for Flights {
    fn drop(&mut self) {
        for _ in &self.flights {
            self.counters.in_flight.lower();
        }
    }
}
