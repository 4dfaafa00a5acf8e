//! Sequences of idempotent producers.

use super::*;

const PRODUCER: ProducerId = ProducerId(4_000);

/// The expected outcome of an append.
#[derive(Debug, PartialEq)]
enum Outcome {
    At(i64),
    DuplicateOf(i64),
    OutOfOrder { expected: i32 },
    Fenced { current: i16 },
}
use Outcome::{At, DuplicateOf, Fenced, OutOfOrder};

fn from_producer(epoch: i16, sequence: i32, count: usize) -> Batch {
    let mut batch = small(count);
    batch
        .header
        .set_producer(PRODUCER, ProducerEpoch(epoch), Sequence(sequence));
    batch
}

fn outcome(log: &mut PartitionLog, (epoch, sequence, count): (i16, i32, usize)) -> Outcome {
    let batch = from_producer(epoch, sequence, count);
    match log.append(batch, LeaderEpoch(0), NOW_MS, &LogSettings::default()) {
        Ok(appended) if appended.is_duplicate => DuplicateOf(appended.base_offset.0),
        Ok(appended) => At(appended.base_offset.0),
        Err(AppendError::OutOfOrderSequence { expected, .. }) => OutOfOrder { expected: expected.0 },
        Err(AppendError::InvalidProducerEpoch { current, .. }) => Fenced { current: current.0 },
        Err(error) => panic!("unexpected: {error}"),
    }
}

#[test]
fn sequences_follow_kafkas_rules() {
    // (name of the case, [((epoch, sequence, count), outcome)])
    type Step = ((i16, i32, usize), Outcome);
    let cases: Vec<(&str, Vec<Step>)> = vec![
        (
            "in order",
            vec![((0, 0, 2), At(0)), ((0, 2, 3), At(2)), ((0, 5, 1), At(5))],
        ),
        (
            "an unknown producer may start anywhere",
            vec![((3, 77, 2), At(0)), ((3, 79, 1), At(2))],
        ),
        (
            "a gap is out of order",
            vec![
                ((0, 0, 2), At(0)),
                ((0, 3, 1), OutOfOrder { expected: 2 }),
                ((0, 2, 1), At(2)),
            ],
        ),
        (
            "a batch sent again is acknowledged with its first offset",
            vec![
                ((0, 0, 2), At(0)),
                ((0, 2, 2), At(2)),
                ((0, 0, 2), DuplicateOf(0)),
                ((0, 2, 2), DuplicateOf(2)),
            ],
        ),
        (
            "a part of a batch is no duplicate",
            vec![
                ((0, 0, 3), At(0)),
                ((0, 0, 2), OutOfOrder { expected: 3 }),
                ((0, 1, 2), OutOfOrder { expected: 3 }),
            ],
        ),
        (
            "the window holds five batches",
            vec![
                ((0, 0, 1), At(0)),
                ((0, 1, 1), At(1)),
                ((0, 2, 1), At(2)),
                ((0, 3, 1), At(3)),
                ((0, 4, 1), At(4)),
                ((0, 0, 1), DuplicateOf(0)),
                ((0, 5, 1), At(5)),
                ((0, 0, 1), OutOfOrder { expected: 6 }),
                ((0, 1, 1), DuplicateOf(1)),
            ],
        ),
        (
            "sequences wrap from 2^31 - 1 to 0",
            vec![
                ((0, i32::MAX - 1, 2), At(0)),
                ((0, 0, 1), At(2)),
                ((0, i32::MAX - 1, 2), DuplicateOf(0)),
                ((0, 1, 1), At(3)),
            ],
        ),
        (
            "a batch may wrap within",
            vec![
                ((0, i32::MAX - 1, 4), At(0)), // 2147483646, 2147483647, 0, 1
                ((0, 1, 1), OutOfOrder { expected: 2 }),
                ((0, 2, 1), At(4)),
                ((0, i32::MAX - 1, 4), DuplicateOf(0)),
            ],
        ),
        (
            "a higher epoch starts at 0",
            vec![
                ((0, 0, 1), At(0)),
                ((1, 1, 1), OutOfOrder { expected: 0 }),
                ((1, 0, 1), At(1)),
                ((1, 1, 1), At(2)),
            ],
        ),
        (
            "an older epoch is fenced, its duplicates too",
            vec![
                ((2, 0, 1), At(0)),
                ((1, 0, 1), Fenced { current: 2 }),
                ((1, 1, 1), Fenced { current: 2 }),
            ],
        ),
        (
            "a new epoch forgets the old one's batches",
            vec![
                ((0, 0, 1), At(0)),
                ((1, 0, 1), At(1)),
                ((1, 0, 1), DuplicateOf(1)),
            ],
        ),
    ];
    for (what, steps) in cases {
        let mut log = log();
        for (step, expected) in steps {
            let end = log.log_end_offset();
            let found = outcome(&mut log, step);
            assert_eq!(found, expected, "{what}: {step:?}");
            let moved = log.log_end_offset().0 - end.0;
            let count = if matches!(found, At(_)) { step.2 as i64 } else { 0 };
            assert_eq!(moved, count, "{what}: {step:?}");
        }
    }
}

