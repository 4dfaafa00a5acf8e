//! Who may import whom: the layers of ARCHITECTURE.md, held by reading the paths that the product's sources name.
//!
//! A ratchet: [`KNOWN`] lists the violations that exist; a new one fails, and so does a listed one that is gone. Tests may
//! name what they like, so `#[cfg(test)]` items, `tests` and `..._tests` are not read.

#[path = "imports/source.rs"]
mod source;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use source::{Exports, SourceFile, named_paths, names};

/// What a room of the broker may name besides itself and [`GROUND`]. A room is a file or folder of `broker/src`.
const BROKER_ROOMS: &[(&str, &str)] = &[
    ("ids", ""),
    ("clock", ""),
    ("entropy", ""),
    ("config", ""),
    ("pool", ""),
    ("wire", ""),
    ("bounds", "wire"),
    ("messages", ""),
    ("security", ""),
    ("log", ""),
    // Topic, group and transaction do not know each other: what needs two of them is an operation.
    ("topic", "log"),
    ("group", ""),
    ("fetch", "topic log"),
    ("cluster", "topic group fetch log metrics security"),
    ("metrics", ""),
    ("operations", "cluster topic group fetch log metrics security"),
    ("upkeep", "operations cluster topic group fetch log metrics"),
    // What is below operations comes up as values and errors; see ONLY for what stays there.
    (
        "api",
        "wire bounds messages operations cluster topic group fetch log metrics",
    ),
    ("local", "operations cluster topic group fetch log security"),
    ("server", "api wire operations cluster metrics security"),
    // The fuzzers' way in.
    ("fuzzing", "server cluster log"),
    // For the benches, which measure below the operations.
    ("bench", "log"),
    // It starts and stops everything.
    (
        "broker",
        "server upkeep local operations cluster topic group fetch metrics",
    ),
];

/// Rooms that all may name: values that are handed down.
const GROUND: &str = "ids clock entropy config pool";

/// Paths that, within a folder, only some files (or folders, with a slash at the end) may name.
const ONLY: &[(&str, &str, &str)] = &[
    // `esmeralda` -> `esmeralda-esm` -> `esmeralda-broker`, never back.
    ("esmeralda", "broker/src/", ""),
    ("esmeralda", "esm/src/", ""),
    ("esmeralda_esm", "broker/src/", ""),
    (
        "esmeralda_broker",
        "esm/src/",
        // The kinds of metrics are one vocabulary.
        "esm/src/clock.rs esm/src/metrics.rs esm/src/source.rs esm/src/source/",
    ),
    // The member of a group reads through its own trait, so that any cluster can be its source.
    (
        "esmeralda_broker::local",
        "esm/src/",
        "esm/src/source/embedded.rs",
    ),
    // The wire's types end where operations begin; codes are decided in one place.
    ("kafka_protocol", "esm/src/", ""),
    ("kafka_protocol", "src/", ""),
    (
        "kafka_protocol::messages",
        "broker/src/",
        "broker/src/api/ broker/src/bounds/ broker/src/messages/ broker/src/server/",
    ),
    ("kafka_protocol::ResponseError", "broker/src/", "broker/src/api/"),
    ("kafka_protocol::error", "broker/src/", "broker/src/api/"),
    // One file tells the time, and knows which kind of time it is.
    ("std::time::SystemTime", "broker/src/", "broker/src/clock.rs"),
    ("std::time::Instant", "broker/src/", "broker/src/clock.rs"),
    ("std::time::SystemTime", "esm/src/", "esm/src/clock.rs"),
    ("std::time::Instant", "esm/src/", "esm/src/clock.rs"),
    ("tokio::time", "esm/src/", "esm/src/clock.rs"),
    // A map's guard must not travel: the map stays private to the module that owns it.
    (
        "dashmap",
        "",
        "broker/src/topic/mod.rs broker/src/group/groups.rs",
    ),
    // A simulation's clock is built paused, in one place; nothing else of the product stops or moves time.
    ("tokio::time::pause", "", VIRTUAL_TIME),
    ("tokio::time::advance", "", VIRTUAL_TIME),
    ("tokio::time::resume", "", VIRTUAL_TIME),
    ("tokio::time::*", "", ""),
    // The command is built on the library, whose surfaces nobody but the facade starts.
    ("crate::args", "src/", COMMAND),
    ("crate::commands", "src/", COMMAND),
    ("crate::config_file", "src/", COMMAND),
    ("crate::memory_limit", "src/", COMMAND),
    ("crate::http", "src/", "src/facade.rs src/http/"),
    // Whoever answers the wire has partitions and groups only through operations.
    ("crate::topic::Partition", "broker/src/api/", ""),
    ("crate::topic::Partition", "broker/src/server/", ""),
    ("crate::topic::Topics", "broker/src/api/", ""),
    ("crate::topic::Topics", "broker/src/server/", ""),
    ("crate::topic::partition::Partition", "broker/src/api/", ""),
    ("crate::topic::partition::Partition", "broker/src/server/", ""),
    ("crate::log::PartitionLog", "broker/src/api/", ""),
    ("crate::log::PartitionLog", "broker/src/server/", ""),
    ("crate::group::Groups", "broker/src/api/", ""),
    // An api file translates: it never locks and never spawns.
    ("std::sync::Mutex", "broker/src/api/", ""),
    ("std::sync::RwLock", "broker/src/api/", ""),
    ("tokio", "broker/src/api/", ""),
];

