//! Idempotent and transactional producers: the next sequence of each, the batches that it may send again, and its open transaction.
//! Source: Kafka's `ProducerStateManager` and `ProducerAppendInfo`; KIP-98, KIP-360, KIP-890.

mod entry;
mod verification;

pub(crate) use verification::{Unverified, Verification, VerificationGuard};

use super::ActiveProducer;
use super::aborted::CompletedTransaction;
use super::header::BatchHeader;
use super::marker::{MarkerError, TransactionMarker, UNKNOWN_TRANSACTION_VERSION};
use super::refusal::AppendError;
use super::segment::BatchView;
use crate::ids::{Offset, ProducerEpoch, ProducerId, Sequence};
use entry::{Producer, Written};
use std::collections::{BTreeMap, BTreeSet};
use verification::Verifications;

/// The most producers that a partition remembers. Beyond it those that wrote longest ago are forgotten, as if they had expired.
/// Kafka has no such limit; here a client that makes ids up must not fill the memory.
const PRODUCERS_KEPT: usize = 10_000;

/// The origin of a batch. Source: Kafka's `AppendOrigin`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A client's producer, whose sequences are checked.
    #[default]
    Client,
    /// A coordinator, which appends to its internal topic without sequences.
    Coordinator,
}

/// The last batch of a producer, which compaction keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LastBatch {
    /// Its last offset; `None` if a marker began the epoch.
    pub(super) last_offset: Option<Offset>,
    pub(super) epoch: ProducerEpoch,
}

/// The producers that have written to one partition.
#[derive(Debug, Default)]
pub(super) struct Producers {
    by_id: BTreeMap<ProducerId, Producer>,
    /// The open transactions, by their first offset.
    ongoing: BTreeMap<Offset, ProducerId>,
    /// The offsets of markers at or above the high watermark, by their transaction's first offset. A transaction holds back the last
    /// stable offset until its marker is replicated.
    unreplicated: BTreeMap<Offset, Offset>,
    verifications: Verifications,
}

impl Producers {
    /// Checks whether a batch may be appended. Returns the original batch if it was appended before.
    pub(super) fn check(
        &self,
        header: &BatchHeader,
        origin: Origin,
        verification: Verification,
    ) -> Result<Option<Written>, AppendError> {
        let producer = self.by_id.get(&header.producer_id());
        // Duplicates come first, as in `UnifiedLog.analyzeAndValidateProducerState`: their sequence is behind
        // the expected one and would be refused.
        if origin == Origin::Client
            && let Some(written) = producer.and_then(|producer| producer.written(header))
        {
            return Ok(Some(written));
        }
        if header.is_transactional() && !self.is_verified(header, verification) {
            return Err(AppendError::NotInTransaction {
                producer_id: header.producer_id(),
            });
        }
        if let Some(producer) = producer {
            check_epoch(header, producer)?;
        }
        if origin == Origin::Client {
            self.check_sequence(header, producer)?;
        }
        let is_within = producer.is_some_and(|producer| producer.transaction_start.is_some());
        if is_within && !header.is_transactional() {
            return Err(AppendError::NotTransactional {
                producer_id: header.producer_id(),
            });
        }
        Ok(None)
    }

    /// Returns whether the batch's transaction is open here, or the coordinator has confirmed it.
    fn is_verified(&self, header: &BatchHeader, verification: Verification) -> bool {
        let producer_id = header.producer_id();
        match verification {
            Verification::Disabled => true,
            Verification::Confirmed(guard) if self.verifications.holds(producer_id, guard) => true,
            Verification::Confirmed(_) | Verification::None => {
                self.has_ongoing_transaction(producer_id, header.producer_epoch())
            }
        }
    }

    /// Source: `ProducerAppendInfo.checkSequence`.
    fn check_sequence(&self, header: &BatchHeader, producer: Option<&Producer>) -> Result<(), AppendError> {
        let found = header.base_sequence();
        let refused = |expected| {
            Err(AppendError::OutOfOrderSequence {
                producer_id: header.producer_id(),
                found,
                expected,
            })
        };
        if let Some(question) = self.verifications.get(header.producer_id()) {
            let is_first = producer.is_none_or(Producer::is_without_batches);
            if question.supports_epoch_bump && is_first && found != Sequence(0) {
                return refused(Sequence(0));
            }
            if found > question.lowest_sequence {
                return refused(question.lowest_sequence);
            }
        }
        // A producer that is not known (or no longer) may start anywhere: Kafka 2.5 and later.
        let Some(producer) = producer else { return Ok(()) };
        let expected = if header.producer_epoch() == producer.epoch {
            // Without a batch this is 0: a marker began the epoch.
            producer.last_sequence().plus(1)
        } else {
            // A new epoch begins its sequences again (KIP-360).
            Sequence(0)
        };
        if found == expected {
            Ok(())
        } else {
            refused(expected)
        }
    }

