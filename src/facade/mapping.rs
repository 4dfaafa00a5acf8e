//! Mappings as a test suite sees them: what to create, and one that runs.

use esmeralda_esm::trace::Trace;
use esmeralda_esm::{ApiError, Engine, MappingView};
use serde_json::{Map, Value, json};

/// A mapping to be created, in AWS's words; what is not set has AWS's default.
#[derive(Clone, Debug)]
pub struct NewMapping {
    pub(super) members: Map<String, Value>,
}

impl NewMapping {
    /// `function` reads `topic` from its oldest record.
    pub fn new(function: &str, topic: &str) -> Self {
        let members = [("FunctionName", json!(function)), ("Topics", json!([topic]))];
        let members = members
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        Self { members }.member("StartingPosition", json!("TRIM_HORIZON"))
    }

    /// What `members` of CreateEventSourceMapping say.
    pub fn from_members(members: Map<String, Value>) -> Self {
        Self { members }
    }

    /// `BatchSize`: 1 to 10,000 records.
    pub fn batch_size(self, records: u32) -> Self {
        self.member("BatchSize", json!(records))
    }

    /// `MaximumBatchingWindowInSeconds`: 0 to 300.
    pub fn maximum_batching_window_in_seconds(self, seconds: u32) -> Self {
        self.member("MaximumBatchingWindowInSeconds", json!(seconds))
    }

    /// `ProvisionedPollerConfig.MinimumPollers`: 1 to 200.
    pub fn minimum_pollers(self, pollers: u32) -> Self {
        self.provisioned("MinimumPollers", pollers)
    }

    /// `ProvisionedPollerConfig.MaximumPollers`: 1 to 2,000.
    pub fn maximum_pollers(self, pollers: u32) -> Self {
        self.provisioned("MaximumPollers", pollers)
    }

    /// Any member of CreateEventSourceMapping, in AWS's spelling.
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

/// A mapping of a running instance.
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

    /// Its UUID, which is also its group's id unless another was given.
    pub fn uuid(&self) -> &str {
        &self.uuid
    }

    /// EventSourceMappingConfiguration as it is now.
    ///
    /// # Errors
    /// 404 when it is deleted.
    pub async fn describe(&self) -> Result<MappingView, ApiError> {
        self.engine.get(&self.uuid).await
    }

    /// Waits until it is Enabled or Disabled.
    ///
    /// # Errors
    /// 404 when it is deleted.
    pub async fn settled(&self) -> Result<MappingView, ApiError> {
        self.engine.settled(&self.uuid).await
    }

    /// Waits until every committed offset equals the end offset and nothing is in flight.
    ///
    /// # Errors
    /// 404 when it is deleted.
    pub async fn drained(&self) -> Result<(), ApiError> {
        self.engine.drained(&self.uuid).await
    }

    /// How it has scaled since it last became Enabled, until now.
    ///
    /// # Errors
    /// 404 when it is deleted.
    pub async fn trace(&self) -> Result<Trace, ApiError> {
        self.engine.trace(&self.uuid).await
    }
}
