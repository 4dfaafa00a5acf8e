//! The refusal of every API at every version: encoded, decoded to the last byte, with the code in every place.

use super::*;
use crate::bounds::tests::samples::{Case, cases};
use crate::messages::{
    AddRaftVoterRequest, ApiVersionsRequest, DeleteGroupsRequest, DescribeLogDirsRequest, ListOffsetsRequest,
    OffsetCommitRequest, OffsetFetchRequest, TxnOffsetCommitRequest, UnregisterControllerRequest,
    WriteTxnMarkersRequest, WriteTxnMarkersResponse,
};
use kafka_protocol::messages::*;
use kafka_protocol::protocol::Decodable;

/// CLUSTER_AUTHORIZATION_FAILED; any code would do.
const CODE: i16 = 31;

const THROTTLE_TIME_MS: i32 = 1_234;

/// Seeds of the requests of each version.
const SEEDS: std::ops::Range<u64> = 0..24;

/// An API and the check of its refusals.
struct Refusal {
    key: i16,
    check: fn(&Refusal, &Served, &Case),
    /// The first version whose response has a throttle time.
    throttle_from: i16,
}

/// Reads a response that was encoded.
fn decoded<R: Decodable>(bytes: &Bytes, version: i16, name: &str) -> R {
    let mut left = bytes.clone();
    let response = R::decode(&mut left, version).unwrap_or_else(|error| panic!("{name} v{version}: {error}"));
    assert_eq!(left.len(), 0, "{name} v{version} ends where it should");
    response
}

/// Names, for each API, its request, the number of codes that its refusal has at a version, and the first version with a throttle time.
macro_rules! refusals {
    ($($request:ident, $throttle_from:literal, |$asked:pat_param, $version:pat_param| $count:expr;)*) => {
        fn refusals() -> Vec<Refusal> {
            vec![$(Refusal {
                key: <$request as Request>::KEY,
                throttle_from: $throttle_from,
                check: |refusal, served, case| {
                    for (version, seed) in (served.first_version..=served.last_version).flat_map(|v| SEEDS.map(move |s| (v, s))) {
                        let body = Bytes::from((case.encode)(seed, version));
                        let request = decoded::<$request>(&body, version, "a sample");
                        let mut answer = served.refuse(version, body, CODE).expect("it can be decoded");
                        answer.throttle_time_ms = THROTTLE_TIME_MS;
                        let counts = answer.error_counts();
                        let bytes = answer.into_bytes(version);
                        let mut response: <$request as Request>::Response = decoded(&bytes, version, &served.name());
                        let count = |$asked: &$request, $version: i16| -> usize { $count };
                        let place = format!("{} v{version} of seed {seed}", served.name());
                        let expected = count(&request, version);
                        assert_eq!(ResponseMessage::error_counts(&response).count(CODE), expected, "{place}");
                        assert!(counts.count(CODE) >= expected, "{place}: {counts}");
                        assert!(ResponseMessage::error_counts(&response).errors().all(|(code, _)| code == CODE), "{place}");
                        let throttle_time_ms = if version < refusal.throttle_from { 0 } else { THROTTLE_TIME_MS };
                        assert_eq!(*response.throttle_time_ms(), throttle_time_ms, "{place}");
                    }
                },
            }),*]
        }
    };
}

/// The number of elements in the arrays of `outer`.
fn nested<O, I>(outer: &[O], inner: impl Fn(&O) -> &Vec<I>) -> usize {
    outer.iter().map(|one| inner(one).len()).sum()
}

