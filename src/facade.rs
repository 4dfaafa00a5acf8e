//! A whole instance in one process: the cluster, the engine and the HTTP port are started together, given topics, functions and
//! mappings, and stopped in order.

mod mapping;
mod options;

pub use mapping::{Mapping, NewMapping};
pub use options::Options;

use crate::http;
use crate::virtual_time;
use bytes::Bytes;
use esmeralda_broker::local::{self, NewTopic};
use esmeralda_broker::records::{NewRecord, encode_batch};
use esmeralda_broker::{Broker, Compression, Config, Entropy, NodeConfig, Offset};
use esmeralda_esm::invoker::{
    ClosureInvoker, HttpInvoker, InvalidEndpoint, SimulatedFunction, SimulatedInvoker,
};
use esmeralda_esm::{ApiError, Clock, Engine, EngineOptions, Functions, Invoker};
use serde_json::{Map, Value, json};
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The address of the cluster in mappings if it has no sockets.
const NOWHERE: &str = "localhost:9092";

/// The sources of time and randomness.
struct Sources {
    wall: esmeralda_broker::Clock,
    clock: Clock,
    entropy: Entropy,
    is_virtual: bool,
}

/// The reason why an instance did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The cluster did not start.
    #[error(transparent)]
    Broker(#[from] esmeralda_broker::StartError),
    /// The HTTP port's address could not be bound.
    #[error("cannot serve HTTP on {address}: {source}")]
    Http {
        /// The address as it was configured.
        address: String,
        /// The system's error.
        source: std::io::Error,
    },
    /// The default endpoint is not a plain http URL.
    #[error("the Lambda endpoint: {0}")]
    Endpoint(#[from] InvalidEndpoint),
}

/// A running instance. [`Esmeralda::stop`] stops it in order; dropping it ends everything at once.
#[derive(Debug)]
pub struct Esmeralda {
    broker: Broker,
    engine: Engine,
    functions: Arc<Functions>,
    client: local::Client,
    clock: Clock,
    is_virtual: bool,
    http: Option<http::Server>,
    is_ready: Arc<AtomicBool>,
}

/// The reason why a function was not registered.
#[derive(Debug, thiserror::Error)]
pub enum FunctionError {
    /// The endpoint is not a plain http URL.
    #[error(transparent)]
    Endpoint(#[from] InvalidEndpoint),
    /// The instance is in virtual time, which does not wait for other processes.
    #[error(
        "function `{name}` is an http function, which virtual time cannot wait for: make it a simulated function or a closure"
    )]
    HttpInVirtualTime {
        /// The function's name.
        name: String,
    },
}

impl Esmeralda {
    /// Starts with [`Options::default`], ready at once.
    ///
    /// # Errors
    /// [`StartError`] if no port is free.
    pub async fn start() -> Result<Self, StartError> {
        let esmeralda = Self::start_with(Options::default()).await?;
        esmeralda.set_ready();
        Ok(esmeralda)
    }

    /// Starts with `options`; `/healthz` answers 503 until [`Esmeralda::set_ready`].
    ///
    /// # Errors
    /// [`StartError`]; nothing is left running.
    pub async fn start_with(options: Options) -> Result<Self, StartError> {
        let wall = esmeralda_broker::Clock::system();
        let sources = Sources {
            clock: Clock::scaled(wall.clone(), options.time_scale),
            wall,
            entropy: Entropy::from_system(),
            is_virtual: false,
        };
        Self::start_in(sources, options).await
    }

    /// Runs `scene` on an instance in virtual time: whenever nothing can run, time jumps to what is due next. Everything random follows
    /// from `seed`, so the same seed gives the same run.
    ///
    /// A call runs a runtime of its own, so the test around it is a plain `#[test]`:
    ///
    /// ```
    /// use esmeralda::{Esmeralda, NewMapping, SimulatedFunction};
    /// use std::time::Duration;
    ///
    /// const MINUTE: Duration = Duration::from_secs(60);
    ///
    /// Esmeralda::simulated(7, |sim| async move {
    ///     sim.create_topic_with("orders", 12).await.expect("a new topic");
    ///     for partition in 0..12 {
    ///         for _ in 0..20 {
    ///             let values = vec![[b'x'; 1_000]; 500];
    ///             sim.produce("orders", partition, &values).await.expect("there is room");
    ///         }
    ///     }
    ///     let function = SimulatedFunction::fixed(Duration::from_millis(400));
    ///     sim.register_simulated_function("handle-orders", function, 1);
    ///     let mapping = NewMapping::new("handle-orders", "orders").minimum_pollers(1);
    ///     let mapping = sim.create_mapping(mapping).await.expect("a valid mapping");
    ///     mapping.drained().await.expect("the mapping exists");
    ///
    ///     let trace = mapping.trace().await.expect("the mapping exists");
    ///     trace
    ///         .drains_within(4 * MINUTE)
    ///         .and_then(|trace| trace.pollers_never_exceed(12))
    ///         .and_then(|trace| trace.reaches_full_concurrency_within(2 * MINUTE))
    ///         .and_then(|trace| trace.no_thrash(0))
    ///         .and_then(|trace| trace.cost_below(0.02))
    ///         .expect("it scales as it should");
    /// });
    /// ```
    ///
    /// # Panics
    /// Within another runtime, such as that of a `#[tokio::test]`.
    pub fn simulated<S, F>(seed: u64, scene: S) -> F::Output
    where
        S: FnOnce(Self) -> F,
        F: Future,
    {
        Self::simulated_with(Options::simulated(), seed, scene)
    }

