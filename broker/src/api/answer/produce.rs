//! Encodes Produce answers by hand, at every version. For a request of one small record, building a message and encoding it into its own
//! buffer costs more than appending the record.
//!
//! Source: Kafka's `ProduceResponse.json`.

use crate::api::ErrorCounts;
use crate::api::fields::put_node_endpoints;
use crate::cluster::NodeEndpoint;
use crate::log::Appended;
use crate::wire::{put_count, put_nullable_string, put_string};
use bytes::BufMut;
use kafka_protocol::protocol::StrBytes;
use smallvec::SmallVec;
use uuid::Uuid;

/// The first version with topic ids instead of names.
pub(crate) const TOPIC_IDS_FROM: i16 = 13;
/// The first version with compact encoding and tagged fields.
const FLEXIBLE_FROM: i16 = 9;

/// A list of topics or partitions. Most requests have one of each, and this avoids the allocation for them.
pub(crate) type Few<T> = SmallVec<[T; 1]>;

/// A Produce response.
#[derive(Debug)]
pub(crate) struct ProduceAnswer {
    pub(crate) topics: Few<TopicAnswer>,
    pub(crate) node_endpoints: Vec<NodeEndpoint>,
}

/// The partitions of one topic.
#[derive(Debug)]
pub(crate) struct TopicAnswer {
    pub(crate) name: StrBytes,
    pub(crate) id: Uuid,
    pub(crate) partitions: Few<PartitionAnswer>,
}

/// Kafka's `PartitionProduceResponse`.
#[derive(Debug)]
pub(crate) struct PartitionAnswer {
    pub(crate) index: i32,
    /// The refusal is boxed because it is rare and large.
    pub(crate) outcome: Result<Appended, Box<Refusal>>,
}

/// The reason why the batch of a partition was not appended.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) error_code: i16,
    /// The log start offset, if the log refused the batch.
    pub(crate) log_start_offset: Option<i64>,
    /// The positions of the records for which the batch was refused, each with the reason.
    pub(crate) refused_records: Vec<(i32, String)>,
    pub(crate) error_message: Option<String>,
    /// The leader and its epoch.
    pub(crate) current_leader: Option<(i32, i32)>,
}

impl ProduceAnswer {
    /// Writes the body of the response.
    pub(crate) fn write(&self, head: &mut Vec<u8>, version: i16, throttle_time_ms: i32) {
        put_count(head, version >= FLEXIBLE_FROM, self.topics.len());
        for topic in &self.topics {
            put_topic(head, version, topic);
        }
        // The throttle time follows the topics, since version 1 added it at the end. Most other answers begin with it.
        head.put_i32(throttle_time_ms);
        if version >= FLEXIBLE_FROM {
            put_node_endpoints(head, &self.node_endpoints);
        }
    }

    /// Counts the error codes of its partitions.
    pub(crate) fn error_counts(&self) -> ErrorCounts {
        let partitions = self.topics.iter().flat_map(|topic| &topic.partitions);
        let codes = partitions.map(|partition| match &partition.outcome {
            Ok(_) => 0,
            Err(refusal) => refusal.error_code,
        });
        codes.collect()
    }
}

fn put_topic(head: &mut Vec<u8>, version: i16, topic: &TopicAnswer) {
    let is_flexible = version >= FLEXIBLE_FROM;
    if version >= TOPIC_IDS_FROM {
        head.put_slice(topic.id.as_bytes());
    } else {
        put_string(head, is_flexible, &topic.name);
    }
    put_count(head, is_flexible, topic.partitions.len());
    for partition in &topic.partitions {
        put_partition(head, version, partition);
    }
    if is_flexible {
        head.put_u8(0);
    }
}

fn put_partition(head: &mut Vec<u8>, version: i16, partition: &PartitionAnswer) {
    head.put_i32(partition.index);
    match &partition.outcome {
        Ok(appended) => put_appended(head, version, appended),
        Err(refusal) => put_refusal(head, version, refusal),
    }
}

