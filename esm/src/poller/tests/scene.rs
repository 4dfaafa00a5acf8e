//! A poller of a scripted source on paused time, and a function that does as it is told.

use crate::batch::Envelope;
use crate::cloudwatch::{
    FunctionMeters, LogStore, MappingRecorder, MetricStore, PollerLog, SystemLog, UnitRecorder,
};
use crate::config::{FailureRules, MappingConfig, MetricGroups, ProvisionedPollers, ResponseTypes};
use crate::delivery::{Deliverer, DestinationOptions, Destinations};
use crate::invoker::{Functions, Invocation, InvocationResult, Invoker};
use crate::metrics::Counters;
use crate::poller::{
    Activity, Orders, Payloads, Poller, PollerContext, PollerStatus, Reminder, Report, Standstill,
};
use crate::profile::{ProfileName, ScalingProfile};
use crate::retry::{Backoff, RetryPolicy};
use crate::source::consumer::client::{ClientError, ErrorKind, Message};
use crate::source::producer::{Produced, Producer};
use crate::source::{
    AssignmentNumber, EventSource, RecordRange, Records, SourceError, SourceEvent, Span, StartingPosition,
};
use crate::{Clock, Entropy, MemoryPool};
use bytes::Bytes;
use esmeralda_broker::TimestampType;
use std::collections::{BTreeSet, VecDeque};
use std::future::{Future, pending};
use std::ops::Range;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

/// Ranges by partition.
pub(super) type Ranges = Vec<(i32, Range<i64>)>;

/// A call of a poller to its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Finished(Ranges),
    Released(Ranges),
    Leave,
    Pause(i32, bool),
    ExpectRebalance,
}

#[derive(Default)]
pub(super) struct Script {
    pub(super) acts: Mutex<Vec<Act>>,
    /// The records that were handed out and neither finished nor released, by partition and offset.
    out: Mutex<BTreeSet<(i32, i64)>>,
}

impl Script {
    fn act(&self, act: Act) {
        self.acts.lock().unwrap().push(act);
    }

    /// The ranges of each call to `finished`, but for those of a membership that was over.
    pub(super) fn finished(&self) -> Vec<Ranges> {
        let acts = self.acts.lock().unwrap();
        let finished = |act: &Act| match act {
            Act::Finished(ranges) => Some(ranges.clone()),
            _ => None,
        };
        acts.iter().filter_map(finished).collect()
    }

    pub(super) fn has(&self, act: &Act) -> bool {
        self.acts.lock().unwrap().contains(act)
    }

    /// Returns whether everything of the partitions is finished or released that was handed out.
    pub(super) fn is_settled(&self, partitions: &[i32]) -> bool {
        let out = self.out.lock().unwrap();
        out.iter().all(|(partition, _)| !partitions.contains(partition))
    }
}

/// A source whose events come from a test. What is finished is committed at once.
pub(super) struct ScriptedSource {
    script: Arc<Script>,
    events: mpsc::UnboundedReceiver<Result<SourceEvent, SourceError>>,
    news: VecDeque<SourceEvent>,
    assignment: AssignmentNumber,
    given_up: BTreeSet<i32>,
    is_revoking: bool,
}

impl ScriptedSource {
    fn apply(&mut self, event: &mut SourceEvent) {
        match event {
            SourceEvent::Assigned { .. } | SourceEvent::Lost => {
                self.assignment.0 += 1;
                self.is_revoking = false;
                self.given_up.clear();
                self.script.out.lock().unwrap().clear();
            }
            SourceEvent::Adjusted { lost, .. } => self.given_up.extend(lost.iter()),
            SourceEvent::Revoking => self.is_revoking = true,
            SourceEvent::Records(records) => {
                records.assignment = self.assignment;
                let offsets = records.spans.iter().map(|span| span.offset);
                let records = offsets.map(|offset| (records.partition, offset));
                self.script.out.lock().unwrap().extend(records);
            }
            _ => {}
        }
    }

    /// Those of the ranges that are not stale, which are out no longer; and whether some are stale.
    fn settle(&self, ranges: impl IntoIterator<Item = RecordRange>) -> (Ranges, bool) {
        let (current, stale): (Vec<_>, Vec<_>) = ranges
            .into_iter()
            .partition(|range| range.assignment == self.assignment);
        let mut out = self.script.out.lock().unwrap();
        for range in &current {
            out.retain(|(partition, offset)| {
                *partition != range.partition || !range.offsets.contains(offset)
            });
        }
        let current = current.into_iter();
        let current = current.map(|range| (range.partition, range.offsets)).collect();
        (current, !stale.is_empty())
    }
}

