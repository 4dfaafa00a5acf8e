//! The start of a mapping: its group, its cluster, and what its pollers share.

use super::{Engine, Running};
use crate::cloudwatch::{MappingRecorder, SystemLog};
use crate::config::{MappingDefinition, RemoteSource};
use crate::decoder::DecodingGroup;
use crate::delivery::Deliverer;
use crate::mapping::{DefinitionPlace, MappingHandle, MappingSettings};
use crate::metrics::Counters;
use crate::poller::{PollerContext, Reminder, RestSignal};
use crate::retry::RetryPolicy;
use crate::source::cluster::MappingCluster;
use crate::source::consumer::{KafkaGroup, MemberSettings};
use crate::source::producer::TopicProducer;
use crate::source::remote::{RemoteCluster, RemoteSettings};
use std::sync::Arc;
use std::time::Duration;

/// The shortest time between two warnings that the function of a mapping cannot be invoked.
const UNREACHABLE_INTERVAL: Duration = Duration::from_secs(60);

impl Engine {
    /// Starts the mapping of a definition.
    pub(super) fn start(&self, place: DefinitionPlace) -> Running {
        let definition = Arc::clone(place.definition());
        let options = &self.shared.options;
        let counters = Arc::new(Counters::default());
        let tags = definition.tags.clone();
        let window = definition.config.batching_window;
        let cluster = self.cluster_of(&definition);
        let group = KafkaGroup::new(
            cluster.clone(),
            MemberSettings {
                group_id: definition.config.group_id.clone(),
                topic: definition.config.envelope.topic.clone(),
                starting_position: definition.config.starting_position,
                timeouts: options.group_timeouts,
                protocol: options.profile.rebalance_protocol,
                memory: options.memory.clone(),
                clock: options.clock.clone(),
            },
        );
        let deliverer = Deliverer {
            uuid: definition.uuid.clone(),
            destinations: Arc::clone(&self.shared.destinations),
            producer: Arc::new(TopicProducer::new(cluster.clone())),
            clock: options.clock.clone(),
            entropy: options.entropy.clone(),
            memory: options.memory.clone(),
        };
        let group = DecodingGroup::new(
            group,
            self.shared.catalog.clone(),
            options.clock.clone(),
            options.memory.clone(),
        );
        let context = PollerContext {
            uuid: definition.uuid.clone(),
            functions: Arc::clone(&options.functions),
            clock: options.clock.clone(),
            entropy: options.entropy.clone(),
            memory: options.memory.clone(),
            recorder: Arc::new(MappingRecorder::new(
                &definition.uuid,
                &self.shared.units,
                &counters,
                &self.shared.metric_store,
                &options.clock,
            )),
            meters: Arc::clone(&self.shared.meters),
            system_log: Arc::new(SystemLog::new(
                &definition.uuid,
                &self.shared.log_store,
                &options.clock,
            )),
            counters: Arc::clone(&counters),
            rest: RestSignal::default(),
            retry: RetryPolicy::default(),
            // People read the log, so the interval is not scaled.
            unreachable: Arc::new(Reminder::new(options.clock.in_real_time(UNREACHABLE_INTERVAL))),
            profile: Arc::clone(&self.shared.profile),
            payloads: options.payloads,
            deliverer: Arc::new(deliverer),
        };
        context.span(&definition.config.function_name).in_scope(|| {
            options.clock.check("MaximumBatchingWindowInSeconds", window);
        });
        let settings = MappingSettings {
            transition_delay: options.transition_delay,
            trace: options.trace,
        };
        let mapping = MappingHandle::start(place, group, Arc::new(context), settings);
        Running {
            mapping,
            cluster,
            counters,
            tags,
        }
    }

    fn cluster_of(&self, definition: &MappingDefinition) -> MappingCluster {
        let options = &self.shared.options;
        match &definition.remote {
            None => MappingCluster::Embedded(options.cluster.clone()),
            Some(RemoteSource {
                bootstrap_servers,
                access,
            }) => MappingCluster::Remote(RemoteCluster::new(RemoteSettings::new(
                bootstrap_servers.clone(),
                access.clone(),
                options.clock.clone(),
                options.memory.clone(),
            ))),
        }
    }
}
