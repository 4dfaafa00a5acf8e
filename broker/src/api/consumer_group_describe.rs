//! ConsumerGroupDescribe: consumer groups, their epochs, and their members with assignment and target.
//!
//! # Versions
//! 0 and 1.
//!
//! # Behaviour
//! Kafka's `GroupMetadataManager.consumerGroupDescribe`. A group that does not exist or has another type is GROUP_ID_NOT_FOUND.
//!
//! # Differs from Apache Kafka
//! Members are in the order of their ids.
//!
//! # Notes by KIP
//! KIP-848: the API. KIP-1099: the type of each member (1).

use super::errors::KafkaError;
use super::fields::{wire, wire_option};
use super::{Answer, Answering, Api, ErrorCounts, ResponseMessage};
use crate::cluster::Cluster;
use crate::operations::RequestContext;
use crate::operations::access::operations_on_group;
use crate::operations::consumer_group_describe::{
    ConsumerDescription, DescribedMember, NamedPartitions, consumer_group_describe,
};
use kafka_protocol::messages::consumer_group_describe_response::{
    Assignment, DescribedGroup, Member, TopicPartitions,
};
use kafka_protocol::messages::{ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse, TopicName};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Kafka's `ConsumerGroupDescribeRequest`.
pub(super) struct ConsumerGroupDescribe;

/// The values of `MemberType`.
const CLASSIC_MEMBER: i8 = 0;
const CONSUMER_MEMBER: i8 = 1;

impl Api for ConsumerGroupDescribe {
    type Request = ConsumerGroupDescribeRequest;

    const VERSIONS: RangeInclusive<i16> = 0..=1;

    fn handle(
        cluster: &Arc<Cluster>,
        context: &Arc<RequestContext>,
        version: i16,
        request: ConsumerGroupDescribeRequest,
    ) -> Answering {
        let (cluster, context) = (Arc::clone(cluster), Arc::clone(context));
        Answering::later(async move {
            let mut groups = Vec::with_capacity(request.group_ids.len());
            for group_id in request.group_ids {
                let row = match consumer_group_describe(&cluster, &context, &group_id).await {
                    Ok(description) if request.include_authorized_operations => {
                        group_row(version, description)
                            .with_authorized_operations(operations_on_group(&cluster, &context, &group_id))
                    }
                    Ok(description) => group_row(version, description),
                    Err(error) => DescribedGroup::default()
                        .with_error_code(error.code())
                        .with_error_message(error.client_message().as_deref().map(wire)),
                };
                groups.push(row.with_group_id(group_id));
            }
            ConsumerGroupDescribeResponse::default()
                .with_groups(groups)
                .into()
        })
    }

    fn refuse(_version: i16, request: &ConsumerGroupDescribeRequest, code: i16) -> Answer {
        let groups = request.group_ids.iter().map(|group_id| {
            DescribedGroup::default()
                .with_group_id(group_id.clone())
                .with_error_code(code)
        });
        ConsumerGroupDescribeResponse::default()
            .with_groups(groups.collect())
            .into()
    }
}

impl ResponseMessage for ConsumerGroupDescribeResponse {
    fn throttle_time_ms(&mut self) -> &mut i32 {
        &mut self.throttle_time_ms
    }

    fn error_counts(&self) -> ErrorCounts {
        self.groups.iter().map(|group| group.error_code).collect()
    }
}

fn group_row(version: i16, description: ConsumerDescription) -> DescribedGroup {
    let members = description
        .members
        .into_iter()
        .map(|member| member_row(version, member));
    DescribedGroup::default()
        .with_group_state(wire(description.state.name()))
        .with_group_epoch(description.group_epoch)
        .with_assignment_epoch(description.assignment_epoch)
        .with_assignor_name(wire(description.assignor.name()))
        .with_members(members.collect())
}

fn member_row(version: i16, member: DescribedMember) -> Member {
    let identity = member.identity;
    let names = member.subscribed_topic_names.iter();
    let row = Member::default()
        .with_member_id(wire(&identity.member_id))
        .with_instance_id(wire_option(identity.group_instance_id.as_ref()))
        .with_rack_id(wire_option(member.rack_id.as_ref()))
        .with_member_epoch(member.member_epoch)
        .with_client_id(wire(&identity.client_id))
        .with_client_host(wire(&identity.client_host))
        .with_subscribed_topic_names(names.map(|name| TopicName(wire(name))).collect())
        .with_subscribed_topic_regex(wire_option(member.subscribed_topic_regex.as_ref()))
        .with_assignment(assignment(member.assigned))
        .with_target_assignment(assignment(member.target));
    if version == 0 {
        return row;
    }
    row.with_member_type(if member.is_classic {
        CLASSIC_MEMBER
    } else {
        CONSUMER_MEMBER
    })
}

fn assignment(topics: Vec<NamedPartitions>) -> Assignment {
    let topics = topics.into_iter().map(|topic| {
        TopicPartitions::default()
            .with_topic_id(topic.topic)
            .with_topic_name(TopicName(wire(&topic.name)))
            .with_partitions(topic.partitions)
    });
    Assignment::default().with_topic_partitions(topics.collect())
}
