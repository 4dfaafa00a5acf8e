//! PushTelemetry: the metrics of a client.
//!
//! # Versions
//! 0.
//!
//! # Behaviour
//! Keeps the metrics that a client pushes, decompressed, for tests to read. In Kafka's order: an id that Kafka reserves is INVALID_REQUEST,
//! as is any push after one that was said to be the last; a push before the interval is over THROTTLING_QUOTA_EXCEEDED; another
//! subscription id than the client was told UNKNOWN_SUBSCRIPTION_ID; then UNSUPPORTED_COMPRESSION_TYPE, TELEMETRY_TOO_LARGE, and
//! INVALID_RECORD for metrics that do not decompress.
//!
//! # Differs from Apache Kafka
//! - Kafka hands the metrics to its reporters. Here the last 1,000 pushes are kept, up to 16 MiB.
//! - It is advertised with GetTelemetrySubscriptions.
//!
//! # Notes by KIP
//! KIP-714: the API.

use super::errors::KafkaError;
use super::{Answer, Answering, Api, ErrorCounts, ResponseMessage};
use crate::cluster::Cluster;
use crate::log::header::Compression;
use crate::operations::RequestContext;
use crate::operations::telemetry::{PushRequest, push_telemetry};
use kafka_protocol::messages::{PushTelemetryRequest, PushTelemetryResponse};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Kafka's `PushTelemetryRequest`.
pub(super) struct PushTelemetry;

impl Api for PushTelemetry {
    type Request = PushTelemetryRequest;

    const VERSIONS: RangeInclusive<i16> = 0..=0;

    fn handle(
        cluster: &Arc<Cluster>,
        context: &Arc<RequestContext>,
        _version: i16,
        request: PushTelemetryRequest,
    ) -> Answering {
        let push = PushRequest {
            client_instance_id: request.client_instance_id,
            subscription_id: request.subscription_id,
            is_terminating: request.terminating,
            codec: codec(request.compression_type),
            metrics: request.metrics,
        };
        let response = PushTelemetryResponse::default();
        match push_telemetry(cluster, context, push) {
            Ok(()) => response.into(),
            Err(error) => response.with_error_code(error.code()).into(),
        }
    }

    fn refuse(_version: i16, _request: &PushTelemetryRequest, code: i16) -> Answer {
        PushTelemetryResponse::default().with_error_code(code).into()
    }
}

impl ResponseMessage for PushTelemetryResponse {
    fn throttle_time_ms(&mut self) -> &mut i32 {
        &mut self.throttle_time_ms
    }

    fn error_counts(&self) -> ErrorCounts {
        ErrorCounts::of(self.error_code)
    }
}

/// Returns the codec of that number. Source: Kafka's `CompressionType`.
fn codec(number: i8) -> Option<Compression> {
    match number {
        0 => Some(Compression::None),
        1 => Some(Compression::Gzip),
        2 => Some(Compression::Snappy),
        3 => Some(Compression::Lz4),
        4 => Some(Compression::Zstd),
        _ => None,
    }
}
