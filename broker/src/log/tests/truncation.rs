//! Truncation, by which a follower drops records that diverge from the leader's log.

use super::*;

const PRODUCER: ProducerId = ProducerId(7);

fn from_producer(epoch: i16, sequence: i32) -> Batch {
    let mut batch = small(1);
    batch
        .header
        .set_producer(PRODUCER, ProducerEpoch(epoch), Sequence(sequence));
    batch
}

/// Returns a log of four batches: records 0..3 and 3..6 small, 6 large, 7..9 small.
fn log_of_four() -> PartitionLog {
    let mut log = log();
    for batch in [small(3), small(3), large(), small(2)] {
        append(&mut log, batch, &LogSettings::default());
    }
    log
}

#[test]
fn the_batch_that_contains_the_offset_is_dropped_whole_and_the_offset_is_the_new_end() {
    let cases: [(i64, i64, &[i64]); 9] = [
        (10, 9, &[0, 3, 6, 7]),
        (9, 9, &[0, 3, 6, 7]),
        (8, 8, &[0, 3, 6]),
        (7, 7, &[0, 3, 6]),
        (6, 6, &[0, 3]),
        (5, 5, &[0]),
        (3, 3, &[0]),
        (1, 1, &[]),
        (0, 0, &[]),
    ];
    for (offset, log_end_offset, kept) in cases {
        let mut log = log_of_four();
        log.truncate(Offset(offset), NOW_MS);
        assert_eq!(log.log_end_offset(), Offset(log_end_offset), "to {offset}");
        assert_eq!(log.log_start_offset(), Offset(0), "to {offset}");
        assert_eq!(read(&log, 0, usize::MAX), kept, "to {offset}");
        let appended = append(&mut log, small(1), &LogSettings::default());
        assert_eq!(appended.base_offset, Offset(log_end_offset), "to {offset}");
        let all = [kept, &[log_end_offset]].concat();
        assert_eq!(read(&log, 0, usize::MAX), all, "to {offset}");
    }
}

#[test]
fn dropped_bytes_are_not_counted() {
    let sizes: Vec<_> = [9, 7, 6, 3, 0]
        .map(|offset| {
            let mut log = log_of_four();
            log.truncate(Offset(offset), NOW_MS);
            log.size_bytes()
        })
        .into();
    let of = |batch: Batch| batch.size_bytes() as u64;
    let first_two = 2 * of(small(3));
    assert_eq!(
        sizes,
        [
            first_two + of(large()) + of(small(2)),
            first_two + of(large()),
            first_two,
            of(small(3)),
            0
        ]
    );
}

#[test]
fn truncation_frees_memory() {
    let pool = pool();
    let mut log = PartitionLog::new(pool.clone());
    for _ in 0..100 {
        append(&mut log, small(3), &LogSettings::default());
        let received = pool
            .copy(&[&large().header.0[..], &large().body[..]].concat())
            .expect("there is room");
        let batch = Batch::verify(received).expect("valid");
        append(&mut log, batch, &LogSettings::default());
    }
    let before = pool.used_bytes();
    log.truncate(Offset(200), NOW_MS);
    assert!(
        pool.used_bytes() < before * 6 / 10,
        "{} of {before}",
        pool.used_bytes()
    );
    log.truncate(Offset(0), NOW_MS);
    assert_eq!(pool.used_bytes(), 0);
}

#[test]
fn an_offset_before_the_log_start_empties_the_log() {
    let mut log = log_of_four();
    log.delete_records(Offset(6)).expect("it exists");
    log.truncate(Offset(4), NOW_MS);
    assert_eq!(
        (log.log_start_offset(), log.log_end_offset(), log.size_bytes()),
        (Offset(4), Offset(4), 0)
    );
    append(&mut log, small(2), &LogSettings::default());
    assert_eq!(read(&log, 4, usize::MAX), [4]);
}

#[test]
fn an_offset_between_the_log_start_and_its_batch_keeps_the_log_start() {
    let mut log = log_of_four();
    log.delete_records(Offset(4)).expect("it exists");
    log.truncate(Offset(5), NOW_MS);
    assert_eq!(
        (log.log_start_offset(), log.log_end_offset()),
        (Offset(4), Offset(5))
    );
    assert_eq!(read(&log, 4, usize::MAX), [0i64; 0]);
}

#[test]
fn a_segment_that_was_emptied_takes_the_next_append() {
    // One batch per segment.
    let settings = LogSettings {
        segment_bytes: small(1).size_bytes() as i32,
        ..LogSettings::default()
    };
    let mut log = log();
    for _ in 0..4 {
        append(&mut log, small(1), &settings);
    }
    log.truncate(Offset(2), NOW_MS);
    assert_eq!(log.segments.len(), 3);
    append(&mut log, small(1), &settings);
    assert_eq!(log.segments.len(), 3);
    append(&mut log, small(1), &settings);
    assert_eq!(log.segments.len(), 4);
    assert_eq!(read(&log, 0, usize::MAX), [0, 1, 2, 3]);
}

