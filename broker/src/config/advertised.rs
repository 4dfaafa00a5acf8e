//! The host and port that clients are told to dial. Source: Kafka's `advertised.listeners` and `SocketServerConfigs`.
//!
//! # Differs from Apache Kafka
//! `advertised.listeners` has one entry for each broker of this process, not one for each listener of one broker. An entry without a host
//! is refused; Kafka looks up the machine's own name.

use super::{Config, ConfigError};
use std::net::IpAddr;
use std::str::FromStr;

/// Kafka's name of the config.
const KEY: &str = "advertised.listeners";

/// The name of the only listener that brokers have.
const LISTENER: &str = "PLAINTEXT";

/// The host and port that clients are told to dial, for all brokers of a cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Advertised {
    /// The host and port that each broker listens on; `localhost` in place of a wildcard address.
    #[default]
    Listened,
    /// One host for all brokers.
    Host(AdvertisedHost),
    /// The address that the client has connected to, as the broker's socket sees it. A mapping that rewrites the destination (a
    /// container's published port, a port-forward) does so before the connection arrives: the broker sees the address behind the mapping.
    Reflected,
}

/// A host that clients are told to dial, with or without a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdvertisedHost {
    /// A name or an IP address; IPv6 without brackets.
    pub host: String,
    /// The port of the first broker, 1 or more; each further broker has the next one. `None`: the port that each broker listens on.
    pub port: Option<u16>,
}

/// An invalid [`AdvertisedHost`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid advertised host `{text}`: {reason}")]
pub struct InvalidAdvertisedHost {
    /// The invalid text.
    pub text: String,
    /// The rule that it breaks.
    pub reason: &'static str,
}

const NO_HOST: &str = "must be HOST or HOST:PORT, such as kafka.example or [::1]:9092";
const NO_NAME: &str = "the host must be a name of letters, digits, '-', '_' and '.', an IPv4 address, or an IPv6 address in brackets";
const LENGTH: &str = "the host must have 253 characters at most, and 63 at most between two dots";
const HYPHEN: &str = "no part of the host may begin or end with '-'";
const NO_PORT: &str = "the port must be a number from 1 to 65535";
const WILDCARD: &str = "clients cannot dial the wildcard address";

impl FromStr for AdvertisedHost {
    type Err = InvalidAdvertisedHost;

    /// Parses `HOST` or `HOST:PORT`; an IPv6 address must be in brackets.
    fn from_str(text: &str) -> Result<Self, InvalidAdvertisedHost> {
        let invalid = |reason| InvalidAdvertisedHost {
            text: text.to_owned(),
            reason,
        };
        let (host, port) = split(text).ok_or_else(|| invalid(NO_HOST))?;
        check_host(host, text.starts_with('[')).map_err(invalid)?;
        let port = match port {
            None => None,
            Some(port) => {
                // `parse` would take a sign.
                let digits = Some(port).filter(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
                let port = digits.and_then(|digits| digits.parse().ok());
                Some(port.filter(|port| *port > 0).ok_or_else(|| invalid(NO_PORT))?)
            }
        };
        Ok(Self {
            host: host.to_owned(),
            port,
        })
    }
}

/// Splits `host`, `host:port`, `[host]` or `[host]:port`.
fn split(text: &str) -> Option<(&str, Option<&str>)> {
    let Some(bracketed) = text.strip_prefix('[') else {
        return match text.split_once(':') {
            None => Some((text, None)),
            Some((host, port)) if !port.contains(':') => Some((host, Some(port))),
            Some(_) => None,
        };
    };
    match bracketed.split_once(']')? {
        (host, "") => Some((host, None)),
        (host, rest) => Some((host, Some(rest.strip_prefix(':')?))),
    }
}

fn check_host(host: &str, is_bracketed: bool) -> Result<(), &'static str> {
    if host.is_empty() {
        return Err(NO_HOST);
    }
    match host.parse::<IpAddr>() {
        Ok(address) if address.is_unspecified() => Err(WILDCARD),
        // Without brackets the colons of an IPv6 address could not be told from that of a port.
        Ok(address) if address.is_ipv6() == is_bracketed => Ok(()),
        Err(_) if !is_bracketed => check_name(host),
        _ => Err(NO_NAME),
    }
}

/// Checks that `host` is a name that resolvers accept. Its last label must not be a number, or clients would read the name as an IPv4
/// address. Source: RFC 1123, section 2.1; the underscore is for names of containers.
fn check_name(host: &str) -> Result<(), &'static str> {
    let host = host.strip_suffix('.').unwrap_or(host);
    let labels = || host.split('.');
    let is_label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    let is_number = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
    if !labels().all(is_label) || labels().next_back().is_some_and(is_number) {
        return Err(NO_NAME);
    }
    if labels().any(|label| label.starts_with('-') || label.ends_with('-')) {
        return Err(HYPHEN);
    }
    if host.len() > 253 || labels().any(|label| label.len() > 63) {
        return Err(LENGTH);
    }
    Ok(())
}

