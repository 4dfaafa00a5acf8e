//! The codes of errors of topics and their configs.

use super::KafkaError;
use crate::operations::alter_configs::AlterConfigsError;
use crate::operations::create_partitions::CreatePartitionsError;
use crate::operations::create_topics::{CreateTopicError, InvalidName, InvalidTopicConfig, PlacementError};
use crate::operations::delete_records::DeleteRecordsError;
use crate::operations::delete_topics::DeleteTopicError;
use crate::operations::describe_configs::DescribeConfigsError;
use crate::operations::describe_producers::DescribeProducersError;
use crate::operations::describe_topic_partitions::PageError;
use crate::operations::metadata::MetadataError;
use crate::operations::telemetry::TelemetryError;
use crate::telemetry::InvalidSubscription;
use kafka_protocol::ResponseError;

impl KafkaError for InvalidName {
    fn response(&self) -> ResponseError {
        ResponseError::InvalidTopicException
    }
}

impl KafkaError for InvalidTopicConfig {
    fn response(&self) -> ResponseError {
        ResponseError::InvalidConfig
    }
}

impl KafkaError for PlacementError {
    fn response(&self) -> ResponseError {
        match self {
            Self::TooFewNodes { .. } => ResponseError::InvalidReplicationFactor,
            Self::NoReplicas
            | Self::UnknownNode { .. }
            | Self::RepeatedNode { .. }
            | Self::Inconsistent { .. }
            | Self::AllDown { .. }
            | Self::RepeatedPartition { .. }
            | Self::Gap => ResponseError::InvalidReplicaAssignment,
        }
    }
}

impl KafkaError for CreateTopicError {
    fn response(&self) -> ResponseError {
        match self {
            Self::Denied(denied) => denied.response(),
            Self::Duplicate
            | Self::ClusterMetadata
            | Self::AssignedWithFactor
            | Self::AssignedWithPartitions => ResponseError::InvalidRequest,
            Self::Exists { .. } => ResponseError::TopicAlreadyExists,
            Self::Name(error) => error.response(),
            Self::Config(error) => error.response(),
            Self::ReplicationFactor => ResponseError::InvalidReplicationFactor,
            Self::Partitions => ResponseError::InvalidPartitions,
            // Kafka gives this code to a request that creates too many partitions. Clients do not retry after it.
            Self::TooMany(_) => ResponseError::PolicyViolation,
            Self::Placement(error) => error.response(),
        }
    }
}

impl KafkaError for MetadataError {
    fn response(&self) -> ResponseError {
        match self {
            Self::Denied(denied) => denied.response(),
            // Metadata does not report why a topic could not be created: in Kafka the controller finds out only later.
            Self::UnknownTopic | Self::NotCreated(_) => ResponseError::UnknownTopicOrPartition,
            Self::UnknownTopicId => ResponseError::UnknownTopicId,
            Self::Name(error) => error.response(),
        }
    }
}

impl KafkaError for DeleteTopicError {
    fn response(&self) -> ResponseError {
        match self {
            Self::Denied(denied) => denied.response(),
            Self::Disabled => ResponseError::TopicDeletionDisabled,
            Self::Neither | Self::Both | Self::DuplicateName | Self::DuplicateId | Self::NameAndId => {
                ResponseError::InvalidRequest
            }
            Self::UnknownTopic => ResponseError::UnknownTopicOrPartition,
            Self::UnknownTopicId => ResponseError::UnknownTopicId,
        }
    }
}

impl KafkaError for CreatePartitionsError {
    fn response(&self) -> ResponseError {
        match self {
            Self::Denied(denied) => denied.response(),
            Self::Duplicate => ResponseError::InvalidRequest,
            Self::UnknownTopic => ResponseError::UnknownTopicOrPartition,
            Self::AlreadyHas { .. } | Self::NoIncrease { .. } => ResponseError::InvalidPartitions,
            Self::Assignments { .. } => ResponseError::InvalidReplicaAssignment,
            Self::TooMany(_) => ResponseError::PolicyViolation,
            Self::Placement(error) => error.response(),
        }
    }
}

