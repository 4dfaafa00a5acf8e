//! Parses broker configs by Kafka's name: checks each one, and stores the honoured ones as typed values.

use super::broker::RACK_AWARE_SELECTOR;
use super::definition::Value;
use super::keys::BROKER_CONFIGS;
use super::layers::Values;
use super::table::{Effect, Setting};
use super::{BrokerConfig, address_limits};
use std::collections::BTreeMap;

/// An error of the broker configs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// No config of that name exists.
    #[error("unknown broker config `{name}`{}", hint(.similar))]
    Unknown {
        /// The name given.
        name: String,
        /// The config with the most similar name, if one is close.
        similar: Option<&'static str>,
    },
    /// The value does not fit the config's type or range.
    #[error("invalid value `{value}` for broker config `{name}`: {reason}")]
    Invalid {
        /// The config's name.
        name: String,
        /// The value given.
        value: String,
        /// The allowed values.
        reason: String,
    },
    /// Values that contradict each other.
    #[error("conflict between broker configs: {reason}")]
    Conflict {
        /// The configs and the conflict.
        reason: String,
    },
}

fn hint(similar: &Option<&'static str>) -> String {
    similar.map_or_else(String::new, |name| format!(": did you mean `{name}`?"))
}

/// Values that every cluster starts with unless others are set: tests must not wait, and a file for a single broker names its roles.
const PRESETS: &[(&str, &str)] = &[
    ("group.consumer.assignment.interval.ms", "0"),
    ("group.initial.rebalance.delay.ms", "0"),
    ("process.roles", "broker,controller"),
];

/// Returns `properties` with the presets that they do not set.
pub(crate) fn with_presets(mut properties: Values) -> Values {
    for (name, value) in PRESETS {
        let entry = properties.entry((*name).to_owned());
        entry.or_insert_with(|| (*value).to_owned());
    }
    properties
}

impl BrokerConfig {
    /// Returns Kafka's defaults, overridden by `properties`.
    ///
    /// # Errors
    /// [`ConfigError`] for the first config that is unknown or out of range.
    pub(crate) fn from_properties(properties: &BTreeMap<String, String>) -> Result<Self, ConfigError> {
        let mut config = Self::default();
        // The names are in order, so that of several errors it is always the same one that is reported.
        for (name, text) in properties {
            let (setting, value) = check(name, text)?;
            if let Effect::Honoured(set) = setting.effect {
                set(&mut config, &value);
            }
        }
        config.check_together(properties)?;
        Ok(config)
    }

    /// Checks the values against each other.
    fn check_together(&self, properties: &BTreeMap<String, String>) -> Result<(), ConfigError> {
        let (min, max) = (
            self.group_min_session_timeout_ms,
            self.group_max_session_timeout_ms,
        );
        if min > max {
            let name = "group.max.session.timeout.ms";
            return Err(ConfigError::Invalid {
                name: name.to_owned(),
                value: properties.get(name).cloned().unwrap_or_else(|| max.to_string()),
                reason: format!("it must be at least group.min.session.timeout.ms, which is {min}"),
            });
        }
        let name = address_limits::NAME;
        let limits = properties.get(name).map_or("", String::as_str);
        address_limits::parse(limits).map_err(|error| ConfigError::Invalid {
            name: name.to_owned(),
            value: limits.to_owned(),
            reason: error.to_string(),
        })?;
        let name = "group.consumer.assignors";
        let is_known = |assignor: &String| matches!(assignor.as_str(), "uniform" | "range");
        if !self.group_consumer_assignors.iter().all(is_known) {
            return Err(ConfigError::Invalid {
                name: name.to_owned(),
                value: properties.get(name).cloned().unwrap_or_default(),
                reason: "it must be a list of uniform and range, since Java classes are not loaded"
                    .to_owned(),
            });
        }
        let name = "replica.selector.class";
        match properties.get(name) {
            Some(class) if !self.selects_replicas_by_rack => Err(ConfigError::Invalid {
                name: name.to_owned(),
                value: class.clone(),
                reason: format!("it must be {RACK_AWARE_SELECTOR}, since Java classes are not loaded"),
            }),
            _ => Ok(()),
        }
    }
}

