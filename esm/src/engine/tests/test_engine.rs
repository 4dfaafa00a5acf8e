//! A cluster, an engine and functions in one process on paused time, for tests.

use super::super::*;
use crate::delivery::DestinationOptions;
use crate::invoker::ClosureInvoker;
use crate::profile::ProfileName;
use bytes::Bytes;
use esmeralda_broker::local::{Client, NewTopic};
use esmeralda_broker::records::{NewRecord, encode_batch};
use esmeralda_broker::{Broker, Compression, Config, NodeConfig};
use serde_json::{Value, json};

pub(super) const TOPIC: &str = "orders";

/// One record as a function saw it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Seen {
    pub(super) partition: i32,
    pub(super) offset: i64,
    pub(super) value: String,
}

/// One invocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Invoked {
    /// Milliseconds after the start.
    pub(super) at_ms: u128,
    pub(super) records: Vec<Seen>,
}

pub(super) struct TestEngine {
    pub(super) broker: Broker,
    pub(super) engine: Engine,
    pub(super) clock: Clock,
    pub(super) client: Client,
    invoked: Arc<Mutex<Vec<Invoked>>>,
}

pub(super) struct TestOptions {
    pub(super) transition_delay: Duration,
    pub(super) group_timeouts: GroupTimeouts,
    pub(super) profile: ScalingProfile,
    pub(super) time_scale: u32,
    pub(super) brokers: usize,
    pub(super) destinations: DestinationOptions,
    /// Whether the brokers have sockets, and mappings may read other clusters. Time must not be paused then.
    pub(super) has_network: bool,
}

/// Fleets stay as they were started, one invocation in flight for each poller, and nothing is added to the functions' own time.
fn still() -> ScalingProfile {
    let mut profile = ProfileName::Instant.profile();
    let never = Duration::from_secs(86_400);
    (profile.first_evaluation, profile.evaluation_interval) = (never, never);
    profile.provisioned.invocations_in_flight = 1;
    profile.poller_bytes_per_second = 0;
    profile
}

impl Default for TestOptions {
    fn default() -> Self {
        Self {
            transition_delay: Duration::from_millis(20),
            group_timeouts: GroupTimeouts {
                session: Duration::from_secs(6),
                rebalance: Duration::from_secs(10),
                heartbeat: Duration::from_secs(2),
            },
            profile: still(),
            time_scale: 1,
            brokers: 1,
            destinations: DestinationOptions {
                captures: true,
                ..DestinationOptions::default()
            },
            has_network: false,
        }
    }
}

impl TestEngine {
    pub(super) async fn new() -> Self {
        Self::with(TestOptions::default()).await
    }

    pub(super) async fn with(options: TestOptions) -> Self {
        let wall = esmeralda_broker::Clock::tokio(1_767_225_600_000);
        let node = NodeConfig {
            listen: options.has_network.then(|| "127.0.0.1:0".to_owned()),
            rack: None,
        };
        let config = Config {
            // Groups of tests use short sessions; the functions here overstay even those.
            properties: [
                ("group.min.session.timeout.ms".to_owned(), "100".to_owned()),
                (
                    "default.replication.factor".to_owned(),
                    options.brokers.to_string(),
                ),
            ]
            .into(),
            nodes: vec![node; options.brokers],
            ..Config::default()
        };
        let broker = Broker::start(config, wall.clone(), Entropy::from_seed(1))
            .await
            .unwrap();
        let clock = Clock::scaled(wall, options.time_scale);
        let client = broker.client("test");
        let engine = Engine::new(EngineOptions {
            cluster: client.clone().into(),
            bootstrap_servers: vec!["localhost:9092".to_owned()],
            has_network: options.has_network,
            secrets: Secrets::default(),
            destinations: options.destinations,
            functions: Arc::new(Functions::default()),
            schemas: SchemaRegistry::default(),
            account_id: "000000000000".to_owned(),
            region: "eu-west-1".to_owned(),
            clock: clock.clone(),
            entropy: Entropy::from_seed(2),
            memory: broker.memory().clone(),
            transition_delay: options.transition_delay,
            group_timeouts: options.group_timeouts,
            profile: options.profile,
            trace: TraceSettings::default(),
            payloads: Payloads::Built,
            log_sink: None,
        });
        let test = Self {
            broker,
            engine,
            clock,
            client,
            invoked: Arc::default(),
        };
        test.function("f", |_| async { Ok(()) });
        test
    }

    /// A function that first records what it is given.
    pub(super) fn function<F, A>(&self, name: &str, act: F)
    where
        F: Fn(Vec<Seen>) -> A + Send + Sync + 'static,
        A: Future<Output = Result<(), String>> + Send + 'static,
    {
        let (invoked, clock) = (Arc::clone(&self.invoked), self.clock.clone());
        let invoker = ClosureInvoker::new(move |payload: Bytes| {
            let records = seen(&payload);
            invoked.lock().unwrap().push(Invoked {
                at_ms: clock.elapsed().as_millis(),
                records: records.clone(),
            });
            let answer = act(records);
            async move { answer.await.map(|()| "null") }
        });
        self.engine
            .shared
            .options
            .functions
            .register(name, Arc::new(invoker));
    }

