//! The options of an instance.

use crate::CreateFunctions;
use crate::credentials::Credentials;
use crate::otlp::OtlpOptions;
use esmeralda_broker::{Advertised, Release};
use esmeralda_esm::cloudwatch::LogSink;
use esmeralda_esm::invoker::LONGEST_MAPPED_TIMEOUT;
use esmeralda_esm::trace::TraceSettings;
use esmeralda_esm::{DestinationOptions, GroupTimeouts, Payloads, ProfileName, ScalingProfile, Secrets};
use std::collections::BTreeMap;
use std::time::Duration;

/// The options of an instance.
#[derive(Clone, Debug)]
pub struct Options {
    /// The address, `host:port`, that each broker listens on; port 0 takes a free one. An empty list starts one broker without a socket.
    pub kafka: Vec<String>,
    /// The cluster's id, 1 to 255 characters.
    pub cluster_id: String,
    /// The release of Apache Kafka that the cluster passes for.
    pub release: Release,
    /// Whether a request that makes the cluster create something is answered as if that did not exist yet, as by Kafka: Metadata with
    /// UNKNOWN_TOPIC_OR_PARTITION, the first FindCoordinator of a kind with COORDINATOR_NOT_AVAILABLE, and the first InitProducerId of a
    /// broker with COORDINATOR_LOAD_IN_PROGRESS.
    pub unknown_until_created: bool,
    /// Whether producer ids begin at 0, as in a new cluster of Kafka. Without it they begin at a random one, because a producer that outlives
    /// a restart of the process must not meet its own id again.
    pub producer_ids_from_zero: bool,
    /// The rack of each broker, in the order of `kafka`; brokers without one are in the rack `broker.rack` of `properties`, if any.
    pub racks: Vec<String>,
    /// The host and port that clients are told to connect to; those listened on by default.
    pub advertised: Advertised,
    /// The address, `host:port`, of the Lambda API; `None` to not serve it.
    pub http: Option<String>,
    /// Kafka's broker configs by name.
    pub properties: BTreeMap<String, String>,
    /// The limit, in bytes, of the memory for records, requests, answers, groups and payloads together.
    pub memory_limit_bytes: usize,
    /// The most memory, in bytes, that is kept for reuse while nobody needs it. The rest goes back to the system within 20 s.
    pub spare_memory_bytes: usize,
    /// The URL at which functions that are not registered by name are invoked.
    pub lambda_endpoint: Option<String>,
    /// The secrets that mappings of clusters on the network may name.
    pub secrets: Secrets,
    /// The number of invocations that may run at once of each function at `lambda_endpoint`; `None` is no limit.
    pub lambda_concurrency: Option<u32>,
    /// The longest time of an invocation of a function that has no timeout of its own and runs outside this process.
    pub function_timeout: Duration,
    /// The places that documents for on-failure destinations are sent to. By default they are kept in memory, where
    /// [`Esmeralda::captured_documents`](crate::Esmeralda::captured_documents) reads them.
    pub destinations: DestinationOptions,
    /// The clients that may create functions over HTTP.
    pub create_functions: CreateFunctions,
    /// The AWS account in ARNs: 12 digits.
    pub account_id: String,
    /// The AWS region in ARNs, for requests whose signature names none.
    pub region: String,
    /// The credentials that requests to the HTTP port must be signed with. Without any, every request is accepted, signed or not.
    pub credentials: Vec<Credentials>,
    /// The timeouts of the members of mappings' groups.
    pub group_timeouts: GroupTimeouts,
    /// The least time for which a mapping shows a state such as Creating.
    pub transition_delay: Duration,
    /// The constants by which mappings scale.
    pub scaling: ScalingProfile,
    /// The speed of the engine's time relative to real time; 1 or more. The time of the group protocol and of real functions is not
    /// scaled. Virtual time ignores it.
    pub time_scale: u32,
    /// The resolution and length of mappings' traces.
    pub trace: TraceSettings,
    /// Whether events are built, or only measured.
    pub payloads: Payloads,
    /// Takes each event of mappings' system logs as a line of JSON; `None` keeps them for the CloudWatch Logs API only.
    pub system_log: Option<LogSink>,
    /// The receiver that metrics are exported to by OpenTelemetry's protocol, if there is one.
    pub otlp: Option<OtlpOptions>,
}

impl Default for Options {
    /// Returns the options of a test: one broker and the Lambda API on free loopback ports, 1 GiB of memory, and scaling without pauses.
    fn default() -> Self {
        Self {
            kafka: vec!["127.0.0.1:0".to_owned()],
            cluster_id: "esmeralda".to_owned(),
            release: Release::default(),
            unknown_until_created: false,
            producer_ids_from_zero: false,
            racks: Vec::new(),
            advertised: Advertised::default(),
            http: Some("127.0.0.1:0".to_owned()),
            properties: BTreeMap::new(),
            memory_limit_bytes: 1 << 30,
            spare_memory_bytes: 64 << 20,
            lambda_endpoint: None,
            secrets: Secrets::default(),
            lambda_concurrency: None,
            function_timeout: LONGEST_MAPPED_TIMEOUT,
            destinations: DestinationOptions {
                captures: true,
                ..DestinationOptions::default()
            },
            create_functions: CreateFunctions::default(),
            account_id: "000000000000".to_owned(),
            region: "us-east-1".to_owned(),
            credentials: Vec::new(),
            group_timeouts: GroupTimeouts {
                session: Duration::from_secs(10),
                rebalance: Duration::from_secs(60),
                heartbeat: Duration::from_secs(1),
            },
            // Long enough for a client to see a transient state, and short enough for tests that wait for the next one.
            transition_delay: Duration::from_millis(50),
            scaling: ProfileName::Instant.profile(),
            time_scale: 1,
            trace: TraceSettings::default(),
            payloads: Payloads::Built,
            system_log: None,
            otlp: None,
        }
    }
}

impl Options {
    /// Returns the options of a simulation: no sockets, 16 GiB of memory, scaling as AWS documents it today, and a trace of a day.
    pub fn simulated() -> Self {
        Self {
            kafka: Vec::new(),
            http: None,
            memory_limit_bytes: 16 << 30,
            group_timeouts: GroupTimeouts {
                // The defaults of Kafka's consumer: session.timeout.ms, max.poll.interval.ms and heartbeat.interval.ms.
                session: Duration::from_secs(45),
                rebalance: Duration::from_secs(300),
                heartbeat: Duration::from_secs(3),
            },
            scaling: ProfileName::Current.profile(),
            trace: TraceSettings {
                capacity: 86_400,
                ..TraceSettings::default()
            },
            ..Self::default()
        }
    }
}
