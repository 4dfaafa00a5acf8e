//! The assignors: the partitions that the leader of a group gives to each member. Pure.
//!
//! `esmeralda-sticky` is ours, and the coordinator chooses it while every member is a poller: the numbers of partitions differ by at most
//! one, and no partition moves without need. `cooperative-sticky` gives the same, but a partition that moves is left unassigned until its
//! owner has taken part in a rebalance without it (KIP-429, `CooperativeStickyAssignor.adjustAssignment`). Consumers from outside know
//! `range` and `roundrobin`, which are Kafka's: `org.apache.kafka.clients.consumer.{RangeAssignor, RoundRobinAssignor}`, without racks and
//! static members, which pollers do not have.

use super::protocol::{Partitions, Subscription};
use crate::profile::RebalanceProtocol;
use std::collections::{BTreeMap, BTreeSet};

const STICKY: &str = "esmeralda-sticky";
const COOPERATIVE: &str = "cooperative-sticky";

/// Returns the assignors that a poller offers, the most wanted first. A poller that keeps its partitions through a rebalance offers only
/// assignors that take that into account.
pub(super) fn offered(protocol: RebalanceProtocol) -> &'static [&'static str] {
    match protocol {
        RebalanceProtocol::Eager => &[STICKY, "range", "roundrobin"],
        RebalanceProtocol::Cooperative => &[COOPERATIVE],
    }
}

/// Returns whether an assignor uses the partitions that a member owned before.
pub(super) fn is_sticky(name: &str) -> bool {
    matches!(name, STICKY | COOPERATIVE)
}

/// Assigns all partitions of `partition_counts` to the members that subscribe to them. Each member has an entry.
pub(super) fn assign(
    name: &str,
    members: &BTreeMap<String, Subscription>,
    partition_counts: &BTreeMap<String, i32>,
) -> BTreeMap<String, Partitions> {
    let mut assignments: BTreeMap<String, Partitions> = members
        .keys()
        .map(|member| (member.clone(), Partitions::new()))
        .collect();
    let mut give = |member: &str, topic: &str, partition: i32| {
        let partitions = assignments.get_mut(member).expect("only members are given any");
        partitions.entry(topic.to_owned()).or_default().push(partition);
    };
    match name {
        "roundrobin" => round_robin(members, partition_counts, &mut give),
        _ => {
            for (topic, count) in partition_counts {
                let subscribers = subscribers(members, topic);
                match name {
                    _ if subscribers.is_empty() => {}
                    STICKY => sticky(members, &subscribers, topic, *count, &mut give),
                    COOPERATIVE => cooperative(members, &subscribers, topic, *count, &mut give),
                    // The coordinator chooses among the names that every member offers, so this is `range`.
                    _ => range(&subscribers, topic, *count, &mut give),
                }
            }
        }
    }
    for partitions in assignments.values_mut().flat_map(BTreeMap::values_mut) {
        partitions.sort_unstable();
    }
    assignments
}

/// Returns the members that subscribe to a topic, ascending.
fn subscribers<'a>(members: &'a BTreeMap<String, Subscription>, topic: &str) -> Vec<&'a str> {
    let subscribing = members
        .iter()
        .filter(|(_, subscription)| subscription.topics.iter().any(|other| other == topic));
    subscribing.map(|(member, _)| member.as_str()).collect()
}

/// Gives each member consecutive partitions, and the first members one more if they cannot be divided evenly.
fn range(members: &[&str], topic: &str, count: i32, give: &mut impl FnMut(&str, &str, i32)) {
    let (each, more) = (count as usize / members.len(), count as usize % members.len());
    let mut partitions = 0..count;
    for (index, member) in members.iter().enumerate() {
        let quota = each + usize::from(index < more);
        for partition in partitions.by_ref().take(quota) {
            give(member, topic, partition);
        }
    }
}

/// Gives all partitions of all topics to the members in turn, without those that do not subscribe to the topic.
fn round_robin(
    members: &BTreeMap<String, Subscription>,
    partition_counts: &BTreeMap<String, i32>,
    give: &mut impl FnMut(&str, &str, i32),
) {
    let mut turn = members.iter().cycle();
    for (topic, count) in partition_counts {
        if subscribers(members, topic).is_empty() {
            continue;
        }
        for partition in 0..*count {
            let (member, _) = turn
                .find(|(_, subscription)| subscription.topics.contains(topic))
                .expect("the topic has a subscriber");
            give(member, topic, partition);
        }
    }
}

