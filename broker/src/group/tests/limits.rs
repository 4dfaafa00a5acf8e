//! The limits on the number and the memory of groups.

use super::*;

#[tokio::test(start_paused = true)]
async fn no_more_groups_are_created_than_the_limit_allows() {
    let mut groups = within(&Pool::new(1 << 24));
    groups.max_groups = 1;
    stable(&groups).await;
    let limit = AccessError::TooManyGroups { limit: 1 };
    let refused = groups.commit("another", committer("", -1), commits(5)).await;
    assert_eq!(refused, Err(limit.clone().into()));
    let refused = groups.join("another", joiner("", "b")).await;
    assert_eq!(refused, Err(limit.into()));
    // Only groups that exist count.
    sleep(Duration::from_millis(SESSION_MS + 1)).await;
    assert_eq!(groups.delete("g").await, Ok(()));
    let created = groups.commit("another", committer("", -1), commits(5)).await;
    assert_eq!(created, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn the_memory_of_a_group_is_charged_until_it_ends() {
    let pool = Pool::new(1 << 24);
    let groups = within(&pool);
    stable(&groups).await;
    // The group; the member `a` of `client` at `/127.0.0.1`, which supports `range`, with 13 bytes of metadata, and was assigned `all`.
    let member = 512 + 1 + 6 + 10 + size_of::<Protocol>() + 5 + 13 + 3;
    assert_eq!(pool.used_bytes(), 4_096 + member);
    let committed = groups.commit("g", committer("a", 1), commits(5)).await;
    assert_eq!(committed, Ok(()));
    // Topic `t`, and one partition with `note`.
    assert_eq!(pool.used_bytes(), 4_096 + member + 128 + 1 + 128 + 4);
    sleep(Duration::from_millis(SESSION_MS + 1)).await;
    assert_eq!(pool.used_bytes(), 4_096 + 128 + 1 + 128 + 4);
    assert_eq!(groups.delete("g").await, Ok(()));
    // The task ends and frees its memory.
    sleep(Duration::from_millis(1)).await;
    assert_eq!(pool.used_bytes(), 0);
}

#[tokio::test(start_paused = true)]
async fn at_their_memory_limit_groups_go_on_but_do_not_grow() {
    // Groups may hold an eighth of the memory limit, 16 KiB.
    let pool = Pool::new(128 << 10);
    let groups = within(&pool);
    stable(&groups).await;
    let noted = |partition: i32, bytes: usize| {
        let mut commits = commits(5);
        commits[0].1[0].0 = partition;
        commits[0].1[0].1.metadata = "n".repeat(bytes).into();
        groups.commit("g", committer("a", 1), commits)
    };
    assert_eq!(noted(0, 10_000).await, Ok(()));
    let held_bytes = pool.used_bytes();
    let full = |wanted_bytes| {
        AccessError::NoRoom(GroupsFull {
            wanted_bytes,
            held_bytes,
            limit_bytes: 16 << 10,
        })
    };
    let refused = noted(1, 3_000).await;
    assert_eq!(refused, Err(full(3_128).into()));
    let refused = groups.commit("another", committer("", -1), commits(5)).await;
    assert_eq!(refused, Err(full(4_096).into()));
    let mut large = joiner("", "b");
    large.request.protocols[0].metadata = Bytes::from(vec![0; 3_000]);
    let wanted_bytes = 512 + 1 + 6 + 10 + size_of::<Protocol>() + 5 + 3_000;
    let refused = groups.join("g", large).await;
    assert_eq!(refused, Err(full(wanted_bytes).into()));
    let assignment = Bytes::from(vec![0; 3_003]);
    let assigned = SyncRequest {
        assignments: vec![("a".into(), assignment)],
        ..sync("a", 1, &[])
    };
    let refused = groups.sync("g", assigned).await;
    assert_eq!(refused, Err(full(3_000).into()));
    assert_eq!(pool.used_bytes(), held_bytes, "refused requests take no memory");

    // A replaced offset and a heartbeat take no more memory; once there is room, everything is accepted.
    assert_eq!(noted(0, 10_000).await, Ok(()));
    assert_eq!(groups.heartbeat("g", membership("a", 1)).await, Ok(()));
    assert_eq!(noted(0, 0).await, Ok(()));
    assert_eq!(noted(1, 3_000).await, Ok(()));
}
