use super::*;
use crate::ids::TransactionOutcome;
use header::{BatchHeader, Compression};
use records::{NewRecord, encode_batch};

mod compaction;
mod idempotence;
mod limits;
mod model;
mod retention;
mod time;
mod transactions;
mod truncation;

const NOW_MS: i64 = 1_700_000_000_000;

fn pool() -> Pool {
    Pool::new(64 << 20)
}

fn log() -> PartitionLog {
    PartitionLog::new(pool())
}

/// A batch with one record for each of `timestamps_ms`, each with a value of `value_bytes` bytes.
fn batch(timestamps_ms: &[i64], value_bytes: usize, compression: Compression) -> Batch {
    let value = vec![b'v'; value_bytes];
    let records: Vec<_> = timestamps_ms
        .iter()
        .map(|timestamp_ms| NewRecord {
            timestamp_ms: *timestamp_ms,
            value: Some(&value),
            ..NewRecord::default()
        })
        .collect();
    Batch::verify(encode_batch(&records, compression)).expect("an encoded batch is valid")
}

/// A small batch of `count` records.
fn small(count: usize) -> Batch {
    batch(&vec![NOW_MS; count], 10, Compression::None)
}

/// A batch of one record that is kept as it came.
fn large() -> Batch {
    batch(&[NOW_MS], 10_000, Compression::None)
}

fn append(log: &mut PartitionLog, batch: Batch, settings: &LogSettings) -> Appended {
    log.append(batch, LeaderEpoch(0), NOW_MS, settings)
        .expect("the batch is appended")
}

fn wire(slice: &Slice) -> Bytes {
    let parts = slice.parts.iter().map(|part| match part {
        Part::Header(header) => &header[..],
        Part::Bytes(bytes) => bytes,
    });
    Bytes::from(parts.collect::<Vec<_>>().concat())
}

/// The bytes of the log from an offset on. A read ends with its segment, so that this takes several.
fn read_all(log: &PartitionLog, from: i64) -> Bytes {
    let mut from = Offset(from);
    let mut all = Vec::new();
    loop {
        let slice = log
            .read(from, log.log_end_offset(), usize::MAX, true)
            .expect("in range");
        if slice.bytes == 0 {
            return all.into();
        }
        all.extend_from_slice(&wire(&slice));
        from = slice.next_offset;
    }
}

fn base_offsets(bytes: Bytes) -> Vec<i64> {
    let batches = records::batches(bytes);
    batches.map(|(header, _)| header.base_offset().0).collect()
}

/// Base offsets of the batches that one read gives, or all that follow if nothing bounds it.
fn read(log: &PartitionLog, from: i64, max_bytes: usize) -> Vec<i64> {
    if max_bytes == usize::MAX {
        return base_offsets(read_all(log, from));
    }
    let slice = log.read(Offset(from), log.log_end_offset(), max_bytes, true);
    base_offsets(wire(&slice.expect("in range")))
}

#[test]
fn a_read_ends_with_its_segment() {
    let settings = LogSettings {
        segment_bytes: 2 * small(1).size_bytes() as i32,
        ..LogSettings::default()
    };
    let mut log = log();
    for _ in 0..5 {
        append(&mut log, small(1), &settings);
    }
    let one_read = |from| {
        let slice = log
            .read(Offset(from), log.log_end_offset(), usize::MAX, true)
            .unwrap();
        (base_offsets(wire(&slice)), slice.next_offset.0)
    };
    assert_eq!(one_read(0), (vec![0, 1], 2));
    assert_eq!(one_read(1), (vec![1], 2));
    assert_eq!(one_read(2), (vec![2, 3], 4));
    assert_eq!(one_read(4), (vec![4], 5));
}

#[test]
fn small_and_large_batches_are_read_in_order() {
    let mut log = log();
    let settings = LogSettings::default();
    for batch in [small(2), small(1), large(), small(3)] {
        append(&mut log, batch, &settings);
    }
    assert_eq!(
        (log.log_start_offset(), log.log_end_offset()),
        (Offset(0), Offset(7))
    );
    assert_eq!(read(&log, 0, usize::MAX), [0, 2, 3, 4]);
    assert_eq!(
        read(&log, 1, usize::MAX),
        [0, 2, 3, 4],
        "the batch that holds the offset comes whole"
    );
    assert_eq!(read(&log, 5, usize::MAX), [4]);
    assert_eq!(
        read(&log, 7, usize::MAX),
        [0i64; 0],
        "the end is a place to wait at"
    );
}

#[test]
fn an_offset_outside_the_log_is_an_error_that_names_its_bounds() {
    let mut log = log();
    append(&mut log, small(5), &LogSettings::default());
    log.delete_records(Offset(2)).expect("it exists");
    for offset in [1, 6] {
        let error = log
            .read(Offset(offset), Offset(5), 1, true)
            .expect_err("out of range");
        assert_eq!(error.to_string(), format!("offset {offset} is outside 2..=5"));
    }
}

#[test]
fn a_run_of_small_batches_is_one_slice() {
    let mut log = log();
    for _ in 0..1_000 {
        append(&mut log, small(1), &LogSettings::default());
    }
    let size = log.size_bytes() as usize;
    let slice = log
        .read(Offset(0), Offset(1_000), usize::MAX, true)
        .expect("in range");
    assert_eq!(slice.bytes, size);
    assert_eq!(slice.parts.len(), size.div_ceil(64 << 10));
}

