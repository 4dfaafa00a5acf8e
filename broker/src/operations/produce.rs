//! Produce: appends record batches to partitions.
//!
//! Checks that need no partition state (counts, length, CRC) run before the partition's lock is taken, so that appends of others do not
//! wait for them. Leader, sequence and limits are checked under the lock. Source: Kafka's `ReplicaManager.appendRecords` and
//! `LogValidator`.

use super::RequestContext;
use super::access::{Denied, authorize, authorize_topic, find_topic};
use super::verify_transaction::{NotInTransaction, WriteSupport, add_or_verify};
use crate::cluster::Cluster;
use crate::ids::Offset;
use crate::log::header::BatchHeader;
use crate::log::{AppendError, Appended, Batch, FramedBatch, InvalidBatch, Unverified, Verification};
use crate::pool::OutOfMemory;
use crate::security::{AclOperation, Resource};
use crate::topic::leadership::NotServed;
use crate::topic::name::is_internal;
use crate::topic::{Partition, Topic, TopicKey};
use crate::transaction::TopicPartition;
use bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use uuid::Uuid;

/// The client id that may write to internal topics, as in Kafka (`AdminUtils.ADMIN_CLIENT_ID`).
const ADMIN_CLIENT_ID: &str = "__admin_client";
/// The bit of a batch's attributes that says that it is transactional.
const TRANSACTIONAL: u8 = 0x10;

/// The fields of a request that apply to all its batches.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProduceTerms<'a> {
    /// 1, -1 for all in-sync replicas, or 0 for no answer. Any other value is an error of each partition.
    pub(crate) acks: i16,
    pub(crate) transactional_id: Option<&'a str>,
    /// The part of the transaction protocol that the client's version supports.
    pub(crate) support: WriteSupport,
    /// Whether the batches may be compressed with zstd (Produce 7 and later).
    pub(crate) allows_zstd: bool,
}

