//! Compaction: what stays of a log, and when it is due.

use super::*;
use std::collections::BTreeMap;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

mod due;
mod model;
mod transactions;

use transactions::{end, put_within};

const DAY_MS: i64 = 86_400_000;

/// A compacted log whose segments hold one batch each, so that each batch but the last can be cleaned at once.
fn settings() -> LogSettings {
    LogSettings {
        compacted: true,
        deletes: false,
        segment_bytes: 100,
        min_cleanable_dirty_ratio: 0.0,
        ..LogSettings::default()
    }
}

fn terms(settings: &LogSettings, now_ms: i64) -> AppendTerms<'_> {
    AppendTerms {
        leader_epoch: LeaderEpoch(0),
        now_ms,
        settings,
        origin: Origin::Client,
        verification: Verification::Disabled,
    }
}

/// A batch of records (key, value) of now.
fn keyed(records: &[(&str, Option<&str>)], compression: Compression) -> Batch {
    let records: Vec<_> = records
        .iter()
        .map(|(key, value)| NewRecord {
            timestamp_ms: NOW_MS,
            key: Some(key.as_bytes()),
            value: value.map(str::as_bytes),
            ..NewRecord::default()
        })
        .collect();
    Batch::verify(encode_batch(&records, compression)).expect("an encoded batch is valid")
}

fn put(log: &mut PartitionLog, records: &[(&str, Option<&str>)]) -> i64 {
    let settings = settings();
    let batch = keyed(records, Compression::None);
    let appended = log.append_on(batch, &terms(&settings, NOW_MS)).expect("appended");
    log.replicated(log.log_end_offset());
    appended.base_offset.0
}

/// Appends a record that is never cleaned in these tests, because its segment is the active one.
fn put_last(log: &mut PartitionLog) {
    put(log, &[("last", Some("last"))]);
}

/// Runs a cleaning without pauses.
fn run(cleaning: Cleaning) -> Result<Cleaned, CleaningError> {
    let running = pin!(cleaning.run(async || ()));
    match running.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => unreachable!("nothing is waited for"),
    }
}

/// Cleans the log if it is due. Returns whether it was.
fn clean(log: &mut PartitionLog, now_ms: i64, settings: &LogSettings) -> bool {
    let Some(cleaning) = log.begin_cleaning(log.log_end_offset(), now_ms, settings) else {
        return false;
    };
    let cleaned = run(cleaning).expect("its records can be read");
    log.finish_cleaning(cleaned);
    true
}

fn batches(log: &PartitionLog) -> Vec<(BatchHeader, Bytes)> {
    records::batches(read_all(log, log.log_start_offset().0)).collect()
}

/// The records of a log as (offset, key, value); null is "-".
fn content(log: &PartitionLog) -> Vec<(i64, String, String)> {
    let mut all = Vec::new();
    for (header, body) in batches(log) {
        assert_eq!(header.crc(), header.compute_crc(&body), "{header:?}");
        let plain = records::plain(&header, &body, usize::MAX).expect("it decompresses");
        let text = |bytes: Option<&[u8]>| {
            bytes.map_or("-".to_owned(), |bytes| {
                String::from_utf8_lossy(bytes).into_owned()
            })
        };
        for record in records::walk(&header, &plain) {
            let record = record.expect("it is valid");
            if !header.is_control() {
                all.push((record.offset.0, text(record.key), text(record.value)));
            }
        }
    }
    all
}

fn offsets(log: &PartitionLog) -> Vec<i64> {
    content(log).into_iter().map(|(offset, ..)| offset).collect()
}

fn row(offset: i64, key: &str, value: &str) -> (i64, String, String) {
    (offset, key.to_owned(), value.to_owned())
}

