//! The group APIs at every version that they are served in: encoded, answered, decoded to the last byte.

use super::*;
use crate::ids::NodeId;
use crate::messages::offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic};
use crate::messages::offset_fetch_request::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopic, OffsetFetchRequestTopics,
};
use crate::messages::{DeleteGroupsRequest, OffsetCommitRequest, OffsetCommitResponse, OffsetFetchRequest};
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

#[tokio::test(start_paused = true)]
async fn join_group_of_every_version() {
    for version in versions::<join_group::JoinGroup>() {
        let cluster = cluster();
        member(&cluster, version).await;

        let refused = call(&cluster, version, join(version, "stranger")).await;
        assert_eq!(refused.error_code, E::UnknownMemberId.code());
        assert_eq!(&*refused.member_id, "stranger");
        assert_eq!(refused.protocol_name.as_deref(), (version < 7).then_some(""));
        let hasty = join(version, "").with_session_timeout_ms(5_999);
        let hasty = call(&cluster, version, hasty).await;
        assert_eq!(hasty.error_code, E::InvalidSessionTimeout.code());
        let nameless = join(version, "").with_group_id(group(""));
        let nameless = call(&cluster, version, nameless).await;
        assert_eq!(nameless.error_code, E::InvalidGroupId.code());
    }
}

#[tokio::test(start_paused = true)]
async fn a_static_leader_that_restarts_is_answered_in_every_version_that_knows_it() {
    for version in 5..=9 {
        let cluster = cluster();
        let request = || join(version, "").with_group_instance_id(Some(text("i")));
        let first = call(&cluster, version, request()).await;
        assert_eq!(first.members[0].group_instance_id.as_deref(), Some("i"));
        assert!(first.member_id.starts_with("i-"));
        call(&cluster, 5, sync(5, &first.member_id, 1)).await;
        let second = call(&cluster, version, request()).await;
        assert_eq!((second.error_code, second.generation_id), (0, 1));
        assert_eq!(second.skip_assignment, version >= 9);
        assert_ne!(second.member_id, first.member_id);
    }
}

#[tokio::test(start_paused = true)]
async fn sync_group_of_every_version() {
    for version in versions::<sync_group::SyncGroup>() {
        let cluster = cluster();
        let member_id = member(&cluster, 5).await;
        let synced = call(&cluster, version, sync(version, &member_id, 1)).await;
        assert_eq!((synced.error_code, &synced.assignment[..]), (0, &b"mine"[..]));
        let protocol = (synced.protocol_type.as_deref(), synced.protocol_name.as_deref());
        let named = (Some("consumer"), Some("range"));
        assert_eq!(protocol, if version >= 5 { named } else { (None, None) });
        let refused = call(&cluster, version, sync(version, &member_id, 2)).await;
        assert_eq!(refused.error_code, E::IllegalGeneration.code());
        let elsewhere = sync(version, &member_id, 1).with_group_id(group("h"));
        let elsewhere = call(&cluster, version, elsewhere).await;
        assert_eq!(elsewhere.error_code, E::UnknownMemberId.code());
    }
    let cluster = cluster();
    let member_id = member(&cluster, 5).await;
    let incomplete = call(&cluster, 5, sync(4, &member_id, 1)).await;
    assert_eq!(incomplete.error_code, E::InconsistentGroupProtocol.code());
}

#[tokio::test(start_paused = true)]
async fn heartbeat_of_every_version() {
    for version in versions::<heartbeat::Heartbeat>() {
        let cluster = cluster();
        let member_id = member(&cluster, 5).await;
        let request = |generation_id| {
            HeartbeatRequest::default()
                .with_group_id(group("g"))
                .with_member_id(text(&member_id))
                .with_generation_id(generation_id)
        };
        assert_eq!(call(&cluster, version, request(1)).await.error_code, 0);
        let refused = call(&cluster, version, request(2)).await;
        assert_eq!(refused.error_code, E::IllegalGeneration.code());
        let elsewhere = call(&cluster, version, request(1).with_group_id(group("h"))).await;
        assert_eq!(elsewhere.error_code, E::UnknownMemberId.code());
    }
}

