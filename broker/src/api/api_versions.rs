//! ApiVersions: which APIs and versions are served, and which features are on.
//!
//! # Versions
//! 0 to 5. A request of a later version is answered before it reaches this file, with a body of version 0 (KIP-511).
//!
//! # Behaviour
//! Advertises exactly the APIs in [`APIS`](super::APIS), by key; a cluster that passes for an earlier release those that it had. From version 3 on the client's software name and version must match
//! Kafka's pattern, or the answer is INVALID_REQUEST. From version 5 on a client can name the cluster and the broker that it wants to
//! reach: one without the other is INVALID_REQUEST, and if it has reached another broker the answer is REBOOTSTRAP_REQUIRED.
//!
//! Up to version 3 the features that may be off (at level 0) are left out of those supported, because clients of that time refuse a level
//! of 0. A feature that is off is not among the finalized ones.
//!
//! # Differs from Apache Kafka
//! - GetTelemetrySubscriptions and PushTelemetry are listed from the first client metrics subscription on, and not with a reporter.
//! - `share.version` and `streams.version` are left out, because share groups and streams groups are not served.
//!
//! # Notes by KIP
//! KIP-511: software name and version. KIP-584: features. KIP-1022: features at level 0 (4). KIP-1242: cluster and broker (5). KIP-896: the versions that Kafka 4 removed are
//! refused, but Produce is advertised from 0: librdkafka would infer from a higher first version that the message format is too old for
//! compression.

use super::errors::RequestError;
use super::{APIS, Answer, Answering, Api, ErrorCounts, ResponseMessage};
use crate::cluster::Cluster;
use crate::config::Release;
use crate::features::Features;
use crate::messages::api_versions_response::{ApiVersion, FinalizedFeatureKey, SupportedFeatureKey};
use crate::messages::{ApiVersionsRequest, ApiVersionsResponse};
use crate::operations::RequestContext;
use bytes::Bytes;
use kafka_protocol::messages::ApiKey;
use kafka_protocol::protocol::{Decodable, StrBytes};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Kafka's `ApiVersionsRequest`.
pub(super) struct ApiVersions;

/// The value of a request that names no broker.
const NO_NODE: i32 = -1;
impl Api for ApiVersions {
    type Request = ApiVersionsRequest;

    const VERSIONS: RangeInclusive<i16> = 0..=5;

    fn handle(
        cluster: &Arc<Cluster>,
        context: &Arc<RequestContext>,
        version: i16,
        request: ApiVersionsRequest,
    ) -> Answering {
        // No permission is asked for: a client needs the versions before it can authenticate.
        if let Some(error) = refusal(cluster, context, version, &request) {
            return ApiVersionsResponse::default()
                .with_error_code(error.code())
                .into();
        }
        let features = cluster.features();
        ApiVersionsResponse::default()
            .with_api_keys(advertised(cluster.release, |key| is_offered(cluster, key)))
            .with_supported_features(supported(&features, version))
            // As in Kafka the epoch is an offset of the metadata log, which grows. The default, -1, would say that the features are unknown.
            .with_finalized_features_epoch(cluster.metadata_offset())
            .with_finalized_features(finalized(&features))
            .into()
    }

    fn refuse(_version: i16, _request: &ApiVersionsRequest, code: i16) -> Answer {
        refused(Release::default(), code).into()
    }
}

impl ResponseMessage for ApiVersionsResponse {
    fn throttle_time_ms(&mut self) -> &mut i32 {
        &mut self.throttle_time_ms
    }

    fn error_counts(&self) -> ErrorCounts {
        ErrorCounts::of(self.error_code)
    }
}