#[test]
fn a_large_batch_is_served_from_the_buffer_it_came_in() {
    let pool = pool();
    let mut log = PartitionLog::new(pool.clone());
    let wire = encode_batch(
        &[NewRecord {
            timestamp_ms: NOW_MS,
            value: Some(&[7; 10_000]),
            ..NewRecord::default()
        }],
        Compression::None,
    );
    let received = pool.copy(&wire).expect("there is room");
    let body_at = received[BATCH_HEADER..].as_ptr();
    append(
        &mut log,
        Batch::verify(received).expect("valid"),
        &LogSettings::default(),
    );
    let slice = log
        .read(Offset(0), Offset(1), usize::MAX, true)
        .expect("in range");
    assert!(matches!(&slice.parts[..], [Part::Header(_), Part::Bytes(body)] if body.as_ptr() == body_at));
}

const BATCH_HEADER: usize = header::BATCH_HEADER_BYTES;

#[test]
fn a_small_batch_keeps_no_receive_buffer_alive() {
    let pool = pool();
    let mut log = PartitionLog::new(pool.clone());
    let mut received = pool.take(1 << 20).expect("there is room");
    received.extend_from_slice(&encode_batch(&[NewRecord::default()], Compression::None));
    append(
        &mut log,
        Batch::verify(received.freeze()).expect("valid"),
        &LogSettings::default(),
    );
    assert_eq!(pool.used_bytes(), 512, "the least tail is all that is held");
}

#[test]
fn memory_comes_back_when_the_last_reader_is_done() {
    let pool = pool();
    let mut log = PartitionLog::new(pool.clone());
    for _ in 0..100 {
        let received = pool
            .copy(&[&large().header.0[..], &large().body[..]].concat())
            .expect("there is room");
        append(
            &mut log,
            Batch::verify(received).expect("valid"),
            &LogSettings::default(),
        );
        append(&mut log, small(3), &LogSettings::default());
    }
    assert!(pool.used_bytes() > 1_000_000);
    let slice = log
        .read(Offset(0), log.log_end_offset(), usize::MAX, true)
        .expect("in range");
    log.delete_records(log.log_end_offset()).expect("all may go");
    assert!(pool.used_bytes() > 1_000_000, "an answer still holds it");
    drop(slice);
    assert_eq!(pool.used_bytes(), 0);
}

#[test]
fn an_empty_log_takes_no_memory_of_the_pool_and_little_of_its_own() {
    let pool = pool();
    let log = PartitionLog::new(pool.clone());
    assert_eq!(pool.used_bytes(), 0);
    assert!(size_of_val(&log) <= 256, "{} bytes", size_of_val(&log));
}

#[test]
fn at_the_memory_limit_an_append_is_refused_and_changes_nothing() {
    let pool = Pool::new(1 << 20);
    let mut log = PartitionLog::new(pool.clone());
    append(&mut log, small(1), &LogSettings::default());
    let kept = pool.charge((3 << 18) - 512).expect("three quarters may be kept");
    let sizes = (log.log_end_offset(), log.size_bytes());
    let frame = pool.take_beyond_limit(12_000).freeze();
    let one_large = large();
    let error = log
        .append(one_large, LeaderEpoch(0), NOW_MS, &LogSettings::default())
        .expect_err("no room");
    assert_eq!(
        error.to_string(),
        "the memory limit of 1048576 bytes is reached: 798720 are in use, 0 more were asked for, and a quarter is reserved for requests"
    );
    assert_eq!((log.log_end_offset(), log.size_bytes()), sizes);
    drop((kept, frame));
    assert_eq!(
        append(&mut log, large(), &LogSettings::default()).base_offset,
        Offset(1)
    );
    assert_eq!(read(&log, 0, usize::MAX), [0, 1], "what was kept is still there");
}

#[test]
fn log_append_time_is_in_the_header_the_answer_and_the_crc() {
    let settings = LogSettings {
        log_append_time: true,
        ..LogSettings::default()
    };
    for sent in [small(3), large()] {
        let mut log = log();
        let appended = append(&mut log, sent, &settings);
        assert_eq!(appended.log_append_time_ms, Some(NOW_MS));
        let slice = log
            .read(Offset(0), log.log_end_offset(), usize::MAX, true)
            .expect("in range");
        let (header, body) = records::batches(wire(&slice)).next().expect("one batch");
        assert_eq!(header.max_timestamp_ms(), NOW_MS);
        assert_eq!(header.crc(), header.compute_crc(&body));
    }
}

#[test]
fn a_batch_carries_the_epoch_of_the_leader_that_appended_it() {
    let mut log = log();
    let settings = LogSettings::default();
    append(&mut log, small(2), &settings);
    log.begin_epoch(LeaderEpoch(3));
    log.append(large(), LeaderEpoch(3), NOW_MS, &settings)
        .expect("appended");
    let slice = log
        .read(Offset(0), Offset(3), usize::MAX, true)
        .expect("in range");
    let epochs: Vec<_> = records::batches(wire(&slice))
        .map(|(header, _)| header.partition_leader_epoch().0)
        .collect();
    assert_eq!(epochs, [0, 3]);
    assert_eq!(
        (log.epoch_at(Offset(1)), log.epoch_at(Offset(2))),
        (Some(LeaderEpoch(0)), Some(LeaderEpoch(3)))
    );
    assert_eq!(
        log.end_offset_for_epoch(LeaderEpoch(1)),
        Some((LeaderEpoch(0), Offset(2)))
    );
}
