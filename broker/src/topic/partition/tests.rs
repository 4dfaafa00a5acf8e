use super::*;
use crate::Compression;
use crate::ids::TransactionOutcome;
use crate::ids::{ProducerEpoch, ProducerId, Sequence};
use crate::log::records::{NewRecord, encode_batch};
use crate::subscribers::set_subscriber;
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
        ("leader", |state| state.set_leader(NodeId(2))),
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
async fn no_waiter_is_woken_without_a_change() {
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
    let _logged = set_subscriber(errors.clone());
    for _ in 0..3 {
        assert!(partition.read().is_err());
        assert!(partition.write().is_err());
    }
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
    state.set_leader(NodeId(2));
    state.append(batch(), 1_000).expect("there is room");
    assert_eq!((state.leader, state.leader_epoch), (NodeId(2), LeaderEpoch(1)));
    assert_eq!(state.watermarks().high_watermark, Offset(2));
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
    state.replicas = Replicas::new(&[]);
    let error = state.delete_records(Offset(1)).expect_err("it is refused");
    assert_eq!(error.to_string(), "offset 1 is outside 0..=0");
}

#[test]
fn the_watermarks_follow_appends_deletions_and_truncations() {
    let partition = partition();
    let mut state = partition.write().expect("online");
    let offsets = |state: &State| {
        let watermarks = state.watermarks();
        assert_eq!(watermarks.last_stable_offset, watermarks.high_watermark);
        [
            watermarks.log_start_offset.0,
            watermarks.high_watermark.0,
            watermarks.log_end_offset.0,
        ]
    };
    assert_eq!(offsets(&state), [0, 0, 0]);
    for _ in 0..5 {
        state.append(batch(), 1_000).expect("there is room");
    }
    assert_eq!(offsets(&state), [0, 5, 5]);
    state.delete_records(Offset(2)).expect("it exists");
    assert_eq!(offsets(&state), [2, 5, 5]);
    state.truncate(Offset(9), 1_000);
    assert_eq!(offsets(&state), [2, 5, 5]);
    state.truncate(Offset(3), 1_000);
    assert_eq!(offsets(&state), [2, 3, 3]);
    state.truncate(Offset(1), 1_000);
    assert_eq!(offsets(&state), [1, 1, 1], "before the log start nothing is left");
    state.append(batch(), 1_000).expect("there is room");
    assert_eq!(offsets(&state), [1, 2, 2]);
}

#[tokio::test]
async fn a_marker_wakes_who_waits_for_stable_records() {
    let partition = partition();
    let mut in_transaction = batch();
    in_transaction
        .header
        .set_producer(ProducerId(1), ProducerEpoch(0), Sequence(0));
    in_transaction.header.set_transactional();
    let mut state = partition.write().expect("online");
    let appended = state.append_verified(in_transaction, Verification::Disabled, 1_000);
    assert_eq!(appended.map(|appended| appended.base_offset), Ok(Offset(0)));
    assert_eq!(state.watermarks().last_stable_offset, Offset(0));
    assert_eq!(state.watermarks().high_watermark, Offset(1));
    drop(state);
    let waiter = waiter(&partition).await;
    let marker = TransactionMarker {
        producer_id: ProducerId(1),
        producer_epoch: ProducerEpoch(0),
        outcome: TransactionOutcome::Commit,
        coordinator_epoch: 0,
        transaction_version: 0,
    };
    let mut state = partition.write().expect("online");
    let appended = state.append_marker(marker, 1_000);
    assert_eq!(appended.map(|appended| appended.base_offset), Ok(Offset(1)));
    assert_eq!(state.watermarks().last_stable_offset, Offset(2));
    drop(state);
    yield_now().await;
    assert!(waiter.is_finished());
}
