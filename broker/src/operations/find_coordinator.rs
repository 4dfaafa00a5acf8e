//! FindCoordinator: finds the broker that coordinates a group or a transactional id.

use super::RequestContext;
use super::access::{Denied, authorize};
use super::coordinator_topics;
use crate::cluster::{Cluster, CoordinatorTopic, NodeEndpoint};
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

impl CoordinatorKind {
    /// Returns the topic whose leaders are the coordinators of the kind, if this broker has one.
    fn topic(self) -> Option<CoordinatorTopic> {
        match self {
            Self::Group => Some(CoordinatorTopic::Groups),
            Self::Transaction => Some(CoordinatorTopic::Transactions),
            Self::Share | Self::Unknown(_) => None,
        }
    }
}

/// The reason why no coordinator was found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FindCoordinatorError {
    /// The client may not see the group or the transactional id.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// No broker coordinates share groups.
    #[error("this broker does not serve share groups: no coordinator for `{key}`")]
    NoShareGroups {
        /// The requested key.
        key: String,
    },
    /// The topic of coordinators could not be created, or the key's partition has no leader.
    #[error("no broker coordinates `{key}` now")]
    NotAvailable {
        /// The requested key.
        key: String,
    },
    /// The coordinator has no listener of the name of the client's listener.
    #[error("broker {coordinator}, which coordinates `{key}`, has no listener {listener}")]
    NoListener {
        /// The requested key.
        key: String,
        /// Its coordinator.
        coordinator: NodeId,
        /// The client's listener.
        listener: String,
    },
    /// The key's type is unknown.
    #[error("invalid coordinator key type {key_type}: must be 0 (group) or 1 (transaction)")]
    UnknownKeyType {
        /// The requested key.
        key_type: i8,
    },
}

/// The result for one key.
pub(crate) type FoundCoordinator = Result<NodeEndpoint, FindCoordinatorError>;

/// Returns the coordinator of each key of one request, in the order of the keys.
///
/// The first look-up of a kind creates its topic. Kafka answers COORDINATOR_NOT_AVAILABLE to the request that does, because the creation
/// takes time there, and clients try again. So does this broker with `unknown_until_created`.
pub(crate) fn find_coordinators<'a>(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    kind: CoordinatorKind,
    keys: impl IntoIterator<Item = &'a str>,
) -> Vec<FoundCoordinator> {
    let is_missing = |topic: CoordinatorTopic| cluster.topics.get(topic.name()).is_none();
    let is_answered_before = cluster.unknown_until_created && kind.topic().is_some_and(is_missing);
    let found = keys.into_iter().map(|key| {
        let found = find_coordinator(cluster, context, kind, key)?;
        if is_answered_before {
            return Err(FindCoordinatorError::NotAvailable { key: key.to_owned() });
        }
        Ok(found)
    });
    found.collect()
}

/// Returns the coordinator of one key.
pub(crate) fn find_coordinator(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    kind: CoordinatorKind,
    key: &str,
) -> FoundCoordinator {
    let (operation, resource) = match kind {
        CoordinatorKind::Group => (AclOperation::Describe, Resource::Group(key)),
        CoordinatorKind::Transaction => (AclOperation::Describe, Resource::TransactionalId(key)),
        // Only brokers look for the coordinator of a share group (KIP-932).
        CoordinatorKind::Share => (AclOperation::ClusterAction, Resource::Cluster),
        CoordinatorKind::Unknown(key_type) => return Err(FindCoordinatorError::UnknownKeyType { key_type }),
    };
    authorize(cluster, context, operation, resource)?;
    match kind {
        CoordinatorKind::Group => coordinator_by_topic(cluster, context, CoordinatorTopic::Groups, key),
        CoordinatorKind::Transaction => {
            coordinator_by_topic(cluster, context, CoordinatorTopic::Transactions, key)
        }
        CoordinatorKind::Share => Err(FindCoordinatorError::NoShareGroups { key: key.to_owned() }),
        CoordinatorKind::Unknown(key_type) => Err(FindCoordinatorError::UnknownKeyType { key_type }),
    }
}

/// Returns the coordinator of a key by the topic of its kind, which the first look-up creates.
fn coordinator_by_topic(
    cluster: &Cluster,
    context: &RequestContext,
    topic: CoordinatorTopic,
    key: &str,
) -> FoundCoordinator {
    coordinator_topics::create_if_missing(cluster, context.node_id, topic);
    let coordinator = cluster.coordinator(topic, key);
    let coordinator =
        coordinator.ok_or_else(|| FindCoordinatorError::NotAvailable { key: key.to_owned() })?;
    // The coordinator's address on another listener might be one that the client cannot reach.
    let endpoint = cluster.endpoint(coordinator, &context.ingress);
    endpoint.ok_or_else(|| FindCoordinatorError::NoListener {
        key: key.to_owned(),
        coordinator,
        listener: context.ingress.listener.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns for each key whether it has a coordinator.
    fn found<const N: usize>(cluster: &Arc<Cluster>, kind: CoordinatorKind, keys: [&str; N]) -> [bool; N] {
        let found = find_coordinators(cluster, &RequestContext::for_tests(1), kind, keys);
        let found: Vec<_> = found.iter().map(Result::is_ok).collect();
        found.try_into().expect("each key has a result")
    }

    #[test]
    fn the_first_request_finds_a_coordinator() {
        let cluster = Arc::new(Cluster::for_tests(1, &[]));
        for kind in [CoordinatorKind::Group, CoordinatorKind::Transaction] {
            assert_eq!(found(&cluster, kind, ["a", "b"]), [true, true]);
        }
    }

    #[test]
    fn the_request_that_creates_the_topic_of_its_kind_can_be_answered_before_it_exists_as_by_kafka() {
        let mut cluster = Cluster::for_tests(1, &[]);
        cluster.unknown_until_created = true;
        let cluster = Arc::new(cluster);
        for kind in [CoordinatorKind::Group, CoordinatorKind::Transaction] {
            assert_eq!(found(&cluster, kind, ["a", "b"]), [false, false]);
            assert_eq!(found(&cluster, kind, ["a", "b"]), [true, true]);
        }
    }
}
