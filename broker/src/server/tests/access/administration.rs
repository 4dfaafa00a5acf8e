//! The APIs that administer the cluster.

use super::{Alter, OnCluster, Question, Stranger, text};
use kafka_protocol::ResponseError;
use kafka_protocol::messages::UpdateFeaturesRequest;
use kafka_protocol::messages::update_features_request::FeatureUpdateKey;

const ALTER: [Question; 1] = [(Alter, OnCluster, "kafka-cluster")];

impl Stranger {
    pub(super) async fn administration(&mut self) {
        let denied = ResponseError::ClusterAuthorizationFailed.code();
        let update = FeatureUpdateKey::default().with_feature(text("transaction.version"));
        let request = UpdateFeaturesRequest::default().with_feature_updates(vec![update]);
        assert_eq!(self.ask(2, request, &ALTER).await.error_code, denied);
    }
}
