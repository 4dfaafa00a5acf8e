//! Records that were written with a schema registry's serializers, decoded behind the source. Source: AWS Lambda developer guide, "Using
//! schema registries with Kafka event sources in Lambda", and the wire format of Confluent's serializers: a zero byte, the schema's id in
//! four bytes, and the data.
//!
//! [`DecodingGroup`] wraps a group, and its members decode what they hand out. A member whose mapping has no schema registry hands
//! records on as they are. While a schema is looked up, the partitions that need it are paused and everything else goes on: heartbeats,
//! commits and the records of other partitions.
//!
//! # Notes
//! - A schema that the registry does not have discards the record with `SCHEMA_NOT_FOUND`; data that is not of its schema, or has no
//!   frame, with `DESERIALIZATION_ERROR`.
//! - A registry that does not answer discards nothing: the lookup is repeated until it does, and the mapping shows the problem.
//!
//! - Decoded records count against the memory limit. Without room for them they wait, as for a schema.
//!
//! # Differs from Lambda
//! - Filters see what the function will: the JSON with `EventRecordFormat` JSON, and the data with SOURCE.
//! - A schema's id in a record's headers is not read.

mod catalog;
mod records;
mod remote;
#[cfg(test)]
mod tests;

pub(crate) use catalog::Catalog;
pub(crate) use remote::{RemoteRegistry, RemoteRegistryError};

use crate::schema::DecodingSettings;
use crate::source::{
    AssignmentNumber, ConsumerGroup, EventSource, OutOfMemory, Progress, RecordRange, Records, SourceError,
    SourceEvent,
};
use crate::{Clock, MemoryPool};
use records::{Blocked, decode};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::select;

/// The time between two lookups of a schema in a registry that does not answer.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// The time until records are decoded again for which there was no memory.
const MEMORY_INTERVAL: Duration = Duration::from_millis(10);

/// The parts that all members of a group share.
#[derive(Debug)]
struct Shared {
    clock: Clock,
    catalog: Catalog,
    memory: MemoryPool,
    // Locked to copy or replace it, never across an await.
    settings: Mutex<Option<Arc<DecodingSettings>>>,
}

/// A group whose members decode their records.
#[derive(Debug)]
pub(crate) struct DecodingGroup<G> {
    group: G,
    shared: Arc<Shared>,
}

impl<G> DecodingGroup<G> {
    /// Returns a group that hands records on as they are until it is told otherwise.
    pub(crate) fn new(group: G, catalog: Catalog, clock: Clock, memory: MemoryPool) -> Self {
        Self {
            group,
            shared: Arc::new(Shared {
                clock,
                catalog,
                memory,
                settings: Mutex::default(),
            }),
        }
    }
}

impl<G: ConsumerGroup> ConsumerGroup for DecodingGroup<G> {
    type Source = DecodingSource<G::Source>;

    fn member(&self, client_id: &str) -> Self::Source {
        DecodingSource {
            source: self.group.member(client_id),
            shared: Arc::clone(&self.shared),
            ready: VecDeque::new(),
            waiting: VecDeque::new(),
            held: BTreeSet::new(),
            lookup: None,
            paused: BTreeMap::new(),
            is_failing: false,
            is_stopping: false,
        }
    }

    fn decode(&self, settings: Option<Arc<DecodingSettings>>) {
        *self
            .shared
            .settings
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = settings;
    }

    fn partition_count(&self) -> impl Future<Output = Result<usize, SourceError>> + Send {
        self.group.partition_count()
    }

    fn progress(&self) -> impl Future<Output = Result<Progress, SourceError>> + Send {
        self.group.progress()
    }
}

/// Records whose schemas are not known yet, with the settings under which they came.
type Waiting = (Records, Arc<DecodingSettings>);

/// A lookup that goes on, or a wait for memory.
type PendingLookup = Pin<Box<dyn Future<Output = Result<Waited, String>> + Send>>;

/// The obstacle that records waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waited {
    Schema,
    Memory,
}

/// A member that decodes its records.
pub(crate) struct DecodingSource<S> {
    source: S,
    shared: Arc<Shared>,
    /// Events to be handed out before anything else.
    ready: VecDeque<SourceEvent>,
    /// Records whose schemas are not known yet, with the settings under which they came.
    waiting: VecDeque<Waiting>,
    /// The partitions of `waiting`, which are paused below.
    held: BTreeSet<i32>,
    lookup: Option<PendingLookup>,
    /// The partitions that the poller has paused or resumed, as it wants them.
    paused: BTreeMap<i32, bool>,
    /// Whether the last lookup had no answer.
    is_failing: bool,
    /// Whether the poller is about to leave, and gives back what it is handed.
    is_stopping: bool,
}

impl<S: EventSource> DecodingSource<S> {
    fn settings(&self) -> Option<Arc<DecodingSettings>> {
        let settings = self
            .shared
            .settings
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        settings.clone()
    }

    /// Decodes all waiting records whose schemas are known, and begins the lookup of the first that is not.
    fn advance(&mut self) {
        let mut still_waiting: VecDeque<Waiting> = VecDeque::new();
        while let Some((records, settings)) = self.waiting.pop_front() {
            // Records of a partition stay in order, so one that waits holds up those behind it.
            let is_behind = still_waiting
                .iter()
                .any(|(earlier, _)| earlier.partition == records.partition);
            if !is_behind {
                match decode(&records, &settings, &self.shared.catalog, &self.shared.memory) {
                    Ok(events) => {
                        self.ready.extend(events);
                        continue;
                    }
                    Err(Blocked::Unknown(id)) if self.lookup.is_none() => self.look_up(&settings, id),
                    Err(Blocked::OutOfMemory(error)) if self.lookup.is_none() => self.wait_for_memory(error),
                    Err(_) => {}
                }
            }
            still_waiting.push_back((records, settings));
        }
        self.waiting = still_waiting;
        self.hold_and_resume();
    }

