//! Committed offsets: their memory and their expiration.

use super::*;
use crate::group::classic::{
    ClassicGroup, ClassicGroupState, JoinRequest, Joiner, Limits, Protocol, SyncRequest, Ticket,
};
use crate::group::{GenerationOrEpoch, Membership};
use bytes::Bytes;

const RETENTION_MS: i64 = 1_000;

fn to_commit(retention_ms: Option<i64>) -> OffsetToCommit {
    OffsetToCommit {
        offset: Offset(7),
        leader_epoch: LeaderEpoch(1),
        metadata: "".into(),
        retention_ms,
    }
}

/// Expires offsets as a group's task does.
fn expire(offsets: &mut Offsets, now_ms: i64, group: &ClassicGroup) {
    if let Some(condition) = group.offset_expiration_condition() {
        let is_subscribed_to = |topic: &str| group.is_subscribed_to(topic);
        offsets.expire(now_ms, RETENTION_MS, condition, is_subscribed_to);
    }
}

/// Returns a group that only stores offsets.
fn simple() -> ClassicGroup {
    let limits = Limits {
        initial_rebalance_delay_ms: 0,
        min_session_timeout_ms: 1,
        max_session_timeout_ms: 10_000,
        max_size: 10,
        max_members: 10,
        new_member_join_timeout_ms: 1_000_000,
    };
    ClassicGroup::new(limits, 0)
}

/// Returns a group with member `a`, which subscribes to topic `t`, in a generation that waits for its assignment.
fn completing(protocol_type: &str, metadata: &'static [u8]) -> ClassicGroup {
    let mut group = simple();
    let request = JoinRequest {
        member_id: "".into(),
        group_instance_id: None,
        session_timeout_ms: 2_000,
        rebalance_timeout_ms: 2_000,
        protocol_type: protocol_type.into(),
        protocols: vec![Protocol {
            name: "p".into(),
            metadata: Bytes::from_static(metadata),
        }],
        requires_known_member_id: false,
        supports_skipping_assignment: false,
        reason: None,
    };
    let joiner = Joiner {
        request,
        new_member_id: "a".into(),
        new_consumer_member_id: "a".into(),
        client_id: "".into(),
        client_host: "".into(),
    };
    group.join(0, Ticket(1), &joiner);
    group.expire(2);
    group
}

fn stable(protocol_type: &str, metadata: &'static [u8]) -> ClassicGroup {
    let mut group = completing(protocol_type, metadata);
    let request = SyncRequest {
        membership: Membership {
            member_id: "a".into(),
            group_instance_id: None,
            generation_or_epoch: GenerationOrEpoch(1),
        },
        protocol_type: None,
        protocol_name: None,
        assignments: Vec::new(),
    };
    group.sync(0, Ticket(2), &request);
    assert_eq!(group.state(), ClassicGroupState::Stable);
    group
}

/// Returns a group of consumers that became empty at 2,000, when the session of its only member ended.
fn emptied() -> ClassicGroup {
    let mut group = stable("consumer", SUBSCRIPTION);
    group.expire(2_000);
    assert_eq!(group.state(), ClassicGroupState::Empty);
    let emptied_at_ms = 2_000;
    let condition = OffsetExpirationCondition::SinceEmpty { emptied_at_ms };
    assert_eq!(group.offset_expiration_condition(), Some(condition));
    group
}

const SUBSCRIPTION: &[u8] = b"\0\0\0\0\0\x01\0\x01t\xff\xff\xff\xff";

#[test]
fn when_an_offset_expires_depends_on_its_group() {
    let consumers = || stable("consumer", SUBSCRIPTION);
    // The offset is committed at 100. The last value is the last moment at which it exists; `None` if it does not expire.
    let cases: [(&str, ClassicGroup, &str, Option<i64>); 7] = [
        ("simple: from the commit", simple(), "t", Some(1_099)),
        (
            "empty: from when the last member left",
            emptied(),
            "t",
            Some(2_999),
        ),
        ("stable, subscribed: never", consumers(), "t", None),
        (
            "stable, no longer subscribed: from the commit",
            consumers(),
            "u",
            Some(1_099),
        ),
        (
            "stable, subscriptions unreadable: never",
            stable("consumer", b"?"),
            "u",
            None,
        ),
        (
            "stable, not of consumers: never",
            stable("connect", SUBSCRIPTION),
            "u",
            None,
        ),
        (
            "rebalancing: never",
            completing("consumer", SUBSCRIPTION),
            "u",
            None,
        ),
    ];
    for (what, group, topic, last_ms) in cases {
        let mut offsets = Offsets::default();
        offsets.commit(100, &topic.into(), 0, to_commit(None));
        expire(&mut offsets, last_ms.unwrap_or(i64::MAX / 2), &group);
        assert!(!offsets.is_empty(), "{what}");
        if let Some(last_ms) = last_ms {
            expire(&mut offsets, last_ms + 1, &group);
            assert!(offsets.is_empty(), "{what}");
        }
    }
}