    /// Runs `scene` as [`Esmeralda::simulated`] does, with other options than [`Options::simulated`]. The addresses in them are ignored:
    /// virtual time has no sockets.
    ///
    /// # Panics
    /// Within another runtime, and if a broker config in `options` is not valid.
    pub fn simulated_with<S, F>(options: Options, seed: u64, scene: S) -> F::Output
    where
        S: FnOnce(Self) -> F,
        F: Future,
    {
        let options = Options {
            kafka: Vec::new(),
            http: None,
            ..options
        };
        virtual_time::run(async {
            let wall = virtual_time::wall();
            let sources = Sources {
                clock: Clock::new(wall.clone()),
                wall,
                entropy: Entropy::from_seed(seed),
                is_virtual: true,
            };
            match Self::start_in(sources, options).await {
                Ok(esmeralda) => scene(esmeralda).await,
                Err(error) => panic!("the simulation's options are wrong: {error}"),
            }
        })
    }

    async fn start_in(sources: Sources, options: Options) -> Result<Self, StartError> {
        let Sources {
            wall,
            clock,
            entropy,
            is_virtual,
        } = sources;
        let functions = Arc::new(Functions::default());
        if let Some(endpoint) = &options.lambda_endpoint {
            functions.set_fallback(Arc::new(HttpInvoker::new(endpoint)?));
        }
        let broker = Broker::start(cluster_config(&options), wall, entropy.clone()).await?;
        let client = broker.client("esmeralda");
        let engine = Engine::new(EngineOptions {
            cluster: client.clone().into(),
            bootstrap_servers: known_addresses(&broker),
            functions: Arc::clone(&functions),
            account_id: options.account_id,
            region: options.region,
            clock: clock.clone(),
            entropy,
            memory: broker.memory().clone(),
            transition_delay: options.transition_delay,
            group_timeouts: options.group_timeouts,
            profile: options.scaling,
            trace: options.trace,
            payloads: options.payloads,
        });
        let is_ready = Arc::new(AtomicBool::new(false));
        let http = match options.http {
            None => None,
            Some(address) => {
                let surface = http::Surface {
                    engine: engine.clone(),
                    broker: broker.metrics(),
                    is_ready: Arc::clone(&is_ready),
                };
                Some(
                    http::Server::start(&address, surface)
                        .await
                        .map_err(|source| StartError::Http { address, source })?,
                )
            }
        };
        Ok(Self {
            broker,
            engine,
            functions,
            client,
            clock,
            is_virtual,
            http,
            is_ready,
        })
    }

    /// Makes `/healthz` answer 200: everything that was configured exists.
    pub fn set_ready(&self) {
        self.is_ready.store(true, Ordering::Release);
    }

    /// Returns the brokers' addresses, `host:port` separated by commas, as clients take them.
    pub fn bootstrap_servers(&self) -> String {
        self.broker.bootstrap_servers().join(",")
    }

    /// Returns the URL of the Lambda API, if it is served.
    pub fn http_url(&self) -> Option<String> {
        self.http
            .as_ref()
            .map(|server| format!("http://{}", server.address()))
    }

    /// Returns a Kafka client in this process, without sockets.
    pub fn client(&self) -> &local::Client {
        &self.client
    }

    /// Creates a topic.
    ///
    /// # Errors
    /// Those of CreateTopics, such as TOPIC_ALREADY_EXISTS.
    pub async fn create_topic(&self, topic: NewTopic) -> Result<(), local::Error> {
        self.client.create_topic(topic).await
    }