refusals! {
    ProduceRequest, 1, |asked, _| nested(&asked.topic_data, |topic| &topic.partition_data);
    // The whole answer from version 7 on, and each partition before version 13.
    FetchRequest, 1, |asked, version| {
        let partitions = nested(&asked.topics, |topic| &topic.partitions);
        usize::from(version >= 7) + if version < 13 { partitions } else { 0 }
    };
    ApiVersionsRequest, 1, |_, _| 1;
    AlterConfigsRequest, 0, |asked, _| asked.resources.len();
    ConsumerGroupDescribeRequest, 0, |asked, _| asked.group_ids.len();
    ConsumerGroupHeartbeatRequest, 0, |_, _| 1;
    CreatePartitionsRequest, 0, |asked, _| asked.topics.len();
    CreateTopicsRequest, 2, |asked, _| asked.topics.len();
    DeleteGroupsRequest, 0, |asked, _| asked.groups_names.len();
    DeleteRecordsRequest, 0, |asked, _| nested(&asked.topics, |topic| &topic.partitions);
    DeleteTopicsRequest, 1, |asked, _| asked.topic_names.len() + asked.topics.len();
    DescribeClusterRequest, 0, |_, _| 1;
    DescribeGroupsRequest, 1, |asked, _| asked.groups.len();
    DescribeConfigsRequest, 0, |asked, _| asked.resources.len();
    // As in Kafka, earlier versions have no place for a code in an empty list.
    DescribeLogDirsRequest, 0, |_, version| usize::from(version >= 3);
    DescribeProducersRequest, 0, |asked, _| nested(&asked.topics, |topic| &topic.partition_indexes);
    DescribeTopicPartitionsRequest, 0, |asked, _| asked.topics.len();
    FindCoordinatorRequest, 1, |asked, version| if version < 4 { 1 } else { asked.coordinator_keys.len() };
    HeartbeatRequest, 1, |_, _| 1;
    JoinGroupRequest, 2, |_, _| 1;
    LeaveGroupRequest, 1, |_, _| 1;
    ListGroupsRequest, 1, |_, _| 1;
    ListOffsetsRequest, 2, |asked, _| nested(&asked.topics, |topic| &topic.partitions);
    // As in Kafka, a refused request for all topics is answered with none.
    MetadataRequest, 3, |asked, _| asked.topics.as_ref().map_or(0, Vec::len);
    OffsetCommitRequest, 3, |asked, _| nested(&asked.topics, |topic| &topic.partitions);
    OffsetDeleteRequest, 0, |_, _| 1;
    OffsetFetchRequest, 3, |asked, version| match version {
        ..2 => nested(asked.topics.as_deref().unwrap_or_default(), |topic| &topic.partition_indexes),
        2..8 => 1,
        8.. => asked.groups.len(),
    };
    OffsetForLeaderEpochRequest, 2, |asked, _| nested(&asked.topics, |topic| &topic.partitions);
    SyncGroupRequest, 1, |_, _| 1;
    IncrementalAlterConfigsRequest, 0, |asked, _| asked.resources.len();
    InitProducerIdRequest, 0, |_, _| 1;
    AddOffsetsToTxnRequest, 0, |_, _| 1;
    AddPartitionsToTxnRequest, 0, |asked, version| {
        if version < 4 { nested(&asked.v3_and_below_topics, |topic| &topic.partitions) } else { 1 }
    };
    DescribeTransactionsRequest, 0, |asked, _| asked.transactional_ids.len();
    EndTxnRequest, 0, |_, _| 1;
    ListTransactionsRequest, 0, |_, _| 1;
    TxnOffsetCommitRequest, 0, |asked, _| nested(&asked.topics, |topic| &topic.partitions);
    // Its response has no throttle time. Markers of one producer share an entry, but samples have different ones.
    WriteTxnMarkersRequest, 32_767, |asked, _| {
        let topics = asked.markers.iter().flat_map(|marker| &marker.topics);
        topics.map(|topic| topic.partition_indexes.iter().collect::<std::collections::BTreeSet<_>>().len()).sum()
    };
    UpdateFeaturesRequest, 0, |_, _| 1;
    AlterPartitionReassignmentsRequest, 0, |asked, _| 1 + nested(&asked.topics, |topic| &topic.partitions);
    AlterReplicaLogDirsRequest, 0, |asked, _| {
        let topics = asked.dirs.iter().flat_map(|dir| &dir.topics);
        topics.map(|topic| topic.partitions.len()).sum()
    };
    // Version 0 has no code for the whole answer.
    ElectLeadersRequest, 0, |asked, version| {
        let partitions = nested(asked.topic_partitions.as_deref().unwrap_or_default(), |topic| &topic.partitions);
        usize::from(version >= 1) + partitions
    };
    ListPartitionReassignmentsRequest, 0, |_, _| 1;
    AddRaftVoterRequest, 0, |_, _| 1;
    CreateAclsRequest, 0, |asked, _| asked.creations.len();
    CreateDelegationTokenRequest, 0, |_, _| 1;
    DeleteAclsRequest, 0, |asked, _| asked.filters.len();
    DescribeAclsRequest, 0, |_, _| 1;
    DescribeDelegationTokenRequest, 0, |_, _| 1;
    DescribeQuorumRequest, 32767, |_, _| 1;
    GetTelemetrySubscriptionsRequest, 0, |_, _| 1;
    ListConfigResourcesRequest, 0, |_, _| 1;
    PushTelemetryRequest, 0, |_, _| 1;
    ExpireDelegationTokenRequest, 0, |_, _| 1;
    RemoveRaftVoterRequest, 0, |_, _| 1;
    RenewDelegationTokenRequest, 0, |_, _| 1;
    SaslAuthenticateRequest, 32767, |_, _| 1;
    SaslHandshakeRequest, 32767, |_, _| 1;
    UnregisterBrokerRequest, 0, |_, _| 1;
    UnregisterControllerRequest, 0, |_, _| 1;
}

