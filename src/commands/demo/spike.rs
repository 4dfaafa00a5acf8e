//! The spike: records at an even rate for a while, from a producer that is an ordinary Kafka client.

use super::producer::{Producer, ProducerError};
use bytes::Bytes;
use esmeralda::broker::Compression;
use esmeralda::broker::records::{NewRecord, encode_batch};
use esmeralda::esm::Clock;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The number of Produce requests, each with a batch for every partition. Few enough that a batch is worth its header, many enough that
/// the lag rises smoothly.
const REQUESTS: u32 = 40;

/// Records that arrive evenly over a while.
#[derive(Debug)]
pub(super) struct Spike {
    /// The topic.
    pub(super) topic: &'static str,
    /// The number of its partitions.
    pub(super) partitions: u32,
    /// The number of records, over all partitions.
    pub(super) records: u32,
    /// The time at which the spike begins, in the engine's time.
    pub(super) start: Duration,
    /// The length of the spike, in the engine's time.
    pub(super) length: Duration,
    /// The engine's clock.
    pub(super) clock: Clock,
    /// Raised by what has been acknowledged.
    pub(super) produced: Arc<AtomicU64>,
}

impl Spike {
    /// Produces all records, each when it is due.
    ///
    /// # Errors
    /// [`ProducerError`] of the request that failed.
    pub(super) async fn produce(self, mut producer: Producer) -> Result<(), ProducerError> {
        let mut sent = 0;
        for request in 1..=REQUESTS {
            self.clock
                .reach(self.start + self.length * request / REQUESTS)
                .await;
            let due = share(self.records, request);
            let batches = self.batches(sent..due);
            producer.produce(self.topic, &batches).await?;
            // Only for the screen, so it needs no order with other memory.
            self.produced.fetch_add(u64::from(due - sent), Ordering::Relaxed);
            sent = due;
        }
        Ok(())
    }

    /// Returns a batch per partition with the orders of these numbers, dealt out in turns.
    fn batches(&self, orders: std::ops::Range<u32>) -> Vec<(i32, Bytes)> {
        let timestamp_ms = self.clock.now_ms();
        let mut values = vec![Vec::new(); self.partitions as usize];
        for order in orders {
            values[(order % self.partitions) as usize].push(value(order));
        }
        let mut batches = Vec::with_capacity(values.len());
        for (partition, values) in (0..).zip(&values).filter(|(_, values)| !values.is_empty()) {
            let mut records = Vec::with_capacity(values.len());
            for value in values {
                records.push(NewRecord {
                    timestamp_ms,
                    value: Some(value.as_bytes()),
                    ..NewRecord::default()
                });
            }
            batches.push((partition, encode_batch(&records, Compression::None)));
        }
        batches
    }
}

/// Returns how many of `records` are due with the `request`th request.
fn share(records: u32, request: u32) -> u32 {
    (u64::from(records) * u64::from(request) / u64::from(REQUESTS)) as u32
}

/// A value of 100 bytes.
fn value(order: u32) -> String {
    format!("{{\"order\":{order:>8},\"item\":\"{}\"}}", "esmeralda ".repeat(7))
}