    /// Creates a topic of `partitions` partitions with default configs.
    ///
    /// # Errors
    /// Those of CreateTopics, such as TOPIC_ALREADY_EXISTS.
    pub async fn create_topic_with(&self, name: &str, partitions: i32) -> Result<(), local::Error> {
        let topic = NewTopic {
            name: name.to_owned(),
            partitions: Some(partitions),
            ..NewTopic::default()
        };
        self.create_topic(topic).await
    }

    /// Appends `values` as one batch of records without keys and with the current time, and returns the offset of the first.
    ///
    /// # Errors
    /// Those of Produce, such as UNKNOWN_TOPIC_OR_PARTITION.
    pub async fn produce<V: AsRef<[u8]>>(
        &self,
        topic: &str,
        partition: i32,
        values: &[V],
    ) -> Result<Offset, local::Error> {
        let timestamp_ms = self.clock.now_ms();
        let mut records = Vec::with_capacity(values.len());
        for value in values {
            records.push(NewRecord {
                timestamp_ms,
                value: Some(value.as_ref()),
                ..NewRecord::default()
            });
        }
        let batch = encode_batch(&records, Compression::None);
        self.client.produce(topic, partition, batch).await
    }

    /// Registers an async closure as the function `name`. It takes the event's JSON, and returns the response or an error, whose text is
    /// the function's error message.
    pub fn register_function<F, A, R, E>(&self, name: &str, function: F)
    where
        F: Fn(Bytes) -> A + Send + Sync + 'static,
        A: Future<Output = Result<R, E>> + Send + 'static,
        R: Into<Bytes>,
        E: fmt::Display,
    {
        self.functions
            .register(name, Arc::new(ClosureInvoker::new(function)));
    }

    /// Registers the Lambda Invoke API at `endpoint` as the function `name`.
    ///
    /// # Errors
    /// [`FunctionError`] if `endpoint` is not a plain http URL, and in virtual time.
    pub fn register_http_function(&self, name: &str, endpoint: &str) -> Result<(), FunctionError> {
        if self.is_virtual {
            return Err(FunctionError::HttpInVirtualTime {
                name: name.to_owned(),
            });
        }
        self.functions
            .register(name, Arc::new(HttpInvoker::new(endpoint)?));
        Ok(())
    }

    /// Registers a simulated function as the function `name`. `seed` decides which invocations fail and how long they take.
    pub fn register_simulated_function(&self, name: &str, function: SimulatedFunction, seed: u64) {
        let invoker = SimulatedInvoker::new(function, self.clock.clone(), Entropy::from_seed(seed));
        self.functions.register(name, Arc::new(invoker));
    }

    /// Registers `invoker` as the function `name`.
    pub fn register_invoker(&self, name: &str, invoker: Arc<dyn Invoker>) {
        self.functions.register(name, invoker);
    }

    /// Creates a mapping of the embedded cluster and waits until it is Enabled.
    ///
    /// # Errors
    /// Those of CreateEventSourceMapping.
    pub async fn create_mapping(&self, mapping: NewMapping) -> Result<Mapping, ApiError> {
        let mut members = mapping.members;
        // AWS allows ten at most; one is enough to name this cluster.
        let bootstrap_servers: Vec<String> = known_addresses(&self.broker).into_iter().take(10).collect();
        members
            .entry("SelfManagedEventSource")
            .or_insert_with(|| json!({ "Endpoints": { "KAFKA_BOOTSTRAP_SERVERS": bootstrap_servers } }));
        let mapping = self.create_mapping_from_json(members).await?;
        mapping.settled().await?;
        Ok(mapping)
    }

    /// Creates a mapping from the members of CreateEventSourceMapping.
    ///
    /// # Errors
    /// Those of CreateEventSourceMapping.
    pub async fn create_mapping_from_json(&self, members: Map<String, Value>) -> Result<Mapping, ApiError> {
        let request = serde_json::from_value(Value::Object(members))
            .map_err(|error| ApiError::serialization(error.to_string()))?;
        let view = self.engine.create(request, None).await?;
        Ok(Mapping::new(view.uuid(), self.engine.clone()))
    }

    /// Returns the engine's time since the start.
    pub fn elapsed(&self) -> Duration {
        self.clock.elapsed()
    }

    /// Sleeps for `interval` of the engine's time.
    pub async fn sleep(&self, interval: Duration) {
        self.clock.reach(self.clock.elapsed() + interval).await;
    }

