//! A whole instance in one process: the cluster, the engine and the HTTP port are started together, given topics, functions and
//! mappings, and stopped in order.

mod error;
mod functions;
mod mapping;
mod options;
mod record;

#[cfg(test)]
mod tests;

pub use error::{DrainError, FunctionError, StartError};
pub use mapping::{Mapping, MappingChange, NewMapping};
pub use options::Options;
pub use record::Record;

use crate::http;
use crate::otlp::{Exporter, Measured};
use crate::virtual_time;
use esmeralda_broker::local::{self, NewTopic};
use esmeralda_broker::records::{NewRecord, encode_batch};
use esmeralda_broker::{Broker, Compression, Config, Entropy, NodeConfig, Offset};
use esmeralda_esm::invoker::{CommandHost, HttpInvoker};
use esmeralda_esm::schema::SchemaRegistry;
use esmeralda_esm::{
    ApiError, CapturedDocument, Clock, DestinationOptions, Engine, EngineOptions, FunctionApi,
    FunctionApiOptions, FunctionLimits, Functions, check_create,
};
use serde_json::{Map, Value};
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

/// A running instance. [`Esmeralda::stop`] stops it in order; dropping it ends everything at once.
#[derive(Debug)]
pub struct Esmeralda {
    broker: Broker,
    engine: Engine,
    functions: Arc<Functions>,
    client: local::Client,
    clock: Clock,
    entropy: Entropy,
    command_host: CommandHost,
    /// The timeout of functions that have none of their own.
    function_timeout: Duration,
    is_virtual: bool,
    http: Option<http::Server>,
    exporter: Option<Exporter>,
    schemas: SchemaRegistry,
    is_ready: Arc<AtomicBool>,
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
            otlp: None,
            destinations: DestinationOptions {
                captures: options.destinations.captures,
                ..DestinationOptions::default()
            },
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
        // Before the broker starts, so that a wrong endpoint leaves nothing running.
        if let Some(endpoint) = &options.lambda_endpoint {
            let limits = FunctionLimits {
                timeout: options.function_timeout,
                concurrency: options.lambda_concurrency,
            };
            functions.set_fallback(Arc::new(HttpInvoker::new(endpoint, limits, entropy.clone())?));
        }
        let (account_id, region) = (options.account_id.clone(), options.region.clone());
        let command_host = CommandHost::new(&account_id, &region, clock.clone(), entropy.clone());
        let broker = Broker::start(cluster_config(&options), wall.clone(), entropy.clone()).await?;
        let client = broker.client("esmeralda");
        let schemas = SchemaRegistry::default();
        let engine = Engine::new(EngineOptions {
            cluster: client.clone().into(),
            bootstrap_servers: known_addresses(&broker),
            has_network: !is_virtual,
            secrets: options.secrets,
            destinations: options.destinations,
            functions: Arc::clone(&functions),
            schemas: schemas.clone(),
            account_id: options.account_id,
            region: options.region,
            clock: clock.clone(),
            entropy: entropy.clone(),
            memory: broker.memory().clone(),
            transition_delay: options.transition_delay,
            group_timeouts: options.group_timeouts,
            profile: options.scaling,
            trace: options.trace,
            payloads: options.payloads,
            log_sink: options.system_log,
        });
        let function_api = FunctionApi::new(FunctionApiOptions {
            functions: Arc::clone(&functions),
            host: command_host.clone(),
            account_id,
            region,
            clock: clock.clone(),
            entropy: entropy.clone(),
        });
        let is_ready = Arc::new(AtomicBool::new(false));
        // The HTTP port comes last, so that no request finds an engine that is not there.
        let http = match options.http {
            None => None,
            Some(address) => {
                let surface = http::Surface {
                    engine: engine.clone(),
                    functions: function_api,
                    create_functions: options.create_functions,
                    broker: broker.metrics(),
                    client_metrics: broker.client_metrics(),
                    credentials: options.credentials,
                    clock: clock.clone(),
                    schemas: schemas.clone(),
                    is_ready: Arc::clone(&is_ready),
                };
                Some(
                    http::Server::start(&address, surface)
                        .await
                        .map_err(|source| StartError::Http { address, source })?,
                )
            }
        };
        // After everything that can fail, so that a start that fails leaves no task.
        let exporter = options.otlp.map(|options| {
            let measured = Measured {
                engine: engine.clone(),
                broker: broker.metrics(),
                wall,
            };
            Exporter::start(options, measured)
        });
        Ok(Self {
            broker,
            engine,
            functions,
            client,
            clock,
            entropy,
            command_host,
            function_timeout: options.function_timeout,
            is_virtual,
            http,
            exporter,
            schemas,
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

    /// Returns the schema registry, which the HTTP port serves, too.
    pub fn schema_registry(&self) -> &SchemaRegistry {
        &self.schemas
    }

    /// Returns the URL of the Lambda API and of the schema registry, if they are served.
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

    /// Appends `records` as one batch, and returns the offset of the first. A record is a [`Record`], or a reference to anything that is
    /// bytes, which becomes the value of a record without a key.
    ///
    /// # Errors
    /// Those of Produce, such as UNKNOWN_TOPIC_OR_PARTITION.
    pub async fn produce<I>(&self, topic: &str, partition: i32, records: I) -> Result<Offset, local::Error>
    where
        I: IntoIterator,
        I::Item: Into<Record>,
    {
        let records: Vec<Record> = records.into_iter().map(Into::into).collect();
        let headers: Vec<_> = records.iter().map(Record::borrowed_headers).collect();
        let now_ms = self.clock.now_ms();
        let encoded = records.iter().zip(&headers).map(|(record, headers)| NewRecord {
            timestamp_ms: record.timestamp_ms.unwrap_or(now_ms),
            key: record.key.as_deref(),
            value: record.value.as_deref(),
            headers,
        });
        let batch = encode_batch(&encoded.collect::<Vec<_>>(), Compression::None);
        self.client.produce(topic, partition, batch).await
    }

    /// Creates a mapping and waits until it is Enabled. It reads the embedded cluster if its members name no source, or `embedded` among
    /// the bootstrap servers.
    ///
    /// # Errors
    /// Those of CreateEventSourceMapping.
    pub async fn create_mapping(&self, mapping: NewMapping) -> Result<Mapping, ApiError> {
        let members = mapping.with_source(&known_addresses(&self.broker));
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
        Ok(Mapping::new(view.uuid(), self.engine.clone(), self.clock.clone()))
    }

    /// Returns the documents for the on-failure destination `destination`, an ARN as mappings name it, that are kept in memory, the oldest
    /// first. Documents for a Kafka topic are its records.
    pub fn captured_documents(&self, destination: &str) -> Vec<CapturedDocument> {
        let captured = self.engine.captured_documents();
        captured
            .map(|captured| captured.documents(destination))
            .unwrap_or_default()
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

    /// Stops in order: first the HTTP port and the export of metrics; then the engine, whose in-flight invocations may take `timeout` to
    /// finish and be committed; then the brokers.
    pub async fn stop(self, timeout: Duration) {
        if let Some(http) = self.http {
            // Without the port, no request changes a mapping while the engine stops.
            http.stop().await;
        }
        if let Some(exporter) = self.exporter {
            // The mappings have to be there for the last export.
            exporter.stop().await;
        }
        self.engine.shutdown(timeout).await;
        // The brokers come last, because the last commits and the leaving of the pollers go to them.
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

/// Checks a mapping of the cluster itself as its create in virtual time does.
///
/// # Errors
/// Those of CreateEventSourceMapping.
pub(crate) fn check_in_virtual_time(mapping: NewMapping, functions: &Functions) -> Result<(), ApiError> {
    let addresses = [NOWHERE.to_owned()];
    let members = mapping.with_source(&addresses);
    let request = serde_json::from_value(Value::Object(members))
        .map_err(|error| ApiError::serialization(error.to_string()))?;
    check_create(request, &addresses, functions, virtual_time::EPOCH_MS)
}

fn cluster_config(options: &Options) -> Config {
    let listen: Vec<_> = match options.kafka.is_empty() {
        true => vec![None],
        false => options.kafka.iter().cloned().map(Some).collect(),
    };
    let racks = options
        .racks
        .iter()
        .cloned()
        .map(Some)
        .chain(std::iter::repeat(None));
    let nodes = listen.into_iter().zip(racks);
    let nodes = nodes.map(|(listen, rack)| NodeConfig { listen, rack }).collect();
    Config {
        cluster_id: options.cluster_id.clone(),
        release: options.release,
        unknown_until_created: options.unknown_until_created,
        producer_ids_from_zero: options.producer_ids_from_zero,
        nodes,
        advertised: options.advertised.clone(),
        memory_limit_bytes: options.memory_limit_bytes,
        spare_memory_bytes: options.spare_memory_bytes,
        properties: options.properties.clone(),
    }
}