#[test]
fn of_each_key_the_last_record_stays_at_its_offset() {
    let mut log = log();
    put(&mut log, &[("a", Some("1")), ("b", Some("2"))]);
    put(&mut log, &[("a", Some("3"))]);
    put(&mut log, &[("c", Some("4")), ("b", Some("5"))]);
    put_last(&mut log);
    let (before, end) = (log.size_bytes(), log.log_end_offset());
    assert!(clean(&mut log, NOW_MS, &settings()));
    assert_eq!(
        content(&log),
        [
            row(2, "a", "3"),
            row(3, "c", "4"),
            row(4, "b", "5"),
            row(5, "last", "last")
        ]
    );
    assert_eq!((log.log_start_offset(), log.log_end_offset()), (Offset(0), end));
    assert!(log.size_bytes() < before);
    let kept: usize = batches(&log).iter().map(|(_, body)| 61 + body.len()).sum();
    assert_eq!(log.size_bytes(), kept as u64);
}

#[test]
fn a_read_in_a_hole_gives_the_next_batch() {
    let mut log = log();
    for value in ["1", "2", "3", "4"] {
        put(&mut log, &[("a", Some(value))]);
    }
    put_last(&mut log);
    clean(&mut log, NOW_MS, &settings());
    for from in 0..=3 {
        assert_eq!(read(&log, from, usize::MAX), [3, 4], "from {from}");
        assert_eq!(read(&log, from, 1), [3], "from {from}");
    }
}

#[test]
fn the_largest_timestamp_is_that_of_a_record_that_was_neither_compacted_nor_deleted() {
    let mut log = log();
    let settings = settings();
    for (key, later_ms) in [("a", 30), ("b", 20), ("a", 10), ("c", 0)] {
        let record = NewRecord {
            timestamp_ms: NOW_MS + later_ms,
            key: Some(key.as_bytes()),
            value: Some(b"value"),
            ..NewRecord::default()
        };
        let batch = Batch::verify(encode_batch(&[record], Compression::None)).expect("it is valid");
        log.append_on(batch, &terms(&settings, NOW_MS)).expect("appended");
        log.replicated(log.log_end_offset());
    }
    let largest = |log: &PartitionLog| {
        let found = log.find_max_timestamp(&LogSettings::default()).unwrap();
        let found = found.expect("there are records");
        (found.offset.0, found.timestamp_ms - NOW_MS)
    };
    assert_eq!(largest(&log), (0, 30));
    assert!(clean(&mut log, NOW_MS, &settings));
    assert_eq!(largest(&log), (1, 20));
    log.delete_records(Offset(2)).expect("it exists");
    assert_eq!(largest(&log), (2, 10));
}

#[test]
fn compressed_batches_and_large_ones_keep_their_codec_and_their_last_offset() {
    let value = "v".repeat(6_000);
    for codec in [
        Compression::None,
        Compression::Gzip,
        Compression::Snappy,
        Compression::Lz4,
        Compression::Zstd,
    ] {
        let mut log = log();
        let settings = settings();
        let roomy = LogSettings {
            segment_bytes: 20_000,
            ..settings.clone()
        };
        let records = [("a", Some(&*value)), ("b", Some(&*value)), ("a", Some("new"))];
        log.append_on(keyed(&records, codec), &terms(&roomy, NOW_MS))
            .expect("appended");
        put(&mut log, &[("b", Some("newer"))]);
        put_last(&mut log);
        clean(&mut log, NOW_MS, &settings);
        assert_eq!(
            content(&log)[..2],
            [row(2, "a", "new"), row(3, "b", "newer")],
            "{codec:?}"
        );
        let header = batches(&log)[0].0;
        assert_eq!(header.compression(), Some(codec));
        assert_eq!(
            (header.base_offset(), header.last_offset()),
            (Offset(0), Offset(2))
        );
        assert_eq!(header.record_count(), 1);
    }
}

#[test]
fn the_active_segment_is_never_cleaned() {
    let mut log = log();
    put(&mut log, &[("a", Some("1")), ("a", Some("2"))]);
    assert!(!clean(&mut log, NOW_MS + DAY_MS, &settings()));
    assert_eq!(offsets(&log), [0, 1]);
}

#[test]
fn a_log_that_is_not_compacted_is_never_cleaned() {
    let mut log = log();
    put(&mut log, &[("a", Some("1"))]);
    put(&mut log, &[("a", Some("2"))]);
    let settings = LogSettings {
        compacted: false,
        ..settings()
    };
    assert!(!clean(&mut log, NOW_MS, &settings));
}

