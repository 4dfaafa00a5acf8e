//! The journals of groups and transactional ids as Kafka keeps them: each change is a batch in the partition of its key.

use super::{CoordinatorLogs, CoordinatorTopic, partition_of};
use crate::Compression;
use crate::config::{BrokerConfig, ConfigError};
use crate::group::{GroupJournal, GroupRecords, OffsetsTransaction, TransactionOver};
use crate::ids::{ProducerEpoch, ProducerId, Sequence};
use crate::log::records::NewRecord;
use crate::log::{AppendError, Batch, Verification};
use crate::pool::Pool;
use crate::topic::Topics;
use crate::transaction::TransactionJournal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use uuid::Uuid;

/// The writer of one topic of coordinators. Without the topic nothing is kept: its coordinators serve no key then either.
#[derive(Debug)]
pub(in crate::cluster) struct TopicJournal {
    topic: CoordinatorTopic,
    partition_count: i32,
    compression: Compression,
    topics: Arc<Topics>,
    logs: Arc<CoordinatorLogs>,
    pool: Pool,
    /// Whether batches are refused now, so that only the first of them is logged.
    is_refused: AtomicBool,
}

impl TopicJournal {
    /// Returns the journal of groups over `topics`, with the memory of their logs.
    ///
    /// # Errors
    /// [`ConfigError::Conflict`] if `offsets.topic.compression.codec` is the number of no codec.
    pub(in crate::cluster) fn of_groups(
        config: &BrokerConfig,
        topics: &Arc<Topics>,
        logs: &Arc<CoordinatorLogs>,
        pool: &Pool,
    ) -> Result<Self, ConfigError> {
        let codec = config.offsets_topic_compression_codec;
        let compression = Compression::from_code(codec).ok_or_else(|| ConfigError::Conflict {
            // The text of Kafka's `CompressionType.forId`.
            reason: format!("Unknown compression type id: {codec}"),
        })?;
        Ok(Self {
            topic: CoordinatorTopic::Groups,
            partition_count: config.offsets_topic_partitions,
            compression,
            topics: Arc::clone(topics),
            logs: Arc::clone(logs),
            pool: pool.clone(),
            is_refused: AtomicBool::new(false),
        })
    }

    /// Returns the journal of transactional ids over `topics`, with the memory of their logs.
    pub(in crate::cluster) fn of_transactions(
        config: &BrokerConfig,
        topics: &Arc<Topics>,
        logs: &Arc<CoordinatorLogs>,
        pool: &Pool,
    ) -> Self {
        Self {
            topic: CoordinatorTopic::Transactions,
            partition_count: config.transaction_topic_partitions,
            // `TransactionLog.EnforcedCompression`.
            compression: Compression::None,
            topics: Arc::clone(topics),
            logs: Arc::clone(logs),
            pool: pool.clone(),
            is_refused: AtomicBool::new(false),
        }
    }

    fn append(&self, key: &str, records: &[NewRecord<'_>], now_ms: i64) {
        let batch = Batch::encode(records, self.compression, |_| {});
        let kept = self.keep(key, batch, Verification::None, now_ms);
        self.report(key, kept);
    }

    fn keep(
        &self,
        key: &str,
        batch: Batch,
        verification: Verification,
        now_ms: i64,
    ) -> Result<(), AppendError> {
        let partition = partition_of(&self.topics, self.topic, key, self.partition_count);
        let Some(partition) = partition else { return Ok(()) };
        // Memory is asked for before the lock, for which other appends and fetches wait.
        let batch = batch.into_pool(&self.pool)?;
        // A partition that went offline after an error keeps nothing. That error has been logged.
        if let Ok(mut state) = partition.write() {
            let appended = state.append_as_coordinator(batch, verification, now_ms)?;
            self.logs.note(state.log(), &appended);
        }
        Ok(())
    }

    fn report(&self, key: &str, kept: Result<(), AppendError>) {
        match kept {
            // The flag is loaded first: a store would take its cache line from all other threads.
            Ok(()) if self.is_refused.load(Ordering::Relaxed) => {
                self.is_refused.store(false, Ordering::Relaxed);
            }
            Ok(()) => {}
            Err(reason) => {
                if !self.is_refused.swap(true, Ordering::Relaxed) {
                    let topic = self.topic.name();
                    tracing::warn!(topic, key, %reason, "a change has no record in the topic of its coordinator");
                }
            }
        }
    }
}

impl GroupJournal for TopicJournal {
    fn topic_id(&self, topic: &str) -> Uuid {
        self.topics.get(topic).map_or(Uuid::nil(), |topic| topic.id)
    }

    fn append(&self, group_id: &str, now_ms: i64, records: &GroupRecords) {
        self.append(group_id, &new_records(now_ms, records), now_ms);
    }
}

/// The transaction of a producer, with the answer of its coordinator about the partition of `__consumer_offsets`.
#[derive(Debug)]
pub(super) struct VerifiedTransaction {
    pub(super) journal: Arc<TopicJournal>,
    pub(super) producer_id: ProducerId,
    pub(super) producer_epoch: ProducerEpoch,
    pub(super) verification: Verification,
}

impl OffsetsTransaction for VerifiedTransaction {
    fn producer_id(&self) -> ProducerId {
        self.producer_id
    }

    fn append(&self, group_id: &str, now_ms: i64, records: &GroupRecords) -> Result<(), TransactionOver> {
        let journal = &self.journal;
        let records = new_records(now_ms, records);
        let batch = Batch::encode(&records, journal.compression, |header| {
            // A coordinator writes without sequences. Source: `CoordinatorRuntime.append` and `MemoryRecordsBuilder`.
            header.set_producer(self.producer_id, self.producer_epoch, Sequence::NONE);
            header.set_transactional();
        });
        match journal.keep(group_id, batch, self.verification, now_ms) {
            Err(AppendError::NotInTransaction { .. }) => Err(TransactionOver::Ended),
            Err(AppendError::InvalidProducerEpoch { .. }) => Err(TransactionOver::Fenced),
            kept => {
                journal.report(group_id, kept);
                Ok(())
            }
        }
    }
}

impl TransactionJournal for TopicJournal {
    fn append(&self, transactional_id: &str, now_ms: i64, key: &[u8], value: Option<&[u8]>) {
        let record = NewRecord {
            timestamp_ms: now_ms,
            key: Some(key),
            value,
            headers: &[],
        };
        self.append(transactional_id, &[record], now_ms);
    }
}

fn new_records(now_ms: i64, records: &GroupRecords) -> Vec<NewRecord<'_>> {
    let new = |(key, value)| NewRecord {
        timestamp_ms: now_ms,
        key: Some(key),
        value,
        headers: &[],
    };
    records.iter().map(new).collect()
}
