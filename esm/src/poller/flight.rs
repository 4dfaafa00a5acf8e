//! Flights: the tasks of a poller that run beside it, and what is kept of each until it lands.
//!
//! A flight occupies one slot of a poller, with the overhead of an invocation, its payload, and the function's own time. The payload is
//! written when the function is about to be called, so that no more buffers are in use than functions read.

use crate::batch::Batch;
use crate::config::MappingConfig;
use crate::invoker::{Invocation, InvocationResult};
use crate::poller::{Payloads, PollerContext, running};
use crate::source::OutOfMemory;
use crate::work::WorkItem;
use bytes::Bytes;
use std::collections::HashMap;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::{Id, JoinSet};
use tracing::Instrument as _;

/// The flights of a poller. Dropping it ends them.
#[derive(Debug)]
pub(super) struct Flights {
    tasks: JoinSet<Landing>,
    // Nothing depends on the order of iteration, which is not the same in each run.
    flights: HashMap<Id, Flight>,
    context: Arc<PollerContext>,
}

/// A flight that is to start.
#[derive(Debug)]
pub(super) struct Departure {
    pub(super) item: WorkItem,
    pub(super) config: Arc<MappingConfig>,
}

#[derive(Debug)]
struct Flight {
    departure: Departure,
    departed: Duration,
}

/// The end of a flight.
#[derive(Debug)]
pub(super) enum Landing {
    /// The invocation completed.
    Invoked(InvocationResult),
    /// There was no memory for the event.
    NoRoom(OutOfMemory),
}

/// A flight that is over.
#[derive(Debug)]
pub(super) struct Landed {
    pub(super) departure: Departure,
    /// Time for which it occupied its slot.
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

    /// Returns the work items in flight, in no particular order.
    pub(super) fn items(&self) -> impl Iterator<Item = &WorkItem> {
        self.flights.values().map(|flight| &flight.departure.item)
    }

    /// Returns when the oldest flight departed, or `None` if there is none.
    pub(super) fn oldest_departure(&self) -> Option<Duration> {
        self.flights.values().map(|flight| flight.departed).min()
    }

    /// Starts a flight.
    pub(super) fn start(&mut self, departure: Departure, now: Duration) {
        let counters = &self.context.counters;
        // AWS's InvokedEventCount counts a record again with each retry.
        counters
            .invoked_event_count
            .add(departure.item.batch().record_count() as u64);
        counters.in_flight.raise(now);
        let flight = invoke(
            Arc::clone(&self.context),
            Arc::clone(&departure.config),
            Arc::clone(departure.item.batch()),
            now,
        );
        // The span of the poller names the mapping and the function.
        let task = self.tasks.spawn(flight.in_current_span());
        let flight = Flight {
            departure,
            departed: now,
        };
        self.flights.insert(task.id(), flight);
    }

    /// Waits for the next flight to land; for ever while there is none. Cancel safe.
    pub(super) async fn next(&mut self) -> Landed {
        let (id, landing) = match self.tasks.join_next_with_id().await {
            Some(Ok((id, landing))) => (id, landing),
            // The panic of a closure is the crash of a function.
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

/// Waits out the overhead, writes the event and invokes the function.
async fn invoke(
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
        client_context: None,
        payload,
    };
    // The records are in the payload now, so the log's memory is not held while the function runs.
    drop(batch);
    // The function is looked up for each invocation, because another one can be registered under its name while the mapping runs.
    Landing::Invoked(match context.functions.get(&config.function_name) {
        Some(function) => {
            let metered = context
                .meters
                .begin(&config.function_name, config.qualifier.as_deref());
            let result = running::counted(&context, function.invoke(invocation)).await;
            metered.end(&result);
            result
        }
        // A mapping outlives its function on AWS, too: its invocations fail, and are retried as any other failure.
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
            // The length is exact, so the buffer never grows beyond what the budget has counted.
            let mut buffer = context.memory.take(batch.event_bytes)?;
            config.envelope.write(batch, &mut buffer);
            Ok(buffer.freeze())
        }
    }
}

impl Drop for Flights {
    fn drop(&mut self) {
        let now = self.context.clock.elapsed();
        // The tasks of dropped flights do not land, so the gauge is lowered here.
        for _ in &self.flights {
            self.context.counters.in_flight.lower(now);
        }
    }
}
