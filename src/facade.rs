//! Everything together in one process: cluster, engine and HTTP surface, started, fed with topics, functions and mappings, and stopped
//! in order.

mod mapping;

pub use mapping::{Mapping, NewMapping};

use crate::http;
use bytes::Bytes;
use esmeralda_broker::config::NodeConfig;
use esmeralda_broker::local::{self, NewTopic};
use esmeralda_broker::{Broker, Config, Entropy};
use esmeralda_esm::invoker::{
    ClosureInvoker, HttpInvoker, InvalidEndpoint, SimulatedFunction, SimulatedInvoker,
};
use esmeralda_esm::source::GroupTimeouts;
use esmeralda_esm::{ApiError, Clock, Engine, EngineOptions, Functions};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// What an instance is started with.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where each broker listens, `host:port`; port 0 takes a free one. At least one.
    pub kafka: Vec<String>,
    /// The host that clients are told to dial; the one listened on unless given.
    pub advertised_host: Option<String>,
    /// Where the Lambda API is served; `None`: nowhere.
    pub http: Option<String>,
    /// Kafka's broker configs by name.
    pub properties: BTreeMap<String, String>,
    /// What frames, records and payloads may hold together.
    pub memory_limit_bytes: usize,
    /// Where functions that are not registered by name are invoked.
    pub lambda_endpoint: Option<String>,
    /// 12 digits, for ARNs.
    pub account_id: String,
    /// For ARNs, when a request's signature names none.
    pub region: String,
    /// Of the groups of mappings.
    pub group_timeouts: GroupTimeouts,
    /// How long a mapping shows a state such as Creating at least.
    pub transition_delay: Duration,
}

impl Default for Options {
    /// One broker and the Lambda API on free loopback ports, 1 GiB of memory.
    fn default() -> Self {
        Self {
            kafka: vec!["127.0.0.1:0".to_owned()],
            advertised_host: None,
            http: Some("127.0.0.1:0".to_owned()),
            properties: BTreeMap::new(),
            memory_limit_bytes: 1 << 30,
            lambda_endpoint: None,
            account_id: "000000000000".to_owned(),
            region: "us-east-1".to_owned(),
            group_timeouts: GroupTimeouts {
                session: Duration::from_secs(10),
                rebalance: Duration::from_secs(60),
                heartbeat: Duration::from_secs(1),
            },
            transition_delay: Duration::from_millis(50),
        }
    }
}

