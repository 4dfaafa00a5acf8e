//! The rules in small scope: every sequence of a few steps of a few members, and long random ones. Members lose answers, leave, come back and
//! expire; topics grow and go. After each step the invariants of the module hold, and from each state the group comes to rest.

use super::driver::{Driver, join, keep_alive, report, topic_id};
use super::*;
use assignment::Partitions;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// A client with what it believes.
#[derive(Clone, Debug)]
struct Client {
    member_id: &'static str,
    /// Set for a static member.
    instance: Option<&'static str>,
    /// 0 if it is not in the group, as far as it knows.
    epoch: i32,
    owned: Partitions,
    /// True if the answer before was lost: the next request then has everything.
    has_missed_an_answer: bool,
}

/// One step of a client or of the topics.
#[derive(Clone, Copy, Debug)]
enum Step {
    Join(usize),
    /// A heartbeat that reports what the client owns.
    Report(usize),
    /// The same, and the answer is lost.
    ReportIntoTheVoid(usize),
    KeepAlive(usize),
    Leave(usize),
    /// The session ends, which the client does not know.
    Expire(usize),
    Grow,
    Delete,
}

#[derive(Clone)]
struct World {
    driver: Driver,
    clients: Vec<Client>,
    /// The topics that exist, with their numbers of partitions.
    topics: BTreeMap<&'static str, usize>,
}

impl World {
    fn new(clients: &[(&'static str, Option<&'static str>)]) -> Self {
        let clients = clients.iter().map(|(member_id, instance)| Client {
            member_id,
            instance: *instance,
            epoch: 0,
            owned: Partitions::new(),
            has_missed_an_answer: false,
        });
        Self {
            driver: Driver::new(&[("t", 2), ("u", 1)]),
            clients: clients.collect(),
            topics: BTreeMap::from([("t", 2), ("u", 1)]),
        }
    }

    fn take(&mut self, step: Step) {
        let before = self.driver.epochs();
        match step {
            Step::Join(index) => self.join(index),
            Step::Report(index) => {
                let answer = self.send(index, true);
                self.hear(index, answer);
            }
            Step::ReportIntoTheVoid(index) => {
                drop(self.send(index, true));
                self.clients[index].has_missed_an_answer = true;
            }
            Step::KeepAlive(index) => {
                let answer = self.send(index, false);
                self.hear(index, answer);
            }
            Step::Leave(index) => self.leave(index),
            Step::Expire(index) => {
                let id: MemberId = self.clients[index].member_id.into();
                if self.driver.group.members.contains_key(&id) {
                    self.driver.group.remove_members(&[id]);
                }
            }
            Step::Grow => {
                if let Some(count) = self.topics.get_mut("t") {
                    *count = 3;
                    self.driver.set_topic("t", 3);
                }
            }
            Step::Delete => {
                self.topics.remove("u");
                self.driver.delete_topic("u");
            }
        }
        self.driver.assert_consistent();
        // Nobody reads the journal here.
        drop(self.driver.group.take_records());
        let after = self.driver.epochs();
        assert!(after.0 >= before.0 && after.1 >= before.1, "{before:?} {after:?}");
        self.assert_no_partition_is_read_twice();
    }

    fn request(&self, index: usize, request: HeartbeatRequest) -> HeartbeatRequest {
        HeartbeatRequest {
            group_instance_id: self.clients[index].instance.map(Arc::from),
            ..request
        }
    }

    fn join(&mut self, index: usize) {
        // A client that joins again has given up everything.
        self.clients[index].owned.clear();
        self.clients[index].epoch = 0;
        let request = self.request(index, join(self.clients[index].member_id, &["t", "u"]));
        let answer = self.driver.try_send(request);
        self.hear(index, Some(answer));
    }

    /// Sends a heartbeat of a client that believes to be in the group.
    fn send(&mut self, index: usize, reports: bool) -> Option<Result<HeartbeatAnswer, HeartbeatError>> {
        let client = &self.clients[index];
        if client.epoch <= 0 {
            return None;
        }
        let request = if client.has_missed_an_answer {
            HeartbeatRequest {
                member_epoch: client.epoch,
                owned: Some(driver::owned_list(&client.owned)),
                ..join(client.member_id, &["t", "u"])
            }
        } else if reports {
            report(client.member_id, client.epoch, &client.owned)
        } else {
            keep_alive(client.member_id, client.epoch)
        };
        let request = self.request(index, request);
        Some(self.driver.try_send(request))
    }

    fn hear(&mut self, index: usize, answer: Option<Result<HeartbeatAnswer, HeartbeatError>>) {
        let client = &mut self.clients[index];
        client.has_missed_an_answer = false;
        match answer {
            None => {}
            Some(Ok(answer)) => {
                client.epoch = answer.member_epoch;
                if let Some(assignment) = answer.assignment {
                    client.owned = assignment;
                }
            }
            Some(Err(HeartbeatError::UnreleasedInstanceId { .. })) => {}
            Some(Err(_)) => {
                client.epoch = 0;
                client.owned.clear();
            }
        }
    }