impl AdvertisedHost {
    /// Returns the host and port of the broker at `position` (from 0); `None` if its port would exceed 65535.
    fn at(&self, position: usize) -> Option<Self> {
        let port = match self.port {
            None => None,
            Some(port) => Some(u16::try_from(usize::from(port) + position).ok()?),
        };
        Some(Self {
            host: self.host.clone(),
            port,
        })
    }
}

impl Advertised {
    /// Returns what each broker of `config` advertises, in the order of the brokers.
    ///
    /// # Errors
    /// [`ConfigError`] if `advertised.listeners` is invalid, does not fit the number of brokers, or is set together with
    /// [`Config::advertised`]; or if a port would exceed 65535.
    pub(crate) fn by_node(config: &Config) -> Result<Vec<Self>, ConfigError> {
        let count = config.nodes.len();
        let Some(text) = config.properties.get(KEY) else {
            return (0..count)
                .map(|position| config.advertised.at(position, count))
                .collect();
        };
        // To prefer one of them in silence would send clients to an address that the user did not mean.
        if config.advertised != Self::default() {
            return Err(ConfigError::Conflict {
                reason: format!("{KEY} is `{text}`, and an advertised host or reflection is set as well"),
            });
        }
        match listeners(text)?.as_slice() {
            [one] => (0..count).map(|position| one.at(position, count)).collect(),
            all if all.len() == count => Ok(all.to_vec()),
            all => Err(invalid(
                text,
                format!(
                    "it has {} entries for {count} broker(s); it must have one, whose port is counted up, or one for each broker",
                    all.len()
                ),
            )),
        }
    }

    fn at(&self, position: usize, count: usize) -> Result<Self, ConfigError> {
        match self {
            Self::Host(host) => host.at(position).map(Self::Host).ok_or_else(|| {
                let port = host.port.unwrap_or_default();
                invalid(
                    &format!("{LISTENER}://{}:{port}", host.host),
                    format!("{count} brokers with ports from {port} on need a port above 65535"),
                )
            }),
            other => Ok(other.clone()),
        }
    }
}

fn invalid(value: &str, reason: String) -> ConfigError {
    ConfigError::Invalid {
        name: KEY.to_owned(),
        value: value.to_owned(),
        reason,
    }
}

