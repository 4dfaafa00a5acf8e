//! Transactions as one log sees them: markers, the last stable offset, aborted transactions, and the batches that are refused.

use super::*;

const COMMIT: TransactionOutcome = TransactionOutcome::Commit;
const ABORT: TransactionOutcome = TransactionOutcome::Abort;

/// A batch of `count` records in a transaction of the producer.
fn within(id: i64, epoch: i16, sequence: i32, count: usize) -> Batch {
    let mut batch = outside(id, epoch, sequence, count);
    batch.header.set_transactional();
    batch
}

/// A batch of `count` records of the producer that belongs to no transaction.
fn outside(id: i64, epoch: i16, sequence: i32, count: usize) -> Batch {
    let mut batch = small(count);
    let (id, epoch) = (ProducerId(id), ProducerEpoch(epoch));
    batch.header.set_producer(id, epoch, Sequence(sequence));
    batch
}

fn terms(verification: Verification) -> AppendTerms<'static> {
    static SETTINGS: std::sync::LazyLock<LogSettings> = std::sync::LazyLock::new(LogSettings::default);
    AppendTerms {
        leader_epoch: LeaderEpoch(0),
        now_ms: NOW_MS,
        settings: &SETTINGS,
        origin: Origin::Client,
        verification,
    }
}

/// Appends a batch whose transaction need not be verified.
fn put(log: &mut PartitionLog, batch: Batch) -> Result<i64, AppendError> {
    let appended = log.append_on(batch, &terms(Verification::Disabled))?;
    log.replicated(log.log_end_offset());
    Ok(appended.base_offset.0)
}

fn marker(id: i64, epoch: i16, outcome: TransactionOutcome) -> TransactionMarker {
    TransactionMarker {
        producer_id: ProducerId(id),
        producer_epoch: ProducerEpoch(epoch),
        outcome,
        coordinator_epoch: 0,
        transaction_version: 0,
    }
}

fn end(log: &mut PartitionLog, marker: TransactionMarker) -> Result<i64, MarkerError> {
    let appended = log.append_marker(&marker, &terms(Verification::None))?;
    log.replicated(log.log_end_offset());
    Ok(appended.base_offset.0)
}

fn stable(log: &PartitionLog) -> i64 {
    log.last_stable_offset(log.log_end_offset()).0
}

fn aborted(log: &PartitionLog, from: i64, end: i64) -> Vec<(i64, i64)> {
    let found = log.aborted_transactions(Offset(from), Offset(end)).into_iter();
    found
        .map(|aborted| (aborted.producer_id.0, aborted.first_offset.0))
        .collect()
}

#[test]
fn the_last_stable_offset_is_the_first_offset_of_the_oldest_open_transaction() {
    let mut log = log();
    assert_eq!(stable(&log), 0);
    append(&mut log, small(2), &LogSettings::default());
    assert_eq!(stable(&log), 2, "without transactions it is the high watermark");
    put(&mut log, within(1, 0, 0, 2)).unwrap();
    put(&mut log, within(2, 0, 0, 1)).unwrap();
    put(&mut log, within(1, 0, 2, 1)).unwrap();
    assert_eq!(stable(&log), 2);
    end(&mut log, marker(1, 0, COMMIT)).unwrap();
    assert_eq!(stable(&log), 4, "the second transaction begins at 4");
    end(&mut log, marker(2, 0, ABORT)).unwrap();
    assert_eq!((stable(&log), log.log_end_offset()), (8, Offset(8)));
}

#[test]
fn a_transaction_is_unstable_until_its_marker_is_below_the_high_watermark() {
    let mut log = log();
    put(&mut log, within(1, 0, 0, 3)).unwrap();
    log.append_marker(&marker(1, 0, COMMIT), &terms(Verification::None))
        .unwrap();
    for (high_watermark, expected) in [(2, 0), (3, 0), (4, 4)] {
        log.replicated(Offset(high_watermark));
        let found = log.last_stable_offset(Offset(high_watermark));
        assert_eq!(found, Offset(expected), "high watermark {high_watermark}");
    }
}

