//! InitProducerId: gives a producer its id and epoch.
//!
//! Source: Kafka's `KafkaApis.handleInitProducerIdRequest` and `TransactionCoordinator.handleInitProducerId`. Without a transactional id
//! every request gets a new id at epoch 0, even if it has a former id and epoch.

use super::RequestContext;
use super::access::{Denied, authorize, is_authorized};
use super::transactional_id::{TransactionalIdError, check_coordinator, check_not_empty};
use super::write_txn_markers::write_decided_markers;
use crate::cluster::Cluster;
use crate::ids::{ProducerEpoch, ProducerId};
use crate::security::{AclOperation, AclResourceType, Resource};
use crate::transaction::{FormerProducer, TransactionError};
use std::sync::Arc;

/// The fields of a request.
#[derive(Clone, Debug)]
pub(crate) struct InitProducer {
    pub(crate) transactional_id: Option<String>,
    /// The time after which an open transaction is aborted.
    pub(crate) timeout_ms: i32,
    /// The former id of the producer, or -1.
    pub(crate) producer_id: ProducerId,
    pub(crate) producer_epoch: ProducerEpoch,
}

/// The reason why no id was given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InitProducerIdError {
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error("invalid producer id and epoch: must both be set or both be -1")]
    IdWithoutEpoch,
    #[error(transparent)]
    TransactionalId(#[from] TransactionalIdError),
}

/// Returns the producer's id and epoch. Waits only while the open transaction of a former producer is aborted.
pub(crate) async fn init_producer_id(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    init: InitProducer,
) -> Result<(ProducerId, ProducerEpoch), InitProducerIdError> {
    authorize_producer(cluster, context, init.transactional_id.as_deref())?;
    // KIP-360: both or neither must be set, whether or not the request is transactional.
    let has_id = init.producer_id != ProducerId::NONE;
    let has_epoch = init.producer_epoch != ProducerEpoch::NONE;
    if has_id != has_epoch {
        return Err(InitProducerIdError::IdWithoutEpoch);
    }
    let former = has_id.then_some(FormerProducer {
        producer_id: init.producer_id,
        producer_epoch: init.producer_epoch,
    });
    match &init.transactional_id {
        None => Ok((cluster.producer_ids.next(context.node_id), ProducerEpoch(0))),
        Some(id) => Ok(init_transactional(cluster, context, id, init.timeout_ms, former).await?),
    }
}

async fn init_transactional(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    id: &str,
    timeout_ms: i32,
    former: Option<FormerProducer>,
) -> Result<(ProducerId, ProducerEpoch), TransactionalIdError> {
    check_not_empty(id)?;
    let limit_ms = cluster.config.transaction_max_timeout_ms;
    if !(1..=limit_ms).contains(&timeout_ms) {
        return Err(TransactionalIdError::InvalidTimeout { timeout_ms, limit_ms });
    }
    check_coordinator(cluster, context, id)?;
    let now_ms = cluster.clock.now_ms();
    let new_producer_id = || cluster.producer_ids.next(context.node_id);
    let initialised = cluster
        .transactions
        .init_producer(now_ms, id, timeout_ms, former, new_producer_id);
    let initialised = initialised.map_err(TransactionalIdError::from);
    if initialised == Err(TransactionError::Concurrent.into()) {
        // A former producer's transaction may have been aborted now. The client asks again, and should find it complete.
        write_decided_markers(cluster).await;
    }
    initialised
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
