//! Every advertised API at every version, through a real socket, with non-default values against real state: each answer is decoded to its
//! last byte and its fields are asserted. And malformed frames and bodies, which must do no harm.

mod admin_apis;
mod batch;
mod client;
mod cluster_apis;
mod compaction;
mod config_apis;
mod consumer_group_apis;
mod failures;
mod group_apis;
mod hostile;
mod listeners;
mod log_apis;
mod offset_apis;
mod record_apis;
mod topic_apis;
mod transaction_apis;
mod txn_offset_apis;
mod world;

use esmeralda_broker::messages::ApiVersionsRequest;
use kafka_protocol::messages::ApiKey;

use world::World;

/// The advertised ranges: those of Kafka 4.4. Produce is advertised from 0 for librdkafka, but refused below 3.
const ADVERTISED: &[(ApiKey, i16, i16)] = &[
    (ApiKey::Produce, 0, 13),
    (ApiKey::Fetch, 4, 18),
    (ApiKey::ListOffsets, 1, 11),
    (ApiKey::Metadata, 0, 13),
    (ApiKey::OffsetCommit, 2, 10),
    (ApiKey::OffsetFetch, 1, 10),
    (ApiKey::FindCoordinator, 0, 6),
    (ApiKey::JoinGroup, 0, 9),
    (ApiKey::Heartbeat, 0, 4),
    (ApiKey::LeaveGroup, 0, 5),
    (ApiKey::SyncGroup, 0, 5),
    (ApiKey::DescribeGroups, 0, 6),
    (ApiKey::ListGroups, 0, 5),
    (ApiKey::SaslHandshake, 0, 1),
    (ApiKey::ApiVersions, 0, 5),
    (ApiKey::CreateTopics, 2, 7),
    (ApiKey::DeleteTopics, 1, 6),
    (ApiKey::DeleteRecords, 0, 2),
    (ApiKey::InitProducerId, 0, 5),
    (ApiKey::OffsetForLeaderEpoch, 2, 4),
    (ApiKey::AddPartitionsToTxn, 0, 5),
    (ApiKey::AddOffsetsToTxn, 0, 4),
    (ApiKey::EndTxn, 0, 5),
    (ApiKey::WriteTxnMarkers, 1, 2),
    (ApiKey::TxnOffsetCommit, 0, 6),
    (ApiKey::DescribeAcls, 1, 3),
    (ApiKey::CreateAcls, 1, 3),
    (ApiKey::DeleteAcls, 1, 3),
    (ApiKey::DescribeConfigs, 1, 4),
    (ApiKey::AlterConfigs, 0, 2),
    (ApiKey::AlterReplicaLogDirs, 1, 2),
    (ApiKey::DescribeLogDirs, 1, 5),
    (ApiKey::SaslAuthenticate, 0, 2),
    (ApiKey::CreatePartitions, 0, 3),
    (ApiKey::CreateDelegationToken, 1, 3),
    (ApiKey::RenewDelegationToken, 1, 2),
    (ApiKey::ExpireDelegationToken, 1, 2),
    (ApiKey::DescribeDelegationToken, 1, 3),
    (ApiKey::DeleteGroups, 0, 3),
    (ApiKey::ElectLeaders, 0, 2),
    (ApiKey::IncrementalAlterConfigs, 0, 1),
    (ApiKey::AlterPartitionReassignments, 0, 1),
    (ApiKey::ListPartitionReassignments, 0, 0),
    (ApiKey::OffsetDelete, 0, 0),
    (ApiKey::DescribeQuorum, 0, 2),
    (ApiKey::UpdateFeatures, 0, 2),
    (ApiKey::DescribeCluster, 0, 2),
    (ApiKey::DescribeProducers, 0, 0),
    (ApiKey::UnregisterBroker, 0, 0),
    (ApiKey::DescribeTransactions, 0, 0),
    (ApiKey::ListTransactions, 0, 2),
    (ApiKey::ConsumerGroupHeartbeat, 0, 1),
    (ApiKey::ConsumerGroupDescribe, 0, 1),
    (ApiKey::ListConfigResources, 0, 1),
    (ApiKey::DescribeTopicPartitions, 0, 0),
    (ApiKey::AddRaftVoter, 0, 1),
    (ApiKey::RemoveRaftVoter, 0, 0),
];

