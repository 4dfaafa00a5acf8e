//! A partition as Metadata and DescribeTopicPartitions show it, in the types of their messages.

use crate::api::errors::RequestError;
use crate::ids::NodeId;
use crate::operations::metadata::TopicView;
use kafka_protocol::messages::BrokerId;

/// The fields that both answers have. Source: Kafka's `KRaftMetadataCache.partitionMetadata`.
pub(crate) struct PartitionView {
    pub(crate) error_code: i16,
    pub(crate) leader_id: BrokerId,
    pub(crate) leader_epoch: i32,
    pub(crate) replica_nodes: Vec<BrokerId>,
    pub(crate) isr_nodes: Vec<BrokerId>,
    pub(crate) offline_replicas: Vec<BrokerId>,
}

/// Returns the fields of the partition at `index` of a topic.
pub(crate) fn partition_view(view: &TopicView, index: usize) -> PartitionView {
    let replicas = ids(view.topic.placement.replicas(index));
    let Some(leader) = view.leaders[index] else {
        // The partition's lock is poisoned, so its epoch cannot be read.
        return PartitionView {
            error_code: RequestError::LeaderNotAvailable.code(),
            leader_id: BrokerId(NodeId::NONE.0),
            leader_epoch: -1,
            isr_nodes: Vec::new(),
            offline_replicas: replicas.clone(),
            replica_nodes: replicas,
        };
    };
    let error_code = match leader.node {
        // Clients take LEADER_NOT_AVAILABLE for temporary and ask again.
        NodeId::NONE => RequestError::LeaderNotAvailable.code(),
        _ => 0,
    };
    PartitionView {
        error_code,
        leader_id: BrokerId(leader.node.0),
        leader_epoch: leader.epoch.0,
        isr_nodes: ids(&view.in_sync_replicas(index)),
        offline_replicas: ids(&view.offline_replicas(index)),
        replica_nodes: replicas,
    }
}

fn ids(nodes: &[NodeId]) -> Vec<BrokerId> {
    nodes.iter().map(|node| BrokerId(node.0)).collect()
}
