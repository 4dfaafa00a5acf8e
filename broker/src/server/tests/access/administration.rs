//! The APIs that administer the cluster.

use super::{Alter, Describe, OnCluster, Question, Stranger, text};
use crate::messages::{AddRaftVoterRequest, UnregisterControllerRequest};
use kafka_protocol::ResponseError;
use kafka_protocol::messages::alter_partition_reassignments_request::ReassignableTopic;
use kafka_protocol::messages::alter_replica_log_dirs_request::{AlterReplicaLogDir, AlterReplicaLogDirTopic};
use kafka_protocol::messages::create_acls_request::AclCreation;
use kafka_protocol::messages::delete_acls_request::DeleteAclsFilter;
use kafka_protocol::messages::update_features_request::FeatureUpdateKey;
use kafka_protocol::messages::{
    AlterPartitionReassignmentsRequest, AlterReplicaLogDirsRequest, CreateAclsRequest, DeleteAclsRequest,
    DescribeAclsRequest, DescribeQuorumRequest, ElectLeadersRequest, ListPartitionReassignmentsRequest,
    RemoveRaftVoterRequest, TopicName, UnregisterBrokerRequest, UpdateFeaturesRequest,
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

    pub(super) async fn leaders(&mut self) {
        let denied = ResponseError::ClusterAuthorizationFailed.code();
        let request = ElectLeadersRequest::default();
        assert_eq!(self.ask(2, request, &ALTER).await.error_code, denied);
        let topic = ReassignableTopic::default().with_name(TopicName(text("t")));
        let request = AlterPartitionReassignmentsRequest::default().with_topics(vec![topic]);
        assert_eq!(self.ask(1, request, &ALTER).await.error_code, denied);
        let request = ListPartitionReassignmentsRequest::default();
        assert_eq!(self.ask(0, request, &DESCRIBE).await.error_code, denied);
        let topic = AlterReplicaLogDirTopic::default()
            .with_name(TopicName(text("t")))
            .with_partitions(vec![0]);
        let dir = AlterReplicaLogDir::default().with_topics(vec![topic]);
        let request = AlterReplicaLogDirsRequest::default().with_dirs(vec![dir]);
        let answer = self.ask(2, request, &ALTER).await;
        assert_eq!(answer.results[0].partitions[0].error_code, denied);
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
