//! The shell on a paused clock: who is answered, and when.

use super::classic::{MembershipError, Protocol};
use super::*;
use crate::ids::GenerationId;
use bytes::Bytes;
use std::time::Duration;
use tokio::time::{advance, sleep};

const SESSION_MS: u64 = 6_000;
const REBALANCE_MS: u64 = 30_000;

fn within(pool: &Pool) -> Groups {
    Groups::new(&BrokerConfig::default(), &Clock::tokio(1_000_000), pool.clone())
}

fn groups() -> Arc<Groups> {
    Arc::new(within(&Pool::new(1 << 24)))
}

fn request(member_id: &str, new_member_id: &str) -> JoinRequest {
    JoinRequest {
        member_id: member_id.into(),
        new_member_id: new_member_id.into(),
        group_instance_id: None,
        client_id: "client".into(),
        client_host: "/127.0.0.1".into(),
        session_timeout_ms: SESSION_MS as i64,
        rebalance_timeout_ms: REBALANCE_MS as i64,
        protocol_type: "consumer".into(),
        protocols: vec![Protocol {
            name: "range".into(),
            metadata: Bytes::from_static(b"\0\0\0\0\0\x01\0\x01t\xff\xff\xff\xff"),
        }],
        requires_known_member_id: false,
        supports_skipping_assignment: true,
        reason: None,
    }
}

