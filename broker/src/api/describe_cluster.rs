//! DescribeCluster: the brokers of the cluster.
//!
//! # Versions
//! 0 to 2. The request has a type of endpoint from version 1 on, and can include fenced brokers from version 2 on.
//!
//! # Behaviour
//! Lists the brokers with their advertised addresses, the cluster's id and the controller. Endpoint type 1 means brokers. Type 2
//! (controllers) is MISMATCHED_ENDPOINT_TYPE on a broker's listener, and any other type is UNSUPPORTED_ENDPOINT_TYPE.
//!
//! # Differs from Apache Kafka
//! - The controller is always the first broker. A KRaft broker names any broker at random.
//! - Brokers are never fenced.
//!
//! # Notes by KIP
//! KIP-700: the API. KIP-919: endpoint types. KIP-1073: fenced brokers.

use super::errors::RequestError;
use super::fields::NOT_ASKED;
use super::{Answer, Answering, Api, ErrorCounts, ResponseMessage};
use crate::cluster::{Cluster, NodeEndpoint};
use crate::operations::RequestContext;
use crate::operations::access::operations_on_cluster;
use kafka_protocol::messages::BrokerId;
use kafka_protocol::messages::describe_cluster_request::DescribeClusterRequest;
use kafka_protocol::messages::describe_cluster_response::{DescribeClusterBroker, DescribeClusterResponse};
use kafka_protocol::protocol::StrBytes;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// The endpoint types of KIP-919.
const BROKERS: i8 = 1;
const CONTROLLERS: i8 = 2;

/// Kafka's `DescribeClusterRequest`.
pub(super) struct DescribeCluster;

impl Api for DescribeCluster {
    type Request = DescribeClusterRequest;

    const VERSIONS: RangeInclusive<i16> = 0..=2;

    fn handle(
        cluster: &Arc<Cluster>,
        context: &Arc<RequestContext>,
        _version: i16,
        request: DescribeClusterRequest,
    ) -> Answering {
        match request.endpoint_type {
            // Version 0 lacks the field, whose default is this.
            BROKERS => describe(cluster, context, request.include_cluster_authorized_operations).into(),
            CONTROLLERS => wrong_endpoint_type(
                RequestError::MismatchedEndpointType,
                "The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type CONTROLLER"
                    .to_owned(),
            ),
            other => wrong_endpoint_type(
                RequestError::UnsupportedEndpointType,
                format!("Unsupported endpoint type {other}"),
            ),
        }
    }

    fn refuse(_version: i16, _request: &DescribeClusterRequest, code: i16) -> Answer {
        DescribeClusterResponse::default().with_error_code(code).into()
    }
}

impl ResponseMessage for DescribeClusterResponse {
    fn throttle_time_ms(&mut self) -> &mut i32 {
        &mut self.throttle_time_ms
    }

    fn error_counts(&self) -> ErrorCounts {
        ErrorCounts::of(self.error_code)
    }
}

fn wrong_endpoint_type(error: RequestError, message: String) -> Answering {
    DescribeClusterResponse::default()
        .with_error_code(error.code())
        .with_error_message(Some(StrBytes::from_string(message)))
        .into()
}

fn describe(cluster: &Cluster, context: &RequestContext, wants_operations: bool) -> DescribeClusterResponse {
    let brokers = cluster.endpoints(&context.ingress);
    let broker = |node: NodeEndpoint| {
        DescribeClusterBroker::default()
            .with_broker_id(BrokerId(node.id.0))
            .with_host(StrBytes::from_string(node.host))
            .with_port(i32::from(node.port))
            .with_rack(
                node.rack
                    .as_deref()
                    .map(|rack| StrBytes::from_string(rack.to_owned())),
            )
    };
    DescribeClusterResponse::default()
        .with_endpoint_type(BROKERS)
        .with_cluster_id(StrBytes::from_string(cluster.cluster_id.clone()))
        .with_controller_id(BrokerId(cluster.controller().0))
        .with_brokers(brokers.into_iter().map(broker).collect())
        .with_cluster_authorized_operations(if wants_operations {
            operations_on_cluster(cluster, context)
        } else {
            NOT_ASKED
        })
}
