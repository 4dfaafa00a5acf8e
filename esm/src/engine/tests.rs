mod functions;
mod scaling;
mod town;

use crate::invoker::InvocationResult;
use esmeralda_broker::{Compression, GenerationId, Offset};
use serde_json::json;
use std::future::Future;
use std::time::Duration;
use town::{Plan, Town, expected};

use super::*;
use esmeralda_broker::local::Join;

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test(start_paused = true)]
async fn a_record_reaches_the_function_and_is_committed() {
    let town = Town::new().await;
    town.topic(1).await;
    town.produce(0, 0, 3).await;
    let uuid = town.mapping(json!({})).await;
    town.engine.drained(&uuid).await.unwrap();
    assert_eq!(town.seen(), expected(0, 0, 3));
    assert_eq!(town.invoked().len(), 1);
    assert_eq!(town.committed(&uuid, 1).await, [3]);
    let view = town.engine.get(&uuid).await.unwrap();
    assert_eq!(view.state(), "Enabled");
    assert_eq!(view.0["LastProcessingResult"], "OK");
    let metrics = town.metrics().await;
    assert_eq!(
        (
            metrics.polled_event_count,
            metrics.invoked_event_count,
            metrics.committed_event_count
        ),
        (3, 3, 3)
    );
    assert_eq!((metrics.pollers, metrics.offset_lag), (1, vec![0]));
}

#[tokio::test(start_paused = true)]
async fn a_window_of_zero_delivers_at_once() {
    let town = Town::new().await;
    town.topic(1).await;
    let uuid = town.mapping(json!({ "MaximumBatchingWindowInSeconds": 0 })).await;
    let before = town.clock.elapsed();
    town.produce(0, 0, 1).await;
    town.engine.drained(&uuid).await.unwrap();
    assert_eq!(town.clock.elapsed(), before);
    assert_eq!(town.seen(), expected(0, 0, 1));
}

#[tokio::test(start_paused = true)]
async fn latest_starts_after_what_is_there_when_the_mapping_is_enabled() {
    let town = Town::new().await;
    town.topic(2).await;
    town.produce(0, 0, 3).await;
    let uuid = town.mapping(json!({ "StartingPosition": "LATEST" })).await;
    town.produce(0, 3, 2).await;
    town.produce(1, 0, 1).await;
    town.engine.drained(&uuid).await.unwrap();
    let mut seen = town.seen();
    seen.sort();
    assert_eq!(seen, [expected(0, 3, 2), expected(1, 0, 1)].concat());
}

#[tokio::test(start_paused = true)]
async fn compressed_batches_are_read() {
    let town = Town::new().await;
    town.topic(1).await;
    let codecs = [
        Compression::Gzip,
        Compression::Snappy,
        Compression::Lz4,
        Compression::Zstd,
    ];
    for (first, codec) in (0..).step_by(50).zip(codecs) {
        town.produce_compressed(0, first, 50, codec).await;
    }
    let uuid = town.mapping(json!({})).await;
    town.engine.drained(&uuid).await.unwrap();
    assert_eq!(town.seen(), expected(0, 0, 200));
}

