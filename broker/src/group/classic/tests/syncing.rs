//! The rules of SyncGroup, Heartbeat and OffsetCommit.

use super::driver::*;
use crate::group::CommitError;
use crate::group::classic::*;

/// Returns a group in which `a` leads, `b` follows, and generation 1 waits for its assignment.
fn completing() -> Driver {
    let mut driver = Driver::new(LIMITS);
    driver.join(&newcomer("a"));
    driver.join(&newcomer("b"));
    driver.pass(2 * TURN_MS);
    assert_eq!(driver.group.state(), ClassicGroupState::CompletingRebalance);
    driver
}

/// Returns a group of generation 1 in a rebalance, for which `a` has joined again and `b` has not.
fn preparing() -> Driver {
    let mut driver = Driver::stable(&[newcomer("a"), newcomer("b")]);
    driver.join(&again("a"));
    driver
}

/// A description, the group, the member id and generation of the request, and the answer.
type Case<T> = (&'static str, Driver, &'static str, i32, T);

const ILLEGAL: IllegalGeneration = IllegalGeneration {
    given: GenerationId(7),
    current: GenerationId(1),
};

#[test]
fn followers_wait_for_the_leader_and_a_member_that_it_left_out_gets_no_bytes() {
    let mut driver = completing();
    let follower = driver.sync("b", 1, &[]);
    assert!(driver.is_parked(follower));
    let leader = driver.sync("a", 1, &[("a", "everything")]);
    assert_eq!(driver.assignment(leader), "everything");
    assert_eq!(driver.assignment(follower), "");
    assert_eq!(driver.group.state(), ClassicGroupState::Stable);
}

#[test]
fn the_answer_names_the_protocol() {
    let mut driver = completing();
    let leader = driver.sync("a", 1, &[]);
    let synced = driver.syncs[&leader].as_ref().unwrap();
    let protocol = (synced.protocol_type.as_deref(), synced.protocol_name.as_deref());
    assert_eq!(protocol, (Some("consumer"), Some("range")));
}

#[test]
fn a_sync_in_a_stable_group_gives_the_assignment_again() {
    let mut driver = Driver::stable(&[newcomer("a"), newcomer("b")]);
    let ticket = driver.sync("b", 1, &[("b", "the assignment of a follower is ignored")]);
    assert_eq!(driver.assignment(ticket), "b");
}

#[test]
fn waiting_followers_are_told_of_a_rebalance() {
    let mut driver = completing();
    let follower = driver.sync("b", 1, &[]);
    driver.join(&newcomer("c"));
    assert_eq!(driver.syncs[&follower], Err(SyncError::RebalanceInProgress));
    let late = driver.sync("a", 1, &[]);
    assert_eq!(driver.syncs[&late], Err(SyncError::RebalanceInProgress));
}

#[test]
fn a_waiting_follower_is_told_of_a_rebalance_when_the_leaders_session_ends() {
    let mut driver = completing();
    let follower = driver.sync("b", 1, &[]);
    driver.pass(SESSION_MS - 1);
    assert!(driver.is_parked(follower));
    driver.pass(2);
    assert_eq!(driver.syncs[&follower], Err(SyncError::RebalanceInProgress));
    assert_eq!(driver.members(), ["b"]);
}

#[test]
fn syncs_are_accepted_from_members_of_the_generation() {
    let stable = || Driver::stable(&[newcomer("a"), newcomer("b")]);
    let cases: [Case<SyncError>; 5] = [
        (
            "no member of an empty group",
            Driver::new(LIMITS),
            "a",
            0,
            UNKNOWN.into(),
        ),
        ("an unknown member", stable(), "x", 1, UNKNOWN.into()),
        ("another generation", stable(), "a", 7, ILLEGAL.into()),
        (
            "during a rebalance",
            preparing(),
            "b",
            1,
            SyncError::RebalanceInProgress,
        ),
        (
            "an unknown member while the group completes",
            completing(),
            "x",
            1,
            UNKNOWN.into(),
        ),
    ];
    for (what, mut driver, member_id, generation_id, error) in cases {
        let ticket = driver.sync(member_id, generation_id, &[]);
        assert_eq!(driver.syncs[&ticket], Err(error), "{what}");
    }
}

#[test]
fn a_sync_of_another_protocol_is_inconsistent() {
    for (protocol_type, protocol_name, is_accepted) in [
        (Some("consumer"), Some("range"), true),
        (None, None, true),
        (Some("connect"), Some("range"), false),
        (Some("consumer"), Some("sticky"), false),
    ] {
        let mut driver = completing();
        let ticket = driver.sync_request(&SyncRequest {
            membership: membership("a", 1),
            protocol_type: protocol_type.map(Into::into),
            protocol_name: protocol_name.map(Into::into),
            assignments: Vec::new(),
        });
        let expected = if is_accepted {
            None
        } else {
            Some(SyncError::InconsistentProtocol)
        };
        assert_eq!(driver.syncs[&ticket].clone().err(), expected);
    }
}

