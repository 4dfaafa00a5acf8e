//! All transactional ids of the cluster: the shell around the rules. It has the lock, the store and the queue of markers.
//!
//! The lock is held for microseconds, and never while a partition of a transaction is asked. The journal is written under it, so that its
//! records have the order of the changes. In Kafka each id belongs to a partition of
//! `__transaction_state`; which broker coordinates an id is for operations to know.

use super::end::{EndRequest, Ended};
use super::errors::TransactionError;
use super::init::{FormerProducer, Initialised};
use super::journal::{self, TransactionJournal};
use super::listing::TransactionFilters;
use super::metadata::{TopicPartition, TransactionMetadata};
use super::state::{TransactionState, TransactionVersion};
use crate::ids::{ProducerEpoch, ProducerId, TransactionOutcome};
use crate::pool::{Charge, Pool};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::futures::Notified;
use tokio::sync::{Mutex as AsyncMutex, MutexGuard as AsyncMutexGuard, Notify};

/// All transactional ids may hold the memory limit divided by this.
const IDS_DIVISOR: usize = 16;

/// The memory of a transactional id besides its characters, without partitions: the value and its place in the map.
const ID_BYTES: usize = 512;

/// The memory of one partition of a transaction.
const PARTITION_BYTES: usize = 64;

/// All transactional ids.
#[derive(Debug)]
pub(crate) struct Transactions {
    ids: Mutex<Ids>,
    /// Wakes the writer of markers.
    decided: Notify,
    /// Held by the writer of markers.
    writing: AsyncMutex<()>,
    limit_bytes: usize,
}

/// The level of `transaction.version` of a cluster that was formatted by the newest release.
const NEWEST_LEVEL: i16 = 2;

#[derive(Debug)]
struct Ids {
    by_id: BTreeMap<Arc<str>, TransactionMetadata>,
    /// The ids whose markers are to be written: the writer must not search all ids for each transaction.
    decided: BTreeSet<Arc<str>>,
    held: Charge,
    /// The finalized level of `transaction.version`.
    level: i16,
    /// Keeps each change; `None` in tests of the rules.
    journal: Option<Arc<dyn TransactionJournal>>,
}

/// No room for another transactional id, or for more partitions of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("transactional ids hold {held_bytes} of at most {limit_bytes} bytes")]
pub(crate) struct TransactionsFull {
    held_bytes: usize,
    limit_bytes: usize,
}

/// A request is refused by the rules, or there is no room for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RefusedTransaction {
    #[error(transparent)]
    Rules(#[from] TransactionError),
    #[error(transparent)]
    Full(#[from] TransactionsFull),
}

/// A decided transaction whose markers are to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DecidedTransaction {
    pub(crate) transactional_id: Arc<str>,
    pub(crate) producer_id: ProducerId,
    pub(crate) producer_epoch: ProducerEpoch,
    pub(crate) outcome: TransactionOutcome,
    pub(crate) client_version: TransactionVersion,
    /// The partitions that have no marker yet.
    pub(crate) partitions: BTreeSet<TopicPartition>,
}

impl Transactions {
    /// Returns a cluster's transactional ids, none at first. Their memory counts against `pool`.
    pub(crate) fn new(pool: &Pool) -> Self {
        let ids = Ids {
            by_id: BTreeMap::new(),
            decided: BTreeSet::new(),
            held: pool.charge_beyond_limit(0),
            level: NEWEST_LEVEL,
            journal: None,
        };
        Self {
            ids: Mutex::new(ids),
            decided: Notify::new(),
            writing: AsyncMutex::default(),
            limit_bytes: pool.limit_bytes() / IDS_DIVISOR,
        }
    }

    /// Returns the ids with a journal that keeps their changes from now on.
    #[must_use]
    pub(crate) fn with_journal(self, journal: Arc<dyn TransactionJournal>) -> Self {
        self.lock().journal = Some(journal);
        self
    }

    /// Sets the finalized level of `transaction.version`. By it the coordinator ends the transactions that no client ends, and writes its
    /// records. What clients end has the version of their requests. Source: `TransactionStateManager.transactionVersionLevel`.
    pub(crate) fn set_level(&self, level: i16) {
        self.lock().level = level;
    }

