//! The network side: listen, accept, limits, shutdown; one task per connection.

mod connection;
mod dispatch;
mod frame;
mod limits;
mod loopback;
mod other_protocol;
mod request_log;
#[cfg(test)]
mod tests;
mod writing;

use crate::cluster::{Cluster, Ingress, ListenerName};
use crate::config::layers::Layers;
use crate::config::{ConfigError, address_limits};
use crate::ids::NodeId;
use crate::metrics::Counters;
use crate::operations::RequestContext;
use crate::security::Principal;
use connection::{Closed, Connection};
use limits::ConnectionLimits;
use other_protocol::OncePerMinute;
use socket2::SockRef;
use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

/// The number of connections that may wait to be accepted: Linux's own limit (`net.core.somaxconn`), and enough for a client that opens
/// thousands at once. tokio's default of 128 drops the others' SYNs, and each is sent again a second later.
const LISTEN_BACKLOG: i32 = 4_096;

/// The pause in accepting when the system has no descriptor left for another connection.
// The system does not tell when a descriptor is free again, so the listener tries from time to time.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The listeners of a cluster's brokers and their connections. Dropping it ends them all at once.
#[derive(Debug)]
pub(crate) struct Server {
    // Locked for a lookup or a change only, never across an await.
    nodes: Mutex<BTreeMap<NodeId, Listeners>>,
    /// Shared by all listeners: a client that is set up wrong is logged once a minute, whichever broker it tries.
    other_protocols: Arc<OncePerMinute>,
}

/// The listeners of one broker.
#[derive(Debug)]
struct Listeners {
    tasks: JoinSet<()>,
    stopping: watch::Sender<bool>,
}

/// The state that all connections of one listener share.
#[derive(Clone)]
struct Listener {
    cluster: Arc<Cluster>,
    node_id: NodeId,
    name: ListenerName,
    /// Shared by all listeners of the process.
    other_protocols: Arc<OncePerMinute>,
}

/// The two ends of a connection; unknown where there is no socket.
#[derive(Clone, Copy, Default)]
struct Addresses {
    local: Option<SocketAddr>,
    peer: Option<SocketAddr>,
}

/// Completes when the server stops, since the other end is dropped then. Each connection has its own: it looks at it before and after
/// every request, and would meet the others at one that they share.
type Stopping = oneshot::Receiver<Infallible>;

impl Server {
    /// Accepts on each of `sockets`, for the broker and the listener named beside it.
    pub(crate) fn start(cluster: &Arc<Cluster>, sockets: Vec<(NodeId, ListenerName, TcpListener)>) -> Self {
        let server = Self {
            nodes: Mutex::default(),
            other_protocols: Arc::default(),
        };
        for (node_id, name, socket) in sockets {
            server.listen(cluster, node_id, name, socket);
        }
        server
    }

    /// Checks that the hosts that the configs name have addresses.
    ///
    /// # Errors
    /// [`ConfigError`] for the first unknown host.
    pub(crate) async fn check_hosts(configs: &Layers) -> Result<(), ConfigError> {
        let unknown = limits::overrides(configs).await.err();
        unknown.map_or(Ok(()), |error| {
            Err(ConfigError::Invalid {
                name: address_limits::NAME.to_owned(),
                value: configs.get(address_limits::NAME).unwrap_or_default().to_owned(),
                reason: error.to_string(),
            })
        })
    }

    /// Accepts on `socket`, for a listener of a broker.
    pub(crate) fn listen(
        &self,
        cluster: &Arc<Cluster>,
        node_id: NodeId,
        name: ListenerName,
        socket: TcpListener,
    ) {
        // The socket listens already, with tokio's backlog, so the listener works in spite of an error.
        if let Err(error) = SockRef::from(&socket).listen(LISTEN_BACKLOG) {
            tracing::debug!(%error, %node_id, "cannot lengthen the queue of pending connections");
        }
        if let Err(error) = loopback::send_unpaced(&socket) {
            tracing::debug!(%error, %node_id, "cannot disable TCP pacing for local clients");
        }
        let listener = Listener {
            cluster: Arc::clone(cluster),
            node_id,
            name,
            other_protocols: Arc::clone(&self.other_protocols),
        };
        let mut nodes = self.nodes();
        let node = nodes.entry(node_id).or_insert_with(|| Listeners {
            tasks: JoinSet::new(),
            stopping: watch::Sender::new(false),
        });
        let observer = node.stopping.subscribe();
        node.tasks.spawn(listener.accept(socket, observer));
    }

