//! AddPartitionsToTxn: a producer tells which partitions its transaction will write to.
//!
//! # Versions
//! 0 to 5. Up to version 3 from producers, with one transaction; from version 4 on from brokers, with several.
//!
//! # Behaviour
//! All partitions of a transaction are added, or none: if one cannot be, the others get OPERATION_NOT_ATTEMPTED. A broker may only ask
//! whether partitions are in the transaction (`VerifyOnly`); those that are not get TRANSACTION_ABORTABLE. A request of version 4 or 5 without
//! a transaction is never answered: Kafka answers once the last transaction is added.
//!
//! # Differs from Apache Kafka
//! No known differences.
//!
//! # Notes by KIP
//! KIP-98: the API. KIP-588: PRODUCER_FENCED from version 2 on, before that INVALID_PRODUCER_EPOCH. KIP-890: versions 4 and 5.

use super::errors::{KafkaError, fenced_code};
use super::fields::{shared, wire};
use super::{Answer, Answering, Api, Delivery, ErrorCounts, ResponseMessage};
use crate::cluster::Cluster;
use crate::ids::{ProducerEpoch, ProducerId};
use crate::operations::RequestContext;
use crate::operations::add_partitions_to_txn::{
    AddPartitionError, AddPartitions, AddedPartitions, AddingClient, add_partitions_to_txn, authorize_broker,
};
use kafka_protocol::messages::add_partitions_to_txn_request::AddPartitionsToTxnTopic;
use kafka_protocol::messages::add_partitions_to_txn_response::{
    AddPartitionsToTxnPartitionResult, AddPartitionsToTxnResult, AddPartitionsToTxnTopicResult,
};
use kafka_protocol::messages::{AddPartitionsToTxnRequest, AddPartitionsToTxnResponse, TopicName};
use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Kafka's `AddPartitionsToTxnRequest`.
pub(super) struct AddPartitionsToTxn;

/// The first version that only brokers send.
const BROKERS_FROM: i16 = 4;

/// The first version whose clients know PRODUCER_FENCED.
const PRODUCER_FENCED_FROM: i16 = 2;

impl Api for AddPartitionsToTxn {
    type Request = AddPartitionsToTxnRequest;

    const VERSIONS: RangeInclusive<i16> = 0..=5;

    fn handle(
        cluster: &Arc<Cluster>,
        context: &Arc<RequestContext>,
        version: i16,
        request: AddPartitionsToTxnRequest,
    ) -> Answering {
        let response = AddPartitionsToTxnResponse::default();
        if version < BROKERS_FROM {
            let add = AddPartitions {
                transactional_id: request.v3_and_below_transactional_id.to_string(),
                producer_id: ProducerId(request.v3_and_below_producer_id.0),
                producer_epoch: ProducerEpoch(request.v3_and_below_producer_epoch),
                partitions: wanted(&request.v3_and_below_topics),
                answered: wanted(&request.v3_and_below_topics),
            };
            let added = add_partitions_to_txn(cluster, context, AddingClient::Producer, &add);
            return response
                .with_results_by_topic_v3_and_below(topic_rows(version, false, added))
                .into();
        }
        if let Err(denied) = authorize_broker(cluster, context) {
            return response.with_error_code(denied.code()).into();
        }
        if request.transactions.is_empty() {
            return Answering::Now(Answer::from(response).delivered_as(Delivery::Never));
        }
        // As in Kafka, which keeps partitions by transactional id, an id that is named twice has the last ones both times, and is answered
        // by the first.
        let (mut firsts, mut lasts) = (HashMap::new(), HashMap::new());
        for transaction in &request.transactions {
            let id = &transaction.transactional_id;
            firsts
                .entry(id.clone())
                .or_insert_with(|| wanted(&transaction.topics));
            lasts.insert(id.clone(), wanted(&transaction.topics));
        }
        let transactions = request.transactions.into_iter().map(|transaction| {
            let add = AddPartitions {
                transactional_id: transaction.transactional_id.to_string(),
                producer_id: ProducerId(transaction.producer_id.0),
                producer_epoch: ProducerEpoch(transaction.producer_epoch),
                partitions: lasts[&transaction.transactional_id].clone(),
                answered: firsts[&transaction.transactional_id].clone(),
            };
            let client = AddingClient::Broker {
                verifies_only: transaction.verify_only,
            };
            let added = add_partitions_to_txn(cluster, context, client, &add);
            AddPartitionsToTxnResult::default()
                .with_transactional_id(transaction.transactional_id)
                .with_topic_results(topic_rows(version, transaction.verify_only, added))
        });
        response
            .with_results_by_transaction(transactions.collect())
            .into()
    }

