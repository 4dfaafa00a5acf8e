//! The uniform assignor for a group whose members subscribe to different topics: among the subscribers of each topic the partition counts
//! differ by one at most where the subscriptions allow it, and within that bound members keep what they had.
//!
//! Three steps: members lose what they no longer subscribe to; free partitions go to the least loaded subscribers; partitions move from the
//! most to the least loaded subscribers of each topic, until a whole turn moves none. Source: Kafka's
//! `UniformHeterogeneousAssignmentBuilder`.

use super::GroupSpec;
use crate::group::consumer::assignment::{Partitions, insert};
use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// The maximum number of turns over all topics. Overlapping subscriptions take more than one, and each about halves the imbalance.
const MAX_TURNS: usize = 16;

/// The index of a member in the group's list.
type MemberIndex = usize;

pub(super) fn assign(group: &GroupSpec) -> Vec<Partitions> {
    let mut builder = Builder::new(group);
    builder.assign_free();
    builder.balance();
    builder.into_assignments()
}

struct Builder<'a> {
    group: &'a GroupSpec,
    /// The subscribers of each topic, in order.
    subscribers: BTreeMap<Uuid, Vec<MemberIndex>>,
    /// The owner of each partition of each topic.
    owners: BTreeMap<Uuid, Vec<Option<MemberIndex>>>,
    /// The number of partitions of each member.
    loads: Vec<usize>,
}

impl<'a> Builder<'a> {
    /// Begins with what the members had and still subscribe to.
    fn new(group: &'a GroupSpec) -> Self {
        let mut subscribers: BTreeMap<Uuid, Vec<MemberIndex>> = BTreeMap::new();
        for (index, member) in group.members.iter().enumerate() {
            for topic in &member.topics {
                subscribers.entry(*topic).or_default().push(index);
            }
        }
        let unowned = |topic: &Uuid| (*topic, vec![None; group.partition_counts[topic]]);
        let mut owners: BTreeMap<_, _> = subscribers.keys().map(unowned).collect();
        let mut loads = vec![0; group.members.len()];
        for (index, member) in group.members.iter().enumerate() {
            let kept = member
                .assigned
                .iter()
                .filter(|(topic, _)| member.topics.contains(topic));
            for (topic, partitions) in kept {
                loads[index] += partitions.len();
                let owners = owners.get_mut(topic).expect("the topic has a subscriber");
                for partition in partitions {
                    owners[*partition as usize] = Some(index);
                }
            }
        }
        Self {
            group,
            subscribers,
            owners,
            loads,
        }
    }

    /// Orders topics by partitions per subscriber, most first, then by the number of subscribers, then by id.
    fn sort_topics(&self, topics: &mut [Uuid]) {
        let measures = |topic: &Uuid| (self.owners[topic].len(), self.subscribers[topic].len());
        topics.sort_by(|one, other| {
            let ((partitions, subscribers), (other_partitions, other_subscribers)) =
                (measures(one), measures(other));
            // The quotients are compared as products, which are exact.
            let by_share = (other_partitions * subscribers).cmp(&(partitions * other_subscribers));
            by_share
                .then(subscribers.cmp(&other_subscribers))
                .then_with(|| one.cmp(other))
        });
    }

    fn assign_free(&mut self) {
        let has_free = |(_, owners): &(&Uuid, &Vec<Option<MemberIndex>>)| owners.contains(&None);
        let mut topics: Vec<_> = self
            .owners
            .iter()
            .filter(has_free)
            .map(|(topic, _)| *topic)
            .collect();
        self.sort_topics(&mut topics);
        for topic in topics {
            let mut balancer = Balancer::new(&self.subscribers[&topic], &self.loads);
            for partition in 0..self.owners[&topic].len() {
                if self.owners[&topic][partition].is_none() {
                    let member = balancer.next_least_loaded(&self.loads);
                    self.give(topic, partition, member);
                }
            }
        }
    }

    fn balance(&mut self) {
        // Partitions of a topic with one subscriber cannot move.
        let can_move = |(_, subscribers): &(&Uuid, &Vec<MemberIndex>)| subscribers.len() >= 2;
        let topics = self.subscribers.iter().filter(can_move);
        let mut topics: Vec<_> = topics.map(|(topic, _)| *topic).collect();
        self.sort_topics(&mut topics);
        let mut last_moved = None;
        for _ in 0..MAX_TURNS {
            for (index, topic) in topics.iter().enumerate() {
                if last_moved == Some(index) {
                    // A whole turn has moved nothing.
                    return;
                }
                if self.balance_topic(*topic) || last_moved.is_none() {
                    last_moved = Some(index);
                }
            }
        }
    }

