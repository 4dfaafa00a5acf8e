//! ApiVersionsResponse, versions 0 to 5.

// Written by broker/messages/generate.py from the message definitions of Apache Kafka 4.4.0. Do not edit.

use super::declaration::{message, response};
use kafka_protocol::protocol::StrBytes;

message! {
    /// Kafka's `ApiVersionsResponse`.
    ApiVersionsResponse: 0 to 5, flexible 3 {
        error_code with_error_code: i16, 0 to 5;
        api_keys with_api_keys: Vec<ApiVersion>, 0 to 5;
        throttle_time_ms with_throttle_time_ms: i32, 1 to 5 else dropped;
        supported_features with_supported_features: Vec<SupportedFeatureKey>, 3 to 5 tag 0 else dropped;
        finalized_features_epoch with_finalized_features_epoch: i64 = -1, 3 to 5 tag 1 else dropped;
        finalized_features with_finalized_features: Vec<FinalizedFeatureKey>, 3 to 5 tag 2 else dropped;
        zk_migration_ready with_zk_migration_ready: bool, 3 to 5 tag 3 else dropped;
    }
}

message! {
    /// A part of Kafka's `ApiVersionsResponse`.
    FinalizedFeatureKey: 0 to 5, flexible 3 {
        name with_name: StrBytes, 3 to 5;
        max_version_level with_max_version_level: i16, 3 to 5;
        min_version_level with_min_version_level: i16, 3 to 5;
    }
}

message! {
    /// A part of Kafka's `ApiVersionsResponse`.
    SupportedFeatureKey: 0 to 5, flexible 3 {
        name with_name: StrBytes, 3 to 5;
        min_version with_min_version: i16, 3 to 5;
        max_version with_max_version: i16, 3 to 5;
    }
}

message! {
    /// A part of Kafka's `ApiVersionsResponse`.
    ApiVersion: 0 to 5, flexible 3 {
        api_key with_api_key: i16, 0 to 5;
        min_version with_min_version: i16, 0 to 5;
        max_version with_max_version: i16, 0 to 5;
    }
}

response!(ApiVersionsResponse, never flexible);
