use super::*;
use crate::batch::Envelope;
use crate::config::ProvisionedPollers;
use crate::invoker::ClosureInvoker;
use crate::profile::ProfileName;
use crate::retry::Backoff;
use crate::source::{Span, StartingPosition};
use bytes::Bytes;
use esmeralda_broker::TimestampType;
use std::collections::VecDeque;
use std::sync::Mutex;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// What a poller did to its source.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Act {
    Commit(Vec<(i32, i64)>),
    Rejoin,
    Leave,
    Pause(i32, bool),
    Hasten,
}

#[derive(Default)]
struct Script {
    acts: Mutex<Vec<Act>>,
    commit_answers: Mutex<VecDeque<Result<(), SourceError>>>,
}

impl Script {
    fn act(&self, act: Act) {
        self.acts.lock().unwrap().push(act);
    }

    fn commits(&self) -> Vec<Vec<(i32, i64)>> {
        let acts = self.acts.lock().unwrap();
        let commit = |act: &Act| match act {
            Act::Commit(offsets) => Some(offsets.clone()),
            _ => None,
        };
        acts.iter().filter_map(commit).collect()
    }

    fn has(&self, act: &Act) -> bool {
        self.acts.lock().unwrap().contains(act)
    }
}

struct ScriptedSource {
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
type Invoked = (u128, Vec<(i32, Vec<i64>)>);

/// How long the next invocations take in milliseconds, and how they fail.
type Behaviours = Arc<Mutex<VecDeque<(u64, Option<&'static str>)>>>;

/// A poller of a scripted source, and a function that takes 100 ms and succeeds unless it is told otherwise.
struct Scene {
    script: Arc<Script>,
    events: mpsc::UnboundedSender<Result<SourceEvent, SourceError>>,
    orders: watch::Sender<Orders>,
    status: watch::Receiver<PollerStatus>,
    counters: Arc<Counters>,
    clock: Clock,
    invoked: Arc<Mutex<Vec<Invoked>>>,
    behaviours: Behaviours,
    task: JoinHandle<()>,
}

fn config(batch_size: usize) -> MappingConfig {
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
    }
}

impl Scene {
    fn new(batch_size: usize, invocations_in_flight: usize) -> Self {
        let mut profile = ProfileName::Instant.profile();
        profile.provisioned.invocations_in_flight = invocations_in_flight;
        Self::of_profile(batch_size, profile)
    }

    fn of_profile(batch_size: usize, profile: ScalingProfile) -> Self {
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
            config: Arc::new(config(batch_size)),
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
        let report = Report::new(status_sent, LastProcessed::default());
        let task = tokio::spawn(Poller::new(source, Arc::new(context), orders_received, report).run());
        Self {
            script,
            events,
            orders,
            status,
            counters,
            clock,
            invoked,
            behaviours,
            task,
        }
    }

    fn event(&self, event: SourceEvent) {
        self.events.send(Ok(event)).unwrap();
    }

    fn assign(&self, generation: i32, partitions: &[i32]) {
        self.event(SourceEvent::Assigned {
            generation,
            partitions: partitions.to_vec(),
        });
    }

    fn records(&self, partition: i32, offsets: std::ops::Range<i64>) {
        self.event(SourceEvent::Records(records(partition, offsets, 3)));
    }

    fn behave(&self, milliseconds: u64, error: Option<&'static str>) {
        self.behaviours.lock().unwrap().push_back((milliseconds, error));
    }

    /// Lets everything happen until `milliseconds` after the start.
    async fn until(&self, milliseconds: u64) {
        self.clock.reach(Duration::from_millis(milliseconds)).await;
        // Whatever else falls due at this very moment comes first.
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
    }

