//! A client that answers as a test says, and a member over it.

use crate::profile::RebalanceProtocol;
use crate::source::consumer::client::{
    ClientError, ErrorKind, FetchLimits, FetchPosition, FetchedPartition, FetchedRecords, GroupMember, Join,
    Joined, KafkaClient, Message, OffsetSpec,
};
use crate::source::consumer::protocol::encode_assignment;
use crate::source::consumer::{KafkaMember, MemberSettings};
use crate::source::{
    AssignmentNumber, EventSource, GroupTimeouts, RecordRange, Records, SourceError, SourceEvent, Span,
    StartingPosition, TimestampType,
};
use crate::{Clock, MemoryPool};
use bytes::Bytes;
use esmeralda_broker::{GenerationId, Offset};
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;

/// A call of the member to its client. Those to look at metadata and offsets are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Call {
    Join,
    Heartbeat,
    /// Generation and offsets.
    Commit(i32, Vec<(i32, i64)>),
    /// Positions.
    Fetch(Vec<(i32, i64)>),
    Leave,
}

#[derive(Default)]
pub(super) struct Script {
    /// Each call, with the milliseconds after the start at which it was made.
    pub(super) calls: Vec<(u128, Call)>,
    generation: i32,
    /// The partitions that the next join assigns.
    pub(super) assigned: Vec<i32>,
    /// Answers in turn; without one a heartbeat and a commit succeed.
    pub(super) heartbeats: VecDeque<Result<(), ErrorKind>>,
    pub(super) commits: VecDeque<Result<(), ErrorKind>>,
    pub(super) leaves: VecDeque<ErrorKind>,
    /// The time that each commit takes.
    pub(super) commit_duration: Duration,
    /// Answers in turn, each to a fetch that asks for its partitions. Without one a fetch waits.
    pub(super) fetches: VecDeque<Vec<(i32, Result<Records, ErrorKind>)>>,
}

#[derive(Clone)]
pub(super) struct ScriptedClient {
    script: Arc<Mutex<Script>>,
    news: Arc<Notify>,
    clock: Clock,
}

fn failed(kind: ErrorKind) -> ClientError {
    ClientError {
        kind,
        reason: format!("{kind:?}"),
    }
}

impl ScriptedClient {
    pub(super) fn leave_count(&self) -> usize {
        let script = self.script.lock().unwrap();
        let calls = script.calls.iter();
        calls.filter(|(_, call)| *call == Call::Leave).count()
    }

    fn call<T>(&self, call: Call, answer: impl FnOnce(&mut Script) -> T) -> T {
        let mut script = self.script.lock().unwrap();
        script.calls.push((self.clock.elapsed().as_millis(), call));
        answer(&mut script)
    }
}

impl KafkaClient for ScriptedClient {
    fn with_client_id(&self, _: &str) -> Self {
        self.clone()
    }

    async fn join_group(&self, _: Join) -> Result<Joined, ClientError> {
        let generation_id = self.call(Call::Join, |script| {
            script.generation += 1;
            GenerationId(script.generation)
        });
        Ok(Joined {
            generation_id,
            member_id: "member".to_owned(),
            leader: "another".to_owned(),
            protocol_name: "range".to_owned(),
            members: Vec::new(),
        })
    }

    async fn sync_group(&self, _: GroupMember<'_>, _: Vec<(String, Bytes)>) -> Result<Bytes, ClientError> {
        let assigned = self.script.lock().unwrap().assigned.clone();
        Ok(encode_assignment(&[("t".to_owned(), assigned)].into()).into())
    }

    async fn heartbeat(&self, _: GroupMember<'_>) -> Result<(), ClientError> {
        let answer = self.call(Call::Heartbeat, |script| script.heartbeats.pop_front());
        answer.unwrap_or(Ok(())).map_err(failed)
    }

    async fn leave_group(&self, _: &str, _: &str) -> Result<(), ClientError> {
        let answer = self.call(Call::Leave, |script| script.leaves.pop_front());
        answer.map_or(Ok(()), |kind| Err(failed(kind)))
    }

    async fn commit_offsets(
        &self,
        member: GroupMember<'_>,
        _: &str,
        offsets: &[(i32, Offset)],
    ) -> Result<(), ClientError> {
        let offsets = offsets.iter().map(|(partition, offset)| (*partition, offset.0));
        let call = Call::Commit(member.generation_id.0, offsets.collect());
        let (answer, duration) = self.call(call, |script| {
            (script.commits.pop_front(), script.commit_duration)
        });
        self.clock.sleep(duration).await;
        answer.unwrap_or(Ok(())).map_err(failed)
    }

    async fn committed(
        &self,
        _: &str,
        _: &str,
        partitions: &[i32],
    ) -> Result<Vec<Option<Offset>>, ClientError> {
        Ok(vec![Some(Offset(0)); partitions.len()])
    }

    async fn list_offsets(
        &self,
        _: &str,
        partitions: &[i32],
        _: OffsetSpec,
    ) -> Result<Vec<Offset>, ClientError> {
        Ok(vec![Offset(0); partitions.len()])
    }

    async fn produce(&self, _: &str, _: i32, _: &[Message]) -> Result<(), ClientError> {
        Ok(())
    }

    async fn partition_count(&self, _: &str) -> Result<i32, ClientError> {
        Ok(2)
    }

