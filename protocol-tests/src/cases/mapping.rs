//! Event source mappings, made with AWS's own tools: the events that their function receives, and the group that Kafka tools see.

use serde_json::{Value, json};

mod aws;
mod cloudwatch;
mod contract;
mod delivery;
mod destinations;
mod event;
mod function;
mod functions;
mod group;
mod remote;
mod runtimes;
mod scaling;
mod schemas;
mod signatures;
mod states;
mod typed_events;

use crate::case::Case;
use crate::context::Context;
use crate::kafka;
use crate::server::Server;
use crate::wait::until;

const TOPIC: &str = "orders";
const ACCOUNT_ID: &str = "000000000000";
const REGION: &str = "us-east-1";

pub(super) fn cases() -> Vec<Case> {
    let mut cases = delivery::cases();
    cases.extend(destinations::cases());
    cases.extend(states::cases());
    cases.extend(event::cases());
    cases.extend(typed_events::cases());
    cases.extend(group::cases());
    cases.extend(functions::cases());
    cases.extend(runtimes::cases());
    cases.extend(scaling::cases());
    cases.extend(schemas::cases());
    cases.extend(contract::cases());
    cases.extend(cloudwatch::cases());
    cases.extend(signatures::cases());
    cases.extend(remote::cases());
    cases
}

fn create_arguments(server: &Server) -> Value {
    let bootstrap: Vec<&str> = server.bootstrap_servers.split(',').collect();
    json!({
        "FunctionName": "receive",
        "Topics": [TOPIC],
        "SelfManagedEventSource": {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": bootstrap}},
        "StartingPosition": "TRIM_HORIZON",
        "BatchSize": 100,
        "MaximumBatchingWindowInSeconds": 0,
        "ProvisionedPollerConfig": {"MinimumPollers": 2, "MaximumPollers": 4},
    })
}

/// Asserts the value of each member in `wanted`. Other members are ignored.
fn assert_members(answer: &Value, wanted: &Value) {
    for (name, value) in wanted.as_object().expect("wanted members are an object") {
        assert_eq!(&answer[name], value, "{name} of {answer}");
    }
}

fn uuid_of(answer: &Value) -> String {
    answer["UUID"]
        .as_str()
        .unwrap_or_else(|| panic!("no UUID in {answer}"))
        .to_owned()
}

fn assert_committed_to_the_end(context: &Context, server: &Server, group: &str, partition_count: i32) {
    let ends: Vec<Option<i64>> = (0..partition_count)
        .map(|partition| Some(kafka::watermarks(&server.bootstrap_servers, TOPIC, partition).1))
        .collect();
    let committed = || kafka::committed(&server.bootstrap_servers, group, TOPIC, partition_count);
    until(
        context.deadline,
        || format!("commits {:?}, ends {ends:?}", committed()),
        || committed() == ends,
    );
}