#[test]
fn members_that_never_sync_are_removed_after_the_rebalance_timeout() {
    let mut driver = completing();
    driver.sync("a", 1, &[("a", "all")]);
    assert_eq!(driver.group.state(), ClassicGroupState::Stable);
    for _ in 0..59 {
        driver.pass(1_000);
        assert_eq!(
            (driver.heartbeat("a", 1), driver.heartbeat("b", 1)),
            (Ok(()), Ok(()))
        );
    }
    driver.pass(1_000);
    assert_eq!(driver.members(), ["a"]);
    assert_eq!(driver.group.state(), ClassicGroupState::PreparingRebalance);
}

#[test]
fn members_that_have_synced_are_not_removed() {
    let mut driver = Driver::stable(&[newcomer("a"), newcomer("b")]);
    for _ in 0..120 {
        driver.pass(1_000);
        assert_eq!(
            (driver.heartbeat("a", 1), driver.heartbeat("b", 1)),
            (Ok(()), Ok(()))
        );
    }
}

#[test]
fn heartbeats_are_accepted_from_members_of_the_generation() {
    let stable = || Driver::stable(&[newcomer("a"), newcomer("b")]);
    let cases: [Case<Result<(), HeartbeatError>>; 6] = [
        ("a member", stable(), "b", 1, Ok(())),
        (
            "a member that waits for its assignment",
            completing(),
            "b",
            1,
            Ok(()),
        ),
        (
            "a member that has to join again",
            preparing(),
            "b",
            1,
            Err(HeartbeatError::RebalanceInProgress),
        ),
        ("another generation", stable(), "a", 7, Err(ILLEGAL.into())),
        ("an unknown member", stable(), "x", 1, Err(UNKNOWN.into())),
        (
            "an unknown member of an empty group",
            Driver::new(LIMITS),
            "a",
            0,
            Err(UNKNOWN.into()),
        ),
    ];
    for (what, mut driver, member_id, generation_id, expected) in cases {
        assert_eq!(driver.heartbeat(member_id, generation_id), expected, "{what}");
    }
}

#[test]
fn commits_are_accepted_from_members_with_an_assignment_or_into_an_empty_group() {
    let stable = || Driver::stable(&[newcomer("a"), newcomer("b")]);
    let no_generation = IllegalGeneration {
        given: GenerationId(-1),
        ..ILLEGAL
    };
    let cases: [Case<Result<(), CommitError>>; 10] = [
        (
            "any client, of an empty group",
            Driver::new(LIMITS),
            "",
            -1,
            Ok(()),
        ),
        (
            "an unknown member without generation, of an empty group",
            Driver::new(LIMITS),
            "x",
            -1,
            Ok(()),
        ),
        (
            "a member of an empty group",
            Driver::new(LIMITS),
            "x",
            1,
            Err(UNKNOWN.into()),
        ),
        (
            "a client that is not a member, of a stable group",
            stable(),
            "",
            -1,
            Err(UNKNOWN.into()),
        ),
        ("a member", stable(), "b", 1, Ok(())),
        (
            "a member without generation",
            stable(),
            "b",
            -1,
            Err(no_generation.into()),
        ),
        ("an unknown member", stable(), "x", 1, Err(UNKNOWN.into())),
        ("another generation", stable(), "b", 7, Err(ILLEGAL.into())),
        (
            "before the assignment",
            completing(),
            "b",
            1,
            Err(CommitError::RebalanceInProgress),
        ),
        // A member may still commit what it read in the generation that ends.
        ("during a rebalance", preparing(), "b", 1, Ok(())),
    ];
    for (what, mut driver, member_id, generation_id, expected) in cases {
        assert_eq!(driver.commit(member_id, generation_id), expected, "{what}");
    }
}

#[test]
fn a_commit_counts_as_a_heartbeat() {
    let mut driver = Driver::stable(&[newcomer("a")]);
    for _ in 0..5 {
        driver.pass(SESSION_MS - 1);
        assert_eq!(driver.commit("a", 1), Ok(()));
    }
    driver.pass(SESSION_MS);
    assert_eq!(driver.group.state(), ClassicGroupState::Empty);
}

#[test]
fn a_transactional_commit_needs_no_member_and_no_assignment() {
    // Older versions of TxnOffsetCommit name no member; the state of the group is not enforced.
    let anonymous = || membership("", -1);
    let mut stable = Driver::stable(&[newcomer("a")]);
    assert_eq!(stable.commit_as(anonymous(), true), Ok(()));
    assert_eq!(stable.commit_as(anonymous(), false), Err(UNKNOWN.into()));
    assert_eq!(completing().commit_as(membership("b", 1), true), Ok(()));
    let stale = membership("a", 7);
    assert_eq!(stable.commit_as(stale, true), Err(ILLEGAL.into()));
}
