//! The codes of what fails with groups and their offsets.

use super::{KafkaError, code_of};
use crate::operations::commit_offsets::{CommitError, CommitOffsetsError};
use crate::operations::delete_groups::{DeleteError, DeleteGroupError};
use crate::operations::delete_offsets::{
    DeleteGroupOffsetsError, DeleteOffsetsError, DeletePartitionOffsetError,
};
use crate::operations::describe_groups::DescribeGroupError;
use crate::operations::fetch_offsets::{AccessError, GroupsFull};
use crate::operations::find_coordinator::FindCoordinatorError;
use crate::operations::heartbeat::{HeartbeatError, RefusedHeartbeat};
use crate::operations::join_group::{JoinError, JoinGroupError, MembershipError};
use crate::operations::leave_group::LeaveError;
use crate::operations::sync_group::{SyncError, SyncGroupError};
use kafka_protocol::ResponseError;

impl KafkaError for AccessError {
    fn response(&self) -> ResponseError {
        match self {
            Self::EmptyGroupId => ResponseError::InvalidGroupId,
            Self::NotCoordinator { .. } => ResponseError::NotCoordinator,
            Self::Ended => ResponseError::CoordinatorNotAvailable,
            // Not a code that clients try again with.
            Self::TooManyGroups { .. } => ResponseError::PolicyViolation,
            Self::NoRoom(full) => full.response(),
        }
    }
}

/// What Kafka makes of NOT_ENOUGH_REPLICAS when it writes to `__consumer_offsets`: clients try again.
impl KafkaError for GroupsFull {
    fn response(&self) -> ResponseError {
        ResponseError::CoordinatorNotAvailable
    }
}

impl KafkaError for MembershipError {
    fn response(&self) -> ResponseError {
        match self {
            Self::UnknownMemberId => ResponseError::UnknownMemberId,
            Self::FencedInstanceId => ResponseError::FencedInstanceId,
        }
    }
}

impl KafkaError for FindCoordinatorError {
    fn response(&self) -> ResponseError {
        match self {
            Self::NoTransactions { .. } | Self::NoShareGroups { .. } | Self::UnknownKeyType { .. } => {
                ResponseError::InvalidRequest
            }
        }
    }
}

impl KafkaError for JoinGroupError {
    fn response(&self) -> ResponseError {
        match self {
            Self::Access(error) => error.response(),
            Self::InvalidSessionTimeout { .. } => ResponseError::InvalidSessionTimeout,
            Self::Refused(error) => error.response(),
        }
    }
}

impl KafkaError for JoinError {
    fn response(&self) -> ResponseError {
        match self {
            Self::Dead => ResponseError::CoordinatorNotAvailable,
            Self::Membership(error) => error.response(),
            Self::MemberIdRequired { .. } => ResponseError::MemberIdRequired,
            Self::MaxSizeReached { .. } => ResponseError::GroupMaxSizeReached,
            Self::InconsistentProtocol => ResponseError::InconsistentGroupProtocol,
            Self::Superseded => ResponseError::RebalanceInProgress,
            Self::NoRoom(full) => full.response(),
        }
    }
}

/// The member id of an answer that is an error, where it is not the one of the request.
pub(in crate::api) fn joining_member_id(error: &JoinGroupError) -> Option<&str> {
    match error {
        JoinGroupError::Refused(JoinError::MemberIdRequired { member_id }) => Some(member_id),
        JoinGroupError::Refused(JoinError::MaxSizeReached { .. }) => Some(""),
        _ => None,
    }
}

impl KafkaError for SyncGroupError {
    fn response(&self) -> ResponseError {
        match self {
            Self::Access(error) => error.response(),
            Self::ProtocolMissing => ResponseError::InconsistentGroupProtocol,
            Self::Refused(error) => error.response(),
        }
    }
}

impl KafkaError for SyncError {
    fn response(&self) -> ResponseError {
        match self {
            Self::Dead => ResponseError::CoordinatorNotAvailable,
            Self::Membership(error) => error.response(),
            Self::IllegalGeneration { .. } => ResponseError::IllegalGeneration,
            Self::InconsistentProtocol => ResponseError::InconsistentGroupProtocol,
            Self::RebalanceInProgress | Self::Superseded => ResponseError::RebalanceInProgress,
            Self::NoRoom(full) => full.response(),
        }
    }
}

