//! kcat, if it is on the PATH: the commands that people often try first.

use std::collections::BTreeSet;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::case::Case;
use crate::context::Context;
use crate::kafka;
use crate::process::Process;
use crate::server::Server;
use crate::setup::Toolchain;
use crate::wire;

pub(super) fn cases() -> Vec<Case> {
    let needs = [Toolchain::Kcat];
    vec![
        Case::with(
            "kcat",
            "reads_back_what_it_produced_with_every_codec",
            &needs,
            every_codec,
        ),
        Case::with(
            "kcat",
            "balances_two_members_and_survives_a_kill",
            &needs,
            killed_member,
        ),
        Case::with("kcat", "sees_the_advertised_host", &needs, advertised_host),
        Case::with(
            "kcat",
            "finds_no_topic_if_topics_are_not_created_automatically",
            &needs,
            no_auto_creation,
        ),
    ]
}

fn advertised_host(context: &Context) {
    let server = Server::start(context, &["--advertised-host", "localhost"]);
    let port = server
        .bootstrap_servers
        .rsplit(':')
        .next()
        .expect("an address has a port");
    let listed = start(context, "list", &server, &["-L", "-J"]).finish(context.deadline);
    assert_eq!(listed[0]["brokers"][0]["name"], format!("localhost:{port}"));
}

fn no_auto_creation(context: &Context) {
    let server = Server::start(context, &["--auto-create-topics", "false"]);
    let arguments = ["-P", "-t", "missing", "-X", "message.timeout.ms=1500"];
    let mut producer = start(context, "producer", &server, &arguments);
    producer.send("value");
    producer.close_stdin();
    assert_eq!(
        producer.wait(context.deadline).code(),
        Some(1),
        "nothing was delivered"
    );
    assert_eq!(
        kafka::topic_names(&server.bootstrap_servers),
        Vec::<String>::new()
    );
}

fn start(context: &Context, name: &str, server: &Server, arguments: &[&str]) -> Process {
    let mut command: Command = context.setup.command(Toolchain::Kcat, "kcat");
    command.args(["-b", &server.bootstrap_servers]).args(arguments);
    Process::start(name, &mut command, &context.log_dir)
}

fn every_codec(context: &Context) {
    let server = Server::start(context, &[]);
    let long = "the same words over and over ".repeat(300);
    for codec in ["none", "gzip", "snappy", "lz4", "zstd"] {
        // The first Metadata request for the topic creates it.
        let topic = format!("kcat-{codec}");
        let produced = [
            "-P",
            "-t",
            &topic,
            "-K:",
            "-Z",
            "-z",
            codec,
            "-H",
            "a=1",
            "-H",
            "b=ë",
            "-X",
            "linger.ms=50",
        ];
        let mut producer = start(context, &format!("producer-{codec}"), &server, &produced);
        producer.send(&format!("key:{long}"));
        producer.send("tombstone:");
        producer.close_stdin();
        producer.finish(context.deadline);

        let consumed = ["-C", "-t", &topic, "-p", "0", "-o", "beginning", "-e", "-J", "-q"];
        let seen = start(context, &format!("consumer-{codec}"), &server, &consumed).finish(context.deadline);
        let shown: Vec<(i64, &str, Option<&str>)> = seen
            .iter()
            .map(|record| {
                let key = record["key"].as_str().expect("a record with a key");
                (
                    record["offset"].as_i64().expect("a number"),
                    key,
                    record["payload"].as_str(),
                )
            })
            .collect();
        assert_eq!(
            shown,
            [(0, "key", Some(long.as_str())), (1, "tombstone", None)],
            "codec {codec}"
        );
        for record in &seen {
            assert_eq!(record["headers"], serde_json::json!(["a", "1", "b", "ë"]));
        }
        let codecs = wire::codecs_of_batches(&server.bootstrap_servers, &topic, 0);
        assert_eq!(
            codecs.iter().copied().collect::<BTreeSet<_>>(),
            BTreeSet::from([codec])
        );
    }
}

/// Adds the records that members have printed to `seen`.
fn read(members: &mut [&mut Process], seen: &mut Vec<Value>) {
    for member in members {
        while let Some(record) = member.poll(Duration::from_millis(20)) {
            seen.push(record);
        }
    }
}

fn killed_member(context: &Context) {
    let server = Server::start(context, &[]);
    kafka::create_topic(&server.bootstrap_servers, "balanced", 4);
    let arguments = [
        "-G",
        "group",
        "-J",
        "-u",
        "-q",
        "-X",
        "session.timeout.ms=6000",
        "-X",
        "heartbeat.interval.ms=500",
    ];
    let arguments = [
        &arguments[..],
        &[
            "-X",
            "auto.offset.reset=earliest",
            "-X",
            "auto.commit.interval.ms=50",
            "balanced",
        ],
    ]
    .concat();
    let mut first = start(context, "first", &server, &arguments);
    let mut second = start(context, "second", &server, &arguments);
    let produce = |round: &str| {
        let records = [0, 1, 2, 3].map(|partition| kafka::Sent::new(partition, None, Some(round)));
        kafka::produce(&server.bootstrap_servers, "balanced", &records);
    };
    let wait = |what: &str, holds: &mut dyn FnMut() -> bool| {
        while !holds() {
            assert!(Instant::now() < context.deadline, "not in time: {what}");
        }
    };
    // The group is still forming until both members read two records of the same round.
    let mut round = 0;
    wait("both members read", &mut || {
        round += 1;
        produce(&format!("round {round}"));
        let (mut by_first, mut by_second) = (Vec::new(), Vec::new());
        let patience = Instant::now() + Duration::from_secs(1);
        while by_first.len() + by_second.len() < 4 && Instant::now() < patience {
            read(&mut [&mut first], &mut by_first);
            read(&mut [&mut second], &mut by_second);
        }
        by_first.len() == 2 && by_second.len() == 2
    });
    let all_committed = || {
        let ends: Vec<Option<i64>> = (0..4)
            .map(|partition| Some(kafka::watermarks(&server.bootstrap_servers, "balanced", partition).1))
            .collect();
        kafka::committed(&server.bootstrap_servers, "group", "balanced", 4) == ends
    };
    wait("both members commit", &mut || all_committed());
    drop(first);
    produce("after the kill");
    let mut seen = Vec::new();
    wait("the survivor reads every partition", &mut || {
        read(&mut [&mut second], &mut seen);
        let partitions: BTreeSet<Option<i64>> = seen
            .iter()
            .filter(|record| record["payload"] == "after the kill")
            .map(|record| record["partition"].as_i64())
            .collect();
        partitions.len() == 4
    });
    wait("the survivor commits", &mut || all_committed());
}