    fn invoked(&self) -> Vec<Invoked> {
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

fn records(partition: i32, offsets: std::ops::Range<i64>, value_bytes: usize) -> Records {
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

#[tokio::test(start_paused = true)]
async fn a_batch_is_invoked_when_its_window_has_passed_and_committed_when_it_succeeded() {
    let scene = Scene::new(100, 1);
    scene.assign(1, &[0, 1]);
    scene.records(0, 0..2);
    scene.records(1, 7..8);
    scene.until(499).await;
    assert_eq!(scene.invoked(), []);
    scene.until(599).await;
    assert_eq!(scene.invoked(), [(500, vec![(0, vec![0, 1]), (1, vec![7])])]);
    assert_eq!(scene.script.commits(), [] as [Vec<(i32, i64)>; 0]);
    scene.until(600).await;
    assert_eq!(scene.script.commits(), [[(0, 2), (1, 8)]]);
    assert_eq!(*scene.counters.committed_event_count.borrow(), 3);
    assert!(scene.status.borrow().has_processed);
}

#[tokio::test(start_paused = true)]
async fn full_batches_of_a_partition_follow_each_other_without_waiting() {
    let scene = Scene::new(2, 1);
    scene.assign(1, &[0]);
    scene.records(0, 0..6);
    scene.until(300).await;
    let expected = [(0, vec![0, 1]), (100, vec![2, 3]), (200, vec![4, 5])];
    assert_eq!(
        scene.invoked(),
        expected.map(|(when, offsets)| (when, vec![(0, offsets)]))
    );
    assert_eq!(scene.script.commits(), [[(0, 2)], [(0, 4)], [(0, 6)]]);
}

#[tokio::test(start_paused = true)]
async fn invocations_in_flight_are_of_different_partitions() {
    let scene = Scene::new(2, 3);
    scene.assign(1, &[0, 1]);
    scene.records(0, 0..4);
    scene.records(1, 0..4);
    scene.until(200).await;
    assert_eq!(
        scene.invoked(),
        [
            (0, vec![(0, vec![0, 1])]),
            (0, vec![(1, vec![0, 1])]),
            (100, vec![(0, vec![2, 3])]),
            (100, vec![(1, vec![2, 3])]),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_failed_batch_blocks_its_partitions_and_no_others() {
    let scene = Scene::new(2, 1);
    scene.behave(10, Some("no"));
    scene.behave(10, None);
    scene.behave(10, Some("panic"));
    scene.assign(1, &[0, 1]);
    scene.records(0, 0..4);
    scene.until(5).await;
    scene.records(1, 0..2);
    scene.until(300).await;
    assert_eq!(
        scene.invoked(),
        [
            (0, vec![(0, vec![0, 1])]),
            (10, vec![(1, vec![0, 1])]),
            (20, vec![(0, vec![0, 1])]), // due at 11, when the only slot was taken
            (31, vec![(0, vec![0, 1])]),
            (131, vec![(0, vec![2, 3])]),
        ]
    );
    assert_eq!(scene.script.commits(), [[(1, 2)], [(0, 2)], [(0, 4)]]);
    assert_eq!(scene.counters.invocation_errors.get(), 2);
    assert_eq!(scene.counters.failed_invoke_event_count.get(), 4);
    assert_eq!(scene.status.borrow().function_problem, None);
}

#[tokio::test(start_paused = true)]
async fn a_function_that_fails_is_the_mappings_problem_until_it_succeeds() {
    let scene = Scene::new(1, 1);
    scene.behave(10, Some("no"));
    scene.assign(1, &[0]);
    scene.records(0, 0..1);
    scene.until(10).await;
    assert_eq!(
        scene.status.borrow().function_problem.as_deref(),
        Some("Function call failed")
    );
    scene.until(200).await;
    assert_eq!(scene.status.borrow().function_problem, None);
}

#[tokio::test(start_paused = true)]
async fn in_a_rebalance_what_is_in_flight_is_committed_and_what_is_not_is_read_again() {
    let scene = Scene::new(2, 1);
    scene.assign(1, &[0]);
    scene.records(0, 0..4);
    scene.until(50).await;
    scene.event(SourceEvent::Revoking);
    scene.until(99).await;
    assert!(!scene.script.has(&Act::Rejoin));
    scene.until(101).await;
    let acts = scene.script.acts.lock().unwrap().clone();
    assert_eq!(
        acts,
        [Act::Pause(0, true), Act::Commit(vec![(0, 2)]), Act::Rejoin]
    );
    scene.assign(2, &[0]);
    scene.records(0, 2..4);
    scene.until(300).await;
    assert_eq!(
        scene.invoked(),
        [(0, vec![(0, vec![0, 1])]), (101, vec![(0, vec![2, 3])])]
    );
    assert_eq!(scene.script.commits(), [[(0, 2)], [(0, 4)]]);
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_failed_in_a_rebalance_is_left_to_the_next_owner() {
    let scene = Scene::new(2, 1);
    scene.behave(100, Some("no"));
    scene.assign(1, &[0]);
    scene.records(0, 0..2);
    scene.until(50).await;
    scene.event(SourceEvent::Revoking);
    scene.until(1000).await;
    assert_eq!(scene.invoked().len(), 1);
    assert!(scene.script.has(&Act::Rejoin));
    assert_eq!(scene.script.commits(), [] as [Vec<(i32, i64)>; 0]);
}

#[tokio::test(start_paused = true)]
async fn an_invocation_that_outlives_the_membership_commits_nothing_and_is_waited_for() {
    let scene = Scene::new(2, 2);
    scene.behave(1000, None);
    scene.assign(1, &[0]);
    scene.records(0, 0..2);
    scene.until(100).await;
    scene.event(SourceEvent::Lost);
    scene.assign(5, &[0, 1]);
    scene.records(0, 0..2);
    scene.records(1, 0..2);
    scene.until(1200).await;
    assert_eq!(
        scene.invoked(),
        [
            (0, vec![(0, vec![0, 1])]),
            (100, vec![(1, vec![0, 1])]),
            (1000, vec![(0, vec![0, 1])]),
        ]
    );
    assert_eq!(scene.script.commits(), [[(1, 2)], [(0, 2)]]);
    assert_eq!(scene.counters.commit_error_count.get(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_refused_commit_ends_the_membership() {
    let scene = Scene::new(2, 1);
    scene
        .script
        .commit_answers
        .lock()
        .unwrap()
        .push_back(Err(SourceError::CommitRefused {
            reason: "ILLEGAL_GENERATION".into(),
        }));
    scene.assign(1, &[0]);
    scene.records(0, 0..4);
    scene.until(1000).await;
    assert_eq!(scene.invoked().len(), 1, "what was buffered is discarded");
    assert_eq!(scene.status.borrow().phase, Phase::Joining);
    assert_eq!(scene.counters.commit_error_count.get(), 1);
    assert_eq!(*scene.counters.committed_event_count.borrow(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_commit_that_the_cluster_could_not_take_is_tried_again() {
    let scene = Scene::new(2, 1);
    scene
        .script
        .commit_answers
        .lock()
        .unwrap()
        .push_back(Err(SourceError::Cluster {
            reason: "COORDINATOR_LOAD_IN_PROGRESS".into(),
        }));
    scene.assign(1, &[0]);
    scene.records(0, 0..2);
    scene.until(199).await;
    assert_eq!(*scene.counters.committed_event_count.borrow(), 0);
    scene.until(200).await;
    assert_eq!(scene.script.commits(), [[(0, 2)], [(0, 2)]]);
    assert_eq!(*scene.counters.committed_event_count.borrow(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_record_that_exceeds_an_event_is_dropped_and_committed() {
    let scene = Scene::new(2, 1);
    scene.assign(1, &[0]);
    scene.event(SourceEvent::Records(records(0, 0..1, 6_000_000)));
    scene.until(1).await;
    assert_eq!(scene.invoked(), []);
    assert_eq!(scene.script.commits(), [[(0, 1)]]);
    assert_eq!(scene.counters.dropped_event_count.get(), 1);
}

#[tokio::test(start_paused = true)]
async fn offsets_without_records_are_committed() {
    let scene = Scene::new(2, 1);
    scene.assign(1, &[0]);
    scene.event(SourceEvent::Records(Records {
        spans: Vec::new(),
        ..records(0, 4..9, 0)
    }));
    scene.until(1).await;
    assert_eq!(scene.script.commits(), [[(0, 9)]]);
}

#[tokio::test(start_paused = true)]
async fn a_stopped_poller_commits_what_is_in_flight_and_leaves() {
    let scene = Scene::new(2, 1);
    scene.assign(1, &[0]);
    scene.records(0, 0..4);
    scene.until(50).await;
    scene.orders.send_modify(|orders| orders.is_stopping = true);
    scene.task.await.unwrap();
    assert_eq!(scene.clock.elapsed(), Duration::from_millis(100));
    assert_eq!(scene.invoked.lock().unwrap().len(), 1);
    assert_eq!(scene.script.commits(), [[(0, 2)]]);
    assert_eq!(scene.script.acts.lock().unwrap().last(), Some(&Act::Leave));
    assert_eq!(scene.status.borrow().phase, Phase::Left);
}

#[tokio::test(start_paused = true)]
async fn reading_pauses_while_a_full_batch_waits() {
    let scene = Scene::new(2, 1);
    scene.assign(1, &[0]);
    scene.records(0, 0..5);
    scene.until(99).await;
    assert!(scene.script.has(&Act::Pause(0, true)));
    assert!(!scene.script.has(&Act::Pause(0, false)));
    scene.until(100).await;
    assert!(scene.script.has(&Act::Pause(0, false)), "one record is left");
}

#[tokio::test(start_paused = true)]
async fn an_update_applies_to_the_next_batch() {
    let scene = Scene::new(2, 1);
    scene.assign(1, &[0]);
    scene.records(0, 0..6);
    scene.until(50).await;
    scene
        .orders
        .send_modify(|orders| orders.config = Arc::new(config(3)));
    scene.until(250).await;
    assert_eq!(
        scene.invoked(),
        [(0, vec![(0, vec![0, 1])]), (100, vec![(0, vec![2, 3, 4])])]
    );
}

#[tokio::test(start_paused = true)]
async fn a_coming_rebalance_is_noticed_early() {
    let scene = Scene::new(2, 1);
    scene.assign(1, &[0]);
    scene.until(1).await;
    scene.orders.send_modify(|orders| orders.rebalances = 1);
    scene.until(2).await;
    assert!(scene.script.has(&Act::Hasten));
}

#[tokio::test(start_paused = true)]
async fn a_poller_takes_no_more_bytes_than_its_rate() {
    let mut profile = ProfileName::Instant.profile();
    profile.provisioned.invocations_in_flight = 1;
    // A record has 3 bytes and a batch one record: two a second, after the second's worth that may go at once.
    profile.poller_bytes_per_second = 6;
    let scene = Scene::of_profile(1, profile);
    scene.assign(1, &[0]);
    scene.records(0, 0..6);
    scene.until(1_500).await;
    let starts: Vec<_> = scene.invoked().iter().map(|(at_ms, _)| *at_ms).collect();
    assert_eq!(starts, [0, 100, 200, 500, 1_000, 1_500]);
}

#[tokio::test(start_paused = true)]
async fn the_overhead_of_an_invocation_occupies_its_slot() {
    let mut profile = ProfileName::Announcement2024.profile();
    profile.provisioned.invocations_in_flight = 1;
    let scene = Scene::of_profile(1, profile);
    scene.assign(1, &[0]);
    scene.records(0, 0..3);
    scene.until(440).await;
    let starts: Vec<_> = scene.invoked().iter().map(|(at_ms, _)| *at_ms).collect();
    assert_eq!(starts, [80, 260, 440]);
    assert_eq!(scene.counters.in_flight.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_failed_while_its_partition_was_given_up_is_left_to_the_next_owner() {
    let scene = Scene::new(1, 2);
    scene.behave(10, Some("no"));
    scene.behave(50, Some("no"));
    scene.assign(1, &[0, 1]);
    scene.records(0, 0..1);
    scene.records(1, 0..1);
    scene.until(5).await;
    scene.event(SourceEvent::Adjusted {
        generation: 2,
        gained: Vec::new(),
        lost: vec![0],
    });
    scene.until(9).await;
    assert!(!scene.script.has(&Act::Rejoin), "it is in flight");
    scene.until(11).await;
    assert!(scene.script.has(&Act::Rejoin));
    // What it kept is retried: after 50 ms, and the millisecond of the backoff.
    scene.until(300).await;
    let invoked: Vec<_> = scene
        .invoked()
        .into_iter()
        .map(|(at_ms, offsets)| (at_ms, offsets[0].0))
        .collect();
    assert_eq!(invoked, [(0, 0), (0, 1), (51, 1)]);
    assert_eq!(scene.script.commits(), [[(1, 1)]]);
}
