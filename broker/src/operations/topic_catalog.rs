//! Tells groups of the topics, which they do not know by themselves.

use crate::cluster::Cluster;
use crate::group::{CatalogTopic, TopicCatalog};
use std::sync::Arc;

/// Lets the groups see the topics as they are now. Costs a comparison of two numbers unless topics have changed.
pub(super) fn refresh_topic_catalog(cluster: &Cluster) {
    // The version is read first: a change that comes in between is seen now and counted the next time.
    let version = cluster.topics.version();
    cluster.groups.refresh_catalog(version, |before| {
        let topics = cluster.topics.list().into_iter().map(|topic| {
            let entry = CatalogTopic {
                id: topic.id,
                partition_count: topic.partitions.len(),
            };
            (Arc::clone(&topic.name), entry)
        });
        TopicCatalog::following(before, version, topics)
    });
}
