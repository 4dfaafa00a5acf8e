//! A group's configs as DescribeConfigs shows them. Source: Kafka's `ConfigHelper.createGroupConfigEntry` and
//! `AbstractKafkaConfig.extractGroupConfigMap`.

use super::keys::{GROUP_CONFIGS, synonym};
use crate::config::definition::Definition;
use crate::config::layers::{ConfigEntry, Layers, Source, SynonymEntry, Values};
use std::borrow::Cow;

/// Returns every config of a group, by name; an internal one only if it is set for the group or for the broker.
pub(crate) fn describe(own: &Values, brokers: &Layers) -> Vec<ConfigEntry> {
    GROUP_CONFIGS
        .iter()
        .filter(|(definition, _)| {
            let is_set = |name| brokers.get(name).is_some();
            !definition.is_internal
                || own.contains_key(definition.name)
                || synonym(definition.name).is_some_and(is_set)
        })
        .map(|(definition, setting)| {
            let value = shown(definition, own, brokers);
            let synonyms = synonyms(definition, own, brokers);
            ConfigEntry {
                name: Cow::Borrowed(definition.name),
                value,
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

fn shown(definition: &Definition, own: &Values, brokers: &Layers) -> Option<String> {
    if let Some(text) = own.get(definition.name) {
        return definition.parse(text).ok().map(|value| value.to_string());
    }
    let inherited = synonym(definition.name).and_then(|name| brokers.value(name));
    match inherited {
        // The default of a group is the first assignor of the broker.
        Some(names) if definition.name == "streams.assignor.name" => names.list().first().cloned(),
        Some(value) => Some(value.to_string()),
        None => definition.default.map(str::to_owned),
    }
}

fn synonyms(definition: &Definition, own: &Values, brokers: &Layers) -> Vec<SynonymEntry> {
    let entry = |value: String, source| SynonymEntry {
        name: definition.name.to_owned(),
        value: Some(value),
        source,
    };
    let set = own
        .get(definition.name)
        .and_then(|_| Some(entry(shown(definition, own, brokers)?, Source::Group)));
    let behind = match synonym(definition.name) {
        Some(name) => brokers.behind(name),
        None => {
            let default = definition.default;
            default
                .map(|value| entry(value.to_owned(), Source::Default))
                .into_iter()
                .collect()
        }
    };
    set.into_iter().chain(behind).collect()
}
