//! Kafka Streams: a word count under exactly_once_v2.

use std::collections::BTreeMap;

use serde_json::json;

use super::{start, text_of};
use crate::context::Context;
use crate::kafka::{self, Sent};
use crate::process::Process;
use crate::server::Server;

const LINES_OF_EACH_HALF: usize = 150;
const WORDS: [&str; 4] = ["topic", "partition", "offset", "record"];

/// Kills one of two instances between two halves of the lines. The counts that a consumer under `read_committed` sees are those of a single
/// pass over all lines: each word's count grows by one at a time, and none is missing or repeated.
pub(super) fn killed_instance(context: &Context) {
    let server = Server::start(context, &["--set", "group.initial.rebalance.delay.ms=0"]);
    kafka::create_topic(&server.bootstrap_servers, "lines", 2);
    kafka::create_topic(&server.bootstrap_servers, "counts", 1);
    let mut killed = instance(context, &server, "killed");
    killed.expect("running", context.deadline);
    send_lines(&server);
    let half = LINES_OF_EACH_HALF * WORDS.len();
    kafka::read(&server.bootstrap_servers, "counts", half / 2, context.deadline);
    drop(killed);
    let mut left = instance(context, &server, "left");
    send_lines(&server);
    let counts = kafka::read(&server.bootstrap_servers, "counts", 2 * half, context.deadline);

    let mut seen: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for count in counts {
        let text = String::from_utf8(count).expect("a count is text");
        let (word, count) = text.split_once('=').expect("WORD=COUNT");
        let count = count.parse().expect("a count is a number");
        seen.entry(word.to_owned()).or_default().push(count);
    }
    let once: Vec<usize> = (1..=2 * LINES_OF_EACH_HALF).collect();
    let expected: BTreeMap<String, Vec<usize>> = WORDS.map(|word| (word.to_owned(), once.clone())).into();
    assert_eq!(seen, expected);
    left.close_stdin();
    while left
        .poll(context.deadline - std::time::Instant::now())
        .expect("the instance stops")["event"]
        != "stopped"
    {}
}

fn instance(context: &Context, server: &Server, label: &str) -> Process {
    let argument = json!({
        "application": "word-count",
        "bootstrap": server.bootstrap_servers,
        "state": text_of(&context.log_dir.join(format!("{label}-state"))),
        "input": "lines",
        "output": "counts",
    });
    start(context, label, "WordCount", &argument.to_string())
}

fn send_lines(server: &Server) {
    let line = WORDS.join(" ");
    let lines: Vec<Sent> = (0..LINES_OF_EACH_HALF)
        .map(|number| Sent::new((number % 2) as i32, None, Some(&line)))
        .collect();
    kafka::produce(&server.bootstrap_servers, "lines", &lines);
}
