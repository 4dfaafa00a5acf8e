//! The rules of ARCHITECTURE.md as tables: rooms, the paths that only some files may name, and the files that are pure.

/// One crate, its rooms, and the rooms that each of them may name. A room is a file or folder directly below the crate's `src`.
pub(crate) struct Package {
    /// The folder from the project's root, with a slash at the end.
    pub(crate) folder: &'static str,
    /// The rooms that all others may name: values that are handed down.
    pub(crate) ground: &'static str,
    /// Each room with the rooms that it may name besides itself and the ground.
    pub(crate) rooms: &'static [(&'static str, &'static str)],
}

/// The crates of the product.
pub(crate) const PACKAGES: &[Package] = &[BROKER, ESM, ROOT];

const BROKER: Package = Package {
    folder: "broker/src/",
    ground: "ids clock entropy config pool",
    rooms: &[
        ("ids", ""),
        ("clock", ""),
        ("entropy", ""),
        ("config", ""),
        ("pool", ""),
        ("wire", ""),
        ("bounds", "wire"),
        ("messages", ""),
        ("security", ""),
        ("features", ""),
        ("pattern", ""),
        ("log", ""),
        // Topic, group and transaction do not know each other: what needs two of them is an operation.
        ("topic", "log"),
        ("group", "pattern wire"),
        ("telemetry", "pattern"),
        ("transaction", "wire"),
        ("fetch", "topic log"),
        (
            "cluster",
            "features topic group telemetry transaction fetch log metrics security",
        ),
        ("metrics", ""),
        (
            "operations",
            "cluster features topic group telemetry transaction fetch log metrics pattern security",
        ),
        (
            "upkeep",
            "operations cluster topic group transaction fetch log metrics",
        ),
        // What is below operations comes up as values and errors; see ONLY for what stays there.
        (
            "api",
            "wire bounds messages operations cluster features topic group telemetry transaction fetch log metrics",
        ),
        ("local", "operations cluster topic group fetch log security"),
        ("server", "api wire operations cluster metrics security"),
        // For tests that read the log.
        ("subscribers", ""),
        // The fuzzers' way in.
        ("fuzzing", "server api messages operations cluster log security"),
        // For the benches, which measure below the operations.
        ("bench", "log"),
        // It starts and stops everything.
        (
            "broker",
            "server upkeep local operations cluster topic group telemetry fetch metrics",
        ),
    ],
};

const ESM: Package = Package {
    folder: "esm/src/",
    ground: "clock profile",
    rooms: &[
        ("clock", ""),
        ("profile", ""),
        ("seconds", ""),
        ("date", ""),
        ("retry", ""),
        ("throughput", ""),
        ("invoker", ""),
        ("secrets", ""),
        // A source gives records and hears which are finished; it knows nothing of batches and functions.
        ("source", "schema"),
        // It lies behind a source, so what comes after does not know that records were decoded.
        ("decoder", "schema source"),
        ("batch", "source"),
        ("event", "batch source"),
        ("batcher", "batch source"),
        ("filter", ""),
        ("schema", ""),
        ("destination", "batch date source"),
        ("config", "batch destination filter invoker schema secrets source"),
        ("function_api", "config date invoker"),
        ("outcome", "config destination invoker"),
        ("work", "batch config destination outcome retry source"),
        ("delivery", "batch config date destination retry source"),
        ("billing", ""),
        ("scaler", "source"),
        ("metrics", "scaler"),
        // What is measured, by minute. It reads counters, and knows no poller.
        ("cloudwatch", "billing config date invoker metrics source"),
        ("trace", "billing scaler seconds"),
        // A poller hears of scaling by its orders only.
        (
            "poller",
            "batch batcher cloudwatch config delivery destination invoker metrics outcome retry source throughput work",
        ),
        ("fleet", "cloudwatch config poller source"),
        (
            "mapping",
            "cloudwatch config fleet metrics poller scaler source trace",
        ),
        (
            "engine",
            "cloudwatch config decoder delivery invoker mapping metrics poller retry schema secrets source trace",
        ),
    ],
};

const ROOT: Package = Package {
    folder: "src/",
    ground: "date",
    rooms: &[
        ("date", ""),
        ("virtual_time", ""),
        ("declarations", ""),
        ("create_functions", ""),
        ("credentials", ""),
        ("http", "create_functions credentials"),
        ("import", ""),
        // What is measured, sent to a receiver.
        ("otlp", ""),
        ("facade", "create_functions credentials http otlp virtual_time"),
        // A simulation is built on the facade, as any suite in Rust could be.
        ("simulate", "declarations facade"),
        ("args", ""),
        ("config_file", ""),
        ("memory_limit", ""),
        // The commands reach the library by its name, `esmeralda`.
        ("commands", "args config_file memory_limit"),
    ],
};

/// Modules of `broker/src/api/` that the files of all APIs may name.
pub(crate) const SHARED_BY_APIS: &str = "errors fields answer";

/// Files of `broker/src/api/` that may name those of the APIs.
pub(crate) const ABOVE_APIS: &str = "mod";

