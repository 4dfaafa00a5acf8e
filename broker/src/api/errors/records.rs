//! The codes of errors of writing and reading records.

use super::KafkaError;
use crate::fetch::FetchError;
use crate::fetch::session::SessionError;
use crate::log::records::InvalidRecords;
use crate::log::{AppendError, InvalidBatch, MarkerError};
use crate::operations::list_offsets::ListOffsetsError;
use crate::operations::produce::{ProduceError, RefusedRequest};
use crate::topic::leadership::NotServed;
use kafka_protocol::ResponseError;

impl KafkaError for InvalidBatch {
    fn response(&self) -> ResponseError {
        match self {
            Self::Truncated { .. }
            | Self::UnsupportedMagic { .. }
            | Self::SeveralBatches
            | Self::Malformed { .. } => ResponseError::InvalidRecord,
            // A producer sends the batch again after this code, as bytes can be damaged on their way. INVALID_RECORD is final: it would
            // build the same batch.
            Self::Corrupt { .. }
            | Self::UnknownMagic { .. }
            | Self::TooShort { .. }
            | Self::CorruptTrailer
            | Self::ShorterThanHeader { .. } => ResponseError::CorruptMessage,
            Self::UnknownCompression { .. } => ResponseError::UnknownServerError,
        }
    }
}

impl KafkaError for AppendError {
    fn response(&self) -> ResponseError {
        match self {
            // Java's producer splits a batch after this code, not after RECORD_LIST_TOO_LARGE.
            Self::TooLarge { .. } => ResponseError::MessageTooLarge,
            Self::TooLargeForSegment { .. } => ResponseError::RecordListTooLarge,
            Self::RefusedRecords(refused) if refused.has_invalid_timestamp => ResponseError::InvalidTimestamp,
            Self::RefusedRecords(_) => ResponseError::InvalidRecord,
            Self::InvalidBatch(error) => error.response(),
            // Kafka's `KafkaException` of a codec has no code of its own.
            Self::InvalidRecords(InvalidRecords::Decompression { .. }) => ResponseError::UnknownServerError,
            Self::InvalidRecords(_) => ResponseError::InvalidRecord,
            Self::OutOfOrderSequence { .. } => ResponseError::OutOfOrderSequenceNumber,
            Self::InvalidProducerEpoch { .. } => ResponseError::InvalidProducerEpoch,
            Self::NotInTransaction { .. } | Self::NotTransactional { .. } => ResponseError::InvalidTxnState,
            Self::OutOfMemory(_) => ResponseError::NotEnoughReplicas,
        }
    }
}

impl KafkaError for MarkerError {
    fn response(&self) -> ResponseError {
        match self {
            Self::InvalidProducerEpoch { .. } => ResponseError::InvalidProducerEpoch,
            Self::CoordinatorFenced { .. } => ResponseError::TransactionCoordinatorFenced,
            Self::UnknownVersion { .. } => ResponseError::UnknownServerError,
            Self::OutOfMemory(_) => ResponseError::NotEnoughReplicas,
        }
    }
}

impl KafkaError for ProduceError {
    fn response(&self) -> ResponseError {
        match self {
            Self::UnknownTopicId => ResponseError::UnknownTopicId,
            Self::InvalidRequiredAcks { .. } => ResponseError::InvalidRequiredAcks,
            Self::NoBatch => ResponseError::InvalidRecord,
            Self::ZstdTooEarly => ResponseError::UnsupportedCompressionType,
            Self::InternalTopic { .. } => ResponseError::InvalidTopicException,
            // It does not make clients refresh their metadata, as others that they retry would.
            Self::NotInTransaction(error) if error.retried_as_replication().is_some() => {
                ResponseError::NotEnoughReplicas
            }
            Self::NotInTransaction(error) => error.response(),
            Self::Unverifiable(error) => error.response(),
            Self::NotServed(error) => error.response(),
            Self::Invalid(error) => error.response(),
            // Kafka has no code for a full broker. Of the codes that make a producer wait and retry, this one fits best.
            Self::OutOfMemory(_) => ResponseError::NotEnoughReplicas,
            Self::Append { error, .. } => error.response(),
        }
    }
}

impl KafkaError for RefusedRequest {
    fn response(&self) -> ResponseError {
        match self {
            Self::Denied(denied) => denied.response(),
            Self::Unreadable(error) => error.response(),
            Self::SeveralProducers => ResponseError::InvalidProducerIdMapping,
        }
    }
}

impl KafkaError for FetchError {
    fn response(&self) -> ResponseError {
        match self {
            Self::UnknownTopicId => ResponseError::UnknownTopicId,
            Self::InconsistentTopicId => ResponseError::InconsistentTopicId,
            Self::OffsetOutOfRange(_) => ResponseError::OffsetOutOfRange,
            Self::NotServed(error) => error.response(),
        }
    }
}

impl KafkaError for NotServed {
    fn response(&self) -> ResponseError {
        match self {
            Self::Unauthorized => ResponseError::TopicAuthorizationFailed,
            Self::UnknownTopicOrPartition => ResponseError::UnknownTopicOrPartition,
            Self::NotLeader(_) => ResponseError::NotLeaderOrFollower,
            Self::FencedLeaderEpoch(_) => ResponseError::FencedLeaderEpoch,
            Self::UnknownLeaderEpoch => ResponseError::UnknownLeaderEpoch,
            // This is Kafka's code for a log directory that failed. Clients refresh their metadata and try again.
            Self::Offline(_) => ResponseError::KafkaStorageError,
        }
    }
}

impl KafkaError for ListOffsetsError {
    fn response(&self) -> ResponseError {
        match self {
            // `ReplicaManager.fetchOffset` answers so: a later version may give the timestamp a meaning.
            Self::UnknownTimestamp { .. } => ResponseError::UnsupportedVersion,
            Self::Duplicate => ResponseError::InvalidRequest,
            Self::InvalidRecords(_) => ResponseError::InvalidRecord,
            Self::NotServed(error) => error.response(),
        }
    }
}

impl KafkaError for SessionError {
    fn response(&self) -> ResponseError {
        match self {
            Self::IdNotFound => ResponseError::FetchSessionIdNotFound,
            Self::InvalidEpoch => ResponseError::InvalidFetchSessionEpoch,
            Self::TopicIdMixed => ResponseError::FetchSessionTopicIdError,
        }
    }
}
