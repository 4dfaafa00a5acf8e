//! EndTxn: commits or aborts a transaction. Source: Kafka's `KafkaApis.handleEndTxnRequest` and `TransactionCoordinator.endTransaction`.

use super::RequestContext;
use super::access::authorize;
use super::transactional_id::{TransactionalIdError, check_coordinator, check_not_empty};
use super::write_txn_markers::write_decided_markers;
use crate::cluster::Cluster;
use crate::ids::{ProducerEpoch, ProducerId};
use crate::security::{AclOperation, Resource};
use std::sync::Arc;

pub(crate) use crate::transaction::{EndRequest, TransactionVersion};

/// Ends the transaction, and returns the producer id and epoch for the next one. The markers of partitions whose leaders are alive are
/// written before it returns.
pub(crate) async fn end_txn(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    id: &str,
    request: EndRequest,
) -> Result<(ProducerId, ProducerEpoch), TransactionalIdError> {
    authorize(
        cluster,
        context,
        AclOperation::Write,
        Resource::TransactionalId(id),
    )?;
    check_not_empty(id)?;
    check_coordinator(cluster, context, id)?;
    let now_ms = cluster.clock.now_ms();
    let new_producer_id = || cluster.producer_ids.next(context.node_id);
    let producer = cluster.transactions.end(now_ms, id, request, new_producer_id)?;
    write_decided_markers(cluster).await;
    Ok(producer)
}