/// Checks and parses one property.
fn check(name: &str, text: &str) -> Result<(&'static Setting<BrokerConfig>, Value), ConfigError> {
    let invalid = |reason: &str| ConfigError::Invalid {
        name: name.to_owned(),
        value: text.to_owned(),
        reason: reason.to_owned(),
    };
    let (Some(definition), Some(setting)) = (BROKER_CONFIGS.definition(name), BROKER_CONFIGS.setting(name))
    else {
        return Err(ConfigError::Unknown {
            name: name.to_owned(),
            similar: BROKER_CONFIGS.similar(name),
        });
    };
    if let Effect::Decided(reason) = setting.effect {
        return Err(invalid(reason));
    }
    let value = definition.parse(text);
    Ok((setting, value.map_err(|error| invalid(error.reason()))?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(properties: &[(&str, &str)]) -> Result<BrokerConfig, ConfigError> {
        let properties = properties
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_string()));
        BrokerConfig::from_properties(&properties.collect())
    }

    #[test]
    fn without_properties_every_config_has_its_default() {
        assert_eq!(from(&[]), Ok(BrokerConfig::default()));
    }

    #[test]
    fn the_defaults_are_those_of_the_table() {
        let defaults: BTreeMap<_, _> = BROKER_CONFIGS
            .iter()
            .filter(|(_, setting)| !matches!(setting.effect, Effect::Decided(_)))
            .filter_map(|(definition, _)| Some((definition.name.to_owned(), definition.default?.to_owned())))
            .filter(|(name, _)| PRESETS.iter().all(|(preset, _)| preset != name))
            .collect();
        let defaults = with_presets(defaults);
        assert_eq!(
            BrokerConfig::from_properties(&defaults),
            Ok(BrokerConfig::default())
        );
    }

    #[test]
    fn honoured_configs_become_typed_values() {
        let config = from(&[
            ("auto.create.topics.enable", "false"),
            ("num.partitions", " 12 "),
            ("default.replication.factor", "3"),
            ("delete.topic.enable", "FALSE"),
            ("broker.rack", "r1"),
            ("group.initial.rebalance.delay.ms", "3000"),
            ("group.min.session.timeout.ms", "100"),
            ("group.max.session.timeout.ms", "101"),
            ("group.max.size", "2"),
            ("group.consumer.max.size", "3"),
            ("group.consumer.assignors", "range"),
            ("group.consumer.migration.policy", "upgrade"),
            ("group.consumer.regex.refresh.interval.ms", "10000"),
            ("group.coordinator.rebalance.protocols", "classic"),
            ("fetch.max.bytes", "1025"),
            ("replica.selector.class", RACK_AWARE_SELECTOR),
            ("offset.metadata.max.bytes", "5"),
            ("offsets.topic.num.partitions", "11"),
            ("offsets.topic.replication.factor", "2"),
            ("offsets.topic.segment.bytes", "13"),
            ("offsets.topic.compression.codec", "4"),
            ("transaction.state.log.num.partitions", "14"),
            ("transaction.state.log.replication.factor", "1"),
            ("transaction.state.log.min.isr", "1"),
            ("transaction.state.log.segment.bytes", "15"),
            ("offsets.retention.minutes", "6"),
            ("offsets.retention.check.interval.ms", "60"),
            ("socket.request.max.bytes", "7"),
            ("max.incremental.fetch.session.cache.slots", "0"),
            ("connections.max.idle.ms", "-1"),
            ("log.retention.check.interval.ms", "8"),
            ("max.request.partition.size.limit", "9"),
            ("log.cleaner.backoff.ms", "11"),
            ("log.cleaner.enable", "false"),
            ("transaction.max.timeout.ms", "11"),
            ("transaction.partition.verification.enable", "false"),
            (
                "transaction.abort.timed.out.transaction.cleanup.interval.ms",
                "12",
            ),
            ("transactional.id.expiration.ms", "13"),
            ("transaction.remove.expired.transaction.cleanup.interval.ms", "14"),
            ("producer.id.expiration.check.interval.ms", "15"),
            ("log.retention.ms", "10"),
        ]);
        let expected = BrokerConfig {
            auto_create_topics: false,
            default_partitions: 12,
            default_replication_factor: 3,
            delete_topics: false,
            rack: Some("r1".to_owned()),
            group_initial_rebalance_delay_ms: 3_000,
            group_min_session_timeout_ms: 100,
            group_max_session_timeout_ms: 101,
            group_max_size: 2,
            group_consumer_max_size: 3,
            group_consumer_assignors: vec!["range".to_owned()],
            group_consumer_migration_policy: "upgrade".to_owned(),
            group_consumer_regex_refresh_interval_ms: 10_000,
            consumer_protocol: false,
            fetch_max_bytes: 1_025,
            selects_replicas_by_rack: true,
            offset_metadata_max_bytes: 5,
            offsets_topic_partitions: 11,
            offsets_topic_replication_factor: 2,
            offsets_topic_segment_bytes: 13,
            offsets_topic_compression_codec: 4,
            transaction_topic_partitions: 14,
            transaction_topic_replication_factor: 1,
            transaction_topic_min_isr: 1,
            transaction_topic_segment_bytes: 15,
            offsets_retention_minutes: 6,
            offsets_retention_check_interval_ms: 60,
            transaction_max_timeout_ms: 11,
            verifies_transactions: false,
            transaction_timeout_check_interval_ms: 12,
            transactional_id_expiration_ms: 13,
            transactional_id_expiration_check_interval_ms: 14,
            producer_id_expiration_check_interval_ms: 15,
            socket_request_max_bytes: 7,
            fetch_session_slots: 0,
            connections_max_idle_ms: -1,
            retention_check_interval_ms: 8,
            cleaner_enabled: false,
            cleaner_backoff_ms: 11,
            described_partitions_limit: 9,
        };
        assert_eq!(config, Ok(expected));
    }

    #[test]
    fn a_config_without_an_effect_says_why() {
        let reason = |name| match BROKER_CONFIGS.setting(name)?.effect {
            Effect::None(reason) => Some(reason),
            _ => None,
        };
        for (name, expected) in [
            ("num.partitions", None),
            ("auto.create.topics.enable", None),
            ("log.retention.hours", None),
            ("node.id", None),
            ("num.io.threads", Some("requests have no thread pools or queues")),
            (
                "log.dir",
                Some("logs live in memory, and nothing is written to a disk"),
            ),
        ] {
            assert_eq!(reason(name), expected, "{name}");
        }
    }

    #[test]
    fn an_invalid_config_is_explained() {
        let cases: &[(&[(&str, &str)], &str)] = &[
            (
                &[("auto.create.topic.enable", "true")],
                "unknown broker config `auto.create.topic.enable`: did you mean `auto.create.topics.enable`?",
            ),
            (
                &[("num_partitions", "1")],
                "unknown broker config `num_partitions`: did you mean `num.partitions`?",
            ),
            (
                &[("no.such.thing.whatsoever", "1")],
                "unknown broker config `no.such.thing.whatsoever`",
            ),
            (
                &[("num.partitions", "0")],
                "invalid value `0` for broker config `num.partitions`: Value must be at least 1",
            ),
            (
                &[("delete.topic.enable", "no")],
                "invalid value `no` for broker config `delete.topic.enable`: Expected value to be either true or false",
            ),
            (
                &[("node.id", "4")],
                "invalid value `4` for broker config `node.id`: it sets the first broker's id, and the others count up from there",
            ),
            (
                &[
                    ("group.min.session.timeout.ms", "9"),
                    ("group.max.session.timeout.ms", "8"),
                ],
                "invalid value `8` for broker config `group.max.session.timeout.ms`: it must be at least group.min.session.timeout.ms, which is 9",
            ),
        ];
        for (properties, message) in cases {
            assert_eq!(from(properties).expect_err(message).to_string(), *message);
        }
    }
}