    fn leave(&mut self, index: usize) {
        let client = &self.clients[index];
        if client.epoch > 0 {
            let epoch = if client.instance.is_some() { -2 } else { -1 };
            let request = self.request(index, keep_alive(client.member_id, epoch));
            let _ = self.driver.try_send(request);
            self.clients[index].epoch = 0;
            self.clients[index].owned.clear();
        }
    }

    /// Asserts that no two clients own a partition. One whose member is gone does not count: its session has ended, and so has its time to read.
    fn assert_no_partition_is_read_twice(&self) {
        let mut read = BTreeSet::new();
        for client in &self.clients {
            if let Some(member) = self.driver.group.members.get(client.member_id)
                && client.epoch > 0
                && member.epoch.0 >= client.epoch
            {
                for partition in assignment::iter(&client.owned) {
                    assert!(
                        read.insert(partition),
                        "{partition:?} is read twice: {:?}",
                        self.clients
                    );
                }
            }
        }
    }

    /// Lets all clients send heartbeats in turns until nothing changes, and asserts that every partition has its reader. Members whose
    /// clients do not know of them, or that will return, keep what they have until their sessions end, so that these end here.
    fn assert_comes_to_rest(&self) {
        let mut world = self.clone();
        world.report_in_turns();
        let members = world.driver.group.members.values();
        let is_lost = |member: &&ConsumerMember| {
            let mut clients = world.clients.iter();
            !clients.any(|client| *client.member_id == *member.id && client.epoch == member.epoch.0)
        };
        let lost: Vec<_> = members.filter(is_lost).map(|member| member.id.clone()).collect();
        if !lost.is_empty() {
            world.driver.group.remove_members(&lost);
            world.report_in_turns();
        }
        if world.driver.group.members.is_empty() {
            return;
        }
        let state = world.driver.group.state();
        assert_eq!(state, GroupState::Stable, "{:?}", world.clients);
        let readers = world
            .clients
            .iter()
            .flat_map(|client| assignment::iter(&client.owned));
        let read: BTreeSet<_> = readers.collect();
        let all = world.topics.iter().flat_map(|(name, count)| {
            let topic = topic_id(name);
            (0..*count as i32).map(move |partition| (topic, partition))
        });
        assert_eq!(read, all.collect::<BTreeSet<_>>());
    }

    fn report_in_turns(&mut self) {
        for _ in 0..10 {
            for index in 0..self.clients.len() {
                self.take(Step::Report(index));
            }
        }
    }

    /// Returns a value that is equal for states that behave alike.
    fn key(&self) -> String {
        let group = &self.driver.group;
        format!(
            "{:?} {:?} {:?} {:?} {:?}",
            group.members, group.epoch, group.target, self.topics, self.clients
        )
    }
}

fn steps(client_count: usize) -> Vec<Step> {
    let of_client = |index| {
        [
            Step::Join(index),
            Step::Report(index),
            Step::ReportIntoTheVoid(index),
            Step::KeepAlive(index),
            Step::Leave(index),
            Step::Expire(index),
        ]
    };
    let of_clients = (0..client_count).flat_map(of_client);
    of_clients.chain([Step::Grow, Step::Delete]).collect()
}

/// Takes every sequence of `depth` steps, each different state once.
fn explore(clients: &[(&'static str, Option<&'static str>)], depth: usize) -> usize {
    let mut seen = BTreeSet::new();
    let mut states = vec![World::new(clients)];
    for _ in 0..depth {
        let mut next = Vec::new();
        for world in &states {
            for step in steps(clients.len()) {
                let mut world = world.clone();
                world.take(step);
                if seen.insert(world.key()) {
                    world.assert_comes_to_rest();
                    next.push(world);
                }
            }
        }
        states = next;
    }
    seen.len()
}

#[test]
fn every_short_history_of_two_members_keeps_the_invariants_and_comes_to_rest() {
    let count = explore(&[("a", None), ("b", None)], 5);
    assert!(count > 500, "{count} states");
}

#[test]
fn every_short_history_with_a_static_member_that_returns_keeps_the_invariants() {
    let count = explore(&[("a", None), ("s1", Some("s")), ("s2", Some("s"))], 4);
    assert!(count > 500, "{count} states");
}

fn any_step(client_count: usize) -> impl Strategy<Value = Step> {
    proptest::sample::select(steps(client_count))
}

proptest! {
    // A failure prints the steps and the seed.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn long_random_histories_keep_the_invariants(
        steps in proptest::collection::vec(any_step(5), 1..120)
    ) {
        let mut world = World::new(&[("a", None), ("b", None), ("c", None), ("s1", Some("s")), ("s2", Some("s"))]);
        for step in steps {
            world.take(step);
        }
        world.assert_comes_to_rest();
    }
}
