//! The gate for authorisation. Every operation checks its client's permission here before it checks whether the resource exists, so that
//! a client learns nothing about resources that it may not see.
//!
//! | operation | asks for |
//! | --- | --- |
//! | Produce | WRITE on the topic; in a transaction also on the transactional id |
//! | Fetch | READ on the topic |
//! | ListOffsets, OffsetForLeaderEpoch | DESCRIBE on the topic |
//! | Metadata | DESCRIBE on the topic; to create it CREATE on the cluster or on the topic |
//! | DescribeTopicPartitions | DESCRIBE on the topic |
//! | CreateTopics | CREATE on the cluster or on the topic; to show its configs DESCRIBE_CONFIGS on the topic |
//! | CreatePartitions | ALTER on the topic |
//! | DeleteTopics | DELETE on the cluster, or DESCRIBE and DELETE on the topic |
//! | DeleteRecords | DELETE on the topic |
//! | DescribeProducers | READ on the topic |
//! | DescribeConfigs | DESCRIBE_CONFIGS on the topic, the group, or else the cluster |
//! | AlterConfigs, IncrementalAlterConfigs | ALTER_CONFIGS on the topic, the group, or else the cluster |
//! | ListConfigResources | DESCRIBE_CONFIGS on the cluster |
//! | DescribeLogDirs | DESCRIBE on the cluster |
//! | DescribeCluster | DESCRIBE on the cluster, to show the operations on it |
//! | UpdateFeatures, UnregisterBroker, UnregisterController, AddRaftVoter, RemoveRaftVoter | ALTER on the cluster |
//! | ElectLeaders, AlterPartitionReassignments, AlterReplicaLogDirs | ALTER on the cluster |
//! | ListPartitionReassignments | DESCRIBE on the cluster |
//! | DescribeQuorum, DescribeAcls | DESCRIBE on the cluster |
//! | CreateAcls, DeleteAcls | ALTER on the cluster |
//! | FindCoordinator | DESCRIBE on the group or the transactional id; CLUSTER_ACTION on the cluster for a share group |
//! | JoinGroup, SyncGroup, Heartbeat, LeaveGroup | READ on the group |
//! | DescribeGroups | DESCRIBE on the group |
//! | ConsumerGroupHeartbeat | READ on the group and DESCRIBE on the topics it subscribes to by name |
//! | ConsumerGroupDescribe | DESCRIBE on the group and on the topics of its members |
//! | ListGroups | DESCRIBE on the cluster, or on each group |
//! | DeleteGroups | DELETE on the group |
//! | OffsetCommit | READ on the group and on the topic |
//! | OffsetFetch | DESCRIBE on the group and on the topic |
//! | OffsetDelete | DELETE on the group and READ on the topic |
//! | AddPartitionsToTxn | WRITE on the transactional id and on the topic; CLUSTER_ACTION on the cluster from version 4 on |
//! | AddOffsetsToTxn, TxnOffsetCommit | WRITE on the transactional id, READ on the group; the commit also READ on the topic |
//! | EndTxn | WRITE on the transactional id |
//! | WriteTxnMarkers | ALTER or CLUSTER_ACTION on the cluster |
//! | DescribeTransactions | DESCRIBE on the transactional id, and on the topics of its partitions |
//! | ListTransactions | DESCRIBE on each transactional id |
//! | InitProducerId | WRITE on the transactional id; without one IDEMPOTENT_WRITE on the cluster, or WRITE on any topic |
//!
//! ApiVersions, GetTelemetrySubscriptions and PushTelemetry ask for nothing, and neither do SaslHandshake, SaslAuthenticate and the APIs of delegation tokens, which are refused before. Source: Kafka's `KafkaApis`, `ControllerApis`, `AuthHelper` and `ConfigHelper`.

use super::RequestContext;
use crate::cluster::Cluster;
use crate::group::AccessError;
use crate::security::{AclOperation, AclResourceType, Resource};
use crate::topic::leadership::NotServed;
use crate::topic::{Topic, TopicKey};
use std::sync::Arc;

/// An operation that the client may not carry out. The texts are those of Kafka's `Errors`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Denied {
    #[error("Topic authorization failed.")]
    Topic,
    #[error("Group authorization failed.")]
    Group,
    #[error("Cluster authorization failed.")]
    Cluster,
    #[error("Transactional Id authorization failed.")]
    TransactionalId,
}

impl From<Denied> for NotServed {
    fn from(_: Denied) -> Self {
        Self::Unauthorized
    }
}

impl From<Denied> for AccessError {
    fn from(_: Denied) -> Self {
        Self::Unauthorized
    }
}

/// Returns whether the client may carry out `operation` on `resource`.
pub(super) fn is_authorized(
    cluster: &Cluster,
    context: &RequestContext,
    operation: AclOperation,
    resource: Resource<'_>,
) -> bool {
    let is_allowed = cluster.authorizer.allows(&context.principal, operation, resource);
    if !is_allowed {
        tracing::debug!(
            principal = %context.principal,
            peer_address = ?context.peer_address,
            api_key = context.api_key,
            api_version = context.api_version,
            ?operation,
            resource_type = ?resource.resource_type(),
            resource = resource.name(),
            "denied"
        );
    }
    is_allowed
}

