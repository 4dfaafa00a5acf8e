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
