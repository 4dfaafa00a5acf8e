//! Starts and stops a cluster, and gives access to it.

use crate::cluster::{Cluster, Node, NodeListener};
use crate::config::{Advertised, AdvertisedHost, Config, ConfigError};
use crate::ids::NodeId;
use crate::metrics::BrokerMetrics;
use crate::pool::Pool;
use crate::server::Server;
use crate::telemetry::ClientMetrics;
use crate::upkeep::Upkeep;
use crate::{Clock, Entropy, local};
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

/// The reason why a cluster did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A listener's address could not be bound.
    #[error("cannot listen on {address}: {source}")]
    Bind {
        /// The configured address.
        address: String,
        /// The system's error.
        source: std::io::Error,
    },
    /// A broker config is invalid.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The configuration names no broker.
    #[error("the configuration has no brokers: must have at least one")]
    NoNodes,
}

impl Broker {
    /// Starts the brokers. They listen when this returns.
    ///
    /// # Errors
    /// [`StartError`] if an address is taken or a config is invalid; nothing is left running then.
    pub async fn start(config: Config, clock: Clock, entropy: Entropy) -> Result<Self, StartError> {
        if config.nodes.is_empty() {
            return Err(StartError::NoNodes);
        }
        let mut config = config;
        let first_id = config.take_first_node_id()?;
        let advertised = Advertised::by_node(&config)?;
        let mut nodes = Vec::with_capacity(config.nodes.len());
        let mut sockets = Vec::with_capacity(config.nodes.len());
        for ((id, node), advertised) in (first_id.0..).map(NodeId).zip(&config.nodes).zip(advertised) {
            let (listener, socket) = listen(node.listen.as_deref(), advertised).await?;
            sockets.extend(socket.map(|socket| (id, listener.name.clone(), socket)));
            let rack = node.rack.clone();
            nodes.push(Node::new(id, listener).in_rack(rack.or_else(|| config.default_rack())));
        }
        let cluster = Arc::new(Cluster::new(config, nodes, clock, entropy)?);
        if !sockets.is_empty() {
            // At the start all brokers have the same values.
            Server::check_hosts(&cluster.broker_configs.layers(first_id)).await?;
        }
        let server = Server::start(&cluster, sockets);
        let upkeep = Upkeep::start(Arc::clone(&cluster));
        Ok(Self {
            cluster,
            server,
            upkeep,
        })
    }

    /// Returns the advertised `host:port` of each broker that listens, in the order of their ids. If addresses are reflected, it is the one
    /// for a client on this machine.
    pub fn bootstrap_servers(&self) -> Vec<String> {
        let listening = self.listeners().filter(|listener| listener.bound.is_some());
        listening.map(NodeListener::advertised).collect()
    }

