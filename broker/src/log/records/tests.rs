use super::*;
use crate::log::batch::Batch;
use std::io::Write;

const CODECS: [Compression; 5] = [
    Compression::None,
    Compression::Gzip,
    Compression::Snappy,
    Compression::Lz4,
    Compression::Zstd,
];
const LIMIT_BYTES: usize = 1 << 20;

fn record<'a>(timestamp_ms: i64, key: Option<&'a [u8]>, value: Option<&'a [u8]>) -> NewRecord<'a> {
    NewRecord {
        timestamp_ms,
        key,
        value,
        headers: &[],
    }
}

fn verified(records: &[NewRecord<'_>], codec: Compression) -> Batch {
    Batch::verify(encode_batch(records, codec)).expect("an encoded batch is valid")
}

#[test]
fn every_codec_gives_back_what_was_written() {
    let long = b"a value that repeats itself, ".repeat(5_000);
    let headers: &[(&str, Option<&[u8]>)] =
        &[("trace", Some(b"\x01\x02")), ("none", None), ("trace", Some(b""))];
    let written = [
        record(1_000, Some(b"k"), Some(&long)),
        record(999, None, Some(b"")),
        record(2_000, Some(b""), None),
        NewRecord {
            headers,
            ..record(1_500, None, Some(b"v"))
        },
    ];
    for codec in CODECS {
        let batch = verified(&written, codec);
        assert_eq!(batch.header.compression(), Some(codec));
        assert_eq!(
            (
                batch.header.base_timestamp_ms(),
                batch.header.max_timestamp_ms(),
                batch.header.record_count()
            ),
            (1_000, 2_000, 4)
        );
        let plain = decompress(codec, &batch.body, LIMIT_BYTES).expect("it decompresses");
        let found: Vec<_> = walk(&batch.header, &plain)
            .map(|record| record.expect("whole"))
            .collect();
        assert_eq!(found.len(), written.len());
        for (index, (found, written)) in found.iter().zip(&written).enumerate() {
            assert_eq!(found.offset, Offset(index as i64), "{codec:?}");
            assert_eq!(
                (found.timestamp_ms, found.key, found.value),
                (written.timestamp_ms, written.key, written.value),
                "{codec:?}"
            );
            let pairs: Vec<_> = super::headers(found.headers).collect();
            let expected: Vec<_> = written
                .headers
                .iter()
                .map(|(key, value)| (key.as_bytes(), *value))
                .collect();
            assert_eq!(pairs, expected, "{codec:?}");
        }
    }
}

#[test]
fn under_log_append_time_every_record_has_the_batchs_time() {
    let mut batch = verified(&[record(5, None, None), record(6, None, None)], Compression::None);
    batch.header.set_log_append_time(777, batch.body.len());
    let times: Vec<_> = walk(&batch.header, &batch.body)
        .map(|record| record.expect("whole").timestamp_ms)
        .collect();
    assert_eq!(times, [777, 777]);
}

#[test]
fn raw_snappy_and_concatenated_gzip_are_read() {
    let plain = b"records".repeat(100);
    let raw = snap::raw::Encoder::new()
        .compress_vec(&plain)
        .expect("it compresses");
    assert_eq!(
        decompress(Compression::Snappy, &Bytes::from(raw), LIMIT_BYTES).as_deref(),
        Ok(&plain[..])
    );

    let mut members = Vec::new();
    codec::compress(Compression::Gzip, &plain[..300], &mut members);
    codec::compress(Compression::Gzip, &plain[300..], &mut members);
    assert_eq!(
        decompress(Compression::Gzip, &Bytes::from(members), LIMIT_BYTES).as_deref(),
        Ok(&plain[..])
    );
}

#[test]
fn a_body_exactly_at_the_limit_passes_and_one_byte_more_does_not() {
    for codec in CODECS.into_iter().skip(1) {
        for (len, fits) in [(100_000, true), (100_001, false)] {
            let mut body = Vec::new();
            codec::compress(codec, &vec![b'x'; len], &mut body);
            let found = decompress(codec, &Bytes::from(body), 100_000);
            let expected = if fits {
                Ok(Bytes::from(vec![b'x'; len]))
            } else {
                Err(InvalidRecords::TooLarge { limit_bytes: 100_000 })
            };
            assert_eq!(found, expected, "{codec:?}, {len} bytes");
        }
    }
}

#[test]
fn a_claim_of_gigabytes_is_refused_before_anything_is_allocated() {
    // Raw snappy: a varint of 4 GiB - 1 and nothing else; the same as a snappy-java block.
    let claim = [0xff, 0xff, 0xff, 0xff, 0x0f];
    let mut framed = b"\x82SNAPPY\x00\x00\x00\x00\x01\x00\x00\x00\x01".to_vec();
    framed.extend_from_slice(&(claim.len() as u32).to_be_bytes());
    framed.extend_from_slice(&claim);
    for body in [claim.to_vec(), framed] {
        assert_eq!(
            decompress(Compression::Snappy, &Bytes::from(body), LIMIT_BYTES),
            Err(InvalidRecords::TooLarge {
                limit_bytes: LIMIT_BYTES
            })
        );
    }
}

#[test]
fn a_zstd_window_beyond_128_mib_is_refused() {
    let mut encoder = zstd::stream::Encoder::new(Vec::new(), 1).expect("an encoder");
    encoder.window_log(28).expect("a window");
    encoder.include_contentsize(false).expect("a flag");
    encoder.write_all(&[0; 100]).expect("memory takes it");
    let body = encoder.finish().expect("a frame");
    let error = decompress(Compression::Zstd, &Bytes::from(body), LIMIT_BYTES).expect_err("it is refused");
    assert!(
        matches!(
            error,
            InvalidRecords::Decompression {
                codec: Compression::Zstd,
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn an_invalid_compressed_body_is_an_error_that_names_the_codec() {
    for codec in CODECS.into_iter().skip(1) {
        let mut cut = Vec::new();
        codec::compress(codec, &b"some records".repeat(1_000), &mut cut);
        cut.truncate(cut.len() / 2);
        for body in [cut, b"\x82SNAPPY\x00\x00".to_vec(), vec![0xa5; 40]] {
            let error = decompress(codec, &Bytes::from(body), LIMIT_BYTES).expect_err("it is refused");
            assert!(
                matches!(error, InvalidRecords::Decompression { codec: found, .. } if found == codec)
                    || (codec == Compression::Snappy && matches!(error, InvalidRecords::TooLarge { .. })),
                "{codec:?}: {error}"
            );
        }
    }
}

#[test]
fn a_walk_ends_at_the_first_malformed_record() {
    let batch = verified(
        &[record(1, None, Some(b"one")), record(1, None, Some(b"two"))],
        Compression::None,
    );
    let one_len = batch.body.len() / 2;
    // The flaw of the second record, and the bytes that replace it.
    let cases: [(&str, &[u8]); 8] = [
        ("missing", &[]),
        ("its length is negative", &[0x01]),
        ("its length runs past the end", &[0x10, 0, 0, 2]),
        ("its key runs past the end", &[0x0c, 0, 0, 2, 0x10, 0, 0]),
        ("no header count", &[0x0a, 0, 0, 2, 1, 1]),
        ("a negative header count", &[0x0c, 0, 0, 2, 1, 1, 1]),
        ("a header without a key", &[0x10, 0, 0, 2, 1, 1, 2, 1, 1]),
        ("bytes after the headers", &[0x0e, 0, 0, 2, 1, 1, 0, 0]),
    ];
    for (what, second) in cases {
        let mut body = batch.body[..one_len].to_vec();
        body.extend_from_slice(second);
        let found: Vec<_> = walk(&batch.header, &body).collect();
        assert_eq!(found.len(), 2, "{what}");
        assert_eq!(
            found[0].as_ref().map(|record| record.value),
            Ok(Some(&b"one"[..])),
            "{what}"
        );
        let expected = InvalidRecords::Malformed {
            index: 1,
            base_offset: Offset(0),
        };
        assert_eq!(found[1], Err(expected), "{what}");
    }
}

#[test]
fn an_answer_is_split_into_batches_without_its_incomplete_end() {
    let one = encode_batch(&[record(1, None, Some(b"one"))], Compression::None);
    let two = encode_batch(
        &[record(2, None, Some(b"two")), record(2, None, None)],
        Compression::Zstd,
    );
    let whole = [&one[..], &two[..]].concat();
    let cut = |len: usize| -> Vec<_> {
        batches(Bytes::copy_from_slice(&whole[..len]))
            .map(|(header, body)| (header.record_count(), BATCH_HEADER_BYTES + body.len()))
            .collect()
    };
    assert_eq!(cut(whole.len()), [(1, one.len()), (2, two.len())]);
    assert_eq!(cut(whole.len() - 1), [(1, one.len())]);
    assert_eq!(cut(one.len() + 20), [(1, one.len())]);
    assert_eq!(cut(one.len() - 1), []);
    assert_eq!(cut(0), []);
}

#[test]
fn reading_headers_of_arbitrary_bytes_terminates() {
    assert_eq!(super::headers(&[]).count(), 0);
    assert_eq!(
        super::headers(&[0xfe, 0xff, 0xff, 0xff, 0x0f, 0, 0]).count(),
        1,
        "the count is too large"
    );
}
