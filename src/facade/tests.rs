//! Tests of an instance on free ports.

use super::*;
use esmeralda_broker::local::NewTopic;
use serde_json::json;
use std::sync::Mutex;

#[tokio::test]
async fn a_function_receives_what_was_produced_and_the_mapping_drains() {
    let esmeralda = Esmeralda::start().await.expect("free ports");
    let topic = NewTopic {
        name: "orders".to_owned(),
        partitions: Some(2),
        ..NewTopic::default()
    };
    esmeralda.create_topic(topic).await.expect("a new topic");
    let events = Arc::new(Mutex::new(Vec::<Value>::new()));
    let seen = Arc::clone(&events);
    esmeralda.register_function("f", move |event| {
        let event = serde_json::from_slice(&event).map_err(|error| error.to_string());
        let seen = Arc::clone(&seen);
        async move {
            seen.lock().expect("no test panicked").push(event?);
            Ok::<_, String>("{}")
        }
    });
    for (partition, values) in [(0, &["a", "b"][..]), (1, &["c"])] {
        let produced = esmeralda.produce("orders", partition, values).await;
        assert_eq!(produced, Ok(Offset(0)));
    }

    let mapping = NewMapping::new("f", "orders")
        .minimum_pollers(2)
        .maximum_batching_window_in_seconds(0);
    let mapping = esmeralda.create_mapping(mapping).await.expect("a valid mapping");
    mapping.drained().await.expect("the mapping exists");

    let described = mapping.describe().await.expect("the mapping exists");
    assert_eq!(described.state(), "Enabled");
    assert_eq!(
        described.0["ProvisionedPollerConfig"],
        json!({ "MinimumPollers": 2, "MaximumPollers": 200 })
    );
    let mut values = Vec::new();
    for event in events.lock().expect("no test panicked").iter() {
        assert_eq!(event["eventSource"], "SelfManagedKafka");
        for (key, records) in event["records"].as_object().expect("records by partition") {
            for record in records.as_array().expect("a list of records") {
                values.push((key.clone(), record["offset"].as_i64(), record["value"].clone()));
            }
        }
    }
    values.sort_by_key(|(key, offset, _)| (key.clone(), *offset));
    let expected = [
        ("orders-0", 0, "YQ=="),
        ("orders-0", 1, "Yg=="),
        ("orders-1", 0, "Yw=="),
    ];
    let expected = expected.map(|(key, offset, value)| (key.to_owned(), Some(offset), json!(value)));
    assert_eq!(values, expected);
    esmeralda.stop(Duration::from_secs(5)).await;
}

#[tokio::test]
async fn a_function_that_does_not_exist_is_refused_as_lambda_refuses_it() {
    let esmeralda = Esmeralda::start().await.expect("free ports");
    let error = esmeralda
        .create_mapping(NewMapping::new("nobody", "orders"))
        .await
        .expect_err("no function");
    assert_eq!(
        (error.status, error.kind),
        (400, "InvalidParameterValueException")
    );
    assert_eq!(error.message, "Function does not exist: nobody");
    esmeralda.stop(Duration::from_secs(5)).await;
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let esmeralda = Esmeralda::start().await.expect("free ports");
    let taken = esmeralda.bootstrap_servers();
    let options = Options {
        kafka: vec![taken.clone()],
        ..Options::default()
    };
    let error = Esmeralda::start_with(options)
        .await
        .expect_err("the port is taken");
    assert!(
        error
            .to_string()
            .starts_with(&format!("cannot listen on {taken}: ")),
        "{error}"
    );
    esmeralda.stop(Duration::from_secs(5)).await;
}

/// Returns an instance with the topic `orders` of one partition, and the events that its function `f` has seen.
async fn with_function(sim: &Esmeralda) -> Arc<Mutex<Vec<Value>>> {
    sim.create_topic_with("orders", 1).await.expect("a new topic");
    let events = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&events);
    sim.register_function("f", move |event| {
        let event: Value = serde_json::from_slice(&event).expect("an event is JSON");
        seen.lock().expect("no test panicked").push(event);
        async { Ok::<_, String>("{}") }
    });
    events
}

