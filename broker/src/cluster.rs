//! The brokers, what they share, and who leads and coordinates what. No rules of logs or groups.

use crate::config::BrokerConfig;
use crate::group::Groups;
use crate::ids::NodeId;
use crate::metrics::Counters;
use crate::pool::Pool;
use crate::topic::Topics;
use crate::{Clock, Entropy};
use std::net::SocketAddr;

/// Everything that the brokers of the cluster share.
#[derive(Debug)]
pub(crate) struct Cluster {
    pub(crate) cluster_id: String,
    pub(crate) nodes: Vec<Node>,
    pub(crate) config: BrokerConfig,
    pub(crate) topics: Topics,
    pub(crate) groups: Groups,
    pub(crate) counters: Counters,
    pub(crate) pool: Pool,
    pub(crate) clock: Clock,
    pub(crate) entropy: Entropy,
}

/// One broker, as clients are told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) id: NodeId,
    pub(crate) host: String,
    pub(crate) port: u16,
    /// Where it really listens; `None` without a socket.
    pub(crate) bound: Option<SocketAddr>,
}

impl Cluster {
    /// The broker that coordinates the group of that id: Kafka's rule (`Utils.abs(hash) % partitions`) over the nodes.
    pub(crate) fn group_coordinator(&self, group_id: &str) -> NodeId {
        let hash = group_id.encode_utf16().fold(0i32, |hash, unit| {
            hash.wrapping_mul(31).wrapping_add(i32::from(unit))
        });
        self.nodes[(hash & i32::MAX) as usize % self.nodes.len()].id
    }

    /// The broker with that id.
    pub(crate) fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.iter().find(|node| node.id == id)
    }

    /// The broker that answers for the controller.
    pub(crate) fn controller(&self) -> NodeId {
        self.nodes[0].id
    }
}
