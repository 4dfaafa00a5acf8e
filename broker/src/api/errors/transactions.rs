//! The codes of errors of transactions.

use super::KafkaError;
use crate::operations::add_partitions_to_txn::AddPartitionError;
use crate::operations::describe_transactions::DescribeTransactionError;
use crate::operations::init_producer_id::InitProducerIdError;
use crate::operations::list_transactions::InvalidIdPattern;
use crate::operations::transactional_id::TransactionalIdError;
use crate::operations::verify_transaction::NotInTransaction;
use crate::operations::write_txn_markers::WriteMarkerError;
use crate::transaction::TransactionError;
use kafka_protocol::ResponseError;

impl KafkaError for TransactionError {
    fn response(&self) -> ResponseError {
        match self {
            Self::Concurrent => ResponseError::ConcurrentTransactions,
            Self::Fenced => ResponseError::ProducerFenced,
            Self::InvalidProducerIdMapping => ResponseError::InvalidProducerIdMapping,
            Self::InvalidState => ResponseError::InvalidTxnState,
        }
    }
}

impl KafkaError for TransactionalIdError {
    fn response(&self) -> ResponseError {
        match self {
            Self::Denied(denied) => denied.response(),
            Self::EmptyTransactionalId => ResponseError::InvalidRequest,
            Self::InvalidTimeout { .. } => ResponseError::InvalidTransactionTimeout,
            Self::NotCoordinator { .. } => ResponseError::NotCoordinator,
            Self::Refused(error) => error.response(),
            // Kafka's code for a failed write to `__transaction_state`, after which clients try again.
            Self::Full(_) => ResponseError::CoordinatorNotAvailable,
        }
    }
}

/// Returns the code for a client that knows PRODUCER_FENCED, or for one that knows only INVALID_PRODUCER_EPOCH.
pub(in crate::api) fn fenced_code(code: i16, knows_producer_fenced: bool) -> i16 {
    if code == ResponseError::ProducerFenced.code() && !knows_producer_fenced {
        return ResponseError::InvalidProducerEpoch.code();
    }
    code
}

impl KafkaError for InitProducerIdError {
    fn response(&self) -> ResponseError {
        match self {
            Self::Denied(denied) => denied.response(),
            Self::IdWithoutEpoch => ResponseError::InvalidRequest,
            Self::TransactionalId(error) => error.response(),
            Self::NoIds { .. } => ResponseError::CoordinatorLoadInProgress,
        }
    }
}

impl KafkaError for AddPartitionError {
    fn response(&self) -> ResponseError {
        match self {
            Self::Denied(denied) => denied.response(),
            Self::UnknownPartition => ResponseError::UnknownTopicOrPartition,
            Self::NotAttempted => ResponseError::OperationNotAttempted,
            Self::NotInTransaction => ResponseError::TransactionAbortable,
            Self::TransactionalId(error) => error.response(),
        }
    }
}

impl KafkaError for NotInTransaction {
    fn response(&self) -> ResponseError {
        match self {
            Self::NotAdded => ResponseError::InvalidTxnState,
            Self::Abortable => ResponseError::TransactionAbortable,
            Self::Fenced => ResponseError::InvalidProducerEpoch,
            Self::InvalidProducerIdMapping => ResponseError::InvalidProducerIdMapping,
            Self::EmptyTransactionalId => ResponseError::InvalidRequest,
            Self::Concurrent { .. } => ResponseError::ConcurrentTransactions,
            Self::NoCoordinator => ResponseError::CoordinatorNotAvailable,
        }
    }
}

impl KafkaError for WriteMarkerError {
    fn response(&self) -> ResponseError {
        match self {
            Self::NotServed(error) => error.response(),
            Self::Marker(error) => error.response(),
        }
    }
}

impl KafkaError for DescribeTransactionError {
    fn response(&self) -> ResponseError {
        match self {
            Self::TransactionalId(error) => error.response(),
            Self::NotFound => ResponseError::TransactionalIdNotFound,
        }
    }
}

impl KafkaError for InvalidIdPattern {
    fn response(&self) -> ResponseError {
        ResponseError::InvalidRegularExpression
    }
}
