//! Functions that are commands: real runtimes behind a mapping, which fail, are retried, split and end.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::aws::Boto;
use super::{ACCOUNT_ID, REGION, TOPIC, assert_committed_to_the_end, create_arguments, uuid_of};
use crate::case::Case;
use crate::context::Context;
use crate::kafka::{self, Sent};
use crate::server::Server;
use crate::setup::{Setup, Toolchain};
use crate::wait::until;

/// The topic that is the on-failure destination.
const FAILED: &str = "failed";

pub(super) fn cases() -> Vec<Case> {
    let sentence =
        "a_function_that_fails_is_retried_split_and_dead_lettered_and_one_that_ends_is_started_again";
    let python = &[Toolchain::Python];
    vec![
        Case::with("awslambdaric", sentence, python, |context| {
            failing_function(context, &python_command(&context.setup));
        }),
        Case::with(
            "node-runtime",
            sentence,
            &[Toolchain::Python, Toolchain::Node],
            |context| failing_function(context, &node_command(&context.setup)),
        ),
        Case::with(
            "lambda_runtime",
            sentence,
            &[Toolchain::Python, Toolchain::RustFunction],
            |context| {
                let command = context.setup.command(Toolchain::RustFunction, "order-handler");
                let program = command.get_program().to_string_lossy().into_owned();
                failing_function(context, &[program]);
            },
        ),
    ]
}

/// Returns the command of the Python function, with AWS's runtime.
pub(super) fn python_command(setup: &Setup) -> Vec<String> {
    let command = setup.command(Toolchain::Python, "order_handler.py");
    let python = command.get_program().to_string_lossy();
    [&python, "-m", "awslambdaric", "order_handler.handler"]
        .map(str::to_owned)
        .into()
}

fn node_command(setup: &Setup) -> Vec<String> {
    let command = setup.command(Toolchain::Node, "runtime.js");
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect()
}

/// The invocations that a function has noted.
pub(super) struct Notes {
    pub(super) path: PathBuf,
}

impl Notes {
    pub(super) fn below(context: &Context) -> Notes {
        Notes {
            path: context.log_dir.join("notes.jsonl"),
        }
    }

    pub(super) fn read(&self) -> Vec<Value> {
        // Before the first invocation there is no file; a line that is just being written is left for the next look.
        let text = std::fs::read_to_string(&self.path).unwrap_or_default();
        text.lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect()
    }
}

/// Starts the product with the function `receive`, which is a command.
fn start(context: &Context, command: &[String], notes: &Path) -> Server {
    let directory = Setup::sources().join("python");
    let config = context.log_dir.join("esmeralda.toml");
    let text = format!(
        "[[functions]]\nname = 'receive'\ntype = 'command'\ncommand = {}\ndirectory = '{}'\nenvironment = {{ NOTES = '{}', PYTHONDONTWRITEBYTECODE = '1' }}\n\
         timeout_s = 20\nmemory_mb = 512\n",
        json!(command),
        directory.display(),
        notes.display(),
    );
    std::fs::write(&config, text).expect("the log directory is writable");
    Server::start(context, &["--config", &config.to_string_lossy()])
}

