//! Fetch: reads records from partitions, at once or when enough have arrived.
//!
//! Source: Kafka's `ReplicaManager.fetchMessages` and `readFromLog`, `DelayedFetch`, and `RackAwareReplicaSelector` (KIP-392).

use super::RequestContext;
use super::access::find_topic;
use crate::cluster::Cluster;
use crate::fetch::plan::{Allowance, Budget};
use crate::fetch::session::{SessionError, SessionRequest};
use crate::fetch::wait::Waiter;
use crate::fetch::{FetchError, Fetched, FetchedPartition, PartitionKey, ReadableReplicas, WantedPartition};
use crate::ids::{LeaderEpoch, NodeId, Offset};
use crate::log::{OffsetOutOfRange, Slice};
use crate::security::AclOperation;
use crate::topic::leadership::NotServed;
use crate::topic::partition::{Partition, State};
use crate::topic::{Topic, TopicKey};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// The limits of a fetch: bytes, time, and where it may read.
#[derive(Clone, Debug)]
pub(crate) struct FetchLimits {
    pub(crate) max_wait: Duration,
    pub(crate) min_bytes: usize,
    pub(crate) max_bytes: usize,
    /// True to read only up to the last stable offset, and to list aborted transactions.
    pub(crate) is_read_committed: bool,
    pub(crate) replicas: ReadableReplicas,
}

/// The partitions that were read, in order.
#[derive(Debug)]
pub(crate) struct FetchRead {
    pub(crate) partitions: Vec<FetchedPartition>,
    /// Whether the fetch had to wait: it had too few bytes at first.
    pub(crate) has_waited: bool,
}

/// Reads the partitions of a request's session. Returns them with the session's id.
pub(crate) async fn fetch(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    session: SessionRequest,
    wanted: Vec<WantedPartition>,
    forgotten: &[PartitionKey],
    limits: FetchLimits,
) -> Result<(i32, FetchRead), SessionError> {
    let sessions = cluster.fetch_sessions(context.node_id);
    let opened = sessions.open(session, wanted, forgotten, cluster.clock.now_ms())?;
    // The session is not locked meanwhile: `opened` has a copy of its partitions, and a fetch can wait long.
    let mut fetched = read(cluster, context, &opened.wanted, limits).await;
    let now_ms = cluster.clock.now_ms();
    // A session begins with its first answer, so the wait before does not count as its age.
    let id = sessions.close(&opened, &mut fetched.partitions, now_ms, &cluster.entropy)?;
    Ok((id, fetched))
}

/// Reads all of `wanted`, in order. Waits for `min_bytes` unless an error, or the absence of a leader, requires an answer at once.
pub(crate) async fn read(
    cluster: &Arc<Cluster>,
    context: &RequestContext,
    wanted: &[WantedPartition],
    limits: FetchLimits,
) -> FetchRead {
    // The broker's `fetch.max.bytes` limits an answer even if the request asks for more (KIP-541).
    let max_bytes = limits.max_bytes.min(cluster.config.fetch_max_bytes);
    let reading = FetchInWork {
        cluster,
        context,
        limits: FetchLimits {
            max_bytes,
            // As in `KafkaApis`, a fetch does not wait for more than it may be given.
            min_bytes: limits.min_bytes.min(max_bytes),
            ..limits
        },
        targets: wanted
            .iter()
            .map(|wanted| FetchTarget::find(cluster, context, wanted))
            .collect(),
    };
    let fetched = reading.run().await;
    let bytes: usize = fetched.partitions.iter().map(FetchedPartition::bytes).sum();
    if bytes > 0 {
        let records: i64 = wanted
            .iter()
            .zip(&fetched.partitions)
            .filter_map(|(wanted, fetched)| Some((wanted, fetched.result.as_ref().ok()?)))
            // The first batch may begin before the wanted offset. Its earlier records do not count, because the client skips them.
            .map(|(wanted, fetched)| fetched.records.next_offset.0 - wanted.fetch_offset.0)
            .sum();
        cluster.counters.count_out(records.unsigned_abs(), bytes as u64);
    }
    fetched
}

struct FetchInWork<'a> {
    cluster: &'a Cluster,
    context: &'a RequestContext,
    limits: FetchLimits,
    targets: Vec<FetchTarget<'a>>,
}

/// A wanted partition, looked up once.
struct FetchTarget<'a> {
    wanted: &'a WantedPartition,
    topic_name: Option<Arc<str>>,
    topic: Option<Arc<Topic>>,
    partition: Result<Arc<Partition>, Missing>,
}

#[derive(Clone, Copy)]
enum Missing {
    Topic,
    Partition,
    OtherId,
    Unauthorized,
}

