//! The members that are let in, and the fields that each request must have.

use super::driver::{join, keep_alive, limits, report};
use super::*;

#[test]
fn the_first_member_gets_all_partitions_at_epoch_2() {
    let mut driver = Driver::new(&[("t", 3)]);
    assert_eq!(driver.group.state(), GroupState::Empty);
    let answer = driver.send(join("a", &["t"]));
    let expected = HeartbeatAnswer {
        member_id: "a".into(),
        member_epoch: 2,
        heartbeat_interval_ms: 5_000,
        assignment: Some(partitions(&[("t", &[0, 1, 2])])),
    };
    assert_eq!(answer, expected);
    assert_eq!(driver.group.state(), GroupState::Stable);
    assert_eq!(driver.epochs(), (2, 2));
}

#[test]
fn a_keep_alive_is_answered_without_the_assignment_and_a_full_request_with_it() {
    let mut driver = Driver::new(&[("t", 1)]);
    driver.send(join("a", &["t"]));
    assert_eq!(driver.send(keep_alive("a", 2)).assignment, None);
    let owned = partitions(&[("t", &[0])]);
    assert_eq!(driver.send(report("a", 2, &owned)).assignment, None);
    let full = HeartbeatRequest {
        owned: Some(driver::owned_list(&owned)),
        member_epoch: 2,
        ..join("a", &["t"])
    };
    assert_eq!(driver.send(full).assignment, Some(owned));
}

#[test]
fn a_join_must_carry_an_empty_non_null_owned_list() {
    let driver = Driver::new(&[]);
    let with = |change: fn(&mut HeartbeatRequest)| {
        let mut request = join("a", &["t"]);
        change(&mut request);
        request
            .validate("g", &driver.group.limits)
            .map_err(|error| error.to_string())
    };
    type Change = fn(&mut HeartbeatRequest);
    let cases: [(Change, Option<&str>); 13] = [
        (|_| {}, None),
        (
            |r| r.owned = None,
            Some("TopicPartitions must be empty when (re-)joining."),
        ),
        (
            |r| r.owned = Some(driver::owned_list(&partitions(&[("t", &[0])]))),
            Some("TopicPartitions must be empty when (re-)joining."),
        ),
        (
            |r| r.rebalance_timeout_ms = -1,
            Some("RebalanceTimeoutMs must be provided in first request."),
        ),
        (
            |r| r.subscribed_topic_names = None,
            Some("Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining."),
        ),
        (|r| r.member_id = "".into(), Some("MemberId can't be empty.")),
        (
            |r| {
                r.member_id = "".into();
                r.brings_member_id = false;
            },
            None,
        ),
        (
            |r| r.group_instance_id = Some("".into()),
            Some("InstanceId can't be empty."),
        ),
        (|r| r.rack_id = Some("".into()), Some("RackId can't be empty.")),
        (|r| r.member_epoch = -2, Some("InstanceId can't be null.")),
        (|r| r.member_epoch = -3, Some("MemberEpoch is invalid.")),
        (
            |r| r.server_assignor = Some("bad".into()),
            Some("ServerAssignor bad is not supported. Supported assignors: uniform, range."),
        ),
        (|r| r.server_assignor = Some("range".into()), None),
    ];
    for (index, (change, expected)) in cases.into_iter().enumerate() {
        let refused = with(change).err();
        assert_eq!(refused.as_deref(), expected, "case {index}");
    }
    let unnamed = join("a", &["t"]).validate("", &driver.group.limits);
    assert_eq!(
        unnamed,
        Err(HeartbeatError::InvalidRequest("GroupId can't be empty."))
    );
}

#[test]
fn a_member_that_the_group_does_not_know_has_to_join() {
    let mut driver = Driver::new(&[("t", 1)]);
    driver.send(join("a", &["t"]));
    let refused = driver.try_send(keep_alive("b", 2)).expect_err("unknown");
    assert_eq!(refused.to_string(), "Member b is not a member of group g.");
}

#[test]
fn a_member_with_another_epoch_is_fenced() {
    let mut driver = Driver::new(&[("t", 1)]);
    driver.send(join("a", &["t"]));
    for (epoch, word) in [(1, "smaller"), (3, "greater")] {
        let refused = driver.try_send(keep_alive("a", epoch)).expect_err("fenced");
        let expected = format!(
            "The consumer group member has a {word} member epoch ({epoch}) than the one known by the group coordinator (2). The member must abandon all its partitions and rejoin."
        );
        assert_eq!(refused.to_string(), expected);
    }
}

