//! The rules of a consumer group for committed offsets, and for its own deletion.
//!
//! Source: Kafka's `ConsumerGroup`; KIP-1251 (commits of an older epoch).

use super::ConsumerGroup;
use super::member::ConsumerMember;
use crate::group::offsets::OffsetsToCommit;
use crate::group::{
    CommitError, Committer, FetchOffsetsError, GroupState, IllegalGeneration, MembershipError, NonEmptyGroup,
    OffsetReader,
};
use crate::ids::{GenerationId, GroupEpoch};

/// The first version of OffsetCommit that tells STALE_MEMBER_EPOCH.
const COMMIT_VERSION_WITH_EPOCHS: i16 = 9;

impl ConsumerGroup {
    /// Checks that the committer may commit the offsets. A member at an older epoch may commit what it has had since then (KIP-1251).
    pub(crate) fn validate_offset_commit(
        &self,
        committer: &Committer,
        offsets: &OffsetsToCommit,
    ) -> Result<(), CommitError> {
        let membership = &committer.membership;
        let given = GroupEpoch(membership.generation_or_epoch.0);
        // A consumer that assigns itself, or an administrator, may commit while the group has no members.
        if membership.generation_or_epoch.is_none() && self.members.is_empty() {
            return Ok(());
        }
        if committer.is_transactional && given.0 == -1 && membership.is_anonymous() {
            return Ok(());
        }
        let member = self.members.get(&membership.member_id);
        let member = member.ok_or(MembershipError::UnknownMemberId)?;
        let knows_epochs = committer.api_version >= COMMIT_VERSION_WITH_EPOCHS;
        if !committer.is_transactional && member.classic.is_none() && !knows_epochs {
            return Err(CommitError::UnsupportedVersion);
        }
        if given == member.epoch {
            return Ok(());
        }
        if given > member.epoch || !self.has_had_since(member, given, offsets) {
            return Err(stale(member, given));
        }
        Ok(())
    }

    /// Returns true if the member has had all the partitions since `epoch`.
    fn has_had_since(&self, member: &ConsumerMember, epoch: GroupEpoch, offsets: &OffsetsToCommit) -> bool {
        let catalog = self.catalog.get();
        offsets.iter().all(|(topic, partitions)| {
            let topic = catalog.get(topic);
            partitions.iter().all(|(partition, _)| {
                let since = topic.and_then(|topic| member.epoch_of(topic.id, *partition));
                since.is_some_and(|since| epoch >= since)
            })
        })
    }

    /// Checks that the committed offsets may be read: by a member at its epoch, or by a client that claims nothing.
    pub(crate) fn validate_offset_fetch(&self, reader: &OffsetReader) -> Result<(), FetchOffsetsError> {
        if reader.member_id.is_none() && reader.epoch.is_none() {
            return Ok(());
        }
        let member = reader.member_id.as_ref().and_then(|id| self.members.get(id));
        let member = member.ok_or(FetchOffsetsError::UnknownMemberId)?;
        if reader.epoch.0 == member.epoch.0 {
            return Ok(());
        }
        Err(match member.classic {
            Some(_) => FetchOffsetsError::IllegalGeneration,
            None => FetchOffsetsError::StaleMemberEpoch,
        })
    }

    /// Checks that the group may be deleted. Source: `ConsumerGroup.validateDeleteGroup`.
    pub(crate) fn validate_delete(&self) -> Result<(), NonEmptyGroup> {
        match self.state() {
            GroupState::Empty => Ok(()),
            state => Err(NonEmptyGroup { state }),
        }
    }

    /// Returns true if a member subscribes to the topic.
    pub(crate) fn is_subscribed_to(&self, topic: &str) -> bool {
        self.subscriptions.contains(topic)
    }
}

fn stale(member: &ConsumerMember, given: GroupEpoch) -> CommitError {
    match member.classic {
        // Members of the classic protocol know generations only.
        Some(_) => CommitError::IllegalGeneration(IllegalGeneration {
            given: GenerationId(given.0),
            current: GenerationId(member.epoch.0),
        }),
        None => CommitError::StaleMemberEpoch,
    }
}
