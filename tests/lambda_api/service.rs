//! An instance of the product, and requests to its HTTP surfaces.

use bytes::Bytes;
use esmeralda::{Esmeralda, Options};
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub(crate) const MAPPINGS: &str = "/2015-03-31/event-source-mappings";

/// The longest wait for a state, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// An instance with the functions `f` and `g` and the topic `orders`.
pub(crate) struct Service {
    pub(crate) esmeralda: Esmeralda,
    pub(crate) address: String,
}

/// The answer to a request.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error} in {:?}", String::from_utf8_lossy(&self.body)))
    }

    /// Returns the status, exception and body of an error.
    pub(crate) fn error(&self) -> (u16, &str, Value) {
        (self.status, &self.headers["x-amzn-errortype"], self.json())
    }
}

impl Service {
    pub(crate) async fn start() -> Self {
        let options = Options {
            transition_delay: Duration::ZERO,
            ..Options::default()
        };
        let esmeralda = Esmeralda::start_with(options).await.expect("free ports");
        for name in ["f", "g"] {
            esmeralda.register_function(name, |_| async { Ok::<_, String>(Bytes::from_static(b"null")) });
        }
        esmeralda.create_topic_with("orders", 2).await.expect("a topic");
        let url = esmeralda.http_url().expect("an HTTP surface");
        let address = url.strip_prefix("http://").expect("plain http").to_owned();
        Self { esmeralda, address }
    }

    pub(crate) async fn send(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(&self.address).await.expect("a connection");
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n",
            self.address,
            body.len()
        );
        stream.write_all(head.as_bytes()).await.expect("the server reads");
        // The server may refuse a body before it has read all of it.
        let _ = stream.write_all(body).await;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.expect("the server answers");
        parse(&answer)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "", b"").await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, "", body.to_string().as_bytes()).await
    }

    /// Returns a complete body, overridden by `members`.
    pub(crate) fn body(&self, members: Value) -> Value {
        let mut body = json!({
            "FunctionName": "f",
            "Topics": ["orders"],
            "SelfManagedEventSource": {
                "Endpoints": { "KAFKA_BOOTSTRAP_SERVERS": [self.esmeralda.bootstrap_servers()] }
            },
        });
        for (name, value) in members.as_object().expect("members") {
            body[name] = value.clone();
        }
        body
    }

    pub(crate) async fn create(&self, members: Value) -> Value {
        let created = self.post(MAPPINGS, &self.body(members)).await;
        assert_eq!(
            created.status,
            202,
            "{:?}",
            String::from_utf8_lossy(&created.body)
        );
        created.json()
    }

    /// Waits until the mapping has this state, and returns it.
    pub(crate) async fn state_is(&self, uuid: &str, state: &str) -> Value {
        let path = format!("{MAPPINGS}/{uuid}");
        let asking = async {
            loop {
                let view = self.get(&path).await.json();
                if view["State"] == state {
                    return view;
                }
            }
        };
        tokio::time::timeout(PATIENCE, asking)
            .await
            .unwrap_or_else(|_| panic!("{uuid} does not become {state}"))
    }

    pub(crate) async fn update(&self, uuid: &str, members: Value) {
        let path = format!("{MAPPINGS}/{uuid}");
        let updated = self.send("PUT", &path, "", members.to_string().as_bytes()).await;
        assert_eq!(
            updated.status,
            202,
            "{:?}",
            String::from_utf8_lossy(&updated.body)
        );
    }

    /// Waits until `holds` is true of the mapping's trace, and returns the trace. Panics with `what` if it takes too long.
    pub(crate) async fn trace_until(&self, uuid: &str, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let path = trace_path(uuid);
        let asking = async {
            loop {
                let trace = self.get(&path).await.json();
                if holds(&trace) {
                    return trace;
                }
            }
        };
        tokio::time::timeout(PATIENCE, asking)
            .await
            .unwrap_or_else(|_| panic!("{uuid}: not in time: {what}"))
    }

    /// Waits until the mapping does not exist, and returns the answer.
    pub(crate) async fn is_gone(&self, path: &str) -> Answer {
        let asking = async {
            loop {
                let answer = self.get(path).await;
                if answer.status == 404 {
                    return answer;
                }
            }
        };
        tokio::time::timeout(PATIENCE, asking)
            .await
            .unwrap_or_else(|_| panic!("{path} is still there"))
    }
}

/// Returns the path of a mapping's trace.
pub(crate) fn trace_path(uuid: &str) -> String {
    format!("/esmeralda/event-source-mappings/{uuid}/trace")
}

/// Returns the names of an object's members.
pub(crate) fn names(object: &Value) -> BTreeSet<&str> {
    object
        .as_object()
        .map(|members| members.keys().map(String::as_str).collect())
        .unwrap_or_default()
}

/// Returns a member of a trace that is a list.
pub(crate) fn list<'a>(trace: &'a Value, member: &str) -> &'a [Value] {
    trace[member].as_array().map_or(&[], Vec::as_slice)
}

/// Parses an answer of HTTP/1.1.
pub(crate) fn parse(answer: &[u8]) -> Answer {
    let end = answer
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .expect("a head");
    let head = std::str::from_utf8(&answer[..end]).expect("text");
    let mut lines = head.split("\r\n");
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1))
        .expect("a status");
    let header = |line: &str| {
        let (name, value) = line.split_once(": ").expect("a header");
        (name.to_ascii_lowercase(), value.to_owned())
    };
    Answer {
        status: status.parse().expect("a number"),
        headers: lines.map(header).collect(),
        body: answer[end + 4..].to_vec(),
    }
}
