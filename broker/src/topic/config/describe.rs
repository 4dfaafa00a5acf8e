//! A topic's configs as DescribeConfigs and CreateTopics show them. Source: Kafka's `ConfigHelper.createTopicConfigEntry` and
//! `KafkaConfigSchema.resolveEffectiveTopicConfigs`.

use super::keys::{TOPIC_CONFIGS, synonyms};
use super::{TopicConfig, TopicDefaults};
use crate::config::layers::{ConfigEntry, Layers, Source, SynonymEntry};
use std::borrow::Cow;

/// Returns every config of a topic, by name; an internal one only if it is set. `layers` and `defaults` are those of the broker that
/// answers.
pub(crate) fn describe(config: &TopicConfig, layers: &Layers, defaults: &TopicDefaults) -> Vec<ConfigEntry> {
    TOPIC_CONFIGS
        .iter()
        .filter(|(definition, _)| !definition.is_internal || config.overrides.contains_key(definition.name))
        .map(|(definition, setting)| {
            let name = definition.name;
            let own = config.own(name).map(|value| value.to_string());
            let own_entry = own.as_ref().map(|value| SynonymEntry {
                name: name.to_owned(),
                value: Some(value.clone()),
                source: Source::DynamicTopic,
            });
            // Kafka asks for the synonyms of the first broker config behind the topic's. What comes before that name is left out.
            let behind = synonyms(name).first().map(|first| layers.behind(first.name));
            let synonyms: Vec<_> = own_entry.into_iter().chain(behind.unwrap_or_default()).collect();
            ConfigEntry {
                name: Cow::Borrowed(name),
                value: own.or_else(|| defaults.get(name).map(ToString::to_string)),
                source: synonyms.first().map_or(Source::Default, |entry| entry.source),
                is_read_only: false,
                is_sensitive: definition.is_sensitive(),
                kind: Some(definition.kind),
                documentation: Some(setting.documentation),
                synonyms,
            }
        })
        .collect()
}

/// Returns what [`describe`] returns with the values and sources that CreateTopics shows: a value that is set for the topic as it was sent,
/// and the source of the first broker config that has one.
pub(crate) fn describe_created(
    config: &TopicConfig,
    layers: &Layers,
    defaults: &TopicDefaults,
) -> Vec<ConfigEntry> {
    let mut entries = describe(config, layers, defaults);
    for entry in &mut entries {
        if let Some(sent) = config.overrides.get(entry.name.as_ref()) {
            entry.value = Some(sent.clone());
            continue;
        }
        let names = synonyms(&entry.name);
        let sources = [
            Source::DynamicBroker,
            Source::DynamicDefaultBroker,
            Source::StaticBroker,
        ];
        let set = sources.into_iter().find(|source| {
            let layer = layers.layer(*source);
            names.iter().any(|synonym| layer.contains_key(synonym.name))
        });
        entry.source = set.unwrap_or(Source::Default);
    }
    entries
}
