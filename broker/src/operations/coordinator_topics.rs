//! Creates the topics of coordinators: at the first look-up of a coordinator, or when a client's Metadata asks for one by name. Source:
//! Kafka's `AutoTopicCreationManager`, `GroupCoordinator.groupMetadataTopicConfigs` and `TransactionCoordinator.transactionTopicConfigs`.
//!
//! # Differs from Apache Kafka
//! A replication factor that is larger than the number of brokers alive counts as that number. In Kafka the topic is not created then, and
//! no key has a coordinator: a cluster of one broker would need its defaults of 3 to be changed.

use super::create_topics::{CreateTopic, create_unauthorized};
use crate::cluster::{Cluster, CoordinatorTopic};
use crate::ids::NodeId;

/// Creates the topic if it does not exist, through the broker `node`. An error is logged: the caller finds no topic then.
pub(super) fn create_if_missing(cluster: &Cluster, node: NodeId, topic: CoordinatorTopic) {
    if cluster.topics.get(topic.name()).is_some() {
        return;
    }
    match create_unauthorized(cluster, node, request(cluster, topic)) {
        Ok(created) => tracing::debug!(
            topic = topic.name(),
            partitions = created.partitions,
            "topic created"
        ),
        // Another client may have been faster, which is as good.
        Err(error) if cluster.topics.get(topic.name()).is_none() => {
            tracing::warn!(topic = topic.name(), %error, "the topic of coordinators could not be created");
        }
        Err(_) => {}
    }
}

/// Creates the topic of groups, as the first FindCoordinator of a client does.
#[cfg(test)]
pub(crate) fn create_for_groups(cluster: &Cluster) {
    create_if_missing(cluster, NodeId(1), CoordinatorTopic::Groups);
}

/// Returns the request for the topic, as the broker itself makes it.
pub(super) fn request(cluster: &Cluster, topic: CoordinatorTopic) -> CreateTopic {
    let config = &cluster.config;
    let (partitions, replication_factor, configs) = match topic {
        CoordinatorTopic::Groups => (
            config.offsets_topic_partitions,
            config.offsets_topic_replication_factor,
            vec![
                ("cleanup.policy", "compact".to_owned()),
                ("compression.type", "producer".to_owned()),
                ("segment.bytes", config.offsets_topic_segment_bytes.to_string()),
            ],
        ),
        CoordinatorTopic::Transactions => (
            config.transaction_topic_partitions,
            config.transaction_topic_replication_factor,
            vec![
                ("cleanup.policy", "compact".to_owned()),
                ("compression.type", "uncompressed".to_owned()),
                (
                    "min.insync.replicas",
                    config.transaction_topic_min_isr.to_string(),
                ),
                (
                    "segment.bytes",
                    config.transaction_topic_segment_bytes.to_string(),
                ),
                ("unclean.leader.election.enable", "false".to_owned()),
            ],
        ),
    };
    let alive = i16::try_from(cluster.alive_nodes().len()).unwrap_or(i16::MAX);
    let configs = configs.into_iter();
    CreateTopic {
        partitions,
        replication_factor: replication_factor.min(alive).max(1),
        configs: configs
            .map(|(name, value)| (name.to_owned(), Some(value)))
            .collect(),
        ..CreateTopic::named(topic.name())
    }
}