/// Why an instance did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The cluster did not.
    #[error(transparent)]
    Broker(#[from] esmeralda_broker::StartError),
    /// The HTTP surface's address could not be bound.
    #[error("cannot serve HTTP on {address}: {source}")]
    Http {
        /// As it was configured.
        address: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The default endpoint is no URL that can be used.
    #[error("the Lambda endpoint: {0}")]
    Endpoint(#[from] InvalidEndpoint),
}

/// A running instance. [`Esmeralda::stop`] ends it in order; dropping it aborts.
#[derive(Debug)]
pub struct Esmeralda {
    broker: Broker,
    engine: Engine,
    functions: Arc<Functions>,
    client: local::Client,
    clock: Clock,
    http: Option<http::Server>,
    is_ready: Arc<AtomicBool>,
}

impl Esmeralda {
    /// Starts with [`Options::default`], ready at once.
    ///
    /// # Errors
    /// [`StartError`], when no port is free.
    pub async fn start() -> Result<Self, StartError> {
        let esmeralda = Self::start_with(Options::default()).await?;
        esmeralda.set_ready();
        Ok(esmeralda)
    }

    /// Starts with `options`; `/healthz` says so only after [`Esmeralda::set_ready`].
    ///
    /// # Errors
    /// [`StartError`]; nothing is left running then.
    pub async fn start_with(options: Options) -> Result<Self, StartError> {
        let wall = esmeralda_broker::Clock::system();
        let clock = Clock::new(wall.clone());
        let entropy = Entropy::from_system();
        let functions = Arc::new(Functions::default());
        if let Some(endpoint) = &options.lambda_endpoint {
            functions.set_fallback(Arc::new(HttpInvoker::new(endpoint)?));
        }
        let broker = Broker::start(cluster_config(&options), wall, entropy.clone()).await?;
        let client = broker.client("esmeralda");
        let engine = Engine::new(EngineOptions {
            cluster: client.clone(),
            bootstrap_servers: broker.known_addresses(),
            functions: Arc::clone(&functions),
            account_id: options.account_id,
            region: options.region,
            clock: clock.clone(),
            entropy,
            memory: broker.memory().clone(),
            transition_delay: options.transition_delay,
            group_timeouts: options.group_timeouts,
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
            http,
            is_ready,
        })
    }

    /// Makes `/healthz` answer that everything configured exists.
    pub fn set_ready(&self) {
        self.is_ready.store(true, Ordering::Release);
    }

    /// The brokers' `host:port`s by commas, as clients want them.
    pub fn bootstrap_servers(&self) -> String {
        self.broker.bootstrap_servers().join(",")
    }

    /// Where the Lambda API is served.
    pub fn http_url(&self) -> Option<String> {
        self.http
            .as_ref()
            .map(|server| format!("http://{}", server.address()))
    }

    /// A Kafka client in this process, without sockets.
    pub fn client(&self) -> &local::Client {
        &self.client
    }

    /// Creates a topic.
    ///
    /// # Errors
    /// Kafka's, such as TOPIC_ALREADY_EXISTS.
    pub async fn create_topic(&self, topic: NewTopic) -> Result<(), local::Error> {
        self.client.create_topic(topic).await
    }

    /// Creates a topic of `partitions` with default configs.
    ///
    /// # Errors
    /// Kafka's, such as TOPIC_ALREADY_EXISTS.
    pub async fn create_topic_with(&self, name: &str, partitions: i32) -> Result<(), local::Error> {
        let topic = NewTopic {
            name: name.to_owned(),
            partitions: Some(partitions),
            ..NewTopic::default()
        };
        self.create_topic(topic).await
    }

    /// Makes an async closure the function `name`: it gets the event's JSON, and returns its response or an error's words.
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

    /// Makes a Lambda Invoke API at `endpoint` the function `name`.
    ///
    /// # Errors
    /// [`InvalidEndpoint`] for anything but a plain http URL.
    pub fn register_http_function(&self, name: &str, endpoint: &str) -> Result<(), InvalidEndpoint> {
        self.functions
            .register(name, Arc::new(HttpInvoker::new(endpoint)?));
        Ok(())
    }

    /// Makes `name` a function that only behaves as `function` says; which invocations fail follows from `seed`.
    pub fn register_simulated_function(&self, name: &str, function: SimulatedFunction, seed: u64) {
        let invoker = SimulatedInvoker::new(function, self.clock.clone(), Entropy::from_seed(seed));
        self.functions.register(name, Arc::new(invoker));
    }

    /// Creates a mapping of the embedded cluster and waits until it is Enabled.
    ///
    /// # Errors
    /// As CreateEventSourceMapping answers.
    pub async fn create_mapping(&self, mapping: NewMapping) -> Result<Mapping, ApiError> {
        let mut members = mapping.members;
        // AWS takes ten at most; one is enough to mean this cluster.
        let bootstrap_servers: Vec<String> = self.broker.bootstrap_servers().into_iter().take(10).collect();
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
    /// As CreateEventSourceMapping answers.
    pub async fn create_mapping_from_json(&self, members: Map<String, Value>) -> Result<Mapping, ApiError> {
        let request = serde_json::from_value(Value::Object(members))
            .map_err(|error| ApiError::serialization(error.to_string()))?;
        let view = self.engine.create(request, None).await?;
        Ok(Mapping::new(view.uuid(), self.engine.clone()))
    }

    /// The engine, for what the facade has no short word for.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Stops in order: no more requests, in-flight invocations finish and are committed for at most `timeout`, then the brokers.
    pub async fn stop(self, timeout: Duration) {
        if let Some(http) = self.http {
            http.stop().await;
        }
        self.engine.shutdown(timeout).await;
        self.broker.shutdown(Duration::from_secs(1)).await;
    }
}

fn cluster_config(options: &Options) -> Config {
    let node = |address: &String| NodeConfig {
        listen: Some(address.clone()),
        advertised_host: options.advertised_host.clone(),
    };
    Config {
        nodes: options.kafka.iter().map(node).collect(),
        memory_limit_bytes: options.memory_limit_bytes,
        properties: options.properties.clone(),
        ..Config::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use esmeralda_broker::local::NewTopic;
    use esmeralda_broker::records::{NewRecord, encode_batch};
    use esmeralda_broker::{Compression, Offset};
    use std::sync::Mutex;

    async fn produce(esmeralda: &Esmeralda, topic: &str, partition: i32, values: &[&str]) -> Offset {
        let records: Vec<_> = values
            .iter()
            .map(|value| NewRecord {
                value: Some(value.as_bytes()),
                ..NewRecord::default()
            })
            .collect();
        let batch = encode_batch(&records, Compression::None);
        esmeralda
            .client()
            .produce(topic, partition, batch)
            .await
            .expect("the record is kept")
    }

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
        produce(&esmeralda, "orders", 0, &["a", "b"]).await;
        produce(&esmeralda, "orders", 1, &["c"]).await;

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
