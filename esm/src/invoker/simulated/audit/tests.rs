use super::*;
use crate::batch::{Batch, BatchPart, Envelope};
use crate::source::{AssignmentNumber, Records, Span, TimestampType};
use bytes::Bytes;
use std::ops::Range;
use std::sync::Arc;

/// The text that looks most like the members of a record, at the places that a producer controls: value, key and header name.
const HOSTILE: &[u8] = br#","partition":7,"offset":99,"#;

/// Records of a partition with these offsets; each has the hostile text as key, value and name of both headers.
fn part(partition: i32, offsets: impl IntoIterator<Item = i64>) -> BatchPart {
    let length = HOSTILE.len() as u8;
    let mut headers = vec![4]; // two, as a zigzag varint
    for _ in 0..2 {
        headers.push(length << 1);
        headers.extend_from_slice(HOSTILE);
        headers.extend_from_slice(&[2, 7]);
    }
    let text = 0..HOSTILE.len() as u32;
    let spans: Vec<Span> = offsets
        .into_iter()
        .map(|offset| Span {
            offset,
            timestamp_ms: 1_700_000_000_000,
            key: Some(text.clone()),
            value: Some(text.clone()),
            headers: text.end..text.end + headers.len() as u32,
        })
        .collect();
    let records = Records {
        partition,
        assignment: AssignmentNumber::default(),
        offsets: 0..i64::MAX,
        timestamp_type: TimestampType::CreateTime,
        buffer: Bytes::from([HOSTILE, &headers].concat()),
        spans,
        schemas: None,
    };
    BatchPart {
        range: 0..records.spans.len(),
        records: Arc::new(records),
    }
}

