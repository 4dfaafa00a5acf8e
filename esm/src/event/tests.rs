use super::*;
use crate::batch::BatchPart;
use crate::source::{AssignmentNumber, RecordSchemas};
use aws_lambda_events::kafka::KafkaEvent;
use bytes::Bytes;
use proptest::prelude::*;
use std::ops::Range;
use std::sync::Arc;

/// A record as a test writes it down.
#[derive(Clone, Debug, Default)]
struct TestRecord {
    offset: i64,
    timestamp_ms: i64,
    key: Option<Vec<u8>>,
    value: Option<Vec<u8>>,
    headers: Vec<(Vec<u8>, Option<Vec<u8>>)>,
}

fn put_varint(number: i64, buffer: &mut Vec<u8>) {
    let mut zigzag = ((number << 1) ^ (number >> 63)) as u64;
    while zigzag >= 0x80 {
        buffer.push(zigzag as u8 | 0x80);
        zigzag >>= 7;
    }
    buffer.push(zigzag as u8);
}

fn put_bytes(bytes: Option<&[u8]>, buffer: &mut Vec<u8>) {
    put_varint(bytes.map_or(-1, |bytes| bytes.len() as i64), buffer);
    buffer.extend_from_slice(bytes.unwrap_or_default());
}

fn records(partition: i32, timestamp_type: TimestampType, test_records: &[TestRecord]) -> Arc<Records> {
    let mut buffer = Vec::new();
    let mut spans = Vec::new();
    for record in test_records {
        let mut place = |bytes: &[u8]| -> Range<u32> {
            let start = buffer.len() as u32;
            buffer.extend_from_slice(bytes);
            start..buffer.len() as u32
        };
        let (key, value) = (
            record.key.as_deref().map(&mut place),
            record.value.as_deref().map(&mut place),
        );
        let mut headers = Vec::new();
        put_varint(record.headers.len() as i64, &mut headers);
        for (name, value) in &record.headers {
            put_bytes(Some(name), &mut headers);
            put_bytes(value.as_deref(), &mut headers);
        }
        let headers = place(&headers);
        spans.push(Span {
            offset: record.offset,
            timestamp_ms: record.timestamp_ms,
            key,
            value,
            headers,
        });
    }
    Arc::new(Records {
        partition,
        assignment: AssignmentNumber::default(),
        offsets: 0..i64::MAX,
        timestamp_type,
        buffer: Bytes::from(buffer),
        spans,
        schemas: None,
    })
}

/// Returns records of which those at some offsets were decoded.
fn decoded(
    test_records: &[TestRecord],
    keys: &[(i64, SchemaLabel)],
    values: &[(i64, SchemaLabel)],
) -> Arc<Records> {
    let mut records = records(0, TimestampType::CreateTime, test_records);
    Arc::make_mut(&mut records).schemas = Some(Arc::new(RecordSchemas {
        polled_bytes: 0,
        keys: keys.to_vec(),
        values: values.to_vec(),
    }));
    records
}