/// Moves as few partitions as possible: each member keeps what it owned up to its quota. The members that owned most have the larger
/// quotas.
fn sticky(
    members: &BTreeMap<String, Subscription>,
    subscribers: &[&str],
    topic: &str,
    count: i32,
    give: &mut impl FnMut(&str, &str, i32),
) {
    let mut owned = owned(members, subscribers, topic, count);
    let (each, more) = (
        count as usize / subscribers.len(),
        count as usize % subscribers.len(),
    );
    // Stable: among members that own equally many, the smaller id comes first.
    owned.sort_by_key(|(_, partitions)| std::cmp::Reverse(partitions.len()));
    // Ordered, so that the same members always get the same partitions.
    let mut free: BTreeSet<i32> = (0..count).collect();
    let mut wanting = Vec::new();
    for (rank, (member, partitions)) in owned.iter().enumerate() {
        let quota = each + usize::from(rank < more);
        for partition in partitions.iter().take(quota) {
            free.remove(partition);
            give(member, topic, *partition);
        }
        wanting.push((*member, quota.saturating_sub(partitions.len())));
    }
    let mut free = free.into_iter();
    for (member, quota) in wanting {
        for partition in free.by_ref().take(quota) {
            give(member, topic, partition);
        }
    }
}

/// Gives the same as `sticky`, without partitions that another member still owns.
fn cooperative(
    members: &BTreeMap<String, Subscription>,
    subscribers: &[&str],
    topic: &str,
    count: i32,
    give: &mut impl FnMut(&str, &str, i32),
) {
    let owned = owned(members, subscribers, topic, count);
    let mut owners: BTreeMap<i32, &str> = BTreeMap::new();
    for (member, partitions) in &owned {
        owners.extend(partitions.iter().map(|partition| (*partition, *member)));
    }
    sticky(
        members,
        subscribers,
        topic,
        count,
        &mut |member: &str, topic: &str, partition| {
            if owners.get(&partition).is_none_or(|owner| *owner == member) {
                give(member, topic, partition);
            }
        },
    );
}

