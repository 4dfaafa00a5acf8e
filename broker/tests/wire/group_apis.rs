//! Groups: their coordinator, their members, and their description for an administrator.

use bytes::Bytes;
use esmeralda_broker::messages::DeleteGroupsRequest;
use esmeralda_broker::messages::delete_groups_response::DeletableGroupResult;
use kafka_protocol::messages::describe_groups_response::{DescribedGroup, DescribedGroupMember};
use kafka_protocol::messages::find_coordinator_response::Coordinator;
use kafka_protocol::messages::join_group_request::JoinGroupRequestProtocol;
use kafka_protocol::messages::join_group_response::JoinGroupResponseMember;
use kafka_protocol::messages::leave_group_request::MemberIdentity;
use kafka_protocol::messages::leave_group_response::MemberResponse;
use kafka_protocol::messages::list_groups_response::ListedGroup;
use kafka_protocol::messages::sync_group_request::SyncGroupRequestAssignment;
use kafka_protocol::messages::{
    BrokerId, DescribeGroupsRequest, FindCoordinatorRequest, HeartbeatRequest, JoinGroupRequest,
    JoinGroupResponse, LeaveGroupRequest, LeaveGroupResponse, ListGroupsRequest, SyncGroupRequest,
    SyncGroupResponse,
};
use kafka_protocol::protocol::StrBytes;

use crate::client::CLIENT_ID;
use crate::offset_apis::commit_without_member;
use crate::world::{ASSIGNMENT, GROUP, NONE, SUBSCRIPTION, World, group_id, join, text};

const ILLEGAL_GENERATION: i16 = 22;
const UNKNOWN_MEMBER_ID: i16 = 25;
const NON_EMPTY_GROUP: i16 = 68;
const GROUP_ID_NOT_FOUND: i16 = 69;
const MEMBER_ID_REQUIRED: i16 = 79;
/// READ, DELETE, DESCRIBE, DESCRIBE_CONFIGS and ALTER_CONFIGS, by Kafka's codes as bits.
const GROUP_OPERATIONS: i32 = 0b1101_0100_1000;

pub(crate) async fn find_coordinator(version: i16) {
    let world = World::start().await;
    let mut client = world.connect().await;
    if version < 4 {
        let request = FindCoordinatorRequest::default().with_key(text(GROUP));
        let answer = client.ask(version, &request).await;
        assert_eq!((answer.throttle_time_ms, answer.error_code), (0, NONE));
        assert_eq!((answer.node_id, answer.host), (BrokerId(1), text("127.0.0.1")));
        assert_eq!(answer.port, world.port());
    } else {
        let keys = vec![text(GROUP), text("writers")];
        let answer = client
            .ask(
                version,
                &FindCoordinatorRequest::default().with_coordinator_keys(keys),
            )
            .await;
        assert_eq!(answer.throttle_time_ms, 0);
        let coordinator = |key: &str, given: &Coordinator| {
            Coordinator::default()
                .with_key(text(key))
                .with_node_id(BrokerId(1))
                .with_host(text("127.0.0.1"))
                .with_port(world.port())
                .with_error_message(given.error_message.clone())
        };
        let [readers, writers] = answer.coordinators.as_slice() else {
            panic!("{:?}", answer.coordinators);
        };
        assert_eq!(*readers, coordinator(GROUP, readers));
        assert_eq!(*writers, coordinator("writers", writers));
    }
    world.stop().await;
}

pub(crate) async fn join_group(version: i16) {
    let world = World::with_groups().await;
    let mut client = world.connect().await;
    let metadata = Bytes::from_static(SUBSCRIPTION);
    let protocol = |name| {
        JoinGroupRequestProtocol::default()
            .with_name(text(name))
            .with_metadata(metadata.clone())
    };
    let mut request = JoinGroupRequest::default()
        .with_group_id(group_id(GROUP))
        .with_session_timeout_ms(10_000)
        .with_protocol_type(text("consumer"))
        .with_protocols(vec![protocol("range"), protocol("roundrobin")]);
    let mut group_instance_id = None;
    if version >= 1 {
        request.rebalance_timeout_ms = 20_000;
    }
    if version >= 5 {
        group_instance_id = Some(text("instance-1"));
        request.group_instance_id.clone_from(&group_instance_id);
    }
    if version >= 8 {
        request.reason = Some(text("to be tested"));
    }
    let mut answer = client.ask(version, &request).await;
    if version == 4 {
        // KIP-394: a dynamic member learns its id first.
        assert_eq!(answer.error_code, MEMBER_ID_REQUIRED);
        assert_eq!(answer.generation_id, -1);
        request.member_id = answer.member_id.clone();
        answer = client.ask(version, &request).await;
        assert_eq!(answer.member_id, request.member_id);
    }
    let member = JoinGroupResponseMember::default()
        .with_member_id(answer.member_id.clone())
        .with_group_instance_id(group_instance_id)
        .with_metadata(metadata.clone());
    let expected = JoinGroupResponse::default()
        .with_generation_id(1)
        .with_protocol_type((version >= 7).then(|| text("consumer")))
        .with_protocol_name(Some(text("range")))
        .with_leader(answer.member_id.clone())
        .with_member_id(answer.member_id.clone())
        .with_members(vec![member]);
    assert!(!answer.member_id.is_empty());
    assert_eq!(answer, expected);

    let stranger = client
        .ask(
            version,
            &request
                .with_member_id(text("nobody"))
                .with_group_instance_id(None),
        )
        .await;
    assert_eq!(stranger.error_code, UNKNOWN_MEMBER_ID);
    world.stop().await;

    if version >= 5 {
        rejoin_as_the_same_instance(version).await;
    }
}