    /// Returns whether the producer has a transaction open here in this epoch.
    pub(super) fn has_ongoing_transaction(&self, id: ProducerId, epoch: ProducerEpoch) -> bool {
        self.by_id
            .get(&id)
            .is_some_and(|producer| producer.transaction_start.is_some() && producer.epoch == epoch)
    }

    /// Begins the verification of a transactional batch. Returns `None` if its transaction is open already. Source:
    /// `UnifiedLog.maybeStartTransactionVerification`.
    pub(super) fn begin_verification(
        &mut self,
        batch: Unverified,
        now_ms: i64,
    ) -> Result<Option<VerificationGuard>, AppendError> {
        if let Some(producer) = self.by_id.get(&batch.producer_id)
            && batch.producer_epoch < producer.epoch
        {
            return Err(AppendError::InvalidProducerEpoch {
                producer_id: batch.producer_id,
                found: batch.producer_epoch,
                current: producer.epoch,
            });
        }
        if self.has_ongoing_transaction(batch.producer_id, batch.producer_epoch) {
            return Ok(None);
        }
        Ok(Some(self.verifications.ask(batch, now_ms)))
    }

    /// Remembers a batch that was appended; `header` has its offsets.
    pub(super) fn note(&mut self, header: &BatchHeader) {
        let (id, base_offset) = (header.producer_id(), header.base_offset());
        let producer = self.producer(id, header.producer_epoch());
        producer.note(header);
        if !header.is_transactional() {
            return;
        }
        if producer.transaction_start.is_none() {
            producer.transaction_start = Some(base_offset);
            self.ongoing.insert(base_offset, id);
        }
        self.verifications.end(id);
    }

    /// Returns the producer with that id, new in `epoch` if it is not known.
    fn producer(&mut self, id: ProducerId, epoch: ProducerEpoch) -> &mut Producer {
        if self.by_id.len() >= PRODUCERS_KEPT && !self.by_id.contains_key(&id) {
            self.forget_a_tenth();
        }
        self.by_id.entry(id).or_insert_with(|| Producer::new(epoch))
    }

    /// Checks whether a marker may be appended. Source: `ProducerAppendInfo.appendEndTxnMarker`.
    pub(super) fn check_marker(&self, marker: &TransactionMarker) -> Result<(), MarkerError> {
        if marker.transaction_version == UNKNOWN_TRANSACTION_VERSION {
            return Err(MarkerError::UnknownVersion {
                producer_id: marker.producer_id,
            });
        }
        let unknown = Producer::new(ProducerEpoch(-1));
        let producer = self.by_id.get(&marker.producer_id).unwrap_or(&unknown);
        let found = marker.producer_epoch;
        let is_stale = if marker.transaction_version >= 2 {
            // The coordinator has raised the epoch before it writes the marker, so a marker of the same epoch is late: one that ended
            // the transaction was written already. It may be written again while nothing is open, and at the last epoch, which
            // cannot be raised.
            let is_written_again = found == producer.epoch
                && (producer.transaction_start.is_none() || found == ProducerEpoch(i16::MAX));
            found <= producer.epoch && !is_written_again
        } else {
            found < producer.epoch
        };
        if is_stale {
            return Err(MarkerError::InvalidProducerEpoch {
                producer_id: marker.producer_id,
                found,
                current: producer.epoch,
            });
        }
        if producer.coordinator_epoch > marker.coordinator_epoch {
            return Err(MarkerError::CoordinatorFenced {
                producer_id: marker.producer_id,
                found: marker.coordinator_epoch,
                current: producer.coordinator_epoch,
            });
        }
        Ok(())
    }

    /// Remembers a marker that was appended at `offset`. Returns the transaction that it ended, if one was open.
    pub(super) fn note_marker(
        &mut self,
        marker: &TransactionMarker,
        offset: Offset,
        timestamp_ms: i64,
    ) -> Option<CompletedTransaction> {
        let producer = self.producer(marker.producer_id, marker.producer_epoch);
        producer.set_epoch(marker.producer_epoch);
        producer.coordinator_epoch = marker.coordinator_epoch;
        producer.last_timestamp_ms = timestamp_ms;
        producer.last_offset = offset;
        let first_offset = producer.transaction_start.take();
        self.verifications
            .end_by_marker(marker.producer_id, marker.producer_epoch);
        let first_offset = first_offset?;
        self.ongoing.remove(&first_offset);
        self.unreplicated.insert(first_offset, offset);
        let next_open = self.ongoing.first_key_value();
        Some(CompletedTransaction {
            producer_id: marker.producer_id,
            first_offset,
            last_offset: offset,
            last_stable_offset: next_open.map_or(offset.plus(1), |(first_offset, _)| *first_offset),
        })
    }