impl<'a> FetchTarget<'a> {
    fn find(cluster: &Cluster, context: &RequestContext, wanted: &'a WantedPartition) -> Self {
        let Ok(topic) = find_topic(cluster, context, AclOperation::Read, &wanted.key.topic) else {
            return Self {
                wanted,
                topic_name: wanted.resolved_name.clone(),
                topic: None,
                partition: Err(Missing::Unauthorized),
            };
        };
        let partition = match &topic {
            Some(topic) => usize::try_from(wanted.key.partition)
                .ok()
                .and_then(|index| topic.partitions.get(index).cloned())
                .ok_or(Missing::Partition),
            // A session knows the name that the id had. As in Kafka, the error then tells a deleted topic from one created again.
            None => Err(match &wanted.resolved_name {
                Some(name) if cluster.topics.get(name).is_some() => Missing::OtherId,
                Some(_) => Missing::Partition,
                None => Missing::Topic,
            }),
        };
        Self {
            wanted,
            topic_name: topic.as_ref().map_or_else(
                || wanted.resolved_name.clone(),
                |topic| Some(Arc::clone(&topic.name)),
            ),
            topic,
            partition,
        }
    }

    /// Returns whether the partition is looked at. Kafka answers one that its metadata lacks, or that the client may not read, without a look,
    /// so it ends no wait.
    fn is_looked_at(&self) -> bool {
        matches!(self.partition, Ok(_) | Err(Missing::OtherId))
    }

    fn missing(&self, missing: Missing) -> FetchError {
        match (missing, &self.wanted.key.topic) {
            (Missing::Topic, TopicKey::Id(_)) => FetchError::UnknownTopicId,
            (Missing::Unauthorized, _) => NotServed::Unauthorized.into(),
            (Missing::OtherId, _) => FetchError::InconsistentTopicId,
            (Missing::Topic | Missing::Partition, _) => NotServed::UnknownTopicOrPartition.into(),
        }
    }

    fn read(&self, fetch: &FetchInWork<'_>, allowance: Allowance) -> Result<Fetched, FetchError> {
        let partition = self
            .partition
            .as_ref()
            .map_err(|missing| self.missing(*missing))?;
        let state = partition.read().map_err(NotServed::Offline)?;
        if state.is_deleted {
            // A topic that is named by id is UNKNOWN_TOPIC_ID then, which `check_leadership` does not tell apart.
            return Err(self.missing(Missing::Topic));
        }
        self.check_replica(fetch, &state)?;
        let from = self.wanted.fetch_offset;
        let preferred_replica = self.preferred_replica(fetch, &state);
        let diverging_epoch = match preferred_replica {
            Some(_) => None,
            None => diverging_epoch(&state, self.wanted.last_fetched_epoch, from)?,
        };
        let watermarks = state.watermarks();
        let is_read_committed = fetch.limits.is_read_committed;
        let end = watermarks.end_for_consumer(is_read_committed);
        // As in Kafka, no records come with a diverging epoch: the client has to truncate first. Nor do they with another replica.
        let records = if preferred_replica.is_some() || diverging_epoch.is_some() {
            Slice {
                next_offset: from,
                ..Slice::default()
            }
        } else {
            state
                .log()
                .read(from, end, allowance.max_bytes, allowance.at_least_one)?
        };
        let aborted_transactions = if is_read_committed && records.bytes > 0 {
            state.log().aborted_transactions(from, records.next_offset)
        } else {
            Vec::new()
        };
        Ok(Fetched {
            high_watermark: watermarks.high_watermark,
            last_stable_offset: watermarks.last_stable_offset,
            log_start_offset: watermarks.log_start_offset,
            diverging_epoch,
            preferred_replica,
            records,
            aborted_transactions,
        })
    }

    /// Checks that the broker is a replica that the client may read from, and the client's leader epoch. Source: Kafka's
    /// `Partition.localLogWithEpochOrThrow`.
    fn check_replica(&self, fetch: &FetchInWork<'_>, state: &State) -> Result<(), NotServed> {
        let node = fetch.context.node_id;
        let epoch = self.wanted.current_leader_epoch;
        match &fetch.limits.replicas {
            ReadableReplicas::Any { .. } if node != state.leader && self.replicas().contains(&node) => {
                state.check_epoch(epoch)
            }
            _ => state.check_leadership(node, epoch),
        }
    }

    /// Returns the replicas that have the partition's records.
    fn replicas(&self) -> Vec<NodeId> {
        let topic = self.topic.as_ref();
        let index = usize::try_from(self.wanted.key.partition).ok();
        topic.zip(index).map_or_else(Vec::new, |(topic, index)| {
            topic.placement.complete_replicas(index)
        })
    }

