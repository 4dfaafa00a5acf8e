//! The fields of the requests that samples are made of, with their versions.

// Written by broker/messages/generate.py from the message definitions of Apache Kafka 4.4.0. Do not edit.

use kafka_protocol::messages as crates;

use super::{Case, Sample, Source, decode, encode, list_cases, samples, tagging};
use crate::messages as ours;

samples! {
    tagged:
    crates::produce_request::PartitionProduceData { index 3, records 3 null 3 }
    crates::produce_request::TopicProduceData { name 3 to 12, topic_id 13, partition_data 3 }
    crates::ProduceRequest { transactional_id 3 null 3, acks 3, timeout_ms 3, topic_data 3 }
    crates::fetch_request::ReplicaState { replica_id 15, replica_epoch 15 }
    crates::fetch_request::FetchPartition {
        partition 4, current_leader_epoch 9, fetch_offset 4, last_fetched_epoch 12, log_start_offset 5,
        partition_max_bytes 4, replica_directory_id 17, high_watermark 18
    }
    crates::fetch_request::FetchTopic { topic 4 to 12, topic_id 13, partitions 4 }
    crates::fetch_request::ForgottenTopic { topic 7 to 12, topic_id 13, partitions 7 }
    crates::FetchRequest {
        cluster_id 12 null 12, replica_id 4 to 14, replica_state 15, max_wait_ms 4, min_bytes 4,
        max_bytes 4, isolation_level 4, session_id 7, session_epoch 7, topics 4, forgotten_topics_data 7,
        rack_id 11
    }
    ours::list_offsets_request::ListOffsetsPartition {
        partition_index 1, current_leader_epoch 4, timestamp 1
    }
    ours::list_offsets_request::ListOffsetsTopic { name 1, partitions 1 }
    ours::ListOffsetsRequest { replica_id 1, isolation_level 2, topics 1, timeout_ms 10 }
    crates::metadata_request::MetadataRequestTopic { topic_id 10, name 0 null 10 }
    crates::MetadataRequest {
        topics 0 null 1, allow_auto_topic_creation 4, include_cluster_authorized_operations 8 to 10,
        include_topic_authorized_operations 8
    }
    ours::offset_commit_request::OffsetCommitRequestPartition {
        partition_index 2, committed_offset 2, committed_leader_epoch 6, committed_metadata 2 null 2
    }
    ours::offset_commit_request::OffsetCommitRequestTopic { name 2 to 9, topic_id 10, partitions 2 }
    ours::OffsetCommitRequest {
        group_id 2, generation_id_or_member_epoch 2, member_id 2, group_instance_id 7 null 7,
        retention_time_ms 2 to 4, topics 2
    }
    ours::offset_fetch_request::OffsetFetchRequestTopic { name 1 to 7, partition_indexes 1 to 7 }
    ours::offset_fetch_request::OffsetFetchRequestTopics { name 8 to 9, topic_id 10, partition_indexes 8 }
    ours::offset_fetch_request::OffsetFetchRequestGroup {
        group_id 8, member_id 9 null 9, member_epoch 9, topics 8 null 8
    }
    ours::OffsetFetchRequest { group_id 1 to 7, topics 1 to 7 null 2, groups 8, require_stable 7 }
    crates::FindCoordinatorRequest { key 0 to 3, key_type 1, coordinator_keys 4 }
    crates::join_group_request::JoinGroupRequestProtocol { name 0, metadata 0 }
    crates::JoinGroupRequest {
        group_id 0, session_timeout_ms 0, rebalance_timeout_ms 1, member_id 0, group_instance_id 5 null 5,
        protocol_type 0, protocols 0, reason 8 null 8
    }
    crates::HeartbeatRequest { group_id 0, generation_id 0, member_id 0, group_instance_id 3 null 3 }
    crates::leave_group_request::MemberIdentity {
        member_id 3, group_instance_id 3 null 3, reason 5 null 5
    }
    crates::LeaveGroupRequest { group_id 0, member_id 0 to 2, members 3 }
    crates::sync_group_request::SyncGroupRequestAssignment { member_id 0, assignment 0 }
    crates::SyncGroupRequest {
        group_id 0, generation_id 0, member_id 0, group_instance_id 3 null 3, protocol_type 5 null 5,
        protocol_name 5 null 5, assignments 0
    }
    crates::DescribeGroupsRequest { groups 0, include_authorized_operations 3 }
    crates::ListGroupsRequest { states_filter 4, types_filter 5 }
    ours::ApiVersionsRequest {
        client_software_name 3, client_software_version 3, cluster_id 5 null 5, node_id 5
    }
    crates::create_topics_request::CreatableReplicaAssignment { partition_index 2, broker_ids 2 }
    crates::create_topics_request::CreatableTopicConfig { name 2, value 2 null 2 }
    crates::create_topics_request::CreatableTopic {
        name 2, num_partitions 2, replication_factor 2, assignments 2, configs 2
    }
    crates::CreateTopicsRequest { topics 2, timeout_ms 2, validate_only 2 }
    crates::delete_topics_request::DeleteTopicState { name 6 null 6, topic_id 6 }
    crates::DeleteTopicsRequest { topics 6, topic_names 1 to 5, timeout_ms 1 }
    crates::delete_records_request::DeleteRecordsPartition { partition_index 0, offset 0 }
    crates::delete_records_request::DeleteRecordsTopic { name 0, partitions 0 }
    crates::DeleteRecordsRequest { topics 0, timeout_ms 0 }
    crates::InitProducerIdRequest {
        transactional_id 0 null 0, transaction_timeout_ms 0, producer_id 3, producer_epoch 3
    }
    crates::offset_for_leader_epoch_request::OffsetForLeaderPartition {
        partition 2, current_leader_epoch 2, leader_epoch 2
    }
    crates::offset_for_leader_epoch_request::OffsetForLeaderTopic { topic 2, partitions 2 }
    crates::OffsetForLeaderEpochRequest { replica_id 3, topics 2 }
    crates::describe_configs_request::DescribeConfigsResource {
        resource_type 1, resource_name 1, configuration_keys 1 null 1
    }
    crates::DescribeConfigsRequest { resources 1, include_synonyms 1, include_documentation 3 }
    crates::alter_configs_request::AlterableConfig { name 0, value 0 null 0 }
    crates::alter_configs_request::AlterConfigsResource { resource_type 0, resource_name 0, configs 0 }
    crates::AlterConfigsRequest { resources 0, validate_only 0 }
    ours::describe_log_dirs_request::DescribableLogDirTopic { topic 1, partitions 1 }
    ours::DescribeLogDirsRequest { topics 1 null 1 }
    crates::create_partitions_request::CreatePartitionsAssignment { broker_ids 0 }
    crates::create_partitions_request::CreatePartitionsTopic { name 0, count 0, assignments 0 null 0 }
    crates::CreatePartitionsRequest { topics 0, timeout_ms 0, validate_only 0 }
    ours::DeleteGroupsRequest { groups_names 0 }
    crates::incremental_alter_configs_request::AlterableConfig {
        name 0, config_operation 0, value 0 null 0
    }
    crates::incremental_alter_configs_request::AlterConfigsResource {
        resource_type 0, resource_name 0, configs 0
    }
    crates::IncrementalAlterConfigsRequest { resources 0, validate_only 0 }
    crates::DescribeClusterRequest {
        include_cluster_authorized_operations 0, endpoint_type 1, include_fenced_brokers 2
    }
    crates::describe_producers_request::TopicRequest { name 0, partition_indexes 0 }
    crates::DescribeProducersRequest { topics 0 }
    crates::describe_topic_partitions_request::TopicRequest { name 0 }
    crates::describe_topic_partitions_request::Cursor { topic_name 0, partition_index 0 }
    crates::DescribeTopicPartitionsRequest { topics 0, response_partition_limit 0, cursor 0 null 0 }
    crates::update_features_request::FeatureUpdateKey {
        feature 0, max_version_level 0, allow_downgrade 0 to 0, upgrade_type 1
    }
    crates::UpdateFeaturesRequest { timeout_ms 0, feature_updates 0, validate_only 1 }
    crates::consumer_group_heartbeat_request::TopicPartitions { topic_id 0, partitions 0 }
    crates::ConsumerGroupHeartbeatRequest {
        group_id 0, member_id 0, member_epoch 0, instance_id 0 null 0, rack_id 0 null 0,
        rebalance_timeout_ms 0, subscribed_topic_names 0 null 0, subscribed_topic_regex 1 null 1,
        server_assignor 0 null 0, topic_partitions 0 null 0
    }
    crates::ConsumerGroupDescribeRequest { group_ids 0, include_authorized_operations 0 }
    crates::GetTelemetrySubscriptionsRequest { client_instance_id 0 }
    crates::PushTelemetryRequest {
        client_instance_id 0, subscription_id 0, terminating 0, compression_type 0, metrics 0
    }
    crates::ListConfigResourcesRequest { resource_types 1 }
    crates::describe_quorum_request::PartitionData { partition_index 0 }
    crates::describe_quorum_request::TopicData { topic_name 0, partitions 0 }
    crates::DescribeQuorumRequest { topics 0 }
    crates::UnregisterBrokerRequest { broker_id 0 }
    ours::UnregisterControllerRequest { controller_id 0 }
    ours::add_raft_voter_request::Listener { name 0, host 0, port 0 }
    ours::AddRaftVoterRequest {
        cluster_id 0 null 0, timeout_ms 0, voter_id 0, voter_directory_id 0, listeners 0,
        ack_when_committed 1
    }
    crates::RemoveRaftVoterRequest { cluster_id 0 null 0, voter_id 0, voter_directory_id 0 }
    crates::DescribeAclsRequest {
        resource_type_filter 1, resource_name_filter 1 null 1, pattern_type_filter 1,
        principal_filter 1 null 1, host_filter 1 null 1, operation 1, permission_type 1
    }
    crates::create_acls_request::AclCreation {
        resource_type 1, resource_name 1, resource_pattern_type 1, principal 1, host 1, operation 1,
        permission_type 1
    }
    crates::CreateAclsRequest { creations 1 }
    crates::delete_acls_request::DeleteAclsFilter {
        resource_type_filter 1, resource_name_filter 1 null 1, pattern_type_filter 1,
        principal_filter 1 null 1, host_filter 1 null 1, operation 1, permission_type 1
    }
    crates::DeleteAclsRequest { filters 1 }
    crates::create_delegation_token_request::CreatableRenewers { principal_type 1, principal_name 1 }
    crates::CreateDelegationTokenRequest {
        owner_principal_type 3 null 3, owner_principal_name 3 null 3, renewers 1, max_lifetime_ms 1
    }
    crates::RenewDelegationTokenRequest { hmac 1, renew_period_ms 1 }
    crates::ExpireDelegationTokenRequest { hmac 1, expiry_time_period_ms 1 }
    crates::describe_delegation_token_request::DescribeDelegationTokenOwner {
        principal_type 1, principal_name 1
    }
    crates::DescribeDelegationTokenRequest { owners 1 null 1 }
    crates::SaslAuthenticateRequest { auth_bytes 0 }
    crates::add_partitions_to_txn_request::AddPartitionsToTxnTopic { name 0, partitions 0 }
    crates::add_partitions_to_txn_request::AddPartitionsToTxnTransaction {
        transactional_id 4, producer_id 4, producer_epoch 4, verify_only 4, topics 4
    }
    crates::AddPartitionsToTxnRequest {
        transactions 4, v3_and_below_transactional_id 0 to 3, v3_and_below_producer_id 0 to 3,
        v3_and_below_producer_epoch 0 to 3, v3_and_below_topics 0 to 3
    }
    crates::AddOffsetsToTxnRequest { transactional_id 0, producer_id 0, producer_epoch 0, group_id 0 }
    crates::EndTxnRequest { transactional_id 0, producer_id 0, producer_epoch 0, committed 0 }
    ours::write_txn_markers_request::WritableTxnMarkerTopic { name 1, partition_indexes 1 }
    ours::write_txn_markers_request::WritableTxnMarker {
        producer_id 1, producer_epoch 1, transaction_result 1, topics 1, coordinator_epoch 1,
        transaction_version 2
    }
    ours::WriteTxnMarkersRequest { markers 1 }
    ours::txn_offset_commit_request::TxnOffsetCommitRequestPartition {
        partition_index 0, committed_offset 0, committed_leader_epoch 2, committed_metadata 0 null 0
    }
    ours::txn_offset_commit_request::TxnOffsetCommitRequestTopic { name 0 to 5, topic_id 6, partitions 0 }
    ours::TxnOffsetCommitRequest {
        transactional_id 0, group_id 0, producer_id 0, producer_epoch 0, generation_id_or_member_epoch 3,
        member_id 3, group_instance_id 3 null 3, topics 0
    }
    crates::DescribeTransactionsRequest { transactional_ids 0 }
    crates::ListTransactionsRequest {
        state_filters 0, producer_id_filters 0, duration_filter 1, transactional_id_pattern 2 null 2
    }
    crates::elect_leaders_request::TopicPartitions { topic 0, partitions 0 }
    crates::ElectLeadersRequest { election_type 1, topic_partitions 0 null 0, timeout_ms 0 }
    crates::alter_partition_reassignments_request::ReassignablePartition {
        partition_index 0, replicas 0 null 0
    }
    crates::alter_partition_reassignments_request::ReassignableTopic { name 0, partitions 0 }
    crates::AlterPartitionReassignmentsRequest {
        timeout_ms 0, allow_replication_factor_change 1, topics 0
    }
    crates::list_partition_reassignments_request::ListPartitionReassignmentsTopics {
        name 0, partition_indexes 0
    }
    crates::ListPartitionReassignmentsRequest { timeout_ms 0, topics 0 null 0 }
    crates::alter_replica_log_dirs_request::AlterReplicaLogDirTopic { name 1, partitions 1 }
    crates::alter_replica_log_dirs_request::AlterReplicaLogDir { path 1, topics 1 }
    crates::AlterReplicaLogDirsRequest { dirs 1 }
    ours::AddRaftVoterResponse { throttle_time_ms 0, error_code 0, error_message 0 null 0 }
    ours::api_versions_response::ApiVersion { api_key 0, min_version 0, max_version 0 }
    ours::api_versions_response::SupportedFeatureKey { name 3, min_version 3, max_version 3 }
    ours::api_versions_response::FinalizedFeatureKey { name 3, max_version_level 3, min_version_level 3 }
    ours::ApiVersionsResponse {
        error_code 0, api_keys 0, throttle_time_ms 1, supported_features 3, finalized_features_epoch 3,
        finalized_features 3, zk_migration_ready 3
    }
    ours::delete_groups_response::DeletableGroupResult {
        group_id 0, error_code 0, error_message 3 null 3
    }
    ours::DeleteGroupsResponse { throttle_time_ms 0, results 0 }
    ours::describe_log_dirs_response::DescribeLogDirsPartition {
        partition_index 1, partition_size 1, offset_lag 1, is_future_key 1
    }
    ours::describe_log_dirs_response::DescribeLogDirsTopic { name 1, partitions 1 }
    ours::describe_log_dirs_response::DescribeLogDirsResult {
        error_code 1, log_dir 1, topics 1, total_bytes 4, usable_bytes 4, is_cordoned 5
    }
    ours::DescribeLogDirsResponse { throttle_time_ms 1, error_code 3, results 1 }
    ours::list_offsets_response::ListOffsetsPartitionResponse {
        partition_index 1, error_code 1, timestamp 1, offset 1, leader_epoch 4
    }
    ours::list_offsets_response::ListOffsetsTopicResponse { name 1, partitions 1 }
    ours::ListOffsetsResponse { throttle_time_ms 2, topics 1 }
    ours::offset_commit_response::OffsetCommitResponsePartition { partition_index 2, error_code 2 }
    ours::offset_commit_response::OffsetCommitResponseTopic { name 2 to 9, topic_id 10, partitions 2 }
    ours::OffsetCommitResponse { throttle_time_ms 3, topics 2 }
    ours::offset_fetch_response::OffsetFetchResponsePartition {
        partition_index 1 to 7, committed_offset 1 to 7, committed_leader_epoch 5 to 7,
        metadata 1 to 7 null 1, error_code 1 to 7
    }
    ours::offset_fetch_response::OffsetFetchResponseTopic { name 1 to 7, partitions 1 to 7 }
    ours::offset_fetch_response::OffsetFetchResponsePartitions {
        partition_index 8, committed_offset 8, committed_leader_epoch 8, metadata 8 null 8, error_code 8
    }
    ours::offset_fetch_response::OffsetFetchResponseTopics { name 8 to 9, topic_id 10, partitions 8 }
    ours::offset_fetch_response::OffsetFetchResponseGroup { group_id 8, topics 8, error_code 8 }
    ours::OffsetFetchResponse { throttle_time_ms 3, topics 1 to 7, error_code 2 to 7, groups 8 }
    ours::txn_offset_commit_response::TxnOffsetCommitResponsePartition { partition_index 0, error_code 0 }
    ours::txn_offset_commit_response::TxnOffsetCommitResponseTopic {
        name 0 to 5, topic_id 6, partitions 0
    }
    ours::TxnOffsetCommitResponse { throttle_time_ms 0, topics 0 }
    ours::UnregisterControllerResponse { throttle_time_ms 0, error_code 0, error_message 0 null 0 }
    ours::write_txn_markers_response::WritableTxnMarkerPartitionResult { partition_index 1, error_code 1 }
    ours::write_txn_markers_response::WritableTxnMarkerTopicResult { name 1, partitions 1 }
    ours::write_txn_markers_response::WritableTxnMarkerResult { producer_id 1, topics 1 }
    ours::WriteTxnMarkersResponse { markers 1 }
}

