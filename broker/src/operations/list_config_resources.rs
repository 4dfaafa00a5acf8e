//! Lists the resources that have configs. Source: Kafka's `KafkaApis.handleListConfigResources`.

use super::RequestContext;
use super::access::{Denied, authorize};
use super::describe_configs::ResourceType;
use crate::cluster::Cluster;
use crate::security::{AclOperation, Resource};
use std::sync::Arc;

/// Returns the resources of the wanted types with their names: groups and subscriptions with values, and all brokers and topics.
///
/// # Errors
/// [`Denied`] if the client may not see configs of the cluster.
pub(crate) fn list_config_resources(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    wanted: &[ResourceType],
) -> Result<Vec<(ResourceType, String)>, Denied> {
    authorize(cluster, context, AclOperation::DescribeConfigs, Resource::Cluster)?;
    let brokers = || {
        let endpoints = cluster.endpoints(&context.ingress);
        endpoints.iter().map(|node| node.id.to_string()).collect()
    };
    // In Kafka's order of types.
    let all: [(ResourceType, &dyn Fn() -> Vec<String>); 5] = [
        (ResourceType::Group, &|| cluster.group_configs.group_ids()),
        (ResourceType::ClientMetrics, &|| {
            cluster.telemetry.subscriptions.names()
        }),
        (ResourceType::BrokerLogger, &brokers),
        (ResourceType::Broker, &brokers),
        (ResourceType::Topic, &|| {
            let topics = cluster.topics.list();
            topics.iter().map(|topic| topic.name.to_string()).collect()
        }),
    ];
    let listed = all.into_iter().filter(|(kind, _)| wanted.contains(kind));
    Ok(listed
        .flat_map(|(kind, names)| names().into_iter().map(move |name| (kind, name)))
        .collect())
}
