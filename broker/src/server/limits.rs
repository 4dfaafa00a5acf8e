//! The limits on connections that broker configs set. Source: Kafka's `ConnectionQuotas`.

use crate::config::address_limits;
use crate::config::layers::Layers;
use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use tokio::net::lookup_host;

/// The limits of one broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ConnectionLimits {
    /// `max.connections`: further connections wait to be accepted.
    most: usize,
    /// `max.connections.per.ip`: further connections are closed at once.
    most_per_address: usize,
    /// `max.connections.per.ip.overrides`.
    overrides: HashMap<IpAddr, usize>,
}

/// An error of a host in `max.connections.per.ip.overrides` that no address is known for.
#[derive(Debug, thiserror::Error)]
#[error("unknown host `{host}`: {source}")]
pub(super) struct UnknownHost {
    host: String,
    source: io::Error,
}

impl ConnectionLimits {
    /// Returns the limits that a broker's configs set. If a host is unknown, no address has a limit of its own.
    pub(super) async fn new(brokers: &Layers) -> Self {
        let mut limits = Self {
            most: usize::MAX,
            most_per_address: usize::MAX,
            overrides: HashMap::new(),
        };
        limits.update(brokers).await;
        limits
    }

    /// Sets the limits to those of changed configs. If a host is unknown, the limits of single addresses stay, as in Kafka.
    pub(super) async fn update(&mut self, brokers: &Layers) {
        let number = |name| {
            let value = brokers.value(name).map(|value| value.long());
            value
                .and_then(|number| usize::try_from(number).ok())
                .unwrap_or(usize::MAX)
        };
        self.most = number("max.connections");
        self.most_per_address = number("max.connections.per.ip");
        match overrides(brokers).await {
            Ok(overrides) => self.overrides = overrides,
            Err(error) => tracing::error!(%error, "{} did not change", address_limits::NAME),
        }
    }

    /// Returns whether a broker with `count` connections may accept another one.
    pub(super) fn allows_more_than(&self, count: usize) -> bool {
        count < self.most
    }

    /// Returns whether an address with `count` connections may have another one.
    pub(super) fn allows(&self, address: IpAddr, count: usize) -> bool {
        let most = self.overrides.get(&address.to_canonical());
        count < most.copied().unwrap_or(self.most_per_address)
    }
}

/// Returns the limits of single addresses. A host name stands for the first of its addresses.
///
/// # Errors
/// [`UnknownHost`] for the first host without an address.
pub(super) async fn overrides(brokers: &Layers) -> Result<HashMap<IpAddr, usize>, UnknownHost> {
    let value = brokers.value(address_limits::NAME);
    let text = value.as_ref().map_or("", |value| value.text());
    let mut overrides = HashMap::new();
    // The value was checked when it was set.
    for (host, count) in address_limits::parse(text).unwrap_or_default() {
        overrides.insert(address(host).await?, count);
    }
    Ok(overrides)
}

async fn address(host: &str) -> Result<IpAddr, UnknownHost> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(address.to_canonical());
    }
    let unknown = |source| UnknownHost {
        host: host.to_owned(),
        source,
    };
    let found: Vec<_> = lookup_host((host, 0)).await.map_err(unknown)?.collect();
    // Java's `InetAddress.getByName` prefers IPv4.
    let first = found.iter().find(|address| address.is_ipv4()).or(found.first());
    first
        .map(|address| address.ip().to_canonical())
        .ok_or_else(|| unknown(io::ErrorKind::NotFound.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::BrokerConfigs;
    use crate::ids::NodeId;
    use std::collections::BTreeMap;

    fn layers(pairs: &[(&str, &str)]) -> Layers {
        let owned = |(name, value): &(&str, &str)| (name.to_string(), value.to_string());
        let given = pairs.iter().map(owned).collect();
        BrokerConfigs::new(given, BTreeMap::new()).layers(NodeId(1))
    }

    #[tokio::test]
    async fn a_broker_takes_all_connections_unless_limits_are_set() {
        let unlimited = ConnectionLimits::new(&layers(&[])).await;
        let address = IpAddr::from([10, 0, 0, 1]);
        assert!(unlimited.allows_more_than(100_000) && unlimited.allows(address, 100_000));
    }

    #[tokio::test]
    async fn an_address_may_have_a_limit_of_its_own() {
        let layers = layers(&[
            ("max.connections", "3"),
            ("max.connections.per.ip", "2"),
            (address_limits::NAME, "10.0.0.1:1, ::1:0, localhost:5"),
        ]);
        let limits = ConnectionLimits::new(&layers).await;
        assert!(limits.allows_more_than(2) && !limits.allows_more_than(3));
        let addresses = ["10.0.0.1", "::1", "127.0.0.1", "10.0.0.2"];
        let [own, loopback, by_name, other] = addresses.map(|text| text.parse().expect(text));
        assert!(limits.allows(own, 0) && !limits.allows(own, 1));
        assert!(!limits.allows(loopback, 0));
        assert!(limits.allows(by_name, 4) && !limits.allows(by_name, 5));
        assert!(limits.allows(other, 1) && !limits.allows(other, 2));
    }

    #[tokio::test]
    async fn an_unknown_host_is_named_and_leaves_the_limits_of_addresses_as_they_were() {
        let mut limits = ConnectionLimits::new(&layers(&[(address_limits::NAME, "10.0.0.1:1")])).await;
        // The domain `invalid` never has hosts (RFC 2606).
        let changed = layers(&[
            ("max.connections.per.ip", "2"),
            (address_limits::NAME, "10.0.0.1:7,nobody.invalid:1"),
        ]);
        let error = overrides(&changed).await.expect_err("no such host");
        assert!(
            error.to_string().starts_with("unknown host `nobody.invalid`: "),
            "{error}"
        );
        limits.update(&changed).await;
        let [own, other] = ["10.0.0.1", "10.0.0.2"].map(|text| text.parse().expect(text));
        assert!(limits.allows(own, 0) && !limits.allows(own, 1));
        assert!(limits.allows(other, 1) && !limits.allows(other, 2));
    }
}
