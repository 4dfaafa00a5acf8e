//! Errors of the classic protocol's requests.

use super::MemberId;
use crate::group::{IllegalGeneration, MembershipError};

/// The rules refuse a JoinGroup.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum JoinError {
    /// The session timeout is outside the range that the broker allows.
    #[error("invalid session timeout {given_ms} ms: must be {min_ms} to {max_ms} ms")]
    InvalidSessionTimeout {
        /// The session timeout of the request.
        given_ms: i32,
        /// `group.min.session.timeout.ms`.
        min_ms: i32,
        /// `group.max.session.timeout.ms`.
        max_ms: i32,
    },
    /// The client is not a member, or no longer.
    #[error(transparent)]
    Membership(#[from] MembershipError),
    /// The member got an id and has to join with it (KIP-394). Not a failure.
    #[error("member id required: join again as {member_id}")]
    MemberIdRequired {
        /// The id that was given out.
        member_id: MemberId,
    },
    /// The group has its maximum number of members.
    #[error("the group is full: it may have {limit} members")]
    MaxSizeReached {
        /// `group.max.size`, or the limit for members and pending members together.
        limit: usize,
    },
    /// The protocol type differs from the group's, or the members have no protocol in common.
    #[error("the member's protocol type or protocols do not fit the group's")]
    InconsistentProtocol,
    /// A later JoinGroup of the same member replaced this one.
    #[error("a later JoinGroup of the same member replaced this one")]
    Superseded,
    /// The group became a consumer group while the request waited.
    #[error("the group moved to the consumer protocol: join again")]
    Converted,
    /// The group is a consumer group, which refuses the member.
    #[error(transparent)]
    Consumer(#[from] ConsumerJoinError),
}

/// A consumer group (KIP-848) refuses a JoinGroup.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ConsumerJoinError {
    /// `group.consumer.migration.policy` is `disabled`.
    #[error("members of the classic protocol may not join consumer groups")]
    MigrationDisabled,
    /// The group has its maximum number of members.
    #[error("the group is full: it may have {limit} members")]
    MaxSizeReached {
        /// `group.consumer.max.size`.
        limit: usize,
    },
    /// The client is no consumer, or has no protocol in common with the other members of the classic protocol.
    #[error("the member's protocol type or protocols do not fit the group's")]
    Inconsistent,
    /// The subscription cannot be read.
    #[error("the subscription of the member cannot be read")]
    Malformed,
    /// The member got an id and has to join with it (KIP-394). Not a failure.
    #[error("member id required: join again as {member_id}")]
    MemberIdRequired {
        /// The id that was given out.
        member_id: MemberId,
    },
    /// The client is not a member, or no longer.
    #[error(transparent)]
    Membership(#[from] MembershipError),
}

/// The group is not a classic one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Group {group_id} is not a classic group.")]
pub(crate) struct NotClassic {
    /// The group.
    pub(crate) group_id: std::sync::Arc<str>,
}

/// The rules refuse a SyncGroup.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SyncError {
    /// The client is not a member, or no longer.
    #[error(transparent)]
    Membership(#[from] MembershipError),
    /// The member belongs to another generation.
    #[error(transparent)]
    IllegalGeneration(#[from] IllegalGeneration),
    /// The request lacks the protocol type or the protocol name, which are mandatory from version 5 on (KIP-559).
    #[error("the protocol type and the protocol name must be given")]
    ProtocolMissing,
    /// The protocol type or the protocol name differs from the group's.
    #[error("the protocol type or the protocol name differs from the group's")]
    InconsistentProtocol,
    /// The member has to join again.
    #[error("the group is rebalancing: join again")]
    RebalanceInProgress,
    /// A later SyncGroup of the same member replaced this one.
    #[error("a later SyncGroup of the same member replaced this one")]
    Superseded,
}

/// The rules refuse a Heartbeat.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HeartbeatError {
    /// The client is not a member, or no longer.
    #[error(transparent)]
    Membership(#[from] MembershipError),
    /// The member belongs to another generation.
    #[error(transparent)]
    IllegalGeneration(#[from] IllegalGeneration),
    /// The heartbeat counts, and the member has to join again.
    #[error("the group is rebalancing: join again")]
    RebalanceInProgress,
}
