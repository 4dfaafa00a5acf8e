//! Members of the classic protocol in a consumer group, and a group on its way between the protocols.

use super::driver::{Driver, join, keep_alive, limits, partitions, report, topic_id};
use super::*;
use crate::group::classic::{
    self, ClassicGroup, ClassicGroupState, ConsumerJoinError, Effect,
    HeartbeatError as ClassicHeartbeatError, JoinRequest, Joined, Joiner, Leaver, Protocol, SyncError,
    SyncRequest, Ticket,
};
use crate::group::consumer_protocol::{NamedTopics, read_assignment, write_assignment};
use crate::group::{GenerationOrEpoch, Membership, MembershipError};
use crate::ids::GenerationId;
use bytes::{BufMut, Bytes, BytesMut};

const CLASSIC_LIMITS: classic::Limits = classic::Limits {
    initial_rebalance_delay_ms: 0,
    min_session_timeout_ms: 6_000,
    max_session_timeout_ms: 60_000,
    max_size: 10,
    max_members: 20,
    new_member_join_timeout_ms: 300_000,
};

/// Returns the metadata of a consumer that subscribes to topic `t`, at version 1.
fn subscription(owned: &[i32]) -> Bytes {
    let mut bytes = BytesMut::new();
    bytes.put_slice(b"\0\x01\0\0\0\x01\0\x01t\xff\xff\xff\xff");
    bytes.put_i32(1);
    bytes.put_slice(b"\0\x01t");
    bytes.put_i32(owned.len() as i32);
    owned.iter().for_each(|partition| bytes.put_i32(*partition));
    bytes.freeze()
}

fn joiner(member_id: &str, owned: &[i32]) -> Joiner {
    Joiner {
        request: JoinRequest {
            member_id: member_id.into(),
            group_instance_id: None,
            session_timeout_ms: 10_000,
            rebalance_timeout_ms: 20_000,
            protocol_type: "consumer".into(),
            protocols: vec![Protocol {
                name: "range".into(),
                metadata: subscription(owned),
            }],
            requires_known_member_id: false,
            supports_skipping_assignment: true,
            reason: None,
        },
        new_member_id: "c".into(),
        new_consumer_member_id: "c".into(),
        client_id: "client".into(),
        client_host: "/127.0.0.1".into(),
    }
}

fn membership(member_id: &str, generation_id: i32) -> Membership {
    Membership {
        member_id: member_id.into(),
        group_instance_id: None,
        generation_or_epoch: GenerationOrEpoch(generation_id),
    }
}

fn sync(member_id: &str, generation_id: i32) -> SyncRequest {
    SyncRequest {
        membership: membership(member_id, generation_id),
        protocol_type: Some("consumer".into()),
        protocol_name: Some("range".into()),
        assignments: Vec::new(),
    }
}

impl Driver {
    fn join_classic(&mut self, joiner: &Joiner) -> Result<Joined, ConsumerJoinError> {
        let joined = self.group.join_classic(self.now_ms, joiner);
        self.assert_consistent();
        joined
    }

    fn sync_classic(&mut self, member_id: &str, generation_id: i32) -> Result<NamedTopics, SyncError> {
        let synced = self
            .group
            .sync_classic(self.now_ms, &sync(member_id, generation_id))?;
        Ok(read_assignment(&synced.assignment)
            .expect("an assignment")
            .partitions)
    }

    fn heartbeat_classic(
        &mut self,
        member_id: &str,
        generation_id: i32,
    ) -> Result<(), ClassicHeartbeatError> {
        self.group
            .heartbeat_classic(self.now_ms, &membership(member_id, generation_id))
    }

    fn take_classic(&mut self) -> Option<ClassicGroup> {
        let taken = self.group.take_classic(self.now_ms, CLASSIC_LIMITS);
        taken.map(|(classic, _)| classic)
    }
}

