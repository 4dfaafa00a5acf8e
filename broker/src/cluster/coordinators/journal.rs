//! The journals of groups and transactional ids as Kafka keeps them: each change is a batch in the partition of its key.

use super::{CoordinatorLogs, CoordinatorTopic, partition_of};
use crate::Compression;
use crate::config::{BrokerConfig, ConfigError};
use crate::group::{GroupJournal, GroupRecords};
use crate::ids::{ProducerEpoch, ProducerId, Sequence};
use crate::log::records::{NewRecord, encode_batch};
use crate::log::{AppendError, Batch};
use crate::pool::Pool;
use crate::topic::{Partition, Topics};
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

    fn append(
        &self,
        key: &str,
        records: &[NewRecord<'_>],
        producer: Option<(ProducerId, ProducerEpoch)>,
        now_ms: i64,
    ) {
        let partition = partition_of(&self.topics, self.topic, key, self.partition_count);
        let Some(partition) = partition else { return };
        let batch = Batch::verify(encode_batch(records, self.compression));
        let mut batch = batch.expect("a batch that was just encoded is valid");
        if let Some((producer_id, producer_epoch)) = producer {
            // A coordinator writes without sequences. Source: `CoordinatorRuntime.append` and `MemoryRecordsBuilder`.
            batch
                .header
                .set_producer(producer_id, producer_epoch, Sequence::NONE);
            batch.header.set_transactional();
            batch.header.set_crc(batch.header.compute_crc(&batch.body));
        }
        let kept = self.keep(&partition, batch, now_ms);
        self.report(key, kept);
    }

    fn keep(&self, partition: &Partition, batch: Batch, now_ms: i64) -> Result<(), AppendError> {
        // Logs keep the bytes that they are given, so these must be in the memory of logs.
        let body = self.pool.copy(&batch.body)?;
        // A partition that went offline after an error keeps nothing. That error has been logged.
        if let Ok(mut state) = partition.write() {
            let appended = state.append_as_coordinator(Batch { body, ..batch }, now_ms)?;
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
        self.append(group_id, &new_records(now_ms, records), None, now_ms);
    }

    fn append_in_transaction(
        &self,
        group_id: &str,
        now_ms: i64,
        producer: (ProducerId, ProducerEpoch),
        records: &GroupRecords,
    ) {
        self.append(group_id, &new_records(now_ms, records), Some(producer), now_ms);
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
        self.append(transactional_id, &[record], None, now_ms);
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
