//! Fetches: one under way at each leader, which goes on when its caller gives it up, because a broker answers it before anything else on
//! the connection.
//!
//! Source: Kafka's `AbstractFetch`, which has one pending fetch for each node, too, and drops records whose position has changed.

use super::brokers::{Brokers, Lane};
use super::endpoint::Endpoint;
use super::error::{CallError, of_code};
use super::{RemoteCluster, batches, leader_not_available, partition_error, topic_name};
use crate::source::consumer::client::{
    ClientError, ErrorKind, FetchLimits, FetchPosition, FetchedPartition, FetchedRecords,
};
use esmeralda_broker::Offset;
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::fetch_response::PartitionData;
use kafka_protocol::messages::{FetchRequest, FetchResponse};
use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

/// The longest wait for records: Kafka's `fetch.max.wait.ms`. A partition that is to be read again waits for the fetch that is under way.
const LONGEST_WAIT: Duration = Duration::from_millis(500);

/// The time that a fetch may take beyond its wait: Kafka's `request.timeout.ms`.
const FETCH_LIMIT: Duration = Duration::from_secs(30);

/// The fetches that are under way, by leader.
#[derive(Default)]
pub(super) struct Fetches {
    under_way: BTreeMap<Endpoint, Pending>,
}

type Pending = Pin<Box<dyn Future<Output = LeaderAnswer> + Send>>;

/// The answer of one leader.
struct LeaderAnswer {
    /// The offset that each partition was read from.
    asked: BTreeMap<i32, Offset>,
    result: Result<FetchResponse, CallError>,
}

impl Fetches {
    /// Takes the answers that have come; `Pending` while there are none.
    fn poll_answers(&mut self, context: &mut Context<'_>) -> Poll<Vec<LeaderAnswer>> {
        let mut answers = Vec::new();
        self.under_way
            .retain(|_, fetch| match fetch.as_mut().poll(context) {
                Poll::Ready(answer) => {
                    answers.push(answer);
                    false
                }
                Poll::Pending => true,
            });
        match answers.is_empty() {
            true => Poll::Pending,
            false => Poll::Ready(answers),
        }
    }
}

impl RemoteCluster {
    pub(super) async fn fetch_partitions(
        &self,
        topic: &str,
        positions: &[FetchPosition],
        limits: FetchLimits,
    ) -> Result<Vec<FetchedPartition>, ClientError> {
        let (by_leader, leaderless) = self.by_leader(topic, positions).await?;
        if by_leader.is_empty() {
            return Ok(leaderless);
        }
        self.begin(topic, by_leader, limits);
        let answers = poll_fn(|context| {
            let mut fetches = self.shared.fetches.lock().unwrap_or_else(PoisonError::into_inner);
            fetches.poll_answers(context)
        });
        let answers = answers.await;
        let mut fetched = leaderless;
        for answer in answers {
            fetched.extend(read_answer(answer, positions));
        }
        let errors = fetched
            .iter()
            .filter_map(|partition| partition.result.as_ref().err());
        if errors.into_iter().any(|error| error.kind == ErrorKind::Transient) {
            self.routes().forget_leaders(topic);
        }
        Ok(fetched)
    }

    /// Returns the positions by leader, and the answer of partitions that have none.
    async fn by_leader(
        &self,
        topic: &str,
        positions: &[FetchPosition],
    ) -> Result<(BTreeMap<Endpoint, Vec<FetchPosition>>, Vec<FetchedPartition>), ClientError> {
        let is_known = |position: &FetchPosition| self.routes().leader(topic, position.partition).is_some();
        if !positions.iter().all(is_known) {
            self.refresh(topic).await?;
        }
        let routes = self.routes();
        let mut by_leader: BTreeMap<Endpoint, Vec<FetchPosition>> = BTreeMap::new();
        let mut leaderless = Vec::new();
        for position in positions {
            match routes.leader(topic, position.partition) {
                Some(leader) => by_leader.entry(leader).or_default().push(*position),
                None => leaderless.push(FetchedPartition {
                    partition: position.partition,
                    result: Err(leader_not_available()),
                }),
            }
        }
        Ok((by_leader, leaderless))
    }