#[test]
fn a_classic_member_gets_its_part_by_join_and_sync_and_hears_of_changes_by_heartbeat() {
    let mut driver = Driver::new(&[("t", 2)]);
    driver.join(join("a", &["t"]), 2, &[("t", &[0, 1])]);
    let joined = driver.join_classic(&joiner("", &[])).expect("it is let in");
    let expected = Joined {
        generation_id: GenerationId(3),
        protocol_type: Some("consumer".into()),
        protocol_name: Some("range".into()),
        leader: "".into(),
        member_id: "c".into(),
        skip_assignment: false,
        members: Vec::new(),
    };
    assert_eq!(joined, expected);
    assert_eq!(driver.sync_classic("c", 3), Ok(vec![]));
    assert_eq!(
        driver.heartbeat_classic("c", 3),
        Ok(()),
        "its partition is not free yet"
    );
    let left = driver.send(keep_alive("a", 2)).assignment.expect("news");
    driver.send(report("a", 2, &left));
    // Now there is something to get, which takes another join.
    let news = Err(ClassicHeartbeatError::RebalanceInProgress);
    assert_eq!(driver.heartbeat_classic("c", 3), news);
    driver.join_classic(&joiner("c", &[])).expect("it is let in");
    let gained = driver.sync_classic("c", 3).expect("its assignment");
    assert_eq!(
        gained
            .iter()
            .map(|(_, partitions)| partitions.len())
            .sum::<usize>(),
        1
    );
    assert_eq!(driver.heartbeat_classic("c", 3), Ok(()));
    assert!(
        driver
            .group
            .describe()
            .members
            .iter()
            .any(|member| member.is_classic)
    );
}

#[test]
fn a_classic_member_that_does_not_join_again_is_removed_after_its_rebalance_timeout() {
    let mut driver = Driver::new(&[("t", 2)]);
    driver.send(join("a", &["t"]));
    driver.join_classic(&joiner("", &[])).expect("it is let in");
    driver.sync_classic("c", 3).expect("its assignment");
    driver.set_topic("t", 4);
    driver.send(keep_alive("a", 2));
    for _ in 0..4 {
        assert!(driver.heartbeat_classic("c", 3).is_err());
        driver.pass(4_999);
    }
    assert_eq!(driver.member_ids(), ["a", "c"]);
    driver.heartbeat_classic("c", 3).expect_err("it has to join");
    driver.pass(4);
    assert_eq!(driver.member_ids(), ["a"]);
}

#[test]
fn a_classic_member_that_does_not_sync_is_removed_after_its_rebalance_timeout() {
    let mut driver = Driver::new(&[("t", 2)]);
    driver.send(join("a", &["t"]));
    driver.join_classic(&joiner("", &[])).expect("it is let in");
    for _ in 0..4 {
        driver.pass(5_000);
        let _ = driver.heartbeat_classic("c", 3);
    }
    assert_eq!(driver.member_ids(), ["a"]);
}

#[test]
fn requests_of_the_classic_protocol_are_refused_with_its_errors() {
    let mut driver = Driver::new(&[("t", 2)]);
    driver.send(join("a", &["t"]));
    driver.join_classic(&joiner("", &[])).expect("it is let in");
    let unknown = MembershipError::UnknownMemberId;
    // A member of the consumer protocol has no generation.
    assert_eq!(driver.heartbeat_classic("a", 2), Err(unknown.into()));
    assert_eq!(driver.heartbeat_classic("x", 3), Err(unknown.into()));
    assert_eq!(driver.sync_classic("x", 3), Err(unknown.into()));
    assert!(matches!(
        driver.sync_classic("c", 2),
        Err(SyncError::IllegalGeneration(_))
    ));
    let mut other = sync("c", 3);
    other.protocol_name = Some("sticky".into());
    assert_eq!(
        driver.group.sync_classic(driver.now_ms, &other),
        Err(SyncError::InconsistentProtocol)
    );
    let with = |change: fn(&mut JoinRequest)| {
        let mut joiner = joiner("", &[]);
        change(&mut joiner.request);
        joiner
    };
    type Change = fn(&mut JoinRequest);
    let cases: [(Change, ConsumerJoinError); 4] = [
        (
            |r| r.protocol_type = "connect".into(),
            ConsumerJoinError::Inconsistent,
        ),
        (
            |r| r.protocols[0].name = "sticky".into(),
            ConsumerJoinError::Inconsistent,
        ),
        (
            |r| r.protocols[0].metadata = Bytes::from_static(b"\0"),
            ConsumerJoinError::Malformed,
        ),
        (
            |r| r.requires_known_member_id = true,
            ConsumerJoinError::MemberIdRequired {
                member_id: "c".into(),
            },
        ),
    ];
    for (change, expected) in cases {
        assert_eq!(driver.join_classic(&with(change)), Err(expected));
    }
    let limits = Limits {
        migration: MigrationPolicy::Disabled,
        ..limits()
    };
    let mut driver = Driver::with(limits, &[]);
    driver.send(join("a", &["t"]));
    assert_eq!(
        driver.join_classic(&joiner("", &[])),
        Err(ConsumerJoinError::MigrationDisabled)
    );
}

