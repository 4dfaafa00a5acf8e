//! ApiVersions: which APIs and versions are served, and which features are on.
//!
//! # Versions
//! 0 to 4. A request that is too new is answered before it gets here, with a body of version 0 (KIP-511).
//!
//! # Behaviour
//! Advertises exactly the list of [`APIS`](super::APIS), by key. From version 3 on the client's software name and version must match
//! Kafka's pattern, or the answer is INVALID_REQUEST.
//!
//! # Differs from Apache Kafka
//! Features that Kafka 4.1 has and that are not served (`transaction.version`, `group.version`, `share.version`, ...) are left out,
//! so that no client turns to them.
//!
//! # Notes by KIP
//! KIP-511: software name and version. KIP-584: features. KIP-896: the versions that Kafka 4 dropped are refused, but Produce is
//! advertised from 0, because librdkafka takes a higher start for a lack of message format support.

use super::{APIS, Api, Reply};
use crate::cluster::Cluster;
use crate::messages::api_versions_response::{ApiVersion, FinalizedFeatureKey, SupportedFeatureKey};
use crate::messages::{ApiVersionsRequest, ApiVersionsResponse};
use crate::operations::RequestContext;
use bytes::BytesMut;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::ApiKey;
use kafka_protocol::protocol::{Encodable, StrBytes};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Kafka's `ApiVersionsRequest`.
pub(super) struct ApiVersions;

/// `metadata.version` of Kafka 4.1 (4.1-IV1), which clients and tools take for the release.
const METADATA_VERSION: i16 = 27;
/// The least `metadata.version` that Kafka 4 starts with (3.3-IV3).
const LEAST_METADATA_VERSION: i16 = 7;

impl Api for ApiVersions {
    type Request = ApiVersionsRequest;

    const VERSIONS: RangeInclusive<i16> = 0..=4;

    async fn handle(
        _cluster: &Arc<Cluster>,
        _context: &RequestContext,
        version: i16,
        request: ApiVersionsRequest,
    ) -> Reply<ApiVersionsResponse> {
        let is_valid = version < 3
            || (is_software_word(&request.client_software_name)
                && is_software_word(&request.client_software_version));
        if !is_valid {
            return ApiVersionsResponse::default()
                .with_error_code(ResponseError::InvalidRequest.code())
                .into();
        }
        ApiVersionsResponse::default()
            .with_api_keys(advertised(|_| true))
            .with_supported_features(vec![feature(
                "metadata.version",
                LEAST_METADATA_VERSION,
                METADATA_VERSION,
            )])
            .with_finalized_features_epoch(0)
            .with_finalized_features(vec![
                FinalizedFeatureKey::default()
                    .with_name(StrBytes::from_static_str("metadata.version"))
                    .with_min_version_level(METADATA_VERSION)
                    .with_max_version_level(METADATA_VERSION),
            ])
            .into()
    }
}

/// The body, of version 0, for a request that is too new: the error and ApiVersions' own range.
pub(super) fn unsupported() -> BytesMut {
    let mut body = BytesMut::new();
    ApiVersionsResponse::default()
        .with_error_code(ResponseError::UnsupportedVersion.code())
        .with_api_keys(advertised(|key| key == ApiKey::ApiVersions as i16))
        .encode(&mut body, 0)
        .expect("version 0 has an error and keys");
    body
}

fn advertised(is_wanted: impl Fn(i16) -> bool) -> Vec<ApiVersion> {
    let mut versions: Vec<_> = APIS
        .iter()
        .filter(|api| is_wanted(api.key))
        .map(|api| {
            ApiVersion::default()
                .with_api_key(api.key)
                .with_min_version(api.advertised_from)
                .with_max_version(api.last_version)
        })
        .collect();
    versions.sort_by_key(|version| version.api_key);
    versions
}

fn feature(name: &'static str, min_version: i16, max_version: i16) -> SupportedFeatureKey {
    SupportedFeatureKey::default()
        .with_name(StrBytes::from_static_str(name))
        .with_min_version(min_version)
        .with_max_version(max_version)
}

/// Kafka's `ApiVersionsRequest.SOFTWARE_NAME_VERSION_PATTERN`: `[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?`.
fn is_software_word(word: &str) -> bool {
    let is_end = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = word.as_bytes();
    is_end(bytes.first())
        && is_end(bytes.last())
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
}
