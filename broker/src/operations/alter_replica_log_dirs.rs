//! AlterReplicaLogDirs: moves replicas of the asked broker to other log directories. Source: Kafka's `ReplicaManager.alterReplicaLogDirs`.

use super::RequestContext;
use super::access::{Denied, authorize};
use super::describe_log_dirs::log_dirs;
use crate::cluster::Cluster;
use crate::security::{AclOperation, Resource};
use std::sync::Arc;

/// The reason why a replica stays in its directory.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AlterLogDirError {
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error("log directory {path} does not exist on this broker")]
    UnknownDir { path: String },
    #[error("the topic or partition does not exist")]
    UnknownPartition,
    #[error("this broker has no replica of the partition")]
    NoReplica,
}

/// Moves one replica of the asked broker to the directory `path`, which is then the one that DescribeLogDirs shows. It is there at once.
///
/// # Errors
/// [`AlterLogDirError`], in Kafka's order.
pub(crate) fn alter_replica_log_dir(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    path: &str,
    topic: &str,
    partition: i32,
) -> Result<(), AlterLogDirError> {
    authorize(cluster, context, AclOperation::Alter, Resource::Cluster)?;
    let dirs = log_dirs(&cluster.broker_configs.layers(context.node_id));
    if !dirs.iter().any(|dir| dir == path) {
        return Err(AlterLogDirError::UnknownDir {
            path: path.to_owned(),
        });
    }
    let topic = cluster
        .topics
        .get(topic)
        .ok_or(AlterLogDirError::UnknownPartition)?;
    let index = usize::try_from(partition).map_err(|_| AlterLogDirError::UnknownPartition)?;
    if index >= topic.partitions.len() {
        return Err(AlterLogDirError::UnknownPartition);
    }
    if !topic.placement.replicas(index).contains(&context.node_id) {
        return Err(AlterLogDirError::NoReplica);
    }
    cluster.log_dirs.set((topic.id, partition, context.node_id), path);
    Ok(())
}
