//! One partition: its log, its replicas and its leader, behind one mutex that is held for microseconds and never across an await.
//!
//! The log changes only through the methods of [`State`], which keep the high watermark with it. A [`WriteGuard`] wakes the
//! parked fetches after it has unlocked, if it moved something that they wait for.

use super::replicas::Replicas;
use crate::ids::{LeaderEpoch, NodeId, Offset};
use crate::log::{
    AppendError, AppendTerms, Appended, Batch, Cleaned, Cleaning, CleaningError, LogSettings, MarkerError,
    OffsetOutOfRange, Origin, PartitionLog, TransactionMarker, Unverified, Verification, VerificationGuard,
};
use crate::pool::Pool;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

/// A partition of a topic.
#[derive(Debug)]
pub(crate) struct Partition {
    pub(crate) index: i32,
    topic: Arc<str>,
    state: Mutex<State>,
    // Each partition has its own, so that an append wakes only the fetches that wait for this partition.
    moved: Notify,
    /// Whether the error has been logged.
    is_known_offline: AtomicBool,
}

/// The part of a partition that the mutex guards. Leader and epoch are checked under the lock: a leader that has been replaced
/// must not acknowledge.
#[derive(Debug)]
pub(crate) struct State {
    log: PartitionLog,
    replicas: Replicas,
    pub(crate) leader: NodeId,
    pub(crate) leader_epoch: LeaderEpoch,
    pub(crate) settings: Arc<LogSettings>,
    /// Whether the topic has been deleted. Requests that found the partition before may still hold it.
    pub(crate) is_deleted: bool,
}

/// The offsets that divide a partition's log, in ascending order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Watermarks {
    /// The first offset that is kept.
    pub(crate) log_start_offset: Offset,
    /// The first offset of a transaction that is open or whose marker is not replicated, or the high watermark.
    pub(crate) last_stable_offset: Offset,
    /// The offset up to which every replica in sync has the records.
    pub(crate) high_watermark: Offset,
    /// The offset that the next record gets.
    pub(crate) log_end_offset: Offset,
}

/// The partition is offline because a thread panicked while it held the lock. It answers KAFKA_STORAGE_ERROR, as Kafka does for a
/// log directory that failed; the rest of the process goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the partition is offline after an internal error")]
pub(crate) struct Offline;

/// Exclusive access. Unlocks when dropped, and then wakes the waiters if something moved that a fetch waits for.
#[derive(Debug)]
pub(crate) struct WriteGuard<'a> {
    state: Option<MutexGuard<'a, State>>,
    before: Seen,
    moved: &'a Notify,
}

/// The part of the state whose change wakes parked fetches: more to read, or a reason to answer without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    watermarks: Watermarks,
    leader_epoch: LeaderEpoch,
    is_deleted: bool,
}

impl Partition {
    /// Returns an empty partition of the topic of that name, led by `leader` at epoch 0.
    pub(crate) fn new(
        topic: Arc<str>,
        index: i32,
        leader: NodeId,
        settings: Arc<LogSettings>,
        pool: Pool,
    ) -> Self {
        let state = State {
            log: PartitionLog::new(pool),
            // The followers that the placement names copy nothing yet: see `replicas`.
            replicas: Replicas::new(&[]),
            leader,
            leader_epoch: LeaderEpoch(0),
            settings,
            is_deleted: false,
        };
        Self {
            index,
            topic,
            state: Mutex::new(state),
            moved: Notify::new(),
            is_known_offline: AtomicBool::new(false),
        }
    }

    /// Returns the name of the topic.
    pub(crate) fn topic(&self) -> &Arc<str> {
        &self.topic
    }

    /// Locks the partition to read it.
    pub(crate) fn read(&self) -> Result<MutexGuard<'_, State>, Offline> {
        self.state.lock().map_err(|_| {
            // The swap only decides who logs, so it needs no ordering with other memory.
            if !self.is_known_offline.swap(true, Ordering::Relaxed) {
                tracing::error!(
                    topic = &*self.topic,
                    partition = self.index,
                    "{Offline}: it answers KAFKA_STORAGE_ERROR until its topic is created again"
                );
            }
            Offline
        })
    }

    /// Locks the partition to change it.
    pub(crate) fn write(&self) -> Result<WriteGuard<'_>, Offline> {
        let state = self.read()?;
        // The guard compares the state when it is dropped, so that no change can forget to wake the waiters.
        let before = state.seen();
        Ok(WriteGuard {
            state: Some(state),
            before,
            moved: &self.moved,
        })
    }

    /// Completes when a watermark, the leader or the deletion moves. Enable it before reading: a move between the read and the
    /// wait is lost otherwise.
    pub(crate) fn moved(&self) -> Notified<'_> {
        self.moved.notified()
    }
}

