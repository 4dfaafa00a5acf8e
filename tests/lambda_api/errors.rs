//! Refused requests: status, exception and body.

use crate::service::{MAPPINGS, Service, parse};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::test]
async fn errors_have_the_type_and_the_member_names_of_their_shape() {
    let service = Service::start().await;
    let first = service.create(json!({})).await;
    let refused = |members: Value| async { service.post(MAPPINGS, &service.body(members)).await };

    let conflict = refused(json!({})).await;
    let message = format!(
        "An event source mapping with event source (\"{}\"), function (\"arn:aws:lambda:us-east-1:000000000000:function:f\"), \
         topics (\"orders\") already exists. Please update or delete the existing mapping with UUID {}",
        service.esmeralda.bootstrap_servers(),
        first["UUID"].as_str().expect("a UUID")
    );
    assert_eq!(
        conflict.error(),
        (
            409,
            "ResourceConflictException",
            json!({ "Type": "User", "message": message })
        )
    );
    assert_eq!(
        refused(json!({ "FunctionName": "missing" })).await.error(),
        (
            400,
            "InvalidParameterValueException",
            json!({ "Type": "User", "message": "Function does not exist: missing" })
        )
    );
    assert_eq!(
        refused(json!({ "StartingPosition": "invalid" })).await.error(),
        (
            400,
            "ValidationException",
            json!({
                "message": "1 validation error detected: Value 'invalid' at 'startingPosition' failed to satisfy constraint: Member \
                            must satisfy enum value set: [LATEST, AT_TIMESTAMP, TRIM_HORIZON]"
            })
        )
    );
}

#[tokio::test]
async fn invalid_bodies_are_refused() {
    let service = Service::start().await;
    let malformed = service.send("POST", MAPPINGS, "", b"{\"FunctionName\":").await;
    assert_eq!(
        (malformed.error().0, malformed.error().1),
        (400, "SerializationException")
    );
    let typed = service.post(MAPPINGS, &json!({ "FunctionName": 5 })).await;
    assert_eq!(
        (typed.error().0, typed.error().1),
        (400, "SerializationException")
    );
    let large = service
        .send("POST", MAPPINGS, "", &vec![b' '; 1024 * 1024 + 1])
        .await;
    assert_eq!(
        (large.error().0, large.error().1),
        (413, "RequestTooLargeException")
    );
    let empty = service.send("POST", MAPPINGS, "", b"").await;
    assert_eq!(
        empty.json()["message"],
        "1 validation error detected: Value null at 'functionName' failed to satisfy constraint: Member must not be null"
    );
}

#[tokio::test]
async fn a_body_with_too_large_a_content_length_is_refused_before_it_is_sent() {
    let service = Service::start().await;
    let head = format!("POST {MAPPINGS} HTTP/1.1\r\nHost: test\r\nContent-Length: 1048577\r\n\r\n");
    let mut stream = TcpStream::connect(&service.address).await.expect("a connection");
    stream.write_all(head.as_bytes()).await.expect("the server reads");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("the server answers");
    let answer = parse(&answer);
    let body = json!({
        "Type": "User",
        "message": "The body must not exceed 1048576 bytes: 1048577 were announced",
    });
    assert_eq!(answer.error(), (413, "RequestTooLargeException", body));
}

#[tokio::test]
async fn an_unknown_path_is_answered_with_the_known_operations() {
    let service = Service::start().await;
    for (method, path) in [("GET", "/2015-03-31/layers"), ("PATCH", MAPPINGS)] {
        let answer = service.send(method, path, "", b"").await;
        let (status, kind, body) = answer.error();
        assert_eq!((status, kind), (404, "UnknownOperationException"));
        let message = body["message"].as_str().expect("a message").to_owned();
        assert!(
            message.contains(path) && message.contains("ListEventSourceMappings"),
            "{message}"
        );
    }
}