/// Checks KIP-345: a static member that rejoins without its id causes no rebalance. From version 9 on it stays the leader and is told to
/// skip the assignment (KIP-814); before, the answer names its old id as the leader, so that it does not assign.
async fn rejoin_as_the_same_instance(version: i16) {
    let world = World::with_groups().await;
    let (mut client, old_id) = world.with_member().await;
    let metadata = Bytes::from_static(SUBSCRIPTION);
    let protocol = JoinGroupRequestProtocol::default()
        .with_name(text("range"))
        .with_metadata(metadata.clone());
    let request = JoinGroupRequest::default()
        .with_group_id(group_id(GROUP))
        .with_session_timeout_ms(10_000)
        .with_rebalance_timeout_ms(20_000)
        .with_group_instance_id(Some(text("instance-1")))
        .with_protocol_type(text("consumer"))
        .with_protocols(vec![protocol]);
    let answer = client.ask(version, &request).await;
    assert_ne!(answer.member_id, old_id);
    let mut expected = JoinGroupResponse::default()
        .with_generation_id(1)
        .with_protocol_type((version >= 7).then(|| text("consumer")))
        .with_protocol_name(Some(text("range")))
        .with_leader(old_id)
        .with_member_id(answer.member_id.clone());
    if version >= 9 {
        let member = JoinGroupResponseMember::default()
            .with_member_id(answer.member_id.clone())
            .with_group_instance_id(Some(text("instance-1")))
            .with_metadata(metadata);
        expected = expected
            .with_leader(answer.member_id.clone())
            .with_skip_assignment(true)
            .with_members(vec![member]);
    }
    assert_eq!(answer, expected);
    world.stop().await;
}

pub(crate) async fn sync_group(version: i16) {
    let world = World::with_groups().await;
    let mut client = world.connect().await;
    let member_id = join(&mut client, GROUP, "instance-1").await.member_id;
    let assignment = SyncGroupRequestAssignment::default()
        .with_member_id(member_id.clone())
        .with_assignment(Bytes::from_static(ASSIGNMENT));
    let mut request = SyncGroupRequest::default()
        .with_group_id(group_id(GROUP))
        .with_generation_id(1)
        .with_member_id(member_id)
        .with_assignments(vec![assignment]);
    if version >= 3 {
        request.group_instance_id = Some(text("instance-1"));
    }
    let mut expected = SyncGroupResponse::default().with_assignment(Bytes::from_static(ASSIGNMENT));
    if version >= 5 {
        request.protocol_type = Some(text("consumer"));
        request.protocol_name = Some(text("range"));
        expected.protocol_type = Some(text("consumer"));
        expected.protocol_name = Some(text("range"));
    }
    // In a stable group, a follower's SyncGroup is answered with the leader's assignment.
    for _ in 0..2 {
        assert_eq!(client.ask(version, &request).await, expected);
    }
    let late = client.ask(version, &request.with_generation_id(9)).await;
    assert_eq!(
        (late.error_code, late.assignment),
        (ILLEGAL_GENERATION, Bytes::new())
    );
    world.stop().await;
}

pub(crate) async fn heartbeat(version: i16) {
    let world = World::with_groups().await;
    let (mut client, member_id) = world.with_member().await;
    let mut request = HeartbeatRequest::default()
        .with_group_id(group_id(GROUP))
        .with_generation_id(1)
        .with_member_id(member_id);
    if version >= 3 {
        request.group_instance_id = Some(text("instance-1"));
    }
    let answer = client.ask(version, &request).await;
    assert_eq!((answer.throttle_time_ms, answer.error_code), (0, NONE));
    let late = client.ask(version, &request.clone().with_generation_id(3)).await;
    assert_eq!(late.error_code, ILLEGAL_GENERATION);
    let stranger = request
        .with_member_id(text("nobody"))
        .with_group_instance_id(None);
    assert_eq!(client.ask(version, &stranger).await.error_code, UNKNOWN_MEMBER_ID);
    world.stop().await;
}

