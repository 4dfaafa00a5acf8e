//! Admin calls: topics, their configs, partitions and records; groups, their members and offsets.

use std::time::Instant;

use serde_json::{Value, json};

use crate::cases::group::{GroupMember, wait};
use crate::clients::Client;
use crate::context::Context;
use crate::kafka::{self, Sent};
use crate::process::Process;
use crate::server::Server;

const TOPIC: &str = "administered";
const GROUP: &str = "described";

/// An admin client in a process.
struct Admin<'a> {
    client: &'a Client,
    process: Process,
    deadline: Instant,
}

impl Admin<'_> {
    /// Runs a step and asserts the client's report. A step that the client does not support is left out.
    fn step(&mut self, name: &str, arguments: Value, wanted: Value) {
        if !self.client.admin_steps.contains(&name) {
            return;
        }
        let mut line = arguments;
        line["step"] = json!(name);
        self.process.send(&line.to_string());
        let mut seen = self.process.expect(name, self.deadline);
        seen.as_object_mut().expect("events are objects").remove("event");
        assert_eq!(seen, wanted, "{name} by {}", self.client.name);
    }

    fn has(&self, name: &str) -> bool {
        self.client.admin_steps.contains(&name)
    }
}

pub(super) fn every_call(context: &Context, client: &Client) {
    let server = Server::start(context, &[]);
    let argument = json!({"bootstrap": server.bootstrap_servers});
    let process = client.start(context, "admin", "admin", &argument);
    let mut admin = Admin {
        client,
        process,
        deadline: context.deadline,
    };
    topics_and_configs(&mut admin);
    records(&mut admin, &server);
    if client.has_groups {
        groups(context, &mut admin, &server);
    }
    admin.step("delete_topic", json!({"topic": TOPIC}), json!({}));
    let mut left = kafka::topic_names(&server.bootstrap_servers);
    // The first look-up of a group's coordinator brings this topic into being.
    left.retain(|name| name != "__consumer_offsets");
    assert_eq!(left, [""; 0]);
}

fn topics_and_configs(admin: &mut Admin<'_>) {
    let topic = json!({"topic": TOPIC});
    // rskafka cannot set configs, so the broker uses its default.
    let configs = if admin.has("describe_configs") {
        json!({"retention.ms": "60000"})
    } else {
        json!({})
    };
    admin.step(
        "create_topic",
        json!({"topic": TOPIC, "partitions": 3, "configs": configs}),
        json!({}),
    );
    admin.step("describe_topic", topic.clone(), json!({"partitions": [0, 1, 2]}));
    let asked = json!({"topic": TOPIC, "names": ["retention.ms", "cleanup.policy"]});
    let answer =
        |retention_ms: &str| json!({"configs": {"retention.ms": retention_ms, "cleanup.policy": "delete"}});
    admin.step("describe_configs", asked.clone(), answer("60000"));
    admin.step(
        "alter_configs",
        json!({"topic": TOPIC, "configs": {"retention.ms": "86400000"}}),
        json!({}),
    );
    admin.step("describe_configs", asked, answer("86400000"));
    admin.step(
        "create_partitions",
        json!({"topic": TOPIC, "count": 5}),
        json!({}),
    );
    if admin.has("create_partitions") {
        admin.step("describe_topic", topic, json!({"partitions": [0, 1, 2, 3, 4]}));
    }
}

fn records(admin: &mut Admin<'_>, server: &Server) {
    let three = [0, 0, 0].map(|partition| Sent::new(partition, None, Some("value")));
    kafka::produce(&server.bootstrap_servers, TOPIC, &three);
    admin.step(
        "delete_records",
        json!({"topic": TOPIC, "partition": 0, "before_offset": 2}),
        json!({}),
    );
    assert_eq!(kafka::watermarks(&server.bootstrap_servers, TOPIC, 0), (2, 3));
}

fn groups(context: &Context, admin: &mut Admin<'_>, server: &Server) {
    let mut member = GroupMember::start(context, admin.client, "the-member", server, TOPIC, GROUP);
    wait(
        context.deadline,
        "the only member reads the remaining record",
        &mut [&mut member],
        |members| members[0].assigned.len() == 5 && members[0].records == [(0, 2)],
    );
    let group = json!({"group": GROUP, "topic": TOPIC});
    admin.step("list_groups", json!({}), json!({"groups": [GROUP]}));
    let members = json!([{"client_id": "the-member", "partitions": [0, 1, 2, 3, 4]}]);
    admin.step(
        "describe_group",
        group.clone(),
        json!({"state": "Stable", "members": members}),
    );
    member.commit(context.deadline);
    admin.step("group_offsets", group.clone(), json!({"offsets": {"0": 3}}));
    member.stop(context.deadline);
    admin.step(
        "describe_group",
        group.clone(),
        json!({"state": "Empty", "members": []}),
    );
    admin.step("delete_group", group, json!({}));
    if admin.has("delete_group") {
        admin.step("list_groups", json!({}), json!({"groups": []}));
    }
}
