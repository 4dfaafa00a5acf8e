//! The codes of errors of the cluster.

use super::KafkaError;
use crate::operations::acls::AclsError;
use crate::operations::alter_replica_log_dirs::AlterLogDirError;
use crate::operations::elect_leaders::ElectLeaderError;
use crate::operations::raft_voters::RaftVoterError;
use crate::operations::reassignments::ReassignError;
use crate::operations::unregister::UnregisterError;
use crate::operations::update_features::UpdateError;
use kafka_protocol::ResponseError;

impl KafkaError for UpdateError {
    fn response(&self) -> ResponseError {
        match self {
            Self::Denied(denied) => denied.response(),
            Self::Refused(_) => ResponseError::InvalidUpdateVersion,
        }
    }
}

impl KafkaError for AclsError {
    fn response(&self) -> ResponseError {
        match self {
            Self::Denied(denied) => denied.response(),
            Self::NoneOnBroker | Self::NoneOnController => ResponseError::SecurityDisabled,
        }
    }
}

/// The code of CONTROLLER_ID_NOT_REGISTERED, which kafka-protocol does not know: it came with Kafka 4.4.
const CONTROLLER_ID_NOT_REGISTERED: i16 = 136;

impl KafkaError for UnregisterError {
    fn response(&self) -> ResponseError {
        match self {
            Self::Denied(denied) => denied.response(),
            Self::UnknownBroker { .. } => ResponseError::BrokerIdNotRegistered,
            Self::UnknownController { .. } => ResponseError::Unknown(CONTROLLER_ID_NOT_REGISTERED),
            Self::ActiveController => ResponseError::InvalidRequest,
        }
    }
}

impl KafkaError for RaftVoterError {
    fn response(&self) -> ResponseError {
        match self {
            Self::Denied(denied) => denied.response(),
            Self::WrongCluster { .. } => ResponseError::InconsistentClusterId,
            Self::InvalidVoter { .. } | Self::NoEndpoint { .. } => ResponseError::InvalidRequest,
            Self::StaticQuorum { .. } => ResponseError::UnsupportedVersion,
            Self::Duplicate { .. } => ResponseError::DuplicateVoter,
            Self::Unreachable => ResponseError::RequestTimedOut,
            Self::NotFound { .. } => ResponseError::VoterNotFound,
            Self::LastVoter => ResponseError::UnknownServerError,
        }
    }
}

impl KafkaError for ElectLeaderError {
    fn response(&self) -> ResponseError {
        match self {
            Self::UnknownTopic { .. } | Self::UnknownPartition { .. } => {
                ResponseError::UnknownTopicOrPartition
            }
            Self::NotNeeded => ResponseError::ElectionNotNeeded,
            Self::PreferredNotAvailable => ResponseError::PreferredLeaderNotAvailable,
            Self::NoneAvailable => ResponseError::EligibleLeadersNotAvailable,
        }
    }
}

impl KafkaError for ReassignError {
    fn response(&self) -> ResponseError {
        match self {
            Self::UnknownTopic { .. } | Self::UnknownPartition { .. } => {
                ResponseError::UnknownTopicOrPartition
            }
            Self::NotInProgress => ResponseError::NoReassignmentInProgress,
            Self::Placement(error) => error.response(),
            Self::FactorChanged { .. } => ResponseError::InvalidReplicationFactor,
        }
    }
}

impl KafkaError for AlterLogDirError {
    fn response(&self) -> ResponseError {
        match self {
            Self::Denied(denied) => denied.response(),
            Self::LongName => ResponseError::InvalidTopicException,
            Self::UnknownDir { .. } => ResponseError::LogDirNotFound,
            Self::UnknownPartition => ResponseError::UnknownTopicOrPartition,
            Self::NoReplica => ResponseError::ReplicaNotAvailable,
        }
    }
}
