//! Errors of topics and their configs.

use super::KafkaError;
use crate::operations::create_topics::{CreateTopicError, InvalidName, InvalidTopicConfig, PlacementError};
use crate::operations::metadata::MetadataError;
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
            | Self::RepeatedPartition { .. }
            | Self::Gap => ResponseError::InvalidReplicaAssignment,
        }
    }
}

impl KafkaError for CreateTopicError {
    fn response(&self) -> ResponseError {
        match self {
            Self::Duplicate
            | Self::ClusterMetadata
            | Self::AssignedWithFactor
            | Self::AssignedWithPartitions => ResponseError::InvalidRequest,
            Self::Exists { .. } => ResponseError::TopicAlreadyExists,
            Self::Name(error) => error.response(),
            Self::Config(error) => error.response(),
            Self::ReplicationFactor => ResponseError::InvalidReplicationFactor,
            Self::Partitions => ResponseError::InvalidPartitions,
            Self::TooManyPartitions { .. } => ResponseError::PolicyViolation,
            Self::Placement(error) => error.response(),
        }
    }
}

impl KafkaError for MetadataError {
    fn response(&self) -> ResponseError {
        match self {
            // Why it could not be created is not for Metadata to say: Kafka's controller finds out later.
            Self::UnknownTopic | Self::NotCreated(_) => ResponseError::UnknownTopicOrPartition,
            Self::UnknownTopicId => ResponseError::UnknownTopicId,
            Self::Name(error) => error.response(),
        }
    }
}
