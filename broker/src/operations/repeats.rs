//! Topics and partitions that a request names more than once, where Kafka keeps them in a map by partition.

use std::collections::HashMap;
use std::hash::Hash;

/// Returns each topic and each of its partitions once, in their first place and with their last value, and leaves out topics without
/// partitions: what a map by partition is in Kafka.
pub(crate) fn last_of_each<T: Clone + Eq + Hash, V>(
    topics: impl IntoIterator<Item = (T, Vec<(i32, V)>)>,
) -> Vec<(T, Vec<(i32, V)>)> {
    let mut once: Vec<(T, Vec<(i32, V)>)> = Vec::new();
    let (mut topic_places, mut partition_places) = (HashMap::new(), HashMap::new());
    for (topic, partitions) in topics {
        if partitions.is_empty() {
            continue;
        }
        let next = once.len();
        let at = *topic_places.entry(topic.clone()).or_insert(next);
        if at == next {
            once.push((topic, Vec::with_capacity(partitions.len())));
        }
        let kept = &mut once[at].1;
        for (index, value) in partitions {
            let next = kept.len();
            let place = *partition_places.entry((at, index)).or_insert(next);
            if place == next {
                kept.push((index, value));
            } else {
                kept[place].1 = value;
            }
        }
    }
    once
}

/// Returns what was `refused` before a group was asked, and what the group has answered. Kafka joins the entries of a topic only if anything
/// was refused: otherwise a topic that the request names twice is in the answer twice. Source: `OffsetCommitResponse.Builder`.
pub(super) fn joined<T: Clone + Eq + Hash, V>(
    refused: Vec<(T, Vec<V>)>,
    answered: Vec<(T, Vec<V>)>,
) -> Vec<(T, Vec<V>)> {
    if refused.is_empty() {
        return answered;
    }
    let mut once: Vec<(T, Vec<V>)> = Vec::new();
    let mut places = HashMap::new();
    for (topic, partitions) in refused.into_iter().chain(answered) {
        let next = once.len();
        let at = *places.entry(topic.clone()).or_insert(next);
        if at == next {
            once.push((topic, partitions));
        } else {
            once[at].1.extend(partitions);
        }
    }
    once
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_partition_is_in_its_first_place_with_its_last_value() {
        let topics = [
            ("a", vec![(0, 1), (1, 2), (0, 3)]),
            ("none", vec![]),
            ("b", vec![(0, 4)]),
            ("a", vec![(2, 5), (1, 6)]),
        ];
        let expected = [("a", vec![(0, 3), (1, 6), (2, 5)]), ("b", vec![(0, 4)])];
        assert_eq!(last_of_each(topics), expected);
    }

    #[test]
    fn topics_are_joined_only_if_anything_was_refused() {
        let answered = vec![("a", vec![0]), ("b", vec![0]), ("a", vec![1])];
        assert_eq!(joined(vec![], answered.clone()), answered);
        let refused = vec![("b", vec![9]), ("none", vec![]), ("b", vec![8])];
        let expected = [("b", vec![9, 8, 0]), ("none", vec![]), ("a", vec![0, 1])];
        assert_eq!(joined(refused, answered), expected);
    }
}