samples! {
    untagged:
    crates::offset_delete_request::OffsetDeleteRequestPartition { partition_index 0 }
    crates::offset_delete_request::OffsetDeleteRequestTopic { name 0, partitions 0 }
    crates::OffsetDeleteRequest { group_id 0, topics 0 }
    crates::SaslHandshakeRequest { mechanism 0 }
}

list_cases! {
    crates::ProduceRequest
    crates::FetchRequest
    ours::ListOffsetsRequest
    crates::MetadataRequest
    ours::OffsetCommitRequest
    ours::OffsetFetchRequest
    crates::FindCoordinatorRequest
    crates::JoinGroupRequest
    crates::HeartbeatRequest
    crates::LeaveGroupRequest
    crates::SyncGroupRequest
    crates::DescribeGroupsRequest
    crates::ListGroupsRequest
    ours::ApiVersionsRequest
    crates::CreateTopicsRequest
    crates::DeleteTopicsRequest
    crates::DeleteRecordsRequest
    crates::InitProducerIdRequest
    crates::OffsetForLeaderEpochRequest
    crates::DescribeConfigsRequest
    crates::AlterConfigsRequest
    ours::DescribeLogDirsRequest
    crates::CreatePartitionsRequest
    ours::DeleteGroupsRequest
    crates::IncrementalAlterConfigsRequest
    crates::OffsetDeleteRequest
    crates::DescribeClusterRequest
    crates::DescribeProducersRequest
    crates::DescribeTopicPartitionsRequest
    crates::UpdateFeaturesRequest
    crates::ConsumerGroupHeartbeatRequest
    crates::ConsumerGroupDescribeRequest
    crates::GetTelemetrySubscriptionsRequest
    crates::PushTelemetryRequest
    crates::ListConfigResourcesRequest
    crates::DescribeQuorumRequest
    crates::UnregisterBrokerRequest
    ours::UnregisterControllerRequest
    ours::AddRaftVoterRequest
    crates::RemoveRaftVoterRequest
    crates::DescribeAclsRequest
    crates::CreateAclsRequest
    crates::DeleteAclsRequest
    crates::CreateDelegationTokenRequest
    crates::RenewDelegationTokenRequest
    crates::ExpireDelegationTokenRequest
    crates::DescribeDelegationTokenRequest
    crates::SaslHandshakeRequest
    crates::SaslAuthenticateRequest
    crates::AddPartitionsToTxnRequest
    crates::AddOffsetsToTxnRequest
    crates::EndTxnRequest
    ours::WriteTxnMarkersRequest
    ours::TxnOffsetCommitRequest
    crates::DescribeTransactionsRequest
    crates::ListTransactionsRequest
    crates::ElectLeadersRequest
    crates::AlterPartitionReassignmentsRequest
    crates::ListPartitionReassignmentsRequest
    crates::AlterReplicaLogDirsRequest
}
