//! The group APIs at every version that they are served in: encoded, answered, decoded to the last byte.

use super::*;
use crate::ids::NodeId;
use crate::messages::offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic};
use crate::messages::offset_fetch_request::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopic, OffsetFetchRequestTopics,
};
use crate::messages::{DeleteGroupsRequest, OffsetCommitRequest, OffsetCommitResponse, OffsetFetchRequest};
use crate::operations::coordinator_topics::create_for_groups;
use crate::operations::create_topics::{CreateTopic, create_topics};
use bytes::BytesMut;
use kafka_protocol::ResponseError as E;
use kafka_protocol::messages::join_group_request::JoinGroupRequestProtocol;
use kafka_protocol::messages::leave_group_request::MemberIdentity;
use kafka_protocol::messages::offset_delete_request::{
    OffsetDeleteRequestPartition, OffsetDeleteRequestTopic,
};
use kafka_protocol::messages::sync_group_request::SyncGroupRequestAssignment;
use kafka_protocol::messages::*;
use kafka_protocol::protocol::{Decodable, Encodable, StrBytes};
use uuid::Uuid;

mod consumer;
mod groups;
mod members;
mod offsets;

const SUBSCRIPTION: &[u8] = b"\0\0\0\0\0\x01\0\x06orders\xff\xff\xff\xff";

fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

fn group(id: &str) -> GroupId {
    GroupId(text(id))
}

fn topic(name: &str) -> TopicName {
    TopicName(text(name))
}

fn asking(node_id: i32) -> RequestContext {
    RequestContext {
        node_id: NodeId(node_id),
        peer_address: Some("127.0.0.1:4711".parse().unwrap()),
        client_id: "tester".to_owned(),
        ingress: crate::cluster::Ingress::plaintext(),
        principal: crate::security::Principal::ANONYMOUS,
        api_key: -1,
        api_version: -1,
        software: None,
    }
}

/// One broker with a topic `orders` of two partitions.
fn cluster() -> Arc<Cluster> {
    let cluster = Arc::new(Cluster::for_tests(1, &[]));
    let orders = CreateTopic {
        partitions: 2,
        ..CreateTopic::named("orders")
    };
    let created = create_topics(&cluster, &asking(1), vec![orders], false);
    assert!(created[0].1.is_ok());
    create_for_groups(&cluster);
    cluster
}

async fn call<R: Request + Encodable>(cluster: &Arc<Cluster>, version: i16, request: R) -> R::Response {
    call_node(cluster, 1, version, request).await
}

async fn call_node<R: Request + Encodable>(
    cluster: &Arc<Cluster>,
    node_id: i32,
    version: i16,
    request: R,
) -> R::Response {
    let mut body = BytesMut::new();
    request.encode(&mut body, version).unwrap();
    let served = Served::by_key(R::KEY).unwrap();
    let answering = served.answer(cluster, &Arc::new(asking(node_id)), version, body.freeze());
    let answer = answering.expect("it can be decoded").done().await;
    let mut body = answer.into_bytes(version);
    let response = R::Response::decode(&mut body, version).unwrap();
    assert_eq!(
        body.len(),
        0,
        "{} of version {version} ends where it should",
        served.name()
    );
    response
}

fn versions<A: Api>() -> RangeInclusive<i16> {
    A::VERSIONS
}

fn join(version: i16, member_id: &str) -> JoinGroupRequest {
    let request = JoinGroupRequest::default()
        .with_group_id(group("g"))
        .with_session_timeout_ms(10_000)
        .with_rebalance_timeout_ms(if version == 0 { -1 } else { 20_000 })
        .with_member_id(text(member_id))
        .with_protocol_type(text("consumer"))
        .with_protocols(vec![
            JoinGroupRequestProtocol::default()
                .with_name(text("range"))
                .with_metadata(Bytes::from_static(SUBSCRIPTION)),
        ]);
    if version >= 8 {
        request.with_reason(Some(text("because")))
    } else {
        request
    }
}

