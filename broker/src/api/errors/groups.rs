//! The codes of errors of groups and their offsets.

use super::{KafkaError, code_of};
use crate::group::consumer;
use crate::group::offsets::UnstableOffset;
use crate::group::{
    AccessError, CommitError, FetchOffsetsError, GroupError, GroupsFull, IllegalGeneration, MembershipError,
    NonEmptyGroup, SubscribedToTopic, TransactionOver,
};
use crate::operations::commit_offsets::CommitOffsetsError;
use crate::operations::consumer_group_describe::ConsumerDescribeError;
use crate::operations::consumer_group_heartbeat::ConsumerHeartbeatError;
use crate::operations::delete_offsets::DeletePartitionOffsetError;
use crate::operations::describe_groups::DescribeGroupError;
use crate::operations::find_coordinator::FindCoordinatorError;
use crate::operations::heartbeat::HeartbeatError;
use crate::operations::join_group::{ConsumerJoinError, JoinError};
use crate::operations::sync_group::SyncError;
use crate::topic::UnknownTopicId;
use kafka_protocol::ResponseError;
use std::convert::Infallible;

/// Maps an error of the group's rules by its own code. An absent or unreachable group has the same code for every request.
impl<E: KafkaError> KafkaError for GroupError<E> {
    fn response(&self) -> ResponseError {
        match self {
            Self::NotFound => ResponseError::GroupIdNotFound,
            Self::Access(error) => error.response(),
            Self::Refused(error) => error.response(),
        }
    }
}

impl KafkaError for Infallible {
    fn response(&self) -> ResponseError {
        match *self {}
    }
}

impl KafkaError for AccessError {
    fn response(&self) -> ResponseError {
        match self {
            Self::Unauthorized => ResponseError::GroupAuthorizationFailed,
            Self::EmptyGroupId => ResponseError::InvalidGroupId,
            Self::NotCoordinator { .. } => ResponseError::NotCoordinator,
            // Clients look the coordinator up again after this code and send the request once more.
            Self::Ended => ResponseError::CoordinatorNotAvailable,
            // Clients do not retry after this code, which is right: the limit is on the whole cluster.
            Self::TooManyGroups { .. } => ResponseError::PolicyViolation,
            Self::NoRoom(full) => full.response(),
        }
    }
}

/// Maps to Kafka's code for a failed write to `__consumer_offsets`, after which clients try again.
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
            Self::Denied(denied) => denied.response(),
            Self::NotAvailable { .. } | Self::NoListener { .. } => ResponseError::CoordinatorNotAvailable,
            // Kafka gives this code for share groups while they are off.
            Self::NoShareGroups { .. } | Self::UnknownKeyType { .. } => ResponseError::InvalidRequest,
        }
    }
}

impl KafkaError for JoinError {
    fn response(&self) -> ResponseError {
        match self {
            Self::InvalidSessionTimeout { .. } => ResponseError::InvalidSessionTimeout,
            Self::Membership(error) => error.response(),
            Self::MemberIdRequired { .. } => ResponseError::MemberIdRequired,
            Self::MaxSizeReached { .. } => ResponseError::GroupMaxSizeReached,
            Self::InconsistentProtocol => ResponseError::InconsistentGroupProtocol,
            Self::Superseded | Self::Converted => ResponseError::RebalanceInProgress,
            Self::Consumer(error) => error.response(),
        }
    }
}

impl KafkaError for ConsumerJoinError {
    fn response(&self) -> ResponseError {
        match self {
            Self::MigrationDisabled | Self::Inconsistent | Self::Malformed => {
                ResponseError::InconsistentGroupProtocol
            }
            Self::MaxSizeReached { .. } => ResponseError::GroupMaxSizeReached,
            Self::MemberIdRequired { .. } => ResponseError::MemberIdRequired,
            Self::Membership(error) => error.response(),
        }
    }
}

