//! IncrementalAlterConfigs: changes single configs of topics, brokers, groups and client metrics subscriptions.
//!
//! # Versions
//! 0 to 1.
//!
//! # Behaviour
//! Sets, deletes, appends to and subtracts from the configs of a topic, of one broker or (with an empty name) of all brokers, of a group, or
//! of a client metrics subscription. Each resource changes by itself, with all of its configs or none. Only lists can be appended to and subtracted from, starting from the default if no
//! value is set. With `validate_only` nothing changes.
//!
//! # Differs from Apache Kafka
//! - A change is in effect in every partition, and in every group, when the answer arrives.
//! - `listeners` and `listener.security.protocol.map` cannot change while running.
//! - No logger has a level of its own, so none can be changed: each is answered as one that does not exist.
//!
//! # Notes by KIP
//! KIP-339: the API. KIP-226: broker configs that change while running.

use super::fields::{AlteredResource, resource_type};
use super::{Answer, Answering, Api, ErrorCounts, ResponseMessage};
use crate::cluster::Cluster;
use crate::operations::RequestContext;
use crate::operations::alter_configs::{Alteration, Changes, ConfigOperation, alter_configs};
use kafka_protocol::messages::incremental_alter_configs_request::{
    AlterConfigsResource, IncrementalAlterConfigsRequest,
};
use kafka_protocol::messages::incremental_alter_configs_response::IncrementalAlterConfigsResponse;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Kafka's `IncrementalAlterConfigsRequest`.
pub(super) struct IncrementalAlterConfigs;

impl Api for IncrementalAlterConfigs {
    type Request = IncrementalAlterConfigsRequest;

    const VERSIONS: RangeInclusive<i16> = 0..=1;

    fn handle(
        cluster: &Arc<Cluster>,
        context: &Arc<RequestContext>,
        _version: i16,
        request: IncrementalAlterConfigsRequest,
    ) -> Answering {
        let alterations: Vec<_> = request.resources.iter().map(alteration).collect();
        let results = alter_configs(cluster, context, &alterations, request.validate_only);
        let responses = request
            .resources
            .into_iter()
            .zip(results)
            .map(|(resource, result)| {
                AlteredResource::of(result, resource.resource_type, resource.resource_name)
            });
        IncrementalAlterConfigsResponse::default()
            .with_responses(responses.collect())
            .into()
    }

    fn refuse(_version: i16, request: &IncrementalAlterConfigsRequest, code: i16) -> Answer {
        let responses = request.resources.iter().map(|resource| {
            AlteredResource::with(code, None, resource.resource_type, resource.resource_name.clone())
        });
        IncrementalAlterConfigsResponse::default()
            .with_responses(responses.collect())
            .into()
    }
}

impl ResponseMessage for IncrementalAlterConfigsResponse {
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

fn alteration(resource: &AlterConfigsResource) -> Alteration {
    let changes = resource.configs.iter().map(|config| {
        let value = config.value.as_ref().map(ToString::to_string);
        (config.name.to_string(), operation(config.config_operation), value)
    });
    Alteration {
        resource_type: resource_type(resource.resource_type),
        name: resource.resource_name.to_string(),
        changes: Changes::Incremental(changes.collect()),
    }
}

/// Returns the operation of that code. Source: Kafka's `AlterConfigOp.OpType`.
fn operation(code: i8) -> ConfigOperation {
    match code {
        0 => ConfigOperation::Set,
        1 => ConfigOperation::Delete,
        2 => ConfigOperation::Append,
        3 => ConfigOperation::Subtract,
        other => ConfigOperation::Other(other),
    }
}
