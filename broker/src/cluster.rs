//! The brokers, their shared state, and the choice of leaders and coordinators. Knows no rules of logs or groups.

mod coordinators;
mod liveness;
mod log_dirs;
mod node;
mod producer_ids;
mod quorum;
mod reassignments;

use crate::config::keys::BROKER_CONFIGS;
use crate::config::layers::{Layers, Values};
use crate::config::table::{Effect, Setting};
use crate::config::{BrokerConfig, BrokerConfigs, Config, ConfigError, Release, with_presets};
use crate::features::{Feature, Features};
use crate::fetch::session::FetchSessions;
use crate::group::Groups;
use crate::group::config::GroupConfigs;
use crate::ids::NodeId;
use crate::log::LogSettings;
use crate::metrics::Counters;
use crate::pool::Pool;
use crate::security::Authorizer;
use crate::telemetry::Telemetry;
use crate::topic::leadership::elect;
use crate::topic::placement::{Brokers, RackedNode};
use crate::topic::{Topic, TopicConfig, TopicDefaults, Topics};
use crate::transaction::Transactions;
use crate::{Clock, Entropy};
use coordinators::TopicJournal;
use liveness::Liveness;
use log_dirs::LogDirs;
use producer_ids::ProducerIds;
use quorum::MetadataLog;
use reassignments::Reassignments;
use std::sync::{Arc, Mutex, PoisonError};
use uuid::Uuid;

pub(crate) use coordinators::{CoordinatorLogs, CoordinatorTopic};
#[cfg(test)]
pub(crate) use node::authority;
pub(crate) use node::{Ingress, ListenerName, Node, NodeEndpoint, NodeListener};

/// The state that the brokers of the cluster share.
#[derive(Debug)]
pub(crate) struct Cluster {
    pub(crate) cluster_id: String,
    /// The release that the cluster passes for.
    pub(crate) release: Release,
    /// Whether a request that creates a topic, or takes a broker's first producer ids, is answered as if they did not exist.
    pub(crate) unknown_until_created: bool,
    pub(crate) nodes: Vec<Node>,
    liveness: Liveness,
    /// The honoured broker configs, as set at the start. None of them may change while running.
    pub(crate) config: BrokerConfig,
    /// All broker configs by name, with the values set while running.
    pub(crate) broker_configs: BrokerConfigs,
    /// The configs set for groups.
    pub(crate) group_configs: Arc<GroupConfigs>,
    /// The client metrics subscriptions, and what clients have pushed.
    pub(crate) telemetry: Arc<Telemetry>,
    /// The authoriser of all requests.
    pub(crate) authorizer: Authorizer,
    pub(crate) topics: Arc<Topics>,
    pub(crate) groups: Groups,
    group_journal: Arc<TopicJournal>,
    pub(crate) transactions: Transactions,
    /// One per broker, in the order of `nodes`.
    pub(crate) fetch_sessions: Vec<FetchSessions>,
    pub(crate) producer_ids: ProducerIds,
    features: Mutex<Features>,
    metadata_log: MetadataLog,
    /// The partitions that move to other brokers.
    pub(crate) reassignments: Reassignments,
    /// The room of the logs in which coordinators keep their state.
    pub(crate) coordinator_logs: Arc<CoordinatorLogs>,
    /// The log directories of replicas that were moved.
    pub(crate) log_dirs: LogDirs,
    pub(crate) counters: Arc<Counters>,
    pub(crate) pool: Pool,
    /// See [`Config::spare_memory_bytes`].
    pub(crate) spare_memory_bytes: usize,
    pub(crate) clock: Clock,
    pub(crate) entropy: Entropy,
}

/// The defaults of topic configs on each broker.
#[derive(Debug)]
pub(crate) struct NodeDefaults {
    by_node: Vec<(NodeId, TopicDefaults)>,
    coordinator_logs: Arc<CoordinatorLogs>,
}

