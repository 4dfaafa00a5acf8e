//! The mappings: created, updated, disabled, deleted and listed.

mod measuring;
mod registry_access;
mod starting;
#[cfg(test)]
mod tests;

use crate::cloudwatch::{FunctionMeters, LogSink, LogStore, MetricStore, UnitRecorder};
use crate::config::{
    ApiError, CreateMapping, ListMappings, MappingDefinition, MappingView, MappingsPage, Surroundings,
    TagResource, Tags, UpdateMapping, tagged_mapping, tagged_mapping_not_found,
};
use crate::decoder::Catalog;
use crate::delivery::{CapturedDocuments, DestinationOptions, Destinations};
use crate::invoker::Functions;
use crate::mapping::{Definitions, MappingDoor, MappingHandle};
use crate::metrics::{Counters, MappingMetrics};
use crate::poller::Payloads;
use crate::profile::ScalingProfile;
use crate::schema::SchemaRegistry;
use crate::secrets::Secrets;
use crate::source::GroupTimeouts;
use crate::source::cluster::MappingCluster;
use crate::source::embedded::EmbeddedCluster;
use crate::source::remote::RemoteAccess;
use crate::trace::{Trace, TraceSettings};
use crate::{Clock, Entropy, MemoryPool};
use measuring::measured;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::select;
use tokio::sync::watch;

/// The interval at which a mapping that is waited for is looked at, besides after its own commits.
const DRAINED_INTERVAL: Duration = Duration::from_secs(1);

/// The parts and settings that an engine is built from.
#[derive(Clone, Debug)]
pub struct EngineOptions {
    /// The embedded cluster.
    pub cluster: EmbeddedCluster,
    /// The `host:port`s that mean the embedded cluster: bound and advertised addresses.
    pub bootstrap_servers: Vec<String>,
    /// Whether there are sockets, so that mappings may read clusters on the network, too. Virtual time has none.
    pub has_network: bool,
    /// The secrets that mappings may name.
    pub secrets: Secrets,
    /// The places that documents for on-failure destinations are sent to.
    pub destinations: DestinationOptions,
    /// The functions that can be invoked.
    pub functions: Arc<Functions>,
    /// The schema registry that mappings mean by `embedded`.
    pub schemas: SchemaRegistry,
    /// The account id in ARNs, 12 digits.
    pub account_id: String,
    /// The region in ARNs if the request's signature does not name one.
    pub region: String,
    /// The clock.
    pub clock: Clock,
    /// The source of ids and jitter.
    pub entropy: Entropy,
    /// The budget that payloads in flight count against.
    pub memory: MemoryPool,
    /// The least time that a mapping is Creating, Enabling, Disabling, Updating or Deleting.
    pub transition_delay: Duration,
    /// The timers of the mappings' groups.
    pub group_timeouts: GroupTimeouts,
    /// The rules by which mappings scale.
    pub profile: ScalingProfile,
    /// The settings of their traces.
    pub trace: TraceSettings,
    /// Whether functions get their events as payloads.
    pub payloads: Payloads,
    /// Takes each event of mappings' system logs as a line of JSON, besides the store.
    pub log_sink: Option<LogSink>,
}

/// Runs event source mappings. Cheap to clone; the mappings end when the last clone is dropped.
#[derive(Clone, Debug)]
pub struct Engine {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    options: EngineOptions,
    profile: Arc<ScalingProfile>,
    metric_store: Arc<MetricStore>,
    log_store: Arc<LogStore>,
    meters: Arc<FunctionMeters>,
    units: Arc<UnitRecorder>,
    destinations: Arc<Destinations>,
    catalog: Catalog,
    definitions: Definitions,
    // Locked for one look or change, never across an await.
    mappings: Mutex<Mappings>,
}

#[derive(Debug, Default)]
struct Mappings {
    /// The mappings by serial number, which is the order of creation.
    running: BTreeMap<u64, Running>,
    last_serial: u64,
}

