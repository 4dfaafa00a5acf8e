//! Fetch: reads records from partitions.
//!
//! # Versions
//! 4 to 18.
//!
//! # Behaviour
//! Waits up to `max_wait_ms` for `min_bytes` over all partitions; an error of any partition that exists ends the wait. Sessions exist from
//! version 7 on. An answer has at most `fetch.max.bytes` of records unless its first batch is larger. Records are written from the log without a copy.
//! A partition that is named twice is answered once. From version 11 on any replica answers a consumer, and with
//! `replica.selector.class` a leader names a follower in the consumer's rack.
//!
//! A partition of the zero topic id before another partition of the answer makes Kafka fail, because it compares topics without an id by
//! their names, and there is none: the answer is UNKNOWN_SERVER_ERROR, or none at all if the fetch had to wait.
//!
//! # Differs from Apache Kafka
//! A replica id is only looked at as Kafka tells a follower from a consumer: brokers do not replicate, so no state of a replica is kept.
//! An answer has whole batches only; Kafka's may end in the middle of one, which clients skip.
//! Under `read_committed` the aborted transactions are those of the records in the answer. Kafka's search ends at the next entry of its
//! sparse index, so it may also list later ones, which clients do not use.
//!
//! # Notes by KIP
//! KIP-74: bounds that a first batch may exceed. KIP-98: `read_committed`. KIP-227: sessions. KIP-320: leader epochs. KIP-392: reading from followers (11). KIP-516: topic ids
//! (13). KIP-595: diverging epochs (12). KIP-951: the current leader (16; the field exists from 12 on).

use super::answer::fetch::{FetchAnswer, PartitionAnswer, TopicAnswer};
use super::errors::{KafkaError, RequestError, code_instead_of_storage_error};
use super::fields::{has_repeats, topic_key};
use super::{Answer, Answering, Api, Delivery};
use crate::cluster::Cluster;
use crate::fetch::session::{SessionError, SessionRequest};
use crate::fetch::{FetchError, FetchedPartition, PartitionKey, ReadableReplicas, WantedPartition};
use crate::ids::{LeaderEpoch, Offset};
use crate::log::AbortedTransaction;
use crate::operations::RequestContext;
use crate::operations::fetch::{FetchLimits, fetch};
use crate::topic::TopicKey;
use crate::topic::leadership::{CurrentLeader, NotServed};
use kafka_protocol::messages::FetchRequest;
use kafka_protocol::messages::fetch_request::{FetchTopic, ForgottenTopic};
use std::collections::{BTreeMap, HashMap};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

/// Kafka's `FetchRequest`.
pub(super) struct Fetch;

/// The first version with topic ids instead of names.
const TOPIC_IDS_FROM: i16 = 13;
/// The first version whose clients name their rack and may be sent to a follower.
const RACK_FROM: i16 = 11;
/// The first version with the state of a replica instead of its id.
const REPLICA_STATE_FROM: i16 = 15;
/// The first version whose answer may name the current leader.
const CURRENT_LEADER_FROM: i16 = 16;
/// The first version whose clients know KAFKA_STORAGE_ERROR.
const STORAGE_ERROR_FROM: i16 = 6;

impl Api for Fetch {
    type Request = FetchRequest;

    const VERSIONS: RangeInclusive<i16> = 4..=18;
    const ENDS_WITH_ITS_CLIENT: bool = true;