    async fn fetch(
        &self,
        _: &str,
        positions: Vec<FetchPosition>,
        _: FetchLimits,
    ) -> Result<Vec<FetchedPartition>, ClientError> {
        let positions = positions
            .iter()
            .map(|position| (position.partition, position.offset.0));
        let positions: Vec<_> = positions.collect();
        self.call(Call::Fetch(positions.clone()), |_| ());
        let is_asked = |partition: i32| positions.iter().any(|(asked, _)| *asked == partition);
        loop {
            let news = self.news.notified();
            let answer = {
                let fetches = &mut self.script.lock().unwrap().fetches;
                let mut answers = fetches.iter();
                let index =
                    answers.position(|answer| answer.iter().all(|(partition, _)| is_asked(*partition)));
                index.and_then(|index| fetches.remove(index))
            };
            if let Some(answer) = answer {
                let fetched = |(partition, result): (i32, Result<Records, ErrorKind>)| FetchedPartition {
                    partition,
                    result: match result {
                        Ok(records) => Ok(FetchedRecords::Decoded(vec![records])),
                        Err(kind) => Err(failed(kind)),
                    },
                };
                return Ok(answer.into_iter().map(fetched).collect());
            }
            news.await;
        }
    }
}

/// A member of a scripted group, which has joined and owns some partitions.
pub(super) struct Scene {
    pub(super) member: KafkaMember<ScriptedClient>,
    client: ScriptedClient,
    clock: Clock,
}

impl Scene {
    pub(super) async fn new(protocol: RebalanceProtocol, assigned: &[i32]) -> Self {
        let clock = Clock::new(esmeralda_broker::Clock::tokio(0));
        let client = ScriptedClient {
            script: Arc::default(),
            news: Arc::default(),
            clock: clock.clone(),
        };
        client.script.lock().unwrap().assigned = assigned.to_vec();
        let settings = MemberSettings {
            group_id: "g".to_owned(),
            topic: "t".to_owned(),
            starting_position: StartingPosition::TrimHorizon,
            timeouts: GroupTimeouts {
                session: Duration::from_secs(6),
                rebalance: Duration::from_secs(10),
                heartbeat: Duration::from_secs(2),
            },
            protocol,
            memory: MemoryPool::new(1 << 20),
            clock: clock.clone(),
        };
        let member = KafkaMember::new(client.clone(), Arc::new(settings));
        let mut scene = Self {
            member,
            client,
            clock,
        };
        // A regular heartbeat after the join, the hasty ones are over.
        let events = scene.until(2_100).await;
        assert_eq!(events, ["assigned 1 [0, 1]"]);
        scene.script(|script| script.calls.clear());
        scene
    }

    pub(super) fn script<T>(&self, act: impl FnOnce(&mut Script) -> T) -> T {
        let answer = act(&mut self.client.script.lock().unwrap());
        self.client.news.notify_waiters();
        answer
    }

    /// Lets a fetch bring records of a partition.
    pub(super) fn bring(&self, partition: i32, offsets: Range<i64>) {
        let records = records(partition, offsets);
        self.script(|script| script.fetches.push_back(vec![(partition, Ok(records))]));
    }

    /// Drives the member until `milliseconds` after the start. Returns its events in words.
    pub(super) async fn until(&mut self, milliseconds: u64) -> Vec<String> {
        let mut events = Vec::new();
        let end = Duration::from_millis(milliseconds);
        loop {
            let left = end.saturating_sub(self.clock.elapsed());
            match self.clock.within(left, self.member.next()).await {
                Some(event) => events.push(in_words(event)),
                None => return events,
            }
        }
    }

    /// The calls since the last time, but for fetches.
    pub(super) fn calls(&self) -> Vec<(u128, Call)> {
        let calls = self.script(|script| std::mem::take(&mut script.calls));
        let calls = calls.into_iter();
        calls
            .filter(|(_, call)| !matches!(call, Call::Fetch(_)))
            .collect()
    }

    /// The calls since the last time, but for fetches and heartbeats.
    pub(super) fn group_calls(&self) -> Vec<(u128, Call)> {
        let calls = self.calls().into_iter();
        calls.filter(|(_, call)| *call != Call::Heartbeat).collect()
    }
}

/// A range of the member's first assignment.
pub(super) fn range(partition: i32, offsets: Range<i64>) -> RecordRange {
    RecordRange {
        partition,
        assignment: AssignmentNumber(1),
        offsets,
    }
}

pub(super) fn records(partition: i32, offsets: Range<i64>) -> Records {
    let span = |offset| Span {
        offset,
        timestamp_ms: 0,
        key: None,
        value: None,
        headers: 0..1,
    };
    Records {
        partition,
        assignment: AssignmentNumber::default(),
        spans: offsets.clone().map(span).collect(),
        offsets,
        timestamp_type: TimestampType::CreateTime,
        buffer: Bytes::from_static(&[0]),
        schemas: None,
    }
}

fn in_words(event: Result<SourceEvent, SourceError>) -> String {
    match event {
        Ok(SourceEvent::Assigned {
            generation,
            partitions,
        }) => format!("assigned {generation} {partitions:?}"),
        Ok(SourceEvent::Adjusted {
            generation,
            gained,
            lost,
        }) => {
            format!("adjusted {generation} {gained:?} {lost:?}")
        }
        Ok(SourceEvent::Revoking) => "revoking".to_owned(),
        Ok(SourceEvent::Records(records)) => {
            let AssignmentNumber(assignment) = records.assignment;
            format!("records {} {:?} {assignment}", records.partition, records.offsets)
        }
        Ok(SourceEvent::Undecodable { records, reason }) => {
            format!(
                "undecodable {} {:?} {reason:?}",
                records.partition, records.offsets
            )
        }
        Ok(SourceEvent::Committed { offsets }) => format!("committed {offsets}"),
        Ok(SourceEvent::CommitRefused { reason }) => format!("refused {reason}"),
        Ok(SourceEvent::Recovered) => "recovered".to_owned(),
        Ok(SourceEvent::Lost) => "lost".to_owned(),
        Err(error) => format!("error {error}"),
    }
}
