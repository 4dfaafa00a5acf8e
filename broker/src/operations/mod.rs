//! One function per domain operation, values in and values out. Called by `api` for the wire and by `local` in process. Only
//! here do groups and partitions meet; only here will authorisation, quotas and faults apply.
//!
//! Each operation is `pub(crate) fn name(cluster: &Arc<Cluster>, context: &RequestContext, input) -> output`. Only the operations that
//! wait for a group, for records or for another task are `async`.

pub(crate) mod access;
pub(crate) mod alter_configs;
pub(crate) mod commit_offsets;
pub(crate) mod create_partitions;
pub(crate) mod create_topics;
pub(crate) mod delete_groups;
pub(crate) mod delete_offsets;
pub(crate) mod delete_records;
pub(crate) mod delete_topics;
pub(crate) mod describe_configs;
pub(crate) mod describe_groups;
pub(crate) mod describe_log_dirs;
pub(crate) mod describe_producers;
pub(crate) mod describe_topic_partitions;
pub(crate) mod fetch;
pub(crate) mod fetch_offsets;
pub(crate) mod find_coordinator;
pub(crate) mod heartbeat;
pub(crate) mod init_producer_id;
pub(crate) mod join_group;
pub(crate) mod leave_group;
pub(crate) mod list_groups;
pub(crate) mod list_offsets;
pub(crate) mod metadata;
pub(crate) mod offset_for_leader_epoch;
pub(crate) mod produce;
pub(crate) mod sync_group;

use crate::cluster::Ingress;
use crate::ids::NodeId;
use crate::security::Principal;
use std::net::SocketAddr;

/// Who asks, and through which broker.
#[derive(Clone, Debug)]
pub(crate) struct RequestContext {
    /// The broker that was asked.
    pub(crate) node_id: NodeId,
    /// The listener that was asked on: answers name the endpoints of the brokers' listeners of that name.
    pub(crate) ingress: Ingress,
    /// Who the client is.
    pub(crate) principal: Principal,
    /// Kafka's key of the request's API, and the request's version; -1 in process.
    pub(crate) api_key: i16,
    pub(crate) api_version: i16,
    /// The client's address; `None` in process.
    pub(crate) peer_address: Option<SocketAddr>,
    /// As the client called itself, with invalid UTF-8 replaced; empty if it did not.
    pub(crate) client_id: String,
}

#[cfg(test)]
impl RequestContext {
    /// A client of the broker `node` that connected over TCP.
    pub(crate) fn for_tests(node: i32) -> Self {
        Self {
            node_id: NodeId(node),
            ingress: Ingress::plaintext(),
            principal: Principal::ANONYMOUS,
            api_key: -1,
            api_version: -1,
            peer_address: None,
            client_id: "test".to_owned(),
        }
    }
}
