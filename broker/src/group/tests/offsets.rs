//! Committed offsets: deletion and expiration, and the end of groups that have none.

use super::*;
use std::sync::atomic::Ordering;

#[tokio::test(start_paused = true)]
async fn an_empty_group_without_offsets_ends_and_its_id_is_free() {
    let groups = groups();
    stable(&groups).await;
    let interval_ms = BrokerConfig::default().offsets_retention_check_interval_ms;
    sleep(Duration::from_millis(interval_ms as u64 + 1)).await;
    assert_eq!(groups.describe("g").await, Err(GroupError::NotFound));
    assert_eq!(groups.registry.count.load(Ordering::Relaxed), 0);
    stable(&groups).await;
}

#[tokio::test(start_paused = true)]
async fn a_deleted_group_is_gone_with_its_offsets() {
    let groups = groups();
    let committed = groups.commit("g", committer("", -1), commits(5)).await;
    assert_eq!(committed, Ok(()));
    assert_eq!(offset(&groups).await, Some(5));
    assert_eq!(groups.delete("g").await, Ok(()));
    assert_eq!(
        groups.fetch_offsets("g", OffsetReader::anonymous(), None).await,
        Err(GroupError::NotFound)
    );
    assert_eq!(groups.delete("g").await, Err(GroupError::NotFound));
}

#[tokio::test(start_paused = true)]
async fn offsets_of_a_deleted_topic_are_deleted() {
    let groups = groups();
    groups.commit("g", committer("", -1), commits(5)).await.unwrap();
    groups.delete_offsets_of_topics(&["t".into()]).await;
    assert_eq!(offset(&groups).await, None);
}

#[tokio::test(start_paused = true)]
async fn an_offset_of_a_group_without_members_expires_after_its_retention() {
    let groups = groups();
    groups.commit("g", committer("", -1), commits(5)).await.unwrap();
    let retention = Duration::from_secs(10_080 * 60);
    sleep(retention - Duration::from_secs(1)).await;
    assert_eq!(offset(&groups).await, Some(5));
    // The check comes every ten minutes, of which the retention is a multiple.
    sleep(Duration::from_secs(2)).await;
    assert_eq!(
        groups.fetch_offsets("g", OffsetReader::anonymous(), None).await,
        Err(GroupError::NotFound)
    );
}

#[tokio::test(start_paused = true)]
async fn expired_offsets_are_removed_at_the_configured_check_interval() {
    let config = BrokerConfig {
        offsets_retention_minutes: 1,
        offsets_retention_check_interval_ms: 7_000,
        ..BrokerConfig::default()
    };
    let groups = Groups::new(
        &config,
        &Clock::tokio(1_000_000),
        Pool::new(1 << 24),
        Arc::new(journal::Kept::default()),
    );
    groups.commit("g", committer("", -1), commits(5)).await.unwrap();
    // The offset expires after 60 s; the first check after that is the ninth, at 63 s.
    sleep(Duration::from_millis(62_999)).await;
    assert_eq!(offset(&groups).await, Some(5));
    sleep(Duration::from_millis(2)).await;
    assert_eq!(
        groups.fetch_offsets("g", OffsetReader::anonymous(), None).await,
        Err(GroupError::NotFound)
    );
}