impl EventSource for ScriptedSource {
    async fn next(&mut self) -> Result<SourceEvent, SourceError> {
        if let Some(event) = self.news.pop_front() {
            return Ok(event);
        }
        match self.events.recv().await {
            Some(mut event) => {
                if let Ok(event) = &mut event {
                    self.apply(event);
                }
                event
            }
            None => pending().await,
        }
    }

    fn pause(&mut self, partition: i32, is_paused: bool) {
        self.script.act(Act::Pause(partition, is_paused));
    }

    fn finished(&mut self, ranges: impl IntoIterator<Item = RecordRange>) {
        let (current, is_stale) = self.settle(ranges);
        if is_stale {
            let reason = "the membership is over".to_owned();
            self.news.push_back(SourceEvent::CommitRefused { reason });
        }
        if !current.is_empty() {
            let count = |(_, offsets): &(i32, Range<i64>)| offsets.end - offsets.start;
            let offsets = current.iter().map(count).sum::<i64>().unsigned_abs();
            self.news.push_back(SourceEvent::Committed { offsets });
            self.script.act(Act::Finished(current));
        }
    }

    fn released(&mut self, ranges: impl IntoIterator<Item = RecordRange>) {
        let (current, _) = self.settle(ranges);
        if !current.is_empty() {
            self.script.act(Act::Released(current));
        }
    }

    fn is_assigned(&self, partition: i32, assignment: AssignmentNumber) -> bool {
        !self.is_revoking && assignment == self.assignment && !self.given_up.contains(&partition)
    }

    fn is_settled(&self) -> bool {
        self.script.out.lock().unwrap().is_empty()
    }

    fn expect_rebalance(&mut self) {
        self.script.act(Act::ExpectRebalance);
    }

    async fn leave(self) {
        self.script.act(Act::Leave);
    }
}

/// One invocation: when it began, in milliseconds, and which offsets of which partitions it had.
pub(super) type Invoked = (u128, Vec<(i32, Vec<i64>)>);

/// The durations of the next invocations in milliseconds, and their results; `None` is a crash.
type Behaviours = Arc<Mutex<VecDeque<(u64, Option<InvocationResult>)>>>;

/// A poller of a scripted source, and a function that takes 100 ms and succeeds unless it is told otherwise.
pub(super) struct Scene {
    pub(super) script: Arc<Script>,
    events: mpsc::UnboundedSender<Result<SourceEvent, SourceError>>,
    pub(super) orders: watch::Sender<Orders>,
    pub(super) status: watch::Receiver<PollerStatus>,
    pub(super) activity: Activity,
    pub(super) counters: Arc<Counters>,
    pub(super) clock: Clock,
    pub(super) invoked: Arc<Mutex<Vec<Invoked>>>,
    behaviours: Behaviours,
    pub(super) producer: Arc<ScriptedProducer>,
    pub(super) destinations: Arc<Destinations>,
    pub(super) task: JoinHandle<()>,
}

const UUID: &str = "6b9f5a3e-0c68-4a2b-9f0e-3f9b3a4c5d6e";

pub(super) fn config(batch_size: usize) -> MappingConfig {
    MappingConfig {
        function_name: "f".into(),
        qualifier: None,
        envelope: Envelope {
            event_source_arn: None,
            bootstrap_servers: "localhost:9092".into(),
            topic: "t".into(),
        },
        group_id: "g".into(),
        starting_position: StartingPosition::TrimHorizon,
        batch_size,
        batching_window: Duration::from_millis(500),
        filters: None,
        provisioned: Some(ProvisionedPollers {
            minimum: 1,
            maximum: 200,
        }),
        poller_group: None,
        failure_rules: FailureRules::default(),
        response_types: ResponseTypes::default(),
        metrics: MetricGroups::default(),
        on_failure: None,
        system_log: None,
        decoding: None,
    }
}

impl Scene {
    pub(super) fn new(batch_size: usize, invocations_in_flight: usize) -> Self {
        let mut profile = ProfileName::Instant.profile();
        profile.provisioned.invocations_in_flight = invocations_in_flight;
        Self::of_profile(batch_size, profile)
    }

    pub(super) fn of_profile(batch_size: usize, profile: ScalingProfile) -> Self {
        Self::of(config(batch_size), profile)
    }