/// Returns a stable classic group of generation 1, whose only member `c` has both partitions of topic `t`.
fn classic_group(now_ms: i64) -> ClassicGroup {
    classic_group_with(now_ms, &[0, 1])
}

/// Returns the same group with other partitions in the assignment.
fn classic_group_with(now_ms: i64, assigned: &[i32]) -> ClassicGroup {
    let mut group = ClassicGroup::new(CLASSIC_LIMITS, now_ms);
    group.join(now_ms, Ticket(1), &joiner("", &[]));
    // The initial rebalance takes turns of the timers even without a delay.
    while group.state() == ClassicGroupState::PreparingRebalance {
        group.expire(group.next_deadline_ms().expect("it waits").max(now_ms));
    }
    let assignment = write_assignment(1, &vec![("t".into(), assigned.to_vec())]);
    let request = SyncRequest {
        assignments: vec![("c".into(), assignment)],
        ..sync("c", 1)
    };
    let effects = group.sync(now_ms, Ticket(2), &request);
    let is_answer = |effect: &Effect| matches!(effect, Effect::AnswerSync(Ticket(2), Ok(_)));
    assert!(effects.iter().any(is_answer));
    group
}

fn upgraded(driver: &mut Driver, classic: &ClassicGroup) -> Result<(), UpgradeError> {
    let limits = driver.group.limits.clone();
    let catalog = driver.group.catalog.clone();
    driver.group = ConsumerGroup::from_classic(driver.now_ms, "g".into(), limits, catalog, classic)?;
    driver.assert_consistent();
    Ok(())
}

#[test]
fn a_classic_group_becomes_a_consumer_group_and_a_classic_one_again_while_members_live() {
    let mut driver = Driver::new(&[("t", 2)]);
    let classic = classic_group(driver.now_ms);
    upgraded(&mut driver, &classic).expect("it may become one");
    assert_eq!(driver.epochs(), (1, 1));
    assert_eq!(driver.group.state(), GroupState::Stable);
    driver.join(join("a", &["t"]), 2, &[]);
    assert_eq!(
        driver.heartbeat_classic("c", 1),
        Err(ClassicHeartbeatError::RebalanceInProgress)
    );
    // It joins with what it has left, as a cooperative consumer does.
    let joined = driver.join_classic(&joiner("c", &[0, 1])).expect("it is let in");
    assert_eq!(joined.generation_id, GenerationId(1));
    let kept = driver.sync_classic("c", 1).expect("its assignment");
    let kept = kept[0].1.clone();
    assert_eq!(kept.len(), 1);
    driver.join_classic(&joiner("c", &kept)).expect("it is let in");
    let gained = driver.send(keep_alive("a", 2)).assignment.expect("the other one");
    assert_eq!(gained, partitions(&[("t", &[1 - kept[0]])]));
    assert!(driver.take_classic().is_none());

    driver.send(keep_alive("a", -1));
    let classic = driver.take_classic().expect("only a classic member is left");
    assert_eq!(classic.state(), ClassicGroupState::PreparingRebalance);
    assert_eq!(classic.generation_id(), GenerationId(2));
    let description = classic.describe();
    assert_eq!(description.members.len(), 1);
    let target = read_assignment(&description.members[0].assignment).expect("an assignment");
    assert_eq!(target.partitions, vec![("t".into(), kept)]);
}