/// Returns the member id in the answer to a failed join; `None` stands for the id of the request.
pub(in crate::api) fn joining_member_id(error: &GroupError<JoinError>) -> Option<&str> {
    match error {
        GroupError::Refused(
            JoinError::MemberIdRequired { member_id }
            | JoinError::Consumer(ConsumerJoinError::MemberIdRequired { member_id }),
        ) => Some(member_id),
        // Kafka leaves the id out where the request is refused by an exception.
        GroupError::Refused(JoinError::Consumer(_)) => Some(""),
        // As in Kafka, a member that is not admitted has no id.
        GroupError::Refused(JoinError::MaxSizeReached { .. }) => Some(""),
        _ => None,
    }
}

impl KafkaError for SyncError {
    fn response(&self) -> ResponseError {
        match self {
            Self::Membership(error) => error.response(),
            Self::IllegalGeneration(error) => error.response(),
            Self::ProtocolMissing | Self::InconsistentProtocol => ResponseError::InconsistentGroupProtocol,
            Self::RebalanceInProgress | Self::Superseded => ResponseError::RebalanceInProgress,
        }
    }
}

impl KafkaError for HeartbeatError {
    fn response(&self) -> ResponseError {
        match self {
            Self::Membership(error) => error.response(),
            Self::IllegalGeneration(error) => error.response(),
            Self::RebalanceInProgress => ResponseError::RebalanceInProgress,
        }
    }
}

impl KafkaError for ConsumerHeartbeatError {
    fn response(&self) -> ResponseError {
        match self {
            Self::ProtocolDisabled => ResponseError::UnsupportedVersion,
            Self::Denied(denied) => denied.response(),
            Self::Access(error) => error.response(),
            Self::Refused(error) => error.response(),
        }
    }
}

impl KafkaError for consumer::HeartbeatError {
    fn response(&self) -> ResponseError {
        match self {
            Self::InvalidRequest(_) => ResponseError::InvalidRequest,
            Self::UnsupportedAssignor { .. } => ResponseError::UnsupportedAssignor,
            Self::NotFound(error) => error.response(),
            Self::Upgrade(error) => error.response(),
            Self::MaxSizeReached { .. } => ResponseError::GroupMaxSizeReached,
            Self::Member(error) => error.response(),
            Self::FencedMemberEpoch { .. } => ResponseError::FencedMemberEpoch,
            Self::UnreleasedInstanceId { .. } => ResponseError::UnreleasedInstanceId,
            Self::InvalidRegularExpression { .. } => ResponseError::InvalidRegularExpression,
        }
    }
}

impl KafkaError for consumer::ConsumerGroupNotFound {
    fn response(&self) -> ResponseError {
        ResponseError::GroupIdNotFound
    }
}

impl KafkaError for consumer::UpgradeError {
    fn response(&self) -> ResponseError {
        match self {
            Self::Disabled(_)
            | Self::NotConsumers(_)
            | Self::TooLarge(_)
            | Self::Malformed(_)
            | Self::CustomAssignor(_) => ResponseError::GroupIdNotFound,
            // In Kafka these end in an exception that nobody expects.
            Self::NoProtocol | Self::OwnedTwice { .. } => ResponseError::UnknownServerError,
        }
    }
}

impl KafkaError for consumer::MemberError {
    fn response(&self) -> ResponseError {
        match self {
            Self::UnknownMember { .. } | Self::UnknownInstance { .. } => ResponseError::UnknownMemberId,
            Self::FencedInstance { .. } => ResponseError::FencedInstanceId,
        }
    }
}

impl KafkaError for ConsumerDescribeError {
    fn response(&self) -> ResponseError {
        match self {
            Self::ProtocolDisabled => ResponseError::UnsupportedVersion,
            Self::Denied(denied) => denied.response(),
            Self::TopicDenied => ResponseError::TopicAuthorizationFailed,
            Self::Access(error) => error.response(),
            Self::NotFound(error) => error.response(),
        }
    }
}

