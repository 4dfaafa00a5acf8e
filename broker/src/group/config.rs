//! Group configs: names, types, bounds, defaults, and the values set for a group. Source: Kafka's `GroupConfig`.

mod describe;
mod keys;
mod store;

pub(crate) use describe::describe;
pub(crate) use keys::GROUP_CONFIGS;
pub(crate) use store::GroupConfigs;

use crate::config::definition::{InvalidValue, Value};
use crate::config::java::hash_order;
use crate::config::layers::{Layers, Values};
use crate::config::table::Effect;
use std::collections::{BTreeMap, HashSet};

/// The configs of one group of the consumer protocol (KIP-848), within the bounds that the broker configs set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ConsumerGroupConfig {
    /// `consumer.session.timeout.ms`; default 45,000.
    pub(crate) session_timeout_ms: i32,
    /// `consumer.heartbeat.interval.ms`; default 5,000.
    pub(crate) heartbeat_interval_ms: i32,
    /// `consumer.assignment.interval.ms`; default 1,000.
    pub(crate) assignment_interval_ms: i32,
}

impl Default for ConsumerGroupConfig {
    /// Returns Kafka's defaults.
    fn default() -> Self {
        Self {
            session_timeout_ms: 45_000,
            heartbeat_interval_ms: 5_000,
            assignment_interval_ms: 1_000,
        }
    }
}