    /// Initialises the producer of an id, which is created if it does not exist. If a transaction was open, it is aborted, and the client
    /// gets [`TransactionError::Concurrent`].
    pub(crate) fn init_producer(
        &self,
        now_ms: i64,
        id: &str,
        timeout_ms: i32,
        former: Option<FormerProducer>,
        new_producer_id: impl Fn() -> ProducerId,
    ) -> Result<(ProducerId, ProducerEpoch), RefusedTransaction> {
        let mut ids = self.lock();
        let (id, before) = match ids.by_id.get_key_value(id) {
            Some((id, metadata)) => (Arc::clone(id), metadata.clone()),
            None => {
                ids.admit(ID_BYTES + id.len(), self.limit_bytes)?;
                let created = TransactionMetadata::new(new_producer_id(), timeout_ms, now_ms);
                (id.into(), created)
            }
        };
        let version = TransactionVersion::at_level(ids.level);
        match before.init_producer(now_ms, version, timeout_ms, former, new_producer_id) {
            Ok(Initialised::Producer(next)) => {
                let producer = (next.producer_id, next.producer_epoch);
                ids.store(&id, next);
                Ok(producer)
            }
            Ok(Initialised::Aborting(next)) => {
                tracing::debug!(transactional_id = %id, "a new producer aborts the open transaction");
                ids.store(&id, next);
                self.decided.notify_one();
                Err(TransactionError::Concurrent.into())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Adds partitions to the transaction of an id, and begins one if none is open.
    pub(crate) fn add_partitions(
        &self,
        now_ms: i64,
        id: &str,
        producer: (ProducerId, ProducerEpoch),
        partitions: &BTreeSet<TopicPartition>,
        client_version: TransactionVersion,
    ) -> Result<(), RefusedTransaction> {
        let mut ids = self.lock();
        let (id, metadata) = ids.find(id)?;
        let next = metadata.add_partitions(now_ms, producer, partitions, client_version)?;
        if let Some(next) = next {
            ids.admit(partitions.len() * PARTITION_BYTES, self.limit_bytes)?;
            ids.store(&id, next);
        }
        Ok(())
    }

    /// Returns those of `partitions` that are not in the open transaction of an id.
    pub(crate) fn verify(
        &self,
        id: &str,
        (producer_id, producer_epoch): (ProducerId, ProducerEpoch),
        partitions: &BTreeSet<TopicPartition>,
    ) -> Result<BTreeSet<TopicPartition>, TransactionError> {
        let ids = self.lock();
        let (_, metadata) = ids.find(id)?;
        let added = metadata.verify(producer_id, producer_epoch)?;
        Ok(partitions.difference(added).cloned().collect())
    }

    /// Ends the transaction of an id. Returns the producer id and epoch for the client's next one.
    pub(crate) fn end(
        &self,
        now_ms: i64,
        id: &str,
        request: EndRequest,
        new_producer_id: impl FnOnce() -> ProducerId,
    ) -> Result<(ProducerId, ProducerEpoch), TransactionError> {
        let mut ids = self.lock();
        let (id, metadata) = ids.find(id)?;
        match metadata.end(now_ms, request, new_producer_id)? {
            Ended::Before => Ok((metadata.producer_id, metadata.producer_epoch)),
            Ended::Prepared(next) => {
                let producer = next.producer_when_complete();
                ids.store(&id, next);
                self.decided.notify_one();
                Ok(producer)
            }
        }
    }

    /// Returns what is known of an id.
    pub(crate) fn get(&self, id: &str) -> Option<TransactionMetadata> {
        self.lock().by_id.get(id).cloned()
    }

    /// Returns the ids that the filters let through, with their producer id and state, in the order of the ids.
    pub(crate) fn list(
        &self,
        now_ms: i64,
        filters: &TransactionFilters,
    ) -> Vec<(Arc<str>, ProducerId, TransactionState)> {
        let ids = self.lock();
        let matching = ids
            .by_id
            .iter()
            .filter(|(_, metadata)| filters.matches(metadata, now_ms));
        matching
            .map(|(id, metadata)| (Arc::clone(id), metadata.producer_id, metadata.state))
            .collect()
    }

    /// Aborts the transactions that have lasted longer than their timeouts. Their producers are fenced.
    pub(crate) fn abort_timed_out(&self, now_ms: i64, new_producer_id: impl Fn(&str) -> ProducerId) {
        let mut ids = self.lock();
        let timed_out = ids.select(|metadata| metadata.has_timed_out(now_ms));
        let version = TransactionVersion::at_level(ids.level);
        for id in timed_out {
            let next = ids.by_id[&id].fence(now_ms, version, || new_producer_id(&id));
            tracing::info!(transactional_id = %id, "transaction aborted: it has lasted longer than its timeout");
            ids.store(&id, next);
            self.decided.notify_one();
        }
    }

    /// Forgets the ids that have not changed for `expiration_ms`. Those with a transaction stay.
    pub(crate) fn expire(&self, now_ms: i64, expiration_ms: i64) {
        let mut ids = self.lock();
        for id in ids.select(|metadata| metadata.has_expired(now_ms, expiration_ms)) {
            ids.remove(now_ms, &id);
        }
    }

    /// Returns the decided transactions, whose markers are to be written.
    pub(crate) fn decided(&self) -> Vec<DecidedTransaction> {
        let ids = self.lock();
        let decided = ids.decided.iter().filter_map(|id| {
            let metadata = &ids.by_id[id];
            Some(DecidedTransaction {
                transactional_id: Arc::clone(id),
                producer_id: metadata.producer_id,
                producer_epoch: metadata.producer_epoch,
                outcome: metadata.outcome()?,
                client_version: metadata.client_version,
                partitions: metadata.partitions.clone(),
            })
        });
        decided.collect()
    }

    /// Notes that the markers of `transaction` are written to `partitions`. It is complete once all are written.
    pub(crate) fn markers_written(
        &self,
        now_ms: i64,
        transaction: &DecidedTransaction,
        partitions: &BTreeSet<TopicPartition>,
    ) {
        let mut ids = self.lock();
        let id = &transaction.transactional_id;
        let Some(metadata) = ids.by_id.get(id) else {
            return;
        };
        // Nothing else ends a decided transaction, so it is the same one. An id that is decided does not expire.
        let is_same = metadata.producer_epoch == transaction.producer_epoch
            && metadata.outcome() == Some(transaction.outcome);
        assert!(is_same, "only the writer of markers completes a transaction");
        let next = metadata.without_partitions(partitions);
        if next.partitions.is_empty() {
            let next = next.completed(now_ms);
            ids.store(id, next);
        } else {
            // As in Kafka, a marker that is not the last changes no record: after a restart all are written again.
            ids.replace(id, next);
        }
    }

    /// Waits for the turn to write markers. It is held until the markers of all decided transactions were tried.
    pub(crate) async fn turn_to_write(&self) -> AsyncMutexGuard<'_, ()> {
        self.writing.lock().await
    }

    /// Completes when a transaction was decided, or a marker that could not be written may be written now.
    pub(crate) fn until_markers_are_due(&self) -> Notified<'_> {
        self.decided.notified()
    }

    /// Wakes the writer of markers if some are left: a partition has a leader again, or is deleted.
    pub(crate) fn try_markers_again(&self) {
        if !self.lock().decided.is_empty() {
            self.decided.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Ids> {
        // A change is one insertion of a whole value, so a panic in between leaves the map true.
        self.ids.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ids {
    fn find(&self, id: &str) -> Result<(Arc<str>, &TransactionMetadata), TransactionError> {
        // A client cannot tell an id that expired from one that has another producer.
        let found = self.by_id.get_key_value(id);
        let (id, metadata) = found.ok_or(TransactionError::InvalidProducerIdMapping)?;
        Ok((Arc::clone(id), metadata))
    }

    fn select(&self, matches: impl Fn(&TransactionMetadata) -> bool) -> Vec<Arc<str>> {
        let matching = self.by_id.iter().filter(|(_, metadata)| matches(metadata));
        matching.map(|(id, _)| Arc::clone(id)).collect()
    }

    /// Stores the next value of an id. Every change passes here that is a record of `__transaction_state` in Kafka.
    fn store(&mut self, id: &Arc<str>, next: TransactionMetadata) {
        tracing::debug!(
            transactional_id = %id,
            producer_id = %next.producer_id,
            producer_epoch = %next.producer_epoch,
            state = next.state.name(),
            "transaction"
        );
        if let Some(journal) = &self.journal {
            let (key, value) = (journal::key(id), journal::value(&next, self.level));
            journal.append(id, next.last_update_ms, &key, Some(&value));
        }
        self.replace(id, next);
    }

    fn replace(&mut self, id: &Arc<str>, next: TransactionMetadata) {
        let next_bytes = held_bytes(id, &next);
        if next.state.is_prepared() {
            self.decided.insert(Arc::clone(id));
        } else {
            self.decided.remove(id);
        }
        let before = self.by_id.insert(Arc::clone(id), next);
        let next = &self.by_id[id];
        assert!(
            before.as_ref().is_none_or(|before| next.may_follow(before)),
            "{id}: {next:?} may not follow {before:?}"
        );
        let before_bytes = before.as_ref().map_or(0, |before| held_bytes(id, before));
        self.held.resize(self.held.bytes() + next_bytes - before_bytes);
    }

    /// Removes an id, which leaves a tombstone in `__transaction_state`.
    fn remove(&mut self, now_ms: i64, id: &Arc<str>) {
        if let Some(metadata) = self.by_id.remove(id) {
            tracing::debug!(transactional_id = %id, "transactional id expired");
            if let Some(journal) = &self.journal {
                journal.append(id, now_ms, &journal::key(id), None);
            }
            self.held.resize(self.held.bytes() - held_bytes(id, &metadata));
        }
    }

    fn admit(&self, more_bytes: usize, limit_bytes: usize) -> Result<(), TransactionsFull> {
        let held_bytes = self.held.bytes();
        if held_bytes + more_bytes > limit_bytes {
            return Err(TransactionsFull {
                held_bytes,
                limit_bytes,
            });
        }
        Ok(())
    }
}

fn held_bytes(id: &str, metadata: &TransactionMetadata) -> usize {
    ID_BYTES + id.len() + metadata.partitions.len() * PARTITION_BYTES
}