    /// Moves partitions of one topic from its most to its least loaded subscribers. Returns true if any moved.
    fn balance_topic(&mut self, topic: Uuid) -> bool {
        let mut balancer = Balancer::new(&self.subscribers[&topic], &self.loads);
        if balancer.imbalance(&self.loads) <= 1 {
            return false;
        }
        let mut owned: HashMap<MemberIndex, Vec<usize>> = HashMap::new();
        for (partition, owner) in self.owners[&topic].iter().enumerate() {
            owned
                .entry(owner.expect("all are assigned"))
                .or_default()
                .push(partition);
        }
        let mut has_moved = false;
        while !balancer.is_balanced() {
            // The last partition of the most loaded member that has one.
            let partition = loop {
                let Some(most_loaded) = balancer.next_most_loaded(&self.loads) else {
                    return has_moved;
                };
                match owned.get_mut(&most_loaded).and_then(Vec::pop) {
                    Some(partition) => break partition,
                    None => balancer.exclude_most_loaded(),
                }
            };
            let least_loaded = balancer.next_least_loaded(&self.loads);
            // The steps above may have closed the gap.
            if balancer.is_balanced() {
                break;
            }
            self.give(topic, partition, least_loaded);
            has_moved = true;
        }
        has_moved
    }

    fn give(&mut self, topic: Uuid, partition: usize, member: MemberIndex) {
        let owner = &mut self.owners.get_mut(&topic).expect("a subscribed topic")[partition];
        if let Some(before) = owner.replace(member) {
            self.loads[before] -= 1;
        }
        self.loads[member] += 1;
    }

    fn into_assignments(self) -> Vec<Partitions> {
        let mut assignments = vec![Partitions::new(); self.group.members.len()];
        for (topic, owners) in self.owners {
            for (partition, owner) in owners.into_iter().enumerate() {
                let owner = owner.expect("every partition has a subscriber");
                insert(&mut assignments[owner], topic, partition as i32);
            }
        }
        assignments
    }
}

/// The subscribers of one topic by load. Two ranges at both ends, in which all members have the same load, widen towards each other: the
/// least loaded take partitions in turns, and the most loaded give them in turns.
// Loads are signed here, because the range at the lower end begins below the least load.
struct Balancer {
    /// The members, least loaded first, as they were at the beginning.
    sorted: Vec<MemberIndex>,
    least_end: usize,
    least_load: isize,
    next_least: usize,
    most_start: usize,
    /// Ends before the members that were excluded because they have nothing to give.
    most_end: usize,
    most_load: isize,
    next_most: isize,
}

impl Balancer {
    fn new(members: &[MemberIndex], loads: &[usize]) -> Self {
        let mut sorted = members.to_vec();
        sorted.sort_by(|one, other| -> Ordering { loads[*one].cmp(&loads[*other]).then(one.cmp(other)) });
        let count = sorted.len();
        let load = |position: usize| loads[sorted[position]] as isize;
        Self {
            least_end: 0,
            least_load: load(0) - 1,
            next_least: 0,
            most_start: count,
            most_end: count,
            most_load: load(count - 1) + 1,
            next_most: count as isize - 1,
            sorted,
        }
    }

    fn load(&self, position: usize, loads: &[usize]) -> isize {
        loads[self.sorted[position]] as isize
    }

    /// Returns the difference between the most and the least load.
    fn imbalance(&self, loads: &[usize]) -> isize {
        self.load(self.sorted.len() - 1, loads) - self.load(0, loads)
    }

    /// Returns the member that takes the next partition.
    fn next_least_loaded(&mut self, loads: &[usize]) -> MemberIndex {
        if self.next_least >= self.least_end {
            // Each member of the range took one, so that its level rises, and those at that level come in.
            self.least_load += 1;
            while self.least_end < self.sorted.len() && self.load(self.least_end, loads) == self.least_load {
                self.least_end += 1;
            }
            self.next_least = 0;
        }
        self.next_least += 1;
        self.sorted[self.next_least - 1]
    }

    /// Returns the member that gives the next partition; `None` if no member has one to give.
    fn next_most_loaded(&mut self, loads: &[usize]) -> Option<MemberIndex> {
        if self.next_most < self.most_start as isize {
            if self.most_end <= self.most_start && self.most_start > 0 {
                // Every member of the range was excluded, so that its level says nothing.
                self.most_load = self.load(self.most_start - 1, loads);
            } else {
                self.most_load -= 1;
            }
            while self.most_start > 0 && self.load(self.most_start - 1, loads) == self.most_load {
                self.most_start -= 1;
            }
            self.next_most = self.most_end as isize - 1;
        }
        let position = usize::try_from(self.next_most).ok()?;
        self.next_most -= 1;
        Some(self.sorted[position])
    }

    /// Excludes the member that [`Self::next_most_loaded`] returned last.
    fn exclude_most_loaded(&mut self) {
        let position = (self.next_most + 1) as usize;
        self.sorted.swap(position, self.most_end - 1);
        self.most_end -= 1;
    }

    fn is_balanced(&self) -> bool {
        self.most_load - self.least_load <= 1
    }
}
