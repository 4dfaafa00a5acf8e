//! The limits on connections that broker configs set. Source: Kafka's `ConnectionQuotas`.

use crate::config::layers::Layers;
use std::collections::HashMap;
use std::net::IpAddr;

/// The limits of one broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ConnectionLimits {
    /// `max.connections`: further connections wait to be accepted.
    most: usize,
    /// `max.connections.per.ip`: further connections are closed at once.
    most_per_address: usize,
    /// `max.connections.per.ip.overrides`, as far as the hosts are addresses.
    overrides: HashMap<IpAddr, usize>,
}

impl ConnectionLimits {
    /// Returns the limits that a broker's configs set.
    pub(super) fn new(brokers: &Layers) -> Self {
        let number = |name| {
            let value = brokers.value(name).map(|value| value.long());
            value
                .and_then(|number| usize::try_from(number).ok())
                .unwrap_or(usize::MAX)
        };
        let overrides = brokers.value("max.connections.per.ip.overrides");
        let overrides = overrides.as_ref().map_or("", |value| value.text());
        Self {
            most: number("max.connections"),
            most_per_address: number("max.connections.per.ip"),
            overrides: overrides.split(',').filter_map(entry).collect(),
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

/// Reads `ADDRESS:COUNT`. Kafka splits at the last colon, so that IPv6 addresses need no brackets.
fn entry(text: &str) -> Option<(IpAddr, usize)> {
    let (address, count) = text.trim().rsplit_once(':')?;
    let address: IpAddr = match address.trim() {
        "localhost" => IpAddr::from([127, 0, 0, 1]),
        address => address.parse().ok()?,
    };
    Some((address.to_canonical(), count.trim().parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::BrokerConfigs;
    use crate::ids::NodeId;
    use std::collections::BTreeMap;

    fn limits(pairs: &[(&str, &str)]) -> ConnectionLimits {
        let owned = |(name, value): &(&str, &str)| (name.to_string(), value.to_string());
        let given = pairs.iter().map(owned).collect();
        ConnectionLimits::new(&BrokerConfigs::new(given, BTreeMap::new()).layers(NodeId(1)))
    }

    #[test]
    fn a_broker_takes_all_connections_unless_limits_are_set() {
        let unlimited = limits(&[]);
        let address = IpAddr::from([10, 0, 0, 1]);
        assert!(unlimited.allows_more_than(100_000) && unlimited.allows(address, 100_000));
    }

    #[test]
    fn an_address_may_have_a_limit_of_its_own() {
        let limits = limits(&[
            ("max.connections", "3"),
            ("max.connections.per.ip", "2"),
            ("max.connections.per.ip.overrides", "10.0.0.1:1, ::1:0"),
        ]);
        assert!(limits.allows_more_than(2) && !limits.allows_more_than(3));
        let [own, loopback, other] = ["10.0.0.1", "::1", "10.0.0.2"].map(|text| text.parse().expect(text));
        assert!(limits.allows(own, 0) && !limits.allows(own, 1));
        assert!(!limits.allows(loopback, 0));
        assert!(limits.allows(other, 1) && !limits.allows(other, 2));
    }
}