fn put_appended(head: &mut Vec<u8>, version: i16, appended: &Appended) {
    let is_flexible = version >= FLEXIBLE_FROM;
    head.put_i16(0); // error_code
    head.put_i64(appended.base_offset.0);
    // -1 tells the producer that the records keep its own timestamps.
    head.put_i64(appended.log_append_time_ms.unwrap_or(-1));
    if version >= 5 {
        // A producer compares it with its last acknowledged offset, to tell records that retention has deleted from records that were lost.
        head.put_i64(appended.log_start_offset.0);
    }
    if version >= 8 {
        put_count(head, is_flexible, 0); // record_errors
        put_nullable_string(head, is_flexible, None); // error_message
    }
    if is_flexible {
        head.put_u8(0);
    }
}

fn put_refusal(head: &mut Vec<u8>, version: i16, refusal: &Refusal) {
    let is_flexible = version >= FLEXIBLE_FROM;
    head.put_i16(refusal.error_code);
    // These are Kafka's INVALID_OFFSET and NO_TIMESTAMP.
    head.put_i64(-1); // base_offset
    head.put_i64(-1); // log_append_time_ms
    if version >= 5 {
        head.put_i64(refusal.log_start_offset.unwrap_or(-1));
    }
    if version >= 8 {
        put_count(head, is_flexible, refusal.refused_records.len());
        for (batch_index, message) in &refusal.refused_records {
            head.put_i32(*batch_index);
            put_string(head, is_flexible, message);
            if is_flexible {
                head.put_u8(0);
            }
        }
        put_nullable_string(head, is_flexible, refusal.error_message.as_deref());
    }
    if is_flexible {
        put_current_leader(head, refusal.current_leader);
    }
}

