//! Encodes Fetch answers by hand, at every version: small parts are copied, records stay slices of the log.
//!
//! `kafka-protocol` would need the records of a partition in contiguous memory and would copy them again. Source: Kafka's
//! `FetchResponse.json`.

use crate::api::ErrorCounts;
use crate::api::fields::put_node_endpoints;
use crate::cluster::NodeEndpoint;
use crate::log::Part;
use crate::topic::TopicKey;
use crate::wire::{Outgoing, put_count, put_string, put_unsigned_varint};
use bytes::BufMut;

/// The first version with compact encoding and tagged fields.
const FLEXIBLE_FROM: i16 = 12;

/// A Fetch response, whose records are slices of the log.
#[derive(Debug, Default)]
pub(crate) struct FetchAnswer {
    pub(crate) error_code: i16,
    pub(crate) session_id: i32,
    /// The partitions in order. A topic may occur more than once.
    pub(crate) topics: Vec<TopicAnswer>,
    pub(crate) node_endpoints: Vec<NodeEndpoint>,
}

/// The partitions of one topic.
#[derive(Debug)]
pub(crate) struct TopicAnswer {
    pub(crate) topic: TopicKey,
    pub(crate) partitions: Vec<PartitionAnswer>,
}

/// Kafka's `PartitionData`; -1 where there is no value.
#[derive(Debug)]
pub(crate) struct PartitionAnswer {
    pub(crate) index: i32,
    pub(crate) error_code: i16,
    pub(crate) high_watermark: i64,
    pub(crate) last_stable_offset: i64,
    pub(crate) log_start_offset: i64,
    /// The epoch and its end offset.
    pub(crate) diverging_epoch: Option<(i32, i64)>,
    /// The leader and its epoch.
    pub(crate) current_leader: Option<(i32, i32)>,
    /// The id of the follower to read from instead.
    pub(crate) preferred_read_replica: i32,
    /// The aborted transactions, each with producer id and first offset; `None` is null, for clients that also read uncommitted records.
    pub(crate) aborted_transactions: Option<Vec<(i64, i64)>>,
    pub(crate) records: Vec<Part>,
    pub(crate) records_bytes: usize,
}

impl FetchAnswer {
    /// Writes the body of the response, which takes the slices of the log.
    pub(crate) fn write(self, out: &mut Outgoing, version: i16, throttle_time_ms: i32) {
        let head = out.copied();
        head.put_i32(throttle_time_ms);
        // Sessions came in this version (KIP-227), and with them a code for the whole answer.
        if version >= 7 {
            head.put_i16(self.error_code);
            head.put_i32(self.session_id);
        }
        put_count(head, version >= FLEXIBLE_FROM, self.topics.len());
        for topic in self.topics {
            put_topic(out, version, topic);
        }
        if version >= FLEXIBLE_FROM {
            put_node_endpoints(out.copied(), &self.node_endpoints);
        }
    }

    /// Counts the error codes of the whole answer and of its partitions.
    pub(crate) fn error_counts(&self) -> ErrorCounts {
        let partitions = self.topics.iter().flat_map(|topic| &topic.partitions);
        let codes = partitions.map(|partition| partition.error_code);
        [self.error_code].into_iter().chain(codes).collect()
    }
}

fn put_topic(out: &mut Outgoing, version: i16, topic: TopicAnswer) {
    let head = out.copied();
    match &topic.topic {
        TopicKey::Name(name) => put_string(head, version >= FLEXIBLE_FROM, name),
        TopicKey::Id(id) => head.put_slice(id.as_bytes()),
    }
    put_count(head, version >= FLEXIBLE_FROM, topic.partitions.len());
    for partition in topic.partitions {
        put_partition(out, version, partition);
    }
    if version >= FLEXIBLE_FROM {
        out.copied().put_u8(0);
    }
}

