//! Changes the configs of topics, brokers, groups and client metrics subscriptions while the cluster runs. Source: Kafka's
//! `ConfigAdminManager`, `ConfigurationControlManager` and `ControllerConfigurationValidator`.

mod changes;

use super::RequestContext;
use super::access::{Denied, authorize};
pub(crate) use super::describe_configs::{InvalidName, ResourceType};
use crate::cluster::Cluster;
use crate::config::definition::Definition;
use crate::config::dynamic::{self, InvalidBrokerConfigs};
use crate::config::keys::BROKER_CONFIGS;
use crate::config::layers::Values;
use crate::group::config::{InvalidGroupConfig, validate as validate_group};
use crate::ids::NodeId;
use crate::security::AclOperation;
use crate::telemetry::{InvalidSubscription, Subscription};
pub(crate) use crate::topic::config::InvalidTopicConfig;
use crate::topic::{Change, TopicConfig, TopicDefaults, config, name};
pub(crate) use changes::{Changes, ConfigOperation};
use std::collections::HashMap;
use std::sync::Arc;

/// The requested changes of one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Alteration {
    pub(crate) resource_type: ResourceType,
    pub(crate) name: String,
    pub(crate) changes: Changes,
}

impl Alteration {
    /// Returns the definition that tells whether a config is a list. Kafka's controller knows those of topics and brokers alone, so that no
    /// config of a group or a subscription can be appended to: `KafkaRaftServer.configSchema`.
    fn listable(&self, name: &str) -> Option<&'static Definition> {
        match self.resource_type {
            ResourceType::Topic => config::definition(name),
            ResourceType::Broker => BROKER_CONFIGS.definition(name),
            ResourceType::Group
            | ResourceType::ClientMetrics
            | ResourceType::BrokerLogger
            | ResourceType::Other(_) => None,
        }
    }
}

