//! The position at which a mapping begins to read, and topics that are created, grow and are deleted.

use super::*;
use esmeralda_broker::records::{NewRecord, encode_batch};
use esmeralda_broker::{GenerationId, Offset};

/// Produces one record with each of these timestamps; the values are those of [`TestEngine::produce`].
async fn produce_at(test: &TestEngine, partition: i32, first: i64, timestamps_ms: &[i64]) {
    for (number, timestamp_ms) in (first..).zip(timestamps_ms) {
        let value = test_engine::value(partition, number);
        let record = NewRecord {
            timestamp_ms: *timestamp_ms,
            value: Some(value.as_bytes()),
            ..NewRecord::default()
        };
        let batch = encode_batch(&[record], Compression::None);
        test.client
            .produce(test_engine::TOPIC, partition, batch)
            .await
            .unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn latest_starts_after_what_is_there_when_the_mapping_is_enabled() {
    let test = TestEngine::new().await;
    test.topic(2).await;
    test.produce(0, 0, 3).await;
    let uuid = test.mapping(json!({ "StartingPosition": "LATEST" })).await;
    test.produce(0, 3, 2).await;
    test.produce(1, 0, 1).await;
    test.engine.drained(&uuid).await.unwrap();
    let mut seen = test.seen();
    seen.sort();
    assert_eq!(seen, [expected(0, 3, 2), expected(1, 0, 1)].concat());
}

#[tokio::test(start_paused = true)]
async fn latest_is_fixed_when_a_partition_is_first_polled() {
    let test = TestEngine::new().await;
    test.topic(4).await;
    for partition in 0..4 {
        test.produce(partition, 0, 3).await;
    }
    let provisioned = |minimum: u32| json!({ "StartingPosition": "LATEST", "ProvisionedPollerConfig": { "MinimumPollers": minimum } });
    let uuid = test.mapping(provisioned(1)).await;
    test.update(&uuid, json!({ "Enabled": false })).await.unwrap();
    test.engine.settled(&uuid).await.unwrap();
    test.produce(2, 3, 2).await;
    test.update(
        &uuid,
        json!({ "Enabled": true, "ProvisionedPollerConfig": { "MinimumPollers": 4 } }),
    )
    .await
    .unwrap();
    test.engine.drained(&uuid).await.unwrap();
    assert_eq!(test.seen(), expected(2, 3, 2));
}

#[tokio::test(start_paused = true)]
async fn a_missing_topic_is_a_problem_until_it_exists() {
    let test = TestEngine::new().await;
    let uuid = test
        .mapping(json!({ "ProvisionedPollerConfig": { "MinimumPollers": 3 } }))
        .await;
    let view = test.engine.get(&uuid).await.unwrap();
    assert_eq!(view.state(), "Enabled");
    assert_eq!(
        view.0["LastProcessingResult"],
        "PROBLEM: topic `orders` does not exist"
    );
    test.topic(3).await;
    test.until(|metrics| metrics.pollers == 3).await;
    test.produce(2, 0, 2).await;
    test.engine.drained(&uuid).await.unwrap();
    assert_eq!(test.seen(), expected(2, 0, 2));
    let view = test.engine.get(&uuid).await.unwrap();
    assert_eq!(view.0["LastProcessingResult"], "OK");
}

#[tokio::test(start_paused = true)]
async fn more_partitions_are_noticed() {
    let test = TestEngine::new().await;
    test.topic(1).await;
    let uuid = test
        .mapping(json!({ "ProvisionedPollerConfig": { "MinimumPollers": 3 } }))
        .await;
    assert_eq!(test.metrics().await.pollers, 1);
    test.client
        .create_partitions(test_engine::TOPIC, 3)
        .await
        .unwrap();
    test.produce(2, 0, 4).await;
    test.engine.drained(&uuid).await.unwrap();
    assert_eq!(test.seen(), expected(2, 0, 4));
    test.until(|metrics| metrics.pollers == 3).await;
}

#[tokio::test(start_paused = true)]
async fn a_group_with_commits_goes_on_there() {
    let test = TestEngine::new().await;
    test.topic(1).await;
    test.produce(0, 0, 5).await;
    test.client
        .commit_offsets(
            "mine",
            "",
            GenerationId(-1),
            test_engine::TOPIC,
            &[(0, Offset(3))],
        )
        .await
        .unwrap();
    let uuid = test
        .mapping(json!({ "SelfManagedKafkaEventSourceConfig": { "ConsumerGroupId": "mine" } }))
        .await;
    test.engine.drained(&uuid).await.unwrap();
    assert_eq!(test.seen(), expected(0, 3, 2));
}

#[tokio::test(start_paused = true)]
async fn an_offset_out_of_range_goes_to_the_starting_position() {
    let test = TestEngine::new().await;
    test.topic(1).await;
    test.produce(0, 0, 5).await;
    test.client
        .commit_offsets(
            "mine",
            "",
            GenerationId(-1),
            test_engine::TOPIC,
            &[(0, Offset(700))],
        )
        .await
        .unwrap();
    test.mapping(json!({ "SelfManagedKafkaEventSourceConfig": { "ConsumerGroupId": "mine" } }))
        .await;
    test.until(|metrics| metrics.committed_event_count == 5).await;
    assert_eq!(test.seen(), expected(0, 0, 5));
}

#[tokio::test(start_paused = true)]
async fn a_topic_that_is_deleted_and_created_again_is_read_from_its_start() {
    let test = TestEngine::new().await;
    test.topic(2).await;
    let uuid = test
        .mapping(json!({ "ProvisionedPollerConfig": { "MinimumPollers": 2 } }))
        .await;
    test.produce(0, 0, 5).await;
    test.engine.drained(&uuid).await.unwrap();
    test.client.delete_topic(test_engine::TOPIC).await.unwrap();
    test.clock.sleep(MINUTE).await;
    let view = test.engine.get(&uuid).await.unwrap();
    assert_eq!(
        view.0["LastProcessingResult"],
        "PROBLEM: topic `orders` does not exist"
    );
    test.topic(3).await;
    test.produce(0, 0, 2).await;
    test.engine.drained(&uuid).await.unwrap();
    assert_eq!(test.seen(), [expected(0, 0, 5), expected(0, 0, 2)].concat());
    assert_eq!(test.metrics().await.pollers, 2);
}

#[tokio::test(start_paused = true)]
async fn at_timestamp_starts_at_the_first_record_that_is_as_late() {
    let test = TestEngine::new().await;
    test.topic(3).await;
    produce_at(&test, 0, 0, &[1_000, 3_000, 2_000, 4_000]).await;
    produce_at(&test, 1, 0, &[2_499, 2_500]).await;
    produce_at(&test, 2, 0, &[1_000, 2_499]).await;
    let members = json!({ "StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": 2.5 });
    let uuid = test.mapping(members).await;
    let view = test.engine.get(&uuid).await.unwrap();
    assert_eq!(view.0["StartingPositionTimestamp"], 2.5);
    // The partition without a record that is as late begins at its end, whatever comes then.
    assert_eq!(test.committed(&uuid, 3).await, [1, 1, 2]);
    produce_at(&test, 2, 2, &[1_500]).await;
    test.engine.drained(&uuid).await.unwrap();
    let mut seen = test.seen();
    seen.sort();
    assert_eq!(
        seen,
        [expected(0, 1, 3), expected(1, 1, 1), expected(2, 2, 1)].concat()
    );
}

#[tokio::test(start_paused = true)]
async fn a_mapping_that_is_enabled_again_goes_on_at_its_commit() {
    let test = TestEngine::new().await;
    test.topic(1).await;
    let uuid = test.mapping(json!({ "StartingPosition": "LATEST" })).await;
    test.produce(0, 0, 3).await;
    test.engine.drained(&uuid).await.unwrap();
    test.update(&uuid, json!({ "Enabled": false })).await.unwrap();
    let view = test.engine.settled(&uuid).await.unwrap();
    assert_eq!(view.state(), "Disabled");
    test.produce(0, 3, 2).await;
    test.clock.sleep(MINUTE).await;
    assert_eq!(test.seen(), expected(0, 0, 3));
    test.update(&uuid, json!({ "Enabled": true })).await.unwrap();
    test.engine.drained(&uuid).await.unwrap();
    assert_eq!(test.seen(), expected(0, 0, 5));
}

#[tokio::test(start_paused = true)]
async fn latest_skips_what_came_before_a_partition_was_discovered() {
    let test = TestEngine::new().await;
    test.topic(1).await;
    let uuid = test.mapping(json!({ "StartingPosition": "LATEST" })).await;
    let topic = test_engine::TOPIC;
    test.client.create_partitions(topic, 2).await.unwrap();
    test.produce(1, 0, 3).await;
    test.clock.sleep(MINUTE).await;
    test.produce(1, 3, 2).await;
    test.engine.drained(&uuid).await.unwrap();
    assert_eq!(test.seen(), expected(1, 3, 2));
}
