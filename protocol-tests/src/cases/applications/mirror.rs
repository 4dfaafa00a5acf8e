//! MirrorMaker 2 between two processes of the product.

use super::properties;
use crate::context::Context;
use crate::kafka::{self, Sent};
use crate::process::Process;
use crate::server::Server;
use crate::wait::until;

const COUNT: usize = 100;

/// Copies a topic and the offset of a group that has read it to its end. The copy has the same records under the name `a.orders`.
pub(super) fn two_clusters(context: &Context) {
    let from = Server::start(context, &["--set", "group.initial.rebalance.delay.ms=0"]);
    let to = Server::start(context, &["--set", "group.initial.rebalance.delay.ms=0"]);
    kafka::create_topic(&from.bootstrap_servers, "orders", 1);
    let values: Vec<String> = (0..COUNT).map(|number| format!("order {number}")).collect();
    let records: Vec<Sent> = values
        .iter()
        .map(|value| Sent::new(0, Some("key"), Some(value)))
        .collect();
    kafka::produce(&from.bootstrap_servers, "orders", &records);
    kafka::commit(&from.bootstrap_servers, "readers", "orders", COUNT as i64);
    let file = properties(
        context,
        "mirror.properties",
        &[
            ("clusters", "a, b"),
            ("a.bootstrap.servers", &from.bootstrap_servers),
            ("b.bootstrap.servers", &to.bootstrap_servers),
            ("a->b.enabled", "true"),
            ("a->b.topics", "orders"),
            ("a->b.groups", "readers"),
            ("b->a.enabled", "false"),
            ("replication.factor", "1"),
            ("checkpoints.topic.replication.factor", "1"),
            ("heartbeats.topic.replication.factor", "1"),
            ("offset-syncs.topic.replication.factor", "1"),
            ("offset.storage.replication.factor", "1"),
            ("status.storage.replication.factor", "1"),
            ("config.storage.replication.factor", "1"),
            ("offset.lag.max", "0"),
            ("sync.group.offsets.enabled", "true"),
            ("sync.group.offsets.interval.seconds", "1"),
            ("emit.checkpoints.interval.seconds", "1"),
            ("refresh.topics.interval.seconds", "1"),
            ("refresh.groups.interval.seconds", "1"),
        ],
    );
    let mut command = context.setup.mirror_maker();
    let _mirror = Process::start("mirror", command.arg(&file), &context.log_dir);
    until(
        context.deadline,
        || "the topic is mirrored".to_owned(),
        || kafka::topic_names(&to.bootstrap_servers).contains(&"a.orders".to_owned()),
    );
    let copied = kafka::read(&to.bootstrap_servers, "a.orders", COUNT, context.deadline);
    let copied: Vec<String> = copied
        .into_iter()
        .map(|value| String::from_utf8(value).expect("an order is text"))
        .collect();
    assert_eq!(copied, values);
    until(
        context.deadline,
        || "the group's offset is mirrored".to_owned(),
        || kafka::committed(&to.bootstrap_servers, "readers", "a.orders", 1) == [Some(COUNT as i64)],
    );
}