/// The reason why no config of a resource was changed. The texts are Kafka's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AlterConfigsError {
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error("Each resource must appear at most once.")]
    DuplicateResource,
    #[error("Error due to duplicate config keys")]
    DuplicateKeys,
    #[error("Null value not supported for : {}", .names.join(", "))]
    Null { names: Vec<String> },
    #[error("Unknown operations type {code}")]
    UnknownOperation { code: i8 },
    /// Kafka's controller fails on an unknown operation, and with it the whole request.
    #[error("The server experienced an unexpected error when processing the request.")]
    ControllerFailed,
    #[error("Can't {operation} to key {name} because its type is not LIST.")]
    NoList { operation: &'static str, name: String },
    #[error("Config value {} is not allowed for config key: {name}", .operation.to_lowercase())]
    NoBrokerList { operation: &'static str, name: String },
    #[error("Unknown config name: {name}")]
    UnknownList { name: String },
    #[error(transparent)]
    Name(#[from] InvalidName),
    #[error("Default topic resources are not allowed.")]
    NoTopic,
    #[error("The topic '{topic}' does not exist.")]
    UnknownTopic { topic: String },
    #[error(transparent)]
    Topic(#[from] InvalidTopicConfig),
    #[error("Node id must be an integer, but it is: {name}")]
    BrokerName { name: String },
    #[error("Unexpected broker id, expected {asked}, but received {name}")]
    OtherBroker { asked: NodeId, name: String },
    #[error(transparent)]
    Broker(#[from] InvalidBrokerConfigs),
    #[error("Broker-level min.insync.replicas cannot be altered while ELR is enabled.")]
    MinInSyncReplicasOfBroker,
    #[error("Cluster-level min.insync.replicas cannot be removed while ELR is enabled.")]
    MinInSyncReplicasRemoved,
    #[error(
        "The configuration value cannot be added because it exceeds the maximum value size of 32767 bytes."
    )]
    TooLong,
    #[error("Default group resources are not allowed.")]
    NoGroup,
    #[error(transparent)]
    Group(#[from] InvalidGroupConfig),
    #[error(transparent)]
    Subscription(#[from] InvalidSubscription),
    #[error("Unexpected node id. Expected {asked}, but received {name}")]
    LoggersOfOther { asked: NodeId, name: String },
    #[error("Logger {name} does not exist!")]
    UnknownLogger { name: String },
    #[error("{operation} operation is not allowed for the BROKER_LOGGER resource")]
    LoggerList { operation: &'static str },
    #[error("Unknown operation type {code} is not allowed for the BROKER_LOGGER resource")]
    LoggerOperation { code: i8 },
    #[error("Unknown resource type {code}")]
    ResourceType { code: i8 },
}

/// The length in UTF-16 units that Kafka bounds values by.
const LONGEST_VALUE: usize = 32_767;

const MIN_IN_SYNC_REPLICAS: &str = "min.insync.replicas";

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
    let prepare = |alteration: &Alteration| {
        if times[&(alteration.resource_type, alteration.name.as_str())] > 1 {
            return Err(AlterConfigsError::DuplicateResource);
        }
        prepare(cluster, context, alteration)
    };
    // Kafka's broker looks at the whole request before its controller changes anything.
    let mut results: Vec<_> = alterations.iter().map(prepare).collect();
    let is_broken = alterations.iter().zip(&results).any(|(alteration, result)| {
        result == &Ok(true)
            && alteration
                .changes
                .fail_the_controller(|name| alteration.listable(name))
    });
    // The turn is held for the whole request: a change that starts from the present values must not lose one that is made at the same time.
    let mut change = cluster.topics.change();
    for (alteration, result) in alterations.iter().zip(&mut results) {
        if *result != Ok(true) {
            continue;
        }
        *result = if is_broken {
            Err(AlterConfigsError::ControllerFailed)
        } else {
            alter(cluster, context, &mut change, alteration, validate_only).map(|()| true)
        };
    }
    results.into_iter().map(|result| result.map(drop)).collect()
}

/// Checks one resource as Kafka's broker does before it asks the controller. Returns false if there is nothing left to do. Source:
/// Kafka's `ConfigAdminManager.preprocess`.
fn prepare(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    alteration: &Alteration,
) -> Result<bool, AlterConfigsError> {
    alteration.changes.check()?;
    let code = match (alteration.resource_type, &alteration.changes) {
        (ResourceType::Other(code), _) => Some(code),
        (ResourceType::BrokerLogger, Changes::Replace(_)) => Some(8),
        _ => None,
    };
    if let Some(code) = code {
        return Err(AlterConfigsError::ResourceType { code });
    }
    let resource = alteration.resource_type.resource(&alteration.name);
    authorize(cluster, context, AclOperation::AlterConfigs, resource)?;
    match (alteration.resource_type, &alteration.changes) {
        (ResourceType::Broker, _) => check_broker(cluster, context, alteration).map(|()| true),
        (ResourceType::BrokerLogger, Changes::Incremental(changes)) => {
            check_loggers(context, &alteration.name, changes).map(|()| false)
        }
        _ => Ok(true),
    }
}

fn alter(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    change: &mut Change<'_>,
    alteration: &Alteration,
    validate_only: bool,
) -> Result<(), AlterConfigsError> {
    match alteration.resource_type {
        ResourceType::Topic => alter_topic(cluster, context, change, alteration, validate_only),
        ResourceType::Broker => alter_broker(cluster, context, alteration, validate_only),
        ResourceType::Group => alter_group(cluster, context, alteration, validate_only),
        ResourceType::ClientMetrics => alter_subscription(cluster, alteration, validate_only),
        ResourceType::BrokerLogger | ResourceType::Other(_) => Ok(()),
    }
}

fn no_list(name: &str, operation: ConfigOperation) -> AlterConfigsError {
    AlterConfigsError::NoList {
        operation: operation.name(),
        name: name.to_owned(),
    }
}

fn no_broker_list(name: &str, operation: ConfigOperation) -> AlterConfigsError {
    let name = name.to_owned();
    if BROKER_CONFIGS.definition(&name).is_none() {
        return AlterConfigsError::UnknownList { name };
    }
    let operation = operation.name();
    AlterConfigsError::NoBrokerList { operation, name }
}

/// Refuses a value that is longer than Kafka stores.
fn check_lengths(current: &Values, values: &Values) -> Result<(), AlterConfigsError> {
    let is_too_long = |(name, value): (&String, &String)| {
        value.encode_utf16().count() > LONGEST_VALUE && current.get(name) != Some(value)
    };
    if values.iter().any(is_too_long) {
        return Err(AlterConfigsError::TooLong);
    }
    Ok(())
}

fn alter_topic(
    cluster: &Cluster,
    context: &RequestContext,
    change: &mut Change<'_>,
    alteration: &Alteration,
    validate_only: bool,
) -> Result<(), AlterConfigsError> {
    let topic = cluster.topics.get(&alteration.name);
    let current = topic.as_ref().map(|topic| topic.config.overrides.clone());
    let current = current.unwrap_or_default();
    let overrides = alteration.changes.apply(&current, config::definition, no_list)?;
    check_lengths(&current, &overrides)?;
    if alteration.name.is_empty() {
        return Err(AlterConfigsError::NoTopic);
    }
    name::validate(&alteration.name)?;
    let defaults = TopicDefaults::new(&cluster.broker_configs.layers(context.node_id));
    // All values are checked, because two that are valid alone can contradict each other.
    let config = TopicConfig::new(overrides, &defaults)?;
    // As in Kafka, the configs are checked before the topic: an invalid config of a missing topic is an invalid config.
    let topic = topic.ok_or_else(|| AlterConfigsError::UnknownTopic {
        topic: alteration.name.clone(),
    })?;
    if !validate_only {
        let settings = cluster.topic_defaults().log_settings(&alteration.name, &config);
        change.configure(&topic, config).apply_settings(settings);
    }
    Ok(())
}

/// Returns the broker whose configs a resource's name means; `None` stands for all brokers.
fn node(context: &RequestContext, name: &str) -> Result<Option<NodeId>, AlterConfigsError> {
    if name.is_empty() {
        return Ok(None);
    }
    let number: i32 = name.parse().map_err(|_| AlterConfigsError::BrokerName {
        name: name.to_owned(),
    })?;
    if number == context.node_id.0 {
        return Ok(Some(context.node_id));
    }
    // Kafka's broker knows only its own values from the start, so it cannot check another broker's.
    Err(AlterConfigsError::OtherBroker {
        asked: context.node_id,
        name: name.to_owned(),
    })
}

/// Checks the values that a broker would have. Source: Kafka's `ConfigAdminManager.validateBrokerConfigChange`.
fn check_broker(
    cluster: &Cluster,
    context: &RequestContext,
    alteration: &Alteration,
) -> Result<(), AlterConfigsError> {
    let node = node(context, &alteration.name)?;
    if let Some(code) = alteration.changes.unknown_operation() {
        return Err(AlterConfigsError::UnknownOperation { code });
    }
    let current = cluster.broker_configs.dynamic(node);
    let values = alteration.changes.apply_in_order(
        &current,
        |name| BROKER_CONFIGS.definition(name),
        no_broker_list,
    )?;
    let before = cluster.broker_configs.layers(context.node_id);
    let after = cluster
        .broker_configs
        .layers_with(context.node_id, node, values.clone());
    Ok(dynamic::check(&values, node.is_some(), &before, &after)?)
}

fn alter_broker(
    cluster: &Cluster,
    context: &RequestContext,
    alteration: &Alteration,
    validate_only: bool,
) -> Result<(), AlterConfigsError> {
    let node = node(context, &alteration.name)?;
    let current = cluster.broker_configs.dynamic(node);
    let changes = &alteration.changes;
    if node.is_some() && (changes.names(MIN_IN_SYNC_REPLICAS) || current.contains_key(MIN_IN_SYNC_REPLICAS)) {
        return Err(AlterConfigsError::MinInSyncReplicasOfBroker);
    }
    if node.is_none() && changes.removes(&current, MIN_IN_SYNC_REPLICAS) {
        return Err(AlterConfigsError::MinInSyncReplicasRemoved);
    }
    let values = changes.apply(&current, |name| BROKER_CONFIGS.definition(name), no_broker_list)?;
    check_lengths(&current, &values)?;
    if !validate_only {
        cluster.set_broker_configs(node, values);
    }
    Ok(())
}

fn alter_group(
    cluster: &Cluster,
    context: &RequestContext,
    alteration: &Alteration,
    validate_only: bool,
) -> Result<(), AlterConfigsError> {
    let group_id = &alteration.name;
    let current = cluster.group_configs.values(group_id);
    let find = |name: &str| alteration.listable(name);
    let values = alteration.changes.apply(&current, find, no_list)?;
    check_lengths(&current, &values)?;
    if group_id.is_empty() {
        return Err(AlterConfigsError::NoGroup);
    }
    validate_group(&values, &cluster.broker_configs.layers(context.node_id))?;
    if !validate_only {
        cluster
            .group_configs
            .set(group_id, values, &cluster.layers_by_node());
    }
    Ok(())
}

fn alter_subscription(
    cluster: &Cluster,
    alteration: &Alteration,
    validate_only: bool,
) -> Result<(), AlterConfigsError> {
    let name = &alteration.name;
    let current = cluster.telemetry.subscriptions.values(name);
    let find = |name: &str| alteration.listable(name);
    let values = alteration.changes.apply(&current, find, no_list)?;
    check_lengths(&current, &values)?;
    let subscription = Subscription::new(name, values)?;
    if !validate_only {
        cluster.telemetry.subscriptions.set(subscription);
    }
    Ok(())
}

/// Refuses every change of a logger, since no logger of this process has a level of its own. Source: Kafka's `RuntimeLoggerManager`.
fn check_loggers(
    context: &RequestContext,
    name: &str,
    changes: &[(String, ConfigOperation, Option<String>)],
) -> Result<(), AlterConfigsError> {
    let number: i32 = name.parse().map_err(|_| AlterConfigsError::BrokerName {
        name: name.to_owned(),
    })?;
    if number != context.node_id.0 {
        return Err(AlterConfigsError::LoggersOfOther {
            asked: context.node_id,
            name: number.to_string(),
        });
    }
    match changes.first() {
        None => Ok(()),
        Some((_, ConfigOperation::Other(code), _)) => Err(AlterConfigsError::LoggerOperation { code: *code }),
        Some((_, operation @ (ConfigOperation::Append | ConfigOperation::Subtract), _)) => {
            let operation = operation.name();
            Err(AlterConfigsError::LoggerList { operation })
        }
        Some((name, ..)) => Err(AlterConfigsError::UnknownLogger { name: name.clone() }),
    }
}

#[cfg(test)]
mod tests;
