//! The range assignor: each topic is cut into ranges of neighbouring partitions, one for each subscriber in order.
//!
//! Source: Kafka's `RangeAssignor`. Static members come first, by their instance ids, so that a member that returns under a new member id
//! gets the same ranges (KIP-345); the others follow by their member ids.

use super::{GroupSpec, MemberSpec};
use crate::group::consumer::assignment::Partitions;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use uuid::Uuid;

/// The partitions of a topic that are left to be assigned.
struct Cut {
    partition_count: usize,
    subscriber_count: usize,
    /// The first partition of the next range.
    next: usize,
    /// The number of subscribers that have their range.
    served_count: usize,
}

impl Cut {
    /// Returns the next range. The first subscribers get one partition more if the division leaves a rest.
    fn next_range(&mut self) -> std::ops::Range<usize> {
        let quota = self.partition_count / self.subscriber_count;
        let extra_count = self.partition_count % self.subscriber_count;
        let start = self.next;
        self.next += quota + usize::from(self.served_count < extra_count);
        self.served_count += 1;
        start..self.next
    }
}

pub(super) fn assign(group: &GroupSpec) -> Vec<Partitions> {
    let mut cuts: BTreeMap<Uuid, Cut> = BTreeMap::new();
    for topic in group.members.iter().flat_map(|member| &member.topics) {
        let cut = cuts.entry(*topic).or_insert_with(|| Cut {
            partition_count: group.partition_counts[topic],
            subscriber_count: 0,
            next: 0,
            served_count: 0,
        });
        cut.subscriber_count += 1;
    }
    let mut order: Vec<_> = (0..group.members.len()).collect();
    order.sort_by(|one, other| compare(&group.members[*one], &group.members[*other]));
    let mut assigned = vec![Partitions::new(); group.members.len()];
    for index in order {
        for topic in &group.members[index].topics {
            let range = cuts
                .get_mut(topic)
                .expect("each subscribed topic is cut")
                .next_range();
            if !range.is_empty() {
                let partitions = range.map(|partition| partition as i32).collect();
                assigned[index].insert(*topic, partitions);
            }
        }
    }
    assigned
}

fn compare(one: &MemberSpec, other: &MemberSpec) -> Ordering {
    match (&one.group_instance_id, &other.group_instance_id) {
        (Some(one), Some(other)) => one.cmp(other),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => one.member_id.cmp(&other.member_id),
    }
}
