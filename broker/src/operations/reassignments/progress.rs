//! The progress of reassignments. Every [`STEP`] each of them copies what the throttle of KIP-73 allows, or all, and is complete when
//! everything is copied.

use super::{complete, size_bytes};
use crate::cluster::Cluster;
use crate::ids::NodeId;
use crate::topic::Topic;
use std::time::Duration;
use uuid::Uuid;

/// The time that the smallest copy takes: that of a follower's fetch of an idle partition (`replica.fetch.wait.max.ms`).
pub(crate) const STEP: Duration = Duration::from_millis(500);

/// Carries reassignments on, for ever.
pub(crate) async fn carry_on(cluster: &Cluster) {
    loop {
        cluster.reassignments.begun().await;
        tokio::time::sleep(STEP).await;
        for (topic_id, partition) in cluster.reassignments.list() {
            if step(cluster, topic_id, partition) {
                cluster.reassignments.end(topic_id, partition);
            }
        }
    }
}

/// Takes one step of one reassignment; returns whether it is over.
fn step(cluster: &Cluster, topic_id: Uuid, partition: i32) -> bool {
    let Some(topic) = cluster.topics.get_by_id(&topic_id) else {
        return true;
    };
    let index = partition as usize;
    let assignment = topic.placement.assignment(index);
    if !assignment.is_moving() {
        return true;
    }
    let leader = topic.partitions[index]
        .read()
        .map_or(NodeId::NONE, |state| state.leader);
    let rates = assignment
        .adding
        .iter()
        .filter_map(|node| rate(cluster, &topic, index, leader, *node));
    let is_copied = match rates.min() {
        None => true,
        Some(bytes_per_second) => {
            let bytes = bytes_per_second / (1_000 / STEP.as_millis() as u64);
            cluster.reassignments.copied(topic_id, partition, bytes) >= size_bytes(&topic.partitions[index])
        }
    };
    is_copied && complete(cluster, &topic, index)
}

/// Returns the bytes per second that the throttle allows for a copy from the leader to a broker; `None` if there is no limit. Source:
/// KIP-73.
fn rate(cluster: &Cluster, topic: &Topic, index: usize, leader: NodeId, follower: NodeId) -> Option<u64> {
    let limit = |side: &str, node: NodeId| {
        let replicas = topic
            .config
            .overrides
            .get(&format!("{side}.replication.throttled.replicas"))?;
        let own = format!("{index}:{node}");
        let is_throttled = replicas
            .split(',')
            .any(|one| one.trim() == "*" || one.trim() == own);
        let layers = cluster.broker_configs.layers(node);
        let rate = layers.get(&format!("{side}.replication.throttled.rate"))?;
        is_throttled.then(|| rate.trim().parse().unwrap_or(u64::MAX))
    };
    let limits = [limit("leader", leader), limit("follower", follower)];
    limits.into_iter().flatten().min()
}
