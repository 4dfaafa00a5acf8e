//! Assignments as tables, and their balance and stickiness for random groups.

use super::*;
use crate::group::consumer::assignment::{insert, iter};
use proptest::prelude::*;

fn topic(number: u8) -> Uuid {
    Uuid::from_u128(u128::from(number))
}

fn member(id: &str, topics: &[u8], assigned: &[(u8, i32)]) -> MemberSpec {
    let mut before = Partitions::new();
    for (number, partition) in assigned {
        insert(&mut before, topic(*number), *partition);
    }
    MemberSpec {
        member_id: id.into(),
        group_instance_id: None,
        topics: topics.iter().map(|number| topic(*number)).collect(),
        assigned: before,
    }
}

fn group(counts: &[(u8, usize)], members: Vec<MemberSpec>) -> GroupSpec {
    let is_homogeneous = members.windows(2).all(|pair| pair[0].topics == pair[1].topics);
    GroupSpec {
        members,
        is_homogeneous,
        partition_counts: counts
            .iter()
            .map(|(number, count)| (topic(*number), *count))
            .collect(),
    }
}

fn assigned(assignor: Assignor, group: &GroupSpec) -> Vec<Vec<(u8, i32)>> {
    let assignments = assignor.assign(group);
    let number = |topic: Uuid| topic.as_u128() as u8;
    let lists = assignments.iter().map(|partitions| {
        iter(partitions)
            .map(|(topic, partition)| (number(topic), partition))
            .collect()
    });
    lists.collect()
}

#[test]
fn the_range_assignor_gives_ranges_and_puts_static_members_before_dynamic_ones() {
    let with_instance = |id: &str, instance: &str| MemberSpec {
        group_instance_id: Some(instance.into()),
        ..member(id, &[1, 2], &[])
    };
    // By member id the first would be a, by instance id it is z.
    let members = vec![
        member("a", &[1, 2], &[]),
        with_instance("c", "y"),
        with_instance("z", "x"),
    ];
    let spec = group(&[(1, 4), (2, 2)], members);
    assert_eq!(
        assigned(Assignor::Range, &spec),
        [vec![(1, 3)], vec![(1, 2), (2, 1)], vec![(1, 0), (1, 1), (2, 0)],]
    );
}

#[test]
fn the_range_assignor_divides_each_topic_among_its_own_subscribers() {
    let members = vec![
        member("a", &[1], &[]),
        member("b", &[1, 2], &[]),
        member("c", &[2], &[]),
    ];
    let spec = group(&[(1, 3), (2, 1)], members);
    assert_eq!(
        assigned(Assignor::Range, &spec),
        [vec![(1, 0), (1, 1)], vec![(1, 2), (2, 0)], vec![]]
    );
}

#[test]
fn the_uniform_assignor_keeps_what_can_stay() {
    type Owned = Vec<Vec<(u8, i32)>>;
    let cases: [(Vec<MemberSpec>, Owned); 4] = [
        // The extra partition is left for the last member, as the first has none to keep.
        (
            vec![member("a", &[1], &[]), member("b", &[1], &[])],
            vec![vec![(1, 0)], vec![(1, 1), (1, 2)]],
        ),
        // A new member takes the excess of the old one.
        (
            vec![
                member("a", &[1], &[(1, 0), (1, 1), (1, 2)]),
                member("b", &[1], &[]),
            ],
            vec![vec![(1, 0), (1, 1)], vec![(1, 2)]],
        ),
        // Nothing moves in a balanced group, whichever member comes first.
        (
            vec![member("a", &[1], &[(1, 1), (1, 2)]), member("b", &[1], &[(1, 0)])],
            vec![vec![(1, 1), (1, 2)], vec![(1, 0)]],
        ),
        // What a member no longer subscribes to is gone.
        (
            vec![member("a", &[1], &[(2, 0)]), member("b", &[1], &[])],
            vec![vec![(1, 0)], vec![(1, 1), (1, 2)]],
        ),
    ];
    for (members, expected) in cases {
        assert_eq!(assigned(Assignor::Uniform, &group(&[(1, 3)], members)), expected);
    }
}

