//! The rules of JoinGroup.

use super::driver::*;
use crate::group::classic::*;

#[test]
fn a_session_timeout_outside_the_allowed_range_is_invalid() {
    let limits = Limits {
        min_session_timeout_ms: 6_000,
        max_session_timeout_ms: 30_000,
        ..LIMITS
    };
    for (given_ms, is_valid) in [(5_999, false), (6_000, true), (30_000, true), (30_001, false)] {
        let joiner = newcomer("a").with(|request| request.session_timeout_ms = given_ms);
        let invalid = JoinError::InvalidSessionTimeout {
            given_ms,
            min_ms: 6_000,
            max_ms: 30_000,
        };
        let expected = if is_valid { Ok(()) } else { Err(invalid) };
        assert_eq!(limits.validate_join(&joiner.request), expected);
    }
}

#[test]
fn a_dynamic_member_of_version_4_first_gets_an_id_and_then_joins_with_it() {
    let mut driver = Driver::new(LIMITS);
    let asked = newcomer("a").asking_for_id();
    let first = driver.join(&asked);
    let member_id = "a".into();
    assert_eq!(
        driver.joins[&first],
        Err(JoinError::MemberIdRequired { member_id })
    );
    assert_eq!(driver.group.state(), ClassicGroupState::Empty);
    assert!(driver.has_pending_members());

    let second = driver.join(&again("a"));
    driver.pass(2 * TURN_MS);
    assert_eq!(driver.joined(second).generation_id, GenerationId(1));
    assert!(!driver.has_pending_members());
}

#[test]
fn a_pending_member_is_kept_for_its_session_timeout_and_delays_the_rebalance_until_then() {
    let mut driver = Driver::stable(&[newcomer("a")]);
    let asked = newcomer("b").asking_for_id();
    driver.join(&asked);
    driver.pass(SESSION_MS - 1);
    let rejoin = driver.join(&again("a"));
    assert!(driver.is_parked(rejoin));
    driver.pass(2);
    assert_eq!(driver.joined(rejoin).members.len(), 1);
    let late = driver.join(&again("b"));
    assert_eq!(driver.joins[&late], Err(UNKNOWN.into()));
}

#[test]
fn an_id_that_the_group_did_not_give_out_is_unknown() {
    for driver in [Driver::new(LIMITS), Driver::stable(&[newcomer("a")])] {
        let mut driver = driver;
        let ticket = driver.join(&again("stranger"));
        assert_eq!(driver.joins[&ticket], Err(UNKNOWN.into()));
    }
}

#[test]
fn the_leader_is_told_all_members_and_the_others_none() {
    let mut driver = Driver::new(LIMITS);
    let tickets = [newcomer("a"), newcomer("b")].map(|member| driver.join(&member));
    driver.pass(2 * TURN_MS);
    let [a, b] = tickets.map(|ticket| driver.joined(ticket).clone());
    assert_eq!((&*a.leader, &*b.leader), ("a", "a"));
    let ids: Vec<_> = a.members.iter().map(|member| &*member.member_id).collect();
    assert_eq!((ids, b.members), (vec!["a", "b"], vec![]));
    assert_eq!(a.members[0].metadata, protocols(&["range"])[0].metadata);
    assert_eq!(
        (
            a.protocol_type.as_deref(),
            a.protocol_name.as_deref(),
            a.skip_assignment
        ),
        (Some("consumer"), Some("range"), false)
    );
}

#[test]
fn the_protocol_with_the_most_votes_among_those_that_all_support_is_chosen() {
    let cases: [(&[&[&str]], &str); 4] = [
        (
            &[
                &["range", "roundrobin"],
                &["roundrobin", "range"],
                &["roundrobin", "range"],
            ],
            "roundrobin",
        ),
        (&[&["sticky", "range"], &["range"], &["sticky", "range"]], "range"),
        (&[&["a", "b"], &["b", "a"]], "a"),
        (&[&["a", "a", "b"], &["b"]], "b"),
    ];
    for (members, chosen) in cases {
        let mut driver = Driver::new(LIMITS);
        let mut tickets = Vec::new();
        for (index, names) in members.iter().enumerate() {
            tickets.push(driver.join(&newcomer(&index.to_string()).supporting(names)));
        }
        driver.pass(2 * TURN_MS);
        for ticket in tickets {
            assert_eq!(
                driver.joined(ticket).protocol_name.as_deref(),
                Some(chosen),
                "{members:?}"
            );
        }
    }
}