#[test]
fn a_record_has_its_key_headers_and_timestamp() {
    Esmeralda::simulated(1, |sim| async move {
        let events = with_function(&sim).await;
        let records = [
            Record::new("v")
                .key("k")
                .header("a", [255])
                .header("a", "")
                .null_header("b")
                .timestamp_ms(1_767_225_601_000),
            Record::tombstone("k").timestamp_ms(1_767_225_602_000),
        ];
        assert_eq!(sim.produce("orders", 0, &records).await, Ok(Offset(0)));
        assert_eq!(sim.produce("orders", 0, &["plain"]).await, Ok(Offset(2)));
        let mapping = sim.create_mapping(NewMapping::new("f", "orders")).await;
        mapping
            .expect("a valid mapping")
            .drained()
            .await
            .expect("it exists");

        let events = events.lock().expect("no test panicked");
        let mut found = Vec::new();
        for record in events
            .iter()
            .flat_map(|event| event["records"]["orders-0"].as_array())
        {
            for record in record {
                let member = |name: &str| record.get(name).cloned().unwrap_or_default();
                found.push(["key", "value", "headers"].map(member));
            }
        }
        let expected = [
            [
                json!("aw=="),
                json!("dg=="),
                json!([{ "a": [-1] }, { "a": [] }, { "b": [] }]),
            ],
            [json!("aw=="), Value::Null, json!([])],
            [Value::Null, json!("cGxhaW4="), json!([])],
        ];
        assert_eq!(found, expected);
        assert_eq!(
            events[0]["records"]["orders-0"][0]["timestamp"],
            1_767_225_601_000_i64
        );
    });
}

#[test]
fn a_mapping_is_disabled_changed_enabled_and_deleted() {
    Esmeralda::simulated(1, |sim| async move {
        let events = with_function(&sim).await;
        let mapping = sim
            .create_mapping(NewMapping::new("f", "orders"))
            .await
            .expect("a valid mapping");
        assert_eq!(
            mapping.disable().await.expect("a valid change").state(),
            "Disabled"
        );
        sim.produce("orders", 0, &["1", "2", "3"])
            .await
            .expect("the topic exists");
        let change = MappingChange::new()
            .batch_size(2)
            .minimum_pollers(1)
            .maximum_pollers(3);
        let view = mapping.update(change).await.expect("a valid change");
        assert_eq!((view.state(), &view.0["BatchSize"]), ("Disabled", &json!(2)));
        assert_eq!(
            view.0["ProvisionedPollerConfig"],
            json!({ "MinimumPollers": 1, "MaximumPollers": 3 })
        );
        sim.sleep(Duration::from_secs(10)).await;
        assert!(events.lock().expect("no test panicked").is_empty());

        assert_eq!(mapping.enable().await.expect("a valid change").state(), "Enabled");
        mapping
            .drained_within(Duration::from_secs(10))
            .await
            .expect("it drains");
        assert_eq!(events.lock().expect("no test panicked").len(), 2);
        assert_eq!(
            mapping.metrics().await.expect("it exists").committed_event_count,
            3
        );
        let change = MappingChange::new().on_demand();
        let view = mapping.update(change).await.expect("a valid change");
        assert_eq!(view.0.get("ProvisionedPollerConfig"), None);

        mapping.delete().await.expect("it exists");
        assert_eq!(mapping.describe().await.expect_err("it is gone").status, 404);
        let error = mapping
            .drained_within(Duration::from_secs(1))
            .await
            .expect_err("it is gone");
        assert!(matches!(error, DrainError::Mapping(_)), "{error}");
    });
}

#[test]
fn a_wait_for_the_drain_ends_with_the_reason() {
    Esmeralda::simulated(1, |sim| async move {
        sim.create_topic_with("orders", 1).await.expect("a new topic");
        sim.register_function("f", |_| async { Err::<bytes::Bytes, _>("out of stock") });
        let mapping = sim
            .create_mapping(NewMapping::new("f", "orders"))
            .await
            .expect("a valid mapping");
        sim.produce("orders", 0, &["1", "2"])
            .await
            .expect("the topic exists");
        let before = sim.elapsed();
        let error = mapping
            .drained_within(Duration::from_secs(30))
            .await
            .expect_err("the function fails");
        assert_eq!(sim.elapsed() - before, Duration::from_secs(30));
        assert_eq!(
            error.to_string(),
            "not drained within 30 s: a lag of 2 and 0 batches in flight are left, the mapping is Enabled, its LastProcessingResult is \
             `PROBLEM: Function call failed`"
        );
    });
}
