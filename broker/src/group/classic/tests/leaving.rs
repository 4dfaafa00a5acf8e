//! The rules of LeaveGroup and of sessions that end, the topics that members subscribe to, and descriptions.

use super::driver::*;
use crate::group::MemberIdentity;
use crate::group::classic::*;

#[test]
fn when_a_member_leaves_the_others_rebalance() {
    let mut driver = Driver::stable(&[newcomer("a"), newcomer("b")]);
    assert_eq!(driver.leave(&[leaver("a", None)]), [Ok(())]);
    assert_eq!(driver.heartbeat("b", 1), Err(HeartbeatError::RebalanceInProgress));
    let ticket = driver.join(&again("b"));
    assert_eq!(&*driver.joined(ticket).leader, "b");
}

#[test]
fn when_the_last_member_leaves_the_group_is_empty_in_another_generation() {
    let mut driver = Driver::stable(&[newcomer("a")]);
    driver.leave(&[leaver("a", None)]);
    assert_eq!(driver.group.state(), ClassicGroupState::Empty);
    let ticket = driver.join(&newcomer("b"));
    driver.pass(2 * TURN_MS);
    assert_eq!(driver.joined(ticket).generation_id, GenerationId(3));
}

#[test]
fn each_leaver_has_a_result_of_its_own() {
    let mut driver = Driver::stable(&[newcomer("a"), with_instance("i", "b"), with_instance("j", "c")]);
    driver.join(&newcomer("d").asking_for_id());
    let results = driver.leave(&[
        leaver("x", None),
        leaver("", Some("nobody")),
        leaver("", None),
        leaver("b", Some("j")),
        leaver("", Some("i")),
        leaver("d", None),
        leaver("a", None),
    ]);
    let unknown = || Err(UNKNOWN);
    assert_eq!(
        results,
        [
            unknown(),
            unknown(),
            unknown(),
            Err(FENCED),
            Ok(()),
            Ok(()),
            Ok(())
        ]
    );
    assert_eq!(driver.members(), ["c"]);
    assert!(!driver.has_pending_members());
}

#[test]
fn a_leave_that_fails_changes_nothing() {
    let mut driver = Driver::stable(&[newcomer("a")]);
    assert_eq!(driver.leave(&[leaver("x", None)]), [Err(UNKNOWN)]);
    assert_eq!(driver.group.state(), ClassicGroupState::Stable);
}

#[test]
fn a_member_that_leaves_while_its_join_is_parked_is_unknown() {
    let mut driver = Driver::stable(&[newcomer("a"), newcomer("b")]);
    let parked = driver.join(&newcomer("c"));
    let first = driver.join(&again("a"));
    driver.leave(&[leaver("c", None)]);
    assert_eq!(driver.joins[&parked], Err(UNKNOWN.into()));
    driver.leave(&[leaver("b", None)]);
    assert_eq!(
        driver.joined(first).members.len(),
        1,
        "the member that the rebalance waited for has left"
    );
}

#[test]
fn when_a_session_ends_the_others_rebalance() {
    let mut driver = Driver::stable(&[newcomer("a"), newcomer("b")]);
    driver.pass(SESSION_MS - 1);
    assert_eq!(driver.heartbeat("b", 1), Ok(()));
    assert_eq!(driver.members(), ["a", "b"]);
    driver.pass(2);
    assert_eq!(driver.members(), ["b"]);
    assert_eq!(driver.heartbeat("b", 1), Err(HeartbeatError::RebalanceInProgress));
}

#[test]
fn the_group_knows_the_topics_that_consumers_subscribe_to() {
    let mut driver = Driver::stable(&[newcomer("a")]);
    assert!(driver.group.is_subscribed_to("t"));
    assert!(!driver.group.is_subscribed_to("u"));
    driver.leave(&[leaver("a", None)]);
    assert!(!driver.group.is_subscribed_to("t"), "no member is left");
}

#[test]
fn a_group_whose_subscriptions_cannot_be_read_counts_as_subscribed_to_everything() {
    let opaque = |protocol_type: &str| {
        let protocol = Protocol {
            name: "p".into(),
            metadata: Bytes::from_static(b"?"),
        };
        newcomer("a").with(|request| {
            request.protocol_type = protocol_type.into();
            request.protocols = vec![protocol];
        })
    };
    let consumers = Driver::stable(&[opaque("consumer")]);
    assert!(consumers.group.is_subscribed_to("t"));
    assert_eq!(consumers.group.subscribed_topics, None);
    let workers = Driver::stable(&[opaque("connect")]);
    assert!(!workers.group.is_subscribed_to("t"));
}

#[test]
fn metadata_and_protocol_are_described_only_if_the_group_is_stable() {
    let mut driver = Driver::stable(&[with_instance("i", "a")]);
    let stable = driver.group.describe();
    assert_eq!(
        (&*stable.protocol_type, &*stable.protocol_name),
        ("consumer", "range")
    );
    let member = DescribedMember {
        identity: MemberIdentity {
            member_id: "a".into(),
            group_instance_id: Some("i".into()),
            client_id: "client".into(),
            client_host: "/127.0.0.1".into(),
        },
        metadata: protocols(&["range"])[0].metadata.clone(),
        assignment: Bytes::from_static(b"a"),
    };
    assert_eq!(stable.members, [member]);

    driver.join(&newcomer("b"));
    let preparing = driver.group.describe();
    assert_eq!(
        (preparing.state, &*preparing.protocol_name),
        (GroupState::PreparingRebalance, "")
    );
    assert_eq!(preparing.members[0].metadata, Bytes::new());
    assert_eq!(preparing.members[0].assignment, Bytes::from_static(b"a"));
}