/// Kafka's `UniformHomogeneousAssignmentBuilder.maybeRevokePartitions` of 4.4.
#[test]
fn the_uniform_assignor_takes_no_extra_partition_from_a_later_member_for_an_earlier_one() {
    let members = vec![
        member("a", &[1], &[(1, 0)]),
        member("b", &[1], &[]),
        member("c", &[1], &[(1, 1)]),
    ];
    assert_eq!(
        assigned(Assignor::Uniform, &group(&[(1, 2)], members.clone())),
        [vec![(1, 0)], vec![], vec![(1, 1)]]
    );
    // Two extra partitions are left for the last two members, so that both take one.
    assert_eq!(
        assigned(Assignor::Uniform, &group(&[(1, 5)], members)),
        [vec![(1, 0)], vec![(1, 2), (1, 3)], vec![(1, 1), (1, 4)]]
    );
}

#[test]
fn the_uniform_assignor_balances_members_with_different_subscriptions() {
    let members = vec![
        member("a", &[1], &[(1, 0), (1, 1), (1, 2), (1, 3)]),
        member("b", &[1, 2], &[]),
        member("c", &[2], &[]),
    ];
    let spec = group(&[(1, 4), (2, 3)], members);
    let loads: Vec<_> = assigned(Assignor::Uniform, &spec).iter().map(Vec::len).collect();
    assert_eq!(loads, [3, 2, 2]);
}

/// Members as (subscribed topics, number of partitions of each topic that they may have had).
fn any_group() -> impl Strategy<Value = GroupSpec> {
    let counts = proptest::collection::vec(0..8usize, 3);
    let subscriptions = proptest::collection::vec(0..8u8, 1..6);
    let owners = proptest::collection::vec(0..7usize, 24);
    (counts, subscriptions, owners).prop_map(|(counts, subscriptions, owners)| {
        let mut members: Vec<_> = subscriptions
            .iter()
            .enumerate()
            .map(|(index, bits)| {
                let topics: Vec<_> = (0..3).filter(|number| bits & (1 << number) != 0).collect();
                member(&format!("m{index}"), &topics, &[])
            })
            .collect();
        // Each partition had at most one owner before, subscribed or not.
        for (index, owner) in owners.into_iter().enumerate() {
            let (number, partition) = (index / 8, index % 8);
            if partition < counts[number] && owner < members.len() {
                insert(
                    &mut members[owner].assigned,
                    topic(number as u8),
                    partition as i32,
                );
            }
        }
        let counts: Vec<_> = counts
            .iter()
            .enumerate()
            .map(|(number, count)| (number as u8, *count))
            .collect();
        group(&counts, members)
    })
}

proptest! {
    #[test]
    fn every_partition_of_a_subscribed_topic_goes_to_one_of_its_subscribers(spec in any_group()) {
        for assignor in Assignor::ALL {
            let assignments = assignor.assign(&spec);
            let mut owners = BTreeMap::new();
            for (member, partitions) in spec.members.iter().zip(&assignments) {
                for (topic, partition) in iter(partitions) {
                    prop_assert!(member.topics.contains(&topic));
                    prop_assert!(owners.insert((topic, partition), &member.member_id).is_none());
                }
            }
            let subscribed: BTreeSet<_> = spec.members.iter().flat_map(|member| &member.topics).collect();
            let expected: usize = subscribed.iter().map(|topic| spec.partition_counts[topic]).sum();
            prop_assert_eq!(owners.len(), expected);
        }
    }

    #[test]
    fn the_uniform_assignor_moves_nothing_when_it_runs_again(spec in any_group()) {
        let first = Assignor::Uniform.assign(&spec);
        let mut again = spec.clone();
        for (member, partitions) in again.members.iter_mut().zip(&first) {
            member.assigned = partitions.clone();
        }
        prop_assert_eq!(Assignor::Uniform.assign(&again), first);
    }

    #[test]
    fn the_uniform_assignor_leaves_the_subscribers_of_the_same_topics_one_apart_at_most(spec in any_group()) {
        let assignments = Assignor::Uniform.assign(&spec);
        let loads: Vec<_> = assignments.iter().map(|partitions| iter(partitions).count()).collect();
        for (one, load) in spec.members.iter().zip(&loads) {
            for (other, other_load) in spec.members.iter().zip(&loads) {
                if one.topics == other.topics {
                    prop_assert!(load.abs_diff(*other_load) <= 1, "{:?}", loads);
                }
            }
        }
    }
}
