//! Functions that fail, by the rules that a request gives, and brokers that stop and start again under a running mapping.

use super::test_engine::Seen;
use super::*;
use crate::invoker::ClosureInvoker;
use bytes::Bytes;
use esmeralda_broker::NodeId;
use serde_json::Value;
use std::sync::Mutex;

/// The first and last offset of each invocation's records, and their number.
fn shapes(test: &TestEngine) -> Vec<(i64, i64, usize)> {
    let invoked = test.invoked().into_iter().map(|invoked| invoked.records);
    invoked
        .map(|records| {
            (
                records[0].offset,
                records[records.len() - 1].offset,
                records.len(),
            )
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_poison_record_is_isolated_and_dropped() {
    let test = TestEngine::new().await;
    test.function("f", |records| async move {
        let is_poison = |seen: &Seen| seen.offset == 5;
        if records.iter().any(is_poison) {
            Err("poison".to_owned())
        } else {
            Ok(())
        }
    });
    test.topic(1).await;
    test.produce(0, 0, 16).await;
    let members = json!({
        "ProvisionedPollerConfig": { "MinimumPollers": 1 },
        "BatchSize": 8,
        "MaximumRetryAttempts": 1,
        "BisectBatchOnFunctionError": true,
    });
    let uuid = test.mapping(members).await;
    test.engine.drained(&uuid).await.unwrap();
    assert_eq!(
        shapes(&test),
        [
            (0, 7, 8),
            (0, 3, 4),
            (4, 7, 4),
            (4, 5, 2),
            (4, 4, 1),
            (5, 5, 1),
            (5, 5, 1),
            (6, 7, 2),
            (8, 15, 8)
        ]
    );
    assert_eq!(test.committed(&uuid, 1).await, [16]);
    let metrics = test.metrics().await;
    assert_eq!(metrics.dropped_event_count, 1);
    assert_eq!(metrics.invocation_errors, 5);
}

#[tokio::test(start_paused = true)]
async fn a_failed_batch_is_retried_with_backoff_until_its_attempts_are_exhausted() {
    let test = TestEngine::new().await;
    test.function("f", |_| async { Err("no".to_owned()) });
    test.topic(1).await;
    test.produce(0, 0, 4).await;
    let members = json!({
        "ProvisionedPollerConfig": { "MinimumPollers": 1 },
        "BatchSize": 4,
        "MaximumRetryAttempts": 4,
    });
    let uuid = test.mapping(members).await;
    test.engine.drained(&uuid).await.unwrap();
    assert_eq!(shapes(&test), [(0, 3, 4); 5]);
    let times: Vec<u128> = test.invoked().iter().map(|invoked| invoked.at_ms).collect();
    for (nth, pair) in times.windows(2).enumerate() {
        // From half of the doubled delay up to all of it.
        let full = 100 << nth;
        let waited = pair[1] - pair[0];
        assert!(
            (full / 2..=full).contains(&waited),
            "retry {} after {waited} ms",
            nth + 1
        );
    }
    assert_eq!(test.metrics().await.dropped_event_count, 4);
}

#[tokio::test(start_paused = true)]
async fn records_that_a_function_names_are_sent_again_and_the_commit_waits_for_them() {
    let test = TestEngine::new().await;
    let (invoked, attempts) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(0)));
    let seen = Arc::clone(&invoked);
    let function = ClosureInvoker::new(move |payload: Bytes| {
        let event: Value = serde_json::from_slice(&payload).unwrap();
        let records = event["records"]["orders-0"].as_array().unwrap();
        let offsets: Vec<i64> = records
            .iter()
            .map(|record| record["offset"].as_i64().unwrap())
            .collect();
        seen.lock().unwrap().push(offsets);
        let mut attempts = attempts.lock().unwrap();
        *attempts += 1;
        let response = match *attempts {
            1 => r#"{"batchItemFailures":[{"itemIdentifier":{"partition":"orders-0","offset":1}}]}"#,
            _ => "{}",
        };
        async move { Ok::<_, String>(response) }
    });
    test.engine
        .shared
        .options
        .functions
        .register("f", Arc::new(function));
    test.topic(1).await;
    test.produce(0, 0, 8).await;
    let members = json!({
        "ProvisionedPollerConfig": { "MinimumPollers": 1 },
        "BatchSize": 4,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
    });
    let uuid = test.mapping(members).await;
    test.engine.drained(&uuid).await.unwrap();
    assert_eq!(
        *invoked.lock().unwrap(),
        [vec![0, 1, 2, 3], vec![1], vec![4, 5, 6, 7]]
    );
    let metrics = test.metrics().await;
    assert_eq!(
        (metrics.failed_invoke_event_count, metrics.dropped_event_count),
        (1, 0)
    );
    // An update takes the response type away again.
    test.update(&uuid, json!({ "FunctionResponseTypes": [] }))
        .await
        .unwrap();
    test.engine.settled(&uuid).await.unwrap();
    let names_everything = || r#"{"batchItemFailures":[{"itemIdentifier":""}]}"#;
    let function = ClosureInvoker::new(move |_| async move { Ok::<_, String>(names_everything()) });
    test.engine
        .shared
        .options
        .functions
        .register("f", Arc::new(function));
    test.produce(0, 8, 4).await;
    test.engine.drained(&uuid).await.unwrap();
    assert_eq!(test.metrics().await.failed_invoke_event_count, 1);
}

#[tokio::test(start_paused = true)]
async fn leaders_and_coordinators_that_move_lose_double_and_reorder_nothing() {
    for seed in 0..6 {
        let test = TestEngine::with(TestOptions {
            brokers: 3,
            ..TestOptions::default()
        })
        .await;
        let entropy = Entropy::from_seed(seed);
        let (clock, jitter) = (test.clock.clone(), entropy.clone());
        test.function("f", move |_| work(clock.clone(), 20 + jitter.below(300)));
        test.topic(6).await;
        let members = json!({ "ProvisionedPollerConfig": { "MinimumPollers": 3 }, "BatchSize": 10 });
        let uuid = test.mapping(members).await;
        let mut produced = [0; 6];
        for round in 0..9 {
            let node = NodeId(1 + round % 3);
            test.broker.stop_node(node).await;
            for _ in 0..8 {
                let partition = entropy.below(6) as usize;
                let count = 1 + entropy.below(60) as i64;
                test.produce(partition as i32, produced[partition], count).await;
                produced[partition] += count;
            }
            let while_down = Duration::from_millis(entropy.below(3_000));
            test.clock.sleep(while_down).await;
            test.broker.start_node(node).await.unwrap();
            let while_up = Duration::from_millis(entropy.below(1_000));
            test.clock.sleep(while_up).await;
        }
        test.engine.drained(&uuid).await.unwrap();
        let seen = test.seen();
        for partition in 0..6 {
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