    pub(super) fn of(config: MappingConfig, profile: ScalingProfile) -> Self {
        let clock = Clock::new(esmeralda_broker::Clock::tokio(0));
        let invoked = Arc::new(Mutex::new(Vec::new()));
        let behaviours = Arc::new(Mutex::new(VecDeque::new()));
        let functions = Arc::new(Functions::default());
        functions.register(
            "f",
            Arc::new(ScriptedFunction {
                clock: clock.clone(),
                invoked: Arc::clone(&invoked),
                behaviours: Arc::clone(&behaviours),
            }),
        );
        let counters = Arc::new(Counters::default());
        let millisecond = Backoff {
            initial: Duration::from_millis(1),
            maximum: Duration::from_millis(1),
        };
        let memory = MemoryPool::new(1 << 30);
        let captures = DestinationOptions {
            captures: true,
            ..DestinationOptions::default()
        };
        let destinations = Arc::new(Destinations::new(captures, "eu-west-1".into(), memory.clone()));
        let producer = Arc::new(ScriptedProducer {
            clock: clock.clone(),
            produced: Mutex::default(),
            answers: Mutex::default(),
        });
        let deliverer = Deliverer {
            uuid: UUID.into(),
            destinations: Arc::clone(&destinations),
            producer: Arc::clone(&producer) as Arc<dyn Producer>,
            clock: clock.clone(),
            entropy: Entropy::from_seed(1),
            memory: memory.clone(),
        };
        let store = Arc::new(MetricStore::new(memory.clone()));
        let units = Arc::new(UnitRecorder::new(profile.event_poller_unit, &store, &clock));
        let context = PollerContext {
            recorder: Arc::new(MappingRecorder::new("u", &units, &counters, &store, &clock)),
            meters: Arc::new(FunctionMeters::new(&clock, &store)),
            system_log: Arc::new(SystemLog::new(
                "u",
                &Arc::new(LogStore::new(memory.clone(), None)),
                &clock,
            )),
            uuid: UUID.into(),
            functions,
            clock: clock.clone(),
            entropy: Entropy::from_seed(1),
            memory,
            counters: Arc::clone(&counters),
            rest: Default::default(),
            retry: RetryPolicy {
                failed: millisecond,
                throttled: millisecond,
                unreachable: millisecond,
            },
            unreachable: Arc::new(Reminder::new(Duration::from_secs(60))),
            profile: Arc::new(profile),
            payloads: Payloads::Built,
            deliverer: Arc::new(deliverer),
        };
        let (orders, orders_received) = watch::channel(Orders {
            config: Arc::new(config),
            standstill: Standstill::None,
            is_stopping: false,
            rebalances: 0,
        });
        let (status_sent, status) = watch::channel(PollerStatus::default());
        let (events, events_received) = mpsc::unbounded_channel();
        let script = Arc::new(Script::default());
        let source = ScriptedSource {
            script: Arc::clone(&script),
            events: events_received,
            news: VecDeque::new(),
            assignment: AssignmentNumber::default(),
            given_up: BTreeSet::new(),
            is_revoking: false,
        };
        let activity = Activity::default();
        let log = PollerLog::new(&context.system_log, 0);
        let report = Report::new(status_sent, activity.clone(), log);
        let task = tokio::spawn(Poller::new(source, Arc::new(context), orders_received, report).run());
        Self {
            script,
            events,
            orders,
            status,
            activity,
            counters,
            clock,
            invoked,
            behaviours,
            producer,
            destinations,
            task,
        }
    }

    pub(super) fn event(&self, event: SourceEvent) {
        self.events.send(Ok(event)).unwrap();
    }

    pub(super) fn fail(&self, reason: &str) {
        let reason = reason.to_owned();
        self.events.send(Err(SourceError::Cluster { reason })).unwrap();
    }

    pub(super) fn assign(&self, generation: i32, partitions: &[i32]) {
        self.event(SourceEvent::Assigned {
            generation,
            partitions: partitions.to_vec(),
        });
    }

    pub(super) fn records(&self, partition: i32, offsets: Range<i64>) {
        self.event(SourceEvent::Records(records(partition, offsets, 3)));
    }

    /// The next invocation ends with this error, or succeeds without one; the error `panic` is a crash.
    pub(super) fn behave(&self, milliseconds: u64, error: Option<&str>) {
        let result = match error {
            Some("panic") => None,
            error => Some(returned(error, "null")),
        };
        self.behaviours.lock().unwrap().push_back((milliseconds, result));
    }

