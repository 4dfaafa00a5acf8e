//! The schema registry's API: paths, status codes, content type and bodies.

use crate::service::{Answer, Service};
use serde_json::{Value, json};

const RECORD: &str = r#"{"type":"record","name":"Order","fields":[{"name":"n","type":"int"}]}"#;

async fn register(service: &Service, subject: &str, schema: &str) -> Answer {
    let path = format!("/subjects/{subject}/versions");
    service.post(&path, &json!({ "schema": schema })).await
}

/// Returns the status and the error code.
fn refusal(answer: &Answer) -> (u16, i64) {
    (
        answer.status,
        answer.json()["error_code"].as_i64().expect("a code"),
    )
}

#[tokio::test]
async fn a_schema_is_registered_found_and_deleted() {
    let service = Service::start().await;
    let answer = register(&service, "orders-value", RECORD).await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.headers["content-type"],
        "application/vnd.schemaregistry.v1+json"
    );
    let registered = json!({ "subject": "orders-value", "version": 1, "id": 1, "schema": RECORD });
    assert_eq!(answer.json(), registered);
    let json_schema = json!({ "schema": "{}", "schemaType": "JSON" });
    // A subject may contain a slash, which comes percent-encoded.
    let answer = service.post("/subjects/a%2Fb/versions", &json_schema).await;
    assert_eq!(answer.json()["id"], 2);

    let found = service
        .post("/subjects/orders-value", &json!({ "schema": RECORD }))
        .await;
    assert_eq!(found.json(), registered);
    let get = async |path: &str| service.get(path).await.json();
    assert_eq!(get("/subjects").await, json!(["a/b", "orders-value"]));
    assert_eq!(get("/subjects?subjectPrefix=a").await, json!(["a/b"]));
    assert_eq!(get("/subjects/orders-value/versions/latest").await, registered);
    assert_eq!(get("/subjects/orders-value/versions").await, json!([1]));
    assert_eq!(
        service.get("/subjects/orders-value/versions/1/schema").await.body,
        RECORD.as_bytes()
    );
    assert_eq!(get("/schemas/ids/1").await, json!({ "schema": RECORD }));
    assert_eq!(
        get("/schemas/ids/2?subject=a%2Fb&fetchMaxId=false").await,
        json!({ "schemaType": "JSON", "schema": "{}" })
    );
    assert_eq!(
        get("/schemas/ids/1/versions").await,
        json!([{ "subject": "orders-value", "version": 1 }])
    );
    assert_eq!(get("/schemas/types").await, json!(["JSON", "AVRO"]));

    let delete = async |path: &str| service.send("DELETE", path, "", b"").await;
    assert_eq!(delete("/subjects/orders-value").await.json(), json!([1]));
    assert_eq!(
        refusal(&service.get("/subjects/orders-value/versions").await),
        (404, 40401)
    );
    assert_eq!(get("/subjects?deletedOnly=true").await, json!(["orders-value"]));
    assert_eq!(get("/schemas/ids/1").await["schema"], RECORD);
    assert_eq!(
        delete("/subjects/orders-value?permanent=true").await.json(),
        json!([1])
    );
    assert_eq!(refusal(&service.get("/schemas/ids/1").await), (404, 40403));
}

#[tokio::test]
async fn compatibility_is_configured_and_checked() {
    let service = Service::start().await;
    register(&service, "s", RECORD).await;
    let put =
        async |path: &str, body: Value| service.send("PUT", path, "", body.to_string().as_bytes()).await;
    let get = async |path: &str| service.get(path).await.json();
    assert_eq!(get("/config").await, json!({ "compatibilityLevel": "BACKWARD" }));
    assert_eq!(refusal(&service.get("/config/s").await), (404, 40408));
    let next = r#"{"type":"record","name":"Order","fields":[{"name":"m","type":"int"}]}"#;
    assert_eq!(refusal(&register(&service, "s", next).await), (409, 409));
    let compare = async |path: &str| service.post(path, &json!({ "schema": next })).await.json();
    assert_eq!(
        compare("/compatibility/subjects/s/versions/latest?verbose=true").await,
        json!({
            "is_compatible": false,
            "messages": [
                "version 1, backward: at /fields/0: the writer has no field m, for which the reader has no default"
            ],
        })
    );
    assert_eq!(
        put("/config/s", json!({ "compatibility": "none" })).await.json(),
        json!({ "compatibility": "NONE" })
    );
    assert_eq!(
        compare("/compatibility/subjects/s/versions").await,
        json!({ "is_compatible": true })
    );
    assert_eq!(register(&service, "s", next).await.json()["version"], 2);
    assert_eq!(
        get("/config/t?defaultToGlobal=true").await,
        json!({ "compatibilityLevel": "BACKWARD" })
    );
    let reset = service.send("DELETE", "/config/s", "", b"").await;
    assert_eq!(reset.json(), json!({ "compatibilityLevel": "NONE" }));
    assert_eq!(
        put("/mode", json!({ "mode": "READONLY" })).await.json(),
        json!({ "mode": "READONLY" })
    );
    assert_eq!(refusal(&register(&service, "s", "\"int\"").await), (422, 42205));
}

#[tokio::test]
async fn what_is_invalid_or_not_served_is_refused_by_name() {
    let service = Service::start().await;
    register(&service, "s", "\"int\"").await;
    let post = async |body: Value| service.post("/subjects/s/versions", &body).await;
    let protobuf = post(json!({ "schema": "syntax = \"proto3\";", "schemaType": "PROTOBUF" })).await;
    assert_eq!(refusal(&protobuf), (422, 42201));
    assert_eq!(
        protobuf.json()["message"],
        "Invalid schema type PROTOBUF: Esmeralda serves AVRO and JSON"
    );
    let rules = post(json!({ "schema": "\"int\"", "ruleSet": { "domainRules": [] } })).await;
    assert_eq!(refusal(&rules), (422, 422));
    assert_eq!(
        rules.json()["message"],
        "the member ruleSet of a schema is not supported yet by Esmeralda's schema registry"
    );
    let format = service.get("/schemas/ids/1?format=resolved").await;
    assert_eq!(
        format.json()["message"],
        "the parameter format=resolved is not supported yet by Esmeralda's schema registry"
    );
    let not_json = service.send("POST", "/subjects/s/versions", "", b"{").await;
    assert_eq!(refusal(&not_json), (400, 400));
    assert_eq!(
        refusal(&service.get("/subjects/s/versions/x").await),
        (422, 42202)
    );
    assert_eq!(
        refusal(&service.get("/subjects/s/versions/2").await),
        (404, 40402)
    );
    assert_eq!(refusal(&service.get("/schemas/ids/x").await), (404, 40403));
    let alias = service.send("PUT", "/config", "", br#"{"alias":"x"}"#).await;
    assert_eq!(refusal(&alias), (422, 422));
}
