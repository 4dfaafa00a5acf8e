//! The invocations of a poller that are in flight: their tasks, and what of them is needed when they land.
//!
//! A flight is what occupies one slot of a poller: the overhead of an invocation, its payload, and the function's own time. The payload is
//! written when the function is about to be called, so that no more buffers are in use than functions read.

use crate::batch::Batch;
use crate::config::MappingConfig;
use crate::invoker::{Invocation, InvocationResult};
use crate::poller::{Payloads, PollerContext};
use crate::retry::Attempts;
use crate::source::OutOfMemory;
use bytes::Bytes;
use std::collections::HashMap;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::{Id, JoinSet};

/// Invocations in flight. Dropping it ends them.
#[derive(Debug)]
pub(super) struct Flights {
    tasks: JoinSet<Landing>,
    // Only ever asked for the one that landed, so its order is nobody's matter.
    flights: HashMap<Id, Flight>,
    context: Arc<PollerContext>,
}

/// What takes off.
#[derive(Debug)]
pub(super) struct Departure {
    pub(super) batch: Arc<Batch>,
    /// Before this one.
    pub(super) attempts: Attempts,
    /// The membership under which its records were read.
    pub(super) membership: u64,
    pub(super) config: Arc<MappingConfig>,
}

#[derive(Debug)]
struct Flight {
    departure: Departure,
    departed: Duration,
}

/// How a flight ended.
#[derive(Debug)]
pub(super) enum Landing {
    /// The invocation completed.
    Invoked(InvocationResult),
    /// There was no memory for its event.
    NoRoom(OutOfMemory),
}

/// A flight that is over.
#[derive(Debug)]
pub(super) struct Landed {
    pub(super) departure: Departure,
    /// How long it occupied its slot.
    pub(super) took: Duration,
    pub(super) landing: Landing,
}

impl Flights {
    pub(super) fn new(context: Arc<PollerContext>) -> Self {
        Self {
            tasks: JoinSet::new(),
            flights: HashMap::new(),
            context,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.flights.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.flights.len()
    }

    /// Whether a partition of which this is true is in flight.
    pub(super) fn hold(&self, is_wanted: impl Fn(i32) -> bool) -> bool {
        let mut flights = self.flights.values();
        flights.any(|flight| flight.departure.batch.partitions().into_iter().any(&is_wanted))
    }

    /// Invokes the mapping's function with the event of a batch.
    pub(super) fn start(&mut self, departure: Departure, now: Duration) {
        let counters = &self.context.counters;
        counters
            .invoked_event_count
            .add(departure.batch.record_count() as u64);
        counters.in_flight.raise(now);
        let flight = fly(
            Arc::clone(&self.context),
            Arc::clone(&departure.config),
            Arc::clone(&departure.batch),
            now,
        );
        let task = self.tasks.spawn(flight);
        let flight = Flight {
            departure,
            departed: now,
        };
        self.flights.insert(task.id(), flight);
    }

    /// The next one to complete; never, while none is in flight. Cancel safe.
    pub(super) async fn next(&mut self) -> Landed {
        let (id, landing) = match self.tasks.join_next_with_id().await {
            Some(Ok((id, landing))) => (id, landing),
            // A closure that panics is a function that crashed.
            Some(Err(error)) => (
                error.id(),
                Landing::Invoked(InvocationResult::Returned {
                    function_error: Some("Unhandled".to_owned()),
                    payload: Bytes::from(error.to_string()),
                }),
            ),
            None => pending().await,
        };
        let flight = self
            .flights
            .remove(&id)
            .expect("each task was entered when it was spawned");
        let now = self.context.clock.elapsed();
        self.context.counters.in_flight.lower(now);
        Landed {
            departure: flight.departure,
            took: now.saturating_sub(flight.departed),
            landing,
        }
    }
}

async fn fly(
    context: Arc<PollerContext>,
    config: Arc<MappingConfig>,
    batch: Arc<Batch>,
    departed: Duration,
) -> Landing {
    let overhead = context.profile.mode(config.provisioned.is_some()).overhead;
    if !overhead.is_zero() {
        context.clock.reach(departed + overhead).await;
    }
    let payload = match payload(&context, &config, &batch) {
        Ok(payload) => payload,
        Err(full) => return Landing::NoRoom(full),
    };
    let invocation = Invocation {
        function_name: config.function_name.clone(),
        qualifier: config.qualifier.clone(),
        event_bytes: batch.event_bytes,
        payload,
    };
    // Its records are read: whatever the function does with its event, the log's memory need not wait for it here.
    drop(batch);
    Landing::Invoked(match context.functions.get(&config.function_name) {
        Some(invoker) => invoker.invoke(invocation).await,
        None => InvocationResult::Rejected {
            status: 404,
            reason: format!("Function not found: {}", config.function_name),
        },
    })
}

fn payload(context: &PollerContext, config: &MappingConfig, batch: &Batch) -> Result<Bytes, OutOfMemory> {
    match context.payloads {
        Payloads::Measured => Ok(Bytes::new()),
        Payloads::Built => {
            let mut buffer = context.memory.take(batch.event_bytes)?;
            config.envelope.write(batch, &mut buffer);
            Ok(buffer.freeze())
        }
    }
}

impl Drop for Flights {
    fn drop(&mut self) {
        let now = self.context.clock.elapsed();
        for _ in &self.flights {
            self.context.counters.in_flight.lower(now);
        }
    }
}