/// Names that only some files may mention, whatever they are called on.
const NAMES: &[(&str, &str)] = &[("start_paused", VIRTUAL_TIME)];

/// Where virtual time is made.
const VIRTUAL_TIME: &str = "src/virtual_time.rs";

/// The `esmeralda` command, beside the library of the same package.
const COMMAND: &str = "src/main.rs src/args.rs src/config_file.rs src/memory_limit.rs src/commands/";

/// Rules and nothing else: time and values in, values out.
const PURE: &[&str] = &[
    "broker/src/log/",
    "broker/src/fetch/plan.rs",
    "broker/src/group/classic/",
    "broker/src/group/offsets.rs",
    "esm/src/batch.rs",
    "esm/src/batcher.rs",
    "esm/src/billing.rs",
    "esm/src/event.rs",
    "esm/src/event/",
    "esm/src/outcome.rs",
    "esm/src/profile.rs",
    "esm/src/profile/",
    "esm/src/retry.rs",
    "esm/src/scaler.rs",
    "esm/src/seconds.rs",
    "esm/src/source/consumer/assignor.rs",
    "esm/src/source/consumer/protocol.rs",
    "esm/src/source/consumer/tracker.rs",
    "esm/src/throughput.rs",
    "esm/src/trace.rs",
    "esm/src/trace/",
    "esm/src/work.rs",
];

/// What a pure file does not know.
const IMPURE: &[&str] = &[
    "crate::clock",
    "crate::entropy",
    "dashmap",
    "kafka_protocol",
    "std::fs",
    "std::net",
    "std::thread",
    "std::time::Instant",
    "std::time::SystemTime",
    "tokio",
];

/// Violations that exist, as `(file, path)`. May only get shorter.
const KNOWN: &[(&str, &str)] = &[
    // Clients in process are told Kafka's codes too, and these are decided in one place.
    ("broker/src/local.rs", "crate::api::errors::KafkaError"),
];

#[test]
fn no_file_names_what_its_room_may_not_know() {
    let found: BTreeSet<_> = sources().iter().flat_map(violations).collect();
    let known: BTreeSet<_> = KNOWN
        .iter()
        .map(|(file, path)| (file.to_string(), path.to_string()))
        .collect();
    let new: Vec<_> = found.difference(&known).collect();
    let gone: Vec<_> = known.difference(&found).collect();
    assert!(
        new.is_empty(),
        "against the layers (see ARCHITECTURE.md): {new:#?}"
    );
    assert!(
        gone.is_empty(),
        "no violations any more, so take them off the list: {gone:#?}"
    );
}

#[test]
fn the_rules_name_files_and_rooms_that_exist() {
    let named = BROKER_ROOMS
        .iter()
        .flat_map(|(room, others)| words(others).chain([*room]));
    for room in named.chain(words(GROUND)) {
        let folder = root().join("broker/src").join(room);
        assert!(
            folder.is_dir() || folder.with_extension("rs").is_file(),
            "no room {room}"
        );
    }
    let only = ONLY
        .iter()
        .flat_map(|(_, folder, files)| words(files).chain([*folder]));
    let names = NAMES.iter().flat_map(|(_, files)| words(files));
    for file in only.chain(names).chain(PURE.iter().copied()) {
        assert!(root().join(file).exists(), "no file {file}");
    }
}

#[test]
fn every_room_of_the_broker_has_its_rule() {
    for file in sources()
        .iter()
        .filter(|file| file.name.starts_with("broker/src/"))
    {
        let room = room(file);
        assert!(
            room == "lib" || BROKER_ROOMS.iter().any(|(name, _)| *name == room),
            "{}: a new room needs a line in BROKER_ROOMS",
            file.name
        );
    }
}

