//! ApiVersionsResponse, versions 0 to 5.

// Written by broker/messages/generate.py from the message definitions of Apache Kafka 4.4.0. Do not edit.

use super::codec::{message, response};
use kafka_protocol::protocol::StrBytes;

message! {
    /// Kafka's `ApiVersionsResponse`.
    ApiVersionsResponse: 0 to 5, flexible 3 {
        /// The top-level error code.
        error_code with_error_code: i16, 0 to 5;
        /// The APIs supported by the broker.
        api_keys with_api_keys: Vec<ApiVersion>, 0 to 5;
        /// The duration in milliseconds for which the request was throttled due to a quota violation, or
        /// zero if the request did not violate any quota.
        throttle_time_ms with_throttle_time_ms: i32, 1 to 5 else dropped;
        /// Features supported by the broker. Note: in v0-v3, features with MinSupportedVersion = 0 are
        /// omitted.
        supported_features with_supported_features: Vec<SupportedFeatureKey>, 3 to 5 tag 0 else dropped;
        /// The monotonically increasing epoch for the finalized features information. Valid values are >=
        /// 0. A value of -1 is special and represents unknown epoch.
        finalized_features_epoch with_finalized_features_epoch: i64 = -1, 3 to 5 tag 1 else dropped;
        /// List of cluster-wide finalized features. The information is valid only if
        /// FinalizedFeaturesEpoch >= 0.
        finalized_features with_finalized_features: Vec<FinalizedFeatureKey>, 3 to 5 tag 2 else dropped;
        /// Set by a KRaft controller if the required configurations for ZK migration are present.
        zk_migration_ready with_zk_migration_ready: bool, 3 to 5 tag 3 else dropped;
    }
}

message! {
    /// A part of Kafka's `ApiVersionsResponse`.
    FinalizedFeatureKey: 0 to 5, flexible 3 {
        /// The name of the feature.
        name with_name: StrBytes, 3 to 5;
        /// The cluster-wide finalized max version level for the feature.
        max_version_level with_max_version_level: i16, 3 to 5;
        /// The cluster-wide finalized min version level for the feature.
        min_version_level with_min_version_level: i16, 3 to 5;
    }
}

message! {
    /// A part of Kafka's `ApiVersionsResponse`.
    SupportedFeatureKey: 0 to 5, flexible 3 {
        /// The name of the feature.
        name with_name: StrBytes, 3 to 5;
        /// The minimum supported version for the feature.
        min_version with_min_version: i16, 3 to 5;
        /// The maximum supported version for the feature.
        max_version with_max_version: i16, 3 to 5;
    }
}

message! {
    /// A part of Kafka's `ApiVersionsResponse`.
    ApiVersion: 0 to 5, flexible 3 {
        /// The API index.
        api_key with_api_key: i16, 0 to 5;
        /// The minimum supported version, inclusive.
        min_version with_min_version: i16, 0 to 5;
        /// The maximum supported version, inclusive.
        max_version with_max_version: i16, 0 to 5;
    }
}

response!(ApiVersionsResponse, never flexible);