#[derive(Debug)]
struct Running {
    mapping: MappingHandle,
    cluster: MappingCluster,
    counters: Arc<Counters>,
    /// The tags, which nothing that runs depends on.
    tags: Tags,
}

impl Engine {
    /// Returns an engine without mappings.
    pub fn new(options: EngineOptions) -> Self {
        for (what, interval) in options.profile.intervals() {
            options.clock.check(what, interval);
        }
        let metric_store = Arc::new(MetricStore::new(options.memory.clone()));
        let destinations = Destinations::new(
            options.destinations.clone(),
            options.region.clone(),
            options.memory.clone(),
        );
        Self {
            shared: Arc::new(Shared {
                meters: Arc::new(FunctionMeters::new(&options.clock, &metric_store)),
                units: Arc::new(UnitRecorder::new(
                    options.profile.event_poller_unit,
                    &metric_store,
                    &options.clock,
                )),
                metric_store,
                destinations: Arc::new(destinations),
                log_store: Arc::new(LogStore::new(options.memory.clone(), options.log_sink.clone())),
                profile: Arc::new(options.profile.clone()),
                catalog: Catalog::new(options.schemas.clone()),
                options,
                definitions: Definitions::default(),
                mappings: Mutex::default(),
            }),
        }
    }

    /// Creates a mapping and starts it; `region` is that of the request's signature.
    ///
    /// # Errors
    /// [`ApiError`] as CreateEventSourceMapping answers.
    pub async fn create(
        &self,
        request: CreateMapping,
        region: Option<&str>,
    ) -> Result<MappingView, ApiError> {
        let uuid = self.shared.options.entropy.uuid().to_string();
        let definition = MappingDefinition::create(request, &uuid, &self.surroundings(region))?;
        registry_access::check(&definition.config).await?;
        let place = self.shared.definitions.add(definition)?;
        let running = self.start(place);
        let mut mappings = self.mappings();
        let view = running.mapping.shown().view();
        mappings.last_serial += 1;
        let serial = mappings.last_serial;
        mappings.running.insert(serial, running);
        Ok(view)
    }

    /// Returns a mapping.
    ///
    /// # Errors
    /// 404 ResourceNotFoundException.
    pub async fn get(&self, uuid: &str) -> Result<MappingView, ApiError> {
        Ok(self.door(uuid)?.shown().view())
    }

    /// Returns one page of the mappings, by time of creation.
    ///
    /// # Errors
    /// 400 for a bad query.
    pub async fn list(&self, query: ListMappings) -> Result<MappingsPage, ApiError> {
        let mappings = self.mappings();
        let views = mappings
            .running
            .iter()
            .map(|(serial, running)| (*serial, running.mapping.shown().view()));
        query.page(views)
    }

    /// Changes a mapping.
    ///
    /// # Errors
    /// [`ApiError`] as UpdateEventSourceMapping answers.
    pub async fn update(&self, uuid: &str, request: UpdateMapping) -> Result<MappingView, ApiError> {
        let door = self.door(uuid)?;
        let base = door.shown().definition;
        let definition = base.update(request, &self.surroundings(None))?;
        if definition.config.decoding != base.config.decoding {
            registry_access::check(&definition.config).await?;
        }
        let access = definition.remote.as_ref().map(|remote| remote.access.clone());
        let view = door.update(base, definition).await?;
        if let Some(access) = access {
            self.change_access(uuid, access);
        }
        Ok(view)
    }

    fn change_access(&self, uuid: &str, access: RemoteAccess) {
        let mappings = self.mappings();
        let running = mappings.find(uuid);
        if let Some(MappingCluster::Remote(cluster)) = running.map(|running| &running.cluster) {
            cluster.change_access(access);
        }
    }

    /// Deletes a mapping: its pollers finish what is in flight, commit and leave.
    ///
    /// # Errors
    /// 404 ResourceNotFoundException, 400 ResourceInUseException.
    pub async fn delete(&self, uuid: &str) -> Result<MappingView, ApiError> {
        self.door(uuid)?.delete().await
    }

