//! The checks that all requests of a transactional id share: the coordinator, and the reasons to refuse a request.

use super::RequestContext;
use super::access::Denied;
use crate::cluster::Cluster;
use crate::ids::NodeId;
use crate::transaction::{RefusedTransaction, TransactionError, TransactionsFull};

/// The reason why a request of a transactional id is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TransactionalIdError {
    /// The client may not use the transactional id, or another resource of the request.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The transactional id is empty.
    #[error("invalid transactional id: must not be empty")]
    EmptyTransactionalId,
    /// The transaction timeout is not positive, or longer than `transaction.max.timeout.ms`.
    #[error("invalid transaction timeout {timeout_ms} ms: must be 1 to {limit_ms}")]
    InvalidTimeout {
        /// The timeout of the request.
        timeout_ms: i32,
        /// `transaction.max.timeout.ms`.
        limit_ms: i32,
    },
    /// Another broker coordinates the transactional id, or none does.
    #[error("broker {asked} does not coordinate transactional id `{transactional_id}`")]
    NotCoordinator {
        /// The transactional id.
        transactional_id: String,
        /// The broker that was asked.
        asked: NodeId,
    },
    /// The rules of the transactional id refuse the request.
    #[error(transparent)]
    Refused(#[from] TransactionError),
    /// There is no room for another transactional id, or for more partitions.
    #[error(transparent)]
    Full(#[from] TransactionsFull),
}

impl From<RefusedTransaction> for TransactionalIdError {
    fn from(refused: RefusedTransaction) -> Self {
        match refused {
            RefusedTransaction::Rules(error) => Self::Refused(error),
            RefusedTransaction::Full(full) => Self::Full(full),
        }
    }
}

/// Checks that the id is not empty.
///
/// # Errors
/// [`TransactionalIdError::EmptyTransactionalId`].
pub(super) fn check_not_empty(id: &str) -> Result<(), TransactionalIdError> {
    if id.is_empty() {
        return Err(TransactionalIdError::EmptyTransactionalId);
    }
    Ok(())
}

/// Checks that the broker that received the request coordinates the id.
///
/// # Errors
/// [`TransactionalIdError::NotCoordinator`].
pub(super) fn check_coordinator(
    cluster: &Cluster,
    context: &RequestContext,
    id: &str,
) -> Result<(), TransactionalIdError> {
    if cluster.transaction_coordinator(id) == Some(context.node_id) {
        return Ok(());
    }
    Err(TransactionalIdError::NotCoordinator {
        transactional_id: id.to_owned(),
        asked: context.node_id,
    })
}
