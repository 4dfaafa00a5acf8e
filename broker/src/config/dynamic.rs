//! The checks of broker configs that are set while running. Source: Kafka's `DynamicBrokerConfig` and `KafkaConfig.validateValues`.

use super::address_limits::{self, InvalidAddressLimits};
use super::definition::{InvalidValue, Update, Value};
use super::java::hash_order;
use super::keys::{self, BROKER_CONFIGS};
use super::layers::{Layers, Values};

/// An error of broker configs that are set while running. The texts are Kafka's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidBrokerConfigs {
    #[error("Cannot update these configs dynamically: [{}]", .names.join(", "))]
    ReadOnly { names: Vec<String> },
    #[error(
        "These security configs can be dynamically updated only per-listener using the listener prefix: [{}]",
        .names.join(", ")
    )]
    PerListener { names: Vec<String> },
    #[error(transparent)]
    Value(#[from] InvalidValue),
    #[error(
        "Cannot update these configs at default cluster level, broker id must be specified: [{}]", .names.join(", ")
    )]
    PerBroker { names: Vec<String> },
    #[error("requirement failed: {rule}")]
    Requirement { rule: &'static str },
    #[error("/ by zero")]
    NoCleanerThreads,
    #[error(transparent)]
    AddressLimits(#[from] InvalidAddressLimits),
    // Kafka passes the inner error where a value belongs, so its class name shows.
    #[error(
        "Invalid value org.apache.kafka.common.config.ConfigException: {reason} for configuration Invalid dynamic configuration"
    )]
    Reconfiguration { reason: String },
}

/// Listener configs that may be set for all brokers. Source: Kafka's `DynamicBrokerConfig.CLUSTER_LEVEL_LISTENER_CONFIGS`.
const OF_ALL_BROKERS: &[&str] = &[
    "max.connections",
    "max.connection.creation.rate",
    "num.network.threads",
];

/// Configs that a running broker here cannot change, unlike Kafka.
const FIXED_HERE: &[&str] = &["listeners", "listener.security.protocol.map"];

/// The sizes of thread pools. Source: Kafka's `DynamicThreadPool.RECONFIGURABLE_CONFIGS`.
const THREAD_POOLS: &[&str] = &[
    "num.io.threads",
    "num.replica.fetchers",
    "num.recovery.threads.per.data.dir",
    "background.threads",
];

/// The sizes of thread pools of tiered storage. Source: Kafka's `DynamicRemoteLogConfig`.
const REMOTE_THREAD_POOLS: &[&str] = &[
    "remote.log.reader.threads",
    "remote.log.manager.copier.thread.pool.size",
    "remote.log.manager.expiration.thread.pool.size",
    "remote.log.manager.follower.thread.pool.size",
];

/// Checks all values that are set for one broker or for all of them, with what was in effect `before` and would be `after`.
///
/// # Errors
/// [`InvalidBrokerConfigs`] for the first error in Kafka's order.
pub(crate) fn check(
    values: &Values,
    is_for_one: bool,
    before: &Layers,
    after: &Layers,
) -> Result<(), InvalidBrokerConfigs> {
    let names = hash_order(values.keys().map(String::as_str));
    let those = |is_wrong: &dyn Fn(&str) -> bool| -> Vec<String> {
        let wrong = names.iter().filter(|name| is_wrong(name));
        wrong.map(|name| (*name).to_owned()).collect()
    };
    let read_only = those(&|name| update(name) == Some(Update::ReadOnly) || FIXED_HERE.contains(&name));
    if !read_only.is_empty() {
        return Err(InvalidBrokerConfigs::ReadOnly { names: read_only });
    }
    let per_listener = those(&|name| update(name) == Some(Update::PerListener));
    if !per_listener.is_empty() {
        return Err(InvalidBrokerConfigs::PerListener { names: per_listener });
    }
    check_values(values)?;
    let per_broker = those(&is_per_broker);
    if !is_for_one && !per_broker.is_empty() {
        return Err(InvalidBrokerConfigs::PerBroker { names: per_broker });
    }
    check_together(after)?;
    check_changes(before, after)
}

fn update(name: &str) -> Option<Update> {
    Some(BROKER_CONFIGS.definition(name)?.update)
}

fn is_per_broker(name: &str) -> bool {
    match keys::without_listener(name) {
        Some(base) => !OF_ALL_BROKERS.contains(&base),
        None => update(name) == Some(Update::PerBroker),
    }
}

/// Source: Kafka's `DynamicConfig.Broker.validate`.
fn check_values(values: &Values) -> Result<(), InvalidValue> {
    let mut known: Vec<_> = values
        .iter()
        .filter_map(|(name, value)| {
            let name = keys::without_listener(name).unwrap_or(name);
            let definition = BROKER_CONFIGS.definition(name)?;
            (definition.update != Update::ReadOnly).then_some((definition, value))
        })
        .collect();
    known.sort_by_key(|(definition, _)| definition.position);
    for (definition, value) in known {
        definition.parse_strictly(value)?;
    }
    Ok(())
}

fn long(layers: &Layers, name: &str) -> Option<i64> {
    layers.value(name).map(|value| value.long())
}

/// Returns the first of these configs that has a value, in the unit of the first.
fn scaled(layers: &Layers, names: &[(&str, i64)]) -> i64 {
    let first = names
        .iter()
        .find_map(|(name, factor)| Some(long(layers, name)?.saturating_mul(*factor)));
    first.expect("the last config has a default")
}

fn retention_ms(layers: &Layers) -> i64 {
    let names = [
        ("log.retention.ms", 1),
        ("log.retention.minutes", 60_000),
        ("log.retention.hours", 3_600_000),
    ];
    let retention_ms = scaled(layers, &names);
    if retention_ms < 0 { -1 } else { retention_ms }
}

