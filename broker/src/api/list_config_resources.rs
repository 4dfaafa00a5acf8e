//! ListConfigResources: the resources that have configs.
//!
//! # Versions
//! 0 to 1. Version 0 lists client metrics subscriptions only.
//!
//! # Behaviour
//! Lists the resources of the types that are asked for, or of all: groups and subscriptions that have values, and all brokers, their
//! loggers, and topics. A type that the version does not know is UNSUPPORTED_VERSION.
//!
//! # Differs from Apache Kafka
//! Names are sorted within a type.
//!
//! # Notes by KIP
//! KIP-1000: the API as ListClientMetricsResources. KIP-1142: all types of resources (1).

use super::errors::{KafkaError, RequestError};
use super::fields::resource_type;
use super::{Answer, Answering, Api, ErrorCounts, ResponseMessage};
use crate::cluster::Cluster;
use crate::operations::RequestContext;
use crate::operations::describe_configs::ResourceType;
use crate::operations::list_config_resources::list_config_resources;
use kafka_protocol::messages::list_config_resources_request::ListConfigResourcesRequest;
use kafka_protocol::messages::list_config_resources_response::{ConfigResource, ListConfigResourcesResponse};
use kafka_protocol::protocol::StrBytes;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Kafka's `ListConfigResourcesRequest`.
pub(super) struct ListConfigResources;

/// The codes of the types that version 1 knows.
const TYPES: [i8; 5] = [2, 4, 8, CLIENT_METRICS, 32];

/// The only type that version 0 knows.
const CLIENT_METRICS: i8 = 16;

impl Api for ListConfigResources {
    type Request = ListConfigResourcesRequest;

    const VERSIONS: RangeInclusive<i16> = 0..=1;

    fn handle(
        cluster: &Arc<Cluster>,
        context: &Arc<RequestContext>,
        version: i16,
        request: ListConfigResourcesRequest,
    ) -> Answering {
        let known: &[i8] = if version == 0 { &[CLIENT_METRICS] } else { &TYPES };
        let wanted = if request.resource_types.is_empty() {
            known
        } else {
            &request.resource_types
        };
        let types: Vec<ResourceType> = wanted.iter().map(|code| resource_type(*code)).collect();
        let response = ListConfigResourcesResponse::default();
        match list_config_resources(cluster, context, &types) {
            Err(denied) => response.with_error_code(denied.code()).into(),
            Ok(_) if wanted.iter().any(|code| !known.contains(code)) => response
                .with_error_code(RequestError::UnsupportedVersion.code())
                .into(),
            Ok(resources) => response
                .with_config_resources(resources.into_iter().map(resource).collect())
                .into(),
        }
    }

    fn refuse(_version: i16, _request: &ListConfigResourcesRequest, code: i16) -> Answer {
        ListConfigResourcesResponse::default()
            .with_error_code(code)
            .into()
    }
}

impl ResponseMessage for ListConfigResourcesResponse {
    fn throttle_time_ms(&mut self) -> &mut i32 {
        &mut self.throttle_time_ms
    }

    fn error_counts(&self) -> ErrorCounts {
        ErrorCounts::of(self.error_code)
    }
}

fn resource((kind, name): (ResourceType, String)) -> ConfigResource {
    let code = TYPES.into_iter().find(|code| resource_type(*code) == kind);
    ConfigResource::default()
        .with_resource_name(StrBytes::from_string(name))
        .with_resource_type(code.expect("only these types are listed"))
}