#[tokio::test(start_paused = true)]
async fn states_are_passed_through_and_refuse_changes_meanwhile() {
    let town = Town::new().await;
    town.topic(1).await;
    let created = town.create(json!({})).await.unwrap();
    let uuid = created.uuid().to_owned();
    assert_eq!(created.state(), "Creating");
    assert_eq!(created.0["LastProcessingResult"], "No records processed");
    let refused = town.update(&uuid, json!({ "BatchSize": 5 })).await.unwrap_err();
    assert_eq!((refused.status, refused.kind), (400, "ResourceInUseException"));
    assert_eq!(town.engine.settled(&uuid).await.unwrap().state(), "Enabled");

    let updated = town.update(&uuid, json!({ "BatchSize": 5 })).await.unwrap();
    assert_eq!(updated.state(), "Updating");
    assert_eq!(
        town.engine.delete(&uuid).await.unwrap_err().kind,
        "ResourceInUseException"
    );
    assert_eq!(town.engine.settled(&uuid).await.unwrap().state(), "Enabled");

    let disabling = town.update(&uuid, json!({ "Enabled": false })).await.unwrap();
    assert_eq!(disabling.state(), "Disabling");
    assert_eq!(town.engine.settled(&uuid).await.unwrap().state(), "Disabled");
    let updated = town.update(&uuid, json!({ "BatchSize": 6 })).await.unwrap();
    assert_eq!(updated.state(), "Updating");
    assert_eq!(town.engine.settled(&uuid).await.unwrap().state(), "Disabled");
    let enabling = town.update(&uuid, json!({ "Enabled": true })).await.unwrap();
    assert_eq!(enabling.state(), "Enabling");
    assert_eq!(town.engine.settled(&uuid).await.unwrap().state(), "Enabled");

    assert_eq!(town.engine.delete(&uuid).await.unwrap().state(), "Deleting");
    assert_eq!(town.engine.get(&uuid).await.unwrap().state(), "Deleting");
    town.clock.sleep(MINUTE).await;
    assert_eq!(town.engine.get(&uuid).await.unwrap_err().status, 404);
    assert_eq!(town.engine.delete(&uuid).await.unwrap_err().status, 404);
    assert_eq!(town.engine.drained(&uuid).await.unwrap_err().status, 404);
}

#[tokio::test(start_paused = true)]
async fn a_mapping_that_is_created_disabled_is_so_at_once() {
    let town = Town::new().await;
    town.topic(1).await;
    let view = town.create(json!({ "Enabled": false })).await.unwrap();
    assert_eq!(view.state(), "Disabled");
    town.produce(0, 0, 1).await;
    town.clock.sleep(MINUTE).await;
    assert_eq!(town.seen(), []);
}

#[tokio::test(start_paused = true)]
async fn a_disabled_mapping_resumes_where_it_stopped() {
    let town = Town::new().await;
    town.topic(1).await;
    let uuid = town.mapping(json!({})).await;
    town.produce(0, 0, 3).await;
    town.engine.drained(&uuid).await.unwrap();
    town.update(&uuid, json!({ "Enabled": false })).await.unwrap();
    town.engine.settled(&uuid).await.unwrap();
    assert_eq!(town.metrics().await.pollers, 0);
    town.produce(0, 3, 3).await;
    town.clock.sleep(MINUTE).await;
    assert_eq!(town.seen(), expected(0, 0, 3));
    assert_eq!(town.metrics().await.offset_lag, [3]);
    town.update(&uuid, json!({ "Enabled": true })).await.unwrap();
    town.engine.drained(&uuid).await.unwrap();
    assert_eq!(town.seen(), expected(0, 0, 6));
}

#[tokio::test(start_paused = true)]
async fn a_missing_topic_is_a_problem_until_it_exists() {
    let town = Town::new().await;
    let uuid = town
        .mapping(json!({ "ProvisionedPollerConfig": { "MinimumPollers": 3 } }))
        .await;
    let view = town.engine.get(&uuid).await.unwrap();
    assert_eq!(view.state(), "Enabled");
    assert_eq!(
        view.0["LastProcessingResult"],
        "PROBLEM: topic `orders` does not exist"
    );
    town.topic(3).await;
    town.until(|metrics| metrics.pollers == 3).await;
    town.produce(2, 0, 2).await;
    town.engine.drained(&uuid).await.unwrap();
    assert_eq!(town.seen(), expected(2, 0, 2));
    let view = town.engine.get(&uuid).await.unwrap();
    assert_eq!(view.0["LastProcessingResult"], "OK");
}

