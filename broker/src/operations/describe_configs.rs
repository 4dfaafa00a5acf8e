//! Describes the configs of a topic or a broker. Source: Kafka's `ConfigHelper.describeConfigs`.

use super::RequestContext;
use super::access::{Denied, authorize};
use crate::cluster::Cluster;
use crate::config::definition::Setting;
use crate::config::keys::{self, BROKER_CONFIGS};
use crate::config::layers::{ConfigEntry, Layers, Source};
use crate::security::{AclOperation, Resource};
use crate::topic::{TopicDefaults, config, name};
use std::sync::Arc;

pub(crate) use crate::topic::name::InvalidName;

/// The type of a resource with configs. Source: Kafka's `ConfigResource.Type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ResourceType {
    Topic,
    Broker,
    BrokerLogger,
    ClientMetrics,
    Group,
    /// An unknown type, with its code in the request.
    Other(i8),
}

impl ResourceType {
    /// Returns the resource on which a client needs a permission for the configs of `name`. Source: Kafka's `ConfigHelper` and
    /// `ControllerApis.authorizeAlterResource`.
    pub(super) fn resource(self, name: &str) -> Resource<'_> {
        match self {
            Self::Topic => Resource::Topic(name),
            Self::Group => Resource::Group(name),
            Self::Broker | Self::BrokerLogger | Self::ClientMetrics | Self::Other(_) => Resource::Cluster,
        }
    }
}

/// The reason why configs cannot be shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DescribeConfigsError {
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Name(#[from] InvalidName),
    #[error("This server does not host this topic-partition.")]
    UnknownTopic,
    #[error(transparent)]
    Broker(#[from] WrongBroker),
    #[error("Client metrics subscription name must not be empty")]
    NoSubscription,
    #[error("The levels of loggers are not configs of this cluster")]
    Loggers,
    #[error("Groups have no configs of their own in this cluster")]
    Groups,
    #[error("Unexpected resource type {code} for resource {name}")]
    ResourceType { code: i8, name: String },
}

/// An error of a request about another broker's configs: they can be seen and changed through that broker only.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WrongBroker {
    #[error("Node id must be an integer, but it is: {name}")]
    NoNumber { name: String },
    #[error("Unexpected broker id, expected {asked} or empty string, but received {name}")]
    Other { asked: i32, name: String },
}

/// Returns the configs of a resource by name: those in `keys`, or all.
///
/// # Errors
/// [`DescribeConfigsError`] if the resource does not exist or may not be seen.
pub(crate) fn describe_configs(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    resource_type: ResourceType,
    name: &str,
    keys: &[String],
) -> Result<Vec<ConfigEntry>, DescribeConfigsError> {
    authorize(
        cluster,
        context,
        AclOperation::DescribeConfigs,
        resource_type.resource(name),
    )?;
    // The layers depend on the connection, so that `advertised.listeners` shows the address that this client is told.
    let layers = cluster.layers(context.node_id, &context.ingress);
    let mut entries = match resource_type {
        ResourceType::Topic => {
            name::validate(name)?;
            let topic = cluster.topics.get(name);
            let topic = topic.ok_or(DescribeConfigsError::UnknownTopic)?;
            config::describe(&topic.config, &layers, &TopicDefaults::new(&layers))
        }
        ResourceType::Broker if name.is_empty() => for_all_brokers(&layers),
        ResourceType::Broker => {
            check_broker(context, name)?;
            one_broker(&layers)
        }
        // No subscription exists. Kafka shows one that does not exist without configs.
        ResourceType::ClientMetrics if !name.is_empty() => Vec::new(),
        ResourceType::ClientMetrics => return Err(DescribeConfigsError::NoSubscription),
        ResourceType::BrokerLogger => return Err(DescribeConfigsError::Loggers),
        ResourceType::Group => return Err(DescribeConfigsError::Groups),
        ResourceType::Other(code) => {
            return Err(DescribeConfigsError::ResourceType {
                code,
                name: name.to_owned(),
            });
        }
    };
    if !keys.is_empty() {
        entries.retain(|entry| keys.iter().any(|key| key == entry.definition.name));
    }
    Ok(entries)
}

/// Checks that `name` is the id of the broker that received the request.
///
/// # Errors
/// [`WrongBroker`] if it is not.
pub(super) fn check_broker(context: &RequestContext, name: &str) -> Result<(), WrongBroker> {
    let number: Result<i32, _> = name.parse();
    match number {
        Ok(number) if number == context.node_id.0 => Ok(()),
        Ok(_) => Err(WrongBroker::Other {
            asked: context.node_id.0,
            name: name.to_owned(),
        }),
        Err(_) => Err(WrongBroker::NoNumber {
            name: name.to_owned(),
        }),
    }
}

fn one_broker(layers: &Layers) -> Vec<ConfigEntry> {
    BROKER_CONFIGS
        .iter()
        .map(|Setting { definition, .. }| {
            let mut synonyms = layers.behind(keys::synonyms(&definition.name));
            // Synonyms of higher precedence than the config itself are left out.
            let own = synonyms.iter().position(|entry| entry.name == definition.name);
            synonyms.drain(..own.unwrap_or(synonyms.len()));
            let value = layers.get(definition.name).or(definition.default);
            ConfigEntry {
                definition,
                // Kafka shows a secret as null, to any client.
                value: value.filter(|_| !definition.is_sensitive()).map(str::to_owned),
                source: synonyms.first().map_or(Source::Default, |entry| entry.source),
                is_read_only: definition.is_read_only(),
                synonyms,
            }
        })
        .collect()
}

/// Returns the values set while running for all brokers.
fn for_all_brokers(layers: &Layers) -> Vec<ConfigEntry> {
    let mut entries = one_broker(layers);
    entries.retain_mut(|entry| {
        entry
            .synonyms
            .retain(|synonym| synonym.source == Source::DynamicDefaultBroker);
        let own = entry.synonyms.first();
        if let Some(own) = own {
            entry.value = own.value.clone();
            entry.source = own.source;
        }
        own.is_some()
    });
    entries
}

#[cfg(test)]
mod tests;
