use super::*;
use crate::batch::{Batch, BatchPart, Envelope};
use crate::date::UtcTime;
use crate::source::{AssignmentNumber, Records, Span, TimestampType};
use bytes::Bytes;
use serde_json::{Value, json};
use std::ops::Range;
use std::sync::Arc;

const ARN: &str = "arn:aws:lambda:eu-west-1:123456789012:function:f";

/// 2026-01-01, 00:00:00.123.
const NOW_MS: i64 = 1_767_225_600_123;

const IDS: DocumentIds<'static> = DocumentIds {
    request_id: "5d3f5a3e-0c68-4a2b-9f0e-3f9b3a4c5d6e",
    now: UtcTime::of_ms(NOW_MS),
};

/// Records with the values `v` and the keys `k`, but for those with an even offset, which have none.
fn part(partition: i32, offsets: Range<i64>) -> BatchPart {
    let span = |offset: i64| Span {
        offset,
        timestamp_ms: NOW_MS + offset,
        key: (offset % 2 == 1).then_some(1..2),
        value: Some(2..3),
        headers: 0..1,
    };
    let count = offsets.clone().count();
    BatchPart {
        records: Arc::new(Records {
            partition,
            assignment: AssignmentNumber::default(),
            spans: offsets.clone().map(span).collect(),
            offsets,
            timestamp_type: TimestampType::CreateTime,
            buffer: Bytes::from_static(b"\0kv"),
            schemas: None,
        }),
        range: 0..count,
    }
}

/// The parts of a discard that outlive its borrow.
struct Scene {
    envelope: Envelope,
    batch: Batch,
    on_failure: OnFailure,
    response: FunctionResponse,
}

impl Scene {
    fn new(parts: Vec<BatchPart>) -> Self {
        let envelope = Envelope {
            event_source_arn: Some("arn:aws:kafka:eu-west-1:123456789012:cluster/demo/1-2".into()),
            bootstrap_servers: "b-1:9092,b-2:9092".into(),
            topic: "orders".into(),
        };
        Self {
            batch: envelope.batch(parts),
            envelope,
            on_failure: OnFailure {
                destination: Destination::parse("kafka://failed").unwrap(),
                function_arn: ARN.into(),
            },
            response: FunctionResponse {
                status: 200,
                function_error: Some("Unhandled".into()),
            },
        }
    }

    fn discarded(&self) -> DiscardedRecords<'_> {
        DiscardedRecords {
            batch: &self.batch,
            envelope: &self.envelope,
            on_failure: &self.on_failure,
            qualifier: None,
            condition: DiscardCondition::RetryAttemptsExhausted,
            response: Some(&self.response),
            invoke_count: 11,
        }
    }
}

fn parsed(document: &[u8]) -> Value {
    serde_json::from_slice(document).unwrap()
}

#[test]
fn a_batch_has_one_document_with_the_ends_of_each_partition() {
    // Partition 3 has two runs, because the records between them succeeded.
    let scene = Scene::new(vec![part(3, 10..12), part(3, 15..16), part(0, 7..8)]);
    let document = scene.discarded().batch_document(IDS);
    assert_eq!(
        String::from_utf8(document).unwrap(),
        concat!(
            r#"{"requestContext":{"requestId":"5d3f5a3e-0c68-4a2b-9f0e-3f9b3a4c5d6e","#,
            r#""functionArn":"arn:aws:lambda:eu-west-1:123456789012:function:f","#,
            r#""condition":"RetryAttemptsExhausted","approximateInvokeCount":11},"#,
            r#""responseContext":{"statusCode":200,"executedVersion":"$LATEST","functionError":"Unhandled"},"#,
            r#""version":"1.0","timestamp":"2026-01-01T00:00:00.123Z","#,
            r#""KafkaBatchInfo":{"batchSize":4,"eventSourceArn":"arn:aws:kafka:eu-west-1:123456789012:cluster/demo/1-2","#,
            r#""bootstrapServers":"b-1:9092,b-2:9092","payloadSize":731,"#,
            r#""recordsInfo":{"orders-0":{"firstRecordOffset":"7","lastRecordOffset":"7","#,
            r#""firstRecordTimestamp":"2026-01-01T00:00:00.130Z","lastRecordTimestamp":"2026-01-01T00:00:00.130Z"},"#,
            r#""orders-3":{"firstRecordOffset":"10","lastRecordOffset":"15","#,
            r#""firstRecordTimestamp":"2026-01-01T00:00:00.133Z","lastRecordTimestamp":"2026-01-01T00:00:00.138Z"}}}}"#,
        )
    );
}

#[test]
fn an_object_has_the_document_of_the_batch_and_the_event_as_a_text() {
    let scene = Scene::new(vec![part(3, 10..12), part(0, 7..8)]);
    let discarded = scene.discarded();
    let mut object = parsed(&discarded.object_document(IDS));
    let payload = object.as_object_mut().unwrap().remove("payload").unwrap();
    assert_eq!(object, parsed(&discarded.batch_document(IDS)));
    let mut event = Vec::new();
    scene.envelope.write(&scene.batch, &mut event);
    assert_eq!(payload.as_str().unwrap().as_bytes(), event);
    assert_eq!(
        discarded.object_key("6b9f5a3e-0c68-4a2b-9f0e-3f9b3a4c5d6e", IDS.now, "some-id"),
        "aws/lambda/6b9f5a3e-0c68-4a2b-9f0e-3f9b3a4c5d6e/orders-3/2026/01/01/2026-01-01T00.00.00-some-id"
    );
}

