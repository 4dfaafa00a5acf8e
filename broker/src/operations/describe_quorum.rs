//! DescribeQuorum: the state of the controllers' quorum. It has one voter, the controller of this process, which the other brokers read from.
//! Source: Kafka's `ControllerApis.handleDescribeQuorum` and `KafkaRaftClient.handleDescribeQuorumRequest`.

use super::RequestContext;
use super::access::{Denied, authorize};
use crate::cluster::{Cluster, NodeEndpoint};
use crate::features::Feature;
use crate::ids::NodeId;
use crate::security::{AclOperation, Resource};
use std::sync::Arc;
use uuid::Uuid;

/// The topic of the cluster's metadata, of which clients see only this.
pub(crate) const METADATA_TOPIC: &str = "__cluster_metadata";

/// The leader of the quorum, which is its only voter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Quorum {
    pub(crate) leader: NodeId,
    /// Nil while the set of voters is static (`kraft.version` 0).
    pub(crate) directory_id: Uuid,
    /// The brokers that read the log, in order, each with the id of its directory. All have read it to its end.
    pub(crate) observers: Vec<(NodeId, Uuid)>,
    /// The end of the log; with one voter also the high watermark.
    pub(crate) log_end_offset: i64,
    /// The time of the answer, at which all have all records.
    pub(crate) now_ms: i64,
    /// The broker in whose process the controller runs; `None` if it has no listener of the client's.
    pub(crate) endpoint: Option<NodeEndpoint>,
}

/// Returns the state of the quorum.
///
/// # Errors
/// [`Denied`] if the client may not describe the cluster.
pub(crate) fn describe_quorum(cluster: &Arc<Cluster>, context: &RequestContext) -> Result<Quorum, Denied> {
    authorize(cluster, context, AclOperation::Describe, Resource::Cluster)?;
    let leader = cluster.quorum_leader();
    let is_static = cluster.features().level(Feature::Kraft) == 0;
    let node = cluster.node(leader);
    Ok(Quorum {
        leader,
        directory_id: if is_static {
            Uuid::nil()
        } else {
            cluster.directory_id()
        },
        observers: cluster.quorum_observers(),
        log_end_offset: cluster.metadata_offset(),
        now_ms: cluster.clock.now_ms(),
        endpoint: node.and_then(|node| node.endpoint(&context.ingress)),
    })
}
