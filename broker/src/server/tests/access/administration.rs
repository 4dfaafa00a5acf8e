//! The APIs that administer the cluster.

use super::{Alter, Describe, OnCluster, Question, Stranger, text};
use crate::messages::{AddRaftVoterRequest, UnregisterControllerRequest};
use kafka_protocol::ResponseError;
use kafka_protocol::messages::create_acls_request::AclCreation;
use kafka_protocol::messages::delete_acls_request::DeleteAclsFilter;
use kafka_protocol::messages::update_features_request::FeatureUpdateKey;
use kafka_protocol::messages::{
    CreateAclsRequest, DeleteAclsRequest, DescribeAclsRequest, DescribeQuorumRequest, RemoveRaftVoterRequest,
    UnregisterBrokerRequest, UpdateFeaturesRequest,
};

const ALTER: [Question; 1] = [(Alter, OnCluster, "kafka-cluster")];
const DESCRIBE: [Question; 1] = [(Describe, OnCluster, "kafka-cluster")];

impl Stranger {
    pub(super) async fn administration(&mut self) {
        let denied = ResponseError::ClusterAuthorizationFailed.code();
        let update = FeatureUpdateKey::default().with_feature(text("transaction.version"));
        let request = UpdateFeaturesRequest::default().with_feature_updates(vec![update]);
        assert_eq!(self.ask(2, request, &ALTER).await.error_code, denied);
        let answer = self.ask(0, UnregisterBrokerRequest::default(), &ALTER).await;
        assert_eq!(answer.error_code, denied);
        let answer = self.ask(0, UnregisterControllerRequest::default(), &ALTER).await;
        assert_eq!(answer.error_code, denied);
        let answer = self.ask(1, AddRaftVoterRequest::default(), &ALTER).await;
        assert_eq!(answer.error_code, denied);
        let answer = self.ask(0, RemoveRaftVoterRequest::default(), &ALTER).await;
        assert_eq!(answer.error_code, denied);
        let answer = self.ask(2, DescribeQuorumRequest::default(), &DESCRIBE).await;
        assert_eq!(answer.error_code, denied);
    }

    pub(super) async fn acls(&mut self) {
        let denied = ResponseError::ClusterAuthorizationFailed.code();
        let request = DescribeAclsRequest::default()
            .with_resource_type_filter(1)
            .with_pattern_type_filter(1)
            .with_operation(1)
            .with_permission_type(1);
        assert_eq!(self.ask(3, request, &DESCRIBE).await.error_code, denied);
        let acl = AclCreation::default()
            .with_resource_type(2)
            .with_operation(2)
            .with_permission_type(3);
        let request = CreateAclsRequest::default().with_creations(vec![acl]);
        assert_eq!(self.ask(3, request, &ALTER).await.results[0].error_code, denied);
        let filter = DeleteAclsFilter::default()
            .with_resource_type_filter(2)
            .with_operation(2)
            .with_permission_type(3);
        let request = DeleteAclsRequest::default().with_filters(vec![filter]);
        assert_eq!(
            self.ask(3, request, &ALTER).await.filter_results[0].error_code,
            denied
        );
    }
}