#[test]
fn a_kafka_topic_gets_one_document_for_each_record() {
    let scene = Scene::new(vec![part(3, 10..12)]);
    let documents = scene.discarded().record_documents(IDS);
    let keys: Vec<_> = documents.iter().map(|document| document.key.as_deref()).collect();
    assert_eq!(keys, [None, Some(&b"k"[..])]);
    assert_eq!(
        parsed(&documents[1].body),
        json!({
            "requestContext": {
                "requestId": "5d3f5a3e-0c68-4a2b-9f0e-3f9b3a4c5d6e",
                "functionArn": "arn:aws:lambda:eu-west-1:123456789012:function:f:$LATEST",
                "condition": "RetriesExhausted",
                "approximateInvokeCount": 11,
            },
            "responseContext": { "statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled" },
            "version": "1.0",
            "timestamp": "2026-01-01T00:00:00.123Z",
            "KafkaBatchInfo": {
                "batchSize": 1,
                "eventSourceArn": "arn:aws:kafka:eu-west-1:123456789012:cluster/demo/1-2",
                "bootstrapServers": "b-1:9092,b-2:9092",
                "payloadSize": 306,
                "recordInfo": { "offset": "11", "timestamp": "2026-01-01T00:00:00.134Z" },
            },
            "payload": {
                "eventSource": "aws:kafka",
                "eventSourceArn": "arn:aws:kafka:eu-west-1:123456789012:cluster/demo/1-2",
                "bootstrapServers": "b-1:9092,b-2:9092",
                "records": { "orders-3": [{
                    "topic": "orders",
                    "partition": 3,
                    "offset": 11,
                    "timestamp": 1_767_225_600_134_i64,
                    "timestampType": "CREATE_TIME",
                    "key": "aw==",
                    "value": "dg==",
                    "headers": [],
                }] },
            },
        })
    );
}

#[test]
fn each_condition_has_its_response_and_its_names() {
    let mut scene = Scene::new(vec![part(3, 10..11)]);
    scene.envelope.event_source_arn = None;
    scene.response.function_error = None;
    let failed = json!({ "statusCode": 200, "executedVersion": "live", "functionError": null });
    let cases = [
        (
            DiscardCondition::RetryAttemptsExhausted,
            Some(&scene.response),
            Some(failed),
            "RetryAttemptsExhausted",
            "RetriesExhausted",
        ),
        (
            DiscardCondition::RecordAgeExceeded,
            None,
            None,
            "RecordAgeExceeded",
            "RecordAgeExceeded",
        ),
        (
            DiscardCondition::MaximumPayloadSizeExceeded,
            None,
            Some(Value::Null),
            "MaximumPayloadSizeExceeded",
            "MaximumPayloadSizeExceeded",
        ),
    ];
    for (condition, response, shown, of_batch, of_record) in cases {
        let discarded = DiscardedRecords {
            condition,
            response,
            qualifier: Some("live"),
            ..scene.discarded()
        };
        let documents = [
            (parsed(&discarded.batch_document(IDS)), of_batch),
            (parsed(&discarded.record_documents(IDS)[0].body), of_record),
        ];
        for (document, name) in documents {
            assert_eq!(document.get("responseContext").cloned(), shown, "{condition}");
            assert_eq!(document["requestContext"]["condition"], name);
            // The ARN that a mapping with a qualifier has ends with it already.
            assert_eq!(document["requestContext"]["functionArn"], ARN);
            assert_eq!(document["KafkaBatchInfo"].get("eventSourceArn"), None);
        }
    }
}

#[test]
fn destinations_are_topics_queues_and_buckets() {
    let queue = "arn:aws:sqs:eu-west-1:123456789012:failed";
    let topic = "arn:aws:sns:eu-west-1:123456789012:failed";
    let bucket = "arn:aws:s3:::failed-records";
    let cases = [
        ("kafka://failed", None),
        (queue, Some(AwsService::Sqs)),
        (topic, Some(AwsService::Sns)),
        (bucket, Some(AwsService::S3)),
    ];
    for (text, service) in cases {
        let destination = Destination::parse(text).unwrap();
        assert_eq!(
            (destination.service(), destination.to_string()),
            (service, text.into())
        );
        let only_s3 = ReachableServices {
            s3: true,
            ..ReachableServices::default()
        };
        let is_reached = matches!(service, None | Some(AwsService::S3));
        assert_eq!(only_s3.reach(&destination), is_reached, "{text}");
    }
    for text in [format!("{queue}.fifo"), format!("{topic}.fifo")] {
        assert_eq!(
            Destination::parse(&text).unwrap_err().to_string(),
            format!(
                "Unsupported on-failure destination {text}: FIFO queues and FIFO topics are not supported."
            )
        );
    }
    let others = [
        "arn:aws:lambda:eu-west-1:123456789012:function:f",
        "arn:aws:sqs:eu-west-1:123456789012:",
        "arn:aws:sqs:::failed",
        "arn:aws:sns:eu-west-1:123456789012:failed:6b9f5a3e-0c68",
        "arn:aws:s3:::bucket/key",
        "arn:aws:s3:::",
    ];
    for text in others {
        let error = Destination::parse(text).unwrap_err();
        assert_eq!(error, InvalidDestination::Unsupported { text: text.into() });
    }
}
