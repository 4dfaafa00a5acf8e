//! Members that go, by themselves or not.

use super::driver::{join, keep_alive};
use super::*;

#[test]
fn member_epoch_0_joins_minus_1_leaves_and_minus_2_leaves_for_a_while() {
    let mut driver = Driver::new(&[("t", 2)]);
    driver.send(join("a", &["t"]));
    let answer = driver.send(keep_alive("a", -1));
    let expected = HeartbeatAnswer {
        member_id: "a".into(),
        member_epoch: -1,
        heartbeat_interval_ms: 0,
        assignment: None,
    };
    assert_eq!(answer, expected);
    assert_eq!(driver.group.state(), GroupState::Empty);
    // The group goes on from its epoch, and the target has nobody to wait for.
    assert_eq!(driver.epochs(), (3, 3));

    let as_static = |request| HeartbeatRequest {
        group_instance_id: Some("i".into()),
        ..request
    };
    driver.send(as_static(join("b", &["t"])));
    driver.send(as_static(keep_alive("b", -2)));
    assert_eq!(driver.member_ids(), ["b"]);
    assert_eq!(driver.group.describe().members[0].member_epoch, -2);
    driver.send(as_static(keep_alive("b", -1)));
    assert_eq!(driver.group.state(), GroupState::Empty);
}

#[test]
fn the_partitions_of_a_member_that_left_go_to_the_others_at_their_next_heartbeat() {
    let mut driver = Driver::new(&[("t", 2)]);
    driver.join(join("a", &["t"]), 2, &[("t", &[0, 1])]);
    driver.send(join("b", &["t"]));
    driver.send(keep_alive("a", -1));
    assert_eq!(driver.group.state(), GroupState::Assigning);
    let answer = driver.send(keep_alive("b", 3));
    assert_eq!(
        (answer.member_epoch, answer.assignment),
        (4, Some(partitions(&[("t", &[0, 1])])))
    );
}

#[test]
fn a_member_without_heartbeats_is_removed_after_the_session_timeout() {
    let mut driver = Driver::new(&[("t", 1)]);
    driver.send(join("a", &["t"]));
    driver.pass(44_999);
    assert_eq!(driver.member_ids(), ["a"]);
    driver.send(keep_alive("a", 2));
    driver.pass(44_999);
    assert_eq!(driver.member_ids(), ["a"]);
    driver.pass(1);
    assert_eq!(driver.group.state(), GroupState::Empty);
    assert_eq!(driver.group.next_deadline_ms(), None);
}

#[test]
fn the_configs_of_the_group_stand_in_place_of_the_brokers() {
    let mut driver = Driver::new(&[("t", 1)]);
    driver.config.session_timeout_ms = 50_000;
    driver.config.heartbeat_interval_ms = 6_000;
    assert_eq!(driver.send(join("a", &["t"])).heartbeat_interval_ms, 6_000);
    driver.pass(49_999);
    assert_eq!(driver.member_ids(), ["a"]);
    driver.pass(1);
    assert_eq!(driver.member_ids(), [""; 0]);
}

#[test]
fn a_static_member_that_left_for_a_while_is_removed_after_the_session_timeout() {
    let mut driver = Driver::new(&[("t", 1)]);
    let as_static = |request| HeartbeatRequest {
        group_instance_id: Some("i".into()),
        ..request
    };
    driver.send(as_static(join("a", &["t"])));
    driver.pass(40_000);
    driver.send(as_static(keep_alive("a", -2)));
    driver.pass(5_000);
    assert_eq!(driver.group.state(), GroupState::Empty);
}