fn failing_function(context: &Context, command: &[String]) {
    let notes = Notes::below(context);
    let server = start(context, command, &notes.path);
    kafka::create_topic(&server.bootstrap_servers, TOPIC, 1);
    kafka::create_topic(&server.bootstrap_servers, FAILED, 1);
    let values = ["0", "1", "2", "3", "4", "poison", "6", "7"];
    let records = values.map(|value| Sent::new(0, None, Some(value)));
    kafka::produce(&server.bootstrap_servers, TOPIC, &records);
    let mut boto = Boto::start(context, &server);
    let mut arguments = create_arguments(&server);
    arguments["BatchSize"] = json!(8);
    arguments["MaximumBatchingWindowInSeconds"] = json!(1);
    arguments["BisectBatchOnFunctionError"] = json!(true);
    arguments["MaximumRetryAttempts"] = json!(1);
    arguments["DestinationConfig"] = json!({"OnFailure": {"Destination": format!("kafka://{FAILED}")}});
    let uuid = uuid_of(&boto.call("create_event_source_mapping", &arguments));
    let expected = json!([
        ["0", "1", "2", "3", "4", "poison", "6", "7"],
        ["0", "1", "2", "3"],
        ["4", "poison", "6", "7"],
        ["4", "poison"],
        ["4"],
        ["poison"],
        ["poison"],
        ["6", "7"],
    ]);
    let expected = expected.as_array().expect("a list");
    let noted = || {
        notes
            .read()
            .iter()
            .map(|note| note["values"].clone())
            .collect::<Vec<_>>()
    };
    until(
        context.deadline,
        || format!("{expected:?}, noted {:?}", noted()),
        || noted().len() >= expected.len(),
    );
    assert_eq!(&noted(), expected);
    assert_committed_to_the_end(context, &server, &uuid, 1);
    assert_dead_letters(context, &server, &[5]);

    let invocations = notes.read();
    let processes: BTreeSet<i64> = invocations
        .iter()
        .filter_map(|note| note["process"].as_i64())
        .collect();
    assert_eq!(
        processes.len(),
        1,
        "an error of the handler leaves the process: {invocations:?}"
    );
    for note in &invocations {
        let arn = format!("arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:receive");
        assert_eq!(note["function_arn"], arn);
        let remaining_ms = note["remaining_ms"].as_i64().unwrap_or_default();
        assert!((1..=20_000).contains(&remaining_ms), "{note}");
        // Each line of the function stands in the log under its request.
        let request_id = note["request_id"].as_str().unwrap_or_default();
        assert_eq!(request_id.len(), 36);
        let log = server.log();
        let is_logged = |line: &str| line.contains(request_id) && line.contains("handling");
        assert!(log.lines().any(is_logged), "{request_id}");
    }

    // A process that ends fails its invocation, and another one goes on.
    kafka::produce(
        &server.bootstrap_servers,
        TOPIC,
        &[Sent::new(0, None, Some("crash"))],
    );
    kafka::produce(
        &server.bootstrap_servers,
        TOPIC,
        &[Sent::new(0, None, Some("after"))],
    );
    until(
        context.deadline,
        || format!("the record after the crash, noted {:?}", noted()),
        || noted().last().is_some_and(|values| *values == json!(["after"])),
    );
    assert_committed_to_the_end(context, &server, &uuid, 1);
    assert_dead_letters(context, &server, &[5, 8]);
    let processes: BTreeSet<i64> = notes
        .read()
        .iter()
        .filter_map(|note| note["process"].as_i64())
        .collect();
    assert!(processes.len() >= 3, "each crash ends a process: {processes:?}");
    let log = server.log();
    assert!(log.contains("Runtime exited with error: exit status 3"), "{log}");
    server.stop();
    // They end with the product; the system may take a moment for it.
    let left = || {
        let is_there = |process: &&i64| Path::new(&format!("/proc/{process}")).exists();
        processes.iter().filter(is_there).count()
    };
    until(
        context.deadline,
        || format!("the end of {processes:?}"),
        || left() == 0,
    );
}

/// Asserts that the records at these offsets, and no others, are in the on-failure destination.
fn assert_dead_letters(context: &Context, server: &Server, offsets: &[i64]) {
    let servers = &server.bootstrap_servers;
    assert_eq!(kafka::watermarks(servers, FAILED, 0).1, offsets.len() as i64);
    let documents = kafka::read(servers, FAILED, offsets.len(), context.deadline);
    for (document, offset) in documents.iter().zip(offsets) {
        let document: Value = serde_json::from_slice(document).expect("the document is JSON");
        assert_eq!(
            document["requestContext"]["condition"], "RetriesExhausted",
            "{document}"
        );
        assert_eq!(
            document["responseContext"]["functionError"], "Unhandled",
            "{document}"
        );
        let record = &document["payload"]["records"][format!("{TOPIC}-0")][0];
        assert_eq!(record["offset"], *offset, "{document}");
    }
}
