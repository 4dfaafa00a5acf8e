//! A running cluster: started from a [`Config`], asked for its addresses, stopped in order.

use crate::cluster::{Cluster, Node};
use crate::config::{Config, ConfigError, NodeConfig};
use crate::ids::NodeId;
use crate::metrics::BrokerMetrics;
use crate::server::Server;
use crate::upkeep::Upkeep;
use crate::{Clock, Entropy, Pool, local};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

/// A running cluster. Dropping it without [`Broker::shutdown`] aborts its tasks.
#[derive(Debug)]
pub struct Broker {
    cluster: Arc<Cluster>,
    server: Server,
    upkeep: Upkeep,
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
        if config.nodes.is_empty() {
            return Err(StartError::NoNodes);
        }
        let mut nodes = Vec::with_capacity(config.nodes.len());
        let mut listeners = Vec::with_capacity(config.nodes.len());
        for (id, node) in (1..).map(NodeId).zip(&config.nodes) {
            let (node, listener) = listen(id, node).await?;
            nodes.push(node);
            listeners.extend(listener.map(|listener| (id, listener)));
        }
        let cluster = Arc::new(Cluster::new(config, nodes, clock, entropy)?);
        let server = Server::start(&cluster, listeners);
        let upkeep = Upkeep::start(Arc::clone(&cluster));
        Ok(Self {
            cluster,
            server,
            upkeep,
        })
    }

    /// The advertised `host:port` of each broker that listens, in the order of their ids.
    pub fn bootstrap_servers(&self) -> Vec<String> {
        self.cluster
            .nodes
            .iter()
            .filter(|node| node.bound.is_some())
            .map(|node| authority(&node.host, node.port))
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
        self.server.stop(timeout).await;
        self.upkeep.stop().await;
    }
}

/// A broker as clients are told of it, and its socket if it has one.
async fn listen(id: NodeId, config: &NodeConfig) -> Result<(Node, Option<TcpListener>), StartError> {
    let Some(address) = &config.listen else {
        let host = config.advertised_host.clone();
        let node = Node {
            id,
            host: host.unwrap_or_else(|| "localhost".to_owned()),
            port: 0,
            bound: None,
        };
        return Ok((node, None));
    };
    let cannot_bind = |source| StartError::Bind {
        address: address.clone(),
        source,
    };
    let listener = TcpListener::bind(address).await.map_err(cannot_bind)?;
    let bound = listener.local_addr().map_err(cannot_bind)?;
    let host = match &config.advertised_host {
        Some(host) => host.clone(),
        // Nobody can dial the wildcard address.
        None if bound.ip().is_unspecified() => "localhost".to_owned(),
        None => host_of(address).to_owned(),
    };
    let node = Node {
        id,
        host,
        port: bound.port(),
        bound: Some(bound),
    };
    Ok((node, Some(listener)))
}

/// `host` of `host:port` or `[host]:port`.
fn host_of(address: &str) -> &str {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    host.strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host)
}

/// `host:port`, an IPv6 address in brackets.
fn authority(host: &str, port: u16) -> String {
    if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt;
    use tokio::net::TcpStream;

    fn config(addresses: &[&str]) -> Config {
        let node = |address: &&str| NodeConfig {
            listen: Some((*address).to_owned()),
            advertised_host: None,
        };
        Config {
            nodes: addresses.iter().map(node).collect(),
            ..Config::default()
        }
    }

    async fn start(config: Config) -> Result<Broker, StartError> {
        Broker::start(config, Clock::system(), Entropy::from_seed(1)).await
    }

    #[tokio::test]
    async fn each_broker_takes_a_free_port_and_gives_it_back() {
        let broker = start(config(&["127.0.0.1:0", "localhost:0"])).await.unwrap();
        let addresses = broker.bootstrap_servers();
        assert_eq!(addresses.len(), 2);
        assert!(addresses[0].starts_with("127.0.0.1:") && addresses[1].starts_with("localhost:"));
        let mut client = TcpStream::connect(&addresses[1]).await.unwrap();
        while broker.metrics().read().connections == 0 {
            tokio::task::yield_now().await;
        }
        broker.shutdown(Duration::from_secs(30)).await;
        assert_eq!(
            client.read(&mut [0; 1]).await.unwrap(),
            0,
            "an idle connection is closed"
        );
        let again = start(config(&[&addresses[0]])).await.unwrap();
        assert_eq!(again.bootstrap_servers(), addresses[..1]);
    }

    #[tokio::test]
    async fn a_port_in_use_is_an_error_that_names_the_address() {
        let broker = start(config(&["127.0.0.1:0"])).await.unwrap();
        let address = &broker.bootstrap_servers()[0];
        let error = start(config(&["127.0.0.1:0", address])).await.unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with(&format!("cannot listen on {address}: ")),
            "{error}"
        );
        assert!(matches!(start(config(&[])).await, Err(StartError::NoNodes)));
    }

    #[test]
    fn addresses_of_ipv6_keep_their_brackets() {
        assert_eq!(host_of("[::1]:9092"), "::1");
        assert_eq!(authority("::1", 9092), "[::1]:9092");
        assert_eq!(authority(host_of("localhost:9092"), 9093), "localhost:9093");
    }
}
