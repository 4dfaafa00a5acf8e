//! One partition: its log, leader and bounds behind one mutex that is held for microseconds and never across an await.
//!
//! A [`WriteGuard`] wakes the parked fetches after it has unlocked, when it moved a bound that they wait for.

use crate::ids::{LeaderEpoch, NodeId, Offset};
use crate::log::{AppendError, Appended, Batch, LogSettings, OffsetOutOfRange, PartitionLog};
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
    moved: Notify,
    /// Whoever found it offline first has said so.
    is_known_offline: AtomicBool,
}

/// What the mutex guards. Leader and epoch are checked here, under the lock: a deposed leader must not acknowledge.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) log: PartitionLog,
    pub(crate) leader: NodeId,
    pub(crate) leader_epoch: LeaderEpoch,
    /// The offset up to which records may be read; moves with the log end until replicas are simulated.
    pub(crate) high_watermark: Offset,
    pub(crate) settings: Arc<LogSettings>,
    /// The topic was deleted while somebody still held the partition.
    pub(crate) is_deleted: bool,
}

/// A thread panicked while it held the lock: the partition answers KAFKA_STORAGE_ERROR from now on, the process lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the partition is offline after an internal error")]
pub(crate) struct Offline;

/// Exclusive access. Unlocks when dropped, then wakes the waiters if the high watermark, the log start or the leader moved.
#[derive(Debug)]
pub(crate) struct WriteGuard<'a> {
    state: Option<MutexGuard<'a, State>>,
    before: (Offset, Offset, LeaderEpoch, bool),
    moved: &'a Notify,
}

impl Partition {
    /// An empty partition of the topic of that name, led by `leader` at epoch 0.
    pub(crate) fn new(
        topic: Arc<str>,
        index: i32,
        leader: NodeId,
        settings: Arc<LogSettings>,
        pool: Pool,
    ) -> Self {
        let state = State {
            log: PartitionLog::new(pool),
            leader,
            leader_epoch: LeaderEpoch(0),
            high_watermark: Offset(0),
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

    /// Access to read.
    pub(crate) fn read(&self) -> Result<MutexGuard<'_, State>, Offline> {
        self.state.lock().map_err(|_| {
            if !self.is_known_offline.swap(true, Ordering::Relaxed) {
                tracing::error!(
                    topic = &*self.topic,
                    partition = self.index,
                    "{Offline}: it answers KAFKA_STORAGE_ERROR until its topic is made anew"
                );
            }
            Offline
        })
    }

    /// Access to change.
    pub(crate) fn write(&self) -> Result<WriteGuard<'_>, Offline> {
        let state = self.read()?;
        let before = state.bounds();
        Ok(WriteGuard {
            state: Some(state),
            before,
            moved: &self.moved,
        })
    }

    /// Completes when a bound moves. Enable it before reading, or a wake-up between the read and the wait is lost.
    pub(crate) fn moved(&self) -> Notified<'_> {
        self.moved.notified()
    }
}

impl State {
    /// Appends as the leader, and moves the high watermark with the log end.
    pub(crate) fn append(&mut self, batch: Batch, now_ms: i64) -> Result<Appended, AppendError> {
        let appended = self
            .log
            .append(batch, self.leader_epoch, now_ms, &self.settings)?;
        self.high_watermark = self.log.log_end_offset();
        Ok(appended)
    }

    /// Drops what lies before `offset`, at most up to the high watermark; the new log start offset (DeleteRecords).
    pub(crate) fn delete_records(&mut self, offset: Offset) -> Result<Offset, OffsetOutOfRange> {
        if offset > self.high_watermark {
            return Err(OffsetOutOfRange {
                offset,
                log_start_offset: self.log.log_start_offset(),
                end_offset: self.high_watermark,
            });
        }
        self.log.delete_records(offset)
    }

    /// Drops what `retention.ms` and `retention.bytes` no longer keep; how many bytes went.
    pub(crate) fn enforce_retention(&mut self, now_ms: i64) -> u64 {
        self.log.enforce_retention(now_ms, &self.settings)
    }

    /// Hands the partition to `leader`, in the next epoch. Leaders move in tests only, until brokers can fail.
    #[cfg(test)]
    pub(crate) fn lead_from(&mut self, leader: NodeId) {
        self.leader = leader;
        self.leader_epoch = LeaderEpoch(self.leader_epoch.0 + 1);
        self.log.begin_epoch(self.leader_epoch);
    }

    /// The offset below which no transaction is open; the high watermark until transactions come.
    pub(crate) fn last_stable_offset(&self) -> Offset {
        self.high_watermark
    }