/// Returns the partitions that each subscriber owned, ascending. If two claim the same partition, the one of the later generation owned
/// it.
fn owned<'a>(
    members: &BTreeMap<String, Subscription>,
    subscribers: &[&'a str],
    topic: &str,
    count: i32,
) -> Vec<(&'a str, Vec<i32>)> {
    let mut owners: BTreeMap<i32, (i32, &str)> = BTreeMap::new();
    for member in subscribers {
        let subscription = &members[*member];
        let claims = subscription.owned.get(topic).into_iter().flatten();
        for partition in claims.filter(|partition| (0..count).contains(*partition)) {
            let claim = (subscription.generation_id, *member);
            let owner = owners.entry(*partition).or_insert(claim);
            if claim.0 > owner.0 {
                *owner = claim;
            }
        }
    }
    let owned_by = |member: &str| {
        let owned = owners.iter().filter(|(_, (_, owner))| *owner == member);
        owned.map(|(partition, _)| *partition).collect()
    };
    subscribers
        .iter()
        .map(|member| (*member, owned_by(member)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn member(topics: &[&str], owned: &[i32], generation_id: i32) -> Subscription {
        Subscription {
            topics: topics.iter().map(|topic| (*topic).to_owned()).collect(),
            owned: match owned {
                [] => Partitions::new(),
                _ => [("t".to_owned(), owned.to_vec())].into(),
            },
            generation_id,
        }
    }

    fn members(list: &[(&str, Subscription)]) -> BTreeMap<String, Subscription> {
        list.iter()
            .map(|(name, subscription)| ((*name).to_owned(), subscription.clone()))
            .collect()
    }

    fn counts(list: &[(&str, i32)]) -> BTreeMap<String, i32> {
        list.iter()
            .map(|(topic, count)| ((*topic).to_owned(), *count))
            .collect()
    }

    fn given(assignments: &BTreeMap<String, Partitions>, member: &str, topic: &str) -> Vec<i32> {
        assignments[member].get(topic).cloned().unwrap_or_default()
    }

    #[test]
    fn range_gives_consecutive_partitions_and_the_first_members_one_more() {
        let members = members(&[("a", member(&["t"], &[], -1)), ("b", member(&["t"], &[], -1))]);
        let assignments = assign("range", &members, &counts(&[("t", 5)]));
        assert_eq!(given(&assignments, "a", "t"), [0, 1, 2]);
        assert_eq!(given(&assignments, "b", "t"), [3, 4]);
    }

    #[test]
    fn roundrobin_skips_members_that_do_not_read_the_topic() {
        // The example of Kafka's RoundRobinAssignor: C0 reads t0, C1 reads t0 and t1, C2 reads all three.
        let members = members(&[
            ("C0", member(&["t0"], &[], -1)),
            ("C1", member(&["t0", "t1"], &[], -1)),
            ("C2", member(&["t0", "t1", "t2"], &[], -1)),
        ]);
        let assignments = assign(
            "roundrobin",
            &members,
            &counts(&[("t0", 1), ("t1", 2), ("t2", 3)]),
        );
        assert_eq!(given(&assignments, "C0", "t0"), [0]);
        assert_eq!(given(&assignments, "C1", "t1"), [0]);
        assert_eq!(given(&assignments, "C2", "t1"), [1]);
        assert_eq!(given(&assignments, "C2", "t2"), [0, 1, 2]);
    }

    #[test]
    fn a_topic_without_subscribers_is_not_assigned() {
        let members = members(&[("a", member(&["other"], &[], -1))]);
        for name in offered(RebalanceProtocol::Eager) {
            let assignments = assign(name, &members, &counts(&[("t", 3)]));
            assert_eq!(given(&assignments, "a", "t"), [] as [i32; 0], "{name}");
        }
    }

    #[test]
    fn a_new_member_takes_from_those_that_have_most() {
        let members = members(&[
            ("a", member(&["t"], &[0, 2, 4], 3)),
            ("b", member(&["t"], &[1, 3, 5], 3)),
            ("c", member(&["t"], &[], -1)),
        ]);
        let assignments = assign(STICKY, &members, &counts(&[("t", 6)]));
        assert_eq!(given(&assignments, "a", "t"), [0, 2]);
        assert_eq!(given(&assignments, "b", "t"), [1, 3]);
        assert_eq!(given(&assignments, "c", "t"), [4, 5]);
    }

    #[test]
    fn a_partition_that_moves_is_unassigned_until_its_owner_joins_without_it() {
        let before = members(&[
            ("a", member(&["t"], &[0, 1, 2, 3], 3)),
            ("b", member(&["t"], &[], -1)),
        ]);
        let assignments = assign(COOPERATIVE, &before, &counts(&[("t", 5)]));
        assert_eq!(given(&assignments, "a", "t"), [0, 1, 2]);
        assert_eq!(given(&assignments, "b", "t"), [4]);
        let after = members(&[
            ("a", member(&["t"], &[0, 1, 2], 4)),
            ("b", member(&["t"], &[4], 4)),
        ]);
        let assignments = assign(COOPERATIVE, &after, &counts(&[("t", 5)]));
        assert_eq!(given(&assignments, "a", "t"), [0, 1, 2]);
        assert_eq!(given(&assignments, "b", "t"), [3, 4]);
    }

    #[test]
    fn the_later_generation_owned_the_partition() {
        let members = members(&[("a", member(&["t"], &[0, 1], 3)), ("b", member(&["t"], &[1], 5))]);
        let assignments = assign(STICKY, &members, &counts(&[("t", 2)]));
        assert_eq!(given(&assignments, "a", "t"), [0]);
        assert_eq!(given(&assignments, "b", "t"), [1]);
    }

    #[test]
    fn partitions_that_are_gone_are_not_kept() {
        let members = members(&[("a", member(&["t"], &[0, 7], 3))]);
        let assignments = assign(STICKY, &members, &counts(&[("t", 2)]));
        assert_eq!(given(&assignments, "a", "t"), [0, 1]);
    }

    proptest! {
        /// Everything is assigned once, counts differ by at most one, and no fewer partitions could have moved.
        #[test]
        fn sticky_is_complete_even_and_moves_the_least(sizes in prop::collection::vec(1usize..8, 1..6), count in 0i32..60) {
            let mut members: BTreeMap<String, Subscription> = BTreeMap::new();
            for (generation, size) in sizes.iter().enumerate() {
                let before: BTreeMap<String, Vec<i32>> = members
                    .iter()
                    .map(|(name, member)| (name.clone(), member.owned.get("t").cloned().unwrap_or_default()))
                    .collect();
                members.retain(|name, _| name.as_str() < format!("{size}").as_str());
                for index in 0..*size {
                    members.entry(index.to_string()).or_insert_with(|| member(&["t"], &[], -1));
                }
                let assignments = assign(STICKY, &members, &counts(&[("t", count)]));
                let mut all: Vec<i32> = Vec::new();
                let mut kept = 0;
                let (low, high) = (count as usize / size, count as usize / size + 1);
                let mut quotas_left = count as usize % size;
                let mut most_kept = 0;
                let mut owned_counts: Vec<usize> = Vec::new();
                for (name, subscription) in &mut members {
                    let partitions = given(&assignments, name, "t");
                    prop_assert!((low..=high).contains(&partitions.len()));
                    let owned = before.get(name).cloned().unwrap_or_default();
                    kept += partitions.iter().filter(|partition| owned.contains(partition)).count();
                    owned_counts.push(owned.len());
                    all.extend(&partitions);
                    *subscription = member(&["t"], &partitions, generation as i32);
                }
                owned_counts.sort_unstable_by(|one, other| other.cmp(one));
                for owned in owned_counts {
                    let quota = low + usize::from(quotas_left > 0);
                    quotas_left = quotas_left.saturating_sub(1);
                    most_kept += owned.min(quota);
                }
                all.sort_unstable();
                prop_assert_eq!(all, (0..count).collect::<Vec<_>>());
                prop_assert_eq!(kept, most_kept);
            }
        }
    }
}