#[test]
fn the_last_stable_offset_is_not_before_the_log_start_nor_after_the_high_watermark() {
    let mut log = log();
    append(&mut log, small(2), &LogSettings::default());
    put(&mut log, within(1, 0, 0, 4)).unwrap();
    assert_eq!(log.last_stable_offset(Offset(1)), Offset(1));
    log.delete_records(Offset(5)).unwrap();
    assert_eq!(stable(&log), 5);
}

#[test]
fn aborted_transactions_are_listed_by_their_markers_and_committed_ones_never() {
    let mut log = log();
    put(&mut log, within(1, 0, 0, 2)).unwrap(); // 0 and 1
    put(&mut log, within(2, 0, 0, 2)).unwrap(); // 2 and 3
    end(&mut log, marker(2, 0, ABORT)).unwrap(); // 4
    put(&mut log, within(3, 0, 0, 1)).unwrap(); // 5
    end(&mut log, marker(3, 0, COMMIT)).unwrap(); // 6
    end(&mut log, marker(1, 0, ABORT)).unwrap(); // 7
    put(&mut log, within(2, 0, 2, 1)).unwrap(); // 8
    end(&mut log, marker(2, 0, ABORT)).unwrap(); // 9
    assert_eq!(aborted(&log, 0, 10), [(2, 2), (1, 0), (2, 8)]);
    assert_eq!(aborted(&log, 5, 7), [(1, 0)]);
    assert_eq!(aborted(&log, 8, 9), [(2, 8)]);
    log.delete_records(Offset(8)).unwrap();
    assert_eq!(aborted(&log, 8, 10), [(2, 8)]);
}

#[test]
fn a_marker_without_a_transaction_is_written_and_aborts_nothing() {
    let mut log = log();
    assert_eq!(end(&mut log, marker(1, 3, ABORT)), Ok(0));
    assert_eq!((stable(&log), aborted(&log, 0, 1)), (1, vec![]));
    let producer = log.active_producers()[0];
    assert_eq!(
        producer,
        ActiveProducer {
            producer_id: ProducerId(1),
            producer_epoch: ProducerEpoch(3),
            last_sequence: Sequence(-1),
            last_timestamp_ms: NOW_MS,
            coordinator_epoch: 0,
            transaction_start_offset: None,
        }
    );
}

#[test]
fn producers_are_described_with_their_open_transaction_and_the_coordinators_epoch() {
    let mut log = log();
    append(&mut log, small(2), &LogSettings::default());
    put(&mut log, within(1, 0, 0, 2)).unwrap();
    put(&mut log, within(1, 0, 2, 1)).unwrap();
    let described = |log: &PartitionLog| {
        let producer = log.active_producers()[0];
        let start = producer.transaction_start_offset;
        (producer.last_sequence.0, producer.coordinator_epoch, start)
    };
    assert_eq!(described(&log), (2, -1, Some(Offset(2))));
    let later = TransactionMarker {
        coordinator_epoch: 5,
        ..marker(1, 0, COMMIT)
    };
    end(&mut log, later).unwrap();
    assert_eq!(described(&log), (2, 5, None));
}

#[test]
fn a_marker_needs_the_epoch_that_its_transactions_version_asks_for() {
    // (version, the producer's epoch, whether its transaction is open, the marker's epoch, whether it is refused)
    for (version, epoch, is_open, found, is_refused) in [
        (0, 5, true, 5, false),
        (0, 5, true, 4, true),
        (0, 5, true, 6, false),
        (1, 5, false, 5, false),
        (1, 5, false, 4, true),
        // With version 2 the coordinator raises the epoch first.
        (2, 5, true, 6, false),
        (2, 5, true, 5, true),
        (2, 5, true, 4, true),
        // A marker that is written again finds the transaction ended.
        (2, 5, false, 5, false),
        (2, 5, false, 4, true),
        // The last epoch cannot be raised.
        (2, i16::MAX, true, i16::MAX, false),
    ] {
        let mut log = log();
        put(&mut log, within(1, epoch, 0, 1)).unwrap();
        if !is_open {
            end(&mut log, marker(1, epoch, COMMIT)).unwrap();
        }
        let sent = TransactionMarker {
            transaction_version: version,
            ..marker(1, found, COMMIT)
        };
        let expected = MarkerError::InvalidProducerEpoch {
            producer_id: ProducerId(1),
            found: ProducerEpoch(found),
            current: ProducerEpoch(epoch),
        };
        let written = end(&mut log, sent);
        let what = format!("version {version}: {found} where {epoch} is known, open: {is_open}");
        assert_eq!(written.err(), is_refused.then_some(expected), "{what}");
    }
}

