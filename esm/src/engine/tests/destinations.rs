//! On-failure destinations: a topic of the embedded cluster, and documents that are kept in memory.

use super::test_engine::{Invoked, Seen};
use super::*;
use crate::CapturedDocument;
use crate::date::UtcTime;
use crate::delivery::DestinationOptions;
use crate::invoker::ClosureInvoker;
use bytes::Bytes;
use esmeralda_broker::local::{FetchPosition, NewTopic};
use esmeralda_broker::records::{NewRecord, encode_batch, walk};
use esmeralda_broker::{Offset, TimestampType};
use serde_json::Value;
use std::sync::Mutex;

const FAILED: &str = "failed";
const QUEUE: &str = "arn:aws:sqs:eu-west-1:000000000000:failed";

/// A message of the topic `failed`.
#[derive(Clone, Debug, PartialEq)]
struct Failed {
    partition: i32,
    key: Option<String>,
    timestamp_ms: i64,
    document: Value,
}

/// Returns the messages of the topic `failed`, by partition.
async fn failed(test: &TestEngine, partitions: i32) -> Vec<Failed> {
    let position = |partition| FetchPosition {
        partition,
        offset: Offset(0),
        max_bytes: 1 << 20,
    };
    let positions: Vec<_> = (0..partitions).map(position).collect();
    let wait = Duration::ZERO;
    let fetched = test.client.fetch(FAILED, &positions, wait, 0, 1 << 24).await;
    let mut all = Vec::new();
    for fetched in fetched.unwrap() {
        for (header, body) in fetched.batches.unwrap() {
            assert_eq!(header.timestamp_type(), TimestampType::CreateTime);
            for record in walk(&header, &body) {
                let record = record.unwrap();
                let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
                all.push(Failed {
                    partition: fetched.partition,
                    key: record.key.map(text),
                    timestamp_ms: record.timestamp_ms,
                    document: serde_json::from_slice(record.value.unwrap()).unwrap(),
                });
            }
        }
    }
    all.sort_by_key(|failed| failed.partition);
    all
}

async fn topic_of_failed(test: &TestEngine, partitions: i32) {
    let topic = NewTopic {
        name: FAILED.to_owned(),
        partitions: Some(partitions),
        ..NewTopic::default()
    };
    test.client.create_topic(topic).await.unwrap();
}

fn on_failure(destination: &str, members: Value) -> Value {
    let mut all = json!({
        "DestinationConfig": { "OnFailure": { "Destination": destination } },
        "ProvisionedPollerConfig": { "MinimumPollers": 1 },
    });
    for (name, value) in members.as_object().unwrap() {
        all[name] = value.clone();
    }
    all
}

fn captured(test: &TestEngine) -> Vec<Value> {
    let captured = test.engine.captured_documents().unwrap();
    let documents = captured.documents(QUEUE).into_iter();
    let parsed = |document: CapturedDocument| serde_json::from_slice(&document.body).unwrap();
    documents.map(parsed).collect()
}

