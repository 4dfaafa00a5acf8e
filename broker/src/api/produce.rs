//! Produce: appends record batches to partitions.
//!
//! # Versions
//! 3 to 13, advertised from 0 as in Kafka (KIP-896): librdkafka turns compression off if the range starts later. A request of version 0 to
//! 2 closes the connection.
//!
//! # Behaviour
//! Each partition's batch is checked and appended by itself. `acks=0` gets no answer, or a closed connection if a batch failed. `acks=1`
//! and `acks=-1` are both answered as soon as the batch is in the leader's log. A batch whose length or format cannot be, a transactional
//! batch without the permission, and transactional batches of several producers fail the whole request. A topic or partition that is named
//! twice is answered once.
//!
//! A request in which records are null has no answer if one of these partitions exists, or if the request fails as a whole: Kafka's error
//! answer counts the bytes of all records.
//!
//! # Differs from Apache Kafka
//! - A log that begins a new segment drops expired ones at once, so `log_start_offset` may be ahead of Kafka's, which drops them at its
//!   next check.
//! - At the memory limit nothing is appended, and the answer is NOT_ENOUGH_REPLICAS with a message.
//! - Records are read only where a config of the topic asks for it, or the header's largest timestamp is out of range. Otherwise a body
//!   that does not decompress, or a malformed record, is accepted. Kafka reads each record.
//! - Of a batch's refused records the first 10,000 are named. Kafka names all.
//!
//! # Notes by KIP
//! KIP-467: record errors from version 8 on. KIP-516: topic ids in version 13. KIP-951: the current leader from version 10 on.

mod batches;
mod record_errors;
mod request;

use super::answer::produce::{Few, PartitionAnswer, ProduceAnswer, Refusal, TOPIC_IDS_FROM, TopicAnswer};
use super::errors::{KafkaError, RequestError};
use super::{Answer, Answering, Api, Delivery};
use crate::cluster::{Cluster, NodeEndpoint};
use crate::ids::NodeId;
use crate::log::{AppendError, Appended, InvalidBatch};
use crate::operations::RequestContext;
use crate::operations::produce::{
    ProduceError, ProduceTarget, ProduceTerms, RefusedRequest, check_one_producer, check_request,
    has_null_records, produce,
};
use crate::operations::verify_transaction::WriteSupport;
use crate::topic::leadership::NotServed;
use batches::{TopicBatches, by_partition};
use bytes::Bytes;
use request::ProduceRequest;
use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Kafka's `ProduceRequest`.
pub(super) struct Produce;

/// The first version whose answer may name the current leader.
const CURRENT_LEADER_FROM: i16 = 10;
/// The first version that allows zstd (KIP-110).
const ZSTD_FROM: i16 = 7;

impl Api for Produce {
    type Request = ProduceRequest;

    const VERSIONS: RangeInclusive<i16> = 3..=13;
    const ADVERTISED_FROM: i16 = 0;

    fn handle(
        cluster: &Arc<Cluster>,
        context: &Arc<RequestContext>,
        version: i16,
        request: ProduceRequest,
    ) -> Answering {
        let terms = ProduceTerms {
            acks: request.acks,
            transactional_id: request.transactional_id.as_deref(),
            support: WriteSupport::of_produce(version),
            allows_zstd: version >= ZSTD_FROM,
        };
        let batches = || request.topics.iter().flat_map(|topic| &topic.partitions);
        let is_null_somewhere = batches().any(|data| data.records.is_none());
        let batches = batches().filter_map(|data| data.records.as_ref());
        let checked = check_request(cluster, context, terms, batches);
        let topics = by_partition(request.topics);
        let is_transactional = match checked {
            Ok(is_transactional) => is_transactional,
            Err(refused) => {
                let answer = refused_whole(request.acks, &topics, &refused);
                return Answering::Now(if is_null_somewhere {
                    unanswered(answer)
                } else {
                    answer
                });
            }
        };
        // Each topic is looked up and authorised once for all its partitions.
        let targets = topics.iter().map(|topic| {
            if version >= TOPIC_IDS_FROM {
                ProduceTarget::of_id(cluster, context, &topic.id)
            } else {
                ProduceTarget::of_name(cluster, context, &topic.name)
            }
        });
        let targets: Few<_> = targets.collect();
        if is_null_somewhere && has_null_records(terms, partitions(&targets, &topics)) {
            let code = RequestError::UnknownServerError.code();
            return Answering::Now(unanswered(refusal(request.acks, &topics, code, None)));
        }
        if is_transactional && let Err(refused) = check_one_producer(terms, partitions(&targets, &topics)) {
            let answer = refused_whole(request.acks, &topics, &refused);
            return Answering::Now(if is_null_somewhere {
                unanswered(answer)
            } else {
                answer
            });
        }
        let mut answer = AnswerBuilder {
            version,
            has_error: false,
            leaders: BTreeSet::new(),
        };
        let mut answered = Few::with_capacity(topics.len());
        for (topic, target) in topics.into_iter().zip(&targets) {
            let mut partitions = Few::with_capacity(topic.partitions.len());
            for data in topic.partitions {
                let outcome = produce(cluster, context, terms, target, data.index, data.batches);
                let name = target.name().unwrap_or_default();
                partitions.push(answer.partition((name, data.index), outcome));
            }
            answered.push(TopicAnswer {
                name: topic.name,
                id: topic.id,
                partitions,
            });
        }
        let delivery = delivery(request.acks, answer.has_error);
        let answer = ProduceAnswer {
            topics: answered,
            node_endpoints: answer.node_endpoints(cluster, context),
        };
        Answering::Now(Answer::from(answer).delivered_as(delivery))
    }