#[test]
fn a_marker_of_an_unknown_transactions_version_is_refused_before_its_epoch_is_looked_at() {
    let mut log = log();
    for (version, epoch, is_refused) in [(-1, 5, true), (-1, -2, true), (-2, 5, false), (3, 6, false)] {
        let sent = TransactionMarker {
            transaction_version: version,
            ..marker(1, epoch, COMMIT)
        };
        let expected = MarkerError::UnknownVersion {
            producer_id: ProducerId(1),
        };
        let written = end(&mut log, sent);
        assert_eq!(written.err(), is_refused.then_some(expected), "version {version}");
    }
}

#[test]
fn an_earlier_coordinator_is_fenced() {
    let mut log = log();
    let of_epoch = |coordinator_epoch| TransactionMarker {
        coordinator_epoch,
        ..marker(1, 0, COMMIT)
    };
    for (coordinator_epoch, expected) in [(3, None), (3, None), (2, Some(3)), (4, None), (3, Some(4))] {
        put(&mut log, small(1)).unwrap();
        let found = end(&mut log, of_epoch(coordinator_epoch)).err();
        let expected = expected.map(|current| MarkerError::CoordinatorFenced {
            producer_id: ProducerId(1),
            found: coordinator_epoch,
            current,
        });
        assert_eq!(found, expected, "coordinator epoch {coordinator_epoch}");
    }
}

#[test]
fn sequences_go_on_after_a_marker_of_the_same_epoch_and_begin_again_after_one_of_the_next() {
    let mut log = log();
    put(&mut log, within(1, 0, 0, 3)).unwrap();
    end(&mut log, marker(1, 0, COMMIT)).unwrap();
    let refused = |found, expected| {
        Err(AppendError::OutOfOrderSequence {
            producer_id: ProducerId(1),
            found: Sequence(found),
            expected: Sequence(expected),
        })
    };
    assert_eq!(put(&mut log, within(1, 0, 0, 1)), refused(0, 3));
    assert_eq!(put(&mut log, within(1, 0, 3, 1)), Ok(4));
    // Transactions version 2: the marker has the next epoch (KIP-890).
    let bumped = TransactionMarker {
        transaction_version: 2,
        ..marker(1, 1, ABORT)
    };
    assert_eq!(end(&mut log, bumped), Ok(5));
    assert_eq!(
        put(&mut log, within(1, 0, 4, 1)),
        Err(AppendError::InvalidProducerEpoch {
            producer_id: ProducerId(1),
            found: ProducerEpoch(0),
            current: ProducerEpoch(1),
        })
    );
    assert_eq!(put(&mut log, within(1, 1, 4, 1)), refused(4, 0));
    assert_eq!(put(&mut log, within(1, 1, 0, 1)), Ok(6));
}

#[test]
fn a_batch_sent_again_after_its_transaction_has_ended_is_still_a_duplicate() {
    let mut log = log();
    put(&mut log, within(1, 0, 0, 3)).unwrap();
    end(&mut log, marker(1, 0, COMMIT)).unwrap();
    let again = log.append_on(within(1, 0, 0, 3), &terms(Verification::None));
    let again = again.unwrap();
    assert_eq!((again.base_offset, again.is_duplicate), (Offset(0), true));
    assert_eq!(stable(&log), 4);
}

#[test]
fn a_batch_outside_of_its_producers_open_transaction_is_refused() {
    let mut log = log();
    put(&mut log, within(1, 0, 0, 1)).unwrap();
    let refused = Err(AppendError::NotTransactional {
        producer_id: ProducerId(1),
    });
    assert_eq!(put(&mut log, outside(1, 0, 1, 1)), refused);
    end(&mut log, marker(1, 0, COMMIT)).unwrap();
    assert_eq!(put(&mut log, outside(1, 0, 1, 1)), Ok(2));
}