fn put_current_leader(head: &mut Vec<u8>, leader: Option<(i32, i32)>) {
    let Some((leader_id, leader_epoch)) = leader else {
        head.put_u8(0);
        return;
    };
    head.put_slice(&[1, 0, 9]); // one field, its tag and its size
    head.put_i32(leader_id);
    head.put_i32(leader_epoch);
    head.put_u8(0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster;
    use crate::ids::{NodeId, Offset};
    use bytes::BytesMut;
    use kafka_protocol::messages::produce_response::{
        BatchIndexAndErrorMessage, LeaderIdAndEpoch, NodeEndpoint, PartitionProduceResponse,
        TopicProduceResponse,
    };
    use kafka_protocol::messages::{ProduceResponse, TopicName};
    use kafka_protocol::protocol::{Encodable, StrBytes};
    use proptest::prelude::*;
    use uuid::Uuid;

    fn partition() -> impl Strategy<Value = PartitionAnswer> {
        (any::<i32>(), prop::result::maybe_ok(appended(), refusal())).prop_map(|(index, outcome)| {
            PartitionAnswer {
                index,
                outcome: outcome.map_err(Box::new),
            }
        })
    }

    fn appended() -> impl Strategy<Value = Appended> {
        (any::<i64>(), any::<Option<i64>>(), any::<i64>()).prop_map(|offsets| Appended {
            base_offset: Offset(offsets.0),
            last_offset: Offset(offsets.0),
            log_append_time_ms: offsets.1,
            log_start_offset: Offset(offsets.2),
            is_duplicate: false,
        })
    }

    fn refusal() -> impl Strategy<Value = Refusal> {
        let text = || "[a-z ]{0,200}";
        let refused = prop::collection::vec((any::<i32>(), text()), 0..4);
        (
            (any::<i16>(), any::<Option<i64>>()),
            refused,
            prop::option::of(text()),
            any::<Option<(i32, i32)>>(),
        )
            .prop_map(
                |((error_code, start), refused_records, error_message, leader)| Refusal {
                    error_code,
                    log_start_offset: start.filter(|start| *start != -1),
                    refused_records,
                    error_message,
                    // On the wire, -1 and -1 mean none.
                    current_leader: leader.filter(|leader| *leader != (-1, -1)),
                },
            )
    }

    fn text(text: &str) -> StrBytes {
        StrBytes::from_string(text.to_owned())
    }

    fn message(version: i16, answer: &ProduceAnswer) -> ProduceResponse {
        let topics = answer.topics.iter().map(|topic| {
            let partitions = topic.partitions.iter().map(|one| data(version, one)).collect();
            let response = TopicProduceResponse::default().with_partition_responses(partitions);
            if version >= TOPIC_IDS_FROM {
                response.with_topic_id(topic.id)
            } else {
                response.with_name(TopicName(text(&topic.name)))
            }
        });
        let nodes = answer.node_endpoints.iter().map(|node| {
            NodeEndpoint::default()
                .with_node_id(node.id.0.into())
                .with_host(text(&node.host))
                .with_port(node.port.into())
        });
        ProduceResponse::default()
            .with_responses(topics.collect())
            .with_node_endpoints(nodes.collect())
    }

    fn data(version: i16, partition: &PartitionAnswer) -> PartitionProduceResponse {
        let data = PartitionProduceResponse::default().with_index(partition.index);
        let refusal = match &partition.outcome {
            Ok(appended) => {
                return data
                    .with_base_offset(appended.base_offset.0)
                    .with_log_append_time_ms(appended.log_append_time_ms.unwrap_or(-1))
                    .with_log_start_offset(appended.log_start_offset.0);
            }
            Err(refusal) => refusal,
        };
        let mut data = data.with_error_code(refusal.error_code).with_base_offset(-1);
        if let Some(start) = refusal.log_start_offset.filter(|_| version >= 5) {
            data.log_start_offset = start;
        }
        if version >= 8 {
            data.error_message = refusal.error_message.as_deref().map(text);
            let refused = refusal.refused_records.iter().map(|(index, message)| {
                BatchIndexAndErrorMessage::default()
                    .with_batch_index(*index)
                    .with_batch_index_error_message(Some(text(message)))
            });
            data.record_errors = refused.collect();
        }
        if let Some((leader_id, leader_epoch)) = refusal.current_leader {
            data.current_leader = LeaderIdAndEpoch::default()
                .with_leader_id(leader_id.into())
                .with_leader_epoch(leader_epoch);
        }
        data
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]
        #[test]
        fn the_bytes_are_those_of_kafka_protocol(
            topics in prop::collection::vec(
                ("[a-z.]{1,200}", any::<u128>(), prop::collection::vec(partition(), 0..4)), 0..4),
            nodes in prop::collection::vec((any::<i32>(), "[a-z.]{1,300}", any::<u16>()), 0..3),
            version in 3i16..=13,
            throttle_time_ms in any::<i32>(),
        ) {
            // The api file names leaders only from version 10 on.
            let names_leaders = version >= 10;
            let mut answer = ProduceAnswer {
                topics: topics
                    .into_iter()
                    .map(|(name, id, partitions)| TopicAnswer {
                        name: text(&name),
                        id: Uuid::from_u128(id),
                        partitions: partitions.into(),
                    })
                    .collect(),
                node_endpoints: nodes
                    .into_iter()
                    .filter(|_| names_leaders)
                    .map(|(id, host, port)| cluster::NodeEndpoint { id: NodeId(id), host, port, rack: None })
                    .collect(),
            };
            for partition in answer.topics.iter_mut().flat_map(|topic| &mut topic.partitions) {
                if let Err(refusal) = &mut partition.outcome {
                    refusal.current_leader.take_if(|_| !names_leaders);
                }
            }
            let mut expected = BytesMut::new();
            message(version, &answer).with_throttle_time_ms(throttle_time_ms).encode(&mut expected, version).unwrap();
            let mut out = Vec::new();
            answer.write(&mut out, version, throttle_time_ms);
            prop_assert_eq!(out, expected.to_vec());
        }
    }
}
