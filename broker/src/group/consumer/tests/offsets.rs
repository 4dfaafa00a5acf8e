//! Commits and reads of offsets by members, and the deletion of the group.

use super::driver::{join, keep_alive, report};
use super::*;
use crate::group::offsets::{OffsetToCommit, OffsetsToCommit};
use crate::group::{
    CommitError, Committer, FetchOffsetsError, GenerationOrEpoch, Membership, MembershipError, NonEmptyGroup,
    OffsetReader,
};
use crate::ids::{LeaderEpoch, Offset};

fn committer(member_id: &str, epoch: i32, api_version: i16) -> Committer {
    Committer {
        membership: Membership {
            member_id: member_id.into(),
            group_instance_id: None,
            generation_or_epoch: GenerationOrEpoch(epoch),
        },
        is_transactional: false,
        api_version,
    }
}

fn offsets(topic: &str, partitions: &[i32]) -> OffsetsToCommit {
    let offset = OffsetToCommit {
        offset: Offset(5),
        leader_epoch: LeaderEpoch::NONE,
        metadata: "".into(),
        retention_ms: None,
    };
    let partitions = partitions.iter().map(|partition| (*partition, offset.clone()));
    vec![(topic.into(), partitions.collect())]
}

#[test]
fn a_commit_at_an_older_epoch_is_fine_for_partitions_assigned_at_or_before_it() {
    let mut driver = Driver::new(&[("t", 2)]);
    driver.join(join("a", &["t"]), 2, &[("t", &[0, 1])]);
    driver.set_topic("t", 3);
    assert_eq!(driver.send(keep_alive("a", 2)).member_epoch, 3);
    let commit = |epoch: i32, partitions: &[i32]| {
        let committer = committer("a", epoch, 9);
        driver
            .group
            .validate_offset_commit(&committer, &offsets("t", partitions))
    };
    assert_eq!(commit(3, &[0, 1, 2]), Ok(()));
    assert_eq!(commit(2, &[0, 1]), Ok(()));
    assert_eq!(
        commit(2, &[0, 2]),
        Err(CommitError::StaleMemberEpoch),
        "2 came at epoch 3"
    );
    assert_eq!(commit(1, &[0]), Err(CommitError::StaleMemberEpoch));
    assert_eq!(commit(4, &[0]), Err(CommitError::StaleMemberEpoch));
    assert_eq!(commit(-1, &[0]), Err(CommitError::StaleMemberEpoch));
}

#[test]
fn a_partition_that_is_being_given_up_may_be_committed() {
    let mut driver = Driver::new(&[("t", 2)]);
    driver.join(join("a", &["t"]), 2, &[("t", &[0, 1])]);
    driver.send(join("b", &["t"]));
    let left = driver.send(keep_alive("a", 2)).assignment.expect("news");
    let all = offsets("t", &[0, 1]);
    let commit = |driver: &Driver, epoch| {
        driver
            .group
            .validate_offset_commit(&committer("a", epoch, 9), &all)
    };
    assert_eq!(commit(&driver, 2), Ok(()));
    driver.send(report("a", 2, &left));
    assert_eq!(commit(&driver, 2), Err(CommitError::StaleMemberEpoch));
}

#[test]
fn commits_of_others_and_of_old_versions_are_refused() {
    let mut driver = Driver::new(&[("t", 1)]);
    let anonymous = committer("", -1, 9);
    let one = offsets("t", &[0]);
    assert_eq!(
        driver.group.validate_offset_commit(&anonymous, &one),
        Ok(()),
        "the group is empty"
    );
    driver.send(join("a", &["t"]));
    let unknown = Err(CommitError::Membership(MembershipError::UnknownMemberId));
    assert_eq!(driver.group.validate_offset_commit(&anonymous, &one), unknown);
    assert_eq!(
        driver.group.validate_offset_commit(&committer("b", 2, 9), &one),
        unknown
    );
    let old = driver.group.validate_offset_commit(&committer("a", 2, 8), &one);
    assert_eq!(old, Err(CommitError::UnsupportedVersion));
    let transactional = Committer {
        is_transactional: true,
        ..anonymous
    };
    assert_eq!(driver.group.validate_offset_commit(&transactional, &one), Ok(()));
}

#[test]
fn offsets_are_read_by_members_at_their_epoch_and_by_clients_that_claim_nothing() {
    let mut driver = Driver::new(&[("t", 1)]);
    driver.send(join("a", &["t"]));
    let read = |member_id: Option<&str>, epoch| {
        driver.group.validate_offset_fetch(&OffsetReader {
            member_id: member_id.map(Arc::from),
            epoch: GenerationOrEpoch(epoch),
            requires_stable: false,
        })
    };
    assert_eq!(read(None, -1), Ok(()));
    assert_eq!(read(Some("a"), 2), Ok(()));
    assert_eq!(read(Some("a"), 1), Err(FetchOffsetsError::StaleMemberEpoch));
    assert_eq!(read(Some("b"), 2), Err(FetchOffsetsError::UnknownMemberId));
    assert_eq!(read(None, 2), Err(FetchOffsetsError::UnknownMemberId));
}

#[test]
fn a_group_with_members_is_not_deleted() {
    let mut driver = Driver::new(&[("t", 1)]);
    assert_eq!(driver.group.validate_delete(), Ok(()));
    driver.send(join("a", &["t"]));
    let state = GroupState::Stable;
    assert_eq!(driver.group.validate_delete(), Err(NonEmptyGroup { state }));
}
