//! AlterConfigs: replaces the configs of topics, brokers, groups and client metrics subscriptions.
//!
//! # Versions
//! 0 to 2.
//!
//! # Behaviour
//! Replaces the values set for a topic, for one broker or (with an empty name) for all brokers, for a group, or for a client metrics
//! subscription; configs that are not named return to their defaults. Each resource changes by itself, with all of its configs or none.
//! With `validate_only` nothing changes. A broker takes unknown configs, as they may be those of a plugin. A request with two resources of one
//! type and name is never answered, and neither is one with two resources of one name and unknown types: Kafka fails to count the errors of
//! such an answer. What the request changes is changed nevertheless.
//!
//! # Differs from Apache Kafka
//! - A change is in effect in every partition, and in every group, when the answer arrives.
//! - `listeners` and `listener.security.protocol.map` cannot change while running.
//!
//! # Notes by KIP
//! KIP-133: the API. KIP-226: broker configs that change while running. KIP-339: deprecated in favour of IncrementalAlterConfigs.

use super::fields::{AlteredResource, resource_type};
use super::{Answer, Answering, Api, Delivery, ErrorCounts, ResponseMessage};
use crate::cluster::Cluster;
use crate::operations::RequestContext;
use crate::operations::alter_configs::{Alteration, Changes, alter_configs};
use crate::operations::describe_configs::ResourceType;
use kafka_protocol::messages::alter_configs_request::{AlterConfigsRequest, AlterConfigsResource};
use kafka_protocol::messages::alter_configs_response::AlterConfigsResponse;
use std::collections::HashSet;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Kafka's `AlterConfigsRequest`.
pub(super) struct AlterConfigs;

impl Api for AlterConfigs {
    type Request = AlterConfigsRequest;

    const VERSIONS: RangeInclusive<i16> = 0..=2;

    fn handle(
        cluster: &Arc<Cluster>,
        context: &Arc<RequestContext>,
        _version: i16,
        request: AlterConfigsRequest,
    ) -> Answering {
        let alterations: Vec<_> = request.resources.iter().map(alteration).collect();
        let results = alter_configs(cluster, context, &alterations, request.validate_only);
        let delivery = if names_one_twice(&alterations) {
            Delivery::Never
        } else {
            Delivery::Response
        };
        let responses = request
            .resources
            .into_iter()
            .zip(results)
            .map(|(resource, result)| {
                AlteredResource::of(result, resource.resource_type, resource.resource_name)
            });
        let response = AlterConfigsResponse::default().with_responses(responses.collect());
        Answering::Now(Answer::from(response).delivered_as(delivery))
    }

    fn refuse(_version: i16, request: &AlterConfigsRequest, code: i16) -> Answer {
        let responses = request.resources.iter().map(|resource| {
            AlteredResource::with(code, None, resource.resource_type, resource.resource_name.clone())
        });
        AlterConfigsResponse::default()
            .with_responses(responses.collect())
            .into()
    }
}

impl ResponseMessage for AlterConfigsResponse {
    fn throttle_time_ms(&mut self) -> &mut i32 {
        &mut self.throttle_time_ms
    }

    fn error_counts(&self) -> ErrorCounts {
        self.responses
            .iter()
            .map(|response| response.error_code)
            .collect()
    }
}

/// Returns whether two resources are one to Kafka's `AlterConfigsResponse.errors`, to which all unknown types are the same.
fn names_one_twice(alterations: &[Alteration]) -> bool {
    let mut seen = HashSet::new();
    let is_new = |alteration: &Alteration| {
        let known = match alteration.resource_type {
            ResourceType::Other(_) => ResourceType::Other(0),
            known => known,
        };
        seen.insert((known, alteration.name.clone()))
    };
    !alterations.iter().all(is_new)
}

fn alteration(resource: &AlterConfigsResource) -> Alteration {
    let values = resource.configs.iter().map(|config| {
        let value = config.value.as_ref().map(ToString::to_string);
        (config.name.to_string(), value)
    });
    Alteration {
        resource_type: resource_type(resource.resource_type),
        name: resource.resource_name.to_string(),
        changes: Changes::Replace(values.collect()),
    }
}
