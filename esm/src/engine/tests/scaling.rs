//! Fleets that grow and shrink: real rebalances of the embedded cluster, on paused time.

use super::town::{Plan, Town};
use crate::profile::ProfileName;
use crate::scaler::{Cap, Reason};
use crate::trace::{Cause, Trace};
use serde_json::{Value, json};
use std::time::Duration;

fn announced() -> Plan {
    Plan {
        profile: ProfileName::Announcement2024.profile(),
        ..Plan::default()
    }
}

fn seconds(time: Option<Duration>) -> f64 {
    time.map_or(f64::NAN, |time| time.as_secs_f64())
}

/// A backlog of `batches` of one record in each partition, drained by a function of 100 ms.
async fn drain(plan: Plan, partitions: i32, batches: i64, members: Value) -> Trace {
    let town = Town::planned(plan).await;
    let clock = town.clock.clone();
    town.plain_function("f", move || {
        let clock = clock.clone();
        async move { clock.sleep(Duration::from_millis(100)).await }
    });
    town.topic(partitions).await;
    for partition in 0..partitions {
        town.produce(partition, 0, batches).await;
    }
    let mut all = json!({ "BatchSize": 1 });
    for (name, value) in members.as_object().expect("members") {
        all[name] = value.clone();
    }
    let uuid = town.mapping(all).await;
    town.engine.drained(&uuid).await.expect("the mapping exists");
    town.engine.trace(&uuid).await.expect("the mapping exists")
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
    assert_eq!(trace.buckets[90].start, Duration::from_secs(90));
    trace
}

#[tokio::test(start_paused = true)]
async fn a_fleet_grows_by_steps_with_a_standstill_at_each() {
    let trace = point(48, 1_000, minimum(4), 387.6, 240.0).await;
    let steps: Vec<_> = trace
        .rebalances
        .iter()
        .map(|step| {
            (
                seconds(Some(step.decided_at)),
                seconds(step.ended_at),
                step.from,
                step.to,
                step.cause,
            )
        })
        .collect();
    let expected = [
        (90.0, 120.0, 4, 22, Cause::Evaluation),
        (150.0, 180.0, 22, 40, Cause::Evaluation),
        (210.0, 240.0, 40, 48, Cause::Evaluation),
    ];
    assert_eq!(steps, expected);
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
    // Nobody starts anything in a standstill, and what was in flight has landed.
    let still = &trace.buckets[91..120];
    let shown: Vec<_> = still
        .iter()
        .map(|bucket| (bucket.in_flight_max, bucket.lag))
        .collect();
    assert_eq!(shown, [(0, still[0].lag); 29]);
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