    /// Returns the engine's clock.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Returns the engine, which does everything that the facade has no method for.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Stops in order: first the HTTP port; then the engine, whose in-flight invocations may take `timeout` to finish and be committed;
    /// then the brokers.
    pub async fn stop(self, timeout: Duration) {
        if let Some(http) = self.http {
            http.stop().await;
        }
        self.engine.shutdown(timeout).await;
        self.broker.shutdown(Duration::from_secs(1)).await;
    }
}

/// Returns the addresses that name this cluster in a mapping.
fn known_addresses(broker: &Broker) -> Vec<String> {
    match broker.known_addresses() {
        addresses if addresses.is_empty() => vec![NOWHERE.to_owned()],
        addresses => addresses,
    }
}

fn cluster_config(options: &Options) -> Config {
    let node = |listen: Option<String>| NodeConfig { listen };
    let nodes = match options.kafka.is_empty() {
        true => vec![node(None)],
        false => options.kafka.iter().cloned().map(Some).map(node).collect(),
    };
    Config {
        nodes,
        advertised: options.advertised.clone(),
        memory_limit_bytes: options.memory_limit_bytes,
        properties: options.properties.clone(),
        ..Config::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use esmeralda_broker::local::NewTopic;
    use std::sync::Mutex;

    #[tokio::test]
    async fn a_function_receives_what_was_produced_and_the_mapping_drains() {
        let esmeralda = Esmeralda::start().await.expect("free ports");
        let topic = NewTopic {
            name: "orders".to_owned(),
            partitions: Some(2),
            ..NewTopic::default()
        };
        esmeralda.create_topic(topic).await.expect("a new topic");
        let events = Arc::new(Mutex::new(Vec::<Value>::new()));
        let seen = Arc::clone(&events);
        esmeralda.register_function("f", move |event| {
            let event = serde_json::from_slice(&event).map_err(|error| error.to_string());
            let seen = Arc::clone(&seen);
            async move {
                seen.lock().expect("no test panicked").push(event?);
                Ok::<_, String>("{}")
            }
        });
        for (partition, values) in [(0, &["a", "b"][..]), (1, &["c"])] {
            let produced = esmeralda.produce("orders", partition, values).await;
            assert_eq!(produced, Ok(Offset(0)));
        }

        let mapping = NewMapping::new("f", "orders")
            .minimum_pollers(2)
            .maximum_batching_window_in_seconds(0);
        let mapping = esmeralda.create_mapping(mapping).await.expect("a valid mapping");
        mapping.drained().await.expect("the mapping exists");

        let described = mapping.describe().await.expect("the mapping exists");
        assert_eq!(described.state(), "Enabled");
        assert_eq!(
            described.0["ProvisionedPollerConfig"],
            json!({ "MinimumPollers": 2, "MaximumPollers": 200 })
        );
        let mut values = Vec::new();
        for event in events.lock().expect("no test panicked").iter() {
            assert_eq!(event["eventSource"], "SelfManagedKafka");
            for (key, records) in event["records"].as_object().expect("records by partition") {
                for record in records.as_array().expect("a list of records") {
                    values.push((key.clone(), record["offset"].as_i64(), record["value"].clone()));
                }
            }
        }
        values.sort_by_key(|(key, offset, _)| (key.clone(), *offset));
        let expected = [
            ("orders-0", 0, "YQ=="),
            ("orders-0", 1, "Yg=="),
            ("orders-1", 0, "Yw=="),
        ];
        let expected = expected.map(|(key, offset, value)| (key.to_owned(), Some(offset), json!(value)));
        assert_eq!(values, expected);
        esmeralda.stop(Duration::from_secs(5)).await;
    }

    #[tokio::test]
    async fn a_function_that_does_not_exist_is_refused_as_lambda_refuses_it() {
        let esmeralda = Esmeralda::start().await.expect("free ports");
        let error = esmeralda
            .create_mapping(NewMapping::new("nobody", "orders"))
            .await
            .expect_err("no function");
        assert_eq!(
            (error.status, error.kind),
            (400, "InvalidParameterValueException")
        );
        assert_eq!(error.message, "Function does not exist");
        esmeralda.stop(Duration::from_secs(5)).await;
    }

    #[tokio::test]
    async fn a_port_in_use_is_named() {
        let esmeralda = Esmeralda::start().await.expect("free ports");
        let taken = esmeralda.bootstrap_servers();
        let options = Options {
            kafka: vec![taken.clone()],
            ..Options::default()
        };
        let error = Esmeralda::start_with(options)
            .await
            .expect_err("the port is taken");
        assert!(
            error
                .to_string()
                .starts_with(&format!("cannot listen on {taken}: ")),
            "{error}"
        );
        esmeralda.stop(Duration::from_secs(5)).await;
    }
}
