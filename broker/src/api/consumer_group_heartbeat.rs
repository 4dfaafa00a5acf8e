//! ConsumerGroupHeartbeat: a member joins a consumer group, stays in it, reports the partitions that it owns, and leaves.
//!
//! # Versions
//! 0 and 1. Version 1 has the regular expression, and the client makes the member id (KIP-1082).
//!
//! # Behaviour
//! Kafka's `GroupMetadataManager.consumerGroupHeartbeat`. The answer has an assignment if the member joins, sends a full request, or its
//! assignment has changed.
//!
//! # Differs from Apache Kafka
//! - `group.consumer.assignment.interval.ms` is 0 unless it is set, so that each change is assigned at once; Kafka's default is 1,000.
//! - Regular expressions are those of the crate `regex` in place of RE2/J, whose syntax is the same but for rare escapes. As in Kafka they
//!   are searched beside the request, at most every 10 seconds; here the search is over before the group's next request.
//! - Where an assignment depends on the order of topics in a Java map, ours goes by topic id.
//! - The limits of JoinGroup on the number of members and on memory apply here too, with the same codes.
//!
//! # Notes by KIP
//! KIP-848: the API. KIP-1082: member ids by the client (1).

use super::errors::KafkaError;
use super::fields::{shared, shared_option, wire};
use super::{Answer, Answering, Api, ErrorCounts, ResponseMessage};
use crate::cluster::Cluster;
use crate::operations::RequestContext;
use crate::operations::consumer_group_heartbeat::{
    HeartbeatAnswer, HeartbeatRequest, OwnedPartitions, consumer_group_heartbeat,
};
use kafka_protocol::messages::consumer_group_heartbeat_response::{Assignment, TopicPartitions};
use kafka_protocol::messages::{ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Kafka's `ConsumerGroupHeartbeatRequest`.
pub(super) struct ConsumerGroupHeartbeat;

/// The first version whose clients make their own member ids.
const MEMBER_ID_BY_CLIENT_FROM: i16 = 1;

impl Api for ConsumerGroupHeartbeat {
    type Request = ConsumerGroupHeartbeatRequest;

    const VERSIONS: RangeInclusive<i16> = 0..=1;

    fn handle(
        cluster: &Arc<Cluster>,
        context: &Arc<RequestContext>,
        version: i16,
        request: ConsumerGroupHeartbeatRequest,
    ) -> Answering {
        let (cluster, context) = (Arc::clone(cluster), Arc::clone(context));
        Answering::later(async move {
            let heartbeat = values(version, &request);
            let answer = consumer_group_heartbeat(&cluster, &context, &request.group_id, heartbeat).await;
            let response = match answer {
                Ok(answer) => success(answer),
                Err(error) => ConsumerGroupHeartbeatResponse::default()
                    .with_error_code(error.code())
                    .with_error_message(error.client_message().as_deref().map(wire)),
            };
            response.into()
        })
    }

    fn refuse(_version: i16, _request: &ConsumerGroupHeartbeatRequest, code: i16) -> Answer {
        ConsumerGroupHeartbeatResponse::default()
            .with_error_code(code)
            .into()
    }
}

impl ResponseMessage for ConsumerGroupHeartbeatResponse {
    fn throttle_time_ms(&mut self) -> &mut i32 {
        &mut self.throttle_time_ms
    }

    fn error_counts(&self) -> ErrorCounts {
        ErrorCounts::of(self.error_code)
    }
}

fn values(version: i16, request: &ConsumerGroupHeartbeatRequest) -> HeartbeatRequest {
    let names = request.subscribed_topic_names.as_ref();
    let owned = request.topic_partitions.as_ref();
    HeartbeatRequest {
        member_id: shared(&request.member_id),
        member_epoch: request.member_epoch,
        group_instance_id: shared_option(request.instance_id.as_ref()),
        rack_id: shared_option(request.rack_id.as_ref()),
        rebalance_timeout_ms: request.rebalance_timeout_ms,
        subscribed_topic_names: names.map(|names| names.iter().map(|name| shared(name)).collect()),
        subscribed_topic_regex: shared_option(request.subscribed_topic_regex.as_ref()),
        server_assignor: shared_option(request.server_assignor.as_ref()),
        owned: owned.map(|topics| {
            let topics = topics.iter().map(|topic| OwnedPartitions {
                topic: topic.topic_id,
                partitions: topic.partitions.clone(),
            });
            topics.collect()
        }),
        brings_member_id: version >= MEMBER_ID_BY_CLIENT_FROM,
    }
}

fn success(answer: HeartbeatAnswer) -> ConsumerGroupHeartbeatResponse {
    let assignment = answer.assignment.map(|assigned| {
        let topics = assigned.into_iter().map(|(topic, partitions)| {
            TopicPartitions::default()
                .with_topic_id(topic)
                .with_partitions(partitions.into_iter().collect())
        });
        Assignment::default().with_topic_partitions(topics.collect())
    });
    ConsumerGroupHeartbeatResponse::default()
        .with_member_id(Some(wire(&answer.member_id)))
        .with_member_epoch(answer.member_epoch)
        .with_heartbeat_interval_ms(answer.heartbeat_interval_ms)
        .with_assignment(assignment)
}
