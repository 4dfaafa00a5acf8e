//! Produce: record batches into partitions.
//!
//! # Versions
//! 3 to 13, advertised from 0: librdkafka turns compression off when the range starts later (KIP-896 keeps it so in Kafka). A request of
//! version 0 to 2 closes the connection.
//!
//! # Behaviour
//! Each partition's batch is checked and appended for itself; `acks=0` gets no answer, or a closed connection if anything failed.
//! With one replica `acks=1` and `acks=-1` are answered alike, as soon as the batch is in the log.
//!
//! # Differs from Apache Kafka
//! Transactions are not served: a transactional id or batch gets INVALID_TXN_STATE. At the memory limit nothing is appended and the answer
//! is NOT_ENOUGH_REPLICAS. Every refused batch has an error message, not only those with refused records.
//!
//! # Notes by KIP
//! KIP-467: record errors from version 8 on. KIP-516: topic ids in version 13. KIP-951: the current leader from version 10 on.

use super::errors::KafkaError;
use super::{Api, Reply};
use crate::cluster::{Cluster, Node};
use crate::ids::NodeId;
use crate::log::{AppendError, Appended};
use crate::operations::RequestContext;
use crate::operations::produce::{ProduceError, Target, Terms, produce};
use crate::topic::leadership::NotServed;
use kafka_protocol::messages::{ProduceRequest, ProduceResponse};
use kafka_protocol::protocol::StrBytes;
use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::sync::Arc;
use uuid::Uuid;

/// Kafka's `ProduceRequest`.
pub(super) struct Produce;

/// From here on topics have ids instead of names.
const TOPIC_IDS_FROM: i16 = 13;
/// From here on an answer may name the current leader.
const CURRENT_LEADER_FROM: i16 = 10;
/// From here on zstd may be used.
const ZSTD_FROM: i16 = 7;

/// A Produce response.
#[derive(Debug)]
pub(crate) struct ProduceAnswer {
    pub(crate) topics: Vec<TopicAnswer>,
    pub(crate) node_endpoints: Vec<Node>,
}

/// The partitions of one topic.
#[derive(Debug)]
pub(crate) struct TopicAnswer {
    pub(crate) name: StrBytes,
    pub(crate) id: Uuid,
    pub(crate) partitions: Vec<PartitionAnswer>,
}

/// Kafka's `PartitionProduceResponse`; -1 where there is nothing to say.
#[derive(Debug)]
pub(crate) struct PartitionAnswer {
    pub(crate) index: i32,
    pub(crate) error_code: i16,
    pub(crate) base_offset: i64,
    pub(crate) log_append_time_ms: i64,
    pub(crate) log_start_offset: i64,
    /// The record that its batch was refused for, by its place, and why.
    pub(crate) refused_record: Option<(i32, String)>,
    pub(crate) error_message: Option<String>,
    /// Leader and its epoch.
    pub(crate) current_leader: Option<(i32, i32)>,
}

impl Api for Produce {
    type Request = ProduceRequest;

    const VERSIONS: RangeInclusive<i16> = 3..=13;
    const ADVERTISED_FROM: i16 = 0;

    async fn handle(
        cluster: &Arc<Cluster>,
        context: &RequestContext,
        version: i16,
        request: ProduceRequest,
    ) -> Reply<ProduceResponse> {
        let terms = Terms {
            acks: request.acks,
            is_transactional: request.transactional_id.is_some(),
            allows_zstd: version >= ZSTD_FROM,
        };
        let mut answer = AnswerBuilder {
            version,
            has_error: false,
            leaders: BTreeSet::new(),
        };
        let mut topics = Vec::with_capacity(request.topic_data.len());
        for topic in request.topic_data {
            let target = if version >= TOPIC_IDS_FROM {
                Target::of_id(cluster, &topic.topic_id)
            } else {
                Target::of_name(cluster, &topic.name)
            };
            let mut partitions = Vec::with_capacity(topic.partition_data.len());
            for data in topic.partition_data {
                let outcome = produce(cluster, context, terms, &target, data.index, data.records).await;
                partitions.push(answer.partition(data.index, outcome));
            }
            topics.push(TopicAnswer {
                name: topic.name.0,
                id: topic.topic_id,
                partitions,
            });
        }
        match (request.acks, answer.has_error) {
            (0, false) => Reply::Silence,
            // There is no other way to tell a producer that waits for nothing.
            (0, true) => Reply::Close,
            _ => Reply::Produced(ProduceAnswer {
                topics,
                node_endpoints: answer.node_endpoints(cluster),
            }),
        }
    }
}

struct AnswerBuilder {
    version: i16,
    has_error: bool,
    leaders: BTreeSet<NodeId>,
}

impl AnswerBuilder {
    fn partition(&mut self, index: i32, outcome: Result<Appended, ProduceError>) -> PartitionAnswer {
        match outcome {
            Ok(appended) => PartitionAnswer {
                index,
                error_code: 0,
                base_offset: appended.base_offset.0,
                log_append_time_ms: appended.log_append_time_ms.unwrap_or(-1),
                log_start_offset: appended.log_start_offset.0,
                refused_record: None,
                error_message: None,
                current_leader: None,
            },
            Err(error) => {
                tracing::debug!(partition = index, reason = %error, "refused a batch");
                self.has_error = true;
                PartitionAnswer {
                    index,
                    error_code: error.code(),
                    base_offset: -1,
                    log_append_time_ms: -1,
                    log_start_offset: -1,
                    refused_record: match error {
                        ProduceError::Append(AppendError::MissingKey { batch_index }) => {
                            Some((batch_index, error.to_string()))
                        }
                        _ => None,
                    },
                    error_message: Some(error.to_string()),
                    current_leader: self.current_leader(&error),
                }
            }
        }
    }

    fn current_leader(&mut self, error: &ProduceError) -> Option<(i32, i32)> {
        match error {
            ProduceError::NotServed(NotServed::NotLeader(current)) if self.version >= CURRENT_LEADER_FROM => {
                self.leaders.insert(current.leader_id);
                Some((current.leader_id.0, current.leader_epoch.0))
            }
            _ => None,
        }
    }

    fn node_endpoints(&self, cluster: &Cluster) -> Vec<Node> {
        let nodes = self.leaders.iter().filter_map(|id| cluster.node(*id).cloned());
        nodes.collect()
    }
}
