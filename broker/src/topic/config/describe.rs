//! A topic's configs as DescribeConfigs and CreateTopics show them, with all possible sources of each value. Source: Kafka's
//! `ConfigHelper.createTopicConfigEntry`.

use super::keys::{TOPIC_CONFIGS, synonyms};
use super::{TopicConfig, TopicDefaults};
use crate::config::definition::Setting;
use crate::config::layers::{ConfigEntry, Layers, Source, SynonymEntry};

/// Returns every config of a topic, by name. `layers` and `defaults` are those of the broker that answers.
pub(crate) fn describe(config: &TopicConfig, layers: &Layers, defaults: &TopicDefaults) -> Vec<ConfigEntry> {
    TOPIC_CONFIGS
        .iter()
        .map(|Setting { definition, .. }| {
            let own = config.overrides.get(definition.name);
            let own_entry = own.map(|value| SynonymEntry {
                name: definition.name.to_owned(),
                value: Some(value.clone()),
                source: Source::DynamicTopic,
            });
            let names: Vec<_> = synonyms(definition.name)
                .iter()
                .map(|synonym| synonym.name)
                .collect();
            let synonyms: Vec<_> = own_entry.into_iter().chain(layers.behind(&names)).collect();
            ConfigEntry {
                definition,
                value: own
                    .cloned()
                    .or_else(|| defaults.get(definition.name).map(ToString::to_string)),
                source: synonyms.first().map_or(Source::Default, |entry| entry.source),
                is_read_only: false,
                synonyms,
            }
        })
        .collect()
}
