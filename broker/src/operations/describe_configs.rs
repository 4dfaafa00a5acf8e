//! Describes the configs of topics, brokers, loggers, groups and client metrics subscriptions. Source: Kafka's `ConfigHelper.describeConfigs`.

use super::RequestContext;
use super::access::{Denied, authorize};
use crate::cluster::Cluster;
use crate::config::definition::Definition;
use crate::config::keys::BROKER_CONFIGS;
use crate::config::layers::{self, ConfigEntry, Layers, Source, Values};
use crate::group;
use crate::ids::NodeId;
use crate::security::{AclOperation, Resource};
use crate::telemetry;
use crate::topic::{TopicDefaults, config, name};
use std::borrow::Cow;
use std::collections::BTreeSet;
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

/// The reason why configs cannot be shown. The texts are Kafka's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DescribeConfigsError {
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Name(#[from] InvalidName),
    #[error("This server does not host this topic-partition.")]
    UnknownTopic,
    #[error("Broker id must be an integer, but it is: {name}")]
    BrokerName { name: String },
    #[error("Unexpected broker id, expected {asked} or empty string, but received {name}")]
    OtherBroker { asked: NodeId, name: String },
    #[error("Broker id must not be empty")]
    NoBroker,
    #[error("Unexpected broker id, expected {asked} but received {name}")]
    LoggersOfOther { asked: NodeId, name: String },
    #[error("Client metrics subscription name must not be empty")]
    NoSubscription,
    #[error("Group name must not be empty")]
    NoGroup,
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
        ResourceType::Broker if name.is_empty() => {
            for_all_brokers(layers.layer(Source::DynamicDefaultBroker))
        }
        ResourceType::Broker => {
            check_broker(context, name)?;
            one_broker(&layers)
        }
        ResourceType::BrokerLogger => {
            check_loggers(context, name)?;
            Vec::new()
        }
        ResourceType::ClientMetrics if name.is_empty() => return Err(DescribeConfigsError::NoSubscription),
        ResourceType::ClientMetrics => telemetry::describe(&cluster.telemetry.subscriptions.values(name)),
        ResourceType::Group if name.is_empty() => return Err(DescribeConfigsError::NoGroup),
        ResourceType::Group => group::config::describe(&cluster.group_configs.values(name), &layers),
        // The API refuses these.
        ResourceType::Other(_) => Vec::new(),
    };
    if !keys.is_empty() {
        entries.retain(|entry| keys.iter().any(|key| *key == entry.name));
    }
    Ok(entries)
}

/// Checks that `name` is the id of the broker that received the request: another broker's configs can be seen through that one only.
fn check_broker(context: &RequestContext, name: &str) -> Result<(), DescribeConfigsError> {
    if broker_id(name)? == context.node_id.0 {
        return Ok(());
    }
    Err(DescribeConfigsError::OtherBroker {
        asked: context.node_id,
        name: name.to_owned(),
    })
}

fn check_loggers(context: &RequestContext, name: &str) -> Result<(), DescribeConfigsError> {
    if name.is_empty() {
        return Err(DescribeConfigsError::NoBroker);
    }
    if broker_id(name)? == context.node_id.0 {
        return Ok(());
    }
    Err(DescribeConfigsError::LoggersOfOther {
        asked: context.node_id,
        name: name.to_owned(),
    })
}

fn broker_id(name: &str) -> Result<i32, DescribeConfigsError> {
    name.parse().map_err(|_| DescribeConfigsError::BrokerName {
        name: name.to_owned(),
    })
}

/// Returns the configs of a broker: all that are not internal, and those that are set. Source: Kafka's
/// `ConfigHelper.createBrokerConfigEntry`.
fn one_broker(layers: &Layers) -> Vec<ConfigEntry> {
    let shown = BROKER_CONFIGS.definitions().iter();
    let shown = shown.filter(|definition| !definition.is_internal);
    let mut names: BTreeSet<_> = shown.map(|definition| definition.name).collect();
    names.extend(layers.names());
    let entry = |name: &str| {
        let value = layers.value(name).map(|value| value.to_string());
        // A config of a plugin, or of a listener, has no definition of its own.
        let value = value.or_else(|| layers.get(name).map(str::to_owned));
        entry(name, value, layers.behind(name))
    };
    names.into_iter().map(entry).collect()
}

/// Returns the values set while running for all brokers.
fn for_all_brokers(values: &Values) -> Vec<ConfigEntry> {
    let entry = |(name, value): (&String, &String)| {
        let own = layers::SynonymEntry {
            name: name.clone(),
            value: (!layers::is_sensitive(name)).then(|| value.clone()),
            source: Source::DynamicDefaultBroker,
        };
        entry(name, Some(value.clone()), vec![own])
    };
    values.iter().map(entry).collect()
}

fn entry(name: &str, value: Option<String>, synonyms: Vec<layers::SynonymEntry>) -> ConfigEntry {
    let own = BROKER_CONFIGS.definition(name);
    let known = layers::definition(name);
    let is_sensitive = layers::is_sensitive(name);
    ConfigEntry {
        name: own.map_or_else(
            || Cow::Owned(name.to_owned()),
            |definition| Cow::Borrowed(definition.name),
        ),
        // Kafka shows a secret as null, to any client.
        value: value.filter(|_| !is_sensitive),
        source: synonyms.first().map_or(Source::Default, |entry| entry.source),
        is_read_only: own.is_none_or(Definition::is_read_only),
        is_sensitive,
        kind: known.map(|definition| definition.kind),
        documentation: BROKER_CONFIGS.documentation(name),
        synonyms,
    }
}

#[cfg(test)]
mod page_tests;
#[cfg(test)]
mod tests;
