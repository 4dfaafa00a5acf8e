//! InitProducerId: allocates an id for an idempotent producer.
//!
//! Source: Kafka's `TransactionCoordinator.handleInitProducerId`, `RPCProducerIdManager` and `ProducerIdsBlock`: without a transactional id
//! every request gets a new id at epoch 0, even if it has a former id and epoch.

use super::RequestContext;
use super::access::{Denied, authorize, is_authorized};
use crate::cluster::Cluster;
use crate::ids::{ProducerEpoch, ProducerId};
use crate::security::{AclOperation, AclResourceType, Resource};
use std::sync::Arc;

/// The fields of a request.
#[derive(Clone, Debug)]
pub(crate) struct InitProducer {
    pub(crate) transactional_id: Option<String>,
    /// The former id of the producer, or -1.
    pub(crate) producer_id: ProducerId,
    pub(crate) producer_epoch: ProducerEpoch,
}

/// The reason why no id was allocated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InitProducerIdError {
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(
        "transactions are not served: the producer must not have a transactional id, but has {transactional_id:?}"
    )]
    TransactionsNotServed { transactional_id: String },
    #[error("invalid transactional id: must not be empty")]
    EmptyTransactionalId,
    #[error("invalid producer id and epoch: must both be set or both be -1")]
    IdWithoutEpoch,
}

/// Returns a new producer id at epoch 0.
pub(crate) fn init_producer_id(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    init: InitProducer,
) -> Result<(ProducerId, ProducerEpoch), InitProducerIdError> {
    authorize_producer(cluster, context, init.transactional_id.as_deref())?;
    // KIP-360: both or neither must be set, whether or not the request is transactional.
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
    // KIP-679: a client that may write to any topic may also write idempotently.
    let may_write = is_authorized(cluster, context, AclOperation::IdempotentWrite, Resource::Cluster)
        || cluster
            .authorizer
            .allows_any(&context.principal, AclOperation::Write, AclResourceType::Topic);
    if may_write { Ok(()) } else { Err(Denied::Cluster) }
}