impl Cluster {
    /// Returns a cluster of `nodes`, one for each broker in `config`.
    ///
    /// # Errors
    /// [`ConfigError`] for a broker config that is unknown, out of range or in conflict with another.
    pub(crate) fn new(
        config: Config,
        nodes: Vec<Node>,
        clock: Clock,
        entropy: Entropy,
    ) -> Result<Self, ConfigError> {
        assert!(!nodes.is_empty(), "a cluster has at least one broker");
        let typed = BrokerConfig::from_properties(&config.properties)?;
        log_configs_without_effect(&config);
        let decided = nodes
            .iter()
            .map(|node| (node.id, node.configs(&Ingress::plaintext())));
        let broker_configs = BrokerConfigs::new(with_presets(config.properties), decided.collect());
        // At the start all brokers have the same values, so one is checked for all.
        check_topic_defaults(&broker_configs, nodes[0].id)?;
        let pool = Pool::new(config.memory_limit_bytes);
        let topics = Arc::new(Topics::new(&config.cluster_id));
        let logs = Arc::new(CoordinatorLogs::new(config.memory_limit_bytes, &typed));
        let group_journal = Arc::new(TopicJournal::of_groups(&typed, &topics, &logs, &pool)?);
        let transaction_journal = Arc::new(TopicJournal::of_transactions(&typed, &topics, &logs, &pool));
        let session_slots = usize::try_from(typed.fetch_session_slots).unwrap_or(0);
        let group_configs = Arc::new(GroupConfigs::default());
        group_configs.brokers_changed(&layers_by_node(&broker_configs, &nodes));
        let features = Features::of(config.release);
        let transactions = Transactions::new(&pool).with_journal(transaction_journal);
        transactions.set_level(features.level(Feature::Transaction));
        Ok(Self {
            group_configs,
            telemetry: Arc::default(),
            fetch_sessions: nodes.iter().map(|_| FetchSessions::new(session_slots)).collect(),
            features: Mutex::new(features),
            release: config.release,
            unknown_until_created: config.unknown_until_created,
            producer_ids: if config.producer_ids_from_zero {
                ProducerIds::new(entropy.clone()).beginning_at_zero()
            } else {
                ProducerIds::new(entropy.clone())
            },
            metadata_log: MetadataLog::new(&config.cluster_id),
            reassignments: Reassignments::default(),
            coordinator_logs: logs,
            log_dirs: LogDirs::default(),
            cluster_id: config.cluster_id,
            liveness: Liveness::new(nodes.iter().map(|node| node.id)),
            nodes,
            groups: Groups::new(&typed, &clock, pool.clone(), group_journal.clone()),
            group_journal,
            transactions,
            config: typed,
            broker_configs,
            authorizer: Authorizer::default(),
            topics,
            counters: Arc::default(),
            pool,
            spare_memory_bytes: config.spare_memory_bytes,
            clock,
            entropy,
        })
    }

    /// Returns the defaults of topic configs on each broker. Reads every config, so call it once for all topics of a request.
    pub(crate) fn topic_defaults(&self) -> NodeDefaults {
        let defaults = |node: &Node| TopicDefaults::new(&self.broker_configs.layers(node.id));
        NodeDefaults {
            by_node: self.nodes.iter().map(|node| (node.id, defaults(node))).collect(),
            coordinator_logs: Arc::clone(&self.coordinator_logs),
        }
    }

    /// Returns the values set for every broker.
    pub(crate) fn layers_by_node(&self) -> Vec<(NodeId, Layers)> {
        layers_by_node(&self.broker_configs, &self.nodes)
    }

    /// Sets checked values while running, for one broker or for all, and updates what depends on them: the settings of every partition,
    /// because a topic's default may have changed, and the configs of groups. The caller must hold the turn to change topics.
    pub(crate) fn set_broker_configs(&self, node: Option<NodeId>, values: Values) {
        self.broker_configs.set_dynamic(node, values);
        let defaults = self.topic_defaults();
        for topic in self.topics.list() {
            topic.apply_settings(defaults.log_settings(&topic.name, &topic.config));
        }
        self.group_configs.brokers_changed(&self.layers_by_node());
    }

    /// Returns the values set for a broker, with its addresses as a client connected through `ingress` should see them.
    pub(crate) fn layers(&self, id: NodeId, ingress: &Ingress) -> Layers {
        let mut layers = self.broker_configs.layers(id);
        if let Some(node) = self.node(id) {
            layers.override_static(node.configs(ingress));
        }
        layers
    }

    /// Returns the fetch sessions of a broker.
    pub(crate) fn fetch_sessions(&self, id: NodeId) -> &FetchSessions {
        let index = self.nodes.iter().position(|node| node.id == id);
        &self.fetch_sessions[index.expect("a request comes through a broker of the cluster")]
    }

    /// Returns the ids of all registered brokers, alive or not.
    pub(crate) fn node_ids(&self) -> Vec<NodeId> {
        self.liveness.registered()
    }

    /// Returns the brokers that an assignment may name.
    pub(crate) fn assignable(&self) -> Brokers {
        Brokers {
            registered: self.node_ids(),
            alive: self.alive_nodes(),
        }
    }

    /// Returns whether the broker is alive.
    pub(crate) fn is_alive(&self, id: NodeId) -> bool {
        self.liveness.is_alive(id)
    }

    /// Completes when the broker stops; at once if it is down already.
    pub(crate) async fn until_stopped(&self, id: NodeId) {
        self.liveness.until_stopped(id).await;
    }

