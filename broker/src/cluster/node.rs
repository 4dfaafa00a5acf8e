//! A broker's listeners and advertised endpoints. Answers name the endpoints of the listener that the client itself uses. Source: Kafka's
//! `EndPoint`, `Endpoints` and `ListenerName`.

use crate::config::layers::Values;
use crate::ids::NodeId;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// One broker and its listeners.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) id: NodeId,
    /// The rack, which may be the name of an availability zone.
    pub(crate) rack: Option<Arc<str>>,
    /// One listener for each name; all brokers of a cluster have the same names.
    listeners: Vec<NodeListener>,
}

/// A listener of a broker.
#[derive(Clone, Debug)]
pub(crate) struct NodeListener {
    pub(crate) name: ListenerName,
    /// The address that the socket is bound to; `None` without a socket.
    pub(crate) bound: Option<SocketAddr>,
    /// The host and port that clients are told to dial.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// Whether clients are told the address that they connected to, if it is known, instead of `host`.
    pub(crate) is_reflected: bool,
}

/// The name of a listener. Every broker has a listener of each name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ListenerName(Arc<str>);

/// The listener of a connection, and the local address that the client connected to.
#[derive(Clone, Debug)]
pub(crate) struct Ingress {
    pub(crate) listener: ListenerName,
    /// `None` without a socket.
    pub(crate) local_address: Option<SocketAddr>,
}

/// The endpoint of a broker for one client: Kafka's `Node`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NodeEndpoint {
    pub(crate) id: NodeId,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) rack: Option<Arc<str>>,
}

impl Node {
    /// Returns a broker with one listener and no rack.
    pub(crate) fn new(id: NodeId, listener: NodeListener) -> Self {
        Self {
            id,
            rack: None,
            listeners: vec![listener],
        }
    }

    /// Returns the broker in that rack.
    pub(crate) fn in_rack(mut self, rack: Option<String>) -> Self {
        self.rack = rack.map(Arc::from);
        self
    }

    /// Returns the listener of that name.
    pub(crate) fn listener(&self, name: &ListenerName) -> Option<&NodeListener> {
        self.listeners.iter().find(|listener| listener.name == *name)
    }

    /// Returns all listeners.
    pub(crate) fn listeners(&self) -> &[NodeListener] {
        &self.listeners
    }

    /// Returns the endpoint for a client connected through `ingress`; `None` if the broker has no listener of that name.
    pub(crate) fn endpoint(&self, ingress: &Ingress) -> Option<NodeEndpoint> {
        let listener = self.listener(&ingress.listener)?;
        Some(NodeEndpoint {
            id: self.id,
            host: listener.host_for(ingress),
            port: listener.port,
            rack: self.rack.clone(),
        })
    }

    /// Returns the broker configs that follow from the broker's id, rack and listeners, by Kafka's name, for a client connected through `ingress`.
    pub(crate) fn configs(&self, ingress: &Ingress) -> Values {
        let id = self.id.to_string();
        let uris = |uri: &dyn Fn(&NodeListener) -> Option<String>| {
            let uris: Vec<_> = self.listeners.iter().filter_map(uri).collect();
            uris.join(",")
        };
        let advertised = |listener: &NodeListener| {
            let endpoint = authority(&listener.host_for(ingress), listener.port);
            Some(format!("{}://{endpoint}", listener.name))
        };
        let mut values = Values::from([
            ("node.id".to_owned(), id.clone()),
            ("broker.id".to_owned(), id),
            ("advertised.listeners".to_owned(), uris(&advertised)),
        ]);
        let bound = uris(&|listener| Some(format!("{}://{}", listener.name, listener.bound?)));
        if !bound.is_empty() {
            values.insert("listeners".to_owned(), bound);
        }
        if let Some(rack) = &self.rack {
            values.insert("broker.rack".to_owned(), rack.to_string());
        }
        values
    }
}

impl NodeListener {
    /// Returns a PLAINTEXT listener without a socket.
    pub(crate) fn without_socket(host: &str, port: u16) -> Self {
        Self {
            name: ListenerName::plaintext(),
            bound: None,
            host: host.to_owned(),
            port,
            is_reflected: false,
        }
    }

