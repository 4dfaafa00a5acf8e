//! SyncGroup, Heartbeat and the rules of OffsetCommit.

use super::driver::*;
use crate::group::classic::*;

/// `a` leads, `b` follows; generation 1 waits for its assignment.
fn completing() -> Driver {
    let mut driver = Driver::new(LIMITS);
    driver.join(&newcomer("a"));
    driver.join(&newcomer("b"));
    driver.pass(0);
    assert_eq!(driver.group.state(), GroupState::CompletingRebalance);
    driver
}

/// As [`completing`] for generation 2, but `b` has not joined again yet.
fn preparing() -> Driver {
    let mut driver = Driver::stable(&[newcomer("a"), newcomer("b")]);
    driver.join(&again("a"));
    driver
}

/// What is shown, the group, who asks, under which generation, and the answer.
type Case<T> = (&'static str, Driver, &'static str, i32, T);

const ILLEGAL: (GenerationId, GenerationId) = (GenerationId(7), GenerationId(1));

#[test]
fn followers_wait_for_the_leader_and_a_forgotten_member_gets_no_bytes() {
    let mut driver = completing();
    let follower = driver.sync("b", 1, &[]);
    assert!(driver.is_parked(follower));
    let leader = driver.sync("a", 1, &[("a", "everything")]);
    assert_eq!(driver.assignment(leader), "everything");
    assert_eq!(driver.assignment(follower), "");
    assert_eq!(driver.group.state(), GroupState::Stable);
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
    let ticket = driver.sync("b", 1, &[("b", "what a follower says does not count")]);
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
fn a_waiting_follower_whose_leader_goes_silent_is_told_when_the_leaders_session_ends() {
    let mut driver = completing();
    let follower = driver.sync("b", 1, &[]);
    driver.pass(SESSION_MS - 1);
    assert!(driver.is_parked(follower));
    driver.pass(1);
    assert_eq!(driver.syncs[&follower], Err(SyncError::RebalanceInProgress));
    assert_eq!(driver.members(), ["b"]);
}

#[test]
fn who_may_sync() {
    let stable = || Driver::stable(&[newcomer("a"), newcomer("b")]);
    let (given, current) = ILLEGAL;
    let cases: [Case<SyncError>; 5] = [
        (
            "no member of an empty group",
            Driver::new(LIMITS),
            "a",
            0,
            UNKNOWN.into(),
        ),
        ("a stranger", stable(), "x", 1, UNKNOWN.into()),
        (
            "another generation",
            stable(),
            "a",
            7,
            SyncError::IllegalGeneration { given, current },
        ),
        (
            "during a rebalance",
            preparing(),
            "b",
            1,
            SyncError::RebalanceInProgress,
        ),
        (
            "a stranger while the group completes",
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
    for (protocol_type, protocol_name, is_fine) in [
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
        let expected = if is_fine {
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
    assert_eq!(driver.group.state(), GroupState::Stable);
    for _ in 0..59 {
        driver.pass(1_000);
        assert_eq!(
            (driver.heartbeat("a", 1), driver.heartbeat("b", 1)),
            (Ok(()), Ok(()))
        );
    }
    driver.pass(1_000);
    assert_eq!(driver.members(), ["a"]);
    assert_eq!(driver.group.state(), GroupState::PreparingRebalance);
}

#[test]
fn when_everybody_has_synced_nobody_is_removed_for_it() {
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
fn who_may_send_heartbeats() {
    let stable = || Driver::stable(&[newcomer("a"), newcomer("b")]);
    let (given, current) = ILLEGAL;
    let illegal = HeartbeatError::IllegalGeneration { given, current };
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
            "a member that is to join",
            preparing(),
            "b",
            1,
            Err(HeartbeatError::RebalanceInProgress),
        ),
        ("another generation", stable(), "a", 7, Err(illegal)),
        ("a stranger", stable(), "x", 1, Err(UNKNOWN.into())),
        (
            "of an empty group",
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
fn who_may_commit() {
    let stable = || Driver::stable(&[newcomer("a"), newcomer("b")]);
    let (given, current) = ILLEGAL;
    let illegal = CommitError::IllegalGeneration { given, current };
    let of_no_generation = CommitError::IllegalGeneration {
        given: GenerationId(-1),
        current,
    };
    let cases: [Case<Result<(), CommitError>>; 10] = [
        ("anybody, of an empty group", Driver::new(LIMITS), "", -1, Ok(())),
        (
            "a made-up member, of an empty group",
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
            "anybody, of a stable group",
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
            Err(of_no_generation),
        ),
        ("a stranger", stable(), "x", 1, Err(UNKNOWN.into())),
        ("another generation", stable(), "b", 7, Err(illegal)),
        (
            "before the assignment",
            completing(),
            "b",
            1,
            Err(CommitError::RebalanceInProgress),
        ),
        // What was read under the generation that ends may still be committed.
        ("while the next generation gathers", preparing(), "b", 1, Ok(())),
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
    assert_eq!(driver.group.state(), GroupState::Empty);
}

#[test]
fn a_dead_group_sends_everybody_to_look_for_its_successor() {
    let mut driver = Driver::new(LIMITS);
    driver.group.die(0);
    let joins = [newcomer("a"), again("a")].map(|request| driver.join(&request));
    for ticket in joins {
        assert_eq!(driver.joins[&ticket], Err(JoinError::Dead));
    }
    let sync = driver.sync("a", 0, &[]);
    assert_eq!(driver.syncs[&sync], Err(SyncError::Dead));
    assert_eq!(driver.heartbeat("a", 0), Err(HeartbeatError::Dead));
    assert_eq!(driver.commit("", -1), Err(CommitError::Dead));
    assert_eq!(driver.leave(&[leaver("a", None)]), [Err(LeaveError::Dead)]);
}