    /// Returns the follower that the client should read from instead of this leader: one in the client's rack, if brokers select by rack
    /// and this one is in another. Source: Kafka's `ReplicaManager.findPreferredReadReplica`.
    fn preferred_replica(&self, fetch: &FetchInWork<'_>, state: &State) -> Option<NodeId> {
        let cluster = fetch.cluster;
        let leader = fetch.context.node_id;
        let ReadableReplicas::Any { rack: Some(rack) } = &fetch.limits.replicas else {
            return None;
        };
        if !cluster.config.selects_replicas_by_rack || state.leader != leader {
            return None;
        }
        let is_in_rack = |node: NodeId| {
            let node = cluster.node(node).filter(|node| cluster.is_alive(node.id));
            node.is_some_and(|node| node.rack.as_deref() == Some(&**rack))
        };
        let watermarks = state.watermarks();
        let is_held =
            (watermarks.log_start_offset..=watermarks.log_end_offset).contains(&self.wanted.fetch_offset);
        if !is_held || is_in_rack(leader) {
            return None;
        }
        // All have the same records, and among such replicas Kafka takes the one with the largest id.
        let replicas = self.replicas().into_iter();
        replicas.filter(|node| *node != leader && is_in_rack(*node)).max()
    }
}

/// Returns where a client's log diverges from this one, if it does: `epoch` is the epoch of its last record and `from` its next offset.
/// Source: Kafka's `Partition.readRecords`.
fn diverging_epoch(
    state: &State,
    epoch: Option<LeaderEpoch>,
    from: Offset,
) -> Result<Option<(LeaderEpoch, Offset)>, FetchError> {
    let Some(epoch) = epoch else { return Ok(None) };
    let Some((known, end)) = state.log().end_offset_for_epoch(epoch) else {
        // Neither the epoch nor an earlier one is known, so the client has to reset its position.
        let watermarks = state.watermarks();
        return Err(FetchError::OffsetOutOfRange(OffsetOutOfRange {
            offset: from,
            log_start_offset: watermarks.log_start_offset,
            end_offset: watermarks.log_end_offset,
        }));
    };
    Ok((known < epoch || end < from).then_some((known, end)))
}

impl FetchInWork<'_> {
    async fn run(&self) -> FetchRead {
        // The wait counts from the request's arrival and not from the last read.
        let deadline = Instant::now() + self.limits.max_wait;
        // Most fetches are complete at the first read, and then register no waiter.
        let partitions = self.read();
        if self.is_complete(&partitions) {
            return FetchRead {
                partitions,
                has_waited: false,
            };
        }
        FetchRead {
            partitions: self.wait(deadline).await,
            has_waited: true,
        }
    }

    /// Reads when there is enough, or at the deadline.
    async fn wait(&self, deadline: Instant) -> Vec<FetchedPartition> {
        let partitions = self.targets.iter().flat_map(|target| &target.partition);
        let mut waiter = Waiter::new(partitions.map(|partition| &**partition));
        loop {
            // Reads again after registering: an append between the first read and the registration wakes no waiter.
            let fetched = self.read();
            if self.is_complete(&fetched) {
                return fetched;
            }
            tokio::select! {
                biased;
                // This branch comes first, so that records which arrive at the deadline are read once more.
                () = waiter.moved() => {}
                () = sleep_until(deadline) => return fetched,
            }
        }
    }

    fn read(&self) -> Vec<FetchedPartition> {
        let mut budget = Budget::new(self.limits.max_bytes);
        let read = |target: &FetchTarget<'_>| {
            let allowance = budget.allow(target.wanted.max_bytes);
            let result = target.read(self, allowance);
            let partition = FetchedPartition {
                key: target.wanted.key.clone(),
                topic_name: target.topic_name.clone(),
                result,
            };
            budget.take(partition.bytes());
            partition
        };
        // The partitions are read in the order of the request, which the client or its session varies, so that the budget reaches each in
        // turn (KIP-74).
        self.targets.iter().map(read).collect()
    }

    /// Returns whether the fetch must be answered now.
    fn is_complete(&self, fetched: &[FetchedPartition]) -> bool {
        let looked_at = || {
            let both = self.targets.iter().zip(fetched);
            both.filter_map(|(target, partition)| target.is_looked_at().then_some(partition))
        };
        let must_answer = |partition: &FetchedPartition| match &partition.result {
            // There is nothing to wait for until the client has truncated, or asked the other replica.
            Ok(fetched) => fetched.diverging_epoch.is_some() || fetched.preferred_replica.is_some(),
            // As in `DelayedFetch`: a client whose leader has moved would otherwise learn of it only after its whole `max_wait`.
            Err(_) => true,
        };
        self.limits.max_wait.is_zero()
            || looked_at().next().is_none()
            || fetched.iter().map(FetchedPartition::bytes).sum::<usize>() >= self.limits.min_bytes
            || looked_at().any(must_answer)
    }
}