#[test]
fn retention_ignores_the_time_and_bytes_of_dropped_batches() {
    let settings = LogSettings {
        retention_ms: 1_000,
        ..LogSettings::default()
    };
    let mut log = log();
    append(&mut log, batch(&[NOW_MS], 10, Compression::None), &settings);
    append(
        &mut log,
        batch(&[NOW_MS + 5_000], 10, Compression::None),
        &settings,
    );
    assert_eq!(log.enforce_retention(NOW_MS + 2_000, &settings), 0);
    log.truncate(Offset(1), NOW_MS);
    let kept_bytes = log.size_bytes();
    assert_eq!(log.enforce_retention(NOW_MS + 2_000, &settings), kept_bytes);
    assert_eq!(log.log_start_offset(), Offset(1));
}

#[test]
fn retention_counts_the_time_of_deleted_records_after_a_truncation() {
    let settings = LogSettings {
        retention_ms: 1_000,
        ..LogSettings::default()
    };
    let mut log = log();
    append(
        &mut log,
        batch(&[NOW_MS + 5_000], 10, Compression::None),
        &settings,
    );
    append(&mut log, batch(&[NOW_MS], 10_000, Compression::None), &settings);
    // The memory of the first batch is given back, and its segment goes on counting it.
    log.delete_records(Offset(1)).expect("it exists");
    log.truncate(Offset(1), NOW_MS);
    let kept_bytes = log.size_bytes();
    assert_eq!(log.enforce_retention(NOW_MS + 6_000, &settings), 0);
    assert_eq!(log.enforce_retention(NOW_MS + 6_001, &settings), kept_bytes);
}

#[test]
fn epochs_that_begin_at_or_after_the_offset_are_forgotten() {
    let mut log = log();
    for epoch in 0..3 {
        log.begin_epoch(LeaderEpoch(epoch));
        log.append(small(2), LeaderEpoch(epoch), NOW_MS, &LogSettings::default())
            .expect("appended");
    }
    log.truncate(Offset(4), NOW_MS);
    assert_eq!(log.end_offset_for_epoch(LeaderEpoch(2)), None);
    assert_eq!(
        log.end_offset_for_epoch(LeaderEpoch(1)),
        Some((LeaderEpoch(1), Offset(4)))
    );
    // An epoch that began here without a record is forgotten even if no record is dropped.
    log.begin_epoch(LeaderEpoch(5));
    log.truncate(Offset(4), NOW_MS);
    assert_eq!(log.end_offset_for_epoch(LeaderEpoch(5)), None);
}

/// Appends a producer's batches with these (epoch, sequence), one record each, and truncates to `offset`.
fn truncated(batches: &[(i16, i32)], offset: i64) -> PartitionLog {
    let mut log = log();
    for (epoch, sequence) in batches {
        append(
            &mut log,
            from_producer(*epoch, *sequence),
            &LogSettings::default(),
        );
    }
    log.truncate(Offset(offset), NOW_MS);
    log
}

fn last_written(log: &PartitionLog) -> Vec<(i16, i32)> {
    log.active_producers()
        .iter()
        .map(|producer| (producer.producer_epoch.0, producer.last_sequence.0))
        .collect()
}

#[test]
fn a_producer_goes_back_to_its_last_batch_that_is_kept() {
    let in_order: Vec<_> = (0..8).map(|sequence| (0, sequence)).collect();
    let cases = [
        (&in_order[..], 8, vec![(0, 7)]),
        (&in_order, 7, vec![(0, 6)]),
        // Further back than the five batches that are remembered.
        (&in_order, 1, vec![(0, 0)]),
        (&in_order, 0, vec![]),
        (&[(0, 0), (0, 1), (1, 0)], 2, vec![(0, 1)]),
    ];
    for (batches, offset, expected) in cases {
        assert_eq!(
            last_written(&truncated(batches, offset)),
            expected,
            "{batches:?} to {offset}"
        );
    }
}

#[test]
fn a_dropped_batch_is_appended_again_and_a_kept_one_is_a_duplicate() {
    let mut log = truncated(&[(0, 0), (0, 1), (0, 2)], 2);
    let settings = LogSettings::default();
    let again = append(&mut log, from_producer(0, 1), &settings);
    assert_eq!((again.base_offset, again.is_duplicate), (Offset(1), true));
    let anew = append(&mut log, from_producer(0, 2), &settings);
    assert_eq!((anew.base_offset, anew.is_duplicate), (Offset(2), false));
}

#[test]
fn a_producer_whose_last_batch_is_kept_stays_known_without_its_records() {
    let mut log = log();
    let settings = LogSettings::default();
    append(&mut log, from_producer(0, 0), &settings);
    append(&mut log, small(5), &settings);
    log.delete_records(Offset(3)).expect("it exists");
    log.truncate(Offset(4), NOW_MS);
    assert_eq!(last_written(&log), [(0, 0)]);
}