#[test]
fn a_retention_time_in_the_commit_takes_precedence_over_the_config() {
    let mut offsets = Offsets::default();
    offsets.commit(100, &"t".into(), 0, to_commit(Some(50)));
    offsets.commit(100, &"t".into(), 1, to_commit(Some(5_000)));
    expire(&mut offsets, 149, &simple());
    assert!(offsets.get("t", 0).is_some());
    expire(&mut offsets, 150, &simple());
    assert_eq!(offsets.get("t", 0), None);
    expire(&mut offsets, 5_099, &simple());
    assert!(offsets.get("t", 1).is_some());
}

#[test]
fn held_bytes_count_topics_offsets_and_metadata() {
    let noted = |metadata: &str| OffsetToCommit {
        metadata: metadata.into(),
        ..to_commit(None)
    };
    let mut offsets = Offsets::default();
    let steps: [(&str, i32, &str, usize); 5] = [
        ("orders", 0, "", 128 + 6 + 128),
        ("orders", 0, "note", 128 + 6 + 128 + 4),
        ("orders", 1, "note", 128 + 6 + 2 * (128 + 4)),
        ("t", 0, "note", 128 + 6 + 128 + 1 + 3 * (128 + 4)),
        ("orders", 0, "no", 128 + 6 + 128 + 1 + 3 * (128 + 4) - 2),
    ];
    for (topic, partition, metadata, held_bytes) in steps {
        let commit = vec![(topic.into(), vec![(partition, noted(metadata))])];
        let growth_bytes = offsets.growth_bytes(&commit);
        assert_eq!(growth_bytes, held_bytes.saturating_sub(offsets.held_bytes()));
        offsets.commit(0, &topic.into(), partition, noted(metadata));
        assert_eq!(offsets.held_bytes(), held_bytes);
        offsets.recount_held_bytes();
        assert_eq!(offsets.held_bytes(), held_bytes, "recounted");
    }
    offsets.delete("t", 0);
    assert_eq!(offsets.held_bytes(), 128 + 6 + 2 * 128 + 4 + 2);
    offsets.delete_topic("orders");
    assert_eq!(offsets.held_bytes(), 0);
}

#[test]
fn a_commit_may_go_back() {
    let mut offsets = Offsets::default();
    offsets.commit(0, &"t".into(), 0, to_commit(None));
    let back = OffsetToCommit {
        offset: Offset(2),
        ..to_commit(None)
    };
    offsets.commit(0, &"t".into(), 0, back);
    assert_eq!(
        offsets.get("t", 0).map(|committed| committed.offset),
        Some(Offset(2))
    );
}

const ONE: ProducerId = ProducerId(1);
const OTHER: ProducerId = ProducerId(2);

fn offset_of(value: i64) -> OffsetToCommit {
    OffsetToCommit {
        offset: Offset(value),
        ..to_commit(None)
    }
}

/// An event of one partition's offset.
#[derive(Clone, Copy, Debug)]
enum Step {
    Commit(i64),
    Stage(ProducerId, i64),
    End(ProducerId, TransactionOutcome),
    Delete,
    DeleteTopic,
}

/// Returns the committed offset after the steps, and whether it is unstable.
fn after(steps: &[Step]) -> (Option<i64>, bool) {
    let topic: Arc<str> = "t".into();
    let mut offsets = Offsets::default();
    for step in steps {
        match *step {
            Step::Commit(value) => offsets.commit(0, &topic, 0, offset_of(value)),
            Step::Stage(producer_id, value) => {
                offsets.stage(0, producer_id, (&topic, 0), offset_of(value));
            }
            Step::End(producer_id, outcome) => offsets.complete(producer_id, outcome),
            Step::Delete => {
                offsets.delete("t", 0);
            }
            Step::DeleteTopic => drop(offsets.delete_topic("t")),
        }
        offsets.assert_consistent();
    }
    let committed = offsets.get("t", 0).map(|committed| committed.offset.0);
    let wanted = Some(vec![(topic, vec![0])]);
    let stable = offsets.fetch(wanted.clone(), true)[0].1[0].1.clone();
    let any = offsets.fetch(wanted, false)[0].1[0].1.clone();
    assert_eq!(any.unwrap().map(|found| found.offset.0), committed);
    assert_eq!(offsets.is_empty(), committed.is_none() && stable.is_ok());
    (committed, stable == Err(UnstableOffset))
}

