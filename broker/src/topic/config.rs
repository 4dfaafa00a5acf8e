//! Topic configs: Kafka's names, types, bounds, defaults, and what of them is set. Source: Kafka's `TopicConfig` and `LogConfig`.

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

/// The configs of one topic: what was set for it, by Kafka's name. What they amount to depends on the brokers' defaults and is with each
/// partition, as its settings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TopicConfig {
    pub(crate) overrides: BTreeMap<String, String>,
}

/// What topics get that do not say otherwise: every topic config by name, from the broker configs behind it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TopicDefaults {
    values: BTreeMap<&'static str, Value>,
}

/// A topic config that Kafka would refuse.
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
        "conflict between topic configs: min.compaction.lag.ms of {min_ms} is more than max.compaction.lag.ms of {max_ms}"
    )]
    CompactionLag { min_ms: i64, max_ms: i64 },
    #[error("Tiered storage is not available in this cluster: remote.storage.enable must be false")]
    TieredStorage,
}

fn hint(similar: &Option<&'static str>) -> String {
    similar.map_or_else(String::new, |name| format!(" (did you mean {name}?)"))
}

/// The topic config of that name.
pub(crate) fn definition(name: &str) -> Option<&'static Definition> {
    definition::find(TOPIC_CONFIGS, name)
}

impl TopicConfig {
    /// Checks what is set for a topic: names, types, bounds, and that they fit each other. Values are kept as Kafka shows them, without the
    /// blanks around them.
    ///
    /// # Errors
    /// [`InvalidTopicConfig`] for the first config, by name, that is wrong.
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
    /// Kafka's.
    fn default() -> Self {
        Self::from_broker_configs(|_| None)
    }
}

impl TopicDefaults {
    /// The defaults that follow from what is set for a broker.
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

    /// What the log of a topic with that config obeys.
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

    /// The value of that topic config.
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

    /// What only the values together can tell.
    fn check(&self) -> Result<(), InvalidTopicConfig> {
        let min_ms = self.values["min.compaction.lag.ms"].long();
        let max_ms = self.values["max.compaction.lag.ms"].long();
        if min_ms > max_ms {
            return Err(InvalidTopicConfig::CompactionLag { min_ms, max_ms });
        }
        if self.values.get("remote.storage.enable") == Some(&Value::Boolean(true)) {
            return Err(InvalidTopicConfig::TieredStorage);
        }
        Ok(())
    }
}

/// A broker config's value in the unit of the topic config that it stands for. Kafka counts a negative retention as -1.
fn scaled(synonym: &Synonym, value: &str) -> String {
    match value.trim().parse::<i64>() {
        Ok(number) if synonym.factor != 1 && number < 0 => "-1".to_owned(),
        Ok(number) if synonym.factor != 1 => number.saturating_mul(synonym.factor).to_string(),
        _ => value.to_owned(),
    }
}
