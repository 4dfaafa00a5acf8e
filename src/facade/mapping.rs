//! The mappings of a test suite: the request to create one, and a handle to one that runs.

use esmeralda_esm::trace::Trace;
use esmeralda_esm::{ApiError, Engine, MappingView};
use serde_json::{Map, Value, json};

/// A request to create a mapping, in AWS's terms. Members that are not set have AWS's defaults.
#[derive(Clone, Debug)]
pub struct NewMapping {
    pub(super) members: Map<String, Value>,
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

    /// Sets any member of CreateEventSourceMapping, in AWS's spelling.
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

/// A handle to a mapping of a running instance. Dropping it changes nothing.
#[derive(Clone, Debug)]
pub struct Mapping {
    uuid: String,
    engine: Engine,
}

impl Mapping {
    pub(super) fn new(uuid: &str, engine: Engine) -> Self {
        Self {
            uuid: uuid.to_owned(),
            engine,
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

    /// Waits until every committed offset equals its partition's end offset and no invocation is in flight.
    ///
    /// # Errors
    /// 404 if the mapping is deleted.
    pub async fn drained(&self) -> Result<(), ApiError> {
        self.engine.drained(&self.uuid).await
    }

    /// Returns how the mapping has scaled since it last became Enabled, until now.
    ///
    /// # Errors
    /// 404 if the mapping is deleted.
    pub async fn trace(&self) -> Result<Trace, ApiError> {
        self.engine.trace(&self.uuid).await
    }
}
