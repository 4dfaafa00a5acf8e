//! Consumer groups of KIP-848: the heartbeat of a member, and the description for an administrator.

use kafka_protocol::messages::consumer_group_heartbeat_response::{Assignment, TopicPartitions};
use kafka_protocol::messages::{
    ConsumerGroupDescribeRequest, ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse,
};
use kafka_protocol::protocol::StrBytes;

use crate::client::{CLIENT_ID, Client};
use crate::world::{GROUP, NONE, TOPIC, World, group_id, text, topic_name};

const UNKNOWN_MEMBER_ID: i16 = 25;
const GROUP_ID_NOT_FOUND: i16 = 69;

/// Starts one broker with the topic, and joins the group as its only member.
async fn with_member(version: i16) -> (World, Client, ConsumerGroupHeartbeatResponse) {
    let world = World::with_topic().await;
    world.find_coordinator().await;
    let mut client = world.connect().await;
    let request = ConsumerGroupHeartbeatRequest::default()
        .with_group_id(group_id(GROUP))
        // From version 1 on the client makes its id.
        .with_member_id(text(if version == 0 { "" } else { "member-1" }))
        .with_rebalance_timeout_ms(20_000)
        .with_subscribed_topic_names(Some(vec![topic_name(TOPIC)]))
        .with_topic_partitions(Some(Vec::new()));
    let joined = client.ask(version, &request).await;
    assert_eq!(joined.error_code, NONE, "{joined:?}");
    (world, client, joined)
}

fn keep_alive(member_id: Option<StrBytes>, member_epoch: i32) -> ConsumerGroupHeartbeatRequest {
    ConsumerGroupHeartbeatRequest::default()
        .with_group_id(group_id(GROUP))
        .with_member_id(member_id.expect("a member that joins is given an id"))
        .with_member_epoch(member_epoch)
}

pub(crate) async fn heartbeat(version: i16) {
    let (world, mut client, joined) = with_member(version).await;
    let all = TopicPartitions::default()
        .with_topic_id(world.topic_id)
        .with_partitions(vec![0, 1, 2]);
    let expected = ConsumerGroupHeartbeatResponse::default()
        .with_member_id(joined.member_id.clone())
        .with_member_epoch(2)
        .with_heartbeat_interval_ms(5_000)
        .with_assignment(Some(Assignment::default().with_topic_partitions(vec![all])));
    assert_eq!(joined, expected);
    let kept = client
        .ask(version, &keep_alive(joined.member_id.clone(), 2))
        .await;
    assert_eq!(kept, expected.with_assignment(None));

    let stranger = keep_alive(Some(text("nobody")), 2);
    let refused = client.ask(version, &stranger).await;
    assert_eq!(refused.error_code, UNKNOWN_MEMBER_ID);
    let left = client.ask(version, &keep_alive(joined.member_id, -1)).await;
    assert_eq!((left.error_code, left.member_epoch), (NONE, -1));
    world.stop().await;
}

pub(crate) async fn describe(version: i16) {
    let (world, mut client, joined) = with_member(1).await;
    let ids = vec![group_id(GROUP), group_id("none")];
    let request = ConsumerGroupDescribeRequest::default().with_group_ids(ids);
    let answer = client.ask(version, &request).await;
    let [known, unknown] = answer.groups.as_slice() else {
        panic!("two groups were asked for: {answer:?}");
    };
    assert_eq!((known.error_code, known.group_state.as_str()), (NONE, "Stable"));
    assert_eq!((known.group_epoch, known.assignment_epoch), (2, 2));
    assert_eq!(known.assignor_name.as_str(), "uniform");
    let [member] = known.members.as_slice() else {
        panic!("one member joined: {known:?}");
    };
    assert_eq!(Some(&member.member_id), joined.member_id.as_ref());
    assert_eq!((member.member_epoch, member.client_id.as_str()), (2, CLIENT_ID));
    assert_eq!(member.subscribed_topic_names, [topic_name(TOPIC)]);
    assert_eq!(member.assignment.topic_partitions[0].partitions, [0, 1, 2]);
    // Version 1 says the type of a member: 1 is one of the consumer protocol.
    assert_eq!(member.member_type, if version == 0 { -1 } else { 1 });
    assert_eq!(unknown.error_code, GROUP_ID_NOT_FOUND);
    world.stop().await;
}