#[test]
fn schemas_stand_behind_what_was_decoded() {
    let label = |data_format, id| SchemaLabel { data_format, id };
    let record = |offset, key: Option<&str>, value: Option<&str>| TestRecord {
        offset,
        key: key.map(|key| key.as_bytes().to_vec()),
        value: value.map(|value| value.as_bytes().to_vec()),
        ..TestRecord::default()
    };
    let test_records = [
        record(1, Some("k"), Some("v")),
        record(2, Some("k"), Some("v")),
        record(3, Some("k"), None),
        record(4, None, Some("v")),
        record(5, None, None),
    ];
    let keys = [(1, label("JSON", 2)), (3, label("JSON", 2))];
    let values = [
        (1, label("AVRO", 17)),
        (2, label("AVRO", 17)),
        (4, label("AVRO", 17)),
    ];
    let event = event_of(
        &self_managed(),
        vec![whole(decoded(&test_records, &keys, &values))],
    );
    let key = r#""key":"aw==","#;
    let key_schema = r#""keySchemaMetadata":{"dataFormat":"JSON","schemaId":"2"},"#;
    let value = r#""value":"dg==","valueSchemaMetadata":{"dataFormat":"AVRO","schemaId":"17"},"#;
    let bodies = [
        format!("{key}{key_schema}{value}"),
        format!("{key}{value}"),
        format!("{key}{key_schema}"),
        value.to_owned(),
        String::new(),
    ];
    for (offset, body) in (1..).zip(bodies) {
        let record =
            format!(r#""offset":{offset},"timestamp":0,"timestampType":"CREATE_TIME",{body}"headers":[]}}"#);
        assert!(event.contains(&record), "{record} in {event}");
    }
}

fn whole(records: Arc<Records>) -> BatchPart {
    BatchPart {
        range: 0..records.spans.len(),
        records,
    }
}

fn event_of(envelope: &Envelope, parts: Vec<BatchPart>) -> String {
    let mut batch = Batch {
        parts,
        event_bytes: 0,
    };
    batch.event_bytes = sum_of_sizes(envelope, &batch);
    let mut payload = Vec::new();
    envelope.write(&batch, &mut payload);
    assert_eq!(
        payload.len(),
        batch.event_bytes,
        "the sizes add up to what is written"
    );
    String::from_utf8(payload).unwrap()
}

fn sum_of_sizes(envelope: &Envelope, batch: &Batch) -> usize {
    let partitions: usize = batch
        .partitions()
        .iter()
        .map(|partition| envelope.partition_bytes(*partition))
        .sum();
    let records: usize = batch
        .parts
        .iter()
        .flat_map(|part| {
            part.spans()
                .iter()
                .map(|span| envelope.record_bytes(&part.records, span))
        })
        .sum();
    envelope.base_bytes() + partitions + records
}

fn self_managed() -> Envelope {
    Envelope {
        event_source_arn: None,
        bootstrap_servers: "127.0.0.1:9092,127.0.0.1:9093".into(),
        topic: "orders".into(),
    }
}

fn text(text: &str) -> Option<Vec<u8>> {
    Some(text.as_bytes().to_vec())
}

#[test]
fn an_msk_event_has_the_members_of_the_developer_guide_in_its_order() {
    let envelope = Envelope {
        event_source_arn: Some("arn:aws:kafka:us-east-1:123456789012:cluster/name/uuid-2".into()),
        bootstrap_servers: "b-2.x:9092,b-1.x:9092".into(),
        topic: "mytopic".into(),
    };
    let record = TestRecord {
        offset: 15,
        timestamp_ms: 1_545_084_650_987,
        key: text("key"),
        value: text("Hello, this is a test."),
        headers: vec![(b"headerKey".to_vec(), text("headerValue"))],
    };
    assert_eq!(
        event_of(
            &envelope,
            vec![whole(records(0, TimestampType::CreateTime, &[record]))]
        ),
        concat!(
            r#"{"eventSource":"aws:kafka","#,
            r#""eventSourceArn":"arn:aws:kafka:us-east-1:123456789012:cluster/name/uuid-2","#,
            r#""bootstrapServers":"b-2.x:9092,b-1.x:9092","records":{"mytopic-0":[{"topic":"mytopic","partition":0,"#,
            r#""offset":15,"timestamp":1545084650987,"timestampType":"CREATE_TIME","key":"a2V5","#,
            r#""value":"SGVsbG8sIHRoaXMgaXMgYSB0ZXN0Lg==","#,
            r#""headers":[{"headerKey":[104,101,97,100,101,114,86,97,108,117,101]}]}]}}"#,
        )
    );
}

#[test]
fn a_self_managed_event_has_no_arn() {
    let record = TestRecord {
        offset: 7,
        timestamp_ms: 1,
        value: text("v"),
        ..TestRecord::default()
    };
    assert_eq!(
        event_of(
            &self_managed(),
            vec![whole(records(3, TimestampType::LogAppendTime, &[record]))]
        ),
        concat!(
            r#"{"eventSource":"SelfManagedKafka","bootstrapServers":"127.0.0.1:9092,127.0.0.1:9093","#,
            r#""records":{"orders-3":[{"topic":"orders","partition":3,"offset":7,"timestamp":1,"#,
            r#""timestampType":"LOG_APPEND_TIME","value":"dg==","headers":[]}]}}"#,
        )
    );
}

/// The part of the event that differs from record to record: what follows the timestamp's type.
fn tail_of(record: TestRecord) -> String {
    let event = event_of(
        &self_managed(),
        vec![whole(records(0, TimestampType::CreateTime, &[record]))],
    );
    let (_, tail) = event.split_once(r#""CREATE_TIME""#).unwrap();
    tail.strip_suffix("]}}").unwrap().to_owned()
}

#[test]
fn absent_is_left_out_and_empty_is_an_empty_string() {
    let with = |key: Option<&str>, value: Option<&str>| {
        tail_of(TestRecord {
            key: key.and_then(text),
            value: value.and_then(text),
            ..TestRecord::default()
        })
    };
    assert_eq!(with(None, None), r#","headers":[]}"#);
    assert_eq!(with(Some(""), None), r#","key":"","headers":[]}"#);
    assert_eq!(with(None, Some("")), r#","value":"","headers":[]}"#);
    assert_eq!(
        with(Some("k"), Some("")),
        r#","key":"aw==","value":"","headers":[]}"#
    );
}

#[test]
fn headers_are_signed_bytes_in_order_with_duplicates_kept() {
    let headers = [
        ("a", Some(vec![0, 9, 10, 99, 100, 127, 128, 200, 246, 255])),
        ("b", Some("ë".as_bytes().to_vec())),
        ("a", Some(Vec::new())),
        ("null", None),
    ];
    let record = TestRecord {
        headers: headers
            .map(|(name, value)| (name.as_bytes().to_vec(), value))
            .to_vec(),
        ..TestRecord::default()
    };
    assert_eq!(
        tail_of(record),
        r#","headers":[{"a":[0,9,10,99,100,127,-128,-56,-10,-1]},{"b":[-61,-85]},{"a":[]},{"null":[]}]}"#
    );
}

#[test]
fn header_names_are_escaped_and_what_is_not_utf_8_is_replaced() {
    let names: [&[u8]; 4] = [
        b"q\"\\/",
        b"\x08\x0c\n\r\t\x00\x1f\x7f",
        "é🦀".as_bytes(),
        b"a\xffb\xc3",
    ];
    let record = TestRecord {
        headers: names.map(|name| (name.to_vec(), text("1"))).to_vec(),
        ..TestRecord::default()
    };
    assert_eq!(
        tail_of(record),
        concat!(
            r#","headers":[{"q\"\\/":[49]},{"\b\f\n\r\t\u0000\u001F"#,
            "\x7f",
            r#"":[49]},{"é🦀":[49]},{"a"#,
            "\u{fffd}b\u{fffd}",
            r#"":[49]}]}"#
        )
    );
}

#[test]
fn headers_that_are_cut_short_show_what_is_whole() {
    let mut headers = Vec::new();
    put_varint(3, &mut headers);
    put_bytes(Some(b"a"), &mut headers);
    put_bytes(Some(b"1"), &mut headers);
    put_varint(1000, &mut headers);
    let span = Span {
        offset: 0,
        timestamp_ms: 0,
        key: None,
        value: None,
        headers: 0..headers.len() as u32,
    };
    let records = Records {
        partition: 0,
        assignment: AssignmentNumber::default(),
        offsets: 0..1,
        timestamp_type: TimestampType::CreateTime,
        buffer: headers.into(),
        spans: vec![span],
        schemas: None,
    };
    let event = event_of(&self_managed(), vec![whole(Arc::new(records))]);
    assert!(event.ends_with(r#""headers":[{"a":[49]}]}]}}"#), "{event}");
}

#[test]
fn parts_of_one_partition_share_one_array_and_parts_without_records_have_none() {
    let record = |offset| TestRecord {
        offset,
        ..TestRecord::default()
    };
    let first = records(2, TimestampType::CreateTime, &[record(0), record(1), record(2)]);
    let second = records(2, TimestampType::CreateTime, &[record(5)]);
    let other = records(11, TimestampType::CreateTime, &[record(0)]);
    let no_records = records(7, TimestampType::CreateTime, &[]);
    let parts = vec![
        BatchPart {
            records: first,
            range: 1..3,
        },
        whole(second),
        whole(no_records),
        whole(other),
    ];
    let mut payload = Vec::new();
    self_managed().write(
        &Batch {
            parts,
            event_bytes: 0,
        },
        &mut payload,
    );
    let event: serde_json::Value = serde_json::from_slice(&payload).unwrap();
    let offsets = |key: &str| -> Vec<i64> {
        let records = event["records"][key].as_array().unwrap();
        records
            .iter()
            .map(|record| record["offset"].as_i64().unwrap())
            .collect()
    };
    assert_eq!(offsets("orders-2"), [1, 2, 5]);
    assert_eq!(offsets("orders-11"), [0]);
    assert_eq!(event["records"].as_object().unwrap().len(), 2);
}

#[test]
fn an_arn_with_quotes_is_escaped() {
    let envelope = Envelope {
        event_source_arn: Some(r#"arn:aws:kafka:::"x""#.into()),
        ..self_managed()
    };
    let record = TestRecord::default();
    let event = event_of(
        &envelope,
        vec![whole(records(0, TimestampType::CreateTime, &[record]))],
    );
    let event: serde_json::Value = serde_json::from_str(&event).unwrap();
    assert_eq!(event["eventSourceArn"], r#"arn:aws:kafka:::"x""#);
}

fn any_record() -> impl Strategy<Value = TestRecord> {
    let bytes = || proptest::collection::vec(any::<u8>(), 0..40);
    let headers = proptest::collection::vec((bytes(), proptest::option::of(bytes())), 0..4);
    let parts = (
        0..i64::MAX,
        0..253_402_300_800_000i64,
        proptest::option::of(bytes()),
        proptest::option::of(bytes()),
        headers,
    );
    parts.prop_map(|(offset, timestamp_ms, key, value, headers)| TestRecord {
        offset,
        timestamp_ms,
        key,
        value,
        headers,
    })
}

/// Several partitions, each of one or two parts.
fn any_batch() -> impl Strategy<Value = Vec<(i32, Vec<Vec<TestRecord>>)>> {
    let part = proptest::collection::vec(any_record(), 1..5);
    let parts = proptest::collection::vec(part, 1..3);
    proptest::collection::btree_map(0..i32::MAX, parts, 1..4)
        .prop_map(|partitions| partitions.into_iter().collect::<Vec<_>>())
}

fn expected_headers(record: &TestRecord) -> Vec<(String, Vec<i8>)> {
    let signed = |value: &Option<Vec<u8>>| value.iter().flatten().map(|byte| *byte as i8).collect();
    let headers = record.headers.iter();
    headers
        .map(|(name, value)| (String::from_utf8_lossy(name).into_owned(), signed(value)))
        .collect()
}

proptest! {
    #[test]
    fn every_event_has_its_computed_size_and_parses_to_its_records(partitions in any_batch()) {
        let parts = partitions.iter().flat_map(|(partition, parts)| {
            parts.iter().map(|part| whole(records(*partition, TimestampType::CreateTime, part)))
        });
        let event = event_of(&self_managed(), parts.collect());
        let values: serde_json::Value = serde_json::from_str(&event).unwrap();
        let event: KafkaEvent = serde_json::from_str(&event).unwrap();
        prop_assert_eq!(event.event_source.as_deref(), Some("SelfManagedKafka"));
        prop_assert_eq!(event.bootstrap_servers.as_deref(), Some("127.0.0.1:9092,127.0.0.1:9093"));
        prop_assert_eq!(event.records.len(), partitions.len());
        for (partition, parts) in &partitions {
            let expected: Vec<&TestRecord> = parts.iter().flatten().collect();
            let parsed = &event.records[&format!("orders-{partition}")];
            prop_assert_eq!(parsed.len(), expected.len());
            // `aws_lambda_events` reads timestamps through a float and can be a millisecond off.
            let timestamps: Vec<Option<i64>> = values["records"][format!("orders-{partition}")].as_array().unwrap()
                .iter().map(|record| record["timestamp"].as_i64()).collect();
            prop_assert_eq!(timestamps, expected.iter().map(|record| Some(record.timestamp_ms)).collect::<Vec<_>>());
            for (parsed, expected) in parsed.iter().zip(expected) {
                let decoded = |text: &Option<String>| text.as_ref().map(|text| BASE64.decode_to_vec(text).unwrap());
                let headers: Vec<(String, Vec<i8>)> = parsed.headers.iter().flatten()
                    .map(|(name, value)| (name.clone(), value.clone())).collect();
                prop_assert_eq!(parsed.topic.as_deref(), Some("orders"));
                prop_assert_eq!(parsed.partition, i64::from(*partition));
                prop_assert_eq!(parsed.offset, expected.offset);
                prop_assert_eq!(parsed.timestamp_type.as_deref(), Some("CREATE_TIME"));
                prop_assert_eq!(decoded(&parsed.key), expected.key.clone());
                prop_assert_eq!(decoded(&parsed.value), expected.value.clone());
                prop_assert_eq!(headers, expected_headers(expected));
            }
        }
    }

    #[test]
    fn decimals_have_their_computed_size(number in any::<i64>()) {
        for number in [number, number >> 32, number >> 56, 0, i64::MIN, i64::MAX] {
            let mut written = Vec::new();
            write_decimal(number, &mut written);
            prop_assert_eq!(decimal_bytes(number), written.len());
        }
    }

    #[test]
    fn a_width_that_is_remembered_is_the_computed_one(numbers in prop::collection::vec(prop_oneof![-20i64..200, any::<i64>()], 1..50)) {
        let mut width = DecimalWidth::default();
        for number in numbers.into_iter().chain([9, 10, 99, 100, i64::MAX, i64::MIN, 0, -9, -10]) {
            prop_assert_eq!(width.of(number), decimal_bytes(number), "{}", number);
        }
    }
}
