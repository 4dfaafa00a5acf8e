//! SIGTERM while invocations are in flight: they finish and their records are committed; a second signal ends the product at once.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::case::Case;
use crate::context::Context;
use crate::kafka::{self, Sent};
use crate::server::Server;
use crate::wait::until;

const TOPIC: &str = "orders";
const GROUP: &str = "own-group";
/// A timeout far beyond the limit of a case: only a function's answer or a second signal ends the wait.
const SHUTDOWN_TIMEOUT_S: &str = "600";

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::with(
            "product",
            "finishes_and_commits_invocations_in_flight_when_it_is_asked_to_stop",
            &[],
            in_flight,
        ),
        Case::with("product", "ends_at_once_at_a_second_signal", &[], second_signal),
    ]
}

/// A function that answers when the case tells it to.
struct Function(TcpListener);

/// An invocation that waits for its answer.
struct HeldInvocation(TcpStream);

impl Function {
    fn start() -> Function {
        Function(TcpListener::bind("127.0.0.1:0").expect("loopback has a free port"))
    }

    fn url(&self) -> String {
        format!("http://{}", self.0.local_addr().expect("the listener is bound"))
    }

    /// Waits for the next invocation, and returns it with the partition of its only record.
    fn next(&self) -> (i64, HeldInvocation) {
        let (stream, _) = self.0.accept().expect("the product connects");
        let mut reader = BufReader::new(stream);
        let mut content_length = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).expect("a request has headers");
            match line.trim_end().split_once(": ") {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    content_length = value.parse().expect("a number");
                }
                Some(_) => {}
                None if line.trim_end().is_empty() => break,
                None => {}
            }
        }
        let mut body = vec![0; content_length];
        reader.read_exact(&mut body).expect("the body is whole");
        let event: Value = serde_json::from_slice(&body).expect("the event is JSON");
        let lists = event["records"].as_object().expect("an event has records");
        let records: Vec<&Value> = lists.values().filter_map(Value::as_array).flatten().collect();
        assert_eq!(records.len(), 1, "{event}");
        let partition = records[0]["partition"].as_i64().expect("a number");
        (partition, HeldInvocation(reader.into_inner()))
    }
}

impl HeldInvocation {
    fn answer(mut self) {
        let answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4\r\n\
                      Connection: close\r\n\r\nnull";
        self.0
            .write_all(answer.as_bytes())
            .expect("the product waits for the answer");
    }
}

/// Starts the product with a mapping of two pollers, waits for an invocation in flight on each, and asks the product to stop. Returns the
/// invocations by partition.
fn stopping(context: &Context, function: &Function) -> (Server, BTreeMap<i64, HeldInvocation>) {
    let config = context.log_dir.join("esmeralda.toml");
    let declared = format!(
        r#"
[[topics]]
name = "{TOPIC}"
partitions = 2

[[functions]]
name = "receive"
type = "http"
endpoint = "{}"

[[mappings]]
FunctionName = "receive"
Topics = ["{TOPIC}"]
EventSourceArn = "arn:aws:kafka:us-east-1:000000000000:cluster/orders/0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0-1"
StartingPosition = "TRIM_HORIZON"
AmazonManagedKafkaEventSourceConfig = {{ ConsumerGroupId = "{GROUP}" }}
ProvisionedPollerConfig = {{ MinimumPollers = 2, MaximumPollers = 2 }}
"#,
        function.url()
    );
    std::fs::write(&config, declared).expect("the log directory is writable");
    let arguments = [
        "--config",
        &config.to_string_lossy(),
        "--shutdown-timeout",
        SHUTDOWN_TIMEOUT_S,
    ];
    let server = Server::start(context, &arguments);
    let one_each = [0, 1].map(|partition| Sent::new(partition, None, Some("value")));
    kafka::produce(&server.bootstrap_servers, TOPIC, &one_each);
    let held = BTreeMap::from([function.next(), function.next()]);
    assert_eq!(held.keys().copied().collect::<Vec<_>>(), [0, 1]);
    assert_eq!(committed(&server), [None, None]);

    server.terminate();
    until(
        context.deadline,
        || "the product logs that it stops".to_owned(),
        || server.log().contains("stopping: in-flight invocations finish"),
    );
    (server, held)
}

fn committed(server: &Server) -> Vec<Option<i64>> {
    kafka::committed(&server.bootstrap_servers, GROUP, TOPIC, 2)
}

fn in_flight(context: &Context) {
    let function = Function::start();
    let (mut server, mut held) = stopping(context, &function);
    let mut answer = |partition| {
        held.remove(&partition)
            .expect("the invocation is in flight")
            .answer()
    };
    answer(0);
    // The other invocation keeps the process running, so the group still answers.
    until(
        context.deadline,
        || format!("partition 0 is committed: {:?}", committed(&server)),
        || committed(&server) == [Some(1), None],
    );
    assert_eq!(server.status(), None, "an invocation is still in flight");
    answer(1);
    assert_eq!(server.wait(context.deadline).code(), Some(0));
    assert!(server.log().contains("stopped"), "{}", server.log());
}

fn second_signal(context: &Context) {
    let function = Function::start();
    let (mut server, _held) = stopping(context, &function);
    assert_eq!(server.status(), None, "invocations are in flight");
    let signalled = Instant::now();
    server.terminate();
    assert_eq!(server.wait(context.deadline).code(), Some(0));
    assert!(
        signalled.elapsed() < Duration::from_secs(5),
        "{:?}",
        signalled.elapsed()
    );
    assert!(
        server.log().contains("stopped at once by a second signal"),
        "{}",
        server.log()
    );
}
