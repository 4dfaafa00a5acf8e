//! AlterReplicaLogDirs: moves replicas of the asked broker to other log directories. Source: Kafka's `ReplicaManager.alterReplicaLogDirs`.

use super::RequestContext;
use super::access::{Denied, authorize};
use super::describe_log_dirs::log_dirs;
use crate::cluster::Cluster;
use crate::security::{AclOperation, Resource};
use crate::topic::Topic;
use std::sync::Arc;

/// The reason why a replica stays in its directory.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AlterLogDirError {
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error("The topic name is too long.")]
    LongName,
    #[error("log directory {path} does not exist on this broker")]
    UnknownDir { path: String },
    #[error("the topic or partition does not exist")]
    UnknownPartition,
    #[error("this broker has no replica of the partition")]
    NoReplica,
}

/// The longest name of a directory.
const MAX_DIR_NAME: usize = 255;

/// The length of what Kafka adds to a topic's name and the digits of a partition in the name of the directory that a replica is copied to: a
/// hyphen, a dot, 32 hexadecimal digits and `-future`.
const FUTURE_DIR_SUFFIX: usize = 41;

/// Moves one replica of the asked broker to the directory `path`, which is then the one that DescribeLogDirs shows. It is there at once. For a
/// replica that the broker does not have, the directory is kept.
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
    if topic.len() + partition.to_string().len() + FUTURE_DIR_SUFFIX > MAX_DIR_NAME {
        return Err(AlterLogDirError::LongName);
    }
    let dirs = log_dirs(&cluster.broker_configs.layers(context.node_id));
    if !dirs.iter().any(|dir| dir == path) {
        return Err(AlterLogDirError::UnknownDir {
            path: path.to_owned(),
        });
    }
    let replica_of = |topic: &Topic| {
        let index = usize::try_from(partition).ok()?;
        (index < topic.partitions.len()).then(|| topic.placement.replicas(index).contains(&context.node_id))
    };
    let found = cluster.topics.get(topic);
    match found.as_ref().and_then(|topic| Some((topic, replica_of(topic)?))) {
        Some((topic, true)) => {
            cluster.log_dirs.set((topic.id, partition, context.node_id), path);
            Ok(())
        }
        missing => {
            cluster.log_dirs.prefer(topic, partition, context.node_id, path);
            Err(match missing {
                Some(_) => AlterLogDirError::NoReplica,
                None => AlterLogDirError::UnknownPartition,
            })
        }
    }
}
