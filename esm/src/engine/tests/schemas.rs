//! Mappings with a schema registry.

use super::test_engine::TOPIC;
use super::*;
use crate::invoker::ClosureInvoker;
use crate::schema::{NewSchema, SchemaType};
use base64_simd::STANDARD as BASE64;
use bytes::Bytes;
use esmeralda_broker::Compression;
use esmeralda_broker::records::{NewRecord, encode_batch};
use serde_json::Value;
use std::sync::{Arc, Mutex};

/// The records of all events, in order.
type Records = Arc<Mutex<Vec<Value>>>;

/// Registers a function `f` that keeps its records.
fn keep_records(test: &TestEngine) -> Records {
    let kept = Records::default();
    let records = Arc::clone(&kept);
    let invoker = ClosureInvoker::new(move |payload: Bytes| {
        let event: Value = serde_json::from_slice(&payload).unwrap();
        let partitions = event["records"].as_object().unwrap().values();
        let all = partitions.flat_map(|records| records.as_array().unwrap().clone());
        records.lock().unwrap().extend(all);
        async { Ok::<_, String>("null") }
    });
    let functions = &test.engine.shared.options.functions;
    functions.register("f", Arc::new(invoker));
    kept
}

/// Registers the schemas 1, an Avro record, and 2, a JSON Schema.
fn register_schemas(test: &TestEngine) {
    let registry = &test.engine.shared.options.schemas;
    let avro = NewSchema {
        text: r#"{"type":"record","name":"Order","fields":[{"name":"n","type":"int"}]}"#.to_owned(),
        ..NewSchema::default()
    };
    let json = NewSchema {
        schema_type: SchemaType::Json,
        text: r#"{"required":["id"]}"#.to_owned(),
        references: Vec::new(),
    };
    assert_eq!(registry.register("a", avro).unwrap().stored.id, 1);
    assert_eq!(registry.register("b", json).unwrap().stored.id, 2);
}

/// A record's key and value.
type KeyAndValue<'a> = (Option<&'a [u8]>, Option<&'a [u8]>);

