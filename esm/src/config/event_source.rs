//! Which Kafka cluster a mapping reads, as it is given: an MSK ARN or a list of bootstrap servers. Both can mean the embedded cluster
//! only.
//!
//! # Differs from Lambda
//! - An MSK ARN always means the embedded cluster, whatever it names.
//! - Bootstrap servers of any other cluster are refused, by name.

use super::ApiError;
use crate::batch::Envelope;
use serde_json::{Map, Value};
use std::net::IpAddr;

/// A mapping's cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum EventSource {
    /// `EventSourceArn`: a cluster, or a VPC connection to one.
    AmazonManaged { arn: String },
    /// `SelfManagedEventSource`: its bootstrap servers, as given.
    SelfManaged { bootstrap_servers: Vec<String> },
}

impl EventSource {
    /// Reads it off the members of a mapping.
    ///
    /// # Errors
    /// InvalidParameterValueException for none, for both, and for what is no Kafka cluster.
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
                "Unrecognized event source. {arn} is no Kafka cluster: give the ARN of an Amazon MSK cluster or VPC connection, or \
                 SelfManagedEventSource."
            ))),
        }
    }

    /// Whether it means the cluster that listens on `known_addresses`.
    ///
    /// # Errors
    /// InvalidParameterValueException that names the servers and the addresses.
    pub(super) fn check_is_embedded(&self, known_addresses: &[String]) -> Result<(), ApiError> {
        let Self::SelfManaged { bootstrap_servers } = self else {
            return Ok(());
        };
        let is_known = |server: &String| known_addresses.iter().any(|known| means_the_same(server, known));
        if bootstrap_servers.iter().any(is_known) {
            return Ok(());
        }
        Err(ApiError::invalid_parameter(format!(
            "The Kafka cluster at {} is not the embedded one, and no other is supported yet. The embedded cluster is at {}.",
            bootstrap_servers.join(","),
            known_addresses.join(","),
        )))
    }

    /// What the errors of conflicts call it.
    pub(super) fn name(&self) -> String {
        match self {
            Self::AmazonManaged { arn } => arn.clone(),
            Self::SelfManaged { bootstrap_servers } => bootstrap_servers.join(","),
        }
    }

    /// What the events of a mapping with this source share.
    pub(super) fn envelope(&self, topic: String, known_addresses: &[String]) -> Envelope {
        match self {
            Self::AmazonManaged { arn } => {
                // Nobody can connect to a wildcard.
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

    /// Whether AWS takes both for one: the same ARN, or a bootstrap server in common.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::AmazonManaged { arn }, Self::AmazonManaged { arn: other }) => arn == other,
            (
                Self::SelfManaged { bootstrap_servers },
                Self::SelfManaged {
                    bootstrap_servers: others,
                },
            ) => bootstrap_servers.iter().any(|server| others.contains(server)),
            _ => false,
        }
    }

    /// The member that holds what is particular to this kind of cluster, and the one of the other kind.
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

/// `arn:aws:kafka:REGION:ACCOUNT:cluster/...` or `...:vpc-connection/...`.
fn is_msk(arn: &str) -> bool {
    let mut parts = arn.splitn(6, ':').skip(2);
    let service = parts.next();
    let resource = parts.nth(2).unwrap_or_default();
    service == Some("kafka") && (resource.starts_with("cluster/") || resource.starts_with("vpc-connection/"))
}

/// Whether two `host:port`s are one: hosts differ only in case, or both are loopback. A wildcard listens on loopback too.
fn means_the_same(server: &str, known: &str) -> bool {
    let (Some((host, port)), Some((known_host, known_port))) =
        (server.rsplit_once(':'), known.rsplit_once(':'))
    else {
        return false;
    };
    // Compared as numbers: the model allows `09092`.
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
