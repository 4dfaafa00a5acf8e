//! One function per domain operation, with values as input and output. `api` calls them for the wire and `local` in process. Only
//! operations combine groups and partitions; authorisation applies here, as quotas and faults will.
//!
//! Each operation is `pub(crate) fn name(cluster: &Arc<Cluster>, context: &RequestContext, input) -> output`. Only the operations that
//! wait for a group, for records or for another task are `async`.

pub(crate) mod access;
pub(crate) mod acls;
pub(crate) mod add_partitions_to_txn;
pub(crate) mod alter_configs;
pub(crate) mod alter_replica_log_dirs;
pub(crate) mod commit_offsets;
pub(crate) mod consumer_group_describe;
pub(crate) mod consumer_group_heartbeat;
pub(crate) mod coordinator_topics;
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
pub(crate) mod describe_quorum;
pub(crate) mod describe_topic_partitions;
pub(crate) mod describe_transactions;
pub(crate) mod elect_leaders;
pub(crate) mod end_txn;
pub(crate) mod fetch;
pub(crate) mod fetch_offsets;
pub(crate) mod find_coordinator;
pub(crate) mod heartbeat;
pub(crate) mod init_producer_id;
pub(crate) mod join_group;
pub(crate) mod leave_group;
pub(crate) mod list_config_resources;
pub(crate) mod list_groups;
pub(crate) mod list_offsets;
pub(crate) mod list_transactions;
pub(crate) mod metadata;
pub(crate) mod offset_for_leader_epoch;
pub(crate) mod produce;
pub(crate) mod raft_voters;
pub(crate) mod reassignments;
pub(crate) mod repeats;
pub(crate) mod sync_group;
pub(crate) mod telemetry;
mod topic_catalog;
pub(crate) mod transactional_id;
pub(crate) mod unregister;
pub(crate) mod update_features;
pub(crate) mod verify_transaction;
pub(crate) mod write_txn_markers;

use crate::cluster::Ingress;
use crate::ids::NodeId;
use crate::security::Principal;
use std::net::SocketAddr;
use std::sync::Arc;

/// The client of a request, and the broker that received it.
#[derive(Clone, Debug)]
pub(crate) struct RequestContext {
    /// The broker that received the request.
    pub(crate) node_id: NodeId,
    /// The listener of the connection. Answers name the endpoints of the brokers' listeners of that name.
    pub(crate) ingress: Ingress,
    /// The client's identity.
    pub(crate) principal: Principal,
    /// Kafka's key of the request's API, and the request's version; -1 in process.
    pub(crate) api_key: i16,
    pub(crate) api_version: i16,
    /// The client's address; `None` in process.
    pub(crate) peer_address: Option<SocketAddr>,
    /// The client id of the request, with invalid UTF-8 replaced; empty if there is none.
    pub(crate) client_id: String,
    /// The name and version of the client's library, once it has told them in ApiVersions.
    pub(crate) software: Option<Arc<(String, String)>>,
}

impl RequestContext {
    /// Returns the client's host as groups keep it. Java writes an address with a leading slash. A client in the same process is on this host.
    pub(crate) fn client_host(&self) -> String {
        match self.peer_address {
            Some(address) => format!("/{}", address.ip()),
            None => "/127.0.0.1".to_owned(),
        }
    }
}

#[cfg(test)]
impl RequestContext {
    /// Returns the context of a client that connected to the broker `node` over TCP.
    pub(crate) fn for_tests(node: i32) -> Self {
        Self {
            node_id: NodeId(node),
            ingress: Ingress::plaintext(),
            principal: Principal::ANONYMOUS,
            api_key: -1,
            api_version: -1,
            peer_address: None,
            client_id: "test".to_owned(),
            software: None,
        }
    }
}
