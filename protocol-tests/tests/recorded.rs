//! Apache Kafka's recorded answers, against the running binary: the same requests have the same answers.
//!
//! `wire/run.sh` records them afresh, and compares with a running Kafka over any seeds.

#![expect(
    clippy::disallowed_methods,
    reason = "the binary runs in real time, outside of this process"
)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use esmeralda_protocol_tests::process::Process;
use esmeralda_protocol_tests::product;
use esmeralda_protocol_tests::recorded::{Recording, Rules, differences};

fn wire(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("wire").join(file)
}

#[test]
fn recorded_requests_are_answered_as_kafka_answered_them() {
    let temporary = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let product = std::env::var_os("ESMERALDA_BIN").map_or_else(
        || {
            let target = temporary.parent().expect("it is below the target directory");
            product::build(target).expect("the product can be built")
        },
        PathBuf::from,
    );
    let mut command = Command::new(product);
    command.args(["serve", "--kafka", "127.0.0.1:0", "--http", "127.0.0.1:0"]);
    // As the broker that is compared live: see the README of `wire`.
    command.args([
        "--unknown-until-created",
        "--producer-ids-from-zero",
        "--set",
        "group.consumer.assignor.offload.enable=false",
    ]);
    let logs = temporary.join("recorded");
    std::fs::create_dir_all(&logs).expect("the target directory can be written to");
    let mut server = Process::start("esmeralda", &mut command, &logs);
    let ready = server.expect("ready", Instant::now() + Duration::from_secs(10));
    let address = ready["bootstrap_servers"].as_str().expect("an address");

    let (recording, rules) = (
        Recording::read(&wire("recorded.gz")),
        Rules::read(&wire("accepted.txt")),
    );
    assert_eq!(recording.kafka, "4.4.0");
    assert!(recording.sequences.len() >= 50, "the recording is whole");
    let found: Vec<_> = recording
        .sequences
        .iter()
        .flat_map(|sequence| differences(address, &recording, &rules, sequence))
        .collect();
    assert!(
        found.is_empty(),
        "{} answers differ:\n{}",
        found.len(),
        found.join("\n")
    );
}

#[test]
fn every_accepted_difference_is_in_the_documentation() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/differences.md");
    let docs = std::fs::read_to_string(&docs).expect("the page exists");
    for rule in Rules::read(&wire("accepted.txt")).all() {
        let row = format!("| `{}` | {} | {} |", rule.what, rule.how, rule.why);
        assert!(docs.contains(&row), "docs/differences.md has no row {row}");
    }
}
