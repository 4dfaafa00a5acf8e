//! The mappings of a test suite: the request to create one, a change to one, and a handle to one that runs.

use super::DrainError;
use esmeralda_esm::trace::Trace;
use esmeralda_esm::{ApiError, Clock, Engine, MappingMetrics, MappingView};
use serde_json::{Map, Value, json};
use std::time::Duration;

/// The bootstrap server that means the embedded cluster on whatever port it has.
const EMBEDDED: &str = "embedded";

/// A request to create a mapping, in AWS's terms. Members that are not set have AWS's defaults.
#[derive(Clone, Debug)]
pub struct NewMapping {
    pub(super) members: Map<String, Value>,
}

/// A change to a mapping, in AWS's terms. Members that are not set stay as they are.
#[derive(Clone, Debug, Default)]
pub struct MappingChange {
    members: Map<String, Value>,
}

impl NewMapping {
    /// Maps `topic`, from its oldest record on, to `function`.
    pub fn new(function: &str, topic: &str) -> Self {
        let members = [("FunctionName", json!(function)), ("Topics", json!([topic]))];
        let members = members
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        Self { members }.member("StartingPosition", json!("TRIM_HORIZON"))
    }

    /// Takes the members of CreateEventSourceMapping as they are.
    pub fn from_members(members: Map<String, Value>) -> Self {
        Self { members }
    }
}

impl MappingChange {
    /// Returns a change of nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets `FunctionName`.
    pub fn function(self, name: &str) -> Self {
        self.member("FunctionName", json!(name))
    }

    /// Sets `Enabled`. [`Mapping::enable`] and [`Mapping::disable`] do it alone.
    pub fn enabled(self, is_enabled: bool) -> Self {
        self.member("Enabled", json!(is_enabled))
    }

    /// Leaves provisioned mode, with an empty `ProvisionedPollerConfig`.
    pub fn on_demand(self) -> Self {
        self.member("ProvisionedPollerConfig", json!({}))
    }
}

impl NewMapping {
    /// Returns the members with the addresses of the embedded cluster where they name no source, or `embedded` as a bootstrap server.
    pub(super) fn with_source(self, embedded: &[String]) -> Map<String, Value> {
        let mut members = self.members;
        // AWS allows ten servers at most, and one is enough to name the cluster.
        let servers: Vec<Value> = embedded.iter().take(10).cloned().map(Value::String).collect();
        if !members.contains_key("EventSourceArn") && !members.contains_key("SelfManagedEventSource") {
            let source = json!({ "Endpoints": { "KAFKA_BOOTSTRAP_SERVERS": servers } });
            members.insert("SelfManagedEventSource".to_owned(), source);
            return members;
        }
        let named = members
            .get_mut("SelfManagedEventSource")
            .and_then(|source| source.pointer_mut("/Endpoints/KAFKA_BOOTSTRAP_SERVERS"));
        if let Some(named) = named
            && named
                .as_array()
                .is_some_and(|named| named.contains(&json!(EMBEDDED)))
        {
            *named = servers.into();
        }
        members
    }
}

/// Writes the setters that a request to create and a change have in common.
macro_rules! common_members {
    ($($request:ty),*) => {$(
        impl $request {
            /// Sets `BatchSize`: 1 to 10,000 records.
            pub fn batch_size(self, records: u32) -> Self {
                self.member("BatchSize", json!(records))
            }

            /// Sets `MaximumBatchingWindowInSeconds`: 0 to 300.
            pub fn maximum_batching_window_in_seconds(self, seconds: u32) -> Self {
                self.member("MaximumBatchingWindowInSeconds", json!(seconds))
            }

            /// Sets `ProvisionedPollerConfig.MinimumPollers`: 1 to 200.
            pub fn minimum_pollers(self, pollers: u32) -> Self {
                self.provisioned("MinimumPollers", pollers)
            }

            /// Sets `ProvisionedPollerConfig.MaximumPollers`: 1 to 2,000.
            pub fn maximum_pollers(self, pollers: u32) -> Self {
                self.provisioned("MaximumPollers", pollers)
            }

            /// Sets `DestinationConfig.OnFailure.Destination`: the ARN of a queue, a topic or a bucket, or `kafka://TOPIC`.
            pub fn on_failure(self, destination: &str) -> Self {
                let config = json!({ "OnFailure": { "Destination": destination } });
                self.member("DestinationConfig", config)
            }

            /// Sets any member of the request, in AWS's spelling.
            pub fn member(mut self, name: &str, value: Value) -> Self {
                self.members.insert(name.to_owned(), value);
                self
            }

            fn provisioned(mut self, bound: &str, pollers: u32) -> Self {
                let config = self
                    .members
                    .entry("ProvisionedPollerConfig")
                    .or_insert_with(|| json!({}));
                config[bound] = json!(pollers);
                self
            }
        }
    )*};
}

common_members!(NewMapping, MappingChange);

/// A handle to a mapping of a running instance. Dropping it changes nothing.
#[derive(Clone, Debug)]
pub struct Mapping {
    uuid: String,
    engine: Engine,
    clock: Clock,
}

impl Mapping {
    pub(super) fn new(uuid: &str, engine: Engine, clock: Clock) -> Self {
        Self {
            uuid: uuid.to_owned(),
            engine,
            clock,
        }
    }

