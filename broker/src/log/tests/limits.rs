//! Batches that an append refuses.

use super::*;

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
                AppendError::TimestampOutOfRange {
                    timestamp_ms,
                    earliest_ms: NOW_MS - 1_000,
                    latest_ms: NOW_MS + 2_000
                }
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
            refusal(keyed(&[Some(b"a"), None], codec), &settings),
            AppendError::MissingKey { batch_index: 1 }
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
