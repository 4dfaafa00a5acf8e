//! The lines that connections and requests leave in the log.

use super::*;
use crate::operations::coordinator_topics::create_for_groups;
use crate::subscribers::set_subscriber;
use kafka_protocol::messages::{GroupId, HeartbeatRequest};
use std::io::{self, Write};
use std::sync::Mutex;
use std::time::Duration;
use tracing::Level;
use tracing::subscriber::DefaultGuard;

/// The log lines of this test's thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn capture(level: Level) -> (Self, DefaultGuard) {
        let log = Self::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(level)
            .with_writer(move || writer.clone())
            .with_ansi(false)
            .without_time()
            .finish();
        (log, set_subscriber(subscriber))
    }

    fn lines(&self) -> Vec<String> {
        let bytes = self.0.lock().unwrap();
        let lines = std::str::from_utf8(&bytes).unwrap().lines();
        lines.map(|line| line.trim().to_owned()).collect()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Asks for one thing that succeeds and one that does not, and hangs up.
async fn converse(cluster: &Arc<Cluster>) {
    let mut client = Client::connect(cluster);
    client.ask(4, &software()).await;
    let heartbeat = HeartbeatRequest::default().with_group_id(GroupId(StrBytes::from_static_str("g")));
    assert_eq!(client.ask(0, &heartbeat).await.error_code, 25);
    drop(client.io);
    client.serving.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn connections_and_requests_are_a_line_each_at_debug() {
    let cluster = cluster(&[]);
    create_for_groups(&cluster);
    let (log, _guard) = Log::capture(Level::DEBUG);
    converse(&cluster).await;
    assert_eq!(
        log.lines(),
        [
            r#"DEBUG esmeralda_broker::server: connection opened node_id=1"#,
            r#"DEBUG esmeralda_broker::server::request_log: request api="ApiVersions" version=4 client_id="a client" node_id=1 duration_us=0 errors=none"#,
            r#"DEBUG esmeralda_broker::server::request_log: request api="Heartbeat" version=0 client_id="a client" node_id=1 duration_us=0 errors=UNKNOWN_MEMBER_ID:1"#,
            r#"DEBUG esmeralda_broker::server: connection closed node_id=1 reason=the client closed the connection"#,
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn connections_and_requests_leave_no_line_at_info() {
    let cluster = cluster(&[]);
    create_for_groups(&cluster);
    let (log, _guard) = Log::capture(Level::INFO);
    converse(&cluster).await;
    assert_eq!(log.lines(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn each_other_protocol_closes_the_connection_and_is_logged_once_a_minute() {
    let cluster = cluster(&[]);
    let (log, _guard) = Log::capture(Level::WARN);
    let listener = Listener {
        cluster: Arc::clone(&cluster),
        node_id: NodeId(1),
        name: ListenerName::plaintext(),
        other_protocols: Arc::default(),
    };
    let send = async |bytes: &[u8]| {
        let (_until_stop, stopping) = oneshot::channel();
        let (mut io, other) = tokio::io::duplex(1 << 10);
        let addresses = Addresses {
            local: None,
            peer: "127.0.0.1:4711".parse().ok(),
        };
        let serving = tokio::spawn(listener.clone().converse(other, addresses, stopping));
        io.write_all(bytes).await.unwrap();
        assert!(io.read_u8().await.is_err(), "nothing is answered");
        serving.await.unwrap();
    };
    let hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
    send(hello).await;
    send(b"GET / HTTP/1.1\r\n\r\n").await;
    tokio::time::advance(Duration::from_secs(59)).await;
    send(hello).await;
    send(b"POST / HTTP/1.1\r\n\r\n").await;
    let tls = "WARN esmeralda_broker::server::other_protocol: a client does not speak Kafka's protocol \
        peer_address=127.0.0.1:4711 protocol=TLS \
        hint=\"this listener is PLAINTEXT: set security.protocol=PLAINTEXT in the client\"";
    let http = "WARN esmeralda_broker::server::other_protocol: a client does not speak Kafka's protocol \
        peer_address=127.0.0.1:4711 protocol=HTTP \
        hint=\"this port speaks Kafka's protocol: use the address of the HTTP API, which is printed at the start\"";
    assert_eq!(log.lines(), [tls, http]);
    tokio::time::advance(Duration::from_secs(1)).await;
    send(b"POST / HTTP/1.1\r\n\r\n").await;
    assert_eq!(log.lines(), [tls, http, http]);
}

#[tokio::test(start_paused = true)]
async fn another_protocol_is_recognised_only_at_the_start_of_a_connection() {
    let cluster = cluster(&[]);
    let (log, _guard) = Log::capture(Level::DEBUG);
    let mut client = Client::connect(&cluster);
    client.ask(4, &software()).await;
    client.io.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    assert!(client.is_closed().await);
    client.serving.await.unwrap();
    assert_eq!(
        log.lines().last().unwrap(),
        "DEBUG esmeralda_broker::server: connection closed node_id=1 \
        reason=invalid frame of 1195725856 bytes: socket.request.max.bytes allows at most 104857600"
    );
}
