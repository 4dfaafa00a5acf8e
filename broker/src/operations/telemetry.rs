//! The metrics that clients are told to push, and those that they have pushed (KIP-714). Source: Kafka's `ClientMetricsManager`. As in Kafka, no permission
//! is asked for.

use super::RequestContext;
use crate::cluster::Cluster;
use crate::log::header::Compression;
use crate::log::records::decompress;
use crate::telemetry::{Attributes, Caller, Push, PushedMetrics, Told};
use bytes::Bytes;
use std::sync::Arc;
use uuid::Uuid;

pub(crate) use crate::telemetry::TelemetryError;

/// A client's push.
#[derive(Clone, Debug)]
pub(crate) struct PushRequest {
    pub(crate) client_instance_id: Uuid,
    pub(crate) subscription_id: i32,
    pub(crate) is_terminating: bool,
    /// `None`: Kafka has no codec of that number.
    pub(crate) codec: Option<Compression>,
    pub(crate) metrics: Bytes,
}

/// Returns the id of the client, a new one if it has none, and what it is to push.
///
/// # Errors
/// [`TelemetryError::TooEarly`].
pub(crate) fn telemetry_subscription(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    client_instance_id: Uuid,
) -> Result<(Uuid, Told), TelemetryError> {
    let id = if client_instance_id.is_nil() {
        cluster.entropy.uuid()
    } else {
        client_instance_id
    };
    let caller = caller(cluster, context, id);
    let telemetry = &cluster.telemetry;
    let told = telemetry.clients.get(id, caller, &telemetry.subscriptions)?;
    Ok((id, told))
}

/// Keeps the metrics that a client has pushed.
///
/// # Errors
/// [`TelemetryError`] if the push is not what the client was told, or its metrics do not decompress.
pub(crate) fn push_telemetry(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    request: PushRequest,
) -> Result<(), TelemetryError> {
    let most_bytes = most_bytes(cluster, context);
    let most_bytes = usize::try_from(most_bytes).unwrap_or_default();
    let push = Push {
        subscription_id: request.subscription_id,
        is_terminating: request.is_terminating,
        is_known_codec: request.codec.is_some(),
        size_bytes: request.metrics.len(),
        most_bytes,
    };
    let id = request.client_instance_id;
    let caller = caller(cluster, context, id);
    let received_ms = caller.now_ms;
    let telemetry = &cluster.telemetry;
    telemetry
        .clients
        .push(id, push, caller, &telemetry.subscriptions)?;
    if request.metrics.is_empty() {
        return Ok(());
    }
    let codec = request.codec.unwrap_or(Compression::None);
    // The frame is not kept: small metrics must not hold a large request's memory.
    let data = decompress(codec, &request.metrics, most_bytes).map_err(|_| TelemetryError::Undecodable)?;
    telemetry.pushed.keep(PushedMetrics {
        node_id: context.node_id,
        client_instance_id: id,
        client_id: context.client_id.clone(),
        software: context.software.as_deref().cloned(),
        received_ms,
        is_terminating: request.is_terminating,
        data: Bytes::copy_from_slice(&data),
    });
    Ok(())
}

/// Returns `telemetry.max.bytes` of the broker that received the request.
pub(crate) fn most_bytes(cluster: &Cluster, context: &RequestContext) -> i32 {
    let layers = cluster.broker_configs.layers(context.node_id);
    let value = layers.value("telemetry.max.bytes");
    value.map_or(0, |bytes| bytes.int())
}

/// Source: Kafka's `ClientMetricsInstanceMetadata`.
fn caller(cluster: &Cluster, context: &RequestContext, id: Uuid) -> Caller {
    let mut attributes = Attributes::from([
        (
            "client_instance_id",
            base64_simd::URL_SAFE_NO_PAD.encode_to_string(id.as_bytes()),
        ),
        ("client_id", context.client_id.clone()),
    ]);
    if let Some((name, version)) = context.software.as_deref() {
        attributes.insert("client_software_name", name.clone());
        attributes.insert("client_software_version", version.clone());
    }
    if let Some(peer) = context.peer_address {
        attributes.insert("client_source_address", peer.ip().to_string());
        attributes.insert("client_source_port", peer.port().to_string());
    }
    Caller {
        node: context.node_id,
        peer: context.peer_address,
        attributes,
        now_ms: cluster.clock.now_ms(),
    }
}
