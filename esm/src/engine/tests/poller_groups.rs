//! Poller groups: their limits, and the event poller units that their mappings share.

use super::test_engine::*;
use super::*;
use serde_json::Value;

fn config(minimum: u32, maximum: u32, group: &str) -> Value {
    json!({ "MinimumPollers": minimum, "MaximumPollers": maximum, "PollerGroupName": group })
}

/// The members of a mapping that invokes a function of its own.
fn grouped(function: &str, minimum: u32, maximum: u32, group: &str) -> Value {
    json!({ "FunctionName": function, "ProvisionedPollerConfig": config(minimum, maximum, group) })
}

async fn engine(functions: &[&str]) -> TestEngine {
    let test = TestEngine::new().await;
    test.topic(20).await;
    for function in functions {
        test.plain_function(function, || async {});
    }
    test
}

impl TestEngine {
    /// The units of each mapping in each minute.
    async fn units(&self, uuids: &[&String]) -> Vec<Vec<(i64, f64)>> {
        let mut units = Vec::new();
        for uuid in uuids {
            units.push(self.of_mapping(uuid, "EventPollerUnit").await);
        }
        units
    }

    /// The unit hours that each mapping was billed for, in whole seconds of a unit.
    async fn unit_seconds(&self, uuids: &[&String]) -> Vec<u64> {
        let mut seconds = Vec::new();
        for uuid in uuids {
            let trace = self.engine.trace(uuid).await.expect("the mapping exists");
            seconds.push((trace.event_poller_unit_hours * 3_600.0).round() as u64);
        }
        seconds
    }
}

#[tokio::test(start_paused = true)]
async fn mappings_of_a_group_share_their_units() {
    let test = engine(&["a", "b", "c", "d"]).await;
    let a = test.mapping(grouped("a", 4, 20, "g")).await;
    let b = test.mapping(grouped("b", 4, 20, "g")).await;
    let c = test.mapping(grouped("c", 4, 20, "g")).await;
    let alone = json!({ "FunctionName": "d", "ProvisionedPollerConfig": { "MinimumPollers": 4 } });
    let d = test.mapping(alone).await;
    test.until_minute(3, 0).await;
    let minutes = |units: f64| (0..4).map(|minute| (minute, units)).collect::<Vec<_>>();
    // Twelve pollers need two units, of which the third mapping brought the second.
    assert_eq!(
        test.units(&[&a, &b, &c, &d]).await,
        [minutes(1.0), minutes(0.0), minutes(1.0), minutes(1.0)]
    );
    let seconds = test.unit_seconds(&[&a, &b, &c, &d]).await;
    assert_eq!(seconds, [180, 0, 180, 180]);
    let metrics = test.engine.metrics().await;
    let shown: Vec<_> = metrics
        .iter()
        .map(|mapping| (mapping.poller_group.as_deref(), mapping.event_poller_units))
        .collect();
    assert_eq!(shown, [(Some("g"), 1), (Some("g"), 0), (Some("g"), 1), (None, 1)]);
}

#[tokio::test(start_paused = true)]
async fn who_leaves_or_stops_leaves_the_units_to_the_others() {
    let test = engine(&["a", "b"]).await;
    let a = test.mapping(grouped("a", 8, 20, "g")).await;
    let b = test.mapping(grouped("b", 1, 20, "g")).await;
    test.until_minute(1, 30).await;
    assert_eq!(test.units(&[&b]).await, [[(0, 0.0), (1, 0.0)]]);

    test.update(&a, json!({ "Enabled": false }))
        .await
        .expect("it can be disabled");
    test.engine.settled(&a).await.expect("the mapping exists");
    test.until_minute(3, 30).await;
    let [of_a, of_b] = &test.units(&[&a, &b]).await[..] else {
        panic!("two mappings")
    };
    assert_eq!(of_a[..], [(0, 1.0), (1, 1.0)], "a disabled mapping has no units");
    assert_eq!(of_b[..], [(0, 0.0), (1, 0.0), (2, 1.0), (3, 1.0)]);

    test.update(&a, json!({ "Enabled": true }))
        .await
        .expect("it can be enabled");
    test.engine.settled(&a).await.expect("the mapping exists");
    let leaves = json!({ "ProvisionedPollerConfig": config(1, 20, "") });
    let view = test.update(&b, leaves).await.expect("it may leave");
    let left = json!({ "MinimumPollers": 1, "MaximumPollers": 20 });
    assert_eq!(view.0["ProvisionedPollerConfig"], left);
    test.until_minute(5, 30).await;
    let units = test.units(&[&a, &b]).await;
    assert_eq!(units[0][units[0].len() - 2..], [(4, 1.0), (5, 1.0)]);
    assert_eq!(units[1][units[1].len() - 2..], [(4, 1.0), (5, 1.0)]);

    let joins = json!({ "ProvisionedPollerConfig": config(1, 20, "g") });
    test.update(&b, joins).await.expect("it may come back");
    test.until_minute(7, 30).await;
    let units = test.units(&[&b]).await;
    assert_eq!(units[0][units[0].len() - 2..], [(6, 0.0), (7, 0.0)]);

    test.engine.delete(&a).await.expect("it can be deleted");
    test.engine.gone(&a).await;
    test.until_minute(9, 30).await;
    let units = test.units(&[&b]).await;
    assert_eq!(units[0][units[0].len() - 2..], [(8, 1.0), (9, 1.0)]);
}

