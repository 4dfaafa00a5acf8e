//! The sizes of a broker's partitions. Source: Kafka's `ReplicaManager.describeLogDirs`.

use super::RequestContext;
use super::access::{Denied, authorize};
use crate::cluster::Cluster;
use crate::config::layers::Layers;
use crate::security::{AclOperation, Resource};
use crate::topic::Topic;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The log directory of a broker. It exists in answers only, because the cluster lives in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LogDir {
    /// One of `log.dirs`, or `log.dir`.
    pub(crate) path: String,
    /// The partitions by topic and index, with their size in bytes.
    pub(crate) topics: BTreeMap<String, BTreeMap<i32, u64>>,
    /// The memory limit.
    pub(crate) total_bytes: u64,
    /// The unused part of the memory limit.
    pub(crate) usable_bytes: u64,
}

/// Returns the broker's directories with the sizes of the partitions in each: those in `wanted`, or all. Partitions that do not exist, or
/// of which the broker has no replica, are left out.
pub(crate) fn describe_log_dirs(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    wanted: Option<Vec<(String, Vec<i32>)>>,
) -> Result<Vec<LogDir>, Denied> {
    authorize(cluster, context, AclOperation::Describe, Resource::Cluster)?;
    let total_bytes = cluster.pool.limit_bytes() as u64;
    let usable_bytes = total_bytes.saturating_sub(cluster.pool.used_bytes() as u64);
    let paths = log_dirs(&cluster.broker_configs.layers(context.node_id));
    let mut dirs: Vec<_> = paths
        .into_iter()
        .map(|path| LogDir {
            path,
            topics: BTreeMap::new(),
            total_bytes,
            usable_bytes,
        })
        .collect();
    match wanted {
        None => {
            for topic in cluster.topics.list() {
                let all = 0..topic.partitions.len() as i32;
                add(cluster, &mut dirs, &topic, all, context);
            }
        }
        Some(wanted) => {
            for (name, partitions) in wanted {
                if let Some(topic) = cluster.topics.get(&name) {
                    add(cluster, &mut dirs, &topic, partitions.into_iter(), context);
                }
            }
        }
    }
    Ok(dirs)
}

fn add(
    cluster: &Cluster,
    dirs: &mut [LogDir],
    topic: &Topic,
    partitions: impl Iterator<Item = i32>,
    context: &RequestContext,
) {
    let sizes = partitions.filter_map(|index| {
        let position = usize::try_from(index).ok()?;
        let partition = topic.partitions.get(position)?;
        let is_here = topic.placement.replicas(position).contains(&context.node_id);
        let size_bytes = partition.read().ok()?.log().size_bytes();
        is_here.then_some((index, size_bytes))
    });
    for (index, size_bytes) in sizes {
        let replica = (topic.id, index, context.node_id);
        let moved = cluster.log_dirs.get(&topic.name, replica);
        let position = dirs.iter().position(|dir| Some(&dir.path) == moved.as_ref());
        // All other replicas lie in the first directory, as there is no disk to spread them over.
        let dir = &mut dirs[position.unwrap_or(0)];
        let sizes = dir.topics.entry(topic.name.to_string()).or_default();
        sizes.insert(index, size_bytes);
    }
}

/// Returns the directories of a broker with those values: at least one.
pub(super) fn log_dirs(layers: &Layers) -> Vec<String> {
    let paths = layers.get("log.dirs").or_else(|| layers.get("log.dir"));
    // Kafka's default of `log.dir`: the layers have only values that are set.
    let paths = paths.unwrap_or("/tmp/kafka-logs").split(',');
    paths.map(|path| path.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests;
