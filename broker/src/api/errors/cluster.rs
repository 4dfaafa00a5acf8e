//! The codes of errors of the cluster.

use super::KafkaError;
use crate::operations::acls::AclsError;
use crate::operations::raft_voters::RaftVoterError;
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
