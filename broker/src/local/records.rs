//! Records and offsets of partitions, for a client in the same process.

use super::{Client, Error, FetchPosition, FetchedPartition, OffsetSpec};
use crate::fetch::{Fetched, PartitionKey, ReadableReplicas, WantedPartition};
use crate::ids::{NodeId, Offset};
use crate::log::{Appended, Part};
use crate::operations::RequestContext;
use crate::operations::fetch::{FetchLimits, read};
use crate::operations::list_offsets::{Query, Reader, Spec, list_offset};
use crate::operations::produce::{ProduceError, ProduceTarget, ProduceTerms, produce};
use crate::operations::verify_transaction::WriteSupport;
use crate::topic::TopicKey;
use crate::{BatchHeader, records};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

/// The terms of every batch from this process.
pub(super) const TERMS: ProduceTerms<'static> = ProduceTerms {
    // Followers are simulated, so waiting for all replicas costs nothing.
    acks: -1,
    transactional_id: None,
    support: WriteSupport::AddsPartition,
    allows_zstd: true,
};

impl Client {
    /// Appends one batch, such as one of [`records::encode_batch`]. Returns the offset of its first record.
    ///
    /// # Errors
    /// Those of Produce, such as UNKNOWN_TOPIC_OR_PARTITION or NOT_ENOUGH_REPLICAS at the memory limit.
    pub async fn produce(&self, topic: &str, partition: i32, batch: Bytes) -> Result<Offset, Error> {
        // The log keeps the bytes it is given, so they must be in charged memory.
        let batch = self
            .cluster
            .pool
            .copy(&batch)
            .map_err(|full| Error::from(&ProduceError::from(full)))?;
        self.at_partition(topic, partition, |context, target| {
            // The batch is kept for a second try at another leader. A clone shares the bytes.
            let batch = Some(batch.clone());
            produce(&self.cluster, context, TERMS, target, partition, [batch])
        })
    }

    /// Appends at the leader of a partition. If another broker is the leader by now, tries once more there, as a producer does.
    pub(super) fn at_partition(
        &self,
        topic: &str,
        partition: i32,
        append: impl Fn(&RequestContext, &ProduceTarget) -> Result<Appended, ProduceError>,
    ) -> Result<Offset, Error> {
        let ask = || {
            let context = self.at_leader(self.leader(topic, partition)?)?;
            let target = ProduceTarget::of_name(&self.cluster, &context, topic);
            append(&context, &target).map_err(|error| Error::from(&error))
        };
        let appended = match ask() {
            Err(error) if self.check_leaders(topic, &error) => ask(),
            // A second error is the caller's to handle. Trying on would wait for an election that may not come.
            answer => answer,
        };
        Ok(appended?.base_offset)
    }

    /// Reads the partitions of one topic at `positions`; waits up to `max_wait` for `min_bytes`. `max_bytes` bounds the whole answer.
    /// The answer has the partitions of every leader that has answered by then, errors included; those of a leader that still waits for
    /// records are missing.
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
        let limits = FetchLimits {
            max_wait,
            min_bytes,
            max_bytes,
            // Kafka's default. AWS does not say how Lambda's consumers read.
            is_read_committed: false,
            replicas: ReadableReplicas::Leader,
        };
        let first = positions.first().map_or(0, |position| position.partition);
        let leader = self.leader(topic, first)?;
        let leaders = self.leaders(topic)?;
        let leader_of = |position: &FetchPosition| {
            let index = usize::try_from(position.partition).unwrap_or(usize::MAX);
            leaders.get(index).copied().unwrap_or(leader)
        };
        // Most calls have one leader, which needs neither a list of futures nor boxes.
        if positions.iter().all(|position| leader_of(position) == leader) {
            return Ok(self.fetch_from(leader, topic, positions, limits).await);
        }
        let mut by_leader: BTreeMap<NodeId, Vec<FetchPosition>> = BTreeMap::new();
        for position in positions {
            by_leader.entry(leader_of(position)).or_default().push(*position);
        }
        Ok(self.fetch_from_several(by_leader, topic, limits).await)
    }

    /// Fetches from several leaders at once and returns the answers that arrive first. The other fetches are dropped, which loses nothing.
    async fn fetch_from_several(
        &self,
        by_leader: BTreeMap<NodeId, Vec<FetchPosition>>,
        topic: &str,
        limits: FetchLimits,
    ) -> Vec<FetchedPartition> {
        let fetches = by_leader.into_iter().map(|(leader, positions)| {
            let limits = limits.clone();
            let fetch = async move { self.fetch_from(leader, topic, &positions, limits).await };
            Box::pin(fetch) as Pin<Box<dyn Future<Output = Vec<FetchedPartition>> + Send + '_>>
        });
        let mut fetches: Vec<_> = fetches.collect();
        poll_fn(|context| {
            let mut answers = Vec::new();
            // All are polled, so that leaders which are ready at the same time share one answer.
            for fetch in &mut fetches {
                if let Poll::Ready(answer) = fetch.as_mut().poll(context) {
                    answers.extend(answer);
                }
            }
            if answers.is_empty() {
                Poll::Pending
            } else {
                Poll::Ready(answers)
            }
        })
        .await
    }

    async fn fetch_from(
        &self,
        leader: NodeId,
        topic: &str,
        positions: &[FetchPosition],
        limits: FetchLimits,
    ) -> Vec<FetchedPartition> {
        let context = match self.at_leader(leader) {
            Ok(context) => context,
            Err(error) => {
                self.check_leaders(topic, &error);
                return positions
                    .iter()
                    .map(|position| failed(position.partition, error.clone()))
                    .collect();
            }
        };
        let key = TopicKey::Name(topic.into());
        let wanted: Vec<_> = positions
            .iter()
            .map(|position| WantedPartition {
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
        let fetched = read(&self.cluster, &context, &wanted, limits).await.partitions;
        let fetched = fetched.into_iter().map(|fetched| match fetched.result {
            Ok(read) => FetchedPartition {
                partition: fetched.key.partition,
                high_watermark: read.high_watermark,
                log_start_offset: read.log_start_offset,
                batches: Ok(batches(read)),
            },
            Err(error) => {
                let error = Error::from(&error);
                self.check_leaders(topic, &error);
                failed(fetched.key.partition, error)
            }
        });
        fetched.collect()
    }

    /// Returns one offset for each of `partitions`, in that order; -1 if no record is that late.
    ///
    /// # Errors
    /// UNKNOWN_TOPIC_OR_PARTITION.
    pub async fn list_offsets(
        &self,
        topic: &str,
        partitions: &[i32],
        spec: OffsetSpec,
    ) -> Result<Vec<Offset>, Error> {
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
                reader: Reader::Consumer {
                    is_read_committed: false,
                },
            };
            let found = self.leader(topic, *partition).and_then(|leader| {
                let context = self.at_leader(leader)?;
                list_offset(&self.cluster, &context, &key, query).map_err(|error| Error::from(&error))
            });
            let found = found.inspect_err(|error| {
                self.check_leaders(topic, error);
            });
            offsets.push(found?.offset);
        }
        Ok(offsets)
    }
}

fn failed(partition: i32, error: Error) -> FetchedPartition {
    FetchedPartition {
        partition,
        high_watermark: Offset(-1),
        log_start_offset: Offset(-1),
        batches: Err(error),
    }
}

/// Returns the batches of a slice. The log returns a large batch as header and body, and several small ones in one piece, which is split.
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