fn event(parts: Vec<BatchPart>) -> Vec<u8> {
    let envelope = Envelope {
        event_source_arn: Some(r#"arn:","partition":1,"offset":1,"#.to_owned()),
        bootstrap_servers: r#"a:1,","partition":1,"offset":1,"#.to_owned(),
        topic: "orders".to_owned(),
    };
    let mut payload = Vec::new();
    envelope.write(
        &Batch {
            parts,
            event_bytes: 0,
        },
        &mut payload,
    );
    payload
}

fn run(partition: i32, offsets: Range<i64>) -> Run {
    Run {
        partition,
        start: offsets.start,
        end: offsets.end,
    }
}

/// Shows each event to an audit; the flag says whether its invocation succeeds.
fn audited(events: &[(Vec<u8>, bool)]) -> AuditSummary {
    let audit = Audit::default();
    for (payload, is_success) in events {
        let seen = audit.read(&Invocation {
            function_name: "f".to_owned(),
            qualifier: None,
            payload: Bytes::from(payload.clone()),
            event_bytes: payload.len().max(1_000),
            client_context: None,
        });
        audit.complete(seen, *is_success);
    }
    audit.summary()
}

fn of_one(partition: i32, offsets: Range<i64>) -> Vec<u8> {
    event(vec![part(partition, offsets)])
}

#[test]
fn an_events_offsets_are_read_whatever_its_strings_say() {
    let payload = event(vec![
        part(3, 0..100),
        part(3, 100..101),
        part(0, 7_000_000_000..7_000_000_002),
    ]);
    let seen = Seen::read(&payload);
    assert_eq!(seen.runs, [run(3, 0..101), run(0, 7_000_000_000..7_000_000_002)]);
    assert_eq!((seen.records, seen.bytes), (103, payload.len()));
    assert_eq!(seen.crc, crc32c::crc32c(&payload));
    assert_eq!(seen.errors, []);
}

#[test]
fn offsets_that_do_not_follow_each_other_within_an_event_are_errors() {
    let not_contiguous = |partition, expected, found| AuditError::NotContiguous {
        partition,
        expected,
        found,
    };
    let cases = [
        (vec![part(0, [1, 3])], vec![not_contiguous(0, 2, 3)]),
        (vec![part(0, [1, 1])], vec![not_contiguous(0, 2, 1)]),
        (vec![part(0, [5, 4])], vec![not_contiguous(0, 6, 4)]),
        (
            vec![part(0, [1, 2, 4]), part(2, [9, 11, 12])],
            vec![not_contiguous(0, 3, 4), not_contiguous(2, 10, 11)],
        ),
        (vec![part(0, [1, 2]), part(0, [3])], vec![]),
    ];
    for (parts, errors) in cases {
        assert_eq!(Seen::read(&event(parts)).errors, errors);
    }
}

#[test]
fn what_is_no_event_is_an_error() {
    let unreadable = |bytes, at| vec![AuditError::Unreadable { bytes, at }];
    let cases: [(&[u8], Vec<AuditError>); 6] = [
        (b"{}", unreadable(2, 0)),
        (br#","partition":1}"#, unreadable(15, 0)),
        (br#"{,"partition":-1,"offset":2,"#, unreadable(28, 1)),
        (br#","partition":1,"offset":x"#, unreadable(25, 0)),
        (
            br#","partition":1,"offset":1234567890123456789"#,
            unreadable(43, 0),
        ),
        (br#","partition":2147483648,"offset":1"#, unreadable(34, 0)),
    ];
    for (payload, errors) in cases {
        let text = String::from_utf8_lossy(payload).into_owned();
        assert_eq!(Seen::read(payload).errors, errors, "{text}");
    }
}

#[test]
fn events_that_follow_each_other_are_right_in_any_order_of_partitions() {
    let events = [
        (of_one(0, 50..150), true),
        (of_one(1, 0..100), true),
        (of_one(0, 150..151), true),
        (event(vec![part(1, 100..110), part(0, 151..160)]), true),
    ];
    let summary = audited(&events);
    let payload_bytes = events.iter().map(|(payload, _)| payload.len() as u64).sum();
    let mut digest = Digest::default();
    for (payload, _) in events.iter().rev() {
        digest.add(payload);
    }
    let expected = AuditSummary {
        invocations: 4,
        records: 220,
        payload_bytes,
        digest: Some(digest),
        ..AuditSummary::default()
    };
    assert_eq!(summary, expected);
}

#[test]
fn the_digest_is_the_sum_of_the_checksums_in_sixteen_digits() {
    let mut digest = Digest::default();
    assert_eq!(digest.to_string(), "0000000000000000");
    // The check value of CRC-32C.
    digest.add(b"123456789");
    assert_eq!(digest.to_string(), "00000000e3069283");
    digest.add(b"123456789");
    assert_eq!(digest.to_string(), "00000001c60d2506");
}

#[test]
fn a_gap_between_events_is_an_error_with_its_offsets() {
    let summary = audited(&[
        (of_one(4, 0..10), true),
        (of_one(4, 12..20), true),
        (of_one(4, 20..21), true),
    ]);
    let gap = AuditError::Gap {
        partition: 4,
        expected: 10,
        found: 12,
    };
    assert_eq!((summary.error_count, summary.errors), (1, vec![gap.clone()]));
    assert_eq!(
        gap.to_string(),
        "partition 4: an event starts at offset 12, expected 10"
    );
}

#[test]
fn records_that_are_delivered_again_are_counted() {
    let cases = [
        (vec![0..10, 0..10], 10, 20),
        (vec![0..10, 5..8, 10..12], 3, 15),
        (vec![0..10, 5..15, 15..16], 5, 21),
    ];
    for (offsets, redelivered, records) in cases {
        let events: Vec<_> = offsets
            .iter()
            .map(|offsets| (of_one(0, offsets.clone()), true))
            .collect();
        let summary = audited(&events);
        assert_eq!(
            (summary.redelivered, summary.records),
            (redelivered, records),
            "{offsets:?}"
        );
        assert_eq!(summary.error_count, 0, "{offsets:?}");
    }
}

#[test]
fn an_event_that_failed_is_expected_again() {
    let again = audited(&[
        (of_one(0, 0..10), false),
        (of_one(0, 0..10), true),
        (of_one(0, 10..20), true),
    ]);
    assert_eq!((again.failed_invocations, again.redelivered), (1, 0));
    assert_eq!((again.records, again.error_count), (20, 0));

    let lost = audited(&[(of_one(0, 0..10), false), (of_one(0, 10..20), true)]);
    let gap = AuditError::Gap {
        partition: 0,
        expected: 0,
        found: 10,
    };
    assert_eq!(lost.errors, [gap]);
}

#[test]
fn an_event_that_was_only_measured_is_counted_and_leaves_no_digest() {
    let written = of_one(0, 0..10);
    let summary = audited(&[(written.clone(), true), (Vec::new(), true)]);
    assert_eq!((summary.invocations, summary.measured_invocations), (2, 1));
    assert_eq!(summary.payload_bytes, written.len() as u64 + 1_000);
    assert_eq!((summary.digest, summary.error_count), (None, 0));
}

#[test]
fn the_first_errors_are_kept_and_all_are_counted() {
    let events: Vec<_> = (0..50)
        .map(|index| (of_one(0, index * 10..index * 10 + 1), true))
        .collect();
    let summary = audited(&events);
    assert_eq!((summary.error_count, summary.errors.len()), (49, 20));
}