#[tokio::test(start_paused = true)]
async fn a_create_or_an_update_that_exceeds_the_group_is_refused_and_changes_nothing() {
    let test = engine(&["a", "b"]).await;
    test.mapping(grouped("a", 1, 1_500, "g")).await;
    let message = "The MaximumPollers (501) and those of the other event source mappings in PollerGroupName g (1500) must be 2000 or \
                   less together.";
    let error = test
        .create(grouped("b", 1, 501, "g"))
        .await
        .expect_err("501 are too many");
    assert_eq!(
        (error.status, error.kind, error.message.as_str()),
        (400, "InvalidParameterValueException", message)
    );
    let b = test.mapping(grouped("b", 1, 500, "g")).await;
    let before = test.engine.get(&b).await.expect("the mapping exists");
    let larger = json!({ "ProvisionedPollerConfig": config(1, 501, "g") });
    let error = test
        .update(&b, larger.clone())
        .await
        .expect_err("501 are too many");
    assert_eq!(error.message, message);
    assert_eq!(test.engine.get(&b).await, Ok(before));
    let moved = json!({ "ProvisionedPollerConfig": config(1, 501, "h") });
    let view = test.update(&b, moved).await.expect("another group has room");
    assert_eq!(view.0["ProvisionedPollerConfig"], config(1, 501, "h"));
}

#[tokio::test(start_paused = true)]
async fn of_two_updates_at_once_only_one_takes_the_room_of_the_group() {
    let test = engine(&["a", "b"]).await;
    let a = test.mapping(grouped("a", 1, 900, "g")).await;
    let b = test.mapping(grouped("b", 1, 900, "g")).await;
    let larger = json!({ "ProvisionedPollerConfig": config(1, 1_100, "g") });
    let (of_a, of_b) = tokio::join!(test.update(&a, larger.clone()), test.update(&b, larger));
    let view = of_a.expect("2000 are allowed together");
    assert_eq!(view.0["ProvisionedPollerConfig"], config(1, 1_100, "g"));
    let message = "The MaximumPollers (1100) and those of the other event source mappings in PollerGroupName g (1100) must be 2000 or \
                   less together.";
    assert_eq!(of_b.expect_err("2200 are too many").message, message);
    let b = test.engine.get(&b).await.expect("the mapping exists");
    assert_eq!(b.0["ProvisionedPollerConfig"], config(1, 900, "g"));
}

#[tokio::test(start_paused = true)]
async fn an_update_that_is_refused_leaves_the_room_that_it_asked_for() {
    let test = engine(&["a", "b"]).await;
    let a = test.mapping(grouped("a", 1, 900, "g")).await;
    let b = test.mapping(grouped("b", 1, 900, "g")).await;
    let larger = || json!({ "ProvisionedPollerConfig": config(1, 1_100, "g") });
    test.update(&a, json!({ "BatchSize": 5 }))
        .await
        .expect("it can be updated");
    let refused = test.update(&a, larger()).await.expect_err("it is Updating");
    assert_eq!(refused.kind, "ResourceInUseException");
    test.update(&b, larger()).await.expect("the room is free");
    // A mapping that has gone leaves its room, too.
    test.engine.settled(&b).await.expect("the mapping exists");
    test.engine.delete(&b).await.expect("it can be deleted");
    test.engine.gone(&b).await;
    test.engine.settled(&a).await.expect("the mapping exists");
    let all = json!({ "ProvisionedPollerConfig": config(1, 2_000, "g") });
    test.update(&a, all).await.expect("it is alone in its group");
}