/// Parses a list of `PLAINTEXT://host:port`, separated by commas.
fn listeners(text: &str) -> Result<Vec<Advertised>, ConfigError> {
    let entry = |entry: &str| {
        let (name, endpoint) = entry
            .trim()
            .split_once("://")
            .ok_or_else(|| invalid(text, "it must be PLAINTEXT://HOST:PORT".to_owned()))?;
        // Kafka's `ListenerName.normalised` ignores the case too.
        if !name.eq_ignore_ascii_case(LISTENER) {
            return Err(invalid(
                text,
                format!("no listener has the name {name}; the only listener is {LISTENER}"),
            ));
        }
        let host: AdvertisedHost = endpoint
            .parse()
            .map_err(|error: InvalidAdvertisedHost| invalid(text, error.reason.to_owned()))?;
        // Kafka requires the port here. An advertised host may leave it to the listener.
        if host.port.is_none() {
            return Err(invalid(text, "it must be PLAINTEXT://HOST:PORT".to_owned()));
        }
        Ok(Advertised::Host(host))
    };
    text.split(',').map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::NodeConfig;

    fn host(text: &str) -> AdvertisedHost {
        text.parse().expect(text)
    }

    fn config(brokers: usize, advertised: Advertised, listeners: Option<&str>) -> Config {
        Config {
            nodes: vec![NodeConfig::default(); brokers],
            advertised,
            properties: listeners
                .map(|text| (KEY.to_owned(), text.to_owned()))
                .into_iter()
                .collect(),
            ..Config::default()
        }
    }

    fn endpoints(config: &Config) -> Result<Vec<String>, String> {
        let endpoint = |advertised: Advertised| match advertised {
            Advertised::Host(AdvertisedHost { host, port }) => format!("{host} {port:?}"),
            other => format!("{other:?}"),
        };
        let by_node = Advertised::by_node(config).map_err(|error| error.to_string())?;
        Ok(by_node.into_iter().map(endpoint).collect())
    }

    #[test]
    fn a_host_may_have_a_port_and_ipv6_has_brackets() {
        for (text, name, port) in [
            ("example", "example", None),
            ("kafka_1.my-host.example.", "kafka_1.my-host.example.", None),
            ("example:1234", "example", Some(1234)),
            ("10.0.0.1:65535", "10.0.0.1", Some(65_535)),
            ("[::1]", "::1", None),
            ("[2001:db8::7]:9092", "2001:db8::7", Some(9092)),
        ] {
            let expected = AdvertisedHost {
                host: name.to_owned(),
                port,
            };
            assert_eq!(host(text), expected, "{text}");
        }
    }

    #[test]
    fn a_host_that_clients_cannot_dial_is_refused() {
        for (text, reason) in [
            ("", NO_HOST),
            (":9092", NO_HOST),
            ("::1", NO_HOST),
            ("::1:9092", NO_HOST),
            ("[::1", NO_HOST),
            ("[::1]9092", NO_HOST),
            ("[]:9092", NO_HOST),
            ("example:", NO_PORT),
            ("example:0", NO_PORT),
            ("example:65536", NO_PORT),
            ("example:kafka", NO_PORT),
            ("example:+9092", NO_PORT),
            ("PLAINTEXT://example", NO_PORT),
            ("9092", NO_NAME),
            ("10.0.0.256", NO_NAME),
            ("two words", NO_NAME),
            ("a..b", NO_NAME),
            ("-a", HYPHEN),
            ("a-.b:9092", HYPHEN),
            ("a".repeat(64).as_str(), LENGTH),
            (format!("{}b", "a.".repeat(127)).as_str(), LENGTH),
            ("[example]:9092", NO_NAME),
            ("[10.0.0.1]:9092", NO_NAME),
            ("0.0.0.0", WILDCARD),
            ("[::]:9092", WILDCARD),
        ] {
            let error = text.parse::<AdvertisedHost>().expect_err(text);
            assert_eq!(error.reason, reason, "{text}");
        }
        let longest = format!("{}.b", ["a".repeat(63).as_str(); 3].join("."));
        assert_eq!(host(&longest).host, longest);
        let error = "example:0".parse::<AdvertisedHost>().expect_err("no such port");
        assert_eq!(
            error.to_string(),
            "invalid advertised host `example:0`: the port must be a number from 1 to 65535"
        );
    }

    #[test]
    fn a_port_is_counted_up_for_each_broker() {
        let named = |text| Advertised::Host(host(text));
        for (advertised, expected) in [
            (named("a:7000"), Ok(vec!["a Some(7000)", "a Some(7001)"])),
            (named("a"), Ok(vec!["a None", "a None"])),
            (Advertised::Reflected, Ok(vec!["Reflected", "Reflected"])),
            (
                named("a:65535"),
                Err(
                    "invalid value `PLAINTEXT://a:65535` for broker config `advertised.listeners`: 2 brokers with ports from 65535 on need a port above 65535",
                ),
            ),
        ] {
            let expected = expected
                .map(|all| all.into_iter().map(str::to_owned).collect())
                .map_err(str::to_owned);
            assert_eq!(endpoints(&config(2, advertised, None)), expected);
        }
    }

    #[test]
    fn advertised_listeners_has_one_entry_or_one_for_each_broker() {
        let listened = Advertised::default;
        for (brokers, text, expected) in [
            (1, "PLAINTEXT://a:1", vec!["a Some(1)"]),
            (2, "PLAINTEXT://a:1", vec!["a Some(1)", "a Some(2)"]),
            (
                2,
                "plaintext://a:1, PLAINTEXT://[::1]:1",
                vec!["a Some(1)", "::1 Some(1)"],
            ),
        ] {
            assert_eq!(
                endpoints(&config(brokers, listened(), Some(text))),
                Ok(expected.into_iter().map(str::to_owned).collect())
            );
        }
        for (brokers, text, reason) in [
            (1, "", "it must be PLAINTEXT://HOST:PORT"),
            (1, "a:1", "it must be PLAINTEXT://HOST:PORT"),
            (1, "PLAINTEXT://a", "it must be PLAINTEXT://HOST:PORT"),
            (1, "PLAINTEXT://:9092", NO_HOST),
            (1, "PLAINTEXT://0.0.0.0:9092", WILDCARD),
            (
                1,
                "SSL://a:1",
                "no listener has the name SSL; the only listener is PLAINTEXT",
            ),
            (
                3,
                "PLAINTEXT://a:1,PLAINTEXT://b:1",
                "it has 2 entries for 3 broker(s); it must have one, whose port is counted up, or one for each broker",
            ),
        ] {
            let expected = format!("invalid value `{text}` for broker config `{KEY}`: {reason}");
            assert_eq!(endpoints(&config(brokers, listened(), Some(text))), Err(expected));
        }
    }

    #[test]
    fn advertising_in_two_ways_is_refused() {
        let config = config(1, Advertised::Reflected, Some("PLAINTEXT://a:1"));
        assert_eq!(
            endpoints(&config),
            Err("conflict between broker configs: advertised.listeners is `PLAINTEXT://a:1`, and an advertised host or reflection is set as well".to_owned())
        );
    }
}