#[tokio::test(start_paused = true)]
async fn a_topic_gets_each_record_after_ten_retries_and_the_partition_goes_on() {
    let test = TestEngine::new().await;
    test.function("f", |records| async move {
        match records[0].offset {
            0 => Err("poison".to_owned()),
            _ => Ok(()),
        }
    });
    test.topic(1).await;
    topic_of_failed(&test, 7).await;
    let headers = [("h", Some(&b"\xff"[..]))];
    let record = |key, timestamp_ms, headers| NewRecord {
        timestamp_ms,
        key,
        value: Some(b"v"),
        headers,
    };
    let records = [record(Some(&b"21"[..]), 5, &headers[..]), record(None, 6, &[])];
    let batch = encode_batch(&records, Compression::None);
    test.client.produce(test_engine::TOPIC, 0, batch).await.unwrap();
    test.produce(0, 2, 2).await;
    let uuid = test
        .mapping(on_failure("kafka://failed", json!({ "BatchSize": 2 })))
        .await;
    let view = test.engine.get(&uuid).await.unwrap();
    assert_eq!(view.0["MaximumRetryAttempts"], -1);
    test.engine.drained(&uuid).await.unwrap();
    assert_eq!(test.committed(&uuid, 1).await, [4]);
    let invoked: Vec<i64> = test
        .invoked()
        .iter()
        .map(|invoked| invoked.records[0].offset)
        .collect();
    assert_eq!(invoked, [&[0; 11][..], &[2]].concat());
    let metrics = test.metrics().await;
    assert_eq!(
        (
            metrics.on_failure_destination_delivered_event_count,
            metrics.dropped_event_count
        ),
        (2, 0)
    );

    let failed = failed(&test, 7).await;
    // The key `21` belongs to partition 3 of 7, as any producer of Kafka says.
    let [keyed] = &failed
        .iter()
        .filter(|failed| failed.key.is_some())
        .cloned()
        .collect::<Vec<_>>()[..]
    else {
        panic!("one record has a key")
    };
    assert_eq!((keyed.partition, keyed.key.as_deref()), (3, Some("21")));
    assert_eq!(failed.len(), 2);
    let request_id = keyed.document["requestContext"]["requestId"].as_str().unwrap();
    assert_eq!(request_id.len(), 36, "{request_id} is a UUID as AWS writes it");
    let now = keyed.document["timestamp"].as_str().unwrap();
    assert!(now.starts_with("2026-01-01T00:00:"), "{now}");
    assert_eq!(now, UtcTime::of_ms(keyed.timestamp_ms).to_string());
    assert_eq!(
        keyed.document,
        json!({
            "requestContext": {
                "requestId": keyed.document["requestContext"]["requestId"],
                "functionArn": "arn:aws:lambda:eu-west-1:000000000000:function:f:$LATEST",
                "condition": "RetriesExhausted",
                "approximateInvokeCount": 11,
            },
            "responseContext": { "statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled" },
            "version": "1.0",
            "timestamp": now,
            "KafkaBatchInfo": {
                "batchSize": 1,
                "bootstrapServers": "localhost:9092",
                "payloadSize": keyed.document["payload"].to_string().len(),
                "recordInfo": { "offset": "0", "timestamp": "1970-01-01T00:00:00.005Z" },
            },
            "payload": {
                "eventSource": "SelfManagedKafka",
                "bootstrapServers": "localhost:9092",
                "records": { "orders-0": [{
                    "topic": "orders",
                    "partition": 0,
                    "offset": 0,
                    "timestamp": 5,
                    "timestampType": "CREATE_TIME",
                    "key": "MjE=",
                    "value": "dg==",
                    "headers": [{ "h": [-1] }],
                }] },
            },
        })
    );
}