    fn look_up(&mut self, settings: &DecodingSettings, id: i32) {
        let delay = self.is_failing.then_some(RETRY_INTERVAL);
        let (clock, catalog) = (self.shared.clock.clone(), self.shared.catalog.clone());
        let location = settings.location.clone();
        self.lookup = Some(Box::pin(async move {
            if let Some(delay) = delay {
                clock.sleep(delay).await;
            }
            catalog.look_up(&location, id).await.map(|()| Waited::Schema)
        }));
    }

    fn wait_for_memory(&mut self, error: OutOfMemory) {
        tracing::debug!(%error, "decoded records wait for memory");
        let clock = self.shared.clock.clone();
        self.lookup = Some(Box::pin(async move {
            clock.sleep(MEMORY_INTERVAL).await;
            Ok(Waited::Memory)
        }));
    }

    /// Pauses the partitions of which records wait, or all that the cluster has would gather here; and reads on in the others, unless the
    /// poller has paused them.
    fn hold_and_resume(&mut self) {
        let waiting: BTreeSet<i32> = self
            .waiting
            .iter()
            .map(|(records, _)| records.partition)
            .collect();
        let held = std::mem::replace(&mut self.held, waiting);
        for partition in self.held.difference(&held) {
            self.source.pause(*partition, true);
        }
        for partition in held.difference(&self.held) {
            if !self.paused.get(partition).is_some_and(|is_paused| *is_paused) {
                self.source.pause(*partition, false);
            }
        }
    }

    fn looked_up(&mut self, result: Result<Waited, String>) -> Result<(), SourceError> {
        self.lookup = None;
        match result {
            Ok(waited) => {
                if waited == Waited::Schema && std::mem::take(&mut self.is_failing) {
                    self.ready.push_back(SourceEvent::Recovered);
                }
                self.advance();
                if self.lookup.is_none() {
                    // What was missing may be there when the next record asks for it.
                    self.shared.catalog.forget_missing();
                }
                Ok(())
            }
            Err(reason) => {
                self.is_failing = true;
                self.advance();
                Err(SourceError::SchemaRegistry { reason })
            }
        }
    }

    /// Takes an event of the source. Returns it unless it is records to decode.
    fn take(&mut self, event: SourceEvent) -> Option<SourceEvent> {
        match event {
            SourceEvent::Records(records) => {
                let settings = self.settings().filter(|_| !self.is_stopping);
                let Some(settings) = settings else {
                    return Some(SourceEvent::Records(records));
                };
                self.waiting.push_back((records, settings));
                self.advance();
                None
            }
            // The poller does not know of the records that wait, so it cannot release them.
            SourceEvent::Revoking | SourceEvent::Lost | SourceEvent::Assigned { .. } => {
                self.release_waiting(|_| true);
                self.paused.clear();
                Some(event)
            }
            SourceEvent::Adjusted { ref lost, .. } => {
                self.release_waiting(|partition| lost.contains(&partition));
                Some(event)
            }
            event => Some(event),
        }
    }

    fn release_waiting(&mut self, is_released: impl Fn(i32) -> bool) {
        let waiting = std::mem::take(&mut self.waiting).into_iter();
        let (released, kept): (VecDeque<Waiting>, VecDeque<Waiting>) =
            waiting.partition(|(records, _)| is_released(records.partition));
        self.waiting = kept;
        let ranges = released
            .iter()
            .map(|(records, _)| records.range(&(0..records.spans.len())));
        self.source.released(ranges);
        // The next assignment begins without a pause.
        self.hold_and_resume();
    }
}

impl<S: EventSource> EventSource for DecodingSource<S> {
    async fn next(&mut self) -> Result<SourceEvent, SourceError> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Ok(event);
            }
            let event = match &mut self.lookup {
                None => self.source.next().await,
                Some(lookup) => select! {
                    biased;
                    result = lookup => {
                        self.looked_up(result)?;
                        continue;
                    }
                    event = self.source.next() => event,
                },
            };
            if let Some(event) = self.take(event?) {
                return Ok(event);
            }
        }
    }

    fn pause(&mut self, partition: i32, is_paused: bool) {
        self.paused.insert(partition, is_paused);
        let is_waiting = self
            .waiting
            .iter()
            .any(|(records, _)| records.partition == partition);
        if !is_waiting {
            self.source.pause(partition, is_paused);
        }
    }

    fn finished(&mut self, ranges: impl IntoIterator<Item = RecordRange>) {
        self.source.finished(ranges);
    }

    fn released(&mut self, ranges: impl IntoIterator<Item = RecordRange>) {
        self.source.released(ranges);
    }

    fn is_assigned(&self, partition: i32, assignment: AssignmentNumber) -> bool {
        self.source.is_assigned(partition, assignment)
    }

    fn is_settled(&self) -> bool {
        self.source.is_settled()
    }

    fn expect_rebalance(&mut self) {
        self.source.expect_rebalance();
    }

    fn stop_reading(&mut self) {
        self.is_stopping = true;
        self.lookup = None;
        self.release_waiting(|_| true);
        // Those that are ready are released by the poller, which is handed them.
        self.source.stop_reading();
    }

    async fn leave(self) {
        self.source.leave().await;
    }
}
