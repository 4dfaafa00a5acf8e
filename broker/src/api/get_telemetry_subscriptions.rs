//! GetTelemetrySubscriptions: the metrics that a client is to push.
//!
//! # Versions
//! 0.
//!
//! # Behaviour
//! Gives a client without an id a new one. The client is told the metrics of all subscriptions that match it, their shortest interval, and
//! an id that it must push with. A client that asks before its interval is over is THROTTLING_QUOTA_EXCEEDED, unless its last push was
//! refused for its subscription or its codec.
//!
//! # Differs from Apache Kafka
//! - Kafka advertises the API if a reporter for it is configured. Here it is advertised from the first subscription on: before, no client
//!   would have anything to push.
//! - Kafka forgets the clients of a broker that stops; here they are known again when it starts.
//!
//! # Notes by KIP
//! KIP-714: the API.

use super::errors::KafkaError;
use super::{Answer, Answering, Api, ErrorCounts, ResponseMessage};
use crate::cluster::Cluster;
use crate::operations::RequestContext;
use crate::operations::telemetry::{most_bytes, telemetry_subscription};
use kafka_protocol::messages::{GetTelemetrySubscriptionsRequest, GetTelemetrySubscriptionsResponse};
use kafka_protocol::protocol::StrBytes;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Kafka's `GetTelemetrySubscriptionsRequest`.
pub(super) struct GetTelemetrySubscriptions;

/// The codecs in Kafka's order of preference: zstd, lz4, gzip, snappy.
const CODECS: [i8; 4] = [4, 3, 1, 2];

impl Api for GetTelemetrySubscriptions {
    type Request = GetTelemetrySubscriptionsRequest;

    const VERSIONS: RangeInclusive<i16> = 0..=0;

    fn handle(
        cluster: &Arc<Cluster>,
        context: &Arc<RequestContext>,
        _version: i16,
        request: GetTelemetrySubscriptionsRequest,
    ) -> Answering {
        let response = GetTelemetrySubscriptionsResponse::default();
        match telemetry_subscription(cluster, context, request.client_instance_id) {
            Ok((id, told)) => response
                .with_client_instance_id(id)
                .with_subscription_id(told.subscription_id)
                .with_accepted_compression_types(CODECS.to_vec())
                .with_push_interval_ms(told.interval_ms)
                .with_telemetry_max_bytes(most_bytes(cluster, context))
                .with_delta_temporality(true)
                .with_requested_metrics(told.metrics.into_iter().map(StrBytes::from_string).collect())
                .into(),
            Err(error) => response.with_error_code(error.code()).into(),
        }
    }

    fn refuse(_version: i16, _request: &GetTelemetrySubscriptionsRequest, code: i16) -> Answer {
        GetTelemetrySubscriptionsResponse::default()
            .with_error_code(code)
            .into()
    }
}

impl ResponseMessage for GetTelemetrySubscriptionsResponse {
    fn throttle_time_ms(&mut self) -> &mut i32 {
        &mut self.throttle_time_ms
    }

    fn error_counts(&self) -> ErrorCounts {
        ErrorCounts::of(self.error_code)
    }
}
