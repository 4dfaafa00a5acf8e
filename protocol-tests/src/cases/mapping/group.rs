//! The group of a mapping, as Kafka tools see it and as an outside consumer joins it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use serde_json::{Value, json};

use super::aws::Boto;
use super::function::Function;
use super::{TOPIC, assert_committed_to_the_end, create_arguments, uuid_of};
use crate::case::Case;
use crate::cases::group::{GroupMember, numbers};
use crate::clients;
use crate::context::Context;
use crate::kafka::{self, Sent};
use crate::process::Process;
use crate::server::Server;
use crate::setup::Toolchain;
use crate::wait::until;

pub(super) fn cases() -> Vec<Case> {
    vec![Case::with(
        "kafka-python",
        "sees_a_mapping_as_a_group_and_shares_its_partitions",
        &[Toolchain::Python],
        shared_group,
    )]
}

/// The state of a group, and the partitions of each member by its client id.
type Description = (String, BTreeMap<String, BTreeSet<i64>>);

fn describe(admin: &mut Process, group: &str, deadline: Instant) -> Description {
    admin.send(&json!({"step": "describe_group", "group": group}).to_string());
    let event = admin.expect("describe_group", deadline);
    let members = event["members"].as_array().into_iter().flatten();
    let member = |member: &Value| {
        (
            member["client_id"].as_str().unwrap_or("?").to_owned(),
            numbers(&member["partitions"]),
        )
    };
    (
        event["state"].as_str().unwrap_or("?").to_owned(),
        members.map(member).collect(),
    )
}

fn shared_group(context: &Context) {
    let deadline = context.deadline;
    let mut function = Function::start(context, 0);
    let server = Server::start(context, &["--lambda-endpoint", &function.url]);
    kafka::create_topic(&server.bootstrap_servers, TOPIC, 6);
    let mut boto = Boto::start(context, &server);
    // Minimum and maximum are equal, so that lag adds no poller to those that are described below.
    let mut arguments = create_arguments(&server);
    arguments["ProvisionedPollerConfig"] = json!({"MinimumPollers": 2, "MaximumPollers": 2});
    let uuid = uuid_of(&boto.call("create_event_source_mapping", &arguments));
    boto.wait_for_state(&uuid, "Enabled");

    let kafka_python = clients::ALL
        .iter()
        .find(|client| client.name == "kafka-python")
        .expect("the table has kafka-python");
    let argument = json!({"bootstrap": server.bootstrap_servers});
    let mut admin = kafka_python.start(context, "admin", "admin", &argument);
    let mut last: Option<Description> = None;
    let pollers: Vec<String> = (0..2).map(|number| format!("{uuid}-{number}")).collect();
    let with_outsider = |name: &str| {
        pollers
            .iter()
            .cloned()
            .chain([name.to_owned()])
            .collect::<Vec<_>>()
    };
    let mut wait_for_members = |names: &[String], each: usize| {
        until(
            deadline,
            || format!("{names:?} with {each} partitions each"),
            || {
                let (state, members) = describe(&mut admin, &uuid, deadline);
                let all: BTreeSet<i64> = members.values().flatten().copied().collect();
                let divided = members.values().all(|partitions| partitions.len() == each);
                let holds =
                    state == "Stable" && members.keys().eq(names) && divided && all == (0..6).collect();
                last = Some((state, members));
                holds
            },
        );
    };
    wait_for_members(&pollers, 3);

    // No records are produced while the outside consumer is a member: the function would not get those of its partitions.
    let outsider = GroupMember::start(context, kafka_python, "zz-outsider", &server, TOPIC, &uuid);
    wait_for_members(&with_outsider("zz-outsider"), 2);
    outsider.stop(deadline);
    wait_for_members(&pollers, 3);

    let one_each: Vec<Sent<'_>> = (0..6)
        .map(|partition| Sent::new(partition, None, Some("value")))
        .collect();
    kafka::produce(&server.bootstrap_servers, TOPIC, &one_each);
    function.wait_for(6, deadline);
    assert_eq!(
        function.received().into_iter().collect::<BTreeSet<_>>(),
        (0..6).map(|one| (one, 0)).collect()
    );
    assert_committed_to_the_end(context, &server, &uuid, 6);
    server.stop();
}
