//! The CloudWatch API beside the Lambda API, in the bytes of each of its three protocols.

use crate::service::Service;
use esmeralda::broker::Clock;
use serde_json::{Value, json};

const JSON: &str = "Content-Type: application/x-amz-json-1.0\r\nx-amzn-query-mode: true\r\nX-Amz-Target: ";
const SERVICE: &str = "GraniteServiceVersion20100801";
const FORM: &str = "Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\n";
const CBOR: &str = "Content-Type: application/cbor\r\nAccept: application/cbor\r\nsmithy-protocol: rpc-v2-cbor\r\nx-amzn-query-mode: true\r\n";

/// Sends an operation in AWS JSON 1.0.
async fn send_json(service: &Service, operation: &str, input: &Value) -> (u16, Option<String>, Value) {
    let headers = format!("{JSON}{SERVICE}.{operation}\r\n");
    let answer = service
        .send("POST", "/", &headers, input.to_string().as_bytes())
        .await;
    assert_eq!(answer.headers["content-type"], "application/x-amz-json-1.0");
    assert!(answer.headers.contains_key("x-amzn-requestid"));
    let error = answer.headers.get("x-amzn-query-error").cloned();
    (answer.status, error, answer.json())
}

fn put(value: f64) -> Value {
    json!({
        "Namespace": "Mine",
        "MetricData": [{ "MetricName": "M", "Value": value, "Timestamp": now_s() }],
    })
}

fn now_s() -> i64 {
    Clock::system().now_ms() / 1_000
}

#[tokio::test]
async fn trap_1_json_cbor_and_query_come_to_the_same_port() {
    let service = Service::start().await;
    let (status, error, body) = send_json(&service, "PutMetricData", &put(3.0)).await;
    assert_eq!((status, error, body), (200, None, json!({})));

    let form = "Action=ListMetrics&Version=2010-08-01&Namespace=Mine";
    let answer = service.send("POST", "/", FORM, form.as_bytes()).await;
    assert_eq!(
        (answer.status, answer.headers["content-type"].as_str()),
        (200, "text/xml")
    );
    let xml = String::from_utf8(answer.body).expect("text");
    let expected = "<ListMetricsResponse xmlns=\"http://monitoring.amazonaws.com/doc/2010-08-01/\"><ListMetricsResult><Metrics><member>\
                    <Namespace>Mine</Namespace><MetricName>M</MetricName><Dimensions></Dimensions></member></Metrics></ListMetricsResult>";
    assert!(xml.starts_with(expected), "{xml}");

    // A map and a list of indefinite and definite length, and times as tagged doubles, as the AWS SDK for Rust writes them.
    let mut body = vec![0xbf];
    let text = |body: &mut Vec<u8>, text: &str| {
        assert!(text.len() < 24);
        body.push(0x60 | text.len() as u8);
        body.extend(text.bytes());
    };
    for (name, value) in [("Namespace", "Mine"), ("MetricName", "M")] {
        text(&mut body, name);
        text(&mut body, value);
    }
    for (name, seconds) in [("StartTime", now_s() - 600), ("EndTime", now_s() + 600)] {
        text(&mut body, name);
        body.extend([0xc1, 0xfb]);
        body.extend((seconds as f64).to_be_bytes());
    }
    text(&mut body, "Period");
    body.extend([0x19, 0x04, 0xb0]);
    text(&mut body, "Statistics");
    body.push(0x81);
    text(&mut body, "Sum");
    body.push(0xff);
    let path = format!("/service/{SERVICE}/operation/GetMetricStatistics");
    let answer = service.send("POST", &path, CBOR, &body).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["content-type"], "application/cbor");
    assert_eq!(answer.headers["smithy-protocol"], "rpc-v2-cbor");
    // The sum of 3 is a float of eight bytes: an integer would fail in typed clients.
    let sum = [b"cSum\xfb".as_slice(), &3f64.to_be_bytes()].concat();
    assert!(
        answer.body.windows(sum.len()).any(|window| window == sum),
        "{:02x?}",
        answer.body
    );
}

