//! DescribeConfigs: the configs of topics and brokers.
//!
//! # Versions
//! 1 to 4. From version 3 on the answer has types and, on request, documentation.
//!
//! # Behaviour
//! Shows the configs of topics and brokers with their value, its source, and all other possible sources (synonyms). A broker shows only its
//! own configs; the broker with the empty name stands for values set for all brokers while running. Keys that do not exist are left out.
//!
//! # Differs from Apache Kafka
//! - About 150 of Kafka's 300 broker configs are known: those that clients and tools commonly set. `documentation` has our own texts. Some
//!   configs have no effect; the log names those that are set at the start.
//! - Loggers and groups have no configs: INVALID_REQUEST. Client metrics subscriptions do not exist and are shown empty, as Kafka shows a
//!   subscription that does not exist.
//!
//! # Notes by KIP
//! KIP-133: the API. KIP-226: sources and synonyms. KIP-569: types and documentation.

use super::errors::KafkaError;
use super::fields::{config_source, resource_type};
use super::{Answer, Answering, Api, ErrorCounts, ResponseMessage};
use crate::cluster::Cluster;
use crate::config::definition::ConfigType;
use crate::config::layers::{ConfigEntry, SynonymEntry};
use crate::operations::RequestContext;
use crate::operations::describe_configs::describe_configs;
use kafka_protocol::messages::describe_configs_request::{DescribeConfigsRequest, DescribeConfigsResource};
use kafka_protocol::messages::describe_configs_response::{
    DescribeConfigsResourceResult, DescribeConfigsResponse, DescribeConfigsResult, DescribeConfigsSynonym,
};
use kafka_protocol::protocol::StrBytes;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Kafka's `DescribeConfigsRequest`.
pub(super) struct DescribeConfigs;

impl Api for DescribeConfigs {
    type Request = DescribeConfigsRequest;

    const VERSIONS: RangeInclusive<i16> = 1..=4;

    fn handle(
        cluster: &Arc<Cluster>,
        context: &Arc<RequestContext>,
        _version: i16,
        request: DescribeConfigsRequest,
    ) -> Answering {
        let wanted = WantedParts {
            synonyms: request.include_synonyms,
            documentation: request.include_documentation,
        };
        let mut results = Vec::with_capacity(request.resources.len());
        for resource in request.resources {
            results.push(describe(cluster, context, resource, wanted));
        }
        DescribeConfigsResponse::default().with_results(results).into()
    }

    fn refuse(_version: i16, request: &DescribeConfigsRequest, code: i16) -> Answer {
        let results = request.resources.iter().map(|resource| {
            DescribeConfigsResult::default()
                .with_error_code(code)
                .with_error_message(None)
                .with_resource_type(resource.resource_type)
                .with_resource_name(resource.resource_name.clone())
        });
        DescribeConfigsResponse::default()
            .with_results(results.collect())
            .into()
    }
}

impl ResponseMessage for DescribeConfigsResponse {
    fn throttle_time_ms(&mut self) -> &mut i32 {
        &mut self.throttle_time_ms
    }

    fn error_counts(&self) -> ErrorCounts {
        self.results.iter().map(|result| result.error_code).collect()
    }
}

/// The parts of the answer that a request can choose.
#[derive(Clone, Copy)]
struct WantedParts {
    synonyms: bool,
    documentation: bool,
}

fn describe(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    resource: DescribeConfigsResource,
    wanted: WantedParts,
) -> DescribeConfigsResult {
    let keys: Vec<_> = resource
        .configuration_keys
        .unwrap_or_default()
        .iter()
        .map(ToString::to_string)
        .collect();
    let kind = resource_type(resource.resource_type);
    let result = describe_configs(cluster, context, kind, &resource.resource_name, &keys);
    let answer = DescribeConfigsResult::default()
        .with_resource_type(resource.resource_type)
        .with_resource_name(resource.resource_name);
    match result {
        Ok(entries) => answer
            .with_error_message(None)
            .with_configs(entries.into_iter().map(|entry| config(entry, wanted)).collect()),
        Err(error) => answer
            .with_error_code(error.code())
            .with_error_message(Some(error.message())),
    }
}

fn config(entry: ConfigEntry, wanted: WantedParts) -> DescribeConfigsResourceResult {
    let definition = entry.definition;
    let synonyms = if wanted.synonyms {
        entry.synonyms
    } else {
        Vec::new()
    };
    DescribeConfigsResourceResult::default()
        .with_name(StrBytes::from_static_str(definition.name))
        .with_value(entry.value.map(StrBytes::from_string))
        .with_read_only(entry.is_read_only)
        .with_config_source(config_source(entry.source))
        .with_is_sensitive(definition.is_sensitive())
        .with_synonyms(synonyms.into_iter().map(synonym).collect())
        .with_config_type(config_type(definition.kind))
        .with_documentation(
            wanted
                .documentation
                .then(|| StrBytes::from_static_str(definition.documentation)),
        )
}

fn synonym(entry: SynonymEntry) -> DescribeConfigsSynonym {
    DescribeConfigsSynonym::default()
        .with_name(StrBytes::from_string(entry.name))
        .with_value(entry.value.map(StrBytes::from_string))
        .with_source(config_source(entry.source))
}

/// Returns the wire value of a type. Source: Kafka's `DescribeConfigsResponse.ConfigType`.
fn config_type(kind: ConfigType) -> i8 {
    match kind {
        ConfigType::Boolean => 1,
        ConfigType::String | ConfigType::Word(_) => 2,
        ConfigType::Int { .. } => 3,
        ConfigType::Short { .. } => 4,
        ConfigType::Long { .. } => 5,
        ConfigType::Double { .. } => 6,
        ConfigType::List | ConfigType::Words(_) | ConfigType::Replicas => 7,
        ConfigType::Class => 8,
        ConfigType::Password => 9,
    }
}
