//! Subscriptions: the metrics that clients push, how often, and which clients do. Source: Kafka's `ClientMetricsConfigs` and
//! `ClientMetricsManager.SubscriptionInfo`.

use super::config::CLIENT_METRICS_CONFIGS;
use crate::config::definition::{InvalidValue, Value};
use crate::config::java::hash_order;
use crate::config::layers::Values;
use crate::pattern::Pattern;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The attributes that a client may be chosen by, in Kafka's names.
const MATCHED: &[&str] = &[
    "client_instance_id",
    "client_id",
    "client_software_name",
    "client_software_version",
    "client_source_address",
    "client_source_port",
];

/// The attributes that a client tells of itself, by the names that subscriptions match.
pub(crate) type Attributes = BTreeMap<&'static str, String>;

/// A client metrics subscription, checked.
#[derive(Clone, Debug)]
pub(crate) struct Subscription {
    pub(crate) name: String,
    /// The values as they were set.
    pub(crate) values: Values,
    /// The beginnings of names of metrics; `*` means all.
    pub(crate) metrics: Vec<String>,
    pub(crate) interval_ms: i32,
    /// A pattern for each thing that a client must match.
    patterns: HashMap<String, Pattern>,
}

/// An error of a client metrics subscription. The texts are Kafka's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidSubscription {
    #[error("Subscription name can't be empty")]
    NoName,
    #[error("Unknown client metrics configuration: {name}")]
    Unknown { name: String },
    #[error("Invalid value {interval_ms} for interval.ms, interval must be between 100 and 3600000 (1 hour)")]
    Interval { interval_ms: i64 },
    #[error(transparent)]
    Value(#[from] InvalidValue),
    #[error("Illegal client matching pattern: {pattern}")]
    Pattern { pattern: String },
}

impl Subscription {
    /// Checks the values of a subscription. Source: Kafka's `ClientMetricsConfigs.validate`.
    ///
    /// # Errors
    /// [`InvalidSubscription`] for the first error in Kafka's order.
    pub(crate) fn new(name: &str, values: Values) -> Result<Self, InvalidSubscription> {
        if name.is_empty() {
            return Err(InvalidSubscription::NoName);
        }
        for config in hash_order(values.keys().map(String::as_str)) {
            if CLIENT_METRICS_CONFIGS.definition(config).is_none() {
                return Err(InvalidSubscription::Unknown {
                    name: config.to_owned(),
                });
            }
        }
        let parsed = parse(&values)?;
        let interval_ms = parsed["interval.ms"].long();
        if !(100..=3_600_000).contains(&interval_ms) {
            return Err(InvalidSubscription::Interval { interval_ms });
        }
        Ok(Self {
            name: name.to_owned(),
            metrics: parsed["metrics"].list().to_vec(),
            interval_ms: parsed["interval.ms"].int(),
            patterns: patterns(parsed["match"].list())?,
            values,
        })
    }

    /// Returns whether the subscription is for a client that tells this of itself, by Kafka's names.
    pub(crate) fn is_for(&self, client: &Attributes) -> bool {
        self.patterns.iter().all(|(name, pattern)| {
            client
                .get(name.as_str())
                .is_some_and(|value| pattern.matches(value))
        })
    }
}

fn parse(values: &Values) -> Result<BTreeMap<&'static str, Value>, InvalidValue> {
    let mut definitions: Vec<_> = CLIENT_METRICS_CONFIGS.definitions().iter().collect();
    definitions.sort_by_key(|definition| definition.position);
    let mut parsed = BTreeMap::new();
    for definition in definitions {
        let text = values.get(definition.name).map(String::as_str);
        let text = text.or(definition.default).unwrap_or_default();
        parsed.insert(definition.name, definition.parse(text)?);
    }
    Ok(parsed)
}

/// Reads `NAME=PATTERN` pairs. A pattern must match the whole text.
fn patterns(pairs: &[String]) -> Result<HashMap<String, Pattern>, InvalidSubscription> {
    let read = |pair: &String| {
        let invalid = || InvalidSubscription::Pattern {
            pattern: pair.clone(),
        };
        let mut parts: Vec<_> = pair.split('=').collect();
        // Java's split leaves out the empty parts at the end.
        while parts.last().is_some_and(|part| part.is_empty()) {
            parts.pop();
        }
        let [name, pattern] = parts[..] else {
            return Err(invalid());
        };
        let name = name.trim();
        let pattern = Pattern::parse(pattern.trim()).map_err(|_| invalid())?;
        if !MATCHED.contains(&name) {
            return Err(invalid());
        }
        Ok((name.to_owned(), pattern))
    };
    pairs.iter().map(read).collect()
}

/// All subscriptions by name.
#[derive(Debug, Default)]
pub(crate) struct Subscriptions(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    by_name: BTreeMap<String, Arc<Subscription>>,
    /// The number of changes so far.
    version: u64,
}

impl Subscriptions {
    /// Returns the values set for a subscription.
    pub(crate) fn values(&self, name: &str) -> Values {
        let state = self.lock();
        let found = state.by_name.get(name);
        found.map_or_else(Values::new, |subscription| subscription.values.clone())
    }

    /// Returns the names of all subscriptions, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        self.lock().by_name.keys().cloned().collect()
    }

    /// Returns the number of changes so far, and all subscriptions.
    pub(crate) fn present(&self) -> (u64, Vec<Arc<Subscription>>) {
        let state = self.lock();
        (state.version, state.by_name.values().cloned().collect())
    }

    /// Returns whether there has ever been a subscription.
    pub(crate) fn is_used(&self) -> bool {
        self.lock().version > 0
    }

    /// Adds or replaces a subscription, or removes it if it has no values.
    pub(crate) fn set(&self, subscription: Subscription) {
        let mut state = self.lock();
        if subscription.values.is_empty() {
            if state.by_name.remove(&subscription.name).is_some() {
                state.version += 1;
            }
            return;
        }
        state
            .by_name
            .insert(subscription.name.clone(), Arc::new(subscription));
        state.version += 1;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A poisoned lock is safe to use: subscriptions are replaced whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
