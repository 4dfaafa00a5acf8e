//! The progress of reassignments. Every [`STEP`] each new replica copies what the throttle of KIP-73 allows, or all, and is in sync when it
//! has everything. A reassignment is complete when all of its new replicas are.

use super::{Moves, in_sync, size_bytes};
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
            step(cluster, topic_id, partition);
        }
    }
}

/// Takes one step of one reassignment, and forgets it when it is over: it is complete or cancelled, or the topic is deleted.
fn step(cluster: &Cluster, topic_id: Uuid, partition: i32) {
    // Everything is read and changed in one turn. Otherwise a change of the topic at the same time would be lost, or a reassignment of the
    // same partition that has just begun would be forgotten.
    let change = cluster.topics.change();
    let index = partition as usize;
    let topic = cluster.topics.get_by_id(&topic_id);
    let moving = topic.map(|topic| (topic.placement.assignment(index), topic));
    if let Some((present, topic)) = moving.filter(|(present, _)| present.is_moving()) {
        let mut next = present.clone();
        let copied = present
            .copying()
            .filter(|node| is_copied(cluster, &topic, partition, *node));
        next.joined.extend(copied);
        // Replicas that stay and are not alive are waited for.
        let replicas = in_sync(cluster, &present.replicas);
        let is_over = match next.completed(&replicas) {
            Some(completed) if next.copying().next().is_none() => {
                next = completed;
                true
            }
            _ => false,
        };
        if next == present {
            return;
        }
        let defaults = cluster.topic_defaults();
        let mut moves = Moves {
            cluster,
            change,
            defaults,
        };
        moves.settle(&topic, index, next);
        if is_over {
            cluster.reassignments.end(topic_id, partition);
        }
        return;
    }
    cluster.reassignments.end(topic_id, partition);
}

/// Copies what the throttle allows a new replica in one step; returns whether it has everything then.
fn is_copied(cluster: &Cluster, topic: &Topic, partition: i32, node: NodeId) -> bool {
    let index = partition as usize;
    let leader = topic.partitions[index].read();
    let leader = leader.map_or(NodeId::NONE, |state| state.leader);
    let Some(bytes_per_second) = rate(cluster, topic, index, leader, node) else {
        return true;
    };
    let bytes = bytes_per_second / (1_000 / STEP.as_millis() as u64);
    let copied = cluster.reassignments.copied(topic.id, partition, node, bytes);
    copied >= size_bytes(&topic.partitions[index])
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::layers::Values;
    use crate::operations::RequestContext;
    use crate::operations::create_topics::{CreateTopic, create_topics};
    use crate::operations::reassignments::alter_reassignments;
    use crate::topic::TopicConfig;
    use std::sync::{Arc, Barrier};

    /// A cluster whose topic `orders` moves from broker 1 to broker 2.
    fn moving() -> (Arc<Cluster>, Uuid) {
        let cluster = Arc::new(Cluster::for_tests(2, &[]));
        let context = RequestContext::for_tests(1);
        let topic = CreateTopic {
            assignments: vec![(0, vec![NodeId(1)])],
            ..CreateTopic::named("orders")
        };
        assert!(create_topics(&cluster, &context, vec![topic], false)[0].1.is_ok());
        let wanted = vec![("orders".to_owned(), vec![(0, Some(vec![NodeId(2)]))])];
        alter_reassignments(&cluster, &context, wanted, true).expect("it is allowed");
        let id = cluster.topics.get("orders").expect("it exists").id;
        (cluster, id)
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn a_change_of_the_topic_at_the_end_of_a_reassignment_is_kept() {
        // Whether the two meet depends on the threads, so that one round proves little.
        for _ in 0..20 {
            let (cluster, id) = moving();
            let barrier = Arc::new(Barrier::new(2));
            let stepping = tokio::spawn({
                let (cluster, barrier) = (Arc::clone(&cluster), Arc::clone(&barrier));
                async move {
                    barrier.wait();
                    step(&cluster, id, 0);
                }
            });
            let configs = Values::from([("retention.ms".to_owned(), "1".to_owned())]);
            let mut change = cluster.topics.change();
            barrier.wait();
            let topic = cluster.topics.get("orders").expect("it exists");
            let config = TopicConfig {
                overrides: configs.clone(),
            };
            change.configure(&topic, config);
            drop(change);
            stepping.await.expect("it ends");
            let topic = cluster.topics.get("orders").expect("it exists");
            assert_eq!(topic.config.overrides, configs);
            assert_eq!(topic.placement.replicas(0), [NodeId(2)]);
            assert_eq!(cluster.reassignments.list(), []);
        }
    }

    #[test]
    fn a_reassignment_of_a_deleted_topic_is_forgotten() {
        let (cluster, id) = moving();
        let topic = cluster.topics.get("orders").expect("it exists");
        cluster.topics.change().delete(&topic);
        step(&cluster, id, 0);
        assert_eq!(cluster.reassignments.list(), []);
    }
}