    /// The next invocation succeeds with a response.
    pub(super) fn respond(&self, milliseconds: u64, response: &str) {
        let result = returned(None, response);
        self.behaviours
            .lock()
            .unwrap()
            .push_back((milliseconds, Some(result)));
    }

    /// The next invocation is throttled.
    pub(super) fn throttle(&self) {
        let result = InvocationResult::Throttled {
            reason: "ReservedFunctionConcurrentInvocationLimitExceeded".to_owned(),
        };
        self.behaviours.lock().unwrap().push_back((0, Some(result)));
    }

    /// Lets everything happen until `milliseconds` after the start.
    pub(super) async fn until(&self, milliseconds: u64) {
        self.clock.reach(Duration::from_millis(milliseconds)).await;
        // Everything else that falls due at this moment comes first.
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
    }

    pub(super) fn invoked(&self) -> Vec<Invoked> {
        self.invoked.lock().unwrap().clone()
    }
}

fn returned(error: Option<&str>, payload: &str) -> InvocationResult {
    InvocationResult::Returned {
        function_error: error.map(str::to_owned),
        payload: Bytes::from(payload.to_owned()),
    }
}

/// A producer that takes what it is given, after some time, or fails with each of its answers first.
#[derive(Debug)]
pub(super) struct ScriptedProducer {
    clock: Clock,
    /// The milliseconds at which each call began, and its messages.
    pub(super) produced: Mutex<Vec<(u128, Vec<Message>)>>,
    /// The durations of the next calls in milliseconds, and the errors of all their messages.
    pub(super) answers: Mutex<VecDeque<(u64, Option<ErrorKind>)>>,
}

impl Producer for ScriptedProducer {
    fn produce<'a>(&'a self, _: &'a str, messages: Vec<Message>, _: u64) -> Produced<'a> {
        let entry = (self.clock.elapsed().as_millis(), messages.clone());
        self.produced.lock().unwrap().push(entry);
        let answer = self.answers.lock().unwrap().pop_front();
        Box::pin(async move {
            let (milliseconds, error) = answer.unwrap_or((0, None));
            self.clock.sleep(Duration::from_millis(milliseconds)).await;
            let Some(kind) = error else {
                return Vec::new();
            };
            let reason = "no".to_owned();
            let unsent = |message| {
                let reason = reason.clone();
                (message, ClientError { kind, reason })
            };
            messages.into_iter().map(unsent).collect()
        })
    }
}

#[derive(Debug)]
struct ScriptedFunction {
    clock: Clock,
    invoked: Arc<Mutex<Vec<Invoked>>>,
    behaviours: Behaviours,
}

impl Invoker for ScriptedFunction {
    fn invoke(&self, invocation: Invocation) -> Pin<Box<dyn Future<Output = InvocationResult> + Send>> {
        let entry = (self.clock.elapsed().as_millis(), contents(&invocation.payload));
        self.invoked.lock().unwrap().push(entry);
        let behaviour = self.behaviours.lock().unwrap().pop_front();
        let (milliseconds, result) = behaviour.unwrap_or_else(|| (100, Some(returned(None, "null"))));
        let clock = self.clock.clone();
        Box::pin(async move {
            clock.sleep(Duration::from_millis(milliseconds)).await;
            result.expect("the function crashed")
        })
    }
}

fn contents(payload: &[u8]) -> Vec<(i32, Vec<i64>)> {
    let event: serde_json::Value = serde_json::from_slice(payload).unwrap();
    let number = |record: &serde_json::Value, member: &str| record[member].as_i64().unwrap();
    let partitions = event["records"].as_object().unwrap().values();
    partitions
        .map(|records| {
            let records = records.as_array().unwrap();
            let offsets = records.iter().map(|record| number(record, "offset")).collect();
            (number(&records[0], "partition") as i32, offsets)
        })
        .collect()
}

pub(super) fn records(partition: i32, offsets: Range<i64>, value_bytes: usize) -> Records {
    let mut buffer = vec![0];
    buffer.resize(1 + value_bytes, b'x');
    let span = |offset| Span {
        offset,
        timestamp_ms: 0,
        key: None,
        value: Some(1..buffer.len() as u32),
        headers: 0..1,
    };
    Records {
        partition,
        assignment: AssignmentNumber::default(),
        spans: offsets.clone().map(span).collect(),
        offsets,
        timestamp_type: TimestampType::CreateTime,
        buffer: Bytes::from(buffer),
        schemas: None,
    }
}
