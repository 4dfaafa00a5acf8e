//! UpdateFeatures: finalizes other levels of features.
//!
//! # Versions
//! 0 to 2. A request has upgrade types and can only validate from version 1 on; the answer has no results from version 2 on.
//!
//! # Behaviour
//! All levels change, or none: the first one that is refused is told with the answer's own code, INVALID_UPDATE_VERSION, and its text.
//! ApiVersions shows the new levels, under a greater epoch, to the next request. Before version 1 no level goes down, because the
//! field `AllowDowngrade` is not read.
//!
//! # Differs from Apache Kafka
//! `share.version` and `streams.version` are unknown, because share groups and streams groups are not served.
//!
//! # Notes by KIP
//! KIP-584: features. KIP-778: upgrade types. KIP-1022: levels of several features.

use super::errors::KafkaError;
use super::{Answer, Answering, Api, ErrorCounts, ResponseMessage};
use crate::cluster::Cluster;
use crate::features::{FeatureUpdate, UpgradeType};
use crate::operations::RequestContext;
use crate::operations::update_features::update_features;
use kafka_protocol::messages::update_features_request::{FeatureUpdateKey, UpdateFeaturesRequest};
use kafka_protocol::messages::update_features_response::{UpdatableFeatureResult, UpdateFeaturesResponse};
use kafka_protocol::protocol::StrBytes;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Kafka's `UpdateFeaturesRequest`.
pub(super) struct UpdateFeatures;

impl Api for UpdateFeatures {
    type Request = UpdateFeaturesRequest;

    const VERSIONS: RangeInclusive<i16> = 0..=2;

    fn handle(
        cluster: &Arc<Cluster>,
        context: &Arc<RequestContext>,
        version: i16,
        request: UpdateFeaturesRequest,
    ) -> Answering {
        let updates: Vec<_> = request.feature_updates.iter().map(wanted).collect();
        let response = UpdateFeaturesResponse::default();
        match update_features(cluster, context, &updates, request.validate_only) {
            // The results are ignorable, but kafka-protocol refuses to encode them where they are not.
            Ok(()) if version <= 1 => response
                .with_error_message(None)
                .with_results(request.feature_updates.into_iter().map(succeeded).collect())
                .into(),
            Ok(()) => response.with_error_message(None).into(),
            Err(error) => response
                .with_error_code(error.code())
                .with_error_message(Some(error.message()))
                .into(),
        }
    }

    fn refuse(_version: i16, _request: &UpdateFeaturesRequest, code: i16) -> Answer {
        UpdateFeaturesResponse::default()
            .with_error_code(code)
            .with_error_message(None)
            .into()
    }
}

impl ResponseMessage for UpdateFeaturesResponse {
    fn throttle_time_ms(&mut self) -> &mut i32 {
        &mut self.throttle_time_ms
    }

    fn error_counts(&self) -> ErrorCounts {
        let results = self.results.iter().map(|result| result.error_code);
        [self.error_code].into_iter().chain(results).collect()
    }
}

fn wanted(update: &FeatureUpdateKey) -> FeatureUpdate {
    FeatureUpdate {
        feature: update.feature.to_string(),
        level: update.max_version_level,
        // Version 0 lacks the field, whose default is an upgrade.
        upgrade_type: match update.upgrade_type {
            1 => UpgradeType::Upgrade,
            2 => UpgradeType::SafeDowngrade,
            3 => UpgradeType::UnsafeDowngrade,
            _ => UpgradeType::Unknown,
        },
    }
}

fn succeeded(update: FeatureUpdateKey) -> UpdatableFeatureResult {
    UpdatableFeatureResult::default()
        .with_feature(update.feature)
        // Kafka writes the text of `Errors.NONE` here, and null at the top.
        .with_error_message(Some(StrBytes::from_static_str("NONE")))
}