/// The range of UnregisterController, whose key kafka-protocol does not know.
const UNREGISTER_CONTROLLER: (i16, i16, i16) = (94, 0, 0);

/// Defines one test for each API, which goes through its versions with a new cluster for each.
macro_rules! every_version {
    ($($name:ident: $key:ident => $check:path,)*) => {
        /// The APIs that have a test.
        const COVERED: &[ApiKey] = &[$(ApiKey::$key),*];

        $(#[tokio::test]
        async fn $name() {
            for version in versions(ApiKey::$key) {
                println!("{:?} v{version}", ApiKey::$key);
                $check(version).await;
            }
        })*
    };
}

every_version! {
    produce_appends_a_batch: Produce => record_apis::produce,
    fetch_returns_the_batch_as_it_was_stored: Fetch => record_apis::fetch,
    list_offsets_finds_the_ends_and_times: ListOffsets => log_apis::list_offsets,
    offset_for_leader_epoch_finds_the_epochs_end: OffsetForLeaderEpoch => log_apis::offset_for_leader_epoch,
    delete_records_moves_the_log_start: DeleteRecords => log_apis::delete_records,
    init_producer_id_hands_out_new_ids: InitProducerId => log_apis::init_producer_id,
    add_partitions_to_txn_adds_all_or_none: AddPartitionsToTxn => transaction_apis::add_partitions_to_txn,
    add_offsets_to_txn_adds_the_groups_partition: AddOffsetsToTxn => transaction_apis::add_offsets_to_txn,
    end_txn_decides_the_outcome: EndTxn => transaction_apis::end_txn,
    write_txn_markers_ends_a_transaction: WriteTxnMarkers => transaction_apis::write_txn_markers,
    txn_offset_commit_waits_for_its_transaction: TxnOffsetCommit => txn_offset_apis::txn_offset_commit,
    describe_transactions_shows_the_partitions: DescribeTransactions => transaction_apis::describe_transactions,
    list_transactions_filters: ListTransactions => transaction_apis::list_transactions,
    describe_producers_tells_of_the_last_sequence: DescribeProducers => log_apis::describe_producers,
    metadata_describes_the_topic: Metadata => cluster_apis::metadata,
    describe_cluster_names_the_brokers: DescribeCluster => cluster_apis::describe_cluster,
    describe_log_dirs_tells_the_partitions_size: DescribeLogDirs => cluster_apis::describe_log_dirs,
    describe_topic_partitions_pages_by_cursor: DescribeTopicPartitions => cluster_apis::describe_topic_partitions,
    api_versions_lists_what_is_advertised: ApiVersions => cluster_apis::api_versions,
    elect_leaders_finds_the_preferred_leader: ElectLeaders => admin_apis::elect_leaders,
    alter_partition_reassignments_changes_nothing_of_one_broker: AlterPartitionReassignments => admin_apis::alter_partition_reassignments,
    list_partition_reassignments_has_none: ListPartitionReassignments => admin_apis::list_partition_reassignments,
    alter_replica_log_dirs_knows_the_directory: AlterReplicaLogDirs => admin_apis::alter_replica_log_dirs,
    update_features_lowers_a_level: UpdateFeatures => admin_apis::update_features,
    describe_quorum_shows_one_voter: DescribeQuorum => admin_apis::describe_quorum,
    unregister_broker_refuses_an_unknown_id: UnregisterBroker => admin_apis::unregister_broker,
    add_raft_voter_refuses_an_invalid_voter: AddRaftVoter => admin_apis::add_raft_voter,
    remove_raft_voter_refuses_in_a_static_quorum: RemoveRaftVoter => admin_apis::remove_raft_voter,
    describe_acls_is_refused_without_an_authorizer: DescribeAcls => admin_apis::describe_acls,
    create_acls_is_refused_without_an_authorizer: CreateAcls => admin_apis::create_acls,
    delete_acls_is_refused_without_an_authorizer: DeleteAcls => admin_apis::delete_acls,
    create_delegation_token_is_not_allowed: CreateDelegationToken => admin_apis::create_delegation_token,
    renew_delegation_token_is_not_allowed: RenewDelegationToken => admin_apis::renew_delegation_token,
    expire_delegation_token_is_not_allowed: ExpireDelegationToken => admin_apis::expire_delegation_token,
    describe_delegation_token_is_not_allowed: DescribeDelegationToken => admin_apis::describe_delegation_token,
    sasl_handshake_has_no_place: SaslHandshake => admin_apis::sasl_handshake,
    sasl_authenticate_has_no_place: SaslAuthenticate => admin_apis::sasl_authenticate,
    list_config_resources_lists_what_has_configs: ListConfigResources => config_apis::list_config_resources,
    create_topics_makes_them_as_asked: CreateTopics => topic_apis::create_topics,
    delete_topics_removes_them: DeleteTopics => topic_apis::delete_topics,
    create_partitions_adds_them: CreatePartitions => topic_apis::create_partitions,
    describe_configs_gives_value_and_source: DescribeConfigs => config_apis::describe_configs,
    alter_configs_replaces_all: AlterConfigs => config_apis::alter_configs,
    incremental_alter_configs_changes_one: IncrementalAlterConfigs => config_apis::incremental_alter_configs,
    find_coordinator_names_the_broker: FindCoordinator => group_apis::find_coordinator,
    join_group_makes_the_first_member_leader: JoinGroup => group_apis::join_group,
    sync_group_hands_out_the_assignment: SyncGroup => group_apis::sync_group,
    heartbeat_knows_its_members: Heartbeat => group_apis::heartbeat,
    leave_group_removes_the_member: LeaveGroup => group_apis::leave_group,
    describe_groups_shows_the_members: DescribeGroups => group_apis::describe_groups,
    list_groups_filters: ListGroups => group_apis::list_groups,
    delete_groups_removes_empty_ones: DeleteGroups => group_apis::delete_groups,
    consumer_group_heartbeat_assigns_all_to_the_only_member: ConsumerGroupHeartbeat => consumer_group_apis::heartbeat,
    consumer_group_describe_shows_the_member: ConsumerGroupDescribe => consumer_group_apis::describe,
    offset_commit_stores_the_offset: OffsetCommit => offset_apis::offset_commit,
    offset_fetch_returns_what_was_committed: OffsetFetch => offset_apis::offset_fetch,
    offset_delete_forgets_the_offset: OffsetDelete => offset_apis::offset_delete,
}

/// Returns the versions of an API that are answered.
fn versions(key: ApiKey) -> std::ops::RangeInclusive<i16> {
    let &(_, first, last) = ADVERTISED
        .iter()
        .find(|(advertised, ..)| *advertised == key)
        .unwrap();
    if key == ApiKey::Produce {
        3..=last
    } else {
        first..=last
    }
}

#[tokio::test]
async fn every_advertised_api_has_its_test_and_the_range_of_kafka_4_4() {
    let world = World::start().await;
    let answer = world.connect().await.ask(0, &ApiVersionsRequest::default()).await;
    let advertised: Vec<_> = answer
        .api_keys
        .iter()
        .map(|api| (api.api_key, api.min_version, api.max_version))
        .collect();
    let expected: Vec<_> = ADVERTISED
        .iter()
        .map(|(key, first, last)| (*key as i16, *first, *last))
        .chain([UNREGISTER_CONTROLLER])
        .collect();
    assert_eq!(advertised, expected);
    for (key, ..) in ADVERTISED {
        assert!(COVERED.contains(key), "{key:?} has no test");
    }
}
