//! Closing batches on count, bytes or window. Pure: it is told the time.

use crate::source::{Records, Span};
use std::ops::Range;
use std::sync::Arc;

/// The records of one invocation: one or several partitions, offset order within each, parts of one partition adjacent.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// The parts, in the order in which the event shows them.
    pub parts: Vec<BatchPart>,
    /// Length of the event that the parts make, in bytes of JSON.
    pub event_bytes: usize,
}

/// A run of records of one partition.
#[derive(Clone, Debug)]
pub struct BatchPart {
    /// Where they lie.
    pub records: Arc<Records>,
    /// Which of the spans.
    pub range: Range<usize>,
}

impl Batch {
    /// How many records it has.
    pub fn record_count(&self) -> usize {
        self.parts.iter().map(|part| part.range.len()).sum()
    }

    /// The partitions in it, each once, in order of appearance.
    pub fn partitions(&self) -> Vec<i32> {
        let mut partitions: Vec<i32> = self.parts.iter().map(|part| part.records.partition).collect();
        partitions.dedup();
        partitions
    }
}

impl BatchPart {
    /// The records.
    pub fn spans(&self) -> &[Span] {
        &self.records.spans[self.range.clone()]
    }

    /// The offsets that are finished when these records are: with them, those without a record before the first and after the last
    /// of [`Records::spans`].
    pub fn offsets(&self) -> Range<i64> {
        self.records.offset_at(self.range.start)..self.records.offset_at(self.range.end)
    }
}