/// Checks that the client may carry out `operation` on `resource`.
///
/// # Errors
/// [`Denied`] if it may not.
pub(super) fn authorize(
    cluster: &Cluster,
    context: &RequestContext,
    operation: AclOperation,
    resource: Resource<'_>,
) -> Result<(), Denied> {
    if is_authorized(cluster, context, operation, resource) {
        return Ok(());
    }
    Err(match resource.resource_type() {
        AclResourceType::Topic => Denied::Topic,
        AclResourceType::Group => Denied::Group,
        AclResourceType::Cluster => Denied::Cluster,
        AclResourceType::TransactionalId => Denied::TransactionalId,
    })
}

/// Checks that the client may carry out `operation` on the topic of that name.
///
/// # Errors
/// [`Denied::Topic`].
pub(super) fn authorize_topic(
    cluster: &Cluster,
    context: &RequestContext,
    operation: AclOperation,
    name: &str,
) -> Result<(), Denied> {
    authorize(cluster, context, operation, Resource::Topic(name))
}

/// Finds a topic on which the client may carry out `operation`; `None` if no topic has the key. For an unknown id there is no check,
/// because there is no name to check.
///
/// # Errors
/// [`Denied::Topic`], whether or not a topic of that name exists.
pub(super) fn find_topic(
    cluster: &Cluster,
    context: &RequestContext,
    operation: AclOperation,
    key: &TopicKey,
) -> Result<Option<Arc<Topic>>, Denied> {
    match key {
        TopicKey::Name(name) => {
            authorize_topic(cluster, context, operation, name)?;
            Ok(cluster.topics.get(name))
        }
        TopicKey::Id(id) => {
            // The topic is found first, because permissions go by name.
            let topic = cluster.topics.get_by_id(id);
            if let Some(topic) = &topic {
                authorize_topic(cluster, context, operation, &topic.name)?;
            }
            Ok(topic)
        }
    }
}

/// Checks that the client may carry out `operation` on the group, and that the broker coordinates it.
///
/// # Errors
/// [`AccessError::Unauthorized`] and [`AccessError::NotCoordinator`].
pub(super) fn check_group(
    cluster: &Cluster,
    context: &RequestContext,
    operation: AclOperation,
    group_id: &str,
) -> Result<(), AccessError> {
    authorize(cluster, context, operation, Resource::Group(group_id))?;
    check_coordinator(cluster, context, group_id)
}

/// Checks the same as [`check_group`], and that the id is not empty: the group with the empty id can have offsets but no members.
///
/// # Errors
/// [`AccessError::EmptyGroupId`] besides those of [`check_group`].
pub(super) fn check_named_group(
    cluster: &Cluster,
    context: &RequestContext,
    operation: AclOperation,
    group_id: &str,
) -> Result<(), AccessError> {
    authorize(cluster, context, operation, Resource::Group(group_id))?;
    // In Kafka the permission is checked before the group coordinator sees the id.
    if group_id.is_empty() {
        return Err(AccessError::EmptyGroupId);
    }
    check_coordinator(cluster, context, group_id)
}

/// Checks that the broker that received the request coordinates the group.
///
/// # Errors
/// [`AccessError::NotCoordinator`].
pub(super) fn check_coordinator(
    cluster: &Cluster,
    context: &RequestContext,
    group_id: &str,
) -> Result<(), AccessError> {
    // Before `__consumer_offsets` exists no broker coordinates a group. A client that knows a coordinator of before a restart then looks it
    // up again, which creates the topic.
    if cluster.group_coordinator(group_id) == Some(context.node_id) {
        return Ok(());
    }
    Err(AccessError::NotCoordinator {
        group_id: group_id.to_owned(),
        asked: context.node_id,
    })
}

/// Returns the operations that the client may carry out on a topic, as bits (KIP-430).
pub(crate) fn operations_on_topic(cluster: &Cluster, context: &RequestContext, name: &str) -> i32 {
    operations_on(cluster, context, Resource::Topic(name))
}

/// Returns the operations that the client may carry out on a group, as bits (KIP-430).
pub(crate) fn operations_on_group(cluster: &Cluster, context: &RequestContext, group_id: &str) -> i32 {
    operations_on(cluster, context, Resource::Group(group_id))
}

/// Returns the operations that the client may carry out on the cluster, as bits (KIP-430); none if it may not describe the cluster.
pub(crate) fn operations_on_cluster(cluster: &Cluster, context: &RequestContext) -> i32 {
    if !is_authorized(cluster, context, AclOperation::Describe, Resource::Cluster) {
        // Kafka answers 0 and no error, because the client may still see the rest of the answer.
        return 0;
    }
    operations_on(cluster, context, Resource::Cluster)
}

fn operations_on(cluster: &Cluster, context: &RequestContext, resource: Resource<'_>) -> i32 {
    let operations = resource.resource_type().operations().iter().copied();
    operations
        .filter(|operation| {
            cluster
                // A denial is not logged here: the client only asks, and nothing is refused.
                .authorizer
                .allows(&context.principal, *operation, resource)
        })
        // KIP-430 numbers the bits by Kafka's codes of the operations.
        .fold(0, |bits, operation| bits | 1 << operation as i32)
}
