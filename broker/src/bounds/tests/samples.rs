//! Random requests in the types of `kafka-protocol`: every field that the version has gets a value, nullable ones are
//! sometimes null, and flexible structs carry tagged fields that nobody knows.

use std::collections::BTreeMap;

use bytes::Bytes;
use kafka_protocol::messages::{
    self, ApiKey, BrokerId, GroupId, ProducerId, TopicName, TransactionalId, alter_configs_request,
    create_partitions_request, create_topics_request, delete_records_request, delete_topics_request,
    describe_configs_request, describe_log_dirs_request, describe_producers_request,
    describe_topic_partitions_request, fetch_request, incremental_alter_configs_request, join_group_request,
    leave_group_request, list_offsets_request, metadata_request, offset_commit_request,
    offset_delete_request, offset_fetch_request, offset_for_leader_epoch_request, produce_request,
    sync_group_request,
};
use kafka_protocol::protocol::{Request, StrBytes};
use uuid::Uuid;

/// One request type: what it covers and how to make an encoded one.
pub(crate) struct Case {
    pub(crate) api_key: ApiKey,
    pub(crate) first_version: i16,
    pub(crate) last_version: i16,
    /// Encodes a random request of this version from this seed.
    pub(crate) encode: fn(seed: u64, version: i16) -> Vec<u8>,
    /// Decodes with `kafka-protocol` and answers with how many bytes are left; nothing if it refuses.
    pub(crate) decode: fn(body: Bytes, version: i16) -> Option<usize>,
}

macro_rules! cases {
    ($($request:ident)*) => {
        /// Every request of the table, with the ranges of `kafka-protocol`.
        pub(crate) fn cases() -> Vec<Case> {
            vec![$({
                type R = messages::$request;
                let versions = <R as kafka_protocol::protocol::Message>::VERSIONS;
                Case {
                    api_key: ApiKey::try_from(<R as Request>::KEY).unwrap(),
                    first_version: versions.min,
                    last_version: versions.max,
                    encode: encode::<R>,
                    decode: decode::<R>,
                }
            }),*]
        }
    };
}

fn encode<R: Request + Sample>(seed: u64, version: i16) -> Vec<u8> {
    let mut source = Source {
        state: seed,
        version,
        is_flexible: R::header_version(version) == 2,
    };
    let mut body = Vec::new();
    R::sample(&mut source)
        .encode(&mut body, version)
        .expect("samples keep to the fields of their version");
    body
}

fn decode<R: Request>(mut body: Bytes, version: i16) -> Option<usize> {
    R::decode(&mut body, version).ok().map(|_| body.len())
}

/// SplitMix64: small, and the same on every machine for a seed.
pub(crate) struct Source {
    state: u64,
    version: i16,
    is_flexible: bool,
}

impl Source {
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> usize {
        (self.next() % end) as usize
    }

    fn bytes(&mut self, length: usize) -> Bytes {
        (0..length).map(|_| self.next() as u8).collect()
    }

    /// Mostly short, sometimes long enough that a compact length takes a second or a third byte.
    fn length(&mut self) -> usize {
        match self.below(40) {
            0 => self.below(16_000),
            1..4 => self.below(300),
            _ => 1 + self.below(20),
        }
    }

    /// A value that differs from `default` wherever the type has another.
    fn other_than<T: Sample + PartialEq>(&mut self, default: &T) -> T {
        loop {
            let value = T::sample(self);
            if value != *default {
                return value;
            }
        }
    }

    fn unknown_tagged_fields(&mut self) -> BTreeMap<i32, Bytes> {
        if !self.is_flexible || self.below(4) != 0 {
            return BTreeMap::new();
        }
        let count = 1 + self.below(4);
        let tags = [100, 128, 20_000, i32::MAX].into_iter().take(count);
        tags.map(|tag| (tag, Bytes::sample(self))).collect()
    }
}