    fn refuse(version: i16, request: &AddPartitionsToTxnRequest, code: i16) -> Answer {
        let response = AddPartitionsToTxnResponse::default();
        if version >= BROKERS_FROM {
            return response.with_error_code(code).into();
        }
        let topics = request.v3_and_below_topics.iter().map(|topic| {
            let rows = topic.partitions.iter().map(|index| row(*index, code));
            AddPartitionsToTxnTopicResult::default()
                .with_name(topic.name.clone())
                .with_results_by_partition(rows.collect())
        });
        response
            .with_results_by_topic_v3_and_below(topics.collect())
            .into()
    }
}

impl ResponseMessage for AddPartitionsToTxnResponse {
    fn throttle_time_ms(&mut self) -> &mut i32 {
        &mut self.throttle_time_ms
    }

    fn error_counts(&self) -> ErrorCounts {
        let transactions = self.results_by_transaction.iter();
        let topics = transactions.flat_map(|transaction| &transaction.topic_results);
        let topics = topics.chain(&self.results_by_topic_v3_and_below);
        let codes = topics.flat_map(|topic| &topic.results_by_partition);
        let codes = codes.map(|partition| partition.partition_error_code);
        [self.error_code].into_iter().chain(codes).collect()
    }
}

fn wanted(topics: &[AddPartitionsToTxnTopic]) -> Vec<(Arc<str>, Vec<i32>)> {
    let topics = topics.iter();
    topics
        .map(|topic| (shared(&topic.name), topic.partitions.clone()))
        .collect()
}

fn topic_rows(
    version: i16,
    verifies_only: bool,
    added: AddedPartitions,
) -> Vec<AddPartitionsToTxnTopicResult> {
    // Where partitions differ, Kafka builds the answer from them, so a topic without any is left out. An error of all, and no error, are
    // answered for each topic of the request: `AddPartitionsToTxnRequest.errorResponseForTransaction`.
    let is_of_partition = |error: &AddPartitionError| {
        matches!(
            error,
            AddPartitionError::Denied(_)
                | AddPartitionError::UnknownPartition
                | AddPartitionError::NotAttempted
        )
    };
    let mut results = added.iter().flat_map(|(_, partitions)| partitions);
    let is_by_partition =
        verifies_only || results.any(|(_, result)| result.as_ref().is_err_and(is_of_partition));
    let topics = added
        .into_iter()
        .filter(|(_, partitions)| !is_by_partition || !partitions.is_empty());
    let topics = topics.map(|(topic, partitions)| {
        let rows = partitions.into_iter().map(|(index, result)| {
            let code = result.err().map_or(0, |error| error.code());
            row(index, fenced_code(code, version >= PRODUCER_FENCED_FROM))
        });
        AddPartitionsToTxnTopicResult::default()
            .with_name(TopicName(wire(&topic)))
            .with_results_by_partition(rows.collect())
    });
    topics.collect()
}

fn row(index: i32, code: i16) -> AddPartitionsToTxnPartitionResult {
    AddPartitionsToTxnPartitionResult::default()
        .with_partition_index(index)
        .with_partition_error_code(code)
}
