//! Changes the configs of topics and brokers while the cluster runs. Source: Kafka's `ConfigAdminManager`, `ConfigurationControlManager`
//! and `DynamicBrokerConfig`.

use super::RequestContext;
use super::access::{Denied, authorize};
use super::describe_configs::check_broker;
pub(crate) use super::describe_configs::{InvalidName, ResourceType, WrongBroker};
use crate::cluster::Cluster;
use crate::config::definition::{self, Definition, Update};
use crate::config::keys::BROKER_CONFIGS;
use crate::config::layers::Values;
use crate::ids::NodeId;
use crate::security::AclOperation;
pub(crate) use crate::topic::config::InvalidTopicConfig;
use crate::topic::{Change, TopicConfig, TopicDefaults, config, name};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// The requested changes of one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Alteration {
    pub(crate) resource_type: ResourceType,
    pub(crate) name: String,
    pub(crate) changes: Changes,
}

/// The changes of a resource's configs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Changes {
    /// Replaces all values: configs that are not named return to their defaults (AlterConfigs).
    Replace(Vec<(String, Option<String>)>),
    /// Changes single configs (IncrementalAlterConfigs).
    Incremental(Vec<(String, ConfigOperation, Option<String>)>),
}

/// The change of one config. Source: Kafka's `AlterConfigOp.OpType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConfigOperation {
    Set,
    Delete,
    /// Adds to a list.
    Append,
    /// Removes from a list.
    Subtract,
    /// An unknown operation, with its code in the request.
    Other(i8),
}

