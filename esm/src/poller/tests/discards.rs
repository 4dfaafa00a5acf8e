//! Records that are given up, and what their delivery to the on-failure destination keeps waiting.

use super::scene::{Scene, config, records};
use crate::config::{FailureRules, MappingConfig};
use crate::destination::{Destination, OnFailure};
use crate::profile::ProfileName;
use crate::source::SourceEvent;
use crate::source::consumer::client::ErrorKind;
use serde_json::{Value, json};
use std::time::Duration;

const QUEUE: &str = "arn:aws:sqs:eu-west-1:123456789012:failed";
const BUCKET: &str = "arn:aws:s3:::failed";

/// A scene with batches of four records, two slots, and no retry.
fn scene(destination: &str) -> Scene {
    scene_of(destination, |_| {})
}

fn scene_of(destination: &str, change: impl FnOnce(&mut MappingConfig)) -> Scene {
    let mut profile = ProfileName::Instant.profile();
    profile.provisioned.invocations_in_flight = 2;
    let mut config = config(4);
    config.failure_rules.maximum_retry_attempts = Some(0);
    config.on_failure = Some(OnFailure {
        destination: Destination::parse(destination).unwrap(),
        function_arn: "arn:aws:lambda:eu-west-1:123456789012:function:f".into(),
    });
    change(&mut config);
    Scene::of(config, profile)
}

fn captured(scene: &Scene, destination: &str) -> Vec<Value> {
    let captured = scene.destinations.captured().unwrap();
    let documents = captured.documents(destination).into_iter();
    documents
        .map(|document| serde_json::from_slice(&document.body).unwrap())
        .collect()
}

/// The counts of delivered and dropped records, failed attempts and failed deliveries.
fn counts(scene: &Scene) -> [u64; 4] {
    let counters = &scene.counters;
    [
        counters.on_failure_destination_delivered_event_count.get(),
        counters.dropped_event_count.get(),
        counters.on_failure_destination_delivery_error_count.get(),
        counters.destination_delivery_failures.get(),
    ]
}

#[tokio::test(start_paused = true)]
async fn a_batch_without_attempts_left_is_delivered_and_finished() {
    let scene = scene(QUEUE);
    scene.behave(10, Some("Unhandled"));
    scene.assign(1, &[0]);
    scene.records(0, 0..8);
    scene.until(200).await;
    assert_eq!(
        scene.invoked(),
        [
            (0, vec![(0, vec![0, 1, 2, 3])]),
            (10, vec![(0, vec![4, 5, 6, 7])])
        ]
    );
    assert_eq!(scene.script.finished(), [[(0, 0..4)], [(0, 4..8)]]);
    assert_eq!(counts(&scene), [4, 0, 0, 0]);
    let [document] = &captured(&scene, QUEUE)[..] else {
        panic!("one document")
    };
    assert_eq!(document["requestContext"]["condition"], "RetryAttemptsExhausted");
    assert_eq!(document["requestContext"]["approximateInvokeCount"], 1);
    assert_eq!(document["responseContext"]["functionError"], "Unhandled");
    assert_eq!(document["timestamp"], "1970-01-01T00:00:00.010Z");
    assert_eq!(document["KafkaBatchInfo"]["batchSize"], 4);
}

