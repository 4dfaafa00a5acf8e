//! Kafka's broker configs: names, types, bounds and defaults.

use std::collections::BTreeMap;

/// The broker configs that are honoured, typed. Source: Kafka's `KafkaConfig`, `ServerLogConfigs`, `GroupCoordinatorConfig`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokerConfig {
    /// `auto.create.topics.enable`; default true.
    pub auto_create_topics: bool,
    /// `num.partitions`; at least 1, default 1.
    pub default_partitions: i32,
    /// `group.initial.rebalance.delay.ms`; 0 unless set (Kafka's own default is 3,000).
    pub group_initial_rebalance_delay_ms: i64,
    /// `group.min.session.timeout.ms`; default 6,000.
    pub group_min_session_timeout_ms: i32,
    /// `group.max.session.timeout.ms`; default 1,800,000.
    pub group_max_session_timeout_ms: i32,
    /// `group.max.size`; default 2,147,483,647.
    pub group_max_size: i32,
    /// `offset.metadata.max.bytes`; default 4,096.
    pub offset_metadata_max_bytes: i32,
    /// `offsets.retention.minutes`; default 10,080.
    pub offsets_retention_minutes: i32,
    /// `socket.request.max.bytes`: the largest frame accepted; default 104,857,600.
    pub socket_request_max_bytes: i32,
    /// `max.incremental.fetch.session.cache.slots`, per broker; default 1,000.
    pub fetch_session_slots: i32,
    /// `connections.max.idle.ms`; default 600,000.
    pub connections_max_idle_ms: i64,
    /// `log.retention.check.interval.ms`; default 300,000.
    pub retention_check_interval_ms: i64,
}

impl Default for BrokerConfig {
    fn default() -> Self {
        Self {
            auto_create_topics: true,
            default_partitions: 1,
            group_initial_rebalance_delay_ms: 0,
            group_min_session_timeout_ms: 6_000,
            group_max_session_timeout_ms: 1_800_000,
            group_max_size: i32::MAX,
            offset_metadata_max_bytes: 4_096,
            offsets_retention_minutes: 10_080,
            socket_request_max_bytes: 104_857_600,
            fetch_session_slots: 1_000,
            connections_max_idle_ms: 600_000,
            retention_check_interval_ms: 300_000,
        }
    }
}

/// A config that Kafka would refuse to start with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// No config of that name exists.
    #[error("unknown broker config `{name}`")]
    Unknown {
        /// The name given.
        name: String,
    },
    /// The value does not fit the config's type or range.
    #[error("invalid value `{value}` for broker config `{name}`: {reason}")]
    Invalid {
        /// The config's name.
        name: String,
        /// The value given.
        value: String,
        /// What would be right.
        reason: String,
    },
}

impl BrokerConfig {
    /// Kafka's defaults with `properties` set over them.
    ///
    /// # Errors
    /// [`ConfigError`] names the first config that is unknown or out of its range.
    pub fn from_properties(properties: &BTreeMap<String, String>) -> Result<Self, ConfigError> {
        let _ = properties;
        todo!("topics")
    }
}
