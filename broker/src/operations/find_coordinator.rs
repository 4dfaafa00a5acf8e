//! Which broker coordinates what.

use super::RequestContext;
use crate::cluster::{Cluster, NodeEndpoint};
use crate::group::AccessError;
use crate::ids::NodeId;
use std::sync::Arc;

/// What a coordinator is looked for. Source: Kafka's `FindCoordinatorRequest.CoordinatorType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CoordinatorKind {
    /// 0: a group, by its id.
    Group,
    /// 1: a transaction, by its transactional id.
    Transaction,
    /// 2: a partition of a share group.
    Share,
    /// Anything else, which no client should ask for.
    Unknown(i8),
}

/// Why no coordinator was found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FindCoordinatorError {
    /// No broker coordinates transactions.
    #[error(
        "this broker does not serve transactions: no coordinator for transactional id `{transactional_id}`"
    )]
    NoTransactions {
        /// As asked.
        transactional_id: String,
    },
    /// No broker coordinates share groups.
    #[error("this broker does not serve share groups: no coordinator for `{key}`")]
    NoShareGroups {
        /// As asked.
        key: String,
    },
    /// The broker that coordinates the group is not reached through the listener that was asked on.
    #[error("broker {coordinator}, which coordinates group `{group_id}`, has no listener {listener}")]
    NoListener {
        /// The group.
        group_id: String,
        /// Its coordinator.
        coordinator: NodeId,
        /// The listener that was asked on.
        listener: String,
    },
    /// The key's type is none of Kafka's.
    #[error("coordinator key type {key_type} is unknown; 0 stands for a group")]
    UnknownKeyType {
        /// As asked.
        key_type: i8,
    },
}

/// The coordinator of one key.
pub(crate) fn find_coordinator(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    kind: CoordinatorKind,
    key: &str,
) -> Result<NodeEndpoint, FindCoordinatorError> {
    match kind {
        CoordinatorKind::Group => {
            let id = cluster.group_coordinator(key);
            let endpoint = cluster.endpoint(id, &context.ingress);
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

/// The group is coordinated by the broker that was asked, or the call comes from within the process, which goes to any.
pub(super) fn check_coordinator(
    cluster: &Cluster,
    context: &RequestContext,
    group_id: &str,
) -> Result<(), AccessError> {
    let coordinator = cluster.group_coordinator(group_id);
    if context.is_local || coordinator == context.node_id {
        return Ok(());
    }
    Err(AccessError::NotCoordinator {
        group_id: group_id.to_owned(),
        asked: context.node_id,
        coordinator,
    })
}

/// As [`check_coordinator`], for what needs members: the empty id may hold offsets only.
pub(super) fn check_named_group(
    cluster: &Cluster,
    context: &RequestContext,
    group_id: &str,
) -> Result<(), AccessError> {
    if group_id.is_empty() {
        return Err(AccessError::EmptyGroupId);
    }
    check_coordinator(cluster, context, group_id)
}
