//! DeleteTopics: deletes topics.
//!
//! # Versions
//! 1 to 6. The answer has error messages from version 5 on. Topics may be named by id from version 6 on.
//!
//! # Behaviour
//! Each topic is deleted by itself; one that is named twice, also once by name and once by id, is refused. Fetches that wait for a deleted
//! topic are answered at once, and groups drop their offsets for it. `delete.topic.enable=false` refuses all.
//!
//! # Differs from Apache Kafka
//! - A topic and its records are deleted when the answer arrives. `timeout_ms` is not used.
//! - Any broker answers, as KRaft brokers do by forwarding; NOT_CONTROLLER never occurs.
//! - The answer has first the topics that were refused, then those that were deleted. Kafka shuffles them.
//!
//! # Notes by KIP
//! KIP-516: topic ids; a topic that is created again has another id. KIP-599: no quota on mutations is enforced.

use super::errors::{KafkaError, RequestError};
use super::{Answer, Answering, Api, ErrorCounts, ResponseMessage};
use crate::cluster::Cluster;
use crate::operations::RequestContext;
use crate::operations::delete_topics::{DeleteTopic, DeleteTopicError, DeletedTopic, delete_topics};
use kafka_protocol::messages::TopicName;
use kafka_protocol::messages::delete_topics_request::DeleteTopicsRequest;
use kafka_protocol::messages::delete_topics_response::{DeletableTopicResult, DeleteTopicsResponse};
use kafka_protocol::protocol::StrBytes;
use std::ops::RangeInclusive;
use std::sync::Arc;
use uuid::Uuid;

/// Kafka's `DeleteTopicsRequest`.
pub(super) struct DeleteTopics;

impl Api for DeleteTopics {
    type Request = DeleteTopicsRequest;

    const VERSIONS: RangeInclusive<i16> = 1..=6;

    fn handle(
        cluster: &Arc<Cluster>,
        context: &Arc<RequestContext>,
        version: i16,
        request: DeleteTopicsRequest,
    ) -> Answering {
        let (cluster, context) = (Arc::clone(cluster), Arc::clone(context));
        Answering::later(async move {
            // Up to version 5 a request has names in one list, later names or ids in another. The list that its version lacks is empty.
            let by_name = request.topic_names.into_iter().map(|name| DeleteTopic {
                name: Some(name.to_string()),
                id: Uuid::nil(),
            });
            let by_either = request.topics.into_iter().map(|topic| DeleteTopic {
                name: topic.name.map(|name| name.to_string()),
                id: topic.topic_id,
            });
            let topics = by_name.chain(by_either).collect();
            let results = delete_topics(&cluster, &context, topics).await;
            let responses = results.into_iter().map(|topic| answer(version, topic)).collect();
            DeleteTopicsResponse::default().with_responses(responses).into()
        })
    }

    fn refuse(_version: i16, request: &DeleteTopicsRequest, code: i16) -> Answer {
        let result = |name: Option<&TopicName>, id| {
            DeletableTopicResult::default()
                .with_name(name.cloned())
                .with_topic_id(id)
                .with_error_code(code)
        };
        let by_name = request
            .topic_names
            .iter()
            .map(|name| result(Some(name), Uuid::nil()));
        let by_either = request
            .topics
            .iter()
            .map(|topic| result(topic.name.as_ref(), topic.topic_id));
        DeleteTopicsResponse::default()
            .with_responses(by_name.chain(by_either).collect())
            .into()
    }
}

impl ResponseMessage for DeleteTopicsResponse {
    fn throttle_time_ms(&mut self) -> &mut i32 {
        &mut self.throttle_time_ms
    }

    fn error_counts(&self) -> ErrorCounts {
        self.responses
            .iter()
            .map(|response| response.error_code)
            .collect()
    }
}

fn answer(version: i16, topic: DeletedTopic) -> DeletableTopicResult {
    let answer = DeletableTopicResult::default()
        .with_name(topic.name.map(|name| TopicName(StrBytes::from_string(name))))
        .with_topic_id(topic.id);
    match topic.result {
        Ok(()) => answer,
        Err(error) => answer
            .with_error_code(code(version, error))
            .with_error_message(Some(error.message())),
    }
}

/// Returns the code of an error. TOPIC_DELETION_DISABLED exists from version 3 on.
fn code(version: i16, error: DeleteTopicError) -> i16 {
    if version < 3 && error == DeleteTopicError::Disabled {
        return RequestError::InvalidRequest.code();
    }
    error.code()
}