#[test]
fn violations_of_each_kind_are_found() {
    let cases = [
        ("esm/src/scaler.rs", "use crate::Clock;", "crate::clock::Clock"),
        (
            "esm/src/billing.rs",
            "use std::time::Instant;",
            "std::time::Instant",
        ),
        (
            "esm/src/throughput.rs",
            "use crate::Entropy;",
            "crate::clock::Entropy",
        ),
        ("esm/src/profile/constants.rs", "use std::fs;", "std::fs"),
        ("esm/src/trace.rs", "fn f() { tokio::spawn(g()) }", "tokio::spawn"),
        (
            "esm/src/trace/recorder.rs",
            "use tokio::sync::watch;",
            "tokio::sync::watch",
        ),
        (
            "esm/src/retry.rs",
            "use std::time; fn f() { time::Instant::now() }",
            "std::time::Instant::now",
        ),
        (
            "src/facade.rs",
            "fn f() { tokio::time::pause() }",
            "tokio::time::pause",
        ),
        (
            "src/facade.rs",
            "use tokio::time; async fn f() { time::advance(d).await }",
            "tokio::time::advance",
        ),
        (
            "broker/src/upkeep.rs",
            "use tokio::time as t; fn f() { t::resume() }",
            "tokio::time::resume",
        ),
        (
            "src/simulate/run.rs",
            "use tokio::time::{self, pause};",
            "tokio::time::pause",
        ),
        (
            "src/simulate/run.rs",
            "use tokio::time::*; fn f() { pause() }",
            "tokio::time::*",
        ),
        (
            "src/facade.rs",
            "fn f() { builder.enable_time().start_paused(true).build() }",
            "start_paused",
        ),
        (
            "src/facade.rs",
            "fn f() { Builder::start_paused(&mut builder, true) }",
            "start_paused",
        ),
        (
            "src/facade.rs",
            "#[tokio::main(start_paused = true)] async fn f() {}",
            "start_paused",
        ),
        (
            "src/lib.rs",
            "pub use crate::commands::serve;",
            "crate::commands::serve",
        ),
        (
            "src/simulate/run.rs",
            "fn f() { crate::args::Cli::parse() }",
            "crate::args::Cli::parse",
        ),
        ("src/simulate/run.rs", "use crate::http;", "crate::http"),
        (
            "src/simulate/mod.rs",
            "use super::http::Server;",
            "crate::http::Server",
        ),
        (
            "broker/src/log/batch.rs",
            "use crate::Clock;",
            "crate::clock::Clock",
        ),
        (
            "broker/src/topic/mod.rs",
            "use crate::group::Groups;",
            "crate::group::Groups",
        ),
    ];
    for (name, text, path) in cases {
        assert_eq!(
            violations(&source_file(name, text)),
            [(name.to_owned(), path.to_owned())],
            "{text}"
        );
    }
}

#[test]
fn what_a_place_allows_is_no_violation() {
    let tests = "#[cfg(test)] mod tests { #[tokio::test(start_paused = true)] async fn f() { tokio::time::advance(d).await } }";
    let cases = [
        (
            "src/virtual_time.rs",
            "fn f() { builder.start_paused(true); tokio::time::pause() }",
        ),
        (
            "src/simulate/run.rs",
            "use tokio::time; async fn f() { time::sleep(d).await }",
        ),
        (
            "src/simulate/run.rs",
            "use crate::Esmeralda; // crate::http, start_paused",
        ),
        ("src/facade.rs", "use crate::http; fn f() { \"start_paused\" }"),
        ("src/commands/demo.rs", "use crate::args::DemoArgs;"),
        (
            "esm/src/scaler.rs",
            "use std::time::Duration; use crate::trace::Cause;",
        ),
        ("esm/src/scaler.rs", tests),
    ];
    for (name, text) in cases {
        assert_eq!(violations(&source_file(name, text)), [], "{text}");
    }
}

/// Everything in this file that its place does not allow, as `(file, path)`.
fn violations(file: &SourceFile) -> Vec<(String, String)> {
    let is_forbidden = |path: &String| {
        breaks_layers(file, path)
            || ONLY.iter().any(|(only, folder, files)| {
                file.name.starts_with(folder) && is_within(path, only) && !is_one_of(file, words(files))
            })
            || (is_one_of(file, PURE.iter().copied()) && IMPURE.iter().any(|impure| is_within(path, impure)))
            || calls_another_api_file(file, path)
    };
    let paths = file.paths.iter().filter(|path| is_forbidden(path)).cloned();
    let is_mentioned = |name: &str| file.names.contains(name);
    let names = NAMES
        .iter()
        .filter(|(name, files)| is_mentioned(name) && !is_one_of(file, words(files)));
    let names = names.map(|(name, _)| (*name).to_owned());
    paths
        .chain(names)
        .map(|found| (file.name.clone(), found))
        .collect()
}

