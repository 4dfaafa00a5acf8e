//! The records that a group's journal keeps, and the moments at which they come.

use super::*;
use crate::group::classic::Leaver;
use crate::group::offsets::OffsetToCommit;
use crate::group::{GroupJournal, GroupRecords};
use crate::ids::{LeaderEpoch, Offset};
use std::sync::Mutex;
use uuid::Uuid;

/// A journal that only remembers.
#[derive(Debug, Default)]
pub(super) struct Kept {
    batches: Mutex<Vec<KeptBatch>>,
}

/// The records of one change, each as key and value.
pub(super) type KeptBatch = Vec<(Vec<u8>, Option<Vec<u8>>)>;

impl Kept {
    /// Takes the batches that were kept since the last call.
    fn take(&self) -> Vec<KeptBatch> {
        std::mem::take(&mut self.batches.lock().expect("no test panics with it"))
    }
}

impl GroupJournal for Kept {
    fn topic_id(&self, topic: &str) -> Uuid {
        if topic == "t" { TOPIC_ID } else { Uuid::nil() }
    }

    fn append(&self, _group_id: &str, _now_ms: i64, records: &GroupRecords) {
        let owned = records.iter();
        let owned = owned.map(|(key, value)| (key.to_vec(), value.map(<[u8]>::to_vec)));
        let mut batches = self.batches.lock().expect("no test panics with it");
        batches.push(owned.collect());
    }
}

const TOPIC_ID: Uuid = Uuid::from_u128(0x0102_0304_0506_4708_890a_0b0c_0d0e_0f10);

/// The groups, with 1,000,000 ms as the time at the start, and their journal.
fn groups_with_journal() -> (Groups, Arc<Kept>) {
    let kept = Arc::new(Kept::default());
    let journal: Arc<dyn GroupJournal> = kept.clone();
    let config = BrokerConfig::default();
    let groups = Groups::new(&config, &Clock::tokio(1_000_000), Pool::new(1 << 24), journal);
    (groups, kept)
}

const GROUP_KEY: &[u8] = b"\0\x02\0\x01g";

fn offset_key(partition: u8) -> Vec<u8> {
    [b"\0\x01\0\x01g\0\x01t\0\0\0", &[partition][..]].concat()
}

/// An `OffsetCommitValue` of version 4 with offset `offset`, epoch -1, metadata `m` and the topic's id, committed at `at_ms`.
fn offset_value(offset: i64, at_ms: i64) -> Vec<u8> {
    let head = [b"\0\x04", &offset.to_be_bytes()[..], b"\xff\xff\xff\xff\x02m"].concat();
    let tail = [&at_ms.to_be_bytes()[..], b"\x01\0\x10", TOPIC_ID.as_bytes()].concat();
    [head, tail].concat()
}

fn offsets(offsets: &[(i32, i64)], retention_ms: Option<i64>) -> OffsetsToCommit {
    let commit = |offset| OffsetToCommit {
        offset: Offset(offset),
        leader_epoch: LeaderEpoch::NONE,
        metadata: "m".into(),
        retention_ms,
    };
    let offsets = offsets
        .iter()
        .map(|(partition, offset)| (*partition, commit(*offset)));
    vec![("t".into(), offsets.collect())]
}

#[tokio::test(start_paused = true)]
async fn a_commit_is_one_batch_with_a_record_for_each_partition() {
    let (groups, kept) = groups_with_journal();
    advance(Duration::from_millis(500)).await;
    groups
        .commit("g", committer("", -1), offsets(&[(0, 7), (2, 1 << 40)], None))
        .await
        .expect("the group is simple");
    assert_eq!(
        kept.take(),
        [vec![
            (offset_key(0), Some(offset_value(7, 1_000_500))),
            (offset_key(2), Some(offset_value(1 << 40, 1_000_500))),
        ]]
    );
}

#[tokio::test(start_paused = true)]
async fn a_commit_with_a_retention_time_has_the_version_with_an_expiration() {
    let (groups, kept) = groups_with_journal();
    let committed = groups.commit("g", committer("", -1), offsets(&[(1, 7)], Some(60_000)));
    committed.await.expect("the group is simple");
    let value = [
        b"\0\x01",
        &7i64.to_be_bytes()[..],
        b"\0\x01m",
        &1_000_000i64.to_be_bytes(),
        &1_060_000i64.to_be_bytes(),
    ];
    assert_eq!(kept.take(), [[(offset_key(1), Some(value.concat()))]]);
}

