//! Why the rules refuse a request.

use super::MemberId;
use crate::group::GroupsFull;
use crate::ids::GenerationId;

/// The request does not come from a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum MembershipError {
    /// The group has no such member: it never joined, has left, or was removed.
    #[error("the group has no such member")]
    UnknownMemberId,
    /// The instance id belongs to a member that joined later.
    #[error("another member has joined with this group.instance.id")]
    FencedInstanceId,
}

/// Why a JoinGroup failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum JoinError {
    /// The group is about to be forgotten.
    #[error("the group is being deleted")]
    Dead,
    /// Not a member, or no longer.
    #[error(transparent)]
    Membership(#[from] MembershipError),
    /// No failure: the member has an id now and joins with it.
    #[error("join again with the member id {member_id}")]
    MemberIdRequired {
        /// The id that was handed out.
        member_id: MemberId,
    },
    /// The group would have more members than it may.
    #[error("the group already has as many members as it may have: {limit}")]
    MaxSizeReached {
        /// `group.max.size`, or the broker's own bound.
        limit: usize,
    },
    /// The protocol type differs from the group's, or no protocol is common to all members.
    #[error("the member's protocols do not fit the group's")]
    InconsistentProtocol,
    /// A later JoinGroup of the same member took the place of this one.
    #[error("a later request of the same member took this one's place")]
    Superseded,
    /// The group would hold more than groups may. Said by whoever asks the rules, not by them.
    #[error(transparent)]
    NoRoom(#[from] GroupsFull),
}

/// Why a SyncGroup failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SyncError {
    /// The group is about to be forgotten.
    #[error("the group is being deleted")]
    Dead,
    /// Not a member, or no longer.
    #[error(transparent)]
    Membership(#[from] MembershipError),
    /// The member belongs to another generation.
    #[error("generation {given} is not the group's, which is {current}")]
    IllegalGeneration {
        /// The member's.
        given: GenerationId,
        /// The group's.
        current: GenerationId,
    },
    /// The protocol given is not the group's.
    #[error("the protocol type or name is not the group's")]
    InconsistentProtocol,
    /// Join again.
    #[error("the group is rebalancing")]
    RebalanceInProgress,
    /// A later SyncGroup of the same member took the place of this one.
    #[error("a later request of the same member took this one's place")]
    Superseded,
    /// The group would hold more than groups may. Said by whoever asks the rules, not by them.
    #[error(transparent)]
    NoRoom(#[from] GroupsFull),
}

/// Why a Heartbeat failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HeartbeatError {
    /// The group is about to be forgotten.
    #[error("the group is being deleted")]
    Dead,
    /// Not a member, or no longer.
    #[error(transparent)]
    Membership(#[from] MembershipError),
    /// The member belongs to another generation.
    #[error("generation {given} is not the group's, which is {current}")]
    IllegalGeneration {
        /// The member's.
        given: GenerationId,
        /// The group's.
        current: GenerationId,
    },
    /// The heartbeat counts, and the member has to join again.
    #[error("the group is rebalancing")]
    RebalanceInProgress,
}

/// Why a member could not leave.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LeaveError {
    /// The group is about to be forgotten.
    #[error("the group is being deleted")]
    Dead,
    /// Not a member, or no longer.
    #[error(transparent)]
    Membership(#[from] MembershipError),
}

/// Why an OffsetCommit failed as a whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CommitError {
    /// The group is about to be forgotten.
    #[error("the group is being deleted")]
    Dead,
    /// Not a member, or no longer.
    #[error(transparent)]
    Membership(#[from] MembershipError),
    /// The member belongs to another generation.
    #[error("generation {given} is not the group's, which is {current}")]
    IllegalGeneration {
        /// The member's.
        given: GenerationId,
        /// The group's.
        current: GenerationId,
    },
    /// The generation has no assignment yet.
    #[error("the group is rebalancing")]
    RebalanceInProgress,
    /// The group would hold more than groups may. Said by whoever asks the rules, not by them.
    #[error(transparent)]
    NoRoom(#[from] GroupsFull),
}
