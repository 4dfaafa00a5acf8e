//! DescribeTransactions: what the coordinator knows of transactional ids.
//!
//! # Versions
//! 0.
//!
//! # Behaviour
//! The partitions are those of the open transaction. While it is being ended, they are those that have no marker yet.
//!
//! # Differs from Apache Kafka
//! No known differences.
//!
//! # Notes by KIP
//! KIP-664: the API.

use super::errors::KafkaError;
use super::fields::wire;
use super::{Answer, Answering, Api, ErrorCounts, ResponseMessage};
use crate::cluster::Cluster;
use crate::operations::RequestContext;
use crate::operations::describe_transactions::{TransactionMetadata, describe_transaction};
use kafka_protocol::messages::describe_transactions_response::{TopicData, TransactionState};
use kafka_protocol::messages::{DescribeTransactionsRequest, DescribeTransactionsResponse, TopicName};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Kafka's `DescribeTransactionsRequest`.
pub(super) struct DescribeTransactions;

impl Api for DescribeTransactions {
    type Request = DescribeTransactionsRequest;

    const VERSIONS: RangeInclusive<i16> = 0..=0;

    fn handle(
        cluster: &Arc<Cluster>,
        context: &Arc<RequestContext>,
        _version: i16,
        request: DescribeTransactionsRequest,
    ) -> Answering {
        let states = request.transactional_ids.into_iter().map(|id| {
            let state = match describe_transaction(cluster, context, &id) {
                Ok(metadata) => described(&metadata),
                Err(error) => TransactionState::default().with_error_code(error.code()),
            };
            state.with_transactional_id(id)
        });
        DescribeTransactionsResponse::default()
            .with_transaction_states(states.collect())
            .into()
    }

    fn refuse(_version: i16, request: &DescribeTransactionsRequest, code: i16) -> Answer {
        let states = request.transactional_ids.iter().map(|id| {
            TransactionState::default()
                .with_transactional_id(id.clone())
                .with_error_code(code)
        });
        DescribeTransactionsResponse::default()
            .with_transaction_states(states.collect())
            .into()
    }
}

impl ResponseMessage for DescribeTransactionsResponse {
    fn throttle_time_ms(&mut self) -> &mut i32 {
        &mut self.throttle_time_ms
    }

    fn error_counts(&self) -> ErrorCounts {
        let states = self.transaction_states.iter();
        states.map(|state| state.error_code).collect()
    }
}

fn described(metadata: &TransactionMetadata) -> TransactionState {
    let mut topics = BTreeMap::<_, Vec<i32>>::new();
    for partition in &metadata.partitions {
        let indexes = topics.entry(&*partition.topic).or_default();
        indexes.push(partition.partition);
    }
    let topics = topics.into_iter().map(|(topic, indexes)| {
        TopicData::default()
            .with_topic(TopicName(wire(topic)))
            .with_partitions(indexes)
    });
    TransactionState::default()
        .with_transaction_state(wire(metadata.state.name()))
        .with_transaction_timeout_ms(metadata.timeout_ms)
        .with_transaction_start_time_ms(metadata.start_ms)
        .with_producer_id(metadata.producer_id.0.into())
        .with_producer_epoch(metadata.producer_epoch.0)
        .with_topics(topics.collect())
}
