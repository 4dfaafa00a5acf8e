//! ConsumerGroupHeartbeat: a member of a consumer group joins, stays, reports what it owns, or leaves.

use super::RequestContext;
use super::access::{Denied, authorize, authorize_topic, check_coordinator};
use super::topic_catalog::refresh_topic_catalog;
use crate::cluster::Cluster;
use crate::group::consumer::{ConsumerGroupNotFound, Heartbeat, HeartbeatError};
use crate::group::{AccessError, GroupError};
use crate::security::{AclOperation, Resource};
use std::sync::Arc;

pub(crate) use crate::group::consumer::{HeartbeatAnswer, HeartbeatRequest, OwnedPartitions};

/// The reason why a heartbeat was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ConsumerHeartbeatError {
    /// `group.coordinator.rebalance.protocols` leaves the protocol out, or `group.version` is 0.
    #[error("The version of API is not supported.")]
    ProtocolDisabled,
    /// The client may not read the group, or not see a topic that it subscribes to.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The group cannot be asked here.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The rules refuse the request.
    #[error(transparent)]
    Refused(#[from] HeartbeatError),
}

impl ConsumerHeartbeatError {
    /// Returns the message for the client; `None` where Kafka gives the code alone.
    pub(crate) fn client_message(&self) -> Option<String> {
        match self {
            Self::ProtocolDisabled | Self::Denied(_) => None,
            // The text of Kafka's `Errors`.
            Self::Access(AccessError::NotCoordinator { .. }) => {
                Some("This is not the correct coordinator.".to_owned())
            }
            Self::Access(error) => Some(error.to_string()),
            Self::Refused(error) => Some(error.to_string()),
        }
    }
}

/// Handles a heartbeat. Source: `KafkaApis.handleConsumerGroupHeartbeat`, `GroupCoordinatorService.consumerGroupHeartbeat`.
pub(crate) async fn consumer_group_heartbeat(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    group_id: &str,
    request: HeartbeatRequest,
) -> Result<HeartbeatAnswer, ConsumerHeartbeatError> {
    if !cluster.serves_consumer_groups() {
        return Err(ConsumerHeartbeatError::ProtocolDisabled);
    }
    authorize(cluster, context, AclOperation::Read, Resource::Group(group_id))?;
    for topic in request.subscribed_topic_names.iter().flatten() {
        authorize_topic(cluster, context, AclOperation::Describe, topic)?;
    }
    request.validate(group_id, cluster.groups.consumer_limits())?;
    check_coordinator(cluster, context, group_id)?;
    refresh_topic_catalog(cluster);
    let is_leave = request.is_leave();
    let heartbeat = Heartbeat {
        new_member_id: if request.member_id.is_empty() {
            cluster.entropy.uuid_text().into()
        } else {
            Arc::clone(&request.member_id)
        },
        request,
        client_id: context.client_id.as_str().into(),
        client_host: context.client_host().into(),
        config: cluster.group_configs.consumer(context.node_id, group_id),
    };
    let answer = cluster.groups.consumer_heartbeat(group_id, heartbeat).await;
    answer.map_err(|error| match error {
        GroupError::Access(error) => error.into(),
        GroupError::Refused(error) => error.into(),
        GroupError::NotFound => {
            let missing = if is_leave {
                ConsumerGroupNotFound::Missing(group_id.into())
            } else {
                ConsumerGroupNotFound::ForMember(group_id.into())
            };
            HeartbeatError::from(missing).into()
        }
    })
}
