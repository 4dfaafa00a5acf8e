//! The table of clients: the toolchain, the abilities and the program of each.
//!
//! The first argument of a program is one of five modes; the second is one JSON object.
//! - `records` produces the given records to one topic per codec, then reads every topic back from its start.
//! - `produce` reads steps from stdin: `produce` (the given values, to partition 0 of a topic) and `stop`. Clients without groups lack it.
//! - `consume` joins a group as one member and reads steps from stdin: `commit` (all reported records) and `stop`.
//! - `admin` reads steps from stdin and runs each with the client's admin calls.
//! - `transactions` commits, aborts, is fenced, and transforms records with their offsets in transactions. Some clients lack it.
//!
//! A program prints JSON lines, each with an `event`, and asserts nothing.

use std::process::ExitCode;

use serde_json::Value;

use crate::context::Context;
use crate::process::Process;
use crate::setup::Toolchain;

mod rdkafka;
mod report;
mod rskafka;

/// One client library.
pub struct Client {
    /// The library's name.
    pub name: &'static str,
    /// The toolchain of the program.
    pub toolchain: Toolchain,
    /// The program's name within its toolchain.
    program: &'static str,
    /// The codecs that the library supports.
    pub codecs: &'static [&'static str],
    /// Whether the library supports consumer groups.
    pub has_groups: bool,
    /// Whether the library supports consumer groups of KIP-848.
    pub has_consumer_protocol: bool,
    /// Whether the library allows two headers of the same name in a record.
    pub repeats_header_names: bool,
    /// Whether a consumer whose position is not in the log any more goes on where `auto.offset.reset` says.
    pub resets_lost_positions: bool,
    /// Whether the program has mode `transactions`.
    pub has_transactions: bool,
    /// The steps of mode `admin` that the library supports.
    pub admin_steps: &'static [&'static str],
}

const ALL_CODECS: &[&str] = &["none", "gzip", "snappy", "lz4", "zstd"];
const ALL_STEPS: &[&str] = &[
    "create_topic",
    "describe_topic",
    "describe_configs",
    "alter_configs",
    "create_partitions",
    "delete_records",
    "list_groups",
    "describe_group",
    "group_offsets",
    "delete_group",
    "delete_topic",
];
const ALL_STEPS_BUT_DELETE_GROUP: &[&str] = &[
    "create_topic",
    "describe_topic",
    "describe_configs",
    "alter_configs",
    "create_partitions",
    "delete_records",
    "list_groups",
    "describe_group",
    "group_offsets",
    "delete_topic",
];

/// All clients. kcat is a program already, and has cases of its own.
pub const ALL: &[Client] = &[
    Client {
        has_consumer_protocol: true,
        has_transactions: true,
        ..Client::new("confluent-kafka", Toolchain::Python, "confluent.py")
    },
    Client::new("kafka-python", Toolchain::Python, "kafka_python.py"),
    Client {
        admin_steps: ALL_STEPS_BUT_DELETE_GROUP,
        ..Client::new("aiokafka", Toolchain::Python, "aiokafka_client.py")
    },
    Client::new("kafkajs", Toolchain::Node, "kafkajs.js"),
    Client {
        resets_lost_positions: false,
        ..Client::new("platformatic", Toolchain::Node, "platformatic.mjs")
    },
    Client {
        has_consumer_protocol: true,
        has_transactions: true,
        ..Client::new("java", Toolchain::Java, "Client")
    },
    Client {
        has_consumer_protocol: true,
        has_transactions: true,
        ..Client::new("franz-go", Toolchain::Go, "franz")
    },
    Client::new("sarama", Toolchain::Go, "sarama"),
    Client::new("rdkafka", Toolchain::Rust, "rdkafka"),
    Client {
        has_groups: false,
        repeats_header_names: false,
        admin_steps: &["create_topic", "describe_topic", "delete_records", "delete_topic"],
        ..Client::new("rskafka", Toolchain::Rust, "rskafka")
    },
    Client {
        codecs: &[],
        has_groups: false,
        admin_steps: &[],
        ..Client::new("kcat", Toolchain::Kcat, "kcat")
    },
];

impl Client {
    const fn new(name: &'static str, toolchain: Toolchain, program: &'static str) -> Client {
        Client {
            name,
            toolchain,
            program,
            codecs: ALL_CODECS,
            has_groups: true,
            has_consumer_protocol: false,
            repeats_header_names: true,
            resets_lost_positions: true,
            has_transactions: false,
            admin_steps: ALL_STEPS,
        }
    }

    /// Starts the program in `mode`; `label` names its logs.
    pub fn start(&self, context: &Context, label: &str, mode: &str, argument: &Value) -> Process {
        let mut command = context.setup.command(self.toolchain, self.program);
        command.arg(mode).arg(argument.to_string());
        Process::start(&format!("{}-{label}", self.name), &mut command, &context.log_dir)
    }
}

/// Runs a client program that is linked into this binary.
pub fn run_in_this_process(program: &str) -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let mode = arguments.next().unwrap_or_default();
    let argument = arguments
        .next()
        .and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or(Value::Null);
    let result = match program {
        "rdkafka" => rdkafka::run(&mode, &argument),
        "rskafka" => rskafka::run(&mode, &argument),
        _ => Err(format!("unknown client program {program:?}: must be rdkafka or rskafka").into()),
    };
    if let Err(error) = result {
        report::failure(&error.to_string());
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
