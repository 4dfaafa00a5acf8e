//! Requests to a server that answers as a test says.

use super::aws::{AwsClient, Parcel};
use super::*;
use std::sync::Mutex;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// The requests that a server got, as texts.
type Requests = Arc<Mutex<Vec<String>>>;

/// A server that answers each connection's one request with the next of `answers`.
async fn server(answers: &'static [&'static str]) -> (AwsEndpoint, Requests) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let endpoint: AwsEndpoint = url.parse().unwrap();
    let requests = Requests::default();
    let seen = Arc::clone(&requests);
    tokio::spawn(async move {
        for answer in answers {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !is_whole(&request) {
                socket.read_buf(&mut request).await.unwrap();
            }
            seen.lock().unwrap().push(String::from_utf8(request).unwrap());
            let answer = format!("HTTP/1.1 {answer}\r\nconnection: close\r\ncontent-length: 4\r\n\r\nbody");
            socket.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (endpoint, requests)
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .and_then(|length| length.parse().ok())
        .unwrap_or(0);
    body.len() >= length
}

fn parcel() -> Parcel {
    Parcel {
        document: r#"{"a":"b c"}"#.into(),
        object_key: Some("aws/lambda/some-id/orders-3/2026/key".to_owned()),
        now: UtcTime::of_ms(1_767_225_600_123),
    }
}

async fn send(
    destination: &str,
    answers: &'static [&'static str],
) -> (Result<(), SendError>, Vec<String>, AwsEndpoint) {
    let (endpoint, requests) = server(answers).await;
    let options = DestinationOptions {
        sqs: Some(endpoint.clone()),
        sns: Some(endpoint.clone()),
        s3: Some(endpoint.clone()),
        ..DestinationOptions::default()
    };
    let client = AwsClient::new(options, "us-west-2".to_owned());
    let destination = Destination::parse(destination).unwrap();
    let sent = client.send(&destination, &parcel()).await;
    let requests = requests.lock().unwrap().clone();
    (sent, requests, endpoint)
}

/// Returns the first line, the values of these headers, and the body.
fn parts<'a>(request: &'a str, headers: &[&str]) -> (&'a str, Vec<Option<&'a str>>, &'a str) {
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let (line, head) = head.split_once("\r\n").unwrap();
    let value = |name: &&str| {
        let mut lines = head.lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    };
    (line, headers.iter().map(value).collect(), body)
}

fn scope_of(authorization: &str) -> &str {
    let (scope, _) = authorization.split_once(", SignedHeaders=").unwrap();
    scope
}

#[tokio::test]
async fn a_queue_gets_a_message() {
    let (sent, requests, endpoint) = send("arn:aws:sqs:eu-west-1:123456789012:failed", &["200 OK"]).await;
    assert_eq!(sent, Ok(()));
    let headers = ["content-type", "x-amz-target", "x-amz-date", "authorization"];
    let (line, headers, body) = parts(&requests[0], &headers);
    assert_eq!(line, "POST / HTTP/1.1");
    assert_eq!(
        headers[..3],
        [
            Some("application/x-amz-json-1.0"),
            Some("AmazonSQS.SendMessage"),
            Some("20260101T000000Z")
        ]
    );
    assert_eq!(
        scope_of(headers[3].unwrap()),
        "AWS4-HMAC-SHA256 Credential=test/20260101/eu-west-1/sqs/aws4_request"
    );
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(
        body,
        serde_json::json!({
            "QueueUrl": format!("{endpoint}/123456789012/failed"),
            "MessageBody": r#"{"a":"b c"}"#,
        })
    );
}

#[tokio::test]
async fn a_topic_gets_a_notification() {
    let (sent, requests, _) = send("arn:aws:sns:eu-west-1:123456789012:failed", &["200 OK"]).await;
    assert_eq!(sent, Ok(()));
    let (line, headers, body) = parts(&requests[0], &["content-type", "authorization"]);
    assert_eq!(line, "POST / HTTP/1.1");
    assert_eq!(
        headers[0],
        Some("application/x-www-form-urlencoded; charset=utf-8")
    );
    assert_eq!(
        scope_of(headers[1].unwrap()),
        "AWS4-HMAC-SHA256 Credential=test/20260101/eu-west-1/sns/aws4_request"
    );
    assert_eq!(
        body,
        "Action=Publish&Version=2010-03-31&TopicArn=arn%3Aaws%3Asns%3Aeu-west-1%3A123456789012%3Afailed\
         &Message=%7B%22a%22%3A%22b%20c%22%7D"
    );
}

#[tokio::test]
async fn a_bucket_gets_an_object() {
    let (sent, requests, _) = send("arn:aws:s3:::failed", &["200 OK"]).await;
    assert_eq!(sent, Ok(()));
    let headers = ["content-type", "x-amz-content-sha256", "authorization"];
    let (line, headers, body) = parts(&requests[0], &headers);
    assert_eq!(line, "PUT /failed/aws/lambda/some-id/orders-3/2026/key HTTP/1.1");
    assert_eq!(
        headers[..2],
        [
            Some("application/json"),
            // echo -n '{"a":"b c"}' | sha256sum
            Some("38cc6e2f67cb1ba72ac3667828c60fa517302e9ebd46d74333f15efbd1f83490")
        ]
    );
    assert_eq!(
        scope_of(headers[2].unwrap()),
        "AWS4-HMAC-SHA256 Credential=test/20260101/us-west-2/s3/aws4_request"
    );
    assert_eq!(body, r#"{"a":"b c"}"#);
}

#[tokio::test]
async fn an_answer_decides_whether_it_is_tried_again() {
    for (answer, is_transient) in [
        ("400 Bad Request", false),
        ("403 Forbidden", false),
        ("404 Not Found", false),
        ("429 Too Many Requests", true),
        ("500 Internal Server Error", true),
        ("503 Service Unavailable", true),
    ] {
        let answers: &'static [&'static str] = Box::leak(Box::new([answer]));
        let queue = "arn:aws:sqs:eu-west-1:123456789012:failed";
        let (sent, _, endpoint) = send(queue, answers).await;
        let reason = format!("{queue} at {endpoint}: {answer}: body");
        assert_eq!(sent, Err(SendError { is_transient, reason }));
    }
}

#[tokio::test]
async fn an_endpoint_that_is_gone_is_tried_again() {
    let (sent, _, _) = send("arn:aws:s3:::failed", &[]).await;
    assert!(sent.unwrap_err().is_transient);
}