    fn handle(
        cluster: &Arc<Cluster>,
        context: &Arc<RequestContext>,
        version: i16,
        request: FetchRequest,
    ) -> Answering {
        let (cluster, context) = (Arc::clone(cluster), Arc::clone(context));
        let session = SessionRequest {
            id: request.session_id,
            epoch: request.session_epoch,
            uses_topic_ids: version >= TOPIC_IDS_FROM,
        };
        let is_read_committed = request.isolation_level == 1;
        // Kafka's `IsolationLevel.forId` throws for any other level, once there is a partition to be read.
        let refused = (!matches!(request.isolation_level, 0 | 1))
            .then(|| Self::refuse(version, &request, RequestError::UnknownServerError.code()));
        let max_wait_ms = if refused.is_some() { 0 } else { request.max_wait_ms };
        let limits = FetchLimits {
            // Kafka answers at once if the wait or the minimum is zero or less.
            max_wait: Duration::from_millis(u64::try_from(max_wait_ms).unwrap_or(0)),
            min_bytes: usize::try_from(request.min_bytes).unwrap_or(0),
            max_bytes: usize::try_from(request.max_bytes).unwrap_or(0),
            is_read_committed,
            replicas: readable_replicas(version, &request),
        };
        let wanted = wanted_partitions(version, &request.topics);
        let forgotten: Vec<_> = request
            .forgotten_topics_data
            .iter()
            .flat_map(|topic| forgotten(version, topic))
            .collect();
        Answering::later(async move {
            let outcome = fetch(&cluster, &context, session, wanted, &forgotten, limits).await;
            let outcome = outcome.map(|(session_id, read)| AnsweredFetch {
                session_id,
                partitions: in_order_of_the_answer(read.partitions),
                has_waited: read.has_waited,
            });
            match (refused, &outcome) {
                (Some(refused), Ok(fetch)) if finds_any(&fetch.partitions) => refused,
                (_, Ok(fetch)) if is_compared_by_name(&fetch.partitions) => {
                    failed(session.id, fetch.has_waited)
                }
                _ => answer(&cluster, &context, version, is_read_committed, outcome).into(),
            }
        })
    }

    /// Answers with one code for the whole answer from version 13 on. Earlier versions have the code in each partition too, because the
    /// first of them have no code for the whole answer.
    fn refuse(version: i16, request: &FetchRequest, code: i16) -> Answer {
        let topics = request.topics.iter().filter(|_| version < TOPIC_IDS_FROM);
        let topics = topics.map(|topic| TopicAnswer {
            topic: topic_key(version >= TOPIC_IDS_FROM, &topic.topic, topic.topic_id),
            partitions: topic
                .partitions
                .iter()
                .map(|partition| PartitionAnswer::refused(partition.partition, code))
                .collect(),
        });
        let answer = FetchAnswer {
            error_code: code,
            session_id: request.session_id,
            topics: topics.collect(),
            node_endpoints: Vec::new(),
        };
        answer.into()
    }
}

/// The answer of a fetch that did not fail.
struct AnsweredFetch {
    session_id: i32,
    /// In the order of the answer.
    partitions: Vec<FetchedPartition>,
    has_waited: bool,
}

impl PartitionAnswer {
    fn refused(index: i32, error_code: i16) -> Self {
        Self {
            index,
            error_code,
            high_watermark: -1,
            last_stable_offset: -1,
            log_start_offset: -1,
            diverging_epoch: None,
            current_leader: None,
            preferred_read_replica: -1,
            aborted_transactions: None,
            records: Vec::new(),
            records_bytes: 0,
        }
    }
}

/// Returns the replicas that the client may read from. Source: Kafka's `FetchParams.fetchOnlyLeader`.
fn readable_replicas(version: i16, request: &FetchRequest) -> ReadableReplicas {
    let replica_id = if version >= REPLICA_STATE_FROM {
        request.replica_state.replica_id
    } else {
        request.replica_id
    };
    if version < RACK_FROM || replica_id.0 >= 0 {
        return ReadableReplicas::Leader;
    }
    let rack = &*request.rack_id;
    ReadableReplicas::Any {
        rack: (!rack.is_empty()).then(|| rack.into()),
    }
}