#[tokio::test(start_paused = true)]
async fn a_fleet_has_the_minimum_and_never_more_than_partitions() {
    for (minimum, partitions, pollers) in [(4, 6, 4), (10, 3, 3)] {
        let town = Town::new().await;
        town.topic(partitions).await;
        for partition in 0..partitions {
            town.produce(partition, 0, 250).await;
        }
        let uuid = town
            .mapping(json!({ "ProvisionedPollerConfig": { "MinimumPollers": minimum } }))
            .await;
        assert_eq!(town.metrics().await.pollers, pollers);
        town.engine.drained(&uuid).await.unwrap();
        for partition in 0..partitions {
            let of_partition: Vec<_> = town
                .seen()
                .into_iter()
                .filter(|seen| seen.partition == partition)
                .collect();
            assert_eq!(of_partition, expected(partition, 0, 250));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn pollers_that_start_together_are_assigned_together() {
    let town = Town::new().await;
    town.topic(100).await;
    town.mapping(json!({ "ProvisionedPollerConfig": { "MinimumPollers": 100 } }))
        .await;
    let started = town.clock.elapsed();
    assert!(started < Duration::from_millis(200), "{started:?}");
}

/// Waits, and then fails or not.
async fn work(clock: Clock, milliseconds: u64) -> Result<(), String> {
    clock.sleep(Duration::from_millis(milliseconds)).await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_growing_and_shrinking_fleet_loses_doubles_and_reorders_nothing() {
    for seed in 0..8 {
        let town = Town::new().await;
        let entropy = Entropy::from_seed(seed);
        let (clock, jitter) = (town.clock.clone(), entropy.clone());
        town.function("f", move |_| work(clock.clone(), 20 + jitter.below(300)));
        town.topic(7).await;
        let provisioned = |minimum: u64| json!({ "ProvisionedPollerConfig": { "MinimumPollers": minimum, "MaximumPollers": 200 }, "BatchSize": 10 });
        let uuid = town.mapping(provisioned(1)).await;
        let mut produced = [0; 7];
        for _ in 0..12 {
            for _ in 0..entropy.below(12) {
                let partition = entropy.below(7) as usize;
                let count = 1 + entropy.below(60) as i64;
                town.produce(partition as i32, produced[partition], count).await;
                produced[partition] += count;
            }
            town.update(&uuid, provisioned(1 + entropy.below(9)))
                .await
                .unwrap();
            town.engine.settled(&uuid).await.unwrap();
            town.clock.sleep(Duration::from_millis(entropy.below(1500))).await;
        }
        town.engine.drained(&uuid).await.unwrap();
        let seen = town.seen();
        for partition in 0..7 {
            let of_partition: Vec<_> = seen
                .iter()
                .filter(|seen| seen.partition == partition)
                .cloned()
                .collect();
            assert_eq!(
                of_partition,
                expected(partition, 0, produced[partition as usize]),
                "seed {seed}"
            );
        }
        assert_eq!(town.metrics().await.commit_error_count, 0, "seed {seed}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_idle_fleet_is_assigned_anew_within_moments_of_growing_and_shrinking() {
    let town = Town::new().await;
    town.topic(20).await;
    let provisioned = |minimum: u32| {
        json!({
            "ProvisionedPollerConfig": { "MinimumPollers": minimum, "MaximumPollers": 200 },
            "MaximumBatchingWindowInSeconds": 0,
        })
    };
    let uuid = town.mapping(provisioned(1)).await;
    for (round, minimum) in [(0, 15), (1, 20), (2, 3)] {
        let before = town.clock.elapsed();
        town.update(&uuid, provisioned(minimum)).await.unwrap();
        town.engine.settled(&uuid).await.unwrap();
        for partition in 0..20 {
            town.produce(partition, round, 1).await;
        }
        town.engine.drained(&uuid).await.unwrap();
        let took = town.clock.elapsed() - before;
        assert!(took < Duration::from_millis(200), "{minimum} pollers: {took:?}");
    }
    assert_eq!(town.seen().len(), 60);
}

#[tokio::test(start_paused = true)]
async fn latest_is_fixed_when_polling_starts_whoever_polls_later() {
    let town = Town::new().await;
    town.topic(4).await;
    for partition in 0..4 {
        town.produce(partition, 0, 3).await;
    }
    let provisioned = |minimum: u32| json!({ "StartingPosition": "LATEST", "ProvisionedPollerConfig": { "MinimumPollers": minimum } });
    let uuid = town.mapping(provisioned(1)).await;
    town.update(&uuid, json!({ "Enabled": false })).await.unwrap();
    town.engine.settled(&uuid).await.unwrap();
    town.produce(2, 3, 2).await;
    town.update(
        &uuid,
        json!({ "Enabled": true, "ProvisionedPollerConfig": { "MinimumPollers": 4 } }),
    )
    .await
    .unwrap();
    town.engine.drained(&uuid).await.unwrap();
    assert_eq!(town.seen(), expected(2, 3, 2));
}

#[tokio::test(start_paused = true)]
async fn more_partitions_are_noticed() {
    let town = Town::new().await;
    town.topic(1).await;
    let uuid = town
        .mapping(json!({ "ProvisionedPollerConfig": { "MinimumPollers": 3 } }))
        .await;
    assert_eq!(town.metrics().await.pollers, 1);
    town.client.create_partitions(town::TOPIC, 3).await.unwrap();
    town.produce(2, 0, 4).await;
    town.engine.drained(&uuid).await.unwrap();
    assert_eq!(town.seen(), expected(2, 0, 4));
    town.until(|metrics| metrics.pollers == 3).await;
}

#[tokio::test(start_paused = true)]
async fn a_deleted_mapping_finishes_and_commits_what_is_in_flight() {
    let town = Town::new().await;
    let clock = town.clock.clone();
    town.function("f", move |_| work(clock.clone(), 5_000));
    town.topic(1).await;
    let uuid = town.mapping(json!({ "BatchSize": 2 })).await;
    town.produce(0, 0, 4).await;
    town.until(|metrics| metrics.in_flight == 1).await;
    town.engine.delete(&uuid).await.unwrap();
    town.clock.sleep(Duration::from_secs(4)).await;
    assert_eq!(town.engine.get(&uuid).await.unwrap().state(), "Deleting");
    town.clock.sleep(Duration::from_secs(2)).await;
    assert_eq!(town.engine.get(&uuid).await.unwrap_err().status, 404);
    assert_eq!(town.committed(&uuid, 1).await, [2]);
    assert_eq!(town.seen(), expected(0, 0, 2));
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_waits_for_what_is_in_flight_as_long_as_it_may() {
    for (limit_s, committed) in [(10, 2), (3, -1)] {
        let town = Town::new().await;
        let clock = town.clock.clone();
        town.function("f", move |_| work(clock.clone(), 5_000));
        town.topic(1).await;
        let uuid = town.mapping(json!({ "BatchSize": 2 })).await;
        town.produce(0, 0, 4).await;
        town.until(|metrics| metrics.in_flight == 1).await;
        let before = town.clock.elapsed();
        town.engine.shutdown(Duration::from_secs(limit_s)).await;
        let took = town.clock.elapsed() - before;
        assert!(took <= Duration::from_secs(limit_s.min(5)), "{took:?}");
        assert_eq!(town.committed(&uuid, 1).await, [committed]);
        town.clock.sleep(MINUTE).await;
        assert_eq!(town.seen(), expected(0, 0, 2), "nothing runs any more");
    }
}

#[tokio::test(start_paused = true)]
async fn an_invocation_that_outlives_the_rebalance_is_delivered_again() {
    let town = Town::planned(Plan {
        group_timeouts: GroupTimeouts {
            session: Duration::from_secs(6),
            rebalance: Duration::from_secs(3),
            heartbeat: Duration::from_secs(1),
        },
        ..Plan::default()
    })
    .await;
    town.topic(2).await;
    let (clock, calls) = (town.clock.clone(), Arc::new(Mutex::new(0)));
    town.function("f", move |_| {
        let mut calls = calls.lock().unwrap();
        *calls += 1;
        work(clock.clone(), if *calls == 1 { 20_000 } else { 100 })
    });
    town.produce(0, 0, 1).await;
    let uuid = town
        .mapping(json!({ "ProvisionedPollerConfig": { "MinimumPollers": 1 } }))
        .await;
    town.until(|metrics| metrics.in_flight == 1).await;
    let grown = town
        .update(
            &uuid,
            json!({ "ProvisionedPollerConfig": { "MinimumPollers": 2 } }),
        )
        .await;
    grown.unwrap();
    // The poller that invokes is removed after 3 s, and the other one gets both partitions.
    let metrics = town.until(|metrics| metrics.committed_event_count == 1).await;
    assert_eq!(metrics.commit_error_count, 0);
    assert!(town.clock.elapsed() < Duration::from_secs(6));
    assert_eq!(town.seen(), [expected(0, 0, 1), expected(0, 0, 1)].concat());
    let metrics = town.until(|metrics| metrics.in_flight == 0).await;
    assert_eq!(metrics.commit_error_count, 1);
    town.engine.drained(&uuid).await.unwrap();
    assert_eq!(town.seen().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_outside_consumer_shares_the_partitions_and_gives_them_back() {
    let town = Town::new().await;
    town.topic(4).await;
    let uuid = town
        .mapping(json!({ "ProvisionedPollerConfig": { "MinimumPollers": 2 } }))
        .await;
    // Only what a consumer of another language knows.
    let subscription = b"\0\0\0\0\0\x01\0\x06orders\xff\xff\xff\xff";
    let joined = town
        .client
        .join_group(Join {
            group_id: uuid.clone(),
            member_id: String::new(),
            session_timeout: Duration::from_secs(6),
            rebalance_timeout: Duration::from_secs(6),
            protocol_type: "consumer".to_owned(),
            protocols: vec![("range".to_owned(), bytes::Bytes::from_static(subscription))],
        })
        .await
        .unwrap();
    assert_eq!(joined.protocol_name, "range");
    let assignment = town
        .client
        .sync_group(&uuid, &joined.member_id, joined.generation_id, Vec::new())
        .await
        .unwrap();
    // One of three members has two partitions, the others one.
    let count = i32::from_be_bytes(assignment[14..18].try_into().unwrap());
    assert!((1..=2).contains(&count), "{assignment:?}");

    for partition in 0..4 {
        town.produce(partition, 0, 1).await;
    }
    town.until(|metrics| metrics.committed_event_count == 4 - count as u64)
        .await;
    town.client.leave_group(&uuid, &joined.member_id).await.unwrap();
    town.engine.drained(&uuid).await.unwrap();
    let mut seen = town.seen();
    seen.sort();
    let all: Vec<_> = (0..4).flat_map(|partition| expected(partition, 0, 1)).collect();
    assert_eq!(seen, all);
}

#[tokio::test(start_paused = true)]
async fn a_backlog_drains_in_full_batches_of_one_partition_and_the_same_way_each_time() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let town = Town::new().await;
        let clock = town.clock.clone();
        town.function("f", move |_| work(clock.clone(), 100));
        town.topic(8).await;
        for partition in 0..8 {
            for first in (0..1000).step_by(40) {
                town.produce(partition, first, 40).await;
            }
        }
        let uuid = town
            .mapping(json!({ "ProvisionedPollerConfig": { "MinimumPollers": 2 } }))
            .await;
        town.engine.drained(&uuid).await.unwrap();
        let invoked = town.invoked();
        // Two pollers take turns over four partitions each: 40 invocations of 100 ms, one after the other.
        assert_eq!(invoked.len(), 80);
        for invocation in &invoked {
            assert_eq!(invocation.records.len(), 100);
            let partition = invocation.records[0].partition;
            assert!(invocation.records.iter().all(|seen| seen.partition == partition));
        }
        let (first_ms, last_ms) = (invoked[0].at_ms, invoked[79].at_ms);
        assert_eq!(last_ms - first_ms, 39 * 100);
        assert_eq!(town.clock.elapsed().as_millis(), last_ms + 100);
        runs.push(invoked);
    }
    assert!(runs[0] == runs[1], "the same seeds give the same run");
}

#[tokio::test(start_paused = true)]
async fn a_group_with_commits_goes_on_there() {
    let town = Town::new().await;
    town.topic(1).await;
    town.produce(0, 0, 5).await;
    town.client
        .commit_offsets("mine", "", GenerationId(-1), town::TOPIC, &[(0, Offset(3))])
        .await
        .unwrap();
    let uuid = town
        .mapping(json!({ "SelfManagedKafkaEventSourceConfig": { "ConsumerGroupId": "mine" } }))
        .await;
    town.engine.drained(&uuid).await.unwrap();
    assert_eq!(town.seen(), expected(0, 3, 2));
}

#[tokio::test(start_paused = true)]
async fn an_offset_out_of_range_goes_to_the_starting_position() {
    let town = Town::new().await;
    town.topic(1).await;
    town.produce(0, 0, 5).await;
    town.client
        .commit_offsets("mine", "", GenerationId(-1), town::TOPIC, &[(0, Offset(700))])
        .await
        .unwrap();
    town.mapping(json!({ "SelfManagedKafkaEventSourceConfig": { "ConsumerGroupId": "mine" } }))
        .await;
    town.until(|metrics| metrics.committed_event_count == 5).await;
    assert_eq!(town.seen(), expected(0, 0, 5));
}

#[tokio::test(start_paused = true)]
async fn a_topic_that_is_deleted_and_created_again_is_read_from_its_start() {
    let town = Town::new().await;
    town.topic(2).await;
    let uuid = town
        .mapping(json!({ "ProvisionedPollerConfig": { "MinimumPollers": 2 } }))
        .await;
    town.produce(0, 0, 5).await;
    town.engine.drained(&uuid).await.unwrap();
    town.client.delete_topic(town::TOPIC).await.unwrap();
    town.clock.sleep(MINUTE).await;
    let view = town.engine.get(&uuid).await.unwrap();
    assert_eq!(
        view.0["LastProcessingResult"],
        "PROBLEM: topic `orders` does not exist"
    );
    town.topic(3).await;
    town.produce(0, 0, 2).await;
    town.engine.drained(&uuid).await.unwrap();
    assert_eq!(town.seen(), [expected(0, 0, 5), expected(0, 0, 2)].concat());
    assert_eq!(town.metrics().await.pollers, 2);
}

#[tokio::test(start_paused = true)]
async fn the_same_source_topic_and_function_conflict() {
    let town = Town::new().await;
    town.topic(1).await;
    let uuid = town.mapping(json!({})).await;
    let error = town.create(json!({})).await.unwrap_err();
    assert_eq!((error.status, error.kind), (409, "ResourceConflictException"));
    town.engine.delete(&uuid).await.unwrap();
    town.clock.sleep(MINUTE).await;
    town.create(json!({})).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn mappings_are_listed_by_time_of_creation() {
    let town = Town::new().await;
    town.topic(1).await;
    let mut uuids = Vec::new();
    for number in 0..5 {
        let name = format!("f{number}");
        town.function(&name, |_| async { Ok(()) });
        uuids.push(town.mapping(json!({ "FunctionName": name })).await);
    }
    let mut listed = Vec::new();
    let mut query = ListMappings {
        max_items: Some(2),
        ..ListMappings::default()
    };
    loop {
        let page = town.engine.list(query.clone()).await.unwrap();
        assert!(page.event_source_mappings.len() <= 2);
        listed.extend(
            page.event_source_mappings
                .iter()
                .map(|view| view.uuid().to_owned()),
        );
        match page.next_marker {
            Some(marker) => query.marker = Some(marker),
            None => break,
        }
    }
    assert_eq!(listed, uuids);
}