fn put_partition(out: &mut Outgoing, version: i16, partition: PartitionAnswer) {
    let head = out.copied();
    head.put_i32(partition.index);
    head.put_i16(partition.error_code);
    head.put_i64(partition.high_watermark);
    head.put_i64(partition.last_stable_offset);
    if version >= 5 {
        head.put_i64(partition.log_start_offset);
    }
    put_aborted(head, version, partition.aborted_transactions.as_deref());
    if version >= 11 {
        head.put_i32(partition.preferred_read_replica);
    }
    // Without records the field is empty, not null: librdkafka treats null as a broken message set.
    if version >= FLEXIBLE_FROM {
        put_unsigned_varint(head, partition.records_bytes as u32 + 1);
    } else {
        head.put_i32(partition.records_bytes as i32);
    }
    for part in partition.records {
        match part {
            Part::Header(header) => out.copied().put_slice(&header),
            Part::Bytes(bytes) => out.put_shared(bytes),
        }
    }
    if version >= FLEXIBLE_FROM {
        put_partition_tags(out.copied(), partition.diverging_epoch, partition.current_leader);
    }
}

fn put_aborted(head: &mut Vec<u8>, version: i16, aborted: Option<&[(i64, i64)]>) {
    let Some(aborted) = aborted else {
        if version >= FLEXIBLE_FROM {
            head.put_u8(0);
        } else {
            head.put_i32(-1);
        }
        return;
    };
    put_count(head, version >= FLEXIBLE_FROM, aborted.len());
    for (producer_id, first_offset) in aborted {
        head.put_i64(*producer_id);
        head.put_i64(*first_offset);
        if version >= FLEXIBLE_FROM {
            head.put_u8(0);
        }
    }
}

