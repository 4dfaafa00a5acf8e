//! A poller of a scripted source on paused time, and a function that does as it is told.

use crate::batch::Envelope;
use crate::config::{FailureRules, MappingConfig, ProvisionedPollers, ResponseTypes};
use crate::invoker::{ClosureInvoker, Functions};
use crate::metrics::Counters;
use crate::poller::{Activity, Orders, Payloads, Poller, PollerContext, PollerStatus, Report, Standstill};
use crate::profile::{ProfileName, ScalingProfile};
use crate::retry::{Backoff, RetryPolicy};
use crate::source::{EventSource, Records, SourceError, SourceEvent, Span, StartingPosition};
use crate::{Clock, Entropy, Pool};
use bytes::Bytes;
use esmeralda_broker::TimestampType;
use std::collections::VecDeque;
use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

/// A call of a poller to its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Commit(Vec<(i32, i64)>),
    Rejoin,
    Leave,
    Pause(i32, bool),
    Hasten,
}

#[derive(Default)]
pub(super) struct Script {
    pub(super) acts: Mutex<Vec<Act>>,
    pub(super) commit_answers: Mutex<VecDeque<Result<(), SourceError>>>,
}

impl Script {
    fn act(&self, act: Act) {
        self.acts.lock().unwrap().push(act);
    }

    pub(super) fn commits(&self) -> Vec<Vec<(i32, i64)>> {
        let acts = self.acts.lock().unwrap();
        let commit = |act: &Act| match act {
            Act::Commit(offsets) => Some(offsets.clone()),
            _ => None,
        };
        acts.iter().filter_map(commit).collect()
    }

    pub(super) fn has(&self, act: &Act) -> bool {
        self.acts.lock().unwrap().contains(act)
    }
}

pub(super) struct ScriptedSource {
    script: Arc<Script>,
    events: mpsc::UnboundedReceiver<Result<SourceEvent, SourceError>>,
}

impl EventSource for ScriptedSource {
    async fn next(&mut self) -> Result<SourceEvent, SourceError> {
        match self.events.recv().await {
            Some(event) => event,
            None => pending().await,
        }
    }

    fn pause(&mut self, partition: i32, is_paused: bool) {
        self.script.act(Act::Pause(partition, is_paused));
    }

    async fn rejoin(&mut self) -> Result<(), SourceError> {
        self.script.act(Act::Rejoin);
        Ok(())
    }

    async fn commit(&mut self, offsets: &[(i32, i64)]) -> Result<(), SourceError> {
        self.script.act(Act::Commit(offsets.to_vec()));
        let answer = self.script.commit_answers.lock().unwrap().pop_front();
        answer.unwrap_or(Ok(()))
    }

    fn hasten(&mut self) {
        self.script.act(Act::Hasten);
    }

    async fn leave(self) {
        self.script.act(Act::Leave);
    }
}

/// One invocation: when it began, in milliseconds, and which offsets of which partitions it had.
pub(super) type Invoked = (u128, Vec<(i32, Vec<i64>)>);

/// How long the next invocations take in milliseconds, and how they fail.
type Behaviours = Arc<Mutex<VecDeque<(u64, Option<&'static str>)>>>;

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
    pub(super) task: JoinHandle<()>,
}

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
        provisioned: Some(ProvisionedPollers {
            minimum: 1,
            maximum: 200,
        }),
        failure_rules: FailureRules::default(),
        response_types: ResponseTypes::default(),
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
            Arc::new(function(
                clock.clone(),
                Arc::clone(&invoked),
                Arc::clone(&behaviours),
            )),
        );
        let counters = Arc::new(Counters::default());
        let millisecond = Backoff {
            initial: Duration::from_millis(1),
            maximum: Duration::from_millis(1),
        };
        let context = PollerContext {
            uuid: "6b9f5a3e-0c68-4a2b-9f0e-3f9b3a4c5d6e".into(),
            functions,
            clock: clock.clone(),
            entropy: Entropy::from_seed(1),
            memory: Pool::new(1 << 30),
            counters: Arc::clone(&counters),
            retry: RetryPolicy {
                failed: millisecond,
                throttled: millisecond,
                unreachable: millisecond,
            },
            profile: Arc::new(profile),
            payloads: Payloads::Built,
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
        };
        let activity = Activity::default();
        let report = Report::new(status_sent, activity.clone());
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
            task,
        }
    }

    pub(super) fn event(&self, event: SourceEvent) {
        self.events.send(Ok(event)).unwrap();
    }

    pub(super) fn assign(&self, generation: i32, partitions: &[i32]) {
        self.event(SourceEvent::Assigned {
            generation,
            partitions: partitions.to_vec(),
        });
    }

    pub(super) fn records(&self, partition: i32, offsets: std::ops::Range<i64>) {
        self.event(SourceEvent::Records(records(partition, offsets, 3)));
    }

    pub(super) fn behave(&self, milliseconds: u64, error: Option<&'static str>) {
        self.behaviours.lock().unwrap().push_back((milliseconds, error));
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

fn function(clock: Clock, invoked: Arc<Mutex<Vec<Invoked>>>, behaviours: Behaviours) -> ClosureInvoker {
    ClosureInvoker::new(move |payload: Bytes| {
        let entry = (clock.elapsed().as_millis(), contents(&payload));
        invoked.lock().unwrap().push(entry);
        let (milliseconds, error) = behaviours.lock().unwrap().pop_front().unwrap_or((100, None));
        let clock = clock.clone();
        async move {
            clock.sleep(Duration::from_millis(milliseconds)).await;
            match error {
                Some("panic") => panic!("the function crashed"),
                Some(error) => Err(error),
                None => Ok("null"),
            }
        }
    })
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

pub(super) fn records(partition: i32, offsets: std::ops::Range<i64>, value_bytes: usize) -> Records {
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
        spans: offsets.clone().map(span).collect(),
        offsets,
        timestamp_type: TimestampType::CreateTime,
        buffer: Bytes::from(buffer),
    }
}