impl Watermarks {
    /// Returns the offset at which a consumer's reads end: the high watermark, or the last stable offset under `read_committed`.
    pub(crate) fn end_for_consumer(&self, is_read_committed: bool) -> Offset {
        if is_read_committed {
            self.last_stable_offset
        } else {
            self.high_watermark
        }
    }
}

impl State {
    /// Returns the log for queries.
    pub(crate) fn log(&self) -> &PartitionLog {
        &self.log
    }

    /// Returns where the log begins and ends, and up to where it may be read.
    pub(crate) fn watermarks(&self) -> Watermarks {
        let high_watermark = self.replicas.high_watermark();
        Watermarks {
            log_start_offset: self.log.log_start_offset(),
            last_stable_offset: self.log.last_stable_offset(high_watermark),
            high_watermark,
            log_end_offset: self.log.log_end_offset(),
        }
    }

    /// Appends a client's batch as the leader. A transactional batch must belong to a transaction that is open here.
    #[cfg(test)]
    pub(crate) fn append(&mut self, batch: Batch, now_ms: i64) -> Result<Appended, AppendError> {
        self.append_verified(batch, Verification::None, now_ms)
    }

    /// Appends a client's batch as the leader, with what is known of its transaction.
    pub(crate) fn append_verified(
        &mut self,
        batch: Batch,
        verification: Verification,
        now_ms: i64,
    ) -> Result<Appended, AppendError> {
        self.append_from(Origin::Client, batch, verification, now_ms)
    }

    /// Appends a coordinator's batch as the leader, with what is known of its transaction. It has no sequences.
    pub(crate) fn append_as_coordinator(
        &mut self,
        batch: Batch,
        verification: Verification,
        now_ms: i64,
    ) -> Result<Appended, AppendError> {
        self.append_from(Origin::Coordinator, batch, verification, now_ms)
    }

    fn append_from(
        &mut self,
        origin: Origin,
        batch: Batch,
        verification: Verification,
        now_ms: i64,
    ) -> Result<Appended, AppendError> {
        let terms = AppendTerms {
            leader_epoch: self.leader_epoch,
            now_ms,
            settings: &self.settings,
            origin,
            verification,
        };
        let appended = self.log.append_on(batch, &terms)?;
        self.advance();
        Ok(appended)
    }

    /// Ends a producer's transaction in this partition, as the leader. Source: `KafkaApis.handleWriteTxnMarkersRequest`.
    ///
    /// # Errors
    /// [`MarkerError`] if a newer producer or a newer coordinator has written.
    pub(crate) fn append_marker(
        &mut self,
        marker: TransactionMarker,
        now_ms: i64,
    ) -> Result<Appended, MarkerError> {
        let terms = AppendTerms {
            leader_epoch: self.leader_epoch,
            now_ms,
            settings: &self.settings,
            origin: Origin::Coordinator,
            verification: Verification::Disabled,
        };
        let appended = self.log.append_marker(&marker, &terms)?;
        self.advance();
        Ok(appended)
    }

    /// Begins the verification of a transactional batch, before the coordinator is asked whether the partition belongs to its
    /// transaction. Returns `None` if the transaction is open here already: then nothing need be asked. The append after the answer
    /// passes the guard as [`Verification::Confirmed`].
    ///
    /// # Errors
    /// [`AppendError::InvalidProducerEpoch`] if a newer epoch has written.
    pub(crate) fn begin_verification(
        &mut self,
        batch: Unverified,
        now_ms: i64,
    ) -> Result<Option<VerificationGuard>, AppendError> {
        self.log.begin_verification(batch, now_ms)
    }

    /// Moves the high watermark after an append.
    fn advance(&mut self) {
        // The followers count as in sync, so a record is replicated as soon as the leader has it, and
        // acks=all does not wait.
        self.replicas.advance(self.log.log_end_offset());
        self.log.replicated(self.replicas.high_watermark());
    }

