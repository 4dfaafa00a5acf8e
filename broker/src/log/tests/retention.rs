//! Segments that are rolled and dropped.

use super::*;

/// Returns settings under which two batches of one large record fill a segment.
fn settings() -> LogSettings {
    LogSettings {
        segment_bytes: 25_000,
        ..LogSettings::default()
    }
}

fn filled(count: usize, settings: &LogSettings) -> PartitionLog {
    let mut log = log();
    for _ in 0..count {
        append(&mut log, large(), settings);
    }
    log
}

#[test]
fn without_a_limit_everything_is_kept() {
    let settings = LogSettings {
        retention_ms: -1,
        ..settings()
    };
    let mut log = filled(9, &settings);
    assert_eq!(log.enforce_retention(i64::MAX, &settings), 0);
    assert_eq!(log.log_start_offset(), Offset(0));
}

#[test]
fn retention_bytes_drops_whole_old_segments_as_new_ones_begin() {
    let batch_bytes = large().size_bytes() as i64;
    let settings = LogSettings {
        retention_bytes: 4 * batch_bytes,
        ..settings()
    };
    let mut log = log();
    let starts: Vec<_> = (0..9)
        .map(|_| append(&mut log, large(), &settings).log_start_offset.0)
        .collect();
    // A segment holds two batches. The 7th batch begins a fourth segment: without the first one 5 are left, which is enough.
    assert_eq!(starts, [0, 0, 0, 0, 0, 0, 2, 2, 4]);
    assert_eq!(log.size_bytes() as i64, 5 * batch_bytes);
    assert_eq!(read(&log, 4, usize::MAX), [4, 5, 6, 7, 8]);
}

#[test]
fn retention_bytes_keeps_an_active_segment_without_which_the_log_is_too_small() {
    let settings = LogSettings {
        retention_bytes: 1,
        ..settings()
    };
    let mut log = filled(5, &settings);
    assert_eq!(log.log_start_offset(), Offset(4));
    assert_eq!(log.enforce_retention(NOW_MS, &settings), 0);
    assert_eq!(read(&log, 4, usize::MAX), [4]);
}

#[test]
fn retention_ms_drops_segments_by_their_latest_record_the_active_one_too() {
    let mut log = log();
    let settings = LogSettings {
        retention_ms: 1_000,
        ..settings()
    };
    for timestamp_ms in [NOW_MS, NOW_MS - 500, NOW_MS + 200, NOW_MS + 100, NOW_MS + 300] {
        append(
            &mut log,
            batch(&[timestamp_ms], 10_000, Compression::None),
            &settings,
        );
    }
    let start_at = |log: &mut PartitionLog, now_ms| {
        log.enforce_retention(now_ms, &settings);
        log.log_start_offset().0
    };
    assert_eq!(start_at(&mut log, NOW_MS + 1_000), 0, "as old as allowed");
    assert_eq!(start_at(&mut log, NOW_MS + 1_001), 2);
    assert_eq!(start_at(&mut log, NOW_MS + 1_201), 4);
    assert_eq!(
        start_at(&mut log, NOW_MS + 1_301),
        5,
        "the active segment is rolled and dropped"
    );
    assert_eq!((log.size_bytes(), log.log_end_offset()), (0, Offset(5)));
    assert_eq!(append(&mut log, small(1), &settings).base_offset, Offset(5));
    assert_eq!(read(&log, 5, usize::MAX), [5]);
}

#[test]
fn records_without_timestamps_age_from_their_append() {
    let settings = LogSettings {
        retention_ms: 1_000,
        ..settings()
    };
    let mut log = log();
    append(&mut log, batch(&[-1], 10, Compression::None), &settings);
    log.enforce_retention(NOW_MS + 1_000, &settings);
    assert_eq!(log.log_start_offset(), Offset(0));
    log.enforce_retention(NOW_MS + 1_001, &settings);
    assert_eq!(log.log_start_offset(), Offset(1));
}

#[test]
fn a_batch_of_old_records_is_not_dropped_by_its_own_append() {
    let settings = LogSettings {
        retention_ms: 1_000,
        ..settings()
    };
    let mut log = log();
    append(&mut log, batch(&[5], 10, Compression::None), &settings);
    assert_eq!(
        log.log_start_offset(),
        Offset(0),
        "the sweep drops it, not the append"
    );
    log.enforce_retention(NOW_MS, &settings);
    assert_eq!(log.log_start_offset(), Offset(1));
}

#[test]
fn a_topic_that_only_compacts_keeps_its_segments() {
    let settings = LogSettings {
        deletes: false,
        retention_ms: 0,
        retention_bytes: 0,
        ..settings()
    };
    let mut log = filled(5, &settings);
    assert_eq!(log.enforce_retention(i64::MAX, &settings), 0);
    assert_eq!(log.log_start_offset(), Offset(0));
}

#[test]
fn segment_ms_rolls_by_the_first_records_time() {
    let settings = LogSettings {
        segment_ms: 1_000,
        retention_bytes: 0,
        ..LogSettings::default()
    };
    let mut log = log();
    for (timestamp_ms, expected_start) in [(NOW_MS, 0), (NOW_MS + 1_000, 0), (NOW_MS + 1_001, 2)] {
        let sent = batch(&[timestamp_ms], 10, Compression::None);
        let appended = append(&mut log, sent, &settings);
        assert_eq!(
            appended.log_start_offset,
            Offset(expected_start),
            "{timestamp_ms}"
        );
    }
}

#[test]
fn deleting_records_moves_the_start_and_keeps_the_rest_of_its_batch() {
    let mut log = log();
    append(&mut log, small(10), &settings());
    append(&mut log, small(10), &settings());
    assert_eq!(log.delete_records(Offset(3)), Ok(Offset(3)));
    assert_eq!(
        read(&log, 3, usize::MAX),
        [0, 10],
        "clients skip what lies before the offset they asked for"
    );
    assert_eq!(
        log.delete_records(Offset(1)),
        Ok(Offset(3)),
        "the log start never moves back"
    );
    assert_eq!(log.delete_records(Offset(20)), Ok(Offset(20)));
    let error = log.delete_records(Offset(21)).expect_err("beyond the end");
    assert_eq!(error.to_string(), "offset 21 is outside 20..=20");
    assert!(log.delete_records(Offset(-1)).is_err());
}

#[test]
fn the_epoch_that_holds_the_start_is_known_after_a_deletion() {
    let mut log = log();
    append(&mut log, small(4), &settings());
    log.append(small(4), LeaderEpoch(2), NOW_MS, &settings())
        .expect("appended");
    log.delete_records(Offset(6)).expect("it exists");
    assert_eq!(
        (log.epoch_at(Offset(5)), log.epoch_at(Offset(6))),
        (None, Some(LeaderEpoch(2)))
    );
}
