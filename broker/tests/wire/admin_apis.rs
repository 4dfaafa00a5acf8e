//! The APIs that administer the cluster: features, the quorum, registrations; and those of security, which are refused.

use esmeralda_broker::messages::{AddRaftVoterRequest, ApiVersionsRequest, UnregisterControllerRequest};
use kafka_protocol::messages::alter_partition_reassignments_request::{
    ReassignablePartition, ReassignableTopic,
};
use kafka_protocol::messages::alter_replica_log_dirs_request::{AlterReplicaLogDir, AlterReplicaLogDirTopic};
use kafka_protocol::messages::create_acls_request::AclCreation;
use kafka_protocol::messages::delete_acls_request::DeleteAclsFilter;
use kafka_protocol::messages::describe_quorum_request::{PartitionData, TopicData};
use kafka_protocol::messages::elect_leaders_request::TopicPartitions;
use kafka_protocol::messages::update_features_request::FeatureUpdateKey;
use kafka_protocol::messages::{
    AlterPartitionReassignmentsRequest, AlterReplicaLogDirsRequest, BrokerId, CreateAclsRequest,
    CreateDelegationTokenRequest, DeleteAclsRequest, DescribeAclsRequest, DescribeDelegationTokenRequest,
    DescribeQuorumRequest, ElectLeadersRequest, ExpireDelegationTokenRequest,
    ListPartitionReassignmentsRequest, RemoveRaftVoterRequest, RenewDelegationTokenRequest,
    SaslAuthenticateRequest, SaslHandshakeRequest, UnregisterBrokerRequest, UpdateFeaturesRequest,
};
use kafka_protocol::protocol::Request;
use uuid::Uuid;

use crate::world::{NONE, TOPIC, World, text, topic_name};

const ILLEGAL_SASL_STATE: i16 = 34;
const UNSUPPORTED_VERSION: i16 = 35;
const INVALID_REQUEST: i16 = 42;
const SECURITY_DISABLED: i16 = 54;
const DELEGATION_TOKEN_REQUEST_NOT_ALLOWED: i16 = 64;
const INVALID_UPDATE_VERSION: i16 = 95;
const ELECTION_NOT_NEEDED: i16 = 84;
const NO_REASSIGNMENT_IN_PROGRESS: i16 = 85;
const LOG_DIR_NOT_FOUND: i16 = 57;
const BROKER_ID_NOT_REGISTERED: i16 = 102;

/// Asks a new cluster one request.
async fn ask<R: Request>(version: i16, request: &R) -> R::Response {
    let world = World::start().await;
    let answer = world.connect().await.ask(version, request).await;
    world.stop().await;
    answer
}

pub(crate) async fn update_features(version: i16) {
    let world = World::start().await;
    let mut client = world.connect().await;
    let mut update = FeatureUpdateKey::default()
        .with_feature(text("transaction.version"))
        .with_max_version_level(1);
    if version >= 1 {
        update.upgrade_type = 2;
    }
    let request = UpdateFeaturesRequest::default().with_feature_updates(vec![update]);
    let answer = client.ask(version, &request).await;
    // Version 0 has no way to lower a level.
    let (error_code, level) = if version == 0 {
        (INVALID_UPDATE_VERSION, 2)
    } else {
        (NONE, 1)
    };
    assert_eq!(answer.error_code, error_code, "{answer:?}");
    assert_eq!(answer.results.len(), usize::from(version == 1));
    let request = ApiVersionsRequest::default()
        .with_client_software_name(text("wire-test"))
        .with_client_software_version(text("1"));
    let features = client.ask(3, &request).await.finalized_features;
    let transactions = features
        .iter()
        .find(|feature| feature.name.as_str() == "transaction.version");
    assert_eq!(transactions.map(|feature| feature.max_version_level), Some(level));
    world.stop().await;
}

/// Asks a new cluster with [`TOPIC`] one request.
async fn ask_with_topic<R: Request>(version: i16, request: &R) -> R::Response {
    let world = World::with_topic().await;
    let answer = world.connect().await.ask(version, request).await;
    world.stop().await;
    answer
}

pub(crate) async fn elect_leaders(version: i16) {
    let topic = TopicPartitions::default()
        .with_topic(topic_name(TOPIC))
        .with_partitions(vec![0]);
    let request = ElectLeadersRequest::default()
        .with_topic_partitions(Some(vec![topic]))
        .with_timeout_ms(1_000);
    let answer = ask_with_topic(version, &request).await;
    let result = &answer.replica_election_results[0].partition_result[0];
    assert_eq!((result.partition_id, result.error_code), (0, ELECTION_NOT_NEEDED));
}

pub(crate) async fn alter_partition_reassignments(version: i16) {
    let partition = |index, replicas| {
        ReassignablePartition::default()
            .with_partition_index(index)
            .with_replicas(replicas)
    };
    let topic = ReassignableTopic::default()
        .with_name(topic_name(TOPIC))
        .with_partitions(vec![partition(0, Some(vec![BrokerId(1)])), partition(1, None)]);
    let request = AlterPartitionReassignmentsRequest::default()
        .with_topics(vec![topic])
        .with_timeout_ms(1_000);
    let answer = ask_with_topic(version, &request).await;
    let codes: Vec<_> = answer.responses[0]
        .partitions
        .iter()
        .map(|partition| partition.error_code)
        .collect();
    assert_eq!(codes, [NONE, NO_REASSIGNMENT_IN_PROGRESS]);
}

