//! DescribeTransactions: the state of transactional ids in the coordinator (KIP-664). Source: Kafka's
//! `TransactionCoordinator.handleDescribeTransactions`.

use super::RequestContext;
use super::access::{authorize, authorize_topic};
use super::transactional_id::{TransactionalIdError, check_coordinator, check_not_empty};
use crate::cluster::Cluster;
use crate::security::{AclOperation, Resource};
use std::sync::Arc;

pub(crate) use crate::transaction::TransactionMetadata;

/// The reason why an id is not described.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DescribeTransactionError {
    #[error(transparent)]
    TransactionalId(#[from] TransactionalIdError),
    /// The coordinator does not know the id.
    #[error("the transactional id does not exist")]
    NotFound,
}

/// Describes one id, with those of its partitions whose topics the client may see.
pub(crate) fn describe_transaction(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    id: &str,
) -> Result<TransactionMetadata, DescribeTransactionError> {
    let resource = Resource::TransactionalId(id);
    authorize(cluster, context, AclOperation::Describe, resource).map_err(TransactionalIdError::from)?;
    check_not_empty(id)?;
    check_coordinator(cluster, context, id)?;
    let metadata = cluster.transactions.get(id);
    let mut metadata = metadata.ok_or(DescribeTransactionError::NotFound)?;
    metadata.partitions.retain(|partition| {
        authorize_topic(cluster, context, AclOperation::Describe, &partition.topic).is_ok()
    });
    Ok(metadata)
}
