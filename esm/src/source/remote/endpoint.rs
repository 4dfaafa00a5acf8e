//! The address of a broker.

use std::fmt;

/// A host and a port, as bootstrap servers and brokers in metadata have them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Endpoint {
    /// A name, or an address without brackets.
    pub(super) host: String,
    /// The port.
    pub(super) port: u16,
}

impl Endpoint {
    /// Returns the endpoint of `HOST:PORT`; `None` if it has another form.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (host, port) = text.rsplit_once(':')?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        Some(Self {
            host: host.to_owned(),
            port: port.parse().ok()?,
        })
    }

    /// Returns the endpoint of a broker in an answer; `None` if its port is none.
    pub(super) fn of(host: &str, port: i32) -> Option<Self> {
        Some(Self {
            host: host.to_owned(),
            port: u16::try_from(port).ok()?,
        })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_read_and_written() {
        for text in ["broker.example.com:9092", "127.0.0.1:1", "[::1]:65535"] {
            assert_eq!(
                Endpoint::parse(text).map(|endpoint| endpoint.to_string()),
                Some(text.to_owned())
            );
        }
        for text in ["broker", "broker:", "broker:65536", ""] {
            assert_eq!(Endpoint::parse(text), None, "{text}");
        }
    }
}
