//! Produce: appends record batches to partitions.
//!
//! Checks that need no partition state (counts, length, CRC) run before the partition's lock is taken, so that appends of others do not
//! wait for them. Leader, sequence and limits are checked under the lock. Source: Kafka's `ReplicaManager.appendRecords` and
//! `LogValidator`.

use super::RequestContext;
use super::access::{Denied, authorize, authorize_topic, find_topic};
use super::verify_transaction::{NotInTransaction, TransactionalWrite, VerifyError, WriteSupport, verify};
use crate::cluster::Cluster;
use crate::ids::Offset;
use crate::log::{AppendError, Appended, Batch, FramedBatch, InvalidBatch, Verification, is_transactional};
use crate::pool::OutOfMemory;
use crate::security::{AclOperation, Resource};
use crate::topic::leadership::NotServed;
use crate::topic::name::is_internal;
use crate::topic::{Partition, Topic, TopicKey};
use bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use uuid::Uuid;

/// The client id that may write to internal topics, as in Kafka (`AdminUtils.ADMIN_CLIENT_ID`).
const ADMIN_CLIENT_ID: &str = "__admin_client";

/// The fields of a request that apply to all its batches.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProduceTerms<'a> {
    /// 1, -1 for all in-sync replicas, or 0 for no answer. Any other value is an error of each partition.
    pub(crate) acks: i16,
    pub(crate) transactional_id: Option<&'a str>,
    /// The part of the transaction protocol that the client's version supports.
    pub(crate) support: WriteSupport,
    /// True if the batches may be compressed with zstd (Produce 7 and later).
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
    /// The coordinator is not asked, because the producer may not write as it does.
    #[error(transparent)]
    Unverifiable(AppendError),
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

/// The reason why a request fails as a whole, and no batch is appended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RefusedRequest {
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The first batch of a partition cannot be told from the bytes behind it.
    #[error(transparent)]
    Unreadable(#[from] InvalidBatch),
    #[error("Transactional records contained more than one producer ID")]
    SeveralProducers,
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

/// Checks what fails a request as a whole: the first batch of each partition must be readable as far as its attributes, and the client
/// must be allowed to write in transactions if any of them is transactional. Returns whether one is. Source: Kafka's
/// `KafkaApis.handleProduceRequest` and `RequestUtils.hasTransactionalRecords`.
///
/// # Errors
/// [`RefusedRequest`]. A transactional batch without a transactional id is [`Denied::TransactionalId`].
pub(crate) fn check_request<'a>(
    cluster: &Cluster,
    context: &RequestContext,
    terms: ProduceTerms<'_>,
    batches: impl Iterator<Item = &'a Bytes>,
) -> Result<bool, RefusedRequest> {
    for batch in batches {
        // As in Kafka, the search ends at the first transactional batch, so one that is unreadable behind it fails alone.
        if is_transactional(batch)? {
            let id = terms.transactional_id.ok_or(Denied::TransactionalId)?;
            let id = Resource::TransactionalId(id);
            authorize(cluster, context, AclOperation::Write, id)?;
            return Ok(true);
        }
    }
    Ok(false)
}

/// Returns whether a partition that exists is to have records that are null. Each partition is given with its batches, of which Kafka keeps
/// the last valid one, and it takes null for valid. Source: Kafka's `KafkaApis.handleProduceRequest` and `ProduceRequest.validateRecords`.
pub(crate) fn has_null_records<'a>(
    terms: ProduceTerms<'_>,
    mut partitions: impl Iterator<Item = (&'a ProduceTarget, i32, &'a [Option<Bytes>])>,
) -> bool {
    let is_kept = |batch: &&Option<Bytes>| batch.is_none() || validate(terms, (*batch).clone()).is_ok();
    partitions.any(|(topic, index, batches)| {
        let kept = batches.iter().rev().find(is_kept);
        kept.is_some_and(Option::is_none) && topic.partition(index).is_ok()
    })
}

