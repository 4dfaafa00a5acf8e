//! Several brokers in one process: leaders on all of them, and clients that follow.

use std::collections::BTreeSet;

use serde_json::json;

use crate::case::Case;
use crate::cases::group::{GroupMember, wait};
use crate::clients::{self, Client};
use crate::context::Context;
use crate::kafka;
use crate::server::Server;

const TOPIC: &str = "spread-none";
const PARTITION_COUNT: i64 = 6;
/// Clients with different implementations: Apache's own, librdkafka, and one each in Go and JavaScript.
const CLIENTS: &[&str] = &["java", "rdkafka", "franz-go", "kafkajs"];

pub(super) fn cases() -> Vec<Case> {
    clients::ALL
        .iter()
        .filter(|client| CLIENTS.contains(&client.name))
        .map(|client| Case::of(client, "uses_every_one_of_three_brokers", three_brokers))
        .collect()
}

fn three_brokers(context: &Context, client: &Client) {
    let server = Server::start(context, &["--brokers", "3"]);
    // Only the last broker is named: any broker must serve as bootstrap server.
    let last = server
        .bootstrap_servers
        .rsplit(',')
        .next()
        .expect("a list has a last entry")
        .to_owned();
    assert_eq!(
        server.bootstrap_servers.split(',').count(),
        3,
        "{}",
        server.bootstrap_servers
    );
    kafka::create_topic(&last, TOPIC, PARTITION_COUNT as i32);
    let leaders = kafka::leaders(&last, TOPIC);
    assert_eq!(
        leaders.iter().collect::<BTreeSet<_>>().len(),
        3,
        "leaders are {leaders:?}"
    );

    let records: Vec<_> = (0..PARTITION_COUNT)
        .map(|partition| {
            json!({"partition": partition, "timestamp": 1_700_000_000_000_i64, "key": "k", "value": "v", "headers": []})
        })
        .collect();
    let argument = json!({
        "bootstrap": last,
        "codecs": ["none"],
        "prefix": "spread-",
        "partitions": PARTITION_COUNT,
        "records": records,
    });
    let seen = client
        .start(context, "records", "records", &argument)
        .finish(context.deadline);
    let read: BTreeSet<_> = seen
        .iter()
        .filter(|event| event["event"] == "record")
        .map(|event| (event["partition"].as_i64(), event["offset"].as_i64()))
        .collect();
    assert_eq!(
        read,
        (0..PARTITION_COUNT)
            .map(|partition| (Some(partition), Some(0)))
            .collect()
    );

    // The coordinators of these groups are on different brokers.
    for group in ["one", "two", "three"] {
        let mut member = GroupMember::start(context, client, group, &server, TOPIC, group);
        wait(
            context.deadline,
            "a member reads from every broker",
            &mut [&mut member],
            |members| members[0].records.len() == PARTITION_COUNT as usize,
        );
        member.commit(context.deadline);
        member.stop(context.deadline);
        let committed = kafka::committed(&server.bootstrap_servers, group, TOPIC, PARTITION_COUNT as i32);
        assert_eq!(committed, vec![Some(1); PARTITION_COUNT as usize]);
    }
}
