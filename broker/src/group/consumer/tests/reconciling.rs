//! Partitions on their way from member to member.

use super::driver::{join, keep_alive, report};
use super::*;

#[test]
fn a_partition_moves_only_after_its_owner_no_longer_lists_it() {
    let mut driver = Driver::new(&[("t", 2)]);
    driver.join(join("a", &["t"]), 2, &[("t", &[0, 1])]);
    driver.join(join("b", &["t"]), 3, &[]);
    // The first member learns what it has left, and stays at its epoch meanwhile.
    let answer = driver.send(keep_alive("a", 2));
    let left = answer.assignment.expect("it has changed");
    assert_eq!((answer.member_epoch, assignment_count(&left)), (2, 1));
    // Keep-alives say nothing of the partition, so it is still pending.
    assert_eq!(driver.send(keep_alive("a", 2)).member_epoch, 2);
    assert_eq!(
        driver
            .send(report("a", 2, &partitions(&[("t", &[0, 1])])))
            .member_epoch,
        2
    );
    assert_eq!(driver.send(keep_alive("b", 3)).assignment, None);
    assert_eq!(driver.group.state(), GroupState::Reconciling);

    assert_eq!(driver.send(report("a", 2, &left)).member_epoch, 3);
    let answer = driver.send(keep_alive("b", 3));
    let gained = answer.assignment.expect("it has changed");
    assert_eq!(answer.member_epoch, 3);
    let mut both = left;
    for (topic, partition) in assignment::iter(&gained) {
        assignment::insert(&mut both, topic, partition);
    }
    assert_eq!(both, partitions(&[("t", &[0, 1])]));
    assert_eq!(driver.group.state(), GroupState::Stable);
}

fn assignment_count(partitions: &Partitions) -> usize {
    assignment::iter(partitions).count()
}

#[test]
fn group_and_assignment_epoch_are_separate_and_members_go_through_three_states() {
    let mut driver = Driver::new(&[("t", 2)]);
    driver.config.assignment_interval_ms = 1_000;
    driver.join(join("a", &["t"]), 2, &[("t", &[0, 1])]);
    // The target is younger than the interval, so that the second member waits for one of its own.
    driver.join(join("b", &["t"]), 2, &[]);
    assert_eq!(driver.epochs(), (3, 2));
    assert_eq!(driver.group.state(), GroupState::Assigning);
    driver.pass(1_000);
    assert_eq!(driver.send(keep_alive("b", 2)).member_epoch, 3);
    assert_eq!(driver.epochs(), (3, 3));
    let state = |driver: &Driver, id: &str| driver.group.members[id].state;
    assert_eq!(state(&driver, "a"), MemberState::Stable);
    assert_eq!(state(&driver, "b"), MemberState::UnreleasedPartitions);
    driver.send(keep_alive("a", 2));
    assert_eq!(state(&driver, "a"), MemberState::UnrevokedPartitions);
}

#[test]
fn the_rebalance_timeout_applies_only_while_a_member_owes_revocations() {
    let mut driver = Driver::new(&[("t", 2)]);
    driver.join(join("a", &["t"]), 2, &[("t", &[0, 1])]);
    driver.send(join("b", &["t"]));
    // Nobody has told the first member, so it owes nothing.
    for _ in 0..3 {
        driver.pass(40_000);
        driver.send(keep_alive("b", 3));
        driver.group.renew_session(driver.now_ms, &"a".into());
    }
    assert_eq!(driver.member_ids(), ["a", "b"]);
    driver.send(keep_alive("a", 2));
    driver.pass(30_000);
    driver.send(keep_alive("a", 2));
    driver.send(keep_alive("b", 3));
    driver.pass(29_999);
    assert_eq!(driver.member_ids(), ["a", "b"]);
    driver.pass(1);
    assert_eq!(
        driver.member_ids(),
        ["b"],
        "heartbeats do not make up for partitions that are owed"
    );
    let answer = driver.send(keep_alive("b", 3));
    assert_eq!(answer.assignment, Some(partitions(&[("t", &[0, 1])])));
}

#[test]
fn a_member_that_gave_up_in_time_is_not_removed() {
    let mut driver = Driver::new(&[("t", 2)]);
    driver.join(join("a", &["t"]), 2, &[("t", &[0, 1])]);
    driver.send(join("b", &["t"]));
    let left = driver.send(keep_alive("a", 2)).assignment.expect("news");
    driver.send(report("a", 2, &left));
    for _ in 0..4 {
        driver.pass(20_000);
        driver.send(keep_alive("a", 3));
        driver.send(keep_alive("b", 3));
    }
    assert_eq!(driver.member_ids(), ["a", "b"]);
}

#[test]
fn an_owner_may_keep_a_partition_that_comes_back_to_it_before_it_gave_it_up() {
    let mut driver = Driver::new(&[("t", 2)]);
    driver.join(join("a", &["t"]), 2, &[("t", &[0, 1])]);
    driver.send(join("b", &["t"]));
    let left = driver.send(keep_alive("a", 2)).assignment.expect("news");
    driver.send(keep_alive("b", -1));
    let answer = driver.send(report("a", 2, &left));
    assert_eq!(
        (answer.member_epoch, answer.assignment),
        (4, Some(partitions(&[("t", &[0, 1])])))
    );
}

#[test]
fn a_topic_that_a_member_no_longer_subscribes_to_is_given_up_before_the_next_target() {
    let mut driver = Driver::new(&[("t", 1), ("u", 1)]);
    driver.config.assignment_interval_ms = 1_000;
    driver.join(join("a", &["t", "u"]), 2, &[("t", &[0]), ("u", &[0])]);
    let fewer = HeartbeatRequest {
        member_epoch: 2,
        owned: None,
        ..join("a", &["t"])
    };
    let answer = driver.send(fewer);
    assert_eq!(
        (answer.member_epoch, answer.assignment),
        (2, Some(partitions(&[("t", &[0])])))
    );
    assert_eq!(driver.epochs(), (3, 2));
    assert_eq!(
        driver.group.describe().members[0].assigned.len(),
        2,
        "it is still to be given up"
    );
}