    fn refuse(_version: i16, request: &ProduceRequest, code: i16) -> Answer {
        refusal(request.acks, &by_partition(request.topics.clone()), code, None)
    }
}

/// Returns the answer of a request that fails so in Kafka that it is never sent.
fn unanswered(answer: Answer) -> Answer {
    answer.delivered_as(Delivery::Never)
}

fn refused_whole(acks: i16, topics: &Few<TopicBatches>, refused: &RefusedRequest) -> Answer {
    let message = record_errors::of_request(refused);
    refusal(acks, topics, refused.code(), message.as_deref())
}

/// Returns the answer that has one error for each partition. Source: Kafka's `ProduceRequest.getErrorResponse`.
fn refusal(acks: i16, topics: &Few<TopicBatches>, code: i16, message: Option<&str>) -> Answer {
    let topics = topics.iter().map(|topic| TopicAnswer {
        name: topic.name.clone(),
        id: topic.id,
        partitions: topic
            .partitions
            .iter()
            .map(|partition| refused(partition.index, code, message))
            .collect(),
    });
    let answer = ProduceAnswer {
        topics: topics.collect(),
        node_endpoints: Vec::new(),
    };
    Answer::from(answer).delivered_as(delivery(acks, true))
}

/// Returns the partitions of all topics, each with its topic and its batches.
fn partitions<'a>(
    targets: &'a Few<ProduceTarget>,
    topics: &'a Few<TopicBatches>,
) -> impl Iterator<Item = (&'a ProduceTarget, i32, &'a [Option<Bytes>])> {
    targets.iter().zip(topics).flat_map(|(target, topic)| {
        let partitions = topic.partitions.iter();
        partitions.map(move |partition| (target, partition.index, &*partition.batches))
    })
}

/// Returns the delivery of an answer. A producer with `acks=0` does not wait for a response, so an error can only close its connection.
fn delivery(acks: i16, has_error: bool) -> Delivery {
    match (acks, has_error) {
        (0, false) => Delivery::Nothing,
        // The producer notices the closed connection and refreshes its metadata.
        (0, true) => Delivery::ClosedConnection,
        _ => Delivery::Response,
    }
}

fn refused(index: i32, error_code: i16, message: Option<&str>) -> PartitionAnswer {
    PartitionAnswer {
        index,
        outcome: Err(Box::new(Refusal {
            error_code,
            log_start_offset: None,
            refused_records: Vec::new(),
            error_message: message.map(str::to_owned),
            current_leader: None,
        })),
    }
}

/// Returns the log start offset of an error's answer. Source: `ReplicaManager.appendRecordsToLeader`, which leaves it out for the errors
/// that it expects.
fn log_start_offset(error: &ProduceError) -> Option<i64> {
    let ProduceError::Append {
        error,
        log_start_offset,
    } = error
    else {
        return None;
    };
    let is_expected = matches!(
        error,
        AppendError::TooLarge { .. }
            | AppendError::TooLargeForSegment { .. }
            | AppendError::OutOfMemory(_)
            | AppendError::InvalidBatch(InvalidBatch::Corrupt { .. })
    );
    (!is_expected).then_some(log_start_offset.0)
}

struct AnswerBuilder {
    version: i16,
    has_error: bool,
    leaders: BTreeSet<NodeId>,
}

impl AnswerBuilder {
    fn partition(
        &mut self,
        partition: (&str, i32),
        outcome: Result<Appended, ProduceError>,
    ) -> PartitionAnswer {
        PartitionAnswer {
            index: partition.1,
            outcome: outcome.map_err(|error| Box::new(self.refusal(partition, &error))),
        }
    }

    fn refusal(&mut self, partition: (&str, i32), error: &ProduceError) -> Refusal {
        tracing::debug!(topic = partition.0, partition = partition.1, reason = %error, "refused a batch");
        self.has_error = true;
        let (refused_records, error_message) = record_errors::of(partition, error);
        Refusal {
            error_code: error.code(),
            log_start_offset: log_start_offset(error),
            refused_records,
            error_message,
            current_leader: self.current_leader(error),
        }
    }

    fn current_leader(&mut self, error: &ProduceError) -> Option<(i32, i32)> {
        match error {
            // As in `KafkaApis`, only NOT_LEADER_OR_FOLLOWER names the leader: a producer sends no leader epoch that could be fenced.
            ProduceError::NotServed(NotServed::NotLeader(current)) if self.version >= CURRENT_LEADER_FROM => {
                // Each leader is named once, even if it leads many of the refused partitions.
                self.leaders.insert(current.leader_id);
                Some((current.leader_id.0, current.leader_epoch.0))
            }
            _ => None,
        }
    }

    fn node_endpoints(&self, cluster: &Cluster, context: &RequestContext) -> Vec<NodeEndpoint> {
        let leaders = self.leaders.iter();
        leaders
            .filter_map(|id| cluster.endpoint(*id, &context.ingress))
            .collect()
    }
}
