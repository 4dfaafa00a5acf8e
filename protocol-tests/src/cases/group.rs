//! Two members of one group: they divide the partitions, one is killed, the other takes over and commits, and a third member resumes
//! exactly at the commit. With the classic protocol, and with the consumer protocol of KIP-848.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::clients::Client;
use crate::context::Context;
use crate::kafka::{self, Sent};
use crate::process::Process;
use crate::server::Server;

const TOPIC: &str = "shared";
const GROUP: &str = "the-group";
const PARTITION_COUNT: i32 = 4;

/// A consumer in a process, with its reports.
pub(super) struct GroupMember {
    process: Process,
    /// The partitions that the member reports as its own.
    pub(super) assigned: BTreeSet<i64>,
    /// Partition and offset of each record, in the order of the reports.
    pub(super) records: Vec<(i64, i64)>,
    committed_count: usize,
    stopped: bool,
}

impl GroupMember {
    pub(super) fn start(
        context: &Context,
        client: &Client,
        name: &str,
        server: &Server,
        topic: &str,
        group: &str,
    ) -> GroupMember {
        Self::start_with(context, client, name, server, topic, group, "classic")
    }

    /// Starts a member of that group protocol.
    pub(super) fn start_with(
        context: &Context,
        client: &Client,
        name: &str,
        server: &Server,
        topic: &str,
        group: &str,
        protocol: &str,
    ) -> GroupMember {
        let argument = json!({
            "bootstrap": server.bootstrap_servers,
            "topic": topic,
            "group": group,
            "client_id": name,
            "protocol": protocol,
        });
        GroupMember {
            process: client.start(context, name, "consume", &argument),
            assigned: BTreeSet::new(),
            records: Vec::new(),
            committed_count: 0,
            stopped: false,
        }
    }

    /// Reads all reports; waits a moment for the first one.
    fn pump(&mut self) {
        let mut patience = Duration::from_millis(20);
        while !self.stopped
            && let Some(event) = self.process.poll(patience)
        {
            patience = Duration::ZERO;
            match event["event"].as_str() {
                Some("assigned") => self.assigned = numbers(&event["partitions"]),
                Some("record") => {
                    let number = |member: &str| event[member].as_i64().unwrap_or_else(|| panic!("{event}"));
                    self.records.push((number("partition"), number("offset")));
                }
                Some("committed") => self.committed_count += 1,
                Some("stopped") => self.stopped = true,
                _ => panic!("{} reports {event}", self.process.name()),
            }
        }
    }

