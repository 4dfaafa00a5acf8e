//! A producer and a consumer that outlive the product: it is killed, and starts again on the same port with the same declared topic. They
//! go on without being told, and what is acknowledged from then on is there, once, and is read.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::cases::group::{GroupMember, wait};
use crate::clients::Client;
use crate::context::Context;
use crate::kafka;
use crate::process::Process;
use crate::server::Server;

const TOPIC: &str = "outlived";
const GROUP: &str = "outliving";

/// A producer in a process.
struct LongLivedProducer {
    process: Process,
}

impl LongLivedProducer {
    fn start(context: &Context, client: &Client, name: &str, server: &Server) -> LongLivedProducer {
        let argument = json!({"bootstrap": server.bootstrap_servers, "topic": TOPIC, "client_id": name});
        LongLivedProducer {
            process: client.start(context, name, "produce", &argument),
        }
    }

    /// Sends each value, and again until it is acknowledged. Returns the number of values that were refused on the way.
    fn produce(&mut self, values: &[String], deadline: Instant) -> usize {
        let mut missing: BTreeSet<String> = values.iter().cloned().collect();
        let mut refused_count = 0;
        while !missing.is_empty() {
            self.process
                .send(&json!({"step": "produce", "values": missing}).to_string());
            for _ in 0..missing.len() {
                let event = self.next(deadline);
                let value = event["value"].as_str().expect("each report names its value");
                match event["event"].as_str() {
                    Some("acknowledged") => assert!(missing.remove(value), "{value} was sent once"),
                    Some("refused") => refused_count += 1,
                    _ => panic!("{} reports {event}", self.process.name()),
                }
            }
        }
        refused_count
    }

    fn next(&mut self, deadline: Instant) -> serde_json::Value {
        loop {
            if let Some(event) = self.process.poll(Duration::from_millis(50)) {
                return event;
            }
            assert!(
                Instant::now() < deadline,
                "{} reports nothing",
                self.process.name()
            );
        }
    }

    fn stop(mut self, deadline: Instant) {
        self.process.send(r#"{"step":"stop"}"#);
        self.process.expect("stopped", deadline);
        let status = self.process.wait(deadline);
        assert!(status.success(), "{} ended with {status}", self.process.name());
    }
}

fn values(prefix: &str, count: usize) -> Vec<String> {
    (0..count).map(|number| format!("{prefix}-{number}")).collect()
}

pub(super) fn killed_broker(context: &Context, client: &Client) {
    let deadline = context.deadline;
    let config = context.log_dir.join("esmeralda.toml");
    let declared = format!("[[topics]]\nname = \"{TOPIC}\"\npartitions = 1\n");
    std::fs::write(&config, declared).expect("the log directory is writable");
    let config = config.to_string_lossy();
    let start = |address: &str| Server::start_at(context, address, &["--config", &config]);

    let server = start(&free_address());
    let address = server.bootstrap_servers.clone();
    let mut producer = LongLivedProducer::start(context, client, "producer", &server);
    let start_member = || GroupMember::start(context, client, "consumer", &server, TOPIC, GROUP);
    let mut member = client.resets_lost_positions.then(start_member);
    assert_eq!(producer.produce(&values("before", 10), deadline), 0);
    if let Some(member) = &mut member {
        wait(deadline, "all is read", &mut [member], |members| {
            members[0].records.len() == 10
        });
        member.commit(deadline);
    }

    // Dropping it kills the process. All records, groups and producers go with it.
    drop(server);
    let server = start(&address);
    assert_eq!(server.bootstrap_servers, address);
    // Fewer records than before: a consumer that went on from its old position would never see them.
    let mut produced = values("after", 4);
    let refused_count = producer.produce(&produced, deadline);
    // A producer that starts now must not be taken for the one that outlived the restart.
    let mut newcomer = LongLivedProducer::start(context, client, "newcomer", &server);
    produced.extend(values("newcomer", 3));
    assert_eq!(newcomer.produce(&values("newcomer", 3), deadline), 0);
    produced.extend(values("again", 1));
    assert_eq!(producer.produce(&values("again", 1), deadline), 0);

    let (first, end) = kafka::watermarks(&address, TOPIC, 0);
    let count = usize::try_from(end).expect("offsets are not negative");
    let kept = kafka::read(&address, TOPIC, count, deadline);
    let mut kept: Vec<_> = kept
        .into_iter()
        .map(|value| String::from_utf8_lossy(&value).into_owned())
        .collect();
    kept.sort();
    produced.sort();
    assert_eq!(first, 0);
    // A value that was refused may have been written before its answer was lost, so it may be there twice.
    if refused_count > 0 {
        kept.dedup();
    }
    assert_eq!(kept, produced, "{refused_count} were refused after the restart");
    if let Some(mut member) = member {
        let expected: BTreeSet<_> = (0..end).map(|offset| (0, offset)).collect();
        wait(deadline, "the consumer goes on", &mut [&mut member], |members| {
            let since_restart: BTreeSet<_> = members[0].records[10..].iter().copied().collect();
            since_restart == expected
        });
        member.stop(deadline);
    }
    producer.stop(deadline);
    newcomer.stop(deadline);
}

/// Returns an address whose port is free now and stays the same over the restart.
fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    listener.local_addr().expect("the listener is bound").to_string()
}
