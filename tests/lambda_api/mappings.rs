//! Mappings, lists, tags and paths.

use crate::service::{MAPPINGS, Service};
use serde_json::{Value, json};

#[tokio::test]
async fn a_mapping_is_created_shown_changed_and_deleted() {
    let service = Service::start().await;
    let created = service
        .post(MAPPINGS, &service.body(json!({ "BatchSize": 5 })))
        .await;
    assert_eq!(created.status, 202);
    assert_eq!(created.headers["content-type"], "application/json");
    assert_eq!(created.headers["x-amzn-requestid"].len(), 36);
    let view = created.json();
    assert_eq!(view["State"], "Creating");
    assert_eq!(view["StateTransitionReason"], "USER_INITIATED");
    assert_eq!(view["LastProcessingResult"], "No records processed");
    assert!(view["LastModified"].is_number());
    let uuid = view["UUID"].as_str().expect("a UUID").to_owned();
    assert_eq!(
        view["SelfManagedKafkaEventSourceConfig"],
        json!({ "ConsumerGroupId": uuid })
    );
    assert_eq!(
        view["EventSourceMappingArn"],
        format!("arn:aws:lambda:us-east-1:000000000000:event-source-mapping:{uuid}")
    );
    assert_eq!(service.state_is(&uuid, "Enabled").await["BatchSize"], 5);

    let path = format!("{MAPPINGS}/{uuid}");
    let update = json!({ "FunctionName": "g", "BatchSize": 6, "Topics": ["ignored"] });
    let updated = service
        .send("PUT", &path, "", update.to_string().as_bytes())
        .await;
    assert_eq!(
        (updated.status, &updated.json()["State"]),
        (202, &json!("Updating"))
    );
    let view = service.state_is(&uuid, "Enabled").await;
    assert_eq!(
        view["FunctionArn"],
        "arn:aws:lambda:us-east-1:000000000000:function:g"
    );
    assert_eq!(
        (&view["BatchSize"], &view["Topics"]),
        (&json!(6), &json!(["orders"]))
    );

    let disabled = service.send("PUT", &path, "", br#"{"Enabled":false}"#).await;
    assert_eq!(
        (disabled.status, &disabled.json()["State"]),
        (202, &json!("Disabling"))
    );
    service.state_is(&uuid, "Disabled").await;

    let deleted = service.send("DELETE", &path, "", b"").await;
    assert_eq!(
        (deleted.status, &deleted.json()["State"]),
        (202, &json!("Deleting"))
    );
    assert_eq!(
        service.is_gone(&path).await.error(),
        (
            404,
            "ResourceNotFoundException",
            json!({ "Type": "User", "Message": "The resource you requested does not exist." })
        )
    );
}

#[tokio::test]
async fn a_mapping_that_is_created_disabled_is_disabled_at_once() {
    let service = Service::start().await;
    assert_eq!(
        service.create(json!({ "Enabled": false })).await["State"],
        "Disabled"
    );
}

#[tokio::test]
async fn a_list_has_pages_and_filters() {
    let service = Service::start().await;
    service.create(json!({})).await;
    service.create(json!({ "FunctionName": "g:live" })).await;
    let arn = "arn:aws:kafka:us-east-1:000000000000:cluster/demo/6b9f5a3e-1";
    service
        .create(json!({ "EventSourceArn": arn, "SelfManagedEventSource": null }))
        .await;

    let functions = |page: &Value| -> Vec<String> {
        let listed = page["EventSourceMappings"].as_array().expect("a list").iter();
        listed
            .map(|view| {
                view["FunctionArn"]
                    .as_str()
                    .expect("an ARN")
                    .rsplit("function:")
                    .next()
                    .unwrap_or_default()
                    .to_owned()
            })
            .collect()
    };
    let first = service.get(&format!("{MAPPINGS}?MaxItems=2")).await.json();
    assert_eq!(functions(&first), ["f", "g:live"]);
    let marker = first["NextMarker"]
        .as_str()
        .expect("a next page")
        .replace('=', "%3D");
    let second = service
        .get(&format!("{MAPPINGS}?MaxItems=2&Marker={marker}"))
        .await
        .json();
    assert_eq!(
        (functions(&second), second.get("NextMarker")),
        (vec!["f".to_owned()], None)
    );

    let by_function = service
        .get(&format!("{MAPPINGS}?FunctionName=g%3Alive"))
        .await
        .json();
    assert_eq!(functions(&by_function), ["g:live"]);
    let encoded = arn.replace(':', "%3A").replace('/', "%2F");
    let by_cluster = service
        .get(&format!("{MAPPINGS}?EventSourceArn={encoded}"))
        .await
        .json();
    assert_eq!(
        by_cluster["EventSourceMappings"].as_array().map(Vec::len),
        Some(1)
    );
    let error = service.get(&format!("{MAPPINGS}?MaxItems=many")).await;
    assert_eq!(
        (error.error().0, error.error().1),
        (400, "SerializationException")
    );
}

#[tokio::test]
async fn a_percent_encoded_arn_names_the_tags_of_a_mapping() {
    let service = Service::start().await;
    let view = service.create(json!({ "Tags": { "team": "kafka" } })).await;
    assert_eq!(view.get("Tags"), None);
    let arn = view["EventSourceMappingArn"]
        .as_str()
        .expect("an ARN")
        .replace(':', "%3A");
    let path = format!("/2017-03-31/tags/{arn}");
    assert_eq!(
        service.get(&path).await.json(),
        json!({ "Tags": { "team": "kafka" } })
    );

    let tagged = service
        .post(&path, &json!({ "Tags": { "a": "1", "b": "2" } }))
        .await;
    assert_eq!((tagged.status, tagged.body.len()), (204, 0));
    let untagged = service
        .send("DELETE", &format!("{path}?tagKeys=team&tagKeys=a"), "", b"")
        .await;
    assert_eq!(untagged.status, 204);
    assert_eq!(service.get(&path).await.json(), json!({ "Tags": { "b": "2" } }));

    let other =
        "arn:aws:lambda:us-east-1:000000000000:event-source-mapping:00000000-0000-4000-8000-000000000000";
    let missing = service
        .get(&format!("/2017-03-31/tags/{}", other.replace(':', "%3A")))
        .await;
    assert_eq!(
        missing.error(),
        (
            404,
            "ResourceNotFoundException",
            json!({ "Type": "User", "Message": format!("Event source mapping not found: {other}") })
        )
    );
}

#[tokio::test]
async fn arns_have_the_region_of_the_signature() {
    let service = Service::start().await;
    let signature = "Authorization: AWS4-HMAC-SHA256 Credential=test/20260101/eu-central-1/lambda/aws4_request, \
                     SignedHeaders=host, Signature=0\r\n";
    let body = service.body(json!({})).to_string();
    let view = service
        .send("POST", MAPPINGS, signature, body.as_bytes())
        .await
        .json();
    assert_eq!(
        view["FunctionArn"],
        "arn:aws:lambda:eu-central-1:000000000000:function:f"
    );
}

#[tokio::test]
async fn a_trailing_slash_does_not_change_a_path() {
    let service = Service::start().await;
    let created = service
        .post(&format!("{MAPPINGS}/"), &service.body(json!({})))
        .await;
    assert_eq!(created.status, 202);
    let uuid = created.json()["UUID"].as_str().expect("a UUID").to_owned();
    assert_eq!(service.get(&format!("{MAPPINGS}/{uuid}/")).await.status, 200);
    let listed = service.get(&format!("{MAPPINGS}/")).await.json();
    assert_eq!(listed["EventSourceMappings"][0]["UUID"], uuid.as_str());
}