/// Returns the wanted partitions, each once. One that the request names twice keeps its first place and has its last values. Source: Kafka's
/// `FetchRequest.fetchData`.
fn wanted_partitions(version: i16, topics: &[FetchTopic]) -> Vec<WantedPartition> {
    let all = topics.iter().flat_map(|topic| wanted(version, topic));
    let has_repeated_partitions = |topic: &FetchTopic| {
        let partitions = topic.partitions.iter();
        has_repeats(partitions.map(|partition| partition.partition))
    };
    let is_repetitive = has_repeats(topics.iter().map(|topic| (&topic.topic, topic.topic_id)))
        || topics.iter().any(has_repeated_partitions);
    if !is_repetitive {
        return all.collect();
    }
    let mut places = HashMap::new();
    let mut once = Vec::new();
    for partition in all {
        let next = once.len();
        let place = *places.entry(partition.key.clone()).or_insert(next);
        if place == next {
            once.push(partition);
        } else {
            once[place] = partition;
        }
    }
    once
}

fn wanted(version: i16, topic: &FetchTopic) -> impl Iterator<Item = WantedPartition> {
    let key = topic_key(version >= TOPIC_IDS_FROM, &topic.topic, topic.topic_id);
    // With -1 the client knows no epoch, and none is checked (KIP-320).
    let known = |epoch| (epoch >= 0).then_some(LeaderEpoch(epoch));
    topic.partitions.iter().map(move |partition| WantedPartition {
        key: PartitionKey {
            topic: key.clone(),
            partition: partition.partition,
        },
        resolved_name: None,
        fetch_offset: Offset(partition.fetch_offset),
        max_bytes: usize::try_from(partition.partition_max_bytes).unwrap_or(0),
        current_leader_epoch: known(partition.current_leader_epoch),
        last_fetched_epoch: known(partition.last_fetched_epoch),
    })
}

fn forgotten(version: i16, topic: &ForgottenTopic) -> impl Iterator<Item = PartitionKey> {
    let key = topic_key(version >= TOPIC_IDS_FROM, &topic.topic, topic.topic_id);
    topic.partitions.iter().map(move |partition| PartitionKey {
        topic: key.clone(),
        partition: *partition,
    })
}

fn answer(
    cluster: &Cluster,
    context: &RequestContext,
    version: i16,
    is_read_committed: bool,
    outcome: Result<AnsweredFetch, SessionError>,
) -> FetchAnswer {
    let fetched = match outcome {
        Ok(fetched) => fetched,
        Err(error) => {
            // As in Kafka's `SessionErrorContext` the session id is 0 and no partition is named: without the session it is not known which
            // ones the client means.
            return FetchAnswer {
                error_code: error.code(),
                ..FetchAnswer::default()
            };
        }
    };
    let mut leaders = BTreeMap::new();
    let mut topics: Vec<TopicAnswer> = Vec::new();
    for partition in fetched.partitions {
        let key = partition.key.topic.clone();
        let partition = partition_answer(version, is_read_committed, partition, &mut leaders);
        match topics.last_mut() {
            // Only neighbours are joined, so that the partitions keep the order of the request. A client may rely on it since version 3.
            Some(last) if last.topic == key => last.partitions.push(partition),
            _ => topics.push(TopicAnswer {
                topic: key,
                partitions: vec![partition],
            }),
        }
    }
    FetchAnswer {
        error_code: 0,
        session_id: fetched.session_id,
        topics,
        node_endpoints: leaders
            .keys()
            .filter_map(|id| cluster.endpoint(*id, &context.ingress))
            .collect(),
    }
}

/// Returns the partitions as `KafkaApis` answers them: first those that were read, then those without a topic of their id, then those that
/// do not exist. Most fetches have only the first.
fn in_order_of_the_answer(mut fetched: Vec<FetchedPartition>) -> Vec<FetchedPartition> {
    let rank = |partition: &FetchedPartition| match &partition.result {
        Err(FetchError::UnknownTopicId) => 1,
        Err(error) if is_found_by_name(error) => 2,
        _ => 0,
    };
    if fetched.iter().any(|partition| rank(partition) > 0) {
        fetched.sort_by_key(rank);
    }
    fetched
}

