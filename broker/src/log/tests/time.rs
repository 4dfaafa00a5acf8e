//! Lookups of records by time.

use super::*;
use crate::log::records::InvalidRecords;

const CODECS: [Compression; 5] = [
    Compression::None,
    Compression::Gzip,
    Compression::Snappy,
    Compression::Lz4,
    Compression::Zstd,
];

fn at(offset: i64, timestamp_ms: i64) -> Option<Found> {
    Some(Found {
        offset: Offset(offset),
        timestamp_ms,
        leader_epoch: LeaderEpoch(0),
    })
}

#[test]
fn the_first_record_at_or_after_a_time_is_found_inside_a_batch() {
    for codec in CODECS {
        for value_bytes in [1, 5_000] {
            let mut log = log();
            append(
                &mut log,
                batch(&[100, 110, 120], value_bytes, codec),
                &LogSettings::default(),
            );
            append(
                &mut log,
                batch(&[130], value_bytes, codec),
                &LogSettings::default(),
            );
            for (timestamp_ms, expected) in [
                (0, at(0, 100)),
                (100, at(0, 100)),
                (101, at(1, 110)),
                (115, at(2, 120)),
                (121, at(3, 130)),
                (131, None),
            ] {
                assert_eq!(
                    log.find_by_time(timestamp_ms, &LogSettings::default()).unwrap(),
                    expected,
                    "{codec:?} {timestamp_ms}"
                );
            }
        }
    }
}

#[test]
fn timestamps_need_not_rise() {
    let mut log = log();
    for timestamps_ms in [&[500, 100][..], &[300], &[900, 200, 800], &[50]] {
        append(
            &mut log,
            batch(timestamps_ms, 1, Compression::None),
            &LogSettings::default(),
        );
    }
    for (timestamp_ms, expected) in [
        (100, at(0, 500)),
        (500, at(0, 500)),
        (501, at(3, 900)),
        (901, None),
    ] {
        assert_eq!(
            log.find_by_time(timestamp_ms, &LogSettings::default()).unwrap(),
            expected,
            "{timestamp_ms}"
        );
    }
    assert_eq!(
        log.find_max_timestamp(&LogSettings::default()).unwrap(),
        at(3, 900)
    );
}

#[test]
fn deleted_records_are_not_found() {
    let mut log = log();
    for timestamps_ms in [&[900][..], &[800, 100, 300, 300], &[200]] {
        append(
            &mut log,
            batch(timestamps_ms, 1, Compression::Zstd),
            &LogSettings::default(),
        );
    }
    log.delete_records(Offset(2)).expect("it exists");
    assert_eq!(log.find_by_time(0, &LogSettings::default()).unwrap(), at(2, 100));
    assert_eq!(
        log.find_by_time(150, &LogSettings::default()).unwrap(),
        at(3, 300)
    );
    assert_eq!(
        log.find_by_time(301, &LogSettings::default()).unwrap(),
        None,
        "900 and 800 are gone, though 800 shares a batch with what is left"
    );
    assert_eq!(
        log.find_max_timestamp(&LogSettings::default()).unwrap(),
        at(3, 300),
        "the first of two"
    );
}

#[test]
fn of_equal_largest_timestamps_the_first_record_counts() {
    let mut log = log();
    for timestamps_ms in [&[5, 9, 9][..], &[9]] {
        append(
            &mut log,
            batch(timestamps_ms, 5_000, Compression::Gzip),
            &LogSettings::default(),
        );
    }
    assert_eq!(log.find_max_timestamp(&LogSettings::default()).unwrap(), at(1, 9));
}

#[test]
fn records_without_a_timestamp_are_not_found_by_time() {
    let mut log = log();
    assert_eq!(log.find_max_timestamp(&LogSettings::default()).unwrap(), None);
    append(
        &mut log,
        batch(&[-1], 1, Compression::None),
        &LogSettings::default(),
    );
    assert_eq!(
        (
            log.find_by_time(0, &LogSettings::default()).unwrap(),
            log.find_max_timestamp(&LogSettings::default()).unwrap()
        ),
        (None, None)
    );
}

#[test]
fn under_log_append_time_the_first_record_of_the_batch_is_found() {
    let mut log = log();
    let settings = LogSettings {
        log_append_time: true,
        ..LogSettings::default()
    };
    append(&mut log, batch(&[5, 6, 7], 1, Compression::Lz4), &settings);
    assert_eq!(
        log.find_by_time(NOW_MS, &LogSettings::default()).unwrap(),
        at(0, NOW_MS)
    );
    assert_eq!(
        log.find_by_time(NOW_MS + 1, &LogSettings::default()).unwrap(),
        None
    );
    assert_eq!(
        log.find_max_timestamp(&LogSettings::default()).unwrap(),
        at(0, NOW_MS)
    );
}

#[test]
fn the_epoch_of_the_record_found_is_its_batchs() {
    let mut log = log();
    append(&mut log, small(1), &LogSettings::default());
    log.append(
        batch(&[NOW_MS + 5], 1, Compression::None),
        LeaderEpoch(4),
        NOW_MS,
        &LogSettings::default(),
    )
    .expect("appended");
    assert_eq!(
        log.find_by_time(NOW_MS + 1, &LogSettings::default())
            .unwrap()
            .map(|found| found.leader_epoch),
        Some(LeaderEpoch(4))
    );
}

#[test]
fn an_unreadable_batch_is_found_at_its_base_offset() {
    let mut log = log();
    append(&mut log, small(2), &LogSettings::default());
    let mut garbage = batch(&[NOW_MS + 9, NOW_MS + 8], 1, Compression::Zstd);
    garbage.body = Bytes::from(vec![0xa5; garbage.body.len()]);
    append(&mut log, garbage, &LogSettings::default());
    assert_eq!(
        log.find_by_time(NOW_MS + 5, &LogSettings::default()).unwrap(),
        at(2, NOW_MS + 9)
    );
}

#[test]
fn a_search_ends_at_a_record_that_is_larger_than_the_limit_of_now() {
    let mut log = log();
    // Each body has 7 bytes beside the value, or 6 where the value's length takes one byte.
    append(
        &mut log,
        batch(&[NOW_MS, NOW_MS + 5], 1_000, Compression::Lz4),
        &LogSettings::default(),
    );
    append(
        &mut log,
        batch(&[NOW_MS + 9], 1, Compression::Lz4),
        &LogSettings::default(),
    );
    let limited = |limit_bytes| LogSettings {
        max_decompressed_message_bytes: limit_bytes,
        ..LogSettings::default()
    };
    let too_large = InvalidRecords::RecordTooLarge {
        bytes: 1_007,
        limit_bytes: 1_006,
    };
    for timestamp_ms in [NOW_MS, NOW_MS + 5] {
        let found = log.find_by_time(timestamp_ms, &limited(1_006));
        assert_eq!(found, Err(too_large.clone()), "{timestamp_ms}");
        assert!(log.find_by_time(timestamp_ms, &limited(1_007)).unwrap().is_some());
    }
    assert_eq!(
        log.find_by_time(NOW_MS + 6, &limited(1_006)),
        Ok(at(2, NOW_MS + 9))
    );
    // The batch with the largest timestamp alone is read.
    assert_eq!(log.find_max_timestamp(&limited(1_006)), Ok(at(2, NOW_MS + 9)));
    assert_eq!(
        log.find_max_timestamp(&limited(6)),
        Err(InvalidRecords::RecordTooLarge {
            bytes: 7,
            limit_bytes: 6
        })
    );
}