#[test]
fn protocols_that_do_not_fit_the_group_are_refused() {
    let inconsistent = [
        ("another type", "connect", &["range"][..]),
        ("nothing in common", "consumer", &["sticky"][..]),
        ("no protocol", "consumer", &[][..]),
    ];
    for (what, protocol_type, names) in inconsistent {
        let mut driver = Driver::stable(&[newcomer("a")]);
        let other = newcomer("b").supporting(names);
        let refused = driver.join(&other.with(|request| request.protocol_type = protocol_type.into()));
        assert_eq!(
            driver.joins[&refused],
            Err(JoinError::InconsistentProtocol),
            "{what}"
        );
        assert_eq!(driver.group.state(), ClassicGroupState::Stable, "{what}");
    }
    for (protocol_type, names) in [("", &["range"][..]), ("consumer", &[][..])] {
        let mut driver = Driver::new(LIMITS);
        let first = newcomer("a").supporting(names);
        let refused = driver.join(&first.with(|request| request.protocol_type = protocol_type.into()));
        assert_eq!(driver.joins[&refused], Err(JoinError::InconsistentProtocol));
    }
}

#[test]
fn a_follower_that_joins_a_stable_group_again_unchanged_gets_the_generation_as_it_is() {
    let mut driver = Driver::stable(&[newcomer("a"), newcomer("b")]);
    let ticket = driver.join(&again("b"));
    let joined = driver.joined(ticket);
    assert_eq!((joined.generation_id, &*joined.leader), (GenerationId(1), "a"));
    assert_eq!(joined.members, vec![]);
    assert_eq!(driver.group.state(), ClassicGroupState::Stable);
}

#[test]
fn the_leader_that_joins_again_and_a_member_with_new_metadata_start_a_rebalance() {
    let changed = again("b").supporting(&["range", "sticky"]);
    for rejoining in [again("a"), changed] {
        let mut driver = Driver::stable(&[newcomer("a"), newcomer("b")]);
        let ticket = driver.join(&rejoining);
        assert!(driver.is_parked(ticket));
        assert_eq!(driver.group.state(), ClassicGroupState::PreparingRebalance);
        let generation_id = 1;
        for member in ["a", "b"] {
            assert_eq!(
                driver.heartbeat(member, generation_id),
                Err(HeartbeatError::RebalanceInProgress)
            );
        }
    }
}

#[test]
fn a_join_repeated_before_the_assignment_is_answered_again_unless_metadata_changed() {
    let mut driver = Driver::new(LIMITS);
    driver.join(&newcomer("a"));
    driver.join(&newcomer("b"));
    driver.pass(2 * TURN_MS);
    let leader = driver.join(&again("a"));
    let follower = driver.join(&again("b"));
    assert_eq!(driver.joined(leader).members.len(), 2);
    assert_eq!(driver.joined(follower).members.len(), 0);
    assert_eq!(driver.group.state(), ClassicGroupState::CompletingRebalance);

    let changed = driver.join(&again("b").supporting(&["range", "sticky"]));
    assert!(driver.is_parked(changed));
    assert_eq!(driver.group.state(), ClassicGroupState::PreparingRebalance);
}

#[test]
fn a_rebalance_waits_as_long_as_the_most_patient_member_and_leaves_dynamic_members_behind() {
    let patient = newcomer("b").with(|request| request.rebalance_timeout_ms = 90_000);
    let mut driver = Driver::stable(&[newcomer("a"), patient]);
    let ticket = driver.join(&again("a"));
    for _ in 0..89 {
        driver.pass(1_000);
        assert_eq!(driver.heartbeat("b", 1), Err(HeartbeatError::RebalanceInProgress));
    }
    driver.pass(999);
    assert!(driver.is_parked(ticket));
    driver.pass(2 * TURN_MS);
    assert_eq!(driver.joined(ticket).members.len(), 1);
    assert_eq!(driver.members(), ["a"]);
}

#[test]
fn a_leader_that_is_left_behind_is_followed_by_a_member_that_joined() {
    let mut driver = Driver::stable(&[newcomer("a"), newcomer("b")]);
    let ticket = driver.join(&again("b").supporting(&["range", "sticky"]));
    driver.pass(SESSION_MS);
    let joined = driver.joined(ticket);
    assert_eq!((&*joined.leader, joined.members.len()), ("b", 1));
}

#[test]
fn a_full_group_lets_only_its_own_members_join() {
    let limits = Limits {
        max_size: 2,
        ..LIMITS
    };
    let mut driver = Driver::new(limits);
    driver.rebalance(&[newcomer("a"), newcomer("b")]);
    let refused = driver.join(&newcomer("c"));
    assert_eq!(
        driver.joins[&refused],
        Err(JoinError::MaxSizeReached { limit: 2 })
    );
    assert_eq!(driver.group.state(), ClassicGroupState::Stable);

    // During a rebalance only members that have joined count.
    driver.join(&again("a"));
    let early = driver.join(&newcomer("c"));
    assert!(driver.is_parked(early));
    let late = driver.join(&again("b"));
    assert_eq!(driver.joins[&late], Err(JoinError::MaxSizeReached { limit: 2 }));
    assert_eq!(driver.members(), ["a", "c"]);
}

