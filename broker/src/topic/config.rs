//! Topic configs: names, types, bounds, defaults, and the values set for a topic. Source: Kafka's `TopicConfig` and `LogConfig`.

mod describe;
mod keys;

pub(crate) use describe::{describe, describe_created};
pub(crate) use keys::TOPIC_CONFIGS;
#[cfg(test)]
pub(super) use keys::synonyms;

use crate::config::definition::{Definition, InvalidValue, Value};
use crate::config::java::hash_order;
use crate::config::layers::{Layers, Values};
use crate::config::table::Effect;
use crate::log::LogSettings;
use std::collections::BTreeMap;

/// The values set for one topic, by Kafka's name, as they were sent. The effective values also depend on the brokers' defaults; each
/// partition has them as its settings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TopicConfig {
    pub(crate) overrides: Values,
}

/// The defaults of all topic configs, by name, as the broker configs set them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TopicDefaults {
    values: BTreeMap<&'static str, Value>,
}

/// An error of a topic config. The texts are Kafka's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidTopicConfig {
    #[error("Unknown topic config name: {name}")]
    Unknown { name: String },
    #[error(transparent)]
    Value(#[from] InvalidValue),
    #[error("Null value not supported for topic configs: {}", .names.join(","))]
    Null { names: Vec<String> },
    #[error(
        "conflict topic config setting min.compaction.lag.ms ({min_ms}) > max.compaction.lag.ms ({max_ms})"
    )]
    CompactionLag { min_ms: i64, max_ms: i64 },
    #[error(
        "Tiered Storage functionality is disabled in the broker. Topic cannot be configured with remote log storage."
    )]
    TieredStorage,
}

/// Returns the definition of a topic config.
pub(crate) fn definition(name: &str) -> Option<&'static Definition> {
    TOPIC_CONFIGS.definition(name)
}

impl TopicConfig {
    /// Checks the values set for a topic: names, types, bounds, and conflicts between them. Source: Kafka's `LogConfig.validate`.
    ///
    /// # Errors
    /// [`InvalidTopicConfig`] for the first invalid config in Kafka's order.
    pub(crate) fn new(overrides: Values, defaults: &TopicDefaults) -> Result<Self, InvalidTopicConfig> {
        for name in hash_order(overrides.keys().map(String::as_str)) {
            if definition(name).is_none() {
                return Err(InvalidTopicConfig::Unknown {
                    name: name.to_owned(),
                });
            }
        }
        let mut set: Vec<_> = overrides
            .iter()
            .filter_map(|(name, value)| Some((definition(name)?, value)))
            .collect();
        set.sort_by_key(|(definition, _)| definition.position);
        for (definition, value) in set {
            definition.parse(value)?;
        }
        let config = Self { overrides };
        defaults.with(&config).check()?;
        Ok(config)
    }

    /// Returns the parsed value that is set for the topic itself, if any.
    pub(crate) fn own(&self, name: &str) -> Option<Value> {
        definition(name)?.parse(self.overrides.get(name)?).ok()
    }
}

impl Default for TopicDefaults {
    /// Returns Kafka's defaults.
    fn default() -> Self {
        Self::from_broker_configs(|_| None)
    }
}

impl TopicDefaults {
    /// Returns the defaults that follow from a broker's configs.
    pub(crate) fn new(layers: &Layers) -> Self {
        Self::from_broker_configs(|name| layers.get(name).map(str::to_owned))
    }

    fn from_broker_configs(broker_config: impl Fn(&str) -> Option<String>) -> Self {
        let values = TOPIC_CONFIGS
            .definitions()
            .iter()
            .filter_map(|definition| {
                let value = keys::synonyms(definition.name)
                    .iter()
                    .find_map(|synonym| {
                        let value = broker_config(synonym.name)?;
                        Some(converted(definition.name, synonym.factor, &value))
                    })
                    .or_else(|| definition.default.map(str::to_owned))?;
                Some((definition.name, definition.parse(&value).ok()?))
            })
            .collect();
        Self { values }
    }

    /// Returns the settings for the logs of a topic.
    pub(crate) fn settings(&self, config: &TopicConfig) -> LogSettings {
        let values = self.with(config);
        let mut settings = LogSettings::default();
        for (definition, setting) in TOPIC_CONFIGS.iter() {
            if let (Effect::Honoured(set), Some(value)) = (&setting.effect, values.get(definition.name)) {
                set(&mut settings, value);
            }
        }
        // Source: Kafka's `LogConfig.segmentSize`.
        if let Some(bytes) = values.get("internal.segment.bytes") {
            settings.segment_bytes = bytes.int();
        }
        settings
    }

    /// Returns the value set for a topic config, if any.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    fn with(&self, config: &TopicConfig) -> Self {
        let mut values = self.values.clone();
        for name in config.overrides.keys() {
            if let Some(definition) = definition(name)
                && let Some(value) = config.own(name)
            {
                values.insert(definition.name, value);
            }
        }
        Self { values }
    }

    /// Checks the values against each other. Source: Kafka's `LogConfig.validateTopicLogConfigValues`.
    fn check(&self) -> Result<(), InvalidTopicConfig> {
        let min_ms = self.values["min.compaction.lag.ms"].long();
        let max_ms = self.values["max.compaction.lag.ms"].long();
        if min_ms > max_ms {
            return Err(InvalidTopicConfig::CompactionLag { min_ms, max_ms });
        }
        if self.values["remote.storage.enable"].boolean() {
            return Err(InvalidTopicConfig::TieredStorage);
        }
        Ok(())
    }
}

/// Converts a broker config's value to the unit of its topic config. As in Kafka's `AbstractKafkaConfig`, a negative retention becomes -1.
fn converted(topic_config: &str, factor: i64, value: &str) -> String {
    match value.trim().parse::<i64>() {
        Ok(number) if topic_config == "retention.ms" && number < 0 => "-1".to_owned(),
        Ok(number) if factor != 1 => number.saturating_mul(factor).to_string(),
        _ => value.to_owned(),
    }
}
