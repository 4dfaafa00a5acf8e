//! Connect: a distributed worker with `exactly.once.source.support`.

use std::net::TcpStream;

use serde_json::json;

use super::{free_port, properties, start};
use crate::context::Context;
use crate::process::Process;
use crate::server::Server;
use crate::wait::until;
use crate::{http, kafka};

const COUNT: usize = 400;

/// Kills the worker while a source is half way, and starts another. A consumer under `read_committed` sees each record of the source once and
/// in order, since the source's offsets are written in the same transactions.
pub(super) fn killed_worker(context: &Context) {
    let server = Server::start(context, &["--set", "group.initial.rebalance.delay.ms=0"]);
    kafka::create_topic(&server.bootstrap_servers, "numbers", 1);
    let (worker, base) = ready_worker(context, &server, "killed");
    let (status, body) = http::post(
        &base,
        "/connectors",
        &json!({
            "name": "numbers",
            "config": {
                "connector.class": "NumbersConnector",
                "exactly.once.support": "required",
                "topic": "numbers",
                "count": COUNT.to_string(),
            },
        }),
    );
    assert_eq!(status, 201, "{body}");
    kafka::read(&server.bootstrap_servers, "numbers", COUNT / 4, context.deadline);
    drop(worker);
    let (_second, _) = ready_worker(context, &server, "left");
    let numbers = kafka::read(&server.bootstrap_servers, "numbers", COUNT, context.deadline);
    let expected: Vec<Vec<u8>> = (0..COUNT).map(|number| number.to_string().into_bytes()).collect();
    assert_eq!(numbers, expected);
}

/// Starts a worker and waits until it is healthy. Returns it with the base of its REST interface.
fn ready_worker(context: &Context, server: &Server, label: &str) -> (Process, String) {
    let port = free_port();
    let base = format!("http://127.0.0.1:{port}");
    let file = properties(
        context,
        &format!("{label}.properties"),
        &[
            ("bootstrap.servers", &server.bootstrap_servers),
            ("group.id", "connect"),
            ("listeners", &base),
            ("exactly.once.source.support", "enabled"),
            (
                "key.converter",
                "org.apache.kafka.connect.storage.StringConverter",
            ),
            (
                "value.converter",
                "org.apache.kafka.connect.storage.StringConverter",
            ),
            ("config.storage.topic", "connect-configs"),
            ("offset.storage.topic", "connect-offsets"),
            ("status.storage.topic", "connect-status"),
            ("config.storage.replication.factor", "1"),
            ("offset.storage.replication.factor", "1"),
            ("status.storage.replication.factor", "1"),
            ("offset.storage.partitions", "1"),
            ("status.storage.partitions", "1"),
            ("plugin.discovery", "service_load"),
            // The worker that is killed is missed soon, and its work is given away at once.
            ("session.timeout.ms", "6000"),
            ("heartbeat.interval.ms", "500"),
            ("rebalance.timeout.ms", "6000"),
            ("scheduled.rebalance.max.delay.ms", "0"),
        ],
    );
    let worker = start(
        context,
        label,
        "org.apache.kafka.connect.cli.ConnectDistributed",
        &file,
    );
    until(
        context.deadline,
        || format!("the worker {label} is healthy"),
        || TcpStream::connect(("127.0.0.1", port)).is_ok() && http::get(&base, "/health").0 == 200,
    );
    (worker, base)
}