#[tokio::test(start_paused = true)]
async fn a_delivery_keeps_its_partition_waiting_and_no_slot() {
    let scene = scene("kafka://failed");
    scene.behave(10, Some("no"));
    scene.producer.answers.lock().unwrap().push_back((1_000, None));
    scene.assign(1, &[0, 1, 2]);
    scene.records(0, 0..8);
    scene.until(20).await;
    scene.records(1, 0..4);
    scene.records(2, 0..4);
    scene.until(1_500).await;
    assert_eq!(
        scene.invoked(),
        [
            (0, vec![(0, vec![0, 1, 2, 3])]),
            (20, vec![(1, vec![0, 1, 2, 3])]),
            (20, vec![(2, vec![0, 1, 2, 3])]),
            (1_010, vec![(0, vec![4, 5, 6, 7])]),
        ]
    );
    let finished = [[(1, 0..4)], [(2, 0..4)], [(0, 0..4)], [(0, 4..8)]];
    assert_eq!(scene.script.finished(), finished);
    let produced = scene.producer.produced.lock().unwrap();
    let offsets: Vec<Value> = produced[0]
        .1
        .iter()
        .map(|message| {
            let document: Value = serde_json::from_slice(&message.value).unwrap();
            document["KafkaBatchInfo"]["recordInfo"]["offset"].clone()
        })
        .collect();
    assert_eq!(offsets, ["0", "1", "2", "3"]);
    assert_eq!(counts(&scene), [4, 0, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_transient_failure_is_tried_again_and_another_is_not() {
    let scene = scene("kafka://failed");
    let answers = [
        Some(ErrorKind::Transient),
        Some(ErrorKind::Transient),
        None,
        Some(ErrorKind::UnknownTopic),
    ];
    let answers = answers.map(|error| (0, error));
    scene.producer.answers.lock().unwrap().extend(answers);
    scene.behave(10, Some("no"));
    scene.behave(10, Some("no"));
    scene.assign(1, &[0]);
    scene.records(0, 0..4);
    scene.until(500).await;
    assert_eq!(counts(&scene), [4, 0, 2, 0]);
    let times: Vec<u128> = {
        let produced = scene.producer.produced.lock().unwrap();
        produced.iter().map(|(at_ms, _)| *at_ms).collect()
    };
    // After 10 ms of the function: from half of 100 ms and of 200 ms up to all of it.
    assert!((60..=110).contains(&times[1]), "{times:?}");
    assert!((100..=200).contains(&(times[2] - times[1])), "{times:?}");
    scene.records(0, 4..8);
    scene.until(1_100).await;
    assert_eq!(counts(&scene), [4, 4, 3, 1]);
    assert_eq!(scene.script.finished(), [[(0, 0..4)], [(0, 4..8)]]);
}

#[tokio::test(start_paused = true)]
async fn a_destination_that_goes_on_failing_drops_the_records_and_the_partition_goes_on() {
    let scene = scene("kafka://failed");
    let answers = std::iter::repeat_n((0, Some(ErrorKind::Transient)), 3);
    scene.producer.answers.lock().unwrap().extend(answers);
    scene.behave(10, Some("no"));
    scene.assign(1, &[0]);
    scene.records(0, 0..8);
    scene.until(1_000).await;
    assert_eq!(counts(&scene), [0, 4, 3, 1]);
    assert_eq!(scene.script.finished(), [[(0, 0..4)], [(0, 4..8)]]);
}

#[tokio::test(start_paused = true)]
async fn records_that_are_too_old_are_delivered_while_the_others_are_invoked() {
    let scene = scene_of(QUEUE, |config| {
        config.failure_rules = FailureRules {
            maximum_record_age: Some(Duration::from_millis(50)),
            ..FailureRules::default()
        };
    });
    scene.assign(1, &[0]);
    scene.until(100).await;
    let mut mixed = records(0, 0..4, 3);
    mixed.spans[1].timestamp_ms = 90;
    scene.event(SourceEvent::Records(mixed));
    scene.until(300).await;
    assert_eq!(scene.invoked(), [(100, vec![(0, vec![1])])]);
    assert_eq!(counts(&scene), [3, 0, 0, 0]);
    let [document] = &captured(&scene, QUEUE)[..] else {
        panic!("one document")
    };
    let age_exceeded = json!({
        "requestId": document["requestContext"]["requestId"],
        "functionArn": "arn:aws:lambda:eu-west-1:123456789012:function:f",
        "condition": "RecordAgeExceeded",
        "approximateInvokeCount": 0,
    });
    assert_eq!(document["requestContext"], age_exceeded);
    assert_eq!(
        document["KafkaBatchInfo"]["recordsInfo"],
        json!({ "t-0": {
            "firstRecordOffset": "0",
            "lastRecordOffset": "3",
            "firstRecordTimestamp": "1970-01-01T00:00:00.000Z",
            "lastRecordTimestamp": "1970-01-01T00:00:00.000Z",
        } })
    );
    assert_eq!(
        scene.script.finished(),
        [vec![(0, 0..1), (0, 2..4)], vec![(0, 1..2)]]
    );
}

#[tokio::test(start_paused = true)]
async fn a_record_that_alone_exceeds_an_event_is_delivered_with_its_event() {
    let scene = scene(BUCKET);
    scene.assign(1, &[0]);
    scene.event(SourceEvent::Records(records(0, 0..1, 5 << 20)));
    scene.records(0, 1..5);
    scene.until(200).await;
    assert_eq!(counts(&scene), [1, 0, 0, 0]);
    assert_eq!(scene.invoked(), [(0, vec![(0, vec![1, 2, 3, 4])])]);
    let documents = captured(&scene, BUCKET);
    assert_eq!(
        documents[0]["requestContext"]["condition"],
        "MaximumPayloadSizeExceeded"
    );
    assert_eq!(documents[0]["responseContext"], Value::Null);
    let payload = documents[0]["payload"].as_str().unwrap();
    assert_eq!(documents[0]["KafkaBatchInfo"]["payloadSize"], payload.len());
    let event: Value = serde_json::from_str(payload).unwrap();
    assert_eq!(event["records"]["t-0"][0]["offset"], 0);
}

#[tokio::test(start_paused = true)]
async fn a_poller_that_stops_ends_its_delivery_first() {
    let scene = scene("kafka://failed");
    scene.behave(10, Some("no"));
    scene.producer.answers.lock().unwrap().push_back((1_000, None));
    scene.assign(1, &[0]);
    scene.records(0, 0..4);
    scene.until(20).await;
    scene.orders.send_modify(|orders| orders.is_stopping = true);
    scene.until(1_009).await;
    assert!(!scene.task.is_finished());
    scene.until(1_011).await;
    assert!(scene.task.is_finished());
    assert_eq!(scene.script.finished(), [[(0, 0..4)]]);
    assert_eq!(counts(&scene), [4, 0, 0, 0]);
}
