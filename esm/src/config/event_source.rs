//! The Kafka cluster of a mapping as requests give it: an MSK ARN or a list of bootstrap servers.
//!
//! # Differs from Lambda
//! - Every MSK ARN means the embedded cluster.
//! - Bootstrap servers mean the embedded cluster if one of them is an address of it, or has the host name `embedded`.

use super::ApiError;
use crate::batch::Envelope;
use crate::source::remote::Endpoint;
use serde_json::{Map, Value};
use std::net::IpAddr;

/// The host name that means the embedded cluster. AWS's pattern requires a port beside it, which can be any.
const EMBEDDED: &str = "embedded";

/// A mapping's cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum EventSource {
    /// `EventSourceArn`: a cluster, or a VPC connection to one.
    AmazonManaged { arn: String },
    /// `SelfManagedEventSource`: bootstrap servers in the order of the request.
    SelfManaged { bootstrap_servers: Vec<String> },
}

impl EventSource {
    /// Returns the cluster that the members of a mapping name.
    ///
    /// # Errors
    /// InvalidParameterValueException if neither or both are given, and for an ARN of anything but a Kafka cluster.
    pub(super) fn of(members: &Map<String, Value>) -> Result<Self, ApiError> {
        let arn = members
            .get("EventSourceArn")
            .and_then(Value::as_str)
            .filter(|arn| !arn.is_empty());
        match (arn, bootstrap_servers(members)) {
            (None, None) => Err(ApiError::invalid_parameter("Unrecognized event source.")),
            (Some(_), Some(_)) => Err(ApiError::invalid_parameter(
                "Only one of EventSourceArn and SelfManagedEventSource can be specified.",
            )),
            (None, Some(bootstrap_servers)) => Ok(Self::SelfManaged { bootstrap_servers }),
            (Some(arn), None) if is_msk(arn) => Ok(Self::AmazonManaged { arn: arn.to_owned() }),
            (Some(arn), None) => Err(ApiError::invalid_parameter(format!(
                "Unrecognized event source. {arn} is not a Kafka cluster: give the ARN of an Amazon MSK cluster or VPC connection, or \
                 SelfManagedEventSource."
            ))),
        }
    }

    /// Returns the bootstrap servers of a cluster on the network; `None` if the source is the embedded cluster, which listens on
    /// `known_addresses`.
    ///
    /// # Errors
    /// InvalidParameterValueException with a server that has no valid port.
    pub(super) fn remote_servers(
        &self,
        known_addresses: &[String],
    ) -> Result<Option<Vec<Endpoint>>, ApiError> {
        let Self::SelfManaged { bootstrap_servers } = self else {
            return Ok(None);
        };
        let is_embedded = |server: &String| {
            is_embedded_name(server) || known_addresses.iter().any(|known| means_the_same(server, known))
        };
        // One server of the cluster is enough, as it is for any Kafka client.
        if bootstrap_servers.iter().any(is_embedded) {
            return Ok(None);
        }
        let endpoint = |server: &String| {
            Endpoint::parse(server).ok_or_else(|| {
                ApiError::invalid_parameter(format!(
                    "The bootstrap server {server} has no valid port: it must be between 0 and 65535."
                ))
            })
        };
        let endpoints: Result<Vec<_>, _> = bootstrap_servers.iter().map(endpoint).collect();
        Ok(Some(endpoints?))
    }

    /// Returns its name in the errors of conflicts.
    pub(super) fn name(&self) -> String {
        match self {
            Self::AmazonManaged { arn } => arn.clone(),
            Self::SelfManaged { bootstrap_servers } => bootstrap_servers.join(","),
        }
    }

    /// Returns the envelope of the events of a mapping with this source.
    pub(super) fn envelope(&self, topic: String, known_addresses: &[String]) -> Envelope {
        match self {
            Self::AmazonManaged { arn } => {
                // A function cannot connect to a wildcard address.
                let servers: Vec<&str> = known_addresses
                    .iter()
                    .map(String::as_str)
                    .filter(|known| known.rsplit_once(':').is_none_or(|(host, _)| !is_wildcard(host)))
                    .collect();
                Envelope {
                    event_source_arn: Some(arn.clone()),
                    bootstrap_servers: servers.join(","),
                    topic,
                }
            }
            Self::SelfManaged { bootstrap_servers } => Envelope {
                event_source_arn: None,
                bootstrap_servers: bootstrap_servers.join(","),
                topic,
            },
        }
    }

    /// Returns whether AWS takes both for the same source: they have the same ARN, or a bootstrap server in common.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::AmazonManaged { arn }, Self::AmazonManaged { arn: other }) => arn == other,
            (
                Self::SelfManaged { bootstrap_servers },
                Self::SelfManaged {
                    bootstrap_servers: others,
                },
                // AWS refused servers a and b beside a mapping of a alone, so one in common is enough (recorded in 2024).
            ) => bootstrap_servers.iter().any(|server| others.contains(server)),
            _ => false,
        }
    }

    /// Returns the names of the config member for this kind of cluster, and of the one for the other kind.
    pub(super) fn config_members(&self) -> (&'static str, &'static str) {
        let (managed, own) = (
            "AmazonManagedKafkaEventSourceConfig",
            "SelfManagedKafkaEventSourceConfig",
        );
        match self {
            Self::AmazonManaged { .. } => (managed, own),
            Self::SelfManaged { .. } => (own, managed),
        }
    }
}

fn bootstrap_servers(members: &Map<String, Value>) -> Option<Vec<String>> {
    let servers = members
        .get("SelfManagedEventSource")?
        .get("Endpoints")?
        .get("KAFKA_BOOTSTRAP_SERVERS")?;
    Some(
        servers
            .as_array()?
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
    )
}

/// Returns whether an ARN is `arn:aws:kafka:REGION:ACCOUNT:cluster/...` or `...:vpc-connection/...`.
fn is_msk(arn: &str) -> bool {
    let mut parts = arn.splitn(6, ':').skip(2);
    let service = parts.next();
    let resource = parts.nth(2).unwrap_or_default();
    service == Some("kafka") && (resource.starts_with("cluster/") || resource.starts_with("vpc-connection/"))
}

/// Returns whether a server is `embedded:PORT`: a name for the embedded cluster on whatever port it has.
fn is_embedded_name(server: &str) -> bool {
    let host = server.rsplit_once(':').map_or(server, |(host, _)| host);
    host.eq_ignore_ascii_case(EMBEDDED)
}

/// Returns whether two `host:port`s mean the same address: the hosts differ only in case, or both are loopback. A wildcard listens on
/// loopback too.
fn means_the_same(server: &str, known: &str) -> bool {
    let (Some((host, port)), Some((known_host, known_port))) =
        (server.rsplit_once(':'), known.rsplit_once(':'))
    else {
        return false;
    };
    // Ports are compared as numbers, because the model allows `09092`.
    let is_same_port = port
        .parse::<u16>()
        .is_ok_and(|port| known_port.parse() == Ok(port));
    is_same_port && host_means_the_same(host, known_host)
}

fn host_means_the_same(host: &str, known: &str) -> bool {
    host.eq_ignore_ascii_case(known) || (is_loopback(host) && (is_loopback(known) || is_wildcard(known)))
}

fn address(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || address(host).is_some_and(|address| address.is_loopback())
}

fn is_wildcard(host: &str) -> bool {
    address(host).is_some_and(|address| address.is_unspecified())
}
