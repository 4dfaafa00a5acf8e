//! The shell on a paused clock: which requests are answered, and when.

mod journal;
mod limits;
mod log;
mod offsets;

use super::classic::{HeartbeatError, JoinRequest, Joined, Joiner, Protocol, SyncRequest};
use super::*;
use crate::Clock;
use crate::config::BrokerConfig;
use crate::ids::GenerationId;
use crate::pool::Pool;
use bytes::Bytes;
use std::time::Duration;
use tokio::time::{Instant, advance, sleep};

const SESSION_MS: u64 = 6_000;
const REBALANCE_MS: u64 = 30_000;

fn within(pool: &Pool) -> Groups {
    Groups::new(
        &BrokerConfig::default(),
        &Clock::tokio(1_000_000),
        pool.clone(),
        Arc::new(journal::Kept::default()),
    )
}

fn groups() -> Arc<Groups> {
    Arc::new(within(&Pool::new(1 << 24)))
}

fn joiner(member_id: &str, new_member_id: &str) -> Joiner {
    Joiner {
        request: JoinRequest {
            member_id: member_id.into(),
            group_instance_id: None,
            session_timeout_ms: SESSION_MS as i32,
            rebalance_timeout_ms: REBALANCE_MS as i32,
            protocol_type: "consumer".into(),
            protocols: vec![Protocol {
                name: "range".into(),
                metadata: Bytes::from_static(b"\0\0\0\0\0\x01\0\x01t\xff\xff\xff\xff"),
            }],
            requires_known_member_id: false,
            supports_skipping_assignment: true,
            reason: None,
        },
        new_member_id: new_member_id.into(),
        new_consumer_member_id: new_member_id.into(),
        client_id: "client".into(),
        client_host: "/127.0.0.1".into(),
    }
}

async fn join(groups: &Groups, member_id: &str, new_member_id: &str) -> Joined {
    let joined = groups.join("g", joiner(member_id, new_member_id)).await;
    joined.expect("the join succeeds")
}

fn membership(member_id: &str, generation_id: i32) -> Membership {
    Membership {
        member_id: member_id.into(),
        group_instance_id: None,
        generation_or_epoch: GenerationOrEpoch(generation_id),
    }
}

fn committer(member_id: &str, generation_id: i32) -> Committer {
    Committer {
        membership: membership(member_id, generation_id),
        is_transactional: false,
        api_version: 9,
    }
}

