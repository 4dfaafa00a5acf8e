//! On-failure destinations, with the documents that are kept in memory.

use crate::service::{MAPPINGS, Service};
use serde_json::{Value, json};

const QUEUE: &str = "arn:aws:sqs:us-east-1:000000000000:failed";
const BUCKET: &str = "arn:aws:s3:::failed";

fn on_failure(destination: &str) -> Value {
    json!({ "OnFailure": { "Destination": destination } })
}

/// Creates a mapping to a function that fails, produces a record, and returns the mapping's UUID when the record is given up.
async fn discard(service: &Service, destination: &str) -> String {
    let fails = |_| async { Err::<&str, _>("no") };
    service.esmeralda.register_function("f", fails);
    let members = json!({
        "DestinationConfig": on_failure(destination),
        "MaximumRetryAttempts": 0,
        "ProvisionedPollerConfig": { "MinimumPollers": 1 },
    });
    let created = service.create(members).await;
    assert_eq!(created["DestinationConfig"], on_failure(destination));
    let uuid = created["UUID"].as_str().expect("a UUID").to_owned();
    let produced = service.esmeralda.produce("orders", 1, &["poison"]).await;
    produced.expect("there is room");
    let drained = service.esmeralda.engine().drained(&uuid).await;
    drained.expect("the mapping exists");
    uuid
}

#[tokio::test]
async fn documents_that_are_kept_in_memory_are_listed_shown_and_cleared() {
    let service = Service::start().await;
    let uuid = discard(&service, BUCKET).await;
    let listed = service.get("/esmeralda/destinations").await;
    assert_eq!(
        listed.json(),
        json!({ "Destinations": [{ "Destination": BUCKET, "DocumentCount": 1 }], "DroppedDocumentCount": 0 })
    );
    let path = "/esmeralda/destinations/arn%3Aaws%3As3%3A%3A%3Afailed";
    let shown = service.get(path).await.json();
    assert_eq!(shown["Destination"], BUCKET);
    let document = &shown["Documents"][0];
    let key = document["ObjectKey"].as_str().expect("a key");
    assert!(key.starts_with(&format!("aws/lambda/{uuid}/orders-1/")), "{key}");
    assert_eq!(
        document["Document"]["responseContext"],
        json!({ "statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled" })
    );
    // The path is the same without escapes.
    let same = format!("/esmeralda/destinations/{BUCKET}");
    assert_eq!(service.get(&same).await.json(), shown);
    assert_eq!(service.send("DELETE", path, "", b"").await.status, 204);
    assert_eq!(service.get(path).await.json()["Documents"], json!([]));
}

#[tokio::test]
async fn a_destination_is_changed_and_cleared() {
    let service = Service::start().await;
    let uuid = discard(&service, QUEUE).await;
    let shown = async || service.state_is(&uuid, "Enabled").await;
    service
        .update(
            &uuid,
            json!({ "DestinationConfig": on_failure("kafka://failed") }),
        )
        .await;
    assert_eq!(shown().await["DestinationConfig"], on_failure("kafka://failed"));
    service
        .update(&uuid, json!({ "DestinationConfig": on_failure("") }))
        .await;
    assert_eq!(shown().await.get("DestinationConfig"), None);
}

#[tokio::test]
async fn a_fifo_queue_is_refused() {
    let service = Service::start().await;
    let fifo = format!("{QUEUE}.fifo");
    let body = service.body(json!({ "DestinationConfig": on_failure(&fifo) }));
    let refused = service.post(MAPPINGS, &body).await;
    let message =
        format!("Unsupported on-failure destination {fifo}: FIFO queues and FIFO topics are not supported.");
    assert_eq!(
        refused.error(),
        (
            400,
            "InvalidParameterValueException",
            json!({ "Type": "User", "message": message })
        )
    );
}
