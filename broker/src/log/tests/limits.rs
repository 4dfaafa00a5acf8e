//! Batches that an append refuses.

use super::*;
use crate::log::records::InvalidRecords;

fn refusal(batch: Batch, settings: &LogSettings) -> AppendError {
    let mut log = log();
    let error = log
        .append(batch, LeaderEpoch(0), NOW_MS, settings)
        .expect_err("it is refused");
    assert_eq!(
        (log.log_end_offset(), log.size_bytes()),
        (Offset(0), 0),
        "nothing is kept"
    );
    error
}

fn keyed(keys: &[Option<&[u8]>], compression: Compression) -> Batch {
    let records: Vec<_> = keys
        .iter()
        .map(|key| NewRecord {
            timestamp_ms: NOW_MS,
            key: *key,
            ..NewRecord::default()
        })
        .collect();
    Batch::verify(encode_batch(&records, compression)).expect("an encoded batch is valid")
}

fn refused(records: &[(i32, RecordFault)]) -> AppendError {
    let named = records.iter().map(|(batch_index, fault)| RefusedRecord {
        batch_index: *batch_index,
        fault: *fault,
    });
    AppendError::RefusedRecords(Box::new(RefusedRecords {
        named: named.collect(),
        count: records.len(),
        has_invalid_timestamp: records.iter().any(|(_, fault)| *fault != RecordFault::MissingKey),
    }))
}

#[test]
fn max_message_bytes_counts_the_header() {
    let bytes = large().size_bytes();
    let limited = |limit_bytes: usize| LogSettings {
        max_message_bytes: limit_bytes as i32,
        ..LogSettings::default()
    };
    append(&mut log(), large(), &limited(bytes));
    assert_eq!(
        refusal(large(), &limited(bytes - 1)),
        AppendError::TooLarge {
            bytes,
            limit_bytes: bytes as i32 - 1
        }
    );
}

#[test]
fn a_batch_larger_than_a_segment_is_refused() {
    let bytes = large().size_bytes();
    let settings = LogSettings {
        segment_bytes: 1_000,
        ..LogSettings::default()
    };
    assert_eq!(
        refusal(large(), &settings),
        AppendError::TooLargeForSegment {
            bytes,
            limit_bytes: 1_000
        }
    );
}

#[test]
fn timestamps_are_bounded_on_both_sides_under_create_time_only() {
    let settings = LogSettings {
        timestamp_before_max_ms: 1_000,
        timestamp_after_max_ms: 2_000,
        ..LogSettings::default()
    };
    for codec in [Compression::None, Compression::Lz4] {
        for (timestamp_ms, is_taken) in [
            (NOW_MS - 1_001, false),
            (NOW_MS - 1_000, true),
            (NOW_MS + 2_000, true),
            (NOW_MS + 2_001, false),
            (-1, true), // no timestamp
        ] {
            // The other records are in range, so the check must read each record.
            let mixed = batch(&[NOW_MS, timestamp_ms, NOW_MS], 10, codec);
            if is_taken {
                append(&mut log(), mixed, &settings);
                continue;
            }
            assert_eq!(
                refusal(mixed.clone(), &settings),
                refused(&[(
                    1,
                    RecordFault::TimestampOutOfRange {
                        offset: 1,
                        timestamp_ms,
                        earliest_ms: NOW_MS - 1_000,
                        latest_ms: NOW_MS + 2_000,
                    },
                )])
            );
            let settings = LogSettings {
                log_append_time: true,
                ..settings.clone()
            };
            append(&mut log(), mixed, &settings);
        }
    }
}

#[test]
fn the_default_bounds_take_any_past_and_an_hour_of_future() {
    let settings = LogSettings::default();
    append(&mut log(), batch(&[0], 1, Compression::None), &settings);
    append(
        &mut log(),
        batch(&[NOW_MS + 3_600_000], 1, Compression::None),
        &settings,
    );
    refusal(batch(&[NOW_MS + 3_600_001], 1, Compression::None), &settings);
}

#[test]
fn a_compacted_topic_refuses_a_record_without_a_key() {
    let settings = LogSettings {
        compacted: true,
        ..LogSettings::default()
    };
    for codec in [Compression::None, Compression::Gzip] {
        append(&mut log(), keyed(&[Some(b"a"), Some(b"")], codec), &settings);
        assert_eq!(
            refusal(keyed(&[Some(b"a"), None, Some(b"c"), None], codec), &settings),
            refused(&[(1, RecordFault::MissingKey), (3, RecordFault::MissingKey)])
        );
        append(&mut log(), keyed(&[None], codec), &LogSettings::default());
    }
}

#[test]
fn an_unreadable_body_is_refused_only_where_its_records_are_checked() {
    let mut garbage = keyed(&[Some(b"a")], Compression::Zstd);
    garbage.body = Bytes::from_static(b"no zstd frame");
    let settings = LogSettings {
        compacted: true,
        ..LogSettings::default()
    };
    assert!(matches!(
        refusal(garbage, &settings),
        AppendError::InvalidRecords(_)
    ));
}

