//! Every API asks the authoriser for the operations that Kafka asks for, and answers with Kafka's error when they are denied.

mod administration;
mod consumer_groups;
mod transactions;

use super::Client;
use crate::api::APIS;
use crate::cluster::Cluster;
use crate::security::AclOperation::{
    Alter, AlterConfigs, ClusterAction, Create, Delete, Describe, DescribeConfigs, IdempotentWrite, Read,
    Write,
};
use crate::security::AclResourceType::{Cluster as OnCluster, Group, Topic, TransactionalId};
use crate::security::{AclOperation, AclResourceType, Authorizer};
use kafka_protocol::ResponseError;
use kafka_protocol::messages::alter_configs_request::AlterConfigsResource;
use kafka_protocol::messages::create_partitions_request::CreatePartitionsTopic;
use kafka_protocol::messages::create_topics_request::CreatableTopic;
use kafka_protocol::messages::delete_records_request::{DeleteRecordsPartition, DeleteRecordsTopic};
use kafka_protocol::messages::delete_topics_request::DeleteTopicState;
use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::describe_producers_request::TopicRequest as ProducersOfTopic;
use kafka_protocol::messages::describe_topic_partitions_request::TopicRequest;
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::incremental_alter_configs_request::AlterConfigsResource as IncrementalResource;
use kafka_protocol::messages::leave_group_request::MemberIdentity;
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::offset_commit_request::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use kafka_protocol::messages::offset_delete_request::{
    OffsetDeleteRequestPartition, OffsetDeleteRequestTopic,
};
use kafka_protocol::messages::offset_fetch_request::{OffsetFetchRequestGroup, OffsetFetchRequestTopics};
use kafka_protocol::messages::offset_for_leader_epoch_request::{
    OffsetForLeaderPartition, OffsetForLeaderTopic,
};
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::{
    AlterConfigsRequest, ApiKey, CreatePartitionsRequest, CreateTopicsRequest, DeleteGroupsRequest,
    DeleteRecordsRequest, DeleteTopicsRequest, DescribeClusterRequest, DescribeConfigsRequest,
    DescribeGroupsRequest, DescribeLogDirsRequest, DescribeProducersRequest, DescribeTopicPartitionsRequest,
    FetchRequest, FindCoordinatorRequest, GroupId, HeartbeatRequest, IncrementalAlterConfigsRequest,
    InitProducerIdRequest, JoinGroupRequest, LeaveGroupRequest, ListConfigResourcesRequest,
    ListGroupsRequest, ListOffsetsRequest, MetadataRequest, OffsetCommitRequest, OffsetDeleteRequest,
    OffsetFetchRequest, OffsetForLeaderEpochRequest, ProduceRequest, SyncGroupRequest, TopicName,
    TransactionalId as TransactionalIdText,
};
use kafka_protocol::protocol::{Request, StrBytes};
use std::sync::Arc;

/// `ConfigResource.Type`.
const TOPIC_CONFIGS: i8 = 2;
const BROKER_CONFIGS: i8 = 4;
const GROUP_CONFIGS: i8 = 32;

/// The APIs that ask for nothing.
const FREE: [i16; 9] = [
    ApiKey::ApiVersions as i16,
    ApiKey::GetTelemetrySubscriptions as i16,
    ApiKey::PushTelemetry as i16,
    ApiKey::SaslHandshake as i16,
    ApiKey::SaslAuthenticate as i16,
    ApiKey::CreateDelegationToken as i16,
    ApiKey::RenewDelegationToken as i16,
    ApiKey::ExpireDelegationToken as i16,
    ApiKey::DescribeDelegationToken as i16,
];