/// The reason why a batch was not appended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProduceError {
    #[error("no topic has this id")]
    UnknownTopicId,
    #[error("invalid acks {acks}: must be -1, 0 or 1")]
    InvalidRequiredAcks { acks: i16 },
    #[error("invalid records: must be exactly one record batch per partition")]
    NoBatch,
    #[error("invalid compression zstd: a Produce request must have version 7 or later to use it")]
    ZstdTooEarly,
    #[error("Cannot append to internal topic {topic}")]
    InternalTopic { topic: Arc<str> },
    #[error("{}", Self::not_in_transaction(.0))]
    NotInTransaction(NotInTransaction),
    #[error(transparent)]
    NotServed(#[from] NotServed),
    /// Found before the log is looked at.
    #[error(transparent)]
    Invalid(#[from] InvalidBatch),
    #[error(transparent)]
    OutOfMemory(#[from] OutOfMemory),
    /// Refused by the log.
    #[error("{error}")]
    Append {
        error: AppendError,
        log_start_offset: Offset,
    },
}

impl ProduceError {
    /// Returns the text of Kafka's `ReplicaManager.handleProduceAppend`.
    fn not_in_transaction(error: &NotInTransaction) -> String {
        match error.retried_as_replication() {
            Some(name) => format!(
                "Unable to verify the partition has been added to the transaction. Underlying error: {name}"
            ),
            None => error.to_string(),
        }
    }
}

/// The topic of a request's batches, looked up once for all of them.
#[derive(Debug)]
pub(crate) enum ProduceTarget {
    Topic(Arc<Topic>),
    UnknownName,
    UnknownId,
    Unauthorized,
}

impl ProduceTarget {
    /// Looks up the topic of that name and checks that the client may write to it.
    pub(crate) fn of_name(cluster: &Cluster, context: &RequestContext, name: &str) -> Self {
        match authorize_topic(cluster, context, AclOperation::Write, name) {
            Ok(()) => cluster.topics.get(name).map_or(Self::UnknownName, Self::Topic),
            Err(_) => Self::Unauthorized,
        }
    }

    /// Looks up the topic with that id and checks that the client may write to it.
    pub(crate) fn of_id(cluster: &Cluster, context: &RequestContext, id: &Uuid) -> Self {
        match find_topic(cluster, context, AclOperation::Write, &TopicKey::Id(*id)) {
            Ok(topic) => topic.map_or(Self::UnknownId, Self::Topic),
            Err(_) => Self::Unauthorized,
        }
    }

    /// Returns the topic's name, if it was found.
    pub(crate) fn name(&self) -> Option<&str> {
        match self {
            Self::Topic(topic) => Some(&topic.name),
            Self::UnknownName | Self::UnknownId | Self::Unauthorized => None,
        }
    }

    fn partition(&self, index: i32) -> Result<&Partition, ProduceError> {
        let topic = match self {
            Self::Topic(topic) => topic,
            Self::UnknownName => return Err(NotServed::UnknownTopicOrPartition.into()),
            Self::UnknownId => return Err(ProduceError::UnknownTopicId),
            Self::Unauthorized => return Err(NotServed::Unauthorized.into()),
        };
        let partition = usize::try_from(index)
            .ok()
            .and_then(|index| topic.partitions.get(index));
        Ok(partition.ok_or(NotServed::UnknownTopicOrPartition)?)
    }
}

/// Checks that the client may write in transactions, if any of the batches is transactional. Source: Kafka's
/// `KafkaApis.handleProduceRequest` and `RequestUtils.hasTransactionalRecords`.
///
/// # Errors
/// [`Denied::TransactionalId`], also if the request has no transactional id.
pub(crate) fn authorize_transactional<'a>(
    cluster: &Cluster,
    context: &RequestContext,
    terms: ProduceTerms<'_>,
    mut batches: impl Iterator<Item = Option<&'a Bytes>>,
) -> Result<(), Denied> {
    if !batches.any(|batch| batch.is_some_and(is_transactional)) {
        return Ok(());
    }
    let id = terms.transactional_id.ok_or(Denied::TransactionalId)?;
    authorize(
        cluster,
        context,
        AclOperation::Write,
        Resource::TransactionalId(id),
    )
}

/// Appends one batch to a partition of the topic.
pub(crate) fn produce(
    cluster: &Cluster,
    context: &RequestContext,
    terms: ProduceTerms<'_>,
    topic: &ProduceTarget,
    index: i32,
    records: Option<Bytes>,
) -> Result<Appended, ProduceError> {
    let partition = topic.partition(index)?;
    let records = records
        .filter(|records| !records.is_empty())
        .ok_or(ProduceError::NoBatch)?;
    let framed = FramedBatch::read(records)?;
    check_terms(context, terms, partition, &framed.header)?;
    let bytes = framed.size_bytes();
    match framed.verify() {
        Ok(batch) => append(cluster, context, terms, partition, batch),
        Err(invalid) => Err(refusal(context, partition, bytes, invalid)),
    }
}

/// Checks what needs no partition state. The order is Kafka's: `KafkaApis` checks the records of each partition before `ReplicaManager`
/// looks at acks, and only the log looks into a batch.
fn check_terms(
    context: &RequestContext,
    terms: ProduceTerms<'_>,
    partition: &Partition,
    header: &BatchHeader,
) -> Result<(), ProduceError> {
    if !terms.allows_zstd && header.compression() == Some(crate::Compression::Zstd) {
        return Err(ProduceError::ZstdTooEarly);
    }
    if !matches!(terms.acks, -1..=1) {
        return Err(ProduceError::InvalidRequiredAcks { acks: terms.acks });
    }
    if is_internal(partition.topic()) && context.client_id != ADMIN_CLIENT_ID {
        let topic = Arc::clone(partition.topic());
        return Err(ProduceError::InternalTopic { topic });
    }
    Ok(())
}

/// Returns the error of a batch that failed its checks: a broker that does not lead the partition says that first.
fn refusal(
    context: &RequestContext,
    partition: &Partition,
    bytes: usize,
    invalid: InvalidBatch,
) -> ProduceError {
    let state = match partition.read() {
        Ok(state) => state,
        Err(offline) => return NotServed::Offline(offline).into(),
    };
    if let Err(not_served) = state.check_leadership(context.node_id, None) {
        return not_served.into();
    }
    ProduceError::Append {
        error: state.log().refusal(bytes, invalid, &state.settings),
        log_start_offset: state.log().log_start_offset(),
    }
}

/// Appends one batch that has been verified. Its body may be shared with batches in logs.
pub(crate) fn produce_verified(
    cluster: &Cluster,
    context: &RequestContext,
    terms: ProduceTerms<'_>,
    topic: &ProduceTarget,
    (index, batch): (i32, Batch),
) -> Result<Appended, ProduceError> {
    let partition = topic.partition(index)?;
    check_terms(context, terms, partition, &batch.header)?;
    append(cluster, context, terms, partition, batch)
}

fn append(
    cluster: &Cluster,
    context: &RequestContext,
    terms: ProduceTerms<'_>,
    partition: &Partition,
    batch: Batch,
) -> Result<Appended, ProduceError> {
    let verification = verification(cluster, context, terms, partition, &batch)?;
    let bytes = batch.size_bytes() as u64;
    admit(cluster)?;
    // The clock is read before the lock, for which other appends and fetches wait.
    let now_ms = cluster.clock.now_ms();
    // The guard ends with this block. It wakes waiting fetches, which then need not wait for the counters.
    let appended = {
        let mut state = partition.write().map_err(NotServed::Offline)?;
        state.check_leadership(context.node_id, None)?;
        state
            .append_verified(batch, verification, now_ms)
            .map_err(|error| ProduceError::Append {
                error,
                log_start_offset: state.log().log_start_offset(),
            })?
    };
    if !appended.is_duplicate {
        let records = appended.last_offset.0 - appended.base_offset.0 + 1;
        cluster.counters.count_in(records.unsigned_abs(), bytes);
    }
    Ok(appended)
}

/// Returns what is known of the transaction of a batch. The coordinator is asked before the first batch of a transaction in a partition.
/// Source: Kafka's `ReplicaManager.maybeStartTransactionVerificationForPartition`.
fn verification(
    cluster: &Cluster,
    context: &RequestContext,
    terms: ProduceTerms<'_>,
    partition: &Partition,
    batch: &Batch,
) -> Result<Verification, ProduceError> {
    let header = &batch.header;
    let (true, Some(id)) = (
        header.is_transactional() && header.has_producer_id(),
        terms.transactional_id,
    ) else {
        return Ok(Verification::None);
    };
    // A write that adds its partition is always told to the coordinator.
    if !cluster.config.verifies_transactions && terms.support != WriteSupport::AddsPartition {
        return Ok(Verification::Disabled);
    }
    let (producer_id, producer_epoch) = (header.producer_id(), header.producer_epoch());
    let unverified = Unverified {
        producer_id,
        producer_epoch,
        base_sequence: header.base_sequence(),
        supports_epoch_bump: terms.support == WriteSupport::AddsPartition,
    };
    let guard = {
        let mut state = partition.write().map_err(NotServed::Offline)?;
        state.check_leadership(context.node_id, None)?;
        let begun = state.begin_verification(unverified, cluster.clock.now_ms());
        begun.map_err(|error| ProduceError::Append {
            error,
            log_start_offset: state.log().log_start_offset(),
        })?
    };
    // The partition is not locked while the coordinator is asked. If a marker comes in between, the append with this guard fails.
    let Some(guard) = guard else {
        return Ok(Verification::None);
    };
    let asked = TopicPartition {
        topic: Arc::clone(partition.topic()),
        partition: partition.index,
    };
    add_or_verify(cluster, id, (producer_id, producer_epoch), asked, terms.support)
        .map_err(ProduceError::NotInTransaction)?;
    Ok(Verification::Confirmed(guard))
}

/// Returns whether the batch says that it is transactional. Its other fields are checked later.
fn is_transactional(batch: &Bytes) -> bool {
    // The attributes of a batch of version 2 are its bytes 21 and 22.
    batch
        .get(22)
        .is_some_and(|attributes| attributes & TRANSACTIONAL != 0)
}

/// Checks that the memory limit is not reached. Logs a warning once until there is room again.
fn admit(cluster: &Cluster) -> Result<(), OutOfMemory> {
    let is_full = &cluster.counters.is_memory_full;
    // Nothing is added: the batch's bytes count since its frame was read.
    match cluster.pool.admit(0) {
        Ok(()) => {
            // The flag is loaded first, because every thread that appends reads it, and a store would take its cache line from all of them.
            // The order is relaxed, because the flag guards no other memory.
            if is_full.load(Ordering::Relaxed) {
                is_full.store(false, Ordering::Relaxed);
            }
            Ok(())
        }
        Err(full) => {
            if !is_full.swap(true, Ordering::Relaxed) {
                // Producers retry endlessly, and each try would be a line.
                tracing::warn!(reason = %full, "producers get NOT_ENOUGH_REPLICAS until there is room");
            }
            Err(full)
        }
    }
}
