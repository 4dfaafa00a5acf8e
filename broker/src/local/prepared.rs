//! Batches that are checked once and appended many times: one body in memory, however many batches of it lie in logs.

use super::records::TERMS;
use super::{Client, Error};
use crate::ids::Offset;
use crate::log::Batch;
use crate::operations::produce::{ProduceError, produce_verified};
use bytes::Bytes;

/// A batch that was found valid, its body in the cluster's record memory. Cheap to clone: clones share the body, and so does every log
/// that it is appended to (batches under 4 KiB are copied there).
#[derive(Clone, Debug)]
pub struct PreparedBatch {
    batch: Batch,
}

impl PreparedBatch {
    /// The same records at other times: the first one's timestamp is `base_timestamp_ms` (milliseconds since the Unix epoch), and the
    /// others keep their distance from it.
    #[must_use]
    pub fn with_timestamp(&self, base_timestamp_ms: i64) -> Self {
        let mut batch = self.batch.clone();
        batch.header.move_timestamps(base_timestamp_ms, batch.body.len());
        Self { batch }
    }

    /// How many records it has, 1 or more.
    pub fn record_count(&self) -> u32 {
        self.batch.header.record_count().unsigned_abs()
    }

    /// Length on the wire, header included.
    pub fn size_bytes(&self) -> usize {
        self.batch.size_bytes()
    }
}

impl Client {
    /// Checks a batch, as [`records::encode_batch`](crate::records::encode_batch) makes them, and copies its body into the cluster's
    /// memory, where it is charged once, until the last clone and the last log drop it.
    ///
    /// # Errors
    /// Those of Produce that depend on the batch alone, such as CORRUPT_MESSAGE, and NOT_ENOUGH_REPLICAS at the memory limit.
    pub fn prepare(&self, batch: Bytes) -> Result<PreparedBatch, Error> {
        let refused = |error: ProduceError| Error::from(&error);
        let batch = Batch::verify(batch).map_err(|invalid| refused(invalid.into()))?;
        let body = self.cluster.pool.copy(&batch.body);
        let body = body.map_err(|full| refused(full.into()))?;
        let batch = Batch { body, ..batch };
        Ok(PreparedBatch { batch })
    }

    /// Appends a prepared batch, without a copy of its body and without reading it; the first record's offset. An idempotent
    /// producer's batch is appended once, as always.
    ///
    /// # Errors
    /// Those of Produce, such as UNKNOWN_TOPIC_OR_PARTITION or NOT_ENOUGH_REPLICAS at the memory limit.
    pub async fn append(&self, topic: &str, partition: i32, batch: &PreparedBatch) -> Result<Offset, Error> {
        self.at_partition(topic, partition, |context, target| {
            let batch = (partition, batch.batch.clone());
            produce_verified(&self.cluster, context, TERMS, target, batch)
        })
    }
}

#[cfg(test)]
mod tests;