impl KafkaError for DeleteRecordsError {
    fn response(&self) -> ResponseError {
        match self {
            Self::Denied(denied) => denied.response(),
            Self::UnknownPartition => ResponseError::UnknownTopicOrPartition,
            // `ReplicaManager` refuses internal topics by this code, and `Partition` compacted ones by POLICY_VIOLATION.
            Self::Internal => ResponseError::InvalidTopicException,
            Self::NotLeader => ResponseError::NotLeaderOrFollower,
            Self::NotDeletable => ResponseError::PolicyViolation,
            Self::OutOfRange { .. } => ResponseError::OffsetOutOfRange,
            Self::Offline => ResponseError::KafkaStorageError,
        }
    }
}

impl KafkaError for DescribeProducersError {
    fn response(&self) -> ResponseError {
        match self {
            Self::Denied(denied) => denied.response(),
            Self::Name(error) => error.response(),
            Self::UnknownTopic | Self::UnknownPartition => ResponseError::UnknownTopicOrPartition,
            Self::NoReplica => ResponseError::NotLeaderOrFollower,
            Self::Offline => ResponseError::KafkaStorageError,
        }
    }
}

impl KafkaError for PageError {
    fn response(&self) -> ResponseError {
        match self {
            Self::CursorTopic { .. } | Self::CursorPartition { .. } => ResponseError::InvalidRequest,
            Self::EmptyName => ResponseError::UnknownServerError,
        }
    }
}

impl KafkaError for DescribeConfigsError {
    fn response(&self) -> ResponseError {
        match self {
            Self::Denied(denied) => denied.response(),
            Self::Name(error) => error.response(),
            Self::UnknownTopic => ResponseError::UnknownTopicOrPartition,
            Self::BrokerName { .. }
            | Self::OtherBroker { .. }
            | Self::NoBroker
            | Self::LoggersOfOther { .. }
            | Self::NoSubscription
            | Self::NoGroup => ResponseError::InvalidRequest,
        }
    }
}

impl KafkaError for AlterConfigsError {
    fn response(&self) -> ResponseError {
        match self {
            Self::Denied(denied) => denied.response(),
            Self::NoList { .. }
            | Self::NoBrokerList { .. }
            | Self::UnknownList { .. }
            | Self::MinInSyncReplicasOfBroker
            | Self::MinInSyncReplicasRemoved
            | Self::TooLong
            | Self::UnknownLogger { .. }
            | Self::Group(_) => ResponseError::InvalidConfig,
            Self::ControllerFailed => ResponseError::UnknownServerError,
            Self::Name(error) => error.response(),
            Self::UnknownTopic { .. } => ResponseError::UnknownTopicOrPartition,
            Self::Topic(error) => error.response(),
            Self::Subscription(error) => error.response(),
            // An invalid broker config is INVALID_REQUEST, not INVALID_CONFIG: KAFKA-13609.
            Self::Broker(_)
            | Self::BrokerName { .. }
            | Self::OtherBroker { .. }
            | Self::DuplicateResource
            | Self::DuplicateKeys
            | Self::Null { .. }
            | Self::UnknownOperation { .. }
            | Self::NoTopic
            | Self::NoGroup
            | Self::LoggersOfOther { .. }
            | Self::LoggerList { .. }
            | Self::LoggerOperation { .. }
            | Self::ResourceType { .. } => ResponseError::InvalidRequest,
        }
    }
}

impl KafkaError for TelemetryError {
    fn response(&self) -> ResponseError {
        match self {
            Self::InvalidId | Self::Terminating => ResponseError::InvalidRequest,
            Self::TooEarly => ResponseError::ThrottlingQuotaExceeded,
            Self::UnknownSubscription => ResponseError::UnknownSubscriptionId,
            Self::UnknownCompression => ResponseError::UnsupportedCompressionType,
            Self::TooLarge => ResponseError::TelemetryTooLarge,
            Self::Undecodable => ResponseError::InvalidRecord,
        }
    }
}

impl KafkaError for InvalidSubscription {
    fn response(&self) -> ResponseError {
        match self {
            Self::NoName | Self::Unknown { .. } | Self::Interval { .. } => ResponseError::InvalidRequest,
            Self::Value(_) | Self::Pattern { .. } => ResponseError::InvalidConfig,
        }
    }
}