/// The reason why no config of a resource was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AlterConfigsError {
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error("Each resource must appear at most once.")]
    DuplicateResource,
    #[error("Error due to duplicate config keys: {}", .names.join(", "))]
    DuplicateKeys { names: Vec<String> },
    #[error("Null value not supported for : {}", .names.join(", "))]
    Null { names: Vec<String> },
    #[error(
        "Unknown operations type {code} for {name}: it must be 0 (set), 1 (delete), 2 (append) or 3 (subtract)"
    )]
    Operation { name: String, code: i8 },
    #[error("Can't append to or subtract from key {name} because its type is not LIST.")]
    NoList { name: String },
    #[error(transparent)]
    Name(#[from] InvalidName),
    #[error("Default topic resources are not allowed.")]
    NoTopic,
    #[error("The topic '{topic}' does not exist.")]
    UnknownTopic { topic: String },
    #[error(transparent)]
    Config(#[from] InvalidTopicConfig),
    #[error(transparent)]
    Broker(#[from] WrongBroker),
    #[error("Unknown broker config {name}{}", .similar.map_or_else(String::new, |name| format!(" (did you mean {name}?)")))]
    UnknownBrokerConfig {
        name: String,
        similar: Option<&'static str>,
    },
    #[error("Cannot update these configs dynamically: {name}")]
    ReadOnly { name: String },
    #[error("Invalid value {value} for configuration {name}: {reason}")]
    BrokerValue {
        name: String,
        value: String,
        reason: String,
    },
    #[error("Invalid broker configs: their topic defaults are in conflict: {0}")]
    TopicDefaults(InvalidTopicConfig),
    #[error("Configs of {what} cannot be changed in this cluster")]
    NotServed { what: &'static str },
    #[error("Unknown resource type {code}")]
    ResourceType { code: i8 },
}

/// Changes the configs of each resource by itself, all of them or none; with `validate_only` nothing changes. Returns one result for each
/// resource, in the order of the request.
pub(crate) fn alter_configs(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    alterations: &[Alteration],
    validate_only: bool,
) -> Vec<Result<(), AlterConfigsError>> {
    // The resources are counted first, because `ConfigAdminManager` refuses both occurrences of one that is repeated.
    let mut times: HashMap<(ResourceType, &str), usize> = HashMap::new();
    for alteration in alterations {
        *times
            .entry((alteration.resource_type, &alteration.name))
            .or_default() += 1;
    }
    // The turn is held for the whole request: a change that starts from the present values must not lose one that is made at the same time.
    let mut change = cluster.topics.change();
    let mut alter = |alteration: &Alteration| {
        if times[&(alteration.resource_type, alteration.name.as_str())] > 1 {
            return Err(AlterConfigsError::DuplicateResource);
        }
        let resource = alteration.resource_type.resource(&alteration.name);
        authorize(cluster, context, AclOperation::AlterConfigs, resource)?;
        alteration.changes.check()?;
        match alteration.resource_type {
            ResourceType::Topic => alter_topic(cluster, context, &mut change, alteration, validate_only),
            ResourceType::Broker => alter_broker(cluster, context, alteration, validate_only),
            ResourceType::BrokerLogger => Err(AlterConfigsError::NotServed { what: "loggers" }),
            ResourceType::ClientMetrics => Err(AlterConfigsError::NotServed {
                what: "client metrics subscriptions",
            }),
            ResourceType::Group => Err(AlterConfigsError::NotServed { what: "groups" }),
            ResourceType::Other(code) => Err(AlterConfigsError::ResourceType { code }),
        }
    };
    alterations.iter().map(&mut alter).collect()
}

impl Changes {
    fn names(&self) -> Vec<&str> {
        match self {
            Self::Replace(values) => values.iter().map(|(name, _)| name.as_str()).collect(),
            Self::Incremental(changes) => changes.iter().map(|(name, ..)| name.as_str()).collect(),
        }
    }

    /// Checks the request alone, without the present values.
    fn check(&self) -> Result<(), AlterConfigsError> {
        let mut seen = HashSet::new();
        let mut names = self.names();
        names.retain(|name| !seen.insert(*name));
        if !names.is_empty() {
            let names = names.into_iter().map(str::to_owned).collect();
            return Err(AlterConfigsError::DuplicateKeys { names });
        }
        let nulls: Vec<_> = match self {
            Self::Replace(values) => values
                .iter()
                .filter(|(_, value)| value.is_none())
                .map(|(name, _)| name.clone())
                .collect(),
            Self::Incremental(changes) => changes
                .iter()
                .filter(|(_, operation, value)| *operation != ConfigOperation::Delete && value.is_none())
                .map(|(name, ..)| name.clone())
                .collect(),
        };
        if nulls.is_empty() {
            Ok(())
        } else {
            Err(AlterConfigsError::Null { names: nulls })
        }
    }

    /// Returns the values after these changes to the present values.
    fn apply(
        &self,
        current: Values,
        definition: impl Fn(&str) -> Option<&'static Definition>,
    ) -> Result<Values, AlterConfigsError> {
        let changes = match self {
            Self::Replace(values) => {
                let values = values.iter().cloned();
                return Ok(values.filter_map(|(name, value)| Some((name, value?))).collect());
            }
            Self::Incremental(changes) => changes,
        };
        let mut values = current;
        for (name, operation, value) in changes {
            let value = value.as_deref().unwrap_or_default();
            let list = || {
                let definition = definition(name).filter(|definition| definition.is_list());
                let definition =
                    definition.ok_or_else(|| AlterConfigsError::NoList { name: name.clone() })?;
                // The list starts from the default if no value is set, or appending one policy would remove the default one.
                let now = values.get(name).map(String::as_str).or(definition.default);
                Ok::<_, AlterConfigsError>(parts(now.unwrap_or_default()))
            };
            let changed = match operation {
                ConfigOperation::Set => value.to_owned(),
                ConfigOperation::Delete => {
                    values.remove(name);
                    continue;
                }
                ConfigOperation::Append => {
                    let mut list = list()?;
                    for part in parts(value) {
                        // As in Kafka, appending a value that the list has already changes nothing.
                        if !list.contains(&part) {
                            list.push(part);
                        }
                    }
                    list.join(",")
                }
                ConfigOperation::Subtract => {
                    let mut list = list()?;
                    let taken = parts(value);
                    list.retain(|part| !taken.contains(part));
                    list.join(",")
                }
                ConfigOperation::Other(code) => {
                    return Err(AlterConfigsError::Operation {
                        name: name.clone(),
                        code: *code,
                    });
                }
            };
            values.insert(name.clone(), changed);
        }
        Ok(values)
    }
}

fn parts(list: &str) -> Vec<String> {
    list.split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect()
}

fn alter_topic(
    cluster: &Cluster,
    context: &RequestContext,
    change: &mut Change<'_>,
    alteration: &Alteration,
    validate_only: bool,
) -> Result<(), AlterConfigsError> {
    if alteration.name.is_empty() {
        return Err(AlterConfigsError::NoTopic);
    }
    name::validate(&alteration.name)?;
    let topic = cluster.topics.get(&alteration.name);
    let current = topic.as_ref().map(|topic| topic.config.overrides.clone());
    let overrides = alteration
        .changes
        .apply(current.unwrap_or_default(), config::definition)?;
    let defaults = TopicDefaults::new(&cluster.broker_configs.layers(context.node_id));
    // All values are checked, because two that are valid alone can contradict each other.
    let config = TopicConfig::new(overrides, &defaults)?;
    // As in Kafka, the configs are checked before the topic: an invalid config of a missing topic is an invalid config.
    let topic = topic.ok_or_else(|| AlterConfigsError::UnknownTopic {
        topic: alteration.name.clone(),
    })?;
    if !validate_only {
        let settings = cluster.topic_defaults().log_settings(&config);
        change.configure(&topic, config).apply_settings(settings);
    }
    Ok(())
}

fn alter_broker(
    cluster: &Cluster,
    context: &RequestContext,
    alteration: &Alteration,
    validate_only: bool,
) -> Result<(), AlterConfigsError> {
    let node = if alteration.name.is_empty() {
        None
    } else {
        // Kafka checks this on the broker that got the request, because the value is validated against that broker's own configs.
        check_broker(context, &alteration.name)?;
        Some(context.node_id)
    };
    let find = |name: &str| definition::find(BROKER_CONFIGS, name);
    for name in alteration.changes.names() {
        check_dynamic(name, find(name))?;
    }
    let current = cluster.broker_configs.dynamic(node);
    let mut values = alteration.changes.apply(current, find)?;
    for (name, value) in &mut values {
        if let Some(definition) = find(name) {
            // The value is stored as Kafka writes it, so that DescribeConfigs shows `true` for `TRUE`.
            *value = definition
                .parse(value)
                .map_err(|reason| AlterConfigsError::BrokerValue {
                    name: name.clone(),
                    value: value.clone(),
                    reason,
                })?
                .to_string();
        }
    }
    // A value that is valid alone can contradict another one as a topic's default.
    let layers = cluster.broker_configs.layers_with(node, values.clone());
    TopicConfig::new(Values::new(), &TopicDefaults::new(&layers))
        .map_err(AlterConfigsError::TopicDefaults)?;
    if !validate_only {
        set(cluster, node, values);
    }
    Ok(())
}

fn check_dynamic(name: &str, definition: Option<&Definition>) -> Result<(), AlterConfigsError> {
    match definition {
        None => Err(AlterConfigsError::UnknownBrokerConfig {
            name: name.to_owned(),
            similar: definition::similar(BROKER_CONFIGS, name),
        }),
        // Kafka can change listeners and their keys, one broker at a time. Here the listeners cannot change.
        Some(definition) if definition.update != Update::ClusterWide => Err(AlterConfigsError::ReadOnly {
            name: name.to_owned(),
        }),
        Some(_) => Ok(()),
    }
}

/// Sets checked values, and updates the settings of every partition, because a topic's default may have changed.
fn set(cluster: &Cluster, node: Option<NodeId>, values: Values) {
    cluster.broker_configs.set_dynamic(node, values);
    let defaults = cluster.topic_defaults();
    for topic in cluster.topics.list() {
        topic.apply_settings(defaults.log_settings(&topic.config));
    }
}

#[cfg(test)]
mod tests;