    /// Returns the mapping's UUID, which is also the id of its consumer group unless the request gave another.
    pub fn uuid(&self) -> &str {
        &self.uuid
    }

    /// Returns the current EventSourceMappingConfiguration.
    ///
    /// # Errors
    /// 404 if the mapping is deleted.
    pub async fn describe(&self) -> Result<MappingView, ApiError> {
        self.engine.get(&self.uuid).await
    }

    /// Waits until the mapping is Enabled or Disabled.
    ///
    /// # Errors
    /// 404 if the mapping is deleted.
    pub async fn settled(&self) -> Result<MappingView, ApiError> {
        self.engine.settled(&self.uuid).await
    }

    /// Changes the mapping, and waits until the change is in force: the mapping is Enabled or Disabled.
    ///
    /// # Errors
    /// Those of UpdateEventSourceMapping.
    pub async fn update(&self, change: MappingChange) -> Result<MappingView, ApiError> {
        let request = serde_json::from_value(Value::Object(change.members))
            .map_err(|error| ApiError::serialization(error.to_string()))?;
        self.engine.update(&self.uuid, request).await?;
        self.settled().await
    }

    /// Enables the mapping, and waits until its pollers own their partitions. They go on where the group's commits ended.
    ///
    /// # Errors
    /// Those of UpdateEventSourceMapping.
    pub async fn enable(&self) -> Result<MappingView, ApiError> {
        self.update(MappingChange::new().enabled(true)).await
    }

    /// Disables the mapping, and waits until what is in flight has finished and is committed.
    ///
    /// # Errors
    /// Those of UpdateEventSourceMapping.
    pub async fn disable(&self) -> Result<MappingView, ApiError> {
        self.update(MappingChange::new().enabled(false)).await
    }

    /// Deletes the mapping, and waits until it is gone: what is in flight has finished and is committed.
    ///
    /// # Errors
    /// Those of DeleteEventSourceMapping.
    pub async fn delete(&self) -> Result<(), ApiError> {
        self.engine.delete(&self.uuid).await?;
        self.engine.gone(&self.uuid).await;
        Ok(())
    }

    /// Waits until every committed offset equals its partition's end offset and no invocation is in flight. It waits for ever while the
    /// function fails; [`Mapping::drained_within`] does not.
    ///
    /// # Errors
    /// 404 if the mapping is deleted.
    pub async fn drained(&self) -> Result<(), ApiError> {
        self.engine.drained(&self.uuid).await
    }

    /// Waits as [`Mapping::drained`] does, for at most `limit` of the engine's time.
    ///
    /// # Errors
    /// [`DrainError::Late`] with what is left and why, and 404 if the mapping is deleted.
    pub async fn drained_within(&self, limit: Duration) -> Result<(), DrainError> {
        let until = self.clock.elapsed().saturating_add(limit);
        tokio::select! {
            biased;
            drained = self.drained() => Ok(drained?),
            () = self.clock.reach(until) => Err(self.late(limit).await?),
        }
    }

    /// Returns the error of a mapping that has not drained within `limit`.
    async fn late(&self, limit: Duration) -> Result<DrainError, ApiError> {
        let view = self.describe().await?;
        let metrics = self.metrics().await?;
        Ok(DrainError::Late {
            limit,
            lag: metrics.offset_lag.iter().sum(),
            in_flight: metrics.in_flight,
            state: view.state().to_owned(),
            last_processing_result: view.last_processing_result().to_owned(),
        })
    }

    /// Returns the mapping's numbers: counters since it was created, and the lag of each partition.
    ///
    /// # Errors
    /// 404 if the mapping is deleted.
    pub async fn metrics(&self) -> Result<MappingMetrics, ApiError> {
        self.engine.mapping_metrics(&self.uuid).await
    }

    /// Returns how the mapping has scaled since it last became Enabled, until now.
    ///
    /// # Errors
    /// 404 if the mapping is deleted.
    pub async fn trace(&self) -> Result<Trace, ApiError> {
        self.engine.trace(&self.uuid).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapping_without_a_source_or_with_embedded_as_its_server_gets_the_clusters_addresses() {
        let addresses = ["127.0.0.1:40123".to_owned(), "kafka.test:9093".to_owned()];
        let servers = |servers: Value| json!({ "Endpoints": { "KAFKA_BOOTSTRAP_SERVERS": servers } });
        let own = servers(json!(addresses));
        let arn = json!("arn:aws:kafka:eu-west-1:123456789012:cluster/demo/6b9f5a3e-1");
        let with = |member: &str, value: Value| NewMapping::new("f", "orders").member(member, value);
        let cases = [
            (NewMapping::new("f", "orders"), Some(own.clone())),
            (
                with("SelfManagedEventSource", servers(json!(["embedded"]))),
                Some(own),
            ),
            (
                with("SelfManagedEventSource", servers(json!(["far.test:9092"]))),
                Some(servers(json!(["far.test:9092"]))),
            ),
            (with("EventSourceArn", arn), None),
        ];
        for (mapping, expected) in cases {
            let members = mapping.with_source(&addresses);
            assert_eq!(members.get("SelfManagedEventSource"), expected.as_ref());
        }
    }
}