pub(crate) trait Sample: Sized {
    fn sample(source: &mut Source) -> Self;

    /// Null if there is such a value.
    fn null() -> Self {
        panic!("only an option can be null")
    }
}

macro_rules! numbers {
    ($($number:ty),*) => {
        $(impl Sample for $number {
            fn sample(source: &mut Source) -> Self {
                source.next() as Self
            }
        })*
    };
}

numbers!(i8, i16, i32, i64);

impl Sample for bool {
    fn sample(source: &mut Source) -> Self {
        source.below(2) == 1
    }
}

impl Sample for Uuid {
    fn sample(source: &mut Source) -> Self {
        Uuid::from_u64_pair(source.next(), source.next())
    }
}

impl Sample for StrBytes {
    fn sample(source: &mut Source) -> Self {
        let length = source.length();
        // Two bytes a character half of the time, so that lengths are seen to be those of bytes.
        let letter = if source.below(2) == 0 { "k" } else { "ß" };
        StrBytes::from_string(letter.repeat(length))
    }
}

impl Sample for Bytes {
    fn sample(source: &mut Source) -> Self {
        let length = source.length();
        source.bytes(length)
    }
}

macro_rules! newtypes {
    ($($newtype:ident),*) => {
        $(impl Sample for $newtype {
            fn sample(source: &mut Source) -> Self {
                $newtype(Sample::sample(source))
            }
        })*
    };
}

newtypes!(BrokerId, GroupId, ProducerId, TopicName, TransactionalId);

impl<T: Sample> Sample for Option<T> {
    fn sample(source: &mut Source) -> Self {
        Some(T::sample(source))
    }

    fn null() -> Self {
        None
    }
}

impl<T: Sample> Sample for Vec<T> {
    fn sample(source: &mut Source) -> Self {
        // Past 126 elements a compact count takes a second byte; only arrays of small things get there.
        let is_long = size_of::<T>() <= 8 && source.below(8) == 0;
        let count = if is_long {
            127 + source.below(100)
        } else {
            1 + source.below(3)
        };
        (0..count).map(|_| T::sample(source)).collect()
    }
}

macro_rules! tagging {
    (tagged $value:ident $source:ident) => {
        $value.unknown_tagged_fields = $source.unknown_tagged_fields()
    };
    (untagged $value:ident $source:ident) => {};
}

/// `Struct { field FIRST [to LAST] [null FIRST], ... }` in the ranges of Kafka's message definitions; `tagged` if they keep
/// unknown tagged fields, as all but OffsetDelete do.
macro_rules! samples {
    ($tagging:ident: $($type:ty { $($field:ident $first:literal $(to $last:literal)? $(null $null:literal)?),* })*) => {
        $(impl Sample for $type {
            fn sample(source: &mut Source) -> Self {
                let mut value = Self::default();
                $(
                    let last: i16 = [i16::MAX, $($last)?].into_iter().min().unwrap();
                    if ($first..=last).contains(&source.version) {
                        let null_from: i16 = [i16::MAX, $($null)?].into_iter().min().unwrap();
                        value.$field = if source.version >= null_from && source.below(4) == 0 {
                            Sample::null()
                        } else {
                            source.other_than(&value.$field)
                        };
                    }
                )*
                tagging!($tagging value source);
                value
            }
        })*
    };
}