/// An error of a group config. The texts are Kafka's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidGroupConfig {
    #[error("Unknown group config name: {name}")]
    Unknown { name: String },
    #[error(transparent)]
    Value(#[from] InvalidValue),
    #[error("{name} must not contain duplicate tag keys.")]
    DuplicateTags { name: &'static str },
    #[error("{name} must be in the range {min} to {max} inclusive.")]
    Range { name: &'static str, min: i64, max: i64 },
    #[error("{name} must be less than or equal to {max}")]
    TooLarge { name: &'static str, max: i64 },
    #[error("{name} must be greater than or equal to {min}")]
    TooSmall { name: &'static str, min: i64 },
    #[error(
        "streams.assignor.name '{assignor}' is not a registered task assignor. Registered assignors are: [{}].", .registered.join(", ")
    )]
    Assignor {
        assignor: String,
        registered: Vec<String>,
    },
    #[error("{session} must be greater than {heartbeat}")]
    SessionTimeout {
        session: &'static str,
        heartbeat: &'static str,
    },
    #[error("errors.deadletterqueue.topic.name: DLQ topic name must not start with '__'")]
    DeadLetterTopic,
}

/// A group config with bounds that broker configs set.
struct Bounded {
    name: &'static str,
    min: Option<&'static str>,
    max: Option<&'static str>,
}

const fn bounded(name: &'static str, min: &'static str, max: &'static str) -> Bounded {
    Bounded {
        name,
        min: Some(min),
        max: Some(max),
    }
}

/// The bounded configs, in the order in which Kafka's `GroupConfig.validateValues` looks at them.
#[rustfmt::skip] // a config a line
const BOUNDED: &[Bounded] = &[
    bounded("consumer.heartbeat.interval.ms", "group.consumer.min.heartbeat.interval.ms", "group.consumer.max.heartbeat.interval.ms"),
    bounded("consumer.session.timeout.ms", "group.consumer.min.session.timeout.ms", "group.consumer.max.session.timeout.ms"),
    bounded("consumer.assignment.interval.ms", "group.consumer.min.assignment.interval.ms", "group.consumer.max.assignment.interval.ms"),
    bounded("share.heartbeat.interval.ms", "group.share.min.heartbeat.interval.ms", "group.share.max.heartbeat.interval.ms"),
    bounded("share.session.timeout.ms", "group.share.min.session.timeout.ms", "group.share.max.session.timeout.ms"),
    bounded("share.record.lock.duration.ms", "group.share.min.record.lock.duration.ms", "group.share.max.record.lock.duration.ms"),
    bounded("share.delivery.count.limit", "group.share.min.delivery.count.limit", "group.share.max.delivery.count.limit"),
    bounded("share.partition.max.record.locks", "group.share.min.partition.max.record.locks", "group.share.max.partition.max.record.locks"),
    bounded("share.assignment.interval.ms", "group.share.min.assignment.interval.ms", "group.share.max.assignment.interval.ms"),
    bounded("streams.heartbeat.interval.ms", "group.streams.min.heartbeat.interval.ms", "group.streams.max.heartbeat.interval.ms"),
    bounded("streams.session.timeout.ms", "group.streams.min.session.timeout.ms", "group.streams.max.session.timeout.ms"),
    Bounded { name: "streams.num.standby.replicas", min: None, max: Some("group.streams.max.standby.replicas") },
    bounded("streams.assignment.interval.ms", "group.streams.min.assignment.interval.ms", "group.streams.max.assignment.interval.ms"),
    Bounded { name: "streams.task.offset.interval.ms", min: Some("group.streams.min.task.offset.interval.ms"), max: None },
    Bounded { name: "streams.num.warmup.replicas", min: None, max: Some("group.streams.max.warmup.replicas") },
];

/// The session timeouts that must exceed a heartbeat interval.
const SESSIONS: &[(&str, &str)] = &[
    ("consumer.session.timeout.ms", "consumer.heartbeat.interval.ms"),
    ("share.session.timeout.ms", "share.heartbeat.interval.ms"),
    ("streams.session.timeout.ms", "streams.heartbeat.interval.ms"),
];

const TAGS: &str = "streams.rack.aware.assignment.tags";

/// Parsed values by name.
type Parsed = BTreeMap<&'static str, Value>;

/// Checks the values set for a group against their definitions, the bounds in `brokers`, and each other. Source: Kafka's
/// `GroupConfig.validate`.
///
/// # Errors
/// [`InvalidGroupConfig`] for the first invalid config in Kafka's order.
pub(crate) fn validate(own: &Values, brokers: &Layers) -> Result<(), InvalidGroupConfig> {
    for name in hash_order(own.keys().map(String::as_str)) {
        if GROUP_CONFIGS.definition(name).is_none() {
            return Err(InvalidGroupConfig::Unknown {
                name: name.to_owned(),
            });
        }
    }
    check_tags(own)?;
    let parsed = parse(own)?;
    for bounded in BOUNDED {
        bounded.check(&parsed, brokers)?;
    }
    check_assignor(&parsed, brokers)?;
    for (session, heartbeat) in SESSIONS {
        check_session(&parsed, brokers, session, heartbeat)?;
    }
    match parsed.get("errors.deadletterqueue.topic.name") {
        Some(topic) if topic.text().starts_with("__") => Err(InvalidGroupConfig::DeadLetterTopic),
        _ => Ok(()),
    }
}

/// Returns the configs of a group of the consumer protocol: its own values, within the bounds of the broker configs, over the broker's.
/// Source: Kafka's `GroupConfig.evaluate`.
pub(crate) fn effective(own: &Values, brokers: &Layers) -> ConsumerGroupConfig {
    let mut config = ConsumerGroupConfig::default();
    for (definition, setting) in GROUP_CONFIGS.iter() {
        let Effect::Honoured(set) = setting.effect else {
            continue;
        };
        let given = own
            .get(definition.name)
            .and_then(|text| definition.parse(text).ok());
        let value = given
            .or_else(|| brokers.value(keys::synonym(definition.name)?))
            .map(|value| clamped(definition.name, value, brokers));
        if let Some(value) = value {
            set(&mut config, &value);
        }
    }
    config
}

impl Bounded {
    fn check(&self, parsed: &Parsed, brokers: &Layers) -> Result<(), InvalidGroupConfig> {
        let Some(number) = parsed.get(self.name).map(Value::long) else {
            return Ok(());
        };
        let name = self.name;
        match (bound(brokers, self.min), bound(brokers, self.max)) {
            (Some(min), Some(max)) if !(min..=max).contains(&number) => {
                Err(InvalidGroupConfig::Range { name, min, max })
            }
            (None, Some(max)) if number > max => Err(InvalidGroupConfig::TooLarge { name, max }),
            (Some(min), None) if number < min => Err(InvalidGroupConfig::TooSmall { name, min }),
            _ => Ok(()),
        }
    }
}

fn bound(brokers: &Layers, name: Option<&str>) -> Option<i64> {
    Some(brokers.value(name?)?.long())
}

fn clamped(name: &str, value: Value, brokers: &Layers) -> Value {
    let Some(bounded) = BOUNDED.iter().find(|bounded| bounded.name == name) else {
        return value;
    };
    let least = bound(brokers, bounded.min).map_or(value.long(), |min| value.long().max(min));
    Value::Integer(bound(brokers, bounded.max).map_or(least, |max| least.min(max)))
}

fn parse(own: &Values) -> Result<Parsed, InvalidValue> {
    let mut set: Vec<_> = own
        .iter()
        .filter_map(|(name, text)| Some((GROUP_CONFIGS.definition(name)?, text)))
        .collect();
    set.sort_by_key(|(definition, _)| definition.position);
    set.into_iter()
        .map(|(definition, text)| Ok((definition.name, definition.parse(text)?)))
        .collect()
}

fn check_tags(own: &Values) -> Result<(), InvalidGroupConfig> {
    let text = own.get(TAGS).map_or("", |text| text.trim());
    if text.is_empty() {
        return Ok(());
    }
    let mut seen = HashSet::new();
    // A list loses repeated values when it is parsed, so they are looked for before.
    if text.split(',').all(|tag| seen.insert(tag.trim())) {
        return Ok(());
    }
    Err(InvalidGroupConfig::DuplicateTags { name: TAGS })
}

fn check_assignor(parsed: &Parsed, brokers: &Layers) -> Result<(), InvalidGroupConfig> {
    let Some(assignor) = parsed.get("streams.assignor.name") else {
        return Ok(());
    };
    let registered = brokers.value("group.streams.assignors");
    let registered = registered.map_or(Vec::new(), |names| names.list().to_vec());
    if registered.iter().any(|name| name == assignor.text()) {
        return Ok(());
    }
    Err(InvalidGroupConfig::Assignor {
        assignor: assignor.text().to_owned(),
        registered,
    })
}

fn check_session(
    parsed: &Parsed,
    brokers: &Layers,
    session: &'static str,
    heartbeat: &'static str,
) -> Result<(), InvalidGroupConfig> {
    if !parsed.contains_key(session) && !parsed.contains_key(heartbeat) {
        return Ok(());
    }
    let number = |name: &str| {
        let own = parsed.get(name).cloned();
        own.or_else(|| brokers.value(keys::synonym(name)?))
            .map(|value| value.long())
    };
    if number(session) <= number(heartbeat) {
        return Err(InvalidGroupConfig::SessionTimeout { session, heartbeat });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
