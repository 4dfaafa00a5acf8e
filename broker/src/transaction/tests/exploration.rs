//! All histories of a small scope: two producers share one id, of either version, near the end of the epochs or not; requests come twice,
//! late and out of order; transactions time out, the id expires; markers are written one by one.
//!
//! Each distinct state is visited once. What must hold in words:
//! - an id has at most one open or undecided transaction, which one producer id and epoch began;
//! - the epoch of a producer id never goes back, and a producer id that was given up never comes back;
//! - a transaction completes only after each of its partitions has its marker;
//! - a transaction that was committed is never aborted, and one that was aborted is never committed: all its markers agree;
//! - a producer that was told of a commit finds it committed;
//! - only the producer that has the current epoch commits.

use super::*;
use crate::transaction::end::Ended;
use crate::transaction::init::Initialised;
use std::collections::{BTreeMap, VecDeque};

/// A producer as its client sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Client {
    producer: Option<(ProducerId, ProducerEpoch)>,
    version: TransactionVersion,
    /// The request that it sent last, which may come once more.
    sent: Option<(ProducerId, ProducerEpoch, TransactionOutcome)>,
}

/// The world: one id, two clients, and what happened to the transaction that is open or was the last.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct World {
    id: Option<TransactionMetadata>,
    clients: [Client; 2],
    next_id: ProducerId,
    /// The producer id and epoch that began the open transaction.
    owner: Option<(ProducerId, ProducerEpoch)>,
    /// The partitions that were added to the transaction.
    added: BTreeSet<TopicPartition>,
    /// The markers of the transaction that is being ended.
    markers: BTreeMap<TopicPartition, TransactionOutcome>,
}

/// A step of the exploration.
#[derive(Clone, Copy, Debug)]
enum Event {
    Init {
        client: usize,
        names_former: bool,
    },
    Add {
        client: usize,
        topic: &'static str,
    },
    End {
        client: usize,
        outcome: TransactionOutcome,
    },
    SendAgain {
        client: usize,
    },
    WriteMarker,
    TimeOut,
    Expire,
}

fn events() -> Vec<Event> {
    let mut events = vec![Event::WriteMarker, Event::TimeOut, Event::Expire];
    for client in [0, 1] {
        events.extend([
            Event::Init {
                client,
                names_former: false,
            },
            Event::Init {
                client,
                names_former: true,
            },
            Event::Add { client, topic: "a" },
            Event::Add { client, topic: "b" },
            Event::End {
                client,
                outcome: TransactionOutcome::Commit,
            },
            Event::End {
                client,
                outcome: TransactionOutcome::Abort,
            },
            Event::SendAgain { client },
        ]);
    }
    events
}

impl World {
    fn new(versions: [TransactionVersion; 2], first_epoch: i16) -> Self {
        let id = TransactionMetadata {
            producer_epoch: ProducerEpoch(first_epoch),
            ..TransactionMetadata::new(ProducerId(0), TIMEOUT_MS, 0)
        };
        Self {
            id: Some(id).filter(|_| first_epoch >= 0),
            clients: versions.map(|version| Client {
                producer: None,
                version,
                sent: None,
            }),
            next_id: ProducerId(1),
            owner: None,
            added: BTreeSet::new(),
            markers: BTreeMap::new(),
        }
    }

    /// Returns the next world; `None` if nothing changes.
    fn after(&self, event: Event) -> Option<Self> {
        let mut world = self.clone();
        match event {
            Event::Init { client, names_former } => world.init(client, names_former),
            Event::Add { client, topic } => world.add(client, topic),
            Event::End { client, outcome } => {
                let (producer_id, producer_epoch) = world.clients[client].producer?;
                world.clients[client].sent = Some((producer_id, producer_epoch, outcome));
                world.end(client);
            }
            Event::SendAgain { client } => world.end(client),
            Event::WriteMarker => world.write_marker(),
            Event::TimeOut => {
                let id = world.id.clone()?;
                if id.has_timed_out(i64::from(TIMEOUT_MS) + 1) {
                    let next_id = &mut world.next_id;
                    let next = id.fence(0, TransactionVersion::V2, || take(next_id));
                    world.store(next);
                }
            }
            Event::Expire => {
                if world.id.as_ref().is_some_and(|id| id.has_expired(1, 1)) {
                    assert_eq!(world.owner, None, "no transaction is forgotten");
                    world.id = None;
                }
            }
        }
        (world != *self).then_some(world)
    }

    fn init(&mut self, client: usize, names_former: bool) {
        let former = self.clients[client].producer.filter(|_| names_former);
        let former = former.map(|(producer_id, producer_epoch)| FormerProducer {
            producer_id,
            producer_epoch,
        });
        let next_id = &mut self.next_id;
        let created = || TransactionMetadata::new(take(next_id), TIMEOUT_MS, 0);
        let before = self.id.clone().unwrap_or_else(created);
        let next_id = &mut self.next_id;
        match before.init_producer(0, TransactionVersion::V2, TIMEOUT_MS, former, || take(next_id)) {
            Ok(Initialised::Producer(next)) => {
                self.clients[client].producer = Some((next.producer_id, next.producer_epoch));
                self.clients[client].sent = None;
                self.store(next);
            }
            Ok(Initialised::Aborting(next)) => self.store(next),
            Err(_) => {}
        }
    }

