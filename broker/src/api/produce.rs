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
use crate::cluster::Cluster;
use crate::ids::NodeId;
use crate::log::{AppendError, Appended};
use crate::operations::RequestContext;
use crate::operations::produce::{ProduceError, Target, Terms, produce};
use crate::topic::leadership::NotServed;
use kafka_protocol::messages::produce_response::{
    BatchIndexAndErrorMessage, LeaderIdAndEpoch, NodeEndpoint, PartitionProduceResponse, TopicProduceResponse,
};
use kafka_protocol::messages::{ProduceRequest, ProduceResponse};
use kafka_protocol::protocol::StrBytes;
use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Kafka's `ProduceRequest`.
pub(super) struct Produce;

/// From here on topics have ids instead of names.
const TOPIC_IDS_FROM: i16 = 13;
/// From here on an answer may name the current leader.
const CURRENT_LEADER_FROM: i16 = 10;
/// From here on an answer has messages.
const MESSAGES_FROM: i16 = 8;
/// From here on zstd may be used.
const ZSTD_FROM: i16 = 7;

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
        let mut responses = Vec::with_capacity(request.topic_data.len());
        for topic in request.topic_data {
            let target = if version >= TOPIC_IDS_FROM {
                Target::of_id(cluster, &topic.topic_id)
            } else {
                Target::of_name(cluster, &topic.name)
            };
            let mut response = TopicProduceResponse::default();
            response.name = topic.name;
            response.topic_id = topic.topic_id;
            response.partition_responses.reserve(topic.partition_data.len());
            for data in topic.partition_data {
                let outcome = produce(cluster, context, terms, &target, data.index, data.records).await;
                response
                    .partition_responses
                    .push(answer.partition(data.index, outcome));
            }
            responses.push(response);
        }
        match (request.acks, answer.has_error) {
            (0, false) => Reply::Silence,
            // There is no other way to tell a producer that waits for nothing.
            (0, true) => Reply::Close,
            _ => ProduceResponse::default()
                .with_responses(responses)
                .with_node_endpoints(answer.node_endpoints(cluster))
                .into(),
        }
    }
}

struct AnswerBuilder {
    version: i16,
    has_error: bool,
    leaders: BTreeSet<NodeId>,
}

impl AnswerBuilder {
    fn partition(&mut self, index: i32, outcome: Result<Appended, ProduceError>) -> PartitionProduceResponse {
        // Set in place: by its `with_` methods the message would be moved for each field.
        let mut response = PartitionProduceResponse::default();
        response.index = index;
        match outcome {
            Ok(appended) => {
                response.base_offset = appended.base_offset.0;
                response.log_append_time_ms = appended.log_append_time_ms.unwrap_or(-1);
                response.log_start_offset = appended.log_start_offset.0;
            }
            Err(error) => {
                tracing::debug!(partition = index, reason = %error, "refused a batch");
                self.has_error = true;
                response.base_offset = -1;
                response.log_append_time_ms = -1;
                response.log_start_offset = -1;
                response.error_code = error.code();
                self.explain(&mut response, &error);
            }
        }
        response
    }

    fn explain(&mut self, response: &mut PartitionProduceResponse, error: &ProduceError) {
        if self.version >= MESSAGES_FROM {
            response.error_message = Some(error.message());
            if let ProduceError::Append(AppendError::MissingKey { batch_index }) = error {
                response.record_errors = vec![
                    BatchIndexAndErrorMessage::default()
                        .with_batch_index(*batch_index)
                        .with_batch_index_error_message(Some(error.message())),
                ];
            }
        }
        if let ProduceError::NotServed(NotServed::NotLeader(current)) = error
            && self.version >= CURRENT_LEADER_FROM
        {
            self.leaders.insert(current.leader_id);
            response.current_leader = LeaderIdAndEpoch::default()
                .with_leader_id(current.leader_id.0.into())
                .with_leader_epoch(current.leader_epoch.0);
        }
    }

    fn node_endpoints(&self, cluster: &Cluster) -> Vec<NodeEndpoint> {
        self.leaders
            .iter()
            .filter_map(|id| cluster.node(*id))
            .map(|node| {
                NodeEndpoint::default()
                    .with_node_id(node.id.0.into())
                    .with_host(StrBytes::from_string(node.host.clone()))
                    .with_port(node.port.into())
            })
            .collect()
    }
}
