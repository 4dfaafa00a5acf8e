//! What a cluster is started with. Kafka's own settings keep Kafka's names, as strings at the edge and typed inside.

use std::collections::BTreeMap;

mod advertised;
mod broker;
pub(crate) mod definition;
pub(crate) mod keys;
pub(crate) mod layers;
mod properties;

pub use advertised::{Advertised, AdvertisedHost, InvalidAdvertisedHost};
pub(crate) use broker::BrokerConfig;
pub(crate) use layers::BrokerConfigs;
pub use properties::ConfigError;

/// The least and the default of what a cluster needs to start.
#[derive(Clone, Debug)]
pub struct Config {
    /// `cluster.id`, 1 to 255 characters.
    pub cluster_id: String,
    /// The brokers; their ids are 1, 2, ... in this order. At least one.
    pub nodes: Vec<NodeConfig>,
    /// The host and port that clients are told to dial, unless `properties` has `advertised.listeners`.
    pub advertised: Advertised,
    /// What frames, logs, answers and decompression may hold together, in bytes.
    pub memory_limit_bytes: usize,
    /// Kafka's broker configs by name (`num.partitions`, `log.retention.ms`, ...), checked when the cluster starts.
    pub properties: BTreeMap<String, String>,
}

/// One broker of the cluster.
#[derive(Clone, Debug, Default)]
pub struct NodeConfig {
    /// Where it listens, `host:port`; port 0 takes a free one. `None`: no socket, reached through
    /// [`local::Client`](crate::local::Client) only.
    pub listen: Option<String>,
}

impl Default for Config {
    /// One broker without a socket, 1 GiB of memory, Kafka's defaults.
    fn default() -> Self {
        Self {
            cluster_id: "esmeralda".to_owned(),
            nodes: vec![NodeConfig::default()],
            advertised: Advertised::default(),
            memory_limit_bytes: 1 << 30,
            properties: BTreeMap::new(),
        }
    }
}
