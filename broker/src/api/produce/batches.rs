//! The batches of a request by topic and partition, each of which is there once. Kafka keeps them in a map, so a topic or partition that a
//! request names twice is answered once. Source: `KafkaApis.handleProduceRequest`.

use super::request::TopicData;
use crate::api::answer::produce::Few;
use crate::api::fields::has_repeats;
use bytes::Bytes;
use kafka_protocol::protocol::StrBytes;
use std::collections::HashMap;
use uuid::Uuid;

/// The batches for one topic.
#[derive(Debug)]
pub(super) struct TopicBatches {
    pub(super) name: StrBytes,
    pub(super) id: Uuid,
    /// One or more.
    pub(super) partitions: Few<PartitionBatches>,
}

/// The batches for one partition, in the order of the request.
#[derive(Debug)]
pub(super) struct PartitionBatches {
    pub(super) index: i32,
    /// One, or more if the request names the partition more than once.
    pub(super) batches: Few<Option<Bytes>>,
}

/// Returns the batches by partition. A topic without partitions is left out, as Kafka builds the answer from them.
pub(super) fn by_partition(topics: Few<TopicData>) -> Few<TopicBatches> {
    let has_repeated_partitions =
        |topic: &TopicData| has_repeats(topic.partitions.iter().map(|partition| partition.index));
    let is_repetitive = has_repeats(topics.iter().map(|topic| (&topic.name, topic.id)))
        || topics.iter().any(has_repeated_partitions);
    let topics = topics.into_iter().filter(|topic| !topic.partitions.is_empty());
    let topics = topics.map(topic_batches).collect();
    if is_repetitive { merged(topics) } else { topics }
}

fn topic_batches(topic: TopicData) -> TopicBatches {
    let partitions = topic.partitions.into_iter().map(|data| PartitionBatches {
        index: data.index,
        batches: [data.records].into(),
    });
    TopicBatches {
        name: topic.name,
        id: topic.id,
        partitions: partitions.collect(),
    }
}

fn merged(topics: Few<TopicBatches>) -> Few<TopicBatches> {
    let mut merged: Few<TopicBatches> = Few::new();
    let mut topic_places = HashMap::new();
    let mut partition_places = HashMap::new();
    for mut topic in topics {
        let next = merged.len();
        let at = *topic_places.entry((topic.name.clone(), topic.id)).or_insert(next);
        let partitions = std::mem::take(&mut topic.partitions);
        if at == next {
            merged.push(topic);
        }
        let kept = &mut merged[at].partitions;
        for partition in partitions {
            let next = kept.len();
            let place = *partition_places.entry((at, partition.index)).or_insert(next);
            if place == next {
                kept.push(partition);
            } else {
                kept[place].batches.extend(partition.batches);
            }
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::super::request::PartitionData;
    use super::*;

    fn topic(name: &'static str, partitions: &[(i32, u8)]) -> TopicData {
        let partitions = partitions.iter().map(|(index, byte)| PartitionData {
            index: *index,
            records: Some(Bytes::from(vec![*byte])),
        });
        TopicData {
            name: StrBytes::from_static_str(name),
            id: Uuid::nil(),
            partitions: partitions.collect(),
        }
    }

    /// A partition's index, and the first byte of each of its batches.
    type Shown = (i32, Vec<u8>);

    fn shown(topics: &Few<TopicBatches>) -> Vec<(&str, Vec<Shown>)> {
        let partitions = |topic: &TopicBatches| {
            let bytes = |batch: &Option<Bytes>| batch.as_ref().unwrap()[0];
            let partitions = topic.partitions.iter();
            partitions
                .map(|partition| (partition.index, partition.batches.iter().map(bytes).collect()))
                .collect()
        };
        topics
            .iter()
            .map(|topic| (&*topic.name, partitions(topic)))
            .collect()
    }

    #[test]
    fn topics_and_partitions_that_come_twice_are_merged_and_empty_topics_left_out() {
        let topics = [
            topic("a", &[(0, 1), (1, 2), (0, 3)]),
            topic("b", &[(0, 4)]),
            topic("none", &[]),
            topic("a", &[(1, 5), (2, 6)]),
        ];
        let expected = vec![
            ("a", vec![(0, vec![1, 3]), (1, vec![2, 5]), (2, vec![6])]),
            ("b", vec![(0, vec![4])]),
        ];
        assert_eq!(shown(&by_partition(topics.into_iter().collect())), expected);
        let once = [topic("a", &[(0, 1)]), topic("none", &[])];
        assert_eq!(
            shown(&by_partition(once.into_iter().collect())),
            [("a", vec![(0, vec![1])])]
        );
    }
}