fn breaks_layers(file: &SourceFile, path: &str) -> bool {
    let Some(other) = path
        .strip_prefix("crate::")
        .and_then(|rest| rest.split("::").next())
    else {
        return false;
    };
    let room = room(file);
    let is_room = BROKER_ROOMS.iter().any(|(name, _)| *name == other);
    let is_ground = words(GROUND).any(|name| name == other);
    let is_allowed = BROKER_ROOMS
        .iter()
        .any(|(name, others)| *name == room && words(others).any(|name| name == other));
    file.name.starts_with("broker/src/") && room != other && is_room && !is_ground && !is_allowed
}

/// `crate::api` itself, the mapping of errors and the fields that messages share are shared; the files of the APIs are not.
fn calls_another_api_file(file: &SourceFile, path: &str) -> bool {
    let (Some(own), Some(rest)) = (
        file.name.strip_prefix("broker/src/api/"),
        path.strip_prefix("crate::api::"),
    ) else {
        return false;
    };
    let other = rest.split("::").next().unwrap_or_default();
    // An API may have a folder beside its file.
    let own_api = own.split('/').next().unwrap_or_default().trim_end_matches(".rs");
    let is_file =
        other.starts_with(|c: char| c.is_ascii_lowercase()) && !["errors", "fields"].contains(&other);
    // Which answers are written by hand is known where all answers are.
    !["mod", "answer"].contains(&own_api) && is_file && own_api != other
}

fn room(file: &SourceFile) -> &str {
    let path = file.name.strip_prefix("broker/src/").unwrap_or_default();
    path.split('/').next().unwrap_or_default().trim_end_matches(".rs")
}

fn is_within(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

fn is_one_of<'a>(file: &SourceFile, mut files: impl Iterator<Item = &'a str>) -> bool {
    files.any(|listed| file.name == listed || (listed.ends_with('/') && file.name.starts_with(listed)))
}

fn words(list: &str) -> impl Iterator<Item = &str> {
    list.split(' ').filter(|word| !word.is_empty())
}

/// The product's sources, with the names of their paths resolved.
fn sources() -> Vec<SourceFile> {
    let mut files = Vec::new();
    for package in ["broker/src", "esm/src", "src"] {
        collect(&root().join(package), &mut files);
    }
    assert!(files.len() > 20, "the sources were not found");
    files.sort();
    let read = |path: PathBuf| {
        let name = path
            .strip_prefix(root())
            .unwrap()
            .to_str()
            .unwrap()
            .replace('\\', "/");
        source_file(&name, &fs::read_to_string(&path).unwrap())
    };
    files.into_iter().map(read).collect()
}

/// What the file `name` names if it reads `text`.
fn source_file(name: &str, text: &str) -> SourceFile {
    static EXPORTS: LazyLock<[(&str, Exports); 2]> =
        LazyLock::new(|| ["broker/src/", "esm/src/"].map(|package| (package, crate_exports(package))));
    let exports = EXPORTS
        .iter()
        .find(|(package, _)| name.starts_with(package))
        .map_or([].as_slice(), |(_, exports)| exports);
    SourceFile {
        paths: named_paths(name, text, exports),
        names: names(text),
        name: name.to_owned(),
    }
}

/// `crate::Clock` is `crate::clock::Clock`: what a package's front exports of its own modules, by name.
fn crate_exports(package: &str) -> Exports {
    let front = format!("{package}lib.rs");
    let text = fs::read_to_string(root().join(&front)).unwrap();
    let is_own = |path: &String| {
        let module = root().join(package).join(path.split("::").next().unwrap());
        module.is_dir() || module.with_extension("rs").is_file()
    };
    let paths = named_paths(&front, &text, &[]).into_iter().filter(is_own);
    paths
        .map(|path| {
            (
                path.rsplit("::").next().unwrap().to_owned(),
                format!("crate::{path}"),
            )
        })
        .collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.unwrap().path();
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let is_test = name == "tests" || name.ends_with("_tests");
        if path.is_dir() && !is_test {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !is_test {
            files.push(path);
        }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}
