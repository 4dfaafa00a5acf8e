//! The uniform assignor for a group in which all members subscribe to the same topics: the members' partition counts differ by one at
//! most, and within that bound each member keeps what it had.
//!
//! Source: Kafka's `UniformHomogeneousAssignmentBuilder`.

use super::{GroupSpec, MemberSpec};
use crate::group::consumer::assignment::{Partitions, insert, iter};
use std::collections::{BTreeSet, HashSet, VecDeque};
use uuid::Uuid;

pub(super) fn assign(group: &GroupSpec) -> Vec<Partitions> {
    let topics = &group.members[0].topics;
    let mut free = never_assigned(group, topics);
    let total: usize = topics.iter().map(|topic| group.partition_counts[topic]).sum();
    let quota = total / group.members.len();
    let mut extra_count = total % group.members.len();
    let mut assigned = Vec::with_capacity(group.members.len());
    for (index, member) in group.members.iter().enumerate() {
        let mut has_extra = extra_count > 0;
        let (kept, mut left) = keep(member, topics, quota + usize::from(has_extra), &mut free);
        // A member that has too few partitions leaves the extra one to a later member, which may have it already, while there are enough.
        if left > 0 && has_extra && group.members.len() - index > extra_count {
            left -= 1;
            has_extra = false;
        }
        extra_count -= usize::from(has_extra);
        assigned.push((kept, left));
    }
    let filled = assigned.into_iter().map(|(mut kept, left)| {
        for (topic, partition) in free.drain(..left.min(free.len())) {
            insert(&mut kept, topic, partition);
        }
        kept
    });
    let filled = filled.collect();
    assert!(
        free.is_empty(),
        "the quotas together are the number of partitions"
    );
    filled
}

/// Returns the partitions of the topics that the assignment before gave to no member.
fn never_assigned(group: &GroupSpec, topics: &BTreeSet<Uuid>) -> VecDeque<(Uuid, i32)> {
    let assigned = group.members.iter().flat_map(|member| iter(&member.assigned));
    let assigned: HashSet<_> = assigned.collect();
    let all = topics.iter().flat_map(|topic| {
        let count = group.partition_counts[topic] as i32;
        (0..count).map(|partition| (*topic, partition))
    });
    all.filter(|partition| !assigned.contains(partition)).collect()
}

/// Takes from the member what it no longer subscribes to, and what exceeds its quota, which becomes free. Returns what it keeps and the
/// rest of its quota.
fn keep(
    member: &MemberSpec,
    topics: &BTreeSet<Uuid>,
    quota: usize,
    free: &mut VecDeque<(Uuid, i32)>,
) -> (Partitions, usize) {
    let mut left = quota;
    let mut kept = Partitions::new();
    for (topic, partitions) in member.assigned.iter().filter(|(topic, _)| topics.contains(topic)) {
        for partition in partitions {
            if left > 0 {
                left -= 1;
                insert(&mut kept, *topic, *partition);
            } else {
                free.push_back((*topic, *partition));
            }
        }
    }
    (kept, left)
}
