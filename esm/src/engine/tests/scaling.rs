//! Fleets that grow and shrink: real rebalances of the embedded cluster, on paused time.

use super::test_engine::{TestEngine, TestOptions, expected};
use crate::Entropy;
use crate::profile::{ProfileName, RebalanceProtocol};
use crate::scaler::{Cap, Reason};
use crate::trace::{Rebalance, RebalanceCause, Trace};
use serde_json::{Value, json};
use std::time::Duration;

fn announced() -> TestOptions {
    TestOptions {
        profile: ProfileName::Announcement2024.profile(),
        ..TestOptions::default()
    }
}

fn seconds(time: Option<Duration>) -> f64 {
    time.map_or(f64::NAN, |time| time.as_secs_f64())
}

/// A backlog of `batches` of one record in each partition, drained by a function of 100 ms.
async fn drain(options: TestOptions, partitions: i32, batches: i64, members: Value) -> Trace {
    let test = TestEngine::with(options).await;
    let clock = test.clock.clone();
    test.plain_function("f", move || {
        let clock = clock.clone();
        async move { clock.sleep(Duration::from_millis(100)).await }
    });
    test.topic(partitions).await;
    for partition in 0..partitions {
        test.produce(partition, 0, batches).await;
    }
    let mut all = json!({ "BatchSize": 1 });
    for (name, value) in members.as_object().expect("members") {
        all[name] = value.clone();
    }
    let uuid = test.mapping(all).await;
    test.engine.drained(&uuid).await.expect("the mapping exists");
    test.engine.trace(&uuid).await.expect("the mapping exists")
}

/// Each change of the fleet: when it was decided and when it was over, in seconds, from how many pollers to how many, and why.
fn steps(trace: &Trace) -> Vec<(f64, f64, usize, usize, RebalanceCause)> {
    let step = |step: &Rebalance| {
        let (decided, ended) = (seconds(Some(step.decided_at)), seconds(step.ended_at));
        (decided, ended, step.from, step.to, step.cause)
    };
    trace.rebalances.iter().map(step).collect()
}

fn minimum(pollers: u32) -> Value {
    json!({ "ProvisionedPollerConfig": { "MinimumPollers": pollers } })
}

/// The event-level model of the published table's constants gives these for other workloads, in seconds.
async fn point(partitions: i32, batches: i64, members: Value, drained_s: f64, full_after_s: f64) -> Trace {
    let trace = drain(announced(), partitions, batches, members).await;
    let drained = seconds(trace.drained_at);
    assert!(
        (drained / drained_s - 1.0).abs() < 0.02,
        "drained in {drained} s, by the model {drained_s} s"
    );
    assert_eq!(seconds(trace.full_concurrency_after()), full_after_s);
    assert!(trace.is_complete);
    trace
}

#[tokio::test(start_paused = true)]
async fn a_fleet_grows_by_steps_with_a_standstill_at_each() {
    let trace = point(48, 1_000, minimum(4), 387.6, 240.0).await;
    let expected = [
        (90.0, 120.0, 4, 22, RebalanceCause::Evaluation),
        (150.0, 180.0, 22, 40, RebalanceCause::Evaluation),
        (210.0, 240.0, 40, 48, RebalanceCause::Evaluation),
    ];
    assert_eq!(steps(&trace), expected);
    let reasons: Vec<_> = trace
        .evaluations
        .iter()
        .map(|one| (one.reason, one.capped_by))
        .collect();
    assert_eq!(
        reasons[..3],
        [
            (Reason::LagTooLong, Some(Cap::Step)),
            (Reason::LagTooLong, Some(Cap::Step)),
            (Reason::LagTooLong, None),
        ]
    );
    // No poller starts a batch in a standstill, and what was in flight has landed.
    let still = trace.bucket_at(Duration::from_secs(100)).expect("it ran on");
    let (start, end) = (
        seconds(Some(still.start)),
        seconds(Some(still.start + still.length)),
    );
    assert_eq!((start, end, still.in_flight_max), (91.0, 120.0, 0));
}

