//! The broker configs as they are set: at the start, and while running for one broker or for all. Source: KIP-226, Kafka's
//! `DynamicBrokerConfig`.

use super::definition::{self, Definition};
use super::keys::BROKER_CONFIGS;
use crate::ids::NodeId;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Values by Kafka's name.
pub(crate) type Values = BTreeMap<String, String>;

/// What is set for the brokers, in layers: a value for one broker counts more than one for all, which counts more than one from the
/// start, which counts more than the default.
#[derive(Debug)]
pub(crate) struct BrokerConfigs {
    given: Values,
    /// What the cluster decides for each broker: its id and addresses.
    decided: BTreeMap<NodeId, Values>,
    dynamic: Mutex<Dynamic>,
}

#[derive(Clone, Debug, Default)]
struct Dynamic {
    for_all: Values,
    by_node: BTreeMap<NodeId, Values>,
}

/// What is set for one broker, the layer that counts most first.
#[derive(Clone, Debug)]
pub(crate) struct Layers(Vec<(Source, Values)>);

/// Where a value comes from, the one that counts most first. Source: Kafka's `DescribeConfigsResponse.ConfigSource`.
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
    /// `None` without a value, or for a secret.
    pub(crate) value: Option<String>,
    pub(crate) source: Source,
    pub(crate) is_read_only: bool,
    /// Everything that could have given the value, the one that did first.
    pub(crate) synonyms: Vec<SynonymEntry>,
}

/// A config behind another, and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SynonymEntry {
    pub(crate) name: String,
    pub(crate) value: Option<String>,
    pub(crate) source: Source,
}

impl BrokerConfigs {
    /// With what was set at the start, checked before, and what the cluster decides for each broker.
    pub(crate) fn new(given: Values, decided: BTreeMap<NodeId, Values>) -> Self {
        Self {
            given,
            decided,
            dynamic: Mutex::default(),
        }
    }

    /// What is set while running, for one broker or (without `node`) for all.
    pub(crate) fn dynamic(&self, node: Option<NodeId>) -> Values {
        let dynamic = self.lock();
        match node {
            Some(node) => dynamic.by_node.get(&node).cloned().unwrap_or_default(),
            None => dynamic.for_all.clone(),
        }
    }

    /// Replaces what is set while running, for one broker or for all. The values were checked.
    pub(crate) fn set_dynamic(&self, node: Option<NodeId>, values: Values) {
        let mut dynamic = self.lock();
        match node {
            Some(node) => drop(dynamic.by_node.insert(node, values)),
            None => dynamic.for_all = values,
        }
    }

    /// What is set for one broker.
    pub(crate) fn layers(&self, node: NodeId) -> Layers {
        let dynamic = self.lock();
        let own = dynamic.by_node.get(&node).cloned().unwrap_or_default();
        let mut given = self.given.clone();
        given.extend(self.decided.get(&node).cloned().unwrap_or_default());
        Layers(vec![
            (Source::DynamicBroker, own),
            (Source::DynamicDefaultBroker, dynamic.for_all.clone()),
            (Source::StaticBroker, given),
        ])
    }

    /// What would be set if `values` were set while running, for one broker or for all.
    pub(crate) fn layers_with(&self, node: Option<NodeId>, values: Values) -> Layers {
        let for_all = match node {
            Some(_) => self.lock().for_all.clone(),
            None => Values::new(),
        };
        Layers(vec![
            (Source::DynamicBroker, values),
            (Source::DynamicDefaultBroker, for_all),
            (Source::StaticBroker, self.given.clone()),
        ])
    }

    fn lock(&self) -> MutexGuard<'_, Dynamic> {
        // Values are replaced whole: a panic in between leaves them true.
        self.dynamic.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Layers {
    /// Puts `values` in the place of those that are set from the start.
    pub(crate) fn override_static(&mut self, values: Values) {
        for (source, set) in &mut self.0 {
            if *source == Source::StaticBroker {
                set.extend(values);
                return;
            }
        }
    }

    /// The value that is set for a broker config, if one is.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find_map(|(_, values)| values.get(name))
            .map(String::as_str)
    }

    /// Every value that the broker configs `names` have, the one that counts most first: layer by layer, then the defaults. Secrets have none.
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