pub(crate) async fn leave_group(version: i16) {
    let world = World::with_groups().await;
    let (mut client, member_id) = world.with_member().await;
    let mut request = LeaveGroupRequest::default().with_group_id(group_id(GROUP));
    let mut expected = LeaveGroupResponse::default();
    if version >= 3 {
        let identity = |member_id: StrBytes, instance| {
            let mut identity = MemberIdentity::default()
                .with_member_id(member_id)
                .with_group_instance_id(instance);
            if version >= 5 {
                identity.reason = Some(text("tested"));
            }
            identity
        };
        request.members = vec![
            identity(member_id.clone(), Some(text("instance-1"))),
            identity(text("nobody"), None),
        ];
        expected.members = vec![
            MemberResponse::default()
                .with_member_id(member_id)
                .with_group_instance_id(Some(text("instance-1"))),
            MemberResponse::default()
                .with_member_id(text("nobody"))
                .with_group_instance_id(None)
                .with_error_code(UNKNOWN_MEMBER_ID),
        ];
    } else {
        request.member_id = member_id;
    }
    assert_eq!(client.ask(version, &request).await, expected);

    let described = client
        .ask(
            5,
            &DescribeGroupsRequest::default().with_groups(vec![group_id(GROUP)]),
        )
        .await;
    assert_eq!(described.groups[0].group_state, text("Empty"));
    assert_eq!(described.groups[0].members, []);
    world.stop().await;
}

pub(crate) async fn describe_groups(version: i16) {
    let world = World::with_groups().await;
    let (mut client, member_id) = world.with_member().await;
    let mut request = DescribeGroupsRequest::default().with_groups(vec![group_id(GROUP), group_id("absent")]);
    if version >= 3 {
        request.include_authorized_operations = true;
    }
    let answer = client.ask(version, &request).await;
    assert_eq!(answer.throttle_time_ms, 0);
    let member = DescribedGroupMember::default()
        .with_member_id(member_id)
        .with_group_instance_id((version >= 4).then(|| text("instance-1")))
        .with_client_id(text(CLIENT_ID))
        .with_client_host(text("/127.0.0.1"))
        .with_member_metadata(Bytes::from_static(SUBSCRIPTION))
        .with_member_assignment(Bytes::from_static(ASSIGNMENT));
    let readers = DescribedGroup::default()
        .with_error_message(None)
        .with_group_id(group_id(GROUP))
        .with_group_state(text("Stable"))
        .with_protocol_type(text("consumer"))
        .with_protocol_data(text("range"))
        .with_members(vec![member])
        .with_authorized_operations(if version >= 3 { GROUP_OPERATIONS } else { i32::MIN });
    assert_eq!(answer.groups.len(), 2);
    assert_eq!(answer.groups[0], readers);
    // KIP-1043: an unknown group is an error from version 6 on.
    let absent = &answer.groups[1];
    assert_eq!(
        (absent.group_id.clone(), absent.group_state.as_str()),
        (group_id("absent"), "Dead")
    );
    assert_eq!(
        absent.error_code,
        if version >= 6 { GROUP_ID_NOT_FOUND } else { NONE }
    );
    assert_eq!(
        absent.error_message,
        (version >= 6).then(|| text("Group absent not found."))
    );
    world.stop().await;
}

pub(crate) async fn list_groups(version: i16) {
    let world = World::with_groups().await;
    let (mut client, _) = world.with_member().await;
    let mut request = ListGroupsRequest::default();
    let mut listed = ListedGroup::default()
        .with_group_id(group_id(GROUP))
        .with_protocol_type(text("consumer"));
    if version >= 4 {
        request.states_filter = vec![text("stable"), text("Dead")];
        listed.group_state = text("Stable");
    }
    if version >= 5 {
        request.types_filter = vec![text("classic")];
        listed.group_type = text("classic");
    }
    let answer = client.ask(version, &request).await;
    assert_eq!((answer.throttle_time_ms, answer.error_code), (0, NONE));
    assert_eq!(answer.groups, [listed]);
    if version >= 4 {
        let answer = client
            .ask(version, &request.clone().with_states_filter(vec![text("Empty")]))
            .await;
        assert_eq!(answer.groups, []);
    }
    if version >= 5 {
        let answer = client
            .ask(version, &request.with_types_filter(vec![text("consumer")]))
            .await;
        assert_eq!(answer.groups, []);
    }
    world.stop().await;
}

pub(crate) async fn delete_groups(version: i16) {
    let world = World::with_topic().await;
    world.find_coordinator().await;
    let (mut client, _) = world.with_member().await;
    commit_without_member(&mut client, "idle", 1).await;
    let names = ["idle", GROUP, "absent"].map(group_id);
    let answer = client
        .ask(
            version,
            &DeleteGroupsRequest::default().with_groups_names(names.to_vec()),
        )
        .await;
    assert_eq!(answer.throttle_time_ms, 0);
    let mut results = answer.results.clone();
    results.sort_by_key(|result| result.group_id.to_string());
    let result = |name: &str, error_code| {
        DeletableGroupResult::default()
            .with_group_id(group_id(name))
            .with_error_code(error_code)
    };
    assert_eq!(
        results,
        [
            result("absent", GROUP_ID_NOT_FOUND),
            result("idle", NONE),
            result(GROUP, NON_EMPTY_GROUP)
        ]
    );
    let listed = client.ask(5, &ListGroupsRequest::default()).await;
    let names: Vec<_> = listed
        .groups
        .iter()
        .map(|group| group.group_id.to_string())
        .collect();
    assert_eq!(names, [GROUP]);
    world.stop().await;
}
