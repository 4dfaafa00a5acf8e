//! The mappings: created, updated, disabled, deleted and listed.

use crate::config::{ApiError, CreateMapping, ListMappings, MappingView, MappingsPage, UpdateMapping};
use crate::invoker::Functions;
use crate::metrics::MappingMetrics;
use crate::{Clock, source::GroupTimeouts};
use esmeralda_broker::{Entropy, Pool, local};
use std::sync::Arc;
use std::time::Duration;

/// What an engine is built from.
#[derive(Clone, Debug)]
pub struct EngineOptions {
    /// The embedded cluster.
    pub cluster: local::Client,
    /// The `host:port`s that mean the embedded cluster: bound and advertised addresses.
    pub bootstrap_servers: Vec<String>,
    /// Who can be invoked.
    pub functions: Arc<Functions>,
    /// 12 digits, for ARNs.
    pub account_id: String,
    /// For ARNs, when the request's signature does not name one.
    pub region: String,
    /// Time.
    pub clock: Clock,
    /// Ids and jitter.
    pub entropy: Entropy,
    /// Counts the payloads in flight.
    pub memory: Pool,
    /// How long a mapping stays Creating, Enabling, Disabling, Updating or Deleting at least.
    pub transition_delay: Duration,
    /// Of the mappings' groups.
    pub group_timeouts: GroupTimeouts,
}

/// Runs event source mappings. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Engine {
    options: Arc<EngineOptions>,
}

impl Engine {
    /// An engine without mappings.
    pub fn new(options: EngineOptions) -> Self {
        Self {
            options: Arc::new(options),
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
        let _ = (request, region, &self.options);
        todo!("engine")
    }

    /// Shows a mapping.
    ///
    /// # Errors
    /// 404 ResourceNotFoundException.
    pub async fn get(&self, uuid: &str) -> Result<MappingView, ApiError> {
        let _ = uuid;
        todo!("engine")
    }

    /// One page of the mappings, by time of creation.
    ///
    /// # Errors
    /// 400 for a bad query.
    pub async fn list(&self, query: ListMappings) -> Result<MappingsPage, ApiError> {
        let _ = query;
        todo!("engine")
    }

    /// Changes a mapping.
    ///
    /// # Errors
    /// [`ApiError`] as UpdateEventSourceMapping answers.
    pub async fn update(&self, uuid: &str, request: UpdateMapping) -> Result<MappingView, ApiError> {
        let _ = (uuid, request);
        todo!("engine")
    }

    /// Deletes a mapping: its pollers finish what is in flight, commit and leave.
    ///
    /// # Errors
    /// 404 ResourceNotFoundException, 400 ResourceInUseException.
    pub async fn delete(&self, uuid: &str) -> Result<MappingView, ApiError> {
        let _ = uuid;
        todo!("engine")
    }

    /// The numbers of all mappings.
    pub async fn metrics(&self) -> Vec<MappingMetrics> {
        todo!("engine")
    }

    /// Waits until a mapping is Enabled or Disabled, and shows it.
    ///
    /// # Errors
    /// 404 when there is no such mapping, or no longer.
    pub async fn settled(&self, uuid: &str) -> Result<MappingView, ApiError> {
        let _ = uuid;
        todo!("engine")
    }

    /// Waits until every committed offset of the mapping equals the end offset of its partition and nothing is in flight.
    ///
    /// # Errors
    /// 404 when there is no such mapping, or no longer.
    pub async fn drained(&self, uuid: &str) -> Result<(), ApiError> {
        let _ = uuid;
        todo!("engine")
    }

    /// Stops all mappings: what is in flight finishes and is committed, for at most `timeout`; then members leave.
    pub async fn shutdown(&self, timeout: Duration) {
        let _ = timeout;
        todo!("engine")
    }
}