    /// Closes the listeners and the connections of one broker at once, as the end of its process would. The ports are free afterwards.
    pub(crate) async fn stop_node(&self, node_id: NodeId) {
        // The broker is removed in a statement of its own, so that the lock is released before the wait.
        let node = self.nodes().remove(&node_id);
        if let Some(mut node) = node {
            node.tasks.shutdown().await;
        }
    }

    /// Stops accepting, ends idle connections, and lets requests in work finish for at most `timeout`.
    pub(crate) async fn stop(self, timeout: Duration) {
        let mut nodes = std::mem::take(&mut *self.nodes());
        // All brokers are told before any is waited for: `timeout` is for all of them together.
        for node in nodes.values() {
            node.stopping.send_replace(true);
        }
        let ended = async {
            for node in nodes.values_mut() {
                while node.tasks.join_next().await.is_some() {}
            }
        };
        if tokio::time::timeout(timeout, ended).await.is_err() {
            for node in nodes.values_mut() {
                node.tasks.shutdown().await;
            }
        }
    }

    fn nodes(&self) -> MutexGuard<'_, BTreeMap<NodeId, Listeners>> {
        // Entries are added and removed whole: a panic in between leaves them true.
        self.nodes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listener {
    async fn accept(self, socket: TcpListener, mut stopping: watch::Receiver<bool>) {
        let mut connections = JoinSet::new();
        let mut running = HashMap::new();
        let mut by_address: HashMap<IpAddr, usize> = HashMap::new();
        let mut changes = self.cluster.broker_configs.changes();
        let mut limits = ConnectionLimits::new(&self.layers()).await;
        loop {
            let may_accept = limits.allows_more_than(running.len());
            let accepted = tokio::select! {
                biased;
                // A stop comes first, or clients that keep connecting could hold it up.
                _ = stopping.wait_for(|stopping| *stopping) => break,
                Some(ended) = connections.join_next_with_id() => {
                    // A panic ends one connection only, and its entry goes like any other.
                    let ended = running.remove(&ended.map_or_else(|error| error.id(), |(id, ())| id));
                    if let Some((_, address)) = ended {
                        forget(&mut by_address, address);
                    }
                    continue;
                }
                // The sender lives as long as the cluster.
                _ = changes.changed() => None,
                // Above the limit further connections wait, as in Kafka.
                accepted = socket.accept(), if may_accept => Some(accepted),
            };
            let Some(accepted) = accepted else {
                limits.update(&self.layers()).await;
                continue;
            };
            match accepted {
                Ok((stream, peer_address)) => {
                    let address = peer_address.ip();
                    let count = by_address.get(&address).copied().unwrap_or_default();
                    if !limits.allows(address, count) {
                        tracing::debug!(%peer_address, node_id = %self.node_id, "closed: max.connections.per.ip");
                        continue;
                    }
                    let (until_stop, stopping) = oneshot::channel();
                    if let Some(serving) = self.serve(stream, peer_address, stopping) {
                        running.insert(connections.spawn(serving).id(), (until_stop, address));
                        by_address.insert(address, count + 1);
                    }
                }
                Err(error) => {
                    // The process is out of descriptors, or the client hung up at once. Neither ends the listener; the pause keeps
                    // the loop from spinning.
                    tracing::warn!(%error, node_id = %self.node_id, "cannot accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        // Each connection sees its channel close, and ends when it is idle or has answered.
        drop(running);
        // A client that connects now is refused at once, instead of waiting in the backlog of a listener that no longer accepts.
        drop(socket);
        while connections.join_next().await.is_some() {}
    }

    fn layers(&self) -> Layers {
        self.cluster.broker_configs.layers(self.node_id)
    }

    /// Returns the task of an accepted connection; `None` if the connection closed before it could be set up.
    fn serve(
        &self,
        stream: TcpStream,
        peer_address: SocketAddr,
        stopping: Stopping,
    ) -> Option<impl Future<Output = ()> + Send + use<>> {
        // Kafka's `SocketServer` sets this too. Answers are written whole, and Nagle's algorithm would hold back the last packet until the
        // client acknowledges the one before.
        let local_address = stream.set_nodelay(true).and_then(|()| stream.local_addr());
        let local_address = local_address
            .inspect_err(
                |error| tracing::debug!(%error, %peer_address, "the connection closed before it could be set up"),
            )
            .ok()?;
        let addresses = Addresses {
            local: Some(local_address),
            peer: Some(peer_address),
        };
        Some(self.converse(stream, addresses, stopping))
    }

    /// Returns the task of a connection over `stream`.
    ///
    /// This is no `async fn`: its arguments would lie in the task beside what is made of them, for as long as the connection is open, and
    /// with thousands of idle connections that is most of their memory.
    fn converse<S>(
        &self,
        stream: S,
        addresses: Addresses,
        stopping: Stopping,
    ) -> impl Future<Output = ()> + Send + use<S>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
    {
        let context = RequestContext {
            node_id: self.node_id,
            ingress: Ingress {
                listener: self.name.clone(),
                local_address: addresses.local,
            },
            // A listener without authentication treats every client as ANONYMOUS.
            principal: Principal::ANONYMOUS,
            api_key: -1,
            api_version: -1,
            peer_address: addresses.peer,
            client_id: String::new(),
            software: None,
        };
        let client = addresses.peer.map(tracing::field::display);
        tracing::debug!(peer_address = client, node_id = %self.node_id, "connection opened");
        let counted = Counted::new(&self.cluster.counters);
        let other_protocols = Arc::clone(&self.other_protocols);
        let cluster = Arc::clone(&self.cluster);
        let mut connection = Connection::new(stream, Arc::clone(&self.cluster), context, stopping);
        async move {
            let reason = connection.run().await.err().unwrap_or(Closed::ByClient);
            let context = connection.context();
            let client = context.peer_address.map(tracing::field::display);
            tracing::debug!(peer_address = client, node_id = %context.node_id, %reason, "connection closed");
            if let Some(peer) = context.peer_address {
                cluster.telemetry.clients.disconnected(context.node_id, peer);
            }
            if let Some(protocol) = reason.other_protocol() {
                other_protocols.warn(protocol, context.peer_address);
            }
            drop(counted);
        }
    }
}

/// Counts one connection of an address less.
fn forget(by_address: &mut HashMap<IpAddr, usize>, address: IpAddr) {
    if let Some(count) = by_address.get_mut(&address) {
        *count -= 1;
        if *count == 0 {
            by_address.remove(&address);
        }
    }
}

/// Serves a stream that no listener accepted, as the broker `node_id`, until the stream ends.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) async fn converse<S>(cluster: &Arc<Cluster>, node_id: NodeId, stream: S)
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let (_until_stop, stopping) = oneshot::channel();
    let listener = Listener {
        cluster: Arc::clone(cluster),
        node_id,
        name: ListenerName::plaintext(),
        other_protocols: Arc::default(),
    };
    listener.converse(stream, Addresses::default(), stopping).await;
}

/// An open connection in the metrics' count. Dropping it counts the connection as closed.
struct Counted(Arc<Counters>);

impl Counted {
    fn new(counters: &Arc<Counters>) -> Self {
        // The order is relaxed, because the count is only shown.
        counters.connections.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(counters))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::Relaxed);
    }
}
