//! Topic configs: names, types, bounds, defaults, and the values set for a topic. Source: Kafka's `TopicConfig` and `LogConfig`.

mod describe;
mod keys;

pub(crate) use describe::describe;
pub(crate) use keys::TOPIC_CONFIGS;
#[cfg(test)]
pub(super) use keys::synonyms;

use crate::config::definition::{self, Definition, Effect, Setting, Value};
use crate::config::layers::Layers;
use crate::log::LogSettings;
use keys::Synonym;
use std::collections::BTreeMap;

/// The values set for one topic, by Kafka's name. The effective values also depend on the brokers' defaults; each partition has them as its
/// settings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TopicConfig {
    pub(crate) overrides: BTreeMap<String, String>,
}

/// The defaults of all topic configs, by name, as the broker configs set them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TopicDefaults {
    values: BTreeMap<&'static str, Value>,
}

/// An error of a topic config that Kafka would refuse too.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidTopicConfig {
    #[error("Unknown topic config name: {name}{}", hint(.similar))]
    Unknown {
        name: String,
        similar: Option<&'static str>,
    },
    #[error("Invalid value {value} for configuration {name}: {reason}")]
    Value {
        name: String,
        value: String,
        reason: String,
    },
    #[error("Null value not supported for topic configs: {}", .names.join(","))]
    Null { names: Vec<String> },
    #[error(
        "conflict between topic configs: min.compaction.lag.ms ({min_ms}) must not be more than max.compaction.lag.ms ({max_ms})"
    )]
    CompactionLag { min_ms: i64, max_ms: i64 },
    #[error("Tiered storage is not available in this cluster: remote.storage.enable must be false")]
    TieredStorage,
}

fn hint(similar: &Option<&'static str>) -> String {
    similar.map_or_else(String::new, |name| format!(" (did you mean {name}?)"))
}

/// Returns the definition of a topic config.
pub(crate) fn definition(name: &str) -> Option<&'static Definition> {
    definition::find(TOPIC_CONFIGS, name)
}

impl TopicConfig {
    /// Checks the values set for a topic: names, types, bounds, and conflicts between them. Surrounding blanks are removed, as in Kafka.
    ///
    /// # Errors
    /// [`InvalidTopicConfig`] for the first invalid config, by name.
    pub(crate) fn new(
        mut overrides: BTreeMap<String, String>,
        defaults: &TopicDefaults,
    ) -> Result<Self, InvalidTopicConfig> {
        for (name, value) in &mut overrides {
            let Some(definition) = definition(name) else {
                return Err(InvalidTopicConfig::Unknown {
                    name: name.clone(),
                    similar: definition::similar(TOPIC_CONFIGS, name),
                });
            };
            *value = definition
                .parse(value)
                .map_err(|reason| InvalidTopicConfig::Value {
                    name: name.clone(),
                    value: value.clone(),
                    reason,
                })?
                .to_string();
        }
        let config = Self { overrides };
        defaults.with(&config).check()?;
        Ok(config)
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
            .iter()
            .filter_map(|Setting { definition, .. }| {
                let value = keys::synonyms(definition.name)
                    .iter()
                    .find_map(|synonym| Some(scaled(synonym, &broker_config(synonym.name)?)))
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
        for setting in TOPIC_CONFIGS {
            if let Effect::Honoured(set) = setting.effect {
                let value = values.get(setting.definition.name);
                set(&mut settings, value.expect("every topic config has a default"));
            }
        }
        settings
    }

    /// Returns the value set for a topic config, if any.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    fn with(&self, config: &TopicConfig) -> Self {
        let mut values = self.values.clone();
        for (name, value) in &config.overrides {
            if let Some(definition) = definition(name)
                && let Ok(value) = definition.parse(value)
            {
                values.insert(definition.name, value);
            }
        }
        Self { values }
    }

    /// Checks the values against each other.
    fn check(&self) -> Result<(), InvalidTopicConfig> {
        let min_ms = self.values["min.compaction.lag.ms"].long();
        let max_ms = self.values["max.compaction.lag.ms"].long();
        if min_ms > max_ms {
            return Err(InvalidTopicConfig::CompactionLag { min_ms, max_ms });
        }
        // Kafka refuses this too, unless `remote.log.storage.system.enable` is set.
        if self.values.get("remote.storage.enable") == Some(&Value::Boolean(true)) {
            return Err(InvalidTopicConfig::TieredStorage);
        }
        Ok(())
    }
}

/// Converts a broker config's value to the unit of its topic config. As in Kafka, a negative retention becomes -1.
fn scaled(synonym: &Synonym, value: &str) -> String {
    match value.trim().parse::<i64>() {
        Ok(number) if synonym.factor != 1 && number < 0 => "-1".to_owned(),
        Ok(number) if synonym.factor != 1 => number.saturating_mul(synonym.factor).to_string(),
        _ => value.to_owned(),
    }
}