/// Returns whether Kafka's `FetchResponse.matchingTopic` compares the missing name of a topic with the zero id: it does for each partition
/// that follows one.
fn is_compared_by_name(partitions: &[FetchedPartition]) -> bool {
    let is_zero =
        |partition: &FetchedPartition| matches!(partition.key.topic, TopicKey::Id(id) if id.is_nil());
    partitions
        .split_last()
        .is_some_and(|(_, others)| others.iter().any(is_zero))
}

/// Answers a fetch on which Kafka fails. A fetch that waited is answered by another thread, where the failure is lost with the answer.
fn failed(session_id: i32, has_waited: bool) -> Answer {
    let answer = FetchAnswer {
        error_code: RequestError::UnknownServerError.code(),
        session_id,
        ..FetchAnswer::default()
    };
    let delivery = if has_waited {
        Delivery::Never
    } else {
        Delivery::Response
    };
    Answer::from(answer).delivered_as(delivery)
}

fn partition_answer(
    version: i16,
    is_read_committed: bool,
    partition: FetchedPartition,
    leaders: &mut BTreeMap<crate::ids::NodeId, CurrentLeader>,
) -> PartitionAnswer {
    let index = partition.key.partition;
    match partition.result {
        Ok(fetched) => PartitionAnswer {
            index,
            error_code: 0,
            high_watermark: fetched.high_watermark.0,
            last_stable_offset: fetched.last_stable_offset.0,
            log_start_offset: fetched.log_start_offset.0,
            diverging_epoch: fetched.diverging_epoch.map(|(epoch, end)| (epoch.0, end.0)),
            current_leader: None,
            preferred_read_replica: fetched.preferred_replica.map_or(-1, |node| node.0),
            // Where the logs diverge, or another replica is named, nothing is read, and there is no list.
            aborted_transactions: (is_read_committed
                && fetched.diverging_epoch.is_none()
                && fetched.preferred_replica.is_none())
            .then(|| aborted(&fetched.aborted_transactions)),
            records: fetched.records.parts,
            records_bytes: fetched.records.bytes,
        },
        Err(error) => {
            // As in `KafkaApis`, both errors name the leader: a client behind by an epoch needs it as much as one at the wrong broker.
            let current = match &error {
                FetchError::NotServed(
                    NotServed::NotLeader(current) | NotServed::FencedLeaderEpoch(current),
                ) if version >= CURRENT_LEADER_FROM => {
                    leaders.insert(current.leader_id, *current);
                    Some((current.leader_id.0, current.leader_epoch.0))
                }
                _ => None,
            };
            PartitionAnswer {
                current_leader: current,
                aborted_transactions: is_found_by_name(&error).then(Vec::new),
                ..PartitionAnswer::refused(index, code(version, error))
            }
        }
    }
}

fn aborted(transactions: &[AbortedTransaction]) -> Vec<(i64, i64)> {
    let transactions = transactions.iter();
    transactions
        .map(|aborted| (aborted.producer_id.0, aborted.first_offset.0))
        .collect()
}

fn finds_any(fetched: &[FetchedPartition]) -> bool {
    fetched
        .iter()
        .any(|partition| !partition.result.as_ref().is_err_and(is_found_by_name))
}

/// Returns whether an error is found before the partition is looked at. Kafka's `FetchResponse.partitionResponse` then has an empty list of
/// aborted transactions, and `ReplicaManager` has none.
fn is_found_by_name(error: &FetchError) -> bool {
    matches!(
        error,
        FetchError::UnknownTopicId
            | FetchError::NotServed(NotServed::UnknownTopicOrPartition | NotServed::Unauthorized)
    )
}

/// Returns the code of an error. Old clients retry only after NOT_LEADER_OR_FOLLOWER: Kafka's `maybeDownConvertStorageError`.
fn code(version: i16, error: FetchError) -> i16 {
    match error {
        FetchError::NotServed(NotServed::Offline(_)) if version < STORAGE_ERROR_FROM => {
            code_instead_of_storage_error()
        }
        error => error.code(),
    }
}
