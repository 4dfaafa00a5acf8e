//! Topic configs: Kafka's names, types, bounds, defaults, and what of them is set. Source: Kafka's `TopicConfig` and `LogConfig`.

use crate::log::LogSettings;
use std::collections::BTreeMap;

/// The configs of one topic: what was set, and what it amounts to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TopicConfig {
    /// What was set for this topic, by Kafka's name.
    pub(crate) overrides: BTreeMap<String, String>,
    /// What the log obeys.
    pub(crate) log: LogSettings,
}