    /// Waits until a mapping that is being deleted is gone: what was in flight has finished and is committed.
    pub async fn gone(&self, uuid: &str) {
        let door = self.door(uuid);
        if let Ok(door) = door {
            door.ended().await;
        }
    }

    /// Returns the tags of the mapping with the ARN `resource`.
    ///
    /// # Errors
    /// [`ApiError`] as ListTags answers.
    pub async fn tags(&self, resource: &str) -> Result<Tags, ApiError> {
        self.with_tags(resource, |tags| Ok(tags.clone()))
    }

    /// Adds tags.
    ///
    /// # Errors
    /// [`ApiError`] as TagResource answers.
    pub async fn tag(&self, resource: &str, request: TagResource) -> Result<(), ApiError> {
        self.with_tags(resource, |tags| tags.add(request))
    }

    /// Takes tags away.
    ///
    /// # Errors
    /// [`ApiError`] as UntagResource answers.
    pub async fn untag(&self, resource: &str, keys: &[String]) -> Result<(), ApiError> {
        self.with_tags(resource, |tags| tags.remove(keys))
    }

    fn with_tags<T>(
        &self,
        resource: &str,
        act: impl FnOnce(&mut Tags) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let uuid = tagged_mapping(resource)?;
        let mut mappings = self.mappings();
        let mut all = mappings.running.values_mut();
        match all.find(|running| running.mapping.has_uuid(uuid)) {
            Some(running) => act(&mut running.tags),
            None => Err(tagged_mapping_not_found(resource)),
        }
    }

    /// Returns the metrics of all mappings, by time of creation.
    pub async fn metrics(&self) -> Vec<MappingMetrics> {
        // The doors are collected first, because the lock is not held across an await.
        let running: Vec<(MappingDoor, Arc<Counters>)> = self
            .mappings()
            .running
            .values()
            .map(|running| (running.mapping.door(), Arc::clone(&running.counters)))
            .collect();
        let mut all = Vec::with_capacity(running.len());
        for (door, counters) in running {
            all.push(measured(&door, &counters).await);
        }
        all
    }

    /// Returns the store of CloudWatch's metrics. What mappings and functions do is in it after [`Engine::publish_metrics`].
    pub fn metric_store(&self) -> &MetricStore {
        &self.shared.metric_store
    }

    /// Returns the store of the system logs of mappings.
    pub fn log_store(&self) -> &LogStore {
        &self.shared.log_store
    }

    /// Returns the engine's wall time in milliseconds since the Unix epoch. On a scaled clock it runs ahead of the system's.
    pub fn now_ms(&self) -> i64 {
        let clock = &self.shared.options.clock;
        clock.unix_ms(clock.elapsed())
    }

    /// Writes the metrics of mappings and functions until now to the store.
    pub async fn publish_metrics(&self) {
        let doors: Vec<MappingDoor> = {
            let mappings = self.mappings();
            mappings
                .running
                .values()
                .map(|running| running.mapping.door())
                .collect()
        };
        for door in doors {
            // A mapping that has gone in the meantime has written its metrics itself.
            let _ = door.show_metrics().await;
        }
        self.shared.meters.show();
    }

    /// Returns the metrics of a mapping.
    ///
    /// # Errors
    /// 404 when there is no such mapping, or no longer.
    pub async fn mapping_metrics(&self, uuid: &str) -> Result<MappingMetrics, ApiError> {
        let (door, counters) = self.running(uuid)?;
        Ok(measured(&door, &counters).await)
    }

    /// Returns the trace of a mapping since it last became Enabled.
    ///
    /// # Errors
    /// 404 when there is no such mapping, or no longer.
    pub async fn trace(&self, uuid: &str) -> Result<Trace, ApiError> {
        self.door(uuid)?.trace().await
    }

    /// Returns the documents for on-failure destinations that are kept in memory; `None` if none are to be.
    pub fn captured_documents(&self) -> Option<&CapturedDocuments> {
        self.shared.destinations.captured()
    }