#[tokio::test(start_paused = true)]
async fn leave_group_of_every_version() {
    for version in versions::<leave_group::LeaveGroup>() {
        let cluster = cluster();
        let member_id = member(&cluster, 5).await;
        let request = |member_id: &str| {
            let request = LeaveGroupRequest::default().with_group_id(group("g"));
            if version <= 2 {
                return request.with_member_id(text(member_id));
            }
            let identity = |id: &str| MemberIdentity::default().with_member_id(text(id));
            request.with_members(vec![identity("stranger"), identity(member_id)])
        };
        let unknown = E::UnknownMemberId.code();
        let left = call(&cluster, version, request(&member_id)).await;
        assert_eq!(left.error_code, 0);
        if version >= 3 {
            let codes: Vec<_> = left.members.iter().map(|member| member.error_code).collect();
            assert_eq!(codes, [unknown, 0]);
            assert_eq!(&*left.members[1].member_id, member_id);
        }
        let again = call(&cluster, version, request(&member_id)).await;
        assert_eq!(again.error_code, if version <= 2 { unknown } else { 0 });
        let elsewhere = call(&cluster, version, request(&member_id).with_group_id(group("h"))).await;
        assert_eq!(elsewhere.error_code, if version <= 2 { unknown } else { 0 });
        assert!(
            elsewhere
                .members
                .iter()
                .all(|member| member.error_code == unknown)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn offset_commit_of_every_version() {
    let (too_large, absent) = (
        E::OffsetMetadataTooLarge.code(),
        E::UnknownTopicOrPartition.code(),
    );
    for version in versions::<offset_commit::OffsetCommit>() {
        let cluster = cluster();
        let member_id = member(&cluster, 5).await;
        let id = cluster.topics.get("orders").unwrap().id;
        let commit = |member_id: &str, generation_id, version| {
            let mut request = commit(member_id, generation_id, version);
            request.topics[0].topic_id = id;
            request
        };
        let no_topic = if version >= 10 {
            E::UnknownTopicId.code()
        } else {
            absent
        };
        let committed = call(&cluster, version, commit(&member_id, 1, version)).await;
        assert_eq!(codes(&committed), [0, too_large, absent, no_topic]);
        let (name, id) = if version >= 10 {
            ("", id)
        } else {
            ("orders", Uuid::nil())
        };
        assert_eq!(
            (&committed.topics[0].name, committed.topics[0].topic_id),
            (&topic(name), id)
        );

        let illegal = E::IllegalGeneration.code();
        let refused = call(&cluster, version, commit(&member_id, 2, version)).await;
        assert_eq!(codes(&refused), [illegal, illegal, absent, no_topic]);
        let anonymous = call(&cluster, version, commit("", -1, version)).await;
        assert_eq!(codes(&anonymous)[0], E::UnknownMemberId.code());
        let elsewhere = commit(&member_id, 1, version).with_group_id(group("h"));
        let elsewhere = call(&cluster, version, elsewhere).await;
        let not_found = E::GroupIdNotFound.code();
        assert_eq!(
            codes(&elsewhere)[0],
            if version >= 9 { not_found } else { illegal }
        );
        let simple = commit("", -1, version).with_group_id(group("simple"));
        assert_eq!(codes(&call(&cluster, version, simple).await)[0], 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_retention_time_counts_in_the_versions_that_have_it() {
    for version in 2..=5 {
        let cluster = cluster();
        let mut request = commit("", -1, version);
        if version <= 4 {
            request = request.with_retention_time_ms(1_000);
        }
        call(&cluster, version, request).await;
        tokio::time::sleep(std::time::Duration::from_secs(1_201)).await;
        let fetched = call(&cluster, 8, fetch_several(Some(vec![0]))).await;
        let offset = fetched.groups[0].topics[0].partitions[0].committed_offset;
        assert_eq!(offset, if version <= 4 { -1 } else { 40 });
    }
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

#[tokio::test(start_paused = true)]
async fn offset_fetch_of_every_version() {
    for version in versions::<offset_fetch::OffsetFetch>() {
        let cluster = cluster();
        call(&cluster, 9, commit("", -1, 9)).await;
        let epoch = if version >= 5 { 5 } else { -1 };
        if version <= 7 {
            let fetched = call(&cluster, version, fetch_one(Some(vec![1, 0]))).await;
            assert_eq!(fetched.error_code, 0);
            let rows = &fetched.topics[0].partitions;
            assert_eq!((rows[0].partition_index, rows[0].committed_offset), (1, -1));
            assert_eq!((rows[1].partition_index, rows[1].committed_offset), (0, 40));
            assert_eq!(
                (rows[1].committed_leader_epoch, rows[1].metadata.as_deref()),
                (epoch, Some("note"))
            );
            let nobody = fetch_one(Some(vec![0])).with_group_id(group("nobody"));
            let nobody = call(&cluster, version, nobody).await;
            let row = &nobody.topics[0].partitions[0];
            assert_eq!(
                (nobody.error_code, row.error_code, row.committed_offset),
                (0, 0, -1)
            );
        } else {
            let mut request = fetch_several(Some(vec![0]));
            for group in &mut request.groups {
                group.topics.as_mut().unwrap()[0].topic_id = cluster.topics.get("orders").unwrap().id;
            }
            let fetched = call(&cluster, version, request).await;
            let row = |index: usize| &fetched.groups[index].topics[0].partitions[0];
            assert_eq!(
                (row(0).committed_offset, row(0).committed_leader_epoch),
                (40, epoch)
            );
            assert_eq!((row(1).committed_offset, row(1).error_code), (-1, 0));
            assert_eq!(fetched.groups[1].error_code, 0);
        }
        if version >= 8 {
            let fetched = call(&cluster, version, fetch_several(None)).await;
            assert_eq!(fetched.groups[0].topics[0].partitions.len(), 1);
            assert_eq!(fetched.groups[1].topics, []);
        } else if version >= 2 {
            let fetched = call(&cluster, version, fetch_one(None)).await;
            assert_eq!(fetched.topics[0].partitions.len(), 1);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn describe_groups_of_every_version() {
    for version in versions::<describe_groups::DescribeGroups>() {
        let cluster = cluster();
        let member_id = member(&cluster, 5).await;
        let request = DescribeGroupsRequest::default().with_groups(vec![group("g"), group("nobody")]);
        let request = if version >= 3 {
            request.with_include_authorized_operations(true)
        } else {
            request
        };
        let described = call(&cluster, version, request).await;
        let ours = &described.groups[0];
        assert_eq!((ours.error_code, &*ours.group_state), (0, "Stable"));
        assert_eq!(
            (&*ours.protocol_type, &*ours.protocol_data),
            ("consumer", "range")
        );
        let operations = if version >= 3 { 0b1101_0100_1000 } else { i32::MIN };
        assert_eq!(ours.authorized_operations, operations);
        let us = &ours.members[0];
        assert_eq!((&*us.member_id, &*us.client_id), (&*member_id, "tester"));
        assert_eq!(&*us.client_host, "/127.0.0.1");
        assert_eq!(
            (&us.member_metadata[..], &us.member_assignment[..]),
            (SUBSCRIPTION, &b"mine"[..])
        );

        let nobody = &described.groups[1];
        assert_eq!((&*nobody.group_state, nobody.members.len()), ("Dead", 0));
        let (code, message) = (E::GroupIdNotFound.code(), Some("Group nobody not found."));
        let expected = if version >= 6 { (code, message) } else { (0, None) };
        assert_eq!((nobody.error_code, nobody.error_message.as_deref()), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn list_groups_of_every_version() {
    for version in versions::<list_groups::ListGroups>() {
        let cluster = cluster();
        member(&cluster, 5).await;
        call(&cluster, 9, commit("", -1, 9).with_group_id(group("simple"))).await;
        let listed = call(&cluster, version, ListGroupsRequest::default()).await;
        let ids: Vec<_> = listed
            .groups
            .iter()
            .map(|group| group.group_id.to_string())
            .collect();
        assert_eq!(ids, ["g", "simple"]);
        let types: Vec<_> = listed.groups.iter().map(|group| &*group.protocol_type).collect();
        assert_eq!(types, ["consumer", ""]);
        if version >= 4 {
            assert_eq!(&*listed.groups[0].group_state, "Stable");
            let empty = ListGroupsRequest::default().with_states_filter(vec![text("empty")]);
            let empty = call(&cluster, version, empty).await;
            assert_eq!((empty.groups.len(), &*empty.groups[0].group_state), (1, "Empty"));
        }
        if version >= 5 {
            assert_eq!(&*listed.groups[0].group_type, "classic");
            let consumers = ListGroupsRequest::default().with_types_filter(vec![text("consumer")]);
            assert_eq!(call(&cluster, version, consumers).await.groups, []);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn delete_groups_of_every_version() {
    for version in versions::<delete_groups::DeleteGroups>() {
        let cluster = cluster();
        member(&cluster, 5).await;
        call(&cluster, 9, commit("", -1, 9).with_group_id(group("simple"))).await;
        let ids = ["simple", "g", "nobody", "simple"].map(group);
        let request = DeleteGroupsRequest::default().with_groups_names(ids.to_vec());
        let deleted = call(&cluster, version, request).await;
        let results: Vec<_> = deleted
            .results
            .iter()
            .map(|result| (&result.group_id, result.error_code))
            .collect();
        let (members, absent) = (E::NonEmptyGroup.code(), E::GroupIdNotFound.code());
        assert_eq!(results, [(&ids[0], 0), (&ids[1], members), (&ids[2], absent)]);
    }
}

#[tokio::test(start_paused = true)]
async fn offset_delete_spares_what_members_subscribe_to() {
    let cluster = cluster();
    let others = CreateTopic {
        partitions: 1,
        ..CreateTopic::named("others")
    };
    create_topics(&cluster, &asking(1), vec![others], false);
    let member_id = member(&cluster, 5).await;
    let mut commits = commit(&member_id, 1, 9);
    commits.topics[1].name = topic("others");
    assert_eq!(codes(&call(&cluster, 9, commits).await)[3], 0);
    let request = |id: &str| {
        let of = |name: &str, index: i32| {
            let partition = OffsetDeleteRequestPartition::default().with_partition_index(index);
            OffsetDeleteRequestTopic::default()
                .with_name(topic(name))
                .with_partitions(vec![partition])
        };
        OffsetDeleteRequest::default()
            .with_group_id(group(id))
            .with_topics(vec![of("orders", 0), of("others", 0), of("orders", 9)])
    };
    let deleted = call(&cluster, 0, request("g")).await;
    let codes: Vec<_> = deleted
        .topics
        .iter()
        .map(|topic| topic.partitions[0].error_code)
        .collect();
    let (subscribed, absent) = (
        E::GroupSubscribedToTopic.code(),
        E::UnknownTopicOrPartition.code(),
    );
    assert_eq!((deleted.error_code, codes), (0, vec![subscribed, 0, absent]));
    let left = call(&cluster, 8, fetch_several(None)).await;
    assert_eq!(left.groups[0].topics.len(), 1);
    assert_eq!(left.groups[0].topics[0].name, topic("orders"));
    let nobody = call(&cluster, 0, request("nobody")).await;
    assert_eq!(nobody.error_code, E::GroupIdNotFound.code());
}

#[tokio::test(start_paused = true)]
async fn find_coordinator_of_every_version() {
    let cluster = Arc::new(Cluster::for_tests(3, &[]));
    // "a", "b" and "c" hash to 97, 98 and 99.
    let expected = [("a", 2), ("b", 3), ("c", 1)];
    let invalid = E::InvalidRequest.code();
    for version in versions::<find_coordinator::FindCoordinator>() {
        if version <= 3 {
            for (id, node_id) in expected {
                let found = call(
                    &cluster,
                    version,
                    FindCoordinatorRequest::default().with_key(text(id)),
                )
                .await;
                assert_eq!(
                    (found.error_code, found.node_id.0, found.port),
                    (0, node_id, 9091 + node_id)
                );
                assert_eq!(&*found.host, "localhost");
            }
        } else {
            let ids = expected.map(|(id, _)| text(id)).to_vec();
            let request = FindCoordinatorRequest::default().with_coordinator_keys(ids);
            let found = call(&cluster, version, request).await;
            let rows = found.coordinators.iter();
            let rows: Vec<_> = rows.map(|row| (&*row.key, row.node_id.0)).collect();
            assert_eq!(rows, expected);
        }
        for key_type in (1..=2).filter(|_| version >= 1) {
            let request = FindCoordinatorRequest::default().with_key_type(key_type);
            let (code, node_id, message) = if version <= 3 {
                let found = call(&cluster, version, request.with_key(text("t"))).await;
                (found.error_code, found.node_id.0, found.error_message)
            } else {
                let found = call(&cluster, version, request.with_coordinator_keys(vec![text("t")])).await;
                let row = found.coordinators.into_iter().next().unwrap();
                (row.error_code, row.node_id.0, row.error_message)
            };
            assert_eq!((code, node_id), (invalid, -1));
            assert!(message.unwrap().contains("does not serve"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_wrong_broker_sends_its_client_to_the_coordinator() {
    let cluster = Arc::new(Cluster::for_tests(3, &[]));
    let not_coordinator = E::NotCoordinator.code();
    // "g" hashes to 103: broker 2 coordinates it.
    for (node_id, is_coordinator) in [(1, false), (2, true), (3, false)] {
        let joined = call_node(&cluster, node_id, 3, join(3, "stranger")).await;
        let expected = if is_coordinator {
            E::UnknownMemberId.code()
        } else {
            not_coordinator
        };
        assert_eq!(joined.error_code, expected);
        for version in [1, 2, 7] {
            let fetched = call_node(&cluster, node_id, version, fetch_one(Some(vec![0]))).await;
            let of_partitions: Vec<_> = fetched
                .topics
                .iter()
                .map(|topic| topic.partitions[0].error_code)
                .collect();
            let (whole, parts) = match (is_coordinator, version) {
                (true, _) => (0, vec![0]),
                (false, 1) => (0, vec![not_coordinator]),
                (false, _) => (not_coordinator, vec![]),
            };
            assert_eq!((fetched.error_code, of_partitions), (whole, parts));
        }
        let fetched = call_node(&cluster, node_id, 8, fetch_several(Some(vec![0]))).await;
        assert_eq!(
            fetched.groups[0].error_code,
            if is_coordinator { 0 } else { not_coordinator }
        );
        let described = DescribeGroupsRequest::default().with_groups(vec![group("g")]);
        let described = call_node(&cluster, node_id, 5, described).await;
        assert_eq!(
            described.groups[0].error_code,
            if is_coordinator { 0 } else { not_coordinator }
        );
    }
}
