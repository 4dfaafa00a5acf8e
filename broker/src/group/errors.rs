//! Errors that all types of groups share. Those of one protocol are in its folder.

use super::{GroupState, GroupsFull};
use crate::ids::{GenerationId, NodeId};
use std::sync::Arc;

/// A request to a group failed. `E` is the error of the group's rules.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum GroupError<E> {
    /// The group does not exist.
    #[error("the group does not exist")]
    NotFound,
    /// The group cannot be asked.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The rules of the group refuse the request.
    #[error(transparent)]
    Refused(E),
}

impl<E> GroupError<E> {
    /// Turns the end of a group that was asked into its absence, for requests that an absent group answers.
    pub(crate) fn or_not_found_if_ended(self) -> Self {
        match self {
            Self::Access(AccessError::Ended) => Self::NotFound,
            other => other,
        }
    }
}

impl<E: From<MembershipError>> GroupError<E> {
    /// Turns a missing group into an unknown member, as Kafka does for the classic protocol.
    pub(crate) fn or_unknown_member(self) -> Self {
        match self {
            Self::NotFound => Self::Refused(MembershipError::UnknownMemberId.into()),
            other => other,
        }
    }
}

impl<E> From<GroupsFull> for GroupError<E> {
    fn from(full: GroupsFull) -> Self {
        Self::Access(full.into())
    }
}

/// A group cannot be asked, or cannot be created.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AccessError {
    /// The client may not do this with the group.
    #[error("Group authorization failed.")]
    Unauthorized,
    /// The group id is empty. Such a group may only store offsets.
    #[error("the group id must not be empty")]
    EmptyGroupId,
    /// The broker does not coordinate the group.
    #[error("broker {asked} does not coordinate group `{group_id}`")]
    NotCoordinator {
        /// The group.
        group_id: String,
        /// The broker that was asked.
        asked: NodeId,
    },
    /// The group ended while the request waited, or the cluster stops. A group that is created later may have the same id.
    #[error("the group ended while the request waited: try again")]
    Ended,
    /// The cluster holds its maximum number of groups.
    #[error(
        "the cluster already holds {limit} groups, which is its limit: delete groups, or wait until empty ones expire"
    )]
    TooManyGroups {
        /// The maximum number of groups.
        limit: usize,
    },
    /// The groups hold as much memory as they may.
    #[error(transparent)]
    NoRoom(#[from] GroupsFull),
}

/// The request does not come from a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum MembershipError {
    /// The member never joined, has left, or was removed.
    #[error("the member id is not known to the group")]
    UnknownMemberId,
    /// The instance id belongs to a member that joined later.
    #[error("another member has joined with the same group.instance.id")]
    FencedInstanceId,
}

/// The member belongs to another generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid generation {given}: the group is at generation {current}")]
pub(crate) struct IllegalGeneration {
    /// The member's generation.
    pub(crate) given: GenerationId,
    /// The group's generation.
    pub(crate) current: GenerationId,
}

/// The rules of the group refuse a commit of offsets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CommitError {
    /// The committer is not a member, or no longer.
    #[error(transparent)]
    Membership(#[from] MembershipError),
    /// The committer belongs to another generation.
    #[error(transparent)]
    IllegalGeneration(#[from] IllegalGeneration),
    /// The generation has no assignment yet.
    #[error("the group is rebalancing: commit after the assignment")]
    RebalanceInProgress,
    /// The epoch is not that of the member, which has not had all the partitions since then (KIP-848, KIP-1251).
    #[error("the member is at another epoch, or did not have the partition at this one")]
    StaleMemberEpoch,
    /// A member of the consumer protocol uses a version that cannot tell it about epochs.
    #[error("OffsetCommit version 9 or above must be used by members using the consumer group protocol")]
    UnsupportedVersion,
    /// The transaction of the commit is over.
    #[error(transparent)]
    TransactionOver(#[from] TransactionOver),
}

/// A transaction ended between the coordinator's answer that it is open and the commit of offsets in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TransactionOver {
    /// Its marker is written.
    #[error("the transaction has ended")]
    Ended,
    /// The producer has a newer epoch.
    #[error("a newer producer has the transactional id")]
    Fenced,
}

/// The rules of the group refuse to give committed offsets. Those of a classic group never do; KIP-848 consumer groups refuse members that
/// are unknown or have an old epoch.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FetchOffsetsError {
    /// The reader is not a member, or no longer.
    #[error("the member id is not known to the group")]
    UnknownMemberId,
    /// The reader is at another epoch.
    #[error("the member is at another epoch")]
    StaleMemberEpoch,
    /// The reader speaks the classic protocol and is at another generation.
    #[error("the member is at another generation")]
    IllegalGeneration,
}

/// The group has members, so that it, or its offsets, cannot be deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the group is not empty: its state is {}", state.name())]
pub(crate) struct NonEmptyGroup {
    /// The state of the group.
    pub(crate) state: GroupState,
}

/// Members of the group read the topic, so that its offsets cannot be deleted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("members of the group subscribe to topic `{topic}`")]
pub(crate) struct SubscribedToTopic {
    /// The topic.
    pub(crate) topic: Arc<str>,
}