#[tokio::test(start_paused = true)]
async fn offsets_that_are_deleted_leave_tombstones_and_those_that_were_not_there_leave_none() {
    let (groups, kept) = groups_with_journal();
    groups
        .commit("g", committer("", -1), offsets(&[(0, 7), (1, 8)], None))
        .await
        .expect("the group is simple");
    kept.take();
    let deleted = groups.delete_offsets("g", vec![("t".into(), vec![1, 5])]).await;
    assert_eq!(deleted, Ok(vec![Ok(())]));
    assert_eq!(kept.take(), [[(offset_key(1), None)]]);
    groups.delete_offsets_of_topics(&["t".into(), "u".into()]).await;
    let asked = groups.fetch_offsets("g", OffsetReader::anonymous(), None);
    asked.await.expect("after the deletion");
    assert_eq!(kept.take(), [[(offset_key(0), None)]]);
}

#[tokio::test(start_paused = true)]
async fn a_deleted_group_leaves_tombstones_of_its_offsets_and_of_itself() {
    let (groups, kept) = groups_with_journal();
    groups
        .commit("g", committer("", -1), offsets(&[(0, 7)], None))
        .await
        .expect("the group is simple");
    kept.take();
    groups.delete("g").await.expect("it is empty");
    assert_eq!(kept.take(), [[(offset_key(0), None), (GROUP_KEY.to_vec(), None)]]);
}

/// A `GroupMetadataValue` of version 3 up to the members, with the time of the last change of state.
fn group_value(protocol_type: &str, generation_id: i32, names: &[u8], at_ms: i64) -> Vec<u8> {
    let mut value = b"\0\x03".to_vec();
    value.extend((protocol_type.len() as u16).to_be_bytes());
    value.extend(protocol_type.as_bytes());
    value.extend(generation_id.to_be_bytes());
    value.extend(names);
    value.extend(at_ms.to_be_bytes());
    value
}

#[tokio::test(start_paused = true)]
async fn a_classic_group_is_kept_when_it_is_created_when_it_is_assigned_and_when_it_is_empty() {
    let (groups, kept) = groups_with_journal();
    let started = Instant::now();
    let joined = join(&groups, "", "m").await;
    assert_eq!((&*joined.member_id, joined.generation_id), ("m", GenerationId(1)));
    let none = b"\xff\xff\xff\xff";
    let created = [group_value("", 0, none, 1_000_000), vec![0; 4]].concat();
    assert_eq!(kept.take(), [[(GROUP_KEY.to_vec(), Some(created))]]);

    let assigned_at_ms = 1_000_000 + started.elapsed().as_millis() as i64;
    groups
        .sync("g", sync("m", 1, &[("m", b"mine")]))
        .await
        .expect("it leads");
    let head = group_value("consumer", 1, b"\0\x05range\0\x01m", assigned_at_ms);
    let member = [
        &b"\0\0\0\x01\0\x01m\xff\xff\0\x06client\0\x0a/127.0.0.1"[..],
        &(REBALANCE_MS as i32).to_be_bytes(),
        &(SESSION_MS as i32).to_be_bytes(),
        b"\0\0\0\x0d\0\0\0\0\0\x01\0\x01t\xff\xff\xff\xff",
        b"\0\0\0\x04mine",
    ];
    let assigned = [head, member.concat()].concat();
    assert_eq!(kept.take(), [[(GROUP_KEY.to_vec(), Some(assigned))]]);

    advance(Duration::from_millis(250)).await;
    let leaver = Leaver {
        member_id: "m".into(),
        group_instance_id: None,
        reason: None,
    };
    groups.leave("g", vec![leaver]).await.expect("the group is there");
    let empty = [group_value("consumer", 2, none, assigned_at_ms + 250), vec![0; 4]].concat();
    assert_eq!(kept.take(), [[(GROUP_KEY.to_vec(), Some(empty))]]);
}