/// Implements [`ResponseMessage`] for responses without a throttle time, whose field is a 0 that nobody writes.
macro_rules! unthrottled {
    ($($response:ident)*) => {
        $(impl ResponseMessage for $response {
            fn throttle_time_ms(&mut self) -> &mut i32 {
                Box::leak(Box::new(0))
            }

            fn error_counts(&self) -> ErrorCounts {
                UnthrottledMessage::error_counts(self)
            }
        })*
    };
}

unthrottled!(DescribeQuorumResponse SaslAuthenticateResponse SaslHandshakeResponse WriteTxnMarkersResponse);

// These two are answered without a message of theirs.
impl ResponseMessage for ProduceResponse {
    fn throttle_time_ms(&mut self) -> &mut i32 {
        &mut self.throttle_time_ms
    }

    fn error_counts(&self) -> ErrorCounts {
        let partitions = self.responses.iter().flat_map(|topic| &topic.partition_responses);
        partitions.map(|partition| partition.error_code).collect()
    }
}

impl ResponseMessage for FetchResponse {
    fn throttle_time_ms(&mut self) -> &mut i32 {
        &mut self.throttle_time_ms
    }

    fn error_counts(&self) -> ErrorCounts {
        let partitions = self.responses.iter().flat_map(|topic| &topic.partitions);
        let codes = partitions.map(|partition| partition.error_code);
        [self.error_code].into_iter().chain(codes).collect()
    }
}

#[test]
fn every_api_refuses_all_that_was_asked_at_every_version() {
    let refusals = refusals();
    let cases = cases();
    for served in APIS {
        let refusal = refusals.iter().find(|refusal| refusal.key == served.key);
        let refusal = refusal.unwrap_or_else(|| panic!("{} needs a line in refusals!", served.name()));
        let case = cases.iter().find(|case| case.key == served.key);
        (refusal.check)(refusal, served, case.expect("every served request has samples"));
    }
    assert_eq!(refusals.len(), APIS.len());
}

#[test]
fn a_refused_producer_that_waits_for_nothing_loses_its_connection() {
    let produce = Served::by_key(ApiKey::Produce as i16).expect("it is served");
    for (acks, delivery) in [
        (0, Delivery::ClosedConnection),
        (1, Delivery::Response),
        (-1, Delivery::Response),
    ] {
        let request = ProduceRequest::default().with_acks(acks);
        let mut body = bytes::BytesMut::new();
        kafka_protocol::protocol::Encodable::encode(&request, &mut body, 9).unwrap();
        let answer = produce.refuse(9, body.freeze(), CODE).expect("it can be decoded");
        assert_eq!(answer.delivery, delivery, "acks={acks}");
    }
}
