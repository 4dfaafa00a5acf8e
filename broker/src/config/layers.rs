//! The values set for broker configs: at the start, and while running for one broker or for all. Source: KIP-226, Kafka's
//! `DynamicBrokerConfig`.

use super::definition::{ConfigType, Definition, Value};
use super::keys::{self, BROKER_CONFIGS};
use crate::ids::NodeId;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// Values by Kafka's name.
pub(crate) type Values = BTreeMap<String, String>;

/// The config whose value for all brokers always exists, since eligible leader replicas are on (KIP-966).
const MIN_IN_SYNC_REPLICAS: &str = "min.insync.replicas";

/// The values set for the brokers, in layers. A value for one broker overrides one for all brokers, which overrides one from the start,
/// which overrides the default.
#[derive(Debug)]
pub(crate) struct BrokerConfigs {
    given: Values,
    /// Values that the cluster decides for each broker: its id and addresses.
    decided: BTreeMap<NodeId, Values>,
    dynamic: Mutex<Dynamic>,
    /// The number of changes of `dynamic`.
    changes: watch::Sender<u64>,
}

#[derive(Clone, Debug, Default)]
struct Dynamic {
    for_all: Values,
    by_node: BTreeMap<NodeId, Values>,
}

/// The values set for one broker, in layers by precedence.
#[derive(Clone, Debug)]
pub(crate) struct Layers(Vec<(Source, Values)>);

/// The source of a config's value. From Kafka's `DescribeConfigsResponse.ConfigSource`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    DynamicTopic,
    DynamicBroker,
    DynamicDefaultBroker,
    StaticBroker,
    Default,
    ClientMetrics,
    Group,
}

/// One config as DescribeConfigs shows it.
#[derive(Clone, Debug)]
pub(crate) struct ConfigEntry {
    pub(crate) name: Cow<'static, str>,
    /// `None` if there is no value, or if it is a secret.
    pub(crate) value: Option<String>,
    pub(crate) source: Source,
    pub(crate) is_read_only: bool,
    pub(crate) is_sensitive: bool,
    /// `None`: the config is unknown, and may belong to a plugin.
    pub(crate) kind: Option<ConfigType>,
    pub(crate) documentation: Option<&'static str>,
    /// All possible sources of the value; the first one is in effect.
    pub(crate) synonyms: Vec<SynonymEntry>,
}

/// A config that can supply another config's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SynonymEntry {
    pub(crate) name: String,
    pub(crate) value: Option<String>,
    pub(crate) source: Source,
}

impl BrokerConfigs {
    /// Returns the configs with the checked values from the start and those that the cluster decides for each broker.
    pub(crate) fn new(given: Values, decided: BTreeMap<NodeId, Values>) -> Self {
        // Kafka writes this value when it forms a cluster (`ConfigurationControlManager.maybeGenerateElrSafetyRecords`).
        let least = given.get(MIN_IN_SYNC_REPLICAS).map_or("1", |value| value.trim());
        let for_all = Values::from([(MIN_IN_SYNC_REPLICAS.to_owned(), least.to_owned())]);
        Self {
            given,
            decided,
            dynamic: Mutex::new(Dynamic {
                for_all,
                by_node: BTreeMap::new(),
            }),
            changes: watch::Sender::default(),
        }
    }

    /// Returns the values set while running, for one broker or (without `node`) for all.
    pub(crate) fn dynamic(&self, node: Option<NodeId>) -> Values {
        let dynamic = self.lock();
        match node {
            Some(node) => dynamic.by_node.get(&node).cloned().unwrap_or_default(),
            None => dynamic.for_all.clone(),
        }
    }

    /// Replaces the values set while running, for one broker or for all. The caller has checked them.
    pub(crate) fn set_dynamic(&self, node: Option<NodeId>, values: Values) {
        let mut dynamic = self.lock();
        match node {
            Some(node) => drop(dynamic.by_node.insert(node, values)),
            None => dynamic.for_all = values,
        }
        drop(dynamic);
        self.changes.send_modify(|count| *count += 1);
    }

    /// Returns a receiver that sees each change of the values set while running.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Returns the values set for one broker.
    pub(crate) fn layers(&self, node: NodeId) -> Layers {
        let dynamic = self.lock();
        let own = dynamic.by_node.get(&node).cloned().unwrap_or_default();
        let for_all = dynamic.for_all.clone();
        drop(dynamic);
        self.layered(node, own, for_all)
    }

