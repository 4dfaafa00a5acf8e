//! The schema registry, as the serializers of confluent-kafka for Python and @kafkajs/confluent-schema-registry use it.

use std::process::Command;

use serde_json::{Value, json};

use crate::case::Case;
use crate::context::Context;
use crate::kafka;
use crate::process::Process;
use crate::server::Server;
use crate::setup::Toolchain;

const TOPIC: &str = "orders";

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::with(
            "confluent-kafka-python",
            "serializers_register_schemas_and_read_back_their_records",
            &[Toolchain::Python],
            round_trip,
        ),
        Case::with(
            "confluent-kafka-python",
            "the_schema_registry_answers_every_call_of_its_client",
            &[Toolchain::Python],
            every_call,
        ),
        Case::with(
            "kafkajs-schema-registry",
            "schemas_are_registered_looked_up_and_used_by_a_new_client",
            &[Toolchain::Node],
            every_call_of_node,
        ),
    ]
}

/// Starts the Python program in one of its modes.
pub(super) fn program(context: &Context, server: &Server, mode: &str) -> Process {
    start(
        context,
        context.setup.command(Toolchain::Python, "schema_registry.py"),
        server,
        mode,
    )
}

fn start(context: &Context, mut command: Command, server: &Server, mode: &str) -> Process {
    let argument = json!({
        "registry": server.http,
        "bootstrap_servers": server.bootstrap_servers,
        "topic": TOPIC,
    });
    command.arg(mode).arg(argument.to_string());
    Process::start("schema-registry", &mut command, &context.log_dir)
}

fn round_trip(context: &Context) {
    let server = Server::start(context, &[]);
    kafka::create_topic(&server.bootstrap_servers, TOPIC, 1);
    let mut program = program(context, &server, "round_trip");
    let record = program.expect("record", context.deadline);
    assert_eq!(record["key"], json!({"id": 7}));
    assert_eq!(record["value"], json!({"id": 7, "customer": "Ada"}));
    assert_eq!(record["framing"], json!([[0, 0, 0, 0, 1], [0, 0, 0, 0, 2]]));
    server.stop();
}

fn every_call(context: &Context) {
    let server = Server::start(context, &[]);
    let mut program = program(context, &server, "every_call");
    let wanted: &[(&str, Value)] = &[
        ("register", json!([1, 2, 1])),
        ("versions", json!([1, 2])),
        ("lookup", json!(1)),
        ("latest", json!(2)),
        ("by_id", json!(true)),
        ("subjects", json!(["s"])),
        ("compatible", json!([true, false])),
        ("incompatible", json!([409, 409])),
        ("level", json!("BACKWARD")),
        ("no_level", json!([404, 40408])),
        ("own_level", json!("NONE")),
        ("unchecked", json!(3)),
        ("delete_version", json!(3)),
        ("delete", json!([1, 2])),
        ("gone", json!([404, 40401])),
        ("delete_for_good", json!([1, 2, 3])),
        ("no_subject", json!([404, 40401])),
    ];
    assert_values(&mut program, wanted, context);
    server.stop();
}

fn every_call_of_node(context: &Context) {
    let server = Server::start(context, &[]);
    let command = context.setup.command(Toolchain::Node, "schema_registry.js");
    let mut program = start(context, command, &server, "every_call");
    let wanted: &[(&str, Value)] = &[
        ("register", json!([1, 2, 1])),
        ("incompatible", json!(["ResponseError", 409])),
        ("json", json!(3)),
        ("latest", json!(2)),
        ("of_version", json!(1)),
        ("of_schema", json!(2)),
        ("no_subject", json!(["ResponseError", 404])),
        ("framing", json!([[0, 0, 0, 0, 2], [0, 0, 0, 0, 3]])),
        ("decoded", json!([{"id": 7, "customer": "Ada"}, {"id": 7}])),
    ];
    assert_values(&mut program, wanted, context);
    server.stop();
}

/// Asserts the values that a program reports.
fn assert_values(program: &mut Process, wanted: &[(&str, Value)], context: &Context) {
    for (of, value) in wanted {
        let found = program.expect("value", context.deadline);
        assert_eq!((&found["of"], &found["value"]), (&json!(of), value));
    }
}
