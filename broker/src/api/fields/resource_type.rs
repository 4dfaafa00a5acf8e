//! The wire values of the types of resources that have configs. Source: Kafka's `ConfigResource.Type`.

use crate::operations::describe_configs::ResourceType;

/// Returns the type of that code.
pub(crate) fn resource_type(code: i8) -> ResourceType {
    match code {
        2 => ResourceType::Topic,
        4 => ResourceType::Broker,
        8 => ResourceType::BrokerLogger,
        16 => ResourceType::ClientMetrics,
        32 => ResourceType::Group,
        other => ResourceType::Other(other),
    }
}