type Question = (AclOperation, AclResourceType, &'static str);

/// A client of a cluster that denies everything.
struct Stranger {
    cluster: Arc<Cluster>,
    client: Client,
    asked_by: Vec<i16>,
}

fn text(text: &'static str) -> StrBytes {
    StrBytes::from_static_str(text)
}

fn topic(name: &'static str) -> TopicName {
    TopicName(text(name))
}

fn group() -> GroupId {
    GroupId(text("g"))
}

impl Stranger {
    fn connect() -> Self {
        let cluster = Arc::new(Cluster::that_denies_all());
        Self {
            client: Client::connect(&cluster),
            cluster,
            asked_by: Vec::new(),
        }
    }

    /// Sends a request and checks that the authoriser was asked exactly the `expected` questions.
    async fn ask<R: Request>(&mut self, version: i16, request: R, expected: &[Question]) -> R::Response {
        let response = self.client.ask(version, &request).await;
        let Authorizer::DenyAll(asked) = &self.cluster.authorizer else {
            panic!("the cluster denies everything");
        };
        let asked = std::mem::take(&mut *asked.lock().expect("no test panicked"));
        let expected: Vec<_> = expected
            .iter()
            .map(|(operation, resource_type, name)| (*operation, *resource_type, (*name).to_owned()))
            .collect();
        assert_eq!(asked, expected, "{:?} v{version}", ApiKey::try_from(R::KEY));
        self.asked_by.push(R::KEY);
        response
    }

    async fn records(&mut self) {
        let denied = ResponseError::TopicAuthorizationFailed.code();
        let data = TopicProduceData::default()
            .with_name(topic("t"))
            .with_partition_data(vec![PartitionProduceData::default()]);
        let request = ProduceRequest::default().with_acks(1).with_topic_data(vec![data]);
        let answer = self.ask(9, request, &[(Write, Topic, "t")]).await;
        assert_eq!(answer.responses[0].partition_responses[0].error_code, denied);

        let wanted = FetchTopic::default()
            .with_topic(topic("t"))
            .with_partitions(vec![FetchPartition::default()]);
        let request = FetchRequest::default().with_topics(vec![wanted]);
        let answer = self.ask(12, request, &[(Read, Topic, "t")]).await;
        assert_eq!(answer.responses[0].partitions[0].error_code, denied);

        let wanted = ListOffsetsTopic::default()
            .with_name(topic("t"))
            .with_partitions(vec![ListOffsetsPartition::default().with_timestamp(-1)]);
        let request = ListOffsetsRequest::default().with_topics(vec![wanted]);
        let answer = self.ask(7, request, &[(Describe, Topic, "t")]).await;
        assert_eq!(answer.topics[0].partitions[0].error_code, denied);

        let wanted = OffsetForLeaderTopic::default()
            .with_topic(topic("t"))
            .with_partitions(vec![OffsetForLeaderPartition::default()]);
        let request = OffsetForLeaderEpochRequest::default().with_topics(vec![wanted]);
        let answer = self.ask(4, request, &[(Describe, Topic, "t")]).await;
        assert_eq!(answer.topics[0].partitions[0].error_code, denied);

        let wanted = DeleteRecordsTopic::default()
            .with_name(topic("t"))
            .with_partitions(vec![DeleteRecordsPartition::default()]);
        let request = DeleteRecordsRequest::default().with_topics(vec![wanted]);
        let answer = self.ask(2, request, &[(Delete, Topic, "t")]).await;
        assert_eq!(answer.topics[0].partitions[0].error_code, denied);

        let wanted = ProducersOfTopic::default()
            .with_name(topic("t"))
            .with_partition_indexes(vec![0]);
        let request = DescribeProducersRequest::default().with_topics(vec![wanted]);
        let answer = self.ask(0, request, &[(Read, Topic, "t")]).await;
        assert_eq!(answer.topics[0].partitions[0].error_code, denied);
    }

    async fn producers(&mut self) {
        let request = InitProducerIdRequest::default().with_transactional_id(None);
        let expected = [(IdempotentWrite, OnCluster, "kafka-cluster"), (Write, Topic, "*")];
        let answer = self.ask(4, request, &expected).await;
        assert_eq!(
            answer.error_code,
            ResponseError::ClusterAuthorizationFailed.code()
        );
        let request =
            InitProducerIdRequest::default().with_transactional_id(Some(TransactionalIdText(text("x"))));
        let answer = self.ask(4, request, &[(Write, TransactionalId, "x")]).await;
        assert_eq!(
            answer.error_code,
            ResponseError::TransactionalIdAuthorizationFailed.code()
        );
    }

    async fn topics(&mut self) {
        let denied = ResponseError::TopicAuthorizationFailed.code();
        let wanted = MetadataRequestTopic::default().with_name(Some(topic("t")));
        let request = MetadataRequest::default()
            .with_topics(Some(vec![wanted]))
            .with_allow_auto_topic_creation(true);
        // Asked once before creating the topic, and once before showing it.
        let answer = self
            .ask(9, request, &[(Describe, Topic, "t"), (Describe, Topic, "t")])
            .await;
        assert_eq!(answer.topics[0].error_code, denied);
        let request = MetadataRequest::default()
            .with_topics(Some(Vec::new()))
            .with_include_cluster_authorized_operations(true);
        let answer = self
            .ask(9, request, &[(Describe, OnCluster, "kafka-cluster")])
            .await;
        assert_eq!(answer.cluster_authorized_operations, 0);

        let wanted = TopicRequest::default().with_name(topic("t"));
        let request = DescribeTopicPartitionsRequest::default().with_topics(vec![wanted]);
        let answer = self.ask(0, request, &[(Describe, Topic, "t")]).await;
        assert_eq!(answer.topics[0].error_code, denied);

        let wanted = CreatableTopic::default()
            .with_name(topic("t"))
            .with_num_partitions(1)
            .with_replication_factor(1);
        let request = CreateTopicsRequest::default().with_topics(vec![wanted]);
        let expected = [(Create, OnCluster, "kafka-cluster"), (Create, Topic, "t")];
        let answer = self.ask(7, request, &expected).await;
        assert_eq!(answer.topics[0].error_code, denied);

        let wanted = CreatePartitionsTopic::default()
            .with_name(topic("t"))
            .with_count(2);
        let request = CreatePartitionsRequest::default().with_topics(vec![wanted]);
        let answer = self.ask(3, request, &[(Alter, Topic, "t")]).await;
        assert_eq!(answer.results[0].error_code, denied);

        let wanted = DeleteTopicState::default().with_name(Some(topic("t")));
        let request = DeleteTopicsRequest::default().with_topics(vec![wanted]);
        let expected = [(Delete, OnCluster, "kafka-cluster"), (Describe, Topic, "t")];
        let answer = self.ask(6, request, &expected).await;
        assert_eq!(answer.responses[0].error_code, denied);
    }

    async fn configs(&mut self) {
        let request = ListConfigResourcesRequest::default();
        let answer = self
            .ask(1, request, &[(DescribeConfigs, OnCluster, "kafka-cluster")])
            .await;
        assert_eq!(
            answer.error_code,
            ResponseError::ClusterAuthorizationFailed.code()
        );
        for (resource_type, name, on, error) in [
            (
                TOPIC_CONFIGS,
                "t",
                (Topic, "t"),
                ResponseError::TopicAuthorizationFailed,
            ),
            (
                BROKER_CONFIGS,
                "1",
                (OnCluster, "kafka-cluster"),
                ResponseError::ClusterAuthorizationFailed,
            ),
            (
                GROUP_CONFIGS,
                "g",
                (Group, "g"),
                ResponseError::GroupAuthorizationFailed,
            ),
        ] {
            let resource = DescribeConfigsResource::default()
                .with_resource_type(resource_type)
                .with_resource_name(text(name));
            let request = DescribeConfigsRequest::default().with_resources(vec![resource]);
            let answer = self.ask(4, request, &[(DescribeConfigs, on.0, on.1)]).await;
            assert_eq!(answer.results[0].error_code, error.code(), "{name}");

            let resource = AlterConfigsResource::default()
                .with_resource_type(resource_type)
                .with_resource_name(text(name));
            let request = AlterConfigsRequest::default().with_resources(vec![resource]);
            let answer = self.ask(2, request, &[(AlterConfigs, on.0, on.1)]).await;
            assert_eq!(answer.responses[0].error_code, error.code(), "{name}");

            let resource = IncrementalResource::default()
                .with_resource_type(resource_type)
                .with_resource_name(text(name));
            let request = IncrementalAlterConfigsRequest::default().with_resources(vec![resource]);
            let answer = self.ask(1, request, &[(AlterConfigs, on.0, on.1)]).await;
            assert_eq!(answer.responses[0].error_code, error.code(), "{name}");
        }
    }

    async fn the_cluster(&mut self) {
        let on_cluster = [(Describe, OnCluster, "kafka-cluster")];
        let denied = ResponseError::ClusterAuthorizationFailed.code();
        let answer = self.ask(4, DescribeLogDirsRequest::default(), &on_cluster).await;
        assert_eq!((answer.error_code, answer.results.len()), (denied, 0));
        let request = DescribeClusterRequest::default().with_include_cluster_authorized_operations(true);
        let answer = self.ask(1, request, &on_cluster).await;
        assert_eq!((answer.error_code, answer.cluster_authorized_operations), (0, 0));
        let answer = self.ask(5, ListGroupsRequest::default(), &on_cluster).await;
        assert_eq!(answer.groups, []);
        for (key_type, question, error) in [
            (0, (Describe, Group, "k"), ResponseError::GroupAuthorizationFailed),
            (
                1,
                (Describe, TransactionalId, "k"),
                ResponseError::TransactionalIdAuthorizationFailed,
            ),
            (
                2,
                (ClusterAction, OnCluster, "kafka-cluster"),
                ResponseError::ClusterAuthorizationFailed,
            ),
        ] {
            let request = FindCoordinatorRequest::default()
                .with_key_type(key_type)
                .with_coordinator_keys(vec![text("k")]);
            let answer = self.ask(6, request, &[question]).await;
            assert_eq!(answer.coordinators[0].error_code, error.code());
        }
    }

    async fn members(&mut self) {
        let denied = ResponseError::GroupAuthorizationFailed.code();
        let question = [(Read, Group, "g")];
        let request = JoinGroupRequest::default().with_group_id(group());
        assert_eq!(self.ask(9, request, &question).await.error_code, denied);
        let request = SyncGroupRequest::default()
            .with_group_id(group())
            .with_protocol_type(Some(text("consumer")))
            .with_protocol_name(Some(text("range")));
        assert_eq!(self.ask(5, request, &question).await.error_code, denied);
        let request = HeartbeatRequest::default().with_group_id(group());
        assert_eq!(self.ask(4, request, &question).await.error_code, denied);
        let request = LeaveGroupRequest::default()
            .with_group_id(group())
            .with_members(vec![MemberIdentity::default()]);
        assert_eq!(self.ask(5, request, &question).await.error_code, denied);
    }

    async fn groups(&mut self) {
        let denied = ResponseError::GroupAuthorizationFailed.code();
        let request = DescribeGroupsRequest::default().with_groups(vec![group()]);
        let answer = self.ask(5, request, &[(Describe, Group, "g")]).await;
        assert_eq!(answer.groups[0].error_code, denied);
        let request = DeleteGroupsRequest::default().with_groups_names(vec![group()]);
        let answer = self.ask(2, request, &[(Delete, Group, "g")]).await;
        assert_eq!(answer.results[0].error_code, denied);
        let commit = OffsetCommitRequestTopic::default()
            .with_name(topic("t"))
            .with_partitions(vec![OffsetCommitRequestPartition::default()]);
        let request = OffsetCommitRequest::default()
            .with_group_id(group())
            .with_topics(vec![commit]);
        let answer = self.ask(8, request, &[(Read, Group, "g")]).await;
        assert_eq!(answer.topics[0].partitions[0].error_code, denied);
        let wanted = OffsetFetchRequestTopics::default()
            .with_name(topic("t"))
            .with_partition_indexes(vec![0]);
        let wanted = OffsetFetchRequestGroup::default()
            .with_group_id(group())
            .with_topics(Some(vec![wanted]));
        let request = OffsetFetchRequest::default().with_groups(vec![wanted]);
        let answer = self.ask(8, request, &[(Describe, Group, "g")]).await;
        assert_eq!(answer.groups[0].error_code, denied);
        let wanted = OffsetDeleteRequestTopic::default()
            .with_name(topic("t"))
            .with_partitions(vec![OffsetDeleteRequestPartition::default()]);
        let request = OffsetDeleteRequest::default()
            .with_group_id(group())
            .with_topics(vec![wanted]);
        let answer = self.ask(0, request, &[(Delete, Group, "g")]).await;
        assert_eq!(answer.error_code, denied);
    }
}

#[tokio::test(start_paused = true)]
async fn every_api_asks_for_kafkas_rights_and_refuses_with_kafkas_error() {
    let mut stranger = Stranger::connect();
    stranger.records().await;
    stranger.producers().await;
    stranger.transactions().await;
    stranger.topics().await;
    stranger.configs().await;
    stranger.the_cluster().await;
    stranger.members().await;
    stranger.groups().await;
    stranger.consumer_groups().await;
    stranger.administration().await;
    stranger.acls().await;
    stranger.leaders().await;
    for api in APIS {
        assert!(
            FREE.contains(&api.key) || stranger.asked_by.contains(&api.key),
            "{} has no case here",
            api.name()
        );
    }
}
