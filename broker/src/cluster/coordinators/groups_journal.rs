//! The journal of groups as Kafka keeps it: each change of a group is a batch in the group's partition of `__consumer_offsets`.

use super::{CoordinatorTopic, partition_of};
use crate::Compression;
use crate::config::{BrokerConfig, ConfigError};
use crate::group::{GroupJournal, GroupRecords};
use crate::log::records::{NewRecord, encode_batch};
use crate::log::{AppendError, Batch};
use crate::pool::Pool;
use crate::topic::{Partition, Topics};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use uuid::Uuid;

/// The writer of `__consumer_offsets`. Without the topic nothing is kept: no group is served then either.
#[derive(Debug)]
pub(in crate::cluster) struct GroupsJournal {
    topics: Arc<Topics>,
    pool: Pool,
    partition_count: i32,
    compression: Compression,
    /// Set while batches are refused, so that only the first of them is logged.
    is_refused: AtomicBool,
}

impl GroupsJournal {
    /// Returns the journal over `topics`, with the memory of their logs.
    ///
    /// # Errors
    /// [`ConfigError::Conflict`] if `offsets.topic.compression.codec` is the number of no codec.
    pub(in crate::cluster) fn new(
        config: &BrokerConfig,
        topics: Arc<Topics>,
        pool: Pool,
    ) -> Result<Self, ConfigError> {
        let codec = config.offsets_topic_compression_codec;
        let compression = Compression::from_code(codec).ok_or_else(|| ConfigError::Conflict {
            // The text of Kafka's `CompressionType.forId`.
            reason: format!("Unknown compression type id: {codec}"),
        })?;
        Ok(Self {
            topics,
            pool,
            partition_count: config.offsets_topic_partitions,
            compression,
            is_refused: AtomicBool::new(false),
        })
    }

    fn keep(&self, partition: &Partition, batch: Batch, now_ms: i64) -> Result<(), AppendError> {
        // Logs keep the bytes that they are given, so these must be in the memory of logs.
        let body = self.pool.copy(&batch.body)?;
        // A partition that went offline after an error keeps nothing. That error has been logged.
        if let Ok(mut state) = partition.write() {
            state.append(Batch { body, ..batch }, now_ms)?;
        }
        Ok(())
    }

    fn report(&self, group_id: &str, kept: Result<(), AppendError>) {
        match kept {
            // The flag is loaded first: a store would take its cache line from all other threads.
            Ok(()) if self.is_refused.load(Ordering::Relaxed) => {
                self.is_refused.store(false, Ordering::Relaxed)
            }
            Ok(()) => {}
            Err(reason) => {
                if !self.is_refused.swap(true, Ordering::Relaxed) {
                    tracing::warn!(group_id, %reason, "a change of a group is missing in __consumer_offsets");
                }
            }
        }
    }
}

impl GroupJournal for GroupsJournal {
    fn topic_id(&self, topic: &str) -> Uuid {
        self.topics.get(topic).map_or(Uuid::nil(), |topic| topic.id)
    }

    fn append(&self, group_id: &str, now_ms: i64, records: &GroupRecords) {
        let Some(partition) = partition_of(
            &self.topics,
            CoordinatorTopic::Groups,
            group_id,
            self.partition_count,
        ) else {
            return;
        };
        let new = |(key, value)| NewRecord {
            timestamp_ms: now_ms,
            key: Some(key),
            value,
            headers: &[],
        };
        let records: Vec<_> = records.iter().map(new).collect();
        let batch = Batch::verify(encode_batch(&records, self.compression));
        let batch = batch.expect("a batch that was just encoded is valid");
        let kept = self.keep(&partition, batch, now_ms);
        self.report(group_id, kept);
    }
}
