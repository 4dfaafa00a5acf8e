//! What an instance is started with.

use esmeralda_broker::config::Advertised;
use esmeralda_esm::trace::TraceSettings;
use esmeralda_esm::{GroupTimeouts, Payloads, ProfileName, ScalingProfile};
use std::collections::BTreeMap;
use std::time::Duration;

/// What an instance is started with.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where each broker listens, `host:port`; port 0 takes a free one. None: one broker without a socket.
    pub kafka: Vec<String>,
    /// The host and port that clients are told to dial; those listened on by default.
    pub advertised: Advertised,
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
    /// How mappings scale.
    pub scaling: ScalingProfile,
    /// How many times as fast the engine's time passes; 1 or more. What the group's protocol and real functions take is not scaled. In
    /// virtual time it has no meaning.
    pub time_scale: u32,
    /// How scaling is recorded.
    pub trace: TraceSettings,
    /// Whether functions get their events, or only the numbers count.
    pub payloads: Payloads,
}

impl Default for Options {
    /// One broker and the Lambda API on free loopback ports, 1 GiB of memory; scaling without pauses, as tests want it.
    fn default() -> Self {
        Self {
            kafka: vec!["127.0.0.1:0".to_owned()],
            advertised: Advertised::default(),
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
            scaling: ProfileName::Instant.profile(),
            time_scale: 1,
            trace: TraceSettings::default(),
            payloads: Payloads::Built,
        }
    }
}

impl Options {
    /// What simulations start with: no sockets, 16 GiB of memory, scaling as AWS documents it today, and a trace of a day.
    pub fn simulated() -> Self {
        Self {
            kafka: Vec::new(),
            http: None,
            memory_limit_bytes: 16 << 30,
            group_timeouts: GroupTimeouts {
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
