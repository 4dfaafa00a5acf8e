//! A mapping as it is defined: what AWS would store of it.

use super::{ApiError, CreateMapping, MappingConfig, MappingView, UpdateMapping};
use crate::invoker::Functions;
use std::collections::BTreeMap;
use std::fmt;

/// What requests are judged against.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'a> {
    /// 12 digits, for ARNs.
    pub account_id: &'a str,
    /// The region of the request, for ARNs of a new mapping.
    pub region: &'a str,
    /// The `host:port`s that mean the embedded cluster.
    pub bootstrap_servers: &'a [String],
    /// Which functions exist.
    pub functions: &'a Functions,
}

/// The states of a mapping, as AWS names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MappingState {
    /// After a create.
    Creating,
    /// After an update with `Enabled: true` of a disabled one.
    Enabling,
    /// It polls.
    Enabled,
    /// After an update with `Enabled: false`.
    Disabling,
    /// It does not poll.
    Disabled,
    /// After any other update.
    Updating,
    /// After a delete; then it is gone.
    Deleting,
}

impl fmt::Display for MappingState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, formatter)
    }
}

/// What changes in a mapping while it runs, and is shown of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappingStatus {
    /// Its state.
    pub state: MappingState,
    /// `USER_INITIATED`, or the code of what stopped it, such as `ESM_CONFIG_NOT_VALID`.
    pub state_transition_reason: String,
    /// `No records processed`, `OK` or `PROBLEM: ...`.
    pub last_processing_result: String,
    /// Milliseconds since the Unix epoch of the last change of state or configuration.
    pub last_modified_ms: i64,
}

/// Everything that AWS stores of a mapping, validated.
#[derive(Clone, Debug, PartialEq)]
pub struct MappingDefinition {
    /// 36 characters, lower case.
    pub uuid: String,
    /// `arn:aws:lambda:REGION:ACCOUNT:event-source-mapping:UUID`.
    pub arn: String,
    /// With the qualifier exactly as it was given.
    pub function_arn: String,
    /// Whether it is to poll.
    pub is_enabled: bool,
    /// What the engine runs.
    pub config: MappingConfig,
    /// Shown by ListTags only.
    pub tags: BTreeMap<String, String>,
    /// The members of EventSourceMappingConfiguration that came with requests.
    members: serde_json::Map<String, serde_json::Value>,
}

impl MappingDefinition {
    /// The definition that a CreateEventSourceMapping request makes, by AWS's rules.
    ///
    /// # Errors
    /// [`ApiError`] as AWS answers.
    pub fn create(
        request: CreateMapping,
        uuid: &str,
        surroundings: &Surroundings<'_>,
    ) -> Result<Self, ApiError> {
        let _ = (request, uuid, surroundings);
        todo!("lambda")
    }

    /// The definition that an UpdateEventSourceMapping request makes of this one: absent members stay.
    ///
    /// # Errors
    /// [`ApiError`] as AWS answers.
    pub fn update(&self, request: UpdateMapping, surroundings: &Surroundings<'_>) -> Result<Self, ApiError> {
        let _ = (request, surroundings);
        todo!("lambda")
    }

    /// Whether it may exist beside `existing`. To be asked for every other mapping, on create and on update.
    ///
    /// # Errors
    /// 409 ResourceConflictException when both bring the same topic of the same cluster to the same function, 400
    /// InvalidParameterValueException when both were given the same consumer group.
    pub fn check_conflict(&self, existing: &Self) -> Result<(), ApiError> {
        let _ = existing;
        todo!("lambda")
    }

    /// EventSourceMappingConfiguration: what Create, Get, Update, Delete and List show.
    pub fn view(&self, status: &MappingStatus) -> MappingView {
        let _ = (status, &self.members);
        todo!("lambda")
    }
}