#[test]
fn offsets_of_a_transaction_are_pending_until_it_ends() {
    use Step::{Commit, Delete, DeleteTopic, End, Stage};
    let (commit, abort) = (TransactionOutcome::Commit, TransactionOutcome::Abort);
    for (steps, expected) in [
        (&[Stage(ONE, 5)][..], (None, true)),
        (&[Commit(3), Stage(ONE, 5)], (Some(3), true)),
        (&[Commit(3), Stage(ONE, 5), End(ONE, commit)], (Some(5), false)),
        (&[Commit(3), Stage(ONE, 5), End(ONE, abort)], (Some(3), false)),
        (&[Stage(ONE, 5), End(ONE, abort)], (None, false)),
        // The end of another producer's transaction means nothing.
        (&[Stage(ONE, 5), End(OTHER, commit)], (None, true)),
        // A later commit stands, but the partition is unstable until the transaction ends.
        (&[Stage(ONE, 5), Commit(9)], (Some(9), true)),
        (&[Stage(ONE, 5), Commit(9), End(ONE, commit)], (Some(9), false)),
        (
            &[Stage(ONE, 5), Commit(9), Stage(ONE, 6), End(ONE, commit)],
            (Some(6), false),
        ),
        // Of two transactions the offset that was staged last stands, whichever ends last.
        (
            &[Stage(ONE, 5), Stage(OTHER, 6), End(ONE, commit)],
            (Some(5), true),
        ),
        (
            &[
                Stage(ONE, 5),
                Stage(OTHER, 6),
                End(OTHER, commit),
                End(ONE, commit),
            ],
            (Some(6), false),
        ),
        (
            &[
                Stage(ONE, 5),
                Stage(OTHER, 6),
                End(ONE, commit),
                End(OTHER, commit),
            ],
            (Some(6), false),
        ),
        // Deletion takes pending offsets too.
        (&[Commit(3), Stage(ONE, 5), Delete], (None, false)),
        (&[Stage(ONE, 5), Delete, End(ONE, commit)], (None, false)),
        (&[Stage(ONE, 5), DeleteTopic, End(ONE, commit)], (None, false)),
    ] {
        assert_eq!(after(steps), expected, "{steps:?}");
    }
}

#[test]
fn an_offset_that_a_transaction_may_replace_does_not_expire() {
    let topic: Arc<str> = "t".into();
    let mut offsets = Offsets::default();
    offsets.commit(0, &topic, 0, offset_of(3));
    offsets.stage(0, ONE, (&topic, 0), offset_of(5));
    let group = simple();
    expire(&mut offsets, RETENTION_MS, &group);
    assert!(offsets.get("t", 0).is_some());
    offsets.complete(ONE, TransactionOutcome::Abort);
    expire(&mut offsets, RETENTION_MS, &group);
    assert!(offsets.is_empty());
    assert_eq!(offsets.held_bytes(), 0);
}

#[test]
fn an_offset_in_a_transaction_takes_memory_beside_the_one_that_it_may_replace() {
    let topic: Arc<str> = "t".into();
    let mut offsets = Offsets::default();
    offsets.commit(0, &topic, 0, offset_of(3));
    let before = offsets.held_bytes();
    let wanted = vec![(Arc::clone(&topic), vec![(0, offset_of(5)), (1, offset_of(6))])];
    let growth = offsets.staging_bytes(ONE, &wanted);
    assert_eq!(growth, TOPIC_BYTES + 1 + 2 * OFFSET_BYTES);
    for (partition, offset) in wanted[0].1.clone() {
        offsets.stage(0, ONE, (&topic, partition), offset);
    }
    assert_eq!(offsets.held_bytes(), before + growth);
    // The same producer replaces its own, and another one takes as much again.
    assert_eq!(offsets.staging_bytes(ONE, &wanted), 0);
    assert_eq!(offsets.staging_bytes(OTHER, &wanted), growth);
    assert_eq!(
        offsets.partitions(),
        BTreeSet::from([(&topic, 0), (&topic, 1)]),
        "a deleted group leaves tombstones of both"
    );
}