#[test]
fn partitions_that_do_not_exist_are_not_taken_over_from_the_assignment_of_a_leader() {
    // If the second member has other topics, the uniform assignor takes its other way.
    let only_t: &[(&str, &[i32])] = &[("t", &[1])];
    let both: &[(&str, &[i32])] = &[("t", &[1]), ("u", &[0])];
    for (topics, expected) in [(&["t"][..], only_t), (&["t", "u"], both)] {
        let mut driver = Driver::new(&[("t", 2), ("u", 1)]);
        let classic = classic_group_with(driver.now_ms, &[0, 7, -1, i32::MAX]);
        upgraded(&mut driver, &classic).expect("it may become one");
        let member = &driver.group.describe().members[0];
        assert_eq!(member.assigned[0].partitions, [0]);
        driver.join(join("a", topics), 2, expected);
    }
}

#[test]
fn a_classic_member_moves_to_the_consumer_protocol_with_its_partitions() {
    let mut driver = Driver::new(&[("t", 2)]);
    let classic = classic_group(driver.now_ms);
    upgraded(&mut driver, &classic).expect("it may become one");
    driver.join(join("c", &["t"]), 1, &[("t", &[0, 1])]);
    assert!(!driver.group.describe().members[0].is_classic);
    assert_eq!(
        driver.group.describe().members[0].assigned[0].topic,
        topic_id("t")
    );
}

#[test]
fn the_migration_policy_and_the_members_decide_whether_a_group_may_move() {
    let mut driver = Driver::new(&[("t", 2)]);
    let classic = classic_group(driver.now_ms);
    for policy in [MigrationPolicy::Disabled, MigrationPolicy::Downgrade] {
        driver.group.limits.migration = policy;
        assert_eq!(
            upgraded(&mut driver, &classic),
            Err(UpgradeError::Disabled("g".into()))
        );
    }
    driver.group.limits.migration = MigrationPolicy::Upgrade;
    driver.group.limits.max_size = 0;
    assert_eq!(
        upgraded(&mut driver, &classic),
        Err(UpgradeError::TooLarge("g".into()))
    );
    driver.group.limits.max_size = 10;
    let fresh = ClassicGroup::new(CLASSIC_LIMITS, 0);
    assert_eq!(
        upgraded(&mut driver, &fresh),
        Err(UpgradeError::NotConsumers("g".into()))
    );
    upgraded(&mut driver, &classic).expect("it may become one");
    driver.send(join("a", &["t"]));
    driver.send(keep_alive("a", -1));
    assert!(
        driver.take_classic().is_none(),
        "the policy lets groups move one way only"
    );
    assert_eq!(driver.member_ids(), ["c"]);
}

#[test]
fn members_of_both_protocols_leave_by_leave_group() {
    let mut driver = Driver::new(&[("t", 2)]);
    driver.send(join("a", &["t"]));
    driver.send(join("b", &["t"]));
    driver.join_classic(&joiner("", &[])).expect("it is let in");
    let leaver = |member_id: &str, instance: Option<&str>| Leaver {
        member_id: member_id.into(),
        group_instance_id: instance.map(Arc::from),
        reason: None,
    };
    let leavers = [
        leaver("a", None),
        leaver("c", None),
        leaver("x", None),
        leaver("", Some("i")),
    ];
    let unknown = Err(MembershipError::UnknownMemberId);
    assert_eq!(
        driver.group.leave_classic(&leavers),
        [Ok(()), Ok(()), unknown, unknown]
    );
    driver.assert_consistent();
    assert_eq!(driver.member_ids(), ["b"]);
}
