//! UnregisterBroker and UnregisterController. Source: Kafka's `ClusterControlManager` and `QuorumController`.

use super::RequestContext;
use super::access::{Denied, authorize};
use crate::cluster::Cluster;
use crate::ids::NodeId;
use crate::security::{AclOperation, Resource};
use std::sync::Arc;

/// The reason why nothing was unregistered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UnregisterError {
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error("Broker ID {id} is not currently registered")]
    UnknownBroker { id: NodeId },
    #[error("Controller ID {id} is not currently registered.")]
    UnknownController { id: NodeId },
    #[error("Controller cannot unregister itself while it is active.")]
    ActiveController,
}

/// Takes a broker out of the cluster, alive or not: as in Kafka, no client is told of it any more, and others lead and coordinate in its
/// place, until it starts again.
///
/// # Errors
/// [`UnregisterError`] if the client may not, or no broker of that id is registered.
pub(crate) fn unregister_broker(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    id: NodeId,
) -> Result<(), UnregisterError> {
    authorize(cluster, context, AclOperation::Alter, Resource::Cluster)?;
    if !cluster.node_unregistered(id) {
        return Err(UnregisterError::UnknownBroker { id });
    }
    tracing::info!(node_id = %id, "broker unregistered");
    Ok(())
}

/// Unregisters no controller, because the only one is active.
///
/// # Errors
/// Always [`UnregisterError`].
pub(crate) fn unregister_controller(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    id: NodeId,
) -> Result<(), UnregisterError> {
    authorize(cluster, context, AclOperation::Alter, Resource::Cluster)?;
    Err(if id == cluster.quorum_leader() {
        UnregisterError::ActiveController
    } else {
        UnregisterError::UnknownController { id }
    })
}
