//! The store of log events: groups of streams, as CloudWatch Logs has them, within a bound of memory.
//!
//! # Differs from CloudWatch Logs
//! The bound is a 256th of the memory limit, and within that limit. When it is reached, the oldest events go.

use super::budget::StoreBudget;
use crate::source::MemoryPool;
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The bound is the memory limit divided by this.
const LIMIT_DIVISOR: usize = 256;

/// The memory of an event besides its message.
const EVENT_BYTES: usize = 64;

/// An event of a log stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEvent {
    /// The number of the event, which rises with each event of the store.
    pub number: u64,
    /// The time of the event, in milliseconds since the Unix epoch.
    pub timestamp_ms: i64,
    /// The text.
    pub message: Arc<str>,
}

/// The name of a log stream.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StreamName {
    /// The log group, such as `/aws/lambda/FUNCTION`.
    pub group: String,
    /// The stream within it.
    pub stream: String,
}

/// A log stream without its events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamSummary {
    /// The stream within its group.
    pub stream: String,
    /// The time of the first event that is kept.
    pub first_ms: i64,
    /// The time of the last event.
    pub last_ms: i64,
}

/// Takes each event as a line, besides the store.
#[derive(Clone)]
pub struct LogSink(Arc<dyn Fn(&str) + Send + Sync>);

impl LogSink {
    /// Returns a sink that hands lines to `take`, which must not wait long.
    pub fn new(take: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Arc::new(take))
    }
}

impl fmt::Debug for LogSink {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("LogSink")
    }
}

/// The log events of an engine.
#[derive(Debug)]
pub struct LogStore {
    inner: Mutex<Inner>,
    sink: Option<LogSink>,
}

#[derive(Debug)]
struct Inner {
    streams: BTreeMap<StreamName, VecDeque<LogEvent>>,
    last_number: u64,
    bytes: usize,
    budget: StoreBudget,
}

impl LogStore {
    /// Returns an empty store within the limit of `memory`, which hands each event to `sink`, too.
    pub fn new(memory: MemoryPool, sink: Option<LogSink>) -> Self {
        Self {
            inner: Mutex::new(Inner {
                streams: BTreeMap::new(),
                last_number: 0,
                bytes: 0,
                budget: StoreBudget::new(memory, LIMIT_DIVISOR),
            }),
            sink,
        }
    }

    /// Adds an event.
    pub fn add(&self, name: StreamName, timestamp_ms: i64, message: String) {
        if let Some(sink) = &self.sink {
            (sink.0)(&message);
        }
        let mut inner = self.lock();
        inner.last_number += 1;
        let event = LogEvent {
            number: inner.last_number,
            timestamp_ms,
            message: message.into(),
        };
        inner.bytes += event_bytes(&event);
        inner.streams.entry(name).or_default().push_back(event);
        let Inner {
            streams,
            bytes,
            budget,
            ..
        } = &mut *inner;
        while !budget.fits(*bytes) {
            let Some(freed) = remove_oldest(streams) else {
                return;
            };
            *bytes -= freed;
        }
    }

    /// Returns the streams of a group by name; none if there is no such group.
    pub fn streams(&self, group: &str) -> Vec<StreamSummary> {
        let inner = self.lock();
        let streams = inner.streams.iter().filter(|(name, _)| name.group == group);
        let summary = |(name, events): (&StreamName, &VecDeque<LogEvent>)| {
            Some(StreamSummary {
                stream: name.stream.clone(),
                first_ms: events.front()?.timestamp_ms,
                last_ms: events.back()?.timestamp_ms,
            })
        };
        streams.filter_map(summary).collect()
    }

    /// Returns the events of a stream, in order; `None` if there is no such stream.
    pub fn events(&self, group: &str, stream: &str) -> Option<Vec<LogEvent>> {
        let name = StreamName {
            group: group.to_owned(),
            stream: stream.to_owned(),
        };
        let inner = self.lock();
        inner
            .streams
            .get(&name)
            .map(|events| events.iter().cloned().collect())
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic of another holder can leave a wrong count of bytes at most.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Removes the oldest event, and returns the bytes that it had.
fn remove_oldest(streams: &mut BTreeMap<StreamName, VecDeque<LogEvent>>) -> Option<usize> {
    let number = |events: &VecDeque<LogEvent>| events.front().map(|event| event.number);
    let (name, _) = streams.iter().min_by_key(|(_, events)| number(events))?;
    let name = name.clone();
    let events = streams.get_mut(&name)?;
    let oldest = events.pop_front()?;
    if events.is_empty() {
        streams.remove(&name);
    }
    Some(event_bytes(&oldest))
}

fn event_bytes(event: &LogEvent) -> usize {
    EVENT_BYTES + event.message.len()
}
