//! InitProducerId: gives a producer its id and epoch.
//!
//! Source: Kafka's `KafkaApis.handleInitProducerIdRequest` and `TransactionCoordinator.handleInitProducerId`. Without a transactional id
//! every request gets a new id at epoch 0, even if it has a former id and epoch.

use super::RequestContext;
use super::access::{Denied, authorize, is_authorized};
use super::transactional_id::{TransactionalIdError, check_coordinator, check_not_empty};
use super::write_txn_markers::write_decided_markers;
use crate::cluster::Cluster;
use crate::ids::{NodeId, ProducerEpoch, ProducerId};
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
    /// The broker has no ids yet, and asks its controller for a block of them.
    #[error("broker {node} has no producer ids yet")]
    NoIds { node: NodeId },
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
        None => {
            check_has_ids(cluster, context)?;
            Ok((cluster.producer_ids.next(context.node_id), ProducerEpoch(0)))
        }
        Some(id) => init_transactional(cluster, context, id, init.timeout_ms, former).await,
    }
}

/// Checks that the broker has a block of ids, which with `unknown_until_created` it asks for when a producer first needs an id. Kafka refuses
/// that producer and does not wait for its controller (`RPCProducerIdManager.generateProducerId`); clients try again.
///
/// # Errors
/// [`InitProducerIdError::NoIds`].
fn check_has_ids(cluster: &Cluster, context: &RequestContext) -> Result<(), InitProducerIdError> {
    let node = context.node_id;
    if cluster.unknown_until_created && cluster.producer_ids.begin(node) {
        return Err(InitProducerIdError::NoIds { node });
    }
    Ok(())
}

async fn init_transactional(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    id: &str,
    timeout_ms: i32,
    former: Option<FormerProducer>,
) -> Result<(ProducerId, ProducerEpoch), InitProducerIdError> {
    check_not_empty(id)?;
    let limit_ms = cluster.config.transaction_max_timeout_ms;
    if !(1..=limit_ms).contains(&timeout_ms) {
        return Err(TransactionalIdError::InvalidTimeout { timeout_ms, limit_ms }.into());
    }
    check_coordinator(cluster, context, id)?;
    if cluster.transactions.get(id).is_none() {
        check_has_ids(cluster, context)?;
    }
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
    Ok(initialised?)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::find_coordinator::{CoordinatorKind, find_coordinator};

    async fn init(
        cluster: &Arc<Cluster>,
        node: i32,
        transactional_id: Option<&str>,
    ) -> Result<ProducerEpoch, InitProducerIdError> {
        let init = InitProducer {
            transactional_id: transactional_id.map(str::to_owned),
            timeout_ms: 60_000,
            producer_id: ProducerId::NONE,
            producer_epoch: ProducerEpoch::NONE,
        };
        let producer = init_producer_id(cluster, &RequestContext::for_tests(node), init).await;
        producer.map(|(_, epoch)| epoch)
    }

    fn no_ids(node: i32) -> Result<ProducerEpoch, InitProducerIdError> {
        Err(InitProducerIdError::NoIds { node: NodeId(node) })
    }

    fn cluster(nodes: u16, unknown_until_created: bool) -> Arc<Cluster> {
        let mut cluster = Cluster::for_tests(nodes, &[]);
        cluster.unknown_until_created = unknown_until_created;
        Arc::new(cluster)
    }

    #[tokio::test]
    async fn the_first_producer_gets_an_id_at_once() {
        let cluster = cluster(1, false);
        assert_eq!(init(&cluster, 1, None).await, Ok(ProducerEpoch(0)));
    }

    #[tokio::test]
    async fn the_first_producer_of_each_broker_can_be_refused_until_there_are_ids_as_by_kafka() {
        let cluster = cluster(2, true);
        for node in [1, 2] {
            assert_eq!(init(&cluster, node, None).await, no_ids(node));
            assert_eq!(init(&cluster, node, None).await, Ok(ProducerEpoch(0)));
        }
    }

    #[tokio::test]
    async fn a_new_transactional_id_is_not_stored_until_there_are_ids() {
        let cluster = cluster(1, true);
        let context = RequestContext::for_tests(1);
        let coordinator = find_coordinator(&cluster, &context, CoordinatorKind::Transaction, "t");
        coordinator.expect("one broker coordinates all");
        assert_eq!(init(&cluster, 1, Some("t")).await, no_ids(1));
        assert_eq!(cluster.transactions.get("t"), None);
        assert_eq!(init(&cluster, 1, Some("t")).await, Ok(ProducerEpoch(0)));
        assert_eq!(init(&cluster, 1, Some("t")).await, Ok(ProducerEpoch(1)));
    }
}