pub(crate) async fn list_partition_reassignments(version: i16) {
    let answer = ask_with_topic(
        version,
        &ListPartitionReassignmentsRequest::default().with_topics(None),
    )
    .await;
    assert_eq!((answer.error_code, answer.topics.len()), (NONE, 0));
}

pub(crate) async fn alter_replica_log_dirs(version: i16) {
    let dir = |path| {
        let topic = AlterReplicaLogDirTopic::default()
            .with_name(topic_name(TOPIC))
            .with_partitions(vec![0]);
        AlterReplicaLogDir::default()
            .with_path(text(path))
            .with_topics(vec![topic])
    };
    for (path, error_code) in [("/tmp/kafka-logs", NONE), ("/elsewhere", LOG_DIR_NOT_FOUND)] {
        let request = AlterReplicaLogDirsRequest::default().with_dirs(vec![dir(path)]);
        let answer = ask_with_topic(version, &request).await;
        assert_eq!(answer.results[0].partitions[0].error_code, error_code);
    }
}

pub(crate) async fn describe_quorum(version: i16) {
    let topic = TopicData::default()
        .with_topic_name(topic_name("__cluster_metadata"))
        .with_partitions(vec![PartitionData::default()]);
    let request = DescribeQuorumRequest::default().with_topics(vec![topic]);
    let answer = ask(version, &request).await;
    let partition = &answer.topics[0].partitions[0];
    assert_eq!(
        (answer.error_code, partition.error_code, partition.leader_id.0),
        (NONE, NONE, 1)
    );
    assert_eq!(
        partition.current_voters[0].log_end_offset,
        partition.high_watermark
    );
    assert_eq!(answer.nodes.len(), usize::from(version >= 2));
}

pub(crate) async fn unregister_broker(version: i16) {
    let request = UnregisterBrokerRequest::default().with_broker_id(BrokerId(7));
    let answer = ask(version, &request).await;
    assert_eq!(answer.error_code, BROKER_ID_NOT_REGISTERED);
}

/// The key of UnregisterController is newer than the keys of kafka-protocol.
#[tokio::test]
async fn unregister_controller_keeps_the_active_one() {
    let answer = ask(0, &UnregisterControllerRequest::default().with_controller_id(1)).await;
    assert_eq!(answer.error_code, INVALID_REQUEST);
}

pub(crate) async fn add_raft_voter(version: i16) {
    let request = AddRaftVoterRequest::default()
        .with_cluster_id(None)
        .with_voter_id(-1);
    assert_eq!(ask(version, &request).await.error_code, INVALID_REQUEST);
}

pub(crate) async fn remove_raft_voter(version: i16) {
    let request = RemoveRaftVoterRequest::default()
        .with_cluster_id(None)
        .with_voter_id(1)
        .with_voter_directory_id(Uuid::from_u128(1));
    assert_eq!(ask(version, &request).await.error_code, UNSUPPORTED_VERSION);
}

pub(crate) async fn describe_acls(version: i16) {
    let request = DescribeAclsRequest::default()
        .with_resource_type_filter(1)
        .with_pattern_type_filter(1)
        .with_operation(1)
        .with_permission_type(1);
    assert_eq!(ask(version, &request).await.error_code, SECURITY_DISABLED);
}

pub(crate) async fn create_acls(version: i16) {
    let acl = AclCreation::default()
        .with_resource_type(2)
        .with_operation(3)
        .with_permission_type(3);
    let request = CreateAclsRequest::default().with_creations(vec![acl]);
    assert_eq!(
        ask(version, &request).await.results[0].error_code,
        SECURITY_DISABLED
    );
}

pub(crate) async fn delete_acls(version: i16) {
    let filter = DeleteAclsFilter::default()
        .with_resource_type_filter(2)
        .with_operation(3)
        .with_permission_type(3);
    let request = DeleteAclsRequest::default().with_filters(vec![filter]);
    assert_eq!(
        ask(version, &request).await.filter_results[0].error_code,
        SECURITY_DISABLED
    );
}

pub(crate) async fn create_delegation_token(version: i16) {
    let answer = ask(version, &CreateDelegationTokenRequest::default()).await;
    assert_eq!(answer.error_code, DELEGATION_TOKEN_REQUEST_NOT_ALLOWED);
    assert_eq!(answer.principal_name.as_str(), "ANONYMOUS");
}

pub(crate) async fn renew_delegation_token(version: i16) {
    let answer = ask(version, &RenewDelegationTokenRequest::default()).await;
    assert_eq!(answer.error_code, DELEGATION_TOKEN_REQUEST_NOT_ALLOWED);
}

pub(crate) async fn expire_delegation_token(version: i16) {
    let answer = ask(version, &ExpireDelegationTokenRequest::default()).await;
    assert_eq!(answer.error_code, DELEGATION_TOKEN_REQUEST_NOT_ALLOWED);
}

pub(crate) async fn describe_delegation_token(version: i16) {
    let answer = ask(version, &DescribeDelegationTokenRequest::default()).await;
    assert_eq!(answer.error_code, DELEGATION_TOKEN_REQUEST_NOT_ALLOWED);
}

pub(crate) async fn sasl_handshake(version: i16) {
    let request = SaslHandshakeRequest::default().with_mechanism(text("PLAIN"));
    assert_eq!(ask(version, &request).await.error_code, ILLEGAL_SASL_STATE);
}

pub(crate) async fn sasl_authenticate(version: i16) {
    let answer = ask(version, &SaslAuthenticateRequest::default()).await;
    assert_eq!(answer.error_code, ILLEGAL_SASL_STATE);
}