    /// Returns the brokers that the cluster gives replicas to.
    pub(crate) fn placeable(&self) -> Vec<RackedNode> {
        let alive = self.nodes.iter().filter(|node| self.liveness.is_alive(node.id));
        let racked = alive.map(|node| RackedNode {
            id: node.id,
            rack: node.rack.clone(),
        });
        racked.collect()
    }

    /// Returns the brokers that are alive.
    pub(crate) fn alive_nodes(&self) -> Vec<NodeId> {
        self.liveness.alive()
    }

    /// Returns the broker with that id.
    pub(crate) fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.iter().find(|node| node.id == id)
    }

    /// Returns the endpoint of a broker for a client connected through `ingress`; `None` if the broker has no listener of that name.
    pub(crate) fn endpoint(&self, id: NodeId, ingress: &Ingress) -> Option<NodeEndpoint> {
        self.node(id)
            // Kafka names brokers that are alive only; a client would dial the others in vain.
            .filter(|_| self.liveness.is_alive(id))?
            .endpoint(ingress)
    }

    /// Returns the endpoints of all brokers for a client connected through `ingress`, in the order of their ids.
    pub(crate) fn endpoints(&self, ingress: &Ingress) -> Vec<NodeEndpoint> {
        let alive = self.liveness.alive().into_iter();
        alive.filter_map(|id| self.endpoint(id, ingress)).collect()
    }

    /// Returns the broker that is shown as the controller; [`NodeId::NONE`] if no broker is alive.
    pub(crate) fn controller(&self) -> NodeId {
        let alive = self.liveness.alive();
        alive.first().copied().unwrap_or(NodeId::NONE)
    }

    /// Returns the id of the controller, which runs in the process of the first broker.
    pub(crate) fn quorum_leader(&self) -> NodeId {
        self.nodes[0].id
    }

    /// Returns the id of the directory with the controller's log.
    pub(crate) fn directory_id(&self) -> Uuid {
        self.metadata_log.directory_id(self.quorum_leader())
    }

    /// Returns the brokers that read the controller's log, in order, each with the id of the directory that it copies the log to.
    pub(crate) fn quorum_observers(&self) -> Vec<(NodeId, Uuid)> {
        let mut observers = self.alive_nodes();
        observers.retain(|node| *node != self.quorum_leader());
        let with_directory = |node| (node, self.metadata_log.directory_id(node));
        observers.into_iter().map(with_directory).collect()
    }

    /// Returns the end of the metadata log.
    pub(crate) fn metadata_offset(&self) -> i64 {
        self.metadata_log.end_offset(self.features().changes())
    }

    /// Returns the features as they are now.
    pub(crate) fn features(&self) -> Features {
        self.change_features(|features| features.clone())
    }

    /// Lets `change` change the finalized features, one change at a time.
    pub(crate) fn change_features<T>(&self, change: impl FnOnce(&mut Features) -> T) -> T {
        // A poisoned lock is safe to use: the features are replaced whole.
        change(&mut self.features.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns whether the protocol of consumer groups is served: `group.coordinator.rebalance.protocols` names it, and `group.version` is
    /// not off. Source: `KafkaApis.isConsumerGroupProtocolEnabled`.
    pub(crate) fn serves_consumer_groups(&self) -> bool {
        self.config.consumer_protocol && self.change_features(|features| features.level(Feature::Group)) > 0
    }

    /// Marks a broker as down: other replicas lead its partitions, and its fetch sessions are dropped. Returns false if it was down already
    /// or does not exist.
    pub(crate) fn node_stopped(&self, id: NodeId) -> bool {
        // The flag changes before the election, which would otherwise choose the broker again.
        let is_news = self.liveness.set(id, false);
        if is_news {
            // Sessions live in a broker's memory and end with it. Its clients begin new ones after FETCH_SESSION_ID_NOT_FOUND.
            self.fetch_sessions(id).clear();
            self.elect_leaders();
        }
        is_news
    }

    /// Takes a broker out of the cluster until it starts again, as if it were down. Returns false if it is not registered.
    pub(crate) fn node_unregistered(&self, id: NodeId) -> bool {
        let is_news = self.liveness.unregister(id);
        if is_news {
            self.fetch_sessions(id).clear();
            self.elect_leaders();
        }
        is_news
    }

    /// Marks a broker as alive: it leads the partitions that had no leader without it. Returns false if it was alive already or does not
    /// exist.
    pub(crate) fn node_started(&self, id: NodeId) -> bool {
        let is_news = self.liveness.set(id, true);
        if is_news {
            self.elect_leaders();
            // Partitions that had no leader can be told how their transactions ended.
            self.transactions.try_markers_again();
        }
        is_news
    }

    fn elect_leaders(&self) {
        // With the turn held, a topic created concurrently either sees the brokers' new state or is in the list below.
        let _turn = self.topics.change();
        let defaults = self.topic_defaults();
        for topic in self.topics.list() {
            self.elect_leaders_of(&topic, &defaults);
        }
    }

    /// Elects a leader for each partition of a topic whose leader is down or absent. The caller must hold the turn to change topics.
    pub(crate) fn elect_leaders_of(&self, topic: &Topic, defaults: &NodeDefaults) {
        let settings = defaults.log_settings(&topic.name, &topic.config);
        for (index, partition) in topic.partitions.iter().enumerate() {
            // A partition that is offline after an error serves no client, so its leader does not matter.
            let Ok(mut state) = partition.write() else {
                continue;
            };
            let replicas = topic.placement.complete_replicas(index);
            let elected = elect(state.leader, &replicas, |node| self.liveness.is_alive(node));
            if elected != state.leader {
                state.set_leader(elected);
                state.settings = settings(elected);
            }
        }
    }
}

impl NodeDefaults {
    /// Returns the log settings of a topic of that name with that config, by the broker that leads the partition.
    pub(crate) fn log_settings(
        &self,
        name: &str,
        config: &TopicConfig,
    ) -> impl Fn(NodeId) -> Arc<LogSettings> + use<> {
        let settings = |defaults: &TopicDefaults| {
            let settings = defaults.settings(config);
            if CoordinatorTopic::of_name(name).is_some() {
                return coordinators::bounded(settings, &self.coordinator_logs);
            }
            settings
        };
        let by_node: Vec<_> = self
            .by_node
            .iter()
            // The settings are shared: a topic can have thousands of partitions with the same ones.
            .map(|(node, defaults)| (*node, Arc::new(settings(defaults))))
            .collect();
        move |leader| {
            let own = by_node.iter().find(|(node, _)| *node == leader);
            // A partition without a leader has the settings of the first broker until it gets one.
            Arc::clone(&own.unwrap_or(&by_node[0]).1)
        }
    }
}

fn layers_by_node(broker_configs: &BrokerConfigs, nodes: &[Node]) -> Vec<(NodeId, Layers)> {
    let layers = |node: &Node| (node.id, broker_configs.layers(node.id));
    nodes.iter().map(layers).collect()
}

/// Logs the configs that are set and have no effect. They are accepted so that a cluster starts with the configs of a real one.
fn log_configs_without_effect(config: &Config) {
    for name in config.properties.keys() {
        let setting = BROKER_CONFIGS.setting(name);
        if let Some(Setting {
            effect: Effect::None(reason),
            ..
        }) = setting
        {
            tracing::warn!(
                config = name,
                reason,
                "broker config is accepted and described, but has no effect here"
            );
        }
    }
}

/// Checks the topic defaults against each other.
fn check_topic_defaults(broker_configs: &BrokerConfigs, node: NodeId) -> Result<(), ConfigError> {
    let defaults = TopicDefaults::new(&broker_configs.layers(node));
    TopicConfig::new(Values::new(), &defaults)
        .map(drop)
        .map_err(|error| ConfigError::Conflict {
            reason: error.to_string(),
        })
}

#[cfg(test)]
impl Cluster {
    /// Returns a cluster of one broker that denies everything and records each question.
    pub(crate) fn that_denies_all() -> Self {
        Self {
            authorizer: Authorizer::DenyAll(std::sync::Mutex::default()),
            ..Self::for_tests(1, &[])
        }
    }

    /// Returns a cluster without sockets: brokers 1, 2, ... on localhost:9092, 9093, ..., 64 MiB of memory, ids from seed 1, and tokio's
    /// clock with 1,700,000,000,000 ms as the start.
    pub(crate) fn for_tests(nodes: u16, properties: &[(&str, &str)]) -> Self {
        let config = Config {
            cluster_id: "test".to_owned(),
            memory_limit_bytes: 1 << 26,
            properties: properties
                .iter()
                .map(|(name, value)| (name.to_string(), value.to_string()))
                .collect(),
            ..Config::default()
        };
        let nodes = (1..=nodes).map(|id| {
            let listener = NodeListener::without_socket("localhost", 9091 + id);
            Node::new(NodeId(i32::from(id)), listener).in_rack(config.default_rack())
        });
        let nodes: Vec<_> = nodes.collect();
        Self::new(
            config,
            nodes,
            Clock::tokio(1_700_000_000_000),
            Entropy::from_seed(1),
        )
        .expect("a test's properties are right")
    }
}