/// Returns why the request is refused: Kafka's `ApiVersionsRequest.isValid` and `KafkaApis.handleApiVersionsRequest`.
fn refusal(
    cluster: &Cluster,
    context: &RequestContext,
    version: i16,
    request: &ApiVersionsRequest,
) -> Option<RequestError> {
    let names_software = version < 3
        || (is_software_word(&request.client_software_name)
            && is_software_word(&request.client_software_version));
    // At earlier versions both fields have their defaults, which name neither.
    let names_cluster = request.cluster_id.is_some();
    let names_node = request.node_id != NO_NODE;
    if !names_software || names_cluster != names_node {
        return Some(RequestError::InvalidRequest);
    }
    let cluster_id = request.cluster_id.as_ref()?;
    let is_here = cluster_id.as_str() == cluster.cluster_id && request.node_id == context.node_id.0;
    (!is_here).then_some(RequestError::RebootstrapRequired)
}

/// Answers a request of a later version, to be written at version 0: the error and the versions of ApiVersions.
pub(super) fn unsupported(release: Release) -> Answer {
    refused(release, RequestError::UnsupportedVersion.code()).into()
}

fn refused(release: Release, code: i16) -> ApiVersionsResponse {
    let response = ApiVersionsResponse::default().with_error_code(code);
    if code == RequestError::UnsupportedVersion.code() {
        // With the versions of this API alone the client can ask again at once (KIP-511).
        return response.with_api_keys(advertised(release, |key| key == ApiKey::ApiVersions as i16));
    }
    response
}

fn advertised(release: Release, is_wanted: impl Fn(i16) -> bool) -> Vec<ApiVersion> {
    let wanted = APIS.iter().filter(|api| is_wanted(api.key));
    let mut versions: Vec<_> = wanted
        .filter_map(|api| {
            let versions = api.advertised(release)?;
            let version = ApiVersion::default()
                .with_api_key(api.key)
                .with_min_version(*versions.start())
                .with_max_version(*versions.end());
            Some(version)
        })
        .collect();
    // `APIS` is in the order of use; Kafka lists APIs by key.
    versions.sort_by_key(|version| version.api_key);
    versions
}

/// Returns whether the API is offered to clients. Telemetry is, once there has been a subscription.
fn is_offered(cluster: &Cluster, key: i16) -> bool {
    let is_telemetry = key == ApiKey::GetTelemetrySubscriptions as i16 || key == ApiKey::PushTelemetry as i16;
    !is_telemetry || cluster.telemetry.subscriptions.is_used()
}

/// Returns the name and version of the client's library that a request tells, if its version has them.
pub(super) fn client_software(version: i16, mut body: Bytes) -> Option<(String, String)> {
    if version < 3 {
        return None;
    }
    let request = ApiVersionsRequest::decode(&mut body, version).ok()?;
    let software = (request.client_software_name, request.client_software_version);
    (is_software_word(&software.0) && is_software_word(&software.1))
        .then(|| (software.0.to_string(), software.1.to_string()))
}

/// Returns the levels that the cluster supports (`ApiVersionsResponse.maybeFilterSupportedFeatureKeys`).
fn supported(features: &Features, version: i16) -> Vec<SupportedFeatureKey> {
    features
        .supported()
        .iter()
        .filter(|supported| version >= 4 || supported.levels.first() > 0)
        .map(|supported| {
            SupportedFeatureKey::default()
                .with_name(StrBytes::from_static_str(supported.feature.name()))
                .with_min_version(supported.levels.first())
                .with_max_version(supported.levels.last())
        })
        .collect()
}

fn finalized(features: &Features) -> Vec<FinalizedFeatureKey> {
    let finalized = features.finalized().into_iter();
    finalized
        .map(|(feature, level)| {
            FinalizedFeatureKey::default()
                .with_name(StrBytes::from_static_str(feature.name()))
                // A finalized feature has one level, which Kafka gives as both.
                .with_min_version_level(level)
                .with_max_version_level(level)
        })
        .collect()
}

/// Returns whether `word` matches Kafka's `ApiVersionsRequest.SOFTWARE_NAME_VERSION_PATTERN`:
/// `[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?`.
fn is_software_word(word: &str) -> bool {
    let is_end = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = word.as_bytes();
    is_end(bytes.first())
        && is_end(bytes.last())
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
}
