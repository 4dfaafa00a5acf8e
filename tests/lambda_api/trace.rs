//! The trace of a mapping, and the fleet that it shows.

use crate::service::{Service, list, names, trace_path};
use serde_json::{Value, json};
use std::collections::BTreeSet;

#[tokio::test]
async fn the_trace_of_a_mapping_is_served_as_json() {
    let service = Service::start().await;
    let pollers = json!({ "MinimumPollers": 1, "MaximumPollers": 1 });
    let created = service
        .create(json!({ "ProvisionedPollerConfig": pollers }))
        .await;
    let uuid = created["UUID"].as_str().expect("a UUID").to_owned();
    service.state_is(&uuid, "Enabled").await;
    service
        .trace_until(&uuid, "an evaluation and a whole bucket", |trace| {
            let bucket = list(trace, "buckets").first();
            let is_whole = bucket.is_some_and(|bucket| bucket["length_s"].as_f64() >= Some(1.0));
            !list(trace, "evaluations").is_empty() && is_whole
        })
        .await;
    let answer = service.get(&trace_path(&uuid)).await;
    assert_eq!(
        (answer.status, answer.headers["content-type"].as_str()),
        (200, "application/json")
    );
    let trace = answer.json();
    assert_eq!(
        names(&trace),
        BTreeSet::from([
            "bucket_s",
            "starting_pollers",
            "is_complete",
            "drained_at_s",
            "event_poller_unit_hours",
            "cost_usd",
            "buckets",
            "evaluations",
            "rebalances",
        ])
    );
    let shown =
        ["bucket_s", "starting_pollers", "is_complete", "drained_at_s"].map(|name| trace[name].clone());
    assert_eq!(json!(shown), json!([1.0, 1, true, 0.0]));
    assert_eq!(trace["rebalances"], json!([]));

    let mut evaluation = list(&trace, "evaluations")[0].clone();
    let at_s = evaluation["at_s"].take().as_f64().expect("a time");
    assert!(
        at_s >= 0.1,
        "the first evaluation was {at_s} s after the mapping became Enabled"
    );
    assert_eq!(
        evaluation,
        json!({
            "at_s": null,
            "from": 1,
            "to": 1,
            "reason": "enough",
            "lag": 0,
            "arrival_per_s": 0.0,
            "slot_per_s": null,
            "slots_per_poller": null,
            "throttled_share": 0.0,
            "raw_target": null,
            "capped_by": "minimum",
        })
    );
    let mut bucket = list(&trace, "buckets")[0].clone();
    let length_s = bucket["length_s"].take().as_f64().expect("a length");
    assert!(length_s >= 1.0, "a bucket of {length_s} s");
    assert_eq!(
        bucket,
        json!({
            "start_s": 0.0,
            "length_s": null,
            "lag": 0,
            "arrived": 0,
            "committed": 0,
            "pollers": 1,
            "running_max": 0,
            "running_mean": 0.0,
            "in_flight_max": 0,
            "in_flight_mean": 0.0,
            "overhead_mean": 0.0,
            "throttled_mean": 0.0,
            "waiting_mean": 0.0,
            "invocations": 0,
            "invocation_errors": 0,
            "throttles": 0,
            "records": 0,
            "record_bytes": 0,
            "event_poller_units": 1,
            "billed_ms": 0,
        })
    );
}

#[tokio::test]
async fn the_trace_of_a_mapping_that_does_not_exist_is_not_found() {
    let service = Service::start().await;
    let answer = service
        .get(&trace_path("00000000-0000-4000-8000-000000000000"))
        .await;
    assert_eq!(
        (answer.status, answer.json()),
        (
            404,
            json!({ "message": "The resource you requested does not exist." })
        )
    );
}

#[tokio::test]
async fn new_bounds_change_the_fleet_and_no_bounds_switch_to_on_demand_mode() {
    let service = Service::start().await;
    let bounds = |minimum: u32, maximum: u32| json!({ "ProvisionedPollerConfig": { "MinimumPollers": minimum, "MaximumPollers": maximum } });
    let created = service.create(bounds(1, 1)).await;
    let uuid = created["UUID"].as_str().expect("a UUID").to_owned();
    service.state_is(&uuid, "Enabled").await;
    let rebalances_end = |count: usize| {
        move |trace: &Value| {
            let rebalances = list(trace, "rebalances");
            rebalances.len() == count && rebalances.iter().all(|one| one["ended_at_s"].is_number())
        }
    };
    for (count, bounds) in [(1, bounds(2, 2)), (2, bounds(1, 1)), (3, bounds(2, 200))] {
        service.update(&uuid, bounds).await;
        service
            .trace_until(&uuid, "the fleet follows the bounds", rebalances_end(count))
            .await;
    }
    let provisioned = service.get(&trace_path(&uuid)).await.json();
    let units = |trace: &Value| {
        list(trace, "buckets")
            .last()
            .map(|bucket| bucket["event_poller_units"].clone())
    };
    assert_eq!(units(&provisioned), Some(json!(1)));

    service
        .update(&uuid, json!({ "ProvisionedPollerConfig": {} }))
        .await;
    let view = service.state_is(&uuid, "Enabled").await;
    assert_eq!(view.get("ProvisionedPollerConfig"), None);
    // An on-demand mapping starts with one poller, but a fleet within its bounds only shrinks after it has been quiet for long enough.
    let trace = service
        .trace_until(&uuid, "the fleet has shrunk", rebalances_end(4))
        .await;
    assert_eq!(units(&trace), Some(json!(0)), "on-demand mode has no units");
    let changes: Vec<Value> = list(&trace, "rebalances")
        .iter()
        .map(|one| json!([one["from"], one["to"], one["cause"]]))
        .collect();
    assert_eq!(
        changes,
        [
            json!([1, 2, "bounds"]),
            json!([2, 1, "bounds"]),
            json!([1, 2, "bounds"]),
            json!([2, 1, "evaluation"]),
        ]
    );
    let last = list(&trace, "evaluations")
        .iter()
        .find(|one| one["to"] != one["from"])
        .expect("an evaluation that changed the fleet");
    assert_eq!(
        json!([last["from"], last["to"], last["reason"]]),
        json!([2, 1, "quiet"])
    );
}
