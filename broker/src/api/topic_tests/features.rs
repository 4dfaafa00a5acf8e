//! The features of the cluster.

use super::*;
use crate::messages::ApiVersionsRequest;
use kafka_protocol::messages::UpdateFeaturesRequest;
use kafka_protocol::messages::update_features_request::FeatureUpdateKey;

fn update(feature: &str, level: i16) -> UpdateFeaturesRequest {
    let update = FeatureUpdateKey::default()
        .with_feature(text(feature))
        .with_max_version_level(level);
    UpdateFeaturesRequest::default().with_feature_updates(vec![update])
}

fn downgrade(feature: &str, level: i16) -> UpdateFeaturesRequest {
    let mut request = update(feature, level);
    request.feature_updates[0].upgrade_type = 2;
    request
}

/// Returns the supported features with their last levels, the finalized ones, and their epoch.
async fn features(cluster: &Arc<Cluster>, version: i16) -> (Vec<(String, i16)>, Vec<(String, i16)>, i64) {
    let request = ApiVersionsRequest::default()
        .with_client_software_name(text("a"))
        .with_client_software_version(text("1"));
    let response = call(cluster, version, request).await;
    let supported = response.supported_features.into_iter();
    let finalized = response.finalized_features.into_iter();
    (
        supported
            .map(|feature| (feature.name.to_string(), feature.max_version))
            .collect(),
        finalized
            .map(|feature| (feature.name.to_string(), feature.max_version_level))
            .collect(),
        response.finalized_features_epoch,
    )
}

fn named(levels: &[(&str, i16)]) -> Vec<(String, i16)> {
    levels
        .iter()
        .map(|(name, level)| ((*name).to_owned(), *level))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn api_versions_shows_the_features_of_kafka_4_4() {
    let cluster = cluster().await;
    let finalized = named(&[
        ("group.version", 1),
        ("transaction.version", 2),
        ("eligible.leader.replicas.version", 1),
        ("metadata.version", 33),
    ]);
    let all = named(&[
        ("group.version", 1),
        ("kraft.version", 1),
        ("metadata.version", 33),
        ("transaction.version", 2),
        ("eligible.leader.replicas.version", 1),
    ]);
    // Clients of version 3 refuse a range that begins at level 0.
    for (version, supported) in [
        (3, named(&[("metadata.version", 33)])),
        (4, all.clone()),
        (5, all),
    ] {
        assert_eq!(
            features(&cluster, version).await,
            (supported, finalized.clone(), 25),
            "v{version}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn update_features_of_every_version() {
    for version in update_features::UpdateFeatures::VERSIONS {
        let cluster = cluster().await;
        let response = call(&cluster, version, update("transaction.version", 2)).await;
        assert_eq!((response.error_code, response.error_message), (0, None));
        let results = response
            .results
            .iter()
            .map(|result| (result.feature.as_str(), result.error_message.as_deref()));
        let expected: &[_] = if version <= 1 {
            &[("transaction.version", Some("NONE"))]
        } else {
            &[]
        };
        assert_eq!(results.collect::<Vec<_>>(), expected);
        let response = call(&cluster, version, update("transaction.version", 7)).await;
        let expected = "The update failed for all features since the following feature had an error: Invalid update version 7 for feature transaction.version. Local controller 1 only supports versions 0-2";
        assert_eq!(response.error_code, E::InvalidUpdateVersion.code());
        assert_eq!(
            (response.error_message.as_deref(), response.results),
            (Some(expected), vec![])
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_finalized_level_is_shown_to_the_next_request_unless_it_was_only_validated() {
    let cluster = cluster().await;
    let request = downgrade("transaction.version", 0);
    assert_eq!(
        call(&cluster, 2, request.clone().with_validate_only(true))
            .await
            .error_code,
        0
    );
    assert_eq!(features(&cluster, 5).await.2, 25);
    assert_eq!(call(&cluster, 2, request).await.error_code, 0);
    let (_, finalized, epoch) = features(&cluster, 5).await;
    assert!(
        finalized.iter().all(|(name, _)| name != "transaction.version"),
        "{finalized:?}"
    );
    assert_eq!(epoch, 26);
    let lowered_without_saying_so = update("group.version", 0);
    let response = call(&cluster, 0, lowered_without_saying_so).await;
    assert_eq!(response.error_code, E::InvalidUpdateVersion.code());
}