impl KafkaError for HeartbeatError {
    fn response(&self) -> ResponseError {
        match self {
            Self::Access(error) => error.response(),
            Self::Refused(RefusedHeartbeat::Dead) => ResponseError::CoordinatorNotAvailable,
            Self::Refused(RefusedHeartbeat::Membership(error)) => error.response(),
            Self::Refused(RefusedHeartbeat::IllegalGeneration { .. }) => ResponseError::IllegalGeneration,
            Self::Refused(RefusedHeartbeat::RebalanceInProgress) => ResponseError::RebalanceInProgress,
        }
    }
}

impl KafkaError for LeaveError {
    fn response(&self) -> ResponseError {
        match self {
            Self::Dead => ResponseError::CoordinatorNotAvailable,
            Self::Membership(error) => error.response(),
        }
    }
}

impl KafkaError for CommitOffsetsError {
    fn response(&self) -> ResponseError {
        match self {
            Self::Access(error) => error.response(),
            Self::GroupNotFound => ResponseError::GroupIdNotFound,
            Self::Refused(CommitError::Dead) => ResponseError::CoordinatorNotAvailable,
            Self::Refused(CommitError::Membership(error)) => error.response(),
            Self::Refused(CommitError::IllegalGeneration { .. }) => ResponseError::IllegalGeneration,
            Self::Refused(CommitError::RebalanceInProgress) => ResponseError::RebalanceInProgress,
            Self::Refused(CommitError::NoRoom(full)) => full.response(),
            Self::UnknownPartition { .. } => ResponseError::UnknownTopicOrPartition,
            Self::MetadataTooLarge { .. } => ResponseError::OffsetMetadataTooLarge,
        }
    }
}

/// Before version 9 clients do not know GROUP_ID_NOT_FOUND here.
pub(in crate::api) fn commit_offsets_code(version: i16, result: &Result<(), CommitOffsetsError>) -> i16 {
    match result {
        Err(CommitOffsetsError::GroupNotFound) if version < 9 => ResponseError::IllegalGeneration.code(),
        _ => code_of(result),
    }
}

impl KafkaError for DescribeGroupError {
    fn response(&self) -> ResponseError {
        match self {
            Self::Access(error) => error.response(),
            Self::NotFound { .. } => ResponseError::GroupIdNotFound,
        }
    }
}

/// Before version 6 a group that does not exist is a dead one, and no error (KIP-1043).
pub(in crate::api) fn describe_group_code(version: i16, error: &DescribeGroupError) -> i16 {
    match error {
        DescribeGroupError::NotFound { .. } if version < 6 => 0,
        _ => error.code(),
    }
}

impl KafkaError for DeleteGroupError {
    fn response(&self) -> ResponseError {
        match self {
            Self::Access(error) => error.response(),
            Self::Refused(DeleteError::NotFound) => ResponseError::GroupIdNotFound,
            Self::Refused(DeleteError::NonEmpty { .. }) => ResponseError::NonEmptyGroup,
        }
    }
}

impl KafkaError for DeleteOffsetsError {
    fn response(&self) -> ResponseError {
        match self {
            Self::NotFound => ResponseError::GroupIdNotFound,
            Self::NonEmpty { .. } => ResponseError::NonEmptyGroup,
            Self::Subscribed { .. } => ResponseError::GroupSubscribedToTopic,
        }
    }
}

impl KafkaError for DeleteGroupOffsetsError {
    fn response(&self) -> ResponseError {
        match self {
            Self::Access(error) => error.response(),
            Self::Refused(error) => error.response(),
        }
    }
}

impl KafkaError for DeletePartitionOffsetError {
    fn response(&self) -> ResponseError {
        match self {
            Self::UnknownPartition { .. } => ResponseError::UnknownTopicOrPartition,
            Self::Refused(error) => error.response(),
        }
    }
}