#[tokio::test(start_paused = true)]
async fn more_partitions_take_longer_to_be_owned_one_each() {
    point(64, 1_500, minimum(8), 518.9, 300.0).await;
}

#[tokio::test(start_paused = true)]
async fn a_prime_number_of_partitions_is_divided_too() {
    point(97, 800, minimum(1), 503.2, 420.0).await;
}

#[tokio::test(start_paused = true)]
async fn on_demand_mode_has_a_ceiling_and_a_longer_overhead() {
    let trace = point(75, 1_500, json!({}), 941.2, 240.0).await;
    assert_eq!(trace.largest_fleet(), 50);
    assert_eq!(trace.cost_usd, 0.0);
}

#[tokio::test(start_paused = true)]
async fn in_a_cooperative_rebalance_only_partitions_that_move_stand_still() {
    let mut options = announced();
    options.profile.rebalance_protocol = RebalanceProtocol::Cooperative;
    let trace = drain(
        options,
        12,
        1_000,
        json!({ "ProvisionedPollerConfig": { "MinimumPollers": 2, "MaximumPollers": 3 } }),
    )
    .await;
    assert_eq!(steps(&trace), [(90.0, 120.0, 2, 3, RebalanceCause::Evaluation)]);
    // Two slots go on through the pause, and the third joins them at its end.
    let slots: Vec<_> = [100, 119, 121]
        .iter()
        .map(|second| {
            trace
                .bucket_at(Duration::from_secs(*second))
                .map(|bucket| bucket.in_flight_max)
        })
        .collect();
    assert_eq!(slots, [Some(2), Some(2), Some(3)]);
    let pause = Duration::from_secs(91)..Duration::from_secs(119);
    let batches: u64 = trace
        .buckets
        .iter()
        .filter(|bucket| pause.contains(&bucket.start))
        .map(|bucket| bucket.invocations)
        .sum();
    // 28 s of two slots, 180 ms an invocation.
    assert!((309..=313).contains(&batches), "{batches}");
}

/// Fleets that change all the time: every record is delivered once and in order, whichever poller owns its partition.
async fn is_exact(seed: u64, protocol: RebalanceProtocol) {
    let mut options = TestOptions::default();
    options.profile.rebalance_protocol = protocol;
    options.profile.rebalance_pause = Duration::from_millis(300);
    options.profile.provisioned.invocations_in_flight = 3;
    let test = TestEngine::with(options).await;
    let (clock, chance) = (test.clock.clone(), Entropy::from_seed(seed));
    let random = chance.clone();
    test.function("f", move |_| {
        let (clock, duration) = (clock.clone(), Duration::from_millis(random.below(900)));
        async move {
            clock.sleep(duration).await;
            Ok(())
        }
    });
    let partitions = 7;
    test.topic(partitions).await;
    let uuid = test
        .mapping(json!({
            "BatchSize": 4,
            "MaximumBatchingWindowInSeconds": 0,
            "ProvisionedPollerConfig": { "MinimumPollers": 2, "MaximumPollers": 2 },
        }))
        .await;
    let mut produced = vec![0; partitions as usize];
    for _ in 0..12 {
        for _ in 0..chance.below(8) {
            let partition = chance.below(partitions as u64) as i32;
            let count = 1 + chance.below(12) as i64;
            test.produce(partition, produced[partition as usize], count).await;
            produced[partition as usize] += count;
        }
        let pollers = 1 + chance.below(8);
        let config = json!({ "MinimumPollers": pollers, "MaximumPollers": pollers });
        // One that comes too soon is refused; another follows.
        let _ = test
            .update(&uuid, json!({ "ProvisionedPollerConfig": config }))
            .await;
        test.clock.sleep(Duration::from_millis(chance.below(1_500))).await;
    }
    test.engine.drained(&uuid).await.expect("the mapping exists");
    let seen = test.seen();
    for partition in 0..partitions {
        let of_it: Vec<_> = seen
            .iter()
            .filter(|seen| seen.partition == partition)
            .cloned()
            .collect();
        let count = produced[partition as usize];
        assert_eq!(of_it, expected(partition, 0, count), "seed {seed}, {protocol:?}");
    }
    assert_eq!(test.committed(&uuid, partitions).await.iter().sum::<i64>(), {
        // A partition without records has no commit.
        let without = produced.iter().filter(|count| **count == 0).count() as i64;
        produced.iter().sum::<i64>() - without
    });
    assert_eq!(test.metrics().await.commit_error_count, 0);
}

