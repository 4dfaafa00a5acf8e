//! The rules for members with a group.instance.id (KIP-345, KIP-814).

use super::driver::*;
use crate::group::classic::*;

fn stable() -> Driver {
    Driver::stable(&[with_instance("i", "i-1"), with_instance("j", "j-1")])
}

fn of_instance(member_id: &str, instance: &str, generation_id: i32) -> Membership {
    Membership {
        group_instance_id: Some(instance.into()),
        ..membership(member_id, generation_id)
    }
}

#[test]
fn a_static_member_joins_at_once_without_asking_for_an_id() {
    let mut driver = Driver::new(LIMITS);
    let ticket = driver.join(&with_instance("i", "i-1").asking_for_id());
    driver.pass(2 * TURN_MS);
    let joined = driver.joined(ticket);
    assert_eq!(&*joined.member_id, "i-1");
    assert_eq!(joined.members[0].group_instance_id.as_deref(), Some("i"));
}

#[test]
fn a_follower_that_restarts_keeps_its_assignment_without_a_rebalance() {
    let mut driver = stable();
    let ticket = driver.join(&with_instance("j", "j-2"));
    let joined = driver.joined(ticket).clone();
    assert_eq!(
        (joined.generation_id, &*joined.member_id),
        (GenerationId(1), "j-2")
    );
    assert_eq!((&*joined.leader, joined.skip_assignment), ("i-1", false));
    assert_eq!(driver.group.state(), ClassicGroupState::Stable);
    let synced = driver.sync("j-2", 1, &[]);
    assert_eq!(driver.assignment(synced), "j-1");
}

#[test]
fn a_leader_that_restarts_is_told_not_to_assign() {
    let mut driver = stable();
    let ticket = driver.join(&with_instance("i", "i-2"));
    let joined = driver.joined(ticket).clone();
    assert_eq!((&*joined.leader, joined.skip_assignment), ("i-2", true));
    assert_eq!(joined.members.len(), 2);
    assert_eq!(driver.group.state(), ClassicGroupState::Stable);
}

#[test]
fn before_version_9_a_leader_that_restarts_is_told_its_old_id_as_leader() {
    let mut driver = stable();
    let old_version = with_instance("i", "i-2").with(|request| request.supports_skipping_assignment = false);
    let ticket = driver.join(&old_version);
    let joined = driver.joined(ticket).clone();
    assert_eq!((&*joined.leader, joined.skip_assignment), ("i-1", false));
    assert_eq!(joined.members, []);
}

#[test]
fn the_old_id_is_fenced_if_the_request_names_the_instance_and_unknown_otherwise() {
    let mut driver = stable();
    driver.join(&with_instance("j", "j-2"));
    let old = of_instance("j-1", "j", 1);
    assert_eq!(driver.group.heartbeat(0, &old), Err(FENCED.into()));
    assert_eq!(driver.commit_as(old, false), Err(FENCED.into()));
    assert_eq!(driver.heartbeat("j-1", 1), Err(UNKNOWN.into()));
    let unused_instance = of_instance("j-2", "k", 1);
    assert_eq!(driver.group.heartbeat(0, &unused_instance), Err(UNKNOWN.into()));
    let new = of_instance("j-2", "j", 1);
    assert_eq!(driver.group.heartbeat(0, &new), Ok(()));

    let rejoin = driver.join(&with_instance("j", "").with(|request| request.member_id = "j-1".into()));
    assert_eq!(driver.joins[&rejoin], Err(FENCED.into()));
}

#[test]
fn parked_requests_of_the_old_id_are_fenced() {
    let mut driver = stable();
    let join = driver.join(&with_instance("i", "").with(|request| request.member_id = "i-1".into()));
    driver.join(&with_instance("i", "i-2"));
    assert_eq!(driver.joins[&join], Err(FENCED.into()));

    let mut driver = Driver::new(LIMITS);
    driver.join(&with_instance("i", "i-1"));
    driver.join(&with_instance("j", "j-1"));
    driver.pass(2 * TURN_MS);
    let sync = driver.sync("j-1", 1, &[]);
    driver.join(&with_instance("j", "j-2"));
    assert_eq!(driver.syncs[&sync], Err(FENCED.into()));
}

#[test]
fn a_restart_before_the_assignment_starts_a_rebalance() {
    let mut driver = Driver::new(LIMITS);
    driver.join(&with_instance("i", "i-1"));
    driver.join(&with_instance("j", "j-1"));
    driver.pass(2 * TURN_MS);
    let ticket = driver.join(&with_instance("j", "j-2"));
    assert!(driver.is_parked(ticket));
    assert_eq!(driver.group.state(), ClassicGroupState::PreparingRebalance);
}

#[test]
fn a_restart_that_changes_the_protocol_starts_a_rebalance() {
    let member = |instance: &str, name: &str, names: &[&str]| with_instance(instance, name).supporting(names);
    let mut driver = Driver::stable(&[member("i", "i-1", &["a", "b"]), member("j", "j-1", &["a", "b"])]);
    let unchanged = driver.join(&member("j", "j-2", &["b", "a"]));
    assert_eq!(
        driver.joined(unchanged).generation_id,
        GenerationId(1),
        "the tie still goes to a"
    );
    let changed = driver.join(&member("j", "j-3", &["b"]));
    assert!(driver.is_parked(changed));
    assert_eq!(driver.group.state(), ClassicGroupState::PreparingRebalance);
}

#[test]
fn static_members_that_do_not_join_again_stay_until_their_session_ends() {
    let patient = |joiner: Joiner| joiner.with(|request| request.session_timeout_ms = 120_000);
    let mut driver = Driver::stable(&[patient(newcomer("a")), patient(with_instance("i", "b"))]);
    let ticket = driver.join(&patient(again("a")));
    driver.pass(REBALANCE_MS);
    assert_eq!(driver.joined(ticket).members.len(), 2);
    assert_eq!(driver.members(), ["a", "b"]);
    driver.sync("a", 2, &[("a", "x"), ("b", "y")]);
    assert_eq!(driver.group.state(), ClassicGroupState::Stable);
    // It is in the generation, so that it has to send SyncGroup like every member.
    driver.pass(REBALANCE_MS);
    assert_eq!(driver.members(), ["a"]);
}

#[test]
fn a_rebalance_that_no_member_joined_waits_for_static_members_again() {
    let patient = with_instance("i", "i-1").with(|request| request.session_timeout_ms = 100_000);
    let mut driver = Driver::stable(&[newcomer("a"), patient]);
    driver.leave(&[leaver("a", None)]);
    driver.pass(REBALANCE_MS);
    assert_eq!(driver.group.state(), ClassicGroupState::PreparingRebalance);
    assert_eq!(driver.members(), ["i-1"]);
    let ticket = driver.join(&with_instance("i", "i-2"));
    assert_eq!(&*driver.joined(ticket).leader, "i-2");
}

#[test]
fn a_static_member_comes_back_with_its_member_id_too() {
    let mut driver = stable();
    let ticket = driver.join(&with_instance("j", "").with(|request| request.member_id = "j-1".into()));
    assert_eq!(driver.joined(ticket).generation_id, GenerationId(1));
}