    /// Returns the `host:port` that clients are told if the address they connected to is unknown or not reflected.
    pub(crate) fn advertised(&self) -> String {
        authority(&self.host, self.port)
    }

    /// Returns the host for a client. With reflection, a broker bound to one address has only that address. A broker bound to the wildcard
    /// is reachable at the address that the client connected to, unless it listens on the other address family only.
    fn host_for(&self, ingress: &Ingress) -> String {
        let (true, Some(bound), Some(arrived)) = (self.is_reflected, self.bound, ingress.local_address)
        else {
            return self.host.clone();
        };
        if !bound.ip().is_unspecified() {
            return bound.ip().to_canonical().to_string();
        }
        // A socket on [::] accepts IPv4 as well, and shows it as ::ffff:a.b.c.d.
        let arrived = arrived.ip().to_canonical();
        // A link-local address is useless without the interface name on the client's own machine.
        let is_of_a_link = matches!(arrived, IpAddr::V6(address) if address.is_unicast_link_local());
        if is_of_a_link || bound.is_ipv4() && arrived.is_ipv6() {
            return self.host.clone();
        }
        arrived.to_string()
    }
}

impl ListenerName {
    /// Returns Kafka's default name of a listener without encryption.
    pub(crate) fn plaintext() -> Self {
        Self("PLAINTEXT".into())
    }
}

impl fmt::Display for ListenerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Ingress {
    /// Returns the PLAINTEXT listener with an unknown address.
    pub(crate) fn plaintext() -> Self {
        Self {
            listener: ListenerName::plaintext(),
            local_address: None,
        }
    }
}

/// Returns `host:port`, an IPv6 address in brackets.
pub(crate) fn authority(host: &str, port: u16) -> String {
    if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(bound: &str, is_reflected: bool) -> Node {
        let bound: SocketAddr = bound.parse().expect("an address");
        let listener = NodeListener {
            bound: Some(bound),
            is_reflected,
            ..NodeListener::without_socket("localhost", bound.port())
        };
        Node::new(NodeId(2), listener)
    }

    fn ingress(address: Option<&str>) -> Ingress {
        Ingress {
            local_address: address.map(|address| address.parse().expect("an address")),
            ..Ingress::plaintext()
        }
    }

    #[test]
    fn with_reflection_a_client_is_told_the_address_it_connected_to() {
        for (bound, arrived, host) in [
            ("0.0.0.0:9093", Some("172.17.0.2:9092"), "172.17.0.2"),
            ("0.0.0.0:9093", None, "localhost"),
            ("[::]:9093", Some("[2001:db8::7]:9092"), "2001:db8::7"),
            ("[::]:9093", Some("[::ffff:10.0.0.7]:9092"), "10.0.0.7"),
            // The broker does not listen on the address that the client connected to.
            ("10.0.0.8:9093", Some("10.0.0.7:9092"), "10.0.0.8"),
            ("0.0.0.0:9093", Some("[::1]:9092"), "localhost"),
            ("[::]:9093", Some("[fe80::1]:9092"), "localhost"),
        ] {
            let expected = NodeEndpoint {
                id: NodeId(2),
                host: host.to_owned(),
                port: 9093,
                rack: None,
            };
            let told = node(bound, true).endpoint(&ingress(arrived));
            assert_eq!(told, Some(expected), "{bound} {arrived:?}");
            let fixed = node(bound, false)
                .endpoint(&ingress(arrived))
                .expect("it has the listener");
            assert_eq!(fixed.host, "localhost");
        }
    }

    #[test]
    fn the_configs_follow_from_the_listener() {
        let configs = node("[::]:9093", true).configs(&ingress(Some("[2001:db8::7]:9092")));
        let of = |name: &str| configs.get(name).map(String::as_str);
        assert_eq!(of("advertised.listeners"), Some("PLAINTEXT://[2001:db8::7]:9093"));
        assert_eq!(of("listeners"), Some("PLAINTEXT://[::]:9093"));
        assert_eq!((of("node.id"), of("broker.id")), (Some("2"), Some("2")));
        let without_socket = Node::new(NodeId(1), NodeListener::without_socket("localhost", 9092));
        let configs = without_socket.configs(&ingress(None));
        assert_eq!(configs.get("listeners"), None);
    }
}