    /// Returns the layers of `asked` as they would be if `values` were set while running, for that broker or (without `node`) for all.
    pub(crate) fn layers_with(&self, asked: NodeId, node: Option<NodeId>, values: Values) -> Layers {
        let (own, for_all) = match node {
            Some(_) => (values, self.dynamic(None)),
            None => (self.dynamic(Some(asked)), values),
        };
        self.layered(asked, own, for_all)
    }

    fn layered(&self, node: NodeId, own: Values, for_all: Values) -> Layers {
        let mut given = self.given.clone();
        // `advertised.listeners` may be set for all brokers together, but each one shows its own.
        given.extend(self.decided.get(&node).cloned().unwrap_or_default());
        Layers(vec![
            (Source::DynamicBroker, own),
            (Source::DynamicDefaultBroker, for_all),
            (Source::StaticBroker, given),
        ])
    }

    fn lock(&self) -> MutexGuard<'_, Dynamic> {
        // A poisoned lock is safe to use: values are replaced whole.
        self.dynamic.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Layers {
    /// Replaces values from the start by `values`.
    pub(crate) fn override_static(&mut self, values: Values) {
        for (source, set) in &mut self.0 {
            if *source == Source::StaticBroker {
                set.extend(values);
                return;
            }
        }
    }

    /// Returns the value in effect that was set for a broker config, if any. A value that is set while running takes the place of all its
    /// synonyms, so that `log.retention.ms` for all brokers hides `log.retention.hours` from the start. Source: Kafka's
    /// `DynamicBrokerConfig.overrideProps`.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        for (source, values) in &self.0 {
            if let Some(value) = values.get(name) {
                return Some(value);
            }
            let is_hidden = *source != Source::StaticBroker
                && keys::hiders(name).any(|synonym| values.contains_key(synonym));
            if is_hidden {
                return None;
            }
        }
        None
    }

    /// Returns the value in effect of a known broker config, or its default; `None` if it has neither.
    pub(crate) fn value(&self, name: &str) -> Option<Value> {
        let definition = BROKER_CONFIGS.definition(name)?;
        let text = self.get(name).or(definition.default)?;
        definition.parse(text).ok()
    }

    /// Returns the names that are set in any layer.
    pub(crate) fn names(&self) -> BTreeSet<&str> {
        let all = self.0.iter().flat_map(|(_, values)| values.keys());
        all.map(String::as_str).collect()
    }

    /// Returns the values set in the layer of that source.
    pub(crate) fn layer(&self, source: Source) -> &Values {
        let found = self.0.iter().find(|(present, _)| *present == source);
        &found.expect("there are three layers").1
    }

    /// Returns all values that `name` may have, by precedence: layer by layer, then the defaults, each for all of its synonyms. Those before
    /// the first of the config's own name are left out. Secrets have no value. Source: Kafka's `ConfigHelper.configSynonyms`.
    pub(crate) fn behind(&self, name: &str) -> Vec<SynonymEntry> {
        let names = keys::synonyms(name);
        let is_sensitive = is_sensitive(name);
        let entry = |name: &str, value: &str, source| SynonymEntry {
            name: name.to_owned(),
            value: (!is_sensitive).then(|| value.to_owned()),
            source,
        };
        let mut entries = Vec::new();
        for (source, values) in &self.0 {
            let set = names
                .iter()
                .filter_map(|name| Some(entry(name, values.get(*name)?, *source)));
            entries.extend(set);
        }
        let defaults = names.iter().filter_map(|name| {
            let default = BROKER_CONFIGS.definition(name)?.default?;
            Some(entry(name, default, Source::Default))
        });
        entries.extend(defaults);
        let own = entries.iter().position(|entry| entry.name == name);
        entries.drain(..own.unwrap_or(entries.len()));
        entries
    }
}

/// Returns the definition that a broker config has by its own name, or by its name without a listener's prefix. Source: Kafka's
/// `AbstractKafkaConfig.configType`.
pub(crate) fn definition(name: &str) -> Option<&'static Definition> {
    BROKER_CONFIGS
        .definition(name)
        .or_else(|| BROKER_CONFIGS.definition(keys::synonyms(name).last()?))
}

/// Returns whether a broker config's value must not be shown. An unknown config may be a secret. Source: Kafka's
/// `AbstractKafkaConfig.maybeSensitive`.
pub(crate) fn is_sensitive(name: &str) -> bool {
    definition(name).is_none_or(Definition::is_sensitive)
}