impl KafkaError for CommitError {
    fn response(&self) -> ResponseError {
        match self {
            Self::Membership(error) => error.response(),
            Self::IllegalGeneration(error) => error.response(),
            Self::RebalanceInProgress => ResponseError::RebalanceInProgress,
            Self::StaleMemberEpoch => ResponseError::StaleMemberEpoch,
            Self::UnsupportedVersion => ResponseError::UnsupportedVersion,
            Self::TransactionOver(TransactionOver::Ended) => ResponseError::InvalidTxnState,
            Self::TransactionOver(TransactionOver::Fenced) => ResponseError::InvalidProducerEpoch,
        }
    }
}

impl KafkaError for CommitOffsetsError {
    fn response(&self) -> ResponseError {
        match self {
            Self::Denied(denied) => denied.response(),
            Self::Group(error) => error.response(),
            Self::EmptyGroupId => ResponseError::InvalidGroupId,
            Self::NotInTransaction(error) => error.response(),
            Self::UnknownPartition { .. } => ResponseError::UnknownTopicOrPartition,
            Self::UnknownTopicId(error) => error.response(),
            Self::MetadataTooLarge { .. } => ResponseError::OffsetMetadataTooLarge,
        }
    }
}

/// Returns the code of a commit. Before version 9 clients do not know GROUP_ID_NOT_FOUND here.
pub(in crate::api) fn commit_offsets_code(version: i16, result: &Result<(), CommitOffsetsError>) -> i16 {
    match result {
        Err(CommitOffsetsError::Group(GroupError::NotFound)) if version < 9 => {
            ResponseError::IllegalGeneration.code()
        }
        _ => code_of(result),
    }
}

/// Returns the code of a commit in a transaction. Before version 6 clients know neither GROUP_ID_NOT_FOUND nor STALE_MEMBER_EPOCH.
pub(in crate::api) fn commit_in_transaction_code(
    version: i16,
    result: &Result<(), CommitOffsetsError>,
) -> i16 {
    match result {
        Err(CommitOffsetsError::Group(
            GroupError::NotFound | GroupError::Refused(CommitError::StaleMemberEpoch),
        )) if version < 6 => ResponseError::IllegalGeneration.code(),
        _ => code_of(result),
    }
}

impl KafkaError for UnstableOffset {
    fn response(&self) -> ResponseError {
        ResponseError::UnstableOffsetCommit
    }
}

impl KafkaError for UnknownTopicId {
    fn response(&self) -> ResponseError {
        ResponseError::UnknownTopicId
    }
}

impl KafkaError for DescribeGroupError {
    fn response(&self) -> ResponseError {
        match self {
            Self::Access(error) => error.response(),
            Self::NotFound { .. } | Self::NotClassic(_) => ResponseError::GroupIdNotFound,
        }
    }
}

/// Returns the code of a description. Before version 6 a group that does not exist is shown as dead, without an error (KIP-1043).
pub(in crate::api) fn describe_group_code(version: i16, error: &DescribeGroupError) -> i16 {
    match error {
        DescribeGroupError::NotFound { .. } | DescribeGroupError::NotClassic(_) if version < 6 => 0,
        _ => error.code(),
    }
}

impl KafkaError for IllegalGeneration {
    fn response(&self) -> ResponseError {
        ResponseError::IllegalGeneration
    }
}

impl KafkaError for FetchOffsetsError {
    fn response(&self) -> ResponseError {
        match self {
            Self::UnknownMemberId => ResponseError::UnknownMemberId,
            Self::StaleMemberEpoch => ResponseError::StaleMemberEpoch,
            Self::IllegalGeneration => ResponseError::IllegalGeneration,
        }
    }
}

impl KafkaError for NonEmptyGroup {
    fn response(&self) -> ResponseError {
        ResponseError::NonEmptyGroup
    }
}

impl KafkaError for SubscribedToTopic {
    fn response(&self) -> ResponseError {
        ResponseError::GroupSubscribedToTopic
    }
}

impl KafkaError for DeletePartitionOffsetError {
    fn response(&self) -> ResponseError {
        match self {
            Self::Denied(denied) => denied.response(),
            Self::UnknownPartition { .. } => ResponseError::UnknownTopicOrPartition,
            Self::Subscribed(error) => error.response(),
        }
    }
}