    /// Begins a fetch at each leader that has none under way.
    fn begin(&self, topic: &str, by_leader: BTreeMap<Endpoint, Vec<FetchPosition>>, limits: FetchLimits) {
        let mut fetches = self.shared.fetches.lock().unwrap_or_else(PoisonError::into_inner);
        // What a broker that leads nothing wanted would answer is not waited for.
        fetches
            .under_way
            .retain(|leader, _| by_leader.contains_key(leader));
        for (leader, positions) in by_leader {
            let brokers = Arc::clone(&self.shared.brokers);
            let entry = fetches.under_way.entry(leader.clone());
            entry.or_insert_with(|| {
                let request = fetch_request(topic, &positions, limits);
                Box::pin(fetch_at(brokers, leader, request, positions))
            });
        }
    }
}

async fn fetch_at(
    brokers: Arc<Brokers>,
    leader: Endpoint,
    request: FetchRequest,
    positions: Vec<FetchPosition>,
) -> LeaderAnswer {
    let limit = LONGEST_WAIT + FETCH_LIMIT;
    let result = brokers.call(&leader, Lane::Fetch, &request, limit).await;
    let asked = positions.into_iter();
    LeaderAnswer {
        asked: asked
            .map(|position| (position.partition, position.offset))
            .collect(),
        result,
    }
}

fn fetch_request(topic: &str, positions: &[FetchPosition], limits: FetchLimits) -> FetchRequest {
    let bytes = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
    let partition = |position: &FetchPosition| {
        FetchPartition::default()
            .with_partition(position.partition)
            .with_fetch_offset(position.offset.0)
            .with_partition_max_bytes(bytes(position.max_bytes))
    };
    let topic = FetchTopic::default()
        .with_topic(topic_name(topic))
        .with_partitions(positions.iter().map(partition).collect());
    let max_wait = limits.max_wait.min(LONGEST_WAIT);
    FetchRequest::default()
        .with_replica_id((-1).into())
        .with_max_wait_ms(i32::try_from(max_wait.as_millis()).unwrap_or(i32::MAX))
        .with_min_bytes(bytes(limits.min_bytes))
        .with_max_bytes(bytes(limits.max_bytes))
        .with_session_id(0)
        .with_session_epoch(-1)
        .with_topics(vec![topic])
}

/// Returns the answer of the partitions that are still wanted from the offset that was asked for.
fn read_answer(answer: LeaderAnswer, positions: &[FetchPosition]) -> Vec<FetchedPartition> {
    let LeaderAnswer { asked, result } = answer;
    let is_wanted = |partition: i32| {
        let mut wanted = positions.iter();
        let position = wanted.find(|position| position.partition == partition);
        position.is_some_and(|position| asked.get(&partition) == Some(&position.offset))
    };
    let response = match result {
        Ok(response) if response.error_code == 0 => response,
        Ok(response) => return failed(&asked, &of_code(response.error_code)),
        Err(error) => return failed(&asked, &error.into()),
    };
    let partitions = response.responses.into_iter().flat_map(|topic| topic.partitions);
    partitions
        .filter(|partition| is_wanted(partition.partition_index))
        .filter_map(read_partition)
        .collect()
}

/// Returns an error for each partition that was asked for.
fn failed(asked: &BTreeMap<i32, Offset>, error: &ClientError) -> Vec<FetchedPartition> {
    let partition = |partition: &i32| FetchedPartition {
        partition: *partition,
        result: Err(error.clone()),
    };
    asked.keys().map(partition).collect()
}

/// Returns the records or the error of a partition; `None` if it has neither.
fn read_partition(data: PartitionData) -> Option<FetchedPartition> {
    let result = match (data.error_code, data.records) {
        (0, None) => return None,
        (0, Some(records)) if records.is_empty() => return None,
        (0, Some(records)) => batches::split(records)
            .map(FetchedRecords::Batches)
            .map_err(|reason| ClientError {
                kind: ErrorKind::Other,
                reason: format!("partition {} cannot be read: {reason}", data.partition_index),
            }),
        (code, _) => Err(partition_error(code)),
    };
    Some(FetchedPartition {
        partition: data.partition_index,
        result,
    })
}