#[test]
fn a_duplicate_is_answered_with_all_of_the_originals_offsets() {
    let mut log = log();
    append(&mut log, small(4), &LogSettings::default());
    append(&mut log, from_producer(0, 0, 3), &LogSettings::default());
    log.delete_records(Offset(2)).expect("it exists");
    assert_eq!(
        append(&mut log, from_producer(0, 0, 3), &LogSettings::default()),
        Appended {
            base_offset: Offset(4),
            last_offset: Offset(6),
            log_append_time_ms: Some(NOW_MS),
            log_start_offset: Offset(2),
            is_duplicate: true,
        }
    );
}

#[test]
fn sequences_of_producers_are_independent() {
    let mut log = log();
    assert_eq!(outcome(&mut log, (0, 0, 1)), At(0));
    let mut other = from_producer(0, 9, 1);
    other
        .header
        .set_producer(ProducerId(4_001), ProducerEpoch(5), Sequence(9));
    append(&mut log, other, &LogSettings::default());
    assert_eq!(outcome(&mut log, (0, 1, 1)), At(2));
    let active: Vec<_> = log
        .active_producers()
        .into_iter()
        .map(|producer| {
            (
                producer.producer_id.0,
                producer.producer_epoch.0,
                producer.last_sequence.0,
            )
        })
        .collect();
    assert_eq!(active, [(4_000, 0, 1), (4_001, 5, 9)]);
}

#[test]
fn a_producer_is_forgotten_after_a_day_and_not_before() {
    let day_ms = 86_400_000;
    let mut log = log();
    outcome(&mut log, (0, 0, 1));
    log.expire_producers(NOW_MS + day_ms - 1, day_ms);
    assert_eq!(outcome(&mut log, (0, 7, 1)), OutOfOrder { expected: 1 });
    log.expire_producers(NOW_MS + day_ms, day_ms);
    assert_eq!(log.active_producers(), []);
    assert_eq!(outcome(&mut log, (0, 7, 1)), At(1));
}

#[test]
fn a_refused_batch_does_not_count() {
    let mut log = log();
    let settings = LogSettings {
        max_message_bytes: 100,
        ..LogSettings::default()
    };
    let error = log.append(from_producer(0, 0, 10), LeaderEpoch(0), NOW_MS, &settings);
    assert!(matches!(error, Err(AppendError::TooLarge { .. })));
    assert_eq!(outcome(&mut log, (0, 0, 10)), At(0));
}

#[test]
fn beyond_ten_thousand_producers_the_least_recent_are_forgotten() {
    let mut log = log();
    let append_as = |log: &mut PartitionLog, id: i64, sequence: i32| {
        let mut batch = small(1);
        batch
            .header
            .set_producer(ProducerId(id), ProducerEpoch(0), Sequence(sequence));
        append(log, batch, &LogSettings::default());
    };
    for id in 1..=10_000 {
        append_as(&mut log, id, 0);
    }
    append_as(&mut log, 1, 1);
    assert_eq!(
        log.active_producers().len(),
        10_000,
        "a known producer needs no room"
    );
    append_as(&mut log, 10_001, 0);
    let ids: Vec<_> = log
        .active_producers()
        .into_iter()
        .map(|producer| producer.producer_id.0)
        .collect();
    assert_eq!(ids.len(), 10_000 - 1_001 + 1);
    assert_eq!((ids[0], ids[1], ids[ids.len() - 1]), (1, 1_003, 10_001));
}
