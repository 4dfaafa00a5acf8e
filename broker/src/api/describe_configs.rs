//! DescribeConfigs: the configs of topics, brokers, groups and client metrics subscriptions.
//!
//! # Versions
//! 1 to 4. From version 3 on the answer has types and, on request, documentation.
//!
//! # Behaviour
//! Shows the configs with their value, its source, and all other possible sources (synonyms). A broker shows only its
//! own configs; the broker with the empty name stands for values set for all brokers while running. Keys that do not exist are left out. A
//! resource of an unknown type fails the whole request.
//!
//! # Differs from Apache Kafka
//! - Configs come sorted by name. `documentation` has our own texts. `docs/configs.md` lists the configs that have no effect.
//! - No logger has a level of its own: the loggers of a broker are described as none.
//!
//! # Notes by KIP
//! KIP-133: the API. KIP-226: sources and synonyms. KIP-569: types and documentation.

use super::errors::{KafkaError, RequestError};
use super::fields::{config_source, resource_type};
use super::{Answer, Answering, Api, ErrorCounts, ResponseMessage};
use crate::cluster::Cluster;
use crate::config::definition::ConfigType;
use crate::config::layers::{ConfigEntry, SynonymEntry};
use crate::operations::RequestContext;
use crate::operations::describe_configs::{DescribeConfigsError, ResourceType, describe_configs};
use kafka_protocol::messages::describe_configs_request::{DescribeConfigsRequest, DescribeConfigsResource};
use kafka_protocol::messages::describe_configs_response::{
    DescribeConfigsResourceResult, DescribeConfigsResponse, DescribeConfigsResult, DescribeConfigsSynonym,
};
use kafka_protocol::protocol::StrBytes;
use std::borrow::Cow;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Kafka's message of `Errors.INVALID_REQUEST`.
const MALFORMED: &str = "This most likely occurs because of a request being malformed by the client library or the message was sent to an incompatible broker. See the broker logs for more details.";

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
        // Kafka asks for permission first, and finds none that such a type could need (`AuthHelper`).
        let is_unknown = |resource: &DescribeConfigsResource| {
            matches!(resource_type(resource.resource_type), ResourceType::Other(_))
        };
        if request.resources.iter().any(is_unknown) {
            return malformed(&request).into();
        }
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

fn malformed(request: &DescribeConfigsRequest) -> DescribeConfigsResponse {
    let results = request.resources.iter().map(|resource| {
        DescribeConfigsResult::default()
            .with_error_code(RequestError::InvalidRequest.code())
            .with_error_message(Some(StrBytes::from_static_str(MALFORMED)))
            .with_resource_type(resource.resource_type)
            .with_resource_name(resource.resource_name.clone())
    });
    DescribeConfigsResponse::default().with_results(results.collect())
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
            // Kafka's default for this field is an empty text.
            .with_error_message(Some(StrBytes::default()))
            .with_configs(entries.into_iter().map(|entry| config(entry, wanted)).collect()),
        Err(error @ DescribeConfigsError::UnknownTopic) => answer
            .with_error_code(error.code())
            .with_error_message(Some(StrBytes::default())),
        Err(error) => answer
            .with_error_code(error.code())
            .with_error_message(Some(error.message())),
    }
}

fn config(entry: ConfigEntry, wanted: WantedParts) -> DescribeConfigsResourceResult {
    let synonyms = if wanted.synonyms {
        entry.synonyms
    } else {
        Vec::new()
    };
    let documentation = entry.documentation.filter(|_| wanted.documentation);
    DescribeConfigsResourceResult::default()
        .with_name(match entry.name {
            Cow::Borrowed(name) => StrBytes::from_static_str(name),
            Cow::Owned(name) => StrBytes::from_string(name),
        })
        .with_value(entry.value.map(StrBytes::from_string))
        .with_read_only(entry.is_read_only)
        .with_config_source(config_source(entry.source))
        .with_is_sensitive(entry.is_sensitive)
        .with_synonyms(synonyms.into_iter().map(synonym).collect())
        .with_config_type(entry.kind.map_or(UNKNOWN_TYPE, config_type))
        .with_documentation(documentation.map(StrBytes::from_static_str))
}

fn synonym(entry: SynonymEntry) -> DescribeConfigsSynonym {
    DescribeConfigsSynonym::default()
        .with_name(StrBytes::from_string(entry.name))
        .with_value(entry.value.map(StrBytes::from_string))
        .with_source(config_source(entry.source))
}

/// The type of a config that has no definition.
const UNKNOWN_TYPE: i8 = 0;

/// Returns the wire value of a type. Source: Kafka's `DescribeConfigsResponse.ConfigType`.
fn config_type(kind: ConfigType) -> i8 {
    match kind {
        ConfigType::Boolean => 1,
        ConfigType::String => 2,
        ConfigType::Int => 3,
        ConfigType::Short => 4,
        ConfigType::Long => 5,
        ConfigType::Double => 6,
        ConfigType::List => 7,
        ConfigType::Class => 8,
        ConfigType::Password => 9,
    }
}
