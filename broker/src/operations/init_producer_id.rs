//! InitProducerId: an id for an idempotent producer.
//!
//! Source: Kafka's `TransactionCoordinator.handleInitProducerId`, `RPCProducerIdManager` and `ProducerIdsBlock`: without a transactional id
//! every request gets an id of its own at epoch 0, whatever id and epoch it brings.

use super::RequestContext;
use super::access::{Denied, authorize, is_authorized};
use crate::cluster::Cluster;
use crate::ids::{ProducerEpoch, ProducerId};
use crate::security::{AclOperation, AclResourceType, Resource};
use std::sync::Arc;

/// What a producer asks with.
#[derive(Clone, Debug)]
pub(crate) struct InitProducer {
    pub(crate) transactional_id: Option<String>,
    /// What the producer had before, or -1.
    pub(crate) producer_id: ProducerId,
    pub(crate) producer_epoch: ProducerEpoch,
}

/// Why no id was given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InitProducerIdError {
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error("transactions are not served: initialise without the transactional id {transactional_id:?}")]
    TransactionsNotServed { transactional_id: String },
    #[error("a transactional id must not be empty")]
    EmptyTransactionalId,
    #[error("a producer id and a producer epoch must be given together, or neither")]
    IdWithoutEpoch,
}

/// A new producer id at epoch 0.
pub(crate) fn init_producer_id(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    init: InitProducer,
) -> Result<(ProducerId, ProducerEpoch), InitProducerIdError> {
    authorize_producer(cluster, context, init.transactional_id.as_deref())?;
    // KIP-360: both or none, whether or not the request is transactional.
    let has_id = init.producer_id != ProducerId::NONE;
    let has_epoch = init.producer_epoch != ProducerEpoch(-1);
    if has_id != has_epoch {
        return Err(InitProducerIdError::IdWithoutEpoch);
    }
    if init.transactional_id.as_deref() == Some("") {
        return Err(InitProducerIdError::EmptyTransactionalId);
    }
    if let Some(transactional_id) = init.transactional_id {
        return Err(InitProducerIdError::TransactionsNotServed { transactional_id });
    }
    Ok((cluster.producer_ids.next(context.node_id), ProducerEpoch(0)))
}

fn authorize_producer(
    cluster: &Cluster,
    context: &RequestContext,
    transactional_id: Option<&str>,
) -> Result<(), Denied> {
    if let Some(id) = transactional_id {
        return authorize(
            cluster,
            context,
            AclOperation::Write,
            Resource::TransactionalId(id),
        );
    }
    // KIP-679: who may write to any topic may do so idempotently.
    let may_write = is_authorized(cluster, context, AclOperation::IdempotentWrite, Resource::Cluster)
        || cluster
            .authorizer
            .allows_any(&context.principal, AclOperation::Write, AclResourceType::Topic);
    if may_write { Ok(()) } else { Err(Denied::Cluster) }
}