    /// Returns every `host:port` that refers to this cluster: the advertised and the bound ones.
    pub fn known_addresses(&self) -> Vec<String> {
        let bound = self.listeners().filter_map(|listener| listener.bound);
        let bound = bound.map(|address| address.to_string());
        let mut addresses = self.bootstrap_servers();
        for address in bound {
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        addresses
    }

    /// Stops one broker as the end of its process would: its connections and its listener close, and others lead and coordinate in its
    /// place. Does nothing if no broker of that id is alive. Only tests use it yet.
    #[doc(hidden)]
    pub async fn stop_node(&self, id: NodeId) {
        // Others lead before the connections close, so that a client which asks again at once finds the new leader.
        if self.cluster.node_stopped(id) {
            self.server.stop_node(id).await;
        }
    }

    /// Starts a stopped broker at its former address.
    ///
    /// # Errors
    /// [`StartError::Bind`] if the address is taken by now; the broker stays stopped.
    #[doc(hidden)]
    pub async fn start_node(&self, id: NodeId) -> Result<(), StartError> {
        let listeners = self.cluster.node(id).map_or(&[][..], Node::listeners);
        let mut sockets = Vec::with_capacity(listeners.len());
        for listener in listeners {
            let Some(bound) = listener.bound else { continue };
            // All ports are bound before the broker counts as alive, or clients would be sent to one that does not listen.
            let socket = TcpListener::bind(bound).await;
            let socket = socket.map_err(|source| StartError::Bind {
                address: bound.to_string(),
                source,
            })?;
            sockets.push((listener.name.clone(), socket));
        }
        if self.cluster.node_started(id) {
            for (name, socket) in sockets {
                self.server.listen(&self.cluster, id, name, socket);
            }
        }
        Ok(())
    }

    fn listeners(&self) -> impl Iterator<Item = &NodeListener> {
        self.cluster.nodes.iter().flat_map(Node::listeners)
    }

    /// Returns the cluster's metrics.
    pub fn metrics(&self) -> BrokerMetrics {
        let counters = Arc::clone(&self.cluster.counters);
        BrokerMetrics::new(counters, self.cluster.pool.clone())
    }

    /// Returns the metrics that clients push, as client metrics subscriptions ask them to (KIP-714).
    pub fn client_metrics(&self) -> ClientMetrics {
        ClientMetrics::new(Arc::clone(&self.cluster.telemetry))
    }

    /// Returns a client of this cluster in the same process.
    pub fn client(&self, client_id: &str) -> local::Client {
        local::Client::new(Arc::clone(&self.cluster), client_id)
    }

    /// Returns the memory pool, which the cluster and the engine on top of it share.
    pub fn memory(&self) -> &Pool {
        &self.cluster.pool
    }

    /// Stops accepting, waits at most `timeout` for the requests being handled, and ends all tasks.
    pub async fn shutdown(self, timeout: Duration) {
        self.server.stop(timeout).await;
        self.upkeep.stop().await;
    }
}

/// Binds a broker's listener. Returns the listener and its socket, if it has one.
async fn listen(
    address: Option<&str>,
    advertised: Advertised,
) -> Result<(NodeListener, Option<TcpListener>), StartError> {
    let Some(address) = address else {
        // Answers must name some endpoint; a client in the process does not dial it.
        let (host, port) = advertised_endpoint(&advertised, "localhost", 0);
        return Ok((NodeListener::without_socket(&host, port), None));
    };
    let cannot_bind = |source| StartError::Bind {
        address: address.to_owned(),
        source,
    };
    let socket = TcpListener::bind(address).await.map_err(cannot_bind)?;
    let bound = socket.local_addr().map_err(cannot_bind)?;
    // Clients cannot dial the wildcard address.
    let host = if bound.ip().is_unspecified() {
        "localhost"
    } else {
        // The host is advertised as configured and not as resolved, because a client may resolve `localhost` to another address family.
        host_of(address)
    };
    // The port is the socket's, because a configured port 0 stands for any free one.
    let (host, port) = advertised_endpoint(&advertised, host, bound.port());
    let listener = NodeListener {
        bound: Some(bound),
        is_reflected: advertised == Advertised::Reflected,
        ..NodeListener::without_socket(&host, port)
    };
    Ok((listener, Some(socket)))
}

/// Returns the host and port that clients are told to dial, of a broker that listens on `host` and `port`.
fn advertised_endpoint(advertised: &Advertised, host: &str, port: u16) -> (String, u16) {
    match advertised {
        Advertised::Host(AdvertisedHost { host, port: own }) => (host.clone(), own.unwrap_or(port)),
        Advertised::Listened | Advertised::Reflected => (host.to_owned(), port),
    }
}

/// Returns the host of `host:port` or `[host]:port`.
fn host_of(address: &str) -> &str {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    host.strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::authority;
    use crate::config::NodeConfig;
    use tokio::io::AsyncReadExt;
    use tokio::net::TcpStream;

    fn config(addresses: &[&str]) -> Config {
        let node = |address: &&str| NodeConfig {
            listen: Some((*address).to_owned()),
            ..NodeConfig::default()
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
    async fn each_broker_takes_a_free_port_and_releases_it() {
        let broker = start(config(&["127.0.0.1:0", "localhost:0"])).await.unwrap();
        let addresses = broker.bootstrap_servers();
        assert_eq!(addresses.len(), 2);
        assert!(addresses[0].starts_with("127.0.0.1:") && addresses[1].starts_with("localhost:"));
        let mut client = TcpStream::connect(&addresses[1]).await.unwrap();
        while broker.metrics().connections() == 0 {
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
