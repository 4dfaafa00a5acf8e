//! Events in AWS's typed libraries: Java, Go, TypeScript and Python read what a function receives. Rust's is in the tests of the crate `esm`.

use serde_json::{Value, json};

use super::TOPIC;
use super::function::Function;
use crate::case::Case;
use crate::context::Context;
use crate::kafka::{self, Sent};
use crate::process::Process;
use crate::server::Server;
use crate::setup::Toolchain;

const TIMESTAMP: i64 = 1_545_084_650_987;

pub(super) fn cases() -> Vec<Case> {
    // One case for all, because they read the same event.
    let toolchains = [Toolchain::Java, Toolchain::Go, Toolchain::Node, Toolchain::Python];
    vec![Case::with(
        "typed-events",
        "null_keys_tombstones_and_duplicate_and_empty_headers_are_read_in_four_languages",
        &toolchains,
        every_language,
    )]
}

fn every_language(context: &Context) {
    let event = received_event(context);
    let programs = [
        (Toolchain::Java, "TypedEvent"),
        (Toolchain::Go, "event"),
        (Toolchain::Node, "typed_event.js"),
        (Toolchain::Python, "typed_event.py"),
    ];
    for (toolchain, program) in programs {
        let mut command = context.setup.command(toolchain, program);
        command.arg("parse").arg(&event);
        let records =
            Process::start(toolchain.name(), &mut command, &context.log_dir).finish(context.deadline);
        assert_eq!(json!(records), expected(), "{}", toolchain.name());
    }
}

/// Returns the event that a function receives for records of every kind.
fn received_event(context: &Context) -> String {
    let mut function = Function::start(context, 0);
    let config = context.log_dir.join("esmeralda.toml");
    let mapping = format!(
        "[[topics]]\nname = '{TOPIC}'\npartitions = 1\n\n\
         [[mappings]]\nFunctionName = 'receive'\nTopics = ['{TOPIC}']\nStartingPosition = 'TRIM_HORIZON'\n\
         MaximumBatchingWindowInSeconds = 1\nBatchSize = 4\n"
    );
    std::fs::write(&config, mapping).expect("the log directory is writable");
    let config = config.to_string_lossy();
    let server = Server::start(
        context,
        &["--config", &config, "--lambda-endpoint", &function.url],
    );
    let headers = [("twice", "1"), ("twice", "ë"), ("empty", "")];
    let records = [
        Sent::new(0, Some("key"), Some("value")).with_headers(&headers),
        Sent::new(0, None, Some("no key")),
        Sent::new(0, Some("tombstone"), None),
        Sent::new(0, None, None).with_headers(&[("only", "headers")]),
    ];
    kafka::produce(
        &server.bootstrap_servers,
        TOPIC,
        &records.map(|record| record.at(TIMESTAMP)),
    );
    function.wait_for(records.len(), context.deadline);
    assert_eq!(function.invocations.len(), 1, "{:?}", function.invocations);
    server.stop();
    function.invocations.swap_remove(0).body
}

fn expected() -> Value {
    let record = |offset: i64, key: Option<&str>, value: Option<&str>, headers: Value| {
        json!({
            "event": "record",
            "topic": TOPIC,
            "partition": 0,
            "offset": offset,
            "timestamp": TIMESTAMP,
            "key": key,
            "value": value,
            "headers": headers,
        })
    };
    json!([
        record(
            0,
            Some("key"),
            Some("value"),
            json!([["twice", "1"], ["twice", "ë"], ["empty", ""]]),
        ),
        record(1, None, Some("no key"), json!([])),
        record(2, Some("tombstone"), None, json!([])),
        record(3, None, None, json!([["only", "headers"]])),
    ])
}