/// A member of group `g`, alone in a stable generation 1, by a JoinGroup of that version.
async fn member(cluster: &Arc<Cluster>, version: i16) -> String {
    let mut joined = call(cluster, version, join(version, "")).await;
    if version >= 4 {
        assert_eq!(joined.error_code, E::MemberIdRequired.code());
        joined = call(cluster, version, join(version, &joined.member_id)).await;
    }
    assert_eq!((joined.error_code, joined.generation_id), (0, 1));
    let protocol_type = joined.protocol_type.as_deref();
    assert_eq!(protocol_type, (version >= 7).then_some("consumer"));
    assert_eq!(joined.protocol_name.as_deref(), Some("range"));
    assert_eq!(joined.leader, joined.member_id);
    assert!(joined.member_id.starts_with("tester-"));
    assert_eq!(joined.members.len(), 1);
    assert_eq!(joined.members[0].metadata, SUBSCRIPTION);
    let synced = call(cluster, 3, sync(3, &joined.member_id, 1)).await;
    assert_eq!((synced.error_code, &synced.assignment[..]), (0, &b"mine"[..]));
    joined.member_id.to_string()
}

fn sync(version: i16, member_id: &str, generation_id: i32) -> SyncGroupRequest {
    let request = SyncGroupRequest::default()
        .with_group_id(group("g"))
        .with_member_id(text(member_id))
        .with_generation_id(generation_id)
        .with_assignments(vec![
            SyncGroupRequestAssignment::default()
                .with_member_id(text(member_id))
                .with_assignment(Bytes::from_static(b"mine")),
        ]);
    if version >= 5 {
        request
            .with_protocol_type(Some(text("consumer")))
            .with_protocol_name(Some(text("range")))
    } else {
        request
    }
}

fn commit(member_id: &str, generation_id: i32, version: i16) -> OffsetCommitRequest {
    let partition = |index: i32, metadata: &str| {
        let partition = OffsetCommitRequestPartition::default()
            .with_partition_index(index)
            .with_committed_offset(40 + i64::from(index))
            .with_committed_metadata(Some(text(metadata)));
        if version >= 6 {
            partition.with_committed_leader_epoch(5)
        } else {
            partition
        }
    };
    let too_large = "x".repeat(4_097);
    OffsetCommitRequest::default()
        .with_group_id(group("g"))
        .with_member_id(text(member_id))
        .with_generation_id_or_member_epoch(generation_id)
        .with_topics(vec![
            OffsetCommitRequestTopic::default()
                .with_name(topic("orders"))
                .with_partitions(vec![
                    partition(0, "note"),
                    partition(1, &too_large),
                    partition(2, ""),
                ]),
            OffsetCommitRequestTopic::default()
                .with_name(topic("absent"))
                .with_partitions(vec![partition(0, "")]),
        ])
}

fn codes(response: &OffsetCommitResponse) -> Vec<i16> {
    let partitions = response.topics.iter().flat_map(|topic| &topic.partitions);
    partitions.map(|partition| partition.error_code).collect()
}

fn fetch_one(partitions: Option<Vec<i32>>) -> OffsetFetchRequest {
    let topics = partitions.map(|partitions| {
        let orders = OffsetFetchRequestTopic::default().with_name(topic("orders"));
        vec![orders.with_partition_indexes(partitions)]
    });
    OffsetFetchRequest::default()
        .with_group_id(group("g"))
        .with_topics(topics)
}

fn fetch_several(partitions: Option<Vec<i32>>) -> OffsetFetchRequest {
    let topics = partitions.map(|partitions| {
        let orders = OffsetFetchRequestTopics::default().with_name(topic("orders"));
        vec![orders.with_partition_indexes(partitions)]
    });
    let of_group = |id: &str| {
        OffsetFetchRequestGroup::default()
            .with_group_id(group(id))
            .with_topics(topics.clone())
    };
    OffsetFetchRequest::default().with_groups(vec![of_group("g"), of_group("nobody")])
}