#[test]
fn pending_members_count_towards_the_limit_too() {
    let limits = Limits {
        max_members: 2,
        ..LIMITS
    };
    let mut driver = Driver::new(limits);
    let asking = |name: &str| newcomer(name).asking_for_id();
    driver.join(&asking("a"));
    driver.join(&asking("b"));
    let refused = driver.join(&asking("c"));
    assert_eq!(
        driver.joins[&refused],
        Err(JoinError::MaxSizeReached { limit: 2 })
    );
    let kept = driver.join(&again("a"));
    driver.pass(2 * TURN_MS);
    assert_eq!(driver.joined(kept).generation_id, GenerationId(1));
}

#[test]
fn the_first_rebalance_waits_its_delay_again_for_each_newcomer_up_to_the_rebalance_timeout() {
    let limits = Limits {
        initial_rebalance_delay_ms: 3_000,
        ..LIMITS
    };
    let impatient = |name: &str| newcomer(name).with(|request| request.rebalance_timeout_ms = 7_000);
    let mut driver = Driver::new(limits);
    let first = driver.join(&impatient("a"));
    driver.pass(2_999);
    driver.join(&impatient("b"));
    driver.pass(3_000);
    assert!(driver.is_parked(first), "the delay began again at 3,000");
    driver.join(&impatient("c"));
    driver.pass(1_000);
    assert!(driver.is_parked(first));
    // 3,000 and 3,000 of the 7,000 are used up, so that 1,000 is left.
    driver.pass(1);
    assert_eq!(driver.now_ms, 7_000);
    assert_eq!(driver.joined(first).members.len(), 3);

    let mut alone = Driver::new(limits);
    let ticket = alone.join(&impatient("a"));
    alone.pass(2_999);
    assert!(alone.is_parked(ticket));
    alone.pass(1);
    assert_eq!(alone.joined(ticket).members.len(), 1);
}

#[test]
fn a_newcomer_whose_first_join_stays_parked_is_removed_after_five_minutes() {
    let patient = |name: &str| newcomer(name).with(|request| request.rebalance_timeout_ms = 600_000);
    let mut driver = Driver::stable(&[patient("a")]);
    let ticket = driver.join(&patient("b"));
    for _ in 0..300 {
        assert!(driver.is_parked(ticket));
        assert_eq!(driver.heartbeat("a", 1), Err(HeartbeatError::RebalanceInProgress));
        driver.pass(1_000);
    }
    assert_eq!(driver.joins[&ticket], Err(UNKNOWN.into()));
    assert_eq!(driver.members(), ["a"]);
}

#[test]
fn a_member_whose_second_join_is_parked_does_not_expire() {
    let mut driver = Driver::stable(&[newcomer("a"), newcomer("b")]);
    let ticket = driver.join(&again("a"));
    for _ in 0..20 {
        driver.pass(SESSION_MS / 4);
        let _ = driver.heartbeat("b", 1);
    }
    assert!(driver.is_parked(ticket));
    assert_eq!(driver.members(), ["a", "b"]);
}

#[test]
fn a_later_join_of_a_member_answers_the_one_that_is_parked() {
    let mut driver = Driver::stable(&[newcomer("a"), newcomer("b")]);
    let first = driver.join(&again("a"));
    let second = driver.join(&again("a"));
    assert_eq!(driver.joins[&first], Err(JoinError::Superseded));
    driver.join(&again("b"));
    assert_eq!(driver.joined(second).members.len(), 2);
}

#[test]
fn without_a_delay_members_that_start_together_share_the_first_generation() {
    let mut driver = Driver::new(LIMITS);
    let first = driver.join(&newcomer("a"));
    assert!(driver.is_parked(first), "the timer has not had its turn");
    let second = driver.join(&newcomer("b"));
    driver.pass(TURN_MS);
    assert!(
        driver.is_parked(first),
        "a member joined, so the timer gets another turn"
    );
    let third = driver.join(&newcomer("c"));
    driver.pass(TURN_MS);
    let fourth = driver.join(&newcomer("d"));
    driver.pass(2 * TURN_MS);
    for ticket in [first, second, third, fourth] {
        let joined = driver.joined(ticket);
        assert_eq!(joined.generation_id, GenerationId(1));
    }
    assert_eq!(driver.joined(first).members.len(), 4);

    let mut alone = Driver::new(LIMITS);
    let ticket = alone.join(&newcomer("a"));
    alone.pass(TURN_MS);
    assert_eq!(
        alone.joined(ticket).generation_id,
        GenerationId(1),
        "one turn is enough"
    );
}