#[test]
fn an_old_epoch_is_accepted_only_if_it_is_the_previous_one_and_the_owned_partitions_are_a_subset() {
    let mut driver = Driver::new(&[("t", 2)]);
    driver.join(join("a", &["t"]), 2, &[("t", &[0, 1])]);
    driver.set_topic("t", 4);
    // The answer with epoch 3 is lost, and the member asks again with 2.
    let answer = driver.send(keep_alive("a", 2));
    assert_eq!(
        (answer.member_epoch, answer.assignment),
        (3, Some(partitions(&[("t", &[0, 1, 2, 3])])))
    );
    let answer = driver.send(report("a", 2, &partitions(&[("t", &[0, 1])])));
    assert_eq!(answer.member_epoch, 3);
    let foreign = report("a", 2, &partitions(&[("t", &[0, 5])]));
    for request in [foreign, keep_alive("a", 2), report("a", 1, &partitions(&[]))] {
        let refused = driver.try_send(request).expect_err("fenced");
        assert!(
            matches!(refused, HeartbeatError::FencedMemberEpoch { .. }),
            "{refused}"
        );
    }
}

#[test]
fn a_member_that_joins_again_keeps_its_epoch_and_gets_its_assignment() {
    let mut driver = Driver::new(&[("t", 2)]);
    driver.join(join("a", &["t"]), 2, &[("t", &[0, 1])]);
    driver.join(join("a", &["t"]), 2, &[("t", &[0, 1])]);
}

#[test]
fn a_full_group_lets_members_in_that_it_has_and_no_others() {
    let limits = Limits {
        max_size: 1,
        ..limits()
    };
    let mut driver = Driver::with(limits, &[("t", 1)]);
    driver.send(join("a", &["t"]));
    driver.send(join("a", &["t"]));
    let refused = driver.try_send(join("b", &["t"])).expect_err("full");
    assert_eq!(
        refused.to_string(),
        "The consumer group has reached its maximum capacity of 1 members."
    );
}

fn static_join(member_id: &str) -> HeartbeatRequest {
    HeartbeatRequest {
        group_instance_id: Some("i".into()),
        ..join(member_id, &["t"])
    }
}

fn as_static(request: HeartbeatRequest) -> HeartbeatRequest {
    HeartbeatRequest {
        group_instance_id: Some("i".into()),
        ..request
    }
}

#[test]
fn unreleased_instance_id_is_told_to_who_joins_and_fenced_instance_id_to_who_was_replaced() {
    let mut driver = Driver::new(&[("t", 2)]);
    driver.join(static_join("a"), 2, &[("t", &[0, 1])]);
    let refused = driver.try_send(static_join("b")).expect_err("unreleased");
    assert_eq!(
        refused.to_string(),
        "Static member b with instance id i cannot join the group because the instance id is owned by a member."
    );
    let left = driver.send(as_static(keep_alive("a", -2)));
    assert_eq!((left.member_epoch, left.heartbeat_interval_ms), (-2, 0));
    // It comes back under another member id, to what it had, and without another epoch of the group.
    driver.join(static_join("b"), 2, &[("t", &[0, 1])]);
    assert_eq!(driver.epochs(), (2, 2));
    let refused = driver
        .try_send(as_static(keep_alive("a", 2)))
        .expect_err("fenced");
    assert_eq!(
        refused.to_string(),
        "Static member a with instance id i was fenced by member b."
    );
    let unknown = HeartbeatRequest {
        group_instance_id: Some("j".into()),
        ..keep_alive("a", 2)
    };
    let refused = driver.try_send(unknown).expect_err("unknown");
    assert_eq!(refused.to_string(), "Instance id j is unknown.");
}

#[test]
fn the_assignor_that_most_members_prefer_is_used() {
    let prefer = |member_id: &str, assignor: &str| HeartbeatRequest {
        server_assignor: Some(assignor.into()),
        ..join(member_id, &["t"])
    };
    let mut driver = Driver::new(&[("t", 2)]);
    driver.send(join("a", &["t"]));
    assert_eq!(driver.group.describe().assignor, Assignor::Uniform);
    driver.send(prefer("a", "range"));
    assert_eq!(driver.group.describe().assignor, Assignor::Range);
    assert_eq!(driver.epochs(), (3, 3), "another assignor brings another epoch");
    driver.send(prefer("b", "uniform"));
    assert_eq!(
        driver.group.describe().assignor,
        Assignor::Uniform,
        "uniform wins among equals"
    );
    // As in Kafka, the one vote for range is counted before the one for uniform when its own member sends it.
    let (epoch, _) = driver.epochs();
    for (member_id, assignor, later) in [
        ("b", "uniform", 0),
        ("a", "range", 1),
        ("a", "range", 2),
        ("b", "uniform", 2),
    ] {
        driver.send(prefer(member_id, assignor));
        assert_eq!(driver.epochs(), (epoch + later, epoch + later), "{member_id}");
        assert_eq!(driver.group.describe().assignor, Assignor::Uniform);
    }
    // With two votes each nothing moves.
    driver.send(prefer("c", "range"));
    driver.send(prefer("d", "uniform"));
    let epochs = driver.epochs();
    for (member_id, assignor) in [("a", "range"), ("b", "uniform"), ("c", "range")] {
        driver.send(prefer(member_id, assignor));
        assert_eq!(driver.epochs(), epochs, "{member_id}");
    }
}
