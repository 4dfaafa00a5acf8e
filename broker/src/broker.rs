//! A running cluster: started from a [`Config`], asked for its addresses, stopped in order.

use crate::cluster::Cluster;
use crate::config::{Config, ConfigError};
use crate::metrics::BrokerMetrics;
use crate::{Clock, Entropy, Pool, local};
use std::sync::Arc;
use std::time::Duration;

/// A running cluster. Dropping it without [`Broker::shutdown`] aborts its tasks.
#[derive(Debug)]
pub struct Broker {
    cluster: Arc<Cluster>,
}

/// Why a cluster did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A listener's address could not be bound.
    #[error("cannot listen on {address}: {source}")]
    Bind {
        /// As it was configured.
        address: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A broker config is unknown or out of range.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The configuration names no broker.
    #[error("a cluster needs at least one broker")]
    NoNodes,
}

impl Broker {
    /// Starts the brokers, listening when this returns.
    ///
    /// # Errors
    /// [`StartError`] when an address is taken or a config is wrong; nothing is left running then.
    pub async fn start(config: Config, clock: Clock, entropy: Entropy) -> Result<Self, StartError> {
        let _ = (config, clock, entropy);
        todo!("server")
    }

    /// The advertised `host:port` of each broker that listens, in the order of their ids.
    pub fn bootstrap_servers(&self) -> Vec<String> {
        self.cluster
            .nodes
            .iter()
            .map(|node| format!("{}:{}", node.host, node.port))
            .collect()
    }

    /// Every `host:port` that means this cluster: advertised and bound.
    pub fn known_addresses(&self) -> Vec<String> {
        let bound = self
            .cluster
            .nodes
            .iter()
            .filter_map(|node| node.bound)
            .map(|address| address.to_string());
        let mut addresses = self.bootstrap_servers();
        for address in bound {
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        addresses
    }

    /// What went through the cluster.
    pub fn metrics(&self) -> BrokerMetrics {
        BrokerMetrics::new(Arc::clone(&self.cluster))
    }

    /// A client of this cluster in the same process.
    pub fn client(&self, client_id: &str) -> local::Client {
        local::Client::new(Arc::clone(&self.cluster), client_id)
    }

    /// The memory that the cluster may hold.
    pub fn memory(&self) -> &Pool {
        &self.cluster.pool
    }

    /// Stops accepting, lets the requests in work finish for at most `timeout`, and ends all tasks.
    pub async fn shutdown(self, timeout: Duration) {
        let _ = timeout;
        todo!("server")
    }
}