    fn bounds(&self) -> (Offset, Offset, LeaderEpoch, bool) {
        (
            self.high_watermark,
            self.log.log_start_offset(),
            self.leader_epoch,
            self.is_deleted,
        )
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
        let has_moved = self.bounds() != self.before;
        drop(self.state.take());
        // A panic under the lock takes the partition offline: who waits must come and see.
        if has_moved || std::thread::panicking() {
            self.moved.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Compression;
    use crate::log::records::{NewRecord, encode_batch};
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::atomic::AtomicUsize;
    use tokio::task::{JoinHandle, yield_now};
    use tracing::span::{Attributes, Id, Record};
    use tracing::{Event, Level, Metadata, Subscriber};

    fn partition() -> Arc<Partition> {
        Arc::new(Partition::new(
            "t".into(),
            0,
            NodeId(1),
            Arc::new(LogSettings::default()),
            Pool::new(1 << 20),
        ))
    }

    fn batch() -> Batch {
        Batch::verify(encode_batch(&[NewRecord::default()], Compression::None)).expect("it is valid")
    }

    /// A task that has registered to be woken.
    async fn waiter(partition: &Arc<Partition>) -> JoinHandle<()> {
        let partition = Arc::clone(partition);
        let waiter = tokio::spawn(async move { partition.moved().await });
        yield_now().await;
        waiter
    }

    type Move = (&'static str, fn(&mut State));

    #[tokio::test]
    async fn who_waits_is_woken_when_a_bound_moves() {
        let moves: [Move; 4] = [
            ("high watermark", |state| {
                state.append(batch(), 1_000).expect("there is room");
            }),
            ("log start", |state| {
                state.delete_records(Offset(1)).expect("it exists");
            }),
            ("leader", |state| state.lead_from(NodeId(2))),
            ("deletion", |state| state.is_deleted = true),
        ];
        let partition = partition();
        for (what, change) in moves {
            let waiter = waiter(&partition).await;
            change(&mut partition.write().expect("online"));
            yield_now().await;
            assert!(waiter.is_finished(), "{what}");
        }
    }

    #[tokio::test]
    async fn nobody_is_woken_when_nothing_moved() {
        let partition = partition();
        let waiter = waiter(&partition).await;
        drop(partition.write());
        drop(partition.read());
        yield_now().await;
        assert!(!waiter.is_finished());
        waiter.abort();
    }

    #[test]
    fn waiters_are_woken_after_the_lock_is_free() {
        let partition = partition();
        let mut moved = std::pin::pin!(partition.moved());
        assert!(!moved.as_mut().enable());
        let mut state = partition.write().expect("online");
        state.is_deleted = true;
        assert!(!moved.as_mut().enable(), "not while the lock is held");
        drop(state);
        assert!(moved.as_mut().enable());
        assert!(partition.state.try_lock().is_ok());
    }

    /// Counts what is logged at ERROR.
    #[derive(Clone, Default)]
    struct Errors(Arc<AtomicUsize>);

    impl Subscriber for Errors {
        fn enabled(&self, metadata: &Metadata<'_>) -> bool {
            *metadata.level() == Level::ERROR
        }

        fn event(&self, _: &Event<'_>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }

        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }

        fn record(&self, _: &Id, _: &Record<'_>) {}
        fn record_follows_from(&self, _: &Id, _: &Id) {}
        fn enter(&self, _: &Id) {}
        fn exit(&self, _: &Id) {}
    }

    #[test]
    fn a_partition_that_went_offline_is_logged_once() {
        let partition = partition();
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            let _state = partition.write().expect("online");
            panic!("a bug");
        }));
        assert!(panicked.is_err());
        let errors = Errors::default();
        tracing::subscriber::with_default(errors.clone(), || {
            for _ in 0..3 {
                assert!(partition.read().is_err());
                assert!(partition.write().is_err());
            }
        });
        assert_eq!(errors.0.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn a_panic_under_the_lock_takes_the_partition_offline_and_wakes_who_waits() {
        let partition = partition();
        let waiter = waiter(&partition).await;
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            let _state = partition.write().expect("online");
            panic!("a bug");
        }));
        assert!(panicked.is_err());
        assert_eq!(partition.read().err(), Some(Offline));
        assert_eq!(partition.write().err(), Some(Offline));
        yield_now().await;
        assert!(waiter.is_finished());
    }

    #[test]
    fn a_new_leader_appends_under_the_next_epoch() {
        let partition = partition();
        let mut state = partition.write().expect("online");
        state.append(batch(), 1_000).expect("there is room");
        state.lead_from(NodeId(2));
        state.append(batch(), 1_000).expect("there is room");
        assert_eq!((state.leader, state.leader_epoch), (NodeId(2), LeaderEpoch(1)));
        assert_eq!(state.high_watermark, Offset(2));
        assert_eq!(
            (state.log.epoch_at(Offset(0)), state.log.epoch_at(Offset(1))),
            (Some(LeaderEpoch(0)), Some(LeaderEpoch(1)))
        );
    }

    #[test]
    fn records_beyond_the_high_watermark_are_not_deleted() {
        let partition = partition();
        let mut state = partition.write().expect("online");
        state.append(batch(), 1_000).expect("there is room");
        state.high_watermark = Offset(0);
        let error = state.delete_records(Offset(1)).expect_err("it is refused");
        assert_eq!(error.to_string(), "offset 1 is outside 0..=0");
    }
}