    /// Drops the records before `offset`, which is at most the high watermark (DeleteRecords). Returns the new log start offset.
    pub(crate) fn delete_records(&mut self, offset: Offset) -> Result<Offset, OffsetOutOfRange> {
        // The limit is that of Kafka's `Partition.deleteRecordsOnLeader`; the log itself would allow its end.
        let watermarks = self.watermarks();
        if offset > watermarks.high_watermark {
            return Err(OffsetOutOfRange {
                offset,
                log_start_offset: watermarks.log_start_offset,
                end_offset: watermarks.high_watermark,
            });
        }
        self.log.delete_records(offset)
    }

    /// Forgets the producers that have not written for `expiration_ms`, unless they have a transaction open here.
    pub(crate) fn expire_producers(&mut self, now_ms: i64, expiration_ms: i64) {
        self.log.expire_producers(now_ms, expiration_ms);
    }

    /// Drops the segments that `retention.ms` and `retention.bytes` no longer keep, and returns their size in bytes.
    pub(crate) fn enforce_retention(&mut self, now_ms: i64) -> u64 {
        self.log.enforce_retention(now_ms, &self.settings)
    }

    /// Begins to compact the log if it is due. The caller runs the cleaning without the lock, and then finishes it.
    pub(crate) fn begin_cleaning(&mut self, now_ms: i64) -> Option<Cleaning> {
        let high_watermark = self.replicas.high_watermark();
        self.log.begin_cleaning(high_watermark, now_ms, &self.settings)
    }

    /// Begins to compact the log, because it has to make room: [`PartitionLog::begin_making_room`].
    pub(crate) fn begin_making_room(&mut self, now_ms: i64) -> Option<Cleaning> {
        let high_watermark = self.replicas.high_watermark();
        self.log.begin_making_room(high_watermark, now_ms, &self.settings)
    }

    /// Takes the result of a cleaning, and returns the number of bytes that the log has less. A log with records that cannot be read is
    /// not cleaned again.
    pub(crate) fn finish_cleaning(
        &mut self,
        cleaned: Result<Cleaned, CleaningError>,
    ) -> Result<u64, CleaningError> {
        match cleaned {
            Ok(cleaned) => Ok(self.log.finish_cleaning(cleaned)),
            Err(error) => {
                if matches!(error, CleaningError::InvalidRecords(_)) {
                    self.log.set_uncleanable();
                }
                Err(error)
            }
        }
    }

    /// Drops the records from `offset` on, as a follower does whose log has diverged from the leader's (KIP-101, KIP-279). The
    /// high watermark goes back with the log end.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "followers come with brokers that can fail")
    )]
    pub(crate) fn truncate(&mut self, offset: Offset, now_ms: i64) {
        self.log.truncate(offset, now_ms);
        self.replicas.truncate(self.log.log_end_offset());
    }

    /// Makes `leader` the leader, in the next epoch; [`NodeId::NONE`] leaves the partition without one.
    pub(crate) fn set_leader(&mut self, leader: NodeId) {
        self.leader = leader;
        self.leader_epoch = LeaderEpoch(self.leader_epoch.0 + 1);
        // Without a leader nothing is appended, so there is no record that the epoch could begin with.
        if leader != NodeId::NONE {
            self.log.begin_epoch(self.leader_epoch);
        }
    }

    fn seen(&self) -> Seen {
        Seen {
            watermarks: self.watermarks(),
            leader_epoch: self.leader_epoch,
            is_deleted: self.is_deleted,
        }
    }
}

impl Deref for WriteGuard<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        self.state
            .as_ref()
            .expect("the guard holds the lock until it is dropped")
    }
}

impl DerefMut for WriteGuard<'_> {
    fn deref_mut(&mut self) -> &mut State {
        self.state
            .as_mut()
            .expect("the guard holds the lock until it is dropped")
    }
}

impl Drop for WriteGuard<'_> {
    fn drop(&mut self) {
        let has_moved = self.seen() != self.before;
        // Unlock first: a fetch that is woken while the lock is held would only wait for it.
        drop(self.state.take());
        // A panic under the lock takes the partition offline. Parked fetches must wake up and answer that.
        if has_moved || std::thread::panicking() {
            self.moved.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests;
