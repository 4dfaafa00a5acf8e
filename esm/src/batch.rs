//! A batch of records, and what all events of a mapping have in common. Data only: `batcher` closes batches, `event` writes their JSON.

use crate::source::{RecordRange, Records, Span};
use std::ops::Range;
use std::sync::Arc;

/// Lambda's limit of a synchronous event: 6 MB of 1,024 x 1,024 bytes, of the JSON as it is sent.
pub(crate) const MAXIMUM_EVENT_BYTES: usize = 6 * 1024 * 1024;

/// The members that every event of a mapping begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// The MSK cluster's ARN. With `None` an event has `"eventSource":"SelfManagedKafka"` and no ARN.
    pub event_source_arn: Option<String>,
    /// The bootstrap servers as configured, joined by commas.
    pub bootstrap_servers: String,
    /// The mapping's topic. Kafka's topic names need no escaping in JSON.
    pub topic: String,
}

/// The records of one invocation, from one or several partitions: in offset order within each, the parts of one partition adjacent.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// The parts, in the order in which the event has them.
    pub parts: Vec<BatchPart>,
    /// Length of the event in bytes of JSON.
    pub event_bytes: usize,
}

/// A run of records of one partition.
#[derive(Clone, Debug)]
pub struct BatchPart {
    /// The records that the run is cut from.
    pub records: Arc<Records>,
    /// The run, as indexes of [`Records::spans`].
    pub range: Range<usize>,
}

impl Batch {
    /// Returns the number of records.
    pub fn record_count(&self) -> usize {
        self.parts.iter().map(|part| part.range.len()).sum()
    }

    /// Returns the uncompressed bytes of the records' keys, values and headers.
    pub fn record_bytes(&self) -> u64 {
        let spans = self.parts.iter().flat_map(BatchPart::spans);
        spans.map(Span::record_bytes).sum()
    }

    /// Returns the partitions in it, each once, in order of appearance.
    pub fn partitions(&self) -> Vec<i32> {
        let mut partitions: Vec<i32> = self.parts.iter().map(|part| part.records.partition).collect();
        // The parts of one partition are adjacent, so this finds all that repeat.
        partitions.dedup();
        partitions
    }
}

impl BatchPart {
    /// Returns the records.
    pub fn spans(&self) -> &[Span] {
        &self.records.spans[self.range.clone()]
    }

    /// Returns the range that is finished when these records are: their own offsets, and those without a record before the first and
    /// after the last of [`Records::spans`].
    pub fn record_range(&self) -> RecordRange {
        self.records.range(&self.range)
    }

    /// Returns the offsets of [`BatchPart::record_range`].
    pub fn offsets(&self) -> Range<i64> {
        self.record_range().offsets
    }
}