#[test]
fn a_tombstone_stays_for_delete_retention_ms_after_the_pass_that_met_it_first() {
    let mut log = log();
    let settings = LogSettings {
        delete_retention_ms: 1_000,
        ..settings()
    };
    put(&mut log, &[("a", Some("1"))]);
    put(&mut log, &[("a", None)]);
    put_last(&mut log);
    let first_ms = NOW_MS + 5_000;
    assert!(clean(&mut log, first_ms, &settings));
    assert_eq!(content(&log)[0], row(1, "a", "-"));
    let header = batches(&log)[0].0;
    assert_eq!(header.delete_horizon_ms(), Some(first_ms + 1_000));
    assert_eq!(
        header.max_timestamp_ms(),
        NOW_MS,
        "the record keeps its timestamp"
    );
    let found = log
        .find_by_time(NOW_MS, &LogSettings::default())
        .unwrap()
        .expect("it is there");
    assert_eq!((found.offset, found.timestamp_ms), (Offset(1), NOW_MS));
    put_last(&mut log);
    assert!(clean(&mut log, first_ms + 999, &settings));
    assert_eq!(offsets(&log), [1, 2, 3], "the tombstone is there");
    put_last(&mut log);
    assert!(clean(&mut log, first_ms + 1_000, &settings));
    assert_eq!(offsets(&log), [3, 4]);
}

#[test]
fn a_cleaning_that_was_overtaken_is_thrown_away() {
    let mut log = log();
    for value in ["1", "2", "3"] {
        put(&mut log, &[("a", Some(value))]);
    }
    put_last(&mut log);
    let settings = settings();
    let begin = |log: &mut PartitionLog| {
        let cleaning = log.begin_cleaning(log.log_end_offset(), NOW_MS, &settings);
        run(cleaning.expect("it is due")).expect("it is readable")
    };
    let cleaned = begin(&mut log);
    log.delete_records(Offset(1)).expect("it exists");
    assert_eq!(log.finish_cleaning(cleaned), 0);
    assert_eq!(offsets(&log), [1, 2, 3]);
    let cleaned = begin(&mut log);
    put(&mut log, &[("b", Some("4"))]);
    assert!(log.finish_cleaning(cleaned) > 0, "an append does not disturb it");
    assert_eq!(offsets(&log), [2, 3, 4]);
    put_last(&mut log);
    let (first, second) = (begin(&mut log), begin(&mut log));
    log.finish_cleaning(first);
    assert_eq!(
        log.finish_cleaning(second),
        0,
        "the first has replaced the segments"
    );
    assert_eq!(offsets(&log), [2, 3, 4, 5]);
}

#[test]
fn a_log_that_makes_room_drops_tombstones_and_markers_at_once() {
    let mut log = log();
    put(&mut log, &[("a", Some("1")), ("b", Some("2"))]); // 0, 1
    put(&mut log, &[("a", None)]); // 2
    put_within(&mut log, 1, 0, &[("c", Some("aborted"))]); // 3
    end(&mut log, 1, TransactionOutcome::Abort); // 4
    put_within(&mut log, 1, 1, &[("d", Some("3"))]); // 5
    end(&mut log, 1, TransactionOutcome::Commit); // 6
    put_last(&mut log); // 7
    let settings = LogSettings {
        min_cleanable_dirty_ratio: 1.0,
        ..settings()
    };
    let end_offset = log.log_end_offset();
    assert!(log.begin_cleaning(end_offset, NOW_MS, &settings).is_none());
    let cleaning = log.begin_making_room(end_offset, NOW_MS, &settings);
    let cleaned = run(cleaning.expect("it is dirty")).expect("it is readable");
    assert!(log.finish_cleaning(cleaned) > 0);
    assert_eq!(
        content(&log),
        [row(1, "b", "2"), row(5, "d", "3"), row(7, "last", "last")]
    );
    assert!(
        log.begin_making_room(end_offset, NOW_MS, &settings).is_none(),
        "nothing is dirty any more"
    );
    put_last(&mut log); // 8
    let cleaning = log.begin_making_room(log.log_end_offset(), NOW_MS, &settings);
    log.finish_cleaning(run(cleaning.expect("it is dirty")).expect("it is readable"));
    let kept: Vec<_> = batches(&log)
        .into_iter()
        .map(|(header, _)| header.base_offset().0)
        .collect();
    // The marker at 4 has no records any more.
    assert_eq!(kept, [0, 5, 6, 7, 8]);
}

