//! Pollers that share the partitions of a topic, with each other and with consumers outside.

use super::*;
use crate::source::GroupTimeouts;
use esmeralda_broker::local::Join;

#[tokio::test(start_paused = true)]
async fn a_fleet_has_the_minimum_and_never_more_than_partitions() {
    for (minimum, partitions, pollers) in [(4, 6, 4), (10, 3, 3)] {
        let test = TestEngine::new().await;
        test.topic(partitions).await;
        for partition in 0..partitions {
            test.produce(partition, 0, 250).await;
        }
        let uuid = test
            .mapping(json!({ "ProvisionedPollerConfig": { "MinimumPollers": minimum } }))
            .await;
        assert_eq!(test.metrics().await.pollers, pollers);
        test.engine.drained(&uuid).await.unwrap();
        for partition in 0..partitions {
            let of_partition: Vec<_> = test
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
    let test = TestEngine::new().await;
    test.topic(100).await;
    test.mapping(json!({ "ProvisionedPollerConfig": { "MinimumPollers": 100 } }))
        .await;
    let started = test.clock.elapsed();
    assert!(started < Duration::from_millis(200), "{started:?}");
}

#[tokio::test(start_paused = true)]
async fn a_growing_and_shrinking_fleet_loses_doubles_and_reorders_nothing() {
    for seed in 0..8 {
        let test = TestEngine::new().await;
        let entropy = Entropy::from_seed(seed);
        let (clock, jitter) = (test.clock.clone(), entropy.clone());
        test.function("f", move |_| work(clock.clone(), 20 + jitter.below(300)));
        test.topic(7).await;
        let provisioned = |minimum: u64| json!({ "ProvisionedPollerConfig": { "MinimumPollers": minimum, "MaximumPollers": 200 }, "BatchSize": 10 });
        let uuid = test.mapping(provisioned(1)).await;
        let mut produced = [0; 7];
        for _ in 0..12 {
            for _ in 0..entropy.below(12) {
                let partition = entropy.below(7) as usize;
                let count = 1 + entropy.below(60) as i64;
                test.produce(partition as i32, produced[partition], count).await;
                produced[partition] += count;
            }
            test.update(&uuid, provisioned(1 + entropy.below(9)))
                .await
                .unwrap();
            test.engine.settled(&uuid).await.unwrap();
            test.clock.sleep(Duration::from_millis(entropy.below(1500))).await;
        }
        test.engine.drained(&uuid).await.unwrap();
        let seen = test.seen();
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
        assert_eq!(test.metrics().await.commit_error_count, 0, "seed {seed}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_idle_fleet_is_assigned_anew_within_moments_of_growing_and_shrinking() {
    let test = TestEngine::new().await;
    test.topic(20).await;
    let provisioned = |minimum: u32| {
        json!({
            "ProvisionedPollerConfig": { "MinimumPollers": minimum, "MaximumPollers": 200 },
            "MaximumBatchingWindowInSeconds": 0,
        })
    };
    let uuid = test.mapping(provisioned(1)).await;
    for (round, minimum) in [(0, 15), (1, 20), (2, 3)] {
        let before = test.clock.elapsed();
        test.update(&uuid, provisioned(minimum)).await.unwrap();
        test.engine.settled(&uuid).await.unwrap();
        for partition in 0..20 {
            test.produce(partition, round, 1).await;
        }
        test.engine.drained(&uuid).await.unwrap();
        let took = test.clock.elapsed() - before;
        assert!(took < Duration::from_millis(200), "{minimum} pollers: {took:?}");
    }
    assert_eq!(test.seen().len(), 60);
}

#[tokio::test(start_paused = true)]
async fn an_invocation_that_outlives_the_rebalance_is_delivered_again() {
    let test = TestEngine::with(TestOptions {
        group_timeouts: GroupTimeouts {
            session: Duration::from_secs(6),
            rebalance: Duration::from_secs(3),
            heartbeat: Duration::from_secs(1),
        },
        ..TestOptions::default()
    })
    .await;
    test.topic(2).await;
    let (clock, calls) = (test.clock.clone(), Arc::new(Mutex::new(0)));
    test.function("f", move |_| {
        let mut calls = calls.lock().unwrap();
        *calls += 1;
        work(clock.clone(), if *calls == 1 { 20_000 } else { 100 })
    });
    test.produce(0, 0, 1).await;
    let uuid = test
        .mapping(json!({ "ProvisionedPollerConfig": { "MinimumPollers": 1 } }))
        .await;
    test.until(|metrics| metrics.in_flight == 1).await;
    let grown = test
        .update(
            &uuid,
            json!({ "ProvisionedPollerConfig": { "MinimumPollers": 2 } }),
        )
        .await;
    grown.unwrap();
    // The poller that invokes is removed after 3 s, and the other one gets both partitions.
    let metrics = test.until(|metrics| metrics.committed_event_count == 1).await;
    assert_eq!(metrics.commit_error_count, 0);
    assert!(test.clock.elapsed() < Duration::from_secs(6));
    assert_eq!(test.seen(), [expected(0, 0, 1), expected(0, 0, 1)].concat());
    let metrics = test.until(|metrics| metrics.in_flight == 0).await;
    assert_eq!(metrics.commit_error_count, 1);
    test.engine.drained(&uuid).await.unwrap();
    assert_eq!(test.seen().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_outside_consumer_shares_the_partitions_and_gives_them_back() {
    let test = TestEngine::new().await;
    test.topic(4).await;
    let uuid = test
        .mapping(json!({ "ProvisionedPollerConfig": { "MinimumPollers": 2 } }))
        .await;
    // Only what a consumer of another language knows.
    let subscription = b"\0\0\0\0\0\x01\0\x06orders\xff\xff\xff\xff";
    let joined = test
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
    let assignment = test
        .client
        .sync_group(&uuid, &joined.member_id, joined.generation_id, Vec::new())
        .await
        .unwrap();
    // One of three members has two partitions, the others one.
    let count = i32::from_be_bytes(assignment[14..18].try_into().unwrap());
    assert!((1..=2).contains(&count), "{assignment:?}");

    for partition in 0..4 {
        test.produce(partition, 0, 1).await;
    }
    test.until(|metrics| metrics.committed_event_count == 4 - count as u64)
        .await;
    test.client.leave_group(&uuid, &joined.member_id).await.unwrap();
    test.engine.drained(&uuid).await.unwrap();
    let mut seen = test.seen();
    seen.sort();
    let all: Vec<_> = (0..4).flat_map(|partition| expected(partition, 0, 1)).collect();
    assert_eq!(seen, all);
}
