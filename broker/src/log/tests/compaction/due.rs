//! When a log is due.

use super::*;

#[test]
fn a_log_is_due_once_the_dirty_part_is_larger_than_the_ratio_allows() {
    for (ratio, is_due) in [(0.0, true), (0.3, true), (0.7, false), (1.0, false)] {
        let mut log = log();
        for key in ["a", "b"] {
            put(&mut log, &[(key, Some("1"))]);
        }
        put_last(&mut log);
        assert!(clean(&mut log, NOW_MS, &settings()));
        // Two clean batches, and two dirty ones of the same size.
        put(&mut log, &[("a", Some("2"))]);
        put_last(&mut log);
        let settings = LogSettings {
            min_cleanable_dirty_ratio: ratio,
            ..settings()
        };
        assert_eq!(clean(&mut log, NOW_MS, &settings), is_due, "ratio {ratio}");
        assert!(!clean(&mut log, NOW_MS, &settings), "nothing is dirty any more");
    }
}

#[test]
fn a_record_younger_than_min_compaction_lag_ms_is_left_alone() {
    let mut log = log();
    put(&mut log, &[("a", Some("1"))]);
    put(&mut log, &[("a", Some("2"))]);
    put_last(&mut log);
    let settings = LogSettings {
        min_compaction_lag_ms: 1_000,
        ..settings()
    };
    assert!(!clean(&mut log, NOW_MS + 999, &settings));
    assert!(clean(&mut log, NOW_MS + 1_000, &settings));
    assert_eq!(offsets(&log), [1, 2]);
}

#[test]
fn a_record_older_than_max_compaction_lag_ms_makes_the_log_due() {
    let mut log = log();
    put(&mut log, &[("a", Some("1"))]);
    put(&mut log, &[("a", Some("2"))]);
    put_last(&mut log);
    let settings = LogSettings {
        max_compaction_lag_ms: 1_000,
        min_cleanable_dirty_ratio: 1.0,
        ..settings()
    };
    assert!(!clean(&mut log, NOW_MS + 1_000, &settings));
    assert!(clean(&mut log, NOW_MS + 1_001, &settings));
    assert_eq!(offsets(&log), [1, 2]);
}

#[test]
fn max_compaction_lag_ms_closes_a_segment() {
    let settings = LogSettings {
        max_compaction_lag_ms: 1_000,
        segment_bytes: 1 << 20,
        ..settings()
    };
    for (later_ms, count) in [(1_000, 1), (1_001, 2)] {
        let mut log = log();
        for timestamp_ms in [NOW_MS, NOW_MS + later_ms] {
            let record = NewRecord {
                timestamp_ms,
                key: Some(b"a"),
                ..NewRecord::default()
            };
            let batch = Batch::verify(encode_batch(&[record], Compression::None)).expect("valid");
            log.append_on(batch, &terms(&settings, timestamp_ms))
                .expect("appended");
        }
        assert_eq!(log.segments.len(), count, "{later_ms} ms later");
    }
}