#[tokio::test(start_paused = true)]
async fn no_record_is_lost_doubled_or_reordered_while_the_fleet_changes() {
    for seed in 0..24 {
        for protocol in [RebalanceProtocol::Eager, RebalanceProtocol::Cooperative] {
            is_exact(seed, protocol).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_thousand_invocations_take_a_thousand_times_as_long_as_one() {
    let mut options = announced();
    options.profile.first_evaluation = Duration::from_secs(3_600);
    let trace = drain(options, 1, 1_000, minimum(1)).await;
    assert_eq!(trace.drained_at, Some(Duration::from_secs(180)));
}

#[tokio::test(start_paused = true)]
async fn new_bounds_and_another_mode_bring_the_fleet_within_them_with_one_rebalance() {
    let test = TestEngine::with(announced()).await;
    test.topic(8).await;
    let uuid = test.mapping(minimum(5)).await;
    let updates = [
        // The update, and the size of the fleet after it.
        (json!({ "MinimumPollers": 1, "MaximumPollers": 3 }), 3),
        (json!({}), 3),
        (json!({ "MinimumPollers": 6 }), 6),
        (json!({ "MinimumPollers": 20, "MaximumPollers": 30 }), 8),
        (json!({}), 8),
    ];
    for (config, pollers) in updates {
        let update = json!({ "ProvisionedPollerConfig": config });
        test.update(&uuid, update).await.expect("a valid update");
        test.engine.settled(&uuid).await.expect("the mapping exists");
        assert_eq!(test.metrics().await.pollers, pollers, "{config}");
        test.clock.sleep(Duration::from_secs(40)).await;
    }
    let trace = test.engine.trace(&uuid).await.expect("the mapping exists");
    let changes: Vec<_> = trace
        .rebalances
        .iter()
        .map(|change| (change.from, change.to, change.cause))
        .collect();
    assert_eq!(
        changes,
        [
            (5, 3, RebalanceCause::Bounds),
            (3, 6, RebalanceCause::Bounds),
            (6, 8, RebalanceCause::Bounds)
        ]
    );
    let pauses = trace
        .rebalances
        .iter()
        .map(|change| change.ended_at.unwrap_or_default() - change.decided_at);
    assert!(pauses.into_iter().all(|pause| pause == Duration::from_secs(30)));
}

#[tokio::test(start_paused = true)]
async fn on_demand_mode_has_fewer_pollers_than_provisioned_mode_may_have() {
    let mut options = announced();
    options.profile.on_demand_maximum_pollers = 2;
    let test = TestEngine::with(options).await;
    test.topic(8).await;
    let uuid = test.mapping(minimum(5)).await;
    let off = json!({ "ProvisionedPollerConfig": {} });
    test.update(&uuid, off).await.expect("a valid update");
    test.engine.settled(&uuid).await.expect("the mapping exists");
    assert_eq!(test.metrics().await.pollers, 2);
    for partition in 0..8 {
        test.produce(partition, 0, 1).await;
    }
    test.engine.drained(&uuid).await.expect("the mapping exists");
    assert_eq!(test.seen().len(), 8);
}

#[tokio::test(start_paused = true)]
async fn an_idle_fleet_goes_back_to_its_minimum_after_quiet() {
    let test = TestEngine::with(announced()).await;
    let clock = test.clock.clone();
    test.plain_function("f", move || {
        let clock = clock.clone();
        async move { clock.sleep(Duration::from_millis(100)).await }
    });
    test.topic(20).await;
    for partition in 0..20 {
        test.produce(partition, 0, 600).await;
    }
    let mut members = minimum(2);
    members["BatchSize"] = json!(1);
    let uuid = test.mapping(members).await;
    test.clock.sleep(Duration::from_secs(900)).await;
    let trace = test.engine.trace(&uuid).await.expect("the mapping exists");
    let changes: Vec<_> = trace
        .rebalances
        .iter()
        .map(|change| (change.decided_at.as_secs(), change.from, change.to))
        .collect();
    // At 210 s five pollers would still have been enough, and at 450 s nothing more had been needed for 300 s.
    assert_eq!(changes, [(90, 2, 20), (450, 20, 5), (750, 5, 2)]);
    let downs = trace
        .evaluations
        .iter()
        .filter(|decision| decision.to < decision.from);
    let downs: Vec<_> = downs.map(|decision| (decision.reason, decision.lag)).collect();
    assert_eq!(downs, [(Reason::Quiet, 0); 2]);
    trace
        .no_thrash(1)
        .and_then(|trace| trace.pollers_never_exceed(20))
        .expect("it turned once");
}

#[tokio::test(start_paused = true)]
async fn an_idle_mapping_is_not_evaluated_until_a_record_comes() {
    let test = TestEngine::with(announced()).await;
    test.plain_function("f", || async {});
    test.topic(4).await;
    let uuid = test.mapping(minimum(1)).await;
    let hour = Duration::from_secs(3_600);
    test.clock.sleep(hour).await;
    let trace = test.engine.trace(&uuid).await.expect("the mapping exists");
    let shown = |trace: &Trace| {
        let evaluations = trace.evaluations.iter();
        let evaluations: Vec<_> = evaluations
            .map(|one| (one.at.as_secs(), one.arrival_per_s))
            .collect();
        (evaluations, trace.buckets.len())
    };
    assert_eq!(shown(&trace), (vec![(90, 0.0)], 1));
    assert_eq!(trace.buckets[0].length, trace.end());
    assert_eq!(trace.event_poller_unit_hours, trace.end().as_secs_f64() / 3_600.0);

    test.produce(0, 0, 60).await;
    test.engine.drained(&uuid).await.expect("the mapping exists");
    test.clock.sleep(hour).await;
    let trace = test.engine.trace(&uuid).await.expect("the mapping exists");
    // Evaluations keep their times, and the rate is that of the interval before, whatever has been left out.
    assert_eq!(shown(&trace), (vec![(90, 0.0), (3_630, 1.0), (3_690, 0.0)], 3));
    assert_eq!(trace.buckets[1].arrived, 60);
    let length: Duration = trace.buckets.iter().map(|bucket| bucket.length).sum();
    assert_eq!(length, trace.end());
}

#[tokio::test(start_paused = true)]
async fn a_scaled_clock_scales_evaluations_pauses_and_overhead() {
    let options = TestOptions {
        time_scale: 10,
        ..announced()
    };
    let before = tokio::time::Instant::now();
    let trace = drain(options, 12, 700, minimum(2)).await;
    let (decided, ended) = (
        seconds(Some(trace.rebalances[0].decided_at)),
        seconds(trace.rebalances[0].ended_at),
    );
    // A timer's millisecond is ten of the engine's.
    assert!((90.0..90.1).contains(&decided), "{decided}");
    assert!((decided + 30.0..decided + 30.1).contains(&ended), "{ended}");
    let drained = seconds(trace.drained_at);
    let took = before.elapsed().as_secs_f64() * 10.0;
    assert!(
        (drained..drained + 5.0).contains(&took),
        "{took} s for {drained} s"
    );
}