fn membership(member_id: &str, generation_id: i32) -> Membership {
    Membership {
        member_id: member_id.into(),
        group_instance_id: None,
        generation_id: GenerationId(generation_id),
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

/// One member, `a`, alone in a stable generation 1 of group `g`.
async fn stable(groups: &Groups) {
    let joined = groups.join("g", request("", "a")).await.unwrap().unwrap();
    assert_eq!((joined.generation_id, &*joined.leader), (GenerationId(1), "a"));
    let synced = groups.sync("g", sync("a", 1, &[("a", b"all")])).await;
    assert_eq!(synced.unwrap().unwrap().unwrap().assignment, &b"all"[..]);
}

async fn state(groups: &Groups) -> Option<GroupState> {
    groups.describe("g").await.unwrap().map(|group| group.state)
}

#[tokio::test(start_paused = true)]
async fn the_first_member_joins_at_once_and_is_removed_when_its_session_ends() {
    let groups = groups();
    let began = Instant::now();
    stable(&groups).await;
    assert_eq!(began.elapsed(), Duration::ZERO);

    sleep(Duration::from_millis(SESSION_MS - 1)).await;
    assert_eq!(state(&groups).await, Some(GroupState::Stable));
    sleep(Duration::from_millis(2)).await;
    assert_eq!(state(&groups).await, Some(GroupState::Empty));
    let refused = groups.heartbeat("g", membership("a", 1)).await.unwrap();
    let unknown = HeartbeatError::Membership(MembershipError::UnknownMemberId);
    assert_eq!(refused, Some(Err(unknown)));
}

#[tokio::test(start_paused = true)]
async fn a_heartbeat_gives_another_session_timeout() {
    let groups = groups();
    stable(&groups).await;
    for _ in 0..5 {
        sleep(Duration::from_millis(SESSION_MS - 1)).await;
        assert_eq!(groups.heartbeat("g", membership("a", 1)).await, Ok(Some(Ok(()))));
    }
    assert_eq!(state(&groups).await, Some(GroupState::Stable));
}

#[tokio::test(start_paused = true)]
async fn a_second_member_waits_for_the_first_to_join_again() {
    let groups = groups();
    stable(&groups).await;
    let began = Instant::now();
    let second = tokio::spawn({
        let groups = Arc::clone(&groups);
        async move {
            (
                groups.join("g", request("", "b")).await.unwrap().unwrap(),
                Instant::now(),
            )
        }
    });
    sleep(Duration::from_secs(3)).await;
    let told = groups.heartbeat("g", membership("a", 1)).await.unwrap();
    assert_eq!(told, Some(Err(HeartbeatError::RebalanceInProgress)));
    let first = groups.join("g", request("a", "")).await.unwrap().unwrap();
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
    let joined = groups.join("g", request("", "b")).await.unwrap().unwrap();
    assert_eq!(began.elapsed(), Duration::from_millis(SESSION_MS));
    assert_eq!((&*joined.leader, joined.members.len()), ("b", 1));
}

#[tokio::test(start_paused = true)]
async fn a_member_that_lives_but_does_not_join_is_left_behind_after_the_rebalance_timeout() {
    let groups = groups();
    stable(&groups).await;
    let began = Instant::now();
    let joining = tokio::spawn({
        let groups = Arc::clone(&groups);
        async move {
            let joined = groups.join("g", request("", "b")).await.unwrap().unwrap();
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
        async move { groups.join("g", request("", "b")).await }
    });
    sleep(Duration::from_millis(1)).await;
    joining.abort();
    // The first member joins again, and the generation waits for the one that hung up until its SyncGroup is overdue.
    let joined = groups.join("g", request("a", "")).await.unwrap().unwrap();
    assert_eq!(joined.members.len(), 2);
    advance(Duration::from_millis(SESSION_MS)).await;
    sleep(Duration::from_millis(1)).await;
    let members = groups.describe("g").await.unwrap().unwrap().members;
    assert_eq!(members.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_empty_group_without_offsets_ends_and_its_id_is_free() {
    let groups = groups();
    stable(&groups).await;
    let interval_ms = BrokerConfig::default().offsets_retention_check_interval_ms;
    sleep(Duration::from_millis(interval_ms as u64 + 1)).await;
    assert_eq!(groups.describe("g").await, Ok(None));
    assert_eq!(groups.registry.count.load(Ordering::Relaxed), 0);
    stable(&groups).await;
}

#[tokio::test(start_paused = true)]
async fn a_deleted_group_is_gone_with_its_offsets() {
    let groups = groups();
    let committed = groups.commit("g", membership("", -1), commits(5)).await;
    assert_eq!(committed, Ok(Some(Ok(()))));
    assert_eq!(offset(&groups).await, Some(5));
    assert_eq!(groups.delete("g").await, Ok(Ok(())));
    assert_eq!(groups.fetch_offsets("g", None).await, Ok(None));
    assert_eq!(groups.delete("g").await, Ok(Err(DeleteError::NotFound)));
}

#[tokio::test(start_paused = true)]
async fn offsets_of_a_deleted_topic_are_forgotten() {
    let groups = groups();
    groups.commit("g", membership("", -1), commits(5)).await.unwrap();
    groups.forget_topics(&["t".into()]).await;
    assert_eq!(offset(&groups).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_simple_groups_offset_expires_after_its_retention() {
    let groups = groups();
    groups.commit("g", membership("", -1), commits(5)).await.unwrap();
    let retention = Duration::from_secs(10_080 * 60);
    sleep(retention - Duration::from_secs(1)).await;
    assert_eq!(offset(&groups).await, Some(5));
    // Looked at every ten minutes, of which the retention is a multiple.
    sleep(Duration::from_secs(2)).await;
    assert_eq!(groups.fetch_offsets("g", None).await, Ok(None));
}

#[tokio::test(start_paused = true)]
async fn expired_offsets_are_removed_at_the_configured_check_interval() {
    let config = BrokerConfig {
        offsets_retention_minutes: 1,
        offsets_retention_check_interval_ms: 7_000,
        ..BrokerConfig::default()
    };
    let groups = Groups::new(&config, &Clock::tokio(1_000_000), Pool::new(1 << 24));
    groups.commit("g", membership("", -1), commits(5)).await.unwrap();
    // The offset expires after 60 s; the first check after that is the ninth, at 63 s.
    sleep(Duration::from_millis(62_999)).await;
    assert_eq!(offset(&groups).await, Some(5));
    sleep(Duration::from_millis(2)).await;
    assert_eq!(groups.fetch_offsets("g", None).await, Ok(None));
}

fn commits(offset: i64) -> OffsetsToCommit {
    let commit = offsets::OffsetToCommit {
        offset: crate::ids::Offset(offset),
        leader_epoch: crate::ids::LeaderEpoch(3),
        metadata: "note".into(),
        retention_ms: None,
    };
    vec![("t".into(), vec![(0, commit)])]
}

async fn offset(groups: &Groups) -> Option<i64> {
    let fetched = groups.fetch_offsets("g", Some(vec![("t".into(), vec![0])])).await;
    let (_, offsets) = fetched.unwrap()?.remove(0);
    offsets[0].1.as_ref().map(|committed| committed.offset.0)
}

#[tokio::test(start_paused = true)]
async fn no_more_groups_are_founded_than_the_bound_allows() {
    let groups = Groups {
        max_groups: 1,
        ..within(&Pool::new(1 << 24))
    };
    stable(&groups).await;
    let limit = AccessError::TooManyGroups { limit: 1 };
    let refused = groups.commit("another", membership("", -1), commits(5)).await;
    assert_eq!(refused, Err(limit.clone()));
    assert_eq!(groups.join("another", request("", "b")).await.err(), Some(limit));
    // The bound counts groups that exist.
    sleep(Duration::from_millis(SESSION_MS + 1)).await;
    assert_eq!(groups.delete("g").await, Ok(Ok(())));
    let founded = groups.commit("another", membership("", -1), commits(5)).await;
    assert_eq!(founded, Ok(Some(Ok(()))));
}

#[tokio::test(start_paused = true)]
async fn what_a_group_holds_is_charged_until_it_is_forgotten() {
    let pool = Pool::new(1 << 24);
    let groups = within(&pool);
    stable(&groups).await;
    // The group; the member `a` of `client` at `/127.0.0.1`, who speaks `range`, with 13 bytes of metadata, and was assigned `all`.
    let member = 512 + 1 + 6 + 10 + size_of::<Protocol>() + 5 + 13 + 3;
    assert_eq!(pool.used_bytes(), 4_096 + member);
    let committed = groups.commit("g", membership("a", 1), commits(5)).await;
    assert_eq!(committed, Ok(Some(Ok(()))));
    // Topic `t`, and one partition with `note`.
    assert_eq!(pool.used_bytes(), 4_096 + member + 128 + 1 + 128 + 4);
    sleep(Duration::from_millis(SESSION_MS + 1)).await;
    assert_eq!(pool.used_bytes(), 4_096 + 128 + 1 + 128 + 4);
    assert_eq!(groups.delete("g").await, Ok(Ok(())));
    // The task ends, and what it held with it.
    sleep(Duration::from_millis(1)).await;
    assert_eq!(pool.used_bytes(), 0);
}

#[tokio::test(start_paused = true)]
async fn at_their_bound_groups_grow_no_more_and_go_on() {
    // Groups may hold an eighth of the memory limit, 16 KiB.
    let pool = Pool::new(128 << 10);
    let groups = within(&pool);
    stable(&groups).await;
    let noted = |partition: i32, bytes: usize| {
        let mut commits = commits(5);
        commits[0].1[0].0 = partition;
        commits[0].1[0].1.metadata = "n".repeat(bytes).into();
        groups.commit("g", membership("a", 1), commits)
    };
    assert_eq!(noted(0, 10_000).await, Ok(Some(Ok(()))));
    let held_bytes = pool.used_bytes();
    let full = |wanted_bytes| GroupsFull {
        wanted_bytes,
        held_bytes,
        limit_bytes: 16 << 10,
    };
    let refused = noted(1, 3_000).await;
    assert_eq!(refused, Ok(Some(Err(CommitError::NoRoom(full(3_128))))));
    let refused = groups.commit("another", membership("", -1), commits(5)).await;
    assert_eq!(refused, Err(AccessError::NoRoom(full(4_096))));
    let mut large = request("", "b");
    large.protocols[0].metadata = Bytes::from(vec![0; 3_000]);
    let wanted_bytes = 512 + 1 + 6 + 10 + size_of::<Protocol>() + 5 + 3_000;
    let refused = groups.join("g", large).await;
    assert_eq!(refused, Ok(Err(JoinError::NoRoom(full(wanted_bytes)))));
    let assignment = Bytes::from(vec![0; 3_003]);
    let assigned = SyncRequest {
        assignments: vec![("a".into(), assignment)],
        ..sync("a", 1, &[])
    };
    let refused = groups.sync("g", assigned).await;
    assert_eq!(refused, Ok(Some(Err(SyncError::NoRoom(full(3_000))))));
    assert_eq!(
        pool.used_bytes(),
        held_bytes,
        "what was refused left nothing behind"
    );

    // What takes the place of something goes on, and so does everything once there is room.
    assert_eq!(noted(0, 10_000).await, Ok(Some(Ok(()))));
    assert_eq!(groups.heartbeat("g", membership("a", 1)).await, Ok(Some(Ok(()))));
    assert_eq!(noted(0, 0).await, Ok(Some(Ok(()))));
    assert_eq!(noted(1, 3_000).await, Ok(Some(Ok(()))));
}