fn put_partition_tags(head: &mut Vec<u8>, diverging: Option<(i32, i64)>, leader: Option<(i32, i32)>) {
    // As in Kafka's generated code a tag without a value is left out: -1 and -1 are its default.
    head.put_u8(u8::from(diverging.is_some()) + u8::from(leader.is_some()));
    if let Some((epoch, end_offset)) = diverging {
        head.put_slice(&[0, 13]); // tag and size
        head.put_i32(epoch);
        head.put_i64(end_offset);
        head.put_u8(0);
    }
    if let Some((leader_id, leader_epoch)) = leader {
        head.put_slice(&[1, 9]);
        head.put_i32(leader_id);
        head.put_i32(leader_epoch);
        head.put_u8(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster;
    use crate::ids::NodeId;
    use bytes::{Bytes, BytesMut};
    use kafka_protocol::messages::fetch_response::{
        AbortedTransaction, EpochEndOffset, FetchableTopicResponse, LeaderIdAndEpoch, NodeEndpoint,
        PartitionData,
    };
    use kafka_protocol::messages::{FetchResponse, TopicName};
    use kafka_protocol::protocol::{Encodable, StrBytes};
    use proptest::prelude::*;
    use uuid::Uuid;

    fn partition() -> impl Strategy<Value = PartitionAnswer> {
        let offsets = (any::<i64>(), any::<i64>(), any::<i64>());
        let tags = (any::<Option<(i32, i64)>>(), any::<Option<(i32, i32)>>());
        let aborted = prop::option::of(prop::collection::vec(any::<(i64, i64)>(), 0..3));
        let records = prop::collection::vec((any::<bool>(), 0usize..3_000), 0..4);
        let ids = (any::<i32>(), any::<i32>());
        (ids, any::<i16>(), offsets, tags, aborted, records).prop_map(
            |((index, preferred_read_replica), error_code, offsets, tags, aborted_transactions, records)| {
                let records: Vec<_> = records
                    .into_iter()
                    .map(|(is_header, len)| {
                        if is_header {
                            Part::Header([3; 61])
                        } else {
                            Part::Bytes(vec![5; len].into())
                        }
                    })
                    .collect();
                PartitionAnswer {
                    index,
                    error_code,
                    high_watermark: offsets.0,
                    last_stable_offset: offsets.1,
                    log_start_offset: offsets.2,
                    // On the wire, -1 and -1 mean none.
                    diverging_epoch: tags.0.filter(|tag| *tag != (-1, -1)),
                    current_leader: tags.1.filter(|tag| *tag != (-1, -1)),
                    preferred_read_replica,
                    aborted_transactions,
                    records_bytes: flat(&records).len(),
                    records,
                }
            },
        )
    }

    fn flat(records: &[Part]) -> Bytes {
        let bytes = records.iter().flat_map(|part| match part {
            Part::Header(header) => header.to_vec(),
            Part::Bytes(bytes) => bytes.to_vec(),
        });
        bytes.collect()
    }

    fn message(version: i16, answer: &FetchAnswer) -> FetchResponse {
        let topics = answer.topics.iter().map(|topic| {
            let named = match &topic.topic {
                TopicKey::Name(name) => FetchableTopicResponse::default()
                    .with_topic(TopicName(StrBytes::from_string(name.to_string()))),
                TopicKey::Id(id) => FetchableTopicResponse::default().with_topic_id(*id),
            };
            named.with_partitions(topic.partitions.iter().map(|part| data(version, part)).collect())
        });
        let endpoints = answer.node_endpoints.iter().map(|node| {
            NodeEndpoint::default()
                .with_node_id(node.id.0.into())
                .with_host(StrBytes::from_string(node.host.clone()))
                .with_port(node.port.into())
        });
        let mut response = FetchResponse::default().with_responses(topics.collect());
        if version >= 7 {
            response.error_code = answer.error_code;
            response.session_id = answer.session_id;
        }
        if version >= 16 {
            response.node_endpoints = endpoints.collect();
        }
        response
    }

    fn data(version: i16, part: &PartitionAnswer) -> PartitionData {
        let aborted = |(producer_id, first_offset): &(i64, i64)| {
            AbortedTransaction::default()
                .with_producer_id((*producer_id).into())
                .with_first_offset(*first_offset)
        };
        let mut data = PartitionData::default()
            .with_partition_index(part.index)
            .with_error_code(part.error_code)
            .with_high_watermark(part.high_watermark)
            .with_last_stable_offset(part.last_stable_offset)
            .with_log_start_offset(part.log_start_offset)
            .with_aborted_transactions(
                part.aborted_transactions
                    .as_ref()
                    .map(|all| all.iter().map(aborted).collect()),
            )
            .with_records(Some(flat(&part.records)));
        if version >= 11 {
            data.preferred_read_replica = part.preferred_read_replica.into();
        }
        if version >= 12 {
            if let Some((epoch, end_offset)) = part.diverging_epoch {
                data.diverging_epoch = EpochEndOffset::default()
                    .with_epoch(epoch)
                    .with_end_offset(end_offset);
            }
            if let Some((leader_id, leader_epoch)) = part.current_leader {
                data.current_leader = LeaderIdAndEpoch::default()
                    .with_leader_id(leader_id.into())
                    .with_leader_epoch(leader_epoch);
            }
        }
        data
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn the_bytes_are_those_of_kafka_protocol(
            head in (any::<i16>(), any::<i32>()),
            topics in prop::collection::vec(
                ("[a-z.]{1,200}", any::<u128>(), prop::collection::vec(partition(), 0..4)), 0..4),
            nodes in prop::collection::vec((any::<i32>(), "[a-z.]{1,300}", any::<u16>()), 0..3),
            version in 4i16..=18,
            throttle_time_ms in any::<i32>(),
        ) {
            let answer = FetchAnswer {
                error_code: head.0,
                session_id: head.1,
                topics: topics
                    .into_iter()
                    .map(|(name, id, partitions)| TopicAnswer {
                        topic: if version >= 13 {
                            TopicKey::Id(Uuid::from_u128(id))
                        } else {
                            TopicKey::Name(name.into())
                        },
                        partitions,
                    })
                    .collect(),
                // The api file names leaders only from version 16 on.
                node_endpoints: nodes
                    .into_iter()
                    .filter(|_| version >= 16)
                    .map(|(id, host, port)| cluster::NodeEndpoint { id: NodeId(id), host, port, rack: None })
                    .collect(),
            };
            let mut expected = BytesMut::new();
            message(version, &answer).with_throttle_time_ms(throttle_time_ms).encode(&mut expected, version).unwrap();
            let mut out = Outgoing::default();
            answer.write(&mut out, version, throttle_time_ms);
            prop_assert_eq!(out.to_vec(), expected.to_vec());
        }
    }
}