    /// Forgets the transactions whose markers are below the high watermark: they hold back nothing any more.
    pub(super) fn replicated(&mut self, high_watermark: Offset) {
        if !self.unreplicated.is_empty() {
            self.unreplicated
                .retain(|_, marker_offset| *marker_offset >= high_watermark);
        }
    }

    /// Returns the first offset of a transaction that is open, or whose marker is not replicated yet.
    pub(super) fn first_unstable_offset(&self) -> Option<Offset> {
        let ongoing = self.ongoing.keys().next();
        let unreplicated = self.unreplicated.keys().next();
        ongoing.into_iter().chain(unreplicated).min().copied()
    }

    /// Forgets the tenth of the producers that wrote longest ago. One at a time would be a search of all of them per append.
    fn forget_a_tenth(&mut self) {
        // Offsets order the producers by their last append. Timestamps would not: clients set them.
        let mut last_offsets: Vec<_> = self.by_id.values().map(|producer| producer.last_offset).collect();
        let tenth = last_offsets.len() / 10;
        let (_, forgotten, _) = last_offsets.select_nth_unstable(tenth);
        // A producer with an open transaction stays: its marker has to find it.
        self.by_id
            .retain(|_, producer| producer.last_offset > *forgotten || producer.transaction_start.is_some());
    }

    /// Takes back the batches and markers that are at or after `end_offset`; `kept` are the batches that the log still has.
    ///
    /// A producer whose last batch is kept stays as it is, even if its earlier batches were deleted. The others are built again
    /// from `kept`, because the window of five batches does not reach back as far as a truncation can. Kafka does both at once:
    /// it reloads a snapshot and replays the log from there (`UnifiedLog.rebuildProducerState`).
    pub(super) fn truncate<'a>(&mut self, end_offset: Offset, kept: impl Iterator<Item = BatchView<'a>>) {
        let mut taken_back = BTreeSet::new();
        self.by_id.retain(|id, producer| {
            let is_kept = producer.last_offset < end_offset;
            if !is_kept {
                taken_back.insert(*id);
            }
            is_kept
        });
        // Without such a producer the walk over the headers of the whole log is not needed.
        if !taken_back.is_empty() {
            for batch in kept.filter(|batch| taken_back.contains(&batch.header.producer_id())) {
                self.replay(&batch);
            }
        }
        let open = self.by_id.iter();
        self.ongoing = open
            .filter_map(|(id, producer)| Some((producer.transaction_start?, *id)))
            .collect();
        // The end is at or above the high watermark, as in `ProducerStateManager.truncateAndReload`.
        self.unreplicated.clear();
    }

    fn replay(&mut self, batch: &BatchView<'_>) {
        if !batch.header.is_control() {
            self.note(&batch.header);
        } else if let Some(marker) = TransactionMarker::read(&batch.header, batch.body) {
            self.note_marker(
                &marker,
                batch.header.last_offset(),
                batch.header.max_timestamp_ms(),
            );
        }
    }

    /// Forgets the producers that have not written for `expiration_ms` (`producer.id.expiration.ms`) and have no transaction open.
    pub(super) fn expire(&mut self, now_ms: i64, expiration_ms: i64) {
        // Clients set the timestamps, so the difference saturates.
        self.by_id.retain(|_, producer| {
            producer.transaction_start.is_some()
                || now_ms.saturating_sub(producer.last_timestamp_ms) < expiration_ms
        });
        self.verifications.expire(now_ms, expiration_ms);
    }

    /// Returns the last batch of each producer. Source: `UnifiedLog.lastRecordsOfActiveProducers`.
    pub(super) fn last_batches(&self) -> BTreeMap<ProducerId, LastBatch> {
        let last = |producer: &Producer| LastBatch {
            last_offset: producer.last_data_offset(),
            epoch: producer.epoch,
        };
        self.by_id
            .iter()
            .map(|(id, producer)| (*id, last(producer)))
            .collect()
    }

    /// Returns all producers, in the order of their ids.
    pub(super) fn active(&self) -> Vec<ActiveProducer> {
        self.by_id
            .iter()
            .map(|(id, producer)| ActiveProducer {
                producer_id: *id,
                producer_epoch: producer.epoch,
                last_sequence: producer.last_sequence(),
                last_timestamp_ms: producer.last_timestamp_ms,
                coordinator_epoch: producer.coordinator_epoch,
                transaction_start_offset: producer.transaction_start,
            })
            .collect()
    }
}

fn check_epoch(header: &BatchHeader, producer: &Producer) -> Result<(), AppendError> {
    if header.producer_epoch() < producer.epoch {
        // Since Kafka 2.7 this is not PRODUCER_FENCED, which is fatal: the client can abort and go on.
        return Err(AppendError::InvalidProducerEpoch {
            producer_id: header.producer_id(),
            found: header.producer_epoch(),
            current: producer.epoch,
        });
    }
    Ok(())
}