/// Source: Kafka's `KafkaConfig.validateValues`, as far as it looks at configs that may change while running.
fn check_together(after: &Layers) -> Result<(), InvalidBrokerConfigs> {
    let number = |name| long(after, name).unwrap_or_default();
    let retention_ms = retention_ms(after);
    if retention_ms < 1 && retention_ms != -1 {
        return requirement("log.retention.ms must be unlimited (-1) or, greater than or equal to 1");
    }
    let per_thread = number("log.cleaner.dedupe.buffer.size").checked_div(number("log.cleaner.threads"));
    match per_thread {
        None => return Err(InvalidBrokerConfigs::NoCleanerThreads),
        Some(bytes) if bytes <= 1 << 20 => {
            return requirement("log.cleaner.dedupe.buffer.size must be at least 1MB per cleaner thread.");
        }
        Some(_) => (),
    }
    let overrides = after.value(address_limits::NAME);
    let overrides = overrides.as_ref().map_or("", Value::text);
    if number("max.connections.per.ip") == 0 && overrides.is_empty() {
        return requirement(
            "max.connections.per.ip can be set to zero only if max.connections.per.ip.overrides property is set.",
        );
    }
    address_limits::parse(overrides)?;
    Ok(())
}

fn requirement(rule: &'static str) -> Result<(), InvalidBrokerConfigs> {
    Err(InvalidBrokerConfigs::Requirement { rule })
}

/// Checks changes that Kafka's running parts refuse, in the order in which it asks them. It asks none if nothing changes.
fn check_changes(before: &Layers, after: &Layers) -> Result<(), InvalidBrokerConfigs> {
    let refuse = |reason: String| Err(InvalidBrokerConfigs::Reconfiguration { reason });
    for name in ["max.connections", "max.connection.creation.rate"] {
        match changed(before, after, name) {
            Some((_, count)) if count <= 0 => return refuse(format!("Invalid {name} {count}")),
            _ => (),
        }
    }
    for name in THREAD_POOLS {
        check_pool(before, after, name)?;
    }
    check_remote_lag(after).map_or(Ok(()), |error| refuse(error.to_string()))?;
    for name in REMOTE_THREAD_POOLS {
        check_pool(before, after, name)?;
    }
    match changed(before, after, "log.cleaner.threads") {
        Some((was, now)) if now < was / 2 => refuse(format!(
            "Log cleaner threads cannot be reduced to less than half the current value {was}"
        )),
        Some((was, now)) if now > was.saturating_mul(2) => refuse(format!(
            "Log cleaner threads cannot be increased to more than double the current value {was}"
        )),
        _ => Ok(()),
    }
}

fn changed(before: &Layers, after: &Layers, name: &str) -> Option<(i64, i64)> {
    let (was, now) = (long(before, name)?, long(after, name)?);
    (was != now).then_some((was, now))
}

fn check_pool(before: &Layers, after: &Layers, name: &str) -> Result<(), InvalidBrokerConfigs> {
    let Some((was, now)) = changed(before, after, name) else {
        return Ok(());
    };
    let rule = if now <= 0 {
        "value should be at least 1".to_owned()
    } else if now < was / 2 {
        format!("value should be at least half the current value {was}")
    } else if now > was.saturating_mul(2) {
        format!("value should not be greater than double the current value {was}")
    } else {
        return Ok(());
    };
    Err(InvalidBrokerConfigs::Reconfiguration {
        reason: format!("Dynamic thread count update validation failed for {name}={now}, {rule}"),
    })
}

/// Source: Kafka's `DynamicLogConfig.validateReconfiguration`.
fn check_remote_lag(after: &Layers) -> Option<InvalidValue> {
    let number = |name| long(after, name).unwrap_or_default();
    let retention_ms = retention_ms(after);
    let retention_bytes = number("log.retention.bytes");
    let local_ms = number("log.local.retention.ms");
    let local_bytes = number("log.local.retention.bytes");
    local(
        "log.local.retention.ms",
        local_ms,
        "log.retention.ms",
        retention_ms,
        retention_ms != -1,
    )
    .or_else(|| {
        local(
            "log.local.retention.bytes",
            local_bytes,
            "log.retention.bytes",
            retention_bytes,
            retention_bytes > -1,
        )
    })
    .or_else(|| {
        lag(
            after,
            "log.remote.copy.lag.ms",
            "log.local.retention.ms",
            local_ms,
            retention_ms,
        )
    })
    .or_else(|| {
        lag(
            after,
            "log.remote.copy.lag.bytes",
            "log.local.retention.bytes",
            local_bytes,
            retention_bytes,
        )
    })
}

fn local(
    name: &'static str,
    local: i64,
    limit_name: &str,
    limit: i64,
    is_limited: bool,
) -> Option<InvalidValue> {
    if !is_limited || local == -2 {
        return None;
    }
    let reason = if local == -1 {
        format!("Value must not be -1 as {limit_name} value is set as {limit}.")
    } else if local > limit {
        format!("Value must not be more than {limit_name} property value: {limit}")
    } else {
        return None;
    };
    Some(InvalidValue::Value {
        name,
        value: local.to_string(),
        reason,
    })
}

fn lag(
    after: &Layers,
    name: &'static str,
    local_name: &str,
    local: i64,
    retention: i64,
) -> Option<InvalidValue> {
    let effective = if local == -2 { retention } else { local };
    let lag = long(after, name).filter(|lag| *lag > 0 && effective >= 0 && *lag > effective)?;
    Some(InvalidValue::Value {
        name,
        value: lag.to_string(),
        reason: format!("Value must not exceed {local_name} (effective value: {effective})"),
    })
}