    fn add(&mut self, client: usize, topic: &str) {
        let Client {
            producer, version, ..
        } = self.clients[client];
        let (Some(id), Some(producer)) = (&self.id, producer) else {
            return;
        };
        let new = partitions(&[topic]);
        if let Ok(Some(next)) = id.add_partitions(0, producer, &new, version) {
            assert!(
                self.owner.is_none_or(|owner| owner == producer),
                "one producer writes"
            );
            self.owner = Some(producer);
            self.added.extend(new);
            self.store(next);
        }
    }

    fn end(&mut self, client: usize) {
        let Client { sent, version, .. } = self.clients[client];
        let (Some(id), Some((producer_id, producer_epoch, outcome))) = (self.id.clone(), sent) else {
            return;
        };
        let request = EndRequest {
            producer_id,
            producer_epoch,
            outcome,
            client_version: version,
        };
        let next_id = &mut self.next_id;
        match id.end(0, request, || take(next_id)) {
            Ok(Ended::Prepared(next)) => {
                if outcome == TransactionOutcome::Commit {
                    assert_eq!(
                        self.owner,
                        Some((producer_id, producer_epoch)),
                        "only its producer commits"
                    );
                }
                if version == TransactionVersion::V2 {
                    self.clients[client].producer = Some(next.producer_when_complete());
                }
                self.store(next);
            }
            Ok(Ended::Before) => {
                let is_commit = id.state == TransactionState::CompleteCommit;
                assert_eq!(
                    is_commit,
                    outcome == TransactionOutcome::Commit,
                    "the answer is true"
                );
            }
            Err(_) => {}
        }
    }

    /// Writes one marker, and completes the transaction after the last one.
    fn write_marker(&mut self) {
        let Some(id) = self.id.clone().filter(|id| id.state.is_prepared()) else {
            return;
        };
        let outcome = id.outcome().expect("it is decided");
        let mut next = id.clone();
        if let Some(partition) = id.partitions.first() {
            self.markers.insert(partition.clone(), outcome);
            next = id.without_partitions(&BTreeSet::from([partition.clone()]));
        }
        if next.partitions.is_empty() {
            next = next.completed(0);
            let marked: BTreeSet<_> = self.markers.keys().cloned().collect();
            assert_eq!(marked, self.added, "each partition has its marker");
            assert!(
                self.markers.values().all(|marker| *marker == outcome),
                "all markers agree"
            );
            self.markers.clear();
            self.added.clear();
            self.owner = None;
        }
        self.store(next);
    }

    fn store(&mut self, next: TransactionMetadata) {
        if let Some(before) = &self.id {
            assert!(next.may_follow(before), "{next:?} after {before:?}");
            if next.producer_id == before.producer_id {
                assert!(
                    next.producer_epoch >= before.producer_epoch,
                    "an epoch never goes back"
                );
            }
            // Ids are given out in order, so a smaller one has been given up.
            assert!(
                next.producer_id >= before.producer_id,
                "a producer id that was given up never comes back"
            );
            if let Some(decided) = before.outcome() {
                let is_complete = next.state == decided.complete() && self.added.is_empty();
                assert!(
                    next.outcome() == Some(decided) || is_complete,
                    "an outcome stays, and only the last marker completes"
                );
            }
        }
        assert!(next.producer_id < self.next_id, "ids are given out once");
        self.id = Some(next);
    }
}

fn take(next_id: &mut ProducerId) -> ProducerId {
    next_id.0 += 1;
    ProducerId(next_id.0 - 1)
}

/// Visits all worlds up to `depth` events from `start`, and returns their number.
fn explore(start: World, depth: usize) -> usize {
    let mut seen = BTreeSet::from([start.clone()]);
    let mut open = VecDeque::from([(start, 0)]);
    while let Some((world, steps)) = open.pop_front() {
        if steps == depth {
            continue;
        }
        for next in events().into_iter().filter_map(|event| world.after(event)) {
            if seen.insert(next.clone()) {
                open.push_back((next, steps + 1));
            }
        }
    }
    seen.len()
}

#[test]
fn no_short_history_of_two_producers_breaks_an_invariant() {
    use TransactionVersion::{V1, V2};
    let mut count = 0;
    for versions in [[V1, V1], [V1, V2], [V2, V2]] {
        // A new id, and one whose epochs are about to run out.
        for first_epoch in [-1, i16::MAX - 3] {
            count += explore(World::new(versions, first_epoch), 8);
        }
    }
    assert!(count > 10_000, "{count} worlds are too few");
}