/// Checks that the transactional batches of a request come from one producer. Each partition is given with its batches. Source: Kafka's
/// `ReplicaManager.handleProduceAppend`.
///
/// # Errors
/// [`RefusedRequest::SeveralProducers`].
pub(crate) fn check_one_producer<'a>(
    terms: ProduceTerms<'_>,
    partitions: impl Iterator<Item = (&'a ProduceTarget, i32, &'a [Option<Bytes>])>,
) -> Result<(), RefusedRequest> {
    let mut first = None;
    for (topic, index, batches) in partitions {
        if topic.partition(index).is_err() {
            continue;
        }
        let valid = batches
            .iter()
            .rev()
            .find_map(|batch| validate(terms, batch.clone()).ok());
        let Some(header) = valid.map(|framed| framed.header) else {
            continue;
        };
        if !header.is_transactional() || !header.has_producer_id() {
            continue;
        }
        let producer = (header.producer_id(), header.producer_epoch());
        if *first.get_or_insert(producer) != producer {
            return Err(RefusedRequest::SeveralProducers);
        }
    }
    Ok(())
}

/// Appends one batch to a partition of the topic.
///
/// A request may name a partition more than once. As in Kafka, which keeps the batches of a request by partition, the last valid batch is
/// appended, and an invalid one is the partition's error even so.
pub(crate) fn produce(
    cluster: &Cluster,
    context: &RequestContext,
    terms: ProduceTerms<'_>,
    topic: &ProduceTarget,
    index: i32,
    batches: impl IntoIterator<Item = Option<Bytes>>,
) -> Result<Appended, ProduceError> {
    let partition = topic.partition(index)?;
    let (mut valid, mut invalid) = (None, None);
    for records in batches {
        match validate(terms, records) {
            Ok(framed) => valid = Some(framed),
            Err(error) => invalid = Some(error),
        }
    }
    let appended = valid.map(|framed| append_framed(cluster, context, terms, partition, framed));
    match (invalid, appended) {
        (Some(error), _) => Err(error),
        (None, Some(appended)) => appended,
        (None, None) => Err(ProduceError::NoBatch),
    }
}

/// Takes the batch out of a partition's records. Source: Kafka's `ProduceRequest.validateRecords`.
fn validate(terms: ProduceTerms<'_>, records: Option<Bytes>) -> Result<FramedBatch, ProduceError> {
    let records = records
        .filter(|records| !records.is_empty())
        .ok_or(ProduceError::NoBatch)?;
    let framed = FramedBatch::read(records)?;
    if !terms.allows_zstd && framed.header.compression() == Some(crate::Compression::Zstd) {
        return Err(ProduceError::ZstdTooEarly);
    }
    Ok(framed)
}

fn append_framed(
    cluster: &Cluster,
    context: &RequestContext,
    terms: ProduceTerms<'_>,
    partition: &Partition,
    framed: FramedBatch,
) -> Result<Appended, ProduceError> {
    check_terms(context, terms, partition)?;
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
) -> Result<(), ProduceError> {
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
    check_terms(context, terms, partition)?;
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

/// Returns what is known of the transaction of a batch.
fn verification(
    cluster: &Cluster,
    context: &RequestContext,
    terms: ProduceTerms<'_>,
    partition: &Partition,
    batch: &Batch,
) -> Result<Verification, ProduceError> {
    let header = &batch.header;
    let (true, Some(transactional_id)) = (
        header.is_transactional() && header.has_producer_id(),
        terms.transactional_id,
    ) else {
        return Ok(Verification::None);
    };
    let write = TransactionalWrite {
        transactional_id,
        producer_id: header.producer_id(),
        producer_epoch: header.producer_epoch(),
        base_sequence: header.base_sequence(),
        support: terms.support,
    };
    verify(cluster, context, partition, write).map_err(|error| match error {
        VerifyError::NotServed(error) => error.into(),
        VerifyError::NotInTransaction(error) => ProduceError::NotInTransaction(error),
        VerifyError::Unverifiable(error) => ProduceError::Unverifiable(error),
    })
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
