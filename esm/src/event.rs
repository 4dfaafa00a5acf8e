//! Records to the invocation payload: the JSON that AWS Lambda sends, byte for byte, written by hand into one buffer. The hot path
//! of the engine. Source: AWS Lambda developer guide, "Using Lambda with Amazon MSK" and "with self-managed Apache Kafka".

use crate::batcher::Batch;
use crate::source::{Records, Span};

/// What all events of a mapping share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// The MSK cluster's ARN; `None` makes `"eventSource":"SelfManagedKafka"` without an ARN.
    pub event_source_arn: Option<String>,
    /// As configured, joined by commas.
    pub bootstrap_servers: String,
    /// The mapping's topic.
    pub topic: String,
}

impl Envelope {
    /// Bytes of the event without any record: the start, and the end.
    pub fn base_bytes(&self) -> usize {
        todo!("lambda")
    }

    /// Bytes that a partition adds when it is opened in the event: its key, brackets and the comma before it.
    pub fn partition_bytes(&self, partition: i32) -> usize {
        let _ = partition;
        todo!("lambda")
    }

    /// Bytes that one record adds, with the comma after it; exact.
    pub fn record_bytes(&self, records: &Records, span: &Span) -> usize {
        let _ = (records, span);
        todo!("lambda")
    }

    /// Appends the event of `batch` to `payload`.
    pub fn write(&self, batch: &Batch, payload: &mut Vec<u8>) {
        let _ = (batch, payload);
        todo!("lambda")
    }
}
