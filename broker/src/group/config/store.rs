//! The configs set for groups. A group need not exist to have some. Source: Kafka's `GroupConfigManager`.

use super::{ConsumerGroupConfig, effective};
use crate::config::layers::{Layers, Values};
use crate::ids::NodeId;
use std::collections::{BTreeMap, HashMap};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

/// The configs of all groups. A heartbeat asks for those of its group, so they are ready as numbers: asking costs a look into two maps.
#[derive(Debug, Default)]
pub(crate) struct GroupConfigs(RwLock<State>);

#[derive(Debug, Default)]
struct State {
    /// The values set, by group id; never empty.
    own: BTreeMap<String, Values>,
    /// The configs on each broker of a group that has no values of its own.
    defaults: HashMap<NodeId, ConsumerGroupConfig>,
    /// The configs on each broker of the groups that have some.
    effective: HashMap<String, HashMap<NodeId, ConsumerGroupConfig>>,
}

impl GroupConfigs {
    /// Returns the configs of a group of the consumer protocol on the broker that coordinates it.
    pub(crate) fn consumer(&self, node: NodeId, group_id: &str) -> ConsumerGroupConfig {
        let state = self.read();
        let own = state.effective.get(group_id);
        let config = own.and_then(|by_node| by_node.get(&node));
        config
            .or_else(|| state.defaults.get(&node))
            .copied()
            .unwrap_or_default()
    }

    /// Returns the values set for a group.
    pub(crate) fn values(&self, group_id: &str) -> Values {
        self.read().own.get(group_id).cloned().unwrap_or_default()
    }

    /// Returns the ids of the groups with values, sorted.
    pub(crate) fn group_ids(&self) -> Vec<String> {
        self.read().own.keys().cloned().collect()
    }

    /// Replaces the values set for a group. The caller has checked them. `brokers` are the configs of every broker.
    pub(crate) fn set(&self, group_id: &str, values: Values, brokers: &[(NodeId, Layers)]) {
        let mut state = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if values.is_empty() {
            state.own.remove(group_id);
            state.effective.remove(group_id);
            return;
        }
        state
            .effective
            .insert(group_id.to_owned(), by_node(&values, brokers));
        state.own.insert(group_id.to_owned(), values);
    }

    /// Takes over the configs of every broker after they have changed.
    pub(crate) fn brokers_changed(&self, brokers: &[(NodeId, Layers)]) {
        let mut state = self.0.write().unwrap_or_else(PoisonError::into_inner);
        state.defaults = by_node(&Values::new(), brokers);
        let effective = state
            .own
            .iter()
            .map(|(group_id, values)| (group_id.clone(), by_node(values, brokers)));
        state.effective = effective.collect();
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        // A poisoned lock is safe to use: values are replaced whole.
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}

fn by_node(values: &Values, brokers: &[(NodeId, Layers)]) -> HashMap<NodeId, ConsumerGroupConfig> {
    let effective = brokers
        .iter()
        .map(|(node, layers)| (*node, effective(values, layers)));
    effective.collect()
}