fn unverified(epoch: i16, sequence: i32, supports_epoch_bump: bool) -> Unverified {
    Unverified {
        producer_id: ProducerId(1),
        producer_epoch: ProducerEpoch(epoch),
        base_sequence: Sequence(sequence),
        supports_epoch_bump,
    }
}

fn ask(log: &mut PartitionLog, epoch: i16, sequence: i32) -> VerificationGuard {
    let guard = log.begin_verification(unverified(epoch, sequence, false), NOW_MS);
    guard.unwrap().expect("no transaction is open")
}

fn put_confirmed(log: &mut PartitionLog, batch: Batch, guard: VerificationGuard) -> Result<i64, AppendError> {
    let appended = log.append_on(batch, &terms(Verification::Confirmed(guard)));
    appended.map(|appended| appended.base_offset.0)
}

#[test]
fn a_transaction_begins_only_with_a_batch_that_the_coordinator_has_confirmed() {
    let mut log = log();
    let refused = Err(AppendError::NotInTransaction {
        producer_id: ProducerId(1),
    });
    let unconfirmed = terms(Verification::None);
    let found = log.append_on(within(1, 0, 0, 1), &unconfirmed).map(|_| 0);
    assert_eq!(found, refused);
    let guard = ask(&mut log, 0, 0);
    assert_eq!(put_confirmed(&mut log, within(1, 0, 0, 1), guard), Ok(0));
    // The transaction is open now, so nothing is asked any more.
    assert_eq!(log.begin_verification(unverified(0, 1, false), NOW_MS), Ok(None));
    let second = log.append_on(within(1, 0, 1, 1), &unconfirmed);
    assert_eq!(second.map(|appended| appended.base_offset.0), Ok(1));
    assert!(log.has_ongoing_transaction(ProducerId(1), ProducerEpoch(0)));
    assert!(!log.has_ongoing_transaction(ProducerId(1), ProducerEpoch(1)));
    assert!(!log.has_ongoing_transaction(ProducerId(2), ProducerEpoch(0)));
}

#[test]
fn a_confirmation_is_void_once_a_marker_has_been_written() {
    let mut log = log();
    let before = ask(&mut log, 0, 0);
    end(&mut log, marker(1, 0, ABORT)).unwrap();
    let refused = Err(AppendError::NotInTransaction {
        producer_id: ProducerId(1),
    });
    assert_eq!(put_confirmed(&mut log, within(1, 0, 0, 1), before), refused);
    let after = ask(&mut log, 0, 0);
    assert_ne!(before, after);
    assert_eq!(put_confirmed(&mut log, within(1, 0, 0, 1), before), refused);
    assert_eq!(put_confirmed(&mut log, within(1, 0, 0, 1), after), Ok(1));
}

#[test]
fn a_stale_epoch_is_refused_before_the_coordinator_is_asked() {
    let mut log = log();
    put(&mut log, within(1, 3, 0, 1)).unwrap();
    assert_eq!(
        log.begin_verification(unverified(2, 0, false), NOW_MS),
        Err(AppendError::InvalidProducerEpoch {
            producer_id: ProducerId(1),
            found: ProducerEpoch(2),
            current: ProducerEpoch(3),
        })
    );
}

#[test]
fn of_batches_that_wait_for_a_confirmation_the_one_with_the_lowest_sequence_comes_first() {
    let mut log = log();
    let guard = ask(&mut log, 0, 5);
    assert_eq!(ask(&mut log, 0, 3), guard);
    assert_eq!(ask(&mut log, 0, 4), guard);
    let refused = |found, expected| {
        Err(AppendError::OutOfOrderSequence {
            producer_id: ProducerId(1),
            found: Sequence(found),
            expected: Sequence(expected),
        })
    };
    assert_eq!(put_confirmed(&mut log, within(1, 0, 4, 1), guard), refused(4, 3));
    // A new epoch replaces the sequences of the old one.
    assert_eq!(ask(&mut log, 1, 9), guard);
    assert_eq!(
        put_confirmed(&mut log, within(1, 1, 10, 1), guard),
        refused(10, 9)
    );
    assert_eq!(put_confirmed(&mut log, within(1, 1, 9, 1), guard), Ok(0));
}

