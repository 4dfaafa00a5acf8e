//! Batches that are checked once and appended many times. Their body is in memory once, even if many logs have it.

use super::records::TERMS;
use super::{Client, Error};
use crate::ids::Offset;
use crate::log::Batch;
use crate::operations::produce::{ProduceError, produce_verified};
use bytes::Bytes;

/// A checked batch whose body is in the cluster's record memory. Cheap to clone: clones share the body, as do the logs that it is appended
/// to (which copy batches under 4 KiB).
#[derive(Clone, Debug)]
pub struct PreparedBatch {
    batch: Batch,
}

impl PreparedBatch {
    /// Returns the same records with other timestamps. The first one is `base_timestamp_ms` (milliseconds since the Unix epoch), and the
    /// others keep their distance from it.
    #[must_use]
    pub fn with_timestamp(&self, base_timestamp_ms: i64) -> Self {
        let mut batch = self.batch.clone();
        // The CRC follows from the change of the header alone, so the body is not read again.
        batch.header.move_timestamps(base_timestamp_ms, batch.body.len());
        Self { batch }
    }

    /// Returns the number of records, 1 or more.
    pub fn record_count(&self) -> u32 {
        self.batch.header.record_count().unsigned_abs()
    }

    /// Returns the length on the wire, including the header.
    pub fn size_bytes(&self) -> usize {
        self.batch.size_bytes()
    }
}

impl Client {
    /// Checks a batch, such as one of [`records::encode_batch`](crate::records::encode_batch), and copies its body into the cluster's
    /// memory. The body is charged once, until the last clone and the last log drop it.
    ///
    /// # Errors
    /// Those of Produce that depend on the batch alone, such as CORRUPT_MESSAGE, and NOT_ENOUGH_REPLICAS at the memory limit.
    pub fn prepare(&self, batch: Bytes) -> Result<PreparedBatch, Error> {
        let refused = |error: ProduceError| Error::from(&error);
        let batch = Batch::verify(batch).map_err(|invalid| refused(invalid.into()))?;
        // Logs keep the bytes that they are given, so these must be in charged memory.
        let body = self.cluster.pool.copy(&batch.body);
        let body = body.map_err(|full| refused(full.into()))?;
        let batch = Batch { body, ..batch };
        Ok(PreparedBatch { batch })
    }

    /// Appends a prepared batch without copying or reading its body. Returns the offset of its first record. A duplicate of an idempotent
    /// producer is not appended again.
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