    /// Waits until a mapping is Enabled or Disabled, and returns it.
    ///
    /// # Errors
    /// 404 when there is no such mapping, or no longer.
    pub async fn settled(&self, uuid: &str) -> Result<MappingView, ApiError> {
        self.door(uuid)?.settled().await
    }

    /// Waits until every committed offset of the mapping equals the end offset of its partition and nothing is in flight.
    ///
    /// # Errors
    /// 404 when there is no such mapping, or no longer.
    pub async fn drained(&self, uuid: &str) -> Result<(), ApiError> {
        let (door, counters) = self.running(uuid)?;
        let mut committed = counters.committed_event_count.subscribe();
        loop {
            // Read before the lag: a commit in between makes the next look too early, and in the other order it could make it too late.
            let count = *committed.borrow_and_update();
            // A topic that does not exist yet has not drained: the mapping waits for it.
            let lag = door.progress().await?.map(|progress| progress.lag());
            if lag == Some(0) && counters.in_flight.count() == 0 {
                return Ok(());
            }
            // End offsets only rise, so nothing can have drained before this lag has been committed.
            let least = count + lag.unwrap_or(1).max(1);
            select! {
                biased;
                () = reaches(&mut committed, least) => {}
                // Others can end the lag, too: members of the group from outside, and retention.
                () = self.shared.options.clock.sleep(DRAINED_INTERVAL) => {}
            }
        }
    }

    /// Stops all mappings: what is in flight finishes and is committed, for at most `timeout`; then members leave.
    pub async fn shutdown(&self, timeout: Duration) {
        let running = std::mem::take(&mut self.mappings().running);
        // All stop at the same time, because each may need the whole timeout.
        let mut stopping = tokio::task::JoinSet::new();
        for (_, running) in running {
            stopping.spawn(running.mapping.stop());
        }
        let all = async { while stopping.join_next().await.is_some() {} };
        if self.shared.options.clock.within(timeout, all).await.is_none() {
            tracing::warn!(
                ?timeout,
                "invocations were still in flight; their records will be delivered again"
            );
        }
    }

    fn surroundings<'a>(&'a self, region: Option<&'a str>) -> Surroundings<'a> {
        let options = &self.shared.options;
        Surroundings {
            account_id: &options.account_id,
            region: region.unwrap_or(&options.region),
            bootstrap_servers: &options.bootstrap_servers,
            functions: &options.functions,
            secrets: &options.secrets,
            has_network: options.has_network,
            reachable: self.shared.destinations.reachable(),
            now_ms: options.clock.now_ms(),
        }
    }

    fn door(&self, uuid: &str) -> Result<MappingDoor, ApiError> {
        let (door, _) = self.running(uuid)?;
        Ok(door)
    }

    fn running(&self, uuid: &str) -> Result<(MappingDoor, Arc<Counters>), ApiError> {
        let mappings = self.mappings();
        let running = mappings.find(uuid).ok_or_else(ApiError::mapping_not_found)?;
        Ok((running.mapping.door(), Arc::clone(&running.counters)))
    }

    /// Locks the mappings, without those that have gone in the meantime.
    fn mappings(&self) -> MutexGuard<'_, Mappings> {
        // Each change is one insertion or removal, so a panic of another holder leaves nothing half done.
        let mut mappings = self
            .shared
            .mappings
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        mappings.running.retain(|_, running| !running.mapping.is_gone());
        mappings
    }
}

impl Mappings {
    fn find(&self, uuid: &str) -> Option<&Running> {
        self.running
            .values()
            .find(|running| running.mapping.has_uuid(uuid))
    }
}

/// Waits until the count is `least` or more; for ever if its counter is gone.
async fn reaches(count: &mut watch::Receiver<u64>, least: u64) {
    if count.wait_for(|count| *count >= least).await.is_err() {
        std::future::pending::<()>().await;
    }
}