fn sync(member_id: &str, generation_id: i32, assignments: &[(&str, &'static [u8])]) -> SyncRequest {
    let assignments = assignments.iter();
    SyncRequest {
        membership: membership(member_id, generation_id),
        protocol_type: None,
        protocol_name: None,
        assignments: assignments
            .map(|(id, bytes)| ((*id).into(), Bytes::from_static(bytes)))
            .collect(),
    }
}

/// Makes `a` the only member of a stable generation 1 of group `g`.
async fn stable(groups: &Groups) {
    let joined = join(groups, "", "a").await;
    assert_eq!((joined.generation_id, &*joined.leader), (GenerationId(1), "a"));
    let synced = groups.sync("g", sync("a", 1, &[("a", b"all")])).await;
    assert_eq!(synced.unwrap().assignment, &b"all"[..]);
}

async fn state(groups: &Groups) -> GroupState {
    groups.describe("g").await.expect("the group exists").state
}

#[tokio::test(start_paused = true)]
async fn the_first_member_joins_at_once_and_is_removed_when_its_session_ends() {
    let groups = groups();
    let began = Instant::now();
    stable(&groups).await;
    // One turn of the timer.
    assert_eq!(began.elapsed(), Duration::from_millis(2));

    sleep(Duration::from_millis(SESSION_MS - 1)).await;
    assert_eq!(state(&groups).await, GroupState::Stable);
    sleep(Duration::from_millis(2)).await;
    assert_eq!(state(&groups).await, GroupState::Empty);
    let refused = groups.heartbeat("g", membership("a", 1)).await;
    let unknown = HeartbeatError::Membership(MembershipError::UnknownMemberId);
    assert_eq!(refused, Err(GroupError::Refused(unknown)));
}

#[tokio::test(start_paused = true)]
async fn a_second_member_that_joins_within_a_millisecond_is_in_the_first_generation() {
    for late_us in [0, 1, 500, 999] {
        let groups = groups();
        // The place of the first join in its millisecond must not matter.
        advance(Duration::from_micros(late_us)).await;
        let joining = tokio::spawn({
            let groups = Arc::clone(&groups);
            async move { join(&groups, "", "a").await }
        });
        // The group has the first member before the time moves. A sleep would be rounded to whole milliseconds.
        while groups.describe("g").await.is_err() {
            tokio::task::yield_now().await;
        }
        advance(Duration::from_micros(900)).await;
        let (first, second) = tokio::join!(joining, join(&groups, "", "b"));
        let generations = (first.expect("it joins").generation_id, second.generation_id);
        assert_eq!(
            generations,
            (GenerationId(1), GenerationId(1)),
            "{late_us} us late"
        );
        assert_eq!(groups.describe("g").await.expect("it exists").members.len(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_heartbeat_renews_the_session() {
    let groups = groups();
    stable(&groups).await;
    for _ in 0..5 {
        sleep(Duration::from_millis(SESSION_MS - 1)).await;
        assert_eq!(groups.heartbeat("g", membership("a", 1)).await, Ok(()));
    }
    assert_eq!(state(&groups).await, GroupState::Stable);
}

#[tokio::test(start_paused = true)]
async fn a_second_member_waits_for_the_first_to_join_again() {
    let groups = groups();
    stable(&groups).await;
    let began = Instant::now();
    let second = tokio::spawn({
        let groups = Arc::clone(&groups);
        async move { (join(&groups, "", "b").await, Instant::now()) }
    });
    sleep(Duration::from_secs(3)).await;
    let told = groups.heartbeat("g", membership("a", 1)).await;
    assert_eq!(
        told,
        Err(GroupError::Refused(HeartbeatError::RebalanceInProgress))
    );
    let first = join(&groups, "a", "").await;
    let (second, joined_at) = second.await.unwrap();
    assert_eq!(joined_at - began, Duration::from_secs(3));
    assert_eq!(
        (first.generation_id, second.generation_id),
        (GenerationId(2), GenerationId(2))
    );
    assert_eq!((first.members.len(), second.members.len()), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn a_member_that_does_not_join_again_is_left_behind_when_its_session_ends() {
    let groups = groups();
    stable(&groups).await;
    let began = Instant::now();
    let joined = join(&groups, "", "b").await;
    assert_eq!(began.elapsed(), Duration::from_millis(SESSION_MS));
    assert_eq!((&*joined.leader, joined.members.len()), ("b", 1));
}

#[tokio::test(start_paused = true)]
async fn a_member_that_sends_heartbeats_but_does_not_join_is_left_behind_after_the_rebalance_timeout() {
    let groups = groups();
    stable(&groups).await;
    let began = Instant::now();
    let joining = tokio::spawn({
        let groups = Arc::clone(&groups);
        async move {
            let joined = join(&groups, "", "b").await;
            (joined, Instant::now())
        }
    });
    while !joining.is_finished() {
        let _ = groups.heartbeat("g", membership("a", 1)).await;
        sleep(Duration::from_secs(1)).await;
    }
    let (joined, joined_at) = joining.await.unwrap();
    assert_eq!(joined_at - began, Duration::from_millis(REBALANCE_MS));
    assert_eq!(joined.members.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_parked_join_whose_client_hung_up_leaves_nothing_behind() {
    let groups = groups();
    stable(&groups).await;
    let joining = tokio::spawn({
        let groups = Arc::clone(&groups);
        async move { groups.join("g", joiner("", "b")).await }
    });
    sleep(Duration::from_millis(1)).await;
    joining.abort();
    // The first member joins again, and the generation waits for the SyncGroup of the member that hung up until its session ends.
    let joined = join(&groups, "a", "").await;
    assert_eq!(joined.members.len(), 2);
    advance(Duration::from_millis(SESSION_MS)).await;
    sleep(Duration::from_millis(1)).await;
    let members = groups.describe("g").await.unwrap().members;
    assert_eq!(members.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn requests_that_wait_when_the_group_ends_are_told_so() {
    let groups = groups();
    groups.commit("g", committer("", -1), commits(5)).await.unwrap();
    // All are in the mailbox when the task runs next. Requests of members are to be sent again, to the group's successor.
    let ended = AccessError::Ended;
    let (deleted, joined, renewed, committed, described, fetched, deleted_again) = tokio::join!(
        groups.delete("g"),
        groups.join("g", joiner("", "a")),
        groups.heartbeat("g", membership("a", 1)),
        groups.commit("g", committer("", -1), commits(6)),
        groups.describe("g"),
        groups.fetch_offsets("g", OffsetReader::anonymous(), None),
        groups.delete("g"),
    );
    assert_eq!(deleted, Ok(()));
    assert_eq!(joined.err(), Some(ended.clone().into()));
    assert_eq!(renewed, Err(ended.clone().into()));
    assert_eq!(committed, Err(ended.into()));
    // For administrators the group does not exist any more.
    assert_eq!(described, Err(GroupError::NotFound));
    assert_eq!(fetched, Err(GroupError::NotFound));
    assert_eq!(deleted_again, Err(GroupError::NotFound));
    assert_eq!(join(&groups, "", "a").await.generation_id, GenerationId(1));
}

#[tokio::test(start_paused = true)]
async fn a_group_that_does_not_exist_is_an_unknown_member_to_members() {
    let groups = groups();
    let unknown = MembershipError::UnknownMemberId;
    let joined = groups.join("g", joiner("a", "a")).await;
    assert_eq!(joined, Err(GroupError::Refused(unknown.into())));
    let synced = groups.sync("g", sync("a", 1, &[])).await;
    assert_eq!(synced, Err(GroupError::Refused(unknown.into())));
    let renewed = groups.heartbeat("g", membership("a", 1)).await;
    assert_eq!(renewed, Err(GroupError::Refused(unknown.into())));
    let leaver = classic::Leaver {
        member_id: "a".into(),
        group_instance_id: None,
        reason: None,
    };
    assert_eq!(groups.leave("g", vec![leaver]).await, Ok(vec![Err(unknown)]));
    let committed = groups.commit("g", committer("a", 1), commits(5)).await;
    assert_eq!(committed, Err(GroupError::NotFound));
}

fn commits(offset: i64) -> OffsetsToCommit {
    let commit = super::offsets::OffsetToCommit {
        offset: crate::ids::Offset(offset),
        leader_epoch: crate::ids::LeaderEpoch(3),
        metadata: "note".into(),
        retention_ms: None,
    };
    vec![("t".into(), vec![(0, commit)])]
}

async fn offset(groups: &Groups) -> Option<i64> {
    let fetched = groups
        .fetch_offsets("g", OffsetReader::anonymous(), Some(vec![("t".into(), vec![0])]))
        .await;
    let (_, mut offsets) = fetched.expect("the group exists").remove(0);
    let offset = offsets.remove(0).1.expect("no transaction is open");
    offset.map(|committed| committed.offset.0)
}
