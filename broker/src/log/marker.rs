//! The marker that ends a transaction in one partition: a control batch of one record. Source: Kafka's `EndTransactionMarker`,
//! `ControlRecordType` and `MemoryRecords.withEndTransactionMarker`; KIP-98.

use super::batch::Batch;
use super::header::{BatchHeader, Compression};
use super::records::{self, NewRecord};
pub(crate) use crate::ids::TransactionOutcome;
use crate::ids::{ProducerEpoch, ProducerId, Sequence};

/// The end of a producer's transaction in one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TransactionMarker {
    pub(crate) producer_id: ProducerId,
    /// The epoch of the transaction; with transactions version 2 the next one, which the coordinator has given out already (KIP-890).
    pub(crate) producer_epoch: ProducerEpoch,
    pub(crate) outcome: TransactionOutcome,
    /// The leader epoch of the coordinator's partition, which fences an earlier coordinator.
    pub(crate) coordinator_epoch: i32,
    /// The transactions version, 0 to 2, which says whether the epoch must be the next one (KIP-1228).
    pub(crate) transaction_version: i16,
}

/// The reason why a marker was not written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum MarkerError {
    /// Kafka's `InvalidProducerEpochException`.
    #[error("stale epoch {found} in the marker of producer {producer_id}, the current one is {current}")]
    InvalidProducerEpoch {
        producer_id: ProducerId,
        found: ProducerEpoch,
        current: ProducerEpoch,
    },
    /// Kafka's `TransactionCoordinatorFencedException`.
    #[error(
        "stale coordinator epoch {found} in the marker of producer {producer_id}, the current one is {current}"
    )]
    CoordinatorFenced {
        producer_id: ProducerId,
        found: i32,
        current: i32,
    },
    /// Kafka throws `IllegalArgumentException`, for which there is no code.
    #[error("the marker of producer {producer_id} does not say the version of its transaction")]
    UnknownVersion { producer_id: ProducerId },
    #[error(transparent)]
    OutOfMemory(#[from] crate::pool::OutOfMemory),
}

/// The version of a transaction that the sender of a marker does not know. Source: Kafka's `TransactionVersion.TV_UNKNOWN`.
pub(super) const UNKNOWN_TRANSACTION_VERSION: i16 = -1;

/// The first field of key and value.
const VERSION: [u8; 2] = 0i16.to_be_bytes();

impl TransactionOutcome {
    /// Returns the type of the control record.
    fn control_type(self) -> i16 {
        match self {
            Self::Abort => 0,
            Self::Commit => 1,
        }
    }
}

impl TransactionMarker {
    /// Returns the control batch.
    pub(super) fn batch(&self, now_ms: i64) -> Batch {
        let key = [VERSION, self.outcome.control_type().to_be_bytes()].concat();
        let value = [&VERSION[..], &self.coordinator_epoch.to_be_bytes()].concat();
        let record = NewRecord {
            timestamp_ms: now_ms,
            key: Some(&key),
            value: Some(&value),
            headers: &[],
        };
        Batch::encode(&[record], Compression::None, |header| {
            header.set_control();
            header.set_producer(self.producer_id, self.producer_epoch, Sequence::NONE);
        })
    }

    /// Returns the marker in a control batch; `None` if it holds none. A marker does not say its transactions version, so that is 0.
    pub(super) fn read(header: &BatchHeader, body: &[u8]) -> Option<Self> {
        let record = records::walk(header, body).next()?.ok()?;
        let control_type = i16::from_be_bytes(*record.key?.get(2..)?.first_chunk()?);
        Some(Self {
            producer_id: header.producer_id(),
            producer_epoch: header.producer_epoch(),
            outcome: match control_type {
                0 => TransactionOutcome::Abort,
                1 => TransactionOutcome::Commit,
                _ => return None,
            },
            coordinator_epoch: i32::from_be_bytes(*record.value?.get(2..)?.first_chunk()?),
            transaction_version: 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_is_the_control_batch_that_kafka_writes() {
        let marker = TransactionMarker {
            producer_id: ProducerId(4_000),
            producer_epoch: ProducerEpoch(7),
            outcome: TransactionOutcome::Commit,
            coordinator_epoch: 3,
            transaction_version: 0,
        };
        let Batch { header, body } = marker.batch(1_700_000_000_000);
        assert_eq!(header.attributes(), 0b11_0000);
        assert_eq!(
            (
                header.producer_id(),
                header.producer_epoch(),
                header.base_sequence()
            ),
            (ProducerId(4_000), ProducerEpoch(7), Sequence(-1))
        );
        assert_eq!((header.record_count(), header.last_offset_delta()), (1, 0));
        assert_eq!(
            (header.base_timestamp_ms(), header.max_timestamp_ms()),
            (1_700_000_000_000, 1_700_000_000_000)
        );
        assert_eq!(header.crc(), header.compute_crc(&body));
        // Length, attributes, two deltas; key: version 0, type 1; value: version 0, coordinator epoch 3; no headers.
        assert_eq!(&body[..], [32, 0, 0, 0, 8, 0, 0, 0, 1, 12, 0, 0, 0, 0, 0, 3, 0]);
        assert_eq!(TransactionMarker::read(&header, &body), Some(marker));
        let aborted = TransactionMarker {
            outcome: TransactionOutcome::Abort,
            ..marker
        };
        let batch = aborted.batch(1_700_000_000_000);
        assert_eq!(TransactionMarker::read(&batch.header, &batch.body), Some(aborted));
    }
}
