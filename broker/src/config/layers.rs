//! The values set for broker configs: at the start, and while running for one broker or for all. Source: KIP-226, Kafka's
//! `DynamicBrokerConfig`.

use super::definition::{self, Definition};
use super::keys::BROKER_CONFIGS;
use crate::ids::NodeId;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Values by Kafka's name.
pub(crate) type Values = BTreeMap<String, String>;

/// The values set for the brokers, in layers. A value for one broker overrides one for all brokers, which overrides one from the start,
/// which overrides the default.
#[derive(Debug)]
pub(crate) struct BrokerConfigs {
    given: Values,
    /// Values that the cluster decides for each broker: its id and addresses.
    decided: BTreeMap<NodeId, Values>,
    dynamic: Mutex<Dynamic>,
}

#[derive(Clone, Debug, Default)]
struct Dynamic {
    for_all: Values,
    by_node: BTreeMap<NodeId, Values>,
}

/// The values set for one broker, in layers by precedence.
#[derive(Clone, Debug)]
pub(crate) struct Layers(Vec<(Source, Values)>);

/// The source of a config's value, by precedence. From Kafka's `DescribeConfigsResponse.ConfigSource`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    DynamicTopic,
    DynamicBroker,
    DynamicDefaultBroker,
    StaticBroker,
    Default,
}

/// One config as DescribeConfigs shows it.
#[derive(Clone, Debug)]
pub(crate) struct ConfigEntry {
    pub(crate) definition: &'static Definition,
    /// `None` if there is no value, or if it is a secret.
    pub(crate) value: Option<String>,
    pub(crate) source: Source,
    pub(crate) is_read_only: bool,
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
        Self {
            given,
            decided,
            dynamic: Mutex::default(),
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
    }

    /// Returns the values set for one broker.
    pub(crate) fn layers(&self, node: NodeId) -> Layers {
        let dynamic = self.lock();
        let own = dynamic.by_node.get(&node).cloned().unwrap_or_default();
        let mut given = self.given.clone();
        // `advertised.listeners` may be set for all brokers together, but each one shows its own.
        given.extend(self.decided.get(&node).cloned().unwrap_or_default());
        Layers(vec![
            (Source::DynamicBroker, own),
            (Source::DynamicDefaultBroker, dynamic.for_all.clone()),
            (Source::StaticBroker, given),
        ])
    }

    /// Returns the layers as they would be if `values` were set while running, for one broker or for all.
    pub(crate) fn layers_with(&self, node: Option<NodeId>, values: Values) -> Layers {
        let for_all = match node {
            Some(_) => self.lock().for_all.clone(),
            // `values` are those for all brokers, and take the place of the present ones.
            None => Values::new(),
        };
        Layers(vec![
            // Which layer has the values does not matter, because the caller reads effective values only.
            (Source::DynamicBroker, values),
            (Source::DynamicDefaultBroker, for_all),
            (Source::StaticBroker, self.given.clone()),
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

    /// Returns the value set for a broker config, if any.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find_map(|(_, values)| values.get(name))
            .map(String::as_str)
    }

    /// Returns all values of the broker configs `names` by precedence: layer by layer, then the defaults. Secrets have no value.
    pub(crate) fn behind(&self, names: &[&str]) -> Vec<SynonymEntry> {
        let known: Vec<_> = names
            .iter()
            .filter_map(|name| definition::find(BROKER_CONFIGS, name))
            .collect();
        let entry = |definition: &Definition, value: &str, source| SynonymEntry {
            name: definition.name.to_owned(),
            value: (!definition.is_sensitive()).then(|| value.to_owned()),
            source,
        };
        let mut entries = Vec::new();
        for (source, values) in &self.0 {
            let set = known.iter().filter_map(|definition| {
                let value = values.get(definition.name)?;
                Some(entry(definition, value, *source))
            });
            entries.extend(set);
        }
        let defaults = known
            .iter()
            .filter_map(|definition| Some(entry(definition, definition.default?, Source::Default)));
        entries.extend(defaults);
        entries
    }
}
