//! Records and offsets of partitions, for a client in the same process.

use super::{Client, Error, FetchPosition, FetchedPartition, OffsetSpec};
use crate::fetch::{Fetched, PartitionKey, Wanted};
use crate::ids::Offset;
use crate::log::Part;
use crate::operations::fetch::{Limits, read};
use crate::operations::list_offsets::{Query, Spec, list_offset};
use crate::operations::metadata::MetadataError;
use crate::operations::produce::{ProduceError, Target, Terms, produce};
use crate::topic::TopicKey;
use crate::{BatchHeader, records};
use bytes::Bytes;
use std::time::Duration;

/// What holds for every batch that comes from this process.
pub(super) const TERMS: Terms = Terms {
    acks: -1,
    is_transactional: false,
    allows_zstd: true,
};

impl Client {
    /// Appends one batch, as [`records::encode_batch`] makes them; the first record's offset.
    ///
    /// # Errors
    /// Those of Produce, such as UNKNOWN_TOPIC_OR_PARTITION or NOT_ENOUGH_REPLICAS at the memory limit.
    pub async fn produce(&self, topic: &str, partition: i32, batch: Bytes) -> Result<Offset, Error> {
        // The log keeps what it is given, so it has to be memory that is counted.
        let batch = self
            .cluster
            .pool
            .copy(&batch)
            .map_err(|full| Error::from(&ProduceError::from(full)))?;
        let context = self.context();
        let topic = Target::of_name(&self.cluster, &context, topic);
        let outcome = produce(&self.cluster, &context, TERMS, &topic, partition, Some(batch));
        match outcome {
            Ok(appended) => Ok(appended.base_offset),
            Err(error) => Err(Error::from(&error)),
        }
    }

    /// Reads the partitions of one topic at `positions`; waits up to `max_wait` for `min_bytes`. `max_bytes` bounds the whole answer.
    /// The answer has every partition that was asked for, errors included.
    ///
    /// # Errors
    /// UNKNOWN_TOPIC_OR_PARTITION when the topic does not exist.
    pub async fn fetch(
        &self,
        topic: &str,
        positions: &[FetchPosition],
        max_wait: Duration,
        min_bytes: usize,
        max_bytes: usize,
    ) -> Result<Vec<FetchedPartition>, Error> {
        self.check_topic(topic)?;
        let limits = Limits {
            max_wait,
            min_bytes,
            max_bytes,
            is_read_committed: false,
        };
        let key = TopicKey::Name(topic.into());
        let wanted: Vec<_> = positions
            .iter()
            .map(|position| Wanted {
                key: PartitionKey {
                    topic: key.clone(),
                    partition: position.partition,
                },
                resolved_name: None,
                fetch_offset: position.offset,
                max_bytes: position.max_bytes,
                current_leader_epoch: None,
                last_fetched_epoch: None,
            })
            .collect();
        let fetched = read(&self.cluster, &self.context(), &wanted, limits).await;
        let fetched = fetched.into_iter().map(|fetched| match fetched.result {
            Ok(read) => FetchedPartition {
                partition: fetched.key.partition,
                high_watermark: read.high_watermark,
                log_start_offset: read.log_start_offset,
                batches: Ok(batches(read)),
            },
            Err(error) => FetchedPartition {
                partition: fetched.key.partition,
                high_watermark: Offset(-1),
                log_start_offset: Offset(-1),
                batches: Err(Error::from(&error)),
            },
        });
        Ok(fetched.collect())
    }

    /// One offset per partition of `partitions`, in that order; -1 when no record is that late.
    ///
    /// # Errors
    /// UNKNOWN_TOPIC_OR_PARTITION.
    pub async fn list_offsets(
        &self,
        topic: &str,
        partitions: &[i32],
        spec: OffsetSpec,
    ) -> Result<Vec<Offset>, Error> {
        self.check_topic(topic)?;
        let key = TopicKey::Name(topic.into());
        let mut offsets = Vec::with_capacity(partitions.len());
        for partition in partitions {
            let query = Query {
                partition: *partition,
                current_leader_epoch: None,
                spec: match spec {
                    OffsetSpec::Earliest => Spec::Earliest,
                    OffsetSpec::Latest => Spec::Latest,
                    OffsetSpec::Timestamp(timestamp_ms) => Spec::Timestamp(timestamp_ms),
                },
                is_read_committed: false,
            };
            let found = list_offset(&self.cluster, &self.context(), &key, query);
            offsets.push(found.map_err(|error| Error::from(&error))?.offset);
        }
        Ok(offsets)
    }

    fn check_topic(&self, topic: &str) -> Result<(), Error> {
        match self.cluster.topics.get(topic) {
            Some(_) => Ok(()),
            None => Err(Error::from(&MetadataError::UnknownTopic)),
        }
    }
}

/// The batches of a slice. A large one comes as header and body; a run of small ones is cut.
fn batches(fetched: Fetched) -> Vec<(BatchHeader, Bytes)> {
    let mut batches = Vec::with_capacity(fetched.records.parts.len());
    let mut parts = fetched.records.parts.into_iter();
    while let Some(part) = parts.next() {
        match part {
            Part::Header(header) => {
                let Some(Part::Bytes(body)) = parts.next() else {
                    unreachable!("a header is followed by its body");
                };
                batches.push((BatchHeader(header), body));
            }
            Part::Bytes(run) => batches.extend(records::batches(run)),
        }
    }
    batches
}
