//! FindCoordinator: finds the broker that coordinates a group.

use super::RequestContext;
use super::access::{Denied, authorize};
use crate::cluster::{Cluster, NodeEndpoint};
use crate::ids::NodeId;
use crate::security::{AclOperation, Resource};
use std::sync::Arc;

/// The type of a coordinator. Source: Kafka's `FindCoordinatorRequest.CoordinatorType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CoordinatorKind {
    /// 0: a group, by its id.
    Group,
    /// 1: a transaction, by its transactional id.
    Transaction,
    /// 2: a partition of a share group.
    Share,
    /// An unknown type, with its code in the request.
    Unknown(i8),
}

/// The reason why no coordinator was found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FindCoordinatorError {
    /// The client may not see the group or the transactional id.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// No broker coordinates transactions.
    #[error(
        "this broker does not serve transactions: no coordinator for transactional id `{transactional_id}`"
    )]
    NoTransactions {
        /// The requested key.
        transactional_id: String,
    },
    /// No broker coordinates share groups.
    #[error("this broker does not serve share groups: no coordinator for `{key}`")]
    NoShareGroups {
        /// The requested key.
        key: String,
    },
    /// The broker that coordinates the group has no listener of the name of the client's listener.
    #[error("broker {coordinator}, which coordinates group `{group_id}`, has no listener {listener}")]
    NoListener {
        /// The group.
        group_id: String,
        /// Its coordinator.
        coordinator: NodeId,
        /// The client's listener.
        listener: String,
    },
    /// The key's type is unknown.
    #[error("invalid coordinator key type {key_type}: must be 0 (group)")]
    UnknownKeyType {
        /// The requested key.
        key_type: i8,
    },
}

/// Returns the coordinator of one key.
pub(crate) fn find_coordinator(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    kind: CoordinatorKind,
    key: &str,
) -> Result<NodeEndpoint, FindCoordinatorError> {
    let (operation, resource) = match kind {
        CoordinatorKind::Group => (AclOperation::Describe, Resource::Group(key)),
        CoordinatorKind::Transaction => (AclOperation::Describe, Resource::TransactionalId(key)),
        // Only brokers look for the coordinator of a share group (KIP-932).
        CoordinatorKind::Share => (AclOperation::ClusterAction, Resource::Cluster),
        CoordinatorKind::Unknown(key_type) => return Err(FindCoordinatorError::UnknownKeyType { key_type }),
    };
    authorize(cluster, context, operation, resource)?;
    match kind {
        CoordinatorKind::Group => {
            // At the first request Kafka creates the offsets topic and answers COORDINATOR_NOT_AVAILABLE, which costs clients a retry.
            // There is no such topic here.
            let id = cluster.group_coordinator(key);
            let endpoint = cluster.endpoint(id, &context.ingress);
            // The coordinator's address on another listener might be one that the client cannot reach.
            endpoint.ok_or_else(|| FindCoordinatorError::NoListener {
                group_id: key.to_owned(),
                coordinator: id,
                listener: context.ingress.listener.to_string(),
            })
        }
        CoordinatorKind::Transaction => Err(FindCoordinatorError::NoTransactions {
            transactional_id: key.to_owned(),
        }),
        CoordinatorKind::Share => Err(FindCoordinatorError::NoShareGroups { key: key.to_owned() }),
        CoordinatorKind::Unknown(key_type) => Err(FindCoordinatorError::UnknownKeyType { key_type }),
    }
}