/// The header of the only batch in a log that took `batch`.
fn kept(batch: Batch, settings: &LogSettings) -> BatchHeader {
    let mut log = log();
    append(&mut log, batch, settings);
    let slice = log.read(Offset(0), log.log_end_offset(), usize::MAX, true);
    let (header, body) = records::batches(wire(&slice.expect("in range")))
        .next()
        .expect("one batch");
    assert_eq!(header.crc(), header.compute_crc(&body));
    header
}

#[test]
fn a_key_comes_before_a_timestamp_and_both_faults_are_a_timestamps() {
    let settings = LogSettings {
        compacted: true,
        timestamp_before_max_ms: 1_000,
        ..LogSettings::default()
    };
    let record = |key, timestamp_ms| NewRecord {
        timestamp_ms,
        key,
        ..NewRecord::default()
    };
    let records = [
        record(None, NOW_MS),
        record(None, NOW_MS - 2_000),
        record(Some(b"k".as_slice()), NOW_MS - 2_000),
    ];
    let batch = Batch::verify(encode_batch(&records, Compression::None)).expect("it is valid");
    let out_of_range = RecordFault::TimestampOutOfRange {
        offset: 2,
        timestamp_ms: NOW_MS - 2_000,
        earliest_ms: NOW_MS - 1_000,
        latest_ms: NOW_MS + 3_600_000,
    };
    assert_eq!(
        refusal(batch, &settings),
        refused(&[
            (0, RecordFault::MissingKey),
            (1, RecordFault::MissingKey),
            (2, out_of_range)
        ])
    );
}

#[test]
fn a_header_that_claims_a_future_that_no_record_has_is_corrected() {
    let mut batch = batch(&[NOW_MS, NOW_MS + 5], 10, Compression::None);
    batch.header.set_timestamps(NOW_MS, NOW_MS + 10_000_000_000);
    batch.header.set_crc(batch.header.compute_crc(&batch.body));
    let header = kept(batch, &LogSettings::default());
    assert_eq!(header.max_timestamp_ms(), NOW_MS + 5);
}

/// A batch whose producer set the timestamp type `LogAppendTime`.
fn typed(timestamps_ms: &[i64], compression: Compression) -> Batch {
    let mut batch = batch(timestamps_ms, 10, compression);
    let latest_ms = timestamps_ms.iter().max().expect("there are records");
    batch.header.set_log_append_time(*latest_ms, batch.body.len());
    batch
}

#[test]
fn a_timestamp_type_that_the_producer_set_is_taken_back_under_create_time() {
    for codec in [Compression::None, Compression::Gzip] {
        let header = kept(typed(&[NOW_MS, NOW_MS + 5], codec), &LogSettings::default());
        assert_eq!(header.timestamp_type(), header::TimestampType::CreateTime);
        assert_eq!(header.max_timestamp_ms(), NOW_MS + 5);
    }
}

#[test]
fn a_timestamp_type_that_the_producer_set_is_refused_without_a_timestamp_or_under_log_append_time() {
    let log_append_time = LogSettings {
        log_append_time: true,
        ..LogSettings::default()
    };
    for (settings, timestamp_ms) in [(LogSettings::default(), -1), (log_append_time, NOW_MS)] {
        for codec in [Compression::None, Compression::Gzip] {
            let fault = RecordFault::LogAppendTime {
                offset: 0,
                timestamp_ms,
                key_bytes: None,
                value_bytes: Some(10),
                is_compressed: codec != Compression::None,
            };
            assert_eq!(
                refusal(typed(&[timestamp_ms], codec), &settings),
                refused(&[(0, fault)])
            );
        }
    }
}

#[test]
fn max_decompressed_message_bytes_bounds_each_record_of_a_compressed_batch() {
    let limited = |limit_bytes| LogSettings {
        max_decompressed_message_bytes: limit_bytes,
        ..LogSettings::default()
    };
    // Attributes, two deltas, two lengths of which one takes two bytes, and no headers: 7 bytes beside the value.
    let compressed = || batch(&[NOW_MS, NOW_MS], 1_000, Compression::Lz4);
    append(&mut log(), compressed(), &limited(1_007));
    assert_eq!(
        refusal(compressed(), &limited(1_006)),
        AppendError::InvalidRecords(InvalidRecords::RecordTooLarge {
            bytes: 1_007,
            limit_bytes: 1_006
        })
    );
    append(
        &mut log(),
        batch(&[NOW_MS], 1_000, Compression::None),
        &limited(1),
    );
}

#[test]
fn a_batch_too_large_is_said_before_its_other_faults_but_for_its_base_offset() {
    let log = log();
    let settings = LogSettings {
        max_message_bytes: 100,
        ..LogSettings::default()
    };
    let corrupt = InvalidBatch::Corrupt {
        found: 1,
        computed: 2,
    };
    let shifted = InvalidBatch::Malformed {
        reason: "the base offset of a batch in a Produce request must be 0",
    };
    let too_large = AppendError::TooLarge {
        bytes: 101,
        limit_bytes: 100,
    };
    for (bytes, invalid, expected) in [
        (101, corrupt.clone(), too_large),
        (100, corrupt.clone(), corrupt.into()),
        (101, shifted.clone(), shifted.into()),
    ] {
        assert_eq!(log.refusal(bytes, invalid, &settings), expected);
    }
}
