//! Produce: record batches into partitions.
//!
//! Everything that can be checked without the partition's lock is checked before it is taken: counts, length and CRC. Leader,
//! sequence and limits are checked under it. Source: Kafka's `ReplicaManager.appendRecords` and `LogValidator`.

use super::RequestContext;
use crate::cluster::Cluster;
use crate::log::{AppendError, Appended, Batch, InvalidBatch};
use crate::metrics::add;
use crate::pool::OutOfMemory;
use crate::topic::leadership::NotServed;
use crate::topic::partition::Partition;
use crate::topic::{Topic, TopicKey};
use bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What holds for all batches of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    /// 1, or -1 for all in-sync replicas, or 0 for no answer. Other values are refused per partition.
    pub(crate) acks: i16,
    /// The request names a transactional id.
    pub(crate) is_transactional: bool,
    /// The batches may be compressed with zstd (Produce 7 and later).
    pub(crate) allows_zstd: bool,
}

/// Why a batch was not appended to its partition.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProduceError {
    #[error("no topic has this id")]
    UnknownTopicId,
    #[error("acks of {acks} is none of -1, 0 and 1")]
    InvalidRequiredAcks { acks: i16 },
    #[error("a Produce request must hold one record batch per partition")]
    NoBatch,
    #[error("zstd needs Produce version 7 or later")]
    ZstdTooEarly,
    #[error("transactions are not served: produce without a transactional id")]
    TransactionsNotServed,
    #[error(transparent)]
    NotServed(#[from] NotServed),
    #[error(transparent)]
    Invalid(#[from] InvalidBatch),
    #[error(transparent)]
    Append(#[from] AppendError),
}

impl From<OutOfMemory> for ProduceError {
    fn from(full: OutOfMemory) -> Self {
        Self::Append(full.into())
    }
}

/// Appends one batch to each of `partitions` of a topic; the outcomes are in their order.
pub(crate) async fn produce(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    terms: Terms,
    topic: &TopicKey,
    partitions: impl IntoIterator<Item = (i32, Option<Bytes>)>,
) -> Vec<Result<Appended, ProduceError>> {
    let found = topic.find(&cluster.topics);
    let append = |(index, records): (i32, Option<Bytes>)| {
        let partition = partition(found.as_deref(), topic, index)?;
        let records = records.filter(|records| !records.is_empty());
        let batch = Batch::verify(records.ok_or(ProduceError::NoBatch)?)?;
        append(cluster, context, terms, partition, batch)
    };
    partitions.into_iter().map(append).collect()
}

/// The same for one batch that was verified before, and whose body may be in the log already.
pub(crate) async fn produce_verified(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    terms: Terms,
    topic: &TopicKey,
    (index, batch): (i32, Batch),
) -> Result<Appended, ProduceError> {
    let found = topic.find(&cluster.topics);
    let partition = partition(found.as_deref(), topic, index)?;
    append(cluster, context, terms, partition, batch)
}

fn partition<'a>(
    found: Option<&'a Topic>,
    topic: &TopicKey,
    index: i32,
) -> Result<&'a Partition, ProduceError> {
    let Some(found) = found else {
        return Err(match topic {
            TopicKey::Name(_) => NotServed::UnknownTopicOrPartition.into(),
            TopicKey::Id(_) => ProduceError::UnknownTopicId,
        });
    };
    let partition = usize::try_from(index)
        .ok()
        .and_then(|index| found.partitions.get(index))
        .ok_or(NotServed::UnknownTopicOrPartition)?;
    Ok(partition)
}

fn append(
    cluster: &Cluster,
    context: &RequestContext,
    terms: Terms,
    partition: &Partition,
    batch: Batch,
) -> Result<Appended, ProduceError> {
    if !terms.allows_zstd && batch.header.compression() == Some(crate::Compression::Zstd) {
        return Err(ProduceError::ZstdTooEarly);
    }
    if !matches!(terms.acks, -1..=1) {
        return Err(ProduceError::InvalidRequiredAcks { acks: terms.acks });
    }
    if terms.is_transactional || batch.header.is_transactional() {
        return Err(ProduceError::TransactionsNotServed);
    }
    let bytes = batch.size_bytes() as u64;
    admit(cluster)?;
    let now_ms = cluster.clock.now_ms();
    let appended = {
        let mut state = partition.write().map_err(NotServed::Offline)?;
        state.check_leadership(context.asked_node(), None)?;
        state.append(batch, now_ms)?
    };
    if !appended.is_duplicate {
        let records = appended.last_offset.0 - appended.base_offset.0 + 1;
        add(&cluster.counters.records_in, records.unsigned_abs());
        add(&cluster.counters.bytes_in, bytes);
    }
    Ok(appended)
}

/// Refuses to keep more at the memory limit, and says so once until there is room again.
fn admit(cluster: &Cluster) -> Result<(), OutOfMemory> {
    let is_full = &cluster.counters.is_memory_full;
    match cluster.pool.admit(0) {
        Ok(()) => {
            if is_full.load(Ordering::Relaxed) {
                is_full.store(false, Ordering::Relaxed);
            }
            Ok(())
        }
        Err(full) => {
            if !is_full.swap(true, Ordering::Relaxed) {
                tracing::warn!(reason = %full, "producers get NOT_ENOUGH_REPLICAS until there is room");
            }
            Err(full)
        }
    }
}