samples! {
    tagged:
    messages::ProduceRequest { transactional_id 3 null 3, acks 3, timeout_ms 3, topic_data 3 }
    produce_request::PartitionProduceData { index 3, records 3 null 3 }
    produce_request::TopicProduceData { name 3 to 12, topic_id 13, partition_data 3 }
    messages::FetchRequest {
        cluster_id 12 null 12, replica_id 4 to 14, replica_state 15, max_wait_ms 4, min_bytes 4,
        max_bytes 4, isolation_level 4, session_id 7, session_epoch 7, topics 4, forgotten_topics_data 7,
        rack_id 11
    }
    fetch_request::FetchPartition {
        partition 4, current_leader_epoch 9, fetch_offset 4, last_fetched_epoch 12, log_start_offset 5,
        partition_max_bytes 4, replica_directory_id 17, high_watermark 18
    }
    fetch_request::FetchTopic { topic 4 to 12, topic_id 13, partitions 4 }
    fetch_request::ForgottenTopic { topic 7 to 12, topic_id 13, partitions 7 }
    fetch_request::ReplicaState { replica_id 15, replica_epoch 15 }
    messages::ListOffsetsRequest { replica_id 1, isolation_level 2, topics 1, timeout_ms 10 }
    list_offsets_request::ListOffsetsPartition { partition_index 1, current_leader_epoch 4, timestamp 1 }
    list_offsets_request::ListOffsetsTopic { name 1, partitions 1 }
    messages::MetadataRequest {
        topics 0 null 1, allow_auto_topic_creation 4, include_cluster_authorized_operations 8 to 10,
        include_topic_authorized_operations 8
    }
    metadata_request::MetadataRequestTopic { topic_id 10, name 0 null 10 }
    messages::OffsetCommitRequest {
        group_id 2, generation_id_or_member_epoch 2, member_id 2, group_instance_id 7 null 7,
        retention_time_ms 2 to 4, topics 2
    }
    offset_commit_request::OffsetCommitRequestPartition {
        partition_index 2, committed_offset 2, committed_leader_epoch 6, committed_metadata 2 null 2
    }
    offset_commit_request::OffsetCommitRequestTopic { name 2, partitions 2 }
    messages::OffsetFetchRequest { group_id 1 to 7, topics 1 to 7 null 2, groups 8, require_stable 7 }
    offset_fetch_request::OffsetFetchRequestGroup {
        group_id 8, member_id 9 null 9, member_epoch 9, topics 8 null 8
    }
    offset_fetch_request::OffsetFetchRequestTopic { name 1 to 7, partition_indexes 1 to 7 }
    offset_fetch_request::OffsetFetchRequestTopics { name 8, partition_indexes 8 }
    messages::FindCoordinatorRequest { key 0 to 3, key_type 1, coordinator_keys 4 }
    messages::JoinGroupRequest {
        group_id 0, session_timeout_ms 0, rebalance_timeout_ms 1, member_id 0, group_instance_id 5 null 5,
        protocol_type 0, protocols 0, reason 8 null 8
    }
    join_group_request::JoinGroupRequestProtocol { name 0, metadata 0 }
    messages::HeartbeatRequest { group_id 0, generation_id 0, member_id 0, group_instance_id 3 null 3 }
    messages::LeaveGroupRequest { group_id 0, member_id 0 to 2, members 3 }
    leave_group_request::MemberIdentity { member_id 3, group_instance_id 3 null 3, reason 5 null 5 }
    messages::SyncGroupRequest {
        group_id 0, generation_id 0, member_id 0, group_instance_id 3 null 3, protocol_type 5 null 5,
        protocol_name 5 null 5, assignments 0
    }
    sync_group_request::SyncGroupRequestAssignment { member_id 0, assignment 0 }
    messages::DescribeGroupsRequest { groups 0, include_authorized_operations 3 }
    messages::ListGroupsRequest { states_filter 4, types_filter 5 }
    messages::ApiVersionsRequest { client_software_name 3, client_software_version 3 }
    messages::CreateTopicsRequest { topics 2, timeout_ms 2, validate_only 2 }
    create_topics_request::CreatableReplicaAssignment { partition_index 2, broker_ids 2 }
    create_topics_request::CreatableTopic {
        name 2, num_partitions 2, replication_factor 2, assignments 2, configs 2
    }
    create_topics_request::CreatableTopicConfig { name 2, value 2 null 2 }
    messages::DeleteTopicsRequest { topics 6, topic_names 1 to 5, timeout_ms 1 }
    delete_topics_request::DeleteTopicState { name 6 null 6, topic_id 6 }
    messages::DeleteRecordsRequest { topics 0, timeout_ms 0 }
    delete_records_request::DeleteRecordsPartition { partition_index 0, offset 0 }
    delete_records_request::DeleteRecordsTopic { name 0, partitions 0 }
    messages::InitProducerIdRequest {
        transactional_id 0 null 0, transaction_timeout_ms 0, producer_id 3, producer_epoch 3
    }
    messages::OffsetForLeaderEpochRequest { replica_id 3, topics 2 }
    offset_for_leader_epoch_request::OffsetForLeaderPartition {
        partition 2, current_leader_epoch 2, leader_epoch 2
    }
    offset_for_leader_epoch_request::OffsetForLeaderTopic { topic 2, partitions 2 }
    messages::DescribeConfigsRequest { resources 1, include_synonyms 1, include_documentation 3 }
    describe_configs_request::DescribeConfigsResource {
        resource_type 1, resource_name 1, configuration_keys 1 null 1
    }
    messages::AlterConfigsRequest { resources 0, validate_only 0 }
    alter_configs_request::AlterConfigsResource { resource_type 0, resource_name 0, configs 0 }
    alter_configs_request::AlterableConfig { name 0, value 0 null 0 }
    messages::DescribeLogDirsRequest { topics 1 null 1 }
    describe_log_dirs_request::DescribableLogDirTopic { topic 1, partitions 1 }
    messages::CreatePartitionsRequest { topics 0, timeout_ms 0, validate_only 0 }
    create_partitions_request::CreatePartitionsAssignment { broker_ids 0 }
    create_partitions_request::CreatePartitionsTopic { name 0, count 0, assignments 0 null 0 }
    messages::DeleteGroupsRequest { groups_names 0 }
    messages::IncrementalAlterConfigsRequest { resources 0, validate_only 0 }
    incremental_alter_configs_request::AlterConfigsResource { resource_type 0, resource_name 0, configs 0 }
    incremental_alter_configs_request::AlterableConfig { name 0, config_operation 0, value 0 null 0 }
    messages::DescribeClusterRequest {
        include_cluster_authorized_operations 0, endpoint_type 1, include_fenced_brokers 2
    }
    messages::DescribeProducersRequest { topics 0 }
    describe_producers_request::TopicRequest { name 0, partition_indexes 0 }
    messages::DescribeTopicPartitionsRequest { topics 0, response_partition_limit 0, cursor 0 null 0 }
    describe_topic_partitions_request::Cursor { topic_name 0, partition_index 0 }
    describe_topic_partitions_request::TopicRequest { name 0 }
}

samples! {
    untagged:
    messages::OffsetDeleteRequest { group_id 0, topics 0 }
    offset_delete_request::OffsetDeleteRequestPartition { partition_index 0 }
    offset_delete_request::OffsetDeleteRequestTopic { name 0, partitions 0 }
}

cases! {
    ProduceRequest
    FetchRequest
    ListOffsetsRequest
    MetadataRequest
    OffsetCommitRequest
    OffsetFetchRequest
    FindCoordinatorRequest
    JoinGroupRequest
    HeartbeatRequest
    LeaveGroupRequest
    SyncGroupRequest
    DescribeGroupsRequest
    ListGroupsRequest
    ApiVersionsRequest
    CreateTopicsRequest
    DeleteTopicsRequest
    DeleteRecordsRequest
    InitProducerIdRequest
    OffsetForLeaderEpochRequest
    DescribeConfigsRequest
    AlterConfigsRequest
    DescribeLogDirsRequest
    CreatePartitionsRequest
    DeleteGroupsRequest
    IncrementalAlterConfigsRequest
    OffsetDeleteRequest
    DescribeClusterRequest
    DescribeProducersRequest
    DescribeTopicPartitionsRequest
}
