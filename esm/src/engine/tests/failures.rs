//! Brokers that stop and start again under a running mapping.

use super::*;
use esmeralda_broker::NodeId;

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
