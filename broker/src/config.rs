//! The configuration of a cluster. Kafka's own settings keep Kafka's names: strings at the edge, typed values inside.

use std::collections::BTreeMap;

pub(crate) mod address_limits;
mod advertised;
mod broker;
pub(crate) mod definition;
pub(crate) mod dynamic;
mod identity;
pub(crate) mod java;
pub(crate) mod keys;
pub(crate) mod layers;
mod properties;
mod release;
pub(crate) mod table;
pub(crate) mod tables;
mod value;

pub use advertised::{Advertised, AdvertisedHost, InvalidAdvertisedHost};
pub(crate) use broker::BrokerConfig;
pub(crate) use layers::BrokerConfigs;
pub use properties::ConfigError;
pub(crate) use properties::with_presets;
pub use release::Release;

/// The configuration that a cluster is started with.
#[derive(Clone, Debug)]
pub struct Config {
    /// `cluster.id`, 1 to 255 characters.
    pub cluster_id: String,
    /// The release that the cluster passes for.
    pub release: Release,
    /// Whether a request that makes the cluster create something is answered as if that did not exist yet, as by Kafka: Metadata with
    /// UNKNOWN_TOPIC_OR_PARTITION, the first FindCoordinator of a kind with COORDINATOR_NOT_AVAILABLE, and the first InitProducerId of a
    /// broker with COORDINATOR_LOAD_IN_PROGRESS.
    pub unknown_until_created: bool,
    /// Whether producer ids begin at 0, as in a new cluster of Kafka. Without it they begin at a random one, because a producer that outlives
    /// a restart of the process must not meet its own id again.
    pub producer_ids_from_zero: bool,
    /// The brokers, in the order of their ids: 1, 2, ..., or from the `node.id` in `properties` on. At least one.
    pub nodes: Vec<NodeConfig>,
    /// The host and port that clients are told to dial, unless `properties` has `advertised.listeners`.
    pub advertised: Advertised,
    /// The most memory for frames, logs, answers and decompression together, in bytes.
    pub memory_limit_bytes: usize,
    /// The most memory that is kept for reuse while nobody needs it, in bytes; the rest goes back to the system.
    pub spare_memory_bytes: usize,
    /// Kafka's broker configs by name (`num.partitions`, `log.retention.ms`, ...), checked when the cluster starts.
    pub properties: BTreeMap<String, String>,
}

/// One broker of the cluster.
#[derive(Clone, Debug, Default)]
pub struct NodeConfig {
    /// The address to listen on, `host:port`; port 0 takes a free port. `None`: the broker has no socket and serves
    /// [`local::Client`](crate::local::Client) only.
    pub listen: Option<String>,
    /// The broker's rack, which may be the name of an availability zone. `None`: the `broker.rack` in [`Config::properties`], if any.
    pub rack: Option<String>,
}

impl Config {
    /// Returns the rack of the brokers that have none of their own.
    pub(crate) fn default_rack(&self) -> Option<String> {
        let rack = self.properties.get("broker.rack");
        rack.map(|rack| rack.trim().to_owned())
            .filter(|rack| !rack.is_empty())
    }
}

impl Default for Config {
    /// Returns one broker without a socket, 1 GiB of memory and Kafka's defaults.
    fn default() -> Self {
        Self {
            cluster_id: "esmeralda".to_owned(),
            release: Release::default(),
            unknown_until_created: false,
            producer_ids_from_zero: false,
            nodes: vec![NodeConfig::default()],
            advertised: Advertised::default(),
            memory_limit_bytes: 1 << 30,
            spare_memory_bytes: 64 << 20,
            properties: BTreeMap::new(),
        }
    }
}
