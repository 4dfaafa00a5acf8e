//! An exporter against a small receiver.

use super::*;
use crate::{Esmeralda, NewMapping, Options};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// An export as a receiver got it.
struct Received {
    /// The request line and the headers, in lower case.
    head: String,
    body: Value,
}

/// A receiver that answers with the statuses that it was given, and then with 200.
struct Receiver {
    url: String,
    exports: mpsc::UnboundedReceiver<Received>,
}

impl Receiver {
    async fn start(statuses: &'static [u16]) -> Self {
        let (sender, exports) = mpsc::unbounded_channel();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(async move {
            let statuses = statuses.iter().copied().chain(std::iter::repeat(200));
            for status in statuses {
                let (connection, _) = listener.accept().await.expect("a connection");
                let received = answer(connection, status).await;
                if sender.send(received).is_err() {
                    return;
                }
            }
        });
        Self { url, exports }
    }

    async fn next(&mut self) -> Received {
        self.exports.recv().await.expect("the receiver runs")
    }

    fn options(&self, interval_ms: u64) -> OtlpOptions {
        let url = self.url.clone();
        let options = OtlpOptions::from_environment(move |name| match name {
            "OTEL_EXPORTER_OTLP_ENDPOINT" => Some(url.clone()),
            "OTEL_EXPORTER_OTLP_HEADERS" => Some("api-key=secret".to_owned()),
            "OTEL_METRIC_EXPORT_INTERVAL" => Some(interval_ms.to_string()),
            _ => None,
        });
        options.expect("valid variables").expect("a receiver")
    }
}

/// Reads one request, answers it, and closes the connection.
async fn answer(connection: TcpStream, status: u16) -> Received {
    let mut connection = BufReader::new(connection);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        let read = connection.read_line(&mut head).await;
        assert!(
            read.expect("a line") > 0,
            "the request ends in its headers: {head}"
        );
    }
    let head = head.to_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .expect("a length");
    let mut body = vec![0; length.parse().expect("a number")];
    connection.read_exact(&mut body).await.expect("the body");
    let reply = format!("HTTP/1.1 {status} Status\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}");
    connection.write_all(reply.as_bytes()).await.expect("it is read");
    Received {
        head,
        body: serde_json::from_slice(&body).expect("JSON"),
    }
}

/// Returns the metric with this name.
fn metric<'a>(body: &'a Value, name: &str) -> &'a Value {
    let metrics = body["resourceMetrics"][0]["scopeMetrics"][0]["metrics"].as_array();
    let mut metrics = metrics.expect("metrics").iter();
    metrics.find(|metric| metric["name"] == name).expect("the metric")
}

#[tokio::test]
async fn what_the_page_of_metrics_has_is_exported_and_once_more_at_the_end() {
    let mut receiver = Receiver::start(&[]).await;
    // The interval never ends in this test, so that the only export is the last one.
    let options = Options {
        otlp: Some(receiver.options(3_600_000)),
        ..Options::default()
    };
    let esmeralda = Esmeralda::start_with(options).await.expect("it starts");
    esmeralda
        .create_topic_with("orders", 1)
        .await
        .expect("a new topic");
    esmeralda.register_function("f", |_| async { Ok::<_, String>("null") });
    let mapping = esmeralda.create_mapping(NewMapping::new("f", "orders")).await;
    let mapping = mapping.expect("a valid mapping");
    esmeralda
        .produce("orders", 0, &["a", "b"])
        .await
        .expect("there is room");
    mapping.drained().await.expect("the mapping exists");
    let uuid = mapping.uuid().to_owned();
    esmeralda.stop(Duration::from_secs(10)).await;

    let Received { head, body } = receiver.next().await;
    assert!(head.starts_with("post /v1/metrics http/1.1\r\n"), "{head}");
    assert!(head.contains("content-type: application/json\r\n"), "{head}");
    assert!(head.contains("api-key: secret\r\n"), "{head}");
    let resource = &body["resourceMetrics"][0]["resource"]["attributes"];
    assert_eq!(
        *resource,
        json!([{ "key": "service.name", "value": { "stringValue": "esmeralda" } }])
    );
    let committed = metric(&body, "esmeralda_mapping_committed_events_total");
    assert_eq!(
        (
            &committed["sum"]["isMonotonic"],
            &committed["sum"]["aggregationTemporality"]
        ),
        (&json!(true), &json!(2))
    );
    let point = &committed["sum"]["dataPoints"][0];
    assert_eq!(point["asInt"], "2");
    let label = |key: &str, value: &str| json!({ "key": key, "value": { "stringValue": value } });
    let labels = [
        label("uuid", &uuid),
        label("function", "f"),
        label("topic", "orders"),
    ];
    assert_eq!(point["attributes"], json!(labels));
    let times = ["startTimeUnixNano", "timeUnixNano"].map(|name| {
        let text = point[name].as_str().expect("a text");
        text.parse::<u64>().expect("a number")
    });
    assert!(times[0] <= times[1], "{times:?}");
    let lag = &metric(&body, "esmeralda_mapping_offset_lag")["gauge"]["dataPoints"][0];
    assert_eq!(lag["asInt"], "0");
    assert_eq!(lag["attributes"][3], label("partition", "0"));
    let received = metric(&body, "esmeralda_records_in_total");
    assert_eq!(received["sum"]["dataPoints"][0]["attributes"], json!([]));
}

#[tokio::test]
async fn a_receiver_that_fails_is_asked_again_and_harms_nothing() {
    let mut receiver = Receiver::start(&[503, 400]).await;
    let options = Options {
        otlp: Some(receiver.options(10)),
        ..Options::default()
    };
    let esmeralda = Esmeralda::start_with(options).await.expect("it starts");
    receiver.next().await;
    esmeralda
        .create_topic_with("orders", 1)
        .await
        .expect("the cluster works");
    receiver.next().await;
    let taken = receiver.next().await;
    metric(&taken.body, "esmeralda_connections");
    esmeralda.stop(Duration::from_secs(10)).await;
}

#[test]
fn an_answer_can_say_that_a_part_was_refused() {
    for (answer, expected) in [
        (&b""[..], false),
        (b"accepted", false),
        (b"{}", false),
        (b"{\"partialSuccess\":{}}", false),
        (b"{\"partialSuccess\":{\"rejectedDataPoints\":\"0\"}}", false),
        (b"{\"partialSuccess\":{\"rejectedDataPoints\":\"3\"}}", true),
        (b"{\"partialSuccess\":{\"rejectedDataPoints\":3}}", true),
    ] {
        assert_eq!(payload::is_partial(answer), expected);
    }
}