#[tokio::test]
async fn trap_2_lambda_and_cloudwatch_share_one_endpoint() {
    let service = Service::start().await;
    let mapping = service
        .create(json!({ "MetricsConfig": { "Metrics": ["EventCount"] } }))
        .await;
    let uuid = mapping["UUID"].as_str().expect("a UUID");
    assert_eq!(mapping["MetricsConfig"], json!({ "Metrics": ["EventCount"] }));
    service.state_is(uuid, "Enabled").await;
    let dimension = json!({ "Name": "EventSourceMappingUUID", "Value": uuid });
    let (_, _, listed) = send_json(&service, "ListMetrics", &json!({ "Dimensions": [dimension] })).await;
    let metric =
        json!({ "Namespace": "AWS/Lambda", "MetricName": "PolledEventCount", "Dimensions": [dimension] });
    assert_eq!(listed, json!({ "Metrics": [metric] }));
}

#[tokio::test]
async fn errors_of_cloudwatch_have_their_protocols_form() {
    let service = Service::start().await;
    let message = "The parameter Namespace is required.";
    let (status, error, body) = send_json(&service, "GetMetricStatistics", &json!({})).await;
    assert_eq!((status, error.as_deref()), (400, Some("MissingParameter;Sender")));
    let shape = "com.amazonaws.cloudwatch#MissingRequiredParameterException";
    assert_eq!(body, json!({ "__type": shape, "message": message }));

    let answer = service
        .send("POST", "/", FORM, b"Action=GetMetricStatistics")
        .await;
    let xml = String::from_utf8(answer.body).expect("text");
    let expected = format!(
        "<ErrorResponse xmlns=\"http://monitoring.amazonaws.com/doc/2010-08-01/\"><Error><Type>Sender</Type>\
         <Code>MissingParameter</Code><Message>{message}</Message></Error><RequestId>"
    );
    assert!(xml.starts_with(&expected), "{xml}");

    for (path, body) in [
        ("GetMetricStatistics", &b"\xa0"[..]),
        ("PutMetricAlarm", b""),
        ("ListMetrics", b"\xff"),
    ] {
        let path = format!("/service/{SERVICE}/operation/{path}");
        let answer = service.send("POST", &path, CBOR, body).await;
        assert_eq!(
            (answer.status, answer.headers["smithy-protocol"].as_str()),
            (400, "rpc-v2-cbor")
        );
        assert!(answer.headers.contains_key("x-amzn-query-error"));
    }
    let (status, error, body) = send_json(&service, "PutMetricAlarm", &json!({})).await;
    assert_eq!((status, error.as_deref()), (400, Some("InvalidAction;Sender")));
    let message = body["message"].as_str().expect("a message");
    assert!(
        message.starts_with("The operation PutMetricAlarm of CloudWatch is not served."),
        "{message}"
    );
}

#[tokio::test]
async fn a_compressed_body_is_read() {
    let service = Service::start().await;
    // `{"Namespace":"Mine","MetricData":[{"MetricName":"zipped","Value":1}]}`, compressed by gzip.
    let body = compressed(br#"{"Namespace":"Mine","MetricData":[{"MetricName":"zipped","Value":1}]}"#);
    let headers = format!("{JSON}{SERVICE}.PutMetricData\r\nContent-Encoding: gzip\r\n");
    assert_eq!(service.send("POST", "/", &headers, &body).await.status, 200);
    let (_, _, listed) = send_json(&service, "ListMetrics", &json!({ "MetricName": "zipped" })).await;
    assert_eq!(listed["Metrics"].as_array().map(Vec::len), Some(1));
    let wrong = service.send("POST", "/", &headers, b"{}").await;
    assert_eq!(wrong.status, 400);
    let message = wrong.json()["message"].as_str().unwrap_or_default().to_owned();
    assert!(message.starts_with("The body is not gzip: "), "{message}");
}

/// Returns a gzip stream of one stored block.
fn compressed(text: &[u8]) -> Vec<u8> {
    let length = (text.len() as u16).to_le_bytes();
    let inverse = (!(text.len() as u16)).to_le_bytes();
    let mut body = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff, 1];
    body.extend(length);
    body.extend(inverse);
    body.extend(text);
    body.extend(crc32(text).to_le_bytes());
    body.extend((text.len() as u32).to_le_bytes());
    body
}

