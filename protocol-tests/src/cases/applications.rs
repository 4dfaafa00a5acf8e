//! Kafka's own applications: Kafka Streams under exactly_once_v2, a distributed Connect worker with exactly-once sources, and MirrorMaker 2.

use std::net::TcpListener;
use std::path::Path;

use crate::case::Case;
use crate::context::Context;
use crate::process::Process;
use crate::setup::Toolchain;

mod connect;
mod mirror;
mod streams;

pub(super) fn cases() -> Vec<Case> {
    let needs = [Toolchain::JavaApps];
    vec![
        Case::with(
            "kafka-streams",
            "counts_each_word_exactly_once_while_an_instance_is_killed",
            &needs,
            streams::killed_instance,
        ),
        Case::with(
            "connect",
            "writes_each_source_record_exactly_once_while_the_worker_is_killed",
            &needs,
            connect::killed_worker,
        ),
        Case::with(
            "mirrormaker",
            "copies_records_and_offsets_from_one_cluster_to_another",
            &[Toolchain::KafkaTests],
            mirror::two_clusters,
        ),
    ]
}

/// Starts a main class of the applications; `label` names its logs.
fn start(context: &Context, label: &str, class: &str, argument: &str) -> Process {
    let mut command = context.setup.command(Toolchain::JavaApps, class);
    command.arg(argument);
    Process::start(label, &mut command, &context.log_dir)
}

/// Writes a properties file into the case's directory and returns its path.
fn properties(context: &Context, name: &str, lines: &[(&str, &str)]) -> String {
    let path = context.log_dir.join(name);
    let text: String = lines
        .iter()
        .map(|(key, value)| format!("{key}={value}\n"))
        .collect();
    std::fs::write(&path, text).expect("the case's directory is writable");
    text_of(&path)
}

fn text_of(path: &Path) -> String {
    path.to_str().expect("a path in UTF-8").to_owned()
}

/// Returns a port that was free a moment ago, for a program that cannot choose one itself.
fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("a bound address").port()
}
