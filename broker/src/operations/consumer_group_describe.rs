//! ConsumerGroupDescribe: consumer groups and their members.

use super::RequestContext;
use super::access::{Denied, authorize, authorize_topic, check_coordinator};
use super::topic_catalog::refresh_topic_catalog;
use crate::cluster::Cluster;
use crate::group::consumer::ConsumerGroupNotFound;
use crate::group::{AccessError, GroupError};
use crate::security::{AclOperation, Resource};
use std::sync::Arc;

pub(crate) use crate::group::consumer::{ConsumerDescription, DescribedMember, NamedPartitions};

/// The reason why a group was not described.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ConsumerDescribeError {
    /// `group.coordinator.rebalance.protocols` leaves the protocol out, or `group.version` is 0.
    #[error("The version of API is not supported.")]
    ProtocolDisabled,
    /// The client may not see the group.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The client may not see a topic that members read.
    #[error("The group has described topic(s) that the client is not authorized to describe.")]
    TopicDenied,
    /// The group cannot be asked here.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// There is no consumer group of that id.
    #[error(transparent)]
    NotFound(#[from] ConsumerGroupNotFound),
}

impl ConsumerDescribeError {
    /// Returns the message for the client; `None` where Kafka gives the code alone.
    pub(crate) fn client_message(&self) -> Option<String> {
        match self {
            Self::ProtocolDisabled | Self::Denied(_) | Self::Access(_) => None,
            Self::TopicDenied | Self::NotFound(_) => Some(self.to_string()),
        }
    }
}

/// Describes one group with its members. Source: `KafkaApis.handleConsumerGroupDescribe`.
pub(crate) async fn consumer_group_describe(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    group_id: &str,
) -> Result<ConsumerDescription, ConsumerDescribeError> {
    if !cluster.serves_consumer_groups() {
        return Err(ConsumerDescribeError::ProtocolDisabled);
    }
    authorize(
        cluster,
        context,
        AclOperation::Describe,
        Resource::Group(group_id),
    )?;
    if group_id.is_empty() {
        return Err(AccessError::EmptyGroupId.into());
    }
    check_coordinator(cluster, context, group_id)?;
    refresh_topic_catalog(cluster);
    let described = cluster.groups.describe_consumer(group_id).await;
    let description = described.map_err(|error| match error {
        GroupError::NotFound => ConsumerGroupNotFound::Missing(group_id.into()).into(),
        GroupError::Access(error) => ConsumerDescribeError::Access(error),
        GroupError::Refused(error) => error.into(),
    })?;
    let mut topics = description
        .members
        .iter()
        .flat_map(|member| member.assigned.iter().chain(&member.target));
    let may_describe = |topic: &NamedPartitions| {
        authorize_topic(cluster, context, AclOperation::Describe, &topic.name).is_ok()
    };
    if !topics.all(may_describe) {
        return Err(ConsumerDescribeError::TopicDenied);
    }
    Ok(description)
}