/// Returns the CRC-32 of gzip, bit by bit.
fn crc32(text: &[u8]) -> u32 {
    let step = |crc: u32, _| {
        if crc & 1 == 1 {
            crc >> 1 ^ 0xedb8_8320
        } else {
            crc >> 1
        }
    };
    !text
        .iter()
        .fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}

#[tokio::test]
async fn system_logs_are_read_by_the_logs_api() {
    let service = Service::start().await;
    let mapping = service
        .create(json!({
            "ProvisionedPollerConfig": { "MinimumPollers": 1 },
            "LoggingConfig": { "SystemLogLevel": "INFO" },
        }))
        .await;
    let uuid = mapping["UUID"].as_str().expect("a UUID");
    service.state_is(uuid, "Enabled").await;
    let call = async |operation: &str, input: Value| {
        let headers = format!(
            "Content-Type: application/x-amz-json-1.1\r\nX-Amz-Target: Logs_20140328.{operation}\r\n"
        );
        let answer = service
            .send("POST", "/", &headers, input.to_string().as_bytes())
            .await;
        assert_eq!(answer.headers["content-type"], "application/x-amz-json-1.1");
        (answer.status, answer.json())
    };
    let group = json!({ "logGroupName": "/aws/lambda/f" });
    let (status, streams) = call("DescribeLogStreams", group.clone()).await;
    assert_eq!(status, 200, "{streams}");
    let stream = streams["logStreams"][0]["logStreamName"]
        .as_str()
        .expect("a name");
    assert!(stream.ends_with(uuid), "{stream}");
    let of_stream =
        json!({ "logGroupName": "/aws/lambda/f", "logStreamName": stream, "startFromHead": true });
    let (_, first) = call("GetLogEvents", of_stream.clone()).await;
    let message = first["events"][0]["message"].as_str().expect("a message");
    let event: Value = serde_json::from_str(message).expect("JSON");
    assert_eq!(event["eventType"], "POLLER_STATUS_EVENT");
    let mut next = of_stream.clone();
    next["nextToken"] = first["nextForwardToken"].clone();
    let (_, second) = call("GetLogEvents", next).await;
    assert_eq!(second["events"], json!([]));
    assert_eq!(
        second["nextForwardToken"], first["nextForwardToken"],
        "the end of the stream"
    );
    for (pattern, count) in [
        ("POLLER_STATUS_EVENT", 1),
        ("\"POLLER_STATUS_EVENT\" INFO", 1),
        ("DEBUG", 0),
    ] {
        let input = json!({ "logGroupName": "/aws/lambda/f", "filterPattern": pattern });
        let (_, found) = call("FilterLogEvents", input).await;
        assert_eq!(found["events"].as_array().map(Vec::len), Some(count), "{pattern}");
    }
    for (operation, input, kind) in [
        (
            "DescribeLogStreams",
            json!({ "logGroupName": "other" }),
            "ResourceNotFoundException",
        ),
        (
            "GetLogEvents",
            json!({ "logGroupName": "/aws/lambda/f", "logStreamName": "x" }),
            "ResourceNotFoundException",
        ),
        (
            "FilterLogEvents",
            json!({ "logGroupName": "/aws/lambda/f", "filterPattern": "{ $.a = 1 }" }),
            "InvalidParameterException",
        ),
        ("PutLogEvents", json!({}), "UnknownOperationException"),
    ] {
        let (status, body) = call(operation, input).await;
        let shape = body["__type"].as_str().unwrap_or_default();
        assert_eq!(
            (status, shape.rsplit('#').next()),
            (400, Some(kind)),
            "{operation}: {body}"
        );
    }
}
