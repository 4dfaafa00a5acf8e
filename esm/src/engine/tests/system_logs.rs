//! The system logs of mappings.

use super::test_engine::*;
use super::*;
use serde_json::{Value, json};

impl TestEngine {
    /// The events of a mapping's system log of the first day.
    fn logged(&self, uuid: &str) -> Vec<Value> {
        let events = self
            .engine
            .log_store()
            .events("/aws/lambda/f", &format!("2026/01/01/{uuid}"));
        let events = events.unwrap_or_default();
        events
            .iter()
            .map(|event| serde_json::from_str(&event.message).unwrap())
            .collect()
    }

    fn types(&self, uuid: &str) -> Vec<String> {
        let event_type = |event: &Value| event["eventType"].as_str().unwrap().to_owned();
        self.logged(uuid).iter().map(event_type).collect()
    }
}

fn logging(level: &str) -> Value {
    json!({
        "LoggingConfig": { "SystemLogLevel": level },
        "ProvisionedPollerConfig": { "MinimumPollers": 1, "MaximumPollers": 1 },
    })
}

#[tokio::test(start_paused = true)]
async fn debug_logs_the_assignment_and_each_minute_the_offsets_of_each_partition() {
    let test = TestEngine::new().await;
    test.topic(2).await;
    test.produce(0, 0, 5).await;
    let uuid = test.mapping(logging("DEBUG")).await;
    test.engine.drained(&uuid).await.unwrap();
    test.clock.sleep(Duration::from_secs(65)).await;
    let logged = test.logged(&uuid);
    let arn = format!("arn:aws:lambda:eu-west-1:000000000000:event-source-mapping:{uuid}");
    let mut first = logged[0].clone();
    assert!(first["timestamp"].as_i64().unwrap() >= 1_767_225_600_000);
    first.as_object_mut().unwrap().remove("timestamp");
    assert_eq!(
        first,
        json!({
            "eventType": "POLLER_STATUS_EVENT",
            "resourceArn": arn,
            "eventProcessorId": format!("{uuid}/0"),
            "logLevel": "INFO",
            "kafkaEventSourceConnection": {
                "brokerEndpoints": "localhost:9092",
                "consumerId": format!("{uuid}-0"),
                "topics": ["orders"],
                "consumerGroupId": uuid,
                "securityProtocol": "PLAINTEXT",
                "saslMechanism": "",
                "totalPartitionCount": 2,
                "assignedPartitionCount": 2,
                "partitionsAssignmentGeneration": 1,
                "assignedPartitions": ["orders-0", "orders-1"],
                "networkConfig": { "ipAddresses": [], "subnetCidrBlock": "", "securityGroups": [] },
            },
        })
    );
    let offsets: Vec<&Value> = logged
        .iter()
        .filter(|event| event["eventType"] == "KAFKA_STATUS_EVENT")
        .map(|event| &event["kafkaPartitionOffsets"])
        .collect();
    assert_eq!(
        offsets.len(),
        4,
        "two partitions, at the start and after a minute"
    );
    assert_eq!(
        *offsets[2],
        json!({
            "partition": "orders-0", "endOffset": 5, "consumedOffset": 5, "processedOffset": 4, "committedOffset": 5,
        })
    );
}

#[tokio::test(start_paused = true)]
async fn a_level_has_the_events_of_the_levels_that_tell_less() {
    let test = TestEngine::new().await;
    test.topic(1).await;
    let uuid = test.mapping(logging("INFO")).await;
    test.clock.sleep(Duration::from_secs(65)).await;
    assert_eq!(test.types(&uuid), ["POLLER_STATUS_EVENT"]);
    test.update(&uuid, json!({ "LoggingConfig": { "SystemLogLevel": "DEBUG" } }))
        .await
        .unwrap();
    test.engine.settled(&uuid).await.unwrap();
    test.clock.sleep(Duration::from_secs(5)).await;
    assert_eq!(test.types(&uuid), ["POLLER_STATUS_EVENT", "KAFKA_STATUS_EVENT"]);
    test.update(&uuid, json!({ "LoggingConfig": {} })).await.unwrap();
    test.clock.sleep(Duration::from_secs(200)).await;
    assert_eq!(test.types(&uuid).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_problem_of_a_poller_is_a_warning_with_the_class_of_its_error() {
    let test = TestEngine::new().await;
    let uuid = test.create(logging("WARN")).await.unwrap().uuid().to_owned();
    test.clock.sleep(Duration::from_secs(30)).await;
    let logged = test.logged(&uuid);
    assert_eq!(logged.len(), 1, "{logged:?}");
    assert_eq!(
        (
            &logged[0]["eventType"],
            &logged[0]["logLevel"],
            &logged[0]["error"]
        ),
        (
            &json!("ESM_PROCESSING_EVENT"),
            &json!("WARN"),
            &json!({
                "errorMessage": "topic `orders` does not exist",
                "errorCode": "org.apache.kafka.common.errors.UnknownTopicOrPartitionException",
            })
        )
    );
}

#[tokio::test(start_paused = true)]
async fn a_mapping_without_logging_config_logs_nothing() {
    let test = TestEngine::new().await;
    test.topic(1).await;
    let uuid = test.mapping(json!({})).await;
    test.clock.sleep(Duration::from_secs(65)).await;
    assert_eq!(test.logged(&uuid), [] as [Value; 0]);
}