async fn produce(test: &TestEngine, records: &[KeyAndValue<'_>]) {
    let records: Vec<NewRecord<'_>> = records
        .iter()
        .map(|(key, value)| NewRecord {
            timestamp_ms: 1,
            key: *key,
            value: *value,
            ..NewRecord::default()
        })
        .collect();
    let batch = encode_batch(&records, Compression::None);
    test.client.produce(TOPIC, 0, batch).await.unwrap();
}

fn members(format: &str, attributes: &[&str]) -> Value {
    let attributes: Vec<_> = attributes
        .iter()
        .map(|attribute| json!({ "Attribute": attribute }))
        .collect();
    json!({
        "ProvisionedPollerConfig": { "MinimumPollers": 1 },
        "SelfManagedKafkaEventSourceConfig": { "SchemaRegistryConfig": {
            "SchemaRegistryURI": "embedded",
            "EventRecordFormat": format,
            "SchemaValidationConfigs": attributes,
        } },
    })
}

fn base64(data: &[u8]) -> String {
    BASE64.encode_to_string(data)
}

const KEY: &[u8] = b"\0\0\0\0\x02{\"id\":1}";

#[tokio::test(start_paused = true)]
async fn decoded_records_have_their_schemas_beside_them() {
    let test = TestEngine::new().await;
    let records = keep_records(&test);
    register_schemas(&test);
    test.topic(1).await;
    produce(
        &test,
        &[
            (Some(KEY), Some(b"\0\0\0\0\x01\x0e")),
            (Some(b"\0\0\0\0\x02{\"id\":2}"), None),
        ],
    )
    .await;
    let uuid = test.mapping(members("JSON", &["KEY", "VALUE"])).await;
    test.engine.drained(&uuid).await.unwrap();
    let event = |offset: i64, members: Value| {
        let mut record = json!({
            "topic": TOPIC,
            "partition": 0,
            "offset": offset,
            "timestamp": 1,
            "timestampType": "CREATE_TIME",
            "headers": [],
        });
        record
            .as_object_mut()
            .unwrap()
            .extend(members.as_object().unwrap().clone());
        record
    };
    let json_key = |key: &[u8]| json!({ "key": base64(key), "keySchemaMetadata": { "dataFormat": "JSON", "schemaId": "2" } });
    let mut first = json_key(br#"{"id":1}"#);
    first["value"] = base64(br#"{"n":7}"#).into();
    first["valueSchemaMetadata"] = json!({ "dataFormat": "AVRO", "schemaId": "1" });
    assert_eq!(
        *records.lock().unwrap(),
        [event(0, first), event(1, json_key(br#"{"id":2}"#))]
    );

    // From the update on, values are bare data, and keys stay as they are.
    test.update(&uuid, json!({ "SelfManagedKafkaEventSourceConfig": members("SOURCE", &["VALUE"])["SelfManagedKafkaEventSourceConfig"] }))
        .await
        .unwrap();
    test.engine.settled(&uuid).await.unwrap();
    produce(&test, &[(Some(KEY), Some(b"\0\0\0\0\x01\x10"))]).await;
    test.engine.drained(&uuid).await.unwrap();
    let third = json!({
        "key": base64(KEY),
        "value": base64(b"\x10"),
        "valueSchemaMetadata": { "dataFormat": "AVRO", "schemaId": "1" },
    });
    assert_eq!(records.lock().unwrap()[2..], [event(2, third)]);
    assert_eq!(test.metrics().await.polled_bytes, 13 + 6 + 13 + 13 + 6);
}

#[tokio::test(start_paused = true)]
async fn records_that_cannot_be_decoded_are_discarded_and_the_others_are_filtered_by_their_json() {
    let test = TestEngine::new().await;
    let records = keep_records(&test);
    register_schemas(&test);
    test.topic(1).await;
    let values: &[&[u8]] = &[
        b"\0\0\0\0\x01\x02",
        // No such schema, no frame, no data of the schema, and JSON that is not valid.
        b"\0\0\0\0\x09\x02",
        b"{\"n\":1}",
        b"\0\0\0\0\x01",
        b"\0\0\0\0\x02{\"n\":1}",
        b"\0\0\0\0\x01\x04",
        b"\0\0\0\0\x02{\"id\":3,\"n\":2}",
    ];
    let batch: Vec<_> = values.iter().map(|value| (None, Some(*value))).collect();
    produce(&test, &batch).await;
    let mut with_filter = members("JSON", &["VALUE"]);
    with_filter["FilterCriteria"] = json!({ "Filters": [{ "Pattern": r#"{"value":{"n":[2]}}"# }] });
    let uuid = test.mapping(with_filter).await;
    test.engine.drained(&uuid).await.unwrap();
    let offsets: Vec<_> = records
        .lock()
        .unwrap()
        .iter()
        .map(|record| record["offset"].clone())
        .collect();
    assert_eq!(offsets, [5, 6]);
    assert_eq!(test.committed(&uuid, 1).await, [7]);
    let metrics = test.metrics().await;
    assert_eq!((metrics.polled_event_count, metrics.dropped_event_count), (7, 4));
    assert_eq!(
        (
            metrics.filtered_out_event_count,
            metrics.schema_registry_error_count
        ),
        (1, 4)
    );
}

#[tokio::test]
async fn a_registry_that_does_not_answer_is_refused_in_awss_words() {
    let test = TestEngine::new().await;
    let mut members = members("JSON", &["VALUE"]);
    // Nothing listens on port 1.
    members["SelfManagedKafkaEventSourceConfig"]["SchemaRegistryConfig"]["SchemaRegistryURI"] =
        "http://127.0.0.1:1".into();
    let error = test.create(members).await.unwrap_err();
    assert_eq!(
        (error.kind, error.message.as_str()),
        (
            "InvalidParameterValueException",
            "Cannot access Confluent Schema with the provided access configuration."
        )
    );
}

#[tokio::test(start_paused = true)]
async fn provisioned_mode_stays_while_there_is_a_schema_registry() {
    let test = TestEngine::new().await;
    test.topic(1).await;
    let uuid = test.mapping(members("JSON", &["VALUE"])).await;
    let on_demand = json!({ "ProvisionedPollerConfig": {} });
    let error = test.update(&uuid, on_demand.clone()).await.unwrap_err();
    assert_eq!(
        error.message,
        "SchemaRegistryConfig is only available for Provisioned Mode. To configure Schema Registry, please enable Provisioned Mode by \
         specifying MinimumPollers in ProvisionedPollerConfig."
    );
    let cleared = json!({ "SelfManagedKafkaEventSourceConfig": { "SchemaRegistryConfig": {} } });
    test.update(&uuid, cleared).await.unwrap();
    test.engine.settled(&uuid).await.unwrap();
    assert!(test.update(&uuid, on_demand).await.is_ok());
}