    pub(super) fn commit(&mut self, deadline: Instant) {
        let wanted = self.committed_count + 1;
        self.process.send(r#"{"step":"commit"}"#);
        wait(deadline, "a commit is acknowledged", &mut [self], |members| {
            members[0].committed_count == wanted
        });
    }

    pub(super) fn stop(mut self, deadline: Instant) {
        self.process.send(r#"{"step":"stop"}"#);
        wait(deadline, "the member leaves", &mut [&mut self], |members| {
            members[0].stopped
        });
        let status = self.process.wait(deadline);
        assert!(status.success(), "{} ended with {status}", self.process.name());
    }
}

pub(super) fn numbers(value: &Value) -> BTreeSet<i64> {
    value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_i64)
        .collect()
}

/// Reads the members' reports until `holds` returns true. Panics with `what` at `deadline`.
pub(super) fn wait(
    deadline: Instant,
    what: &str,
    members: &mut [&mut GroupMember],
    holds: impl Fn(&[&mut GroupMember]) -> bool,
) {
    loop {
        members.iter_mut().for_each(|member| member.pump());
        if holds(members) {
            return;
        }
        let state = || {
            let tell = |member: &&mut GroupMember| {
                format!(
                    "{} has {:?}, read {:?}",
                    member.process.name(),
                    member.assigned,
                    member.records
                )
            };
            members.iter().map(tell).collect::<Vec<_>>().join("; ")
        };
        assert!(Instant::now() < deadline, "not in time: {what}. {}", state());
    }
}

/// Produces one record to every partition.
fn produce_one_each(server: &Server) {
    let records: Vec<Sent<'_>> = (0..PARTITION_COUNT)
        .map(|partition| Sent::new(partition, Some("key"), Some("value")))
        .collect();
    kafka::produce(&server.bootstrap_servers, TOPIC, &records);
}

fn each_partition_at(offset: i64) -> BTreeSet<(i64, i64)> {
    (0..i64::from(PARTITION_COUNT))
        .map(|partition| (partition, offset))
        .collect()
}

fn set(records: &[(i64, i64)]) -> BTreeSet<(i64, i64)> {
    records.iter().copied().collect()
}

pub(super) fn killed_member(context: &Context, client: &Client) {
    kill_member(context, client, "classic");
}

pub(super) fn killed_member_of_consumer_group(context: &Context, client: &Client) {
    kill_member(context, client, "consumer");
}

/// The timeouts of the consumer protocol, which are the broker's, as short as those of the clients in the classic protocol.
const SHORT_TIMEOUTS: &[&str] = &[
    "--set",
    "group.consumer.min.session.timeout.ms=6000",
    "--set",
    "group.consumer.session.timeout.ms=6000",
    "--set",
    "group.consumer.min.heartbeat.interval.ms=500",
    "--set",
    "group.consumer.heartbeat.interval.ms=500",
];

fn kill_member(context: &Context, client: &Client, protocol: &str) {
    let deadline = context.deadline;
    let all: BTreeSet<i64> = (0..i64::from(PARTITION_COUNT)).collect();
    let server = Server::start(context, SHORT_TIMEOUTS);
    kafka::create_topic(&server.bootstrap_servers, TOPIC, PARTITION_COUNT);
    produce_one_each(&server);
    let member = |name: &str| GroupMember::start_with(context, client, name, &server, TOPIC, GROUP, protocol);

    let mut first = member("first");
    wait(
        deadline,
        "the only member reads everything",
        &mut [&mut first],
        |members| members[0].assigned == all && members[0].records.len() == all.len(),
    );
    assert_eq!(set(&first.records), each_partition_at(0));
    first.commit(deadline);

    let mut second = member("second");
    wait(
        deadline,
        "two members divide the partitions",
        &mut [&mut first, &mut second],
        |members| {
            let [one, two] = [&members[0].assigned, &members[1].assigned];
            one.len() == 2 && two.len() == 2 && one.is_disjoint(two)
        },
    );
    let owned_by_first = first.assigned.clone();
    assert_eq!(&owned_by_first | &second.assigned, all);

    produce_one_each(&server);
    wait(
        deadline,
        "each member reads its own partitions",
        &mut [&mut first, &mut second],
        |members| members[0].records.len() == 6 && members[1].records.len() == 2,
    );
    assert_eq!(
        set(&second.records),
        second.assigned.iter().map(|partition| (*partition, 1)).collect()
    );

    // The first member is killed. Its partitions, with uncommitted records, go to the survivor when its session has expired.
    drop(first);
    wait(
        deadline,
        "the survivor takes over",
        &mut [&mut second],
        |members| members[0].assigned == all && set(&members[0].records) == each_partition_at(1),
    );
    let taken_over: Vec<i64> = second.records[2..]
        .iter()
        .map(|(partition, _)| *partition)
        .collect();
    assert!(
        owned_by_first
            .iter()
            .all(|partition| taken_over.contains(partition)),
        "{taken_over:?} read again, of {owned_by_first:?}"
    );
    second.commit(deadline);
    second.stop(deadline);
    assert_eq!(
        kafka::committed(&server.bootstrap_servers, GROUP, TOPIC, PARTITION_COUNT),
        vec![Some(2); 4]
    );

    produce_one_each(&server);
    let mut third = member("third");
    wait(
        deadline,
        "a new member resumes from the commit",
        &mut [&mut third],
        |members| members[0].assigned == all && members[0].records.len() >= all.len(),
    );
    assert_eq!(third.records.len(), all.len());
    assert_eq!(set(&third.records), each_partition_at(2));
    third.stop(deadline);
}