    /// A function that does not look at what it is given.
    pub(super) fn plain_function<F, A>(&self, name: &str, act: F)
    where
        F: Fn() -> A + Send + Sync + 'static,
        A: Future<Output = ()> + Send + 'static,
    {
        let invoker = ClosureInvoker::new(move |_| {
            let answer = act();
            async move {
                answer.await;
                Ok::<_, String>("null")
            }
        });
        let functions = &self.engine.shared.options.functions;
        functions.register(name, Arc::new(invoker));
    }

    pub(super) async fn topic(&self, partitions: i32) {
        let topic = NewTopic {
            name: TOPIC.to_owned(),
            partitions: Some(partitions),
            // Records here are from 1970.
            configs: [("retention.ms".to_owned(), "-1".to_owned())].into(),
        };
        self.client.create_topic(topic).await.unwrap();
    }

    /// Produces `count` records to a partition as one batch; their values are `PARTITION/NUMBER`, counted from `first`.
    pub(super) async fn produce(&self, partition: i32, first: i64, count: i64) {
        self.produce_compressed(partition, first, count, Compression::None)
            .await;
    }

    pub(super) async fn produce_compressed(
        &self,
        partition: i32,
        first: i64,
        count: i64,
        compression: Compression,
    ) {
        let values: Vec<String> = (first..first + count)
            .map(|number| value(partition, number))
            .collect();
        let records: Vec<NewRecord<'_>> = values
            .iter()
            .map(|value| NewRecord {
                timestamp_ms: 1,
                value: Some(value.as_bytes()),
                ..NewRecord::default()
            })
            .collect();
        let batch = encode_batch(&records, compression);
        self.client.produce(TOPIC, partition, batch).await.unwrap();
    }

    /// Creates a mapping of the topic to function `f`, with these members on top, and waits until it is settled.
    pub(super) async fn mapping(&self, members: Value) -> String {
        let uuid = self.create(members).await.unwrap().uuid().to_owned();
        self.engine.settled(&uuid).await.unwrap();
        uuid
    }

    pub(super) async fn create(&self, members: Value) -> Result<MappingView, ApiError> {
        let mut body = json!({
            "FunctionName": "f",
            "SelfManagedEventSource": { "Endpoints": { "KAFKA_BOOTSTRAP_SERVERS": ["localhost:9092"] } },
            "Topics": [TOPIC],
        });
        for (name, value) in members.as_object().unwrap() {
            body[name] = value.clone();
        }
        self.engine
            .create(serde_json::from_value(body).unwrap(), None)
            .await
    }

    pub(super) async fn update(&self, uuid: &str, members: Value) -> Result<MappingView, ApiError> {
        self.engine
            .update(uuid, serde_json::from_value(members).unwrap())
            .await
    }

    pub(super) async fn metrics(&self) -> MappingMetrics {
        self.engine.metrics().await.remove(0)
    }

    /// Waits until the mapping's numbers are as they should be.
    pub(super) async fn until(&self, is_reached: impl Fn(&MappingMetrics) -> bool) -> MappingMetrics {
        for _ in 0..10_000 {
            if is_reached(&self.metrics().await) {
                // Counters and lags are not read at once: between them things go on.
                return self.metrics().await;
            }
            self.clock.sleep(Duration::from_millis(10)).await;
        }
        panic!("not reached in 100 s: {:?}", self.metrics().await);
    }

    pub(super) fn invoked(&self) -> Vec<Invoked> {
        self.invoked.lock().unwrap().clone()
    }

    /// All records that functions were given, in that order.
    pub(super) fn seen(&self) -> Vec<Seen> {
        self.invoked()
            .into_iter()
            .flat_map(|invoked| invoked.records)
            .collect()
    }

    pub(super) async fn committed(&self, group_id: &str, partitions: i32) -> Vec<i64> {
        let partitions: Vec<i32> = (0..partitions).collect();
        let committed = self.client.committed(group_id, TOPIC, &partitions).await.unwrap();
        committed
            .into_iter()
            .map(|committed| committed.map_or(-1, |committed| committed.offset.0))
            .collect()
    }
}

pub(super) fn value(partition: i32, number: i64) -> String {
    format!("{partition}/{number}")
}

/// The records that a partition has, from `first` on, as a function sees them.
pub(super) fn expected(partition: i32, first: i64, count: i64) -> Vec<Seen> {
    let seen = |offset| Seen {
        partition,
        offset,
        value: value(partition, offset),
    };
    (first..first + count).map(seen).collect()
}

fn seen(payload: &[u8]) -> Vec<Seen> {
    let event: Value = serde_json::from_slice(payload).unwrap();
    let record = |record: &Value| Seen {
        partition: record["partition"].as_i64().unwrap() as i32,
        offset: record["offset"].as_i64().unwrap(),
        value: String::from_utf8(
            base64_simd::STANDARD
                .decode_to_vec(record["value"].as_str().unwrap())
                .unwrap(),
        )
        .unwrap(),
    };
    let partitions = event["records"].as_object().unwrap().values();
    partitions
        .flat_map(|records| records.as_array().unwrap().iter().map(record))
        .collect()
}
