//! ListTransactions: the transactional ids that a broker coordinates (KIP-664). Source: Kafka's
//! `TransactionStateManager.listTransactionStates`; KIP-994, KIP-1152.

use super::RequestContext;
use super::access::is_authorized;
use crate::cluster::Cluster;
use crate::ids::ProducerId;
use crate::pattern::Pattern;
use crate::security::{AclOperation, Resource};
use crate::transaction::{TransactionFilters, TransactionState};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The filters of a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct ListFilters {
    pub(crate) states: Vec<String>,
    pub(crate) producer_ids: Vec<ProducerId>,
    /// The time that a transaction must have lasted for longer than, in milliseconds; negative for any.
    pub(crate) duration_ms: i64,
    /// A regular expression that the whole transactional id matches; `None` or empty for any.
    pub(crate) id_pattern: Option<String>,
}

/// The transactional ids that match, and the names of states that do not exist.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ListedTransactions {
    pub(crate) ids: Vec<(Arc<str>, ProducerId, TransactionState)>,
    pub(crate) unknown_states: Vec<String>,
}

/// The pattern of ids is no regular expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Transaction ID pattern `{pattern}` is not a valid regular expression: {reason}.")]
pub(crate) struct InvalidIdPattern {
    pattern: String,
    reason: String,
}

/// Lists the ids that the broker coordinates and the client may see.
///
/// # Errors
/// [`InvalidIdPattern`].
pub(crate) fn list_transactions(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    filters: ListFilters,
) -> Result<ListedTransactions, InvalidIdPattern> {
    let pattern = filters.id_pattern.filter(|pattern| !pattern.is_empty());
    let pattern = pattern.map(compiled).transpose()?;
    let names: BTreeSet<_> = filters.states.into_iter().collect();
    let has_states = !names.is_empty();
    let mut states = BTreeSet::new();
    let mut unknown_states = Vec::new();
    for name in names {
        match TransactionState::of_name(&name) {
            Some(state) => {
                states.insert(state);
            }
            None => unknown_states.push(name),
        }
    }
    let rules = TransactionFilters {
        producer_ids: filters.producer_ids.into_iter().collect(),
        states: has_states.then_some(states),
        duration_ms: Some(filters.duration_ms).filter(|duration_ms| *duration_ms >= 0),
    };
    let mut ids = cluster.transactions.list(cluster.clock.now_ms(), &rules);
    ids.retain(|(id, ..)| {
        pattern.as_ref().is_none_or(|pattern| pattern.matches(id))
            && cluster.transaction_coordinator(id) == Some(context.node_id)
            && is_authorized(
                cluster,
                context,
                AclOperation::Describe,
                Resource::TransactionalId(id),
            )
    });
    Ok(ListedTransactions { ids, unknown_states })
}

fn compiled(pattern: String) -> Result<Pattern, InvalidIdPattern> {
    Pattern::parse(&pattern).map_err(|reason| InvalidIdPattern { pattern, reason })
}