#[test]
fn a_log_that_has_used_up_its_memory_is_cleaned_in_the_room_of_frames() {
    let pool = Pool::new(1 << 20);
    let mut log = PartitionLog::new(pool.clone());
    let settings = LogSettings {
        segment_bytes: 100_000,
        ..settings()
    };
    let value = "v".repeat(1_000);
    let append = |log: &mut PartitionLog, key: &str| {
        let batch = keyed(&[(key, Some(&value))], Compression::None);
        let appended = log.append_on(batch, &terms(&settings, NOW_MS));
        log.replicated(log.log_end_offset());
        appended
    };
    let mut count = 0;
    // Every tenth record has a key of its own.
    let refused = loop {
        let key = if count % 10 == 0 {
            count.to_string()
        } else {
            "k".to_owned()
        };
        match append(&mut log, &key) {
            Ok(_) => count += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, AppendError::OutOfMemory(_)), "{refused}");
    assert!(clean(&mut log, NOW_MS, &settings));
    assert!(pool.used_bytes() < 512 << 10, "{} bytes", pool.used_bytes());
    append(&mut log, "k").expect("there is room again");
}

#[test]
fn a_cleaning_pauses_after_every_quarter_of_a_mebibyte() {
    let mut log = log();
    let settings = LogSettings {
        segment_bytes: 400_000,
        ..settings()
    };
    let value = "v".repeat(100_000);
    for key in 0..9 {
        let batch = keyed(&[(&key.to_string(), Some(&value))], Compression::None);
        log.append_on(batch, &terms(&settings, NOW_MS)).expect("appended");
    }
    let cleaning = log.begin_cleaning(log.log_end_offset(), NOW_MS, &settings);
    let mut pauses = 0;
    {
        let running = pin!(cleaning.expect("it is due").run(async || pauses += 1));
        let polled = running.poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_ready());
    }
    // 600 kB are read twice: for their keys, and to be written anew.
    assert_eq!(pauses, 4);
}

#[test]
fn small_segments_are_joined() {
    let mut log = log();
    for index in 0..6 {
        put(&mut log, &[(&format!("{index}"), Some("1"))]);
    }
    put_last(&mut log);
    assert_eq!(log.segments.len(), 7);
    let settings = LogSettings {
        segment_bytes: 250,
        ..settings()
    };
    clean(&mut log, NOW_MS, &settings);
    let bases: Vec<_> = log.segments.iter().map(|segment| segment.base_offset.0).collect();
    assert_eq!(bases, [0, 3, 6]);
    assert_eq!(offsets(&log), [0, 1, 2, 3, 4, 5, 6]);
}

#[test]
fn records_that_cannot_be_read_are_left_as_they_are() {
    let mut log = log();
    let mut garbage = keyed(&[("a", Some("1"))], Compression::Zstd);
    garbage.body = Bytes::from_static(b"no zstd frame");
    garbage.header.set_body_len(garbage.body.len());
    let loose = LogSettings {
        compacted: false,
        ..settings()
    };
    log.append_on(garbage, &terms(&loose, NOW_MS))
        .expect("it is not read");
    put(&mut log, &[("a", Some("2"))]);
    put_last(&mut log);
    let cleaning = log.begin_cleaning(log.log_end_offset(), NOW_MS, &settings());
    let error = run(cleaning.expect("it is due")).expect_err("it is garbage");
    assert!(matches!(error, CleaningError::InvalidRecords(_)));
    log.set_uncleanable();
    assert!(!clean(&mut log, NOW_MS, &settings()));
}