/// Paths that, within a folder, only some files (or folders, with a slash at the end) may name.
pub(crate) const ONLY: &[(&str, &str, &str)] = &[
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
    (
        "kafka_protocol",
        "esm/src/",
        "esm/src/source/remote.rs esm/src/source/remote/",
    ),
    // One file knows the parser of templates.
    ("saphyr_parser", "src/", "src/import/parser.rs"),
    ("kafka_protocol", "src/", ""),
    (
        "kafka_protocol::messages",
        "broker/src/",
        "broker/src/api/ broker/src/bounds/ broker/src/fuzzing/ broker/src/messages/ broker/src/server/",
    ),
    (
        "kafka_protocol::ResponseError",
        "broker/src/",
        "broker/src/api/errors.rs broker/src/api/errors/",
    ),
    (
        "kafka_protocol::error",
        "broker/src/",
        "broker/src/api/errors.rs broker/src/api/errors/",
    ),
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
        "broker/src/topic/mod.rs broker/src/group/groups.rs broker/src/group/registry.rs",
    ),
    // A simulation's clock is built paused, in one place; nothing else of the product stops or moves time.
    ("tokio::time::pause", "", VIRTUAL_TIME),
    ("tokio::time::advance", "", VIRTUAL_TIME),
    ("tokio::time::resume", "", VIRTUAL_TIME),
    ("tokio::time::*", "", ""),
    // The command is built on the library, whose HTTP port only the facade starts.
    ("crate::args", "src/", COMMAND),
    ("crate::commands", "src/", COMMAND),
    ("crate::config_file", "src/", COMMAND),
    ("crate::memory_limit", "src/", COMMAND),
    ("crate::http", "src/", "src/facade.rs src/http/"),
    // The files that answer the wire reach partitions and groups only through operations.
    ("crate::topic::Partition", "broker/src/api/", ""),
    ("crate::topic::Partition", "broker/src/server/", ""),
    ("crate::topic::Topics", "broker/src/api/", ""),
    ("crate::topic::Topics", "broker/src/server/", ""),
    ("crate::topic::partition::Partition", "broker/src/api/", ""),
    ("crate::topic::partition::Partition", "broker/src/server/", ""),
    ("crate::log::PartitionLog", "broker/src/api/", ""),
    ("crate::log::PartitionLog", "broker/src/server/", ""),
    ("crate::group::Groups", "broker/src/api/", ""),
    ("crate::transaction::Transactions", "broker/src/api/", ""),
    // An api file translates: it never locks and never spawns.
    ("std::sync::Mutex", "broker/src/api/", ""),
    ("std::sync::RwLock", "broker/src/api/", ""),
    ("tokio", "broker/src/api/", ""),
];

/// Names that only some files may mention, whatever they are called on.
pub(crate) const NAMES: &[(&str, &str)] = &[("start_paused", VIRTUAL_TIME)];

/// The file that makes virtual time.
const VIRTUAL_TIME: &str = "src/virtual_time.rs";

/// The `esmeralda` command, beside the library of the same package.
const COMMAND: &str =
    "src/main.rs src/args.rs src/args/ src/config_file.rs src/memory_limit.rs src/commands/";

/// Rules and nothing else: time and values in, values out.
pub(crate) const PURE: &[&str] = &[
    "broker/src/features.rs",
    "broker/src/features/",
    "broker/src/log/",
    "broker/src/fetch/plan.rs",
    "broker/src/topic/placement.rs",
    "broker/src/topic/placement/",
    "broker/src/topic/reassignment.rs",
    "broker/src/group/classic/",
    "broker/src/group/config.rs",
    "broker/src/group/config/",
    "broker/src/group/consumer/",
    "broker/src/group/timers.rs",
    "broker/src/group/offsets.rs",
    "broker/src/telemetry/config.rs",
    "broker/src/telemetry/subscription.rs",
    "broker/src/transaction/end.rs",
    "broker/src/transaction/init.rs",
    "broker/src/transaction/listing.rs",
    "broker/src/transaction/metadata.rs",
    "broker/src/transaction/partitions.rs",
    "broker/src/transaction/state.rs",
    "esm/src/batch.rs",
    "esm/src/batcher.rs",
    "esm/src/billing.rs",
    "esm/src/cloudwatch/names.rs",
    "esm/src/cloudwatch/samples.rs",
    "esm/src/cloudwatch/series.rs",
    "esm/src/date.rs",
    "esm/src/delivery/signature.rs",
    "esm/src/destination.rs",
    "esm/src/destination/",
    "esm/src/event.rs",
    "esm/src/event/",
    "esm/src/filter.rs",
    "esm/src/filter/",
    "esm/src/outcome.rs",
    "esm/src/profile.rs",
    "esm/src/profile/",
    "esm/src/retry.rs",
    "esm/src/scaler.rs",
    "esm/src/scaler/",
    "esm/src/schema.rs",
    "esm/src/schema/",
    "esm/src/seconds.rs",
    "esm/src/secrets.rs",
    "esm/src/source/consumer/assignor.rs",
    "esm/src/source/consumer/protocol.rs",
    "esm/src/source/consumer/tracker.rs",
    "esm/src/source/remote/batches.rs",
    "esm/src/throughput.rs",
    "esm/src/trace.rs",
    "esm/src/trace/",
    "esm/src/work.rs",
    "src/simulate/evaluation.rs",
];

/// Paths that a pure file may not name.
pub(crate) const IMPURE: &[&str] = &[
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
pub(crate) const KNOWN: &[(&str, &str)] = &[
    // Clients in process are told Kafka's codes too, and these are decided in one place.
    ("broker/src/local.rs", "crate::api::errors::KafkaError"),
];

/// Lines that break a rule: the file that they would stand in, the line, and the path that the test finds.
pub(crate) const FORBIDDEN: &[(&str, &str, &str)] = &[
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
        "crate::group::groups::Groups",
    ),
];

/// Lines that break no rule.
pub(crate) const ALLOWED: &[(&str, &str)] = &[
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
        "use std::time::Duration; use crate::source::Progress;",
    ),
    (
        "esm/src/scaler.rs",
        "#[cfg(test)] mod tests { #[tokio::test(start_paused = true)] async fn f() { tokio::time::advance(d).await } }",
    ),
];