#[tokio::test(start_paused = true)]
async fn records_for_a_topic_that_does_not_exist_are_dropped() {
    let test = TestEngine::new().await;
    test.function("f", |_| async { Err("no".to_owned()) });
    test.topic(1).await;
    test.produce(0, 0, 3).await;
    let members = json!({ "MaximumRetryAttempts": 0 });
    let uuid = test.mapping(on_failure("kafka://failed", members)).await;
    test.engine.drained(&uuid).await.unwrap();
    let metrics = test.metrics().await;
    assert_eq!(
        (
            metrics.on_failure_destination_delivered_event_count,
            metrics.dropped_event_count,
            metrics.on_failure_destination_delivery_error_count,
            metrics.destination_delivery_failures,
        ),
        (0, 3, 1, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn only_the_records_that_the_function_names_to_the_end_are_delivered() {
    let test = TestEngine::new().await;
    let response = r#"{"batchItemFailures":[{"itemIdentifier":{"partition":"orders-0","offset":2}}]}"#;
    let function = ClosureInvoker::new(move |_| async move { Ok::<_, String>(response) });
    test.engine
        .shared
        .options
        .functions
        .register("f", Arc::new(function));
    test.topic(1).await;
    test.produce(0, 0, 4).await;
    let members = json!({
        "BatchSize": 4,
        "MaximumRetryAttempts": 2,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
    });
    let uuid = test.mapping(on_failure(QUEUE, members)).await;
    test.engine.drained(&uuid).await.unwrap();
    let [document] = &captured(&test)[..] else {
        panic!("one document")
    };
    assert_eq!(document["requestContext"]["approximateInvokeCount"], 3);
    assert_eq!(
        document["responseContext"],
        json!({ "statusCode": 200, "executedVersion": "$LATEST", "functionError": null })
    );
    assert_eq!(document["KafkaBatchInfo"]["batchSize"], 1);
    assert_eq!(
        document["KafkaBatchInfo"]["recordsInfo"]["orders-0"]["firstRecordOffset"],
        "2"
    );
}

#[tokio::test(start_paused = true)]
async fn an_update_gives_a_mapping_a_destination_and_takes_it_away() {
    let test = TestEngine::new().await;
    let attempts = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&attempts);
    let function = ClosureInvoker::new(move |_: Bytes| {
        *counted.lock().unwrap() += 1;
        async move { Err::<&str, _>("no") }
    });
    test.engine
        .shared
        .options
        .functions
        .register("f", Arc::new(function));
    test.topic(1).await;
    // In on-demand mode, too.
    let uuid = test.mapping(json!({})).await;
    let destination =
        |destination: &str| json!({ "DestinationConfig": { "OnFailure": { "Destination": destination } } });
    let updated = test.update(&uuid, destination(QUEUE)).await.unwrap();
    assert_eq!(
        updated.0["DestinationConfig"],
        destination(QUEUE)["DestinationConfig"]
    );
    test.engine.settled(&uuid).await.unwrap();
    test.produce(0, 0, 1).await;
    test.engine.drained(&uuid).await.unwrap();
    assert_eq!((*attempts.lock().unwrap(), captured(&test).len()), (11, 1));

    let updated = test.update(&uuid, destination("")).await.unwrap();
    assert_eq!(updated.0.get("DestinationConfig"), None);
    test.engine.settled(&uuid).await.unwrap();
    test.produce(0, 1, 1).await;
    test.clock.sleep(10 * MINUTE).await;
    // Without a destination there is no end to it: a retry every 5 to 10 s.
    assert!(*attempts.lock().unwrap() > 11 + 60);
    assert_eq!(test.committed(&uuid, 1).await, [1]);
    let error = test
        .update(&uuid, destination("kafka://failed"))
        .await
        .unwrap_err();
    assert_eq!(
        error.message,
        "Unsupported 'destinationConfig' parameter for given event source mapping type."
    );
}

#[tokio::test(start_paused = true)]
async fn a_destination_without_an_endpoint_is_refused_by_name() {
    let test = TestEngine::with(TestOptions {
        destinations: DestinationOptions::default(),
        ..TestOptions::default()
    })
    .await;
    for (arn, name, option) in [
        (QUEUE, "Amazon SQS", "--sqs-endpoint"),
        (
            "arn:aws:sns:eu-west-1:000000000000:failed",
            "Amazon SNS",
            "--sns-endpoint",
        ),
        ("arn:aws:s3:::failed", "Amazon S3", "--s3-endpoint"),
    ] {
        let error = test.create(on_failure(arn, json!({}))).await.unwrap_err();
        assert_eq!(
            error.message,
            format!(
                "The on-failure destination {arn} cannot be reached: Esmeralda has no endpoint of {name}. Start it with {option} URL or \
                 --aws-endpoint URL, or with --capture-destinations to keep the documents in memory."
            )
        );
    }
    test.create(on_failure("kafka://failed", json!({})))
        .await
        .unwrap();
    assert!(test.engine.captured_documents().is_none());
}

#[tokio::test(start_paused = true)]
async fn the_other_half_of_a_split_batch_waits_until_the_first_is_delivered() {
    // Nothing listens there, so a delivery takes three attempts: two pauses of 50 to 100 and of 100 to 200 ms.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", closed.local_addr().unwrap());
    drop(closed);
    let test = TestEngine::with(TestOptions {
        destinations: DestinationOptions {
            sqs: Some(endpoint.parse().unwrap()),
            ..DestinationOptions::default()
        },
        ..TestOptions::default()
    })
    .await;
    test.function("f", |records| async move {
        let is_poison = |seen: &Seen| seen.offset == 0;
        if records.iter().any(is_poison) {
            Err("poison".to_owned())
        } else {
            Ok(())
        }
    });
    test.topic(1).await;
    test.produce(0, 0, 2).await;
    let members = json!({ "BatchSize": 2, "MaximumRetryAttempts": 0, "BisectBatchOnFunctionError": true });
    let uuid = test.mapping(on_failure(QUEUE, members)).await;
    test.engine.drained(&uuid).await.unwrap();
    let invoked = test.invoked();
    let offsets = |one: &Invoked| one.records.iter().map(|seen| seen.offset).collect::<Vec<_>>();
    assert_eq!(
        invoked.iter().map(offsets).collect::<Vec<_>>(),
        [vec![0, 1], vec![0], vec![1]]
    );
    let waited = invoked[2].at_ms - invoked[1].at_ms;
    assert!((150..=320).contains(&waited), "{waited} ms");
    assert_eq!(test.metrics().await.dropped_event_count, 1);
}
