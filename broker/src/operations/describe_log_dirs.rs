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
    /// `log.dirs`, or `log.dir`.
    pub(crate) path: String,
    /// The partitions by topic and index, with their size in bytes.
    pub(crate) topics: BTreeMap<String, BTreeMap<i32, u64>>,
    /// The memory limit.
    pub(crate) total_bytes: u64,
    /// The unused part of the memory limit.
    pub(crate) usable_bytes: u64,
}

/// Returns the sizes of partitions of which the broker has a replica: those in `wanted`, or all. Partitions that do not exist are left out.
pub(crate) fn describe_log_dirs(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    wanted: Option<Vec<(String, Vec<i32>)>>,
) -> Result<LogDir, Denied> {
    authorize(cluster, context, AclOperation::Describe, Resource::Cluster)?;
    let mut topics = BTreeMap::new();
    match wanted {
        None => {
            for topic in cluster.topics.list() {
                let all = 0..topic.partitions.len() as i32;
                add(&mut topics, &topic, all, context);
            }
        }
        Some(wanted) => {
            for (name, partitions) in wanted {
                if let Some(topic) = cluster.topics.get(&name) {
                    add(&mut topics, &topic, partitions.into_iter(), context);
                }
            }
        }
    }
    let total_bytes = cluster.pool.limit_bytes() as u64;
    Ok(LogDir {
        path: path(&cluster.broker_configs.layers(context.node_id)),
        topics,
        total_bytes,
        usable_bytes: total_bytes.saturating_sub(cluster.pool.used_bytes() as u64),
    })
}

fn add(
    topics: &mut BTreeMap<String, BTreeMap<i32, u64>>,
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
    let sizes: BTreeMap<_, _> = sizes.collect();
    if !sizes.is_empty() {
        topics.entry(topic.name.to_string()).or_default().extend(sizes);
    }
}

fn path(layers: &Layers) -> String {
    let path = layers
        .get("log.dirs")
        // All partitions lie in the first directory, as there is no disk to spread them over.
        .and_then(|paths| paths.split(',').next())
        .or_else(|| layers.get("log.dir"));
    // Kafka's default of `log.dir`: the layers have only values that are set.
    path.unwrap_or("/tmp/kafka-logs").trim().to_owned()
}

#[cfg(test)]
mod tests;
