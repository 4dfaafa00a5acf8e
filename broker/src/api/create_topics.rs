//! CreateTopics: creates topics.
//!
//! # Versions
//! 2 to 7. The answer has the topic's configs, partitions and replication factor from version 5 on, and its id from version 7 on.
//!
//! # Behaviour
//! Each topic is created by itself; the checks and their order are those of Kafka's controller. A name that occurs twice in a request is
//! refused, with one entry in the answer. With `validate_only` nothing is created.
//!
//! # Differs from Apache Kafka
//! - Followers are simulated: every replica is listed and in sync, but only the leader holds records.
//! - Any broker answers, as KRaft brokers do by forwarding; NOT_CONTROLLER never occurs.
//! - A topic exists, with leaders, when the answer arrives. `timeout_ms` is not used.
//! - A cluster has at most 200,000 partitions; more are POLICY_VIOLATION, as in Kafka for a request that creates too many.
//! - If two names of one request collide by `.` and `_`, the second is refused. Kafka detects collisions with existing topics only.
//!
//! # Notes by KIP
//! KIP-464: -1 partitions or replicas mean the broker's default. KIP-525: configs in the answer. KIP-516: topic ids.

use super::errors::KafkaError;
use super::fields::config_source;
use super::{Answer, Answering, Api, ErrorCounts, ResponseMessage};
use crate::cluster::Cluster;
use crate::config::layers::ConfigEntry;
use crate::ids::NodeId;
use crate::operations::RequestContext;
use crate::operations::access::Denied;
use crate::operations::create_topics::{CreateTopic, CreateTopicError, CreatedTopic, create_topics};
use kafka_protocol::messages::create_topics_request::{CreatableTopic, CreateTopicsRequest};
use kafka_protocol::messages::create_topics_response::{
    CreatableTopicConfigs, CreatableTopicResult, CreateTopicsResponse,
};
use kafka_protocol::protocol::StrBytes;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Kafka's `CreateTopicsRequest`.
pub(super) struct CreateTopics;

impl Api for CreateTopics {
    type Request = CreateTopicsRequest;

    const VERSIONS: RangeInclusive<i16> = 2..=7;

    fn handle(
        cluster: &Arc<Cluster>,
        context: &Arc<RequestContext>,
        _version: i16,
        request: CreateTopicsRequest,
    ) -> Answering {
        let topics = request.topics.into_iter().map(wanted).collect();
        let results = create_topics(cluster, context, topics, request.validate_only);
        let topics = results
            .into_iter()
            .map(|(name, result)| answer(name, result))
            .collect();
        CreateTopicsResponse::default().with_topics(topics).into()
    }

    fn refuse(_version: i16, request: &CreateTopicsRequest, code: i16) -> Answer {
        let topics = request.topics.iter().map(|topic| {
            CreatableTopicResult::default()
                .with_name(topic.name.clone())
                .with_error_code(code)
                // kafka-protocol's default is an empty text.
                .with_error_message(None)
        });
        CreateTopicsResponse::default()
            .with_topics(topics.collect())
            .into()
    }
}

impl ResponseMessage for CreateTopicsResponse {
    fn throttle_time_ms(&mut self) -> &mut i32 {
        &mut self.throttle_time_ms
    }

    fn error_counts(&self) -> ErrorCounts {
        self.topics.iter().map(|topic| topic.error_code).collect()
    }
}

fn wanted(topic: CreatableTopic) -> CreateTopic {
    let assignments = topic.assignments.into_iter().map(|assignment| {
        let nodes = assignment.broker_ids.iter().map(|node| NodeId(node.0)).collect();
        (assignment.partition_index, nodes)
    });
    let configs = topic.configs.into_iter().map(|config| {
        (
            config.name.to_string(),
            config.value.map(|value| value.to_string()),
        )
    });
    CreateTopic {
        name: topic.name.to_string(),
        partitions: topic.num_partitions,
        replication_factor: topic.replication_factor,
        assignments: assignments.collect(),
        configs: configs.collect(),
    }
}

fn answer(name: String, result: Result<CreatedTopic, CreateTopicError>) -> CreatableTopicResult {
    let answer = CreatableTopicResult::default().with_name(StrBytes::from_string(name).into());
    match result {
        // The topic exists, so this is no error of it: only what the client may not see is left out (KIP-525).
        Ok(created) if !created.is_describable => answer
            .with_topic_id(created.id)
            .with_error_message(None)
            .with_num_partitions(-1)
            .with_replication_factor(-1)
            .with_topic_config_error_code(Denied::Topic.code())
            .with_configs(Some(Vec::new())),
        Ok(created) => answer
            .with_topic_id(created.id)
            .with_error_message(None)
            .with_num_partitions(created.partitions)
            .with_replication_factor(created.replication_factor)
            .with_configs(Some(created.configs.into_iter().map(config).collect())),
        Err(error) => answer
            .with_error_code(error.code())
            .with_error_message(Some(error.message()))
            .with_num_partitions(-1)
            .with_replication_factor(-1)
            .with_configs(Some(Vec::new())),
    }
}

fn config(entry: ConfigEntry) -> CreatableTopicConfigs {
    CreatableTopicConfigs::default()
        .with_name(StrBytes::from_string(entry.name.into_owned()))
        .with_value(entry.value.map(StrBytes::from_string))
        .with_read_only(entry.is_read_only)
        .with_config_source(config_source(entry.source))
        .with_is_sensitive(entry.is_sensitive)
}