#[test]
fn a_client_of_transactions_version_2_begins_at_sequence_0() {
    let mut log = log();
    let guard = log.begin_verification(unverified(0, 2, true), NOW_MS);
    let guard = guard.unwrap().expect("no transaction is open");
    assert_eq!(
        put_confirmed(&mut log, within(1, 0, 2, 1), guard),
        Err(AppendError::OutOfOrderSequence {
            producer_id: ProducerId(1),
            found: Sequence(2),
            expected: Sequence(0),
        })
    );
    assert_eq!(put_confirmed(&mut log, within(1, 0, 0, 1), guard), Ok(0));
}

#[test]
fn a_coordinators_batch_has_no_sequence_and_is_never_a_duplicate() {
    let mut log = log();
    let terms = AppendTerms {
        origin: Origin::Coordinator,
        ..terms(Verification::Disabled)
    };
    for expected in [0, 1] {
        let appended = log.append_on(within(1, 0, -1, 1), &terms).unwrap();
        assert_eq!((appended.base_offset.0, appended.is_duplicate), (expected, false));
    }
    assert_eq!(stable(&log), 0);
}

#[test]
fn a_producer_with_an_open_transaction_does_not_expire() {
    let mut log = log();
    put(&mut log, within(1, 0, 0, 1)).unwrap();
    put(&mut log, outside(2, 0, 0, 1)).unwrap();
    log.expire_producers(NOW_MS + 1_000, 1_000);
    let ids: Vec<_> = log
        .active_producers()
        .iter()
        .map(|producer| producer.producer_id.0)
        .collect();
    assert_eq!(ids, [1]);
    assert_eq!(stable(&log), 0);
}

#[test]
fn truncation_opens_a_transaction_again_whose_marker_is_dropped() {
    let mut log = log();
    put(&mut log, within(1, 0, 0, 2)).unwrap(); // 0 and 1
    end(&mut log, marker(1, 0, ABORT)).unwrap(); // 2
    put(&mut log, within(1, 0, 2, 1)).unwrap(); // 3
    put(&mut log, within(2, 0, 0, 1)).unwrap(); // 4
    end(&mut log, marker(1, 0, ABORT)).unwrap(); // 5
    assert_eq!((stable(&log), aborted(&log, 0, 6)), (4, vec![(1, 0), (1, 3)]));
    log.truncate(Offset(5), NOW_MS);
    assert_eq!((stable(&log), aborted(&log, 0, 5)), (3, vec![(1, 0)]));
    log.truncate(Offset(3), NOW_MS);
    assert_eq!((stable(&log), aborted(&log, 0, 3)), (3, vec![(1, 0)]));
    log.truncate(Offset(2), NOW_MS);
    assert_eq!((stable(&log), aborted(&log, 0, 2)), (0, vec![]));
    assert_eq!(put(&mut log, within(1, 0, 2, 1)), Ok(2));
    log.truncate(Offset(0), NOW_MS);
    assert_eq!((stable(&log), log.active_producers()), (0, vec![]));
}

#[test]
fn markers_get_the_brokers_time_under_log_append_time() {
    let mut log = log();
    let settings = LogSettings {
        log_append_time: true,
        ..LogSettings::default()
    };
    let terms = AppendTerms {
        settings: &settings,
        ..terms(Verification::None)
    };
    log.append_marker(&marker(1, 0, COMMIT), &terms).unwrap();
    let slice = log.read(Offset(0), Offset(1), usize::MAX, true).unwrap();
    let (header, body) = records::batches(wire(&slice)).next().unwrap();
    assert!(header.is_control() && header.is_transactional());
    assert_eq!(header.timestamp_type(), header::TimestampType::LogAppendTime);
    assert_eq!(header.crc(), header.compute_crc(&body));
}
